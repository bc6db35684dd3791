//! Express mode: how it is asked for, and what becomes of a run whose endpoint does not know it.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{DeploymentConfig, DeploymentConfigMode};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;

use super::CloudFormation;
use crate::asked::{DeploymentMode, Rollback};
use crate::secrets::excerpt;

/// Whether the endpoint takes the parameter, as far as a run knows.
#[derive(Default)]
pub struct ExpressSupport {
    /// What it said when it did not.
    refused: OnceLock<String>,
    is_told: AtomicBool,
}

impl ExpressSupport {
    /// What the user is to be told, once a run.
    pub fn to_be_told(&self) -> Option<String> {
        let message = self.refused.get()?;
        let is_told = self.is_told.swap(true, Ordering::Relaxed);
        (!is_told).then(|| {
            format!(
                "CloudFormation does not know express mode here, stacks are changed in standard mode: {message}"
            )
        })
    }
}

impl CloudFormation {
    /// Makes a request in a mode. An endpoint that does not know the mode gets the request, and all that
    /// follow, without it.
    pub(super) async fn in_mode<T, E>(
        &self,
        mode: DeploymentMode,
        rollback: Rollback,
        request: impl AsyncFn(Option<DeploymentConfig>) -> Result<T, SdkError<E, HttpResponse>>,
    ) -> Result<T, SdkError<E, HttpResponse>>
    where
        E: ProvideErrorMetadata,
    {
        if mode == DeploymentMode::Standard || self.express.refused.get().is_some() {
            return request(None).await;
        }
        match request(Some(config(rollback))).await {
            Err(error) if is_about_mode(&error) => {
                let message = excerpt(error.message().unwrap_or_default());
                self.express.refused.get_or_init(|| message);
                request(None).await
            }
            result => result,
        }
    }
}

/// Express mode rolls nothing back unless it is told to, says AWS's announcement; the API Reference says that
/// it does. What stands in a stack after a failure, and how the next run mends it, must be the same in both
/// modes: so it is always said.
fn config(rollback: Rollback) -> DeploymentConfig {
    DeploymentConfig::builder()
        .mode(DeploymentConfigMode::Express)
        .disable_rollback(rollback == Rollback::Disabled)
        .build()
}

/// The parameter is named as in a request or, where its value is refused, as in a constraint.
fn is_about_mode<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    let message = error.message().unwrap_or_default().to_ascii_lowercase();
    error.code() == Some("ValidationError") && message.contains("deploymentconfig")
}

//! Calls of services that no crate of the SDK is linked for: each takes minutes to build, and an
//! operation or two of it is all that matters here. Only the operation's own words are made and read
//! here; signature, retries, clock skew and connections are those of the SDK, the pace and the limits
//! those of every other call. What a run can do without has a budget.

use std::borrow::Cow;
use std::fmt::{self, Debug};

use aws_config::{Region, SdkConfig};
use aws_runtime::auth::sigv4::{SCHEME_ID, SigV4AuthScheme};
use aws_runtime::auth::{SigV4OperationSigningConfig, SigningOptions};
use aws_runtime::service_clock_skew::{ServiceClockSkewClassifier, ServiceClockSkewInterceptor};
use aws_runtime::user_agent::{ApiMetadata, UserAgentInterceptor};
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_smithy_runtime::client::orchestrator::operation::{Operation, OperationBuilder};
use aws_smithy_runtime::client::retries::classifiers::{
    HttpStatusCodeClassifier, TransientErrorClassifier,
};
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::auth::static_resolver::StaticAuthSchemeOptionResolver;
use aws_smithy_runtime_api::client::auth::{
    AuthSchemeOptionResolverParams, SharedAuthScheme, SharedAuthSchemeOptionResolver,
};
use aws_smithy_runtime_api::client::identity::SharedIdentityResolver;
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse, OrchestratorError};
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponentsBuilder;
use aws_smithy_runtime_api::client::runtime_plugin::StaticRuntimePlugin;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::Layer;
use aws_smithy_types::error::metadata::{ErrorMetadata, ProvideErrorMetadata};
use aws_types::SigningName;
use aws_types::region::SigningRegion;
use aws_types::service_config::ServiceConfigKey;
use serde_json::Value;

use super::fail_fast::FailFast;
use super::foreign_answer::ForeignAnswer;
use super::optional::{ATTEMPTS, Budget};
use super::transport::CallName;
use super::xml::XmlElement;
use super::{SdkError, failed};
use crate::error::Error;
use crate::pages::Endless;

/// A service of AWS.
#[derive(Debug)]
pub struct Service {
    /// In its host's name, in signatures, and in permissions.
    pub name: &'static str,
    /// In the configuration: `AWS_ENDPOINT_URL_` and this, and `services` of a profile.
    pub id: &'static str,
    /// Of its API.
    pub version: &'static str,
    pub hosts: Hosts,
}

/// Which hosts a service has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hosts {
    /// Of IPv4, and of both where the configuration asks for them.
    AsConfigured,
    /// Only those of IPv4 and IPv6.
    DualStack,
}

/// The way to a service.
#[derive(Clone, Debug)]
pub struct Signed {
    config: SdkConfig,
    region: String,
    service: &'static Service,
    /// `None`: what a run is for, and waits for as for any other call.
    budget: Option<Budget>,
    fail_fast: FailFast,
}

/// What an operation says.
#[derive(Clone)]
pub struct SignedRequest {
    pub path: Cow<'static, str>,
    pub content_type: &'static str,
    /// `x-amz-target`, where the protocol has the operation's name there.
    pub target: Option<&'static str>,
    pub body: String,
}

/// Without the body, in which a token may be.
impl fmt::Debug for SignedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedRequest({})", self.path)
    }
}

/// What AWS answers instead of doing it.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub(super) ErrorMetadata);

impl ProvideErrorMetadata for Refused {
    fn meta(&self) -> &ErrorMetadata {
        &self.0
    }
}

impl Signed {
    /// Makes no call. `budget` limits what a run can do without.
    pub fn new(
        config: &SdkConfig,
        region: &str,
        service: &'static Service,
        budget: Option<Budget>,
        fail_fast: FailFast,
    ) -> Self {
        Self {
            config: config.clone(),
            region: region.to_owned(),
            service,
            budget,
            fail_fast,
        }
    }

    /// Makes a call. `subject` is what it is about, `read` understands the body of a success.
    ///
    /// # Errors
    /// As every call to AWS fails: denied, without credentials, unreachable, answered by something else.
    pub async fn call<T: Debug + Send + Sync + 'static>(
        &self,
        operation: &'static str,
        subject: &str,
        request: SignedRequest,
        read: fn(&str) -> Option<T>,
    ) -> Result<T, Error> {
        let permission = self.permission(operation);
        let answer = async {
            let answer = self.answer(operation, request, read).await?;
            answer.map_err(|error| failed(&permission, subject, error))
        };
        match &self.budget {
            Some(budget) => {
                let what = format!("AWS for {permission}");
                budget.within(&what, answer).await
            }
            None => answer.await,
        }
    }

    /// The same with AWS's own refusal, for whom its code matters.
    ///
    /// # Errors
    /// Without an endpoint.
    pub async fn answer<T: Debug + Send + Sync + 'static>(
        &self,
        operation: &'static str,
        request: SignedRequest,
        read: fn(&str) -> Option<T>,
    ) -> Result<Result<T, SdkError<Refused, HttpResponse>>, Error> {
        let endpoint = self.endpoint().await.map_err(|cause| Error::Unreachable {
            what: format!("AWS for {}", self.permission(operation)),
            cause,
        })?;
        let operation = self
            .operation(operation, &endpoint)
            .serializer(http_request)
            .deserializer(move |answer: &HttpResponse| understood(answer, read))
            .build();
        Ok(operation.invoke(request).await)
    }

    /// As IAM names it.
    pub fn permission(&self, operation: &str) -> String {
        format!("{}:{operation}", self.service.name)
    }

    /// Of a list that cannot be read to its end.
    pub fn endless(&self, operation: &str, endless: Endless) -> Error {
        Error::Unreachable {
            what: format!("AWS for {}", self.permission(operation)),
            cause: endless.to_string(),
        }
    }

    /// With all that other calls have too.
    fn operation(&self, operation: &'static str, endpoint: &str) -> OperationBuilder {
        let mut builder = Operation::builder()
            .service_name(self.service.id)
            .operation_name(operation)
            .endpoint_url(endpoint)
            .runtime_plugin(self.signature())
            .retry_classifier(HttpStatusCodeClassifier::default())
            .retry_classifier(TransientErrorClassifier::<Refused>::new())
            .retry_classifier(ServiceClockSkewClassifier::<Refused>::new())
            .retry_classifier(self.fail_fast.clone())
            .interceptor(CallName)
            .interceptor(ForeignAnswer)
            .interceptor(ServiceClockSkewInterceptor::new())
            .interceptor(UserAgentInterceptor::new())
            .with_connection_poisoning();
        if let Some(http) = self.config.http_client() {
            builder = builder.http_client(http);
        }
        if let Some(sleep) = self.config.sleep_impl() {
            builder = builder.sleep_impl(sleep);
        }
        if let Some(time) = self.config.time_source() {
            builder = builder.time_source(time);
        }
        if let Some(timeouts) = self.config.timeout_config() {
            builder = builder.timeout_config(timeouts.clone());
        }
        if let Some(retries) = self.config.retry_config() {
            let most = if self.budget.is_some() { ATTEMPTS } else { 3 };
            let attempts = retries.max_attempts().min(most);
            builder = builder.standard_retry(&retries.clone().with_max_attempts(attempts));
        }
        if let Some(stalled) = self.config.stalled_stream_protection() {
            builder = builder.stalled_stream_protection(stalled);
        }
        builder
    }

    /// The URL of the configuration, else the one that the partition's rules make.
    async fn endpoint(&self) -> Result<String, String> {
        let key = ServiceConfigKey::builder()
            .service_id(self.service.id)
            .env("AWS_ENDPOINT_URL")
            .profile("endpoint_url")
            .build();
        let of_service = match (self.config.service_config(), key) {
            (Some(config), Ok(key)) => config.load_config(key),
            _ => None,
        };
        let configured = of_service.or_else(|| self.config.endpoint_url().map(str::to_owned));
        if let Some(url) = configured {
            return Ok(url);
        }
        let asked = self.config.use_dual_stack().unwrap_or_default();
        let is_dual_stack = asked || self.service.hosts == Hosts::DualStack;
        let is_fips = self.config.use_fips().unwrap_or_default();
        host(&self.region, self.service.name, is_fips, is_dual_stack).await
    }

    /// Signature version 4 with the credentials of all other calls.
    fn signature(&self) -> StaticRuntimePlugin {
        let mut config = Layer::new("signature");
        config.store_put(AuthSchemeOptionResolverParams::new(()));
        config.store_put(ApiMetadata::new(self.service.name, self.service.version));
        config.store_put(SigV4OperationSigningConfig {
            region: Some(SigningRegion::from(Region::new(self.region.clone()))),
            region_set: None,
            name: Some(SigningName::from(self.service.name)),
            signing_options: SigningOptions::default(),
        });
        let mut components = RuntimeComponentsBuilder::new("signature");
        let schemes = StaticAuthSchemeOptionResolver::new(vec![SCHEME_ID]);
        components
            .set_auth_scheme_option_resolver(Some(SharedAuthSchemeOptionResolver::new(schemes)));
        components.push_auth_scheme(SharedAuthScheme::new(SigV4AuthScheme::new()));
        components.set_identity_cache(self.config.identity_cache());
        if let Some(credentials) = self.config.credentials_provider() {
            components.set_identity_resolver(SCHEME_ID, SharedIdentityResolver::new(credentials));
        }
        StaticRuntimePlugin::new()
            .with_config(config.freeze())
            .with_runtime_components(components)
    }
}

/// The region's host of a service.
async fn host(
    region: &str,
    service: &str,
    is_fips: bool,
    is_dual_stack: bool,
) -> Result<String, String> {
    let params = Params::builder()
        .region(region)
        .use_fips(is_fips)
        .use_dual_stack(is_dual_stack)
        .build();
    let params = params.map_err(|error| error.to_string())?;
    let sts = DefaultResolver::new().resolve_endpoint(&params).await;
    let sts = sts.map_err(|error| error.to_string())?;
    Ok(beside_sts(sts.url(), service))
}

/// The same region's host of another service: all those in use here are named by the rules that STS's
/// is named by, whether for FIPS, for dual stack, or in another partition.
fn beside_sts(sts: &str, service: &str) -> String {
    sts.replacen("//sts", &format!("//{service}"), 1)
}

fn http_request(request: SignedRequest) -> Result<HttpRequest, BoxError> {
    let length = request.body.len().to_string();
    let mut made = HttpRequest::new(SdkBody::from(request.body));
    made.set_method("POST")?;
    made.set_uri(request.path.as_ref())?;
    let headers = made.headers_mut();
    headers.insert("content-type", request.content_type);
    headers.insert("content-length", length);
    if let Some(target) = request.target {
        headers.insert("x-amz-target", target);
    }
    Ok(made)
}

fn understood<T>(
    answer: &HttpResponse,
    read: fn(&str) -> Option<T>,
) -> Result<T, OrchestratorError<Refused>> {
    let body = answer.body().bytes().unwrap_or_default();
    let text = std::str::from_utf8(body).unwrap_or_default();
    if answer.status().is_success() {
        return read(text).ok_or_else(|| OrchestratorError::response("no answer of AWS".into()));
    }
    let kind = answer.headers().get("x-amzn-errortype");
    Err(match refusal(kind, text) {
        Some(refused) => OrchestratorError::operation(refused),
        None => OrchestratorError::response("no error of AWS".into()),
    })
}

/// Code and message, in XML or in JSON, where the code is behind a namespace or before a URL.
fn refusal(kind: Option<&str>, text: &str) -> Option<Refused> {
    let (code, message) = match XmlElement::read(text, &["Code", "Message"]) {
        Some(root) => {
            let error = root.find("Error")?;
            let message = error.text("Message").unwrap_or_default();
            (error.text("Code")?.to_owned(), message.to_owned())
        }
        None => {
            let body: Value = serde_json::from_str(text).ok()?;
            let code =
                kind.or_else(|| body["__type"].as_str().or_else(|| body["code"].as_str()))?;
            let code = code.split(':').next()?.rsplit('#').next()?;
            let message = body["message"]
                .as_str()
                .or_else(|| body["Message"].as_str());
            (code.to_owned(), message.unwrap_or_default().to_owned())
        }
    };
    let meta = ErrorMetadata::builder().code(code).message(message);
    Some(Refused(meta.build()))
}

#[cfg(test)]
mod tests;

//! STS: who calls, the token that EKS takes for it, and the exchange of a pod's token for a session.

use std::time::{Duration, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_sdk_sts::config::endpoint::{DefaultResolver, Params, ResolveEndpoint};
use aws_sdk_sts::operation::get_caller_identity::{
    GetCallerIdentityError, GetCallerIdentityOutput,
};
use aws_sigv4::http_request::{
    PayloadChecksumKind, SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::future::{BoxFuture, FutureExt};

use super::{SdkError, credentials, failed, unusable};
use crate::error::Error;
use crate::model::Arn;
use crate::network::deepest;
use crate::secrets;
use crate::waiting::Intervals;

mod web_identity;

pub use web_identity::{NotAssumed, Session, Terms};

#[derive(Clone)]
pub struct Sts {
    pub(super) client: aws_sdk_sts::Client,
    pub(super) credentials: Option<SharedCredentialsProvider>,
    pub(super) region: String,
    pub(super) fips: bool,
    pub(super) intervals: Intervals,
}

impl Sts {
    pub(super) fn new(
        client: aws_sdk_sts::Client,
        config: &SdkConfig,
        region: &str,
        intervals: Intervals,
    ) -> Self {
        Self {
            client,
            credentials: config.credentials_provider(),
            region: region.to_owned(),
            fips: config.use_fips().unwrap_or_default(),
            intervals,
        }
    }

    /// The caller's ARN (GetCallerIdentity), for its account and partition.
    pub async fn caller(&self) -> Result<Arn, Error> {
        caller_in(self.client.get_caller_identity().send().await)
    }

    /// A bearer token for an EKS cluster's API: a presigned GetCallerIdentity URL, as
    /// aws-iam-authenticator and `aws eks get-token` make it. Signed here, no call is made. With the end
    /// of what it is signed with, after which it is worth nothing.
    pub async fn eks_token(&self, cluster: &str) -> Result<(String, Option<SystemTime>), Error> {
        let Some(provider) = &self.credentials else {
            return Err(Error::no_credentials("no provider of them is configured"));
        };
        let credentials = provider.provide_credentials().await.map_err(|error| {
            credentials::failure(&error).unwrap_or_else(|| Error::no_credentials(&deepest(&error)))
        })?;
        let endpoint = self.endpoint().await?;
        let ends = credentials.expiry();
        let token = token(
            credentials,
            &endpoint,
            &self.region,
            cluster,
            SystemTime::now(),
        );
        Ok((token?, ends))
    }

    /// The same for whoever knows nothing of AWS: by the cluster's name.
    pub fn bearer(
        &self,
    ) -> impl Fn(String) -> BoxFuture<'static, Result<(String, Option<SystemTime>), Error>>
    + Send
    + Sync
    + 'static {
        let sts = self.clone();
        move |cluster| {
            let sts = sts.clone();
            async move { sts.eks_token(&cluster).await }.boxed()
        }
    }

    /// The partition's STS, never an override: the authenticator accepts no other host.
    async fn endpoint(&self) -> Result<String, Error> {
        let unresolved = |cause: String| Error::Unreachable {
            what: "STS".to_owned(),
            cause,
        };
        let params = Params::builder()
            .region(self.region.clone())
            .use_fips(self.fips)
            .build();
        let params = params.map_err(|error| unresolved(error.to_string()))?;
        let endpoint = DefaultResolver::new().resolve_endpoint(&params).await;
        endpoint
            .map(|endpoint| endpoint.url().to_owned())
            .map_err(|error| unresolved(error.to_string()))
    }
}

/// The ARN of an answer to GetCallerIdentity.
fn caller_in(
    answer: Result<GetCallerIdentityOutput, SdkError<GetCallerIdentityError, HttpResponse>>,
) -> Result<Arn, Error> {
    let arn = answer
        .map_err(|error| failed("sts:GetCallerIdentity", "", error))?
        .arn
        .unwrap_or_default();
    arn.parse()
        .map_err(|rule| unusable("sts:GetCallerIdentity", "", rule))
}

fn token(
    credentials: Credentials,
    endpoint: &str,
    region: &str,
    cluster: &str,
    time: SystemTime,
) -> Result<String, Error> {
    let unsigned = |cause: String| Error::no_credentials(&format!("cannot sign a token: {cause}"));
    let url = format!("{endpoint}/?Action=GetCallerIdentity&Version=2011-06-15");
    secrets::remember(credentials.secret_access_key());
    secrets::remember(credentials.session_token().unwrap_or_default());
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name("sts")
        .time(time)
        .settings(settings())
        .build()
        .map_err(|error| unsigned(error.to_string()))?;
    let headers = std::iter::once(("x-k8s-aws-id", cluster));
    let request = SignableRequest::new("GET", &url, headers, SignableBody::Bytes(&[]))
        .map_err(|error| unsigned(error.to_string()))?;
    let (instructions, _) = sign(request, &params.into())
        .map_err(|error| unsigned(error.to_string()))?
        .into_parts();
    let mut request = http::Request::get(&url)
        .body(())
        .map_err(|error| unsigned(error.to_string()))?;
    instructions.apply_to_request_http1x(&mut request);
    let url = request.uri().to_string();
    remember_secrets(&url);
    let token = format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url));
    secrets::remember(&token);
    Ok(token)
}

/// The signature stands in the address, as one that is presigned has it, and holds for a minute.
fn settings() -> SigningSettings {
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.payload_checksum_kind = PayloadChecksumKind::NoHeader;
    settings.expires_in = Some(Duration::from_secs(60));
    settings.excluded_headers = None;
    settings
}

fn remember_secrets(url: &str) {
    let parameters = url.split(['?', '&']).filter_map(|it| it.split_once('='));
    for (name, value) in parameters {
        if ["X-Amz-Signature", "X-Amz-Security-Token"].contains(&name) {
            secrets::remember(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_is_that_of_the_aws_cli() {
        let credentials = Credentials::new(
            "AKIDEXAMPLE",
            "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
            None,
            None,
            "test",
        );
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_795_305_560);
        let token = token(
            credentials,
            "https://sts.eu-west-1.amazonaws.com",
            "eu-west-1",
            "demo",
            time,
        )
        .unwrap();
        let url = URL_SAFE_NO_PAD
            .decode(token.strip_prefix("k8s-aws-v1.").unwrap())
            .unwrap();
        let url = String::from_utf8(url).unwrap();
        assert!(url.starts_with(
            "https://sts.eu-west-1.amazonaws.com/?Action=GetCallerIdentity&Version=2011-06-15&"
        ));
        assert!(
            url.ends_with(
                "X-Amz-Signature=0c1fcbfaa07db3cc2eab3feed612c1e7b5c296e9cf15b1d6f292309a882b3a2c"
            ),
            "{url}"
        );
    }
}

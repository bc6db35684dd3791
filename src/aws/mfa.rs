//! Roles that are assumed with the code of an MFA device (`mfa_serial` of a profile), which the SDK for
//! Rust does not do: the code is asked for on the terminal, once a run, as eksctl and aws do.

use aws_config::SdkConfig;
use aws_config::profile::Profile;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::{self, ProvideCredentials, SharedCredentialsProvider, future};
use tokio::sync::OnceCell;

use super::credentials::{Ask, cause_of};
use crate::files;
use crate::model::RoleArn;
use crate::secrets;

/// The name of sessions that no profile names.
const SESSION: &str = "irsactl";

/// Credentials of a role that is assumed with others.
#[derive(Debug)]
pub struct Assumed {
    role: String,
    session: String,
    external_id: Option<String>,
    seconds: Option<i32>,
    serial: Option<String>,
    profile: String,
    sts: aws_sdk_sts::Client,
    ask: Option<Ask>,
    assumed: OnceCell<Credentials>,
}

#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct RoleNotAssumed(String);

/// A client whose calls are signed with the credentials that a role is assumed with.
fn signed_by(config: &SdkConfig, base: SharedCredentialsProvider) -> aws_sdk_sts::Client {
    let config = aws_sdk_sts::config::Builder::from(config).credentials_provider(base);
    aws_sdk_sts::Client::from_conf(config.build())
}

impl Assumed {
    /// Of the role that a profile names (`role_arn`), with what else it says of the session. `base` signs
    /// the call.
    pub fn new(
        config: &SdkConfig,
        profile: &Profile,
        base: SharedCredentialsProvider,
        ask: Option<Ask>,
    ) -> Self {
        let key = |name| profile.get(name).map(str::to_owned);
        Self {
            role: key("role_arn").unwrap_or_default(),
            session: key("role_session_name").unwrap_or_else(|| SESSION.to_owned()),
            external_id: key("external_id"),
            seconds: key("duration_seconds").and_then(|text| text.parse().ok()),
            serial: key("mfa_serial"),
            profile: profile.name().to_owned(),
            sts: signed_by(config, base),
            ask,
            assumed: OnceCell::new(),
        }
    }

    /// Of a role that a flag names.
    pub fn by(config: &SdkConfig, role: &RoleArn, base: SharedCredentialsProvider) -> Self {
        Self {
            role: role.to_string(),
            session: SESSION.to_owned(),
            external_id: None,
            seconds: None,
            serial: None,
            profile: String::new(),
            sts: signed_by(config, base),
            ask: None,
            assumed: OnceCell::new(),
        }
    }

    async fn assume(&self) -> provider::Result {
        let mut call = self
            .sts
            .assume_role()
            .role_arn(&self.role)
            .role_session_name(&self.session)
            .set_external_id(self.external_id.clone())
            .set_duration_seconds(self.seconds);
        if let Some(serial) = &self.serial {
            call = call
                .serial_number(serial)
                .token_code(self.code(serial).await?);
        }
        let answer = call.send().await.map_err(|error| {
            let cause = cause_of(&error);
            failed(format!("{} cannot be assumed: {cause}", self.role))
        })?;
        let Some(session) = answer.credentials else {
            return Err(failed(format!(
                "{} cannot be assumed: STS answers without keys",
                self.role
            )));
        };
        secrets::remember(&session.secret_access_key);
        secrets::remember(&session.session_token);
        let expires = session.expiration.try_into().ok();
        Ok(Credentials::new(
            session.access_key_id,
            session.secret_access_key,
            Some(session.session_token),
            expires,
            "AssumeRole",
        ))
    }

    async fn code(&self, serial: &str) -> Result<String, CredentialsError> {
        let question = format!("MFA code of {serial}: ");
        let asked = match self.ask {
            Some(ask) => files::aside(move || Ok(ask(&question)))
                .await
                .ok()
                .flatten(),
            None => None,
        };
        let code = asked.map(|code| code.trim().to_owned());
        code.filter(|code| !code.is_empty()).ok_or_else(|| {
            failed(format!(
                "profile \"{}\" asks for an MFA code of {serial} (mfa_serial), and nobody gave one on a terminal",
                self.profile
            ))
        })
    }
}

fn failed(cause: String) -> CredentialsError {
    CredentialsError::provider_error(RoleNotAssumed(cause))
}

impl ProvideCredentials for Assumed {
    fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
    where
        Self: 'a,
    {
        future::ProvideCredentials::new(async {
            // Nobody is asked twice; without a code whoever keeps them may have others.
            if self.serial.is_none() {
                return self.assume().await;
            }
            let credentials = self.assumed.get_or_try_init(|| self.assume()).await?;
            Ok(credentials.clone())
        })
    }
}

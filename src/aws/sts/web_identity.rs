//! What a pod does with its token: AssumeRoleWithWebIdentity, unsigned, and who one is then.

use std::fmt;
use std::time::Duration;

use aws_credential_types::Credentials;
use aws_sdk_sts::config::Builder;
use aws_sdk_sts::error::ProvideErrorMetadata;
use aws_sdk_sts::types::Credentials as Issued;

use super::super::{RetryConfig, failed, unusable};
use super::Sts;
use crate::error::Error;
use crate::model::{Arn, RoleArn};
use crate::proof::TokenRefusal;
use crate::secrets::{self, excerpt};
use crate::token::Secret;

/// The permission of the call, as IAM names it.
const ASSUME: &str = "sts:AssumeRoleWithWebIdentity";

/// A role's session. Its credentials are never shown.
pub struct Session {
    credentials: Credentials,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Session(…)")
    }
}

/// What is asked of STS besides the role and the token.
#[derive(Clone, Copy, Debug)]
pub struct Terms<'a> {
    /// 2 to 64 letters, digits and `_+=,.@-`; the last part of the session's ARN.
    pub session_name: &'a str,
    /// What the session may do, at most.
    pub policy: &'a str,
    /// At least 900.
    pub seconds: i32,
}

/// Why there is no session.
#[derive(Debug)]
pub enum NotAssumed {
    Refused(TokenRefusal),
    /// No answer.
    Unreachable(Box<Error>),
    /// This identity may not ask: AWS's words.
    NotAllowed(String),
}

impl Sts {
    /// AssumeRoleWithWebIdentity. The token is all that it needs: the call is not signed, and goes out
    /// without credentials too.
    ///
    /// # Errors
    /// STS's refusal, or that it did not answer.
    pub async fn assume_with_web_identity(
        &self,
        role: &RoleArn,
        token: &Secret,
        terms: Terms<'_>,
    ) -> Result<Session, NotAssumed> {
        let call = self.client.assume_role_with_web_identity();
        let answer = call
            .role_arn(role.to_string())
            .role_session_name(terms.session_name)
            .web_identity_token(token.reveal())
            .policy(terms.policy)
            .duration_seconds(terms.seconds)
            .customize()
            .config_override(self.briefly())
            .send()
            .await;
        let error = match answer {
            Ok(answer) => {
                let session = answer.credentials.map(Session::of);
                let why = "it has no credentials".to_owned();
                let nothing = || unusable(ASSUME, &role.to_string(), why);
                return session.ok_or_else(|| NotAssumed::Unreachable(Box::new(nothing())));
            }
            Err(error) => error,
        };
        Err(match error.code() {
            Some(code) => {
                let message = error.message().unwrap_or("no message");
                NotAssumed::Refused(TokenRefusal::of_sts(code, &excerpt(message)))
            }
            None => NotAssumed::Unreachable(Box::new(failed(ASSUME, "", error))),
        })
    }

    /// GetCallerIdentity as that session. It needs no permission: no policy can deny it.
    ///
    /// # Errors
    /// That STS does not take the session, or did not answer.
    pub async fn caller_of(&self, session: &Session) -> Result<Arn, Error> {
        let credentials = session.credentials.clone();
        let call = self.client.get_caller_identity().customize();
        let answer = call
            .config_override(self.briefly().credentials_provider(credentials))
            .send()
            .await;
        super::caller_in(answer)
    }

    /// What the SDK takes for passing (that STS cannot reach the issuer, above all) is told soon.
    fn briefly(&self) -> Builder {
        let backoff = self.intervals.of(Duration::from_secs(1));
        let retries = RetryConfig::standard()
            .with_max_attempts(3)
            .with_initial_backoff(backoff);
        Builder::default().retry_config(retries)
    }
}

impl Session {
    /// Of what was issued for a token, and is a secret from now on.
    pub(in crate::aws) fn new(key: &str, secret: &str, token: String) -> Self {
        secrets::remember(secret);
        secrets::remember(&token);
        Self {
            credentials: Credentials::new(key, secret, Some(token), None, "a pod's token"),
        }
    }

    fn of(issued: Issued) -> Self {
        let (key, secret) = (issued.access_key_id, issued.secret_access_key);
        Self::new(&key, &secret, issued.session_token)
    }
}

//! HashiCorp Vault, of which only reads are asked. kube's client carries them, as it does TLS the way that
//! clients of Go do: an authority in the place of the platform's, another server name, a certificate of the
//! client, a proxy.

use std::fmt::Display;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Limited};
use kube::Client;
use kube::client::{Body, ClientBuilder};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use tower::util::MapResponseLayer;

use crate::error::{Error, VaultFailure};
use crate::model::{Lookup, Timeout, percent_encoded};
use crate::network::{deepest, is_final};
use crate::secrets;
use crate::waiting::{Deadline, FailedTry, Intervals};

mod settings;

use settings::VaultSettings;

/// How much one answer may hold.
const ANSWER_LIMIT: usize = 8 << 20;
/// Between two tries.
const PAUSE: Duration = Duration::from_secs(1);

pub struct Vault {
    client: Client,
    address: String,
    timeout: Duration,
    retries: u32,
    intervals: Intervals,
    /// When all that the command waits for must be over.
    deadline: Deadline,
    /// The user has TLS not verified.
    pub is_unverified: bool,
}

/// What Vault wraps its answers in.
#[derive(Deserialize)]
struct VaultResponse<T> {
    data: T,
}

#[derive(Deserialize)]
struct ListedKeys {
    keys: Vec<String>,
}

#[derive(Deserialize)]
struct Errors {
    errors: Vec<String>,
}

impl Vault {
    /// Prepares the client by Vault's own variables; makes no call.
    ///
    /// # Errors
    /// Those of the variables.
    pub async fn connect(intervals: Intervals, deadline: Deadline) -> Result<Self, Error> {
        let mut settings = VaultSettings::from_environment().await?;
        let timeout = intervals.limit(settings.timeout);
        settings.config.connect_timeout = Some(timeout);
        settings.config.read_timeout = Some(timeout);
        settings.config.write_timeout = Some(timeout);
        let limited = |answer: Response<_>| answer.map(|body| Limited::new(body, ANSWER_LIMIT));
        let client = ClientBuilder::try_from(settings.config)
            .map_err(|error| {
                let cause = secrets::without_passwords(&deepest(&error));
                Error::Setting(format!("Vault cannot be reached by its variables: {cause}"))
            })?
            .with_layer(&MapResponseLayer::new(limited))
            .build();
        Ok(Self {
            client,
            address: settings.address,
            timeout,
            retries: settings.retries,
            intervals,
            deadline,
            is_unverified: settings.is_unverified,
        })
    }

    /// What stands under a path.
    ///
    /// # Errors
    /// An answer that is none, or that nothing answers.
    pub async fn read<T: DeserializeOwned>(&self, path: &str) -> Result<Option<T>, Error> {
        self.get(path, "").await
    }

    /// The names under a path; what is not there has none.
    ///
    /// # Errors
    /// Those of [`Vault::read`].
    pub async fn list(&self, path: &str) -> Result<Vec<String>, Error> {
        let keys: Option<ListedKeys> = self.get(path, "?list=true").await?;
        let keys = keys.map(|it| it.keys).unwrap_or_default();
        // Those of a folder, which these lists have none of.
        Ok(keys.into_iter().filter(|key| !key.ends_with('/')).collect())
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &str) -> Result<Option<T>, Error> {
        let parts: Vec<String> = path.split('/').map(percent_encoded).collect();
        let uri = format!("/v1/{}{query}", parts.join("/"));
        let mut tried = 0;
        loop {
            let late = |_| {
                let is_over = self.deadline.is_over();
                let limit = if is_over {
                    self.deadline.limit()
                } else {
                    self.timeout
                };
                Err(FailedTry {
                    error: VaultFailure::Unreachable(format!(
                        "no answer within {}",
                        Timeout(limit)
                    )),
                    lasting: is_over,
                })
            };
            let limit = self.timeout.min(self.deadline.left());
            let answer = tokio::time::timeout(limit, self.once(&uri)).await;
            match answer.unwrap_or_else(late) {
                Ok(found) => return Ok(found),
                Err(failed) if failed.lasting || tried == self.retries => {
                    return Err(Error::Vault {
                        path: path.to_owned(),
                        address: self.address.clone(),
                        failure: failed.error,
                    });
                }
                Err(failed) => tracing::debug!("vault: again after: {:?}", failed.error),
            }
            let pause = self.intervals.of(PAUSE).min(self.deadline.left());
            tokio::time::sleep(pause).await;
            tried += 1;
        }
    }

    async fn once<T: DeserializeOwned>(
        &self,
        uri: &str,
    ) -> Result<Option<T>, FailedTry<VaultFailure>> {
        let nonsense =
            |error: &dyn Display| FailedTry::lasting(VaultFailure::Answer(error.to_string()));
        let request = Request::get(uri).header("accept", "application/json");
        let request = request.body(Body::empty());
        let request = request.map_err(|error| nonsense(&error))?;
        let answer = self.client.send(request).await.map_err(|error| FailedTry {
            error: VaultFailure::Unreachable(secrets::without_passwords(&deepest(&error))),
            lasting: is_final(&error),
        })?;
        let status = answer.status();
        let body = answer.into_body().collect().await;
        let body =
            body.map_err(|error| FailedTry::passing(VaultFailure::Answer(deepest(&error))))?;
        let body = body.to_bytes();
        if status == StatusCode::OK {
            let answer: Result<VaultResponse<T>, _> = serde_json::from_slice(&body);
            return Ok(Some(answer.map_err(|error| nonsense(&error))?.data));
        }
        // A path without an engine is a 404 too, and tells so.
        let errors = serde_json::from_slice(&body)
            .map(|it: Errors| it.errors)
            .ok();
        match errors {
            Some(errors) if status == StatusCode::NOT_FOUND && errors.is_empty() => Ok(None),
            None if status == StatusCode::NOT_FOUND => {
                Err(nonsense(&"404, and no word of Vault's"))
            }
            errors => {
                let told = secrets::excerpt(&in_one_line(&errors.unwrap_or_default()));
                Err(refused(status, told))
            }
        }
    }
}

/// Several errors are a list in lines of their own, under a line that counts them.
fn in_one_line(errors: &[String]) -> String {
    let lines = errors.iter().flat_map(|error| error.lines());
    let lines = lines.map(|line| line.trim().trim_start_matches("* "));
    let lines = lines.filter(|line| !line.is_empty() && !line.ends_with(" occurred:"));
    lines.collect::<Vec<_>>().join("; ")
}

fn refused(status: StatusCode, told: String) -> FailedTry<VaultFailure> {
    let (error, lasting) = match status.as_u16() {
        403 => (VaultFailure::Denied(told), true),
        404 => (VaultFailure::NoMount(told), true),
        code if (300..400).contains(&code) => (VaultFailure::Redirected, true),
        // Sealed, or in standby.
        503 if told.contains("sealed") => (VaultFailure::Sealed, true),
        // A read that came before its write, and what clients of Vault try again besides.
        code @ (412 | 429 | 500..) => (VaultFailure::Answer(format!("{code} {told}")), false),
        code => (VaultFailure::Answer(format!("{code} {told}")), true),
    };
    FailedTry { error, lasting }
}

/// What may be denied one by one.
///
/// # Errors
/// All else than a denial.
pub fn or_unknown<T>(found: Result<Option<T>, Error>) -> Result<Lookup<T>, Error> {
    match found {
        Ok(found) => Ok(found.into()),
        Err(Error::Vault {
            path,
            failure: VaultFailure::Denied(_),
            ..
        }) => Ok(Lookup::Unknown(format!("the token may not read {path}"))),
        Err(Error::Vault {
            path,
            failure: VaultFailure::Answer(what),
            ..
        }) => Ok(Lookup::Unknown(format!("{path} is answered with {what}"))),
        Err(error) => Err(error),
    }
}

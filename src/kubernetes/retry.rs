//! Calls that failed and are made again. All of irsactl's may be: reads, applies, and what is as good
//! when it was done already.

use std::time::Duration;

use kube::Client;

use super::failure::{Failure, status_code};
use super::{Kubernetes, READ, WHOLE};
use crate::model::Timeout;
use crate::network::is_final;

/// How often a call is made that fails.
const TRIES: u32 = 3;
/// How often, where the API asks to come again.
const BUSY_TRIES: u32 = 6;
/// The first pause; each other is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(200);

impl Kubernetes {
    /// Makes a call, and again where its failure may pass: after a pause, or the one that the API
    /// names (but no longer than ten seconds); or, once, signed in anew where the API does not know who
    /// calls (client-go does so with its plugins).
    pub(super) async fn call<T>(
        &self,
        call: impl AsyncFn(Client) -> kube::Result<T>,
    ) -> Result<T, Failure> {
        let mut session = self.sessions.present().await?;
        let mut is_renewed = false;
        let mut tried = 1;
        loop {
            // Whoever awaits it is copied whole when it is moved: what kube's client keeps lies apart.
            let answer = Box::pin(call(session.client.clone()));
            let error = match self.bounded(answer).await {
                Err(error) if status_code(&error) == Some(401) && !is_renewed => {
                    session = self.sessions.other_than(&session).await?;
                    is_renewed = true;
                    continue;
                }
                Err(error) if tried < tries(&error) => error,
                result => return Ok(result?),
            };
            let pause = PAUSE * 2_u32.pow(tried - 1);
            tracing::debug!("kubernetes: again after: {error}");
            tokio::time::sleep(self.intervals.of(pause.max(asked_pause(&error)))).await;
            tried += 1;
        }
    }

    /// The result of a try that ends, however slowly its answer comes.
    async fn bounded<T>(&self, call: impl Future<Output = kube::Result<T>>) -> kube::Result<T> {
        let limit = self
            .intervals
            .limit(WHOLE)
            .max(self.intervals.limit(READ) * 2);
        tokio::time::timeout(limit, call).await.unwrap_or_else(|_| {
            let cause = format!("no whole answer within {}", Timeout(limit));
            Err(kube::Error::Service(cause.into()))
        })
    }
}

fn tries(error: &kube::Error) -> u32 {
    match error {
        kube::Error::Api(status) if matches!(status.code, 429 | 503 | 504) => BUSY_TRIES,
        error if is_passing(error) => TRIES,
        _ => 1,
    }
}

/// Whether the same call may have another answer the next time. A failing webhook is slow to fail, and
/// does so again: it is told at once.
pub(super) fn is_passing(error: &kube::Error) -> bool {
    match error {
        kube::Error::Api(status) => {
            matches!(status.code, 429 | 500 | 502 | 503 | 504)
                && !status.message.contains("failed calling webhook")
        }
        // An answer of someone else, or half of one.
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => true,
        kube::Error::HyperError(_) | kube::Error::Service(_) | kube::Error::ReadEvents(_) => {
            !is_final(error)
        }
        _ => false,
    }
}

/// Retry-After, as the API repeats it in its Status.
fn asked_pause(error: &kube::Error) -> Duration {
    let seconds = match error {
        kube::Error::Api(status) => status.details.as_ref().map(|it| it.retry_after_seconds),
        _ => None,
    };
    Duration::from_secs(u64::from(seconds.unwrap_or_default().min(10)))
}

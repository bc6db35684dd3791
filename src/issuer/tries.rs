//! Tries of a host: once more where its failure may pass, within a limit that is told.

use std::time::Duration;

use super::CONNECT;
use crate::error::Error;
use crate::model::Timeout;
use crate::waiting::{FailedTry, Intervals};

const TRIES: u32 = 3;
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(300);

/// Makes up to three tries, and tells the failure of the last. A try is given the limit of its TCP
/// connection.
pub async fn insist<T>(
    host: &str,
    intervals: Intervals,
    attempt: impl AsyncFn(Duration) -> Result<T, FailedTry<Error>>,
) -> Result<T, Error> {
    let connect = intervals.limit(CONNECT);
    let whole = connect * 2;
    let mut tried = 1;
    loop {
        let slow = |_| Err(FailedTry::passing(too_slow(host, whole)));
        let result = tokio::time::timeout(whole, attempt(connect)).await;
        match result.unwrap_or_else(slow) {
            Ok(value) => return Ok(value),
            Err(failure) if failure.lasting || tried == TRIES => return Err(failure.error),
            Err(failure) => tracing::debug!("issuer: again after: {}", failure.error),
        }
        tokio::time::sleep(intervals.of(PAUSE)).await;
        tried += 1;
    }
}

fn too_slow(host: &str, limit: Duration) -> Error {
    Error::IssuerUnreachable {
        host: host.to_owned(),
        cause: format!("no answer within {}", Timeout(limit)),
    }
}

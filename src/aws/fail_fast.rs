//! Failures that no retry mends, told at once: the SDK would repeat a refused connection or a wrong
//! CA for half a minute, and takes CloudFormation's full stack quota for throttling; of throttling
//! only what the pace has given up gets here. And one that a retry may mend: someone else's answer.

use std::error::Error as StdError;
use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::retry::ErrorKind;

use super::transport::{Stale, is_throttled};
use crate::issuer::tls_refusal;

#[derive(Debug)]
pub struct FailFast;

impl ClassifyRetry for FailFast {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        if error
            .as_connector_error()
            .is_some_and(|error| is_final(error) || causes(error).any(is_too_long))
            || context.response().is_some_and(is_throttled)
            || quota_is_full(context)
        {
            return RetryAction::RetryForbidden;
        }
        if error
            .as_connector_error()
            .is_some_and(|error| causes(error).any(|cause| cause.is::<Stale>()))
        {
            let kind = ErrorKind::ThrottlingError;
            return RetryAction::retryable_error_with_explicit_delay(kind, Duration::ZERO);
        }
        if error.is_interceptor_error() {
            // Only `ForeignAnswer` refuses anything.
            return RetryAction::transient_error();
        }
        RetryAction::NoActionIndicated
    }

    fn name(&self) -> &'static str {
        "fail fast"
    }
}

fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| StdError::source(*error))
}

fn is_too_long(error: &(dyn StdError + 'static)) -> bool {
    error.is::<http_body_util::LengthLimitError>()
}

/// A refused connection, a name that does not resolve, a proxy or a server that cannot be talked to.
pub fn is_final(error: &(dyn StdError + 'static)) -> bool {
    let refused = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionRefused;
    let signs = [
        "dns error",
        "failed to lookup address",
        "tunnel error: unsuccessful",
        "tunnel error: proxy authorization required",
    ];
    tls_refusal(error).is_some()
        || causes(error).any(|error| {
            let text = error.to_string();
            error.downcast_ref::<std::io::Error>().is_some_and(refused)
                || signs.iter().any(|sign| text.contains(sign))
        })
}

fn quota_is_full(context: &InterceptorContext) -> bool {
    let body = context
        .response()
        .and_then(|response| response.body().bytes());
    body.is_some_and(|body| {
        let text = String::from_utf8_lossy(body);
        text.contains("<Code>LimitExceededException</Code>")
            || text.contains("<Code>LimitExceeded</Code>")
    })
}

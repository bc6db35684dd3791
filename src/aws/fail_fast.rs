//! Failures that no retry mends, told at once: the SDK would repeat a refused connection or a wrong
//! CA for half a minute, and takes CloudFormation's full stack quota for throttling. And one that a
//! retry may mend: someone else's answer.

use std::error::Error as StdError;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};

#[derive(Debug)]
pub struct FailFast;

impl ClassifyRetry for FailFast {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        if error
            .as_connector_error()
            .is_some_and(|error| is_final(error))
            || quota_is_full(context)
        {
            return RetryAction::RetryForbidden;
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

/// A refused connection, a name that does not resolve, a certificate that is not trusted.
pub fn is_final(error: &(dyn StdError + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(error) = next {
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
        {
            return true;
        }
        let text = error.to_string();
        if [
            "invalid peer certificate",
            "dns error",
            "failed to lookup address",
            "tunnel error: unsuccessful",
            "tunnel error: proxy authorization required",
        ]
        .iter()
        .any(|sign| text.contains(sign))
        {
            return true;
        }
        next = error.source();
    }
    false
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

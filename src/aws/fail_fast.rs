//! Failures that no retry mends, told at once: the SDK would repeat a refused connection or a wrong
//! CA for half a minute, and takes CloudFormation's full stack quota for throttling; of throttling
//! only what the pace has given up gets here. And one that a retry may mend: someone else's answer.

use std::error::Error as StdError;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aws_smithy_runtime_api::client::interceptors::context::InterceptorContext;
use aws_smithy_runtime_api::client::retries::classifiers::{ClassifyRetry, RetryAction};
use aws_smithy_types::retry::ErrorKind;

use super::transport::{Stale, is_throttled};
use crate::network::{causes, is_final, is_unknown_name};

/// Whether anything of AWS has answered in this run.
#[derive(Clone, Debug, Default)]
pub struct Reached(Arc<AtomicBool>);

impl Reached {
    /// From now on a host's name that is not known is the network's failure, and no mistake of the
    /// user's.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[derive(Clone, Debug)]
pub struct FailFast(pub Reached);

impl FailFast {
    /// A name that is not known is a mistake at the beginning, and later the network's.
    fn is_final(&self, error: &(dyn StdError + 'static)) -> bool {
        let goes_on = self.0.0.load(Ordering::Relaxed) && is_unknown_name(error);
        is_final(error) && !goes_on || causes(error).any(is_too_long)
    }
}

impl ClassifyRetry for FailFast {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        let Some(Err(error)) = context.output_or_error() else {
            return RetryAction::NoActionIndicated;
        };
        if error
            .as_connector_error()
            .is_some_and(|error| self.is_final(error))
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

fn is_too_long(error: &(dyn StdError + 'static)) -> bool {
    error.is::<http_body_util::LengthLimitError>()
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

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    /// As the standard library says what the resolver answers.
    fn unresolved(answer: &str) -> io::Error {
        io::Error::other(format!("failed to lookup address information: {answer}"))
    }

    #[test]
    fn an_unknown_name_is_final_at_the_beginning_only() {
        let fail_fast = FailFast(Reached::default());
        let unknown = unresolved("Name or service not known");
        assert!(fail_fast.is_final(&unknown));
        fail_fast.0.set();
        assert!(!fail_fast.is_final(&unknown));
        assert!(fail_fast.is_final(&io::Error::from(io::ErrorKind::ConnectionRefused)));
    }
}

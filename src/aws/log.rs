//! The log of AWS calls: operation, status and time, and nothing of what was said, so that no secret
//! can be in it.

use std::time::Instant;

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::{
    BeforeTransmitInterceptorContextRef, FinalizerInterceptorContextRef,
};
use aws_smithy_runtime_api::client::orchestrator::Metadata;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::{ConfigBag, Storable, StoreReplace};

#[derive(Debug)]
pub struct CallLog;

#[derive(Debug)]
struct Begun(Instant);

impl Storable for Begun {
    type Storer = StoreReplace<Self>;
}

impl Intercept for CallLog {
    fn name(&self) -> &'static str {
        "call log"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        bag.interceptor_state().store_put(Begun(Instant::now()));
        Ok(())
    }

    fn read_after_attempt(
        &self,
        context: &FinalizerInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        bag: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let call = bag
            .load::<Metadata>()
            .map(|call| format!("{}:{}", call.service(), call.name()))
            .unwrap_or_default();
        let time = bag
            .load::<Begun>()
            .map(|begun| begun.0.elapsed())
            .unwrap_or_default();
        match context.response() {
            Some(response) => tracing::debug!(
                "{call}: {} in {} ms",
                response.status().as_u16(),
                time.as_millis()
            ),
            None => tracing::debug!("{call}: no answer after {} ms", time.as_millis()),
        }
        Ok(())
    }
}

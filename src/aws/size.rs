//! How much an answer of AWS may hold: whoever answers in its place could otherwise send until the
//! memory is full.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::Limited;

/// The largest answers are a page of ListRoles and a template (460,800 bytes), well below it.
const LIMIT: usize = 8 << 20;

#[derive(Debug)]
pub struct SizeLimit;

impl Intercept for SizeLimit {
    fn name(&self) -> &'static str {
        "size limit"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let unlimited = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(unlimited, LIMIT));
        Ok(())
    }
}

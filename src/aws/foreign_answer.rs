//! Refuses web pages that come as answers: a captive portal's or a proxy's. The SDK would take one for
//! the success of an operation whose answer it does not read.

use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::AfterDeserializationInterceptorContextRef;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::config_bag::ConfigBag;

#[derive(Debug)]
pub struct ForeignAnswer;

impl Intercept for ForeignAnswer {
    fn name(&self) -> &'static str {
        "foreign answer"
    }

    fn read_after_deserialization(
        &self,
        context: &AfterDeserializationInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        match context.response().body().bytes() {
            Some(body) if is_page(body) => Err("a web page".into()),
            _ => Ok(()),
        }
    }
}

fn is_page(body: &[u8]) -> bool {
    let begin = body.trim_ascii_start();
    ["<html", "<!doctype html"].iter().any(|sign| {
        begin
            .get(..sign.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(sign.as_bytes()))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_told_from_answers() {
        for page in ["<html>", " \n<!DOCTYPE html>", "<HTML lang=en>"] {
            assert!(is_page(page.as_bytes()), "{page}");
        }
        for answer in ["", "{}", "<?xml version='1.0'?>", "<ErrorResponse>"] {
            assert!(!is_page(answer.as_bytes()), "{answer}");
        }
    }
}

//! Why a change set failed: what CloudFormation's validation before the deployment found, and what hooks
//! said. DescribeChangeSet tells neither (CloudFormation User Guide, "Validate stack deployments").

use aws_sdk_cloudformation::types::{EventFilter, EventType, HookFailureMode, OperationEvent};

use super::CloudFormation;
use crate::aws::failed;
use crate::aws::pages::{PagedList, filled};
use crate::secrets::excerpt;

impl CloudFormation {
    /// The failed events of a change set's making (DescribeEvents), a line each. A change set's name is
    /// not enough for that call, its ARN is. Whatever stands in the way of them must not hide that the
    /// change set failed.
    pub(super) async fn change_set_failures(&self, stack: &str, id: &str) -> Vec<String> {
        let call = self.client.describe_events().stack_name(stack);
        let filter = EventFilter::builder().failed_events(true).build();
        let call = call.change_set_name(id).filters(filter);
        let events = call.into_paginator().send();
        let mut events = PagedList::of(events, |page| filled(page.next_token()));
        let mut lines = Vec::new();
        while let Some(page) = events.next().await {
            match page {
                Ok(page) => lines.extend(page.operation_events().iter().filter_map(told)),
                Err(error) => {
                    let error = failed("cloudformation:DescribeEvents", stack, error);
                    lines.push(format!("more is not known: {}", error.brief()));
                    break;
                }
            }
        }
        lines.dedup();
        lines
    }
}

/// `Policy1 (AWS::IAM::Policy): reason`. What only warns does not count.
fn told(event: &OperationEvent) -> Option<String> {
    let warns = Some(&HookFailureMode::Warn);
    let reason = match event.event_type.as_ref()? {
        EventType::ValidationError if event.validation_failure_mode.as_ref() != warns => {
            let reason = event.validation_status_reason.as_deref()?;
            match event.validation_path.as_deref() {
                Some(path) => format!("{reason} (at {path})"),
                None => reason.to_owned(),
            }
        }
        EventType::HookInvocationError if event.hook_failure_mode.as_ref() != warns => hook(
            event.hook_type.as_deref(),
            event.hook_status_reason.as_deref(),
        ),
        EventType::ProvisioningError => event.resource_status_reason.clone()?,
        _ => return None,
    };
    let (id, kind) = (&event.logical_resource_id, &event.resource_type);
    let reason = excerpt(&reason);
    Some(match (id, kind) {
        (Some(id), Some(kind)) => format!("{id} ({kind}): {reason}"),
        _ => reason,
    })
}

/// What a hook said.
pub(super) fn hook(name: Option<&str>, reason: Option<&str>) -> String {
    let name = name.unwrap_or("?");
    let reason = reason.unwrap_or("no reason given");
    format!("hook {name} refused it: {reason}")
}

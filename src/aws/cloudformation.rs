//! CloudFormation: stacks by name, all stacks, their making and their end.

use aws_sdk_cloudformation::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_cloudformation::types::{
    Capability as SdkCapability, DeploymentConfig, HookFailureMode, HookStatus, ResourceStatus,
    Stack as SdkStack, StackEvent, StackResource as SdkResource, Tag,
};

use aws_sdk_cloudformation::primitives::DateTime;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use serde_json::Value;

use super::pages::{PagedList, filled};
use super::{done, failed, found_unless};
use crate::asked::{Deployment, Rollback};
use crate::error::{CodeMeaning, Error};
use crate::model::{
    ASSOCIATION_TAG, Map, ROLE_LOGICAL_ID, SERVICE_ACCOUNT_TAG, StackName, shown_in_line,
};
use crate::plan::CreateStack;
use crate::policy::numbers;
use crate::secrets::excerpt;
use crate::template::{self, Capability, StackResource};
use crate::waiting::{Deadline, Intervals};
use crate::world::{Phase, Stack};

mod change_set;
mod changes;
mod events;
mod express;
mod operation;
mod together;

pub use change_set::ChangeSet;
pub use express::ExpressSupport;
pub use operation::Operation;
pub use together::Waiting;

pub struct CloudFormation {
    pub(super) client: aws_sdk_cloudformation::Client,
    pub(super) intervals: Intervals,
    pub(super) deadline: Deadline,
    pub(super) waiting: Waiting,
    pub express: ExpressSupport,
}

impl CloudFormation {
    pub(super) fn new(
        client: aws_sdk_cloudformation::Client,
        intervals: Intervals,
        deadline: Deadline,
    ) -> Self {
        Self {
            client,
            intervals,
            deadline,
            waiting: Waiting::default(),
            express: ExpressSupport::default(),
        }
    }

    /// DescribeStacks by name or id. A stack that is not there is a ValidationError to AWS.
    pub async fn stack(&self, name: &str) -> Result<Option<Stack>, Error> {
        let result = self.client.describe_stacks().stack_name(name).send().await;
        let answer = of_stack("cloudformation:DescribeStacks", name, result)?;
        let stacks = answer.and_then(|answer| answer.stacks);
        Ok(stacks.into_iter().flatten().next().map(stack))
    }

    /// All stacks of the region that are not deleted (DescribeStacks, all pages).
    pub async fn stacks(&self) -> Result<Vec<Stack>, Error> {
        let stacks = self.pages_of_stacks().await?.into_iter().flatten();
        Ok(stacks
            .filter(|stack| stack.phase() != Phase::Gone)
            .collect())
    }

    async fn pages_of_stacks(&self) -> Result<Vec<Vec<Stack>>, Error> {
        let pages = self.client.describe_stacks().into_paginator().send();
        let mut pages = PagedList::of(pages, |page| filled(page.next_token()));
        let mut all = Vec::new();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| failed("cloudformation:DescribeStacks", "", error))?;
            let stacks = page.stacks.unwrap_or_default().into_iter();
            all.push(stacks.map(stack).collect());
        }
        Ok(all)
    }

    /// GetTemplate, where it is JSON. `None`: there is no such stack, or its template is none of ours or yet to come.
    pub async fn template(&self, stack: &str) -> Result<Option<Value>, Error> {
        let result = self.client.get_template().stack_name(stack).send().await;
        let answer = of_stack("cloudformation:GetTemplate", stack, result)?;
        let body = answer.and_then(|answer| answer.template_body);
        Ok(body.and_then(|body| serde_json::from_str(&numbers::quoted(&body)).ok()))
    }

    /// DescribeStackResources: all that the stack has now, without what was deleted from it or left.
    /// `None`: there is no such stack.
    pub async fn resources(&self, stack: &str) -> Result<Option<Vec<StackResource>>, Error> {
        let call = self.client.describe_stack_resources().stack_name(stack);
        let operation = "cloudformation:DescribeStackResources";
        let answer = of_stack(operation, stack, call.send().await)?;
        let all = answer.map(|answer| answer.stack_resources.unwrap_or_default());
        Ok(all.map(|all| all.into_iter().filter_map(resource).collect()))
    }

    /// Why the last operation failed: its first failed event in time order (DescribeStackEvents
    /// tells the newest first). Where it is the roll-back of an update that failed, the reason is the
    /// roll-back's own: that is what must be mended. Where the events may not be read, that is told.
    pub async fn failure(&self, stack: &str) -> Result<Option<String>, Error> {
        match self.first_failure(stack).await {
            Err(error @ Error::AccessDenied { .. }) => {
                Ok(Some(format!("the reason is not known: {}", error.brief())))
            }
            result => result,
        }
    }

    async fn first_failure(&self, stack: &str) -> Result<Option<String>, Error> {
        let pages = self.client.describe_stack_events().stack_name(stack);
        let pages = pages.into_paginator().send();
        let mut pages = PagedList::of(pages, |page| filled(page.next_token()));
        let mut first = None;
        let mut ended = None;
        while let Some(page) = pages.next().await {
            let page =
                page.map_err(|error| failed("cloudformation:DescribeStackEvents", stack, error))?;
            for event in page.stack_events() {
                if let Some(reason) = failed_event(event) {
                    first = Some(reason);
                }
                if is_of_the_stack(event) && ended.is_none() {
                    ended.clone_from(&event.resource_status);
                }
                let is_rolled_back =
                    ended == Some(ResourceStatus::UpdateRollbackFailed) && first.is_some();
                if begins_operation(event) || is_rolled_back && begins_roll_back(event) {
                    return Ok(first);
                }
            }
        }
        Ok(first)
    }

    /// CreateStack; returns the stack's id.
    ///
    /// The token makes a repeated request one request. AWS does not say for how long it remembers
    /// one, so a stack of the same content that was deleted since may still hold it: then the
    /// request is made without a token.
    pub async fn create(&self, create: &CreateStack) -> Result<String, Error> {
        match self.request_creation(create, Some(&create.token)).await {
            Err(Error::Aws { code, .. }) if code.meaning == CodeMeaning::TokenTaken => {
                self.request_creation(create, None).await
            }
            result => result,
        }
    }

    async fn request_creation(
        &self,
        create: &CreateStack,
        token: Option<&String>,
    ) -> Result<String, Error> {
        let stack = create.stack.as_str();
        let capability = match create.capability {
            Capability::Iam => SdkCapability::CapabilityIam,
            Capability::NamedIam => SdkCapability::CapabilityNamedIam,
        };
        let service_role = create.deployment.service_role.as_ref();
        let service_role = service_role.map(ToString::to_string);
        let is_kept = create.rollback == Rollback::Disabled;
        let request = async |config: Option<DeploymentConfig>| {
            // The config says it too. The two side by side are no contradiction, but only what differs from
            // the default must also hold where the config is unknown and ignored.
            let disables_rollback = (config.is_none() || is_kept).then_some(is_kept);
            self.client
                .create_stack()
                .stack_name(stack)
                .template_body(create.template.to_string())
                .set_tags(Some(tags(&create.tags)))
                .capabilities(capability.clone())
                .set_disable_rollback(disables_rollback)
                .enable_termination_protection(true)
                .set_role_arn(service_role.clone())
                .set_client_request_token(token.cloned())
                .set_deployment_config(config)
                .send()
                .await
        };
        let mode = create.deployment.mode;
        match self.in_mode(mode, create.rollback, request).await {
            Ok(answer) => Ok(answer.stack_id.unwrap_or_else(|| create.stack.to_string())),
            Err(error) if error.code() == Some("AlreadyExistsException") => Err(Error::Overtaken {
                stack: create.stack.to_string(),
            }),
            Err(error) => Err(failed("cloudformation:CreateStack", stack, error)),
        }
    }

    /// UpdateTerminationProtection. A stack that is gone, or going, can have none.
    pub async fn protect(&self, stack: &str, is_protected: bool) -> Result<(), Error> {
        let call = self
            .client
            .update_termination_protection()
            .stack_name(stack);
        let call = call.enable_termination_protection(is_protected);
        match call.send().await {
            Err(error) if overtaken(stack, &error).is_none() => Err(failed(
                "cloudformation:UpdateTerminationProtection",
                stack,
                error,
            )),
            _ => Ok(()),
        }
    }

    /// DeleteStack; a stack that is not there is deleted, says AWS.
    pub async fn delete(&self, stack: &str, deployment: &Deployment) -> Result<(), Error> {
        let service_role = deployment.service_role.as_ref().map(ToString::to_string);
        let request = async |config| {
            self.client
                .delete_stack()
                .stack_name(stack)
                .set_role_arn(service_role.clone())
                .set_deployment_config(config)
                .send()
                .await
        };
        // Of a deletion nothing is rolled back: the default.
        let rollback = Rollback::Enabled;
        let result = self.in_mode(deployment.mode, rollback, request).await;
        done("cloudformation:DeleteStack", stack, &[], result)
    }
}

/// The one that says whose the stack is comes last, because that is the one that eksctl's migration keeps
/// (`status.tags` in its `pkg/cfn/manager` has but the last).
fn tags(tags: &Map) -> Vec<Tag> {
    let mut all: Vec<_> = tags.iter().collect();
    let names = [ASSOCIATION_TAG, SERVICE_ACCOUNT_TAG];
    all.sort_by_key(|(key, _)| names.iter().position(|name| key == name));
    let tag = |(key, value)| Tag::builder().key(key).value(value).build();
    all.into_iter().map(tag).collect()
}

/// What AWS says when another operation on a stack came first, or took it away.
fn overtaken<E>(stack: &str, error: &SdkError<E, HttpResponse>) -> Option<Error>
where
    E: ProvideErrorMetadata,
{
    let message = error.message().unwrap_or_default();
    let is_busy = message.contains("_IN_PROGRESS") && message.contains("state");
    let is_gone = message.contains("does not exist");
    (error.code() == Some("ValidationError") && (is_busy || is_gone)).then(|| Error::Overtaken {
        stack: stack.to_owned(),
    })
}

/// What the user met by a call that failed: that, or what it says.
fn overtaken_or<E>(operation: &str, stack: &str, error: SdkError<E, HttpResponse>) -> Error
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    overtaken(stack, &error).unwrap_or_else(|| failed(operation, stack, error))
}

fn stack(stack: SdkStack) -> Stack {
    let status = stack
        .stack_status
        .map_or(String::new(), |status| shown_in_line(status.as_str()));
    let outputs = stack.outputs.unwrap_or_default();
    Stack {
        id: stack
            .stack_id
            .unwrap_or_else(|| stack.stack_name.clone().unwrap_or_default()),
        name: StackName::reported(&stack.stack_name.unwrap_or_default()),
        status: status.as_str().into(),
        reason: stack.stack_status_reason.as_deref().map(excerpt),
        updated: stack.last_updated_time.as_ref().and_then(millis),
        changed: stack
            .last_updated_time
            .or(stack.creation_time)
            .as_ref()
            .and_then(millis),
        tags: stack
            .tags
            .unwrap_or_default()
            .into_iter()
            .filter_map(|tag| tag.key.zip(tag.value))
            .collect(),
        capabilities: stack
            .capabilities
            .unwrap_or_default()
            .iter()
            .map(|c| c.as_str().to_owned())
            .collect(),
        role_arn: outputs
            .into_iter()
            .find(|output| output.output_key.as_deref() == Some(ROLE_LOGICAL_ID))
            .and_then(|output| output.output_value?.parse().ok()),
        protected: stack.enable_termination_protection.unwrap_or_default(),
    }
}

/// The answer about a stack; `None` where there is none. That is a ValidationError to CloudFormation, as much else is.
fn of_stack<T, E>(
    operation: &str,
    stack: &str,
    result: Result<T, SdkError<E, HttpResponse>>,
) -> Result<Option<T>, Error>
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let is_missing = |error: &E| {
        let message = error.message().unwrap_or_default();
        error.code() == Some("ValidationError") && message.contains("does not exist")
    };
    found_unless(is_missing, operation, stack, result)
}

/// Milliseconds since 1970.
fn millis(time: &DateTime) -> Option<i64> {
    time.to_millis().ok()
}

fn resource(resource: SdkResource) -> Option<StackResource> {
    let is_gone = matches!(
        resource.resource_status,
        Some(ResourceStatus::DeleteComplete | ResourceStatus::DeleteSkipped)
    );
    let id = resource.logical_resource_id.filter(|_| !is_gone)?;
    let kind = resource.resource_type.unwrap_or_default();
    Some(StackResource {
        physical: resource.physical_resource_id.filter(|id| !id.is_empty()),
        ..template::undeclared(&id, &kind)
    })
}

/// `Role1 (AWS::IAM::Role): reason` of a failed event; those that were only cancelled do not count,
/// nor does the stack's own, which only sums up.
fn failed_event(event: &StackEvent) -> Option<String> {
    let resource = event.logical_resource_id.as_deref().unwrap_or("?");
    let kind = event.resource_type.as_deref().unwrap_or("?");
    if has_failed_hook(event) {
        let reason = event.hook_status_reason.as_deref();
        let reason = events::hook(event.hook_type.as_deref(), reason);
        return Some(format!("{resource} ({kind}): {}", excerpt(&reason)));
    }
    let status = event.resource_status.as_ref()?.as_str();
    let reason = event
        .resource_status_reason
        .as_deref()
        .unwrap_or("no reason given");
    if !status.ends_with("_FAILED") || reason.contains("cancelled") || is_of_the_stack(event) {
        return None;
    }
    let reason = reason.split(" (RequestToken:").next().unwrap_or(reason);
    Some(format!("{resource} ({kind}): {}", excerpt(reason)))
}

/// A hook stops an operation, unless it only warns. The failure of the resource comes after it, and
/// says no more than the hook's name.
fn has_failed_hook(event: &StackEvent) -> bool {
    matches!(
        event.hook_status,
        Some(HookStatus::HookCompleteFailed | HookStatus::HookFailed)
    ) && event.hook_failure_mode != Some(HookFailureMode::Warn)
}

/// Whether older events are of an earlier operation.
fn begins_operation(event: &StackEvent) -> bool {
    is_of_the_stack(event)
        && event.hook_type.is_none()
        && matches!(
            event.resource_status,
            Some(
                ResourceStatus::CreateInProgress
                    | ResourceStatus::UpdateInProgress
                    | ResourceStatus::DeleteInProgress
                    | ResourceStatus::ImportInProgress
            )
        )
}

fn begins_roll_back(event: &StackEvent) -> bool {
    is_of_the_stack(event)
        && event.resource_status == Some(ResourceStatus::UpdateRollbackInProgress)
}

fn is_of_the_stack(event: &StackEvent) -> bool {
    event.resource_type.as_deref() == Some("AWS::CloudFormation::Stack")
        && event.physical_resource_id == event.stack_id
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tag_that_says_whose_a_stack_is_is_sent_last() {
        let given = [
            "zone",
            ASSOCIATION_TAG,
            SERVICE_ACCOUNT_TAG,
            "a",
            "eksctl.cluster.k8s.io/v1alpha1/cluster-name",
        ];
        let given = given.map(|key| (key.to_owned(), "x".to_owned())).into();
        let sent = tags(&given);
        let last: Vec<_> = sent.iter().rev().take(2).filter_map(Tag::key).collect();
        assert_eq!(last, [SERVICE_ACCOUNT_TAG, ASSOCIATION_TAG]);
        assert_eq!(sent.len(), 5);
    }

    /// What is in the SDK's models is known by name, and waited for just where it goes on.
    #[test]
    fn every_status_of_the_models_is_known() {
        use aws_sdk_cloudformation::types::StackStatus as SdkStatus;

        use crate::world::StackStatus;

        for word in SdkStatus::values() {
            let status = StackStatus::from(*word);
            assert_eq!(&status.to_string(), word);
            assert!(!matches!(status, StackStatus::Other(_)), "{word}");
            let goes_on = matches!(status.phase(), Phase::Busy | Phase::Deleting);
            let is_reviewed = status == StackStatus::ReviewInProgress;
            assert_eq!(
                word.ends_with("_IN_PROGRESS"),
                goes_on || is_reviewed,
                "{word}"
            );
        }
    }
}

//! Updates of stacks: change sets from their making to their end, and roll-backs that got stuck.

use aws_sdk_cloudformation::error::ProvideErrorMetadata;
use aws_sdk_cloudformation::operation::describe_change_set::DescribeChangeSetOutput;
use aws_sdk_cloudformation::types::{
    Capability as SdkCapability, ChangeSetStatus, ChangeSetType, ExecutionStatus, Parameter,
};

use serde_json::Value;

use super::changes::forbidden;
use super::{CloudFormation, done, millis, overtaken, overtaken_or, tags};
use crate::asked::Rollback;
use crate::aws::failed;
use crate::aws::pages::{PagedList, filled};
use crate::error::Error;
use crate::model::{RoleArn, shown_in_line};
use crate::pages::Pages;
use crate::plan::UpdateStack;
use crate::secrets::excerpt;
use crate::template::{self, StackResource};
use crate::world::StackStatus;

/// What CloudFormation says of a change set that would change nothing; which of the two depends on
/// where it notices.
const NO_CHANGE: [&str; 2] = ["didn't contain changes", "No updates are to be performed"];

/// What a change set can be used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChangeSet {
    Ready {
        /// In milliseconds since 1970, by AWS's clock.
        made: Option<i64>,
    },
    /// It would change nothing.
    Empty,
    /// Someone else carries it out.
    Underway,
    /// It would do what the plan does not say.
    Forbidden(String),
    /// Why, and what CloudFormation's validation and hooks found.
    Failed(String, Vec<String>),
    /// Of an earlier state of the stack.
    Obsolete,
}

impl CloudFormation {
    /// Makes the change set and waits until it can be judged. One of that name is of the same content
    /// and of the same state of the stack: it is used, unless it can be used no more.
    pub async fn change_set(&self, update: &UpdateStack) -> Result<ChangeSet, Error> {
        if !self.create_change_set(update).await? {
            match self.judged(update).await? {
                ChangeSet::Failed(..) | ChangeSet::Obsolete => {
                    self.delete_change_set(update).await?;
                    self.create_change_set(update).await?;
                }
                found => return Ok(found),
            }
        }
        self.judged(update).await
    }

    /// CreateChangeSet. Whether it was made: not, where one of that name exists.
    async fn create_change_set(&self, update: &UpdateStack) -> Result<bool, Error> {
        let capabilities = update.capabilities.iter();
        let capabilities: Vec<_> = capabilities
            .map(|capability| SdkCapability::from(capability.as_str()))
            .collect();
        let deployment = &update.deployment;
        let service_role = deployment.service_role.as_ref().map(ToString::to_string);
        let stack = update.stack.as_str();
        let request = async |config| {
            self.client
                .create_change_set()
                .stack_name(&update.id)
                .change_set_name(&update.change_set)
                .change_set_type(ChangeSetType::Update)
                .description("irsactl")
                .template_body(update.template.to_string())
                .set_parameters(parameters(&update.template))
                .set_tags(Some(tags(&update.tags)))
                .set_capabilities(Some(capabilities.clone()))
                .set_role_arn(service_role.clone())
                .set_deployment_config(config)
                .send()
                .await
        };
        // A failed update is rolled back, as ExecuteChangeSet does unless it is told otherwise.
        let rollback = Rollback::Enabled;
        match self.in_mode(deployment.mode, rollback, request).await {
            Ok(_) => Ok(true),
            Err(error) if error.code() == Some("AlreadyExistsException") => Ok(false),
            Err(error) => Err(overtaken_or("cloudformation:CreateChangeSet", stack, error)),
        }
    }

    /// Polls DescribeChangeSet until the change set is made.
    async fn judged(&self, update: &UpdateStack) -> Result<ChangeSet, Error> {
        let look = async || {
            let Some(set) = self.describe_change_set(update, None).await? else {
                // Executed by another run, and cleaned up.
                return Ok(Some(ChangeSet::Underway));
            };
            match set.status {
                Some(ChangeSetStatus::CreateComplete) => self.judge(update, set).await.map(Some),
                Some(ChangeSetStatus::Failed) => self.failed_set(update, &set).await.map(Some),
                _ => Ok(None),
            }
        };
        let least = || self.waiting.least_pause();
        self.polled("change set", &update.id, least, look).await
    }

    /// DescribeChangeSet. Its name follows from the stack's id too, so that the stack's name is enough
    /// here. `None`: there is none.
    async fn describe_change_set(
        &self,
        update: &UpdateStack,
        page: Option<String>,
    ) -> Result<Option<DescribeChangeSetOutput>, Error> {
        let stack = update.stack.as_str();
        let call = self.client.describe_change_set().stack_name(stack);
        let call = call.change_set_name(&update.change_set);
        match call.set_next_token(page).send().await {
            Ok(answer) => Ok(Some(answer)),
            Err(error) if error.code() == Some("ChangeSetNotFound") => Ok(None),
            Err(error) => Err(overtaken_or(
                "cloudformation:DescribeChangeSet",
                stack,
                error,
            )),
        }
    }

    /// Whether one that is made may be carried out: by all of its changes, which come in pages.
    async fn judge(
        &self,
        update: &UpdateStack,
        mut set: DescribeChangeSetOutput,
    ) -> Result<ChangeSet, Error> {
        match set.execution_status {
            Some(ExecutionStatus::ExecuteInProgress) => return Ok(ChangeSet::Underway),
            Some(
                ExecutionStatus::Obsolete
                | ExecutionStatus::ExecuteComplete
                | ExecutionStatus::ExecuteFailed,
            ) => return Ok(ChangeSet::Obsolete),
            _ => {}
        }
        let made = set.creation_time.as_ref().and_then(millis);
        let mut pages = Pages::default();
        loop {
            if let Some(what) = forbidden(update, set.changes()) {
                return Ok(ChangeSet::Forbidden(what));
            }
            let token = filled(set.next_token()).map(str::to_owned);
            if pages.go_on(token.as_deref()).is_err() {
                let what = "CloudFormation tells its changes without an end";
                return Ok(ChangeSet::Forbidden(what.to_owned()));
            }
            if token.is_none() {
                return Ok(ChangeSet::Ready { made });
            }
            let Some(next) = self.describe_change_set(update, token).await? else {
                return Ok(ChangeSet::Underway);
            };
            set = next;
        }
    }

    async fn failed_set(
        &self,
        update: &UpdateStack,
        set: &DescribeChangeSetOutput,
    ) -> Result<ChangeSet, Error> {
        let reason = set.status_reason.as_deref().unwrap_or("no reason given");
        if NO_CHANGE.iter().any(|text| reason.contains(text)) {
            return Ok(ChangeSet::Empty);
        }
        let id = set.change_set_id.as_deref().unwrap_or(&update.change_set);
        let details = self.change_set_failures(update.stack.as_str(), id).await;
        Ok(ChangeSet::Failed(excerpt(reason), details))
    }

    /// ExecuteChangeSet.
    ///
    /// # Errors
    /// `Overtaken` when the change set can no longer be carried out, because another run did.
    pub async fn execute_change_set(&self, update: &UpdateStack) -> Result<(), Error> {
        let stack = update.stack.as_str();
        let call = self.client.execute_change_set().stack_name(stack);
        let call = call.change_set_name(&update.change_set);
        let call = call.client_request_token(&update.change_set);
        match call.send().await {
            Ok(_) => Ok(()),
            Err(error)
                if matches!(
                    error.code(),
                    Some("InvalidChangeSetStatus" | "ChangeSetNotFound")
                ) =>
            {
                Err(Error::Overtaken {
                    stack: update.stack.to_string(),
                })
            }
            Err(error) => Err(overtaken_or(
                "cloudformation:ExecuteChangeSet",
                stack,
                error,
            )),
        }
    }

    /// The status in which the execution of a change set left its stack. `None`: it goes on, or has failed
    /// in a way that the stack must tell. One that is not there any more was cleaned up after its success.
    pub(super) async fn execution(
        &self,
        update: &UpdateStack,
    ) -> Result<Option<StackStatus>, Error> {
        let Some(set) = self.describe_change_set(update, None).await? else {
            return Ok(Some(StackStatus::UpdateComplete));
        };
        Ok(match set.execution_status {
            Some(ExecutionStatus::ExecuteComplete) => Some(StackStatus::UpdateComplete),
            Some(ExecutionStatus::ExecuteFailed) => Some(StackStatus::UpdateRollbackComplete),
            _ => None,
        })
    }

    /// The change sets of a stack that may still be carried out (ListChangeSets).
    pub async fn change_sets(&self, stack: &str) -> Result<Vec<StackResource>, Error> {
        let pages = self.client.list_change_sets().stack_name(stack);
        let pages = PagedList::of(pages.into_paginator().send(), |page| {
            filled(page.next_token())
        });
        let sets = pages.items(|page| page.summaries).await;
        let sets = sets.map_err(|error| failed("cloudformation:ListChangeSets", stack, error))?;
        let living = sets.iter().filter(|set| {
            !matches!(
                set.status,
                Some(
                    ChangeSetStatus::Failed
                        | ChangeSetStatus::DeletePending
                        | ChangeSetStatus::DeleteInProgress
                        | ChangeSetStatus::DeleteComplete
                        | ChangeSetStatus::DeleteFailed
                )
            )
        });
        let named = living.map(|set| {
            let name = shown_in_line(set.change_set_name().unwrap_or("?"));
            template::undeclared(&name, "a change set that awaits its execution")
        });
        Ok(named.collect())
    }

    /// DeleteChangeSet; one that is not there is deleted.
    pub async fn delete_change_set(&self, update: &UpdateStack) -> Result<(), Error> {
        let stack = update.stack.as_str();
        let call = self.client.delete_change_set().stack_name(stack);
        let result = call.change_set_name(&update.change_set).send().await;
        let operation = "cloudformation:DeleteChangeSet";
        done(operation, stack, &["ChangeSetNotFound"], result)
    }

    /// ContinueUpdateRollback. A roll-back that goes on already, or came to its end, is as good.
    pub async fn continue_rollback(
        &self,
        stack: &str,
        service_role: Option<&RoleArn>,
    ) -> Result<(), Error> {
        let call = self.client.continue_update_rollback().stack_name(stack);
        let result = call
            .set_role_arn(service_role.map(ToString::to_string))
            .send()
            .await;
        match result {
            Ok(_) => Ok(()),
            Err(error) if overtaken(stack, &error).is_some() => Ok(()),
            Err(error)
                if error
                    .message()
                    .is_some_and(|message| message.contains("UPDATE_ROLLBACK_COMPLETE")) =>
            {
                Ok(())
            }
            Err(error) => Err(failed(
                "cloudformation:ContinueUpdateRollback",
                stack,
                error,
            )),
        }
    }
}

/// Those of a template keep the values that they have: without a word they would get their defaults.
fn parameters(template: &Value) -> Option<Vec<Parameter>> {
    let declared = template["Parameters"].as_object()?.keys();
    let kept = |name| {
        Parameter::builder()
            .parameter_key(name)
            .use_previous_value(true)
    };
    Some(declared.map(|name| kept(name).build()).collect())
}

//! The operations on stacks: each is begun and waited for, and told with its reason where it fails.

use std::sync::atomic::{AtomicBool, Ordering};

use super::{Event, Worker};
use crate::asked::{Deployment, Ending};
use crate::aws::cloudformation::{ChangeSet, Operation};
use crate::error::Error;
use crate::model::{RoleArn, StackName};
use crate::plan::{CreateStack, UpdateStack};
use crate::world::{Phase, Stack, StackStatus};

/// What stands in the way of a deletion.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    None,
    /// Termination protection, which is lifted, and put back where the stack stays.
    Lifted,
}

impl Worker<'_> {
    /// The token of the request may be remembered for a stack of the same content that was deleted since
    /// (AWS does not say for how long it is): then the answer is that stack, and another token is due.
    pub(super) async fn create_stack(
        &self,
        create: &CreateStack,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<RoleArn, Error> {
        let mut create = create.clone();
        let mut former = None;
        loop {
            let id = self.aws.cloudformation.create(&create).await;
            self.tell_of_mode();
            let id = id?;
            status("CREATE_IN_PROGRESS");
            let was_busy = AtomicBool::new(false);
            let on = |now: &str| {
                was_busy.store(true, Ordering::Relaxed);
                status(now);
            };
            let cloudformation = &self.aws.cloudformation;
            let end = cloudformation.ended(&id, Operation::Creation, &on);
            let stack = self.wait(end).await?;
            let phase = stack.as_ref().map_or(Phase::Gone, Stack::phase);
            match stack {
                Some(Stack {
                    role_arn: Some(role),
                    ..
                }) if phase == Phase::Ready => return Ok(role),
                _ if phase == Phase::Gone
                    && !was_busy.into_inner()
                    && former.as_ref() != Some(&id) =>
                {
                    create = create.after(&id);
                    former = Some(id);
                }
                stack => {
                    let name = create.stack.as_str();
                    return Err(self.stack_failed(name, &id, stack).await);
                }
            }
        }
    }

    /// Makes the change set and carries it out. One that would change nothing is taken away again.
    pub(super) async fn update_stack(
        &self,
        update: &UpdateStack,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let cloudformation = &self.aws.cloudformation;
        let set = cloudformation.change_set(update).await;
        self.tell_of_mode();
        let made = match set? {
            ChangeSet::Ready { made } => made,
            ChangeSet::Empty => return cloudformation.delete_change_set(update).await,
            ChangeSet::Underway | ChangeSet::Obsolete => {
                let stack = update.stack.to_string();
                return Err(Error::Overtaken { stack });
            }
            ChangeSet::Forbidden(reason) => {
                cloudformation.delete_change_set(update).await?;
                return Err(change_refused(update, reason, Vec::new()));
            }
            ChangeSet::Failed(reason, details) => {
                cloudformation.delete_change_set(update).await?;
                return Err(change_refused(update, reason, details));
            }
        };
        cloudformation.execute_change_set(update).await?;
        status("UPDATE_IN_PROGRESS");
        let operation = Operation::Update { update, made };
        let end = cloudformation.ended(&update.id, operation, status);
        let stack = self.wait(end).await?;
        match stack {
            Some(stack)
                if stack.status == StackStatus::UpdateComplete && !stack.has_leftovers() =>
            {
                Ok(())
            }
            stack => Err(self
                .stack_failed(update.stack.as_str(), &update.id, stack)
                .await),
        }
    }

    /// That stacks are not changed in the asked mode, as soon as that is known.
    fn tell_of_mode(&self) {
        if let Some(text) = self.aws.cloudformation.express.to_be_told() {
            (self.on)(Event::Noted { text });
        }
    }

    /// Waits for the end of a roll-back.
    pub(super) async fn rolled_back(
        &self,
        name: &str,
        id: &str,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let cloudformation = &self.aws.cloudformation;
        let end = cloudformation.ended(id, Operation::RollBack, status);
        let stack = self.wait(end).await?;
        match stack {
            Some(stack) if stack.phase() == Phase::Ready => Ok(()),
            stack => Err(self.stack_failed(name, id, stack).await),
        }
    }

    pub(super) async fn stack_gone(
        &self,
        id: &str,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let cloudformation = &self.aws.cloudformation;
        let end = cloudformation.ended(id, Operation::Deletion, status);
        match self.wait(end).await? {
            None => Ok(()),
            Some(stack) if stack.phase() == Phase::Gone => Ok(()),
            Some(stack) => {
                let name = stack.name.to_string();
                Err(self.stack_failed(&name, id, Some(stack)).await)
            }
        }
    }

    /// The failure of a stack's operation, with the first failed event as its reason.
    async fn stack_failed(&self, name: &str, id: &str, stack: Option<Stack>) -> Error {
        let (status, reason) = match stack {
            Some(stack) => (stack.status, stack.reason),
            None => (
                StackStatus::DeleteComplete,
                Some("it was deleted meanwhile".to_owned()),
            ),
        };
        // The reason is worth a call, and its failure must not hide that the stack failed.
        let event = self
            .aws
            .cloudformation
            .failure(id)
            .await
            .unwrap_or_default();
        Error::StackFailed {
            stack: name.to_owned(),
            status,
            reason: event.or(reason),
        }
    }

    /// Lifts the protection and deletes. A stack that stays is protected as before: its deletion was
    /// refused, or failed.
    pub(super) async fn delete_stack(
        &self,
        id: &str,
        protection: Protection,
        deployment: &Deployment,
        ending: Ending,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let cloudformation = &self.aws.cloudformation;
        let name = id.split('/').nth(1).unwrap_or(id);
        let mut unprotected = Unprotected {
            on: self.on,
            name,
            is_left: protection == Protection::Lifted,
        };
        if protection == Protection::Lifted {
            let lifted = cloudformation.protect(id, false).await;
            unprotected.is_left = lifted.is_ok();
            lifted?;
        }
        let deleted = async {
            let deleted = cloudformation.delete(id, deployment).await;
            self.tell_of_mode();
            deleted?;
            unprotected.is_left = false;
            status("DELETE_IN_PROGRESS");
            match ending {
                Ending::Awaited => self.stack_gone(id, status).await,
                Ending::NotAwaited => Ok(()),
            }
        };
        let deleted = deleted.await;
        if deleted.is_err() && protection == Protection::Lifted {
            self.protect_again(id, name).await;
        }
        unprotected.is_left = false;
        deleted
    }

    pub(super) async fn continue_rollback(
        &self,
        stack: &StackName,
        id: &str,
        service_role: Option<&RoleArn>,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let cloudformation = &self.aws.cloudformation;
        cloudformation.continue_rollback(id, service_role).await?;
        status("UPDATE_ROLLBACK_IN_PROGRESS");
        self.rolled_back(stack.as_str(), id, status).await
    }

    async fn protect_again(&self, id: &str, name: &str) {
        if let Err(failure) = self.aws.cloudformation.protect(id, true).await {
            let text =
                format!("stack \"{name}\" stays without its termination protection: {failure}");
            (self.on)(Event::Warned { text });
        }
    }
}

/// A stack whose protection is lifted and that is not being deleted: told when the run is ended there.
struct Unprotected<'a> {
    on: &'a (dyn Fn(Event<'_>) + Sync),
    name: &'a str,
    is_left: bool,
}

impl Drop for Unprotected<'_> {
    fn drop(&mut self) {
        if self.is_left {
            let name = self.name;
            let text = format!("stack \"{name}\" may be left without its termination protection");
            (self.on)(Event::Warned { text });
        }
    }
}

fn change_refused(update: &UpdateStack, reason: String, details: Vec<String>) -> Error {
    Error::ChangeRefused {
        stack: update.stack.to_string(),
        reason,
        details,
    }
}

//! The writes to ServiceAccounts, and the wait until one that is deleted is gone: finalizers may hold it.

use std::cell::RefCell;
use std::time::Duration;

use super::{Event, Worker};
use crate::asked::Ending;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{RoleArn, ServiceAccountName};
use crate::plan::{Role, ServiceAccountChange, held};
use crate::template::annotated;
use crate::waiting::polled;
use crate::world::{ObjectVersion, StackStatus};

/// The role, which a stack may just have made.
pub(super) fn known<'a>(asked: &'a Role, made: Option<&'a RoleArn>) -> Result<&'a RoleArn, Error> {
    match (asked, made) {
        (Role::Arn(arn), _) | (Role::OutputOf(_), Some(arn)) => Ok(arn),
        (Role::OutputOf(stack), None) => Err(Error::StackFailed {
            stack: stack.to_string(),
            status: StackStatus::CreateComplete,
            reason: Some("it has no output Role1".to_owned()),
        }),
    }
}

impl Worker<'_> {
    /// # Errors
    /// Where this run asks nothing of Kubernetes.
    pub(super) fn kubernetes(&self) -> Result<&Kubernetes, Error> {
        self.kubernetes.ok_or_else(|| Error::Kubeconfig {
            cause: "no Kubernetes access was prepared".to_owned(),
        })
    }

    pub(super) async fn apply_service_account(
        &self,
        change: &ServiceAccountChange,
        role: Option<&RoleArn>,
    ) -> Result<(), Error> {
        let annotations = match &change.role {
            Some(asked) => annotated(&change.annotations, known(asked, role)?),
            None => change.annotations.clone(),
        };
        self.kubernetes()?.apply(change, &annotations).await
    }

    pub(super) async fn delete_service_account(
        &self,
        name: &ServiceAccountName,
        seen: &ObjectVersion,
        ending: Ending,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let Some(finalizers) = self.kubernetes()?.delete(name, seen).await? else {
            return Ok(());
        };
        match ending {
            Ending::Awaited => self.service_account_gone(name, status).await,
            Ending::NotAwaited => {
                let text = format!(
                    "the ServiceAccount {name} stays until its deletion is over{}",
                    held(&finalizers)
                );
                (self.on)(Event::Warned { text });
                Ok(())
            }
        }
    }

    /// Waits until it is gone; another in its place counts as that.
    pub(super) async fn service_account_gone(
        &self,
        name: &ServiceAccountName,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let kubernetes = self.kubernetes()?;
        let finalizers = RefCell::new(Vec::new());
        let look = async || {
            let found = kubernetes.service_account(name).await?;
            let Some(held_by) = found.and_then(|found| found.held_by) else {
                return Ok::<_, Error>(Some(()));
            };
            status(&format!("being deleted{}", held(&held_by)));
            finalizers.replace(held_by);
            Ok(None)
        };
        let id = name.to_string();
        let (intervals, deadline) = (kubernetes.intervals(), self.aws.deadline);
        match polled(intervals, deadline, &id, || Duration::ZERO, look).await? {
            Some(()) => Ok(()),
            None => Err(Error::ServiceAccountHeld {
                name: name.clone(),
                finalizers: finalizers.take(),
                limit: deadline.limit(),
            }),
        }
    }
}

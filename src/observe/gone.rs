//! That a role is gone, by more than one read: a stack, or an annotation, is replaced because of it.

use std::cell::Cell;

use super::again::{self, AGAIN};
use super::{Lookup, RoleFacts};
use crate::aws::Aws;
use crate::error::Error;

/// GetRole. Where it says that there is no such role, that is asked again, and of ListAttachedRolePolicies
/// too: `Missing` is what all of them say.
///
/// # Errors
/// `Contradiction` when one of them knows the role.
pub async fn role(aws: &Aws, name: &str) -> Result<Lookup<RoleFacts>, Error> {
    match aws.iam.role(name).await? {
        Lookup::Missing => confirmed(aws, name).await.map(|()| Lookup::Missing),
        found => Ok(found),
    }
}

/// That GetRole is right, which said that there is no such role.
///
/// # Errors
/// `Contradiction` when another read knows it.
pub async fn confirmed(aws: &Aws, name: &str) -> Result<(), Error> {
    if let Lookup::Found(_) = aws.iam.attached_policies(name).await? {
        return Err(contradicted(name, "ListAttachedRolePolicies"));
    }
    let reads = Cell::new(0);
    let look = async || {
        let by = match aws.iam.role(name).await? {
            Lookup::Found(_) => Some("GetRole"),
            Lookup::Missing | Lookup::Unknown(_) => {
                let policies = aws.iam.attached_policies(name).await?;
                policies.found().map(|_| "ListAttachedRolePolicies")
            }
        };
        if let Some(by) = by {
            return Err(contradicted(name, by));
        }
        reads.set(reads.get() + 1);
        Ok((reads.get() == AGAIN).then_some(()))
    };
    again::looked(aws, name, look).await
}

/// A role that one call does not know and another one does.
pub fn contradicted(role: &str, by: &'static str) -> Error {
    Error::Contradiction {
        role: role.to_owned(),
        by,
    }
}

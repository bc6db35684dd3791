//! That a role is gone, by more than one read: a stack, or an annotation, is replaced because of it.
//! What IAM answers may be out of date (IAM User Guide, "Changes that I make are not always immediately
//! visible"), and one answer is no evidence.

use std::cell::Cell;
use std::time::Duration;

use super::{Lookup, RoleFacts};
use crate::aws::Aws;
use crate::error::Error;
use crate::waiting::polled;

/// So often it is read again: after one second, and after two more.
const AGAIN: u32 = 2;

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
    again(aws, name, look).await
}

/// Looks again until the look says that it is enough.
async fn again<T>(
    aws: &Aws,
    name: &str,
    look: impl AsyncFn() -> Result<Option<T>, Error>,
) -> Result<T, Error> {
    let least = || Duration::ZERO;
    let over = polled(aws.intervals, aws.deadline, name, least, look).await?;
    let missed = || {
        let what = format!("a second look at \"{name}\"");
        aws.deadline.missed(what)
    };
    over.ok_or_else(missed)
}

/// The roles that trust a provider, where ListRoles says that none does: read again, because the provider
/// is deleted then.
///
/// # Errors
/// Those of the reads.
pub async fn trusting(aws: &Aws, provider: &str) -> Result<Lookup<Vec<String>>, Error> {
    let reads = Cell::new(0);
    let look = async || {
        let roles = aws.iam.roles_trusting(provider).await?;
        reads.set(reads.get() + 1);
        let is_over = roles != Lookup::Found(Vec::new()) || reads.get() == AGAIN;
        Ok(is_over.then_some(roles))
    };
    again(aws, provider, look).await
}

/// A role that one call does not know and another one does.
pub fn contradicted(role: &str, by: &'static str) -> Error {
    Error::Contradiction {
        role: role.to_owned(),
        by,
    }
}

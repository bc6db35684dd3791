//! That a role or a stack is gone, by more than one read: because of it something is replaced or deleted.

use std::cell::Cell;

use super::again::{self, AGAIN};
use super::stack_name::stack_by_name;
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{ClusterName, Lookup, RoleArn, STACK_ID_TAG, ServiceAccountName, Way};
use crate::world::{Phase, RoleFacts, ServiceAccount, ServiceAccountState, Stack};

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

/// The stack of a service account that its name did not find. It is looked for again by its name, and by
/// its id, which the role that the ServiceAccount names has in a tag.
pub async fn stack(
    aws: &Aws,
    way: Way,
    cluster: &ClusterName,
    name: &ServiceAccountName,
    account: &ServiceAccountState,
) -> Result<Option<Stack>, Error> {
    if let ServiceAccountState::Found(account) = account
        && let Some(stack) = stack_of_role(aws, way, cluster, name, account).await?
    {
        return Ok(Some(stack));
    }
    let read = async || {
        let stack = stack_by_name(aws, way, cluster, name).await?;
        // One that has lost its tag was judged before.
        Ok(stack.filter(|stack| stack.is_for(way, cluster, name)))
    };
    again::settled(aws, &name.to_string(), None, Option::is_none, read).await
}

/// CloudFormation puts the stack's id on a role that it makes. Only the stack's own tags say whose it is.
pub async fn stack_of_role(
    aws: &Aws,
    way: Way,
    cluster: &ClusterName,
    name: &ServiceAccountName,
    account: &ServiceAccount,
) -> Result<Option<Stack>, Error> {
    let Some(arn) = account.role().and_then(|role| role.parse::<RoleArn>().ok()) else {
        return Ok(None);
    };
    let Lookup::Found(role) = aws.iam.role(arn.name()).await? else {
        return Ok(None);
    };
    let Some(id) = role.tags.get(STACK_ID_TAG).filter(|_| role.arn == arn) else {
        return Ok(None);
    };
    let stack = aws.cloudformation.stack(id).await?;
    Ok(stack.filter(|stack| stack.phase() != Phase::Gone && stack.is_for(way, cluster, name)))
}

//! Which stack is a service account's: apart because its name does not tell, only its tags do.

use super::Stacks;
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{ClusterName, RoleArn, ServiceAccountName, StackName, Way};
use crate::world::{Phase, Stack};

/// The stack of a service account: under eksctl's name, or under the hashed one where that is
/// another's. Also the name that a new stack would get.
pub async fn find_stack(
    aws: &Aws,
    stacks: &Stacks,
    way: Way,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<(StackName, Option<Stack>), Error> {
    let name = StackName::new(way, cluster, account);
    let Some(stack) = stacks.stack(aws, name.as_str()).await? else {
        // Where it costs no call: it may be left from when the name was another's.
        let hashed = match stacks {
            Stacks::ByName => None,
            Stacks::Listed(_) => hashed_stack(aws, stacks, way, cluster, account).await?,
        };
        return Ok(match hashed {
            Some(stack) => (stack.name.clone(), Some(stack)),
            None => (name, None),
        });
    };
    if stack.is_for(way, cluster, account) {
        return Ok((name, Some(stack)));
    }
    let stack = hashed_stack(aws, stacks, way, cluster, account).await?;
    Ok((StackName::hashed(way, cluster, account), stack))
}

/// The stack of an association: the one that made the role which it names, whatever its tags say, as
/// eksctl's migration writes wrong ones. Where none did, the one with its tag. Also the name that a new
/// stack would get.
pub async fn associated_stack(
    aws: &Aws,
    stacks: &Stacks,
    cluster: &ClusterName,
    account: &ServiceAccountName,
    role: Option<&str>,
) -> Result<(StackName, Option<Stack>), Error> {
    let (name, stack) = find_stack(aws, stacks, Way::PodIdentity, cluster, account).await?;
    let has_made = |stack: &Stack| {
        let made = stack.role_arn.as_ref().map(RoleArn::to_string);
        role.is_some() && made.as_deref() == role && stack.is_of(cluster)
    };
    if role.is_none() || stack.as_ref().is_some_and(has_made) {
        return Ok((name, stack));
    }
    for way in [Way::PodIdentity, Way::Irsa] {
        for other in [
            StackName::new(way, cluster, account),
            StackName::hashed(way, cluster, account),
        ] {
            // The first is what was looked at already.
            if other == name {
                continue;
            }
            let found = stacks.stack(aws, other.as_str()).await?;
            if let Some(found) = found.filter(has_made) {
                return Ok((other, Some(found)));
            }
        }
    }
    Ok((name, stack))
}

/// The stack under the hashed name.
pub async fn hashed_stack(
    aws: &Aws,
    stacks: &Stacks,
    way: Way,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Option<Stack>, Error> {
    let name = StackName::hashed(way, cluster, account);
    let stack = stacks.stack(aws, name.as_str()).await?;
    Ok(stack.filter(|stack| stack.is_for(way, cluster, account)))
}

/// The stack to delete, under either of its names.
pub async fn stack_to_delete(
    aws: &Aws,
    stacks: &Stacks,
    way: Way,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Option<Stack>, Error> {
    let (name, stack) = find_stack(aws, stacks, way, cluster, account).await?;
    let stack = match stack {
        None if name != StackName::hashed(way, cluster, account) => {
            hashed_stack(aws, stacks, way, cluster, account).await?
        }
        stack => stack,
    };
    Ok(stack.filter(|stack| stack.phase != Phase::Gone))
}

//! Which stack is a service account's: apart because its name does not tell, only its tags do.

use super::Stacks;
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{ClusterName, ServiceAccountName, StackName};
use crate::world::{Phase, Stack};

/// The stack of a service account: under eksctl's name, or under the hashed one where that is
/// another's. Also the name that a new stack would get.
pub async fn find_stack(
    aws: &Aws,
    stacks: &Stacks,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<(StackName, Option<Stack>), Error> {
    let name = StackName::for_service_account(cluster, account);
    let Some(stack) = stacks.stack(aws, name.as_str()).await? else {
        // Where it costs no call: it may be left from when the name was another's.
        let hashed = match stacks {
            Stacks::ByName => None,
            Stacks::Listed(_) => hashed_stack(aws, stacks, cluster, account).await?,
        };
        return Ok(match hashed {
            Some(stack) => (stack.name.clone(), Some(stack)),
            None => (name, None),
        });
    };
    if stack.is_for(cluster, account) {
        return Ok((name, Some(stack)));
    }
    let stack = hashed_stack(aws, stacks, cluster, account).await?;
    Ok((StackName::hashed(cluster, account), stack))
}

/// The stack under the hashed name.
pub async fn hashed_stack(
    aws: &Aws,
    stacks: &Stacks,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Option<Stack>, Error> {
    let name = StackName::hashed(cluster, account);
    let stack = stacks.stack(aws, name.as_str()).await?;
    Ok(stack.filter(|stack| stack.is_for(cluster, account)))
}

/// The stack to delete, under either of its names.
pub async fn stack_to_delete(
    aws: &Aws,
    stacks: &Stacks,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Option<Stack>, Error> {
    let (name, stack) = find_stack(aws, stacks, cluster, account).await?;
    let stack = match stack {
        None if name != StackName::hashed(cluster, account) => {
            hashed_stack(aws, stacks, cluster, account).await?
        }
        stack => stack,
    };
    Ok(stack.filter(|stack| stack.phase != Phase::Gone))
}

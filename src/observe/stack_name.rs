//! Which stack is a service account's: apart because its name does not tell, only its tags do, and where they
//! are lost what else there is to tell it by.

use super::deletion::template;
use super::{ServiceAccounts, Stacks};
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{ClusterName, Lookup, RoleArn, ServiceAccountName, StackName, Way};
use crate::policy::others;
use crate::world::{Phase, ServiceAccountState, Stack, StackOwnership};

/// The stack of a service account: under eksctl's name, or under the hashed one where that is
/// another's. Also the name that a new stack would get. One without a tag that says whose it is must be
/// judged by [`claimed`].
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
            Stacks::Listed(_) => match hashed_stack(aws, stacks, way, cluster, account).await? {
                None if way == Way::Irsa => moved_stack(aws, stacks, cluster, account).await?,
                found => found,
            },
        };
        return Ok(match hashed {
            Some(stack) => (stack.name.clone(), Some(stack)),
            None => (name, None),
        });
    };
    let has_lost_its_tag = way == Way::Irsa && stack.may_be_for(cluster, account);
    if stack.is_for(way, cluster, account) || has_lost_its_tag {
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
    role: Option<&RoleArn>,
) -> Result<(StackName, Option<Stack>), Error> {
    let (name, stack) = find_stack(aws, stacks, Way::PodIdentity, cluster, account).await?;
    let has_made =
        |stack: &Stack| role.is_some() && stack.role_arn.as_ref() == role && stack.is_of(cluster);
    if role.is_none() || stack.as_ref().is_some_and(has_made) {
        return Ok((name, stack));
    }
    for way in [Way::PodIdentity, Way::Irsa] {
        for other in StackName::both(way, cluster, account) {
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

/// What is left of an association that is gone: the stack of its role, which may have been the service
/// account's of before eksctl's migration, and then has the association's tag only.
pub async fn left_stack(
    aws: &Aws,
    stacks: &Stacks,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Option<Stack>, Error> {
    let (_, stack) = associated_stack(aws, stacks, cluster, account, None).await?;
    if stack.is_some() {
        return Ok(stack);
    }
    for name in StackName::both(Way::Irsa, cluster, account) {
        let stack = stacks.stack(aws, name.as_str()).await?;
        let is_left =
            |stack: &Stack| stack.lacks_owner() && stack.is_for(Way::PodIdentity, cluster, account);
        if let Some(stack) = stack.filter(is_left) {
            return Ok(Some(stack));
        }
    }
    Ok(None)
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

/// The stack to delete, under either of its names, where it is the service account's.
///
/// # Errors
/// `StackInDoubt` where that cannot be told.
pub async fn own_stack(
    aws: &Aws,
    stacks: &Stacks,
    objects: &ServiceAccounts<'_>,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Option<Stack>, Error> {
    let stack = match stack_to_delete(aws, stacks, Way::Irsa, cluster, account).await? {
        None => moved_stack(aws, stacks, cluster, account).await?,
        stack => stack,
    };
    let name = StackName::new(Way::Irsa, cluster, account);
    let found = claimed(aws, stacks, objects, cluster, account, (name, stack)).await?;
    Ok(found.1.filter(|stack| stack.phase() != Phase::Gone))
}

/// The stack of a service account, by its name and its tags alone.
pub async fn stack_by_name(
    aws: &Aws,
    way: Way,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Option<Stack>, Error> {
    stack_to_delete(aws, &Stacks::ByName, way, cluster, account).await
}

/// The same, of stacks that may be listed already.
async fn stack_to_delete(
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
    Ok(stack.filter(|stack| stack.phase() != Phase::Gone))
}

/// The stack that was made for the association that an IAM service account was once: a move leaves it its
/// name, and its tags tell of the move. The other way round a stack is still the IAM service account's, with
/// which it goes.
async fn moved_stack(
    aws: &Aws,
    stacks: &Stacks,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Result<Option<Stack>, Error> {
    let name = StackName::new(Way::PodIdentity, cluster, account);
    let stack = stacks.stack(aws, name.as_str()).await?;
    Ok(stack.filter(|stack| stack.is_for(Way::Irsa, cluster, account)))
}

/// What [`find_stack`] found, where it is the service account's: a stack that has lost its tag is
/// another's, or nobody can tell.
///
/// # Errors
/// `StackInDoubt` where it cannot be told.
pub async fn claimed(
    aws: &Aws,
    stacks: &Stacks,
    objects: &ServiceAccounts<'_>,
    cluster: &ClusterName,
    account: &ServiceAccountName,
    found: (StackName, Option<Stack>),
) -> Result<(StackName, Option<Stack>), Error> {
    let Some(stack) = found
        .1
        .as_ref()
        .filter(|stack| stack.may_be_for(cluster, account))
    else {
        return Ok(found);
    };
    match claim(aws, objects, cluster, account, stack).await? {
        StackOwnership::Own => Ok(found),
        StackOwnership::Others => {
            let stack = hashed_stack(aws, stacks, Way::Irsa, cluster, account).await?;
            Ok((StackName::hashed(Way::Irsa, cluster, account), stack))
        }
        StackOwnership::Open(why) => Err(Error::StackInDoubt {
            stack: stack.name.to_string(),
            account: Box::new(account.clone()),
            tags: stack.tags.clone(),
            why,
        }),
    }
}

/// By the annotation, by whom the template of the stack lets in, and by whoever else could be meant.
async fn claim(
    aws: &Aws,
    objects: &ServiceAccounts<'_>,
    cluster: &ClusterName,
    account: &ServiceAccountName,
    stack: &Stack,
) -> Result<StackOwnership, Error> {
    let role = stack.role_arn.as_ref().map(ToString::to_string);
    if let ServiceAccountState::Found(object) = objects.service_account(account).await?
        && role.is_some()
        && object.role() == role.as_deref()
    {
        return Ok(StackOwnership::Own);
    }
    let all = match objects.all().await {
        Lookup::Found(all) => return Ok(stack.claim(cluster, account, &all)),
        Lookup::Unknown(why) => why,
        Lookup::Missing => "the ServiceAccounts of the cluster were not looked at".to_owned(),
    };
    // The cluster is not asked, or does not answer.
    let template = template(aws, stack).await?;
    let names = |trust| others::names_only(trust, account);
    Ok(match template.as_found().map(|it| names(&it.trust)) {
        Some(true) => StackOwnership::Own,
        _ => StackOwnership::Open(all),
    })
}

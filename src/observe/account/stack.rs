//! An account's stack, and what hangs on it.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::aws::Aws;
use crate::error::Error;
use crate::model::{Cluster, Lookup, RoleArn};
use crate::observe::deletion::{body, read_body};
use crate::observe::resources::resources;
use crate::observe::{again, associations, gone};
use crate::plan::account::drift;
use crate::policy::others;
use crate::template::{RoleTemplate, StackResource};
use crate::world::{Associations, FoundStack, LivePolicies, Phase, RoleFacts, Stack, StackState};

/// A stack's template, role and failure. A role that seems to be changed by hand is read again, where
/// CloudFormation itself may just have changed it.
pub async fn stack_state(
    aws: &Aws,
    stack: Option<Stack>,
    cluster: &Cluster,
    are_associations_wanted: bool,
) -> Result<StackState, Error> {
    let Some(stack) = stack.filter(|stack| stack.phase() != Phase::Gone) else {
        return Ok(StackState::Absent);
    };
    let read = async || found_stack(aws, &stack, cluster, are_associations_wanted).await;
    let is_doubtful =
        |found: &FoundStack| again::is_recent(found) && drift::is_changed(cluster, found);
    let found = again::settled(aws, &stack.id, read().await?, is_doubtful, read).await?;
    Ok(StackState::Found(Box::new(found)))
}

/// Only what the stack's phase calls for.
async fn found_stack(
    aws: &Aws,
    stack: &Stack,
    cluster: &Cluster,
    are_associations_wanted: bool,
) -> Result<FoundStack, Error> {
    let ready = Some(stack).filter(|stack| stack.phase() == Phase::Ready);
    let role_arn = ready.and_then(|stack| stack.role_arn.as_ref());
    let (body, (role, policies), broken, failure) = tokio::try_join!(
        ready_body(aws, ready),
        live_role(aws, role_arn),
        broken_resources(aws, stack),
        failure(aws, stack)
    )?;
    if let (Some(arn), Lookup::Missing) = (role_arn, &role) {
        confirm_missing(aws, arn, &policies).await?;
    }
    let template = body.as_ref();
    let template = template.and_then(|body| RoleTemplate::read(body, &cluster.partition));
    let resources = match &body {
        Some(body) => resources(aws, stack, &Lookup::Found(body.clone())).await?,
        None => broken,
    };
    let mut found = FoundStack {
        stack: stack.clone(),
        failure,
        body,
        template,
        resources,
        role,
        policies,
        associations: Lookup::Missing,
    };
    found.associations = associations(aws, cluster, &found, are_associations_wanted).await;
    Ok(found)
}

async fn ready_body(aws: &Aws, stack: Option<&Stack>) -> Result<Option<Value>, Error> {
    match stack {
        Some(stack) => body(aws, stack).await,
        None => Ok(None),
    }
}

async fn live_role(
    aws: &Aws,
    arn: Option<&RoleArn>,
) -> Result<(Lookup<RoleFacts>, Lookup<LivePolicies>), Error> {
    match arn {
        Some(arn) => tokio::try_join!(aws.iam.role(arn.name()), live_policies(aws, arn.name())),
        None => Ok((Lookup::Missing, Lookup::Missing)),
    }
}

/// Only deletion helps a broken one: all that it has would go with it.
async fn broken_resources(aws: &Aws, stack: &Stack) -> Result<Lookup<Vec<StackResource>>, Error> {
    if stack.phase() == Phase::Broken {
        resources(aws, stack, &read_body(aws, stack).await?).await
    } else {
        Ok(Lookup::Missing)
    }
}

async fn failure(aws: &Aws, stack: &Stack) -> Result<Option<String>, Error> {
    match stack.phase() {
        Phase::DeleteFailed | Phase::UpdateFailed => aws.cloudformation.failure(&stack.id).await,
        _ => Ok(None),
    }
}

async fn confirm_missing(
    aws: &Aws,
    arn: &RoleArn,
    policies: &Lookup<LivePolicies>,
) -> Result<(), Error> {
    match policies {
        Lookup::Found(_) => Err(gone::contradicted(arn.name(), "ListAttachedRolePolicies")),
        Lookup::Missing | Lookup::Unknown(_) => gone::confirmed(aws, arn.name()).await,
    }
}

/// The associations that use the role: where they are wanted, or may need what somebody added to its trust
/// policy.
async fn associations(
    aws: &Aws,
    cluster: &Cluster,
    found: &FoundStack,
    are_wanted: bool,
) -> Lookup<Associations> {
    let Some(arn) = &found.stack.role_arn else {
        return Lookup::Missing;
    };
    let is_by_hand = match (&found.template, &found.role) {
        (Some(template), Lookup::Found(facts)) => {
            !others::pod_identity_by_hand(&facts.trust, &template.trust).is_empty()
        }
        _ => false,
    };
    if are_wanted || is_by_hand {
        associations::using(aws, &cluster.name, arn.name()).await
    } else {
        Lookup::Missing
    }
}

/// The policies that a role has (ListAttachedRolePolicies, ListRolePolicies, GetRolePolicy).
pub async fn live_policies(aws: &Aws, role: &str) -> Result<Lookup<LivePolicies>, Error> {
    let lists = tokio::try_join!(
        aws.iam.attached_policies(role),
        aws.iam.inline_policies(role)
    )?;
    let (managed, names) = match lists {
        (Lookup::Found(managed), Lookup::Found(names)) => (managed, names),
        (Lookup::Unknown(message), _) | (_, Lookup::Unknown(message)) => {
            return Ok(Lookup::Unknown(message));
        }
        (Lookup::Missing, _) | (_, Lookup::Missing) => return Ok(Lookup::Missing),
    };
    let mut inline = BTreeMap::new();
    for name in names {
        match aws.iam.inline_policy(role, &name).await? {
            Lookup::Found(document) => {
                inline.insert(name, document);
            }
            // Deleted since it was listed.
            Lookup::Missing => {}
            Lookup::Unknown(message) => return Ok(Lookup::Unknown(message)),
        }
    }
    Ok(Lookup::Found(LivePolicies { managed, inline }))
}

//! From an IAM service account that is asked for, and what exists of it, to the actions that make
//! it so.

use super::associate::ProviderSpec;
use super::token::token;
use super::{Action, Conflicts, CreateStack, Ending, Refusal, Role, Rollback, Target, Track};
use crate::model::{
    Audience, CLUSTER_TAGS, Cluster, Map, RoleArn, SERVICE_ACCOUNT_TAG, ServiceAccountName,
    VERSION_TAG,
};
use crate::observe::{FoundStack, Lookup, ObservedAccount, ObservedProvider, Phase, StackState};
use crate::template::{self, RoleSpec};

mod checks;
mod compare;
mod service_account;

pub use checks::fits_default_quotas;
use checks::{check_policies, check_quotas, check_role};
use compare::compare;
use service_account::plan_service_account;

/// What stands in the version tag of stacks and providers.
const VERSION: &str = concat!("irsactl-", env!("CARGO_PKG_VERSION"));

/// An IAM service account as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct IamServiceAccount {
    pub name: ServiceAccountName,
    pub permissions: Permissions,
    pub labels: Map,
    /// Without the role's.
    pub annotations: Map,
    /// Of the tokens that pods get.
    pub audience: Audience,
    pub tags: Map,
    pub scope: Scope,
    pub conflicts: Conflicts,
    pub service_role: Option<RoleArn>,
    pub rollback: Rollback,
    /// Makes the provider too, where it is missing.
    pub provider: Option<ProviderSpec>,
}

/// How much of an IAM service account is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The role, and the ServiceAccount that uses it.
    #[default]
    Whole,
    /// The role; the ServiceAccount is left to someone else.
    RoleOnly,
}

/// Where the permissions come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Permissions {
    Existing(RoleArn),
    Role(RoleSpec),
}

pub fn plan(
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
    provider: &ObservedProvider,
) -> Track {
    let mut track = Track::new(Target::ServiceAccount(asked.name.clone()));
    plan_provider(&mut track, asked, cluster, provider);
    let role = match &asked.permissions {
        Permissions::Existing(arn) => {
            check_role(&mut track, arn, cluster, &observed.role);
            Some(Role::Arn(arn.clone()))
        }
        Permissions::Role(spec) => {
            check_policies(&mut track, cluster, observed);
            check_quotas(&mut track, asked, spec, cluster, observed.quotas);
            plan_stack(&mut track, asked, spec, cluster, observed)
        }
    };
    track.role.clone_from(&role);
    if let Some(role) = role {
        plan_service_account(&mut track, asked, cluster, role, &observed.service_account);
    }
    track.settled()
}

fn plan_provider(
    track: &mut Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedProvider,
) {
    let name = asked.name.clone();
    let audience = &asked.audience;
    // A role of another account trusts the provider of that account.
    let is_elsewhere = matches!(&asked.permissions,
        Permissions::Existing(arn) if arn.account() != cluster.account);
    match (&asked.provider, &observed.provider) {
        (None, _) if is_elsewhere => {}
        (Some(spec), _) => super::associate::plan_provider(track, spec, cluster, observed),
        (None, None) => track.refusals.push(Refusal::NoProvider {
            cluster: cluster.name.clone(),
            name,
        }),
        (None, Some(found))
            if !found
                .audiences
                .iter()
                .any(|known| known == audience.as_str()) =>
        {
            track.refusals.push(Refusal::NoAudience {
                cluster: cluster.name.clone(),
                provider: found.arn.clone(),
                audience: audience.clone(),
            });
        }
        (None, Some(_)) => {}
    }
}

/// The stack's part of the plan. `None`: no role is to be expected from it in this run.
fn plan_stack(
    track: &mut Track,
    asked: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
    observed: &ObservedAccount,
) -> Option<Role> {
    let found = match &observed.stack {
        StackState::Found(found) => found,
        StackState::Absent => {
            refuse_taken_name(track, spec, observed);
            return Some(create_stack(track, asked, spec, cluster, observed, None));
        }
    };
    let stack = &found.stack;
    match stack.phase {
        Phase::Ready => compare(track, asked, spec, cluster, found),
        Phase::Busy | Phase::Deleting | Phase::Gone => {
            track.actions.push(Action::AwaitStack {
                stack: stack.name.clone(),
                id: stack.id.clone(),
                status: stack.status.clone(),
            });
            None
        }
        Phase::Broken => {
            // The other broken stacks may still have the role themselves.
            if matches!(
                stack.status.as_str(),
                "ROLLBACK_COMPLETE" | "REVIEW_IN_PROGRESS"
            ) {
                refuse_taken_name(track, spec, observed);
            }
            track.notes.push(format!(
                "stack \"{}\" is in {}: it is deleted and created again",
                stack.name, stack.status
            ));
            track.actions.push(Action::DeleteStack {
                stack: stack.name.clone(),
                id: stack.id.clone(),
                lift_protection: stack.protected,
                service_role: asked.service_role.clone(),
                ending: Ending::Awaited,
            });
            Some(create_stack(
                track,
                asked,
                spec,
                cluster,
                observed,
                Some(&stack.id),
            ))
        }
        Phase::DeleteFailed => {
            track.refusals.push(Refusal::DeleteFailed {
                cluster: cluster.name.clone(),
                name: asked.name.clone(),
                stack: stack.name.clone(),
                reason: failure(found),
            });
            None
        }
        Phase::UpdateFailed => {
            track.refusals.push(Refusal::UpdateFailed {
                stack: stack.name.clone(),
                status: stack.status.clone(),
                reason: failure(found),
            });
            None
        }
    }
}

/// A role of the asked name, where none can be the stack's own.
fn refuse_taken_name(track: &mut Track, spec: &RoleSpec, observed: &ObservedAccount) {
    if let (Some(role), Lookup::Found(taken)) = (&spec.name, &observed.role) {
        let refusal = Refusal::RoleNameTaken {
            role: role.clone(),
            arn: taken.arn.clone(),
        };
        track.refusals.push(refusal);
    }
}

fn failure(found: &FoundStack) -> String {
    let reason = found.failure.as_deref().or(found.stack.reason.as_deref());
    reason
        .unwrap_or("CloudFormation gives no reason")
        .to_owned()
}

fn create_stack(
    track: &mut Track,
    asked: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
    observed: &ObservedAccount,
    replaced: Option<&str>,
) -> Role {
    let template = template::render(spec, cluster, &asked.name);
    let tags = stack_tags(asked, cluster);
    let token = token(&[
        &template.to_string(),
        &format!("{tags:?}"),
        replaced.unwrap_or_default(),
    ]);
    track.actions.push(Action::CreateStack(CreateStack {
        stack: observed.stack_name.clone(),
        template,
        tags,
        capability: spec.capability(),
        rollback: asked.rollback,
        service_role: asked.service_role.clone(),
        token,
    }));
    Role::OutputOf(observed.stack_name.clone())
}

/// eksctl's tags and the asked ones, which cannot replace them.
fn stack_tags(asked: &IamServiceAccount, cluster: &Cluster) -> Map {
    let mut tags = asked.tags.clone();
    for tag in CLUSTER_TAGS {
        tags.insert(tag.to_owned(), cluster.name.to_string());
    }
    tags.insert(VERSION_TAG.to_owned(), VERSION.to_owned());
    tags.insert(SERVICE_ACCOUNT_TAG.to_owned(), asked.name.to_string());
    tags
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

//! From an IAM service account that is asked for, and what exists of it, to the actions that make
//! it so: for `create`, `update` and `apply`, which differ only in what they may do.

use std::collections::BTreeSet;

use super::delete::goes_too;
use super::token::token;
use super::{Action, CreateStack, Reason, Role, Target, Track};
use crate::asked::{
    Deployment, DeploymentMode, Drift, Ending, ForeignResources, Goal, IamServiceAccount,
    Permissions, RoleTrust,
};
use crate::model::{
    CLUSTER_TAGS, Cluster, ClusterName, Lookup, Map, RoleArn, ServiceAccountName, StackName,
    VERSION_TAG, Way,
};
use crate::template::{self, RoleSpec};
use crate::world::{
    FoundStack, ObservedAccount, ObservedProvider, Phase, ServiceAccountState, StackState,
    StackStatus,
};

mod association;
mod checks;
pub mod drift;
mod edited;
mod others;
mod ready;
mod remedy;
mod service_account;
mod trusting;

pub use association::plan_agent;
use association::{
    AssociationTask, associated_role, check_agent, check_existing, is_of_association_alone,
};
use checks::{check_policies, check_quotas, check_role, warn_of_width};
pub use checks::{
    check_role_count, fits_default_quotas, foreign_arns, foreign_policy, many_new_roles,
};
use ready::plan_ready;
pub use ready::update_of;
use service_account::plan_service_account;
use trusting::plan_trust;

/// What stands in the version tag of stacks and providers.
pub const VERSION: &str = concat!("irsactl-", env!("CARGO_PKG_VERSION"));

/// What must be done for one account, in order: its role, its ServiceAccount, its association. What keeps
/// it from being done are refusals of the track. Where something is waited for, the track ends there, and
/// the next round plans the rest.
pub fn plan(
    goal: Goal,
    drift: Drift,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
    provider: &ObservedProvider,
) -> Track {
    let mut track = Track::new(Target::of(asked.way(), &asked.name));
    match (&asked.association, &asked.permissions) {
        (Some(spec), _) => check_agent(&mut track, spec, cluster, observed),
        (None, Permissions::Edited(_)) => {
            warn_of_provider(&mut track, asked, cluster, observed, provider);
        }
        (None, _) => plan_provider(&mut track, asked, cluster, provider),
    }
    let task = StackTask {
        goal,
        drift,
        asked,
        cluster,
        observed,
    };
    let role = task.plan_role(&mut track, provider);
    track.role.clone_from(&role);
    if let Some(role) = role {
        plan_service_account(&mut track, goal, asked, cluster, &role, observed);
        task.plan_association(&mut track, role);
    }
    // With its namespace gone too, a role would be made for nobody.
    if let ServiceAccountState::Going(found) = &observed.service_account {
        track.actions = vec![Action::AwaitServiceAccount {
            name: asked.name.clone(),
            held_by: found.held_by.clone().unwrap_or_default(),
        }];
    }
    warn_of_width(&mut track, &asked.name, cluster);
    track.settled()
}

/// Two accounts can make one name of their parts (`a-b/c` and `a/b-c`): of those that have no stack yet,
/// the later takes the hashed name.
pub fn part_stack_names<'a>(
    cluster: &ClusterName,
    accounts: impl IntoIterator<Item = (Way, &'a ServiceAccountName, &'a mut ObservedAccount)>,
) {
    let mut taken = BTreeSet::new();
    for (way, name, observed) in accounts {
        if observed.stack == StackState::Absent && !taken.insert(observed.stack_name.to_string()) {
            observed.stack_name = StackName::hashed(way, cluster, name);
        }
    }
}

/// Everything that the stack's part of a plan follows from.
#[derive(Clone, Copy)]
struct StackTask<'a> {
    goal: Goal,
    drift: Drift,
    asked: &'a IamServiceAccount,
    cluster: &'a Cluster,
    observed: &'a ObservedAccount,
}

fn plan_provider(
    track: &mut Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedProvider,
) {
    let audience = &asked.audience;
    // A role of another account trusts the provider of that account.
    let is_elsewhere = matches!(&asked.permissions,
        Permissions::Existing(arn) if arn.account() != cluster.account);
    match (&asked.provider, &observed.provider) {
        (None, _) if is_elsewhere => {}
        (Some(spec), _) => super::associate::plan_provider(track, spec, cluster, observed),
        (None, None) => track.refuse(&cluster.name, Reason::NoProvider),
        (None, Some(found))
            if !found
                .audiences
                .iter()
                .any(|known| known == audience.as_str()) =>
        {
            track.refuse(
                &cluster.name,
                Reason::NoAudience {
                    provider: found.arn.clone(),
                    audience: audience.clone(),
                },
            );
        }
        (None, Some(_)) => {}
    }
}

/// A role that is only changed is as good or bad as before: what its pods lack is no reason to leave
/// it as it is. But a new audience must be known to the provider.
fn warn_of_provider(
    track: &mut Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
    provider: &ObservedProvider,
) {
    let mut lacking = Track::new(track.target.clone());
    let is_edited =
        matches!(&asked.permissions, Permissions::Edited(edits) if edits.audience.is_some());
    match (is_edited, edited::kept_audience(asked, cluster, observed)) {
        (false, Some(audience)) => {
            let asked = IamServiceAccount {
                audience,
                ..asked.clone()
            };
            plan_provider(&mut lacking, &asked, cluster, provider);
        }
        // Whom it trusts cannot be told.
        (false, None) => {}
        (true, _) => return plan_provider(track, asked, cluster, provider),
    }
    let reasons = lacking.refusals.iter().map(ToString::to_string);
    track.warnings.extend(reasons);
}

impl StackTask<'_> {
    /// The role that its pods are to have. `None`: there is none to be expected in this run.
    fn plan_role(self, track: &mut Track, provider: &ObservedProvider) -> Option<Role> {
        let Self {
            goal,
            asked,
            cluster,
            observed,
            ..
        } = self;
        match &asked.permissions {
            Permissions::Existing(arn) => {
                check_role(track, arn, cluster, &observed.role);
                if asked.association.is_some() {
                    check_existing(track, arn, asked, cluster, observed, goal);
                }
                if asked.trust == RoleTrust::Extended {
                    plan_trust(track, asked, cluster, observed, provider);
                }
                // Its stack is waited for: the ServiceAccount is planned afterwards.
                let is_open = !track.is_provisional();
                is_open.then(|| Role::Arn(arn.clone()))
            }
            Permissions::Edited(edits) if is_of_association_alone(asked, edits, observed) => {
                associated_role(observed).map(Role::Arn)
            }
            Permissions::Role(_) | Permissions::Edited(_) => {
                check_policies(track, asked, cluster, observed);
                check_quotas(track, asked, cluster, observed);
                self.plan_stack(track)
            }
        }
    }

    fn plan_association(self, track: &mut Track, role: Role) {
        let (asked, observed) = (self.asked, self.observed);
        if let (Some(spec), Some(association)) = (&asked.association, &observed.association) {
            let task = AssociationTask {
                goal: self.goal,
                asked,
                spec,
                cluster: self.cluster,
                observed,
            };
            task.plan(track, association, role);
        }
    }

    /// The stack's part of the plan. `None`: no role is to be expected from it in this run.
    fn plan_stack(self, track: &mut Track) -> Option<Role> {
        let found = match &self.observed.stack {
            StackState::Found(found) => found,
            StackState::Absent => return self.make(track, None),
        };
        let stack = &found.stack;
        match stack.phase() {
            Phase::Ready => plan_ready(track, self, found),
            Phase::Busy | Phase::Deleting | Phase::Gone => {
                track.actions.push(Action::await_stack(stack));
                None
            }
            Phase::Broken => {
                track.notes.push(format!(
                    "stack \"{}\" is in {}: it is deleted and created again",
                    stack.name, stack.status
                ));
                self.make(track, Some(found))
            }
            Phase::DeleteFailed => {
                track.refuse(
                    &self.cluster.name,
                    Reason::DeleteFailed {
                        stack: stack.name.clone(),
                        reason: failure(found),
                    },
                );
                None
            }
            Phase::UpdateFailed => {
                self.continue_rollback(track, found);
                None
            }
        }
    }

    /// Creates the stack, in the place of one that cannot be mended.
    fn make(self, track: &mut Track, replaced: Option<&FoundStack>) -> Option<Role> {
        let Permissions::Role(spec) = &self.asked.permissions else {
            return self.refuse_missing(track);
        };
        if self.goal == Goal::Update {
            return self.refuse_missing(track);
        }
        // Other broken stacks may still have the role themselves.
        let has_no_role = replaced.is_none_or(|found| {
            matches!(
                found.stack.status,
                StackStatus::RollbackComplete | StackStatus::ReviewInProgress
            )
        });
        if has_no_role {
            refuse_taken_name(track, spec, self.cluster, self.observed);
        }
        if let Some(found) = replaced {
            let foreign = ForeignResources::Refused;
            let goes_too = goes_too(track, &self.cluster.name, found, foreign)?;
            track.actions.push(Action::DeleteStack {
                stack: found.stack.name.clone(),
                id: found.stack.id.clone(),
                lift_protection: found.stack.protected,
                // What is made next may have the same name: the resources must be gone, not only going.
                deployment: Deployment {
                    mode: DeploymentMode::Standard,
                    ..self.asked.deployment()
                },
                ending: Ending::Awaited,
                goes_too,
            });
        }
        let replaced = replaced.map(|found| found.stack.id.as_str());
        Some(self.create_stack(track, spec, replaced))
    }

    fn refuse_missing(self, track: &mut Track) -> Option<Role> {
        track.notes.clear();
        let association = self.observed.association.as_ref();
        if let Some(found) = association.and_then(|it| it.found.as_ref()) {
            let role = found.role.clone();
            track.refuse(&self.cluster.name, Reason::RoleOfNoStack { role });
            return None;
        }
        if let Some(role) = self.annotated_role() {
            let is_elsewhere = role.account() != self.cluster.account;
            track.refuse(
                &self.cluster.name,
                Reason::RoleByHand { role, is_elsewhere },
            );
            return None;
        }
        track.refuse(
            &self.cluster.name,
            Reason::NotThere {
                stack: match &self.observed.stack {
                    StackState::Found(found) => {
                        Some((found.stack.name.clone(), found.stack.status.clone()))
                    }
                    StackState::Absent => None,
                },
            },
        );
        None
    }

    /// The role that the ServiceAccount names, where no stack was found.
    fn annotated_role(self) -> Option<RoleArn> {
        match (&self.observed.stack, &self.observed.service_account) {
            (StackState::Absent, ServiceAccountState::Found(object)) => object.role()?.parse().ok(),
            _ => None,
        }
    }

    /// An update's roll-back that got stuck is brought to its end, by those who may update.
    fn continue_rollback(self, track: &mut Track, found: &FoundStack) {
        let stack = &found.stack;
        if self.goal == Goal::Create || stack.status != StackStatus::UpdateRollbackFailed {
            track.refuse(
                &self.cluster.name,
                Reason::UpdateFailed {
                    stack: stack.name.clone(),
                    status: stack.status.clone(),
                    reason: failure(found),
                },
            );
            return;
        }
        track.notes.push(format!(
            "the roll-back of an update of stack \"{}\" failed, it is continued: {}",
            stack.name,
            failure(found)
        ));
        track.actions.push(Action::ContinueRollback {
            stack: stack.name.clone(),
            id: stack.id.clone(),
            service_role: self.asked.service_role.clone(),
        });
    }

    fn create_stack(self, track: &mut Track, spec: &RoleSpec, replaced: Option<&str>) -> Role {
        let (asked, cluster) = (self.asked, self.cluster);
        let stack = self.observed.stack_name.clone();
        let template = template::render(spec, cluster, &asked.name, &stack);
        let tags = stack_tags(asked, cluster);
        let token = token(&[
            &template.to_string(),
            &format!("{tags:?}"),
            replaced.unwrap_or_default(),
        ]);
        track.actions.push(Action::CreateStack(CreateStack {
            stack: stack.clone(),
            template,
            tags,
            capability: spec.capability(),
            rollback: asked.rollback,
            deployment: asked.deployment(),
            token,
        }));
        Role::OutputOf(stack)
    }
}

/// A role of the asked name, where none can be the stack's own.
fn refuse_taken_name(
    track: &mut Track,
    spec: &RoleSpec,
    cluster: &Cluster,
    observed: &ObservedAccount,
) {
    if let (Some(role), Lookup::Found(taken)) = (&spec.name, &observed.role) {
        let reason = Reason::RoleNameTaken {
            role: role.clone(),
            arn: taken.arn.clone(),
        };
        track.refuse(&cluster.name, reason);
    }
}

fn failure(found: &FoundStack) -> String {
    let reason = found.failure.as_deref().or(found.stack.reason.as_deref());
    reason
        .unwrap_or("CloudFormation gives no reason")
        .to_owned()
}

/// eksctl's tags and the asked ones, which cannot replace them.
pub fn stack_tags(asked: &IamServiceAccount, cluster: &Cluster) -> Map {
    let mut tags = asked.tags.clone();
    for tag in CLUSTER_TAGS {
        tags.insert(tag.to_owned(), cluster.name.to_string());
    }
    tags.insert(VERSION_TAG.to_owned(), VERSION.to_owned());
    tags.insert(asked.way().tag().to_owned(), asked.name.to_string());
    tags
}

#[cfg(test)]
pub mod properties;
#[cfg(test)]
mod tests;

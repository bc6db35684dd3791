//! From an IAM service account that is asked for, and what exists of it, to the actions that make
//! it so.

use serde_json::Value;

use super::associate::ProviderSpec;
use super::token::token;
use super::{
    Action, Conflicts, CreateStack, Ending, Presence, Refusal, Role, Rollback,
    ServiceAccountChange, Target, Track,
};
use crate::model::{
    CLUSTER_TAGS, Cluster, MANAGED_BY, MANAGED_BY_LABEL, Map, ROLE_ANNOTATION, RoleArn,
    SERVICE_ACCOUNT_TAG, ServiceAccountName, VERSION_TAG,
};
use crate::observe::{
    FoundStack, Lookup, ObservedAccount, ObservedProvider, Phase, RoleFacts, ServiceAccount,
    ServiceAccountState, StackState,
};
use crate::policy::{self, Quotas};
use crate::template::{self, Difference, RoleSpec, RoleTemplate};

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
    pub tags: Map,
    pub conflicts: Conflicts,
    pub service_role: Option<RoleArn>,
    pub rollback: Rollback,
    /// Makes the provider too, where it is missing.
    pub provider: Option<ProviderSpec>,
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

/// An existing role: GetRole knows only names, and only those of the own account.
fn check_role(track: &mut Track, arn: &RoleArn, cluster: &Cluster, found: &Lookup<RoleFacts>) {
    if arn.partition() != cluster.partition {
        track.refusals.push(Refusal::OtherPartition {
            arn: arn.to_string(),
            partition: cluster.partition.clone(),
        });
        return;
    }
    if arn.account() != cluster.account {
        track.notes.push(format!(
            "role {arn} is of another account: whether it exists and trusts this cluster cannot be seen from here"
        ));
        return;
    }
    match found {
        Lookup::Unknown(message) => track
            .notes
            .push(format!("cannot tell whether role {arn} exists: {message}")),
        Lookup::Found(found) if found.arn == arn.to_string() => {}
        Lookup::Found(_) | Lookup::Missing => track
            .refusals
            .push(Refusal::RoleMissing { arn: arn.clone() }),
    }
}

fn plan_provider(
    track: &mut Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedProvider,
) {
    let name = asked.name.clone();
    let audience = match &asked.permissions {
        Permissions::Role(spec) => &spec.audience,
        Permissions::Existing(_) => &crate::model::Audience::default(),
    };
    match (&asked.provider, &observed.provider) {
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

fn check_policies(track: &mut Track, cluster: &Cluster, observed: &ObservedAccount) {
    for (arn, lookup) in &observed.policies {
        if arn.partition() != cluster.partition {
            track.refusals.push(Refusal::OtherPartition {
                arn: arn.to_string(),
                partition: cluster.partition.clone(),
            });
            continue;
        }
        if arn.account() != "aws" && arn.account() != cluster.account {
            track.refusals.push(Refusal::OtherAccount {
                arn: arn.to_string(),
                account: cluster.account.clone(),
            });
            continue;
        }
        match lookup {
            Lookup::Missing => track.refusals.push(Refusal::PolicyMissing {
                arn: arn.to_string(),
            }),
            Lookup::Unknown(message) => {
                track.notes.push(format!(
                    "cannot tell whether policy {arn} exists: {message}"
                ));
            }
            Lookup::Found(()) => {}
        }
    }
}

/// Whether IAM's default quotas do, so that the account's own need not be asked for.
pub fn fits_default_quotas(asked: &IamServiceAccount, cluster: &Cluster) -> bool {
    let Permissions::Role(spec) = &asked.permissions else {
        return true;
    };
    let (managed, trust) = sizes(asked, spec, cluster);
    let quotas = Quotas::default();
    managed <= quotas.managed_policies && trust <= quotas.trust
}

/// Number of managed policies, and length of the trust policy.
fn sizes(asked: &IamServiceAccount, spec: &RoleSpec, cluster: &Cluster) -> (usize, usize) {
    let trust = template::trust(spec, cluster, &asked.name);
    (spec.managed_count(), policy::measure(&trust))
}

fn check_quotas(
    track: &mut Track,
    asked: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
    quotas: Quotas,
) {
    let (managed, trust) = sizes(asked, spec, cluster);
    for (what, asked, quota) in [
        (
            "the number of managed policies",
            managed,
            quotas.managed_policies,
        ),
        ("the length of the trust policy", trust, quotas.trust),
    ] {
        if asked > quota {
            track
                .refusals
                .push(Refusal::OverQuota { what, asked, quota });
        }
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

/// A ready stack: is its role what is asked for?
fn compare(
    track: &mut Track,
    asked: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
    found: &FoundStack,
) -> Option<Role> {
    let (cluster_name, name, stack) = (
        cluster.name.clone(),
        asked.name.clone(),
        found.stack.name.clone(),
    );
    let (Some(template), Some(arn)) = (&found.template, &found.stack.role_arn) else {
        track.refusals.push(Refusal::UnreadableTemplate { stack });
        return None;
    };
    let trust = match &found.role {
        Lookup::Missing => {
            track.refusals.push(Refusal::RoleGone {
                cluster: cluster_name,
                name,
                stack,
            });
            return None;
        }
        Lookup::Found(role) => &role.trust,
        Lookup::Unknown(message) => {
            track.notes.push(format!(
                "cannot read the role's trust policy, the template's is compared: {message}"
            ));
            &template.trust
        }
    };
    let wanted = cluster.provider_arn();
    let principals = policy::federated_principals(trust);
    if let Some(other) = principals
        .first()
        .filter(|_| !principals.contains(&wanted.as_str()))
    {
        let found = (*other).to_owned();
        track.refusals.push(Refusal::OldIssuer {
            cluster: cluster_name,
            name,
            found,
            wanted,
        });
        return None;
    }
    let mut differences = differences(spec, cluster, asked, template);
    let wanted = template::trust(spec, cluster, &asked.name);
    if !policy::same(&wanted, trust) {
        let (asked, found) = (wanted.to_string(), trust.to_string());
        differences.push(Difference {
            item: "trust policy".to_owned(),
            asked,
            found,
        });
    }
    differences.extend(tag_differences(asked, found));
    if !differences.is_empty() {
        track.refusals.push(Refusal::Differs {
            cluster: cluster_name,
            name,
            stack,
            differences,
        });
        return None;
    }
    Some(Role::Arn(arn.clone()))
}

fn differences(
    spec: &RoleSpec,
    cluster: &Cluster,
    asked: &IamServiceAccount,
    found: &RoleTemplate,
) -> Vec<Difference> {
    let rendered: Value = template::render(spec, cluster, &asked.name);
    match RoleTemplate::read(&rendered.to_string(), &cluster.partition) {
        Some(wanted) => RoleTemplate::differences(&wanted, found),
        None => Vec::new(),
    }
}

fn tag_differences(asked: &IamServiceAccount, found: &FoundStack) -> Vec<Difference> {
    let tags = &found.stack.tags;
    asked
        .tags
        .iter()
        .filter(|(key, value)| tags.get(*key) != Some(value))
        .map(|(key, value)| Difference {
            item: format!("tag {key}"),
            asked: value.clone(),
            found: tags.get(key).cloned().unwrap_or_else(|| "none".to_owned()),
        })
        .collect()
}

fn plan_service_account(
    track: &mut Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    role: Role,
    observed: &ServiceAccountState,
) {
    let change = ServiceAccountChange {
        name: asked.name.clone(),
        presence: Presence::Missing,
        role,
        labels: asked.labels.clone(),
        annotations: asked.annotations.clone(),
        conflicts: asked.conflicts,
    };
    match observed {
        ServiceAccountState::NotLooked => {}
        ServiceAccountState::Missing => {
            let mut change = change;
            change
                .labels
                .insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
            track.actions.push(Action::ApplyServiceAccount(change));
        }
        ServiceAccountState::Found(account) => {
            refuse_other_values(track, &change, asked, cluster, account);
            if !is_as_asked(&change, account) {
                track
                    .actions
                    .push(Action::ApplyServiceAccount(merged(change, account)));
            }
        }
    }
}

/// Where the annotation or a label has another value that is not irsactl's own to change.
fn refuse_other_values(
    track: &mut Track,
    change: &ServiceAccountChange,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    account: &ServiceAccount,
) {
    if change.conflicts == Conflicts::Overridden {
        return;
    }
    let wanted = expected_role(change, asked, cluster);
    if let Some(found) = account.role()
        && wanted.as_deref() != Some(found)
    {
        track.refusals.push(Refusal::OtherRole {
            name: change.name.clone(),
            found: found.to_owned(),
            wanted,
        });
    }
    let sides = [
        (&change.labels, &account.labels, &account.applied_labels),
        (
            &change.annotations,
            &account.annotations,
            &account.applied_annotations,
        ),
    ];
    for (asked, found, applied) in sides {
        for (key, wanted) in asked {
            if let Some(found) = found
                .get(key)
                .filter(|found| *found != wanted && !applied.contains(key))
            {
                track.refusals.push(Refusal::OtherValue {
                    name: change.name.clone(),
                    key: key.clone(),
                    found: found.clone(),
                    wanted: wanted.clone(),
                });
            }
        }
    }
}

/// The role's ARN, as far as it can be known now: of a stack yet to be made only with a role name.
fn expected_role(
    change: &ServiceAccountChange,
    asked: &IamServiceAccount,
    cluster: &Cluster,
) -> Option<String> {
    match (&change.role, &asked.permissions) {
        (Role::Arn(arn), _) => Some(arn.to_string()),
        (
            Role::OutputOf(_),
            Permissions::Role(RoleSpec {
                name: Some(name),
                path,
                ..
            }),
        ) => {
            let path = path.as_ref().map_or("/", |path| path.as_str());
            Some(format!(
                "arn:{}:iam::{}:role{path}{name}",
                cluster.partition, cluster.account
            ))
        }
        (Role::OutputOf(_), _) => None,
    }
}

fn is_as_asked(change: &ServiceAccountChange, account: &ServiceAccount) -> bool {
    let Role::Arn(role) = &change.role else {
        return false;
    };
    account.role() == Some(role.to_string().as_str())
        && change
            .labels
            .iter()
            .all(|(key, value)| account.labels.get(key) == Some(value))
        && change
            .annotations
            .iter()
            .all(|(key, value)| account.annotations.get(key) == Some(value))
}

/// Server-side apply removes what its manager applied earlier and leaves out now: keep it.
fn merged(mut change: ServiceAccountChange, account: &ServiceAccount) -> ServiceAccountChange {
    change.presence = Presence::Found;
    let keep = |map: &mut Map, found: &Map, applied: &std::collections::BTreeSet<String>| {
        for key in applied.iter().filter(|key| *key != ROLE_ANNOTATION) {
            if let Some(value) = found.get(key) {
                map.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
    };
    keep(&mut change.labels, &account.labels, &account.applied_labels);
    keep(
        &mut change.annotations,
        &account.annotations,
        &account.applied_annotations,
    );
    change
}

#[cfg(test)]
mod tests;

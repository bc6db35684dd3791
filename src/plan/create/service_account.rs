//! The ServiceAccount's part of the plan: to make it, annotate it, or leave it to its owner.

use std::collections::BTreeSet;

use super::{IamServiceAccount, Permissions};
use crate::model::{Cluster, MANAGED_BY, MANAGED_BY_LABEL, Map, ROLE_ANNOTATION};
use crate::observe::{ServiceAccount, ServiceAccountState};
use crate::plan::{Action, Conflicts, Presence, Refusal, Role, ServiceAccountChange, Track};
use crate::template::RoleSpec;

pub fn plan_service_account(
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
    let keep = |map: &mut Map, found: &Map, applied: &BTreeSet<String>| {
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

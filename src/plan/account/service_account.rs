//! The ServiceAccount's part of the plan: to make it, annotate it, or leave it to its owner.

use std::collections::BTreeSet;

use crate::asked::{Conflicts, Goal, IamServiceAccount, Permissions};
use crate::model::{
    AUDIENCE_ANNOTATION, Cluster, CommandLine, MANAGED_BY, MANAGED_BY_LABEL, Map, ROLE_ANNOTATION,
    RoleArn, SAVED_ANNOTATION,
};
use crate::plan::{Action, ObjectPresence, Reason, Role, ServiceAccountChange, Track};
use crate::policy::{Difference, Item};
use crate::world::{ObservedAccount, ServiceAccount, ServiceAccountState, StackState};

/// Makes the ServiceAccount, or annotates one that is there, where that differs. Values that others set
/// are refused, unless they may be overridden; with an association one that is there is left as it is.
pub fn plan_service_account(
    track: &mut Track,
    goal: Goal,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    role: &Role,
    observed: &ObservedAccount,
) {
    let mut change = to_make(asked, role);
    match &observed.service_account {
        // What is going is waited for.
        ServiceAccountState::NotLooked | ServiceAccountState::Going(_) => {}
        ServiceAccountState::NamespaceGoing(left) => {
            let reason = Reason::NamespaceGoing {
                namespace: asked.name.namespace.clone(),
                left: left.clone(),
            };
            track.refuse(&cluster.name, reason);
        }
        ServiceAccountState::Missing => {
            let (label, value) = (MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
            change.labels.insert(label, value);
            track.actions.push(Action::ApplyServiceAccount(change));
        }
        // It is there, which is all that an association wants.
        ServiceAccountState::Found(_) if asked.association.is_some() => {}
        ServiceAccountState::Found(account) => {
            tell_audience(&mut change, asked, account);
            let change = change_of(goal, change, account, observed);
            refuse_other_values(track, goal, &change, asked, cluster, account);
            if !is_as_asked(&change, account) {
                let left = left_elsewhere(asked, cluster, account);
                let left = left.filter(|_| track.refusals.is_empty());
                track.notes.extend(left);
                track.actions.push(Action::ApplyServiceAccount(change));
            }
        }
    }
}

/// One that is not there yet.
fn to_make(asked: &IamServiceAccount, role: &Role) -> ServiceAccountChange {
    ServiceAccountChange {
        name: asked.name.clone(),
        presence: ObjectPresence::Missing,
        role: asked.association.is_none().then(|| role.clone()),
        labels: asked.labels.clone(),
        annotations: asked.annotations.clone(),
        conflicts: asked.conflicts,
        differences: Vec::new(),
        defaults: None,
    }
}

/// A change of the role's audience to the default one must not leave the pods' tokens with the former.
fn tell_audience(
    change: &mut ServiceAccountChange,
    asked: &IamServiceAccount,
    account: &ServiceAccount,
) {
    let audience = asked.audience.as_str();
    let other = account.annotations.get(AUDIENCE_ANNOTATION);
    if let Permissions::Edited(edits) = &asked.permissions
        && edits.audience.is_some()
        && other.is_some_and(|other| other != audience)
    {
        let annotations = &mut change.annotations;
        annotations.insert(AUDIENCE_ANNOTATION.to_owned(), audience.to_owned());
    }
}

/// Server-side apply removes what its manager applied earlier and leaves out now. Only `apply` wants
/// that: a file is the whole of what is asked for.
fn change_of(
    goal: Goal,
    mut change: ServiceAccountChange,
    account: &ServiceAccount,
    observed: &ObservedAccount,
) -> ServiceAccountChange {
    change.presence = ObjectPresence::Found(account.version.clone());
    let (labels, annotations) = (&account.applied_labels, &account.applied_annotations);
    keep_applied(goal, &mut change.labels, &account.labels, labels);
    keep_applied(
        goal,
        &mut change.annotations,
        &account.annotations,
        annotations,
    );
    if is_replaced(&change, account, observed) {
        change.conflicts = Conflicts::Overridden;
    }
    let of_labels = differences(&Item::Label, &change.labels, &account.labels, labels);
    let of_annotations = differences(
        &Item::Annotation,
        &change.annotations,
        &account.annotations,
        annotations,
    );
    change.differences = [of_labels, of_annotations].concat();
    change
}

fn keep_applied(goal: Goal, asked: &mut Map, found: &Map, applied: &BTreeSet<String>) {
    let kept = applied.iter().filter(|key| {
        let is_ours = *key == MANAGED_BY_LABEL || *key == SAVED_ANNOTATION;
        *key != ROLE_ANNOTATION && (goal != Goal::Apply || is_ours)
    });
    for key in kept {
        if let Some(value) = found.get(key) {
            asked.entry(key.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// Whether another's role annotation is of no use to anybody.
fn is_replaced(
    change: &ServiceAccountChange,
    account: &ServiceAccount,
    observed: &ObservedAccount,
) -> bool {
    let former = match &observed.stack {
        StackState::Found(found) => found.stack.role_arn.as_ref().map(ToString::to_string),
        StackState::Absent => None,
    };
    // The stack that made the annotated role is replaced, or was, and the role is gone.
    let is_replaced = matches!(change.role, Some(Role::OutputOf(_)))
        && former.is_some()
        && former.as_deref() == account.role();
    // A chart that leaves the annotation empty owns a value that is none.
    let is_empty = account.role().is_none() && account.annotations.contains_key(ROLE_ANNOTATION);
    is_replaced || account.role_is_gone || is_empty
}

/// What the apply changes: values that are not so yet, and those of ours that go.
fn differences(
    item: &Item,
    asked: &Map,
    found: &Map,
    applied: &BTreeSet<String>,
) -> Vec<Difference> {
    let pair = |map: &Map, key: &String| map.get(key).map(|value| format!("{key}={value}"));
    let keys = asked
        .keys()
        .chain(applied.iter().filter(|key| found.contains_key(*key)));
    let keys: BTreeSet<&String> = keys.filter(|key| *key != ROLE_ANNOTATION).collect();
    let all = keys
        .into_iter()
        .map(|key| Difference::of(item.clone(), pair(asked, key), pair(found, key)));
    all.filter(|difference| !difference.is_empty()).collect()
}

/// A role of another account than the one that is asked for now: what made it there stays.
fn left_elsewhere(
    asked: &IamServiceAccount,
    cluster: &Cluster,
    account: &ServiceAccount,
) -> Option<String> {
    let former: RoleArn = account.role()?.parse().ok()?;
    if former.account() == cluster.account {
        return None;
    }
    let (namespace, name) = (&asked.name.namespace, &asked.name.name);
    let command = CommandLine::of(
        "irsactl delete iamserviceaccount {} --namespace {} --cluster {} --role-only",
        &[name, namespace, &cluster.name],
    );
    let own = cluster.eks.as_ref().map(|eks| eks.arn.account.as_str());
    let command = match cluster.arn() {
        Some(arn) => command.and("--region {}", &[&arn.region]),
        None => command,
    };
    let command = if own == Some(former.account()) {
        command
    } else {
        command.and("--role-profile PROFILE", &[])
    };
    Some(format!(
        "its former role {former} stays in account {}: where a stack of its name made it, `{command}` deletes that",
        former.account()
    ))
}

/// Where the annotation or a label has another value that is not irsactl's own to change.
fn refuse_other_values(
    track: &mut Track,
    goal: Goal,
    change: &ServiceAccountChange,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    account: &ServiceAccount,
) {
    if asked.conflicts == Conflicts::Overridden {
        return;
    }
    let wanted = expected_role(change, asked, cluster);
    let is_ours = account.applied_annotations.contains(ROLE_ANNOTATION);
    if let Some(found) = account.role()
        && change.conflicts == Conflicts::Refused
        && wanted.as_deref() != Some(found)
        && !(goal == Goal::Apply && is_ours)
    {
        let found = found.to_owned();
        track.refuse(&cluster.name, Reason::OtherRole { found, wanted });
    }
    let annotations = &account.applied_annotations;
    for (asked, found, applied) in [
        (&change.labels, &account.labels, &account.applied_labels),
        (&change.annotations, &account.annotations, annotations),
    ] {
        for (key, wanted) in asked {
            let found = found.get(key).filter(|found| *found != wanted);
            if let Some(found) = found.filter(|_| !applied.contains(key)) {
                let reason = Reason::OtherValue {
                    key: key.clone(),
                    found: found.clone(),
                    wanted: wanted.clone(),
                };
                track.refuse(&cluster.name, reason);
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
        (Some(Role::Arn(arn)), _) => Some(arn.to_string()),
        (Some(Role::OutputOf(_)), Permissions::Role(spec)) => spec.arn(cluster),
        (Some(Role::OutputOf(_)) | None, _) => None,
    }
}

fn is_as_asked(change: &ServiceAccountChange, account: &ServiceAccount) -> bool {
    let Some(Role::Arn(role)) = &change.role else {
        return false;
    };
    account.role() == Some(role.to_string().as_str()) && change.differences.is_empty()
}

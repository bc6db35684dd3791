//! A ready stack against what is asked: its template, its tags, and the role as it is now, which may
//! have been edited behind CloudFormation's back.

use serde_json::Value;

use super::drift::{self, Live};
use super::{Aim, Drift, Permissions, Task};
use crate::observe::{FoundStack, Lookup};
use crate::plan::token::token;
use crate::plan::{Action, Refusal, Role, Track, UpdateStack};
use crate::policy::{self, Subject, Trust};
use crate::template::{self, Difference, RoleEdits, RoleTemplate};

/// A ready stack: is its role what is asked for? Where it is not, it is made so or refused.
pub fn plan_ready(track: &mut Track, task: Task<'_>, found: &FoundStack) -> Option<Role> {
    let stack = found.stack.name.clone();
    let (Some(body), Some(template), Some(arn)) =
        (&found.body, &found.template, &found.stack.role_arn)
    else {
        track.refusals.push(Refusal::UnreadableTemplate { stack });
        return None;
    };
    let is_gone = match &found.role {
        Lookup::Missing => true,
        // A role of the same name with another path is not the stack's.
        Lookup::Found(role) => role.arn != arn.to_string(),
        Lookup::Unknown(message) => {
            track.notes.push(format!(
                "cannot read the role's trust policy, the template's is compared: {message}"
            ));
            false
        }
    };
    if is_gone {
        return replace_gone(track, task, found);
    }
    let live = Live::of(track, template, found);
    refuse_old_issuer(track, task, &live)?;
    let body = asked_template(track, task, body, template)?;
    let asked = RoleTemplate::read(&body, &task.cluster.partition)?;
    let mut differences = RoleTemplate::differences(&asked, template);
    differences.extend(tag_differences(task, found));
    let live = live.after_update(template, &asked);
    if task.aim == Aim::Create {
        return compare_only(track, task, found, differences, live.drift(&asked));
    }
    if differences.iter().any(Difference::needs_another_role) {
        differences.retain(Difference::needs_another_role);
        track.refusals.push(Refusal::AnotherRole {
            cluster: task.cluster.name.clone(),
            name: task.asked.name.clone(),
            differences,
        });
        return None;
    }
    if !differences.is_empty() {
        let update = update_stack(task, found, &asked, body, differences);
        track.actions.push(Action::UpdateStack(update));
    }
    plan_drift(track, task, arn.name(), &live, &asked);
    Some(Role::Arn(arn.clone()))
}

/// The stack has lost its role. Only a new stack makes another one.
fn replace_gone(track: &mut Track, task: Task<'_>, found: &FoundStack) -> Option<Role> {
    let stack = found.stack.name.clone();
    if task.aim == Aim::Apply {
        track.notes.push(format!(
            "the role of stack \"{stack}\" was deleted outside of CloudFormation: the stack is deleted and created again"
        ));
        return task.make(track, Some(found));
    }
    track.refusals.push(Refusal::RoleGone {
        cluster: task.cluster.name.clone(),
        name: task.asked.name.clone(),
        stack,
    });
    None
}

/// `create` does not take over a role of the cluster's former issuer.
fn refuse_old_issuer(track: &mut Track, task: Task<'_>, live: &Live) -> Option<()> {
    let wanted = task.cluster.provider_arn();
    let principals = policy::federated_principals(live.trust());
    let other = principals
        .first()
        .filter(|_| !principals.contains(&wanted.as_str()));
    match other {
        Some(other) if task.aim == Aim::Create => {
            track.refusals.push(Refusal::OldIssuer {
                cluster: task.cluster.name.clone(),
                name: task.asked.name.clone(),
                found: (*other).to_owned(),
                wanted,
            });
            None
        }
        _ => Some(()),
    }
}

/// The template that the stack is to have. A name or path that is not asked for stays as it is.
fn asked_template(
    track: &mut Track,
    task: Task<'_>,
    body: &Value,
    found: &RoleTemplate,
) -> Option<Value> {
    let (asked, cluster) = (task.asked, task.cluster);
    match &asked.permissions {
        Permissions::Role(spec) => {
            let mut template = template::render(spec, cluster, &asked.name);
            let role = &mut template["Resources"]["Role1"]["Properties"];
            for (property, value) in [("RoleName", &found.role_name), ("Path", &found.path)] {
                if let (None, Some(value)) = (role.get(property), value) {
                    role[property] = value.as_str().into();
                }
            }
            Some(template)
        }
        Permissions::Edited(edits) => {
            let trust = edited_trust(track, task, edits, &found.trust)?;
            Some(edits.applied(body, trust))
        }
        Permissions::Existing(_) => None,
    }
}

/// The trust policy after single changes (`Some(None)`: it stays as it is): another subject or
/// audience, or the cluster's present issuer in the place of its former one.
fn edited_trust(
    track: &mut Track,
    task: Task<'_>,
    edits: &RoleEdits,
    found: &Value,
) -> Option<Option<Value>> {
    let provider = task.cluster.provider_arn();
    let principals = policy::federated_principals(found);
    let is_present = principals.contains(&provider.as_str());
    let is_edited = edits.subject_pattern.is_some() || edits.audience.is_some();
    let trust = match (is_edited, principals.as_slice()) {
        (false, _) if is_present => return Some(None),
        (true, _) => Trust::read(found, &task.asked.name).map(|known| {
            let pattern = edits.subject_pattern.clone().or(known.pattern);
            let audience = edits.audience.clone().unwrap_or(known.audience);
            let subject = match &pattern {
                Some(pattern) => Subject::Pattern(&task.asked.name, pattern),
                None => Subject::Account(&task.asked.name),
            };
            policy::trust_policy(&provider, &task.cluster.issuer, &subject, &audience)
        }),
        (false, [former]) => Some(policy::with_issuer(
            found,
            former,
            &task.cluster.issuer,
            &provider,
        )),
        (false, _) => None,
    };
    if trust.is_none() {
        track.refusals.push(Refusal::UnreadableTrust {
            name: task.asked.name.clone(),
        });
    }
    trust.map(Some)
}

fn tag_differences(task: Task<'_>, found: &FoundStack) -> Vec<Difference> {
    let tags = &found.stack.tags;
    let differ = task
        .asked
        .tags
        .iter()
        .filter(|(key, value)| tags.get(*key) != Some(value));
    differ
        .map(|(key, value)| {
            let found = tags.get(key).map(|value| format!("{key}={value}"));
            Difference::of("tag", [format!("{key}={value}")], found)
        })
        .collect()
}

/// `create` changes no role: it tells what differs. What the role has beyond its template is noted.
fn compare_only(
    track: &mut Track,
    task: Task<'_>,
    found: &FoundStack,
    mut differences: Vec<Difference>,
    drift: Vec<Difference>,
) -> Option<Role> {
    let (lacking, beyond): (Vec<_>, Vec<_>) = drift.into_iter().partition(drift::is_lacking);
    let beyond: Vec<String> = beyond
        .into_iter()
        .flat_map(
            |difference| match difference.item.strip_prefix("inline policy ") {
                Some(name) => vec![name.to_owned()],
                None => difference.found,
            },
        )
        .collect();
    if !beyond.is_empty() {
        track.notes.push(format!(
            "the role has policies that were attached by hand: {}",
            beyond.join(", ")
        ));
    }
    let by_hand = differences.is_empty() && !lacking.is_empty();
    differences.extend(lacking);
    if !differences.is_empty() {
        track.refusals.push(Refusal::Differs {
            cluster: task.cluster.name.clone(),
            name: task.asked.name.clone(),
            stack: found.stack.name.clone(),
            differences,
            by_hand,
        });
        return None;
    }
    found.stack.role_arn.clone().map(Role::Arn)
}

fn update_stack(
    task: Task<'_>,
    found: &FoundStack,
    asked: &RoleTemplate,
    template: Value,
    differences: Vec<Difference>,
) -> UpdateStack {
    let stack = &found.stack;
    let mut tags = stack.tags.clone();
    tags.retain(|key, _| !key.starts_with("aws:"));
    tags.extend(task.asked.tags.clone());
    let needed = match asked.role_name {
        Some(_) => "CAPABILITY_NAMED_IAM",
        None => "CAPABILITY_IAM",
    };
    let mut capabilities = stack.capabilities.clone();
    if !capabilities
        .iter()
        .any(|known| known == needed || known == "CAPABILITY_NAMED_IAM")
    {
        capabilities.push(needed.to_owned());
    }
    let name = token(&[
        &stack.id,
        &stack.changed,
        &template.to_string(),
        &format!("{tags:?}"),
    ]);
    UpdateStack {
        stack: stack.name.clone(),
        id: stack.id.clone(),
        change_set: name,
        differences,
        template,
        tags,
        capabilities,
        service_role: task.asked.service_role.clone(),
    }
}

fn plan_drift(track: &mut Track, task: Task<'_>, role: &str, live: &Live, asked: &RoleTemplate) {
    let drift = live.drift(asked);
    match (task.drift, &task.asked.permissions) {
        _ if drift.is_empty() => {}
        (Drift::Repaired, _) => track.actions.push(Action::RepairRole {
            role: role.to_owned(),
            repairs: live.repairs(asked),
            differences: drift,
        }),
        // Only what was named is asked for.
        (Drift::Told, Permissions::Edited(_)) => {
            let lines = drift.iter().flat_map(Difference::lines);
            let notes = lines.map(|line| format!("the role was changed by hand: {line}"));
            track.notes.extend(notes);
        }
        (Drift::Told, _) => track.drift = drift,
    }
}

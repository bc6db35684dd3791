//! A ready stack against what is asked: its template, its tags, and the role as it is now, which may
//! have been edited behind CloudFormation's back.

use serde_json::Value;

use super::drift::{Live, Mending};
use super::remedy::remedy;
use super::{StackTask, edited, others};
use crate::asked::{Deployment, DeploymentMode, Drift, Goal, Permissions};
use crate::model::{
    Lookup, Map, PolicyArn, RoleArn, SERVICE_ACCOUNT_TAG, ServiceAccountName, StackName, is_aws_tag,
};
use crate::plan::token::token;
use crate::plan::{Action, Reason, Repair, Role, Track, UpdateStack};
use crate::policy::{self, Difference, Item, indented, pod_identity};
use crate::template::{self, Managed, ManagedPolicy, RoleTemplate};
use crate::world::{Associations, FoundStack, Stack};

/// A ready stack: is its role what is asked for? Where it is not, it is made so or refused.
pub fn plan_ready(track: &mut Track, task: StackTask<'_>, found: &FoundStack) -> Option<Role> {
    let stack = found.stack.name.clone();
    let (Some(body), Some(template), Some(arn)) = (&found.body, &found.template, found.own_role())
    else {
        track.refuse(&task.cluster.name, Reason::UnreadableTemplate { stack });
        return None;
    };
    if is_role_gone(track, found, arn) {
        return replace_gone(track, task, found);
    }
    let live = Live::of(track, task.cluster, template, found);
    refuse_old_issuer(track, task, &live)?;
    others::refuse_moved(track, task, template)?;
    let mut body = asked_template(track, task, found, body, template)?;
    let was_wide = pod_identity::is_wide(live.trust());
    let live = others::narrowed(track, task, found, live, &body)?;
    others::keep(track, task, found, &live, &mut body)?;
    let asked = RoleTemplate::read(&body, &task.cluster.partition)?;
    if was_wide {
        others::warn_of_other_clusters(track, task, &live, &asked.trust);
    }
    let differences = all_differences(track, task, found, &asked, template);
    let live = live.after_update(template, &asked);
    track.unknown.extend(live.unknown(&asked));
    warn_of_secrets(track, &stack, &body);
    if task.goal == Goal::Create {
        return compare_only(track, task, found, differences, live.drift(&asked));
    }
    refuse_another_role(track, task, &differences)?;
    if !differences.is_empty() {
        let update = update_stack(task, found, &asked, body, differences);
        track.actions.push(Action::UpdateStack(update));
    }
    plan_drift(track, task, arn.name(), &live, &asked);
    note_absent(track, task, &live, template);
    Some(Role::Arn(arn.clone()))
}

/// Of the template and of the stack's tags.
fn all_differences(
    track: &mut Track,
    task: StackTask<'_>,
    found: &FoundStack,
    asked: &RoleTemplate,
    template: &RoleTemplate,
) -> Vec<Difference> {
    let mut differences = RoleTemplate::differences(asked, template);
    differences.extend(tag_differences(task, found));
    differences.extend(lost_tag(track, task, found));
    differences
}

fn refuse_another_role(
    track: &mut Track,
    task: StackTask<'_>,
    differences: &[Difference],
) -> Option<()> {
    let of_another = differences.iter().filter(|it| it.needs_another_role());
    let differences: Vec<Difference> = of_another.cloned().collect();
    if differences.is_empty() {
        return Some(());
    }
    track.refuse(&task.cluster.name, Reason::AnotherRole { differences });
    None
}

/// Whether the role is gone that the stack made. One that cannot be read is not, and that is told.
fn is_role_gone(track: &mut Track, found: &FoundStack, arn: &RoleArn) -> bool {
    match &found.role {
        Lookup::Missing => true,
        // A role of the same name with another path is not the stack's.
        Lookup::Found(role) => role.arn != *arn,
        Lookup::Unknown(message) => {
            track.unknown.push(format!(
                "cannot read the role's trust policy, the template's is compared: {message}"
            ));
            false
        }
    }
}

/// What a stack's own template has stays, whoever put it there.
fn warn_of_secrets(track: &mut Track, stack: &StackName, body: &Value) {
    let secrets = template::fetched_secrets(body).into_iter();
    let told = secrets.map(|secret| format!("the template of stack \"{stack}\": {secret}"));
    track.warnings.extend(told);
}

/// The stack has lost its role. Only a new stack makes another one.
fn replace_gone(track: &mut Track, task: StackTask<'_>, found: &FoundStack) -> Option<Role> {
    let stack = found.stack.name.clone();
    // CloudFormation deletes by name.
    if let Lookup::Found(other) = &found.role {
        track.refuse(
            &task.cluster.name,
            Reason::RoleReplaced {
                stack,
                arn: other.arn.clone(),
            },
        );
        return None;
    }
    if task.goal == Goal::Apply {
        track.notes.push(format!(
            "the role of stack \"{stack}\" was deleted outside of CloudFormation: the stack is deleted and created again"
        ));
        return task.make(track, Some(found));
    }
    track.refuse(&task.cluster.name, Reason::RoleGone { stack });
    None
}

/// `create` does not take over a role of the cluster's former issuer; in another account than the cluster's
/// nothing does, as it may be that of another cluster of the same name.
fn refuse_old_issuer(track: &mut Track, task: StackTask<'_>, live: &Live<'_>) -> Option<()> {
    let wanted = task.cluster.provider_arn();
    let principals = policy::federated_principals(live.trust());
    let other = principals
        .first()
        .filter(|_| !principals.contains(&wanted.as_str()));
    match other {
        Some(_) if task.asked.association.is_some() => Some(()),
        Some(other) if task.cluster.has_roles_elsewhere => {
            let reason = Reason::OfOtherCluster {
                account: task.cluster.account.clone(),
                found: Some((*other).to_owned()),
                wanted: Some(wanted),
            };
            track.refuse(&task.cluster.name, reason);
            None
        }
        Some(other) if task.goal == Goal::Create => {
            track.refuse(
                &task.cluster.name,
                Reason::OldIssuer {
                    found: (*other).to_owned(),
                    wanted,
                },
            );
            None
        }
        _ => Some(()),
    }
}

/// The template that the stack is to have: its own, with what is asked for in it. All that it has beyond
/// what irsactl and eksctl render stays, and is told.
fn asked_template(
    track: &mut Track,
    task: StackTask<'_>,
    found: &FoundStack,
    body: &Value,
    role: &RoleTemplate,
) -> Option<Value> {
    let stack = &found.stack.name;
    let using = using(track, task, found)?;
    let asked = edited::template(task.asked, task.cluster, stack, body, role, &using);
    let Some(template) = asked else {
        track.refuse(&task.cluster.name, Reason::UnreadableTrust);
        return None;
    };
    if let Some(resource) = template::touched(body, &template) {
        track.refuse(
            &task.cluster.name,
            Reason::ResourceTaken {
                stack: stack.clone(),
                resource: resource.to_string(),
            },
        );
        return None;
    }
    let beyond = template::beyond(body, task.asked.permissions.document_name());
    if !beyond.is_empty() {
        let beyond = beyond.join(", ");
        track
            .notes
            .push(format!("its stack has more, which stays: {beyond}"));
    }
    Some(template)
}

/// The associations that a narrower trust policy must still let in.
fn using(track: &mut Track, task: StackTask<'_>, found: &FoundStack) -> Option<Associations> {
    let spec = task.asked.association.as_ref();
    if !spec.is_some_and(|spec| spec.restrict_trust) {
        return Some(Associations::new());
    }
    match &found.associations {
        Lookup::Found(using) => {
            // Its own too, even where this run is to let it send them: the role comes first.
            let untagged = using.iter().filter(|(_, it)| it.session_tags_disabled);
            let accounts: Vec<ServiceAccountName> =
                untagged.map(|(name, _)| name.clone()).collect();
            if accounts.is_empty() {
                return Some(using.clone());
            }
            track.refuse(&task.cluster.name, Reason::Untagged { accounts });
            None
        }
        Lookup::Missing => Some(Associations::new()),
        Lookup::Unknown(why) => {
            let reason = Reason::Associated {
                role: found.own_role()?.name().to_owned(),
                associations: Vec::new(),
                is_on_irsa: true,
                unknown: Some(why.clone()),
            };
            track.refuse(&task.cluster.name, reason);
            None
        }
    }
}

fn tag_differences(task: StackTask<'_>, found: &FoundStack) -> Vec<Difference> {
    let tags = &found.stack.tags;
    let differ = task
        .asked
        .tags
        .iter()
        .filter(|(key, value)| tags.get(*key) != Some(value));
    differ
        .map(|(key, value)| {
            let found = tags.get(key).map(|value| format!("{key}={value}"));
            Difference::of(Item::Tag, [format!("{key}={value}")], found)
        })
        .collect()
}

/// The tag that says whose the stack is, which eksctl's migration may have taken away. The role is none the
/// worse, so that `create` only tells it.
fn lost_tag(track: &mut Track, task: StackTask<'_>, found: &FoundStack) -> Option<Difference> {
    if !found.stack.lacks_owner() || task.asked.association.is_some() {
        return None;
    }
    let tag = format!("{SERVICE_ACCOUNT_TAG}={}", task.asked.name);
    if task.goal == Goal::Create {
        track.notes.push(format!(
            "its stack has lost the tag {tag}: `update` and `apply` put it back, while it has its role by IRSA"
        ));
        return None;
    }
    Some(Difference::of(Item::Tag, [tag], None))
}

/// `create` changes no role: it tells what differs. What the role has beyond its template is noted.
fn compare_only(
    track: &mut Track,
    task: StackTask<'_>,
    found: &FoundStack,
    mut differences: Vec<Difference>,
    drift: Vec<Difference>,
) -> Option<Role> {
    let (lacking, beyond): (Vec<_>, Vec<_>) = drift.into_iter().partition(Difference::is_lacking);
    let beyond = beyond.into_iter().flat_map(|it| match it.item {
        Item::InlinePolicy(name) => vec![name],
        _ => it.found,
    });
    let beyond: Vec<String> = beyond.collect();
    if !beyond.is_empty() {
        track.notes.push(format!(
            "the role has policies that were attached by hand: {}",
            beyond.join(", ")
        ));
    }
    let by_hand = differences.is_empty() && !lacking.is_empty();
    let remedy = remedy(task, &differences, !lacking.is_empty());
    differences.extend(lacking);
    if !differences.is_empty() {
        track.refuse(
            &task.cluster.name,
            Reason::Differs {
                stack: found.stack.name.clone(),
                differences,
                by_hand,
                remedy,
            },
        );
        return None;
    }
    found.stack.role_arn.clone().map(Role::Arn)
}

fn update_stack(
    task: StackTask<'_>,
    found: &FoundStack,
    asked: &RoleTemplate,
    template: Value,
    differences: Vec<Difference>,
) -> UpdateStack {
    let mut tags = found.stack.tags.clone();
    tags.retain(|key, _| !is_aws_tag(key));
    tags.extend(task.asked.tags.clone());
    if task.asked.association.is_none() {
        tags.insert(SERVICE_ACCOUNT_TAG.to_owned(), task.asked.name.to_string());
    }
    let removes = found.body.as_ref();
    let removes = removes.map_or_else(Vec::new, |body| template::removed(body, &template));
    UpdateStack {
        removes,
        ..update_of(
            &found.stack,
            template,
            tags,
            differences,
            asked.role_name.is_some(),
            task.asked.deployment(),
        )
    }
}

/// A change set that takes nothing away.
pub fn update_of(
    stack: &Stack,
    template: Value,
    tags: Map,
    differences: Vec<Difference>,
    is_named: bool,
    deployment: Deployment,
) -> UpdateStack {
    let needed = if is_named {
        "CAPABILITY_NAMED_IAM"
    } else {
        "CAPABILITY_IAM"
    };
    let mut capabilities = stack.capabilities.clone();
    if !capabilities
        .iter()
        .any(|known| known == needed || known == "CAPABILITY_NAMED_IAM")
    {
        capabilities.push(needed.to_owned());
    }
    let (changed, tags_text) = (format!("{:?}", stack.changed), format!("{tags:?}"));
    let template_text = template.to_string();
    let mut parts = vec![&*stack.id, &*changed, &*template_text, &*tags_text];
    // A change set has its mode for good: one that a run in another mode left is none of this run's.
    if deployment.mode != DeploymentMode::Standard {
        parts.push(deployment.mode.word());
    }
    let name = token(&parts);
    UpdateStack {
        stack: stack.name.clone(),
        id: stack.id.clone(),
        change_set: name,
        differences,
        removes: Vec::new(),
        template,
        tags,
        capabilities,
        deployment,
    }
}

const UNREPAIRABLE: &str = "what only CloudFormation can work out cannot be put back by calls to IAM: change it in the stack \
     (take an inline policy out by `update` with `--remove-inline-policy NAME`, then put it in again)";

/// What was changed by hand: it is mended where that is asked for, and told otherwise.
fn plan_drift(
    track: &mut Track,
    task: StackTask<'_>,
    role: &str,
    live: &Live<'_>,
    asked: &RoleTemplate,
) {
    let mending = mending(task, live, asked);
    if !mending.repairs.is_empty() {
        track.actions.push(Action::RepairRole {
            role: role.to_owned(),
            repairs: mending.repairs,
            differences: mending.differences,
        });
    }
    match (task.drift, &task.asked.permissions) {
        // Only what was named is asked for.
        (Drift::Told, Permissions::Edited(_)) => {
            if !mending.left.is_empty() {
                track.is_other = true;
                track.notes.push(format!(
                    "the role was changed by hand, `--repair-drift` undoes that (- is there, + is asked for){}",
                    indented(&mending.left)
                ));
            }
        }
        (drift, _) => {
            if drift == Drift::Repaired && !mending.left.is_empty() {
                track.warnings.push(UNREPAIRABLE.to_owned());
            }
            track.drift = mending.left;
        }
    }
}

/// What of it is undone, and what is left.
fn mending(task: StackTask<'_>, live: &Live<'_>, asked: &RoleTemplate) -> Mending {
    match (task.drift, &task.asked.permissions) {
        (Drift::Repaired, _) => live.mending(asked, |_| true),
        (Drift::Told, Permissions::Edited(edits)) => {
            let spec = task.asked.association.as_ref();
            let is_restricted =
                spec.is_some_and(|spec| spec.restrict_trust) && pod_identity::is_wide(live.trust());
            live.mending(asked, |repair| {
                let is_of_trust = is_restricted && matches!(repair, Repair::SetTrust(_));
                is_of_trust || live.is_named(edits, repair)
            })
        }
        (Drift::Told, _) => live.mending(asked, |_| false),
    }
}

/// That what is to be taken away was not there is no failure, but may be a mistake.
fn note_absent(track: &mut Track, task: StackTask<'_>, live: &Live<'_>, template: &RoleTemplate) {
    let Permissions::Edited(edits) = &task.asked.permissions else {
        return;
    };
    if let Managed::Changed { removed, .. } = &edits.managed {
        let is_there = |arn: &PolicyArn| {
            let named = ManagedPolicy::Arn(arn.clone());
            template.managed.contains(&named) || live.has_managed(arn)
        };
        let absent = removed.iter().filter(|arn| !is_there(arn));
        let told = absent.map(|arn| format!("the role does not have managed policy {arn}"));
        track.notes.extend(told);
    }
    let names = edits.removed_inline.iter();
    let absent = names
        .filter(|name| !template.inline.contains_key(live.short(name)) && !live.has_inline(name));
    let told = absent.map(|name| format!("the role does not have inline policy {name}"));
    track.notes.extend(told);
}

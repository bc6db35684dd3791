//! Updates: resource by resource to what is desired, and back again where one fails. What the
//! update has touched is noted as it goes, for the way back leads through the same handlers and
//! may fail itself.

use serde_json::Value;

use super::super::world::{Account, Pace};
use super::engine::{check_hook, make, note_failure, note_outputs, remove, tell};
use super::template::{Declared, Template, parse, resolved};
use super::{Desired, Resource, Stack, Update, Wait, Work, resources};

/// What was to be said of a resource that cannot be had under its own name twice.
fn same_name(name: &str) -> String {
    format!(
        "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {name} and update \
         the stack again."
    )
}

/// Begins an update. One that failed and was left so (`UPDATE_FAILED`) is gone on with: its way
/// back still leads to what was in force before.
pub fn begin_update(stack: &mut Stack, desired: Desired, keeps_failure: bool, at: i64, wait: Wait) {
    let begun = stack.update.take().unwrap_or_else(|| Update {
        before: stack.desired(),
        ..Update::default()
    });
    stack.update = Some(Update {
        keeps_failure,
        ..begun
    });
    stack.updated = Some(at);
    stack.set_desired(desired);
    stack.outdate_change_sets();
    stack.set_status(at, "UPDATE_IN_PROGRESS", Some("User Initiated"));
    stack.start(Work::Update, wait);
}

pub fn update(stack: &mut Stack, account: &mut Account, at: i64, pace: Pace) {
    let template = match parse(&stack.template, &stack.parameters) {
        Ok(template) => template,
        Err(refused) => return fail(stack, &refused.message, at, pace),
    };
    match bring_up(stack, account, &template, at) {
        Ok(()) => {
            note_outputs(stack, &template);
            stack.description.clone_from(&template.description);
            stack.set_status(at, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
            stack.start(Work::CleanUp, Wait::for_cleanup(pace, at));
        }
        Err(reason) => fail(stack, &reason, at, pace),
    }
}

fn fail(stack: &mut Stack, reason: &str, at: i64, pace: Pace) {
    if stack
        .update
        .as_ref()
        .is_some_and(|update| update.keeps_failure)
    {
        return stack.set_status(at, "UPDATE_FAILED", Some(reason));
    }
    begin_roll_back(stack, Vec::new(), reason, at, Wait::new(pace, at));
}

/// Creates and changes resources; the error is the reason of the rollback.
fn bring_up(
    stack: &mut Stack,
    account: &mut Account,
    template: &Template,
    at: i64,
) -> Result<(), String> {
    for declared in &template.resources {
        let name = &declared.name;
        let old = stack.resources.get(name).cloned();
        let Some(old) = old.filter(|old| old.status != "CREATE_FAILED") else {
            note(stack, name, None);
            let kind = &declared.kind;
            stack.add_event(at, name, "", kind, "CREATE_IN_PROGRESS", None, None);
            if let Err(reason) = make(stack, account, declared, template, at) {
                note_failure(stack, declared, template, &reason, at);
                let reason = "The following resource(s) failed to create";
                return Err(format!("{reason}: [{name}]. "));
            }
            continue;
        };
        let changed = resolved(&declared.properties, stack, template)
            .and_then(|properties| change(stack, account, declared, &old, properties, at));
        if let Err(reason) = changed {
            tell_failed(stack, name, &reason, at);
            let reason = "The following resource(s) failed to update";
            return Err(format!("{reason}: [{name}]. "));
        }
    }
    Ok(())
}

/// Notes what a resource was before the update; the first note stays.
fn note(stack: &mut Stack, name: &str, old: Option<Resource>) {
    if let Some(update) = &mut stack.update
        && !update.changed.iter().any(|(known, _)| known == name)
    {
        update.changed.push((name.to_owned(), old));
    }
}

fn mark(stack: &mut Stack, name: &str, status: &str, reason: Option<&str>, at: i64) {
    if let Some(resource) = stack.resources.get_mut(name) {
        resource.status = status.to_owned();
        resource.reason = reason.map(str::to_owned);
        resource.changed = at;
    }
}

/// Changes one resource if its properties or tags differ.
fn change(
    stack: &mut Stack,
    account: &mut Account,
    declared: &Declared,
    old: &Resource,
    properties: Value,
    at: i64,
) -> Result<(), String> {
    let name = &declared.name;
    let tagged =
        old.kind == "AWS::IAM::Role" && old.tags != resources::role_tags(name, &properties, stack);
    if old.properties == properties && !tagged && old.status != "UPDATE_FAILED" {
        return Ok(());
    }
    note(stack, name, Some(old.clone()));
    let replaced = old.kind != declared.kind || resources::is_replaced(old, &properties);
    let reason = replaced.then_some(
        "Requested update requires the creation of a new physical resource; hence creating one.",
    );
    tell(stack, name, old, at, "UPDATE_IN_PROGRESS", reason);
    check_hook(stack, account, declared, "UPDATE_IN_PROGRESS", at)?;
    let mut resource = if replaced {
        let named = &properties["RoleName"];
        if named.as_str() == Some(&old.physical_id) {
            return Err(same_name(&old.physical_id));
        }
        resources::create(declared, properties, stack, account)?
    } else {
        resources::update(old, name, properties, stack, account)?
    };
    resource.order = old.order;
    resource.retained = declared.retained;
    resource.status = "UPDATE_COMPLETE".to_owned();
    resource.reason = None;
    resource.changed = at;
    tell(stack, name, &resource, at, "UPDATE_COMPLETE", None);
    stack.resources.insert(name.clone(), resource);
    Ok(())
}

/// Deletes what the template has no more, and what was replaced; then the update is done.
pub fn clean_up(stack: &mut Stack, account: &mut Account, at: i64) {
    let template = parse(&stack.template, &stack.parameters);
    let known: Vec<String> = template.map_or_else(
        |_| stack.resources.keys().cloned().collect(),
        |template| template.resources.into_iter().map(|all| all.name).collect(),
    );
    let mut gone: Vec<String> = stack.resources.keys().cloned().collect();
    gone.retain(|name| !known.contains(name));
    let mut left = false;
    for name in gone {
        left |= !remove(stack, account, &name, false, at);
        stack.resources.remove(&name);
    }
    for (name, old) in stack.update.take().unwrap_or_default().changed {
        let now = stack.resources.get(&name).map(|now| &now.physical_id);
        if let Some(old) = old.filter(|old| now.is_some_and(|now| *now != old.physical_id)) {
            discard(stack, account, &name, &old, at);
        }
    }
    let reason = "Update successful. One or more resources could not be deleted.";
    stack.set_status(at, "UPDATE_COMPLETE", left.then_some(reason));
}

/// Deletes something that the stack has no place for any more. That it cannot be deleted is told,
/// and no more.
fn discard(stack: &mut Stack, account: &mut Account, name: &str, old: &Resource, at: i64) {
    tell(stack, name, old, at, "DELETE_IN_PROGRESS", None);
    match resources::delete(old, stack, account) {
        Ok(()) => tell(stack, name, old, at, "DELETE_COMPLETE", None),
        Err(reason) => tell(stack, name, old, at, "DELETE_FAILED", Some(&reason)),
    }
}

/// Begins the way back to what was in force; the resources of `skipped` are left as they are.
pub fn begin_roll_back(stack: &mut Stack, skipped: Vec<String>, reason: &str, at: i64, wait: Wait) {
    if let Some(before) = stack.update.as_ref().map(|update| update.before.clone()) {
        stack.set_desired(before);
    }
    stack.set_status(at, "UPDATE_ROLLBACK_IN_PROGRESS", Some(reason));
    stack.start(Work::UpdateRollback(skipped), wait);
}

/// Puts back what the update changed, the last first. What was created stays until the clean-up.
pub fn roll_back(
    stack: &mut Stack,
    account: &mut Account,
    skipped: &[String],
    at: i64,
    pace: Pace,
) {
    let mut update = stack.update.take().unwrap_or_default();
    let mut failed = Vec::new();
    for (name, old) in std::mem::take(&mut update.changed).into_iter().rev() {
        let done = match &old {
            _ if skipped.contains(&name) => {
                tell_skipped(stack, &name, old.as_ref(), at);
                continue;
            }
            None => {
                update.changed.push((name, None));
                continue;
            }
            Some(old) => match stack.rollback_failure.take() {
                Some(reason) => Err(reason),
                None => put_back(stack, account, &name, old, at),
            },
        };
        match done {
            Ok(surplus) => update.surplus.extend(surplus.map(|it| (name, it))),
            Err(reason) => {
                tell_failed(stack, &name, &reason, at);
                failed.push(name.clone());
                update.changed.push((name, old));
            }
        }
    }
    update.changed.reverse();
    stack.update = Some(update);
    if failed.is_empty() {
        let status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS";
        stack.set_status(at, status, None);
        return stack.start(Work::RollbackCleanUp, Wait::for_cleanup(pace, at));
    }
    let names = failed.join(", ");
    let reason = format!("The following resource(s) failed to update: [{names}]. ");
    stack.set_status(at, "UPDATE_ROLLBACK_FAILED", Some(&reason));
}

fn tell_failed(stack: &mut Stack, name: &str, reason: &str, at: i64) {
    if let Some(resource) = stack.resources.get(name).cloned() {
        tell(stack, name, &resource, at, "UPDATE_FAILED", Some(reason));
    }
    mark(stack, name, "UPDATE_FAILED", Some(reason), at);
}

/// A resource that ContinueUpdateRollback skips counts as it was, whatever it is.
fn tell_skipped(stack: &mut Stack, name: &str, old: Option<&Resource>, at: i64) {
    let Some(old) = old else { return };
    tell(stack, name, old, at, "UPDATE_COMPLETE", None);
    stack.resources.insert(name.to_owned(), old.clone());
    mark(stack, name, "UPDATE_COMPLETE", None, at);
}

/// Puts one resource back; tells the new one where it had been replaced.
fn put_back(
    stack: &mut Stack,
    account: &mut Account,
    name: &str,
    old: &Resource,
    at: i64,
) -> Result<Option<Resource>, String> {
    let current = stack.resources.get(name).cloned().unwrap_or_default();
    let replaced = current.physical_id != old.physical_id;
    let mut restored = old.clone();
    if !replaced {
        tell(stack, name, &current, at, "UPDATE_IN_PROGRESS", None);
        restored = resources::update(&current, name, old.properties.clone(), stack, account)?;
    }
    restored.status = "UPDATE_COMPLETE".to_owned();
    restored.reason = None;
    restored.changed = at;
    tell(stack, name, &restored, at, "UPDATE_COMPLETE", None);
    stack.resources.insert(name.to_owned(), restored);
    Ok(replaced.then_some(current))
}

/// Deletes what the update had created; then everything is as before.
pub fn clean_up_rollback(stack: &mut Stack, account: &mut Account, at: i64) {
    let update = stack.update.take().unwrap_or_default();
    for (name, _) in update.changed.iter().rev() {
        remove(stack, account, name, false, at);
        stack.resources.remove(name);
    }
    for (name, surplus) in &update.surplus {
        discard(stack, account, name, surplus, at);
    }
    if let Ok(template) = parse(&stack.template, &stack.parameters) {
        stack.description = template.description;
    }
    stack.set_status(at, "UPDATE_ROLLBACK_COMPLETE", None);
}

/// An update that came to that status, for `World::add_stack`. What failed names every resource.
pub fn arrange_update(stack: &mut Stack, status: &str, at: i64) {
    stack.updated = Some(at);
    stack.set_status(at, "UPDATE_IN_PROGRESS", Some("User Initiated"));
    if status.ends_with("FAILED") || status == "UPDATE_ROLLBACK_IN_PROGRESS" {
        let changed = stack.resources.clone().into_iter();
        stack.update = Some(Update {
            before: stack.desired(),
            changed: changed.map(|(name, old)| (name, Some(old))).collect(),
            ..Update::default()
        });
    }
    let names: Vec<String> = stack.resources.keys().cloned().collect();
    if status.starts_with("UPDATE_ROLLBACK") {
        let names = names.join(", ");
        let reason = format!("The following resource(s) failed to update: [{names}]. ");
        stack.set_status(at, "UPDATE_ROLLBACK_IN_PROGRESS", Some(&reason));
    }
    if status.ends_with("FAILED") {
        for name in &names {
            mark(stack, name, "UPDATE_FAILED", None, at);
        }
    }
    if stack.status != status {
        stack.set_status(at, status, None);
    }
}

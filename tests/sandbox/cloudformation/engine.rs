//! The work on a stack: create, roll back, delete, each with the events that AWS tells. Updates
//! have a file of their own, for they can be undone.

use serde_json::Value;

use super::super::world::{Account, Pace};
use super::template::{Declared, Template, parse, resolved};
use super::{OnFailure, Resource, Stack, Wait, Work, resources, update};

const CANCELLED: &str = "Resource creation cancelled";

/// Begins a creation: the first events, and the wait.
pub fn begin_create(stack: &mut Stack, at: i64, wait: Wait) {
    stack.set_status(at, "CREATE_IN_PROGRESS", Some("User Initiated"));
    if let Ok(template) = parse(&stack.template, &stack.parameters) {
        for declared in template
            .resources
            .iter()
            .filter(|declared| declared.dependencies.is_empty())
        {
            stack.add_event(
                at,
                &declared.name,
                "",
                &declared.kind,
                "CREATE_IN_PROGRESS",
                None,
                None,
            );
        }
    }
    stack.start(Work::Create, wait);
}

pub fn begin_delete(stack: &mut Stack, retained: Vec<String>, at: i64, wait: Wait) {
    stack.set_status(at, "DELETE_IN_PROGRESS", Some("User Initiated"));
    stack.start(Work::Delete(retained), wait);
}

/// Does the stack's pending work; it may leave more.
pub fn carry_out(stack: &mut Stack, account: &mut Account, pace: Pace) {
    let Some(pending) = stack.pending.take() else {
        return;
    };
    let at = pending.wait.end();
    match pending.work {
        Work::Create => create(stack, account, at, pace),
        Work::Rollback => roll_back(stack, account, at),
        Work::Update => update::update(stack, account, at, pace),
        Work::CleanUp => update::clean_up(stack, account, at),
        Work::UpdateRollback(skipped) => update::roll_back(stack, account, &skipped, at, pace),
        Work::RollbackCleanUp => update::clean_up_rollback(stack, account, at),
        Work::Delete(retained) => delete(stack, account, &retained, at),
    }
}

fn create(stack: &mut Stack, account: &mut Account, at: i64, pace: Pace) {
    let template = match parse(&stack.template, &stack.parameters) {
        Ok(template) => template,
        Err(refused) => return stack.set_status(at, "CREATE_FAILED", Some(&refused.message)),
    };
    for (position, declared) in template.resources.iter().enumerate() {
        if !declared.dependencies.is_empty() {
            stack.add_event(
                at,
                &declared.name,
                "",
                &declared.kind,
                "CREATE_IN_PROGRESS",
                None,
                None,
            );
        }
        if let Err(reason) = make(stack, account, declared, &template, at) {
            note_failure(stack, declared, &template, &reason, at);
            let mut failed = vec![declared.name.clone()];
            failed.extend(cancel(stack, &template.resources[position + 1..], at));
            return fail_create(stack, &failed, at, pace);
        }
    }
    note_outputs(stack, &template);
    stack.set_status(at, "CREATE_COMPLETE", None);
}

/// Makes one resource, with the events of a success.
pub(super) fn make(
    stack: &mut Stack,
    account: &mut Account,
    declared: &Declared,
    template: &Template,
    at: i64,
) -> Result<(), String> {
    if let Some(reason) = account.unmakable.get(&declared.name) {
        return Err(reason.clone());
    }
    check_hook(stack, account, declared, "CREATE_IN_PROGRESS", at)?;
    let properties = resolved(&declared.properties, stack, template)?;
    let mut resource = resources::create(declared, properties, stack, account)?;
    resource.status = "CREATE_COMPLETE".to_owned();
    resource.changed = at;
    let initiated = Some("Resource creation Initiated");
    tell(
        stack,
        &declared.name,
        &resource,
        at,
        "CREATE_IN_PROGRESS",
        initiated,
    );
    tell(
        stack,
        &declared.name,
        &resource,
        at,
        "CREATE_COMPLETE",
        None,
    );
    stack.resources.insert(declared.name.clone(), resource);
    Ok(())
}

/// What a hook says is an event of the resource; where it refuses, the resource's own failure names the
/// hook and nothing more (CloudFormation Hooks User Guide; the order of the events is from memory).
pub(super) fn check_hook(
    stack: &mut Stack,
    account: &Account,
    declared: &Declared,
    status: &str,
    at: i64,
) -> Result<(), String> {
    let (name, kind) = (&declared.name, &declared.kind);
    let Some(hook) = account.resource_hooks.get(name) else {
        return Ok(());
    };
    let physical = stack.resources.get(name);
    let physical = physical.map_or_else(String::new, |it| it.physical_id.clone());
    stack.add_event(at, name, &physical, kind, status, None, None);
    if let Some(event) = stack.events.last_mut() {
        event.hook = Some(hook.clone());
    }
    if hook.status.ends_with("FAILED") && hook.mode != "WARN" {
        return Err(format!("The following hook(s) failed: [{}]", hook.name));
    }
    Ok(())
}

pub(super) fn tell(
    stack: &mut Stack,
    name: &str,
    resource: &Resource,
    at: i64,
    status: &str,
    reason: Option<&str>,
) {
    let properties = Some(&resource.properties);
    stack.add_event(
        at,
        name,
        &resource.physical_id,
        &resource.kind,
        status,
        reason,
        properties,
    );
}

pub(super) fn note_failure(
    stack: &mut Stack,
    declared: &Declared,
    template: &Template,
    reason: &str,
    at: i64,
) {
    let properties = resolved(&declared.properties, stack, template).unwrap_or(Value::Null);
    let resource = Resource {
        kind: declared.kind.clone(),
        physical_id: resources::intended_id(declared, &properties, stack),
        status: "CREATE_FAILED".to_owned(),
        reason: Some(reason.to_owned()),
        changed: at,
        properties,
        order: stack.resources.len(),
        ..Resource::default()
    };
    tell(
        stack,
        &declared.name,
        &resource,
        at,
        "CREATE_FAILED",
        Some(reason),
    );
    stack.resources.insert(declared.name.clone(), resource);
}

/// The resources that were being created side by side with the failed one.
pub(super) fn cancel(stack: &mut Stack, others: &[Declared], at: i64) -> Vec<String> {
    let under_way = others
        .iter()
        .filter(|declared| declared.dependencies.is_empty());
    let mut names = Vec::new();
    for declared in under_way {
        stack.add_event(
            at,
            &declared.name,
            "",
            &declared.kind,
            "CREATE_FAILED",
            Some(CANCELLED),
            None,
        );
        names.push(declared.name.clone());
    }
    names
}

pub(super) fn fail_create(stack: &mut Stack, failed: &[String], at: i64, pace: Pace) {
    let reason = format!(
        "The following resource(s) failed to create: [{}]. ",
        failed.join(", ")
    );
    match stack.on_failure {
        OnFailure::DoNothing => stack.set_status(at, "CREATE_FAILED", Some(&reason)),
        OnFailure::Rollback => {
            let reason = format!("{reason}Rollback requested by user.");
            stack.set_status(at, "ROLLBACK_IN_PROGRESS", Some(&reason));
            stack.start(Work::Rollback, Wait::new(pace, at));
        }
        OnFailure::Delete => {
            let reason = format!("{reason}Delete requested by user.");
            stack.set_status(at, "DELETE_IN_PROGRESS", Some(&reason));
            stack.start(Work::Delete(Vec::new()), Wait::new(pace, at));
        }
    }
}

pub(super) fn roll_back(stack: &mut Stack, account: &mut Account, at: i64) {
    let failed = remove_all(stack, account, &[], at);
    if failed.is_empty() {
        return stack.set_status(at, "ROLLBACK_COMPLETE", None);
    }
    let reason = format!(
        "The following resource(s) failed to delete: [{}]. ",
        failed.join(", ")
    );
    stack.set_status(at, "ROLLBACK_FAILED", Some(&reason));
}

fn delete(stack: &mut Stack, account: &mut Account, retained: &[String], at: i64) {
    let failed = remove_all(stack, account, retained, at);
    if failed.is_empty() {
        stack.deleted = Some(at);
        return stack.set_status(at, "DELETE_COMPLETE", None);
    }
    let reason = format!(
        "The following resource(s) failed to delete: [{}]. ",
        failed.join(", ")
    );
    stack.set_status(at, "DELETE_FAILED", Some(&reason));
}

/// Deletes the stack's resources, the newest first; tells which could not be.
fn remove_all(
    stack: &mut Stack,
    account: &mut Account,
    retained: &[String],
    at: i64,
) -> Vec<String> {
    let mut names: Vec<(usize, String)> = stack
        .resources
        .iter()
        .map(|(name, resource)| (resource.order, name.clone()))
        .collect();
    names.sort_unstable_by(|one, other| other.cmp(one));
    let mut failed = Vec::new();
    for (_, name) in names {
        let keep = retained.contains(&name);
        if !remove(stack, account, &name, keep, at) {
            failed.push(name);
        }
    }
    failed
}

/// Deletes one resource (or keeps what it stands for) with its events; false when that failed.
pub(super) fn remove(
    stack: &mut Stack,
    account: &mut Account,
    name: &str,
    keep: bool,
    at: i64,
) -> bool {
    let Some(mut resource) = stack.resources.remove(name) else {
        return true;
    };
    if resource.status == "DELETE_COMPLETE" || resource.status == "DELETE_SKIPPED" {
        stack.resources.insert(name.to_owned(), resource);
        return true;
    }
    let failed_to_create = resource.status == "CREATE_FAILED";
    let outcome = if keep || resource.retained {
        Ok("DELETE_SKIPPED")
    } else {
        tell(stack, name, &resource, at, "DELETE_IN_PROGRESS", None);
        let done = if failed_to_create {
            Ok(())
        } else {
            resources::delete(&resource, stack, account)
        };
        done.map(|()| "DELETE_COMPLETE")
    };
    let (status, reason) = match &outcome {
        Ok(status) => (*status, None),
        Err(reason) => ("DELETE_FAILED", Some(reason.as_str())),
    };
    tell(stack, name, &resource, at, status, reason);
    resource.status = status.to_owned();
    resource.reason = reason.map(str::to_owned);
    resource.changed = at;
    stack.resources.insert(name.to_owned(), resource);
    outcome.is_ok()
}

pub(super) fn note_outputs(stack: &mut Stack, template: &Template) {
    let values = template.outputs.iter().filter_map(|(name, output)| {
        let value = resolved(&output["Value"], stack, template).ok()?;
        Some((
            name.clone(),
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned),
        ))
    });
    stack.outputs = values.collect();
}

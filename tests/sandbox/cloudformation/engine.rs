//! The work on a stack: create, roll back, update, delete, each with the events that AWS tells.

use serde_json::Value;

use super::super::world::{Account, Pace};
use super::template::{Declared, Template, parse, resolved};
use super::{Desired, OnFailure, Resource, Stack, Wait, Work, resources};

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

pub fn begin_update(stack: &mut Stack, desired: Desired, at: i64, wait: Wait) {
    stack.updated = Some(at);
    stack.set_status(at, "UPDATE_IN_PROGRESS", Some("User Initiated"));
    stack.start(Work::Update(Box::new(desired)), wait);
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
        Work::Update(desired) => update(stack, account, *desired, at, pace),
        Work::UpdateRollback => {
            stack.set_status(at, "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", None);
            stack.set_status(at, "UPDATE_ROLLBACK_COMPLETE", None);
        }
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
fn make(
    stack: &mut Stack,
    account: &mut Account,
    declared: &Declared,
    template: &Template,
    at: i64,
) -> Result<(), String> {
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

fn tell(
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

fn note_failure(
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
fn cancel(stack: &mut Stack, others: &[Declared], at: i64) -> Vec<String> {
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

fn fail_create(stack: &mut Stack, failed: &[String], at: i64, pace: Pace) {
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

fn roll_back(stack: &mut Stack, account: &mut Account, at: i64) {
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
fn remove(stack: &mut Stack, account: &mut Account, name: &str, keep: bool, at: i64) -> bool {
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

/// Brings the stack to what is desired; on a failure everything is as before, and the stack rolls
/// its update back.
fn update(stack: &mut Stack, account: &mut Account, desired: Desired, at: i64, pace: Pace) {
    let (before, resources_before, roles_before) = (
        stack.desired(),
        stack.resources.clone(),
        account.roles.clone(),
    );
    set_desired(stack, desired);
    let template = match parse(&stack.template, &stack.parameters) {
        Ok(template) => template,
        Err(refused) => return stack.set_status(at, "UPDATE_FAILED", Some(&refused.message)),
    };
    match bring_up(stack, account, &template, at) {
        Ok(replaced) => {
            note_outputs(stack, &template);
            stack.description.clone_from(&template.description);
            stack.set_status(at, "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", None);
            clean_up(stack, account, &template, &replaced, at);
            stack.set_status(at, "UPDATE_COMPLETE", None);
        }
        Err(failed) => {
            set_desired(stack, before);
            stack.resources = resources_before;
            account.roles = roles_before;
            let reason = format!("The following resource(s) failed to update: [{failed}]. ");
            stack.set_status(at, "UPDATE_ROLLBACK_IN_PROGRESS", Some(&reason));
            stack.start(Work::UpdateRollback, Wait::new(pace, at));
        }
    }
}

fn set_desired(stack: &mut Stack, desired: Desired) {
    stack.template = desired.template;
    stack.parameters = desired.parameters;
    stack.tags = desired.tags;
    stack.capabilities = desired.capabilities;
}

/// Creates and changes resources; tells the old ones that were replaced, or the name that failed.
fn bring_up(
    stack: &mut Stack,
    account: &mut Account,
    template: &Template,
    at: i64,
) -> Result<Vec<(String, Resource)>, String> {
    let mut replaced = Vec::new();
    for declared in &template.resources {
        let name = &declared.name;
        let Some(old) = stack.resources.get(name).cloned() else {
            stack.add_event(
                at,
                name,
                "",
                &declared.kind,
                "CREATE_IN_PROGRESS",
                None,
                None,
            );
            if let Err(reason) = make(stack, account, declared, template, at) {
                note_failure(stack, declared, template, &reason, at);
                return Err(name.clone());
            }
            continue;
        };
        let changed = resolved(&declared.properties, stack, template)
            .and_then(|properties| change(stack, account, declared, &old, properties, at));
        match changed {
            Ok(true) => replaced.push((name.clone(), old)),
            Ok(false) => {}
            Err(reason) => {
                tell(stack, name, &old, at, "UPDATE_FAILED", Some(&reason));
                return Err(name.clone());
            }
        }
    }
    Ok(replaced)
}

/// Changes one resource if its properties or tags differ; true when it was replaced.
fn change(
    stack: &mut Stack,
    account: &mut Account,
    declared: &Declared,
    old: &Resource,
    properties: Value,
    at: i64,
) -> Result<bool, String> {
    let name = &declared.name;
    let tagged =
        old.kind == "AWS::IAM::Role" && old.tags != resources::role_tags(name, &properties, stack);
    if old.properties == properties && !tagged {
        return Ok(false);
    }
    let replaced = old.kind != declared.kind || resources::is_replaced(old, &properties);
    let reason = replaced.then_some(
        "Requested update requires the creation of a new physical resource; hence creating one.",
    );
    tell(stack, name, old, at, "UPDATE_IN_PROGRESS", reason);
    let mut resource = if replaced {
        resources::create(declared, properties, stack, account)?
    } else {
        resources::update(old, declared, properties, stack, account)?
    };
    resource.order = old.order;
    resource.status = "UPDATE_COMPLETE".to_owned();
    resource.changed = at;
    tell(stack, name, &resource, at, "UPDATE_COMPLETE", None);
    stack.resources.insert(name.clone(), resource);
    Ok(replaced)
}

/// Deletes what the template has no more, and what was replaced.
fn clean_up(
    stack: &mut Stack,
    account: &mut Account,
    template: &Template,
    replaced: &[(String, Resource)],
    at: i64,
) {
    let known = |name: &String| {
        template
            .resources
            .iter()
            .any(|declared| declared.name == *name)
    };
    let gone: Vec<String> = stack
        .resources
        .keys()
        .filter(|name| !known(name))
        .cloned()
        .collect();
    for name in gone {
        remove(stack, account, &name, false, at);
        stack.resources.remove(&name);
    }
    for (name, old) in replaced {
        tell(stack, name, old, at, "DELETE_IN_PROGRESS", None);
        match resources::delete(old, stack, account) {
            Ok(()) => tell(stack, name, old, at, "DELETE_COMPLETE", None),
            Err(reason) => tell(stack, name, old, at, "DELETE_FAILED", Some(&reason)),
        }
    }
}

fn note_outputs(stack: &mut Stack, template: &Template) {
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

/// Brings a new stack of `World::add_stack` to the status, by the ways that lead there on AWS.
pub fn arrange(stack: &mut Stack, account: &mut Account, status: &str, pace: Pace) {
    let at = stack.created;
    let now = Wait::new(Pace::Polls(0), at);
    match status {
        "REVIEW_IN_PROGRESS" => return stack.set_status(at, status, Some("User Initiated")),
        "CREATE_IN_PROGRESS" => return begin_create(stack, at, Wait::new(pace, at)),
        "CREATE_FAILED" | "ROLLBACK_IN_PROGRESS" | "ROLLBACK_COMPLETE" | "ROLLBACK_FAILED" => {
            return arrange_failure(stack, account, status, at);
        }
        _ => begin_create(stack, at, now),
    }
    carry_out(stack, account, Pace::Polls(0));
    let unexpected = stack
        .events
        .iter()
        .filter(|event| event.status.ends_with("FAILED"));
    let unexpected: Vec<_> = unexpected
        .filter_map(|event| event.reason.clone())
        .collect();
    assert!(
        unexpected.is_empty(),
        "the stack's resources cannot be made: {unexpected:?}"
    );
    match status {
        "CREATE_COMPLETE" => {}
        "UPDATE_IN_PROGRESS" => begin_update(stack, stack.desired(), at, Wait::new(pace, at)),
        "DELETE_IN_PROGRESS" => begin_delete(stack, Vec::new(), at, Wait::new(pace, at)),
        "DELETE_COMPLETE" => {
            begin_delete(stack, Vec::new(), at, now);
            carry_out(stack, account, pace);
        }
        "DELETE_FAILED" => arrange_failed_delete(stack, at),
        _ => arrange_update(stack, status, at),
    }
}

/// A deletion that every resource refused.
fn arrange_failed_delete(stack: &mut Stack, at: i64) {
    let reason = "Resource handler returned message: \"Cannot delete entity, must detach all policies first. \
                  (Service: Iam, Status Code: 409, Request ID: 00000000-0000-0000-0000-000000000000)\" \
                  (RequestToken: 00000000-0000-0000-0000-000000000000, HandlerErrorCode: InvalidRequest)";
    stack.set_status(at, "DELETE_IN_PROGRESS", Some("User Initiated"));
    let mut names = Vec::new();
    for (name, mut resource) in stack.resources.clone() {
        tell(stack, &name, &resource, at, "DELETE_FAILED", Some(reason));
        resource.status = "DELETE_FAILED".to_owned();
        resource.reason = Some(reason.to_owned());
        stack.resources.insert(name.clone(), resource);
        names.push(name);
    }
    let reason = format!(
        "The following resource(s) failed to delete: [{}]. ",
        names.join(", ")
    );
    stack.set_status(at, "DELETE_FAILED", Some(&reason));
}

/// An update that came to that status; an update that was rolled back names what failed.
fn arrange_update(stack: &mut Stack, status: &str, at: i64) {
    stack.updated = Some(at);
    stack.set_status(at, "UPDATE_IN_PROGRESS", Some("User Initiated"));
    if status.starts_with("UPDATE_ROLLBACK") {
        let names: Vec<&str> = stack.resources.keys().map(String::as_str).collect();
        let reason = format!(
            "The following resource(s) failed to update: [{}]. ",
            names.join(", ")
        );
        stack.set_status(at, "UPDATE_ROLLBACK_IN_PROGRESS", Some(&reason));
    }
    if stack.status != status {
        stack.set_status(at, status, None);
    }
}

/// A creation that failed at its first resource.
fn arrange_failure(stack: &mut Stack, account: &mut Account, status: &str, at: i64) {
    begin_create(stack, at, Wait::new(Pace::Polls(0), at));
    stack.pending = None;
    let Ok(template) = parse(&stack.template, &stack.parameters) else {
        return;
    };
    let Some((first, others)) = template.resources.split_first() else {
        return;
    };
    let reason = "Resource handler returned message: \"Policy arn:aws:iam::aws:policy/Missing does not exist or is not \
                  attachable. (Service: Iam, Status Code: 404, Request ID: 00000000-0000-0000-0000-000000000000)\" \
                  (RequestToken: 00000000-0000-0000-0000-000000000000, HandlerErrorCode: NotFound)";
    note_failure(stack, first, &template, reason, at);
    let mut failed = vec![first.name.clone()];
    failed.extend(cancel(stack, others, at));
    if status == "CREATE_FAILED" {
        stack.on_failure = OnFailure::DoNothing;
    }
    fail_create(stack, &failed, at, Pace::Polls(0));
    stack.pending = None;
    match status {
        "ROLLBACK_COMPLETE" => roll_back(stack, account, at),
        "ROLLBACK_FAILED" => {
            let reason = format!(
                "The following resource(s) failed to delete: [{}]. ",
                failed.join(", ")
            );
            stack.set_status(at, status, Some(&reason));
        }
        _ => {}
    }
}

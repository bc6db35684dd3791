//! Stacks that tests find in the world: brought to any status with the events that lead there.

use super::super::aws::now;
use super::super::world::{Account, Pace};
use super::engine::{
    begin_create, begin_delete, cancel, carry_out, fail_create, note_failure, roll_back, tell,
};
use super::template::parse;
use super::{OnFailure, Stack, Wait, update};

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
        "UPDATE_IN_PROGRESS" => {
            update::begin_update(stack, stack.desired(), false, at, Wait::new(pace, at));
        }
        "DELETE_IN_PROGRESS" => begin_delete(stack, Vec::new(), at, Wait::new(pace, at)),
        "DELETE_COMPLETE" => {
            begin_delete(stack, Vec::new(), at, now);
            carry_out(stack, account, pace);
        }
        "DELETE_FAILED" => arrange_failed_delete(stack, at),
        _ => update::arrange_update(stack, status, at),
    }
}

/// Updates a stack from beginning to end.
pub fn update(stack: &mut Stack, account: &mut Account, template: &str, tags: &[(&str, &str)]) {
    let mut desired = stack.desired();
    template.clone_into(&mut desired.template);
    if !tags.is_empty() {
        let text = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        desired.tags = tags.iter().map(text).collect();
    }
    let (now, at_once) = (now(), Pace::Polls(0));
    update::begin_update(stack, desired, false, now, Wait::new(at_once, now));
    while stack.pending.is_some() {
        carry_out(stack, account, at_once);
    }
    let (status, reason) = (&stack.status, &stack.reason);
    assert_eq!(status, "UPDATE_COMPLETE", "the update failed: {reason:?}");
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

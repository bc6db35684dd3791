//! The operations that lead an update back: CancelUpdateStack, ContinueUpdateRollback,
//! RollbackStack.

use super::super::aws::{Parameters, Refusal, Xml, now};
use super::{Context, Stack, Wait, Work, requests, update};

const USER: &str = "User Initiated";

pub fn answer(
    context: &mut Context,
    action: &str,
    parameters: &Parameters,
) -> Option<Result<Xml, Refusal>> {
    Some(match action {
        "CancelUpdateStack" => cancel(context, parameters),
        "ContinueUpdateRollback" => go_on(context, parameters),
        "RollbackStack" => roll_back(context, parameters),
        _ => return None,
    })
}

fn cancel(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let token = requests::token(parameters, "ClientRequestToken")?;
    let pace = context.pace;
    let stack = context.stack_to_change(parameters.required("StackName")?)?;
    if stack.status != "UPDATE_IN_PROGRESS" {
        let message = "CancelUpdateStack cannot be called from current stack status";
        return Err(Refusal::validation(message));
    }
    stack.token = token;
    let at = now();
    update::begin_roll_back(stack, Vec::new(), USER, at, Wait::new(pace, at));
    Ok(Xml::default())
}

/// A repetition with the token of the rollback that goes on is no error.
fn go_on(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let token = requests::token(parameters, "ClientRequestToken")?;
    let pace = context.pace;
    let stack = context.stack_to_change(parameters.required("StackName")?)?;
    let repeated = token.is_some() && stack.token == token;
    if repeated && stack.status.starts_with("UPDATE_ROLLBACK_") && stack.is_in_progress() {
        return Ok(Xml::default());
    }
    check_status(stack, &["UPDATE_ROLLBACK_FAILED"])?;
    let skipped = parameters.list("ResourcesToSkip");
    for name in &skipped {
        let resource = stack.resources.get(name);
        if resource.is_none_or(|resource| resource.status != "UPDATE_FAILED") {
            let message = format!(
                "ResourcesToSkip can only contain resources in UPDATE_FAILED state: [{name}]"
            );
            return Err(Refusal::validation(message));
        }
    }
    stack.token = token;
    let at = now();
    update::begin_roll_back(stack, skipped, USER, at, Wait::new(pace, at));
    Ok(Xml::default())
}

/// Of a creation or an update whose failure was kept.
fn roll_back(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let token = requests::token(parameters, "ClientRequestToken")?;
    let pace = context.pace;
    let stack = context.stack_to_change(parameters.required("StackName")?)?;
    check_status(stack, &["CREATE_FAILED", "UPDATE_FAILED"])?;
    stack.token = token;
    let at = now();
    let wait = Wait::new(pace, at);
    if stack.status == "CREATE_FAILED" {
        stack.set_status(at, "ROLLBACK_IN_PROGRESS", Some(USER));
        stack.start(Work::Rollback, wait);
    } else {
        update::begin_roll_back(stack, Vec::new(), USER, at, wait);
    }
    Ok(Xml::default().text("StackId", &stack.id))
}

fn check_status(stack: &Stack, allowed: &[&str]) -> Result<(), Refusal> {
    if allowed.contains(&stack.status.as_str()) {
        return Ok(());
    }
    Err(Refusal::validation(format!(
        "Stack:{} is in {} state and can not be rolled back.",
        stack.id, stack.status
    )))
}

//! CreateStack, UpdateStack, DeleteStack, UpdateTerminationProtection: what AWS refuses at once,
//! before anything becomes an event.

use std::collections::BTreeMap;

use super::super::aws::{Parameters, Refusal, Xml, now};
use super::template::{self, Template};
use super::{Context, Deployment, Desired, NO_UPDATES, OnFailure, Stack, changes, engine, update};

/// AWS's default quota of stacks.
const STACKS: usize = 2000;

pub fn answer(
    context: &mut Context,
    action: &str,
    parameters: &Parameters,
) -> Option<Result<Xml, Refusal>> {
    Some(match action {
        "CreateStack" => create(context, parameters),
        "UpdateStack" => self::update(context, parameters),
        "DeleteStack" => delete(context, parameters),
        "UpdateTerminationProtection" => protect(context, parameters),
        _ => return None,
    })
}

fn create(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?.to_owned();
    check_name("stackName", &name)?;
    let (desired, template) = desired(parameters, None)?;
    let deployment = Deployment::asked(context, parameters)?;
    let on_failure = on_failure(parameters, deployment)?;
    let token = token(parameters, "ClientRequestToken")?;
    let request = parameters.without("");
    if let Some(stack) = context.stack(&name).filter(|stack| stack.name == name) {
        return match token.is_some() && stack.request_token() == token {
            true if stack.request == request => Ok(Xml::default().text("StackId", &stack.id)),
            true => Err(token_taken(token.as_deref())),
            false => {
                let message = format!("Stack [{name}] already exists");
                Err(Refusal::new(400, "AlreadyExistsException", message))
            }
        };
    }
    if token.is_some() && context.account.remembers_tokens {
        let mut gone = context.account.stacks.iter();
        if let Some(stack) = gone.find(|stack| stack.name == name && stack.request == request) {
            return Ok(Xml::default().text("StackId", &stack.id));
        }
    }
    check_limit(context)?;
    let (account, region) = (
        context.caller.account.clone(),
        context.caller.region.clone(),
    );
    let mut stack = Stack::new(context.account, &account, &region, &name);
    apply(&mut stack, desired, &template);
    stack.on_failure = on_failure;
    stack.deployment = deployment;
    stack.token = token;
    stack.request = request;
    stack.termination_protection = parameters.flag("EnableTerminationProtection") == Some(true);
    stack.role_arn = parameters.text("RoleARN").map(str::to_owned);
    let created = stack.created;
    engine::begin_create(&mut stack, created, deployment.wait(context.pace, created));
    let id = stack.id.clone();
    context.account.stacks.push(stack);
    Ok(Xml::default().text("StackId", &id))
}

impl Stack {
    /// The ClientRequestToken of its CreateStack.
    fn request_token(&self) -> Option<String> {
        token_in(&self.request)
    }
}

fn token_in(request: &[(String, String)]) -> Option<String> {
    let mut members = request.iter();
    members
        .find(|(key, _)| key == "ClientRequestToken")
        .map(|(_, token)| token.clone())
}

fn token_taken(token: Option<&str>) -> Refusal {
    let message = format!("Token [{}] already exists", token.unwrap_or_default());
    Refusal::new(400, "TokenAlreadyExistsException", message)
}

/// Gives a new stack what it was asked to be.
pub fn apply(stack: &mut Stack, desired: Desired, template: &Template) {
    stack.set_desired(desired);
    stack.description.clone_from(&template.description);
}

pub fn check_limit(context: &Context) -> Result<(), Refusal> {
    let limit = context.account.stack_limit.unwrap_or(STACKS);
    let region = &context.caller.region;
    let living = context.account.stacks.iter();
    let living = living
        .filter(|stack| stack.deleted.is_none() && stack.region == *region)
        .count();
    if living < limit {
        return Ok(());
    }
    let message = format!("Limit for stack has been exceeded, the limit is {limit}");
    Err(Refusal::new(400, "LimitExceededException", message))
}

/// Letters, digits and hyphens after a letter, 128 at most.
pub fn check_name(member: &str, name: &str) -> Result<(), Refusal> {
    if name.chars().count() > 128 {
        return Err(Refusal::constraint(
            member,
            name,
            "have length less than or equal to 128",
        ));
    }
    let first = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    if first && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(());
    }
    Err(Refusal::constraint(
        member,
        name,
        "satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*",
    ))
}

/// ClientRequestToken and ClientToken: alphanumeric, then also hyphens, 128 at most.
pub fn token(parameters: &Parameters, key: &str) -> Result<Option<String>, Refusal> {
    let Some(token) = parameters.text(key) else {
        return Ok(None);
    };
    let member = key.replacen("Client", "client", 1);
    if token.chars().count() > 128 {
        return Err(Refusal::constraint(
            &member,
            token,
            "have length less than or equal to 128",
        ));
    }
    let first = token
        .chars()
        .next()
        .is_some_and(|c| c.is_ascii_alphanumeric());
    if first && token.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') {
        return Ok(Some(token.to_owned()));
    }
    let rule = "satisfy regular expression pattern: [a-zA-Z0-9][-a-zA-Z0-9]*";
    Err(Refusal::constraint(&member, token, rule))
}

/// Template, parameters, tags and capabilities of a request; `current` fills what it takes over.
pub fn desired(
    parameters: &Parameters,
    current: Option<&Stack>,
) -> Result<(Desired, Template), Refusal> {
    let previous = current.filter(|_| parameters.flag("UsePreviousTemplate") == Some(true));
    let body = match (parameters.text("TemplateBody"), previous) {
        (Some(body), _) => body.to_owned(),
        (None, Some(stack)) => stack.template.clone(),
        (None, None) => {
            let message = "Either Template URL or Template Body must be specified.";
            return Err(Refusal::validation(message));
        }
    };
    let given = given(parameters, current);
    let template = template::parse(&body, &given)?;
    let tags = match current {
        Some(stack) if !parameters.has_list("Tags") => stack.tags.clone(),
        _ => checked_tags(parameters.tags())?,
    };
    let capabilities = parameters.list("Capabilities");
    check_capabilities(&capabilities, &template)?;
    Ok((
        Desired {
            template: body,
            parameters: given,
            tags,
            capabilities,
        },
        template,
    ))
}

/// Parameters: of those that are to keep their values, what the stack was given.
fn given(parameters: &Parameters, current: Option<&Stack>) -> Vec<(String, String)> {
    let keeps = |number: usize| {
        parameters.flag(&format!("Parameters.member.{number}.UsePreviousValue")) == Some(true)
    };
    let all = parameters.pairs("Parameters", "ParameterKey", "ParameterValue");
    let all = all.into_iter().enumerate();
    let value = |(index, (key, value)): (usize, (String, String))| match keeps(index + 1) {
        true => {
            let known = current.into_iter().flat_map(|stack| &stack.parameters);
            known.clone().find(|(name, _)| *name == key).cloned()
        }
        false => Some((key, value)),
    };
    all.filter_map(value).collect()
}

fn check_capabilities(given: &[String], template: &Template) -> Result<(), Refusal> {
    const KNOWN: [&str; 3] = [
        "CAPABILITY_IAM",
        "CAPABILITY_NAMED_IAM",
        "CAPABILITY_AUTO_EXPAND",
    ];
    if let Some(unknown) = given.iter().find(|given| !KNOWN.contains(&given.as_str())) {
        let rule = format!("satisfy enum value set: [{}]", KNOWN.join(", "));
        return Err(Refusal::constraint(
            "capabilities",
            &format!("[{unknown}]"),
            &rule,
        ));
    }
    let Some(needed) = template.capability() else {
        return Ok(());
    };
    if given
        .iter()
        .any(|given| given == needed || given == "CAPABILITY_NAMED_IAM")
    {
        return Ok(());
    }
    let message = format!("Requires capabilities : [{needed}]");
    Err(Refusal::new(
        400,
        "InsufficientCapabilitiesException",
        message,
    ))
}

/// 50 tags, keys of 1–128 and values of 1–256 characters, `aws:` reserved; of a key that is sent
/// twice the last counts.
fn checked_tags(tags: Vec<(String, String)>) -> Result<BTreeMap<String, String>, Refusal> {
    if tags.len() > 50 {
        let value = format!("[{} tags]", tags.len());
        return Err(Refusal::constraint(
            "tags",
            &value,
            "have length less than or equal to 50",
        ));
    }
    for (number, (key, value)) in tags.iter().enumerate() {
        let number = number + 1;
        check_length(&format!("tags.{number}.member.key"), key, 128)?;
        check_length(&format!("tags.{number}.member.value"), value, 256)?;
        if key.to_ascii_lowercase().starts_with("aws:") {
            let message = "aws: prefixed tag key names are not allowed for external use.";
            return Err(Refusal::validation(message));
        }
    }
    Ok(tags.into_iter().collect())
}

fn check_length(member: &str, value: &str, longest: usize) -> Result<(), Refusal> {
    let length = value.chars().count();
    if length == 0 {
        return Err(Refusal::constraint(
            member,
            value,
            "have length greater than or equal to 1",
        ));
    }
    if length > longest {
        let rule = format!("have length less than or equal to {longest}");
        return Err(Refusal::constraint(member, value, &rule));
    }
    Ok(())
}

fn on_failure(parameters: &Parameters, deployment: Deployment) -> Result<OnFailure, Refusal> {
    match (
        parameters.text("OnFailure"),
        parameters.flag("DisableRollback"),
    ) {
        (Some(_), Some(_)) => {
            let message = "You can specify either DisableRollback or OnFailure, but not both.";
            Err(Refusal::validation(message))
        }
        (Some("DO_NOTHING"), None) => Ok(OnFailure::DoNothing),
        (None, _) if deployment.keeps_failure() => Ok(OnFailure::DoNothing),
        (Some("DELETE"), None) => Ok(OnFailure::Delete),
        (Some("ROLLBACK"), None) | (None, _) => Ok(OnFailure::Rollback),
        (Some(other), None) => {
            let rule = "satisfy enum value set: [DELETE, DO_NOTHING, ROLLBACK]";
            Err(Refusal::constraint("onFailure", other, rule))
        }
    }
}

/// # Errors
/// When the stack is in a status that no update starts from.
pub fn check_updatable(stack: &Stack) -> Result<(), Refusal> {
    const UPDATABLE: [&str; 6] = [
        "CREATE_COMPLETE",
        "UPDATE_COMPLETE",
        "UPDATE_FAILED",
        "UPDATE_ROLLBACK_COMPLETE",
        "IMPORT_COMPLETE",
        "IMPORT_ROLLBACK_COMPLETE",
    ];
    if UPDATABLE.contains(&stack.status.as_str()) {
        return Ok(());
    }
    let message = format!(
        "Stack:{} is in {} state and can not be updated.",
        stack.id, stack.status
    );
    Err(Refusal::validation(message))
}

/// The same request with the same token once more is no error and no second update.
fn update(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?;
    let token = token(parameters, "ClientRequestToken")?;
    let pace = context.pace;
    let deployment = Deployment::asked(context, parameters)?;
    let stack = context.stack_to_change(name)?;
    let request = parameters.without("");
    if token.is_some() && token_in(&stack.update_request) == token {
        return match stack.update_request == request {
            true => Ok(Xml::default().text("StackId", &stack.id)),
            false => Err(token_taken(token.as_deref())),
        };
    }
    check_updatable(stack)?;
    let (desired, _) = desired(parameters, Some(stack))?;
    if stack.status != "UPDATE_FAILED" && changes::between(stack, &desired).is_none() {
        return Err(Refusal::validation(NO_UPDATES));
    }
    stack.token = token;
    stack.update_request = request;
    if let Some(role) = parameters.text("RoleARN") {
        stack.role_arn = Some(role.to_owned());
    }
    let at = now();
    stack.deployment = deployment;
    let wait = deployment.wait(pace, at);
    update::begin_update(stack, desired, deployment.keeps_failure(), at, wait);
    Ok(Xml::default().text("StackId", &stack.id))
}

/// A stack that is not there is no error.
fn delete(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?;
    let token = token(parameters, "ClientRequestToken")?;
    let pace = context.pace;
    let deployment = Deployment::asked(context, parameters)?;
    let Ok(stack) = context.stack_to_change(name) else {
        return Ok(Xml::default());
    };
    if stack.termination_protection {
        let message = format!(
            "Stack [{}] cannot be deleted while TerminationProtection is enabled",
            stack.name
        );
        return Err(Refusal::validation(message));
    }
    let mut retained = parameters.list("RetainResources");
    if !retained.is_empty() && stack.status != "DELETE_FAILED" {
        let message = "Invalid operation on stack. Specify resources to retain only when stack is in DELETE_FAILED state";
        return Err(Refusal::validation(message));
    }
    if parameters.text("DeletionMode") == Some("FORCE_DELETE_STACK") {
        let stuck = stack
            .resources
            .iter()
            .filter(|(_, resource)| resource.status == "DELETE_FAILED");
        retained.extend(stuck.map(|(name, _)| name.clone()));
    }
    match stack.status.as_str() {
        "DELETE_IN_PROGRESS" => return Ok(Xml::default()),
        "CREATE_IN_PROGRESS" => {}
        status if stack.is_in_progress() => {
            let message = format!(
                "Stack [{}] cannot be deleted while in status {status}",
                stack.id
            );
            return Err(Refusal::validation(message));
        }
        _ => {}
    }
    stack.token = token;
    if let Some(role) = parameters.text("RoleARN") {
        stack.role_arn = Some(role.to_owned());
    }
    let at = now();
    stack.deployment = deployment;
    engine::begin_delete(stack, retained, at, deployment.wait(pace, at));
    Ok(Xml::default())
}

fn protect(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?;
    parameters.required("EnableTerminationProtection")?;
    let stack = context.stack_to_change(name)?;
    stack.termination_protection = parameters.flag("EnableTerminationProtection") == Some(true);
    Ok(Xml::default().text("StackId", &stack.id))
}

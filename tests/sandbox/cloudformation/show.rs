//! The operations that show: stacks, events, resources, templates. All lists are newest first and
//! come in pages.

use super::super::aws::{self, Parameters, Refusal, Xml, timestamp};
use super::{Context, Event, OnFailure, Resource, Stack, change_sets, template};

pub fn answer(
    context: &mut Context,
    action: &str,
    parameters: &Parameters,
) -> Option<Result<Xml, Refusal>> {
    Some(match action {
        "DescribeStacks" => describe_stacks(context, parameters),
        "ListStacks" => list_stacks(context, parameters),
        "DescribeStackEvents" => describe_events(context, parameters),
        "DescribeStackResources" => describe_resources(context, parameters),
        "DescribeStackResource" => describe_resource(context, parameters),
        "ListStackResources" => list_resources(context, parameters),
        "GetTemplate" => get_template(context, parameters),
        "ValidateTemplate" => validate_template(parameters),
        _ => return None,
    })
}

/// A page of a list with its NextToken.
pub fn listed(
    name: &str,
    members: Vec<Xml>,
    context: &Context,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let (members, next) = aws::page(members, context.page_size, parameters.text("NextToken"))
        .map_err(Refusal::validation)?;
    Ok(Xml::default()
        .list(name, members)
        .optional("NextToken", next.as_deref()))
}

/// Every call that shows a stack in progress counts as a poll.
fn describe_stacks(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    if let Some(name) = parameters.text("StackName") {
        let stack = context.stack_to_show(name)?;
        let member = description(stack);
        poll(stack);
        return Ok(Xml::default().list("Stacks", [member]));
    }
    let shown = |stack: &Stack| stack.deleted.is_none();
    let (page, next) = stack_page(context, parameters, shown)?;
    let mut members = Vec::new();
    for at in page {
        let stack = &mut context.account.stacks[at];
        members.push(description(stack));
        poll(stack);
    }
    Ok(Xml::default()
        .list("Stacks", members)
        .optional("NextToken", next.as_deref()))
}

/// The places of one page of stacks, newest first, and the token of the next page. The token tells
/// the place to go on from: stacks that are made or deleted meanwhile neither shift a page nor
/// repeat a stack.
fn stack_page(
    context: &Context,
    parameters: &Parameters,
    shown: impl Fn(&Stack) -> bool,
) -> Result<(Vec<usize>, Option<String>), Refusal> {
    let stacks = &context.account.stacks;
    let from = match parameters.text("NextToken") {
        None => stacks.len(),
        Some(token) => token
            .strip_prefix("page-")
            .and_then(|number| number.parse().ok())
            .filter(|from| *from <= stacks.len())
            .ok_or_else(|| Refusal::validation("The pagination token is invalid"))?,
    };
    let region = &context.caller.region;
    let size = context.page_size.max(1);
    let places = (0..from).rev();
    let mut places: Vec<usize> = places
        .filter(|at| stacks[*at].region == *region && shown(&stacks[*at]))
        .take(size + 1)
        .collect();
    let more = places.len() > size;
    places.truncate(size);
    let next = places.last().filter(|_| more);
    let next = next.map(|last| format!("page-{last}"));
    Ok((places, next))
}

fn poll(stack: &mut Stack) {
    if let Some(pending) = &mut stack.pending {
        pending.wait.poll();
    }
}

fn description(stack: &Stack) -> Xml {
    let outputs = stack.outputs.iter().map(|(key, value)| {
        Xml::default()
            .text("OutputKey", key)
            .text("OutputValue", value)
    });
    let parameters = stack.parameters.iter().map(|(key, value)| {
        Xml::default()
            .text("ParameterKey", key)
            .text("ParameterValue", value)
    });
    let xml = summary(stack)
        .optional("Description", stack.description.as_deref())
        .list("Parameters", parameters)
        .element("RollbackConfiguration", Xml::default())
        .text(
            "DisableRollback",
            truth(stack.on_failure == OnFailure::DoNothing),
        )
        .list("NotificationARNs", [])
        .values("Capabilities", &stack.capabilities)
        .list("Outputs", outputs)
        .optional("RoleARN", stack.role_arn.as_deref())
        .tags(&stack.tags)
        .text(
            "EnableTerminationProtection",
            truth(stack.termination_protection),
        );
    let drift = Xml::default().text("StackDriftStatus", "NOT_CHECKED");
    xml.element("DriftInformation", drift)
}

/// What DescribeStacks and ListStacks have in common.
fn summary(stack: &Stack) -> Xml {
    Xml::default()
        .text("StackId", &stack.id)
        .text("StackName", &stack.name)
        .text("CreationTime", &timestamp(stack.created))
        .optional("LastUpdatedTime", stack.updated.map(timestamp).as_deref())
        .optional("DeletionTime", stack.deleted.map(timestamp).as_deref())
        .text("StackStatus", &stack.status)
        .optional("StackStatusReason", stack.reason.as_deref())
}

fn truth(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}

/// Deleted stacks are listed too, unless the filter leaves them out.
fn list_stacks(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let wanted = parameters.list("StackStatusFilter");
    let shown = |stack: &Stack| wanted.is_empty() || wanted.contains(&stack.status);
    let (page, next) = stack_page(context, parameters, shown)?;
    let members = page.into_iter().map(|at| {
        let stack = &context.account.stacks[at];
        let drift = Xml::default().text("StackDriftStatus", "NOT_CHECKED");
        summary(stack)
            .optional("TemplateDescription", stack.description.as_deref())
            .element("DriftInformation", drift)
    });
    Ok(Xml::default()
        .list("StackSummaries", members)
        .optional("NextToken", next.as_deref()))
}

fn describe_events(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?;
    let missing = || Refusal::validation(format!("Stack [{name}] does not exist"));
    let stack = context.stack(name).ok_or_else(missing)?;
    let members = stack
        .events
        .iter()
        .rev()
        .map(|event| event_xml(stack, event))
        .collect();
    listed("StackEvents", members, context, parameters)
}

fn event_xml(stack: &Stack, event: &Event) -> Xml {
    let hook = event.hook.as_ref();
    Xml::default()
        .text("StackId", &stack.id)
        .text("EventId", &event.id)
        .text("StackName", &stack.name)
        .text("LogicalResourceId", &event.logical_id)
        .text("PhysicalResourceId", &event.physical_id)
        .text("ResourceType", &event.kind)
        .text("Timestamp", &timestamp(event.timestamp))
        .text("ResourceStatus", &event.status)
        .optional("ResourceStatusReason", event.reason.as_deref())
        .optional("ResourceProperties", event.properties.as_deref())
        .optional("ClientRequestToken", event.token.as_deref())
        .optional("HookType", hook.map(|it| it.name.as_str()))
        .optional("HookStatus", hook.map(|it| it.status.as_str()))
        .optional("HookStatusReason", hook.map(|it| it.reason.as_str()))
        .optional("HookFailureMode", hook.map(|it| it.mode.as_str()))
}

fn resource_xml(name: &str, resource: &Resource, time: &str) -> Xml {
    let drift = Xml::default().text("StackResourceDriftStatus", "NOT_CHECKED");
    Xml::default()
        .text("LogicalResourceId", name)
        .text("PhysicalResourceId", &resource.physical_id)
        .text("ResourceType", &resource.kind)
        .text(time, &timestamp(resource.changed))
        .text("ResourceStatus", &resource.status)
        .optional("ResourceStatusReason", resource.reason.as_deref())
        .element("DriftInformation", drift)
}

fn with_stack(xml: Xml, stack: &Stack) -> Xml {
    xml.text("StackName", &stack.name)
        .text("StackId", &stack.id)
}

fn describe_resources(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?;
    let logical = parameters.text("LogicalResourceId");
    let stack = context.stack_to_show(name)?;
    let resources = stack
        .resources
        .iter()
        .filter(|(name, _)| logical.is_none_or(|logical| logical == *name));
    let members = resources
        .map(|(name, resource)| with_stack(resource_xml(name, resource, "Timestamp"), stack));
    Ok(Xml::default().list("StackResources", members))
}

fn describe_resource(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?;
    let logical = parameters.required("LogicalResourceId")?;
    let stack = context.stack_to_show(name)?;
    let Some(resource) = stack.resources.get(logical) else {
        let message = format!("Resource {logical} does not exist for stack {name}");
        return Err(Refusal::validation(message));
    };
    let detail = with_stack(
        resource_xml(logical, resource, "LastUpdatedTimestamp"),
        stack,
    );
    Ok(Xml::default().element("StackResourceDetail", detail))
}

fn list_resources(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?;
    let stack = context.stack_to_show(name)?;
    let resources = stack.resources.iter();
    let members = resources
        .map(|(name, resource)| resource_xml(name, resource, "LastUpdatedTimestamp"))
        .collect();
    listed("StackResourceSummaries", members, context, parameters)
}

/// Of a stack, or with `ChangeSetName` of what a change set would make of it. The stages are the
/// same without transforms.
fn get_template(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let stages = ["Original".to_owned(), "Processed".to_owned()];
    let stage = parameters.text("TemplateStage").unwrap_or("Original");
    if !stages.iter().any(|known| known == stage) {
        let rule = "satisfy enum value set: [Original, Processed]";
        return Err(Refusal::constraint("templateStage", stage, rule));
    }
    let template = if parameters.text("ChangeSetName").is_some() {
        change_sets::template_of(context, parameters)?
    } else {
        let name = parameters.required("StackName")?;
        context.stack_to_show(name)?.template.clone()
    };
    Ok(Xml::default()
        .text("TemplateBody", &template)
        .values("StagesAvailable", &stages))
}

fn validate_template(parameters: &Parameters) -> Result<Xml, Refusal> {
    let template = template::parse(parameters.required("TemplateBody")?, &[])?;
    let capabilities: Vec<String> = template
        .capability()
        .into_iter()
        .map(str::to_owned)
        .collect();
    Ok(Xml::default()
        .optional("Description", template.description.as_deref())
        .list("Parameters", [])
        .values("Capabilities", &capabilities))
}

//! Change sets, and what differs between a stack and a template.

use super::super::aws::{Parameters, Refusal, Xml, now, timestamp, uuid};
use super::show::listed;
use super::template::{self, resolved};
use super::{Context, Desired, Stack, Wait, engine, requests, resources};

const NO_CHANGES: &str = "The submitted information didn't contain changes. Submit different information to create a change set.";

/// A change set of a stack.
#[derive(Clone, Debug)]
pub struct ChangeSet {
    pub name: String,
    /// The ARN.
    pub id: String,
    pub description: Option<String>,
    pub status: String,
    pub reason: Option<String>,
    pub execution_status: String,
    pub changes: Vec<Change>,
    /// Milliseconds since 1970.
    pub created: i64,
    creates: bool,
    desired: Desired,
    role_arn: Option<String>,
    wait: Wait,
    found: Option<Vec<Change>>,
}

/// One resource's change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    /// `Add`, `Modify`, `Remove`.
    pub action: &'static str,
    pub logical_id: String,
    pub physical_id: Option<String>,
    pub kind: String,
    pub replacement: bool,
    pub scope: Vec<String>,
}

impl ChangeSet {
    /// Ends its creation when the time has come.
    pub(super) fn settle(&mut self) {
        if self.status != "CREATE_IN_PROGRESS" || !self.wait.is_over() {
            return;
        }
        match self.found.take() {
            Some(changes) => {
                self.changes = changes;
                self.set("CREATE_COMPLETE", "AVAILABLE", None);
            }
            None => self.set("FAILED", "UNAVAILABLE", Some(NO_CHANGES)),
        }
    }

    fn set(&mut self, status: &str, execution: &str, reason: Option<&str>) {
        self.status = status.to_owned();
        self.execution_status = execution.to_owned();
        self.reason = reason.map(str::to_owned);
    }
}

/// What would change in the stack; `None` when nothing would. A changed description alone is no
/// change, changed tags or outputs are.
pub fn between(stack: &Stack, desired: &Desired) -> Option<Vec<Change>> {
    let new = template::parse(&desired.template, &desired.parameters).ok()?;
    let mut seen = stack.clone();
    seen.tags.clone_from(&desired.tags);
    let mut changes = Vec::new();
    for declared in &new.resources {
        let old = stack.resources.get(&declared.name);
        let properties = resolved(&declared.properties, &seen, &new);
        let Some(old) = old else {
            changes.push(change("Add", &declared.name, None, &declared.kind));
            continue;
        };
        let mut scope = Vec::new();
        let properties = properties.ok();
        if properties.as_ref() != Some(&old.properties) {
            scope.push("Properties".to_owned());
        }
        let tagged =
            |properties| old.tags != resources::role_tags(&declared.name, properties, &seen);
        if old.kind == "AWS::IAM::Role" && properties.as_ref().is_some_and(tagged) {
            scope.push("Tags".to_owned());
        }
        if !scope.is_empty() {
            let replacement =
                properties.is_some_and(|properties| resources::is_replaced(old, &properties));
            let id = Some(old.physical_id.clone());
            let modify = change("Modify", &declared.name, id, &declared.kind);
            changes.push(Change {
                replacement,
                scope,
                ..modify
            });
        }
    }
    let known = |name: &String| new.resources.iter().any(|declared| declared.name == *name);
    for (name, old) in stack.resources.iter().filter(|(name, _)| !known(name)) {
        changes.push(change(
            "Remove",
            name,
            Some(old.physical_id.clone()),
            &old.kind,
        ));
    }
    let outputs = template::parse(&stack.template, &stack.parameters).map(|old| old.outputs);
    let other = outputs.ok().as_ref() != Some(&new.outputs) || stack.tags != desired.tags;
    (other || !changes.is_empty()).then_some(changes)
}

fn change(action: &'static str, name: &str, physical_id: Option<String>, kind: &str) -> Change {
    Change {
        action,
        logical_id: name.to_owned(),
        physical_id,
        kind: kind.to_owned(),
        replacement: false,
        scope: Vec::new(),
    }
}

pub fn answer(
    context: &mut Context,
    action: &str,
    parameters: &Parameters,
) -> Option<Result<Xml, Refusal>> {
    Some(match action {
        "CreateChangeSet" => create(context, parameters),
        "DescribeChangeSet" => describe(context, parameters),
        "ExecuteChangeSet" => execute(context, parameters),
        "DeleteChangeSet" => delete(context, parameters),
        "ListChangeSets" => list(context, parameters),
        _ => return None,
    })
}

fn create(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let stack_name = parameters.required("StackName")?.to_owned();
    let name = parameters.required("ChangeSetName")?.to_owned();
    requests::check_name("changeSetName", &name)?;
    let creates = match parameters.text("ChangeSetType").unwrap_or("UPDATE") {
        "CREATE" => true,
        "UPDATE" => false,
        other => {
            let rule = "satisfy enum value set: [UPDATE, CREATE, IMPORT]";
            return Err(Refusal::constraint("changeSetType", other, rule));
        }
    };
    let token = requests::token(parameters)?;
    let desired = if creates {
        create_target(context, &stack_name, &name, parameters)?
    } else {
        let stack = context.stack_to_change(&stack_name)?;
        requests::check_updatable(stack)?;
        requests::desired(parameters, Some(stack))?.0
    };
    let pace = context.pace;
    let stack = context.stack_to_change(&stack_name)?;
    if stack.change_sets.iter().any(|set| set.name == name) {
        let message = format!(
            "ChangeSet {name} cannot be created due to a mismatch with existing attribute Description"
        );
        return Err(Refusal::new(400, "AlreadyExistsException", message));
    }
    stack.token = token.or(stack.token.take());
    let created = now();
    let unique = uuid(&["change set", &stack.id, &name]);
    let (partition, region, account) = (stack.partition(), &stack.region, &stack.account);
    let set = ChangeSet {
        id: format!("arn:{partition}:cloudformation:{region}:{account}:changeSet/{name}/{unique}"),
        name,
        description: parameters.text("Description").map(str::to_owned),
        status: "CREATE_IN_PROGRESS".to_owned(),
        reason: None,
        execution_status: "UNAVAILABLE".to_owned(),
        changes: Vec::new(),
        created,
        creates,
        found: between(stack, &desired),
        desired,
        role_arn: parameters.text("RoleARN").map(str::to_owned),
        wait: Wait::new(pace, created),
    };
    let answer = Xml::default()
        .text("Id", &set.id)
        .text("StackId", &stack.id);
    stack.change_sets.push(set);
    Ok(answer)
}

/// The stack in REVIEW_IN_PROGRESS that a CREATE change set is for; it is made when missing.
fn create_target(
    context: &mut Context,
    stack_name: &str,
    name: &str,
    parameters: &Parameters,
) -> Result<Desired, Refusal> {
    requests::check_name("stackName", stack_name)?;
    let (desired, template) = requests::desired(parameters, None)?;
    if let Some(stack) = context.stack(stack_name) {
        if stack.status == "REVIEW_IN_PROGRESS" {
            return Ok(desired);
        }
        let message = format!(
            "Stack [{stack_name}] already exists and cannot be created again with the changeSet [{name}]."
        );
        return Err(Refusal::validation(message));
    }
    requests::check_limit(context)?;
    let caller = context.caller;
    let mut stack = Stack::new(context.account, &caller.account, &caller.region, stack_name);
    stack.description.clone_from(&template.description);
    stack.tags.clone_from(&desired.tags);
    let at = stack.created;
    stack.set_status(at, "REVIEW_IN_PROGRESS", Some("User Initiated"));
    context.account.stacks.push(stack);
    Ok(desired)
}

/// By name and stack, or by ARN alone.
fn found<'a>(
    context: &'a mut Context,
    parameters: &Parameters,
) -> Result<(&'a mut Stack, usize), Refusal> {
    let name = parameters.required("ChangeSetName")?;
    let matches = |stack: &Stack| {
        stack
            .change_sets
            .iter()
            .position(|set| set.id == name || set.name == name)
    };
    let missing = || {
        Refusal::new(
            404,
            "ChangeSetNotFound",
            format!("ChangeSet [{name}] does not exist"),
        )
    };
    if name.starts_with("arn:") {
        let mut stacks = context.account.stacks.iter_mut();
        return stacks
            .find_map(|stack| matches(stack).map(|at| (stack, at)))
            .ok_or_else(missing);
    }
    let Some(stack_name) = parameters.text("StackName") else {
        return Err(Refusal::validation(
            "StackName must be specified if ChangeSetName is not specified as an ARN.",
        ));
    };
    let stack = context.stack_to_change(stack_name)?;
    let at = matches(stack).ok_or_else(missing)?;
    Ok((stack, at))
}

/// Every call that shows a change set in creation counts as a poll.
fn describe(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let (stack, at) = found(context, parameters)?;
    let set = &mut stack.change_sets[at];
    let changes = set.changes.iter().map(change_xml);
    let xml = Xml::default()
        .text("StackId", &stack.id)
        .text("StackName", &stack.name)
        .text("ChangeSetName", &set.name)
        .text("ChangeSetId", &set.id)
        .optional("Description", set.description.as_deref())
        .text("CreationTime", &timestamp(set.created))
        .text("Status", &set.status)
        .optional("StatusReason", set.reason.as_deref())
        .text("ExecutionStatus", &set.execution_status)
        .values("Capabilities", &set.desired.capabilities)
        .tags(&set.desired.tags)
        .list("Changes", changes);
    set.wait.poll();
    Ok(xml)
}

fn change_xml(change: &Change) -> Xml {
    let replacement = if change.replacement { "True" } else { "False" };
    let resource = Xml::default()
        .text("Action", change.action)
        .text("LogicalResourceId", &change.logical_id)
        .optional("PhysicalResourceId", change.physical_id.as_deref())
        .text("ResourceType", &change.kind)
        .optional(
            "Replacement",
            (change.action == "Modify").then_some(replacement),
        )
        .values("Scope", &change.scope)
        .list("Details", []);
    Xml::default()
        .text("Type", "Resource")
        .element("ResourceChange", resource)
}

fn execute(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let token = requests::token(parameters)?;
    let pace = context.pace;
    let (stack, at) = found(context, parameters)?;
    let set = &stack.change_sets[at];
    if set.execution_status != "AVAILABLE" {
        let message = format!(
            "ChangeSet [{}] cannot be executed in its current status of [{}]",
            set.id, set.status
        );
        return Err(Refusal::new(400, "InvalidChangeSetStatus", message));
    }
    if !set.creates {
        requests::check_updatable(stack)?;
    }
    let mut set = stack.change_sets.remove(at);
    set.execution_status = "EXECUTE_COMPLETE".to_owned();
    let desired = set.desired.clone();
    stack.token = token;
    stack.role_arn = set.role_arn.clone().or(stack.role_arn.take());
    let creates = set.creates;
    // The other change sets fitted the stack as it was; AWS deletes them.
    stack.change_sets = vec![set];
    let now = now();
    let wait = Wait::new(pace, now);
    if creates {
        let template = template::parse(&desired.template, &desired.parameters)?;
        requests::apply(stack, desired, &template);
        engine::begin_create(stack, now, wait);
    } else {
        engine::begin_update(stack, desired, now, wait);
    }
    Ok(Xml::default())
}

/// A change set that is not there is no error.
fn delete(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    match found(context, parameters) {
        Ok((stack, at)) => {
            stack.change_sets.remove(at);
            Ok(Xml::default())
        }
        Err(refused) if refused.code == "ChangeSetNotFound" => Ok(Xml::default()),
        Err(refused) => Err(refused),
    }
}

fn list(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let name = parameters.required("StackName")?;
    let stack = context.stack_to_change(name)?;
    let summary = |set: &ChangeSet| {
        Xml::default()
            .text("StackId", &stack.id)
            .text("StackName", &stack.name)
            .text("ChangeSetId", &set.id)
            .text("ChangeSetName", &set.name)
            .text("ExecutionStatus", &set.execution_status)
            .text("Status", &set.status)
            .optional("StatusReason", set.reason.as_deref())
            .text("CreationTime", &timestamp(set.created))
            .optional("Description", set.description.as_deref())
    };
    let members = stack.change_sets.iter().map(summary).collect();
    listed("Summaries", members, context, parameters)
}

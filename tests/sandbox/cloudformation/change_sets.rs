//! Change sets: made beside the stack, shown, executed once; what was executed makes the others
//! worthless.

use super::super::aws::{self, Parameters, Refusal, Xml, now, timestamp, uuid};
use super::super::world::Pace;
use super::changes::{Change, between, change_xml};
use super::show::listed;
use super::{Context, Deployment, Desired, Stack, Wait, engine, requests, template, update};

/// Why a change set without changes fails, as it mostly says, …
pub const NO_CHANGES: &str = "The submitted information didn't contain changes. Submit different information to create a change set.";
/// … and as it sometimes says, and UpdateStack always.
pub const NO_UPDATES: &str = "No updates are to be performed.";

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
    /// What DescribeEvents tells of its making.
    pub failures: Vec<Failure>,
    /// Milliseconds since 1970.
    pub created: i64,
    creates: bool,
    desired: Desired,
    role_arn: Option<String>,
    deployment: Deployment,
    wait: Wait,
    found: Result<Vec<Change>, &'static str>,
    /// ClientToken of CreateChangeSet, ClientRequestToken of ExecuteChangeSet.
    token: Option<String>,
    execution_token: Option<String>,
}

/// A failed event of a change set's making: `VALIDATION_ERROR`, `HOOK_INVOCATION_ERROR` (botocore's
/// model, OperationEvent).
#[derive(Clone, Debug, Default)]
pub struct Failure {
    pub event: &'static str,
    pub logical_id: &'static str,
    pub kind: &'static str,
    /// Of the validation, or the hook's type.
    pub name: &'static str,
    pub reason: &'static str,
    /// Of a validation.
    pub path: &'static str,
    /// `FAIL`, `WARN`.
    pub mode: &'static str,
}

impl ChangeSet {
    /// As CloudFormation's validation before the deployment fails one. The words are AWS's
    /// (aws/aws-cdk-cli, issue 1000).
    pub fn fail_validation(&mut self, failures: Vec<Failure>) {
        let reason = "The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To \
                      troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.";
        self.set("FAILED", "UNAVAILABLE", Some(reason));
        self.failures = failures;
    }

    pub(super) fn is_being_made(&self) -> bool {
        ["CREATE_PENDING", "CREATE_IN_PROGRESS"].contains(&self.status.as_str())
    }

    /// Ends its creation when the time has come.
    pub(super) fn settle(&mut self) {
        if !self.is_being_made() || !self.wait.is_over() {
            return;
        }
        match std::mem::replace(&mut self.found, Ok(Vec::new())) {
            Ok(changes) => {
                self.changes = changes;
                self.set("CREATE_COMPLETE", "AVAILABLE", None);
            }
            Err(reason) => self.set("FAILED", "UNAVAILABLE", Some(reason)),
        }
    }

    fn set(&mut self, status: &str, execution: &str, reason: Option<&str>) {
        self.status = status.to_owned();
        self.execution_status = execution.to_owned();
        self.reason = reason.map(str::to_owned);
    }
}

impl Stack {
    /// Adds a change set that would create it, made by somebody and not yet carried out.
    pub fn await_approval(&mut self, name: &str) {
        let wait = Wait::new(Pace::Polls(0), now());
        let mut set = new_set(self, name.to_owned(), self.desired(), wait);
        set.creates = true;
        set.set("CREATE_COMPLETE", "AVAILABLE", None);
        self.change_sets.push(set);
    }

    /// The stack is about to be another than the one that its change sets were made for.
    pub(super) fn outdate_change_sets(&mut self) {
        for set in &mut self.change_sets {
            if set.execution_status == "AVAILABLE" {
                set.execution_status = "OBSOLETE".to_owned();
            }
        }
    }

    /// Ends the execution of a change set with the operation on its stack. After a success AWS
    /// deletes the others.
    pub(super) fn end_execution(&mut self) {
        let execution = match self.status.as_str() {
            "CREATE_COMPLETE" | "UPDATE_COMPLETE" => "EXECUTE_COMPLETE",
            status if status.ends_with("_FAILED") || status.ends_with("ROLLBACK_COMPLETE") => {
                "EXECUTE_FAILED"
            }
            _ => return,
        };
        let mut sets = self.change_sets.iter();
        let Some(at) = sets.position(|set| set.execution_status == "EXECUTE_IN_PROGRESS") else {
            return;
        };
        self.change_sets[at].execution_status = execution.to_owned();
        if execution == "EXECUTE_COMPLETE" {
            self.change_sets = vec![self.change_sets.swap_remove(at)];
        }
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
        "DescribeEvents" => describe_events(context, parameters),
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
    let creates = creates(parameters)?;
    let token = requests::token(parameters, "ClientToken")?;
    let deployment = Deployment::asked(context, parameters)?;
    if let Some(stack) = context.stack(&stack_name)
        && let Some(set) = stack.change_sets.iter().find(|set| set.name == name)
    {
        return repeated(set, stack, token, parameters);
    }
    let desired = if creates {
        create_target(context, &stack_name, &name, parameters)?
    } else {
        let stack = context.stack_to_change(&stack_name)?;
        requests::check_updatable(stack)?;
        requests::desired(parameters, Some(stack))?.0
    };
    let (pace, no_changes) = (context.pace, context.no_changes);
    let stack = context.stack_to_change(&stack_name)?;
    let mut set = new_set(stack, name, desired, Wait::new(pace, now()));
    set.found = between(stack, &set.desired).ok_or(no_changes);
    set.creates = creates;
    set.deployment = deployment;
    set.token = token;
    set.description = parameters.text("Description").map(str::to_owned);
    set.role_arn = parameters.text("RoleARN").map(str::to_owned);
    let (id, stack_id) = (set.id.clone(), stack.id.clone());
    stack.change_sets.push(set);
    context.account.stacks.note_change_set(&id, &stack_id);
    Ok(created_xml(&id, &stack_id))
}

fn creates(parameters: &Parameters) -> Result<bool, Refusal> {
    match parameters.text("ChangeSetType").unwrap_or("UPDATE") {
        "CREATE" => Ok(true),
        "UPDATE" => Ok(false),
        other => {
            let rule = "satisfy enum value set: [UPDATE, CREATE, IMPORT]";
            Err(Refusal::constraint("changeSetType", other, rule))
        }
    }
}

fn new_set(stack: &Stack, name: String, desired: Desired, wait: Wait) -> ChangeSet {
    let turn = stack.events.len().to_string();
    let unique = uuid(&["change set", &stack.id, &name, &turn]);
    let (partition, region, account) = (stack.partition(), &stack.region, &stack.account);
    ChangeSet {
        id: format!("arn:{partition}:cloudformation:{region}:{account}:changeSet/{name}/{unique}"),
        name,
        description: None,
        status: "CREATE_PENDING".to_owned(),
        reason: None,
        execution_status: "UNAVAILABLE".to_owned(),
        changes: Vec::new(),
        failures: Vec::new(),
        created: now(),
        creates: false,
        desired,
        role_arn: None,
        deployment: Deployment::default(),
        wait,
        found: Ok(Vec::new()),
        token: None,
        execution_token: None,
    }
}

fn created_xml(id: &str, stack_id: &str) -> Xml {
    Xml::default().text("Id", id).text("StackId", stack_id)
}

/// A name that is taken. With the ClientToken of then it is the same request again; otherwise the
/// refusal names the first thing that differs.
fn repeated(
    set: &ChangeSet,
    stack: &Stack,
    token: Option<String>,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let body = parameters.text("TemplateBody");
    let given = parameters.tags().into_iter().collect();
    let attribute = if body.is_some_and(|body| body != set.desired.template) {
        "Template"
    } else if parameters.has_list("Tags") && set.desired.tags != given {
        "Tags"
    } else if parameters.text("Description") != set.description.as_deref() {
        "Description"
    } else if token.is_none() || token != set.token {
        "ClientToken"
    } else {
        return Ok(created_xml(&set.id, &stack.id));
    };
    let name = &set.name;
    let message = format!(
        "ChangeSet {name} cannot be created due to a mismatch with existing attribute {attribute}"
    );
    Err(Refusal::new(400, "AlreadyExistsException", message))
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
    let stack = if name.starts_with("arn:") {
        context.account.stacks.with_change_set(name)
    } else {
        let Some(stack_name) = parameters.text("StackName") else {
            return Err(Refusal::validation(
                "StackName must be specified if ChangeSetName is not specified as an ARN.",
            ));
        };
        Some(context.stack_to_change(stack_name)?)
    };
    let found = stack.and_then(|stack| {
        let mut sets = stack.change_sets.iter();
        let at = sets.position(|set| set.id == name || set.name == name)?;
        Some((stack, at))
    });
    found.ok_or_else(|| {
        let message = format!("ChangeSet [{name}] does not exist");
        Refusal::new(404, "ChangeSetNotFound", message)
    })
}

/// The template that a change set would put in force.
pub fn template_of(context: &mut Context, parameters: &Parameters) -> Result<String, Refusal> {
    let (stack, at) = found(context, parameters)?;
    Ok(stack.change_sets[at].desired.template.clone())
}

/// Every call that shows a change set in creation counts as a poll.
fn describe(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let with_values = parameters.flag("IncludePropertyValues") == Some(true);
    let size = context.page_size;
    let (stack, at) = found(context, parameters)?;
    let set = &mut stack.change_sets[at];
    let changes = set.changes.iter();
    let changes = changes.map(|change| change_xml(change, with_values));
    let (changes, next) = aws::page(changes.collect(), size, parameters.text("NextToken"))
        .map_err(Refusal::validation)?;
    let given = set.desired.parameters.iter().map(|(key, value)| {
        Xml::default()
            .text("ParameterKey", key)
            .text("ParameterValue", value)
    });
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
        .list("Parameters", given)
        .values("Capabilities", &set.desired.capabilities)
        .tags(&set.desired.tags)
        .list("Changes", changes)
        .optional("NextToken", next.as_deref())
        .text("IncludeNestedStacks", "false");
    set.wait.poll();
    if set.status == "CREATE_PENDING" {
        set.status = "CREATE_IN_PROGRESS".to_owned();
    }
    Ok(xml)
}

/// The failed events of a change set's making, by its ARN: the name alone is refused
/// (aws-cloudformation/cloudformation-cli, issue 1116).
fn describe_events(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let wanted = parameters.text("ChangeSetName").unwrap_or_default();
    if !wanted.starts_with("arn:") {
        let message = "One of ChangeSetName, OperationId or StackName must be specified";
        return Err(Refusal::validation(message));
    }
    let (stack, at) = found(context, parameters)?;
    let set = &stack.change_sets[at];
    let members = set.failures.iter().enumerate().map(|(number, failure)| {
        let xml = Xml::default()
            .text("EventId", &uuid(&["failure", &set.id, &number.to_string()]))
            .text("StackId", &stack.id)
            .text("OperationType", "CREATE_CHANGESET")
            .text("EventType", failure.event)
            .text("LogicalResourceId", failure.logical_id)
            .text("ResourceType", failure.kind)
            .text("Timestamp", &timestamp(set.created));
        match failure.event {
            "HOOK_INVOCATION_ERROR" => xml
                .text("HookType", failure.name)
                .text("HookStatus", "HOOK_COMPLETE_FAILED")
                .text("HookStatusReason", failure.reason)
                .text("HookFailureMode", failure.mode),
            _ => xml
                .text("ValidationName", failure.name)
                .text("ValidationStatus", "FAILED")
                .text("ValidationStatusReason", failure.reason)
                .text("ValidationPath", failure.path)
                .text("ValidationFailureMode", failure.mode),
        }
    });
    let members = members.collect();
    listed("OperationEvents", members, context, parameters)
}

/// The same execution with the same token once more is no error.
fn execute(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let token = requests::token(parameters, "ClientRequestToken")?;
    let keeps_failure = parameters.flag("DisableRollback");
    let pace = context.pace;
    let (stack, at) = found(context, parameters)?;
    let set = &stack.change_sets[at];
    let executed = set.execution_status.starts_with("EXECUTE_");
    if executed && token.is_some() && set.execution_token == token {
        return Ok(Xml::default());
    }
    check_executable(set)?;
    if !set.creates {
        requests::check_updatable(stack)?;
    }
    stack.outdate_change_sets();
    let set = &mut stack.change_sets[at];
    set.execution_status = "EXECUTE_IN_PROGRESS".to_owned();
    set.execution_token.clone_from(&token);
    let (desired, creates, role_arn) = (set.desired.clone(), set.creates, set.role_arn.clone());
    let deployment = set.deployment;
    let keeps_failure = keeps_failure.unwrap_or(deployment.keeps_failure());
    stack.deployment = deployment;
    stack.token = token;
    stack.role_arn = role_arn.or(stack.role_arn.take());
    let now = now();
    let wait = deployment.wait(pace, now);
    if creates {
        let template = template::parse(&desired.template, &desired.parameters)?;
        requests::apply(stack, desired, &template);
        engine::begin_create(stack, now, wait);
    } else {
        update::begin_update(stack, desired, keeps_failure, now, wait);
    }
    Ok(Xml::default())
}

/// Made, and not yet executed nor outdated.
fn check_executable(set: &ChangeSet) -> Result<(), Refusal> {
    let (what, status) = match set.status.as_str() {
        "CREATE_COMPLETE" if set.execution_status == "AVAILABLE" => return Ok(()),
        "CREATE_COMPLETE" => ("execution status", &set.execution_status),
        _ => ("status", &set.status),
    };
    let id = &set.id;
    let message =
        format!("ChangeSet [{id}] cannot be executed in its current {what} of [{status}]");
    Err(Refusal::new(400, "InvalidChangeSetStatus", message))
}

/// A change set that is not there is no error; one that is being executed cannot go.
fn delete(context: &mut Context, parameters: &Parameters) -> Result<Xml, Refusal> {
    let (stack, at) = match found(context, parameters) {
        Ok(found) => found,
        Err(refused) if refused.code == "ChangeSetNotFound" => return Ok(Xml::default()),
        Err(refused) => return Err(refused),
    };
    let set = &stack.change_sets[at];
    if set.execution_status == "EXECUTE_IN_PROGRESS" {
        let message = format!(
            "ChangeSet [{}] cannot be deleted in its current execution status of [{}]",
            set.id, set.execution_status
        );
        return Err(Refusal::new(400, "InvalidChangeSetStatus", message));
    }
    stack.change_sets.remove(at);
    Ok(Xml::default())
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

//! CloudFormation (Query): stacks, asynchronous as on AWS. Here are the shapes and the clock; the
//! files below hold the templates, the requests, the change sets, what is shown, the work itself
//! (creations and deletions in `engine`, updates and their rollback in `update`), and the handlers
//! of the resources.
//!
//! A request only notes what is to be done. The work happens when its time has come, looked at
//! before every AWS call (`settle`), so that no task runs in the background.

mod arrange;
mod associations;
mod change_sets;
mod changes;
mod deployment;
mod engine;
mod foreign;
mod requests;
mod resources;
mod rollback;
mod show;
mod stacks;
mod template;
mod update;

pub use change_sets::{ChangeSet, Failure, NO_CHANGES, NO_UPDATES};
pub use changes::{Change, Detail};
use deployment::Deployment;
pub use deployment::Express;
pub use stacks::Stacks;

use std::collections::BTreeMap;

use serde_json::Value;

use super::aws::{Caller, Parameters, Refusal, Xml, now, uuid};
use super::world::{Account, Pace, World, partition};

/// A stack, living or deleted.
#[derive(Clone, Debug, Default)]
pub struct Stack {
    /// The ARN.
    pub id: String,
    pub name: String,
    pub account: String,
    pub region: String,
    pub status: String,
    pub reason: Option<String>,
    /// The body as it was sent.
    pub template: String,
    pub description: Option<String>,
    pub parameters: Vec<(String, String)>,
    pub tags: BTreeMap<String, String>,
    pub capabilities: Vec<String>,
    pub outputs: BTreeMap<String, String>,
    /// By logical id.
    pub resources: BTreeMap<String, Resource>,
    /// Newest last.
    pub events: Vec<Event>,
    pub change_sets: Vec<ChangeSet>,
    pub termination_protection: bool,
    pub role_arn: Option<String>,
    /// ClientRequestToken of the operation under way, shown in its events.
    pub token: Option<String>,
    pub on_failure: OnFailure,
    /// Of the operation under way, or the last one.
    deployment: Deployment,
    /// Milliseconds since 1970, as the next two.
    pub created: i64,
    pub updated: Option<i64>,
    pub deleted: Option<i64>,
    /// The work under way; a stack that is `*_IN_PROGRESS` without any stays so.
    pending: Option<Pending>,
    /// What CreateStack was asked, to know a repetition.
    request: Vec<(String, String)>,
    /// The same of the last UpdateStack.
    update_request: Vec<(String, String)>,
    /// The update under way, or the one that failed and is not yet rolled back.
    update: Option<Update>,
    /// For a test: the reason for which the next rollback of an update fails, at the resource that
    /// was changed last. The rollback after it works.
    pub rollback_failure: Option<String>,
}

/// A resource of a stack.
#[derive(Clone, Debug, Default)]
pub struct Resource {
    pub kind: String,
    pub physical_id: String,
    pub status: String,
    pub reason: Option<String>,
    /// Milliseconds since 1970.
    pub changed: i64,
    /// The template's properties, resolved.
    pub properties: Value,
    /// What Fn::GetAtt gives.
    pub attributes: BTreeMap<String, String>,
    /// Tags that CloudFormation has put on it.
    pub tags: BTreeMap<String, String>,
    /// Position in the order of creation.
    order: usize,
    retained: bool,
}

/// A stack event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    pub id: String,
    pub logical_id: String,
    pub physical_id: String,
    pub kind: String,
    pub status: String,
    pub reason: Option<String>,
    /// Milliseconds since 1970.
    pub timestamp: i64,
    pub properties: Option<String>,
    pub token: Option<String>,
    pub hook: Option<Hooked>,
}

/// What a hook said of a resource.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Hooked {
    pub name: String,
    /// `HOOK_COMPLETE_SUCCEEDED`, `HOOK_COMPLETE_FAILED`, …
    pub status: String,
    pub reason: String,
    /// `FAIL`, `WARN`.
    pub mode: String,
}

/// What happens to a stack whose creation fails.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum OnFailure {
    DoNothing,
    #[default]
    Rollback,
    Delete,
}

#[derive(Clone, Debug)]
struct Pending {
    work: Work,
    wait: Wait,
}

#[derive(Clone, Debug)]
enum Work {
    Create,
    Rollback,
    Update,
    /// After an update, of what it left over.
    CleanUp,
    /// Leaving out the resources named.
    UpdateRollback(Vec<String>),
    RollbackCleanUp,
    /// Leaving out the resources named.
    Delete(Vec<String>),
}

/// What is known of an update until its end.
#[derive(Clone, Debug, Default)]
struct Update {
    /// What was in force.
    before: Desired,
    /// The resources that it created (`None`) or changed, as they were, in the order of the work.
    changed: Vec<(String, Option<Resource>)>,
    /// What a rollback took out of the stack again and has not deleted yet.
    surplus: Vec<(String, Resource)>,
    /// DisableRollback: a failure leaves the stack in UPDATE_FAILED.
    keeps_failure: bool,
}

/// What an update brings a stack to.
#[derive(Clone, Debug, Default, PartialEq)]
struct Desired {
    template: String,
    parameters: Vec<(String, String)>,
    tags: BTreeMap<String, String>,
    capabilities: Vec<String>,
}

/// How long something stays in progress: until a time, or for a number of polls.
#[derive(Clone, Copy, Debug)]
pub struct Wait {
    until: Option<i64>,
    polls: u32,
}

impl Wait {
    pub fn new(pace: Pace, from: i64) -> Self {
        match pace {
            Pace::Polls(polls) => Self { until: None, polls },
            Pace::Time(time) => {
                let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
                Self {
                    until: Some(from.saturating_add(millis)),
                    polls: 0,
                }
            }
        }
    }

    /// The short work after an operation.
    fn for_cleanup(pace: Pace, from: i64) -> Self {
        Self::new(
            match pace {
                Pace::Polls(polls) => Pace::Polls(polls / 2),
                Pace::Time(time) => Pace::Time(time / 8),
            },
            from,
        )
    }

    pub fn is_over(self) -> bool {
        self.until.map_or(self.polls == 0, |until| until <= now())
    }

    /// When it ended.
    fn end(self) -> i64 {
        self.until.unwrap_or_else(now)
    }

    pub fn poll(&mut self) {
        self.polls = self.polls.saturating_sub(1);
    }
}

pub fn answer(
    world: &mut World,
    caller: &Caller,
    action: &str,
    parameters: &Parameters,
) -> Result<Xml, Refusal> {
    let pace = world.options.pace;
    let page_size = world.page_size;
    let no_changes = world.no_changes;
    let express = world.express;
    let account = world.accounts.entry(caller.account.clone()).or_default();
    let mut context = Context {
        account,
        caller,
        pace,
        page_size,
        no_changes,
        express,
    };
    let show = show::answer(&mut context, action, parameters);
    show.or_else(|| requests::answer(&mut context, action, parameters))
        .or_else(|| rollback::answer(&mut context, action, parameters))
        .or_else(|| change_sets::answer(&mut context, action, parameters))
        .unwrap_or_else(|| {
            let message = format!("Could not find operation {action} for version 2010-05-15");
            Err(Refusal::new(400, "InvalidAction", message))
        })
}

/// What every operation needs.
struct Context<'a> {
    account: &'a mut Account,
    caller: &'a Caller,
    pace: Pace,
    page_size: usize,
    no_changes: &'static str,
    express: Express,
}

impl Context<'_> {
    /// A stack of the caller's region: a living one by name, any by id.
    fn stack(&mut self, name: &str) -> Option<&mut Stack> {
        self.account.stacks.named(&self.caller.region, name)
    }

    /// # Errors
    /// `Stack [NAME] does not exist`, as the operations that change a stack say it.
    fn stack_to_change(&mut self, name: &str) -> Result<&mut Stack, Refusal> {
        let missing = || Refusal::validation(format!("Stack [{name}] does not exist"));
        self.stack(name)
            .filter(|stack| stack.deleted.is_none())
            .ok_or_else(missing)
    }

    /// # Errors
    /// `Stack with id NAME does not exist`, as the operations that show a stack say it.
    fn stack_to_show(&mut self, name: &str) -> Result<&mut Stack, Refusal> {
        let missing = || Refusal::validation(format!("Stack with id {name} does not exist"));
        self.stack(name).ok_or_else(missing)
    }
}

/// Does the work whose time has come, on all stacks and change sets.
pub fn settle(world: &mut World) {
    let (pace, clock) = (world.options.pace, world.clock());
    let propagation = world.propagation;
    for account in world.accounts.values_mut() {
        account.propagation = propagation;
        let busy = account.stacks.take_busy();
        if busy.is_empty() {
            continue;
        }
        // Lent to the account, for the resources that are in clusters.
        (account.clusters, account.clock) = (std::mem::take(&mut world.clusters), clock);

        for at in busy {
            while account.stacks[at].is_due() {
                // Out of the account for the time of the work, which changes both.
                let mut stack = std::mem::take(&mut account.stacks[at]);
                engine::carry_out(&mut stack, account, pace);
                account.stacks[at] = stack;
            }
            let stack = &mut account.stacks[at];
            stack.change_sets.iter_mut().for_each(ChangeSet::settle);
            if stack.pending.is_some() || stack.change_sets.iter().any(ChangeSet::is_being_made) {
                account.stacks.stays_busy(at);
            }
        }
        world.clusters = std::mem::take(&mut account.clusters);
    }
}

impl Stack {
    /// A new stack without events. Its id follows from its name and from how many stacks of that
    /// name there were.
    fn new(account: &Account, id: &str, region: &str, name: &str) -> Self {
        let turn = account.stacks.turns(region, name).to_string();
        let unique = uuid(&["stack", id, region, name, &turn]);
        Self {
            id: format!(
                "arn:{}:cloudformation:{region}:{id}:stack/{name}/{unique}",
                partition(region)
            ),
            name: name.to_owned(),
            account: id.to_owned(),
            region: region.to_owned(),
            created: now(),
            ..Self::default()
        }
    }

    pub fn partition(&self) -> &'static str {
        partition(&self.region)
    }

    pub fn is_in_progress(&self) -> bool {
        self.status.ends_with("_IN_PROGRESS") && self.status != "REVIEW_IN_PROGRESS"
    }

    /// Changes the stack's status and tells it in an event.
    fn set_status(&mut self, at: i64, status: &str, reason: Option<&str>) {
        self.status = status.to_owned();
        self.reason = reason.map(str::to_owned);
        self.end_execution();
        let (id, name) = (self.id.clone(), self.name.clone());
        self.add_event(
            at,
            &name,
            &id,
            "AWS::CloudFormation::Stack",
            status,
            reason,
            None,
        );
    }

    #[expect(clippy::too_many_arguments, reason = "an event has that many members")]
    fn add_event(
        &mut self,
        at: i64,
        logical_id: &str,
        physical_id: &str,
        kind: &str,
        status: &str,
        reason: Option<&str>,
        properties: Option<&Value>,
    ) {
        let number = self.events.len().to_string();
        let unique = uuid(&["event", &self.id, &number]);
        let id = if physical_id == self.id {
            unique
        } else {
            format!("{logical_id}-{status}-{unique}")
        };
        self.events.push(Event {
            id,
            logical_id: logical_id.to_owned(),
            physical_id: physical_id.to_owned(),
            kind: kind.to_owned(),
            status: status.to_owned(),
            reason: reason.map(str::to_owned),
            timestamp: at,
            properties: properties.map(Value::to_string),
            token: self.token.clone(),
            hook: None,
        });
    }

    fn desired(&self) -> Desired {
        Desired {
            template: self.template.clone(),
            parameters: self.parameters.clone(),
            tags: self.tags.clone(),
            capabilities: self.capabilities.clone(),
        }
    }

    fn set_desired(&mut self, desired: Desired) {
        self.template = desired.template;
        self.parameters = desired.parameters;
        self.tags = desired.tags;
        self.capabilities = desired.capabilities;
    }

    fn start(&mut self, work: Work, wait: Wait) {
        self.pending = Some(Pending { work, wait });
    }

    fn is_due(&self) -> bool {
        let pending = self.pending.as_ref();
        pending.is_some_and(|pending| pending.wait.is_over())
    }
}

impl World {
    /// Arranges a stack that is there already. Its resources exist unless the status says that it
    /// has none (`ROLLBACK_COMPLETE`, `DELETE_COMPLETE`, `REVIEW_IN_PROGRESS`, …); its events are
    /// those that lead to the status. `CREATE_IN_PROGRESS`, `UPDATE_IN_PROGRESS` and
    /// `DELETE_IN_PROGRESS` go on by the world's pace, other `*_IN_PROGRESS` stay.
    ///
    /// # Panics
    /// When the template is refused or its resources cannot be made: a mistake of the test.
    pub fn add_stack(
        &mut self,
        account_id: &str,
        region: &str,
        name: &str,
        template: &str,
        tags: &[(&str, &str)],
        status: &str,
    ) -> &mut Stack {
        let pace = self.options.pace;
        let account = self.accounts.entry(account_id.to_owned()).or_default();
        let mut stack = Stack::new(account, account_id, region, name);
        stack.template = template.to_owned();
        stack.tags = tags
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        let parsed =
            template::parse(template, &[]).unwrap_or_else(|refused| panic!("{}", refused.message));
        stack.description.clone_from(&parsed.description);
        stack.capabilities = parsed.capability().into_iter().map(str::to_owned).collect();
        arrange::arrange(&mut stack, account, status, pace);
        account.stacks.push(stack)
    }

    /// Updates a stack at once, as somebody else would; without tags it keeps those that it has.
    ///
    /// # Panics
    /// When there is no such stack or its update fails: a mistake of the test.
    pub fn update_stack(
        &mut self,
        account_id: &str,
        region: &str,
        name: &str,
        template: &str,
        tags: &[(&str, &str)],
    ) {
        settle(self);
        let account = self.accounts.entry(account_id.to_owned()).or_default();
        let at = account.stacks.position(region, name);
        let at = at.unwrap_or_else(|| panic!("the sandbox has no stack {name}"));
        let mut stack = std::mem::take(&mut account.stacks[at]);
        arrange::update(&mut stack, account, template, tags);
        account.stacks[at] = stack;
    }

    /// A living stack by its name, after the work whose time has come.
    pub fn stack(&mut self, account_id: &str, region: &str, name: &str) -> Option<&mut Stack> {
        settle(self);
        let stacks = &mut self.accounts.get_mut(account_id)?.stacks;
        stacks
            .named(region, name)
            .filter(|stack| stack.deleted.is_none())
    }
}

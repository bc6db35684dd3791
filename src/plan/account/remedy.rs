//! The command that makes a role what `create` was asked for and found different.

use super::StackTask;
use crate::asked::Permissions;
use crate::model::{CommandLine, Pairs, Way};
use crate::policy::{Difference, Item, TrustTerms, others};
use crate::template::{RoleSpec, is_document};
use crate::world::StackState;

/// `update` with a flag for each difference, all but name and path: another name is another role.
/// `None`, where no flag says it.
pub fn remedy(
    task: StackTask<'_>,
    differences: &[Difference],
    is_drifted: bool,
) -> Option<CommandLine> {
    let asked = task.asked;
    let command = CommandLine::of(
        "irsactl update {} {} --namespace {} --cluster {}",
        &[
            &asked.way().noun(),
            &asked.name.name,
            &asked.name.namespace,
            &task.cluster.name,
        ],
    );
    let Permissions::Role(spec) = &asked.permissions else {
        return None;
    };
    let changed = differences
        .iter()
        .filter(|difference| !difference.needs_another_role())
        .try_fold(command, |command, difference| {
            edit(task, command, spec, difference)
        })?;
    let changed = documents(changed, spec, differences);
    Some(if is_drifted {
        changed.and("--repair-drift --approve", &[])
    } else {
        changed
    })
}

fn edit(
    task: StackTask<'_>,
    command: CommandLine,
    spec: &RoleSpec,
    difference: &Difference,
) -> Option<CommandLine> {
    let (asked, found) = (&difference.asked, &difference.found);
    Some(match &difference.item {
        Item::ManagedPolicy => {
            let command = with_each(command, "--add-policy-arn", asked);
            with_each(command, "--remove-policy-arn", found)
        }
        Item::PermissionsBoundary if asked.is_empty() => {
            command.and("--no-permissions-boundary", &[])
        }
        Item::PermissionsBoundary => with_each(command, "--permissions-boundary", asked),
        Item::SessionDuration => {
            let seconds = spec.max_session_duration.unwrap_or(3600);
            command.and("--max-session-duration {}", &[&seconds])
        }
        Item::Tag => asked.iter().fold(command, |command, pair| {
            command.and("--tags {}", &[&Pairs::flag(pair)])
        }),
        Item::TrustPolicy => trust_edit(task, command, spec)?,
        Item::InlinePolicy(name) if asked.is_empty() => {
            command.and("--remove-inline-policy {}", &[name])
        }
        Item::InlinePolicy(_) => command,
        // Another name is another role, and a ServiceAccount is no part of one.
        Item::RoleName
        | Item::RolePath
        | Item::Label
        | Item::Annotation
        | Item::RoleAnnotation
        | Item::Role
        | Item::TargetRole
        | Item::SessionTags
        | Item::SessionPolicy => return None,
    })
}

fn with_each(command: CommandLine, flag: &str, values: &[String]) -> CommandLine {
    let flag = format!("{flag} {{}}");
    let each = values.iter();
    each.fold(command, |command, value| command.and(&flag, &[value]))
}

fn trust_edit(task: StackTask<'_>, command: CommandLine, spec: &RoleSpec) -> Option<CommandLine> {
    // No condition can ask for session tags that are not sent.
    if are_tags_disabled(task) {
        return Some(command.and("--disable-session-tags", &[]));
    }
    if task.asked.way() == Way::PodIdentity {
        return Some(command.and("--restrict-trust", &[]));
    }
    match &spec.subject_pattern {
        Some(pattern) => {
            let flags = "--subject-pattern {} --audience {}";
            Some(command.and(flags, &[pattern, &spec.audience]))
        }
        // A pattern can be set, and not be taken away.
        None if has_pattern(task) => None,
        None => Some(command.and("--audience {}", &[&spec.audience])),
    }
}

/// Whether the association is to be, or to stay, without session tags.
pub fn are_tags_disabled(task: StackTask<'_>) -> bool {
    let found = task.observed.association.as_ref();
    let found = found.and_then(|it| it.found.as_ref());
    let spec = task.asked.association.as_ref();
    spec.is_some_and(|spec| spec.terms(found).disable_session_tags)
}

/// Whether the role lets in a pattern of names, or more than its flags can say.
fn has_pattern(task: StackTask<'_>) -> bool {
    let StackState::Found(found) = &task.observed.stack else {
        return false;
    };
    let name = &task.asked.name;
    let provider = task.cluster.provider_arn();
    let template = found.template.as_ref();
    let parted = template.map(|it| others::parted(&it.trust, name, &provider));
    let read = parted.and_then(|parted| TrustTerms::read(&parted.own, name));
    read.is_none_or(|trust| trust.pattern.is_some())
}

/// Documents differ one by one; the flags take all of them.
fn documents(command: CommandLine, spec: &RoleSpec, differences: &[Difference]) -> CommandLine {
    let asked = differences.iter().filter(|it| !it.asked.is_empty());
    let asked = asked.filter_map(|it| match &it.item {
        Item::InlinePolicy(name) => Some(name),
        _ => None,
    });
    let (own, known): (Vec<_>, Vec<_>) = asked.partition(|name| is_document(name));
    let files = if own.is_empty() { 0 } else { spec.inline.len() };
    let command = (0..files).fold(command, |it, _| it.and("--policy-document FILE", &[]));
    let known = spec.well_known.iter().filter(|_| !known.is_empty());
    known.fold(command, |it, policy| {
        it.and("--well-known-policy {}", &[&policy.name()])
    })
}

//! The command that makes a role what `create` was asked for and found different.

use super::Task;
use crate::asked::Permissions;
use crate::model::{CommandLine, Pairs};
use crate::template::{Difference, RoleSpec};

/// `update` with a flag for each difference, all but name and path: another name is another role.
/// `None`, where no flag says it.
pub fn remedy(task: Task<'_>, differences: &[Difference], is_drifted: bool) -> Option<CommandLine> {
    let asked = task.asked;
    let command = CommandLine::of(
        "irsactl update iamserviceaccount {} --namespace {} --cluster {}",
        &[&asked.name.name, &asked.name.namespace, &task.cluster.name],
    );
    let Permissions::Role(spec) = &asked.permissions else {
        return None;
    };
    let changed = differences
        .iter()
        .filter(|difference| !difference.needs_another_role())
        .try_fold(command, |command, difference| {
            edit(command, spec, difference)
        })?;
    let changed = documents(changed, spec, differences);
    Some(match is_drifted {
        true => changed.and("--repair-drift --approve", &[]),
        false => changed,
    })
}

fn edit(command: CommandLine, spec: &RoleSpec, difference: &Difference) -> Option<CommandLine> {
    let (asked, found) = (&difference.asked, &difference.found);
    let with = |command, flag: &str, values: &[String]| {
        let each = values.iter();
        each.fold(command, |it: CommandLine, value| {
            it.and(&format!("{flag} {{}}"), &[value])
        })
    };
    Some(match difference.item.as_str() {
        "managed policy" => with(
            with(command, "--add-policy-arn", asked),
            "--remove-policy-arn",
            found,
        ),
        "permissions boundary" if asked.is_empty() => command.and("--no-permissions-boundary", &[]),
        "permissions boundary" => with(command, "--permissions-boundary", asked),
        "maximum session duration" => {
            let seconds = spec.max_session_duration.unwrap_or(3600);
            command.and("--max-session-duration {}", &[&seconds])
        }
        "tag" => {
            let pairs: Vec<String> = asked.iter().map(|pair| Pairs::flag(pair)).collect();
            with(command, "--tags", &pairs)
        }
        "trust policy" => match &spec.subject_pattern {
            Some(pattern) => command.and(
                "--subject-pattern {} --audience {}",
                &[pattern, &spec.audience],
            ),
            // A pattern can be set, and not be taken away.
            None if found.iter().any(|part| part.contains("StringLike")) => return None,
            None => command.and("--audience {}", &[&spec.audience]),
        },
        item => {
            let name = item.strip_prefix("inline policy ")?;
            match asked.is_empty() {
                true => command.and("--remove-inline-policy {}", &[&name]),
                false => command,
            }
        }
    })
}

/// Documents differ one by one; the flags take all of them.
fn documents(command: CommandLine, spec: &RoleSpec, differences: &[Difference]) -> CommandLine {
    let asked = differences
        .iter()
        .filter(|it| it.item.starts_with("inline policy ") && !it.asked.is_empty());
    let (own, known): (Vec<_>, Vec<_>) = asked.partition(|it| is_numbered(&it.item));
    let files = match own.is_empty() {
        true => 0,
        false => spec.inline.len(),
    };
    let command = (0..files).fold(command, |it, _| it.and("--policy-document FILE", &[]));
    let known = spec.well_known.iter().filter(|_| !known.is_empty());
    known.fold(command, |it, policy| {
        it.and("--well-known-policy {}", &[&policy.name()])
    })
}

/// `Policy1` and those that follow are the documents of flags.
fn is_numbered(item: &str) -> bool {
    let number = item.strip_prefix("inline policy Policy");
    number.is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
}

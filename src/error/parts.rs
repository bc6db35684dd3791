//! Parts of the texts of errors that are there only sometimes.

use std::time::Duration;

use crate::model::{Lookup, Namespace, Signal, Timeout, Workload, listed, shown_in_line};
use crate::plan::Target;

/// ` on SUBJECT`; nothing where a call has no subject.
pub fn on(subject: &str) -> String {
    if subject.is_empty() {
        String::new()
    } else {
        format!(" on {}", shown_in_line(subject))
    }
}

/// `: REASON`, where AWS tells one.
pub fn because(reason: &Option<String>) -> String {
    reason
        .as_ref()
        .map(|reason| format!(": {}", shown_in_line(reason)))
        .unwrap_or_default()
}

/// ` in namespace "NAME"`; nothing where all are meant.
pub fn in_namespace(namespace: &Option<Namespace>) -> String {
    let namespace = namespace.as_ref();
    namespace.map_or_else(String::new, |it| format!(" in namespace \"{it}\""))
}

/// A duration as the flags have it: `90s`, `25m`.
pub fn seconds(limit: &Duration) -> String {
    Timeout(*limit).to_string()
}

/// What a taken back association leaves.
pub fn left_by(stranded: &Lookup<Vec<Workload>>) -> String {
    match stranded {
        Lookup::Found(workloads) if !workloads.is_empty() => {
            let names: Vec<String> = workloads.iter().map(Workload::to_string).collect();
            let names = names.join(", ");
            format!(
                ", and pods that started with it meanwhile have no credentials: those of {names}"
            )
        }
        Lookup::Unknown(why) => {
            format!(", and whether pods started with it meanwhile is not known: {why}")
        }
        Lookup::Found(_) | Lookup::Missing => String::new(),
    }
}

/// So many targets that share a failure are named.
const NAMED: usize = 3;

/// The error with the targets that it is of: before it where it is one, behind it where they are several,
/// of which three are named.
pub fn shared(targets: &[Target], error: &impl std::fmt::Display) -> String {
    match targets {
        [] => return error.to_string(),
        [target] => return format!("{target}: {error}"),
        _ => {}
    }
    let named: Vec<String> = targets.iter().take(NAMED).map(Target::to_string).collect();
    let more = match targets.len().saturating_sub(NAMED) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let count = targets.len();
    let named = named.join(", ");
    format!(
        "{error}{}",
        listed([format!("so for {count}: {named}{more}")])
    )
}

/// Whoever pressed Ctrl-C knows it.
pub fn by(signal: Signal) -> String {
    match signal {
        Signal::Interrupt => String::new(),
        Signal::HangUp | Signal::Terminate => format!(" by {signal}"),
    }
}

/// How many of how many targets are done, where that is known.
pub fn so_far(done: Option<(usize, usize)>) -> String {
    done.map_or_else(String::new, |(done, all)| format!(": {done} of {all} done"))
}

/// What AWS and Kubernetes do to its end without this run; nothing where the list is empty.
pub fn going_on(running: &[String]) -> String {
    if running.is_empty() {
        return String::new();
    }
    format!("; what was begun goes on: {}", running.join(", "))
}

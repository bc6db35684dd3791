//! What roles may do and did not: pods that do not need it should not have it.

use super::{Finding, Scene, Verdict};
use crate::model::{CommandLine, Lookup, RoleArn};
use crate::policy::usage::{Unused, unused};
use crate::world::{RoleHealth, WatchedUse};

/// So many actions of a service are named: `usage -o wide` has them all.
const NAMED: usize = 6;

/// Whatever way the pods have their role by.
pub fn used(scene: Scene<'_>) -> Verdict {
    let account = scene.account;
    let roles = [&account.role, &account.identity_role, &account.target_role];
    let mut found = Vec::new();
    let mut evidence = Vec::new();
    let mut unknown = None;
    for health in roles.into_iter().flatten() {
        let Some(usage) = &health.usage else {
            continue;
        };
        match of_role(scene, health, usage) {
            Verdict::Found(more) => found.extend(more),
            Verdict::Holds(more) => evidence.extend(more),
            Verdict::Unknown(why) => unknown = unknown.or(Some(why)),
            Verdict::DoesNotApply => {}
        }
    }
    match (found.is_empty(), unknown, evidence.is_empty()) {
        (false, ..) => Verdict::Found(found),
        (true, Some(why), _) => Verdict::Unknown(why),
        (true, None, false) => Verdict::Holds(evidence),
        (true, None, true) => Verdict::DoesNotApply,
    }
}

fn of_role(scene: Scene<'_>, health: &RoleHealth, usage: &WatchedUse) -> Verdict {
    let documents = health.documents.values().filter_map(Lookup::unknown);
    let unread = health.policies.unknown().into_iter().chain(documents);
    if let Some(why) = unread.chain(usage.services.unknown()).next() {
        return Verdict::Unknown(why.to_owned());
    }
    let (Lookup::Found(role), Lookup::Found(services)) = (&health.role, &usage.services) else {
        return Verdict::DoesNotApply;
    };
    let window = usage.window;
    if window.is_young(role.history.created) {
        let days = window.days_since(role.history.created);
        let told = format!("the role is {days} days old: too young to tell");
        return Verdict::holds("use", told);
    }
    let unused = unused(&health.known_policies(), services, window);
    if unused == Unused::default() {
        let told = format!("all that IAM tells of, in {} days", window.days);
        return Verdict::holds("used", told);
    }
    let services = unused.services.len();
    let actions: usize = unused.actions.iter().map(|(_, names)| names.len()).sum();
    let told = [(services, "service"), (actions, "action")];
    let told = told.into_iter().filter(|(count, _)| *count > 0);
    let told: Vec<String> = told.map(|(count, word)| counted(count, word)).collect();
    let text = format!(
        "the role may use {} that it did not use in {} days",
        told.join(" and "),
        window.days
    );
    let mut finding = Finding::warning(text).because("unused-permissions");
    for (service, policies) in &unused.services {
        finding = finding.seen(service, format!("allowed by {}", policies.join(", ")));
    }
    for (service, names) in &unused.actions {
        finding = finding.seen(service, cut(names));
    }
    finding.fix(suggestion(scene, &role.arn)).into()
}

fn counted(count: usize, word: &str) -> String {
    if count == 1 {
        format!("1 {word}")
    } else {
        format!("{count} {word}s")
    }
}

fn cut(names: &[String]) -> String {
    let more = names.len().saturating_sub(NAMED);
    let named = names.iter().take(NAMED).map(String::as_str);
    let named = named.collect::<Vec<_>>().join(", ");
    match more {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}

fn suggestion(scene: Scene<'_>, role: &RoleArn) -> CommandLine {
    match (&scene.account.name, &scene.world.cluster) {
        (Some(name), Some(cluster)) => CommandLine::of(
            "irsactl usage {} --cluster {} --suggest",
            &[name, &cluster.name],
        ),
        _ => CommandLine::of("irsactl usage --role-arn {} --suggest", &[role]),
    }
}

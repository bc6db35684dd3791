//! A service account gives all its pods one role. Where they have several today, or some have none, each
//! workload with a role needs one of its own: how that is had, by this program or by hand.

use std::collections::BTreeSet;

use serde_json::json;

use super::hindrance::{Hold, WorkloadRole};
use super::split::{can_change, own_name, template_of, unannotated};
use crate::model::{CommandLine, Fix, RoleArn, ServiceAccountName, Workload, WorkloadKind};
use crate::plan::migrate::{MoveGoal, Obstacle};
use crate::world::{Moving, MovingAccount};

/// Pods of one service account with several roles, or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Divided {
    account: ServiceAccountName,
    parts: Vec<NamedPart>,
    /// Those without a role.
    others: Vec<Workload>,
    /// Why some of them cannot be given one of their own.
    kept: Vec<(Workload, String)>,
    /// Whether the command that was given has this done where it can be.
    is_being_split: bool,
}

/// A workload with a role, and what a service account of its own may be called.
#[derive(Clone, Debug, PartialEq)]
struct NamedPart {
    part: WorkloadRole,
    own: String,
    /// What it would be called, if there were none of that name.
    taken: Option<String>,
}

/// That the pods that run as a service account do not have the same role today, or that it is the one that pods
/// have which nobody gave one. `goal`: of the command, if it is one that moves.
pub fn divided(
    goal: Option<MoveGoal>,
    moving: &Moving,
    account: &MovingAccount,
) -> Option<Obstacle> {
    let roles = account.grants.iter().filter_map(|it| it.role.as_ref().ok());
    let roles: BTreeSet<&RoleArn> = roles.collect();
    let is_given = |workload: &_| account.grants.iter().any(|it| it.workload == *workload);
    let workloads = account.workloads.as_found().into_iter().flatten();
    let all = workloads.map(|it| &it.state.workload);
    let all: BTreeSet<_> = all.chain(account.alive().map(|pod| &pod.owner)).collect();
    let others = all.into_iter().filter(|it| !is_given(it)).cloned();
    let others: Vec<_> = others.collect();
    let parts = parts(account);
    if let Some(named) = &account.role_arn
        && let Some(other) = parts.iter().find(|part| part.role != *named)
    {
        let off = account.annotation().map(|_| unannotated(&account.name));
        return Some(Hold::OtherRole(named.clone(), other.clone(), off).into());
    }
    let is_shared = account.name.name == "default"
        || roles.len() > 1
        || !others.is_empty()
        || account.is_split_up(&moving.accounts);
    if roles.is_empty() || !is_shared {
        return None;
    }
    let kept = parts.iter().filter_map(|part| {
        let why = moving.unsplit.get(&part.workload)?;
        Some((part.workload.clone(), why.clone()))
    });
    let divided = Divided {
        account: account.name.clone(),
        kept: kept.collect(),
        parts: named(moving, &account.name, parts.into_iter().collect()),
        others,
        is_being_split: goal.is_some_and(|goal| goal.patches),
    };
    Some(Hold::Divided(divided).into())
}

fn parts(account: &MovingAccount) -> BTreeSet<WorkloadRole> {
    let grants = account.grants.iter();
    let parts = grants.filter_map(|grant| {
        let role = grant.role.as_ref().ok()?.clone();
        let workload = grant.workload.clone();
        Some(WorkloadRole { workload, role })
    });
    parts.collect()
}

/// With names of service accounts that nobody has.
fn named(
    moving: &Moving,
    account: &ServiceAccountName,
    parts: Vec<WorkloadRole>,
) -> Vec<NamedPart> {
    let mut names: BTreeSet<String> = BTreeSet::new();
    let alike = |part: &WorkloadRole| {
        let is_it = |other: &&WorkloadRole| other.workload.name == part.workload.name;
        parts.iter().filter(is_it).count() > 1
    };
    let named = parts.iter().map(|part| {
        let kind = part.workload.kind.word();
        let wanted = own_name(account, &part.workload, alike(part));
        let name = &part.workload.name;
        let others = [
            format!("{name}-aws"),
            format!("{name}-{kind}"),
            format!("{name}-{kind}-aws"),
        ];
        let is_free = |own: &&String| {
            let full = ServiceAccountName::new(account.namespace.clone(), own);
            full.is_ok_and(|it| !moving.known.contains_key(&it)) && !names.contains(*own)
        };
        let mut all = std::iter::once(&wanted).chain(&others);
        let own = all.find(is_free).unwrap_or(&wanted).clone();
        names.insert(own.clone());
        NamedPart {
            part: part.clone(),
            taken: (own != wanted).then_some(wanted),
            own,
        }
    });
    named.collect()
}

impl Divided {
    /// Whether a move can do it for one of them.
    pub fn can_patch(&self) -> bool {
        let mut parts = self.parts.iter();
        parts.any(|it| can_change(it.part.workload.kind))
    }

    /// Why, and what can be done about it.
    pub fn told(&self) -> (String, Vec<Fix>) {
        let parts = self.parts.iter().map(|it| &it.part);
        let roles = parts.map(|it| format!("{} has {}", it.workload, it.role));
        let others = self.others.iter().map(|it| format!("{it} has none"));
        let all: Vec<String> = roles.chain(others).collect();
        let told = format!(
            "a service account has one role for all its pods, and others run, or may, as {}: {}",
            self.account,
            all.join(", ")
        );
        let why = self.kept.iter().map(|(it, why)| format!("; {it}: {why}"));
        let told = told + &why.collect::<String>();
        let flag = "have that done: the same command with `--patch-workloads`";
        let flag = (self.can_patch() && !self.is_being_split).then(|| flag.into());
        let by_hand = self.parts.iter().map(NamedPart::by_hand);
        (told, flag.into_iter().chain(by_hand).collect())
    }
}

impl NamedPart {
    /// How it gets a service account of its own.
    fn by_hand(&self) -> Fix {
        let Self { part, own, taken } = self;
        let Workload {
            kind, namespace, ..
        } = &part.workload;
        let create = CommandLine::of(
            "kubectl create serviceaccount {} --namespace {}",
            &[own, namespace],
        );
        let taken = taken.as_ref();
        let taken = taken.map(|it| format!(" ({namespace}/{it} is there, and may be of others)"));
        let taken = taken.unwrap_or_default();
        let fix = Fix::by(
            format!("give {} one of its own{taken}", part.workload),
            create,
        );
        if !can_change(*kind) {
            return fix.and(format!(
                ", and have it made anew with serviceAccountName: {own}"
            ));
        }
        let template = json!({"template": {"spec": {"serviceAccountName": own}}});
        let spec = match kind {
            WorkloadKind::CronJob => json!({"jobTemplate": {"spec": template}}),
            _ => template,
        };
        let place = template_of(*kind);
        let patch = json!({"spec": spec}).to_string();
        let patch = part.workload.kubectl("patch").and("--patch {}", &[&patch]);
        fix.and(", then ").run(patch).and(format!(
            "; in a chart or in Git that is {place}.spec.serviceAccountName: {own}"
        ))
    }
}

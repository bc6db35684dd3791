//! Workloads that get a service account of their own, where the one that they have is `default`, or would
//! have two roles. What is kept of it: on the workload, which service account it had, written together with
//! the new one; on the new service account, whose it is. Neither is believed without the other.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{
    CommandLine, FORMER_ANNOTATION, Lookup, Namespace, ROLE_ANNOTATION, ServiceAccountName,
    Workload, WorkloadKind,
};
use crate::world::{Grant, Interception, Pod, RightsBinding, ServiceAccount, TemplatedWorkload};

mod accounts;
mod steps;

pub use accounts::Contradiction;
pub use steps::source;

/// What Kubernetes has, by service accounts.
pub struct Runs<'a> {
    pub objects: &'a BTreeMap<ServiceAccountName, ServiceAccount>,
    pub pods: &'a mut BTreeMap<ServiceAccountName, Vec<Pod>>,
    pub workloads: &'a mut BTreeMap<ServiceAccountName, Vec<TemplatedWorkload>>,
}

/// How workloads get service accounts of their own.
pub struct Splitting<'a> {
    /// What the only one is called. `None`: as its workload.
    pub name: Option<&'a str>,
    /// By the one of before, and by the new one.
    pub includes: &'a dyn Fn(&ServiceAccountName, &ServiceAccountName) -> bool,
    pub bindings: &'a Lookup<Vec<RightsBinding>>,
}

/// Service accounts that have a workload of another one, or are to have it, and that one.
pub type Successors = BTreeMap<ServiceAccountName, ServiceAccountName>;

/// What a move writes on the service account that it makes for a workload.
pub fn mark(former: &str, workload: &Workload) -> String {
    format!("{former} {}/{}", workload.kind.word(), workload.name)
}

/// What a move wrote on a service account that it made. Who may annotate service accounts may have written it:
/// it opens nothing.
fn read(namespace: &Namespace, object: &ServiceAccount) -> Option<(ServiceAccountName, Workload)> {
    let text = object.annotations.get(FORMER_ANNOTATION);
    let (former, workload) = text.filter(|_| object.is_owned())?.split_once(' ')?;
    let former = ServiceAccountName::new(namespace.clone(), former).ok()?;
    let workload = format!("{namespace}/{workload}").parse().ok()?;
    Some((former, workload))
}

/// Whether a workload says the same of the service account that it had as the one that was made for it.
fn agree((former, workload): &(ServiceAccountName, Workload), it: &TemplatedWorkload) -> bool {
    it.state.workload == *workload && it.marks.former.as_ref() == Some(&former.name)
}

impl Runs<'_> {
    /// A workload with its pods from one to another.
    fn give(&mut self, from: &ServiceAccountName, to: &ServiceAccountName, workload: &Workload) {
        let its = self.workloads.get_mut(from);
        let its = its.map(|all| all.extract_if(.., |it| it.state.workload == *workload));
        let its: Vec<_> = its.into_iter().flatten().collect();
        self.workloads.entry(to.clone()).or_default().extend(its);
        let pods = self.pods.get_mut(from);
        let pods = pods.map(|all| all.extract_if(.., |it| it.owner == *workload));
        let pods: Vec<_> = pods.into_iter().flatten().collect();
        self.pods.entry(to.clone()).or_default().extend(pods);
    }

    /// What runs as a service account.
    fn running(&self, name: &ServiceAccountName) -> BTreeSet<&Workload> {
        let workloads = self.workloads.get(name).into_iter().flatten();
        let pods = self.pods.get(name).into_iter().flatten();
        let pods = pods.filter(|pod| pod.is_alive()).map(|pod| &pod.owner);
        workloads.map(|it| &it.state.workload).chain(pods).collect()
    }
}

/// Puts workloads that a move gave a service account of their own, or was about to, with all their pods to
/// that one.
pub fn rejoin(runs: &mut Runs<'_>) -> Successors {
    let mut found = Vec::new();
    for (name, workloads) in runs.workloads.iter() {
        let made = runs
            .objects
            .get(name)
            .and_then(|object| read(&name.namespace, object));
        for it in workloads {
            if let Some((former, _)) = made.as_ref().filter(|made| agree(made, it)) {
                found.push((name.clone(), former.clone(), it.state.workload.clone()));
            }
        }
    }
    for (name, object) in runs.objects {
        let Some((former, workload)) = read(&name.namespace, object) else {
            continue;
        };
        // Others that run as it are not to be taken for a part of the move.
        if runs.running(name).into_iter().all(|it| *it == workload) {
            found.push((name.clone(), former, workload));
        }
    }
    let mut successors = Successors::new();
    for (name, former, workload) in found {
        runs.give(&former, &name, &workload);
        successors.insert(name, former);
    }
    successors
}

/// Puts workloads that need a service account of their own to it, as if they had it. The others are told, with
/// what keeps them.
pub fn split(
    runs: &mut Runs<'_>,
    interception: &Interception,
    splitting: &Splitting<'_>,
    successors: &mut Successors,
) -> BTreeMap<Workload, String> {
    let mut kept = BTreeMap::new();
    let mut found = Vec::new();
    for name in runs.workloads.keys() {
        let parts = parts(runs, interception, name);
        let bound = bound(runs, successors, name);
        for part in &parts {
            let workload = part.of.state.workload.clone();
            let own = match own_account(splitting, name, &workload, &parts) {
                Ok(own) => own,
                Err(why) => {
                    kept.insert(workload, why);
                    continue;
                }
            };
            if !(splitting.includes)(name, &own) {
                continue;
            }
            let hindrance = several(splitting, &parts)
                .or_else(|| bound.clone())
                .or(part.differs.map(str::to_owned))
                .or_else(|| hindrance_of(runs, splitting, name, &own, part.of));
            if let Some(why) = hindrance {
                kept.insert(workload, why);
            } else {
                found.push((own, name.clone(), workload));
            }
        }
    }
    for (own, former, workload) in found {
        runs.give(&former, &own, &workload);
        successors.insert(own, former);
    }
    kept
}

fn several(splitting: &Splitting<'_>, parts: &[SplitWorkload<'_>]) -> Option<String> {
    let is_one_for_all = splitting.name.is_some() && parts.len() > 1;
    is_one_for_all
        .then(|| "--service-account names one, and several workloads need one each".to_owned())
}

/// The service account that a workload is to have.
fn own_account(
    splitting: &Splitting<'_>,
    former: &ServiceAccountName,
    workload: &Workload,
    parts: &[SplitWorkload<'_>],
) -> Result<ServiceAccountName, String> {
    let is_alike = |it: &&SplitWorkload<'_>| it.of.state.workload.name == workload.name;
    let own = match splitting.name {
        Some(given) => given.to_owned(),
        None => own_name(former, workload, parts.iter().filter(is_alike).count() > 1),
    };
    ServiceAccountName::new(former.namespace.clone(), &own)
}

/// Why no workload of a service account gets another one.
fn bound(runs: &Runs<'_>, successors: &Successors, name: &ServiceAccountName) -> Option<String> {
    if let Some(former) = successors.get(name) {
        return Some(format!(
            "{name} was made by a move for a workload of {former}: finish that, or undo it, first"
        ));
    }
    let role = runs.objects.get(name)?.role()?;
    let off = unannotated(name);
    Some(format!(
        "new pods of {name} have {role} by its annotation: take that off first: `{off}`"
    ))
}

/// The command that takes a role off a service account.
pub fn unannotated(name: &ServiceAccountName) -> CommandLine {
    let command = CommandLine::of(
        "kubectl annotate serviceaccount {} --namespace {}",
        &[&name.name, &name.namespace],
    );
    command.and(&format!("{ROLE_ANNOTATION}-"), &[])
}

/// A workload that needs a service account of its own.
struct SplitWorkload<'a> {
    of: &'a TemplatedWorkload,
    /// Why it is not known which role it is to have.
    differs: Option<&'static str>,
}

/// The workloads of a service account that need one of their own: all with a role, where they have several,
/// where others have none, and where it is the one that nobody gave them. Their templates say which role, and
/// no pod that names one as its owner has another.
fn parts<'a>(
    runs: &'a Runs<'_>,
    interception: &Interception,
    name: &ServiceAccountName,
) -> Vec<SplitWorkload<'a>> {
    let given =
        |workload: &Workload, pod: &Pod| interception.grant(workload, pod, name.namespace.as_str());
    let workloads = || runs.workloads.get(name).into_iter().flatten();
    let pods = runs.pods.get(name).into_iter().flatten();
    let pods = pods.filter(|pod| pod.is_alive());
    let of_templates = workloads().filter_map(|it| given(&it.state.workload, &it.template));
    let of_pods = pods.filter_map(|pod| given(&pod.owner, pod));
    let grants: Vec<Grant> = of_templates.chain(of_pods).collect();
    let roles: BTreeSet<_> = grants
        .iter()
        .filter_map(|it| it.role.as_ref().ok())
        .collect();
    let has_none = |workload: &&Workload| grants.iter().all(|it| it.workload != **workload);
    let is_shared = roles.len() > 1 || runs.running(name).iter().any(has_none);
    if name.name != "default" && !is_shared {
        return Vec::new();
    }
    let part = |it: &'a TemplatedWorkload| {
        let grants = grants.iter();
        let mut its = grants.filter(|grant| grant.workload == it.state.workload);
        its.clone().find(|grant| grant.role.is_ok())?;
        let own = given(&it.state.workload, &it.template);
        let differs = match own.filter(|own| own.annotation.is_some()) {
            None => Some("no annotation of its template names its role"),
            Some(own) if its.all(|grant| grant.role == own.role) => None,
            Some(_) => Some("its pods have another role than its template names: restart it first"),
        };
        Some(SplitWorkload { of: it, differs })
    };
    workloads().filter_map(part).collect()
}

/// What a service account for a workload alone is called.
pub fn own_name(account: &ServiceAccountName, workload: &Workload, is_ambiguous: bool) -> String {
    let name = &workload.name;
    if is_ambiguous {
        format!("{name}-{}", workload.kind.word())
    } else if *name == account.name {
        format!("{name}-aws")
    } else {
        name.clone()
    }
}

/// Whether the template of its pods can be changed.
pub fn can_change(kind: WorkloadKind) -> bool {
    kind.can_restart() || kind == WorkloadKind::CronJob
}

/// Where a workload has the template of its pods.
pub fn template_of(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::CronJob => "spec.jobTemplate.spec.template",
        _ => "spec.template",
    }
}

/// Who changes workloads at a keyboard, and is asked by the command whether that is meant.
fn is_by_hand(manager: &String) -> bool {
    manager.starts_with("kubectl") || manager == "irsactl"
}

/// Why the service account of a workload is not changed, whatever it is.
pub fn unchangeable(it: &TemplatedWorkload) -> Option<String> {
    let state = &it.state;
    let workload = &state.workload;
    if !can_change(workload.kind) {
        return Some(format!(
            "the pods of a {} are not changed",
            workload.kind.word()
        ));
    }
    if state.paused {
        let resume = workload.kubectl("rollout resume");
        return Some(format!("it is paused: resume it first: `{resume}`"));
    }
    if state.on_delete {
        return Some("it replaces its pods only when they are deleted (OnDelete)".to_owned());
    }
    if let Some(manager) = it.marks.set_by.iter().find(|it| !is_by_hand(it)) {
        return Some(format!(
            "its serviceAccountName is set by {manager}, which would put it back: change it there"
        ));
    }
    let controller = it.marks.controller.as_ref()?;
    Some(format!(
        "{controller} made it, and would put its serviceAccountName back: change it there"
    ))
}

/// Why a workload cannot be given that service account.
fn hindrance_of(
    runs: &Runs<'_>,
    splitting: &Splitting<'_>,
    former: &ServiceAccountName,
    own: &ServiceAccountName,
    part: &TemplatedWorkload,
) -> Option<String> {
    if let Some(why) = unchangeable(part) {
        return Some(why);
    }
    let workload = &part.state.workload;
    let others = "`--service-account` names another";
    if let Some(object) = runs.objects.get(own)
        && read(&own.namespace, object) != Some((former.clone(), workload.clone()))
    {
        return Some(format!(
            "there is a service account {own}, which no move made for it: {others}"
        ));
    }
    if let Some(other) = runs.running(own).into_iter().find(|it| *it != workload) {
        return Some(format!("{other} runs as {own}: {others}"));
    }
    let bindings = match splitting.bindings {
        Lookup::Found(bindings) => bindings,
        Lookup::Missing => return None,
        Lookup::Unknown(why) => {
            return Some(format!(
                "which rights in the cluster it would lose or gain cannot be told: {why}"
            ));
        }
    };
    let differs = |it: &&RightsBinding| it.accounts.contains(former) != it.accounts.contains(own);
    let binding = bindings.iter().find(differs)?;
    let told = &binding.told;
    Some(if binding.accounts.contains(former) {
        format!("{told} gives rights to {former}, which it would lose: have it name {own} too")
    } else {
        format!("{told} names {own}, which would give it more rights: {others}")
    })
}

impl TemplatedWorkload {
    /// The field manager that set an annotation of its pods, and sets it again.
    pub fn manager_of(&self, key: &str) -> Option<&str> {
        let mut all = self.marks.annotated_by.iter();
        let found = all.find(|(set, by)| set == key && !is_by_hand(by))?;
        Some(&found.1)
    }
}

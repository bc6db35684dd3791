//! Which workloads run without the role that their service account has, and what a restart does about
//! it: pods get their role when they are made, so an annotation changes nothing for those that run.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Action, Role, ServiceAccountChange, Track};
use crate::asked::{Ending, IamServiceAccount, Restart};
use crate::model::{
    AUDIENCE_ANNOTATION, Cluster, ClusterName, CommandLine, DEFAULT_AUDIENCE, RoleArn,
    ServiceAccountName, Way, Workload, WorkloadKind,
};
use crate::world::{
    Container, ContainerKind, Lack, ObservedAccount, Pod, SKIP_LABEL, ServiceAccount,
    ServiceAccountState, WorkloadState,
};

mod associated;
mod fate;

pub use associated::within_reach;
use fate::{RestartDecision, fate, kept_off};

/// So many pods of a workload are told about one by one.
const TOLD: usize = 3;

/// What the pods of a service account are to have.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Expected {
    pub service_account: ServiceAccountName,
    pub cluster: ClusterName,
    #[serde(skip_serializing_if = "is_irsa")]
    pub way: Way,
    pub role: Role,
    /// Of their tokens. `None`: what the cluster's webhook takes by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// When the annotations last changed, in seconds since 1970. `None`: in this run, or not known.
    #[serde(skip)]
    pub since: Option<i64>,
    /// Whether the association goes that would outdo an annotation.
    #[serde(skip)]
    pub parts_with_pod_identity: bool,
    /// Whether they are to have nothing of the way any more.
    #[serde(skip)]
    pub is_undone: bool,
}

fn is_irsa(way: &Way) -> bool {
    *way == Way::Irsa
}

/// A workload with pods that lack the role.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StaleWorkload {
    #[serde(flatten)]
    pub workload: Workload,
    pub pods: Vec<StalePod>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StalePod {
    pub name: String,
    /// What containers lack, by their names.
    pub lacks: BTreeMap<String, Lack>,
}

/// What the account's pods are to have when its track is carried out. `None`: nothing that could be
/// told about, or nothing that this run would change.
pub fn expected(
    restart: Restart,
    track: &Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
) -> Option<Expected> {
    if let Some(association) = &observed.association {
        return associated::expected(restart, track, asked, cluster, association);
    }
    let role = track.role.clone()?;
    let none = ServiceAccount::default();
    let (found, is_made) = match &observed.service_account {
        ServiceAccountState::NotLooked
        | ServiceAccountState::NamespaceGoing(_)
        | ServiceAccountState::Going(_) => return None,
        ServiceAccountState::Missing => (&none, true),
        ServiceAccountState::Found(found) => (found, false),
    };
    let change = applied(track);
    let kept = found.annotations.get(AUDIENCE_ANNOTATION);
    let audience = expected_audience(change, found);
    let is_same = matches!(&role, Role::Arn(arn) if found.role() == Some(&arn.to_string()));
    let changes = change.is_some() && !(is_same && audience == kept);
    if restart == Restart::Told && (is_made || !changes) {
        return None;
    }
    // EKS's webhook; that of other clusters has a default of its own.
    let default = cluster.eks.as_ref().map(|_| DEFAULT_AUDIENCE.to_owned());
    Some(Expected {
        service_account: asked.name.clone(),
        cluster: cluster.name.clone(),
        way: Way::Irsa,
        role,
        audience: audience.cloned().or(default),
        since: found.changed.filter(|_| !changes && !is_made),
        parts_with_pod_identity: false,
        is_undone: false,
    })
}

fn applied(track: &Track) -> Option<&ServiceAccountChange> {
    track.actions.iter().find_map(|action| match action {
        Action::ApplyServiceAccount(change) => Some(change),
        _ => None,
    })
}

fn expected_audience<'a>(
    change: Option<&'a ServiceAccountChange>,
    found: &'a ServiceAccount,
) -> Option<&'a String> {
    let kept = found.annotations.get(AUDIENCE_ANNOTATION);
    let Some(change) = change else {
        return kept;
    };
    // What was applied before and is left out now goes.
    let is_applied = found.applied_annotations.contains(AUDIENCE_ANNOTATION);
    let asked = change.annotations.get(AUDIENCE_ANNOTATION);
    asked.or(kept.filter(|_| !is_applied))
}

/// The workloads whose running pods lack the role, in order.
pub fn stale(expected: &Expected, pods: &[Pod]) -> Vec<StaleWorkload> {
    let mut stale: BTreeMap<&Workload, Vec<StalePod>> = BTreeMap::new();
    for pod in pods.iter().filter(|pod| pod.is_alive()) {
        let lacks = lacks(expected, pod);
        if !lacks.is_empty() {
            let name = pod.name.clone();
            let pods = stale.entry(&pod.owner).or_default();
            pods.push(StalePod { name, lacks });
        }
    }
    let stale = stale.into_iter();
    stale
        .map(|(workload, pods)| StaleWorkload {
            workload: workload.clone(),
            pods,
        })
        .collect()
}

/// What a pod's containers lack. Those that have ended, and those that the webhook is told to skip,
/// lack nothing.
fn lacks(expected: &Expected, pod: &Pod) -> BTreeMap<String, Lack> {
    let role = match &expected.role {
        Role::Arn(arn) => Some(arn.to_string()),
        _ => None,
    };
    let lack = |container: &Container| {
        let lack = match expected.way {
            way if expected.is_undone => container.keeps(way)?,
            Way::Irsa => pod.lacks(container, role.as_deref(), expected.audience.as_deref())?,
            Way::PodIdentity => container.lacks_pod_identity()?,
        };
        Some(if pod.is_skipped() {
            Lack::Skipped
        } else {
            lack
        })
    };
    let containers = pod.injected().filter(|it| it.kind != ContainerKind::Init);
    let lacks = containers.filter_map(|it| Some((it.name.clone(), lack(it)?)));
    lacks.collect()
}

/// Adds the restarts to the account's track: first all of them, then the waits. What a restart does not
/// mend is told.
pub fn plan(
    track: &mut Track,
    expected: &Expected,
    stale: Vec<StaleWorkload>,
    states: &[WorkloadState],
    ending: Ending,
) {
    let mut waits = Vec::new();
    let (mut others, mut kept) = (Vec::new(), Vec::new());
    for stale in stale {
        let mut states = states.iter();
        let state = states.find(|state| state.workload == stale.workload);
        if let Some(why) = kept_off(expected, &stale, state) {
            track.warnings.push(why);
            continue;
        }
        if !stale.workload.kind.can_restart() {
            let all = if stale.goes_on() {
                &mut kept
            } else {
                &mut others
            };
            all.push(stale.workload);
            continue;
        }
        let Some(state) = state else {
            continue;
        };
        let workload = stale.workload.clone();
        if begin(track, expected, stale, state, ending) {
            waits.push(Action::AwaitPods {
                workload,
                expected: expected.clone(),
            });
        }
    }
    track.actions.append(&mut waits);
    track.notes.extend(others_note(&others));
    track.notes.extend(kept_note(&kept));
}

/// Restarts a workload, or says why that is not done; whether its new pods are to be waited for.
fn begin(
    track: &mut Track,
    expected: &Expected,
    stale: StaleWorkload,
    state: &WorkloadState,
    ending: Ending,
) -> bool {
    let is_awaited = ending == Ending::Awaited;
    match fate(expected, &stale, state) {
        RestartDecision::Restarted => track.actions.push(Action::RestartWorkload(stale)),
        RestartDecision::Underway if is_awaited => {}
        RestartDecision::Underway => {
            let note = format!("{} is being restarted already", stale.workload);
            track.notes.push(note);
        }
        RestartDecision::InVain(_) if is_awaited => {}
        RestartDecision::InVain(why) => track.warnings.push(why),
        RestartDecision::ByHand(why) => {
            track.warnings.push(why);
            return false;
        }
    }
    is_awaited
}

fn others_note(others: &[Workload]) -> Option<String> {
    if others.is_empty() {
        return None;
    }
    let names: Vec<String> = others.iter().map(Workload::to_string).collect();
    let of_jobs = others.iter().any(|other| other.kind == WorkloadKind::Job);
    let jobs = if of_jobs {
        " (a job's pods have it from its next run on)"
    } else {
        ""
    };
    Some(format!(
        "these run without the role until someone makes them anew, as nothing does it for them: {}{jobs}",
        names.join(", ")
    ))
}

/// Those that go on by IRSA, which an association takes from no pod that runs.
fn kept_note(kept: &[Workload]) -> Option<String> {
    let names: Vec<String> = kept.iter().map(Workload::to_string).collect();
    let of_jobs = kept.iter().any(|it| it.kind == WorkloadKind::Job);
    let jobs = if of_jobs {
        " (a job's next run takes the new way)"
    } else {
        ""
    };
    (!kept.is_empty()).then(|| {
        format!(
            "these go on with IRSA, which still works for them, until someone makes them anew, as nothing does it for \
             them: {}{jobs}",
            names.join(", ")
        )
    })
}

/// What pods lack, a line each; of many the first.
pub fn told(pods: &[StalePod]) -> Vec<String> {
    let mut lines: Vec<String> = pods.iter().take(TOLD).map(StalePod::told).collect();
    if pods.len() > TOLD {
        lines.push(format!("and {} more pods", pods.len() - TOLD));
    }
    lines
}

impl StaleWorkload {
    /// Whether the label of its pods is all that keeps the role from them.
    fn is_skipped(&self) -> bool {
        let mut lacks = self.pods.iter().flat_map(|pod| pod.lacks.values());
        lacks.all(|lack| *lack == Lack::Skipped)
    }

    /// Whether its pods have all that they need by IRSA.
    fn goes_on(&self) -> bool {
        let mut lacks = self.pods.iter().flat_map(|pod| pod.lacks.values());
        lacks.all(|lack| *lack == Lack::Irsa)
    }

    /// But for what these containers lack. `None`: nothing is left.
    pub fn without(mut self, containers: &BTreeSet<String>) -> Option<Self> {
        for pod in &mut self.pods {
            pod.lacks.retain(|name, _| !containers.contains(name));
        }
        self.pods.retain(|pod| !pod.lacks.is_empty());
        (!self.pods.is_empty()).then_some(self)
    }
}

impl StalePod {
    fn told(&self) -> String {
        let mut lacks = self.lacks.iter();
        match lacks.next() {
            Some((container, lack)) => {
                format!("pod {}: container {container} {lack}", self.name)
            }
            None => format!("pod {}", self.name),
        }
    }
}

/// The notes on all that was left as it runs: what a restart helps, and what it does not.
pub fn left_notes<'a>(tracks: impl Iterator<Item = &'a Track>) -> Vec<String> {
    let stale = tracks.flat_map(|track| &track.stale);
    let (skipped, stale): (Vec<_>, Vec<_>) = stale.partition(|stale| stale.is_skipped());
    let (kept, stale): (Vec<_>, Vec<_>) = stale.into_iter().partition(|stale| stale.goes_on());
    let until = |all: &[&StaleWorkload], what: &str| {
        let can_restart = all.iter().any(|stale| stale.workload.kind.can_restart());
        let how = if can_restart {
            "; `--restart` does it"
        } else {
            ""
        };
        named(all).map(|names| format!("these {what} until they are restarted: {names}{how}"))
    };
    let stale = until(&stale, "run without the role");
    let kept = until(&kept, "go on with IRSA, which still works for them,");
    let skipped = named(&skipped).map(|names| {
        format!(
            "these run without the role while their template has the label {SKIP_LABEL}: {names}"
        )
    });
    stale.into_iter().chain(kept).chain(skipped).collect()
}

/// The first of many, with the numbers of their pods.
fn named(stale: &[&StaleWorkload]) -> Option<String> {
    const NAMED: usize = 10;
    if stale.is_empty() {
        return None;
    }
    let named = stale
        .iter()
        .take(NAMED)
        .map(|stale| match stale.pods.len() {
            _ if stale.workload.kind == WorkloadKind::Pod => stale.workload.to_string(),
            1 => format!("{} (1 pod)", stale.workload),
            count => format!("{} ({count} pods)", stale.workload),
        });
    let mut named: Vec<String> = named.collect();
    if stale.len() > NAMED {
        named.push(format!("and {} more", stale.len() - NAMED));
    }
    Some(named.join(", "))
}

impl Expected {
    /// The command that finds out why pods lack the role.
    pub fn doctor(&self) -> CommandLine {
        CommandLine::of(
            "irsactl doctor --cluster {} {}",
            &[&self.cluster, &self.service_account],
        )
    }

    /// Once the role is known.
    pub fn with_role(&self, role: &RoleArn) -> Self {
        Self {
            role: Role::Arn(role.clone()),
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests;

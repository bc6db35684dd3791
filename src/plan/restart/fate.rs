//! What is to become of a workload whose pods lack their role: what a restart would not mend is for people.

use super::{Expected, StaleWorkload, told};
use crate::model::Workload;
use crate::world::{Lack, ROLE_VARIABLE, Rollout, SKIP_LABEL, WorkloadState};

/// Why a workload is left alone whatever else it says. Who may create a pod names any workload as its
/// owner: only the workload's own template tells whose pods it makes.
pub fn kept_off(
    expected: &Expected,
    stale: &StaleWorkload,
    state: Option<&WorkloadState>,
) -> Option<String> {
    let workload = &stale.workload;
    match state {
        Some(state) if state.service_account != expected.service_account.name => {
            let pods: Vec<&str> = stale.pods.iter().map(|pod| pod.name.as_str()).collect();
            Some(format!(
                "{workload} is not restarted: its own template makes pods of service account {}, and of {} only a pod \
                 that names it as its owner is there: {}",
                state.service_account,
                expected.service_account.name,
                pods.join(", ")
            ))
        }
        Some(state) if state.skipped => Some(skipped(workload)),
        None if stale.is_skipped() => Some(skipped(workload)),
        _ => None,
    }
}

/// What is to become of one workload.
pub enum RestartDecision {
    Restarted,
    /// Someone restarted it since the annotation changed, and that is not over.
    Underway,
    /// The same, and it is over.
    InVain(String),
    /// A restart changes nothing.
    ByHand(String),
}

/// What becomes of a workload some of whose pods lack the role.
pub fn fate(expected: &Expected, stale: &StaleWorkload, state: &WorkloadState) -> RestartDecision {
    if let Some(why) = in_the_way(expected, stale, state) {
        return RestartDecision::ByHand(why);
    }
    match (&state.restarted, expected.since, &state.rollout) {
        (Some((at, _)), Some(since), rollout) if *at >= since => match rollout {
            Rollout::Underway(_) => RestartDecision::Underway,
            Rollout::Over => RestartDecision::InVain(in_vain(expected, stale, state)),
            Rollout::Failed(why) => RestartDecision::InVain(format!(
                "{} was restarted, and its rollout {why}",
                stale.workload
            )),
        },
        _ => RestartDecision::Restarted,
    }
}

/// What people must do themselves.
fn in_the_way(expected: &Expected, stale: &StaleWorkload, state: &WorkloadState) -> Option<String> {
    let workload = &stale.workload;
    let lacks = || stale.pods.iter().flat_map(|pod| &pod.lacks);
    if lacks().all(|(container, _)| state.own_roles.contains(container)) {
        let containers: Vec<&str> = state.own_roles.iter().map(String::as_str).collect();
        return Some(format!(
            "a restart would not give {workload} the role: its own template sets {ROLE_VARIABLE} (container {}); \
             take the variable out: `{}`",
            containers.join(", "),
            workload.kubectl("set env").and("AWS_ROLE_ARN-", &[])
        ));
    }
    let is_outdone = !expected.parts_with_pod_identity;
    if is_outdone && lacks().all(|(_, lack)| *lack == Lack::PodIdentity) {
        return Some(format!(
            "a restart would not give {workload} the role: EKS Pod Identity gives its pods their credentials, and \
             comes first; see `aws eks list-pod-identity-associations --cluster-name {} --namespace {} --service-account {}`",
            expected.cluster, expected.service_account.namespace, expected.service_account.name
        ));
    }
    if state.paused {
        return Some(format!(
            "{workload} is paused and cannot be restarted: resume it first: `{}`",
            workload.kubectl("rollout resume")
        ));
    }
    if state.on_delete {
        let pods: Vec<&str> = stale.pods.iter().map(|pod| pod.name.as_str()).collect();
        return Some(format!(
            "{workload} replaces its pods only when they are deleted (OnDelete): \
             `kubectl delete pod {} --namespace {}`",
            pods.join(" "),
            workload.namespace
        ));
    }
    None
}

/// A restart changes nothing while the template has the label.
fn skipped(workload: &Workload) -> String {
    let how = match workload.without_template_label(SKIP_LABEL) {
        Some(command) => format!("`{command}`"),
        None => "take it off, and make them anew".to_owned(),
    };
    format!(
        "a restart would not give {workload} the role: the label {SKIP_LABEL} of its pods keeps the webhook away: {how}"
    )
}

/// New pods that lack the role as the old ones did.
fn in_vain(expected: &Expected, stale: &StaleWorkload, state: &WorkloadState) -> String {
    let at = state.restarted.as_ref().map_or("", |(_, text)| text);
    format!(
        "{} was restarted at {at}, and its pods still lack the role: {}; find out why: `{}`",
        stale.workload,
        told(&stale.pods).join("; "),
        expected.doctor()
    )
}

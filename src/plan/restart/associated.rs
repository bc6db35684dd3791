//! What the running pods of an association are to have, and what keeps it from them.

use std::collections::BTreeSet;

use super::Expected;
use crate::asked::{IamServiceAccount, Restart};
use crate::model::{Cluster, Way};
use crate::plan::migrate::{NODE_NETWORK, Obstacle, of_place};
use crate::plan::{Action, Track};
use crate::world::{Node, ObservedAssociation, Pod};

/// Pods get what the agent asks for when they are made, after the association. Who looks at no pods because
/// nothing changes is not told of them either.
pub fn expected(
    restart: Restart,
    track: &Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAssociation,
) -> Option<Expected> {
    let role = track.role.clone().filter(|_| track.refusals.is_empty())?;
    let makes = |action: &Action| matches!(action, Action::CreateAssociation(_));
    let is_made = track.actions.iter().any(makes);
    let changes = |action: &Action| matches!(action, Action::UpdateAssociation(_));
    if restart == Restart::Told && !is_made && !track.actions.iter().any(changes) {
        return None;
    }
    let found = observed.found.as_ref().filter(|_| !is_made);
    Some(Expected {
        service_account: asked.name.clone(),
        cluster: cluster.name.clone(),
        way: Way::PodIdentity,
        role,
        audience: None,
        since: found.map(|found| found.created),
        parts_with_pod_identity: false,
        is_undone: false,
    })
}

/// What keeps running pods from an association, told: those on computers without an agent, which no restart
/// helps, and those that may not reach it. Tells the others.
pub fn within_reach(track: &mut Track, pods: Vec<Pod>, nodes: &[Node]) -> Vec<Pod> {
    let mut obstacles: Vec<Obstacle> = Vec::new();
    let (mut reached, mut of_node) = (Vec::new(), BTreeSet::new());
    for pod in pods.into_iter().filter(Pod::is_alive) {
        let found = of_place(&pod.owner, &pod, nodes);
        if found.is_empty() {
            if pod.host_network {
                of_node.insert(pod.owner.clone());
            }
            reached.push(pod);
            continue;
        }
        let new = found.into_iter();
        let new: Vec<Obstacle> = new.filter(|it| !obstacles.contains(it)).collect();
        obstacles.extend(new);
    }
    let told = obstacles.iter().map(|obstacle| obstacle.told().0);
    track.warnings.extend(told);
    let told = of_node.iter();
    track
        .notes
        .extend(told.map(|workload| format!("{workload}: {NODE_NETWORK}")));
    reached
}

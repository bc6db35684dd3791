//! Where a service account stands in a move, from what is there.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{
    CommandLine, Fix, Lookup, Map, ROLE_ANNOTATION, RoleArn, SAVED_ANNOTATION, Way,
};
use crate::policy::pod_identity;
use crate::world::{Association, Moving, MovingAccount, Pod, PodWay, ServiceAccount};

use super::evidence::counted;
use super::intercept;
use super::obstacle::Obstacle;
use super::trust;

/// How far a move is. To EKS Pod Identity, both are the annotation and the association, which new pods
/// take; to IRSA, both are the annotation and what was saved of the association.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MoveState {
    /// New pods take the way of before.
    Old,
    /// New pods take the new way, and the one of before still works.
    Both,
    /// Nothing is left of the way of before.
    New,
}

impl MoveState {
    /// As it stands in the column STATE, and in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Old => "OLD",
            Self::Both => "BOTH",
            Self::New => "NEW",
        }
    }
}

impl MovingAccount {
    /// The role that its annotation names, as it stands there. `None`: it has none, or that is not known.
    pub fn annotation(&self) -> Option<&str> {
        self.object.as_found().and_then(ServiceAccount::role)
    }

    /// Whether the role certainly lets its association in, if it had one.
    pub fn lets_in_association(&self, moving: &Moving) -> bool {
        let facts = self.role.as_found();
        facts.is_some_and(|facts| trust::lets_in(&facts.trust, Way::PodIdentity, moving, self))
    }

    /// What was saved of an association. Whoever may write annotations can have written it.
    pub fn saved(&self) -> Option<&str> {
        let annotations = self.object.as_found().map(|object| &object.annotations);
        let saved = annotations.and_then(|all: &Map| all.get(SAVED_ANNOTATION));
        saved.map(String::as_str)
    }

    /// Its association. `None`: it has none, or that is not known.
    pub fn associated(&self) -> Option<&Association> {
        self.association.as_found()
    }

    /// The role of its association, where its annotation names another.
    pub fn other_role(&self) -> Option<&RoleArn> {
        let (annotated, associated) = (self.annotation()?, self.associated()?);
        Some(&associated.role).filter(|role| **role != *annotated)
    }

    /// Whether a pod runs as it: a token of EKS Pod Identity is bound to one.
    pub fn has_running_pod(&self) -> bool {
        self.alive().any(|pod| pod.phase == "Running")
    }

    /// What new pods get. `None`: not known.
    pub fn new_pods(&self) -> Option<PodWay> {
        match (&self.association, &self.object) {
            (Lookup::Found(_), _) => Some(PodWay::PodIdentity),
            (Lookup::Unknown(_), _) | (_, Lookup::Unknown(_)) => None,
            (Lookup::Missing, _) if self.annotation().is_some() => Some(PodWay::Irsa),
            (Lookup::Missing, _) => {
                let given = self.grants.first().map(|grant| grant.way);
                Some(given.unwrap_or(PodWay::NodeRole))
            }
        }
    }

    /// The way of a move that irsactl began, and that is not finished.
    pub fn is_on_its_way(&self, moving: &Moving) -> Option<Way> {
        match (self.new_pods()?, self.annotation(), self.saved()) {
            (PodWay::PodIdentity, Some(_), Some(_)) => Some(Way::Irsa),
            (PodWay::PodIdentity, Some(_), None) if self.is_moved() => Some(Way::PodIdentity),
            (PodWay::Irsa | PodWay::NodeRole, _, Some(_)) if self.lets_in_association(moving) => {
                Some(Way::Irsa)
            }
            _ => None,
        }
    }

    /// That somebody took its annotation off on the way to IRSA, when its association was gone.
    pub fn lost_annotation(&self, moving: &Moving) -> Option<String> {
        let is_lost = self.new_pods() == Some(PodWay::NodeRole);
        let is_lost = is_lost && self.is_on_its_way(moving).is_some();
        let command = CommandLine::of("irsactl migrate to-irsa", &[]);
        let command = command.and(
            "{} --cluster {} --approve",
            &[&self.name, &moving.cluster.name],
        );
        is_lost.then(|| {
            format!(
                "pods that start have no role, as its annotation was taken off in the middle of a move; `{command}` puts it back"
            )
        })
    }

    /// Why it cannot be told how far it is, where all was read.
    pub fn doubt(&self, moving: &Moving) -> Option<String> {
        if self.state(moving).is_some() {
            return None;
        }
        // What could not be read is told once, for all of them.
        self.new_pods()?;
        self.saved()?;
        let why = match (&self.role_arn, &self.role) {
            (None, _) => "names no role".to_owned(),
            (Some(role), Lookup::Found(_)) => {
                format!("names {role}, which lets in no association of it")
            }
            (Some(role), Lookup::Missing) => format!("names {role}, which is not there"),
            (Some(role), Lookup::Unknown(why)) => {
                format!("names {role}, whose trust policy cannot be told: {why}")
            }
        };
        Some(format!(
            "its annotation {SAVED_ANNOTATION} tells of a move and is not believed, as it {why}"
        ))
    }

    /// That its annotation names another role than its association.
    pub fn two_roles(&self, moving: &Moving) -> Option<Obstacle> {
        let annotated = self.annotation()?;
        let associated = self.other_role()?.to_owned();
        let (cluster, name) = (&moving.cluster.name, &self.name);
        let off = CommandLine::of(
            "kubectl annotate serviceaccount {} --namespace {}",
            &[&name.name, &name.namespace],
        );
        let off = off.and(&format!("{ROLE_ANNOTATION}-"), &[]);
        let update = CommandLine::of("irsactl update podidentityassociation", &[]);
        let update = update.and(
            "{} --cluster {} --role-arn {} --approve",
            &[name, cluster, &annotated],
        );
        let fixes = vec![
            Fix::by(
                "pods have the association's: where that is right, take the annotation off",
                off,
            ),
            Fix::by(
                "where the annotation is right, give the association its role",
                update,
            ),
        ];
        Some(Obstacle::TwoRoles(
            annotated.to_owned(),
            Box::new(associated),
            fixes,
        ))
    }

    /// How far a move is. `None`: nothing gives its pods a role, or it is not known.
    pub fn state(&self, moving: &Moving) -> Option<MoveState> {
        match (self.new_pods()?, self.annotation()) {
            (PodWay::PodIdentity | PodWay::Irsa, _) if intercept::is_given(moving, self) => {
                Some(MoveState::Both)
            }
            (PodWay::PodIdentity, None) => Some(MoveState::New),
            (PodWay::PodIdentity, Some(_)) => Some(MoveState::Both),
            (PodWay::Irsa | PodWay::NodeRole, _) if self.is_on_its_way(moving).is_some() => {
                Some(MoveState::Both)
            }
            (PodWay::Irsa, _) => Some(MoveState::Old),
            (PodWay::Kube2iam | PodWay::Kiam, _) => Some(MoveState::Old),
            (PodWay::NodeRole | PodWay::Vault | PodWay::StaticKeys, _) => None,
        }
    }

    /// That eksctl's statement for EKS Pod Identity, which knows no condition, opens the role to all.
    pub fn wide_trust(&self) -> Option<String> {
        let role = self.role.as_found()?;
        pod_identity::is_wide(&role.trust).then(|| {
            format!(
                "role {} lets in any association that names it, by a statement for {} without a condition",
                role.arn,
                pod_identity::SERVICE
            )
        })
    }

    /// Whether it is known that there is nothing of it.
    pub fn is_nothing(&self) -> bool {
        let has_pods = !matches!(&self.pods, Lookup::Found(pods) if pods.is_empty());
        let has_workloads = !matches!(&self.workloads, Lookup::Found(all) if all.is_empty());
        let is_absent = self.object == Lookup::Missing && self.association == Lookup::Missing;
        is_absent
            && (self.pods == Lookup::Missing || !has_pods)
            && (self.workloads == Lookup::Missing || !has_workloads)
    }

    /// Its pods that run, and those that are about to.
    pub fn alive(&self) -> impl Iterator<Item = &Pod> {
        let pods = self.pods.as_found().into_iter().flatten();
        pods.filter(|pod| pod.is_alive())
    }
}

/// How many pods have which way: `2 pods have irsa, 1 pod has pod-identity`.
pub fn counted_by_way<'a>(pods: impl Iterator<Item = &'a Pod>) -> String {
    let mut counts: BTreeMap<PodWay, usize> = BTreeMap::new();
    for pod in pods {
        *counts.entry(pod.way()).or_default() += 1;
    }
    let told = counts.iter().map(|(way, count)| counted(*count, *way));
    told.collect::<Vec<_>>().join(", ")
}

//! The move of service accounts between the ways on which pods get their credentials. Where one stands
//! is read from the world each time, nothing is stored; a move is an ordinary plan.

use serde::Serialize;
use serde_json::Value;

use crate::asked::{Agent, Deployment, DeploymentMode};
use crate::model::{ClusterName, CommandLine, Issuer, RoleArn, ServiceAccountName, Way};
use crate::plan::{Breadth, Track};
use crate::policy::Difference;
use crate::world::{Moving, MovingAccount, PodWay};

mod bindings;
mod chain;
mod evidence;
mod intercept;
mod node_role;
mod obstacle;
mod parting;
mod roles;
mod row;
mod session_tags;
mod standing;
mod steps;
mod trust;

pub use chain::next_roles;
pub use intercept::{
    Runs, Splitting, Successors, glob, interceptor, rejoin, rivals, split, unclear, users,
};
pub use node_role::{NodeRoleRow, node_role_rows};
pub use obstacle::{Obstacle, of_place};
pub use roles::{PlannedMove, plan};
pub use row::{MoveRow, MoveStanding, rows};
pub use standing::MoveState;

/// What is told of pods that use their node's network.
pub const NODE_NETWORK: &str =
    "its pods use the node's network, from which the agent may not be reached";

/// What is asked of a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveGoal {
    /// The way of the command.
    pub to: Way,
    pub former: Former,
    pub stage: Stage,
    pub scope: Breadth,
    pub proof: ProofNeed,
    pub agent: Agent,
    /// Whether workloads may be given service accounts of their own.
    pub patches: bool,
    /// `None`: nobody says.
    pub deployment_mode: Option<DeploymentMode>,
}

/// The way that service accounts have before a move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Former {
    /// Of irsa and pod-identity the other one.
    Other,
    /// By what stands between pods and the instance metadata.
    Intercepted(PodWay),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// To where new pods take the new way, and those that run are restarted for it.
    Begin,
    /// The way of before goes.
    Finish,
    /// Back to the way of before, and nothing is left of the new one.
    Undo,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProofNeed {
    Required,
    None,
}

impl MoveGoal {
    /// The way of EKS that is given in the end. There is none where a move from another way is undone: there
    /// it is the one that goes.
    pub fn towards(self) -> Way {
        match self.stage {
            Stage::Begin | Stage::Finish => self.to,
            Stage::Undo if self.former == Former::Other => self.to.other(),
            Stage::Undo => self.to,
        }
    }

    /// How CloudFormation changes the stacks that made the roles: in express mode where the change is proved
    /// before anything else builds on it.
    pub fn deployment(self) -> Deployment {
        let is_proved = self.stage == Stage::Begin && self.proof == ProofNeed::Required;
        let usual = if is_proved {
            DeploymentMode::Express
        } else {
            DeploymentMode::Standard
        };
        Deployment {
            service_role: None,
            mode: self.deployment_mode.unwrap_or(usual),
        }
    }

    /// Whether the cluster's agent is missing, and is to be made for this.
    pub fn installs_agent(self, moving: &Moving) -> bool {
        let is_missing = matches!(obstacle::of_agent(moving), Some(Obstacle::Agent(_, None)));
        self.agent == Agent::Installed && self.towards() == Way::PodIdentity && is_missing
    }

    /// Whether a service account that nobody named is meant. What was never moved by irsactl is not undone,
    /// nor is what is finished.
    pub fn concerns(self, moving: &Moving, account: &MovingAccount) -> bool {
        let Some(new_pods) = account.new_pods() else {
            return true;
        };
        if let Former::Intercepted(_) = self.former {
            return self.concerns_intercepted(moving, account, new_pods);
        }
        let (annotated, saved) = (account.annotation().is_some(), account.saved().is_some());
        let is = |way: PodWay| new_pods == way;
        match (self.scope, self.stage, self.to) {
            (Breadth::Named, ..) => true,
            (_, Stage::Begin, Way::PodIdentity) => annotated,
            (_, Stage::Begin, Way::Irsa) => is(PodWay::PodIdentity) || saved,
            (_, Stage::Finish, Way::PodIdentity) => {
                annotated
                    || is(PodWay::PodIdentity)
                        && account.is_moved()
                        && self.is_left(moving, account)
            }
            // Whoever may write annotations can write that something was saved. Where it was, the role still
            // lets the association in.
            (_, Stage::Undo, Way::Irsa) => saved && account.lets_in_association(moving),
            // A run that was cut off had taken off what was saved.
            (_, Stage::Finish, Way::Irsa) => {
                let is_saved = saved && account.lets_in_association(moving);
                is_saved || is(PodWay::Irsa) && self.is_left(moving, account)
            }
            (_, Stage::Undo, Way::PodIdentity) => {
                let is_elsewhere = is(PodWay::Irsa) || self.is_overtaken(account);
                let is_left = is_elsewhere && self.is_left(moving, account);
                annotated && !saved && (account.is_moved() || is_left)
            }
        }
    }

    fn concerns_intercepted(
        self,
        moving: &Moving,
        account: &MovingAccount,
        new_pods: PodWay,
    ) -> bool {
        let is_given = !account.grants.is_empty() || account.split_from().is_some();
        let is_bound = is_way(new_pods, self.to);
        let facts = account.role.as_found();
        let is_open = facts.is_some_and(|it| trust::names(&it.trust, self.to, moving, account));
        match (self.scope, self.stage) {
            (Breadth::Named, _) => true,
            (Breadth::All, Stage::Begin) => is_given,
            (Breadth::All, Stage::Finish) => is_given && is_bound,
            (Breadth::All, Stage::Undo) => is_given && (is_bound || is_open),
        }
    }

    /// Whether this would undo a move to EKS Pod Identity, whose association has another role than the
    /// annotation by now.
    fn is_overtaken(self, account: &MovingAccount) -> bool {
        (self.stage, self.to) == (Stage::Undo, Way::PodIdentity) && account.other_role().is_some()
    }

    /// Whether nobody named it, and nothing but a tag of its association tells of a move. Whoever may tag
    /// associations is not let take them away.
    fn is_only_tagged(self, moving: &Moving, account: &MovingAccount) -> bool {
        self.scope == Breadth::All && account.is_moved() && !self.is_left(moving, account)
    }

    /// What is told where all were meant and this is about none of them.
    pub fn nothing_there(self, moving: &Moving, tracks: &[Track]) -> Option<String> {
        if self.scope != Breadth::All || !tracks.is_empty() {
            return None;
        }
        let found = moving.interception.as_found();
        let found = found.map(|it| it.interceptor.way);
        match (self.stage, self.former) {
            (_, Former::Intercepted(way)) if found != Some(way) => {
                Some(format!("no {} is found in the cluster", way.word()))
            }
            (Stage::Begin, _) => None,
            (Stage::Finish, _) => {
                Some("no move was found that is begun and not finished".to_owned())
            }
            (Stage::Undo, _) => Some(
                "no move was found that is begun and not finished; one that is finished is undone by its name".to_owned(),
            ),
        }
    }

    /// Whether the role still lets in the way that this takes away.
    fn is_left(self, moving: &Moving, account: &MovingAccount) -> bool {
        let facts = account.role.as_found();
        let from = self.towards().other();
        facts.is_some_and(|facts| trust::names(&facts.trust, from, moving, account))
    }
}

/// Whether pods have a way of EKS.
fn is_way(pods: PodWay, way: Way) -> bool {
    match way {
        Way::PodIdentity => pods == PodWay::PodIdentity,
        Way::Irsa => pods == PodWay::Irsa,
    }
}

/// A token of the service account, exchanged for its role on a way.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prove {
    pub cluster: ClusterName,
    #[serde(skip)]
    pub issuer: Issuer,
    pub name: ServiceAccountName,
    pub way: Way,
    pub role: RoleArn,
    /// Whether the association goes again where this fails.
    pub withdraws: bool,
    /// The command that then gives pods the way of before again.
    #[serde(skip)]
    pub back: CommandLine,
}

/// UpdateAssumeRolePolicy's input, and what it takes the place of.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateTrust {
    /// Its name.
    pub role: String,
    pub differences: Vec<Difference>,
    #[serde(skip)]
    pub seen: Value,
    pub document: Value,
}

#[cfg(test)]
mod overtaken;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod reasons;
#[cfg(test)]
mod table;
#[cfg(test)]
mod tests;

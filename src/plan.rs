//! What to do: pure functions from what is asked and what was observed to a list of actions. The
//! plan is data, so that the very list that is shown is the one that is carried out.

use std::fmt;

use serde::Serialize;

use crate::model::{
    ClusterName, Flags, Issuer, RoleArn, ServiceAccountName, StackName, Way, Workload,
};
use crate::policy::Difference;
use crate::world::StackStatus;

pub mod account;
mod action;
pub mod associate;
mod association;
pub mod delete;
pub mod gc;
pub mod migrate;
mod object;
mod refusal;
pub mod restart;
mod stack;
mod summary;
mod token;
pub mod trust;
mod trust_change;
pub mod usage;
pub mod vault;
mod workload;

pub use action::{Action, Repair};
pub use association::{CreateAssociation, UpdateAssociation, by_target_role};
pub use object::{ObjectPresence, ServiceAccountChange, held};
pub use refusal::{Reason, Refusal};
pub use stack::{CreateStack, UpdateStack};
pub use summary::{ActionKind, Summary};
pub use workload::{WorkloadMove, WorkloadParting};

/// Tracks side by side; the actions of a track one after the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    pub tracks: Vec<Track>,
}

/// All that is to be done for one target.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    pub target: Target,
    pub actions: Vec<Action>,
    /// Why nothing is done for this target. With a refusal there are no actions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// What may be wrong, and does not stop the work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the user should know and need not mend.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// What was changed on the role behind CloudFormation's back, and stays so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub drift: Vec<Difference>,
    /// What cannot be compared with what is asked, and why: it is never taken as equal.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// The role is not as its template says, which is not asked for, and the notes say so.
    #[serde(skip)]
    pub is_other: bool,
    /// What runs without the role until it is restarted, where that is not asked for.
    #[serde(rename = "staleWorkloads", skip_serializing_if = "Vec::is_empty")]
    pub stale: Vec<restart::StaleWorkload>,
    /// What no restart helps: it goes on as it runs.
    #[serde(rename = "leftWorkloads", skip_serializing_if = "Vec::is_empty")]
    pub left: Vec<Workload>,
    /// The account of its role, where it is another than the cluster's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// By whose calls it is carried out.
    #[serde(skip)]
    pub caller: Caller,
    /// The flags that lead to that account, where the run has none for it.
    #[serde(skip)]
    pub roles: Flags,
    /// Tracks of one lane, which change one role, run one after the other.
    #[serde(skip)]
    pub lane: Option<RoleArn>,
    /// Of what dead clusters left: what is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leftover: Option<Box<gc::Leftover>>,
    /// The role, where it is known before anything is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// What it means that there is nothing to do.
    #[serde(skip)]
    pub idle: Idle,
    /// Its actions lead a service account from one way to another.
    #[serde(skip)]
    pub is_move: bool,
}

/// By whose calls something is carried out: the run's own, or those that it makes in the account of a role, by the
/// place among these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Caller {
    #[default]
    Own,
    OfRoles(usize),
}

/// How what cannot be moved or copied is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breadth {
    /// It was named: it is refused.
    Named,
    /// It is skipped.
    All,
}

/// Why a track has no actions, where nothing was refused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idle {
    /// All is as asked.
    #[default]
    Unchanged,
    /// What is to be deleted is not there.
    Absent,
    /// Someone else deletes it, and the end is not waited for.
    Deleting,
    /// Of many, something keeps it, and the notes say what.
    Skipped,
}

impl Idle {
    /// As the outcome of such a track is told.
    pub fn word(self) -> &'static str {
        match self {
            Self::Unchanged => "unchanged",
            Self::Absent => "absent",
            Self::Deleting => "deleting",
            Self::Skipped => "skipped",
        }
    }
}

/// What a track is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    ServiceAccount(ServiceAccountName),
    /// Its EKS Pod Identity association.
    #[serde(rename = "podIdentityAssociation")]
    Association(ServiceAccountName),
    /// The IAM OIDC provider of an issuer.
    Provider(Issuer),
    /// The EKS Pod Identity Agent of a cluster.
    Agent(ClusterName),
    /// A role's trust policy.
    Role(Box<RoleArn>),
    /// A stack that a dead cluster left.
    Stack(Box<gc::StackPlace>),
    /// All of a region.
    Region(String),
}

impl Target {
    /// A service account's role, on the way that it takes.
    pub fn of(way: Way, name: &ServiceAccountName) -> Self {
        let name = name.clone();
        match way {
            Way::Irsa => Self::ServiceAccount(name),
            Way::PodIdentity => Self::Association(name),
        }
    }

    /// The service account, and the way to its role.
    pub fn account(&self) -> Option<(Way, &ServiceAccountName)> {
        match self {
            Self::ServiceAccount(name) => Some((Way::Irsa, name)),
            Self::Association(name) => Some((Way::PodIdentity, name)),
            _ => None,
        }
    }

    /// Whether the roles of all others are of no use without it.
    pub fn is_required(&self) -> bool {
        matches!(self, Self::Provider(_) | Self::Agent(_))
    }
}

/// A role, by its ARN or by the stack that will make it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    Arn(RoleArn),
    OutputOf(StackName),
}

impl Role {
    /// As a detail of an action.
    pub fn told(&self) -> String {
        match self {
            Self::Arn(arn) => format!("role: {arn}"),
            Self::OutputOf(stack) => format!("role: known when stack {stack} is ready"),
        }
    }
}

impl Plan {
    /// A plan for one target.
    pub fn one(track: Track) -> Self {
        Self {
            tracks: vec![track],
        }
    }

    /// Those of all tracks, one track after the other.
    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.tracks.iter().flat_map(|track| &track.actions)
    }

    /// Whether there is nothing to do, nothing that was refused, and nothing left as it should not be.
    pub fn is_empty(&self) -> bool {
        self.tracks.iter().all(|track| {
            track.actions.is_empty() && track.refusals.is_empty() && track.drift.is_empty()
        })
    }

    /// Whether all is known to be as asked.
    pub fn is_settled(&self) -> bool {
        let mut tracks = self.tracks.iter();
        self.is_empty() && tracks.all(|track| !track.is_other && track.unknown.is_empty())
    }

    /// Whether something cannot be compared with what is asked.
    pub fn has_unknown(&self) -> bool {
        self.tracks.iter().any(|track| !track.unknown.is_empty())
    }

    /// Whether the plan ends in a wait, after which the world must be looked at again.
    pub fn is_provisional(&self) -> bool {
        self.tracks.iter().any(Track::is_provisional)
    }
}

impl Track {
    /// Whether something is proved on its way.
    pub fn proves(&self) -> bool {
        let mut actions = self.actions.iter();
        actions.any(|action| matches!(action, Action::Prove(_)))
    }

    /// The agent of EKS Pod Identity is made.
    pub fn of_agent(cluster: &ClusterName) -> Self {
        let cluster = cluster.clone();
        let mut track = Self::new(Target::Agent(cluster.clone()));
        track.actions.push(Action::InstallAgent { cluster });
        track
    }

    /// A track on which nothing is done, refused or told yet; as it is, all is as asked.
    pub fn new(target: Target) -> Self {
        Self {
            target,
            actions: Vec::new(),
            refusals: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            drift: Vec::new(),
            unknown: Vec::new(),
            is_other: false,
            stale: Vec::new(),
            left: Vec::new(),
            account: None,
            caller: Caller::default(),
            roles: Flags::default(),
            lane: None,
            leftover: None,
            role: None,
            idle: Idle::default(),
            is_move: false,
        }
    }

    /// ` in account …`, for what an action does in another account than the cluster's.
    pub fn place_of(&self, action: &Action) -> String {
        let account = self.account.as_ref();
        let account = account.filter(|_| action.is_in_account_of_role());
        account.map_or(String::new(), |account| format!(" in account {account}"))
    }

    /// Whether what follows can be planned only when its actions are carried out.
    pub fn is_provisional(&self) -> bool {
        let waits = |action: &Action| matches!(action, Action::AwaitServiceAccount { .. });
        self.waited_for().is_some() || self.actions.iter().any(waits)
    }

    /// The stack that is waited for, and its status.
    pub fn waited_for(&self) -> Option<(&StackName, StackStatus)> {
        self.actions.iter().find_map(|action| match action {
            Action::AwaitStack { stack, status, .. } => Some((stack, status.clone())),
            Action::ContinueRollback { stack, .. } => {
                Some((stack, StackStatus::UpdateRollbackFailed))
            }
            _ => None,
        })
    }

    /// Leaves the target alone, for a reason; in the words for this cluster.
    fn refuse(&mut self, cluster: &ClusterName, reason: Reason) {
        let refusal = Refusal::of(reason, cluster, &self.target);
        self.refusals.push(refusal);
    }

    /// A refused target is left alone: its actions go.
    fn settled(mut self) -> Self {
        if !self.refusals.is_empty() {
            self.actions.clear();
        }
        self
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceAccount(name) => name.fmt(f),
            Self::Association(name) => write!(f, "{name} (EKS Pod Identity)"),
            Self::Provider(issuer) => write!(f, "{issuer}"),
            Self::Agent(cluster) => write!(f, "the EKS Pod Identity Agent of {cluster}"),
            Self::Role(role) => write!(f, "role {}", role.name()),
            Self::Stack(stack) => write!(f, "stack {} of {}", stack.name, stack.region),
            Self::Region(region) => write!(f, "region {region}"),
        }
    }
}

//! What bears on the move of service accounts between the ways on which pods get their credentials.

use serde::Serialize;
use serde_json::Value;

use super::{
    Addon, Association, Container, ContainerKind, Node, OidcProvider, POD_IDENTITY_VARIABLE, Pod,
    ROLE_VARIABLE, RoleFacts, ServiceAccount, Stack, WorkloadState,
};
use crate::model::{Cluster, Lookup, RoleArn, ServiceAccountName};

/// Where a pod has its credentials from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PodWay {
    PodIdentity,
    Irsa,
    /// From the role of its node, or from nowhere.
    NodeRole,
}

impl PodWay {
    pub fn word(self) -> &'static str {
        match self {
            Self::PodIdentity => "pod-identity",
            Self::Irsa => "irsa",
            Self::NodeRole => "node-role",
        }
    }
}

impl Pod {
    /// The SDKs of AWS ask for a web identity before they ask an agent (SDKs and Tools Reference Guide,
    /// "Standardized credential providers").
    pub fn way(&self) -> PodWay {
        let has = |variable: &str| {
            let is_it =
                |it: &Container| it.kind != ContainerKind::Init && it.env.contains_key(variable);
            self.containers.iter().any(is_it)
        };
        if has(ROLE_VARIABLE) {
            PodWay::Irsa
        } else if has(POD_IDENTITY_VARIABLE) {
            PodWay::PodIdentity
        } else {
            PodWay::NodeRole
        }
    }
}

/// A workload, and what it makes its pods from.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplatedWorkload {
    pub state: WorkloadState,
    /// As the workload has it, before any webhook.
    pub template: Pod,
}

/// All that is looked at for a move.
#[derive(Clone, Debug)]
pub struct Moving {
    pub cluster: Cluster,
    /// The cluster's provider.
    pub provider: Lookup<OidcProvider>,
    pub addons: Lookup<Vec<Addon>>,
    pub nodes: Lookup<Vec<Node>>,
    /// How many associations the cluster has. Missing: that was not asked.
    pub associations: Lookup<usize>,
    pub accounts: Vec<MovingAccount>,
    /// What could not be read, and why.
    pub unknown: Vec<String>,
}

/// A service account, its role, and what runs as it.
#[derive(Clone, Debug, PartialEq)]
pub struct MovingAccount {
    pub name: ServiceAccountName,
    pub object: Lookup<ServiceAccount>,
    pub association: Lookup<Association>,
    /// By the annotation; else by the association.
    pub role_arn: Option<RoleArn>,
    pub role: Lookup<RoleFacts>,
    /// That made the role, and is one of irsactl or eksctl.
    pub stack: Lookup<OwningStack>,
    /// What the role may do: inline and managed policies.
    pub documents: Lookup<Vec<Value>>,
    /// Those that its policies let it assume, by name.
    pub next_roles: Vec<(RoleArn, Lookup<RoleFacts>)>,
    /// Those that run.
    pub pods: Lookup<Vec<Pod>>,
    pub workloads: Lookup<Vec<TemplatedWorkload>>,
}

/// The stack that made a role, as far as a change of its trust policy needs it.
#[derive(Clone, Debug, PartialEq)]
pub struct OwningStack {
    pub stack: Stack,
    /// Its template, as it is.
    pub body: Value,
}

//! What bears on the move of service accounts between the ways on which pods get their credentials.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    Addon, Association, Grant, Interception, Node, OidcProvider, Pod, PodDefaults, RoleFacts,
    ServiceAccount, Stack, WorkloadState,
};
use crate::model::{Cluster, Lookup, RoleArn, ServiceAccountName, Workload};

/// A workload, and what it makes its pods from.
#[derive(Clone, Debug, PartialEq)]
pub struct TemplatedWorkload {
    pub state: WorkloadState,
    /// As the workload has it, before any webhook.
    pub template: Pod,
    pub marks: WorkloadMarks,
}

/// What bears on another service account for a workload.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WorkloadMarks {
    pub uid: String,
    /// The name of the service account that it had before a move gave it another.
    pub former: Option<String>,
    /// The field managers that set which one it has.
    pub set_by: Vec<String>,
    /// The annotations of its pods, each with a field manager that set it.
    pub annotated_by: Vec<(String, String)>,
    /// What made it and keeps it as it is (`Thing NAME`), by its owner reference.
    pub controller: Option<String>,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Clone, Debug, PartialEq)]
pub struct RightsBinding {
    /// `RoleBinding web/readers`.
    pub told: String,
    /// The service accounts that it names.
    pub accounts: BTreeSet<ServiceAccountName>,
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
    /// What stands between pods and the instance metadata. Missing: nothing, or that was not asked.
    pub interception: Lookup<Interception>,
    pub accounts: Vec<MovingAccount>,
    /// What may each stand between pods and the instance metadata, where it cannot be told which does.
    pub rivals: Vec<Workload>,
    /// Workloads that were to have service accounts of their own, and why they cannot.
    pub unsplit: BTreeMap<Workload, String>,
    /// All service accounts that were seen, with what runs as them.
    pub known: BTreeMap<ServiceAccountName, BTreeSet<Workload>>,
    /// What could not be read, and why.
    pub unknown: Vec<String>,
}

/// A service account, its role, and what runs as it.
#[derive(Clone, Debug, PartialEq)]
pub struct MovingAccount {
    pub name: ServiceAccountName,
    pub object: Lookup<ServiceAccount>,
    pub association: Lookup<Association>,
    /// What stands between its pods and the instance metadata gives them, by template and by pod.
    pub grants: Vec<Grant>,
    /// By the annotation; else by the association; else the only one that its pods are given.
    pub role_arn: Option<RoleArn>,
    pub role: Lookup<RoleFacts>,
    /// That made the role, and is one of irsactl or eksctl.
    pub stack: Lookup<OwningStack>,
    /// What the role may do: inline and managed policies.
    pub documents: Lookup<Vec<Value>>,
    /// Those that its policies let it assume, by name.
    pub next_roles: Vec<(RoleArn, Lookup<RoleFacts>)>,
    /// What pods have of the service account whose workloads this one has, or is to have.
    pub inherits: PodDefaults,
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

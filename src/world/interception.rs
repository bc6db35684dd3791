//! What gives pods roles by standing between them and the instance metadata, read from its command line.

use std::collections::{BTreeMap, BTreeSet};

use super::PodWay;
use crate::model::{Lookup, Map, RoleArn, Workload};

/// kube2iam or kiam, as it works in this cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct Interceptor {
    pub way: PodWay,
    /// What runs it on the nodes.
    pub workload: Workload,
    /// Of kiam: what decides, and calls AWS.
    pub server: Option<Workload>,
    /// The annotation of pods that names their role.
    pub role_key: String,
    /// Annotations of pods that say more of their sessions.
    pub session_keys: Vec<String>,
    /// What stands before a role that is no ARN.
    pub base: String,
    /// The role of pods without an annotation.
    pub default_role: Option<String>,
    pub permission: AllowedRoles,
    pub caller: AssumingPrincipal,
}

/// Which roles the pods of a namespace may have.
#[derive(Clone, Debug, PartialEq)]
pub enum AllowedRoles {
    /// Every role.
    Any,
    /// Those that an annotation of the namespace lists, a JSON array.
    Listed { key: String, format: PatternFormat },
    /// Those that a regular expression in an annotation of the namespace matches, in one of these ways: which
    /// one is the program's version.
    Matched { key: String, ways: Vec<Matching> },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternFormat {
    Glob,
    Regexp,
}

/// What a regular expression is compared with, and whether all of it must match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Matching {
    pub subject: MatchedSubject,
    pub extent: MatchExtent,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchedSubject {
    Arn,
    /// The role as the pod names it.
    Name,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MatchExtent {
    Whole,
    Part,
}

/// Who calls sts:AssumeRole for pods.
#[derive(Clone, Debug, PartialEq)]
pub enum AssumingPrincipal {
    /// The node's role, of each pod that of its node.
    Node,
    /// The role that is named on the command line.
    Role(RoleArn),
    /// The role of the nodes that these pods run on.
    Server(Workload),
}

/// All that is known of what stands between pods and the instance metadata.
#[derive(Clone, Debug, PartialEq)]
pub struct Interception {
    pub interceptor: Interceptor,
    /// The roles of nodes, by their names.
    pub node_roles: Lookup<BTreeMap<String, RoleArn>>,
    /// Those that call for every pod; missing where each node does for its own.
    pub callers: Lookup<BTreeSet<RoleArn>>,
    /// The workloads of the whole cluster that have a role by this now.
    pub users: Lookup<BTreeMap<RoleArn, BTreeSet<Workload>>>,
    /// The annotations of namespaces, where they matter.
    pub namespaces: Lookup<BTreeMap<String, Map>>,
}

/// The role that the pods of a workload are given.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub workload: Workload,
    pub way: PodWay,
    /// `Err`: why they get none, or why that cannot be told.
    pub role: Result<RoleArn, NoGrant>,
    /// The annotation that names it. `None`: they have the default.
    pub annotation: Option<(String, String)>,
    /// Annotations that say more of their sessions.
    pub session: Vec<String>,
    /// Of a pod that runs: its node.
    pub node: Option<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub enum NoGrant {
    Refused(String),
    Unknown(String),
}

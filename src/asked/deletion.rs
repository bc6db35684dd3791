//! What is to be deleted, and how.

use super::{Deployment, Ending};
use crate::model::{ClusterName, ServiceAccountName, Way};

/// What is to be deleted, and how.
#[derive(Clone, Debug)]
pub struct Deletion {
    pub way: Way,
    pub cluster: ClusterName,
    /// EKS Pod Identity is of clusters of EKS.
    pub is_eks: bool,
    pub name: ServiceAccountName,
    pub foreign: ForeignPolicies,
    pub resources: ForeignResources,
    pub deployment: Deployment,
    pub ending: Ending,
    pub known_by: KnownBy,
    pub looked: SearchedAccount,
    pub other_clusters: OtherClusters,
}

/// Whether whoever asks has looked for associations of other clusters that use the role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtherClusters {
    #[default]
    NotLookedAt,
    LookedAt,
}

/// The account in which a role is looked for, as far as a deletion by name must know it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SearchedAccount {
    /// Not asked for: nothing hangs on it.
    #[default]
    Any,
    /// The cluster's own.
    Own(String),
    /// Another one, which may have stacks of another cluster of the same name. With the provider that the
    /// cluster's roles trust there; `None`: the cluster is gone.
    Other {
        account: String,
        provider: Option<String>,
    },
}

/// By what a run knows that there is something to delete.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KnownBy {
    /// It is asked for by its name.
    #[default]
    Name,
    /// Nothing else tells of it. The stack goes last: by it the next run finds what this one may leave.
    Stack,
}

/// What happens to policies that were attached to the role by hand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignPolicies {
    Refused,
    Detached,
}

/// What happens to resources of a stack that are no part of the role.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignResources {
    Refused,
    Deleted,
}

//! The roles of nodes: what their pods have where nothing else gives them credentials.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{MetadataOptions, RoleFacts};
use crate::model::Lookup;

/// The managed policies that AWS names for nodes (EKS User Guide, "Amazon EKS node IAM role" and "Amazon
/// EKS Auto Mode node IAM role"), and for those that Systems Manager looks after (eksctl and Karpenter's
/// guide attach it).
pub const NODE_POLICIES: [&str; 6] = [
    "AmazonEKSWorkerNodePolicy",
    "AmazonEKSWorkerNodeMinimalPolicy",
    "AmazonEKS_CNI_Policy",
    "AmazonEC2ContainerRegistryPullOnly",
    "AmazonEC2ContainerRegistryReadOnly",
    "AmazonSSMManagedInstanceCore",
];

/// Those of a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NodeRoles {
    pub roles: Vec<NodeRole>,
    /// The documents of the managed policies that AWS names for nodes.
    pub needed: Lookup<Vec<Value>>,
    /// What could not be read, and why.
    pub unknown: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct NodeRole {
    pub arn: String,
    /// What gives it to nodes, as `node group workers`.
    pub sources: BTreeSet<String>,
    /// Those that have it now, by name.
    pub nodes: BTreeSet<String>,
    /// How their instances give it away.
    pub metadata: Vec<MetadataOptions>,
    pub facts: Lookup<RoleFacts>,
    /// Documents with the names of their policies.
    pub policies: Lookup<Vec<(String, Value)>>,
}

/// An EC2 instance that is a node.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeInstance {
    pub id: String,
    /// ARN of its instance profile.
    pub profile: Option<String>,
    pub metadata: Option<MetadataOptions>,
}

impl NodeInstance {
    /// The name at the end of its instance profile's ARN. `None`: it has none.
    pub fn profile_name(&self) -> Option<&str> {
        self.profile.as_ref()?.rsplit('/').next()
    }
}

/// What nodes are made from: an EC2NodeClass of Karpenter, or a NodeClass of EKS Auto Mode.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeClass {
    /// As `EC2NodeClass default`.
    pub told: String,
    /// Names of its role, or of its instance profile.
    pub role: Option<String>,
    pub profile: Option<String>,
}

//! A role's trust policy, and who may change it.

use super::{OwningStack, RoleFacts, ServiceAccount};
use crate::model::{Cluster, Lookup, RoleArn, ServiceAccountName};

/// A role whose trust policy is looked at to be changed.
#[derive(Clone, Debug, PartialEq)]
pub struct TrustingRole {
    pub arn: RoleArn,
    pub facts: Lookup<RoleFacts>,
    /// That made it, where it is one of irsactl or eksctl.
    pub stack: Lookup<OwningStack>,
    /// That made it, where it is another one: by its ARN.
    pub foreign_stack: Option<String>,
}

/// The role that a ServiceAccount of ours is annotated with, where no stack made one for it.
#[derive(Clone, Debug, PartialEq)]
pub struct AttachedRole {
    /// Whose tokens the ServiceAccount's are.
    pub cluster: Cluster,
    pub role: TrustingRole,
}

/// A service account of a cluster whose role another cluster's is to have too.
#[derive(Clone, Debug, PartialEq)]
pub struct CopySource {
    pub name: ServiceAccountName,
    pub object: Option<ServiceAccount>,
    /// That the annotation names, where it is one of the cluster's account.
    pub role: Lookup<RoleFacts>,
    /// Whether an EKS Pod Identity association gives its pods a role.
    pub association: Lookup<()>,
}

//! An IAM service account as it is asked for, and how it is to be carried out.

use serde::Serialize;

use super::{AssociationSpec, Deployment, DeploymentMode, ProviderSpec};
use crate::model::{Audience, Map, RoleAccount, RoleArn, ServiceAccountName, Way};
use crate::template::{DocumentName, RoleEdits, RoleSpec};

/// What a command may do to make a service account as it is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// Makes what is missing; what is there and differs is told.
    Create,
    /// Changes what is there; what is missing is told.
    Update,
    /// Both, and takes back what it once set and is no longer asked for.
    Apply,
}

/// What becomes of what was changed on a role behind CloudFormation's back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Drift {
    #[default]
    Told,
    Repaired,
}

/// An IAM service account as it is asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct IamServiceAccount {
    pub name: ServiceAccountName,
    /// Of the role; `None`: the cluster's.
    pub account: Option<RoleAccount>,
    pub permissions: Permissions,
    pub labels: Map,
    /// Without the role's.
    pub annotations: Map,
    /// Of the tokens that pods get.
    pub audience: Audience,
    pub tags: Map,
    pub scope: Scope,
    pub conflicts: Conflicts,
    pub service_role: Option<RoleArn>,
    /// `None`: nobody says.
    pub deployment_mode: Option<DeploymentMode>,
    pub rollback: Rollback,
    /// What becomes of the trust policy of an existing role.
    pub trust: RoleTrust,
    /// Makes the provider too, where it is missing.
    pub provider: Option<ProviderSpec>,
    /// Its pods get the role by EKS Pod Identity, and not by the annotation.
    pub association: Option<AssociationSpec>,
}

impl IamServiceAccount {
    /// EKS Pod Identity where an association is asked for, else IRSA.
    pub fn way(&self) -> Way {
        self.association
            .as_ref()
            .map_or(Way::Irsa, |_| Way::PodIdentity)
    }

    /// Whether a run that proves roles proves this one. Without its ServiceAccount there is no token of it;
    /// by EKS Pod Identity nobody but EKS needs to know of it.
    pub fn can_be_proven(&self) -> bool {
        self.scope == Scope::Whole || self.way() == Way::PodIdentity
    }

    /// How CloudFormation makes and changes its stack.
    pub fn deployment(&self) -> Deployment {
        Deployment {
            service_role: self.service_role.clone(),
            mode: self.deployment_mode.unwrap_or_default(),
        }
    }
}

/// An account whose role is to stay as it is, but for what its cluster has changed.
pub fn unchanged(name: ServiceAccountName) -> IamServiceAccount {
    IamServiceAccount {
        name,
        account: None,
        permissions: Permissions::Edited(RoleEdits::default()),
        labels: Map::new(),
        annotations: Map::new(),
        audience: Audience::default(),
        tags: Map::new(),
        scope: Scope::RoleOnly,
        conflicts: Conflicts::Refused,
        service_role: None,
        deployment_mode: None,
        rollback: Rollback::default(),
        trust: RoleTrust::Kept,
        provider: None,
        association: None,
    }
}

/// What becomes of the trust policy of an existing role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RoleTrust {
    /// It is used as it is.
    #[default]
    Kept,
    /// The service account is let in.
    Extended,
}

impl From<bool> for RoleTrust {
    /// As `--trust` and the file's `trust` say.
    fn from(is_extended: bool) -> Self {
        if is_extended {
            Self::Extended
        } else {
            Self::Kept
        }
    }
}

/// How much of an IAM service account is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// The role, and the ServiceAccount that uses it.
    #[default]
    Whole,
    /// The role; the ServiceAccount is left to someone else.
    RoleOnly,
}

/// Where the permissions come from.
#[derive(Clone, Debug, PartialEq)]
pub enum Permissions {
    Existing(RoleArn),
    Role(RoleSpec),
    /// Those that it has, with changes.
    Edited(RoleEdits),
}

impl Permissions {
    /// What the one inline document is called, where that is asked for.
    pub fn document_name(&self) -> Option<&DocumentName> {
        match self {
            Self::Existing(_) => None,
            Self::Role(spec) => spec.document_name.as_ref(),
            Self::Edited(edits) => edits.document_name.as_ref(),
        }
    }
}

/// What happens when another field manager owns one of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Conflicts {
    #[default]
    Refused,
    Overridden,
}

/// What CloudFormation does with the resources of a stack whose creation fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Rollback {
    #[default]
    Enabled,
    Disabled,
}

/// Whether the end of a deletion is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    Awaited,
    NotAwaited,
}

/// What becomes of workloads whose pods lack the role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// They are named, where this run changed what they lack.
    #[default]
    Told,
    /// They are restarted, and the end of that is waited for or not.
    Done(Ending),
}

//! What is observed for one decision, whole.

use serde_json::Value;

use crate::model::{Lookup, PolicyArn, RoleArn, ServiceAccountName, StackName};
use crate::policy::Quotas;
use crate::template::RoleTemplate;

use super::{
    Addon, Association, Associations, AttachedRole, OidcProvider, OwningStack, Reading, RoleFacts,
    ServiceAccount, ServiceAccountState, Stack, StackState, TrustingRole,
};

/// What associating or disassociating a provider must know.
#[derive(Clone, Debug)]
pub struct ObservedProvider {
    pub provider: Option<OidcProvider>,
    /// What the issuer's TLS connections told; `None` when nobody asked.
    pub reading: Option<Reading>,
}

/// One row of `get iamserviceaccount`.
#[derive(Clone, Debug)]
pub struct ListedAccount {
    pub name: ServiceAccountName,
    /// `None`: its role is one that no stack made for it.
    pub stack: Option<Stack>,
    /// Read for the wide and the structured formats only.
    pub template: Lookup<RoleTemplate>,
    pub service_account: Option<Lookup<ServiceAccount>>,
}

impl ListedAccount {
    /// The one of its stack, or of its annotation where it has none.
    pub fn role(&self) -> Option<String> {
        if let Some(stack) = &self.stack {
            return stack.role_arn.as_ref().map(ToString::to_string);
        }
        let object = self.service_account.as_ref()?.as_found()?;
        object.role().map(str::to_owned)
    }
}

/// Everything that bears on one IAM service account.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedAccount {
    pub stack: StackState,
    /// The name for a new stack.
    pub stack_name: StackName,
    /// The managed policies and the boundary that are asked for.
    pub policies: Vec<(PolicyArn, Lookup<()>)>,
    /// The role of the name, or with the ARN, that is asked for.
    pub role: Lookup<RoleFacts>,
    /// The same with what made it, where its trust policy is to let the service account in.
    pub trusting: Option<Box<TrustingRole>>,
    pub service_account: ServiceAccountState,
    /// IAM's defaults, unless more than those allow is asked for.
    pub quotas: Quotas,
    /// Where one is asked for.
    pub association: Option<ObservedAssociation>,
}

/// What an EKS Pod Identity association is decided by.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedAssociation {
    pub found: Option<Association>,
    /// The role that it names, where no stack of its own made that; `None`: nobody asked.
    pub role: Option<Lookup<RoleFacts>>,
    /// The add-on of the EKS Pod Identity Agent. `None`: nobody asked, as the cluster needs none or what is
    /// asked works without.
    pub agent: Option<Lookup<Addon>>,
}

/// What the deletion of one IAM service account must know.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedDeletion {
    /// Where one is to be deleted.
    pub association: Option<Association>,
    pub stack: StackState,
    pub foreign: Lookup<Foreign>,
    pub service_account: ServiceAccountState,
    /// Whether a ServiceAccount that would go has an association of its own, which goes on.
    pub goes_on: Lookup<()>,
    /// Other ServiceAccounts that are annotated with the role of an association that goes, where its trust
    /// policy lets tokens in.
    pub annotated: Lookup<Vec<ServiceAccountName>>,
    /// The role that its annotation names.
    pub attached: Option<Box<AttachedRole>>,
    /// The role of the association that goes.
    pub associated: Option<AssociatedRole>,
    /// Where an IAM service account of that name exists, when it does not where it was asked for.
    pub namespaces: Vec<String>,
}

/// The role of an association, as far as its trust policy may lose what is for that alone.
#[derive(Clone, Debug, PartialEq)]
pub struct AssociatedRole {
    pub arn: RoleArn,
    pub trust: Lookup<Value>,
    /// That made it, and is one of irsactl or eksctl.
    pub stack: Lookup<OwningStack>,
}

/// What hangs on a role beyond what its stack attached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreign {
    pub role: String,
    /// As the role has it.
    pub trust: Lookup<Value>,
    pub managed: Vec<PolicyArn>,
    /// Names.
    pub inline: Vec<String>,
    /// Names of those that it is in.
    pub instance_profiles: Lookup<Vec<String>>,
    /// Why one of the lists is not known.
    pub unknown: Option<String>,
    /// EKS Pod Identity associations that use the role. Asked for only where it lets EKS Pod Identity in.
    pub associations: Lookup<Associations>,
    /// Why the role may not be the one that the stack made, but somebody's who has its name by now. Asked
    /// for only where there are policies.
    pub doubt: Option<String>,
}

impl Foreign {
    /// Whether others gave it policies, managed or inline.
    pub fn has_policies(&self) -> bool {
        !self.managed.is_empty() || !self.inline.is_empty()
    }
}

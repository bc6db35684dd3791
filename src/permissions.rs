//! What irsactl itself needs to be allowed, in AWS and in Kubernetes: one table, and the policy and the
//! roles that are made of it. Pure. A test runs every command with exactly these rights, and with each
//! of them taken away.

use crate::model::Right;
use std::fmt;

mod document;
mod place;
mod table;

pub use document::{
    POLICY_QUOTA, cluster_role, managed_policy_template, policy, size, terraform_policy,
};
pub use place::{PermissionScope, check_region};

/// A command that makes calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CommandName {
    AssociateOidcProvider,
    DisassociateOidcProvider,
    Thumbprint,
    Create,
    Get,
    Update,
    Delete,
    Apply,
    Migrate,
    /// The commands of `migrate` that only look.
    Scan,
    Trust,
    /// The command of `trust` that goes to clusters.
    Copy,
    Gc,
    Usage,
    Export,
    Verify,
    Doctor,
    /// No command but a flag of `doctor`: who only looks is not to change anything.
    Fix,
    /// No command but a flag of some: the right to change any workload is not for those who do not use
    /// it.
    Restart,
    /// The shell's, of names.
    Completion,
}

impl CommandName {
    pub const ALL: [Self; 20] = [
        Self::AssociateOidcProvider,
        Self::DisassociateOidcProvider,
        Self::Thumbprint,
        Self::Create,
        Self::Get,
        Self::Update,
        Self::Delete,
        Self::Apply,
        Self::Migrate,
        Self::Scan,
        Self::Trust,
        Self::Copy,
        Self::Gc,
        Self::Usage,
        Self::Export,
        Self::Verify,
        Self::Doctor,
        Self::Fix,
        Self::Restart,
        Self::Completion,
    ];

    /// As `--for` takes it, and the table shows it.
    pub fn name(self) -> &'static str {
        match self {
            Self::AssociateOidcProvider => "associate-oidc-provider",
            Self::DisassociateOidcProvider => "disassociate-oidc-provider",
            Self::Thumbprint => "thumbprint",
            Self::Create => "create",
            Self::Get => "get",
            Self::Update => "update",
            Self::Delete => "delete",
            Self::Apply => "apply",
            Self::Migrate => "migrate",
            Self::Scan => "scan",
            Self::Trust => "trust",
            Self::Copy => "copy",
            Self::Gc => "gc",
            Self::Usage => "usage",
            Self::Export => "export",
            Self::Verify => "verify",
            Self::Doctor => "doctor",
            Self::Fix => "fix",
            Self::Restart => "restart",
            Self::Completion => "completion",
        }
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Whether a command can do without a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    Always,
    /// Denied, something is not known or not done, and the command goes on.
    Optional,
    /// With that flag, or when that is found.
    With(&'static str),
    /// AWS says that it may be asked for, and not when.
    Perhaps,
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Always => "always",
            Self::Optional => "optional",
            Self::With(what) => what,
            Self::Perhaps => "perhaps",
        })
    }
}

/// What an AWS permission is on. In the order of a policy's statements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PermissionResource {
    Cluster,
    /// The cluster's IAM OIDC provider.
    Provider,
    /// The stacks of the cluster's service accounts.
    Stacks,
    /// The roles of those stacks.
    Roles,
    /// Roles that were made by others.
    AnyRole,
    /// Roles that associations are given.
    AssociatedRole,
    /// The cluster's EKS Pod Identity associations.
    Associations,
    /// The role that CloudFormation works as.
    ServiceRole,
    /// Actions that AWS takes no resource for, or whose resource is the user's choice.
    Any,
}

/// Who makes the call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    Irsactl,
    /// With the caller's rights, unless it has a service role.
    CloudFormation,
}

/// An AWS permission that some commands need.
#[derive(Clone, Copy, Debug)]
pub struct NeededPermission {
    /// IAM's name of it, `iam:GetRole`.
    pub action: &'static str,
    pub on: PermissionResource,
    pub need: Need,
    pub by: Actor,
    pub commands: &'static [CommandName],
    pub why: &'static str,
}

/// A right in the cluster that some commands need.
#[derive(Clone, Debug)]
pub struct NeededRight {
    pub right: Right,
    pub need: Need,
    pub commands: &'static [CommandName],
    pub why: &'static str,
}

/// The AWS permissions of the commands. With a service role CloudFormation needs none of the caller, and
/// the caller must be allowed to pass that role. Of a cluster that is not EKS nothing is asked of EKS.
pub fn permissions(
    commands: &[CommandName],
    place: &PermissionScope,
) -> Vec<&'static NeededPermission> {
    let has_role = place.service_role.is_some();
    let all = table::CALLS.iter().chain(table::HANDLERS);
    all.filter(|row| {
        row.commands
            .iter()
            .any(|command| commands.contains(command))
    })
    .filter(|row| !(has_role && row.by == Actor::CloudFormation))
    .filter(|row| has_role || row.on != PermissionResource::ServiceRole)
    .filter(|row| place.issuer.is_none() || !row.action.starts_with("eks:"))
    .collect()
}

/// The rights in the cluster of the commands.
pub fn rights(commands: &[CommandName]) -> Vec<&'static NeededRight> {
    let all = table::RIGHTS.iter();
    all.filter(|row| {
        row.commands
            .iter()
            .any(|command| commands.contains(command))
    })
    .collect()
}

/// A line of the list for people: command, permission, need, what for.
pub fn lines(commands: &[CommandName], place: &PermissionScope) -> Vec<Vec<String>> {
    let of = |command: &CommandName| {
        let aws = permissions(&[*command], place).into_iter().map(|row| {
            let why = match row.by {
                Actor::Irsactl => row.why.to_owned(),
                Actor::CloudFormation => format!("CloudFormation: {}", row.why),
            };
            [row.action.to_owned(), row.need.to_string(), why]
        });
        let kubernetes = rights(&[*command]).into_iter().map(|row| {
            let right = format!("kubernetes: {} {}", row.right.verb, row.right.resource);
            [right, row.need.to_string(), row.why.to_owned()]
        });
        let cells = aws.chain(kubernetes);
        let line = |cells: [String; 3]| {
            let command = command.to_string();
            [command].into_iter().chain(cells).collect()
        };
        cells.map(line).collect::<Vec<Vec<String>>>()
    };
    commands.iter().flat_map(of).collect()
}

#[cfg(test)]
mod tests;

//! The flags on the account of the roles, and the commands that have them.

use clap::Args;

use super::connection::given;
use super::{Command, Create, Delete, Get, Update, Utils};
use crate::model::{Flags, RoleArn};

/// The account of the roles, where it is another than the cluster's.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Account of the roles")]
pub struct RoleAccountArgs {
    /// AWS profile for IAM and CloudFormation, of another account than the cluster's
    #[arg(long, value_name = "PROFILE", conflicts_with = "role_via")]
    pub role_profile: Option<String>,
    /// Role of another account, assumed first for IAM and CloudFormation
    #[arg(long, value_name = "ROLE_ARN")]
    pub role_via: Option<RoleArn>,
}

impl RoleAccountArgs {
    /// For the commands of hints.
    pub fn flags(&self) -> Flags {
        let via = self.role_via.as_ref().map(ToString::to_string);
        given(&[
            ("--role-profile", self.role_profile.clone()),
            ("--role-via", via),
        ])
    }
}

impl Command {
    /// The flags on the account of the roles, of commands that have them.
    pub(super) fn role_account(&self) -> Option<&RoleAccountArgs> {
        Some(match self {
            Self::AssociateOidcProvider(args)
            | Self::Utils(Utils::AssociateIamOidcProvider(args)) => &args.roles,
            Self::DisassociateOidcProvider(args) => &args.roles,
            Self::Create(Create::IamServiceAccount(args)) => &args.roles,
            Self::Get(Get::IamServiceAccount(args)) => &args.roles,
            Self::Update(Update::IamServiceAccount(args)) => &args.roles,
            Self::Delete(Delete::IamServiceAccount(args)) => &args.roles,
            _ => return None,
        })
    }
}

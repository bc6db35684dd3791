//! The flags on the account of the roles, and the commands that have them.

use clap::Args;

use super::{Command, Create, Delete, Get, Update, Utils};
use crate::asked::fields;
use crate::model::{Flags, RoleAccount, RoleArn};

/// The account of the roles, where it is another than the cluster's.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Account of the roles")]
pub struct RoleAccountArgs {
    #[arg(long, value_name = "PROFILE", conflicts_with = "role_via", help = fields::ROLE_PROFILE.help(""))]
    role_profile: Option<String>,
    #[arg(long, value_name = "ROLE_ARN", help = fields::ROLE_VIA.help(""))]
    role_via: Option<RoleArn>,
}

impl RoleAccountArgs {
    /// The account that they name.
    pub fn named(&self) -> Option<RoleAccount> {
        let via = self.role_via.clone().map(RoleAccount::Via);
        via.or_else(|| self.role_profile.clone().map(RoleAccount::Profile))
    }

    /// For the commands of hints.
    pub fn flags(&self) -> Flags {
        self.named().map(|it| it.flags()).unwrap_or_default()
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
            Self::Apply(args) => &args.roles,
            Self::Verify(args) => &args.roles,
            Self::Doctor(args) => &args.roles,
            _ => return None,
        })
    }
}

//! `permissions`: for which commands, and where they are to be allowed.

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::render::account_id;
use crate::model::{ClusterName, Issuer, RoleArn};
use crate::permissions::{CommandName, check_region};

#[derive(Args, Debug)]
pub struct PermissionsArgs {
    /// Command to be allowed, restart and fix for those flags, scan for what `migrate` reads, copy for `trust copy` (repeatable, or separated by commas); else all
    #[arg(long = "for", value_name = "COMMAND", value_delimiter = ',', value_parser = command())]
    pub commands: Vec<CommandName>,
    /// Name of the cluster; else all clusters
    #[arg(short, long)]
    pub cluster: Option<ClusterName>,
    /// OIDC issuer, for clusters that are not EKS
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    /// AWS region; else all regions
    #[arg(short, long, value_parser = check_region)]
    pub region: Option<String>,
    /// AWS account, 12 digits; else any
    #[arg(long, value_name = "ID", value_parser = account_id)]
    pub account_id: Option<String>,
    /// Names of roles, as app-*; else those that CloudFormation makes
    #[arg(long, value_name = "PATTERN", help_heading = "Role", value_parser = role_name)]
    pub role_name: Option<String>,
    /// Path of the roles, as /team/
    #[arg(long, value_name = "PATH", help_heading = "Role", value_parser = role_path)]
    pub role_path: Option<String>,
    /// Role that CloudFormation works as
    #[arg(long, value_name = "ARN", help_heading = "CloudFormation")]
    pub cfn_role_arn: Option<RoleArn>,
    /// Output format: a list, IAM's policy, its template or resource, or Kubernetes' roles
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PermissionsFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PermissionsFormat {
    Table,
    Json,
    Cloudformation,
    Terraform,
    Rbac,
}

/// Commands by their verb, or as they are typed: `create iamserviceaccount`.
fn command() -> impl TypedValueParser<Value = CommandName> {
    let values =
        CommandName::ALL.map(|command| PossibleValue::new(command.name()).aliases(typed(command)));
    PossibleValuesParser::new(values).try_map(|name| {
        let mut all = CommandName::ALL.into_iter();
        let named = all.find(|it| it.name() == name || typed(*it).contains(&name));
        named.ok_or("no such command makes calls")
    })
}

/// The words of a command, where it has more than one.
fn typed(command: CommandName) -> Vec<String> {
    let name = command.name();
    match command {
        CommandName::AssociateOidcProvider | CommandName::DisassociateOidcProvider => {
            vec![name.replace("-oidc", "-iam-oidc")]
        }
        CommandName::Migrate => vec![format!("{name} to-pod-identity"), format!("{name} to-irsa")],
        CommandName::Scan => vec!["migrate scan".to_owned(), "migrate status".to_owned()],
        CommandName::Copy => vec!["trust copy".to_owned()],
        // It looks at what `doctor --all` does.
        CommandName::Doctor => vec!["report".to_owned()],
        CommandName::Trust => ["list", "add", "remove", "retarget"]
            .map(|it| format!("{name} {it}"))
            .into(),
        _ => {
            let nouns = super::nouns::NOUNS.iter().chain(&["iamserviceaccount"]);
            nouns.map(|noun| format!("{name} {noun}")).collect()
        }
    }
}

fn role_name(text: &str) -> Result<String, &'static str> {
    let is_name = |c: char| crate::model::is_iam_name_character(c) || matches!(c, '*' | '?');
    if !text.is_empty() && text.len() <= 64 && text.chars().all(is_name) {
        Ok(text.to_owned())
    } else {
        Err("a role's name has at most 64 letters, digits and +=,.@_-; * and ? are wildcards")
    }
}

fn role_path(text: &str) -> Result<String, String> {
    text.parse::<crate::model::RolePath>()
        .map(|path| path.to_string())
}

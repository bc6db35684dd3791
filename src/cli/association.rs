//! The flags of the commands on EKS Pod Identity associations.

use std::path::PathBuf;

use clap::Args;

use super::policies::PermissionArgs;
use super::service_account::{DeletionArgs, DeploymentArgs, RoleArgs, StackArgs};
use super::{
    AwsArgs, ClusterArgs, EditArgs, FilterArgs, KubernetesArgs, NameArgs, ParallelArgs,
    PlainFormat, ReconcileArgs,
};
use crate::asked::fields;
use crate::model::RoleArn;
use crate::output::Format;
use crate::policy::PolicyDocument;
use crate::template::DocumentName;

#[derive(Args, Debug)]
pub struct CreateAssociationArgs {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[command(flatten)]
    pub account: AssociatedArgs,
    /// Config file of eksctl in the place of flags; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Config file",
          conflicts_with_all = ["cluster", "NameArgs", "PermissionArgs", "RoleArgs", "AssociationArgs",
                                "permission_policy_name", "create_service_account", "trust_any_association"])]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Replace the role of an association that has another
    #[arg(long, help_heading = "Association")]
    pub override_existing: bool,
    /// Install the EKS Pod Identity Agent too, where it is missing
    #[arg(long, help_heading = "Association")]
    pub install_agent: bool,
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub run: ReconcileArgs,
}

/// One association by flags.
#[derive(Args, Clone, Debug)]
pub struct AssociatedArgs {
    #[command(flatten)]
    pub name: NameArgs,
    #[command(flatten)]
    pub permissions: PermissionArgs,
    #[arg(long, value_name = "NAME", help = fields::DOCUMENT_NAME.help(""), help_heading = "Permissions", conflicts_with = "attach_role_arn")]
    pub permission_policy_name: Option<DocumentName>,
    #[command(flatten)]
    pub role: RoleArgs,
    #[command(flatten)]
    pub association: AssociationArgs,
    #[arg(long, help = fields::TRUST_ANY_ASSOCIATION.help(""), help_heading = "Role", conflicts_with = "attach_role_arn")]
    pub trust_any_association: bool,
    #[arg(long, help = fields::CREATE_SERVICE_ACCOUNT.help(""), help_heading = "Service account")]
    pub create_service_account: bool,
}

/// The association itself.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Association")]
pub struct AssociationArgs {
    #[arg(long, value_name = "ARN", help = fields::TARGET_ROLE.help(""))]
    pub target_role_arn: Option<RoleArn>,
    #[arg(long, help = fields::DISABLE_SESSION_TAGS.help(""), num_args = 0..=1, require_equals = true, default_missing_value = "true", hide_possible_values = true, value_name = "BOOL")]
    pub disable_session_tags: Option<bool>,
    #[arg(long, value_name = "JSON", help = fields::SESSION_POLICY.help(""), value_parser = PolicyDocument::parse)]
    pub policy: Option<PolicyDocument>,
}

#[derive(Args, Debug)]
pub struct GetAssociationArgs {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Config file of eksctl that names the cluster; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", conflicts_with = "cluster")]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub name: NameArgs,
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Output format; wide adds target role, session tags and what made the association
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: Format,
    /// Accepted for eksctl's scripts; without effect there too
    #[arg(long, hide = true)]
    pub chunk_size: Option<u32>,
}

#[derive(Args, Debug)]
pub struct UpdateAssociationArgs {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[command(flatten)]
    pub name: NameArgs,
    /// Config file of eksctl in the place of flags; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Config file",
          conflicts_with_all = ["cluster", "NameArgs", "EditArgs", "AssociationArgs", "role_arn", "no_target_role",
                                "no_disable_session_tags", "no_policy", "restrict_trust"])]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub edits: EditArgs,
    #[command(flatten)]
    pub association: AssociationArgs,
    /// Name this role, where no stack made one for the association
    #[arg(long, value_name = "ARN", help_heading = "Association", conflicts_with_all = ["EditArgs", "restrict_trust"])]
    pub role_arn: Option<RoleArn>,
    /// Take the target role away
    #[arg(long, help_heading = "Association", conflicts_with = "target_role_arn")]
    pub no_target_role: bool,
    /// Send session tags
    #[arg(
        long,
        help_heading = "Association",
        overrides_with = "disable_session_tags"
    )]
    pub no_disable_session_tags: bool,
    /// Take the session policy away
    #[arg(long, help_heading = "Association", conflicts_with = "policy")]
    pub no_policy: bool,
    /// Let the role in for the associations that use it alone, where it lets in all
    #[arg(long, help_heading = "Role")]
    pub restrict_trust: bool,
    /// Undo what was changed on the roles outside of CloudFormation
    #[arg(long, help_heading = "Role")]
    pub repair_drift: bool,
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    #[command(flatten)]
    pub run: ReconcileArgs,
}

#[derive(Args, Debug)]
pub struct DeleteAssociationArgs {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[command(flatten)]
    pub name: NameArgs,
    /// Config file of eksctl in the place of a name; shows the plan unless --approve; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Config file", conflicts_with_all = ["cluster", "NameArgs"])]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub how: DeletionArgs,
    #[command(flatten)]
    pub parallel: ParallelArgs,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

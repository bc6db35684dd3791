//! The flags of the commands on IAM service accounts.

use std::path::PathBuf;

use clap::Args;
use clap::builder::{PossibleValuesParser, TypedValueParser};

use super::policies::{PermissionArgs, well_known_help, well_known_policy};
use super::{
    Approval, AwsArgs, ClusterArgs, KubernetesArgs, ParallelArgs, PlainFormat, RoleAccountArgs,
};
use crate::asked::DeploymentMode;
use crate::asked::fields::{self, Bounds};
use crate::model::{
    Audience, ClusterName, Issuer, Namespace, Pairs, PolicyArn, RoleArn, RoleName, RolePath,
    SubjectPattern,
};
use crate::output::Format;
use crate::template::WellKnownPolicy;

/// Which service accounts of a config file.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Config file")]
pub struct FilterArgs {
    /// Only those whose NAMESPACE/NAME matches, as 'web/*' (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// But those whose NAMESPACE/NAME matches (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
}

/// A service account by flag or by position.
#[derive(Args, Clone, Debug)]
pub struct NameArgs {
    /// Name of the service account (or NAMESPACE/NAME)
    #[arg(value_name = "NAME", conflicts_with = "name")]
    pub position: Option<String>,
    #[arg(long, alias = "service-account-name", help = fields::NAME.help(""))]
    pub name: Option<String>,
    #[arg(long, short, help = fields::NAMESPACE.help(""))]
    pub namespace: Option<Namespace>,
}

/// How create, update and apply go about it: shown or carried out, where, and told how.
#[derive(Args, Clone, Debug)]
pub struct ReconcileArgs {
    #[command(flatten)]
    pub approval: Approval,
    /// Prove in the end that the service accounts can assume their roles, as verify does
    #[arg(long, help_heading = "Plan", requires = "approve")]
    pub verify: bool,
    #[command(flatten)]
    pub restart: RestartArgs,
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

/// What becomes of pods that run already.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Plan")]
pub struct RestartArgs {
    /// Restart the workloads whose running pods lack the role, and only those
    #[arg(long)]
    pub restart: bool,
    /// Wait until the restarted workloads' new pods are ready and have the role
    #[arg(long, alias = "wait")]
    pub wait_for_pods: bool,
}

#[derive(Args, Debug)]
pub struct CreateServiceAccount {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[command(flatten)]
    pub account: AccountArgs,
    #[arg(long, help = fields::TRUST.help(""), help_heading = "Permissions", requires = "attach_role_arn")]
    pub trust: bool,
    /// Config file of eksctl in the place of flags; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Config file",
          conflicts_with_all = ["cluster", "NameArgs", "PermissionArgs", "RoleArgs", "TokenArgs", "labels", "annotations",
                                "token_expiration", "sts_regional_endpoints", "associate_oidc_provider", "trust"])]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub roles: RoleAccountArgs,
    #[command(flatten)]
    pub run: ReconcileArgs,
}

/// One service account by flags.
#[derive(Args, Clone, Debug)]
#[command(mut_arg("tags", |arg| arg.conflicts_with("attach_role_arn")))]
pub struct AccountArgs {
    #[command(flatten)]
    pub name: NameArgs,
    #[command(flatten)]
    pub permissions: PermissionArgs,
    #[command(flatten)]
    pub role: RoleArgs,
    #[command(flatten)]
    pub tokens: TokenArgs,
    #[command(flatten)]
    pub object: ObjectArgs,
    /// Create the cluster's IAM OIDC provider too, where it is missing
    #[arg(long, help_heading = "Role")]
    pub associate_oidc_provider: bool,
}

/// How pairs are given.
pub const PAIRS: &str = ", as k1=v1,k2=v2 (repeatable)";
/// How more than one is given.
pub const MANY: &str = " (repeatable, or separated by commas)";

fn session_seconds(text: &str) -> Result<u32, String> {
    seconds(text, fields::SESSION_SECONDS)
}

fn token_seconds(text: &str) -> Result<u32, String> {
    seconds(text, fields::TOKEN_SECONDS)
}

fn seconds(text: &str, bounds: Bounds) -> Result<u32, String> {
    let Bounds { least, most } = bounds;
    let number = text.parse().ok();
    number
        .filter(|number| bounds.contain(*number))
        .ok_or_else(|| format!("a whole number from {least} to {most} is wanted"))
}

/// The role itself.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Role")]
pub struct RoleArgs {
    #[arg(long, value_name = "NAME", help = fields::ROLE_NAME.help("; else CloudFormation makes one"), conflicts_with = "attach_role_arn")]
    pub role_name: Option<RoleName>,
    #[arg(long, value_name = "PATH", help = fields::ROLE_PATH.help(", as /team/"), conflicts_with = "attach_role_arn")]
    pub role_path: Option<RolePath>,
    #[arg(long, value_name = "SECONDS", help = fields::MAX_SESSION_DURATION.help(""), conflicts_with = "attach_role_arn", value_parser = session_seconds)]
    pub max_session_duration: Option<u32>,
    // Beside an existing role they are an association's.
    #[arg(long, value_name = "TAGS", help = fields::TAGS.help(PAIRS))]
    pub tags: Vec<Pairs>,
}

/// What only tokens of the cluster need.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Role")]
pub struct TokenArgs {
    #[arg(long, value_name = "PATTERN", help = fields::SUBJECT_PATTERN.help(""), conflicts_with = "attach_role_arn")]
    pub subject_pattern: Option<SubjectPattern>,
    #[arg(long, value_name = "NAME", help = fields::AUDIENCE.help(""), default_value = "sts.amazonaws.com")]
    pub audience: Audience,
    #[arg(long, help = fields::ROLE_ONLY.help(": no Kubernetes access; prints the ServiceAccount to apply"), num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub role_only: bool,
}

/// The ServiceAccount object.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Service account")]
pub struct ObjectArgs {
    #[arg(long, help = fields::LABELS.help(PAIRS), value_name = "LABELS")]
    pub labels: Vec<Pairs>,
    #[arg(long, help = fields::ANNOTATIONS.help(PAIRS), value_name = "ANNOTATIONS")]
    pub annotations: Vec<Pairs>,
    #[arg(long, help = fields::TOKEN_EXPIRATION.help(""), value_name = "SECONDS", value_parser = token_seconds)]
    pub token_expiration: Option<u32>,
    #[arg(long, help = fields::STS_REGIONAL_ENDPOINTS.help(""), value_name = "BOOL")]
    pub sts_regional_endpoints: Option<bool>,
    /// Replace another role, and labels and annotations of other tools
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub override_existing_serviceaccounts: bool,
}

/// How CloudFormation works on a stack.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "CloudFormation")]
pub struct DeploymentArgs {
    /// Role that CloudFormation works as
    #[arg(long, value_name = "ARN")]
    pub cfn_role_arn: Option<RoleArn>,
    #[command(flatten)]
    pub mode: ModeArgs,
}

/// When it calls an operation complete.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "CloudFormation")]
pub struct ModeArgs {
    #[arg(long, value_name = "MODE", value_parser = deployment_mode(), help = fields::DEPLOYMENT_MODE.help(""))]
    pub deployment_mode: Option<DeploymentMode>,
}

fn deployment_mode() -> impl TypedValueParser<Value = DeploymentMode> {
    PossibleValuesParser::new(DeploymentMode::WORDS).try_map(|word| word.parse::<DeploymentMode>())
}

/// How CloudFormation makes a stack.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "CloudFormation")]
pub struct StackArgs {
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    /// Keep the resources of a failed creation, to look at them
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub cfn_disable_rollback: bool,
}

#[derive(Args, Debug)]
pub struct GetServiceAccount {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Config file of eksctl that names the cluster; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", conflicts_with = "cluster")]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub name: NameArgs,
    #[command(flatten)]
    pub roles: RoleAccountArgs,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format; wide adds status, stack, policies and the Kubernetes side
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: Format,
    /// Accepted for eksctl's scripts; without effect there too
    #[arg(long, hide = true)]
    pub chunk_size: Option<u32>,
}

#[derive(Args, Debug)]
pub struct UpdateServiceAccount {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[command(flatten)]
    pub name: NameArgs,
    /// Config file of eksctl in the place of flags; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Config file",
          conflicts_with_all = ["cluster", "NameArgs", "EditArgs", "TokenEditArgs", "role_only", "labels", "annotations",
                                "token_expiration", "sts_regional_endpoints"])]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub edits: EditArgs,
    #[command(flatten)]
    pub tokens: TokenEditArgs,
    #[command(flatten)]
    pub object: ObjectArgs,
    /// Change the role only: no Kubernetes access
    #[arg(long, help_heading = "Role", conflicts_with_all = ["labels", "annotations", "token_expiration", "sts_regional_endpoints"])]
    pub role_only: bool,
    /// Undo what was changed on the roles outside of CloudFormation
    #[arg(long, help_heading = "Role")]
    pub repair_drift: bool,
    #[command(flatten)]
    pub deployment: DeploymentArgs,
    #[command(flatten)]
    pub roles: RoleAccountArgs,
    #[command(flatten)]
    pub run: ReconcileArgs,
}

/// What is to change of a role.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Permissions")]
pub struct EditArgs {
    #[arg(long, value_name = "ARN", value_delimiter = ',',
          help = fields::MANAGED_POLICIES.help("; these replace those that the role has (repeatable, or separated by commas)"))]
    pub attach_policy_arn: Vec<PolicyArn>,
    /// ARN of a managed policy to attach too (repeatable, or separated by commas)
    #[arg(
        long,
        value_name = "ARN",
        value_delimiter = ',',
        conflicts_with = "attach_policy_arn"
    )]
    pub add_policy_arn: Vec<PolicyArn>,
    /// ARN of a managed policy to detach (repeatable, or separated by commas)
    #[arg(
        long,
        value_name = "ARN",
        value_delimiter = ',',
        conflicts_with = "attach_policy_arn"
    )]
    pub remove_policy_arn: Vec<PolicyArn>,
    #[arg(long, value_name = "FILE",
          help = fields::INLINE_POLICY.help(" as JSON; these replace Policy1, Policy2, … (repeatable); - reads stdin"))]
    pub policy_document: Vec<PathBuf>,
    /// Name of an inline policy to delete, as `get -o wide` shows it (repeatable)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub remove_inline_policy: Vec<String>,
    /// Ready-made policy to add or to bring to its present text, see --help (repeatable, or separated by commas)
    #[arg(
        long,
        value_name = "NAME",
        value_delimiter = ',',
        alias = "well-known-policies",
        value_parser = well_known_policy(),
        ignore_case = true,
        hide_possible_values = true,
        long_help = well_known_help()
    )]
    pub well_known_policy: Vec<WellKnownPolicy>,
    #[arg(long, value_name = "ARN", alias = "permission-boundary-arn", help = fields::BOUNDARY.help(""))]
    pub permissions_boundary: Option<PolicyArn>,
    /// Take the permissions boundary away
    #[arg(long, conflicts_with = "permissions_boundary")]
    pub no_permissions_boundary: bool,
    #[arg(long, value_name = "NAME", help = fields::ROLE_NAME.help(": another one is refused"), help_heading = "Role")]
    pub role_name: Option<RoleName>,
    #[arg(long, value_name = "PATH", help = fields::ROLE_PATH.help(": another one is refused"), help_heading = "Role")]
    pub role_path: Option<RolePath>,
    #[arg(long, value_name = "SECONDS", help = fields::MAX_SESSION_DURATION.help(""), help_heading = "Role", value_parser = session_seconds)]
    pub max_session_duration: Option<u32>,
    /// Tags to set on the stack and the role, as k1=v1,k2=v2 (repeatable)
    #[arg(long, value_name = "TAGS", help_heading = "Role")]
    pub tags: Vec<Pairs>,
}

/// What is to change of whom a role lets in by tokens of the cluster.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Role")]
pub struct TokenEditArgs {
    #[arg(long, value_name = "PATTERN", help = fields::SUBJECT_PATTERN.help(""))]
    pub subject_pattern: Option<SubjectPattern>,
    #[arg(long, value_name = "NAME", help = fields::AUDIENCE.help(""))]
    pub audience: Option<Audience>,
}

#[derive(Args, Debug)]
pub struct Apply {
    /// Config file of eksctl; required; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE")]
    pub config_file: PathBuf,
    /// OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Delete the cluster's IAM service accounts and associations that the file's lists do not have; not
    /// those of kube-system
    #[arg(long, help_heading = "Plan")]
    pub prune: bool,
    /// Delete those of kube-system too
    #[arg(long, help_heading = "Plan", requires = "prune")]
    pub prune_kube_system: bool,
    /// Detach policies that were attached by hand to roles that are pruned
    #[arg(long, help_heading = "Plan", requires = "prune")]
    pub detach_foreign: bool,
    /// Delete what else is in the stacks that are pruned
    #[arg(long, help_heading = "Plan", requires = "prune")]
    pub with_foreign_resources: bool,
    /// Undo what was changed on the roles outside of CloudFormation
    #[arg(long, help_heading = "Plan")]
    pub repair_drift: bool,
    /// Replace other roles, and labels and annotations of other tools
    #[arg(long, help_heading = "Plan")]
    pub override_existing_serviceaccounts: bool,
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub roles: RoleAccountArgs,
    #[command(flatten)]
    pub run: ReconcileArgs,
}

#[derive(Args, Debug)]
pub struct Export {
    /// Name of the cluster; required
    #[arg(short, long)]
    pub cluster: ClusterName,
    /// OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
}

#[derive(Args, Debug)]
pub struct DeleteServiceAccount {
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[command(flatten)]
    pub name: NameArgs,
    /// Config file of eksctl in the place of a name; shows the plan unless --approve; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Config file", conflicts_with_all = ["cluster", "NameArgs"])]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    /// Those of the cluster that the file does not have, in the place of those that it has
    #[arg(long, help_heading = "Config file")]
    pub only_missing: bool,
    #[command(flatten)]
    pub how: DeletionArgs,
    #[command(flatten)]
    pub parallel: ParallelArgs,
    #[command(flatten)]
    pub roles: RoleAccountArgs,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

/// How something is deleted.
#[derive(Args, Clone, Debug)]
pub struct DeletionArgs {
    /// Leave the ServiceAccount: no Kubernetes access
    #[arg(long, help_heading = "Role", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub role_only: bool,
    /// Detach policies that were attached to the role by hand, which else stop the deletion
    #[arg(long, help_heading = "Role")]
    pub detach_foreign: bool,
    /// Delete what else is in the stack, which else stops the deletion
    #[arg(long, help_heading = "Role")]
    pub with_foreign_resources: bool,
    /// Wait for the end of the stack's deletion; --wait=false does not
    #[arg(short, long, help_heading = "Plan", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub wait: bool,
    /// Show the plan only
    #[arg(long, conflicts_with = "approve", help_heading = "Plan")]
    pub dry_run: bool,
    /// Carry the plan of a config file out; a deletion by name acts at once
    #[arg(long, alias = "yes", help_heading = "Plan")]
    pub approve: bool,
    /// Exit with 3 when there is something to do (without acting)
    #[arg(long, help_heading = "Plan")]
    pub detailed_exitcode: bool,
    #[command(flatten)]
    pub deployment: DeploymentArgs,
}

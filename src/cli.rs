//! Every flag and every help text. clap's types and no logic; the doc comments are the user's help.

use std::path::PathBuf;

use clap::builder::styling::Styles;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

use crate::model::{
    Audience, ClusterName, Issuer, Namespace, Pairs, PolicyArn, RoleArn, RoleName, RolePath,
    SubjectPattern, Thumbprint, Timeout,
};
use crate::template::{WELL_KNOWN, WellKnownPolicy};

mod arguments;
mod examples;
mod screen;

pub use arguments::arguments;
pub use screen::{Color, Format, Screen, WideFormat};

use examples::*;

/// Give pods on Kubernetes the AWS permissions that they need, and no more.
///
/// irsactl makes IAM roles for service accounts (IRSA) on EKS. It manages the CloudFormation stacks
/// that eksctl made, and eksctl manages its.
#[derive(Debug, Parser)]
#[command(
    name = "irsactl",
    version,
    propagate_version = false,
    disable_help_subcommand = true,
    styles = Styles::plain(),
    max_term_width = 100,
    after_help = EXAMPLES_AND_EXIT_STATUS
)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
    #[command(flatten)]
    pub screen: Screen,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create the IAM OIDC provider of a cluster, or mend it
    #[command(alias = "associate-iam-oidc-provider", after_help = ASSOCIATE_EXAMPLES)]
    AssociateOidcProvider(Associate),
    /// Delete the IAM OIDC provider of a cluster
    #[command(alias = "disassociate-iam-oidc-provider", after_help = DISASSOCIATE_EXAMPLES)]
    DisassociateOidcProvider(Disassociate),
    /// Print the thumbprint of an issuer
    #[command(after_help = THUMBPRINT_EXAMPLES)]
    Thumbprint(ThumbprintArgs),
    /// Create IAM service accounts
    #[command(subcommand, arg_required_else_help = true)]
    Create(Create),
    /// List IAM service accounts
    #[command(subcommand, arg_required_else_help = true)]
    Get(Get),
    /// Delete IAM service accounts
    #[command(subcommand, arg_required_else_help = true)]
    Delete(Delete),
    /// Print a shell completion script
    #[command(after_help = COMPLETION_EXAMPLES)]
    Completion(Completion),
    /// eksctl's place for associate-iam-oidc-provider
    #[command(subcommand, hide = true, arg_required_else_help = true)]
    Utils(Utils),
}

impl Command {
    /// Region and profile as they were given, for the commands of hints.
    pub fn connection_flags(&self) -> String {
        let aws = match self {
            Self::AssociateOidcProvider(args)
            | Self::Utils(Utils::AssociateIamOidcProvider(args)) => &args.aws,
            Self::DisassociateOidcProvider(args) => &args.aws,
            Self::Thumbprint(args) => &args.aws,
            Self::Create(Create::IamServiceAccount(args)) => &args.aws,
            Self::Get(Get::IamServiceAccount(args)) => &args.aws,
            Self::Delete(Delete::IamServiceAccount(args)) => &args.aws,
            Self::Completion(_) => return String::new(),
        };
        let flag = |name: &str, value: &Option<String>| {
            value
                .as_ref()
                .map(|value| format!(" --{name} {value}"))
                .unwrap_or_default()
        };
        flag("region", &aws.region) + &flag("profile", &aws.profile)
    }
}

#[derive(Debug, Subcommand)]
pub enum Create {
    /// Create an IAM role for a Kubernetes service account, and the service account
    #[command(name = "iamserviceaccount", visible_aliases = NOUNS, after_help = CREATE_EXAMPLES)]
    IamServiceAccount(Box<CreateServiceAccount>),
}

#[derive(Debug, Subcommand)]
pub enum Get {
    /// List the IAM service accounts of a cluster
    #[command(name = "iamserviceaccount", visible_aliases = NOUNS, after_help = GET_EXAMPLES)]
    IamServiceAccount(GetServiceAccount),
}

#[derive(Debug, Subcommand)]
pub enum Delete {
    /// Delete an IAM role for a Kubernetes service account, and the service account if made with it
    #[command(name = "iamserviceaccount", visible_aliases = NOUNS, after_help = DELETE_EXAMPLES)]
    IamServiceAccount(DeleteServiceAccount),
}

#[derive(Debug, Subcommand)]
pub enum Utils {
    /// Create the IAM OIDC provider of a cluster, or mend it
    #[command(alias = "associate-oidc-provider", after_help = ASSOCIATE_EXAMPLES)]
    AssociateIamOidcProvider(Associate),
}

const NOUNS: [&str; 3] = ["iamserviceaccounts", "irsa", "sa"];

/// Who calls AWS, and where.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "AWS client")]
pub struct AwsArgs {
    /// AWS region (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
    #[arg(short, long)]
    pub region: Option<String>,
    /// AWS profile; outranks the keys of the environment
    #[arg(short, long)]
    pub profile: Option<String>,
    /// Longest single wait, as 90s, 25m, 1h30m
    #[arg(long, default_value = "25m")]
    pub timeout: Timeout,
}

/// Which cluster.
#[derive(Args, Clone, Debug)]
pub struct ClusterArgs {
    /// Name of the EKS cluster
    #[arg(short, long)]
    pub cluster: ClusterName,
    /// OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
}

/// The way to the Kubernetes API.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Kubernetes client")]
pub struct KubernetesArgs {
    /// Kubeconfig file to use in place of the EKS endpoint
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,
    /// Context of the kubeconfig
    #[arg(long, value_name = "NAME")]
    pub context: Option<String>,
}

/// Show or act, for commands that change only on approval.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Plan")]
pub struct Approval {
    /// Carry the plan out; without it the plan is only shown
    #[arg(long, alias = "yes", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub approve: bool,
    /// Show the plan only
    #[arg(long, conflicts_with = "approve")]
    pub dry_run: bool,
    /// Exit with 3 when there is something to do
    #[arg(long)]
    pub detailed_exitcode: bool,
}

/// Thumbprints of the provider.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Thumbprint")]
pub struct ThumbprintChoice {
    /// Use this thumbprint; the issuer is not contacted (repeatable, at most 5)
    #[arg(long, value_name = "HEX", value_parser = Thumbprint::lenient)]
    pub thumbprint: Vec<Thumbprint>,
    /// Send none; IAM fetches it itself
    #[arg(long, conflicts_with = "thumbprint")]
    pub no_thumbprint: bool,
}

#[derive(Args, Debug)]
pub struct Associate {
    #[command(flatten)]
    pub cluster: ClusterOrPosition,
    /// Audience of the tokens
    #[arg(long, value_name = "NAME", default_value = "sts.amazonaws.com")]
    pub audience: Audience,
    #[command(flatten)]
    pub thumbprint: ThumbprintChoice,
    /// Replace those of an existing provider by the issuer's present ones
    #[arg(long, help_heading = "Thumbprint", conflicts_with = "no_thumbprint")]
    pub refresh_thumbprint: bool,
    #[command(flatten)]
    pub approval: Approval,
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: Format,
}

#[derive(Args, Debug)]
pub struct Disassociate {
    #[command(flatten)]
    pub cluster: ClusterOrPosition,
    /// Delete it although roles still trust it
    #[arg(long)]
    pub force: bool,
    #[command(flatten)]
    pub approval: Approval,
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: Format,
}

/// A cluster by flag or, as eksctl takes it, by position.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub struct ClusterOrPosition {
    /// Name of the EKS cluster
    #[arg(short, long, conflicts_with = "position")]
    pub cluster: Option<ClusterName>,
    /// Name of the EKS cluster
    #[arg(value_name = "CLUSTER")]
    pub position: Option<ClusterName>,
    /// OIDC issuer, for clusters that are not EKS
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
}

/// Where a chain of certificates comes from.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = false)]
pub struct ChainSource {
    /// Name of the EKS cluster
    #[arg(short, long, value_name = "NAME")]
    pub cluster: Option<ClusterName>,
    /// OIDC issuer; no AWS access is needed
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    /// Chain of certificates as PEM, leaf first; - reads stdin
    #[arg(long, value_name = "FILE")]
    pub pem: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub struct ThumbprintArgs {
    #[command(flatten)]
    pub source: ChainSource,
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: WideFormat,
}

/// A service account by flag or by position.
#[derive(Args, Clone, Debug)]
pub struct NameArgs {
    /// Name of the service account (or NAMESPACE/NAME)
    #[arg(value_name = "NAME", conflicts_with = "name")]
    pub position: Option<String>,
    /// Name of the service account
    #[arg(long)]
    pub name: Option<String>,
    /// Namespace of the service account
    #[arg(long, short)]
    pub namespace: Option<Namespace>,
}

#[derive(Args, Debug)]
pub struct CreateServiceAccount {
    #[command(flatten)]
    pub name: NameArgs,
    #[command(flatten)]
    pub cluster: ClusterArgs,
    #[command(flatten)]
    pub permissions: PermissionArgs,
    #[command(flatten)]
    pub role: RoleArgs,
    #[command(flatten)]
    pub object: ObjectArgs,
    /// Create the cluster's IAM OIDC provider too, where it is missing
    #[arg(long, help_heading = "Role")]
    pub associate_oidc_provider: bool,
    #[command(flatten)]
    pub stack: StackArgs,
    #[command(flatten)]
    pub approval: Approval,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: Format,
}

/// What the role may do.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Permissions")]
pub struct PermissionArgs {
    /// ARN of a managed policy (repeatable, or separated by commas)
    #[arg(long, value_name = "ARN", value_delimiter = ',')]
    pub attach_policy_arn: Vec<PolicyArn>,
    /// Inline policy document as JSON (repeatable); - reads stdin
    #[arg(long, value_name = "FILE")]
    pub policy_document: Vec<PathBuf>,
    /// Ready-made policy of a common add-on, see --help (repeatable, or separated by commas)
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
    /// Use an existing role as it is; no stack is made
    #[arg(long, value_name = "ARN", conflicts_with_all = ["attach_policy_arn", "policy_document", "well_known_policy"])]
    pub attach_role_arn: Option<RoleArn>,
    /// ARN of the policy that bounds the role's permissions
    #[arg(
        long,
        value_name = "ARN",
        conflicts_with = "attach_role_arn",
        alias = "permission-boundary-arn"
    )]
    pub permissions_boundary: Option<PolicyArn>,
}

/// Takes the names of the catalogue, which completion then offers too.
fn well_known_policy() -> impl TypedValueParser<Value = WellKnownPolicy> {
    PossibleValuesParser::new(WELL_KNOWN.iter().map(|policy| policy.name()))
        .try_map(|name| name.parse::<WellKnownPolicy>())
}

fn well_known_help() -> String {
    let names: Vec<&str> = WELL_KNOWN.iter().map(|policy| policy.name()).collect();
    format!(
        "Ready-made policy of a common add-on (repeatable, or separated by commas): {}",
        names.join(", ")
    )
}

/// The role itself.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Role")]
pub struct RoleArgs {
    /// Name of the role; else CloudFormation makes one
    #[arg(long, value_name = "NAME", conflicts_with = "attach_role_arn")]
    pub role_name: Option<RoleName>,
    /// Path of the role, as /team/
    #[arg(long, value_name = "PATH", conflicts_with = "attach_role_arn")]
    pub role_path: Option<RolePath>,
    /// Longest session in seconds, 3600 to 43200
    #[arg(long, value_name = "SECONDS", conflicts_with = "attach_role_arn", value_parser = clap::value_parser!(u32).range(3600..=43200))]
    pub max_session_duration: Option<u32>,
    /// Trust all service accounts of the namespace whose names match, as app-*
    #[arg(long, value_name = "PATTERN", conflicts_with = "attach_role_arn")]
    pub subject_pattern: Option<SubjectPattern>,
    /// Audience of the tokens
    #[arg(long, value_name = "NAME", default_value = "sts.amazonaws.com")]
    pub audience: Audience,
    /// Tags of the stack and the role, as k1=v1,k2=v2 (repeatable)
    #[arg(long, value_name = "TAGS", conflicts_with = "attach_role_arn")]
    pub tags: Vec<Pairs>,
    /// Make the role only: no Kubernetes access; prints the ServiceAccount to apply
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub role_only: bool,
}

/// The ServiceAccount object.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Service account")]
pub struct ObjectArgs {
    /// Labels, as k1=v1,k2=v2 (repeatable)
    #[arg(long, value_name = "LABELS")]
    pub labels: Vec<Pairs>,
    /// Annotations, as k1=v1,k2=v2 (repeatable)
    #[arg(long, value_name = "ANNOTATIONS")]
    pub annotations: Vec<Pairs>,
    /// Lifetime of the pods' tokens in seconds, 600 to 86400
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(600..=86400))]
    pub token_expiration: Option<u32>,
    /// Whether pods use the regional STS endpoint
    #[arg(long, value_name = "BOOL")]
    pub sts_regional_endpoints: Option<bool>,
    /// Replace another role, and labels and annotations of other tools
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub override_existing_serviceaccounts: bool,
}

/// How CloudFormation works.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "CloudFormation")]
pub struct StackArgs {
    /// Role that CloudFormation works as
    #[arg(long, value_name = "ARN")]
    pub cfn_role_arn: Option<RoleArn>,
    /// Keep the resources of a failed creation, to look at them
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub cfn_disable_rollback: bool,
}

#[derive(Args, Debug)]
pub struct GetServiceAccount {
    #[command(flatten)]
    pub name: NameArgs,
    /// Name of the EKS cluster
    #[arg(short, long)]
    pub cluster: ClusterName,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format; wide adds status, stack, policies and the Kubernetes side
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: WideFormat,
    /// Accepted for eksctl's scripts; without effect there too
    #[arg(long, hide = true)]
    pub chunk_size: Option<u32>,
}

#[derive(Args, Debug)]
pub struct DeleteServiceAccount {
    #[command(flatten)]
    pub name: NameArgs,
    #[command(flatten)]
    pub cluster: ClusterArgs,
    /// Delete the role only: no Kubernetes access
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub role_only: bool,
    /// Detach policies that were attached to the role by hand, which else stop the deletion
    #[arg(long)]
    pub detach_foreign: bool,
    /// Wait for the end of the stack's deletion; --wait=false does not
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub wait: bool,
    /// Show the plan only
    #[arg(long, conflicts_with = "approve", help_heading = "Plan")]
    pub dry_run: bool,
    /// Accepted; a deletion by name acts at once
    #[arg(long, alias = "yes", hide = true)]
    pub approve: bool,
    /// Exit with 3 when there is something to do (with --dry-run)
    #[arg(long, help_heading = "Plan")]
    pub detailed_exitcode: bool,
    /// Role that CloudFormation works as
    #[arg(long, value_name = "ARN", help_heading = "CloudFormation")]
    pub cfn_role_arn: Option<RoleArn>,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: Format,
}

#[derive(Args, Debug)]
pub struct Completion {
    /// Shell
    pub shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_tree_is_sound() {
        Cli::command().debug_assert();
    }
}

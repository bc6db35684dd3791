//! The flags of `trust`.

use clap::{Args, Subcommand};

use super::deferred::Deferred;
use super::examples::{
    TRUST_ADD_EXAMPLES, TRUST_COPY_EXAMPLES, TRUST_LIST_EXAMPLES, TRUST_REMOVE_EXAMPLES,
    TRUST_RETARGET_EXAMPLES,
};
use super::{Approval, AwsArgs, KubernetesArgs, ModeArgs, ParallelArgs, PlainFormat, RestartArgs};
use crate::model::{ClusterName, Issuer, RoleArn, ServiceAccountName};

#[derive(Debug, Subcommand)]
pub enum Trust {
    /// List which service accounts of which issuers roles let in, and how much room there is
    #[command(after_help = TRUST_LIST_EXAMPLES)]
    List(Deferred<TrustList>),
    /// Let service accounts of a cluster into roles that there are
    #[command(after_help = TRUST_ADD_EXAMPLES)]
    Add(Deferred<TrustNames>),
    /// Let service accounts of a cluster into roles no more
    #[command(after_help = TRUST_REMOVE_EXAMPLES)]
    Remove(Deferred<TrustNames>),
    /// Give service accounts of a cluster the roles that those of another one have
    #[command(after_help = TRUST_COPY_EXAMPLES)]
    Copy(Deferred<TrustCopy>),
    /// Put a cluster's issuer in the place of another one, in every role that trusts that
    #[command(after_help = TRUST_RETARGET_EXAMPLES)]
    Retarget(Deferred<TrustRetarget>),
}

impl Trust {
    /// The flags that lead to AWS, to Kubernetes (`None`: it is not asked), and to a cluster that is not
    /// EKS.
    pub fn ways(&self) -> (&AwsArgs, Option<&KubernetesArgs>, &Option<Issuer>) {
        match self {
            Self::List(args) => (&args.aws, None, &args.issuer_url),
            Self::Add(args) | Self::Remove(args) => (&args.change.aws, None, &args.issuer_url),
            Self::Copy(args) => (&args.change.aws, None, &None),
            Self::Retarget(args) => (&args.change.aws, None, &args.issuer_url),
        }
    }
}

/// Which roles are listed.
#[derive(Args, Debug)]
pub struct TrustList {
    /// Only roles that let in tokens of this cluster
    #[arg(short, long, conflicts_with_all = ["role_arn", "all"])]
    pub cluster: Option<ClusterName>,
    /// OIDC issuer of the cluster, for clusters that are not EKS
    #[arg(long, value_name = "URL", requires = "cluster")]
    pub issuer_url: Option<Issuer>,
    /// This role (repeatable)
    #[arg(long, value_name = "ARN", conflicts_with = "all")]
    pub role_arn: Vec<RoleArn>,
    /// All roles of the account that let in tokens of any issuer
    #[arg(long)]
    pub all: bool,
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

/// Whose tokens, and into which roles.
#[derive(Args, Debug)]
pub struct TrustNames {
    /// Service accounts; NAME may have * and ?
    #[arg(value_name = "NAMESPACE/NAME", required = true)]
    pub names: Vec<String>,
    /// Name of the cluster whose service accounts they are; required
    #[arg(short, long)]
    pub cluster: ClusterName,
    /// OIDC issuer, for clusters that are not EKS
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    /// Role to change (repeatable); required
    #[arg(long, value_name = "ARN", required = true)]
    pub role_arn: Vec<RoleArn>,
    #[command(flatten)]
    pub change: TrustChangeArgs,
}

/// Whose roles, and for which cluster's.
#[derive(Args, Debug)]
pub struct TrustCopy {
    /// Service accounts, of the same names in both clusters
    #[arg(value_name = "NAMESPACE/NAME", required_unless_present = "all")]
    pub names: Vec<ServiceAccountName>,
    /// Name of the cluster whose service accounts have the roles; required
    #[arg(long, value_name = "NAME")]
    pub from_cluster: ClusterName,
    /// Name of the cluster whose service accounts are to have them too; required
    #[arg(long, value_name = "NAME")]
    pub to_cluster: ClusterName,
    /// All service accounts of the first cluster whose roles let them in
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// Replace other roles, and annotations of other tools
    #[arg(long, help_heading = "Plan")]
    pub override_existing_serviceaccounts: bool,
    #[command(flatten)]
    pub restart: RestartArgs,
    #[command(flatten)]
    pub change: TrustChangeArgs,
}

/// An issuer, with or without its scheme: condition keys have none.
fn issuer(text: &str) -> Result<Issuer, String> {
    if text.contains("://") || !text.contains('.') {
        return text.parse();
    }
    format!("https://{text}").parse()
}

/// Which issuer, and which cluster's in its place.
#[derive(Args, Debug)]
pub struct TrustRetarget {
    /// Issuer that the roles trust now, as `trust list` has it
    #[arg(long, value_name = "URL", value_parser = issuer)]
    pub from_issuer: Issuer,
    /// Name of the cluster whose issuer they are to trust; required
    #[arg(long, value_name = "NAME")]
    pub to_cluster: ClusterName,
    /// OIDC issuer of that cluster, where it is not one of EKS
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    /// All roles of the account that trust it
    #[arg(
        long,
        conflicts_with = "role_arn",
        required_unless_present = "role_arn"
    )]
    pub all: bool,
    /// This role only (repeatable)
    #[arg(long, value_name = "ARN")]
    pub role_arn: Vec<RoleArn>,
    #[command(flatten)]
    pub change: TrustChangeArgs,
}

/// How a change is gone about.
#[derive(Args, Debug)]
pub struct TrustChangeArgs {
    #[command(flatten)]
    pub deployment: ModeArgs,
    #[command(flatten)]
    pub approval: Approval,
    #[command(flatten)]
    pub parallel: ParallelArgs,
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

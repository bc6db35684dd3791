//! The flags of `doctor`.

use clap::Args;

use super::{
    Approval, AwsArgs, KubernetesArgs, NameArgs, ParallelArgs, PlainFormat, RestartArgs,
    RoleAccountArgs,
};
use crate::model::{Audience, ClusterName, Days, Issuer, RoleArn, Workload};
use crate::proof::Permission;

#[derive(Args, Debug)]
pub struct Doctor {
    /// Name of the cluster; required without --role-arn or --explain
    #[arg(short, long, required_unless_present_any = ["role_arn", "explain"])]
    pub cluster: Option<ClusterName>,
    /// OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    #[command(flatten)]
    pub name: NameArgs,
    /// This pod and its service account
    #[arg(long, value_name = "NAMESPACE/NAME", value_parser = Workload::pod, conflicts_with_all = ["workload", "all"])]
    pub pod: Option<Workload>,
    /// The pods of this workload and their service account, as web/deploy/api
    #[arg(long, value_name = "NAMESPACE/KIND/NAME", conflicts_with = "all")]
    pub workload: Option<Workload>,
    /// All service accounts that have a role
    #[arg(long, conflicts_with = "NameArgs")]
    pub all: bool,
    /// This role, whatever the annotation says; alone: the role by itself
    #[arg(long, value_name = "ARN", conflicts_with = "all")]
    pub role_arn: Option<RoleArn>,
    /// Audience of the pods' tokens, whatever the annotation says
    #[arg(long, conflicts_with = "all")]
    pub audience: Option<Audience>,
    /// Ask whether the role may do this, as s3:GetObject=arn:aws:s3:::bucket/key (repeatable)
    #[arg(long, value_name = "ACTION=ARN", conflicts_with = "all")]
    pub can: Vec<Permission>,
    /// Ask IAM what the roles used, and warn of what they may do and did not
    #[arg(long)]
    pub usage: bool,
    /// What was not used for so long counts as unused, as 90d; IAM knows of 400 days
    #[arg(long, value_name = "DAYS", default_value = "90d", requires = "usage", value_parser = super::usage::days)]
    pub since: Days,
    /// Fail on warnings too
    #[arg(long)]
    pub strict: bool,
    /// Tell what a check is about, and exit; without its id, list all checks
    #[arg(long, value_name = "CHECK", num_args = 0..=1, default_missing_value = "")]
    pub explain: Option<String>,
    /// Plan the repairs that are safe: annotation, provider, audience, trust policy, restarts; of roles
    /// only the one that the account's own stack made, or that of --role-arn
    #[arg(long, help_heading = "Plan")]
    pub fix: bool,
    #[command(flatten)]
    pub approval: Approval,
    #[command(flatten)]
    pub restart: RestartArgs,
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

//! The flags of `report`.

use clap::{Args, ValueEnum};

use super::{AwsArgs, KubernetesArgs, ParallelArgs};
use crate::model::{ClusterName, Days, Issuer};

#[derive(Args, Debug)]
pub struct ReportArgs {
    /// Name of the cluster
    #[arg(short, long)]
    pub cluster: ClusterName,
    /// OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    /// Ask IAM what the roles used too: a job a role, some seconds
    #[arg(long)]
    pub usage: bool,
    /// What was not used for so long counts as unused, as 90d; IAM knows of 400 days
    #[arg(long, value_name = "DAYS", default_value = "90d", requires = "usage", value_parser = super::usage::days)]
    pub since: Days,
    #[command(flatten)]
    pub parallel: ParallelArgs,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "html", help_heading = "Output")]
    pub output: ReportFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportFormat {
    /// A page that needs nothing else
    Html,
    Markdown,
    Json,
}

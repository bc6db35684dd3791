//! The flags of `usage`.

use std::path::PathBuf;

use clap::Args;

use super::{AwsArgs, KubernetesArgs};
use crate::model::{ClusterName, Days, Issuer, RoleArn};
use crate::output::Format;

/// Of which roles, and since when.
#[derive(Args, Debug)]
pub struct Usage {
    /// Service accounts whose roles are meant
    #[arg(value_name = "NAMESPACE/NAME", requires = "cluster", conflicts_with_all = ["all", "role_arn"])]
    pub names: Vec<String>,
    /// Name of the cluster of the service accounts
    #[arg(short, long)]
    pub cluster: Option<ClusterName>,
    /// OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    #[arg(long, value_name = "URL", requires = "cluster")]
    pub issuer_url: Option<Issuer>,
    /// All service accounts of the cluster that have a role
    #[arg(long, requires = "cluster", conflicts_with = "role_arn")]
    pub all: bool,
    /// This role (repeatable)
    #[arg(long, value_name = "ARN", conflicts_with = "cluster")]
    pub role_arn: Vec<RoleArn>,
    /// What was not used for so long counts as unused, as 90d; IAM knows of 400 days
    #[arg(long, value_name = "DAYS", default_value = "90d", value_parser = days)]
    pub since: Days,
    /// Print the policy that keeps what was used, and what puts it in place
    #[arg(long, help_heading = "Policy")]
    pub suggest: bool,
    /// An action that IAM does not track and the workload needs (repeatable): of its
    /// service nothing else is kept but what was seen, as s3:GetObject
    #[arg(long, value_name = "ACTION", help_heading = "Policy", requires = "suggest", value_parser = action)]
    pub keep: Vec<String>,
    /// Write the policy into a new file too; for one role
    #[arg(
        long,
        value_name = "FILE",
        help_heading = "Policy",
        requires = "suggest"
    )]
    pub write: Option<PathBuf>,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: Format,
}

pub(super) fn days(text: &str) -> Result<Days, String> {
    let most = crate::policy::usage::TRACKING_DAYS;
    let days = text.parse().ok().filter(|days: &Days| days.0 <= most);
    days.ok_or_else(|| {
        format!("whole days are wanted, from `1d` to `{most}d`: IAM knows of no more")
    })
}

fn action(text: &str) -> Result<String, String> {
    let is_name = |text: &str| {
        let mut letters = text.bytes();
        !text.is_empty() && letters.all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    match text.split_once(':') {
        Some((service, name)) if is_name(service) && is_name(name) => Ok(text.to_owned()),
        _ => Err("an action is wanted, as s3:GetObject, without wildcards".to_owned()),
    }
}

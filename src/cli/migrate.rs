//! The flags of `migrate`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::deferred::Deferred;
use super::examples::{SCAN_EXAMPLES, STATUS_EXAMPLES, TO_IRSA_EXAMPLES, TO_POD_IDENTITY_EXAMPLES};
use super::{Approval, AwsArgs, KubernetesArgs, ModeArgs, PlainFormat, parallel};
use crate::model::{ClusterName, Issuer, Namespace, Origin};

#[derive(Debug, Subcommand)]
pub enum Migrate {
    /// Tell how the pods of a cluster get their AWS credentials, and what may move
    #[command(after_help = SCAN_EXAMPLES)]
    Scan(Deferred<MoveReadArgs>),
    /// Tell how far the service accounts of a cluster have moved
    #[command(after_help = STATUS_EXAMPLES)]
    Status(Deferred<MoveReadArgs>),
    /// Move service accounts from IRSA to EKS Pod Identity
    #[command(after_help = TO_POD_IDENTITY_EXAMPLES)]
    ToPodIdentity(Deferred<MoveArgs>),
    /// Move service accounts from EKS Pod Identity to IRSA, or write what Vault gives them as a config file
    #[command(after_help = TO_IRSA_EXAMPLES)]
    ToIrsa(Deferred<ToIrsaArgs>),
}

impl Migrate {
    /// The flags that lead to AWS, to Kubernetes, and to a cluster that is not EKS.
    pub fn ways(&self) -> (&AwsArgs, Option<&KubernetesArgs>, &Option<Issuer>) {
        let (aws, kubernetes, choice) = match self {
            Self::Scan(args) | Self::Status(args) => (&args.aws, &args.kubernetes, &args.choice),
            Self::ToPodIdentity(args) => (&args.aws, &args.kubernetes, &args.choice),
            Self::ToIrsa(args) => {
                let moved = &args.moved;
                (&moved.aws, &moved.kubernetes, &moved.choice)
            }
        };
        (aws, Some(kubernetes), &choice.issuer_url)
    }
}

/// What is looked at.
#[derive(Args, Debug)]
pub struct MoveReadArgs {
    #[command(flatten)]
    pub choice: MoveChoice,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

/// What is moved, and how far.
#[derive(Args, Debug)]
pub struct MoveArgs {
    #[command(flatten)]
    pub choice: MoveChoice,
    /// All service accounts that can be moved, or that are on their way; what keeps one is told
    #[arg(long, conflicts_with = "names")]
    pub all: bool,
    /// Way that they have today, to be named for all but irsa and pod-identity; of these it can only be the other one
    #[arg(long, value_name = "WAY")]
    pub from: Option<Origin>,
    /// Take the way of before away, where no pod uses it any more
    #[arg(long, alias = "remove-oidc-provider-trust-relationship", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", hide_default_value = true, hide_possible_values = true, value_name = "BOOL")]
    pub finish: bool,
    /// Go back to the way of before; what is finished must be named for it
    #[arg(long, conflicts_with = "finish")]
    pub undo: bool,
    /// Go on without the proof by a token that the new way works
    #[arg(long)]
    pub no_proof: bool,
    /// Install the EKS Pod Identity Agent too, where pods are to need it and it is missing
    #[arg(long)]
    pub install_agent: bool,
    /// Give workloads a service account of their own where they need one, from kube2iam and kiam
    #[arg(long)]
    pub patch_workloads: bool,
    /// What that one is called, else as its workload
    #[arg(long, value_name = "NAME")]
    pub service_account: Option<String>,
    #[command(flatten)]
    pub deployment: ModeArgs,
    #[command(flatten)]
    pub approval: Approval,
    /// Service accounts to work on side by side, 1 to 64
    #[arg(long, help_heading = "Plan", value_name = "N", default_value_t = 8, value_parser = parallel)]
    pub parallel: u8,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

/// What leads to IRSA.
#[derive(Args, Debug)]
pub struct ToIrsaArgs {
    #[command(flatten)]
    pub moved: MoveArgs,
    #[command(flatten)]
    pub vault: VaultArgs,
}

/// Where Vault has what, and what comes of it. Vault itself is reached by its own variables.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "From Vault")]
pub struct VaultArgs {
    /// Config file to write, which must not be there yet; with --from vault, which acts on nothing
    #[arg(long, value_name = "FILE")]
    pub write: Option<PathBuf>,
    /// Mount of the AWS secrets engine [default: aws]
    #[arg(long, value_name = "PATH", value_parser = mount)]
    pub vault_aws_mount: Option<String>,
    /// Mount of the cluster's Kubernetes auth method [default: kubernetes]
    #[arg(long, value_name = "PATH", value_parser = mount)]
    pub vault_auth_mount: Option<String>,
}

impl VaultArgs {
    /// A flag of them that is given.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            (self.write.is_some(), "--write"),
            (self.vault_aws_mount.is_some(), "--vault-aws-mount"),
            (self.vault_auth_mount.is_some(), "--vault-auth-mount"),
        ];
        let mut given = given.into_iter();
        given.find_map(|(is_given, flag)| is_given.then_some(flag))
    }
}

/// A mount of Vault's without the slashes around it.
fn mount(text: &str) -> Result<String, String> {
    let mount = text.trim_matches('/');
    let is_part = |part: &str| {
        let is_known = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        !part.is_empty() && !part.starts_with('.') && part.chars().all(is_known)
    };
    if mount.split('/').all(is_part) {
        Ok(mount.to_owned())
    } else {
        Err("a path such as aws or teams/aws is wanted".to_owned())
    }
}

/// Which service accounts of which cluster.
#[derive(Args, Clone, Debug)]
pub struct MoveChoice {
    /// Name of the cluster; required
    #[arg(short, long)]
    pub cluster: ClusterName,
    /// OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    /// Service accounts
    #[arg(value_name = "NAMESPACE/NAME", conflicts_with_all = ["include", "exclude"])]
    pub names: Vec<String>,
    /// Only those of this namespace; beside it a NAME needs none
    #[arg(long, short)]
    pub namespace: Option<Namespace>,
    /// Only those whose NAMESPACE/NAME matches, as 'web/*' (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub include: Vec<String>,
    /// But those whose NAMESPACE/NAME matches (repeatable)
    #[arg(long, value_name = "GLOB")]
    pub exclude: Vec<String>,
}

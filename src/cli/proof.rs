//! The flags of the commands that prove something.

use std::path::PathBuf;

use clap::Args;

use super::{AwsArgs, KubernetesArgs, NameArgs, PlainFormat, RoleAccountArgs, region};
use crate::model::{Audience, ClusterName, Issuer, RoleArn, Way};
use crate::proof::Permission;

#[derive(Args, Debug)]
pub struct Verify {
    /// Name of the cluster; required
    #[arg(short, long)]
    pub cluster: ClusterName,
    /// OIDC issuer, for clusters that are not EKS; needs --kubeconfig or a current context
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    #[command(flatten)]
    pub name: NameArgs,
    /// Way to its role, irsa or pod-identity; without it the one that new pods take: an association of EKS
    /// Pod Identity outdoes the annotation
    #[arg(long, value_name = "WAY")]
    pub way: Option<Way>,
    /// Role to assume, in the place of the service account's own; by Pod Identity the role that it must be
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<RoleArn>,
    /// Audience of the token, in the place of the service account's own; asks for the way irsa
    #[arg(long, value_name = "NAME")]
    pub audience: Option<Audience>,
    #[command(flatten)]
    pub roles: RoleAccountArgs,
    /// Ask IAM too whether the role may do this, as s3:GetObject=arn:aws:s3:::bucket/key (repeatable)
    ///
    /// IAM simulates the role's policies, its boundary and, as far as they are simple, the service
    /// control policies of the organisation; not the policies of resources, of endpoints, and resource
    /// control policies. Nothing is called.
    #[arg(long, value_name = "ACTION=ARN")]
    pub can: Vec<Permission>,
    #[command(flatten)]
    pub aws: AwsArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format; name is the ARN of the role's session
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

#[derive(Args, Debug)]
pub struct Whoami {
    /// File of the token (else AWS_WEB_IDENTITY_TOKEN_FILE, as pods have it); - reads stdin
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Assume the role of AWS_ROLE_ARN with it, for a session that may do nothing
    #[arg(long)]
    pub assume: bool,
    /// Assume this role
    #[arg(long, value_name = "ARN")]
    pub role_arn: Option<RoleArn>,
    /// Region whose STS is asked (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)
    #[arg(short, long, value_parser = region)]
    pub region: Option<String>,
    /// Output format; name is the subject, or the ARN of the role's session
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

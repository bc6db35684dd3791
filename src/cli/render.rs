//! `render`: what stands in for the cluster, and the tool to render for.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand, ValueEnum};

use super::deferred::Deferred;
use super::examples::RENDER_ASSOCIATION_EXAMPLES;
use super::nouns::ASSOCIATION_NOUNS;
use super::{AccountArgs, AssociatedArgs, FilterArgs, ModeArgs};
use crate::model::{ClusterName, Issuer, PARTITIONS};

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Render {
    #[command(subcommand)]
    pub noun: Option<RenderNoun>,
    /// Name of the cluster; required without --config-file
    #[arg(short, long, required_unless_present = "config_file")]
    pub cluster: Option<ClusterName>,
    #[command(flatten)]
    pub account: AccountArgs,
    /// Config file of eksctl in the place of flags; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", help_heading = "Config file",
          conflicts_with_all = ["cluster", "NameArgs", "PermissionArgs", "RoleArgs", "TokenArgs", "ObjectArgs", "associate_oidc_provider"])]
    pub config_file: Option<PathBuf>,
    #[command(flatten)]
    pub filter: FilterArgs,
    #[command(flatten)]
    pub how: RenderHow,
}

/// What stands beside IAM service accounts.
#[derive(Debug, Subcommand)]
pub enum RenderNoun {
    /// Print what create podidentityassociation makes, for other tools (offline)
    #[command(name = "podidentityassociation", visible_aliases = ASSOCIATION_NOUNS, alias = "pia", after_help = RENDER_ASSOCIATION_EXAMPLES)]
    PodIdentityAssociation(Deferred<RenderAssociationArgs>),
}

#[derive(Args, Debug)]
pub struct RenderAssociationArgs {
    /// Name of the cluster
    #[arg(short, long)]
    pub cluster: ClusterName,
    #[command(flatten)]
    pub account: AssociatedArgs,
    #[command(flatten)]
    pub how: RenderHow,
}

/// The tool, and what stands in for the cluster.
#[derive(Args, Clone, Debug)]
pub struct RenderHow {
    #[command(flatten)]
    pub place: PlaceArgs,
    #[command(flatten)]
    pub deployment: ModeArgs,
    /// Tool to render for
    #[arg(
        long = "for",
        value_name = "TOOL",
        default_value = "cloudformation",
        help_heading = "Output"
    )]
    pub target: RenderTarget,
    /// Write each CloudFormation template to <stack>.json in this folder
    #[arg(long, value_name = "FOLDER", help_heading = "Output")]
    pub output_dir: Option<PathBuf>,
}

/// What AWS would say about the cluster.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "In place of the cluster")]
pub struct PlaceArgs {
    /// OIDC issuer of the cluster
    #[arg(long, value_name = "URL")]
    pub issuer_url: Option<Issuer>,
    /// AWS account of the roles, 12 digits
    #[arg(long, value_name = "ID", value_parser = account_id)]
    pub account_id: Option<String>,
    /// AWS partition; known by itself where the issuer is EKS's
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(PARTITIONS.each_ref().map(|partition| partition.name)))]
    pub partition: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum RenderTarget {
    Cloudformation,
    Terraform,
    AwsCli,
    Kubernetes,
}

pub(super) fn account_id(text: &str) -> Result<String, &'static str> {
    if text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        Ok(text.to_owned())
    } else {
        Err("an AWS account is 12 digits")
    }
}

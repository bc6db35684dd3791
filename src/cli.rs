//! Every flag and every help text. clap's types and no logic; the doc comments are the user's help.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::asked::fields;
use crate::model::{Audience, ClusterName, Connection, Issuer, Region, Thumbprint, Timeout};
use crate::output::Format;

mod arguments;
mod association;
mod connection;
mod deferred;
mod doctor;
mod examples;
mod explain;
mod gc;
mod groups;
mod migrate;
mod nouns;
mod permissions;
mod policies;
mod proof;
mod render;
mod report;
mod role_account;
mod screen;
mod service_account;
mod trust;
mod usage;

pub use arguments::{arguments, color, in_house_words};
pub use association::{
    AssociatedArgs, CreateAssociationArgs, DeleteAssociationArgs, GetAssociationArgs,
    UpdateAssociationArgs,
};
pub use connection::connection;
pub use doctor::Doctor;
pub use explain::Explain;
pub use gc::Gc;
pub use groups::program;
pub use migrate::{Migrate, MoveArgs, MoveChoice, MoveReadArgs, ToIrsaArgs};
pub use nouns::{Create, Delete, Get, Update, Utils};
pub use permissions::{PermissionsArgs, PermissionsFormat};
pub use policies::PermissionArgs;
pub use proof::{Verify, Whoami};
pub use render::{Render, RenderHow, RenderNoun, RenderTarget};
pub use report::{ReportArgs, ReportFormat};
pub use role_account::RoleAccountArgs;
pub use screen::{Color, PlainFormat, Screen};
pub use service_account::{
    AccountArgs, Apply, CreateServiceAccount, DeleteServiceAccount, DeletionArgs, DeploymentArgs,
    EditArgs, Export, FilterArgs, GetServiceAccount, ModeArgs, NameArgs, ReconcileArgs,
    RestartArgs, UpdateServiceAccount,
};

pub use trust::{Trust, TrustChangeArgs, TrustCopy, TrustList, TrustNames, TrustRetarget};
pub use usage::Usage;

use deferred::Deferred;
use examples::*;

/// Help is plain; the word of an error is as in all others.
const STYLES: Styles = Styles::plain().error(AnsiColor::Red.on_default().bold());

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
    styles = STYLES,
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
    /// Create or mend the IAM OIDC provider of a cluster
    #[command(alias = "associate-iam-oidc-provider", after_help = ASSOCIATE_EXAMPLES)]
    AssociateOidcProvider(Deferred<Associate>),
    /// Delete the IAM OIDC provider of a cluster
    #[command(alias = "disassociate-iam-oidc-provider", after_help = DISASSOCIATE_EXAMPLES)]
    DisassociateOidcProvider(Deferred<Disassociate>),
    /// Print the thumbprint of an issuer
    #[command(after_help = THUMBPRINT_EXAMPLES)]
    Thumbprint(Deferred<ThumbprintArgs>),
    /// Create IAM service accounts, or their associations
    #[command(subcommand, arg_required_else_help = true)]
    Create(Create),
    /// List IAM service accounts, or their associations
    #[command(subcommand, arg_required_else_help = true)]
    Get(Get),
    /// Change IAM service accounts, or their associations
    #[command(subcommand, arg_required_else_help = true)]
    Update(Update),
    /// Delete IAM service accounts, or their associations
    #[command(subcommand, arg_required_else_help = true)]
    Delete(Delete),
    /// Tell why pods lack their role, and what mends it
    #[command(after_help = DOCTOR_EXAMPLES)]
    Doctor(Deferred<Doctor>),
    /// Make all that a config file describes
    #[command(after_help = APPLY_EXAMPLES)]
    Apply(Deferred<Apply>),
    /// Prove that a service account can assume its role
    #[command(after_help = VERIFY_EXAMPLES)]
    Verify(Deferred<Verify>),
    /// Tell what a token says, and the role for it
    #[command(after_help = WHOAMI_EXAMPLES)]
    Whoami(Deferred<Whoami>),
    /// Move pods between IRSA and EKS Pod Identity
    #[command(subcommand, arg_required_else_help = true)]
    Migrate(Migrate),
    /// Tell and change which clusters roles trust
    #[command(subcommand, arg_required_else_help = true)]
    Trust(Trust),
    /// Tell what roles used of their permissions
    #[command(after_help = USAGE_EXAMPLES)]
    Usage(Deferred<Usage>),
    /// Find and delete what dead clusters left
    #[command(after_help = GC_EXAMPLES)]
    Gc(Deferred<Gc>),
    /// Write a page on which pods have which roles
    #[command(after_help = REPORT_EXAMPLES)]
    Report(Deferred<ReportArgs>),
    /// Print the config file that describes what exists
    #[command(after_help = EXPORT_EXAMPLES)]
    Export(Deferred<Export>),
    /// Explain the config file and its fields (offline)
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain(Deferred<Explain>),
    /// Print what create makes, for other tools (offline)
    #[command(after_help = RENDER_EXAMPLES)]
    Render(Deferred<Render>),
    /// Print the permissions that irsactl needs (offline)
    #[command(after_help = PERMISSIONS_EXAMPLES)]
    Permissions(Deferred<PermissionsArgs>),
    /// Print a shell completion script
    #[command(after_help = COMPLETION_EXAMPLES)]
    Completion(Deferred<Completion>),
    /// Write the manual pages, one a command
    #[command(after_help = MAN_EXAMPLES)]
    Man(Deferred<ManArgs>),
    /// Print the help of a command
    Help(Deferred<HelpArgs>),
    /// Print the version
    Version,
    /// What may come next on a command line, for the scripts
    #[command(name = "__complete", hide = true)]
    Complete(Deferred<Complete>),
    /// eksctl's place for associate-iam-oidc-provider and migrate-to-pod-identity
    #[command(subcommand, hide = true, arg_required_else_help = true)]
    Utils(Utils),
}

impl Command {
    /// The command line of `help` and `version` in the words of flags, which clap answers.
    pub fn as_flag(&self) -> Option<Vec<String>> {
        let (words, flag) = match self {
            Self::Help(args) => (args.words.as_slice(), "--help"),
            Self::Version => (&[][..], "--version"),
            _ => return None,
        };
        let words = words.iter().map(String::as_str);
        let line = ["irsactl"].into_iter().chain(words).chain([flag]);
        Some(line.map(str::to_owned).collect())
    }

    /// What the user gave to find AWS and the cluster, for the commands of hints.
    pub fn connection(&self) -> Connection {
        let ways = self.ways();
        let mut connection = ways.map_or_else(Connection::default, |(aws, kubernetes, issuer)| {
            connection(aws, kubernetes, issuer.as_ref())
        });
        connection.roles = self
            .role_account()
            .map(RoleAccountArgs::flags)
            .unwrap_or_default();
        connection
    }

    /// The flags on the way to Kubernetes, of commands that have them.
    pub fn kubernetes(&self) -> Option<&KubernetesArgs> {
        self.ways().and_then(|(_, kubernetes, _)| kubernetes)
    }

    /// Whether it asks anybody for anything: the others only print.
    pub fn makes_calls(&self) -> bool {
        match self {
            Self::Doctor(args) => args.explain.is_none(),
            Self::Whoami(_) => true,
            _ => self.ways().is_some(),
        }
    }

    /// Whether it can leave the ServiceAccount to others: by `--role-only`, or `roleOnly` of its file.
    pub fn can_leave_service_accounts(&self) -> bool {
        matches!(
            self,
            Self::Create(Create::IamServiceAccount(_))
                | Self::Update(Update::IamServiceAccount(_))
                | Self::Delete(_)
                | Self::Apply(_)
        )
    }

    fn ways(&self) -> Option<(&AwsArgs, Option<&KubernetesArgs>, &Option<Issuer>)> {
        Some(match self {
            Self::AssociateOidcProvider(args)
            | Self::Utils(Utils::AssociateIamOidcProvider(args)) => {
                (&args.aws, None, &args.cluster.issuer_url)
            }
            Self::DisassociateOidcProvider(args) => (&args.aws, None, &args.cluster.issuer_url),
            Self::Thumbprint(args) => (&args.aws, None, &None),
            Self::Create(Create::IamServiceAccount(args)) => {
                let run = &args.run;
                (&run.aws, Some(&run.kubernetes), &args.cluster.issuer_url)
            }
            Self::Get(Get::IamServiceAccount(args)) => {
                (&args.aws, Some(&args.kubernetes), &args.cluster.issuer_url)
            }
            Self::Update(Update::IamServiceAccount(args)) => {
                let run = &args.run;
                (&run.aws, Some(&run.kubernetes), &args.cluster.issuer_url)
            }
            Self::Delete(Delete::IamServiceAccount(args)) => {
                (&args.aws, Some(&args.kubernetes), &args.cluster.issuer_url)
            }
            Self::Create(Create::PodIdentityAssociation(args)) => {
                let run = &args.run;
                (&run.aws, Some(&run.kubernetes), &args.cluster.issuer_url)
            }
            Self::Get(Get::PodIdentityAssociation(args)) => {
                (&args.aws, None, &args.cluster.issuer_url)
            }
            Self::Update(Update::PodIdentityAssociation(args)) => {
                let run = &args.run;
                (&run.aws, Some(&run.kubernetes), &args.cluster.issuer_url)
            }
            Self::Delete(Delete::PodIdentityAssociation(args)) => {
                (&args.aws, Some(&args.kubernetes), &args.cluster.issuer_url)
            }
            Self::Doctor(args) => (&args.aws, Some(&args.kubernetes), &args.issuer_url),
            Self::Apply(args) => (&args.run.aws, Some(&args.run.kubernetes), &args.issuer_url),
            Self::Export(args) => (&args.aws, Some(&args.kubernetes), &args.issuer_url),
            Self::Verify(args) => (&args.aws, Some(&args.kubernetes), &args.issuer_url),
            Self::Report(args) => (&args.aws, Some(&args.kubernetes), &args.issuer_url),
            Self::Migrate(args) => args.ways(),
            Self::Trust(args) => args.ways(),
            Self::Usage(args) => (&args.aws, Some(&args.kubernetes), &args.issuer_url),
            Self::Gc(args) => (&args.place.aws, Some(&args.kubernetes), &None),
            Self::Utils(Utils::MigrateToPodIdentity(args)) => {
                let (aws, kubernetes) = (&args.aws, &args.kubernetes);
                (aws, Some(kubernetes), &args.choice.issuer_url)
            }
            // All that `whoami` calls is STS, with no credentials.
            Self::Whoami(_)
            | Self::Explain(_)
            | Self::Render(_)
            | Self::Permissions(_)
            | Self::Completion(_)
            | Self::Complete(_)
            | Self::Help(_)
            | Self::Version
            | Self::Man(_) => return None,
        })
    }
}

/// A region's code, as a config file's.
fn region(text: &str) -> Result<String, String> {
    let region: Region = text.parse()?;
    Ok(region.as_str().to_owned())
}

/// Who calls AWS, and where.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "AWS client")]
pub struct AwsArgs {
    #[arg(short, long, value_parser = region,
          help = fields::REGION.help(" (else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)"))]
    pub region: Option<String>,
    /// AWS profile; outranks the keys of the environment
    #[arg(short, long)]
    pub profile: Option<String>,
    /// Time for everything, as 90s, 25m, 1h30m
    #[arg(long, default_value = "25m")]
    pub timeout: Timeout,
}

/// Which cluster.
#[derive(Args, Clone, Debug)]
pub struct ClusterArgs {
    #[arg(short, long, required_unless_present = "config_file",
          help = fields::CLUSTER_NAME.help("; required without --config-file"))]
    pub cluster: Option<ClusterName>,
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

/// How much goes on at a time.
#[derive(Args, Clone, Copy, Debug)]
#[command(next_help_heading = "Plan")]
pub struct ParallelArgs {
    /// Service accounts to work on side by side, 1 to 64
    #[arg(long, value_name = "N", default_value_t = 32, value_parser = parallel)]
    pub parallel: u8,
}

fn parallel(text: &str) -> Result<u8, String> {
    let number = text.parse().ok();
    number
        .filter(|number| (1..=64).contains(number))
        .ok_or_else(|| "a whole number from 1 to 64 is wanted".to_owned())
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
    #[arg(
        long,
        value_name = "NAME",
        default_value = "sts.amazonaws.com",
        conflicts_with = "config_file"
    )]
    pub audience: Audience,
    #[command(flatten)]
    pub thumbprint: ThumbprintChoice,
    /// Replace those of an existing provider by the issuer's present ones
    #[arg(long, help_heading = "Thumbprint", conflicts_with = "no_thumbprint")]
    pub refresh_thumbprint: bool,
    #[command(flatten)]
    pub approval: Approval,
    #[command(flatten)]
    pub roles: RoleAccountArgs,
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
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
    pub roles: RoleAccountArgs,
    #[command(flatten)]
    pub aws: AwsArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

/// A cluster by flag or, as eksctl takes it, by position.
#[derive(Args, Clone, Debug)]
#[group(required = true, multiple = true)]
pub struct ClusterOrPosition {
    /// Name of the cluster
    #[arg(short, long, conflicts_with = "position")]
    pub cluster: Option<ClusterName>,
    /// Config file of eksctl that names the cluster; - reads stdin
    #[arg(short = 'f', long, value_name = "FILE", conflicts_with_all = ["cluster", "position"])]
    pub config_file: Option<PathBuf>,
    /// Name of the cluster
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
    pub output: Format,
}

#[derive(Args, Debug)]
pub struct Completion {
    /// Shell
    pub shell: Shell,
}

/// Shells that there is a script for.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub enum Shell {
    Bash,
    Elvish,
    Fish,
    Powershell,
    Zsh,
}

#[derive(Args, Debug)]
pub struct ManArgs {
    /// Folder for the pages; it is made if it is missing
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
}

#[derive(Args, Debug)]
pub struct HelpArgs {
    /// Command, as create iamserviceaccount; else the program
    #[arg(value_name = "COMMAND")]
    pub words: Vec<String>,
}

#[derive(Args, Debug)]
pub struct Complete {
    /// The words of the line up to the cursor, the program's name first
    #[arg(last = true)]
    pub words: Vec<OsString>,
}

#[cfg(test)]
mod tests;

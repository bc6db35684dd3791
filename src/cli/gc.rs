//! The flags of `gc`.

use clap::{ArgAction, ArgMatches, Args, Command, FromArgMatches};

use super::{Approval, AwsArgs, KubernetesArgs, ParallelArgs, PlainFormat};
use crate::model::{ClusterName, Days};

/// What is looked for, and where.
#[derive(Args, Debug)]
pub struct Gc {
    #[command(flatten)]
    pub place: RegionsArgs,
    /// All regions that are enabled for the account
    #[arg(long)]
    pub all_regions: bool,
    /// Also tell of this cluster's associations without a ServiceAccount, and of
    /// annotations that name a role which is gone
    #[arg(short, long)]
    pub cluster: Option<ClusterName>,
    /// Leave alone what was made, changed or used since; never less than a day
    #[arg(long, value_name = "DAYS", default_value = "1d")]
    pub older_than: Days,
    /// Detach policies that were attached to roles by hand, which else keep them
    #[arg(long)]
    pub detach_foreign: bool,
    #[command(flatten)]
    pub approval: Approval,
    #[command(flatten)]
    pub parallel: ParallelArgs,
    #[command(flatten)]
    pub kubernetes: KubernetesArgs,
    /// Output format
    #[arg(short, long, default_value = "table", help_heading = "Output")]
    pub output: PlainFormat,
}

/// Who calls AWS, in one region or in several.
#[derive(Debug)]
pub struct RegionsArgs {
    /// With the first region.
    pub aws: AwsArgs,
    pub regions: Vec<String>,
}

impl Args for RegionsArgs {
    fn augment_args(command: Command) -> Command {
        AwsArgs::augment_args(command).mut_arg("region", |region| {
            let help =
                "AWS region (repeatable; else AWS_REGION, AWS_DEFAULT_REGION, or the profile's)";
            region.action(ArgAction::Append).help(help)
        })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for RegionsArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let regions = matches.get_many::<String>("region");
        Ok(Self {
            regions: regions.into_iter().flatten().cloned().collect(),
            aws: AwsArgs::from_arg_matches(matches)?,
        })
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

//! What a run has in hand.

use crate::aws::{Aws, AwsConnection};
use crate::cli::{AwsArgs, ParallelArgs, ReconcileArgs, RoleAccountArgs, Screen};
use crate::error::Error;
use crate::output::{self, Format, Output};
use crate::progress::{Progress, Running, Show};
use crate::waiting::Intervals;

/// What every command that calls AWS has in hand.
pub struct Context {
    pub aws: Aws,
    /// The same caller in further regions, for stacks there.
    pub elsewhere: Vec<Aws>,
    pub output: Output,
    pub progress: Progress,
    /// How many tracks run side by side.
    pub parallel: usize,
    pub intervals: Intervals,
    /// The account of the roles, their stacks and the provider, where a flag names one.
    pub roles_account: Option<String>,
}

impl Context {
    pub async fn new(
        aws: &AwsArgs,
        format: Format,
        screen: Screen,
        running: Running,
    ) -> Result<Self, Error> {
        let intervals = Intervals::from_environment();
        let connection = AwsConnection {
            region: aws.region.clone(),
            profile: aws.profile.clone(),
            timeout: aws.timeout,
            intervals,
            ask: Some(output::ask),
            via: None,
            is_of_roles: false,
        };
        let show = Show::choose(screen.quiet, screen.verbose > 0);
        Ok(Self {
            aws: Aws::connect(&connection).await?,
            elsewhere: Vec::new(),
            output: Output {
                format,
                quiet: screen.quiet,
            },
            progress: Progress::new(show, running),
            parallel: 1,
            intervals,
            roles_account: None,
        })
    }

    /// Of the commands that share their flags on how to go about it.
    pub async fn reconciling(
        args: &ReconcileArgs,
        screen: Screen,
        running: Running,
    ) -> Result<Self, Error> {
        let context = Self::new(&args.aws, args.output.into(), screen, running).await?;
        Ok(context.with_parallel(args.parallel))
    }

    /// With IAM and CloudFormation of the account that the flags name. EKS, Kubernetes and the exchange of
    /// tokens stay with the run's own credentials.
    ///
    /// # Errors
    /// Another partition; and what fails as the account is asked for.
    pub async fn with_roles(
        mut self,
        args: &RoleAccountArgs,
        aws: &AwsArgs,
    ) -> Result<Self, Error> {
        if args.role_profile.is_none() && args.role_via.is_none() {
            return Ok(self);
        }
        let connection = AwsConnection {
            region: Some(self.aws.region.clone()),
            profile: args.role_profile.clone().or_else(|| aws.profile.clone()),
            timeout: aws.timeout,
            intervals: self.intervals,
            ask: Some(output::ask),
            via: args.role_via.clone(),
            is_of_roles: args.role_profile.is_some(),
        };
        let roles = Aws::connect(&connection).await?;
        let account = match &args.role_via {
            Some(role) => role.account().to_owned(),
            None => roles.sts.caller().await?.account,
        };
        self.roles_account = Some(account);
        self.aws.iam = roles.iam;
        self.aws.cloudformation = roles.cloudformation;
        Ok(self)
    }

    pub fn with_parallel(self, args: ParallelArgs) -> Self {
        let parallel = args.parallel.into();
        Self { parallel, ..self }
    }
}

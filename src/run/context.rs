//! What a run has in hand.

use std::sync::Arc;

use crate::aws::{Aws, AwsConnection};
use crate::cli::{AwsArgs, ParallelArgs, Screen};
use crate::error::Error;
use crate::model::RoleAccount;
use crate::output::{self, Format, Output};
use crate::progress::{Progress, Running, Show};
use crate::waiting::Intervals;

/// What every command that calls AWS has in hand.
pub struct Context {
    pub aws: Aws,
    /// The same caller in further regions, for stacks there.
    pub elsewhere: Vec<Aws>,
    pub output: Output,
    pub progress: Arc<Progress>,
    /// How many tracks run side by side.
    pub parallel: usize,
    pub intervals: Intervals,
    /// The account of the roles, their stacks and the provider, where one is named.
    pub roles_account: Option<String>,
    /// The same run with the roles of further accounts.
    pub others: Vec<(RoleAccount, Self)>,
}

impl Context {
    /// Reads the configuration of AWS by the flags, and makes no call. One track goes after the other.
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
            progress: Arc::new(Progress::new(show, running)),
            parallel: 1,
            intervals,
            roles_account: None,
            others: Vec::new(),
        })
    }

    /// With IAM and CloudFormation of the account that is named, if any. EKS, Kubernetes and the exchange of
    /// tokens stay with the run's own credentials.
    ///
    /// # Errors
    /// Another partition; and what fails as the account is asked for.
    pub async fn with_roles(
        self,
        account: Option<&RoleAccount>,
        aws: &AwsArgs,
    ) -> Result<Self, Error> {
        match account {
            Some(account) => self.in_account(account, aws).await,
            None => Ok(self),
        }
    }

    /// Ready for service accounts whose roles live in several accounts.
    ///
    /// # Errors
    /// Those of [`Self::with_roles`].
    pub async fn with_accounts(
        mut self,
        named: impl Iterator<Item = Option<&RoleAccount>>,
        aws: &AwsArgs,
    ) -> Result<Self, Error> {
        for account in named.flatten() {
            if self.others.iter().all(|(other, _)| other != account) {
                let context = self.in_account(account, aws).await?;
                self.others.push((account.clone(), context));
            }
        }
        Ok(self)
    }

    /// The same run, with the roles of another account.
    async fn in_account(&self, account: &RoleAccount, aws: &AwsArgs) -> Result<Self, Error> {
        let context = self.connected(account, aws).await;
        context.map_err(|error| error.of_roles(&account.flags()))
    }

    async fn connected(&self, account: &RoleAccount, aws: &AwsArgs) -> Result<Self, Error> {
        let connection = self.connection(aws);
        let (roles, id) = match account {
            RoleAccount::Profile(profile) => {
                let connection = AwsConnection {
                    profile: Some(profile.clone()),
                    is_of_roles: true,
                    ..connection
                };
                let roles = Aws::connect(&connection).await?;
                let id = roles.sts.caller().await?.account;
                (roles, id)
            }
            RoleAccount::Via(role) => {
                // Who is asked for a code is asked once.
                let connection = AwsConnection {
                    via: Some((role.clone(), self.aws.credentials()?)),
                    ..connection
                };
                (Aws::connect(&connection).await?, role.account().to_owned())
            }
        };
        Ok(Self {
            aws: self.aws.with_roles_of(roles),
            elsewhere: Vec::new(),
            output: self.output,
            progress: self.progress.clone(),
            parallel: self.parallel,
            intervals: self.intervals,
            roles_account: Some(id),
            others: Vec::new(),
        })
    }

    /// What this run has in common with one of another account.
    fn connection(&self, aws: &AwsArgs) -> AwsConnection {
        AwsConnection {
            region: Some(self.aws.region.clone()),
            profile: aws.profile.clone(),
            timeout: aws.timeout,
            intervals: self.intervals,
            ask: Some(output::ask),
            via: None,
            is_of_roles: false,
        }
    }

    /// With as many tracks side by side as the flag says.
    pub fn with_parallel(self, args: ParallelArgs) -> Self {
        let parallel = args.parallel.into();
        Self { parallel, ..self }
    }
}

//! What a run has in hand.

use crate::aws::{Aws, AwsConnection};
use crate::cli::{AwsArgs, ParallelArgs, ReconcileArgs, Screen};
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

    pub fn with_parallel(self, args: ParallelArgs) -> Self {
        let parallel = args.parallel.into();
        Self { parallel, ..self }
    }
}

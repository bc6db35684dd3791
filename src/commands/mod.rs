//! One file a verb: arguments → what is asked → observe → plan → finish. Here is what they share: the
//! context of a run, and its common end.

use crate::apply::{self, Event, Hands, Outcome};
use crate::aws::{Aws, Connection, Intervals};
use crate::cli::{self, AwsArgs, Command, KubernetesArgs, Screen};
use crate::error::Error;
use crate::kubernetes::{Access, Kubernetes};
use crate::model::{Cluster, ClusterName, Issuer, Timeout};
use crate::output::{Format, Outcomes, Output, PlanView};
use crate::plan::Plan;
use crate::progress::{Progress, Running, Show};

mod asked;
mod associate;
pub mod completion;
mod create;
mod delete;
mod disassociate;
mod get;
mod thumbprint;

/// The exit status of a run that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// `--detailed-exitcode`: there is something to do.
    Pending,
}

pub async fn run(command: Command, screen: Screen, running: Running) -> Result<Exit, Error> {
    match command {
        Command::AssociateOidcProvider(args)
        | Command::Utils(cli::Utils::AssociateIamOidcProvider(args)) => {
            associate::run(args, screen, running).await
        }
        Command::DisassociateOidcProvider(args) => disassociate::run(args, screen, running).await,
        Command::Thumbprint(args) => thumbprint::run(args, screen, running).await,
        Command::Create(cli::Create::IamServiceAccount(args)) => {
            create::run(*args, screen, running).await
        }
        Command::Get(cli::Get::IamServiceAccount(args)) => get::run(args, screen, running).await,
        Command::Delete(cli::Delete::IamServiceAccount(args)) => {
            delete::run(args, screen, running).await
        }
        Command::Completion(args) => completion::run(&args),
    }
}

/// What every command that calls AWS has in hand.
struct Context {
    aws: Aws,
    output: Output,
    progress: Progress,
    limit: Timeout,
    intervals: Intervals,
}

impl Context {
    async fn new(
        aws: &AwsArgs,
        format: Format,
        screen: Screen,
        running: Running,
    ) -> Result<Self, Error> {
        let intervals = Intervals::from_environment();
        let connection = Connection {
            region: aws.region.clone(),
            profile: aws.profile.clone(),
            intervals,
        };
        let show = Show::choose(screen.quiet, screen.verbose > 0);
        Ok(Self {
            aws: Aws::connect(&connection).await?,
            output: Output {
                format,
                quiet: screen.quiet,
            },
            progress: Progress::new(show, running),
            limit: aws.timeout,
            intervals,
        })
    }

    /// The cluster, from EKS; or, with its issuer given, from the caller's account.
    async fn cluster(&self, name: &ClusterName, issuer: Option<&Issuer>) -> Result<Cluster, Error> {
        let Some(issuer) = issuer else {
            return self.aws.eks.cluster(name, &self.aws.region).await;
        };
        let caller = self.aws.sts.caller().await?;
        Ok(Cluster {
            name: name.clone(),
            partition: caller.partition,
            account: caller.account,
            issuer: issuer.clone(),
            eks: None,
        })
    }

    async fn kubernetes(
        &self,
        cluster: &Cluster,
        args: &KubernetesArgs,
    ) -> Result<Kubernetes, Error> {
        let access = Access {
            kubeconfig: args.kubeconfig.clone(),
            context: args.context.clone(),
            intervals: self.intervals,
        };
        Kubernetes::connect(&self.aws, cluster, &access).await
    }
}

/// Whether a plan is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Act,
    Show(Shown),
}

/// How a plan that is only shown is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    /// By the exit status too, whether there is something to do.
    detailed: bool,
    /// What to do to carry it out.
    how: &'static str,
}

impl Mode {
    /// Of commands that act only on approval.
    fn of(approval: cli::Approval) -> Self {
        if approval.approve {
            return Self::Act;
        }
        Self::Show(Shown {
            detailed: approval.detailed_exitcode,
            how: "run again with `--approve` to carry the plan out",
        })
    }
}

/// How the end of a changing command went.
enum Finished {
    /// Shown, or carried out: the outcomes to print.
    Shown(Exit),
    Acted(Vec<Outcome>),
    /// The plan was to wait for someone else's operation. Look again, and plan anew.
    Waited,
}

/// The common end: shows the plan, or carries it out. Nothing else asks which of the two it is.
async fn finish(
    context: &Context,
    plan: Plan,
    mode: Mode,
    kubernetes: Option<&Kubernetes>,
) -> Result<Finished, Error> {
    for warning in plan.tracks.iter().flat_map(|track| &track.warnings) {
        context.output.warn(warning);
    }
    for note in plan.tracks.iter().flat_map(|track| &track.notes) {
        context.output.note(note);
    }
    if let Mode::Show(shown) = mode {
        return show(context, &plan, shown).map(Finished::Shown);
    }
    let provisional = plan.is_provisional();
    let on = |event: Event<'_>| context.progress.on(&event);
    let hands = Hands {
        aws: &context.aws,
        kubernetes,
        limit: context.limit,
        on: &on,
    };
    let outcomes = apply::apply(plan, &hands).await;
    if provisional && outcomes.iter().all(|outcome| outcome.error.is_none()) {
        return Ok(Finished::Waited);
    }
    Ok(Finished::Acted(outcomes))
}

fn show(context: &Context, plan: &Plan, shown: Shown) -> Result<Exit, Error> {
    let output = context.output;
    let count = plan.actions().count();
    match count {
        0 if plan.refusals().next().is_none() => output.say("nothing to do: all is as asked"),
        0 => {}
        1 => output.say("plan: 1 action"),
        count => output.say(&format!("plan: {count} actions")),
    }
    output.print(&PlanView(plan))?;
    if let Some(error) = Error::all(refusals(plan)) {
        return Err(error);
    }
    if plan.is_provisional() {
        output.say("what follows is planned when that is over");
    }
    if count == 0 {
        return Ok(Exit::Done);
    }
    output.say(&format!("nothing was changed: {}", shown.how));
    Ok(if shown.detailed {
        Exit::Pending
    } else {
        Exit::Done
    })
}

fn refusals(plan: &Plan) -> Vec<Error> {
    plan.refusals()
        .map(|(target, refusal)| Error::Refused {
            target: target.clone(),
            refusal: Box::new(refusal.clone()),
        })
        .collect()
}

/// Prints how it went, and turns what failed into the run's failure.
fn conclude(context: &Context, mut outcomes: Vec<Outcome>) -> Result<Exit, Error> {
    context.output.print(&Outcomes(&outcomes))?;
    failures(&mut outcomes)
}

/// The failures of all targets as one; done, when there are none.
fn failures(outcomes: &mut [Outcome]) -> Result<Exit, Error> {
    let mut errors = Vec::new();
    for outcome in outcomes {
        let target = &outcome.track.target;
        errors.extend(outcome.track.refusals.iter().map(|refusal| Error::Refused {
            target: target.clone(),
            refusal: Box::new(refusal.clone()),
        }));
        errors.extend(outcome.error.take());
    }
    Error::all(errors).map_or(Ok(Exit::Done), Err)
}

//! One file a verb: arguments → what is asked → observe → plan → finish. Here is what they share: the
//! context of a run, and its common end.

use std::collections::BTreeSet;

use crate::apply::{Event, Hands, Outcome};
use crate::aws::{Aws, Connection};
use crate::cli::{self, AwsArgs, Command, KubernetesArgs, ParallelArgs, ReconcileArgs, Screen};
use crate::error::Error;
use crate::issuer;
use crate::kubernetes::{self, Access, Kubernetes};
use crate::model::Cluster;
use crate::output::{self, Format, Outcomes, Output, PlanView};
use crate::plan::{Plan, Summary, Target, Track, restart};
use crate::progress::{Progress, Running, Show};
use crate::waiting::Intervals;

mod apply;
mod associate;
mod completion;
mod create;
mod delete;
mod disassociate;
mod doctor;
mod export;
mod file;
mod flags;
mod get;
mod man;
mod permissions;
mod provider;
mod proving;
mod reconcile;
mod removal;
mod render;
mod rounds;
mod thumbprint;
mod update;
mod verify;
mod whoami;

pub use completion::offer;
use file::Place;
use rounds::{Course, Rounds};

/// The exit status of a run that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// `--detailed-exitcode`: there is something to do, or something cannot be compared.
    Pending,
    /// `doctor` found problems.
    Unhealthy,
}

/// What a config file says of the connection stands in `command` afterwards.
pub async fn run(command: &mut Command, screen: Screen, running: Running) -> Result<Exit, Error> {
    if command.makes_calls() {
        issuer::prepare().await?;
        if let Some(args) = command.kubernetes() {
            kubernetes::check(args.kubeconfig.as_deref(), args.context.as_deref()).await?;
        }
    }
    match command {
        Command::AssociateOidcProvider(args)
        | Command::Utils(cli::Utils::AssociateIamOidcProvider(args)) => {
            associate::run(args, screen, running).await
        }
        Command::DisassociateOidcProvider(args) => disassociate::run(args, screen, running).await,
        Command::Thumbprint(args) => thumbprint::run(args, screen, running).await,
        Command::Create(cli::Create::IamServiceAccount(args)) => {
            create::run(args, screen, running).await
        }
        Command::Get(cli::Get::IamServiceAccount(args)) => get::run(args, screen, running).await,
        Command::Update(cli::Update::IamServiceAccount(args)) => {
            update::run(args, screen, running).await
        }
        Command::Delete(cli::Delete::IamServiceAccount(args)) => {
            delete::run(args, screen, running).await
        }
        Command::Doctor(args) if args.explain.is_some() => doctor::explain(args, screen),
        Command::Doctor(args) => doctor::run(args, screen, running).await,
        Command::Verify(args) => verify::run(args, screen, running).await,
        Command::Whoami(args) => whoami::run(args, screen).await,
        Command::Apply(args) => apply::run(args, screen, running).await,
        Command::Export(args) => export::run(args, screen, running).await,
        Command::Render(args) => render::run(args, screen).await,
        Command::Permissions(args) => permissions::run(args, screen),
        Command::Completion(args) => completion::run(args),
        Command::Man(args) => man::run(args),
        // They ended the program before.
        Command::Help(_) | Command::Version | Command::Complete(_) => Ok(Exit::Done),
    }
}

/// What every command that calls AWS has in hand.
struct Context {
    aws: Aws,
    output: Output,
    progress: Progress,
    /// How many tracks run side by side.
    parallel: usize,
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
            timeout: aws.timeout,
            intervals,
            ask: Some(output::ask),
        };
        let show = Show::choose(screen.quiet, screen.verbose > 0);
        Ok(Self {
            aws: Aws::connect(&connection).await?,
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
    async fn reconciling(
        args: &ReconcileArgs,
        screen: Screen,
        running: Running,
    ) -> Result<Self, Error> {
        let context = Self::new(&args.aws, args.output.into(), screen, running).await?;
        Ok(context.with_parallel(args.parallel))
    }

    fn with_parallel(self, args: ParallelArgs) -> Self {
        let parallel = args.parallel.into();
        Self { parallel, ..self }
    }

    /// The cluster, from EKS; or, with its issuer given, from the caller's account.
    async fn cluster(&self, place: &Place) -> Result<Cluster, Error> {
        let name = &place.cluster;
        let Some(issuer) = &place.issuer else {
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
        let (file, context) = (args.kubeconfig.clone(), args.context.clone());
        let access = Access::new(file, context, self.intervals);
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

/// What a round found: the plan, what could not be looked at, and what it is carried out with.
#[derive(Default)]
struct Look {
    plan: Plan,
    unseen: Vec<(Target, Error)>,
    /// All of them as they were asked for.
    order: Vec<Target>,
    kubernetes: Option<Kubernetes>,
}

impl Look {
    /// At one target that needs no Kubernetes access.
    fn of(track: Track) -> Self {
        Self {
            plan: Plan::one(track),
            ..Self::default()
        }
    }

    fn add(&mut self, target: Target, track: Result<Track, Error>) {
        self.order.push(target.clone());
        match track {
            Ok(track) => self.plan.tracks.push(track),
            Err(error) => self.unseen.push((target, error)),
        }
    }
}

/// How a changing command ended.
enum Finished {
    Shown(Exit),
    /// Carried out: the outcomes to print.
    Acted(Vec<Outcome>),
}

/// The common way of every command that changes something: looks, then shows the plan or carries it
/// out, until nothing is left open. Nothing else asks which of the two it is.
async fn finish(
    context: &Context,
    mode: Mode,
    look: impl AsyncFn(&Rounds) -> Result<Look, Error>,
) -> Result<Finished, Error> {
    let mut round = Rounds::default();
    let mut course = Course::default();
    let mut heard = BTreeSet::new();
    loop {
        let mut look = match look(&round).await {
            Ok(look) => look,
            Err(error) if round.past == 0 => return Err(error),
            Err(error) => return Ok(course.cut_off(error)),
        };
        if look.plan.tracks.is_empty() && course.ended.is_empty() {
            let unseen = std::mem::take(&mut look.unseen);
            if let Some(error) = Error::all(told(unseen.len(), unseen)) {
                return Err(error);
            }
        }
        tell(context, &look.plan, &mut heard);
        if let Mode::Show(shown) = mode {
            return show(context, look, shown).map(Finished::Shown);
        }
        if round.past == 0 {
            course.order = std::mem::take(&mut look.order);
        }
        let unseen = std::mem::take(&mut look.unseen).into_iter();
        let unseen = unseen.map(|(target, error)| Outcome::unseen(target, error));
        let outcomes = act(context, look.plan, look.kubernetes.as_ref()).await;
        course.go_on(&round, unseen.chain(outcomes));
        if course.open.is_empty() {
            return Ok(course.end());
        }
        round.past += 1;
        let open = course.open.iter();
        let targets = open.map(|outcome| outcome.track.target.clone());
        round.open = Some(targets.collect());
    }
}

/// What the reader should know before anything is shown or done, and was not told in an earlier round.
fn tell(context: &Context, plan: &Plan, told: &mut BTreeSet<String>) {
    let about = |track: &Track, text: &str| match plan.tracks.len() {
        0 | 1 => text.to_owned(),
        _ => format!("{}: {text}", track.target),
    };
    for track in &plan.tracks {
        for warning in &track.warnings {
            let text = about(track, warning);
            if told.insert(text.clone()) {
                context.output.warn(&text);
            }
        }
    }
    for track in &plan.tracks {
        for note in track.unknown.iter().chain(&track.notes) {
            let text = about(track, note);
            if told.insert(text.clone()) {
                context.output.note(&text);
            }
        }
    }
}

async fn act(context: &Context, plan: Plan, kubernetes: Option<&Kubernetes>) -> Vec<Outcome> {
    let on = |event: Event<'_>| context.progress.on(&event);
    let hands = Hands {
        aws: &context.aws,
        kubernetes,
        parallel: context.parallel,
        on: &on,
    };
    crate::apply::apply(plan, &hands).await
}

fn show(context: &Context, look: Look, shown: Shown) -> Result<Exit, Error> {
    let (output, plan) = (context.output, &look.plan);
    let count = plan.actions().count();
    output.print(&PlanView(plan))?;
    if count > 0 {
        output.say(&format!("plan: {}", Summary::of(plan)));
    } else if plan.is_empty() && look.unseen.is_empty() {
        output.say(if plan.is_settled() {
            "nothing to do: all is as asked"
        } else {
            "nothing to do"
        });
    }
    let mut errors = refusals(plan.tracks.iter());
    errors.extend(told(plan.tracks.len() + look.unseen.len(), look.unseen));
    if let Some(error) = Error::all(errors) {
        return Err(error);
    }
    if plan.is_provisional() {
        output.say("what follows is planned when that is over");
    }
    for note in restart::left_notes(plan.tracks.iter()) {
        output.note(&note);
    }
    let drifted = plan.tracks.iter().any(|track| !track.drift.is_empty());
    if drifted {
        output.say("roles were changed outside of CloudFormation: `--repair-drift` undoes that");
    }
    match count {
        0 if drifted => output.say("nothing was changed"),
        0 => {}
        _ => output.say(&format!("nothing was changed: {}", shown.how)),
    }
    let is_pending = count > 0 || drifted || plan.has_unknown();
    if is_pending && shown.detailed {
        return Ok(Exit::Pending);
    }
    Ok(Exit::Done)
}

fn refusals<'a>(tracks: impl Iterator<Item = &'a Track>) -> Vec<Error> {
    let refusals = tracks.flat_map(|track| {
        let refusals = track.refusals.iter();
        refusals.map(|refusal| (&track.target, refusal))
    });
    Error::of_refusals(refusals)
}

/// Prints how it went, and turns what failed into the run's failure.
fn conclude(context: &Context, finished: Finished) -> Result<Exit, Error> {
    match finished {
        Finished::Shown(exit) => Ok(exit),
        Finished::Acted(mut outcomes) => {
            if let Some(skipped) = crate::apply::skipped(&outcomes) {
                context.output.say(&skipped);
            }
            context.output.print(&Outcomes(&outcomes))?;
            let ended = outcomes.iter().filter(|outcome| outcome.error.is_none());
            for note in restart::left_notes(ended.map(|outcome| &outcome.track)) {
                context.output.note(&note);
            }
            failures(&mut outcomes)
        }
    }
}

/// The failures of all targets as one; done, when there are none.
fn failures(outcomes: &mut [Outcome]) -> Result<Exit, Error> {
    let mut errors = refusals(outcomes.iter().map(|outcome| &outcome.track));
    let mut failed = Vec::new();
    let count = outcomes.len();
    for outcome in outcomes {
        let target = &outcome.track.target;
        if !outcome.track.drift.is_empty() && outcome.error.is_none() {
            errors.push(Error::Drifted {
                target: target.clone(),
                differences: outcome.track.drift.clone(),
            });
        }
        let unproven = match outcome.proof.take() {
            Some(Ok(proven)) => proven.failure(),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let error = outcome.error.take();
        let both = error.into_iter().chain(unproven);
        failed.extend(both.map(|error| (target.clone(), error)));
    }
    errors.extend(told(count, failed));
    Error::all(errors).map_or(Ok(Exit::Done), Err)
}

/// The failures of targets; of many by the name of the target, and what is the same for several once.
fn told(targets: usize, failed: Vec<(Target, Error)>) -> Vec<Error> {
    match targets {
        0 | 1 => failed.into_iter().map(|(_, error)| error).collect(),
        _ => Error::of_targets(failed),
    }
}

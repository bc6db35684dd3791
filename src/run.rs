//! The common way of every command that changes something: it looks, shows the plan or carries it out,
//! looks again at what is left open, and tells how it ended.

use std::collections::BTreeSet;

use crate::apply::{Clients, Event, Outcome};
use crate::cli;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::observe;
use crate::output::{Outcomes, PlanView};
use crate::plan::{Idle, Plan, Summary, Target, Track, restart};

mod context;
mod failures;
mod rounds;

pub use context::Context;
pub use failures::failures;
use failures::{refusals, told};
use rounds::Results;
pub use rounds::Rounds;

/// The exit status of a run that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// `--detailed-exitcode`: there is something to do, or something cannot be compared.
    Pending,
    /// `doctor` found problems; what was named is not in the file that is written, or something is unknown.
    Unhealthy,
}

/// Whether a plan is carried out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Act,
    Show(Shown),
}

/// How a plan that is only shown is told about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// By the exit status too, whether there is something to do.
    pub detailed: bool,
    /// What to do to carry it out.
    pub how: &'static str,
}

impl Mode {
    /// Of commands that act only on approval.
    pub fn of(approval: cli::Approval) -> Self {
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
pub struct Observation {
    pub plan: Plan,
    pub unseen: Vec<(Target, Error)>,
    /// All of them as they were asked for.
    pub order: Vec<Target>,
    pub kubernetes: Option<Kubernetes>,
}

impl Observation {
    /// At one target that needs no Kubernetes access.
    pub fn of(track: Track) -> Self {
        Self {
            plan: Plan::one(track),
            ..Self::default()
        }
    }

    /// What was found of a target, or why it could not be looked at, as the next in order.
    pub fn add(&mut self, target: Target, track: Result<Track, Error>) {
        self.order.push(target.clone());
        match track {
            Ok(track) => self.plan.tracks.push(track),
            Err(error) => self.unseen.push((target, error)),
        }
    }
}

/// How a changing command ended.
pub enum Finished {
    Shown(Exit),
    /// Carried out: the outcomes to print.
    Acted(Vec<Outcome>),
}

/// The common way of every command that changes something: looks, then shows the plan or carries it
/// out, until nothing is left open. Nothing else asks which of the two it is.
pub async fn finish(
    context: &Context,
    mode: Mode,
    look: impl AsyncFn(&Rounds) -> Result<Observation, Error>,
) -> Result<Finished, Error> {
    let mut round = Rounds::default();
    let mut results = Results::default();
    let mut heard = BTreeSet::new();
    loop {
        let mut look = match look(&round).await {
            Ok(look) => look,
            Err(error) if round.past == 0 => return Err(error),
            Err(error) => return Ok(results.cut_off(error)),
        };
        refuse_unseen(&mut look, &results)?;
        for track in &mut look.plan.tracks {
            let account = track.account.take();
            track.account = account.or_else(|| context.roles_account.clone());
        }
        tell(context, &look.plan, &mut heard);
        if let Mode::Show(shown) = mode {
            return show(context, look, shown).map(Finished::Shown);
        }
        if round.past == 0 {
            results.order = std::mem::take(&mut look.order);
        }
        let unseen = std::mem::take(&mut look.unseen).into_iter();
        let unseen = unseen.map(|(target, error)| Outcome::unseen(target, error));
        let outcomes = act(context, look.plan, look.kubernetes.as_ref()).await;
        results.go_on(&round, unseen.chain(outcomes));
        if results.open.is_empty() {
            return Ok(results.end());
        }
        round.past += 1;
        round.open = Some(results.open_targets());
    }
}

/// Where nothing could be looked at, nothing is shown either.
fn refuse_unseen(look: &mut Observation, results: &Results) -> Result<(), Error> {
    if !look.plan.tracks.is_empty() || !results.ended.is_empty() {
        return Ok(());
    }
    let unseen = std::mem::take(&mut look.unseen);
    Error::all(told(unseen.len(), unseen)).map_or(Ok(()), Err)
}

/// What the reader should know before anything is shown or done, and was not told in an earlier round.
pub fn tell(context: &Context, plan: &Plan, told: &mut BTreeSet<String>) {
    let about = |track: &Track, text: &str| match plan.tracks.len() {
        0 | 1 if track.idle != Idle::Skipped => text.to_owned(),
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
    let clients = Clients {
        aws: &context.aws,
        elsewhere: &context.elsewhere,
        of_roles: context.others.iter().map(|(_, it)| &it.aws).collect(),
        kubernetes,
        parallel: context.parallel,
        on: &on,
        prove: observe::proved,
    };
    crate::apply::apply(plan, &clients).await
}

fn show(context: &Context, look: Observation, shown: Shown) -> Result<Exit, Error> {
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

/// Prints how it went, and turns what failed into the run's failure.
pub fn conclude(context: &Context, finished: Finished) -> Result<Exit, Error> {
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
            let proofs = outcomes.iter().filter_map(|outcome| outcome.proof.as_ref());
            for doubt in proofs.filter_map(|proof| proof.as_ref().ok()?.doubt()) {
                context.output.warn(&doubt.to_string());
            }
            failures(&mut outcomes)
        }
    }
}

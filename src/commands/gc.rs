//! `gc`: what dead clusters left in the account.

mod found;
mod look;
mod task;

use crate::apply::Outcome;
use crate::cli::{Gc, Screen};
use crate::error::Error;
use crate::progress::Running;
use crate::run::{Context, Exit, Finished, Mode, Rounds, conclude, finish};
use task::{GcTask, LeftoverKinds};

/// Shows what dead clusters left, and with `--approve` deletes it: stacks first, then providers.
pub async fn run(args: &Gc, screen: Screen, running: Running) -> Result<Exit, Error> {
    let context = Context::new(&args.place.aws, args.output.into(), screen, running).await?;
    let mut context = context.with_parallel(args.parallel);
    let task = GcTask::of(args, &mut context).await?;
    match Mode::of(args.approval) {
        Mode::Act => act(&task, &context).await,
        mode => {
            let look = async |round: &Rounds| task.look(&context, round, LeftoverKinds::All).await;
            conclude(&context, finish(&context, mode, look).await?)
        }
    }
}

/// Stacks first: a provider that went before the roles which trust it would leave less to tell them by.
async fn act(task: &GcTask<'_>, context: &Context) -> Result<Exit, Error> {
    let mut outcomes = acted(task, context, LeftoverKinds::Stacks).await?;
    let mut errors = outcomes.iter().filter_map(|it| it.error.as_ref());
    let is_over = errors.any(Error::is_global);
    let first = task.doomed.borrow().first().cloned();
    if let Some(first) = first.filter(|_| !is_over) {
        match acted(task, context, LeftoverKinds::Providers).await {
            Ok(more) => outcomes.extend(more),
            Err(error) => outcomes.push(Outcome::unseen(first, error)),
        }
    }
    if outcomes.is_empty() {
        context.output.say("nothing to delete");
    }
    let unread = task.unread.take().into_iter();
    outcomes.extend(unread.map(|(target, error)| Outcome::unseen(target, error)));
    conclude(context, Finished::Acted(outcomes))
}

async fn acted(
    task: &GcTask<'_>,
    context: &Context,
    kinds: LeftoverKinds,
) -> Result<Vec<Outcome>, Error> {
    let look = async |round: &Rounds| task.look(context, round, kinds).await;
    match finish(context, Mode::Act, look).await? {
        Finished::Acted(outcomes) => Ok(outcomes),
        Finished::Shown(_) => Ok(Vec::new()),
    }
}

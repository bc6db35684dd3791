//! `doctor`: why a pod does not have its role, and what mends it.

use std::collections::BTreeSet;

use super::file::ClusterPlace;
use crate::cli::{self, Screen};
use crate::diagnose::{self, Report};
use crate::error::Error;
use crate::model::CommandLine;
use crate::observe::health::{Examined, Proving};
use crate::output::{Detail, Health};
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Rounds, finish, tell};

pub mod checkup;
mod explain;
mod flags;
mod repairs;
mod reports;
mod restarts;
pub mod subjects;

use crate::plan::Plan;
use checkup::Checkup;
pub use explain::explain;
use subjects::Asked;

/// Looks, judges, and prints what was found. `--fix` shows what would be repaired; with `--approve` that
/// is done first, and what is found is what is left.
pub async fn run(args: &cli::Doctor, screen: Screen, running: Running) -> Result<Exit, Error> {
    let subject = flags::subject(args)?;
    flags::check(args)?;
    let place = match &args.cluster {
        Some(cluster) => Some(ClusterPlace::new(Some(cluster), args.issuer_url.as_ref())?),
        None => None,
    };
    let context = Context::new(&args.aws, args.output.into(), screen, running)
        .await?
        .with_roles(args.roles.named().as_ref(), &args.aws)
        .await?
        .with_parallel(args.parallel);
    let checkup = checkup(args, &context, place.as_ref(), subject);
    let is_repaired =
        args.fix && args.approval.approve && repairs::carry_out(args, &checkup).await?;
    let found = checkup.reports().await?;
    let exit = found.exit(args);
    let (cluster, accounts) = (found.cluster.clone(), found.accounts.clone());
    let look = if args.fix && !args.approval.approve {
        Some(repairs::plan(args, found, &Rounds::default()).await?)
    } else {
        None
    };
    let plan = look.as_ref().map(|look| &look.plan);
    show(&checkup, &cluster, &accounts, plan)?;
    let is_pending = plan.is_some_and(|plan| plan.actions().next().is_some());
    let is_well = cluster.is_well() && accounts.iter().all(Report::is_well);
    if let Some(told) = closing_note(args.fix && !is_repaired, is_pending, is_well) {
        context.output.say(told);
    }
    Ok(if is_pending && args.approval.detailed_exitcode {
        Exit::Pending
    } else {
        exit
    })
}

fn checkup<'a>(
    args: &'a cli::Doctor,
    context: &'a Context,
    place: Option<&'a ClusterPlace>,
    subject: Option<Examined>,
) -> Checkup<'a> {
    Checkup {
        context,
        aws: &args.aws,
        kubernetes: &args.kubernetes,
        issuer_url: args.issuer_url.as_ref(),
        roles: args.roles.flags(),
        place,
        asked: match subject {
            _ if args.all => Asked::All,
            Some(subject) => Asked::Of(Box::new(subject)),
            None => Asked::Nothing,
        },
        proving: Proving::Done,
        usage: flags::window(args),
    }
}

fn show(
    checkup: &Checkup<'_>,
    cluster: &Report,
    accounts: &[Report],
    plan: Option<&Plan>,
) -> Result<(), Error> {
    let context = checkup.context;
    if let Some(plan) = plan {
        tell(context, plan, &mut BTreeSet::new());
    }
    context.output.print(&Health {
        cluster,
        accounts,
        plan,
        detail: match checkup.asked {
            Asked::All => Detail::Rows,
            Asked::Of(_) | Asked::Nothing => Detail::Findings,
        },
    })?;
    if let (Some(place), Asked::Nothing) = (checkup.place, &checkup.asked) {
        let look = CommandLine::of("irsactl doctor --cluster {} --all", &[&place.cluster]);
        let note = format!("its service accounts are not looked at: `{look}` does that");
        context.output.note(&note);
    }
    Ok(())
}

/// What is said last: that nothing was changed yet, or that nothing was to be repaired.
fn closing_note(is_unrepaired: bool, is_pending: bool, is_well: bool) -> Option<&'static str> {
    match (is_pending, is_well) {
        (true, _) => Some("nothing was changed: run again with `--approve` to repair it"),
        _ if !is_unrepaired => None,
        (false, true) => Some("nothing to repair"),
        (false, false) => Some("nothing that is safe to repair: what was found is for a person"),
    }
}

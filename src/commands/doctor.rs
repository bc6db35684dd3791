//! `doctor`: why a pod does not have its role, and what mends it.

use std::collections::BTreeSet;

use super::file::ClusterPlace;
use crate::cli::{self, Screen};
use crate::diagnose::{self, Report, Severity};
use crate::error::Error;
use crate::model::CommandLine;
use crate::observe::health::Proving;
use crate::output::{Detail, Explanation, Explanations, Health};
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Rounds, finish, tell};

pub mod checkup;
mod flags;
mod repairs;
mod restarts;
pub mod subjects;

use checkup::Checkup;
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
    let asked = match subject {
        _ if args.all => Asked::All,
        Some(subject) => Asked::Of(Box::new(subject)),
        None => Asked::Nothing,
    };
    let checkup = Checkup {
        context: &context,
        aws: &args.aws,
        kubernetes: &args.kubernetes,
        issuer_url: args.issuer_url.as_ref(),
        roles: args.roles.flags(),
        place: place.as_ref(),
        asked,
        proving: Proving::Done,
        usage: flags::window(args),
    };
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
    if let Some(plan) = plan {
        tell(&context, plan, &mut BTreeSet::new());
    }
    context.output.print(&Health {
        cluster: &cluster,
        accounts: &accounts,
        plan,
        detail: if args.all {
            Detail::Rows
        } else {
            Detail::Findings
        },
    })?;
    if let (Some(place), Asked::Nothing) = (&place, &checkup.asked) {
        let look = CommandLine::of("irsactl doctor --cluster {} --all", &[&place.cluster]);
        context.output.note(&format!(
            "its service accounts are not looked at: `{look}` does that"
        ));
    }
    let is_pending = plan.is_some_and(|plan| plan.actions().next().is_some());
    let is_well = cluster.is_well() && accounts.iter().all(Report::is_well);
    let told = match (is_pending, is_well) {
        (true, _) => Some("nothing was changed: run again with `--approve` to repair it"),
        _ if !args.fix || is_repaired => None,
        (false, true) => Some("nothing to repair"),
        (false, false) => Some("nothing that is safe to repair: what was found is for a person"),
    };
    if let Some(told) = told {
        context.output.say(told);
    }
    Ok(if is_pending && args.approval.detailed_exitcode {
        Exit::Pending
    } else {
        exit
    })
}

/// What a check is about: without any call.
pub fn explain(args: &cli::Doctor, screen: Screen) -> Result<Exit, Error> {
    let id = args.explain.as_deref().unwrap_or_default();
    let output = crate::output::Output {
        format: args.output.into(),
        quiet: screen.quiet,
    };
    if id.is_empty() {
        output.print(&Explanations)?;
        return Ok(Exit::Done);
    }
    let check = diagnose::check(id).ok_or_else(|| unknown_check(id))?;
    output.print(&Explanation(check))?;
    Ok(Exit::Done)
}

fn unknown_check(id: &str) -> Error {
    let all = diagnose::checks().map(|check| check.id);
    let meant = crate::model::nearest(id, all)
        .map(|nearest| format!("; did you mean \"{nearest}\"?"))
        .unwrap_or_else(|| ":".to_owned());
    Error::Usage {
        flag: "--explain",
        value: id.to_owned(),
        rule: format!("there is no such check{meant} `irsactl doctor --explain` lists all"),
    }
}

//! `create iamserviceaccount`: the role, its stack, and the ServiceAccount that uses it; of one
//! service account by flags, or of those of a config file.

use super::file;
use super::reconcile::{Task, restart};
use super::{flags, proving};
use crate::apply::Outcome;
use crate::asked::{Drift, Goal, IamServiceAccount};
use crate::cli::{CreateAssociationArgs, CreateServiceAccount, Screen};
use crate::error::Error;
use crate::model::{MANAGED_BY, MANAGED_BY_LABEL, Way};
use crate::output::Manifest;
use crate::progress::Running;
use crate::run::{Context, Exit, Finished, Mode, conclude, failures};
use crate::template::annotated;

pub async fn run(
    args: &mut CreateServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    proving::check(&args.run, args.account.tokens.role_only)?;
    let mode = Mode::of(args.run.approval);
    let restart = restart::asked(args.run.restart, args.account.tokens.role_only)?;
    let how = flags::How::creating(args);
    let described = match &args.config_file {
        Some(path) => {
            let issuer = args.cluster.issuer_url.as_ref();
            file::described(
                Way::Irsa,
                path,
                issuer,
                &args.filter,
                &mut args.run.aws,
                screen,
            )
            .await?
        }
        None => {
            let asked = flags::service_account(&args.account, args.trust.into());
            file::by_flags(&args.cluster, &args.filter, asked).await?
        }
    };
    let context = Context::reconciling(&args.run, screen, running).await?;
    let accounts = how.all(described.accounts);
    let named = accounts.iter().map(|asked| asked.account.as_ref());
    let context = context.with_accounts(named, &args.run.aws).await?;
    let task = Task {
        goal: Goal::Create,
        drift: Drift::Told,
        restart,
        place: &described.place,
        kubernetes: &args.run.kubernetes,
        accounts,
        provider: described.provider,
        is_elsewhere: args.roles.named().is_some(),
        prune: Vec::new(),
    };
    let finished = task.finish(&context, mode, args.run.verify).await?;
    match (finished, task.accounts.as_slice()) {
        (Finished::Acted(outcomes), [asked]) if args.account.tokens.role_only => {
            print_manifests(&context, asked, outcomes)
        }
        (finished, _) => conclude(&context, finished),
    }
}

/// `create podidentityassociation`.
pub async fn associations(
    args: &mut CreateAssociationArgs,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    proving::check(&args.run, false)?;
    let mode = Mode::of(args.run.approval);
    let restart = restart::asked(args.run.restart, false)?;
    let how = flags::How::associating(args);
    let described = match &args.config_file {
        Some(path) => {
            let issuer = args.cluster.issuer_url.as_ref();
            let (way, aws) = (Way::PodIdentity, &mut args.run.aws);
            file::described(way, path, issuer, &args.filter, aws, screen).await?
        }
        None => {
            let asked = flags::association(&args.account);
            file::by_flags(&args.cluster, &args.filter, asked).await?
        }
    };
    let context = Context::reconciling(&args.run, screen, running).await?;
    let task = Task {
        goal: Goal::Create,
        drift: Drift::Told,
        restart,
        place: &described.place,
        kubernetes: &args.run.kubernetes,
        accounts: how.all(described.accounts),
        provider: None,
        is_elsewhere: false,
        prune: Vec::new(),
    };
    let finished = task.finish(&context, mode, args.run.verify).await?;
    conclude(&context, finished)
}

/// With `--role-only` the result is what remains to be applied.
fn print_manifests(
    context: &Context,
    asked: &IamServiceAccount,
    mut outcomes: Vec<Outcome>,
) -> Result<Exit, Error> {
    for role in outcomes
        .iter()
        .filter(|outcome| outcome.error.is_none())
        .filter_map(|outcome| outcome.role.as_ref())
    {
        let mut labels = asked.labels.clone();
        labels.insert(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned());
        context
            .output
            .say("apply this ServiceAccount, as with `| kubectl apply -f -`:");
        let annotations = annotated(&asked.annotations, role);
        context.output.print(&Manifest {
            name: asked.name.clone(),
            labels,
            annotations,
        })?;
    }
    failures(&mut outcomes)
}

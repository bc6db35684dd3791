//! `update iamserviceaccount`: brings a role, its stack and its ServiceAccount to what is asked; what is
//! not named stays as it is.

use super::file;
use super::reconcile::{Task, restart};
use super::{flags, proving};
use crate::asked::Goal;
use crate::cli::{Screen, UpdateAssociationArgs, UpdateServiceAccount};
use crate::error::Error;
use crate::model::Way;
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, conclude};

pub async fn run(
    args: &mut UpdateServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    proving::check(&args.run, args.role_only)?;
    let mode = Mode::of(args.run.approval);
    let restart = restart::asked(args.run.restart, args.role_only)?;
    let how = flags::How::updating(args);
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
        None => file::by_flags(&args.cluster, &args.filter, flags::edited(args)).await?,
    };
    let context = Context::reconciling(&args.run, screen, running).await?;
    let accounts = how.all(described.accounts);
    let named = accounts.iter().map(|asked| asked.account.as_ref());
    let context = context.with_accounts(named, &args.run.aws).await?;
    let task = Task {
        goal: Goal::Update,
        drift: flags::drift(args.repair_drift),
        restart,
        place: &described.place,
        kubernetes: &args.run.kubernetes,
        accounts,
        provider: described.provider,
        is_elsewhere: args.roles.named().is_some(),
        prune: Vec::new(),
    };
    let finished = task.finish(&context, mode, args.run.verify).await?;
    conclude(&context, finished)
}

/// `update podidentityassociation`.
pub async fn associations(
    args: &mut UpdateAssociationArgs,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    proving::check(&args.run, false)?;
    let mode = Mode::of(args.run.approval);
    let restart = restart::asked(args.run.restart, false)?;
    let how = flags::How::updating_associations(args);
    let described = match &args.config_file {
        Some(path) => {
            let issuer = args.cluster.issuer_url.as_ref();
            let (way, aws) = (Way::PodIdentity, &mut args.run.aws);
            file::described(way, path, issuer, &args.filter, aws, screen).await?
        }
        None => {
            let asked = flags::edited_association(args);
            file::by_flags(&args.cluster, &args.filter, asked).await?
        }
    };
    let context = Context::reconciling(&args.run, screen, running).await?;
    let task = Task {
        goal: Goal::Update,
        drift: flags::drift(args.repair_drift),
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

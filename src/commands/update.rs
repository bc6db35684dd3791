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
use crate::run::{Exit, conclude};

/// Shows what would change, and with `--approve` changes it. With `--repair-drift` it also undoes what
/// was changed on the role by hand.
pub async fn run(
    args: &mut UpdateServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    proving::check(&args.run, args.role_only)?;
    let restart = restart::asked(args.run.restart, args.role_only)?;
    let described = match &args.config_file {
        Some(path) => {
            let (cluster, filter, aws) = (&args.cluster, &args.filter, &mut args.run.aws);
            file::described(Way::Irsa, path, cluster, filter, aws, screen).await?
        }
        None => file::by_flags(&args.cluster, &args.filter, flags::edited(args)).await?,
    };
    let (how, kubernetes) = (flags::SharedTerms::updating(args), &args.run.kubernetes);
    let task = Task {
        drift: flags::drift(args.repair_drift),
        is_elsewhere: args.roles.named().is_some(),
        ..Task::described(Goal::Update, described, &how, restart, kubernetes)
    };
    let (context, finished) = task.finish(&args.run, screen, running).await?;
    conclude(&context, finished)
}

/// `update podidentityassociation`.
pub async fn associations(
    args: &mut UpdateAssociationArgs,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    proving::check(&args.run, false)?;
    let restart = restart::asked(args.run.restart, false)?;
    let described = match &args.config_file {
        Some(path) => {
            let (cluster, filter, aws) = (&args.cluster, &args.filter, &mut args.run.aws);
            file::described(Way::PodIdentity, path, cluster, filter, aws, screen).await?
        }
        None => {
            let asked = flags::edited_association(args);
            file::by_flags(&args.cluster, &args.filter, asked).await?
        }
    };
    let how = flags::SharedTerms::updating_associations(args);
    let task = Task {
        drift: flags::drift(args.repair_drift),
        ..Task::described(Goal::Update, described, &how, restart, &args.run.kubernetes)
    };
    let (context, finished) = task.finish(&args.run, screen, running).await?;
    conclude(&context, finished)
}

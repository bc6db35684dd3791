//! `update iamserviceaccount`: brings a role, its stack and its ServiceAccount to what is asked; what is
//! not named stays as it is.

use super::file::{self, Place};
use super::reconcile::Task;
use super::{Context, Exit, Mode, asked, conclude, finish};
use crate::cli::{Screen, UpdateServiceAccount};
use crate::error::Error;
use crate::plan::account::{Aim, Drift};
use crate::progress::Running;

pub async fn run(
    args: &mut UpdateServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let mode = Mode::of(args.approval);
    let (place, accounts, provider) = match &args.config_file {
        Some(path) => {
            let config = file::read(path, &mut args.aws)?;
            let filter = file::filter(&args.filter)?;
            let how = asked::How::updating(args);
            (
                file::place(&config, args.cluster.issuer_url.as_ref()),
                how.all(file::accounts(&config, &filter)?),
                file::provider(&config),
            )
        }
        None => {
            file::none(&args.filter)?;
            (
                Place::new(
                    args.cluster.cluster.as_ref(),
                    args.cluster.issuer_url.as_ref(),
                )?,
                vec![asked::edited(args)?],
                None,
            )
        }
    };
    let context = Context::new(&args.aws, args.output.into(), screen, running)
        .await?
        .with_parallel(args.parallel);
    let task = Task {
        aim: Aim::Update,
        drift: match args.repair_drift {
            true => Drift::Repaired,
            false => Drift::Told,
        },
        place: &place,
        kubernetes: &args.kubernetes,
        accounts,
        provider,
        prune: None,
    };
    let finished = finish(&context, mode, async |round| {
        task.look(&context, round).await
    })
    .await?;
    conclude(&context, finished)
}

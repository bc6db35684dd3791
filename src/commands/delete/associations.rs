//! `delete podidentityassociation`.

use super::{mode, removal};
use crate::cli::{DeleteAssociationArgs, Screen};
use crate::commands::file::{self, ClusterPlace};
use crate::commands::flags::{self, Unread};
use crate::commands::removal::{Chosen, RemovalTask};
use crate::error::Error;
use crate::model::Way;
use crate::progress::Running;
use crate::run::{Context, Exit, conclude, finish};

/// `delete podidentityassociation`: the association, the stack that made its role, and the ServiceAccount
/// that was made for it.
pub async fn associations(
    args: &mut DeleteAssociationArgs,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let mode = mode(&args.how, args.config_file.is_some());
    let (place, names) = match &args.config_file {
        Some(path) => {
            let config = file::read(path, &mut args.aws, Unread::Told(screen)).await?;
            let filter = file::filter(&args.filter)?;
            let asked = file::accounts(Way::PodIdentity, &config, &filter)?.into_iter();
            let names = asked.map(|asked| (asked.name, None)).collect();
            (file::place(&config, None)?, names)
        }
        None => {
            file::none(&args.filter)?;
            let place = ClusterPlace::new(args.cluster.cluster.as_ref(), None)?;
            (place, vec![(flags::associated_name(&args.name)?, None)])
        }
    };
    let context = Context::new(&args.aws, args.output.into(), screen, running)
        .await?
        .with_parallel(args.parallel);
    let task = RemovalTask {
        how: removal(Way::PodIdentity, &args.how, &place),
        place: &place,
        kubernetes: (!args.how.role_only).then_some(&args.kubernetes),
        chosen: Chosen::Named(names),
        is_elsewhere: false,
    };
    let finished = finish(&context, mode, async |round| {
        task.look(&context, round).await
    })
    .await?;
    conclude(&context, finished)
}

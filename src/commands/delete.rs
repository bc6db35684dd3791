//! `delete iamserviceaccount`: the stack with its role, and the ServiceAccount where it is ours; of one
//! service account, of those of a config file, or of those that it does not have.

use super::file::ClusterPlace;
use super::flags;
use super::removal::{Removal, RemovalTask, foreign};
use crate::asked::Ending;
use crate::cli::{DeleteServiceAccount, DeletionArgs, Screen};
use crate::error::Error;
use crate::model::Way;
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Shown, conclude, finish};

mod associations;
mod chosen;

pub use associations::associations;
use chosen::chosen;

/// Deletes the account that flags name, unless it is a `--dry-run`; those of a file, or with
/// `--only-missing` those that it does not have, are shown, and deleted with `--approve`.
pub async fn run(
    args: &mut DeleteServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let mode = mode(&args.how, args.config_file.is_some());
    let flag = args.roles.named();
    let (place, chosen, further) = chosen(args, screen).await?;
    let context = Context::new(&args.aws, args.output.into(), screen, running)
        .await?
        .with_accounts(further.iter().map(Some), &args.aws)
        .await?
        .with_parallel(args.parallel);
    let task = RemovalTask {
        how: removal(Way::Irsa, &args.how, &place),
        place: &place,
        kubernetes: if args.how.role_only {
            None
        } else {
            Some(&args.kubernetes)
        },
        chosen,
        is_elsewhere: flag.is_some(),
    };
    let finished = finish(&context, mode, async |round| {
        task.look(&context, round).await
    })
    .await?;
    conclude(&context, finished)
}

fn mode(args: &DeletionArgs, is_by_file: bool) -> Mode {
    let how = match (args.dry_run, is_by_file) {
        (true, _) => "run again without `--dry-run` to carry the plan out",
        (false, true) if !args.approve => "run again with `--approve` to carry the plan out",
        (false, _) => return Mode::Act,
    };
    Mode::Show(Shown {
        detailed: args.detailed_exitcode,
        how,
    })
}

fn removal(way: Way, args: &DeletionArgs, place: &ClusterPlace) -> Removal {
    let (foreign, resources) = foreign(args.detach_foreign, args.with_foreign_resources);
    Removal {
        way,
        cluster: place.cluster.clone(),
        is_eks: place.issuer.is_none(),
        foreign,
        resources,
        deployment: flags::deployment(&args.deployment),
        ending: if args.wait {
            Ending::Awaited
        } else {
            Ending::NotAwaited
        },
    }
}

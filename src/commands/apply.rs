//! `apply`: makes a whole config file true: the provider, stacks, ServiceAccounts; and with `--prune`
//! nothing beside them.

use super::file::{self, Described};
use super::flags::{self, Unread};
use super::reconcile::{Task, restart};
use super::removal::{self, Missing, Removal, System};
use crate::asked::{Ending, Goal};
use crate::cli::{Apply, Screen};
use crate::config::{ClusterConfig, Filter};
use crate::error::Error;
use crate::model::Way;
use crate::progress::Running;
use crate::run::{Exit, conclude};

/// Shows what would make the file true, and with `--approve` does it. With `--prune` what the file does
/// not have goes too, so that a file with parts that are not read is refused then.
pub async fn run(args: &mut Apply, screen: Screen, running: Running) -> Result<Exit, Error> {
    let restart = restart::asked(args.run.restart, false)?;
    let unread = if args.prune {
        Unread::Refused("--prune")
    } else {
        Unread::Told(screen)
    };
    let config = file::read(&args.config_file, &mut args.run.aws, unread).await?;
    let filter = file::filter(&args.filter)?;
    let described = Described {
        place: file::place(&config, args.issuer_url.as_ref())?,
        accounts: file::all(&config, &filter)?,
        provider: file::provider(&config),
    };
    let (how, kubernetes) = (flags::SharedTerms::applying(args), &args.run.kubernetes);
    let task = Task {
        drift: flags::drift(args.repair_drift),
        is_elsewhere: args.roles.named().is_some(),
        prune: prune(args, &config, &filter),
        ..Task::described(Goal::Apply, described, &how, restart, kubernetes)
    };
    let (context, finished) = task.finish(&args.run, screen, running).await?;
    conclude(&context, finished)
}

/// What becomes of those that the file does not have: of one way after the other, as each has a list.
fn prune(args: &Apply, config: &ClusterConfig, filter: &Filter) -> Vec<Missing> {
    let (foreign, resources) = removal::foreign(args.detach_foreign, args.with_foreign_resources);
    let missing = |way| Missing {
        known: config
            .of(way)
            .iter()
            .map(|asked| asked.name.clone())
            .collect(),
        rest: config.rest.clone(),
        filter: filter.clone(),
        system: if args.prune_kube_system {
            System::Pruned
        } else {
            System::Spared
        },
        how: Removal {
            way,
            cluster: config.cluster.clone(),
            is_eks: args.issuer_url.is_none(),
            foreign,
            resources,
            deployment: flags::deployment(&args.stack.deployment),
            ending: Ending::Awaited,
        },
    };
    let ways = Way::ALL.into_iter();
    // Who does not use them is not asked to list them.
    let ways = ways.filter(|way| *way == Way::Irsa || config.rest.lists(*way));
    ways.filter(|_| args.prune).map(missing).collect()
}

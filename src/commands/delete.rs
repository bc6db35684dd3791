//! `delete iamserviceaccount`: the stack with its role, and the ServiceAccount where it is ours; of one
//! service account, of those of a config file, or of those that it does not have.

use super::file::{self, Place};
use super::flags::{self, Unread};
use super::removal::{Chosen, Missing, Removal, RemovalTask, System};
use crate::asked::{Ending, ForeignPolicies, ForeignResources, IamServiceAccount};
use crate::cli::{DeleteServiceAccount, Screen};
use crate::error::Error;
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Shown, conclude, finish};

pub async fn run(
    args: &mut DeleteServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let mode = mode(args);
    let (place, chosen) = match &args.config_file {
        Some(path) => {
            let unread = match args.only_missing {
                true => Unread::Refused("--only-missing"),
                false => Unread::Told(screen),
            };
            let config = file::read(path, &mut args.aws, unread).await?;
            let place = file::place(&config, args.cluster.issuer_url.as_ref())?;
            let filter = file::filter(&args.filter)?;
            let names =
                |accounts: Vec<IamServiceAccount>| accounts.into_iter().map(|asked| asked.name);
            let chosen = match args.only_missing {
                true => Chosen::Missing(Box::new(Missing {
                    known: names(config.accounts).collect(),
                    rest: config.rest,
                    filter,
                    system: System::Pruned,
                    how: removal(args, &place),
                })),
                false => Chosen::Named(names(file::accounts(&config, &filter)?).collect()),
            };
            (place, chosen)
        }
        None => {
            file::none(&args.filter)?;
            if args.only_missing {
                return Err(file::needs_file("--only-missing"));
            }
            (
                Place::new(
                    args.cluster.cluster.as_ref(),
                    args.cluster.issuer_url.as_ref(),
                )?,
                Chosen::Named(vec![flags::required_name(&args.name)?]),
            )
        }
    };
    let context = Context::new(&args.aws, args.output.into(), screen, running)
        .await?
        .with_parallel(args.parallel);
    let task = RemovalTask {
        how: removal(args, &place),
        place: &place,
        kubernetes: match args.role_only {
            true => None,
            false => Some(&args.kubernetes),
        },
        chosen,
    };
    let finished = finish(&context, mode, async |round| {
        task.look(&context, round).await
    })
    .await?;
    conclude(&context, finished)
}

fn mode(args: &DeleteServiceAccount) -> Mode {
    let how = match (args.dry_run, &args.config_file) {
        (true, _) => "run again without `--dry-run` to carry the plan out",
        (false, Some(_)) if !args.approve => "run again with `--approve` to carry the plan out",
        (false, _) => return Mode::Act,
    };
    Mode::Show(Shown {
        detailed: args.detailed_exitcode,
        how,
    })
}

fn removal(args: &DeleteServiceAccount, place: &Place) -> Removal {
    Removal {
        cluster: place.cluster.clone(),
        foreign: match args.detach_foreign {
            true => ForeignPolicies::Detached,
            false => ForeignPolicies::Refused,
        },
        resources: match args.with_foreign_resources {
            true => ForeignResources::Deleted,
            false => ForeignResources::Refused,
        },
        service_role: args.cfn_role_arn.clone(),
        ending: match args.wait {
            true => Ending::Awaited,
            false => Ending::NotAwaited,
        },
    }
}

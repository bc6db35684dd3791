//! `delete iamserviceaccount`: the stack with its role, and the ServiceAccount where it is ours; of one
//! service account, of those of a config file, or of those that it does not have.

use super::file::{self, Place};
use super::removal::{self, Missing, Removal, System};
use super::{Context, Exit, Look, Mode, Rounds, Shown, asked, conclude, finish};
use crate::cli::{DeleteServiceAccount, Screen};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::ServiceAccountName;
use crate::observe::Stacks;
use crate::plan::Ending;
use crate::plan::create::IamServiceAccount;
use crate::plan::delete::ForeignPolicies;
use crate::progress::Running;

pub async fn run(
    mut args: DeleteServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let mode = mode(&args);
    let (place, chosen) = match &args.config_file {
        Some(path) => {
            let config = file::read(path, &mut args.aws)?;
            let place = file::place(&config, args.cluster.issuer_url.as_ref());
            let filter = file::filter(&args.filter)?;
            let names =
                |accounts: Vec<IamServiceAccount>| accounts.into_iter().map(|asked| asked.name);
            let chosen = match args.only_missing {
                true => Chosen::Missing(Missing {
                    known: names(config.accounts).collect(),
                    filter,
                    system: System::Pruned,
                    how: removal(&args, &place),
                }),
                false => Chosen::Named(names(file::accounts(&config, &filter)?).collect()),
            };
            (place, chosen)
        }
        None => (
            Place::new(
                args.cluster.cluster.as_ref(),
                args.cluster.issuer_url.as_ref(),
            )?,
            Chosen::Named(vec![asked::required_name(&args.name)?]),
        ),
    };
    let context = Context::new(&args.aws, args.output.into(), screen, running)
        .await?
        .with_parallel(args.parallel);
    let look = async |round: &Rounds| look(&context, &args, &place, &chosen, round).await;
    conclude(&context, finish(&context, mode, look).await?)
}

/// What is to be deleted.
enum Chosen {
    Named(Vec<ServiceAccountName>),
    Missing(Missing),
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
        service_role: args.cfn_role_arn.clone(),
        ending: match args.wait {
            true => Ending::Awaited,
            false => Ending::NotAwaited,
        },
    }
}

async fn look(
    context: &Context,
    args: &DeleteServiceAccount,
    place: &Place,
    chosen: &Chosen,
    round: &Rounds,
) -> Result<Look, Error> {
    let stacks = async {
        match chosen {
            Chosen::Named(names) => Stacks::for_lookups(&context.aws, names.len()).await,
            Chosen::Missing(_) => Stacks::list(&context.aws).await,
        }
    };
    let (stacks, access) = tokio::try_join!(stacks, access(context, args, place))?;
    let deletions = match chosen {
        Chosen::Named(names) => {
            let how = removal(args, place);
            names.iter().map(|name| how.of(name.clone())).collect()
        }
        Chosen::Missing(missing) => missing.deletions(&stacks),
    };
    let mut look = Look::default();
    let gone = match access {
        Access::Unneeded => None,
        Access::Ready(kubernetes) => {
            look.kubernetes = Some(*kubernetes);
            None
        }
        Access::Gone(error) => Some(error),
    };
    removal::plan(context, round, &deletions, &stacks, &mut look).await?;
    let is_empty = look.plan.is_empty() && look.unseen.is_empty();
    match gone {
        // With nothing found and a cluster of a similar name, it is rather mistyped than gone.
        Some(error) if is_empty && error.is_likely_mistyped() => return Err(error),
        Some(error) => {
            let text = format!("{error}: only the role is deleted");
            context.output.warn(&text);
        }
        None => {}
    }
    if is_empty {
        let what = match deletions.as_slice() {
            [deletion] => format!("there is no IAM service account {}", deletion.name),
            _ => "there is no such IAM service account".to_owned(),
        };
        context.output.say(&format!("nothing to delete: {what}"));
    }
    Ok(look)
}

/// The way to the cluster.
enum Access {
    Unneeded,
    Ready(Box<Kubernetes>),
    /// There is no such cluster, so no ServiceAccount is left to delete.
    Gone(Error),
}

async fn access(
    context: &Context,
    args: &DeleteServiceAccount,
    place: &Place,
) -> Result<Access, Error> {
    if args.role_only {
        return Ok(Access::Unneeded);
    }
    match context.cluster(place).await {
        Ok(cluster) => {
            let kubernetes = context.kubernetes(&cluster, &args.kubernetes).await?;
            Ok(Access::Ready(Box::new(kubernetes)))
        }
        Err(error @ Error::ClusterNotFound { .. }) => Ok(Access::Gone(error)),
        Err(error) => Err(error),
    }
}

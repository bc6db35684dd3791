//! `create iamserviceaccount`: the role, its stack, and the ServiceAccount that uses it; of one
//! service account by flags, or of those of a config file.

use super::file;
use super::reconcile::{Task, restart};
use super::{flags, proving};
use crate::apply::Outcome;
use crate::asked::{Goal, IamServiceAccount};
use crate::cli::{CreateAssociationArgs, CreateServiceAccount, Screen};
use crate::error::Error;
use crate::model::{MANAGED_BY, MANAGED_BY_LABEL, Way};
use crate::output::Manifest;
use crate::progress::Running;
use crate::run::{Context, Exit, Finished, conclude, failures};
use crate::template::annotated;

/// Shows what would be made, and with `--approve` makes it. For one account with `--role-only` it then
/// prints the ServiceAccount that is left to apply.
pub async fn run(
    args: &mut CreateServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let role_only = args.account.tokens.role_only;
    proving::check(&args.run, role_only)?;
    let restart = restart::asked(args.run.restart, role_only)?;
    let (cluster, filter) = (&args.cluster, &args.filter);
    let described = match &args.config_file {
        Some(path) => {
            let aws = &mut args.run.aws;
            file::described(Way::Irsa, path, cluster, filter, aws, screen).await?
        }
        None => {
            let asked = flags::service_account(&args.account, args.trust.into());
            file::by_flags(cluster, filter, asked).await?
        }
    };
    let (how, kubernetes) = (flags::SharedTerms::creating(args), &args.run.kubernetes);
    let task = Task {
        is_elsewhere: args.roles.named().is_some(),
        ..Task::described(Goal::Create, described, &how, restart, kubernetes)
    };
    let (context, finished) = task.finish(&args.run, screen, running).await?;
    match (finished, task.accounts.as_slice()) {
        (Finished::Acted(outcomes), [asked]) if role_only => {
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
    let restart = restart::asked(args.run.restart, false)?;
    let (cluster, filter) = (&args.cluster, &args.filter);
    let described = match &args.config_file {
        Some(path) => {
            let aws = &mut args.run.aws;
            file::described(Way::PodIdentity, path, cluster, filter, aws, screen).await?
        }
        None => file::by_flags(cluster, filter, flags::association(&args.account)).await?,
    };
    let (how, kubernetes) = (flags::SharedTerms::associating(args), &args.run.kubernetes);
    let task = Task::described(Goal::Create, described, &how, restart, kubernetes);
    let (context, finished) = task.finish(&args.run, screen, running).await?;
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

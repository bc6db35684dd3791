//! `get iamserviceaccount`: the IAM service accounts of a cluster, from the tags of its stacks; and those that use
//! a role without one, from their annotations.

use super::file::{self, ClusterPlace};
use super::flags::{self, Unread};
use crate::cli::{GetServiceAccount, Screen};
use crate::config::ClusterConfig;
use crate::error::Error;
use crate::model::{Namespace, Way};
use crate::output::{Accounts, Format};
use crate::progress::Running;
use crate::run::{Context, Exit};

mod associations;
mod elsewhere;
mod kubernetes_side;
mod rows;
mod stacks;

pub use associations::associations;

use elsewhere::{tell_elsewhere, tell_in_file};
use kubernetes_side::{KubernetesSide, service_accounts};
use rows::rows;
use stacks::stacks;

/// Prints a row for each account; Kubernetes is asked for wide rows, and where no stack is found.
pub async fn run(
    args: &mut GetServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let (place, config) = place(args, screen).await?;
    let (namespace, name) = flags::filter(&args.name)?;
    let (within, only) = (namespace.as_ref(), name.as_deref());
    let context = Context::new(&args.aws, args.output, screen, running).await?;
    let roles = args.roles.named();
    let context = context.with_roles(roles.as_ref(), &args.aws).await?;
    if let Some(config) = &config {
        tell_in_file(&context, config, roles.as_ref());
    }
    let stacks = stacks(&context, args, &place, within, only).await?;
    let side = if stacks.is_empty() {
        Some(side_alone(&context, args, &place, within, only).await?)
    } else if args.output == Format::Wide {
        let cluster = context.cluster(&place).await;
        Some(service_accounts(&context, cluster, &args.kubernetes, within).await)
    } else {
        None
    };
    if let (Some(KubernetesSide::Unknown(why)), Format::Wide) = (&side, args.output) {
        let text = format!("the Kubernetes side is not known: {why}");
        context.output.warn(&text);
    }
    let attached = side.as_ref().map(|side| side.attached(&stacks, only));
    let attached = attached.unwrap_or_default();
    if stacks.is_empty() && attached.is_empty() {
        if let Some(name) = name {
            let (way, cluster) = (Way::Irsa, place.cluster);
            return Err(Error::NoServiceAccount(way, cluster, namespace, name));
        }
        context.output.say("no IAM service accounts found");
    }
    let rows = rows(&context, stacks, attached, side.as_ref(), args.output).await?;
    context.output.print(&Accounts(rows))?;
    Ok(Exit::Done)
}

/// The cluster, and the config file that names it.
async fn place(
    args: &mut GetServiceAccount,
    screen: Screen,
) -> Result<(ClusterPlace, Option<ClusterConfig>), Error> {
    let issuer = args.cluster.issuer_url.as_ref();
    let Some(path) = &args.config_file else {
        let place = ClusterPlace::new(args.cluster.cluster.as_ref(), issuer)?;
        return Ok((place, None));
    };
    let config = file::read(path, &mut args.aws, Unread::Told(screen)).await?;
    Ok((file::place(&config, issuer)?, Some(config)))
}

/// What Kubernetes has where there is no stack. Nothing found is an answer only for a cluster that exists.
async fn side_alone(
    context: &Context,
    args: &GetServiceAccount,
    place: &ClusterPlace,
    namespace: Option<&Namespace>,
    name: Option<&str>,
) -> Result<KubernetesSide, Error> {
    let cluster = context.cluster(place).await?;
    let looked = cluster.account.clone();
    let side = service_accounts(context, Ok(cluster), &args.kubernetes, namespace).await;
    if let (Some(name), Some(namespace)) = (name, namespace) {
        tell_elsewhere(context, &side, &looked, namespace, name);
    }
    Ok(side)
}

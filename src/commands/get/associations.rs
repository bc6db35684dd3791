//! `get podidentityassociation`.

use crate::cli::{GetAssociationArgs, Screen};
use crate::commands::file::{self, ClusterPlace};
use crate::commands::flags::{self, Unread};
use crate::error::Error;
use crate::model::{ServiceAccountName, Way};
use crate::observe;
use crate::output::AssociationList;
use crate::progress::Running;
use crate::run::{Context, Exit};

/// `get podidentityassociation`: those of a cluster, as EKS tells.
pub async fn associations(
    args: &mut GetAssociationArgs,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let place = match &args.config_file {
        Some(path) => file::place(
            &file::read(path, &mut args.aws, Unread::Told(screen)).await?,
            None,
        )?,
        None => ClusterPlace::new(args.cluster.cluster.as_ref(), None)?,
    };
    let (namespace, name) = flags::filter(&args.name)?;
    let context = Context::new(&args.aws, args.output, screen, running).await?;
    let named = namespace.clone().zip(name.as_ref());
    let only = named.map(|(namespace, name)| ServiceAccountName::new(namespace, name));
    let only = only.transpose().map_err(Error::Flags)?;
    let found = observe::all_associations(&context.aws, &place.cluster, only.as_ref()).await?;
    let Some(mut found) = found.found() else {
        // Told as for every other command.
        context.cluster(&place).await?;
        return Ok(Exit::Done);
    };
    found.retain(|(account, _)| {
        namespace.as_ref().is_none_or(|it| account.namespace == *it)
            && name.as_ref().is_none_or(|it| account.name == *it)
    });
    if found.is_empty() {
        if let Some(name) = name {
            let way = Way::PodIdentity;
            return Err(Error::NoServiceAccount(way, place.cluster, namespace, name));
        }
        context.output.say("no EKS Pod Identity associations found");
    }
    found.sort_by(|(one, _), (other, _)| one.cmp(other));
    context.output.print(&AssociationList(found))?;
    Ok(Exit::Done)
}

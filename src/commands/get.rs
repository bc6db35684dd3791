//! `get iamserviceaccount`: the IAM service accounts of a cluster, from the tags of its stacks; and those that use
//! a role without one, from their annotations.

use futures_util::{StreamExt, TryStreamExt};

use super::file::{self, ClusterPlace};
use super::flags::{self, Unread};
use crate::cli::{GetServiceAccount, Screen};
use crate::error::Error;
use crate::model::{Lookup, ServiceAccountName, Way};
use crate::observe;
use crate::output::{Accounts, Format};
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::world::{ListedAccount, Stack};

mod associations;
mod elsewhere;
mod kubernetes_side;
mod stacks;

pub use associations::associations;

use elsewhere::{tell_elsewhere, tell_in_file};
use kubernetes_side::{KubernetesSide, service_accounts};
use stacks::stacks;

/// How many templates are read side by side.
const PARALLEL: usize = 8;

/// Prints a row for each account; Kubernetes is asked for wide rows, and where no stack is found.
pub async fn run(
    args: &mut GetServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let issuer = args.cluster.issuer_url.as_ref();
    let config = match &args.config_file {
        Some(path) => Some(file::read(path, &mut args.aws, Unread::Told(screen)).await?),
        None => None,
    };
    let place = match &config {
        Some(config) => file::place(config, issuer)?,
        None => ClusterPlace::new(args.cluster.cluster.as_ref(), issuer)?,
    };
    let (namespace, name) = flags::filter(&args.name)?;
    let context = Context::new(&args.aws, args.output, screen, running).await?;
    let roles = args.roles.named();
    let context = context.with_roles(roles.as_ref(), &args.aws).await?;
    if let Some(config) = &config {
        tell_in_file(&context, config, roles.as_ref());
    }
    let stacks = stacks(&context, args, &place, namespace.as_ref(), name.as_deref()).await?;
    let is_wide = args.output == Format::Wide;
    let within = namespace.as_ref();
    let service_accounts = if stacks.is_empty() {
        // Nothing found is an answer only for a cluster that exists.
        let cluster = context.cluster(&place).await?;
        let looked = cluster.account.clone();
        let side = service_accounts(&context, Ok(cluster), &args.kubernetes, within).await;
        if let (Some(name), Some(namespace)) = (&name, &namespace) {
            tell_elsewhere(&context, &side, &looked, namespace, name);
        }
        Some(side)
    } else if is_wide {
        let cluster = context.cluster(&place).await;
        Some(service_accounts(&context, cluster, &args.kubernetes, within).await)
    } else {
        None
    };
    if let (Some(KubernetesSide::Unknown(why)), true) = (&service_accounts, is_wide) {
        let text = format!("the Kubernetes side is not known: {why}");
        context.output.warn(&text);
    }
    let attached = service_accounts
        .as_ref()
        .map(|side| side.attached(&stacks, name.as_deref()));
    let attached = attached.unwrap_or_default();
    if stacks.is_empty() && attached.is_empty() {
        if let Some(name) = name {
            return Err(Error::NoServiceAccount(
                Way::Irsa,
                place.cluster,
                namespace,
                name,
            ));
        }
        context.output.say("no IAM service accounts found");
    }
    let stacks = stacks.into_iter();
    let rows = stacks.map(|(name, stack)| row(&context, name, stack, args.output));
    let rows = futures_util::stream::iter(rows.map(Box::pin)).buffered(PARALLEL);
    let mut rows: Vec<ListedAccount> = rows.try_collect().await?;
    if let Some(message) = rows.iter().find_map(|row| row.template.unknown()) {
        let text = format!("the roles' policies are not known: {message}");
        context.output.warn(&text);
    }
    rows.extend(attached.into_iter().map(|name| ListedAccount {
        name,
        stack: None,
        template: Lookup::Missing,
        service_account: None,
    }));
    rows.sort_by(|one, other| one.name.cmp(&other.name));
    for row in &mut rows {
        row.service_account = service_accounts.as_ref().map(|lookup| lookup.of(&row.name));
    }
    context.output.print(&Accounts(rows))?;
    Ok(Exit::Done)
}

async fn row(
    context: &Context,
    name: ServiceAccountName,
    stack: Stack,
    format: Format,
) -> Result<ListedAccount, Error> {
    let template = match format {
        Format::Table | Format::Name | Format::Markdown => Lookup::Missing,
        Format::Json | Format::Yaml | Format::Wide => {
            observe::template(&context.aws, &stack).await?
        }
    };
    Ok(ListedAccount {
        name,
        stack: Some(stack),
        template,
        service_account: None,
    })
}

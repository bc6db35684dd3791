//! `get iamserviceaccount`: the IAM service accounts of a cluster, from the tags of its stacks.

use futures_util::{StreamExt, TryStreamExt};

use super::file::{self, ClusterPlace};
use super::flags::{self, Unread};
use crate::cli::{GetServiceAccount, Screen};
use crate::error::Error;
use crate::model::{Lookup, Namespace, ServiceAccountName, Way};
use crate::observe::{self, Stacks};
use crate::output::{Accounts, Format};
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::world::{Listed, Stack};

mod associations;
mod kubernetes_side;

pub use associations::associations;

use kubernetes_side::service_accounts;

/// How many templates are read side by side.
const PARALLEL: usize = 8;

pub async fn run(
    args: &mut GetServiceAccount,
    screen: Screen,
    running: Running,
) -> Result<Exit, Error> {
    let issuer = args.cluster.issuer_url.as_ref();
    let place = match &args.config_file {
        Some(path) => file::place(
            &file::read(path, &mut args.aws, Unread::Told(screen)).await?,
            issuer,
        )?,
        None => ClusterPlace::new(args.cluster.cluster.as_ref(), issuer)?,
    };
    let (namespace, name) = flags::filter(&args.name)?;
    let format: Format = args.output.into();
    let context = Context::new(&args.aws, format, screen, running).await?;
    let stacks = stacks(&context, &place, namespace.as_ref(), name.as_deref()).await?;
    if stacks.is_empty() {
        // Nothing found is an answer only for a cluster that exists.
        context.cluster(&place).await?;
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
    let service_accounts = match format {
        Format::Wide if !stacks.is_empty() => {
            Some(service_accounts(&context, &place, &args.kubernetes, namespace.as_ref()).await)
        }
        _ => None,
    };
    let stacks = stacks.into_iter();
    let rows = stacks.map(|(name, stack)| row(&context, name, stack, format));
    let rows = futures_util::stream::iter(rows).buffered(PARALLEL);
    let mut rows: Vec<Listed> = rows.try_collect().await?;
    if let Some(message) = rows.iter().find_map(|row| row.template.unknown()) {
        let text = format!("the roles' policies are not known: {message}");
        context.output.warn(&text);
    }
    for row in &mut rows {
        row.service_account = service_accounts.as_ref().map(|lookup| lookup.of(&row.name));
    }
    context.output.print(&Accounts(rows))?;
    Ok(Exit::Done)
}

/// The stacks that match, by name of their service account. One is looked up by its name; for more,
/// all stacks of the region are paged through.
async fn stacks(
    context: &Context,
    place: &ClusterPlace,
    namespace: Option<&Namespace>,
    name: Option<&str>,
) -> Result<Vec<(ServiceAccountName, Stack)>, Error> {
    let stacks = match (namespace, name) {
        (Some(namespace), Some(name)) => {
            let account = ServiceAccountName::new(namespace.clone(), name).map_err(Error::Flags)?;
            observe::stack_to_delete(
                &context.aws,
                &Stacks::ByName,
                Way::Irsa,
                &place.cluster,
                &account,
            )
            .await?
            .into_iter()
            .collect()
        }
        _ => context.aws.cloudformation.stacks().await?,
    };
    let mut stacks: Vec<_> = stacks
        .into_iter()
        .filter(|stack| stack.is_of(&place.cluster))
        .filter_map(|stack| Some((stack.service_account()?, stack)))
        .filter(|(account, _)| namespace.is_none_or(|namespace| account.namespace == *namespace))
        .filter(|(account, _)| name.is_none_or(|name| account.name == name))
        .collect();
    stacks.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(stacks)
}

async fn row(
    context: &Context,
    name: ServiceAccountName,
    stack: Stack,
    format: Format,
) -> Result<Listed, Error> {
    let template = match format {
        Format::Table | Format::Name | Format::Markdown => Lookup::Missing,
        Format::Json | Format::Yaml | Format::Wide => {
            observe::template(&context.aws, &stack).await?
        }
    };
    Ok(Listed {
        name,
        stack,
        template,
        service_account: None,
    })
}

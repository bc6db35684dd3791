//! `export`: the config file that describes what exists, so that a team can begin with it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;

use super::file::ClusterPlace;
use crate::asked::IamServiceAccount;
use crate::asked::found::{self, Found};
use crate::cli::{Export, Screen};
use crate::config::{self, ClusterConfig, Rest};
use crate::error::Error;
use crate::model::{Lookup, Map, ServiceAccountName};
use crate::observe::{self, Stacks};
use crate::output::{self, Format};
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::world::{Phase, ServiceAccount, Stack};

mod associations;

use associations::associated;

/// How many templates are read side by side.
const PARALLEL: usize = 16;

pub async fn run(args: &Export, screen: Screen, running: Running) -> Result<Exit, Error> {
    let place = ClusterPlace::new(Some(&args.cluster), args.issuer_url.as_ref())?;
    let context = Context::new(&args.aws, Format::Yaml, screen, running).await?;
    let objects = async {
        let cluster = context.cluster(&place).await?;
        let kubernetes = context.kubernetes(&cluster, &args.kubernetes).await?;
        Ok((kubernetes.service_accounts(None).await?, cluster))
    };
    let (stacks, (objects, cluster)) = tokio::try_join!(Stacks::list(&context.aws), objects)?;
    let objects: BTreeMap<ServiceAccountName, ServiceAccount> = objects.into_iter().collect();
    let all = stacks;
    let of_cluster = all.listed().filter(|stack| stack.is_of(&place.cluster));
    let stacks: Vec<(ServiceAccountName, &Stack)> = of_cluster
        .filter_map(|stack| Some((stack.service_account()?, stack)))
        .collect();
    let mut accounts = with_stacks(&context, &stacks, &objects).await?;
    // Those of stacks that are left out use no role without a stack.
    let known: BTreeSet<&ServiceAccountName> = stacks.iter().map(|(name, _)| name).collect();
    let others = objects
        .iter()
        .filter(|(name, object)| object.is_owned() && !known.contains(name));
    let others: Vec<IamServiceAccount> = others
        .filter_map(|(name, object)| {
            Some(found::with_role(name, object.role()?.parse().ok()?, object))
        })
        .collect();
    accounts.extend(others);
    accounts.sort_by(|one, other| one.name.cmp(&other.name));
    let associations = associated(&context, &cluster, &all, &objects).await?;
    if accounts.is_empty() && associations.is_empty() {
        context.output.say("no IAM service accounts found");
    }
    output::print(&config::write(&ClusterConfig {
        cluster: args.cluster.clone(),
        region: context.aws.region.clone(),
        // Without accounts nobody needs the provider.
        with_oidc: (!accounts.is_empty()).then_some(true),
        tags: Map::new(),
        accounts,
        associations,
        rest: Rest::default(),
    }))?;
    Ok(Exit::Done)
}

/// The accounts that have a stack of this cluster. Those that no file can describe are told.
async fn with_stacks(
    context: &Context,
    stacks: &[(ServiceAccountName, &Stack)],
    objects: &BTreeMap<ServiceAccountName, ServiceAccount>,
) -> Result<Vec<IamServiceAccount>, Error> {
    let reads = stacks.iter().map(async |(name, stack)| {
        let template = match stack.phase {
            Phase::Ready => observe::template(&context.aws, stack).await?,
            _ => Lookup::Missing,
        };
        Ok::<_, Error>((name, *stack, template))
    });
    let reads: Vec<_> = futures_util::stream::iter(reads)
        .buffered(PARALLEL)
        .collect()
        .await;
    let mut accounts = Vec::new();
    for read in reads {
        let (name, stack, template) = read?;
        let Lookup::Found(template) = template else {
            context
                .output
                .warn(&format!("{name} is left out: {}", why(stack, &template)));
            continue;
        };
        let object = objects.get(name);
        let role = stack.role_arn.as_ref();
        let Found { asked, lost } = found::with_stack(name, &template, role, &stack.tags, object);
        // To apply half of what there is would take the other half away.
        if lost.is_empty() {
            accounts.push(asked);
        } else {
            let text = format!("{name} is left out: {}", lost.join("; "));
            context.output.warn(&text);
        }
    }
    Ok(accounts)
}

fn why<T>(stack: &Stack, template: &Lookup<T>) -> String {
    match template {
        Lookup::Unknown(message) => message.clone(),
        _ if stack.phase != Phase::Ready => {
            format!("stack \"{}\" is in {}", stack.name, stack.status)
        }
        _ => format!(
            "the template of stack \"{}\" is not one of eksctl or irsactl",
            stack.name
        ),
    }
}

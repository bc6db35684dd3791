//! `export`: the config file that describes what exists, so that a team can begin with it.

use std::collections::{BTreeMap, BTreeSet};

use super::file::ClusterPlace;
use crate::asked::IamServiceAccount;
use crate::asked::found;
use crate::cli::{Export, Screen};
use crate::config::{self, ClusterConfig, FileRemainder};
use crate::error::Error;
use crate::model::{Map, ServiceAccountName};
use crate::observe::Stacks;
use crate::output::{self, Format};
use crate::progress::Running;
use crate::run::{Context, Exit};
use crate::world::{ServiceAccount, Stack};

mod associations;
mod stacks;

use associations::associated;
use stacks::with_stacks;

/// How many templates are read side by side.
const PARALLEL: usize = 16;

/// Prints a config file of the cluster's stacks, of its own ServiceAccounts without one, and of
/// associations. Changes nothing.
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
        .filter_map(|stack| {
            let account = stack.service_account_among(&place.cluster, &objects)?;
            Some((account, stack))
        })
        .collect();
    let mut accounts = with_stacks(&context, &cluster.provider_arn(), &stacks, &objects).await?;
    let known: BTreeSet<&ServiceAccountName> = stacks.iter().map(|(name, _)| name).collect();
    accounts.extend(without_stack(&objects, &known));
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
        rest: FileRemainder::default(),
    }))?;
    Ok(Exit::Done)
}

/// Those of stacks that are left out use no role without a stack.
fn without_stack(
    objects: &BTreeMap<ServiceAccountName, ServiceAccount>,
    known: &BTreeSet<&ServiceAccountName>,
) -> impl Iterator<Item = IamServiceAccount> {
    let others = objects
        .iter()
        .filter(|(name, object)| object.is_owned() && !known.contains(name));
    others.filter_map(|(name, object)| {
        Some(found::with_role(name, object.role()?.parse().ok()?, object))
    })
}

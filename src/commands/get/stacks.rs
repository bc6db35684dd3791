//! The stacks that `get` lists, each with its service account.

use std::collections::BTreeMap;

use crate::cli::GetServiceAccount;
use crate::commands::file::ClusterPlace;
use crate::error::Error;
use crate::model::{Namespace, SERVICE_ACCOUNT_TAG, ServiceAccountName, StackName, Way};
use crate::observe;
use crate::run::Context;
use crate::world::{ServiceAccount, Stack};

/// The stacks that match, by name of their service account. One is looked up by its name; for more,
/// all stacks of the region are paged through.
pub async fn stacks(
    context: &Context,
    args: &GetServiceAccount,
    place: &ClusterPlace,
    namespace: Option<&Namespace>,
    name: Option<&str>,
) -> Result<Vec<(ServiceAccountName, Stack)>, Error> {
    let stacks = match (namespace, name) {
        (Some(namespace), Some(name)) => {
            let account = ServiceAccountName::new(namespace.clone(), name).map_err(Error::Flags)?;
            observe::stack_by_name(&context.aws, Way::Irsa, &place.cluster, &account)
                .await?
                .into_iter()
                .collect()
        }
        _ => context.aws.cloudformation.stacks().await?,
    };
    let of_cluster = stacks
        .into_iter()
        .filter(|stack| stack.is_of(&place.cluster));
    let stacks: Vec<Stack> = of_cluster.collect();
    let objects = annotated(context, args, place, &stacks).await;
    let named = stacks.into_iter().filter_map(|stack| {
        let account = stack.service_account_among(&place.cluster, &objects)?;
        Some((account, stack))
    });
    let mut stacks: Vec<_> = named
        .filter(|(account, _)| namespace.is_none_or(|namespace| account.namespace == *namespace))
        .filter(|(account, _)| name.is_none_or(|name| account.name == name))
        .collect();
    stacks.sort_by(|(one, _), (other, _)| one.cmp(other));
    Ok(stacks)
}

/// The ServiceAccounts, by which alone a stack that has lost its tag is known. They are read where there is
/// such a stack.
async fn annotated(
    context: &Context,
    args: &GetServiceAccount,
    place: &ClusterPlace,
    stacks: &[Stack],
) -> BTreeMap<ServiceAccountName, ServiceAccount> {
    let prefix = StackName::prefix(Way::Irsa, &place.cluster);
    let lost = |stack: &&Stack| stack.lacks_owner() && stack.name.as_str().starts_with(&prefix);
    let Some(lost) = stacks.iter().find(lost) else {
        return BTreeMap::new();
    };
    let objects = async {
        let cluster = context.cluster(place).await?;
        let kubernetes = context.kubernetes(&cluster, &args.kubernetes).await?;
        kubernetes.service_accounts(None).await
    };
    match objects.await {
        Ok(objects) => objects.into_iter().collect(),
        Err(error) => {
            context.output.warn(&format!(
                "stack \"{}\" has lost the tag {SERVICE_ACCOUNT_TAG}, and whose it is cannot be told: {error}",
                lost.name
            ));
            BTreeMap::new()
        }
    }
}

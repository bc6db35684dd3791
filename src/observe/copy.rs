//! The service accounts of a cluster whose roles another cluster's are to have too.

use std::collections::{BTreeMap, BTreeSet};

use super::trust::of_arn;
use super::{PARALLEL, again};
use crate::aws::Aws;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Lookup, RoleArn, ServiceAccountName, Way};
use crate::waiting::side_by_side;
use crate::world::{CopySource, RoleFacts, ServiceAccount};

/// Each with what was found of it, or why that failed.
type ServiceAccountLookups = BTreeMap<ServiceAccountName, Result<Option<ServiceAccount>, Error>>;

/// Those that are named; or all that a ServiceAccount, a stack or an association gives a role.
///
/// # Errors
/// Those of the reads that are for all of them.
pub async fn copy_sources(
    aws: &Aws,
    kubernetes: &Kubernetes,
    cluster: &Cluster,
    named: Option<Vec<ServiceAccountName>>,
) -> Result<Vec<(ServiceAccountName, Result<CopySource, Error>)>, Error> {
    let is_all = named.is_none();
    let associated =
        async { Lookup::unless_denied(aws.eks.associated(cluster.name.as_str(), None).await) };
    let objects = async {
        match named {
            Some(names) => Ok(one_by_one(kubernetes, names).await),
            None => all(aws, kubernetes, cluster).await,
        }
    };
    let (associated, mut objects) = tokio::try_join!(associated, objects)?;
    let associated = associated.map(|all| all.into_iter().map(|(name, _)| name));
    let associated: Lookup<BTreeSet<ServiceAccountName>> = associated.map(Iterator::collect);
    if is_all {
        for name in associated.as_found().into_iter().flatten() {
            objects.entry(name.clone()).or_insert(Ok(None));
        }
    }
    let roles = roles(aws, cluster, &objects).await;
    let sources = objects.into_iter().map(|(name, object)| {
        let source = object.map(|object| CopySource {
            role: annotated(object.as_ref()).map_or(Lookup::Missing, |arn| {
                roles.get(&arn).cloned().unwrap_or_default()
            }),
            association: associated.clone().and_then(|all| {
                let is_there = all.contains(&name);
                is_there.then_some(()).into()
            }),
            name: name.clone(),
            object,
        });
        (name, source)
    });
    Ok(sources.collect())
}

async fn one_by_one(
    kubernetes: &Kubernetes,
    names: Vec<ServiceAccountName>,
) -> ServiceAccountLookups {
    let reads = names.into_iter().map(async |name| {
        let object = kubernetes.service_account(&name).await;
        (name, object)
    });
    side_by_side(PARALLEL, reads).await.into_iter().collect()
}

async fn all(
    aws: &Aws,
    kubernetes: &Kubernetes,
    cluster: &Cluster,
) -> Result<ServiceAccountLookups, Error> {
    let (objects, stacks) = tokio::try_join!(
        kubernetes.service_accounts(None),
        aws.cloudformation.stacks()
    )?;
    let of_cluster = stacks.iter().filter(|stack| stack.is_of(&cluster.name));
    let made: BTreeSet<_> = of_cluster
        .filter_map(|stack| stack.account(Way::Irsa))
        .collect();
    let mut all: ServiceAccountLookups = objects
        .into_iter()
        .filter(|(name, object)| object.role().is_some() || made.contains(name))
        .map(|(name, object)| (name, Ok(Some(object))))
        .collect();
    for name in made {
        all.entry(name).or_insert(Ok(None));
    }
    Ok(all)
}

fn annotated(object: Option<&ServiceAccount>) -> Option<RoleArn> {
    object?.role()?.parse().ok()
}

/// Each once, whoever names it. What cannot be read of one is unknown, and does not hide the others.
async fn roles(
    aws: &Aws,
    cluster: &Cluster,
    objects: &ServiceAccountLookups,
) -> BTreeMap<RoleArn, Lookup<RoleFacts>> {
    let objects = objects.values().filter_map(|it| it.as_ref().ok());
    let arns: BTreeSet<RoleArn> = objects.filter_map(|it| annotated(it.as_ref())).collect();
    let own = arns
        .into_iter()
        .filter(|arn| arn.account() == cluster.account);
    let reads = own.map(async |arn| {
        let read = async || aws.iam.role(arn.name()).await;
        let facts = Lookup::or_unknown(again::unless_missing(aws, arn.name(), read).await);
        let facts = of_arn(facts, &arn);
        (arn, facts)
    });
    side_by_side(PARALLEL, reads).await.into_iter().collect()
}

//! What roles used of their permissions: their policies, and IAM's report, whose job takes seconds.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::account::live_policies;
use super::associations::one;
use super::documents::documents;
use super::health::ReadOnce;
use super::owner::owner;
use super::trust::of_arn;
use super::{again, all_associations};
use crate::aws::Aws;
use crate::aws::iam::UsageReport;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Lookup, RoleArn, ServiceAccountName};
use crate::policy::usage::{Policies, PolicySource, ServiceUse};
use crate::waiting::{polled, side_by_side};
use crate::world::{Association, LivePolicies, RoleUsage, ServiceAccount};

/// So many jobs at a time: each is asked for after a second, and again every two.
const JOBS: usize = 32;

/// How much of a role is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsageDepth {
    /// What it may do and did.
    Use,
    /// What made it too, and so what changes it.
    Maker,
}

/// Roles, each with the service accounts whose pods have it.
pub type RolesOfAccounts = BTreeMap<RoleArn, BTreeSet<ServiceAccountName>>;

/// The use of roles. `account` is that of the credentials.
pub async fn usage(
    aws: &Aws,
    roles: RolesOfAccounts,
    account: &str,
    depth: UsageDepth,
) -> Vec<RoleUsage> {
    let documents = ReadOnce::default();
    let reads = roles.into_iter().map(async |(arn, accounts)| {
        let mut usage = of_role(aws, &documents, arn, account, depth).await;
        usage.accounts = accounts.into_iter().collect();
        usage
    });
    side_by_side(JOBS, reads).await
}

async fn of_role(
    aws: &Aws,
    documents: &ReadOnce<serde_json::Value>,
    arn: RoleArn,
    account: &str,
    depth: UsageDepth,
) -> RoleUsage {
    if arn.account() != account {
        return elsewhere(arn, account);
    }
    let facts = async {
        let read = async || aws.iam.role(arn.name()).await;
        let facts = Lookup::or_unknown(again::unless_missing(aws, arn.name(), read).await);
        let facts = of_arn(facts, &arn);
        let stack = match depth {
            UsageDepth::Use => Lookup::Missing,
            UsageDepth::Maker => owner(aws, facts.as_found()).await,
        };
        (facts, stack)
    };
    let ((facts, stack), policies, services) = tokio::join!(
        facts,
        policies(aws, documents, arn.name()),
        services(aws, &arn)
    );
    RoleUsage {
        accounts: Vec::new(),
        facts,
        policies,
        services,
        stack,
        arn,
    }
}

fn elsewhere(arn: RoleArn, account: &str) -> RoleUsage {
    let why = format!(
        "it is of account {}, and these credentials are of {account}",
        arn.account()
    );
    RoleUsage {
        arn,
        accounts: Vec::new(),
        facts: Lookup::Unknown(why.clone()),
        policies: Lookup::Unknown(why.clone()),
        services: Lookup::Unknown(why.clone()),
        stack: Lookup::Unknown(why),
    }
}

/// IAM's report on a role.
pub async fn services(aws: &Aws, role: &RoleArn) -> Lookup<Vec<ServiceUse>> {
    match report(aws, role).await {
        Ok(found) => found,
        Err(error) => Lookup::Unknown(error.to_string()),
    }
}

async fn report(aws: &Aws, role: &RoleArn) -> Result<Lookup<Vec<ServiceUse>>, Error> {
    let job = match aws.iam.begin_usage_report(role).await? {
        Lookup::Found(job) => job,
        Lookup::Missing => return Ok(Lookup::Missing),
        Lookup::Unknown(why) => return Ok(Lookup::Unknown(why)),
    };
    let unknown = Cell::new(0);
    let look = async || {
        Ok::<_, Error>(match aws.iam.usage_report(role, &job).await? {
            Lookup::Found(UsageReport::InProgress) => None,
            Lookup::Found(UsageReport::Done(services)) => Some(Lookup::Found(services)),
            Lookup::Found(UsageReport::Failed(why)) => {
                let why = format!("IAM could not make the report on it: {why}");
                Some(Lookup::Unknown(why))
            }
            // Not all of IAM may know of a new job.
            Lookup::Missing if unknown.get() < again::AGAIN => {
                unknown.set(unknown.get() + 1);
                None
            }
            Lookup::Missing => {
                let why = "IAM does not know the job that it began on it";
                Some(Lookup::Unknown(why.to_owned()))
            }
            Lookup::Unknown(why) => Some(Lookup::Unknown(why)),
        })
    };
    let least = || Duration::ZERO;
    let over = polled(aws.intervals, aws.deadline, &job, least, look).await?;
    let late = || {
        aws.deadline
            .missed(format!("IAM's report on role {}", role.name()))
    };
    over.ok_or_else(late)
}

async fn policies(aws: &Aws, known: &ReadOnce<serde_json::Value>, role: &str) -> Lookup<Policies> {
    let found = Lookup::or_unknown(live_policies(aws, role).await);
    let LivePolicies { managed, inline } = match found {
        Lookup::Found(found) => found,
        Lookup::Missing => return Lookup::Missing,
        Lookup::Unknown(why) => return Lookup::Unknown(why),
    };
    let managed = documents(aws, known, managed).await;
    managed.map(|managed| {
        let managed = managed.into_iter();
        let managed = managed.map(|(arn, document)| (PolicySource::Managed(arn), document));
        let inline = inline.into_iter();
        let inline = inline.map(|(name, document)| (PolicySource::Inline(name), document));
        managed.chain(inline).collect()
    })
}

/// The roles that pods of service accounts have: of those that are named, or of all. An association outdoes
/// the annotation; of a chain both roles are used. With the named ones that have none.
///
/// # Errors
/// Those of the reads; access denied too.
pub async fn roles_of(
    aws: &Aws,
    kubernetes: &Kubernetes,
    cluster: &Cluster,
    named: Option<&[ServiceAccountName]>,
) -> Result<(RolesOfAccounts, Vec<ServiceAccountName>), Error> {
    let mut roles = RolesOfAccounts::new();
    let mut bare = Vec::new();
    let found = match named {
        Some(names) => {
            let reads = names.iter().map(async |name| {
                let object = kubernetes.service_account(name);
                let association = own_association(aws, cluster, name);
                let (object, association) = tokio::try_join!(object, association)?;
                Ok::<_, Error>((name.clone(), object, association))
            });
            let reads = side_by_side(super::PARALLEL, reads).await.into_iter();
            reads.collect::<Result<Vec<_>, _>>()?
        }
        None => all(aws, kubernetes, cluster).await?,
    };
    for (name, object, association) in found {
        let of_account = role_arns(object.as_ref(), association.as_ref());
        if of_account.is_empty() {
            bare.push(name.clone());
        }
        for arn in of_account {
            roles.entry(arn).or_default().insert(name.clone());
        }
    }
    Ok((roles, bare))
}

type Found = (
    ServiceAccountName,
    Option<ServiceAccount>,
    Option<Association>,
);

async fn all(aws: &Aws, kubernetes: &Kubernetes, cluster: &Cluster) -> Result<Vec<Found>, Error> {
    let associations = async {
        match cluster.eks {
            Some(_) => all_associations(aws, &cluster.name, None).await,
            None => Ok(Lookup::Missing),
        }
    };
    let (associations, objects) =
        tokio::try_join!(associations, kubernetes.service_accounts(None))?;
    let mut associations: BTreeMap<_, _> = associations.found().into_iter().flatten().collect();
    let objects = objects.into_iter().map(|(name, object)| {
        let association = associations.remove(&name);
        (name, Some(object), association)
    });
    let mut found: Vec<Found> = objects.collect();
    // Its ServiceAccount may be yet to come.
    let rest = associations.into_iter();
    found.extend(rest.map(|(name, association)| (name, None, Some(association))));
    Ok(found)
}

async fn own_association(
    aws: &Aws,
    cluster: &Cluster,
    name: &ServiceAccountName,
) -> Result<Option<Association>, Error> {
    if cluster.eks.is_none() {
        return Ok(None);
    }
    one(aws, &cluster.name, name).await
}

/// An annotation that is no ARN of a role gives no role.
fn role_arns(object: Option<&ServiceAccount>, association: Option<&Association>) -> Vec<RoleArn> {
    match association {
        Some(found) => [&found.role]
            .into_iter()
            .chain(&found.target_role)
            .cloned()
            .collect(),
        None => object
            .and_then(|it| it.role()?.parse().ok())
            .into_iter()
            .collect(),
    }
}

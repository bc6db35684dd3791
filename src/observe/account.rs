//! Everything that bears on IAM service accounts that are to be made, changed or repaired.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::associations::{agent, associated, observed};
use super::stack_name::{associated_stack, claimed, find_stack, hashed_stack};
use super::{PARALLEL, ServiceAccounts, Stacks};
use super::{again, gone};
use crate::aws::Aws;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{
    Cluster, ClusterName, Lookup, Namespace, PolicyArn, RoleArn, RoleName, ServiceAccountName,
    StackName, Way,
};
use crate::policy::Quotas;
use crate::waiting::side_by_side;
use crate::world::{
    Addon, Association, ObservedAccount, ObservedAssociation, OidcProvider, RoleFacts,
    ServiceAccount, ServiceAccountState, Stack, StackState,
};

mod stack;

pub use stack::live_policies;
use stack::stack_state;

/// What was asked for by name and must be looked up.
pub struct WantedAccount<'a> {
    pub name: &'a ServiceAccountName,
    pub way: Way,
    /// Whether the EKS Pod Identity Agent matters.
    pub agent: bool,
    /// Whether it matters which associations use the role.
    pub associations: bool,
    pub policies: Vec<PolicyArn>,
    pub role: Option<RoleName>,
    pub stack: WantedStack,
    /// Whether the ServiceAccount matters too.
    pub service_account: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum WantedProvider {
    Looked,
    /// Associations need none.
    None,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum WantedStack {
    Looked,
    /// An existing role is attached: there is no stack.
    None,
}

/// The first round: what needs no more than names. Runs beside the look-up of the cluster.
pub struct Named {
    pub stacks: Stacks,
    policies: BTreeMap<PolicyArn, Result<Lookup<()>, Arc<Error>>>,
    accounts: Vec<Result<NamedAccount, Error>>,
    agent: Option<Lookup<Addon>>,
}

struct NamedAccount {
    stack_name: StackName,
    stack: Option<Stack>,
    role: Lookup<RoleFacts>,
    association: Option<Association>,
}

/// Looks all of them up in `stacks`. A policy that many ask for is looked up once.
pub async fn named(
    aws: &Aws,
    cluster: &ClusterName,
    wanted: &[WantedAccount<'_>],
    stacks: Stacks,
) -> Result<Named, Error> {
    let accounts = wanted
        .iter()
        .map(|wanted| named_account(aws, cluster, &stacks, wanted));
    let accounts = side_by_side(PARALLEL, accounts);
    let (accounts, policies, agent) =
        tokio::join!(accounts, policies(aws, wanted), agent(aws, cluster, wanted));
    Ok(Named {
        agent,
        policies,
        accounts,
        stacks,
    })
}

async fn named_account(
    aws: &Aws,
    cluster: &ClusterName,
    stacks: &Stacks,
    wanted: &WantedAccount<'_>,
) -> Result<NamedAccount, Error> {
    let stack = async {
        let association = associated(aws, cluster, wanted).await?;
        let role = association.as_ref().map(|it| &it.role);
        let (way, name) = (wanted.way, wanted.name);
        let (stack_name, stack) = match (wanted.stack, way) {
            (WantedStack::None, _) => (StackName::new(way, cluster, name), None),
            (WantedStack::Looked, Way::Irsa) => find_stack(aws, stacks, way, cluster, name).await?,
            (WantedStack::Looked, Way::PodIdentity) => {
                associated_stack(aws, stacks, cluster, name, role).await?
            }
        };
        Ok((association, stack_name, stack))
    };
    let ((association, stack_name, stack), role) =
        tokio::try_join!(stack, named_role(aws, wanted))?;
    Ok(NamedAccount {
        stack_name,
        stack,
        role,
        association,
    })
}

async fn named_role(aws: &Aws, wanted: &WantedAccount<'_>) -> Result<Lookup<RoleFacts>, Error> {
    let Some(name) = &wanted.role else {
        return Ok(Lookup::Missing);
    };
    let read = async || aws.iam.role(name.as_str()).await;
    match wanted.stack {
        WantedStack::None => again::unless_missing(aws, name.as_str(), read).await,
        WantedStack::Looked => read().await,
    }
}

async fn policies(
    aws: &Aws,
    wanted: &[WantedAccount<'_>],
) -> BTreeMap<PolicyArn, Result<Lookup<()>, Arc<Error>>> {
    let all: BTreeSet<&PolicyArn> = wanted.iter().flat_map(|wanted| &wanted.policies).collect();
    let lookups = all.into_iter().map(async |arn| {
        let read = async || aws.iam.policy(arn).await;
        let lookup = again::unless_missing(aws, &arn.to_string(), read).await;
        (arn.clone(), lookup.map_err(Arc::new))
    });
    let lookups = side_by_side(PARALLEL, lookups).await;
    lookups.into_iter().collect()
}

/// The provider where it was wanted, the accounts in the order in which they were, and the stacks.
type SecondRound = (
    Option<OidcProvider>,
    Vec<Result<ObservedAccount, Error>>,
    Stacks,
);

/// The second and third round: the provider, the ServiceAccounts, and what hangs on the stacks. What
/// fails for one account does not hide the others.
pub async fn accounts(
    aws: &Aws,
    kubernetes: Option<&Kubernetes>,
    cluster: &Cluster,
    wanted: &[WantedAccount<'_>],
    named: Named,
    provider: WantedProvider,
) -> Result<SecondRound, Error> {
    let (stacks, policies, agent) = (named.stacks, named.policies, named.agent);
    let objects = ServiceAccounts::for_lookups(kubernetes, wanted.len()).await?;
    let accounts = wanted.iter().zip(named.accounts);
    let accounts = accounts.map(|(wanted, named)| {
        let (stacks, objects, policies, agent) = (&stacks, &objects, &policies, &agent);
        async move {
            let objects = if wanted.service_account {
                objects
            } else {
                &ServiceAccounts::NotLooked
            };
            let mut account = account(aws, stacks, objects, cluster, wanted, named?).await?;
            if let Some(association) = &mut account.association {
                association.agent.clone_from(agent);
            }
            account.policies = looked_up(&wanted.policies, policies)?;
            Ok(account)
        }
    });
    let accounts = side_by_side(PARALLEL, accounts);
    let provider = async {
        match provider {
            WantedProvider::Looked => aws.iam.provider(&cluster.provider_arn()).await,
            WantedProvider::None => Ok(None),
        }
    };
    let (provider, mut accounts) = tokio::join!(provider, accounts);
    if let Some(kubernetes) = kubernetes {
        look_at_namespaces(kubernetes, wanted, &mut accounts).await;
    }
    Ok((provider?, accounts, stacks))
}

fn looked_up(
    wanted: &[PolicyArn],
    policies: &BTreeMap<PolicyArn, Result<Lookup<()>, Arc<Error>>>,
) -> Result<Vec<(PolicyArn, Lookup<()>)>, Error> {
    let found = wanted
        .iter()
        .filter_map(|arn| Some((arn, policies.get(arn)?)));
    let found = found.map(|(arn, found)| match found {
        Ok(lookup) => Ok((arn.clone(), lookup.clone())),
        Err(error) => Err(Error::Shared {
            targets: Vec::new(),
            error: error.clone(),
        }),
    });
    found.collect()
}

/// The stack of an account alone: what `doctor` needs of it.
pub async fn stack_alone(
    aws: &Aws,
    stacks: &Stacks,
    objects: &ServiceAccounts<'_>,
    cluster: &Cluster,
    name: &ServiceAccountName,
) -> Result<ObservedAccount, Error> {
    let found = find_stack(aws, stacks, Way::Irsa, &cluster.name, name).await?;
    let found = claimed(aws, stacks, objects, &cluster.name, name, found).await?;
    let (stack_name, stack) = found;
    Ok(ObservedAccount {
        stack: stack_state(aws, stack, cluster, false).await?,
        stack_name,
        policies: Vec::new(),
        role: Lookup::Missing,
        trusting: None,
        service_account: ServiceAccountState::NotLooked,
        quotas: Quotas::default(),
        association: None,
    })
}

async fn account(
    aws: &Aws,
    stacks: &Stacks,
    objects: &ServiceAccounts<'_>,
    cluster: &Cluster,
    wanted: &WantedAccount<'_>,
    named: NamedAccount,
) -> Result<ObservedAccount, Error> {
    let found = (named.stack_name, named.stack);
    let (mut stack_name, stack) = match wanted.way {
        Way::Irsa => claimed(aws, stacks, objects, &cluster.name, wanted.name, found).await?,
        Way::PodIdentity => found,
    };
    let (mut service_account, mut stack) = tokio::try_join!(
        objects.service_account(wanted.name),
        stack_state(aws, stack, cluster, wanted.associations),
    )?;
    if stack == StackState::Absent
        && let Some(other) =
            roles_stack(aws, stacks, cluster, wanted, &stack_name, &service_account).await?
    {
        stack_name = other.name.clone();
        stack = stack_state(aws, Some(other), cluster, false).await?;
    }
    if let (ServiceAccountState::Found(found), Way::Irsa) = (&mut service_account, wanted.way) {
        found.role_is_gone = is_role_gone(aws, cluster, found, &stack_name, &stack).await?;
    }
    let association = observed_association(aws, cluster, wanted, named.association, &stack).await?;
    Ok(ObservedAccount {
        stack,
        stack_name,
        policies: Vec::new(),
        role: named.role,
        trusting: None,
        service_account,
        quotas: Quotas::default(),
        association,
    })
}

async fn observed_association(
    aws: &Aws,
    cluster: &Cluster,
    wanted: &WantedAccount<'_>,
    association: Option<Association>,
    stack: &StackState,
) -> Result<Option<ObservedAssociation>, Error> {
    match wanted.way {
        Way::Irsa => Ok(None),
        Way::PodIdentity => observed(aws, cluster, association, stack).await.map(Some),
    }
}

/// The stack of a role that has no stack of the account's name: that may have the name of the other way's,
/// which the account came from, or the hashed name, made while eksctl's name was another's who has left since.
async fn roles_stack(
    aws: &Aws,
    stacks: &Stacks,
    cluster: &Cluster,
    wanted: &WantedAccount<'_>,
    stack_name: &StackName,
    service_account: &ServiceAccountState,
) -> Result<Option<Stack>, Error> {
    let ServiceAccountState::Found(found) = service_account else {
        return Ok(None);
    };
    let (way, name) = (wanted.way, wanted.name);
    if wanted.stack != WantedStack::Looked || way != Way::Irsa || found.role().is_none() {
        return Ok(None);
    }
    if role_of(stack_name, found, cluster).is_some() {
        return gone::stack(aws, way, &cluster.name, name, service_account).await;
    }
    match gone::stack_of_role(aws, way, &cluster.name, name, found).await? {
        None => hashed_stack(aws, stacks, way, &cluster.name, name).await,
        found => Ok(found),
    }
}

/// Where a ServiceAccount is missing, its namespace may be about to go; each of them is looked at once.
/// Who may not read it learns that from the write.
async fn look_at_namespaces(
    kubernetes: &Kubernetes,
    wanted: &[WantedAccount<'_>],
    observed: &mut [Result<ObservedAccount, Error>],
) {
    let is_missing = |observed: &Result<ObservedAccount, Error>| {
        observed
            .as_ref()
            .is_ok_and(|it| it.service_account == ServiceAccountState::Missing)
    };
    let pairs = wanted.iter().zip(&*observed);
    let missing = pairs.filter(|(_, observed)| is_missing(observed));
    let namespaces: BTreeSet<&Namespace> = missing
        .map(|(wanted, _)| &wanted.name.namespace)
        .filter(|namespace| !namespace.is_lasting())
        .collect();
    let looks = namespaces.into_iter().map(async |namespace| {
        let left = kubernetes.namespace_going(namespace).await.ok().flatten();
        Some((namespace.clone(), left?))
    });
    let going = side_by_side(PARALLEL, looks).await;
    let going: BTreeMap<Namespace, Vec<String>> = going.into_iter().flatten().collect();
    for (wanted, observed) in wanted.iter().zip(observed) {
        if let (Ok(observed), Some(left)) = (observed, going.get(&wanted.name.namespace))
            && observed.service_account == ServiceAccountState::Missing
        {
            observed.service_account = ServiceAccountState::NamespaceGoing(left.clone());
        }
    }
}

/// Whether the annotated role is one that an earlier stack of the account made, and is gone: a run that
/// was to make another was cut off.
async fn is_role_gone(
    aws: &Aws,
    cluster: &Cluster,
    account: &ServiceAccount,
    stack_name: &StackName,
    stack: &StackState,
) -> Result<bool, Error> {
    let Some(role) = role_of(stack_name, account, cluster) else {
        return Ok(false);
    };
    let known = match stack {
        StackState::Found(found) => found.stack.role_arn.as_ref(),
        StackState::Absent => None,
    };
    if known == Some(&role) {
        return Ok(false);
    }
    Ok(gone::role(aws, role.name()).await? == Lookup::Missing)
}

/// The annotated role, where a stack of that name can have made it.
fn role_of(stack: &StackName, account: &ServiceAccount, cluster: &Cluster) -> Option<RoleArn> {
    let role: RoleArn = account.role()?.parse().ok()?;
    (stack.may_have_named(&role) && role.account() == cluster.account).then_some(role)
}

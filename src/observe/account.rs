//! Everything that bears on IAM service accounts that are to be made, changed or repaired.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::associations::{agent, associated, observed};
use super::deletion::{body, read_body};
use super::resources::resources;
use super::stack_name::{associated_stack, claimed, find_stack, hashed_stack};
use super::{PARALLEL, ServiceAccounts, Stacks};
use super::{again, associations, gone};
use crate::aws::Aws;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{
    Cluster, ClusterName, Lookup, Namespace, PolicyArn, RoleArn, RoleName, ServiceAccountName,
    StackName, Way,
};
use crate::plan::account::drift;
use crate::policy::{Quotas, others};
use crate::template::RoleTemplate;
use crate::waiting::side_by_side;
use crate::world::{
    Addon, Association, Associations, FoundStack, LivePolicies, ObservedAccount, OidcProvider,
    Phase, RoleFacts, ServiceAccount, ServiceAccountState, Stack, StackState,
};

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
    let accounts = wanted.iter().map(|wanted| {
        let stacks = &stacks;
        async move {
            let stack = async {
                let association = associated(aws, cluster, wanted).await?;
                let role = association.as_ref().map(|it| it.role.as_str());
                let (way, name) = (wanted.way, wanted.name);
                let (stack_name, stack) = match (wanted.stack, way) {
                    (WantedStack::None, _) => (StackName::new(way, cluster, name), None),
                    (WantedStack::Looked, Way::Irsa) => {
                        find_stack(aws, stacks, way, cluster, name).await?
                    }
                    (WantedStack::Looked, Way::PodIdentity) => {
                        associated_stack(aws, stacks, cluster, name, role).await?
                    }
                };
                Ok((association, stack_name, stack))
            };
            let role = async {
                match &wanted.role {
                    Some(name) => {
                        let read = async || aws.iam.role(name.as_str()).await;
                        match wanted.stack {
                            WantedStack::None => {
                                again::unless_missing(aws, name.as_str(), read).await
                            }
                            WantedStack::Looked => read().await,
                        }
                    }
                    None => Ok(Lookup::Missing),
                }
            };
            let ((association, stack_name, stack), role) = tokio::try_join!(stack, role)?;
            Ok(NamedAccount {
                stack_name,
                stack,
                role,
                association,
            })
        }
    });
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

/// The second and third round: the provider, the ServiceAccounts, and what hangs on the stacks. What
/// fails for one account does not hide the others.
pub async fn accounts(
    aws: &Aws,
    kubernetes: Option<&Kubernetes>,
    cluster: &Cluster,
    wanted: &[WantedAccount<'_>],
    named: Named,
    provider: WantedProvider,
) -> Result<
    (
        Option<OidcProvider>,
        Vec<Result<ObservedAccount, Error>>,
        Stacks,
    ),
    Error,
> {
    let Named {
        stacks,
        policies,
        accounts,
        agent,
    } = named;
    let objects = ServiceAccounts::for_lookups(kubernetes, wanted.len()).await?;
    let accounts = wanted.iter().zip(accounts).map(|(wanted, named)| {
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
            for arn in &wanted.policies {
                match policies.get(arn) {
                    Some(Ok(lookup)) => account.policies.push((arn.clone(), lookup.clone())),
                    Some(Err(error)) => {
                        return Err(Error::Shared {
                            targets: Vec::new(),
                            error: error.clone(),
                        });
                    }
                    None => {}
                }
            }
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
    let found = match wanted.way {
        Way::Irsa => claimed(aws, stacks, objects, &cluster.name, wanted.name, found).await?,
        Way::PodIdentity => found,
    };
    let (mut stack_name, stack) = found;
    let (mut service_account, mut stack) = tokio::try_join!(
        objects.service_account(wanted.name),
        stack_state(aws, stack, cluster, wanted.associations),
    )?;
    // A role without a stack: that may have the name of the other way's, which the account came from, or
    // the hashed name, made while eksctl's name was another's who has left since.
    if stack == StackState::Absent
        && wanted.stack == WantedStack::Looked
        && wanted.way == Way::Irsa
        && let ServiceAccountState::Found(found) = &service_account
        && found.role().is_some()
    {
        let (way, name) = (wanted.way, wanted.name);
        let other = match role_of(&stack_name, found, cluster) {
            Some(_) => gone::stack(aws, way, &cluster.name, name, &service_account).await?,
            None => match gone::stack_of_role(aws, way, &cluster.name, name, found).await? {
                None => hashed_stack(aws, stacks, way, &cluster.name, name).await?,
                found => found,
            },
        };
        if let Some(other) = other {
            stack_name = other.name.clone();
            stack = stack_state(aws, Some(other), cluster, false).await?;
        }
    }
    if let (ServiceAccountState::Found(found), Way::Irsa) = (&mut service_account, wanted.way) {
        found.role_is_gone = is_role_gone(aws, cluster, found, &stack_name, &stack).await?;
    }
    let association = match wanted.way {
        Way::Irsa => None,
        Way::PodIdentity => Some(observed(aws, cluster, named.association, &stack).await?),
    };
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

/// A stack's template, role and failure. A role that seems to be changed by hand is read again, where
/// CloudFormation itself may just have changed it.
async fn stack_state(
    aws: &Aws,
    stack: Option<Stack>,
    cluster: &Cluster,
    are_associations_wanted: bool,
) -> Result<StackState, Error> {
    let Some(stack) = stack.filter(|stack| stack.phase() != Phase::Gone) else {
        return Ok(StackState::Absent);
    };
    let read = async || found_stack(aws, &stack, cluster, are_associations_wanted).await;
    let is_doubtful =
        |found: &FoundStack| again::is_recent(found) && drift::is_changed(cluster, found);
    let found = again::settled(aws, &stack.id, read().await?, is_doubtful, read).await?;
    Ok(StackState::Found(Box::new(found)))
}

/// Only what the stack's phase calls for.
async fn found_stack(
    aws: &Aws,
    stack: &Stack,
    cluster: &Cluster,
    are_associations_wanted: bool,
) -> Result<FoundStack, Error> {
    let ready = stack.phase() == Phase::Ready;
    let body = async {
        if ready {
            body(aws, stack).await
        } else {
            Ok(None)
        }
    };
    let role = async {
        match &stack.role_arn {
            Some(arn) if ready => aws.iam.role(arn.name()).await,
            _ => Ok(Lookup::Missing),
        }
    };
    let policies = async {
        match &stack.role_arn {
            Some(arn) if ready => live_policies(aws, arn.name()).await,
            _ => Ok(Lookup::Missing),
        }
    };
    // Only deletion helps a broken one: all that it has would go with it.
    let broken = async {
        if stack.phase() == Phase::Broken {
            resources(aws, stack, &read_body(aws, stack).await?).await
        } else {
            Ok(Lookup::Missing)
        }
    };
    let failure = async {
        match stack.phase() {
            Phase::DeleteFailed | Phase::UpdateFailed => {
                aws.cloudformation.failure(&stack.id).await
            }
            _ => Ok(None),
        }
    };
    let (body, role, policies, broken, failure) =
        tokio::try_join!(body, role, policies, broken, failure)?;
    if let (Some(arn), true, Lookup::Missing) = (&stack.role_arn, ready, &role) {
        match policies {
            Lookup::Found(_) => {
                return Err(gone::contradicted(arn.name(), "ListAttachedRolePolicies"));
            }
            Lookup::Missing | Lookup::Unknown(_) => gone::confirmed(aws, arn.name()).await?,
        }
    }
    let template = body
        .as_ref()
        .and_then(|body| RoleTemplate::read(body, &cluster.partition));
    let resources = match &body {
        Some(body) => resources(aws, stack, &Lookup::Found(body.clone())).await?,
        None => broken,
    };
    let associations = match &stack.role_arn {
        Some(arn) if are_associations_wanted => {
            associations::using(aws, &cluster.name, arn.name()).await
        }
        _ => associations(aws, cluster, stack, template.as_ref(), &role).await,
    };
    Ok(FoundStack {
        stack: stack.clone(),
        failure,
        body,
        template,
        resources,
        role,
        policies,
        associations,
    })
}

/// The associations that may need what somebody added to the role's trust policy.
async fn associations(
    aws: &Aws,
    cluster: &Cluster,
    stack: &Stack,
    template: Option<&RoleTemplate>,
    role: &Lookup<RoleFacts>,
) -> Lookup<Associations> {
    match (&stack.role_arn, template, role) {
        (Some(arn), Some(template), Lookup::Found(facts))
            if !others::pod_identity_by_hand(&facts.trust, &template.trust).is_empty() =>
        {
            associations::using(aws, &cluster.name, arn.name()).await
        }
        _ => Lookup::Missing,
    }
}

/// The policies that a role has (ListAttachedRolePolicies, ListRolePolicies, GetRolePolicy).
pub(super) async fn live_policies(aws: &Aws, role: &str) -> Result<Lookup<LivePolicies>, Error> {
    let lists = tokio::try_join!(
        aws.iam.attached_policies(role),
        aws.iam.inline_policies(role)
    )?;
    let (managed, names) = match lists {
        (Lookup::Found(managed), Lookup::Found(names)) => (managed, names),
        (Lookup::Unknown(message), _) | (_, Lookup::Unknown(message)) => {
            return Ok(Lookup::Unknown(message));
        }
        (Lookup::Missing, _) | (_, Lookup::Missing) => return Ok(Lookup::Missing),
    };
    let mut inline = BTreeMap::new();
    for name in names {
        match aws.iam.inline_policy(role, &name).await? {
            Lookup::Found(document) => {
                inline.insert(name, document);
            }
            // Deleted since it was listed.
            Lookup::Missing => {}
            Lookup::Unknown(message) => return Ok(Lookup::Unknown(message)),
        }
    }
    Ok(Lookup::Found(LivePolicies { managed, inline }))
}

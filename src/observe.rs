//! Finds out what exists. Reads that do not need each other run side by side.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::aws::Aws;
use crate::error::Error;
use crate::issuer::Reading;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, ClusterName, PolicyArn, RoleName, ServiceAccountName, StackName};
use crate::policy::Quotas;
use crate::template::RoleTemplate;

mod facts;
mod lookup;

pub use facts::{
    FoundStack, LivePolicies, OidcProvider, Phase, RoleFacts, ServiceAccount, ServiceAccountState,
    Stack, StackState,
};
pub use lookup::Lookup;
mod stack_name;

pub use stack_name::stack_to_delete;
use stack_name::{find_stack, hashed_stack};

/// Everything that bears on one IAM service account.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedAccount {
    pub provider: Option<OidcProvider>,
    pub stack: StackState,
    /// The name for a new stack.
    pub stack_name: StackName,
    /// The managed policies and the boundary that are asked for.
    pub policies: Vec<(PolicyArn, Lookup<()>)>,
    /// The role of the name, or with the ARN, that is asked for.
    pub role: Lookup<RoleFacts>,
    pub service_account: ServiceAccountState,
    /// IAM's defaults, unless more than those allow is asked for.
    pub quotas: Quotas,
}

/// What was asked for by name and must be looked up.
pub struct Wanted<'a> {
    pub name: &'a ServiceAccountName,
    pub policies: Vec<PolicyArn>,
    pub role: Option<RoleName>,
    pub stack: WantedStack,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum WantedStack {
    Looked,
    /// An existing role is attached: there is no stack.
    None,
}

/// The first round: what needs no more than names. Runs beside the look-up of the cluster.
pub struct Named {
    wanted: WantedStack,
    stack_name: StackName,
    stack: Option<Stack>,
    policies: Vec<(PolicyArn, Lookup<()>)>,
    role: Lookup<RoleFacts>,
}

pub async fn named(aws: &Aws, cluster: &ClusterName, wanted: &Wanted<'_>) -> Result<Named, Error> {
    let stack = async {
        match wanted.stack {
            WantedStack::Looked => find_stack(aws, cluster, wanted.name).await,
            WantedStack::None => Ok((StackName::for_service_account(cluster, wanted.name), None)),
        }
    };
    let policies = futures_util::future::try_join_all(wanted.policies.iter().map(|arn| async {
        let lookup = aws.iam.policy(&arn.to_string()).await?;
        Ok::<_, Error>((arn.clone(), lookup))
    }));
    let role = async {
        match &wanted.role {
            Some(name) => aws.iam.role(name.as_str()).await,
            None => Ok(Lookup::Missing),
        }
    };
    let ((stack_name, stack), policies, role) = tokio::try_join!(stack, policies, role)?;
    Ok(Named {
        wanted: wanted.stack,
        stack_name,
        stack,
        policies,
        role,
    })
}

/// The second and third round: the provider, the ServiceAccount, and what hangs on the stack.
pub async fn account(
    aws: &Aws,
    kubernetes: Option<&Kubernetes>,
    cluster: &Cluster,
    name: &ServiceAccountName,
    named: Named,
) -> Result<ObservedAccount, Error> {
    let provider = cluster.provider_arn();
    let (provider, service_account, mut stack) = tokio::try_join!(
        aws.iam.provider(&provider),
        service_account(kubernetes, name),
        stack_state(aws, named.stack, &cluster.partition),
    )?;
    let mut stack_name = named.stack_name;
    // A role without a stack: it may be that of the hashed name, made while eksctl's name was
    // another's who has left since.
    let has_role =
        matches!(&service_account, ServiceAccountState::Found(found) if found.role().is_some());
    if has_role
        && stack == StackState::Absent
        && named.wanted == WantedStack::Looked
        && let Some(other) = hashed_stack(aws, &cluster.name, name).await?
    {
        stack_name = other.name.clone();
        stack = stack_state(aws, Some(other), &cluster.partition).await?;
    }
    Ok(ObservedAccount {
        provider,
        stack,
        stack_name,
        policies: named.policies,
        role: named.role,
        service_account,
        quotas: Quotas::default(),
    })
}

pub async fn service_account(
    kubernetes: Option<&Kubernetes>,
    name: &ServiceAccountName,
) -> Result<ServiceAccountState, Error> {
    let Some(kubernetes) = kubernetes else {
        return Ok(ServiceAccountState::NotLooked);
    };
    Ok(match kubernetes.service_account(name).await? {
        Some(account) => ServiceAccountState::Found(account),
        None => ServiceAccountState::Missing,
    })
}

/// A stack's template, role and failure: only those that its phase calls for.
async fn stack_state(
    aws: &Aws,
    stack: Option<Stack>,
    partition: &str,
) -> Result<StackState, Error> {
    let Some(stack) = stack.filter(|stack| stack.phase != Phase::Gone) else {
        return Ok(StackState::Absent);
    };
    let ready = stack.phase == Phase::Ready;
    let template = async {
        Ok::<_, Error>(if ready {
            aws.cloudformation.template(&stack.id).await?
        } else {
            None
        })
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
    let failure = async {
        match stack.phase {
            Phase::DeleteFailed | Phase::UpdateFailed => {
                aws.cloudformation.failure(&stack.id).await
            }
            _ => Ok(None),
        }
    };
    let (template, role, policies, failure) = tokio::try_join!(template, role, policies, failure)?;
    let template = template.and_then(|body| RoleTemplate::read(&body, partition));
    Ok(StackState::Found(Box::new(FoundStack {
        stack,
        failure,
        template,
        role,
        policies,
    })))
}

async fn live_policies(aws: &Aws, role: &str) -> Result<Lookup<LivePolicies>, Error> {
    let lists = tokio::try_join!(
        aws.iam.attached_policies(role),
        aws.iam.inline_policies(role)
    )?;
    Ok(match lists {
        (Lookup::Found(managed), Lookup::Found(inline)) => {
            Lookup::Found(LivePolicies { managed, inline })
        }
        (Lookup::Unknown(message), _) | (_, Lookup::Unknown(message)) => Lookup::Unknown(message),
        (Lookup::Missing, _) | (_, Lookup::Missing) => Lookup::Missing,
    })
}

/// What the deletion of one IAM service account must know.
#[derive(Clone, Debug, PartialEq)]
pub struct ObservedDeletion {
    pub stack: StackState,
    pub foreign: Lookup<Foreign>,
    pub service_account: ServiceAccountState,
    /// Where an IAM service account of that name exists, when it does not where it was asked for.
    pub namespaces: Vec<String>,
}

/// What hangs on a role beyond what its stack attached.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Foreign {
    pub role: String,
    /// ARNs.
    pub managed: Vec<String>,
    /// Names.
    pub inline: Vec<String>,
    pub instance_profiles: Vec<String>,
    /// Why one of the lists is not known.
    pub unknown: Option<String>,
}

impl Foreign {
    pub fn has_policies(&self) -> bool {
        !self.managed.is_empty() || !self.inline.is_empty()
    }
}

/// Finds what is to be deleted. `cluster` of `None`: it is gone, and its partition with it.
pub async fn deletion(
    aws: &Aws,
    kubernetes: Option<&Kubernetes>,
    cluster: &ClusterName,
    name: &ServiceAccountName,
    stack: Option<Stack>,
) -> Result<ObservedDeletion, Error> {
    let foreign = async {
        match &stack {
            Some(stack) if stack.phase != Phase::Deleting => foreign(aws, stack).await,
            _ => Ok(Lookup::Missing),
        }
    };
    let (foreign, service_account) = tokio::try_join!(foreign, service_account(kubernetes, name))?;
    let nothing = stack.is_none() && !matches!(service_account, ServiceAccountState::Found(_));
    let namespaces = if nothing {
        namespaces_of(aws, cluster, name).await?
    } else {
        Vec::new()
    };
    let stack = match stack {
        Some(stack) => StackState::Found(Box::new(FoundStack {
            stack,
            failure: None,
            template: None,
            role: Lookup::Missing,
            policies: Lookup::Missing,
        })),
        None => StackState::Absent,
    };
    Ok(ObservedDeletion {
        stack,
        foreign,
        service_account,
        namespaces,
    })
}

/// Compares a role's policies with its stack's template.
async fn foreign(aws: &Aws, stack: &Stack) -> Result<Lookup<Foreign>, Error> {
    let Some(role) = role_name(aws, stack).await? else {
        return Ok(Lookup::Missing);
    };
    let (template, attached, inline, profiles) = tokio::try_join!(
        template(aws, stack),
        aws.iam.attached_policies(&role),
        aws.iam.inline_policies(&role),
        aws.iam.instance_profiles(&role),
    )?;
    let known = match template {
        Lookup::Found(template) => template,
        Lookup::Missing => RoleTemplate::default(),
        Lookup::Unknown(message) => return Ok(Lookup::Unknown(message)),
    };
    let unknown = match (&attached, &inline) {
        (Lookup::Unknown(message), _) | (_, Lookup::Unknown(message)) => Some(message.clone()),
        _ => None,
    };
    let attached = attached.found().unwrap_or_default();
    let inline = inline.found().unwrap_or_default();
    let own: BTreeSet<String> = known
        .inline
        .keys()
        .map(|name| format!("{}-{name}", stack.name))
        .collect();
    Ok(Lookup::Found(Foreign {
        role,
        managed: attached
            .into_iter()
            .filter(|arn| !known.managed.contains(arn))
            .collect(),
        inline: inline
            .into_iter()
            .filter(|name| !own.contains(name))
            .collect(),
        instance_profiles: profiles.found().unwrap_or_default(),
        unknown,
    }))
}

/// The role's template of a stack, as far as this identity may read it and we understand it.
pub async fn template(aws: &Aws, stack: &Stack) -> Result<Lookup<RoleTemplate>, Error> {
    let partition = stack.id.split(':').nth(1).unwrap_or("aws");
    let body = aws.cloudformation.template(&stack.id).await;
    let template = body.map(|body| body.and_then(|body| RoleTemplate::read(&body, partition)));
    Lookup::unless_denied(template.map(|template| template.map_or(Lookup::Missing, Lookup::Found)))
}

/// The role of a stack: from its output, or (where it has none, because its creation failed) from
/// its resources.
async fn role_name(aws: &Aws, stack: &Stack) -> Result<Option<String>, Error> {
    match &stack.role_arn {
        Some(arn) => Ok(Some(arn.name().to_owned())),
        None => aws.cloudformation.role_name(&stack.id).await,
    }
}

/// Namespaces in which the cluster has an IAM service account of that name.
async fn namespaces_of(
    aws: &Aws,
    cluster: &ClusterName,
    name: &ServiceAccountName,
) -> Result<Vec<String>, Error> {
    let stacks = aws.cloudformation.stacks().await?;
    let mut namespaces: Vec<String> = stacks
        .iter()
        .filter(|stack| stack.is_of(cluster))
        .filter_map(Stack::service_account)
        .filter(|account| account.name == name.name && account != name)
        .map(|account| account.namespace.to_string())
        .collect();
    namespaces.sort();
    Ok(namespaces)
}

/// What associating or disassociating a provider must know.
#[derive(Clone, Debug)]
pub struct ObservedProvider {
    pub provider: Option<OidcProvider>,
    /// What the issuer's TLS connections told; `None` when nobody asked.
    pub reading: Option<Reading>,
}

/// One row of `get iamserviceaccount`.
#[derive(Clone, Debug)]
pub struct Listed {
    pub name: ServiceAccountName,
    pub stack: Stack,
    /// Read for the wide and the structured formats only.
    pub template: Lookup<RoleTemplate>,
    pub service_account: Option<Lookup<ServiceAccount>>,
}

/// What a row needs beyond the stack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub enum Depth {
    Stacks,
    Templates,
    ServiceAccounts,
}

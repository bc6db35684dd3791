//! Where single stacks and ServiceAccounts are read from: by a call each for a few, from one paged
//! list for many.

use std::collections::BTreeMap;

use crate::aws::Aws;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Lookup, ServiceAccountName};
use crate::world::{Pod, Pods, ServiceAccount, ServiceAccountState, Stack};

/// From how many on one list is cheaper than a call each.
const MANY: usize = 10;

/// The stacks of a region.
pub enum Stacks {
    ByName,
    /// All of them, by name.
    Listed(BTreeMap<String, Stack>),
}

impl Stacks {
    /// Lists them, where so many are to be looked up that it pays. Who may read each may not be
    /// allowed to list them.
    pub async fn for_lookups(aws: &Aws, count: usize) -> Result<Self, Error> {
        if count < MANY {
            return Ok(Self::ByName);
        }
        match Self::list(aws).await {
            Err(Error::AccessDenied { .. }) => Ok(Self::ByName),
            listed => listed,
        }
    }

    /// By one paged list, however few are needed.
    pub async fn list(aws: &Aws) -> Result<Self, Error> {
        let stacks = aws.cloudformation.stacks().await?.into_iter();
        Ok(Self::Listed(
            stacks
                .map(|stack| (stack.name.to_string(), stack))
                .collect(),
        ))
    }

    /// `None`: there is no stack of that name. A call only where they were not listed.
    pub async fn stack(&self, aws: &Aws, name: &str) -> Result<Option<Stack>, Error> {
        match self {
            Self::ByName => aws.cloudformation.stack(name).await,
            Self::Listed(all) => Ok(all.get(name).cloned()),
        }
    }

    /// All, where they were listed.
    pub fn listed(&self) -> impl Iterator<Item = &Stack> {
        let all = match self {
            Self::ByName => None,
            Self::Listed(all) => Some(all.values()),
        };
        all.into_iter().flatten()
    }
}

/// The ServiceAccounts of a cluster.
pub enum ServiceAccounts<'a> {
    /// Not asked for: only roles matter.
    NotLooked,
    ByName(&'a Kubernetes),
    Listed(BTreeMap<ServiceAccountName, ServiceAccount>),
}

impl<'a> ServiceAccounts<'a> {
    /// Lists them, where so many are to be looked up that it pays. Who may read each may not be
    /// allowed to list them.
    pub async fn for_lookups(
        kubernetes: Option<&'a Kubernetes>,
        count: usize,
    ) -> Result<Self, Error> {
        let Some(kubernetes) = kubernetes else {
            return Ok(Self::NotLooked);
        };
        if count < MANY {
            return Ok(Self::ByName(kubernetes));
        }
        match kubernetes.service_accounts(None).await {
            Ok(all) => Ok(Self::Listed(all.into_iter().collect())),
            Err(Error::KubernetesForbidden { .. }) => Ok(Self::ByName(kubernetes)),
            Err(error) => Err(error),
        }
    }

    /// One that its finalizers hold is going. A call only where they were not listed.
    pub async fn service_account(
        &self,
        name: &ServiceAccountName,
    ) -> Result<ServiceAccountState, Error> {
        let found = match self {
            Self::NotLooked => return Ok(ServiceAccountState::NotLooked),
            Self::ByName(kubernetes) => kubernetes.service_account(name).await?,
            Self::Listed(all) => all.get(name).cloned(),
        };
        Ok(match found {
            Some(account) if account.held_by.is_some() => ServiceAccountState::Going(account),
            Some(account) => ServiceAccountState::Found(account),
            None => ServiceAccountState::Missing,
        })
    }
}

impl ServiceAccounts<'_> {
    /// All of the cluster. Missing: nobody asked for any.
    pub async fn all(&self) -> Lookup<BTreeMap<ServiceAccountName, ServiceAccount>> {
        match self {
            Self::NotLooked => Lookup::Missing,
            Self::ByName(kubernetes) => {
                let all = kubernetes.service_accounts(None).await;
                Lookup::of(all.map(|all| all.into_iter().collect()))
            }
            Self::Listed(all) => Lookup::Found(all.clone()),
        }
    }
}

/// The pods of service accounts.
pub enum AccountPods<'a> {
    ByName(&'a Kubernetes),
    Listed(BTreeMap<String, Vec<Pod>>),
}

impl<'a> AccountPods<'a> {
    /// Lists all of the cluster, where so many accounts are to be looked up that it pays. Who may not
    /// list them all may be allowed to list those of a namespace.
    pub async fn for_lookups(kubernetes: &'a Kubernetes, count: usize) -> Self {
        if count < MANY {
            return Self::ByName(kubernetes);
        }
        match kubernetes.pods(&Pods::All).await {
            Ok(Lookup::Found(pods)) => {
                let mut listed: BTreeMap<String, Vec<Pod>> = BTreeMap::new();
                for pod in pods {
                    let account = format!("{}/{}", pod.namespace, pod.service_account);
                    listed.entry(account).or_default().push(pod);
                }
                Self::Listed(listed)
            }
            _ => Self::ByName(kubernetes),
        }
    }

    /// The pods that run as it. A call only where they were not listed.
    pub async fn of(&self, name: &ServiceAccountName) -> Result<Vec<Pod>, Error> {
        match self {
            Self::ByName(kubernetes) => {
                let pods = kubernetes.pods(&Pods::Of(name.clone())).await?;
                Ok(pods.found().unwrap_or_default())
            }
            Self::Listed(listed) => Ok(listed.get(&name.to_string()).cloned().unwrap_or_default()),
        }
    }
}

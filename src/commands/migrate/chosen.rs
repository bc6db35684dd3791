//! Which service accounts a command is about, and the look at them.

use crate::cli::{KubernetesArgs, MoveChoice};
use crate::commands::file::ClusterPlace;
use crate::config::Filter;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Namespace, ServiceAccountName};
use crate::observe::{MoveScope, MoveSight};
use crate::run::Context;
use crate::world::Moving;

pub async fn access(
    context: &Context,
    choice: &MoveChoice,
    args: &KubernetesArgs,
) -> Result<(Cluster, Kubernetes), Error> {
    let place = ClusterPlace::new(Some(&choice.cluster), choice.issuer_url.as_ref())?;
    let cluster = context.cluster(&place).await?;
    let kubernetes = context.kubernetes(&cluster, args).await?;
    Ok((cluster, kubernetes))
}

/// Which service accounts are meant.
pub struct ChosenAccounts {
    names: Vec<ServiceAccountName>,
    namespace: Option<Namespace>,
    filter: Filter,
}

impl ChosenAccounts {
    pub fn of(choice: &MoveChoice) -> Result<Self, Error> {
        let filter = Filter::new(&choice.include, &choice.exclude).map_err(Error::Flags)?;
        let mut names = choice.names.clone();
        names.sort();
        names.dedup();
        let other = |name: &&ServiceAccountName| {
            let namespace = choice.namespace.as_ref();
            namespace.is_some_and(|namespace| *namespace != name.namespace)
        };
        if let (Some(namespace), Some(name)) = (&choice.namespace, names.iter().find(other)) {
            return Err(Error::Flags(format!(
                "--namespace {namespace} and {name} contradict each other"
            )));
        }
        Ok(Self {
            names,
            namespace: choice.namespace.clone(),
            filter,
        })
    }

    fn includes(&self, name: &ServiceAccountName) -> bool {
        if self.names.is_empty() {
            let namespace = self.namespace.as_ref();
            namespace.is_none_or(|it| *it == name.namespace)
                && self.filter.passes(&name.to_string())
        } else {
            self.names.contains(name)
        }
    }

    /// The namespace that all are of.
    fn within(&self) -> Option<Namespace> {
        let first = self.names.first().map(|name| &name.namespace);
        let alike = self.names.iter().all(|name| Some(&name.namespace) == first);
        let shared = first.filter(|_| alike).or(self.namespace.as_ref());
        shared.cloned()
    }

    pub async fn look(
        &self,
        context: &Context,
        cluster: &Cluster,
        kubernetes: &Kubernetes,
    ) -> Moving {
        let sight = MoveSight {
            aws: &context.aws,
            kubernetes,
            cluster,
        };
        let scope = MoveScope {
            namespace: self.within(),
            includes: &|name| self.includes(name),
            named: &self.names,
        };
        sight.moving(&scope).await
    }
}

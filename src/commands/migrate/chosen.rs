//! Which service accounts a command is about, and the look at them.

use super::flags::named;
use crate::cli::{KubernetesArgs, MoveChoice};
use crate::commands::file::ClusterPlace;
use crate::config::Filter;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Namespace, ServiceAccountName};
use crate::observe::{MoveDepth, MoveObserver, MoveScope};
use crate::run::Context;
use crate::world::Moving;

/// The cluster, and the way to its Kubernetes API.
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
    pub names: Vec<ServiceAccountName>,
    namespace: Option<Namespace>,
    filter: Filter,
}

impl ChosenAccounts {
    /// Those that the flags name.
    ///
    /// # Errors
    /// A name or a glob that is none; names of another namespace than `--namespace`.
    pub fn of(choice: &MoveChoice) -> Result<Self, Error> {
        let filter = Filter::new(&choice.include, &choice.exclude).map_err(Error::Flags)?;
        let namespace = choice.namespace.as_ref();
        let names = choice.names.iter().map(|name| named(name, namespace));
        let mut names = names.collect::<Result<Vec<_>, _>>()?;
        names.sort();
        names.dedup();
        Ok(Self {
            names,
            namespace: choice.namespace.clone(),
            filter,
        })
    }

    /// Whether it is meant.
    pub fn includes(&self, name: &ServiceAccountName) -> bool {
        self.includes_part(name, name)
    }

    /// Whether a workload of one is meant that gets one of its own: by either.
    fn includes_part(&self, former: &ServiceAccountName, own: &ServiceAccountName) -> bool {
        if !self.names.is_empty() {
            return self.names.contains(former) || self.names.contains(own);
        }
        let namespace = self.namespace.as_ref();
        let names = [&*former.to_string(), &*own.to_string()];
        namespace.is_none_or(|it| *it == own.namespace) && self.filter.passes_either(names)
    }

    /// Whether the whole cluster is meant, but for what is excluded.
    pub fn is_all(&self) -> bool {
        self.names.is_empty() && self.namespace.is_none() && self.filter.includes_all()
    }

    /// That there is nothing that could be meant, where all was read.
    pub fn absence(&self, moving: &Moving) -> Option<String> {
        let is_known = moving.unknown.is_empty() && self.names.is_empty();
        let place = self.namespace.as_ref();
        let place = place.map(|namespace| format!(" in namespace {namespace}"));
        let told = format!("no service accounts found{}", place.unwrap_or_default());
        (is_known && moving.accounts.is_empty()).then_some(told)
    }

    /// Those that were named, and of which there is nothing; where that is known.
    pub fn missing(&self, moving: &Moving) -> Vec<ServiceAccountName> {
        let named = moving.accounts.iter().map(|it| (&it.name, it));
        let named = named.filter(|(name, it)| self.names.contains(name) && it.is_nothing());
        named.map(|(name, _)| name.clone()).collect()
    }

    /// The namespace that all are of.
    fn within(&self) -> Option<Namespace> {
        let first = self.names.first().map(|name| &name.namespace);
        let alike = self.names.iter().all(|name| Some(&name.namespace) == first);
        first.filter(|_| alike).or(self.namespace.as_ref()).cloned()
    }

    /// Reads all that the moves of those need to know.
    pub async fn look(
        &self,
        context: &Context,
        cluster: &Cluster,
        kubernetes: &Kubernetes,
        depth: MoveDepth,
        splits: Option<Option<&str>>,
    ) -> Moving {
        let observer = MoveObserver {
            aws: &context.aws,
            kubernetes,
            cluster,
        };
        let scope = MoveScope {
            namespace: self.within().filter(|_| depth != MoveDepth::Users),
            includes: &|name| self.includes(name),
            includes_part: &|former, own| self.includes_part(former, own),
            named: &self.names,
            depth,
            splits,
        };
        observer.moving(&scope).await
    }
}

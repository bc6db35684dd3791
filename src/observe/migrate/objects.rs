//! What Kubernetes has that bears on a move: service accounts, pods and workloads.

use std::collections::{BTreeMap, BTreeSet};

use super::{ByName, MoveObserver, MoveScope};
use crate::model::{Lookup, Namespace, ServiceAccountName, Workload};
use crate::world::{Pod, Pods, ServiceAccount, TemplatedWorkload, VaultDeliveries};

/// What Kubernetes has.
pub struct Objects {
    pub accounts: ByName<ServiceAccount>,
    /// Those that run.
    pub pods: ByName<Vec<Pod>>,
    pub workloads: ByName<Vec<TemplatedWorkload>>,
}

impl Objects {
    /// With what Vault writes into Secrets and volumes.
    pub fn deliver(&mut self, deliveries: &VaultDeliveries) {
        if let Lookup::Found(pods) = &mut self.pods {
            for (name, pods) in pods {
                let namespace = name.namespace.as_str();
                pods.iter_mut()
                    .for_each(|it| it.deliver(deliveries, namespace));
            }
        }
        if let Lookup::Found(workloads) = &mut self.workloads {
            for (name, workloads) in workloads {
                let namespace = name.namespace.as_str();
                let templates = workloads.iter_mut().map(|it| &mut it.template);
                templates.for_each(|it| it.deliver(deliveries, namespace));
            }
        }
    }

    /// All service accounts, with what runs as them.
    pub fn known(&self) -> BTreeMap<ServiceAccountName, BTreeSet<Workload>> {
        let mut known: BTreeMap<_, BTreeSet<Workload>> = BTreeMap::new();
        for name in self
            .accounts
            .as_found()
            .into_iter()
            .flat_map(BTreeMap::keys)
        {
            known.entry(name.clone()).or_default();
        }
        for (name, workloads) in self.workloads.as_found().into_iter().flatten() {
            let its = workloads.iter().map(|it| it.state.workload.clone());
            known.entry(name.clone()).or_default().extend(its);
        }
        for (name, pods) in self.pods.as_found().into_iter().flatten() {
            let its = pods.iter().map(|pod| pod.owner.clone());
            known.entry(name.clone()).or_default().extend(its);
        }
        known
    }
}

impl MoveObserver<'_> {
    pub(super) async fn objects(&self, scope: &MoveScope<'_>) -> Objects {
        let kubernetes = self.kubernetes;
        let namespace = scope.namespace.as_ref();
        let which = namespace.map_or(Pods::All, |it| Pods::InNamespace(it.clone()));
        let (accounts, pods, workloads) = tokio::join!(
            kubernetes.service_accounts(namespace),
            kubernetes.pods(&which),
            kubernetes.workloads(namespace.map_or("", Namespace::as_str)),
        );
        let alive = |pods: Vec<Pod>| pods.into_iter().filter(Pod::is_alive).collect();
        Objects {
            accounts: Lookup::of(accounts).map(|all| all.into_iter().collect()),
            pods: Lookup::or_unknown(pods)
                .map(|pods| grouped(alive(pods), |it| (&it.namespace, &it.service_account))),
            workloads: workloads.map(|all| {
                grouped(all, |TemplatedWorkload { state, .. }| {
                    (&state.workload.namespace, &state.service_account)
                })
            }),
        }
    }
}

/// By the service account of each.
fn grouped<T>(
    all: Vec<T>,
    of: impl Fn(&T) -> (&str, &str),
) -> BTreeMap<ServiceAccountName, Vec<T>> {
    let mut groups: BTreeMap<_, Vec<T>> = BTreeMap::new();
    for one in all {
        let (namespace, name) = of(&one);
        let namespace = namespace.parse().ok();
        let name = namespace.and_then(|it| ServiceAccountName::new(it, name).ok());
        if let Some(name) = name {
            groups.entry(name).or_default().push(one);
        }
    }
    groups
}

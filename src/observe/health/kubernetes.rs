//! What Kubernetes tells of a cluster and of a service account for `doctor`: reads side by side, each of
//! which may be denied without hiding the others.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::Shared;
use super::once::ReadOnce;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Lookup, Map, ServiceAccountName, Workload};
use crate::world::{
    KubernetesHealth, NetworkPolicy, Node, ObjectHealth, Pod, PodSecurityGroups, Pods,
};

/// What is looked at once for a cluster.
pub async fn kubernetes_health(kubernetes: &Kubernetes) -> KubernetesHealth {
    let (version, webhooks, metadata_agents, identity_agent) = tokio::join!(
        kubernetes.version(),
        kubernetes.webhooks(),
        kubernetes.metadata_agents(),
        kubernetes.pod_identity_agent(),
    );
    KubernetesHealth {
        version: Lookup::or_unknown(version),
        webhooks: Lookup::or_unknown(webhooks),
        metadata_agents: Lookup::or_unknown(metadata_agents),
        identity_agent: Lookup::or_unknown(identity_agent),
    }
}

/// What is looked at for each service account; of its pods all, or those of a workload.
pub async fn object_health(
    kubernetes: &Kubernetes,
    shared: &Shared,
    name: &ServiceAccountName,
    of: Option<&Workload>,
) -> ObjectHealth {
    let pods = match of {
        Some(workload) => Pods::OfWorkload(workload.clone()),
        None => Pods::Of(name.clone()),
    };
    let nodes = async { Lookup::or_unknown(kubernetes.nodes().await).map(Arc::new) };
    let (of_namespace, object, history, pods, nodes) = tokio::join!(
        namespace_health(kubernetes, shared, name.namespace.as_str()),
        kubernetes.service_account(name),
        kubernetes.service_account_history(name),
        kubernetes.pods(&pods),
        shared.nodes.of("", nodes),
    );
    let (namespace, network_policies, security_groups) = of_namespace;
    let pods = Lookup::or_unknown(pods);
    let object = Lookup::or_unknown(object.map(Lookup::from));
    let service_account = match (object, Lookup::or_unknown(history)) {
        (Lookup::Found(object), Lookup::Found(history)) => Lookup::Found((object, history)),
        (Lookup::Unknown(why), _) | (_, Lookup::Unknown(why)) => Lookup::Unknown(why),
        (Lookup::Missing, _) | (_, Lookup::Missing) => Lookup::Missing,
    };
    ObjectHealth {
        namespace,
        service_account,
        nodes: under(pods.as_found(), nodes),
        pods,
        network_policies,
        security_groups,
    }
}

/// What the service accounts of a namespace share: its labels, and what shuts pods in.
async fn namespace_health(
    kubernetes: &Kubernetes,
    shared: &Shared,
    namespace: &str,
) -> (
    Lookup<Map>,
    Lookup<Vec<NetworkPolicy>>,
    Lookup<Vec<PodSecurityGroups>>,
) {
    let labels = kubernetes.namespace(namespace);
    let policies = kubernetes.network_policies(namespace);
    let groups = kubernetes.pod_security_groups(namespace);
    tokio::join!(
        once(&shared.namespaces, namespace, labels),
        once(&shared.network_policies, namespace, policies),
        once(&shared.pod_security_groups, namespace, groups)
    )
}

async fn once<T: Clone>(
    shared: &ReadOnce<T>,
    key: &str,
    read: impl Future<Output = Result<Lookup<T>, Error>>,
) -> Lookup<T> {
    shared
        .of(key, async { Lookup::or_unknown(read.await) })
        .await
}

/// The nodes that the pods run on.
fn under(pods: Option<&Vec<Pod>>, nodes: Lookup<Arc<Vec<Node>>>) -> Lookup<Vec<Node>> {
    let pods = pods.into_iter().flatten();
    let names: BTreeSet<&String> = pods.filter_map(|pod| pod.node.as_ref()).collect();
    nodes.map(|all| {
        let under = all.iter().filter(|node| names.contains(&node.name));
        under.cloned().collect()
    })
}

impl KubernetesHealth {
    /// Where Kubernetes cannot be asked.
    pub fn unknown(why: &str) -> Self {
        Self {
            version: Lookup::Unknown(why.to_owned()),
            webhooks: Lookup::Unknown(why.to_owned()),
            metadata_agents: Lookup::Unknown(why.to_owned()),
            identity_agent: Lookup::Unknown(why.to_owned()),
        }
    }
}

impl ObjectHealth {
    /// Where Kubernetes cannot be asked.
    pub fn unknown(why: &str) -> Self {
        Self {
            namespace: Lookup::Unknown(why.to_owned()),
            service_account: Lookup::Unknown(why.to_owned()),
            pods: Lookup::Unknown(why.to_owned()),
            nodes: Lookup::Unknown(why.to_owned()),
            network_policies: Lookup::Unknown(why.to_owned()),
            security_groups: Lookup::Unknown(why.to_owned()),
        }
    }
}

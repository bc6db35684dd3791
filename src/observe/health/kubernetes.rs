//! What Kubernetes tells of a cluster and of a service account for `doctor`: reads side by side, each of
//! which may be denied without hiding the others.

use super::{KubernetesHealth, ObjectHealth, Pods};
use crate::kubernetes::Kubernetes;
use crate::model::{ServiceAccountName, Workload};
use crate::observe::Lookup;

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
    name: &ServiceAccountName,
    of: Option<&Workload>,
) -> ObjectHealth {
    let namespace = name.namespace.as_str();
    let pods = match of {
        Some(workload) => Pods::OfWorkload(workload.clone()),
        None => Pods::Of(name.clone()),
    };
    let (labels, object, history, pods, nodes, network_policies, security_groups) = tokio::join!(
        kubernetes.namespace(namespace),
        kubernetes.service_account(name),
        kubernetes.service_account_history(name),
        kubernetes.pods(&pods),
        kubernetes.nodes(),
        kubernetes.network_policies(namespace),
        kubernetes.pod_security_groups(namespace),
    );
    let object =
        Lookup::or_unknown(object.map(|found| found.map_or(Lookup::Missing, Lookup::Found)));
    let service_account = match (object, Lookup::or_unknown(history)) {
        (Lookup::Found(object), Lookup::Found(history)) => Lookup::Found((object, history)),
        (Lookup::Unknown(why), _) | (_, Lookup::Unknown(why)) => Lookup::Unknown(why),
        (Lookup::Missing, _) | (_, Lookup::Missing) => Lookup::Missing,
    };
    ObjectHealth {
        namespace: Lookup::or_unknown(labels),
        service_account,
        pods: Lookup::or_unknown(pods),
        nodes: Lookup::or_unknown(nodes),
        network_policies: Lookup::or_unknown(network_policies),
        security_groups: Lookup::or_unknown(security_groups),
    }
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

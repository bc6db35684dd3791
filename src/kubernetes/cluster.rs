//! What a cluster has that bears on the roles of pods: webhooks, nodes, agents, network policies, and
//! who changed a ServiceAccount.

use std::collections::BTreeMap;

use super::failure::ApiOperation;
use super::objects::{FieldsOf, PartialObjectMetadata, read, time};
use super::paths::{Resource, resource};
use super::workloads::WorkloadObject;
use super::{Error, Kubernetes};
use crate::model::{
    AGENT, AUDIENCE_ANNOTATION, Lookup, Map, ROLE_ANNOTATION, Right, ServiceAccountName,
};
use crate::waiting::side_by_side;
use crate::world::{
    EgressRule, IdentityAgent, NetworkPolicy, Node, NodeClass, PodSecurityGroups,
    ServiceAccountHistory, Webhook,
};

mod agents;
mod deliveries;
mod object;

use object::{
    Configuration, EgressObject, NetworkPolicyObject, NodeClassObject, NodeObject, Peer,
    SecurityGroupPolicy, ServiceAccountObject, Version, WebhookObject,
};

const DAEMON_SETS: Resource = resource("apps/v1", "daemonsets");

impl Kubernetes {
    /// Of the API server, as `1.33`.
    pub async fn version(&self) -> Result<Lookup<String>, Error> {
        let operation = ApiOperation::told("read the version", Right::of("get", "/version"));
        let answer = self.answer(&operation, "GET", "/version", "", Vec::new());
        let version = answer.await?.map(|answer| {
            let Version { major, minor } = read(&answer);
            let [major, minor] = [&major, &minor]
                .map(|number| number.trim_end_matches(|c: char| !c.is_ascii_digit()));
            format!("{major}.{minor}")
        });
        Ok(Lookup::from(version))
    }

    /// The annotations of all namespaces.
    pub async fn namespace_annotations(&self) -> Result<Lookup<BTreeMap<String, Map>>, Error> {
        let annotated =
            |found: PartialObjectMetadata| Some((found.metadata.name, found.metadata.annotations));
        let found = self
            .all(resource("v1", "namespaces"), "", annotated)
            .await?;
        Ok(Lookup::from(found.map(|all| all.into_iter().collect())))
    }

    /// A namespace's labels.
    pub async fn namespace(&self, name: &str) -> Result<Lookup<Map>, Error> {
        let namespaces = resource("v1", "namespaces");
        let found = self
            .object::<PartialObjectMetadata>(namespaces, "", name)
            .await?;
        Ok(Lookup::from(found.map(|found| found.metadata.labels)))
    }

    /// When it was made, and who changed it, by its managed fields. Missing: there is no such
    /// ServiceAccount.
    pub async fn service_account_history(
        &self,
        name: &ServiceAccountName,
    ) -> Result<Lookup<ServiceAccountHistory>, Error> {
        let accounts = resource("v1", "serviceaccounts");
        let found = self
            .object(accounts, name.namespace.as_str(), &name.name)
            .await?;
        Ok(Lookup::from(found.map(history)))
    }

    /// The webhooks that give pods their role.
    pub async fn webhooks(&self) -> Result<Lookup<Vec<Webhook>>, Error> {
        let configurations = resource(
            "admissionregistration.k8s.io/v1",
            "mutatingwebhookconfigurations",
        );
        let found = self
            .all(configurations, "", |it| Some(webhooks(it)))
            .await?;
        Ok(Lookup::from(found.map(|all| all.concat())))
    }

    /// All nodes, with how EKS runs them.
    pub async fn nodes(&self) -> Result<Lookup<Vec<Node>>, Error> {
        let found = self
            .all(resource("v1", "nodes"), "", |it| Some(node(it)))
            .await?;
        Ok(Lookup::from(found))
    }

    /// What Karpenter and EKS Auto Mode make nodes from, each kind by itself. Missing: the cluster knows no such
    /// kind.
    pub async fn node_classes(&self) -> Vec<Lookup<Vec<NodeClass>>> {
        let kinds = [
            ("EC2NodeClass", "karpenter.k8s.aws/v1", "ec2nodeclasses"),
            ("NodeClass", "eks.amazonaws.com/v1", "nodeclasses"),
        ];
        let lists = kinds.map(|(kind, version, plural)| async move {
            let make = |it| Some(node_class(kind, it));
            let found = self.all(resource(version, plural), "", make).await;
            Lookup::or_unknown(found.map(Lookup::from))
        });
        side_by_side(kinds.len(), lists).await
    }

    /// EKS's Pod Identity agent.
    pub async fn pod_identity_agent(&self) -> Result<Lookup<IdentityAgent>, Error> {
        let found = self.object::<WorkloadObject>(DAEMON_SETS, "kube-system", AGENT);
        Ok(Lookup::from(found.await?.map(|found| IdentityAgent {
            desired: found.status.desired_number_scheduled,
            ready: found.status.number_ready,
            host_network: found.spec.template.spec.host_network,
        })))
    }

    /// Those of a namespace, with what they let pods reach.
    pub async fn network_policies(
        &self,
        namespace: &str,
    ) -> Result<Lookup<Vec<NetworkPolicy>>, Error> {
        let policies = resource("networking.k8s.io/v1", "networkpolicies");
        let found = self
            .all(policies, namespace, |it| Some(network_policy(it)))
            .await?;
        Ok(Lookup::from(found))
    }

    /// Missing: the cluster knows no SecurityGroupPolicies.
    pub async fn pod_security_groups(
        &self,
        namespace: &str,
    ) -> Result<Lookup<Vec<PodSecurityGroups>>, Error> {
        let policies = resource("vpcresources.k8s.aws/v1beta1", "securitygrouppolicies");
        let found = self
            .all(policies, namespace, |it| Some(pod_security_groups(it)))
            .await?;
        Ok(Lookup::from(found))
    }
}

/// Who set an annotation that pods get their role by, and when: the latest of them.
pub fn role_set(managed: &[FieldsOf]) -> Option<(String, i64)> {
    let sets_role = |entry: &&FieldsOf| {
        let annotations = &entry.fields_v1.metadata.annotations;
        [ROLE_ANNOTATION, AUDIENCE_ANNOTATION]
            .iter()
            .any(|key| annotations.contains_key(&format!("f:{key}")))
    };
    managed
        .iter()
        .filter(sets_role)
        .filter_map(|entry| Some((entry.manager.clone(), time(&entry.time)?)))
        .max_by_key(|(_, at)| *at)
}

fn history(object: ServiceAccountObject) -> ServiceAccountHistory {
    let metadata = object.metadata;
    let role_set = role_set(&metadata.managed_fields);
    let managers = metadata.managed_fields.into_iter();
    let mut managers: Vec<String> = managers.map(|entry| entry.manager).collect();
    managers.sort();
    managers.dedup();
    let secrets = object.secrets.into_iter();
    ServiceAccountHistory {
        created: time(&metadata.creation_timestamp).unwrap_or_default(),
        role_set,
        managers,
        secrets: secrets
            .map(|secret| secret.name.0.unwrap_or_default())
            .collect(),
    }
}

/// Those of a configuration that are about roles, by its name or their own.
fn webhooks(configuration: Configuration) -> Vec<Webhook> {
    let name = configuration.metadata.name;
    let is_ours = |webhook: &WebhookObject| {
        let service = webhook.client_config.service.name.0.as_deref();
        name == "pod-identity-webhook"
            || service == Some("pod-identity-webhook")
            || webhook.name == "iam-for-pods.amazonaws.com"
            || webhook.name == "pod-identity-webhook.amazonaws.com"
    };
    let all = configuration.webhooks.into_iter().filter(is_ours);
    all.map(|it| webhook(&name, it)).collect()
}

fn webhook(name: &str, object: WebhookObject) -> Webhook {
    let client = object.client_config;
    let namespace = client.service.namespace;
    let service = client.service.name.0;
    let has = |list: &[String], word: &str| list.iter().any(|known| known == word || known == "*");
    Webhook {
        name: name.to_owned(),
        url: client.url.0,
        service: service.map(|name| format!("{namespace}/{name}")),
        has_ca: !client.ca_bundle.is_empty(),
        failure_policy: object.failure_policy.0,
        namespace_selector: object.namespace_selector.0,
        object_selector: object.object_selector.0,
        on_pod_creation: object
            .rules
            .iter()
            .any(|rule| has(&rule.operations, "CREATE") && has(&rule.resources, "pods")),
    }
}

fn node(object: NodeObject) -> Node {
    let metadata = object.metadata;
    let label = |key: &str| metadata.labels.get(key).map(String::as_str);
    let provider = object.spec.provider_id;
    let last = provider.rsplit('/').next().unwrap_or_default();
    Node {
        instance: last.starts_with("i-").then(|| last.to_owned()),
        compute: label("eks.amazonaws.com/compute-type")
            .unwrap_or("ec2")
            .to_owned(),
        windows: label("kubernetes.io/os") == Some("windows"),
        name: metadata.name,
    }
}

fn node_class(kind: &str, object: NodeClassObject) -> NodeClass {
    NodeClass {
        told: format!("{kind} {}", object.metadata.name),
        role: object.spec.role.0,
        profile: object.spec.instance_profile.0,
    }
}

fn network_policy(object: NetworkPolicyObject) -> NetworkPolicy {
    let spec = object.spec;
    // Without types, egress is meant where there are rules for it.
    let has_egress = match spec.policy_types {
        Some(types) => types.iter().any(|kind| kind == "Egress"),
        None => spec.egress.is_some(),
    };
    let rules = spec.egress.into_iter().flatten();
    NetworkPolicy {
        name: object.metadata.name,
        selector: spec.pod_selector.0.unwrap_or_default(),
        egress: has_egress.then(|| rules.map(egress_rule).collect()),
    }
}

fn egress_rule(rule: EgressObject) -> EgressRule {
    let blocks = rule.to.iter().filter_map(|peer| peer.ip_block.as_ref());
    EgressRule {
        cidrs: blocks
            .filter_map(|block| Some((block.cidr.0.clone()?, block.except.clone())))
            .collect(),
        to_all: rule.to.is_empty(),
        to_pods: rule.to.iter().any(|peer: &Peer| peer.ip_block.is_none()),
        ports: rule
            .ports
            .into_iter()
            .map(|it| {
                let protocol = it.protocol.0.unwrap_or_else(|| "TCP".to_owned());
                (protocol, it.port.0, it.end_port.0)
            })
            .collect(),
    }
}

fn pod_security_groups(object: SecurityGroupPolicy) -> PodSecurityGroups {
    let spec = object.spec;
    PodSecurityGroups {
        name: object.metadata.name,
        pod_selector: spec.pod_selector.0,
        service_account_selector: spec.service_account_selector.0,
        groups: spec.security_groups.group_ids,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kubernetes::objects::OptionalMember;
    use crate::world::Selector;

    #[test]
    fn webhooks_about_roles_are_told_from_others() {
        let configuration = |name: &str, webhook: Value| {
            webhooks(read(
                &json!({"metadata": {"name": name}, "webhooks": [webhook]}),
            ))
        };
        let rules = json!([{"operations": ["CREATE"], "resources": ["pods"]}]);
        let eks = json!({"name": "iam-for-pods.amazonaws.com", "rules": rules, "failurePolicy": "Ignore",
            "clientConfig": {"url": "https://127.0.0.1:23443/mutate", "caBundle": "YQ=="},
            "objectSelector": {"matchExpressions": [{"key": "skip", "operator": "DoesNotExist"}]}});
        let found = configuration("pod-identity-webhook", eks);
        assert!(found[0].on_pod_creation && found[0].has_ca);
        let selector = found[0].object_selector.as_ref().unwrap();
        assert!(selector.matches(&Map::new()));
        assert!(!selector.matches(&Map::from([("skip".to_owned(), "1".to_owned())])));
        let own = json!({"name": "x", "clientConfig":
            {"service": {"namespace": "eks", "name": "pod-identity-webhook"}}});
        let found = configuration("mine", own);
        assert_eq!(
            found[0].service.as_deref(),
            Some("eks/pod-identity-webhook")
        );
        assert!(!found[0].on_pod_creation && !found[0].has_ca);
        let other = json!({"name": "mpod.elbv2.k8s.aws", "clientConfig": {}});
        assert_eq!(configuration("load-balancer", other), []);
    }

    #[test]
    fn selectors_are_written_as_queries_have_them() {
        let all = json!({
            "matchLabels": {"app": "api"},
            "matchExpressions": [
                {"key": "tier", "operator": "In", "values": ["a", "b"]},
                {"key": "old", "operator": "DoesNotExist"},
                {"key": "new", "operator": "Exists"},
            ],
        });
        let told = read::<OptionalMember<Selector>>(&all)
            .0
            .map(|selector| selector.to_string());
        assert_eq!(told.as_deref(), Some("app=api,tier in (a,b),!old,new"));
    }

    #[test]
    fn nodes_and_agents_are_known_by_their_marks() {
        for (provider, label, instance, compute) in [
            ("aws:///eu-west-1a/i-0abc", None, Some("i-0abc"), "ec2"),
            (
                "aws:///eu-west-1a/i-0abc",
                Some("auto"),
                Some("i-0abc"),
                "auto",
            ),
            (
                "aws:///eu-west-1a/4a/fargate-ip-10",
                Some("fargate"),
                None,
                "fargate",
            ),
            (
                "eks-hybrid:///eu-west-1/demo/mi-1",
                Some("hybrid"),
                None,
                "hybrid",
            ),
        ] {
            let found = node(read(&json!({
                "metadata": {"name": "n", "labels": {"eks.amazonaws.com/compute-type": label}},
                "spec": {"providerID": provider},
            })));
            assert_eq!(
                (found.instance.as_deref(), found.compute.as_str()),
                (instance, compute)
            );
        }
    }

    #[test]
    fn network_policies_are_read_as_far_as_egress_goes() {
        let egress = |spec: Value| network_policy(read(&json!({"spec": spec}))).egress;
        assert_eq!(
            egress(json!({"policyTypes": ["Ingress"], "ingress": []})),
            None
        );
        assert_eq!(egress(json!({"policyTypes": ["Egress"]})), Some(Vec::new()));
        let all = egress(json!({"egress": [{}]})).unwrap();
        assert!(all[0].to_all && all[0].ports.is_empty());
        let https = egress(json!({"egress": [{
            "to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, {"podSelector": {}}],
            "ports": [{"port": 443}, {"protocol": "UDP", "port": 53, "endPort": 54}],
        }]})).unwrap();
        assert!(!https[0].to_all && https[0].to_pods);
        assert_eq!(
            https[0].cidrs,
            [("0.0.0.0/0".to_owned(), vec!["10.0.0.0/8".to_owned()])]
        );
        let ports = [
            ("TCP".to_owned(), Some(443), None),
            ("UDP".to_owned(), Some(53), Some(54)),
        ];
        assert_eq!(https[0].ports, ports);
    }

    #[test]
    fn who_set_the_role_last_is_known_by_the_managed_fields() {
        let entry = |manager: &str, time: &str, annotation: &str| {
            let annotations = json!({format!("f:{annotation}"): {}});
            json!({"manager": manager, "time": time,
                   "fieldsV1": {"f:metadata": {"f:annotations": annotations}}})
        };
        let managed = json!([
            entry("helm", "1970-01-01T00:01:00Z", ROLE_ANNOTATION),
            entry("irsactl", "1970-01-01T00:02:00Z", AUDIENCE_ANNOTATION),
            entry("kubectl", "1970-01-01T00:03:00Z", "note"),
        ]);
        let managed: Vec<FieldsOf> = read(&managed);
        assert_eq!(role_set(&managed), Some(("irsactl".to_owned(), 120)));
        assert_eq!(role_set(&[]), None);
    }
}

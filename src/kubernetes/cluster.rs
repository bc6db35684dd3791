//! What a cluster has that bears on the roles of pods: webhooks, nodes, agents, network policies, and
//! who changed a ServiceAccount.

use serde_json::Value;

use super::failure::Operation;
use super::paths::{Resource, items, resource, text, texts, time};
use super::{Error, Kubernetes};
use crate::model::{AUDIENCE_ANNOTATION, Lookup, Map, ROLE_ANNOTATION, Right, ServiceAccountName};
use crate::world::{
    EgressRule, IdentityAgent, MetadataAgent, NetworkPolicy, Node, PodSecurityGroups, Selector,
    ServiceAccountHistory, Webhook,
};

const DAEMON_SETS: Resource = resource("apps/v1", "daemonsets");

impl Kubernetes {
    /// Of the API server, as `1.33`.
    pub async fn version(&self) -> Result<Lookup<String>, Error> {
        let operation = Operation::told("read the version", Right::of("get", "/version"));
        let answer = self.answer(&operation, "GET", "/version", "", Vec::new());
        let number = |value: &Value| {
            let text = text(value);
            text.trim_end_matches(|c: char| !c.is_ascii_digit())
                .to_owned()
        };
        Ok(Lookup::from(answer.await?.map(|version| {
            format!(
                "{}.{}",
                number(&version["major"]),
                number(&version["minor"])
            )
        })))
    }

    /// A namespace's labels.
    pub async fn namespace(&self, name: &str) -> Result<Lookup<Map>, Error> {
        let found = self.object(resource("v1", "namespaces"), "", name).await?;
        Ok(Lookup::from(
            found.map(|found| texts(&found["metadata"]["labels"])),
        ))
    }

    pub async fn service_account_history(
        &self,
        name: &ServiceAccountName,
    ) -> Result<Lookup<ServiceAccountHistory>, Error> {
        let accounts = resource("v1", "serviceaccounts");
        let found = self
            .object(accounts, name.namespace.as_str(), &name.name)
            .await?;
        Ok(Lookup::from(found.as_ref().map(history)))
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

    pub async fn nodes(&self) -> Result<Lookup<Vec<Node>>, Error> {
        let found = self
            .all(resource("v1", "nodes"), "", |it| Some(node(it)))
            .await?;
        Ok(Lookup::from(found))
    }

    /// kiam and kube2iam, whatever their DaemonSets are called.
    pub async fn metadata_agents(&self) -> Result<Lookup<Vec<MetadataAgent>>, Error> {
        Ok(Lookup::from(
            self.all(DAEMON_SETS, "", metadata_agent).await?,
        ))
    }

    /// EKS's Pod Identity agent.
    pub async fn pod_identity_agent(&self) -> Result<Lookup<IdentityAgent>, Error> {
        let name = "eks-pod-identity-agent";
        let found = self.object(DAEMON_SETS, "kube-system", name).await?;
        let number = |found: &Value, member: &str| found["status"][member].as_i64().unwrap_or(0);
        Ok(Lookup::from(found.map(|found| IdentityAgent {
            desired: number(&found, "desiredNumberScheduled"),
            ready: number(&found, "numberReady"),
            host_network: found["spec"]["template"]["spec"]["hostNetwork"] == true,
        })))
    }

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
pub fn role_set(metadata: &Value) -> Option<(String, i64)> {
    let sets_role = |entry: &&Value| {
        let annotations = &entry["fieldsV1"]["f:metadata"]["f:annotations"];
        [ROLE_ANNOTATION, AUDIENCE_ANNOTATION]
            .iter()
            .any(|key| !annotations[format!("f:{key}")].is_null())
    };
    items(&metadata["managedFields"])
        .filter(sets_role)
        .filter_map(|entry| Some((text(&entry["manager"]), time(&entry["time"])?)))
        .max_by_key(|(_, at)| *at)
}

fn history(object: &Value) -> ServiceAccountHistory {
    let metadata = &object["metadata"];
    let mut managers: Vec<String> = items(&metadata["managedFields"])
        .map(|entry| text(&entry["manager"]))
        .collect();
    managers.dedup();
    ServiceAccountHistory {
        created: time(&metadata["creationTimestamp"]).unwrap_or_default(),
        role_set: role_set(metadata),
        managers,
        secrets: items(&object["secrets"])
            .map(|secret| text(&secret["name"]))
            .collect(),
    }
}

/// Those of a configuration that are about roles, by its name or their own.
fn webhooks(configuration: &Value) -> Vec<Webhook> {
    let name = text(&configuration["metadata"]["name"]);
    let is_ours = |webhook: &&Value| {
        let service = &webhook["clientConfig"]["service"]["name"];
        name == "pod-identity-webhook"
            || *service == "pod-identity-webhook"
            || text(&webhook["name"]) == "iam-for-pods.amazonaws.com"
            || text(&webhook["name"]) == "pod-identity-webhook.amazonaws.com"
    };
    let all = items(&configuration["webhooks"]).filter(is_ours);
    all.map(|it| webhook(&name, it)).collect()
}

fn webhook(name: &str, object: &Value) -> Webhook {
    let client = &object["clientConfig"];
    let service = &client["service"];
    let has = |list: &Value, word: &str| items(list).any(|known| known == word || known == "*");
    Webhook {
        name: name.to_owned(),
        url: client["url"].as_str().map(str::to_owned),
        service: service["name"]
            .as_str()
            .map(|name| format!("{}/{name}", text(&service["namespace"]))),
        has_ca: client["caBundle"].as_str().is_some_and(|ca| !ca.is_empty()),
        failure_policy: object["failurePolicy"].as_str().map(str::to_owned),
        namespace_selector: selector(&object["namespaceSelector"]),
        object_selector: selector(&object["objectSelector"]),
        on_pod_creation: items(&object["rules"])
            .any(|rule| has(&rule["operations"], "CREATE") && has(&rule["resources"], "pods")),
    }
}

/// `None`: none is given.
pub fn selector(value: &Value) -> Option<Selector> {
    serde_json::from_value(value.clone()).ok()
}

fn node(object: &Value) -> Node {
    let labels = &object["metadata"]["labels"];
    let provider = text(&object["spec"]["providerID"]);
    let last = provider.rsplit('/').next().unwrap_or_default();
    let compute = match labels["eks.amazonaws.com/compute-type"].as_str() {
        Some(kind) => kind.to_owned(),
        None => "ec2".to_owned(),
    };
    Node {
        name: text(&object["metadata"]["name"]),
        instance: last.starts_with("i-").then(|| last.to_owned()),
        compute,
        windows: labels["kubernetes.io/os"] == "windows",
    }
}

fn metadata_agent(object: &Value) -> Option<MetadataAgent> {
    let metadata = &object["metadata"];
    let images = items(&object["spec"]["template"]["spec"]["containers"])
        .map(|container| text(&container["image"]));
    let labels = ["app", "k8s-app", "app.kubernetes.io/name"];
    let labels = labels.iter().map(|key| text(&metadata["labels"][*key]));
    // The last part of an image's path, without its tag.
    let images = images.map(|image| {
        let name = image.rsplit('/').next().unwrap_or_default();
        name.split([':', '@']).next().unwrap_or_default().to_owned()
    });
    let mut names = labels.chain(images).chain([text(&metadata["name"])]);
    // kiam's server gives no metadata away; its agent does.
    let kind = names.find_map(|name| match name.as_str() {
        "kube2iam" => Some("kube2iam"),
        "kiam" | "kiam-agent" => Some("kiam"),
        _ => None,
    })?;
    let name = text(&metadata["name"]);
    Some(MetadataAgent {
        kind,
        name: format!("{}/{name}", text(&metadata["namespace"])),
    })
}

fn network_policy(object: &Value) -> NetworkPolicy {
    let spec = &object["spec"];
    // Without types, egress is meant where there are rules for it.
    let has_egress = match spec["policyTypes"].as_array() {
        Some(types) => types.iter().any(|kind| kind == "Egress"),
        None => spec["egress"].is_array(),
    };
    NetworkPolicy {
        name: text(&object["metadata"]["name"]),
        selector: selector(&spec["podSelector"]).unwrap_or_default(),
        egress: has_egress.then(|| items(&spec["egress"]).map(egress_rule).collect()),
    }
}

fn egress_rule(rule: &Value) -> EgressRule {
    let port = |value: &Value| value.as_u64().and_then(|port| u16::try_from(port).ok());
    let block = |peer: &Value| {
        let block = &peer["ipBlock"];
        let except = items(&block["except"]).map(text).collect();
        Some((block["cidr"].as_str()?.to_owned(), except))
    };
    EgressRule {
        cidrs: items(&rule["to"]).filter_map(block).collect(),
        to_all: items(&rule["to"]).next().is_none(),
        to_pods: items(&rule["to"]).any(|peer| peer["ipBlock"].is_null()),
        ports: items(&rule["ports"])
            .map(|it| {
                let protocol = it["protocol"].as_str().unwrap_or("TCP").to_owned();
                (protocol, port(&it["port"]), port(&it["endPort"]))
            })
            .collect(),
    }
}

fn pod_security_groups(object: &Value) -> PodSecurityGroups {
    let spec = &object["spec"];
    let given = |value: &Value| (!value.is_null()).then(|| selector(value)).flatten();
    PodSecurityGroups {
        name: text(&object["metadata"]["name"]),
        pod_selector: given(&spec["podSelector"]),
        service_account_selector: given(&spec["serviceAccountSelector"]),
        groups: items(&spec["securityGroups"]["groupIds"])
            .map(text)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn webhooks_about_roles_are_told_from_others() {
        let configuration = |name: &str, webhook: Value| {
            webhooks(&json!({"metadata": {"name": name}, "webhooks": [webhook]}))
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
        let told = selector(&all).map(|selector| selector.to_string());
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
            let found = node(&json!({
                "metadata": {"name": "n", "labels": {"eks.amazonaws.com/compute-type": label}},
                "spec": {"providerID": provider},
            }));
            assert_eq!(
                (found.instance.as_deref(), found.compute.as_str()),
                (instance, compute)
            );
        }
        let agent = |name: &str, image: &str| {
            let found = metadata_agent(&json!({
                "metadata": {"namespace": "kube-system", "name": name},
                "spec": {"template": {"spec": {"containers": [{"image": image}]}}},
            }));
            found.map(|agent| (agent.kind, agent.name))
        };
        let named = |kind, name: &str| Some((kind, format!("kube-system/{name}")));
        assert_eq!(
            agent("iam", "jtblin/kube2iam:0.11"),
            named("kube2iam", "iam")
        );
        assert_eq!(
            agent("kiam-agent", "quay.io/x/y@sha256:a"),
            named("kiam", "kiam-agent")
        );
        assert_eq!(agent("aws-node", "amazon-k8s-cni:v1"), None);
    }

    #[test]
    fn network_policies_are_read_as_far_as_egress_goes() {
        let egress = |spec: Value| network_policy(&json!({"spec": spec})).egress;
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
        let metadata = json!({"managedFields": [
            entry("helm", "1970-01-01T00:01:00Z", ROLE_ANNOTATION),
            entry("irsactl", "1970-01-01T00:02:00Z", AUDIENCE_ANNOTATION),
            entry("kubectl", "1970-01-01T00:03:00Z", "note"),
        ]});
        assert_eq!(role_set(&metadata), Some(("irsactl".to_owned(), 120)));
        assert_eq!(role_set(&json!({})), None);
    }
}

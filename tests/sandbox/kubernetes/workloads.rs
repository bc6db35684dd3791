//! What tests find running in a cluster: nodes and system workloads of EKS, and workloads of their own.

use serde_json::{Value, json};

use super::Api;

impl Api {
    /// What EKS puts into each cluster: nodes, its webhook, its DaemonSets.
    pub fn put_cluster_objects(&mut self) {
        for number in ["10", "11"] {
            self.put_node(
                &format!("ip-10-0-1-{number}.internal"),
                &format!("i-0123456789abcde{number}"),
                &[],
            );
        }
        self.put_object(webhook_configuration(), "eks");
        for (name, image) in [
            ("aws-node", "amazon-k8s-cni"),
            ("kube-proxy", "eks/kube-proxy"),
        ] {
            self.put_daemon_set("kube-system", name, &format!("{image}:v1"));
        }
    }

    /// A node on an EC2 instance.
    pub fn put_node(&mut self, name: &str, instance: &str, labels: &[(&str, &str)]) {
        let mut node = json!({
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {"kubernetes.io/os": "linux"}},
            "spec": {"providerID": format!("aws:///eu-west-1a/{instance}")},
        });
        for (key, value) in labels {
            node["metadata"]["labels"][*key] = (*value).into();
        }
        self.put_object(node, "kubelet");
    }

    /// A DaemonSet with a service account of its own, of the same name. Without that it has no pods.
    pub fn put_daemon_set(&mut self, namespace: &str, name: &str, image: &str) {
        let mut set = workload("apps/v1", "DaemonSet", namespace, name, name, 1);
        set["spec"]["template"]["spec"]["containers"][0]["image"] = image.into();
        self.put_object(set, "kubectl");
    }

    /// The agent of EKS Pod Identity on every node's network, as its add-on installs it.
    pub fn put_agent(&mut self) {
        let name = "eks-pod-identity-agent";
        let mut set = workload("apps/v1", "DaemonSet", "kube-system", name, "none", 1);
        let spec = &mut set["spec"]["template"]["spec"];
        spec["hostNetwork"] = true.into();
        spec["containers"] = json!([{"name": "agent", "image": "eks-pod-identity-agent:1"}]);
        set["status"] = json!({"desiredNumberScheduled": 2, "numberReady": 2});
        self.put_object(set, "eks");
    }

    /// Runs a Deployment whose pods run as a service account, which is made where it is missing.
    pub fn run_deployment(&mut self, namespace: &str, name: &str, account: &str, replicas: u32) {
        self.run("apps/v1", "Deployment", namespace, name, account, replicas);
    }

    pub fn run_stateful_set(&mut self, namespace: &str, name: &str, account: &str, replicas: u32) {
        self.run("apps/v1", "StatefulSet", namespace, name, account, replicas);
    }

    pub fn run_daemon_set(&mut self, namespace: &str, name: &str, account: &str) {
        self.run("apps/v1", "DaemonSet", namespace, name, account, 1);
    }

    /// Of Argo Rollouts.
    pub fn run_rollout(&mut self, namespace: &str, name: &str, account: &str, replicas: u32) {
        let version = "argoproj.io/v1alpha1";
        self.run(version, "Rollout", namespace, name, account, replicas);
    }

    pub fn run_job(&mut self, namespace: &str, name: &str, account: &str) {
        self.run("batch/v1", "Job", namespace, name, account, 1);
    }

    /// Runs a pod that nobody owns.
    ///
    /// # Panics
    /// When it is not admitted: a mistake of the test.
    pub fn run_pod(&mut self, namespace: &str, name: &str, account: &str) {
        self.put_missing_account(namespace, account);
        let mut pod = json!({
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"namespace": namespace, "name": name},
            "spec": spec(account),
        });
        let admitted = super::webhook::admit(self, &mut pod);
        assert!(admitted.is_ok(), "{namespace}/{name} is not admitted");
        super::controllers::start(self, &mut pod);
        self.put_object(pod, "kubectl");
    }

    /// Runs a workload that a test describes; its service account is made where it is missing.
    pub fn run_workload(&mut self, workload: Value) {
        let account = &workload["spec"]["template"]["spec"]["serviceAccountName"];
        let account = account.as_str().unwrap_or("default").to_owned();
        let namespace = workload["metadata"]["namespace"].as_str().unwrap_or("");
        self.put_missing_account(namespace, &account);
        self.put_object(workload, "kubectl");
    }

    /// A pod's variables by name, of its first container.
    pub fn pod_variable(&self, namespace: &str, name: &str, variable: &str) -> Option<&str> {
        let pod = self.object("pods", namespace, name)?;
        let mut variables = pod["spec"]["containers"][0]["env"].as_array()?.iter();
        variables.find(|known| known["name"] == variable)?["value"].as_str()
    }

    /// Names of the pods of a namespace.
    pub fn pods(&self, namespace: &str) -> Vec<&str> {
        let pods = self.objects.keys();
        pods.filter(|key| key.0 == "pods" && key.1 == namespace)
            .map(|key| key.2.as_str())
            .collect()
    }

    fn run(
        &mut self,
        version: &str,
        kind: &str,
        namespace: &str,
        name: &str,
        account: &str,
        replicas: u32,
    ) {
        let object = workload(version, kind, namespace, name, account, replicas);
        self.run_workload(object);
    }

    fn put_missing_account(&mut self, namespace: &str, account: &str) {
        self.put_namespace(namespace);
        if self.service_account(namespace, account).is_none() {
            self.put_service_account(namespace, account, &[], &[], "kubectl");
        }
    }
}

/// A workload with one container, as a manifest has it.
pub fn workload(
    version: &str,
    kind: &str,
    namespace: &str,
    name: &str,
    account: &str,
    replicas: u32,
) -> Value {
    let mut object = json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {"namespace": namespace, "name": name, "labels": {"app": name}},
        "spec": {
            "selector": {"matchLabels": {"app": name}},
            "template": {"metadata": {"labels": {"app": name}}, "spec": spec(account)},
        },
    });
    if !["DaemonSet", "Job"].contains(&kind) {
        object["spec"]["replicas"] = replicas.into();
    }
    object
}

fn spec(account: &str) -> Value {
    json!({
        "serviceAccountName": account,
        "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
    })
}

/// As EKS makes it; its webhook runs on the control plane.
fn webhook_configuration() -> Value {
    let skip =
        json!({"key": "eks.amazonaws.com/skip-pod-identity-webhook", "operator": "DoesNotExist"});
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "pod-identity-webhook"},
        "webhooks": [{
            "name": "iam-for-pods.amazonaws.com",
            "admissionReviewVersions": ["v1beta1"],
            "clientConfig": {"url": "https://127.0.0.1:23443/mutate", "caBundle": "c2FuZGJveA=="},
            "failurePolicy": "Ignore",
            "matchPolicy": "Equivalent",
            "namespaceSelector": {},
            "objectSelector": {"matchExpressions": [skip]},
            "reinvocationPolicy": "IfNeeded",
            "rules": [{
                "apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"],
                "resources": ["pods"], "scope": "*",
            }],
            "sideEffects": "None",
            "timeoutSeconds": 10,
        }],
    })
}

//! kube2iam and kiam, whatever their workloads are called, with the arguments that they run with.

use std::collections::BTreeMap;

use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::kubernetes::paths::resource;
use crate::kubernetes::pods::ContainerObject;
use crate::kubernetes::workloads::WorkloadObject;
use crate::model::{Lookup, Workload, WorkloadKind};
use crate::world::{AgentKind, Argument, MetadataAgent};

impl Kubernetes {
    /// kiam and kube2iam, and kiam's servers where they are DaemonSets too.
    pub async fn metadata_agents(&self) -> Result<Lookup<Vec<MetadataAgent>>, Error> {
        let sets = resource("apps/v1", "daemonsets");
        let make = |object| agent(WorkloadKind::DaemonSet, object);
        Ok(Lookup::from(self.all(sets, "", make).await?))
    }

    /// kiam's servers that are Deployments.
    pub async fn kiam_servers(&self) -> Result<Vec<MetadataAgent>, Error> {
        let deployments = resource("apps/v1", "deployments");
        let make = |object| agent(WorkloadKind::Deployment, object);
        let mut found = self.all(deployments, "", make).await?.unwrap_or_default();
        found.retain(|agent| agent.kind == AgentKind::KiamServer);
        Ok(found)
    }
}

/// The last part of an image's path, and its tag.
fn image_name(image: &str) -> (&str, Option<&str>) {
    let last = image.rsplit('/').next().unwrap_or_default();
    let (last, digest) = match last.split_once('@') {
        Some((last, digest)) => (last, Some(digest)),
        None => (last, None),
    };
    match last.split_once(':') {
        Some((name, tag)) if digest.is_none() => (name, Some(tag)),
        Some((name, _)) => (name, None),
        None => (last, None),
    }
}

fn agent(kind: WorkloadKind, object: WorkloadObject) -> Option<MetadataAgent> {
    let metadata = &object.metadata;
    let labels = ["app", "k8s-app", "app.kubernetes.io/name"].into_iter();
    let labels = labels.filter_map(|key| metadata.labels.get(key).map(String::as_str));
    let containers = &object.spec.template.spec.containers;
    let images = containers.iter().map(|found| image_name(&found.image).0);
    let mut names = labels.chain(images).chain([metadata.name.as_str()]);
    let program = names.find_map(|name| match name {
        "kube2iam" => Some("kube2iam"),
        "kiam" | "kiam-agent" | "kiam-server" => Some("kiam"),
        _ => None,
    })?;
    let is_it = |container: &&ContainerObject| image_name(&container.image).0 == program;
    let mut all = containers.iter();
    let container = all.find(is_it).or(containers.first())?;
    let arguments = arguments(container);
    let is_server =
        metadata.name == "kiam-server" || arguments.iter().any(|it| it.text == "server");
    let (_, tag) = image_name(&container.image);
    let status = &object.status;
    let runs = object.is_seen() && status.updated_number_scheduled > 0 && status.number_ready > 0;
    Some(MetadataAgent {
        kind: match program {
            "kube2iam" => AgentKind::Kube2iam,
            _ if is_server => AgentKind::KiamServer,
            _ => AgentKind::Kiam,
        },
        tag: tag.map(str::to_owned),
        arguments,
        is_on_nodes: runs && object.spec.template.spec.host_network,
        workload: Workload {
            kind,
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
        },
    })
}

fn arguments(container: &ContainerObject) -> Vec<Argument> {
    let variables: BTreeMap<&str, Option<&str>> = container
        .env
        .iter()
        .map(|variable| {
            let plain = variable.value.0.as_deref().unwrap_or_default();
            let known = variable.value_from.is_none().then_some(plain);
            (variable.name.as_str(), known)
        })
        .collect();
    let lookup = |name: &str| match variables.get(name) {
        Some(known) => known.map_or(Reference::Unknown, Reference::Value),
        None if container.env_from.is_empty() => Reference::None,
        None => Reference::Unknown,
    };
    let words = container.command.iter().chain(&container.args);
    words.map(|word| expanded(word, lookup)).collect()
}

/// What `$(NAME)` stands for.
enum Reference<'a> {
    Value(&'a str),
    Unknown,
    /// There is no such variable: it stays as it is.
    None,
}

/// As the kubelet does it: `$$` is a plain `$` (k8s.io/kubernetes/third_party/forked/golang/expansion).
fn expanded<'a>(word: &str, lookup: impl Fn(&str) -> Reference<'a>) -> Argument {
    let mut argument = Argument {
        text: String::new(),
        is_whole: true,
    };
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('$') {
        argument.text.push_str(before);
        rest = after;
        if let Some(after) = rest.strip_prefix('$') {
            argument.text.push('$');
            rest = after;
            continue;
        }
        let reference = rest.strip_prefix('(').and_then(|it| it.split_once(')'));
        let Some((name, after)) = reference else {
            argument.text.push('$');
            continue;
        };
        match lookup(name) {
            Reference::Value(value) => argument.text.push_str(value),
            Reference::None => argument.text.push_str(&format!("$({name})")),
            Reference::Unknown => {
                argument.text.push_str(&format!("$({name})"));
                argument.is_whole = false;
            }
        }
        rest = after;
    }
    argument.text.push_str(rest);
    argument
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kubernetes::objects::read;

    fn found(name: &str, container: Value) -> Option<MetadataAgent> {
        let object = json!({
            "metadata": {"namespace": "kube-system", "name": name},
            "spec": {"template": {"spec": {"containers": [container]}}},
        });
        agent(WorkloadKind::DaemonSet, read(&object))
    }

    #[test]
    fn they_are_known_by_image_label_or_name() {
        let kind = |name: &str, image: &str, words: Value| {
            let found = found(name, json!({"image": image, "args": words}))?;
            Some((found.kind, found.tag))
        };
        let tagged = |kind, tag: &str| Some((kind, Some(tag.to_owned())));
        let none = json!([]);
        assert_eq!(
            kind("iam", "jtblin/kube2iam:0.11", none.clone()),
            tagged(AgentKind::Kube2iam, "0.11")
        );
        assert_eq!(
            kind("kiam-agent", "quay.io/x/y@sha256:a", none.clone()),
            Some((AgentKind::Kiam, None))
        );
        for (word, wanted) in [
            ("agent", AgentKind::Kiam),
            ("server", AgentKind::KiamServer),
        ] {
            let image = "quay.io:5000/uswitch/kiam:v4.2@sha256:a";
            let found = kind("x", image, json!([word]));
            assert_eq!(found, Some((wanted, None)), "{word}");
        }
        assert_eq!(kind("aws-node", "amazon-k8s-cni:v1", none), None);
    }

    #[test]
    fn what_only_says_that_it_is_on_the_nodes_is_not() {
        let found = |host_network: bool, status: Value| {
            let containers = json!([{"image": "jtblin/kube2iam:0.11"}]);
            let object = json!({
                "metadata": {"namespace": "web", "name": "kube2iam", "generation": 2},
                "spec": {"template": {"spec": {"hostNetwork": host_network, "containers": containers}}},
                "status": status,
            });
            let found = agent(WorkloadKind::DaemonSet, read(&object)).expect("an agent");
            found.is_on_nodes
        };
        let status = |generation: i64, updated: i64, ready: i64| {
            json!({
                "observedGeneration": generation,
                "updatedNumberScheduled": updated,
                "numberReady": ready,
            })
        };
        assert!(found(true, status(2, 2, 2)));
        for (host_network, status) in [
            (false, status(2, 2, 2)),
            (true, json!({})),
            (true, status(1, 2, 2)),
            (true, status(2, 0, 2)),
            (true, status(2, 2, 0)),
        ] {
            assert!(!found(host_network, status.clone()), "{status}");
        }
    }

    #[test]
    fn arguments_are_what_the_container_starts_with() {
        let container = json!({
            "image": "jtblin/kube2iam:0.11",
            "command": ["/bin/kube2iam"],
            "args": ["--base-role-arn=$(BASE)", "--node=$(NODE)", "--a=$$(BASE)$(NONE)$", "--b=$(OPEN"],
            "env": [
                {"name": "BASE", "value": "arn:aws:iam::1:role/"},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
            ],
        });
        let texts = |container: &Value| -> Vec<(String, bool)> {
            let all = found("x", container.clone()).unwrap().arguments.into_iter();
            all.map(|it| (it.text, it.is_whole)).collect()
        };
        let word = |text: &str, is_whole| (text.to_owned(), is_whole);
        assert_eq!(
            texts(&container),
            [
                word("/bin/kube2iam", true),
                word("--base-role-arn=arn:aws:iam::1:role/", true),
                word("--node=$(NODE)", false),
                word("--a=$(BASE)$(NONE)$", true),
                word("--b=$(OPEN", true),
            ]
        );
        let mut from = container;
        from["envFrom"] = json!([{"configMapRef": {"name": "x"}}]);
        assert_eq!(texts(&from)[3], word("--a=$(BASE)$(NONE)$", false));
    }
}

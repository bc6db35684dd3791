//! Pods, reduced to what bears on their credentials, with the workload that each is a part of.

use std::collections::{BTreeMap, BTreeSet};

use super::objects::{LocalObjectReference, Metadata, OptionalMember, PartialObjectMetadata, time};
use super::paths::{List, Resource, resource};
use super::workloads;
use super::{Error, Kubernetes};
use crate::model::{Lookup, Map, ServiceAccountName, Workload, WorkloadKind, percent_encoded};
use crate::secrets::without_user;
use crate::world::{Container, ContainerKind, Mount, Pod, Pods, ProjectedToken, ValueSource};

mod object;

use crate::waiting::side_by_side;
pub use object::{ContainerObject, PodObject};
use object::{ContainerStatus, PodStatus, Variable, Volume};

const PODS: Resource = resource("v1", "pods");
/// So many owners are asked for side by side.
const PARALLEL: usize = 16;

impl Kubernetes {
    /// The pods that are meant. Missing: the one pod, or the workload.
    pub async fn pods(&self, which: &Pods) -> Result<Lookup<Vec<Pod>>, Error> {
        let mut pods = match which {
            Pods::All => self.listed("", "").await?,
            Pods::InNamespace(namespace) => self.listed(namespace.as_str(), "").await?,
            Pods::Of(account) => {
                let name = percent_encoded(&account.name);
                let selector = format!("&fieldSelector=spec.serviceAccountName%3D{name}");
                self.listed(account.namespace.as_str(), &selector).await?
            }
            Pods::OfWorkload(Workload {
                kind: WorkloadKind::Pod,
                namespace,
                name,
            }) => match self.object(PODS, namespace, name).await? {
                Some(found) => vec![pod(found)],
                None => return Ok(Lookup::Missing),
            },
            Pods::OfWorkload(workload) => match self.selector_of(workload).await? {
                Some(selector) => self.listed(&workload.namespace, &selector).await?,
                None => return Ok(Lookup::Missing),
            },
        };
        let unread = self.find_owners(&mut pods).await;
        if let Pods::OfWorkload(workload) = which
            && workload.kind != WorkloadKind::Pod
        {
            // What stands between it and its pods.
            let between = match workload.kind {
                WorkloadKind::Deployment | WorkloadKind::Rollout => Some(WorkloadKind::ReplicaSet),
                WorkloadKind::CronJob => Some(WorkloadKind::Job),
                _ => None,
            };
            let mut unread = unread.into_iter();
            if let Some((_, error)) = unread.find(|(kind, _)| Some(*kind) == between) {
                return Err(error);
            }
            pods.retain(|pod| pod.owner == *workload);
        }
        Ok(Lookup::Found(pods))
    }

    /// The names of the pods that run as a service account and are not being deleted: those that are ready
    /// come first. What they are parts of is not asked for.
    pub async fn running(&self, account: &ServiceAccountName) -> Result<Vec<String>, Error> {
        let name = percent_encoded(&account.name);
        let selector =
            format!("&fieldSelector=spec.serviceAccountName%3D{name}%2Cstatus.phase%3DRunning");
        let mut pods = self.listed(account.namespace.as_str(), &selector).await?;
        pods.retain(|pod| !pod.terminating);
        pods.sort_by_key(|pod| !pod.ready);
        Ok(pods.into_iter().map(|pod| pod.name).collect())
    }

    /// Adds all pods as `namespace/name`, page by page.
    ///
    /// # Errors
    /// Those of the list; what came before stays.
    pub async fn pod_names(&self, names: &mut Vec<String>) -> Result<(), Error> {
        let name = |found: PartialObjectMetadata| {
            let Metadata {
                namespace, name, ..
            } = found.metadata;
            Some(format!("{namespace}/{name}"))
        };
        self.gathered(&List::of(PODS, ""), names, name).await?;
        Ok(())
    }

    async fn listed(&self, namespace: &str, selector: &str) -> Result<Vec<Pod>, Error> {
        let mut pods = Vec::new();
        let list = List {
            selector,
            ..List::of(PODS, namespace)
        };
        self.gathered(&list, &mut pods, |found| Some(pod(found)))
            .await?;
        Ok(pods)
    }

    /// `None`: there is no such workload.
    async fn selector_of(&self, workload: &Workload) -> Result<Option<String>, Error> {
        let Some(object) = self.workload(workload).await? else {
            return Ok(None);
        };
        let selector = object.spec.selector.0.unwrap_or_default();
        let terms = percent_encoded(&selector.to_string());
        Ok(Some(if terms.is_empty() {
            terms
        } else {
            format!("&labelSelector={terms}")
        }))
    }

    /// Follows the owners that a pod does not name itself: of bare ReplicaSets and of Jobs. Who may
    /// not read them sees no further. Those of pods that have ended matter to nobody: a cluster may
    /// have thousands of them, each of another Job.
    ///
    /// Returns the kinds of those that could not be read.
    async fn find_owners(&self, pods: &mut [Pod]) -> Vec<(WorkloadKind, Error)> {
        let asked = pods.iter().filter(|pod| pod.is_alive());
        let asked = asked
            .map(|pod| &pod.owner)
            .filter(|owner| matches!(owner.kind, WorkloadKind::ReplicaSet | WorkloadKind::Job));
        let asked: BTreeSet<Workload> = asked.cloned().collect();
        let owners = asked.into_iter().map(async |owned| {
            let kind = owned.kind;
            let object = self.workload(&owned).await.map_err(|error| (kind, error))?;
            Ok(object.and_then(|object| {
                let top = workloads::owner(&object.metadata)?;
                Some((owned, (top, workloads::other_kind(&object.metadata))))
            }))
        });
        let (mut found, mut unread) = (BTreeMap::new(), Vec::new());
        for owner in side_by_side(PARALLEL, owners).await {
            match owner {
                Ok(owner) => found.extend(owner),
                Err(error) => unread.push(error),
            }
        }
        for pod in pods {
            if let Some((top, other_kind)) = found.get(&pod.owner) {
                pod.owner = top.clone();
                pod.other_kind.clone_from(other_kind);
            }
        }
        unread
    }
}

/// What matters of a pod, or of a template of pods.
pub fn pod(object: PodObject) -> Pod {
    let owner = owner(&object.metadata);
    let other_kind = workloads::other_kind(&object.metadata);
    let PodObject {
        metadata,
        spec,
        status,
    } = object;
    let sources = sources(&spec.volumes);
    let init = spec.init_containers.into_iter().map(|found| {
        let kind = init_kind(&found);
        container(found, kind, &sources)
    });
    let main = spec.containers.into_iter();
    let main = main.map(|found| container(found, ContainerKind::Main, &sources));
    Pod {
        created: time(&metadata.creation_timestamp).unwrap_or_default(),
        namespace: metadata.namespace,
        name: metadata.name,
        service_account: spec.service_account_name,
        terminating: metadata.deletion_timestamp.is_some(),
        node: spec.node_name.0,
        host_network: spec.host_network,
        windows: is_windows(&spec.node_selector),
        labels: metadata.labels,
        annotations: metadata.annotations,
        containers: init.chain(main).collect(),
        tokens: spec.volumes.into_iter().flat_map(tokens).collect(),
        intercepted: None,
        delivered: None,
        run_as_user: spec.security_context.run_as_user.0,
        fs_group: spec.security_context.fs_group.0,
        automount: spec.automount_service_account_token.0,
        ready: is_ready(&status),
        waiting: first_waiting(&status),
        phase: status.phase,
        owner,
        other_kind,
    }
}

fn init_kind(container: &ContainerObject) -> ContainerKind {
    if container.restart_policy == "Always" {
        ContainerKind::Sidecar
    } else {
        ContainerKind::Init
    }
}

/// As the webhook reads it (amazon-eks-pod-identity-webhook, `getPodSpecPatch`).
fn is_windows(selector: &Map) -> bool {
    let mut labels = ["kubernetes.io/os", "beta.kubernetes.io/os"].into_iter();
    labels.any(|label| selector.get(label).map(String::as_str) == Some("windows"))
}

fn is_ready(status: &PodStatus) -> bool {
    let mut conditions = status.conditions.iter();
    conditions.any(|it| it.kind == "Ready" && it.status == "True")
}

fn first_waiting(status: &PodStatus) -> Option<String> {
    let init = status.init_container_statuses.iter();
    init.chain(&status.container_statuses).find_map(waiting)
}

/// Why a container waits; that it is being made is no reason.
fn waiting(status: &ContainerStatus) -> Option<String> {
    let waiting = &status.state.waiting;
    let reason = waiting.reason.0.as_deref()?;
    if ["ContainerCreating", "PodInitializing"].contains(&reason) {
        return None;
    }
    let container = &status.name;
    Some(match &waiting.message.0 {
        Some(message) => format!("container {container}: {reason}: {message}"),
        None => format!("container {container}: {reason}"),
    })
}

/// The workload that a pod is a part of, as far as the pod itself tells: the name of a Deployment's or
/// Rollout's ReplicaSet ends with the hash that its pods have as a label.
fn owner(metadata: &Metadata) -> Workload {
    let Some(owner) = workloads::owner(metadata) else {
        return Workload {
            kind: WorkloadKind::Pod,
            namespace: metadata.namespace.clone(),
            name: metadata.name.clone(),
        };
    };
    let kinds = [
        ("pod-template-hash", WorkloadKind::Deployment),
        ("rollouts-pod-template-hash", WorkloadKind::Rollout),
    ];
    let above = kinds.into_iter().find_map(|(label, kind)| {
        let hash = metadata.labels.get(label)?;
        let name = owner.name.strip_suffix(hash)?.strip_suffix('-')?;
        Some((kind, name.to_owned()))
    });
    match (owner.kind, above) {
        (WorkloadKind::ReplicaSet, Some((kind, name))) => Workload {
            kind,
            name,
            ..owner
        },
        _ => owner,
    }
}

/// A Secret or a ConfigMap, whichever is named.
fn source(secret: &OptionalMember<String>, map: &LocalObjectReference) -> Option<ValueSource> {
    let secret = secret.0.clone().map(ValueSource::Secret);
    secret.or_else(|| map.name.0.clone().map(ValueSource::ConfigMap))
}

/// Volumes that are Secrets or ConfigMaps, by name.
fn sources(volumes: &[Volume]) -> BTreeMap<String, ValueSource> {
    let source = |volume: &Volume| {
        let class = volume.csi.volume_attributes.secret_provider_class.0.clone();
        let class = class.map(ValueSource::SecretProviderClass);
        let source = source(&volume.secret.secret_name, &volume.config_map);
        Some((volume.name.clone(), source.or(class)?))
    };
    volumes.iter().filter_map(source).collect()
}

fn tokens(volume: Volume) -> impl Iterator<Item = ProjectedToken> {
    let sources = volume.projected.sources.into_iter();
    let tokens = sources.filter_map(|source| source.service_account_token);
    tokens.map(move |token| ProjectedToken {
        volume: volume.name.clone(),
        audience: token.audience,
        expiration: token.expiration_seconds.0,
        path: token.path,
    })
}

fn container(
    object: ContainerObject,
    kind: ContainerKind,
    sources: &BTreeMap<String, ValueSource>,
) -> Container {
    let from = object.env_from.iter();
    let given = object.env.iter().filter_map(|variable| {
        let from = variable.value_from.as_ref()?;
        let source = source(&from.secret_key_ref.name, &from.config_map_key_ref)?;
        Some((variable.name.clone(), source))
    });
    let mounts = object.volume_mounts.into_iter().map(|mount| Mount {
        source: sources.get(&mount.name).cloned(),
        volume: mount.name,
        path: mount.mount_path,
        read_only: mount.read_only,
    });
    Container {
        name: object.name,
        kind,
        image: object.image,
        sources: given.filter(|(name, _)| matters(name)).collect(),
        env: object.env.into_iter().filter_map(variable).collect(),
        env_from: from
            .filter_map(|from| source(&from.secret_ref.name, &from.config_map_ref))
            .collect(),
        mounts: mounts.collect(),
        run_as_user: object.security_context.run_as_user.0,
    }
}

fn is_of_proxy(variable: &str) -> bool {
    let upper = variable.to_uppercase();
    ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"].contains(&upper.as_str())
}

fn matters(variable: &str) -> bool {
    variable.starts_with("AWS_") || is_of_proxy(variable)
}

/// The variables that matter here; never a secret's value, nor a proxy's password.
fn variable(object: Variable) -> Option<(String, Option<String>)> {
    let Variable {
        name,
        value,
        value_from,
    } = object;
    if !matters(&name) {
        return None;
    }
    let is_proxy = is_of_proxy(&name);
    let is_secret = [
        "KEY",
        "SECRET",
        "SESSION_TOKEN",
        "PASSWORD",
        "SECURITY_TOKEN",
    ];
    let hide = |value: String| {
        if value.is_empty() {
            value
        } else if is_proxy {
            without_user(&value)
        } else if name.ends_with("AUTHORIZATION_TOKEN")
            || is_secret.iter().any(|word| name.contains(word))
        {
            "…".to_owned()
        } else {
            value
        }
    };
    let value = match value_from {
        None => Some(value.0.map_or(String::new(), hide)),
        Some(_) => None,
    };
    Some((name, value))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kubernetes::objects::read;

    #[test]
    fn owners_are_found_as_far_as_a_pod_tells() {
        use WorkloadKind::*;
        for (kind, name, labels, wanted, wanted_name) in [
            (
                "ReplicaSet",
                "api-5d8",
                json!({"pod-template-hash": "5d8"}),
                Deployment,
                "api",
            ),
            (
                "ReplicaSet",
                "api-5d8",
                json!({"rollouts-pod-template-hash": "5d8"}),
                Rollout,
                "api",
            ),
            ("ReplicaSet", "api-5d8", json!({}), ReplicaSet, "api-5d8"),
            ("StatefulSet", "db", json!({}), StatefulSet, "db"),
            ("Job", "once", json!({}), Job, "once"),
            ("Node", "ip-10", json!({}), Other, "ip-10"),
        ] {
            let owner_reference = json!({"kind": kind, "name": name, "controller": true});
            let pod = json!({"metadata": {
                "namespace": "web", "name": "x", "labels": labels, "ownerReferences": [owner_reference],
            }});
            let found = owner(&read::<PartialObjectMetadata>(&pod).metadata);
            assert_eq!((found.kind, found.name.as_str()), (wanted, wanted_name));
        }
        let bare = json!({"metadata": {"namespace": "web", "name": "x"}});
        assert_eq!(
            owner(&read::<PartialObjectMetadata>(&bare).metadata).kind,
            Pod
        );
    }

    #[test]
    fn variables_are_kept_without_secrets() {
        let kept = |name: &str, value: &str| {
            variable(read(&json!({"name": name, "value": value}))).map(|(_, value)| value)
        };
        assert_eq!(kept("DATABASE_PASSWORD", "s3cret"), None);
        for name in [
            "AWS_SECRET_ACCESS_KEY",
            "AWS_ACCESS_KEY_ID",
            "AWS_SESSION_TOKEN",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        ] {
            assert_eq!(kept(name, "s3cret"), Some(Some("…".to_owned())), "{name}");
        }
        let proxy = kept("HTTPS_PROXY", "http://me:s3cret@proxy:3128");
        assert_eq!(proxy, Some(Some("http://proxy:3128".to_owned())));
        let role = "arn:aws:iam::111122223333:role/a";
        assert_eq!(kept("AWS_ROLE_ARN", role), Some(Some(role.to_owned())));
        let elsewhere = json!({"name": "AWS_ROLE_ARN", "valueFrom": {"secretKeyRef": {}}});
        assert_eq!(
            variable(read(&elsewhere)),
            Some(("AWS_ROLE_ARN".to_owned(), None))
        );
    }

    #[test]
    fn a_pod_is_reduced_to_what_matters() {
        let found = pod(read(&json!({
            "metadata": {"namespace": "web", "name": "x", "creationTimestamp": "1970-01-01T00:01:00Z",
                         "deletionTimestamp": "1970-01-01T00:02:00Z"},
            "spec": {
                "serviceAccountName": "api",
                "nodeSelector": {"kubernetes.io/os": "windows"},
                "initContainers": [{"name": "proxy", "restartPolicy": "Always"}, {"name": "init"}],
                "containers": [{"name": "app", "envFrom": [{"secretRef": {"name": "keys"}}],
                    "volumeMounts": [{"name": "aws", "mountPath": "/root/.aws", "readOnly": true}]}],
                "volumes": [
                    {"name": "aws", "secret": {"secretName": "aws-files"}},
                    {"name": "aws-iam-token", "projected": {"sources": [
                        {"serviceAccountToken": {"audience": "sts.amazonaws.com", "expirationSeconds": 86400, "path": "token"}}]}},
                ],
            },
            "status": {"phase": "Pending", "containerStatuses": [
                {"name": "app", "state": {"waiting": {"reason": "ImagePullBackOff", "message": "no such image"}}}]},
        })));
        assert_eq!(found.created, 60);
        assert!(found.terminating && found.windows && !found.ready && !found.is_alive());
        let kinds: Vec<_> = found.containers.iter().map(|it| it.kind).collect();
        assert_eq!(
            kinds,
            [
                ContainerKind::Sidecar,
                ContainerKind::Init,
                ContainerKind::Main
            ]
        );
        let app = &found.containers[2];
        assert_eq!(app.env_from, [ValueSource::Secret("keys".to_owned())]);
        let files = ValueSource::Secret("aws-files".to_owned());
        assert_eq!(app.mounts[0].source, Some(files));
        assert_eq!(
            found.tokens[0].audience.as_deref(),
            Some("sts.amazonaws.com")
        );
        assert_eq!(
            found.waiting.as_deref(),
            Some("container app: ImagePullBackOff: no such image")
        );
    }
}

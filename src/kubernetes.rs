//! The Kubernetes API: the only user of kube. The few calls on service accounts and namespaces, each
//! bounded in time and size.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use http_body_util::Limited;
use k8s_openapi::api::authentication::v1::{TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{
    Namespace as NamespaceObject, ServiceAccount as ServiceAccountObject,
};
use kube::Client;
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::client::ClientBuilder;
use serde_json::{Value, json};
use tower::util::MapResponseLayer;

use crate::aws::{Aws, Intervals, deepest};
use crate::error::Error;
use crate::model::{Audience, Cluster, ClusterName, Map, Namespace, ServiceAccountName, Timeout};
use crate::observe::ServiceAccount;
use crate::plan::Conflicts;
use crate::secrets;
use crate::token::Secret;

mod access;
mod cluster;
mod exec;
mod kubeconfig;
mod paths;
mod pods;
mod retry;
mod workloads;

pub use kubeconfig::{check, contexts};

/// How much one answer may hold: a page of 500 service accounts is a tenth of it.
const ANSWER_LIMIT: usize = 8 << 20;
/// How many pages of 500 are read.
const PAGE_LIMIT: usize = 200;
/// How long one try of a call may take in all, a slow body included.
const WHOLE: Duration = Duration::from_secs(60);
/// How much of a message of the API's is shown.
const MESSAGE_LIMIT: usize = 2_000;

/// The field manager of irsactl's server-side applies.
const FIELD_MANAGER: &str = "irsactl";
/// How long a connection may take, proxy and TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the API may say nothing. A webhook may take it 30 s.
const READ: Duration = Duration::from_secs(32);

/// How long a client is used. The token that EKS takes lives for 15 minutes, a stack may take longer.
const LIFE: Duration = Duration::from_secs(10 * 60);

#[derive(Clone)]
pub struct Kubernetes {
    client: Client,
    intervals: Intervals,
    made: Instant,
    /// What it was made from.
    origin: (Cluster, Access),
    /// What errors call it.
    cluster: String,
    eks: Option<ClusterName>,
}

/// Where the access comes from.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub kubeconfig: Option<std::path::PathBuf>,
    pub context: Option<String>,
    pub intervals: Intervals,
}

impl Access {
    /// By the file and the context that flags name.
    pub fn new(
        kubeconfig: Option<std::path::PathBuf>,
        context: Option<String>,
        intervals: Intervals,
    ) -> Self {
        Self {
            kubeconfig,
            context,
            intervals,
        }
    }
}

impl Kubernetes {
    /// Prepares the client; makes no call to the API. Without a kubeconfig the endpoint and the CA
    /// are DescribeCluster's and the token our own, so that it cannot be another cluster.
    pub async fn connect(aws: &Aws, cluster: &Cluster, access: &Access) -> Result<Self, Error> {
        let (mut config, eks) = access::config(aws, cluster, access).await?;
        config.connect_timeout = Some(access.intervals.limit(CONNECT));
        config.read_timeout = Some(access.intervals.limit(READ));
        config.write_timeout = config.read_timeout;
        config.default_retry = false;
        let client = ClientBuilder::try_from(config)
            .map_err(|error| Error::Kubeconfig {
                cause: kubeconfig::cause(&error),
            })?
            .with_layer(&MapResponseLayer::new(limited))
            .build();
        Ok(Self {
            client,
            intervals: access.intervals,
            made: Instant::now(),
            origin: (cluster.clone(), access.clone()),
            cluster: format!("cluster \"{}\"", cluster.name),
            eks,
        })
    }

    pub fn intervals(&self) -> Intervals {
        self.intervals
    }

    /// The same access with a token that still lives.
    pub async fn renewed(&self, aws: &Aws) -> Result<Self, Error> {
        if self.made.elapsed() < self.intervals.of(LIFE) {
            return Ok(self.clone());
        }
        let (cluster, access) = &self.origin;
        Self::connect(aws, cluster, access).await
    }

    /// GET of the ServiceAccount. That its namespace is missing looks the same.
    pub async fn service_account(
        &self,
        name: &ServiceAccountName,
    ) -> Result<Option<ServiceAccount>, Error> {
        let api = self.accounts(&name.namespace);
        let found = self.call(async || api.get_opt(&name.name).await).await;
        let found =
            found.map_err(|error| self.failed(&format!("read service account {name}"), &error))?;
        Ok(found.as_ref().map(service_account))
    }

    /// All service accounts of a namespace, or of the cluster.
    pub async fn service_accounts(
        &self,
        namespace: Option<&Namespace>,
    ) -> Result<Vec<(ServiceAccountName, ServiceAccount)>, Error> {
        let api = match namespace {
            Some(namespace) => self.accounts(namespace),
            None => Api::all(self.client.clone()),
        };
        let mut parameters = ListParams::default().limit(500);
        let mut all = Vec::new();
        for _ in 0..PAGE_LIMIT {
            let page = self
                .call(async || api.list(&parameters).await)
                .await
                .map_err(|error| self.failed("list service accounts", &error))?;
            all.extend(page.items.iter().filter_map(|object| {
                let metadata = &object.metadata;
                let name = ServiceAccountName::new(
                    metadata.namespace.as_deref()?.parse().ok()?,
                    metadata.name.as_deref()?,
                );
                Some((name.ok()?, service_account(object)))
            }));
            match page.metadata.continue_.filter(|token| !token.is_empty()) {
                Some(token) => parameters = parameters.continue_token(&token),
                None => return Ok(all),
            }
        }
        Err(Error::Kubernetes {
            operation: "list service accounts".to_owned(),
            message: format!("there are more than {PAGE_LIMIT} pages of them"),
            lasting: true,
        })
    }

    /// The names of all namespaces, or of the first 500.
    pub async fn namespaces(&self) -> Result<Vec<String>, Error> {
        let api: Api<NamespaceObject> = Api::all(self.client.clone());
        let parameters = ListParams::default().limit(500);
        let page = self.call(async || api.list(&parameters).await).await;
        let page = page.map_err(|error| self.failed("list namespaces", &error))?;
        let names = page.items.into_iter();
        Ok(names.filter_map(|object| object.metadata.name).collect())
    }

    /// Server-side apply of labels and annotations, and of nothing else. Makes the ServiceAccount
    /// where it is missing, and its namespace where that is.
    pub async fn apply(
        &self,
        name: &ServiceAccountName,
        labels: &Map,
        annotations: &Map,
        conflicts: Conflicts,
    ) -> Result<(), Error> {
        let manifest = Patch::Apply(manifest(name, labels, annotations));
        let mut parameters = PatchParams::apply(FIELD_MANAGER);
        parameters.force = conflicts == Conflicts::Overridden;
        let api = self.accounts(&name.namespace);
        let apply = async || api.patch(&name.name, &parameters, &manifest).await;
        let mut result = self.call(apply).await;
        if result
            .as_ref()
            .is_err_and(|error| is_missing_namespace(error, &name.namespace))
        {
            self.create_namespace(&name.namespace).await?;
            result = self.call(apply).await;
        }
        result
            .map(|_| ())
            .map_err(|error| self.failed(&format!("apply service account {name}"), &error))
    }

    async fn create_namespace(&self, namespace: &Namespace) -> Result<(), Error> {
        let object = NamespaceObject {
            metadata: kube::api::ObjectMeta {
                name: Some(namespace.to_string()),
                ..Default::default()
            },
            ..Default::default()
        };
        let parameters = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let api = Api::all(self.client.clone());
        match self
            .call(async || api.create(&parameters, &object).await)
            .await
        {
            Err(error) if status_code(&error) != Some(409) => {
                Err(self.failed(&format!("create namespace {namespace}"), &error))
            }
            _ => Ok(()),
        }
    }

    pub async fn delete(&self, name: &ServiceAccountName) -> Result<(), Error> {
        let api = self.accounts(&name.namespace);
        let parameters = DeleteParams::default();
        match self
            .call(async || api.delete(&name.name, &parameters).await)
            .await
        {
            Err(error) if status_code(&error) != Some(404) => {
                Err(self.failed(&format!("delete service account {name}"), &error))
            }
            _ => Ok(()),
        }
    }

    /// Takes annotations away by a merge patch; an object that is gone has none.
    pub async fn remove_annotations(
        &self,
        name: &ServiceAccountName,
        annotations: &[String],
    ) -> Result<(), Error> {
        let nulls: serde_json::Map<String, Value> = annotations
            .iter()
            .map(|key| (key.clone(), Value::Null))
            .collect();
        let patch = Patch::Merge(json!({ "metadata": { "annotations": nulls } }));
        let parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let api = self.accounts(&name.namespace);
        match self
            .call(async || api.patch(&name.name, &parameters, &patch).await)
            .await
        {
            Err(error) if status_code(&error) != Some(404) => Err(self.failed(
                &format!("remove annotations of service account {name}"),
                &error,
            )),
            _ => Ok(()),
        }
    }

    /// A token of the service account for an audience, for so many seconds (TokenRequest). EKS gives
    /// from 600 to 86,400.
    ///
    /// # Errors
    /// Without the right to create serviceaccounts/token, or where the API fails.
    pub async fn token(
        &self,
        name: &ServiceAccountName,
        audience: &Audience,
        seconds: i64,
    ) -> Result<Secret, Error> {
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                audiences: Some(vec![audience.to_string()]),
                expiration_seconds: Some(seconds),
                ..TokenRequestSpec::default()
            }),
            ..TokenRequest::default()
        };
        let api = self.accounts(&name.namespace);
        let parameters = PostParams::default();
        let create = async || {
            api.create_token_request(&name.name, &parameters, &request)
                .await
        };
        let operation = format!("create a service account token of {name}");
        let answer = self.call(create).await;
        let answer = answer.map_err(|error| self.failed(&operation, &error))?;
        let token = answer.status.and_then(|status| status.token);
        token
            .inspect(|it| secrets::remember(it))
            .map(Secret::new)
            .ok_or_else(|| Error::Kubernetes {
                operation,
                message: "the answer has none".to_owned(),
                lasting: true,
            })
    }

    fn accounts(&self, namespace: &Namespace) -> Api<ServiceAccountObject> {
        Api::namespaced(self.client.clone(), namespace.as_str())
    }

    fn failed(&self, operation: &str, error: &kube::Error) -> Error {
        let operation = operation.to_owned();
        match error {
            kube::Error::Api(status) => {
                let message = shown(&status.message);
                match status.code {
                    // No question of rights: the API server lets nobody write there any more.
                    403 if message.contains("it is being terminated") => Error::Kubernetes {
                        operation,
                        message,
                        lasting: true,
                    },
                    401 => Error::KubernetesUnauthorized {
                        cluster: self.cluster.clone(),
                        eks: self.eks.clone(),
                    },
                    403 => Error::KubernetesForbidden { operation, message },
                    409 => Error::KubernetesConflict { operation, message },
                    _ => Error::Kubernetes {
                        operation,
                        message: format!("{message} ({})", status.code),
                        lasting: !retry::is_passing(error),
                    },
                }
            }
            kube::Error::SerdeError(_) => Error::KubernetesUnreachable {
                operation,
                cause: format!("{}: something else answers there", self.cluster),
            },
            error => Error::KubernetesUnreachable {
                operation,
                cause: format!("{}: {}", self.cluster, self.cause(error)),
            },
        }
    }

    /// The cause in words; hyper's timeouts tell neither what was waited for nor how long.
    fn cause(&self, error: &kube::Error) -> String {
        let within = |limit| Timeout(self.intervals.limit(limit));
        match deepest(error).as_str() {
            "deadline has elapsed" => format!("no connection within {}", within(CONNECT)),
            "timed out" => format!("no answer within {}", within(READ)),
            cause => cause.to_owned(),
        }
    }
}

fn limited<B>(answer: http::Response<B>) -> http::Response<Limited<B>> {
    answer.map(|body| Limited::new(body, ANSWER_LIMIT))
}

/// A message of the API's, or of whoever answers in its place, which may quote the request back, and be
/// a whole page.
fn shown(message: &str) -> String {
    let text = secrets::redacted(message);
    text.chars().take(MESSAGE_LIMIT).collect()
}

/// The ServiceAccount as it is applied, and as `--role-only` prints it.
pub fn manifest(name: &ServiceAccountName, labels: &Map, annotations: &Map) -> Value {
    let mut metadata = json!({ "name": name.name, "namespace": name.namespace });
    for (field, map) in [("labels", labels), ("annotations", annotations)] {
        if !map.is_empty() {
            metadata[field] = json!(map);
        }
    }
    json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata })
}

fn status_code(error: &kube::Error) -> Option<u16> {
    match error {
        kube::Error::Api(status) => Some(status.code),
        _ => None,
    }
}

/// Kubernetes answers an apply into a missing namespace with 404 for the namespace.
fn is_missing_namespace(error: &kube::Error, namespace: &Namespace) -> bool {
    matches!(error, kube::Error::Api(status)
        if status.code == 404 && status.message.contains(&format!("namespaces \"{namespace}\" not found")))
}

fn service_account(object: &ServiceAccountObject) -> ServiceAccount {
    let metadata = &object.metadata;
    let applied = |field: &str| -> BTreeSet<String> {
        let managers = metadata.managed_fields.iter().flatten();
        managers
            .filter(|entry| entry.manager.as_deref() == Some(FIELD_MANAGER))
            .filter(|entry| entry.operation.as_deref() == Some("Apply"))
            .filter_map(|entry| {
                entry
                    .fields_v1
                    .as_ref()?
                    .0
                    .get("f:metadata")?
                    .get(field)?
                    .as_object()
            })
            .flat_map(|fields| {
                fields
                    .keys()
                    .filter_map(|key| key.strip_prefix("f:"))
                    .map(str::to_owned)
            })
            .collect()
    };
    ServiceAccount {
        labels: metadata.labels.clone().unwrap_or_default(),
        annotations: metadata.annotations.clone().unwrap_or_default(),
        applied_labels: applied("f:labels"),
        applied_annotations: applied("f:annotations"),
        role_is_gone: false,
        changed: cluster::role_set(&json!(metadata)).map(|(_, at)| at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_shown_in_part_and_without_tokens() {
        let message = format!("Authorization: Bearer abc, sir{}", "é".repeat(10_000));
        let shown = shown(&message);
        assert!(shown.starts_with("Authorization: Bearer …, sir"), "{shown}");
        assert_eq!(shown.chars().count(), MESSAGE_LIMIT);
    }

    #[test]
    fn fuzzed_messages_keep_no_token() {
        let corpus = ["Bearer k8s-aws-v1.abc", "x://u:p@h/", "\"Bearer x\"", ""];
        crate::fuzz::texts(corpus, |text| {
            assert!(!shown(text).contains("k8s-aws-v1."), "{text}");
        });
    }
}

//! The Kubernetes API: the only user of kube. The way to it (EKS endpoint and own token, or a
//! kubeconfig), and the few calls on service accounts and namespaces.

use std::collections::BTreeSet;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::proxy::matcher::Matcher;
use k8s_openapi::api::core::v1::{
    Namespace as NamespaceObject, ServiceAccount as ServiceAccountObject,
};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::client::ClientBuilder;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};
use serde_json::{Value, json};

use crate::aws::{Aws, Intervals, deepest};
use crate::error::Error;
use crate::issuer;
use crate::model::{Cluster, ClusterName, Map, Namespace, ServiceAccountName, Timeout};
use crate::observe::ServiceAccount;
use crate::plan::Conflicts;

/// The field manager of irsactl's server-side applies.
const FIELD_MANAGER: &str = "irsactl";
/// How long a connection may take, proxy and TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the API may say nothing. A webhook may take it 30 s.
const READ: Duration = Duration::from_secs(32);

mod retry;

pub struct Kubernetes {
    client: Client,
    intervals: Intervals,
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

impl Kubernetes {
    /// Prepares the client; makes no call to the API. Without a kubeconfig the endpoint and the CA
    /// are DescribeCluster's and the token our own, so that it cannot be another cluster.
    pub async fn connect(aws: &Aws, cluster: &Cluster, access: &Access) -> Result<Self, Error> {
        let named = access.kubeconfig.is_some() || access.context.is_some();
        let (mut config, eks) = match &cluster.eks {
            Some(eks) if !named => {
                let token = aws.sts.eks_token(&eks.token_id).await?;
                (
                    eks_config(&eks.endpoint, &eks.certificate_authority, token)?,
                    Some(cluster.name.clone()),
                )
            }
            _ => (kubeconfig(access).await?, None),
        };
        config.connect_timeout = Some(access.intervals.limit(CONNECT));
        config.read_timeout = Some(access.intervals.limit(READ));
        config.write_timeout = config.read_timeout;
        config.default_retry = false;
        if config.proxy_url.is_none() {
            config.proxy_url = Matcher::from_env()
                .intercept(&config.cluster_url)
                .map(|proxy| proxy.uri().clone());
        }
        let client = ClientBuilder::try_from(config)
            .map_err(|error| Error::Kubeconfig {
                cause: deepest(&error),
            })?
            .build();
        Ok(Self {
            client,
            intervals: access.intervals,
            cluster: format!("cluster \"{}\"", cluster.name),
            eks,
        })
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
        loop {
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

    fn accounts(&self, namespace: &Namespace) -> Api<ServiceAccountObject> {
        Api::namespaced(self.client.clone(), namespace.as_str())
    }

    fn failed(&self, operation: &str, error: &kube::Error) -> Error {
        let operation = operation.to_owned();
        match error {
            kube::Error::Api(status) => {
                let message = status.message.clone();
                match status.code {
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

fn eks_config(endpoint: &str, certificate_authority: &str, token: String) -> Result<Config, Error> {
    let unusable = |cause: String| Error::Kubernetes {
        operation: "prepare Kubernetes access".to_owned(),
        message: cause,
        lasting: true,
    };
    let url = endpoint
        .parse()
        .map_err(|error| unusable(format!("endpoint \"{endpoint}\": {error}")))?;
    let pem = STANDARD
        .decode(certificate_authority)
        .map_err(|error| unusable(format!("the cluster's CA: {error}")))?;
    let roots = issuer::certificates(&pem)
        .map_err(|error| unusable(format!("the cluster's CA: {error}")))?;
    let mut config = Config::new(url);
    config.root_cert = Some(roots);
    config.auth_info.token = Some(token.into());
    Ok(config)
}

async fn kubeconfig(access: &Access) -> Result<Config, Error> {
    let unusable = |error: &(dyn std::error::Error + 'static)| Error::Kubeconfig {
        cause: deepest(error),
    };
    let options = KubeConfigOptions {
        context: access.context.clone(),
        ..KubeConfigOptions::default()
    };
    match &access.kubeconfig {
        Some(path) => {
            let file = Kubeconfig::read_from(path).map_err(|error| unusable(&error))?;
            Config::from_custom_kubeconfig(file, &options)
                .await
                .map_err(|error| unusable(&error))
        }
        None => Config::from_kubeconfig(&options)
            .await
            .map_err(|error| unusable(&error)),
    }
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
    }
}

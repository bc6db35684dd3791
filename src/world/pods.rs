//! Pods, as far as their credentials go.

use std::collections::BTreeMap;
use std::fmt;

use super::CredentialSign;
use crate::model::{Map, Workload};

/// A pod, as far as its credentials go.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    pub service_account: String,
    pub created: i64,
    /// Pending, Running, Succeeded, Failed or Unknown.
    pub phase: String,
    /// It is being deleted.
    pub terminating: bool,
    pub node: Option<String>,
    pub host_network: bool,
    /// By its `nodeSelector`: the webhook looks at nothing else (`spec.os` or affinity).
    pub windows: bool,
    pub labels: Map,
    pub annotations: Map,
    pub containers: Vec<Container>,
    pub tokens: Vec<ProjectedToken>,
    /// What says that it has a role in the place of the instance metadata, where that was looked at.
    pub intercepted: Option<CredentialSign>,
    /// What says that Vault writes credentials into what it reads, where that was looked at.
    pub delivered: Option<CredentialSign>,
    /// `runAsUser`, `fsGroup` of the pod.
    pub run_as_user: Option<i64>,
    pub fs_group: Option<i64>,
    pub automount: Option<bool>,
    pub ready: bool,
    /// Why a container of it does not run, as `container app: ImagePullBackOff: …`.
    pub waiting: Option<String>,
    /// What it is a part of, as far as owner references lead; the pod itself where nobody owns it.
    pub owner: Workload,
    /// The kind of its owner, where that is none of those that are known.
    pub other_kind: Option<String>,
}

impl Pod {
    /// Whether it runs or is about to: neither ended nor being deleted.
    pub fn is_alive(&self) -> bool {
        !self.terminating && !matches!(self.phase.as_str(), "Succeeded" | "Failed")
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    pub name: String,
    pub kind: ContainerKind,
    pub image: String,
    /// Plain values by name; those from elsewhere (`valueFrom`) as `None`. Only variables of AWS and of
    /// proxies; what may be a secret is `…`, and a proxy has no user and no password.
    pub env: BTreeMap<String, Option<String>>,
    /// Where those from elsewhere come from.
    pub sources: BTreeMap<String, ValueSource>,
    /// Secrets and ConfigMaps of `envFrom`.
    pub env_from: Vec<ValueSource>,
    pub mounts: Vec<Mount>,
    pub run_as_user: Option<i64>,
}

impl Container {
    /// A variable's plain value.
    pub fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name)?.as_deref()
    }
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContainerKind {
    #[default]
    Main,
    /// Ends before the others begin.
    Init,
    /// An init container that is restarted always.
    Sidecar,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Mount {
    pub volume: String,
    pub path: String,
    pub read_only: bool,
    /// `None`: it is of another kind.
    pub source: Option<ValueSource>,
}

/// What variables or files come from, by its name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ValueSource {
    Secret(String),
    ConfigMap(String),
    SecretProviderClass(String),
}

impl ValueSource {
    /// Kind and name.
    pub fn parts(&self) -> (&'static str, &str) {
        match self {
            Self::Secret(name) => ("secret", name),
            Self::ConfigMap(name) => ("configmap", name),
            Self::SecretProviderClass(name) => ("secretproviderclass", name),
        }
    }
}

/// `secret/NAME`.
impl fmt::Display for ValueSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, name) = self.parts();
        write!(f, "{kind}/{name}")
    }
}

/// A volume with a service account's token.
#[derive(Clone, Debug, PartialEq)]
pub struct ProjectedToken {
    pub volume: String,
    /// `None`: the API server's own.
    pub audience: Option<String>,
    /// Seconds.
    pub expiration: Option<i64>,
    pub path: String,
}

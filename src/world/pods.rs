//! Pods, as far as their credentials go.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Map, Workload};

/// The annotation that keeps the webhook from containers (amazon-eks-pod-identity-webhook).
pub const SKIP_ANNOTATION: &str = "eks.amazonaws.com/skip-containers";
/// The label that keeps it from a whole pod, whatever its value (the webhook's `objectSelector`).
pub const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";

/// Where the SDKs of AWS find the file of the token.
const TOKEN_VARIABLE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";

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
    /// `runAsUser`, `fsGroup` of the pod.
    pub run_as_user: Option<i64>,
    pub fs_group: Option<i64>,
    pub automount: Option<bool>,
    pub ready: bool,
    /// Why a container of it does not run, as `container app: ImagePullBackOff: …`.
    pub waiting: Option<String>,
    /// What it is a part of, as far as owner references lead; the pod itself where nobody owns it.
    pub owner: Workload,
}

impl Pod {
    /// Whether it runs or is about to: neither ended nor being deleted.
    pub fn is_alive(&self) -> bool {
        !self.terminating && !matches!(self.phase.as_str(), "Succeeded" | "Failed")
    }

    /// Whether its label keeps the webhook away.
    pub fn is_skipped(&self) -> bool {
        self.labels.contains_key(SKIP_LABEL)
    }

    /// The token that the SDKs in a container take for AWS: whatever mounts it where the variable names
    /// it. The webhook's volume is `aws-iam-token`; kOps gives its own components another
    /// (`token-amazonaws-com`, for audience "amazonaws.com": kOps, `pkg/model/iam/subject.go`).
    pub fn token_of(&self, container: &Container) -> Option<&ProjectedToken> {
        let file = mounted(container.variable(TOKEN_VARIABLE)?);
        let is_at = |path: &str| {
            file.strip_prefix(path)
                .is_some_and(|rest| rest.starts_with('/'))
        };
        let mut mounts = container.mounts.iter();
        let mount = mounts.find(|mount| is_at(mount.path.trim_end_matches('/')))?;
        let mut tokens = self.tokens.iter();
        tokens.find(|token| token.volume == mount.volume)
    }

    /// The audience of its token for AWS; `None` where it has none.
    pub fn aws_audience(&self) -> Option<&str> {
        let mut containers = self.containers.iter();
        let token = containers.find_map(|container| self.token_of(container))?;
        token.audience.as_deref()
    }

    /// The containers that the webhook is to change: all but those that its annotation names. It takes
    /// blanks around a name for a part of it.
    pub fn injected(&self) -> impl Iterator<Item = &Container> {
        let skipped = self.annotations.get(SKIP_ANNOTATION);
        let skipped: BTreeSet<&str> = skipped
            .into_iter()
            .flat_map(|names| names.split(','))
            .collect();
        let containers = self.containers.iter();
        containers.filter(move |container| !skipped.contains(container.name.as_str()))
    }
}

/// Where a file is mounted: for pods on Windows the webhook writes `C:\…` into the variable, and mounts
/// the volume at `/…` all the same.
fn mounted(file: &str) -> String {
    match file.strip_prefix("C:") {
        Some(path) => path.replace('\\', "/"),
        None => file.to_owned(),
    }
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Container {
    pub name: String,
    pub kind: ContainerKind,
    pub image: String,
    /// Plain values by name; those from elsewhere (`valueFrom`) as `None`. Only variables of AWS and of
    /// proxies; what may be a secret is `…`.
    pub env: BTreeMap<String, Option<String>>,
    /// Secrets and ConfigMaps of `envFrom`, as `secret/NAME`, `configmap/NAME`.
    pub env_from: Vec<String>,
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
    /// Where it comes from, as `secret/NAME`, where it is a Secret or ConfigMap.
    pub source: Option<String>,
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

#[cfg(test)]
mod tests {
    use super::*;

    /// As kOps gives its own components a role (`pkg/model/iam/subject.go`), beside the API server's token.
    #[test]
    fn the_token_for_aws_is_the_one_that_the_variable_names() {
        let token = |volume: &str, audience: Option<&str>| ProjectedToken {
            volume: volume.to_owned(),
            audience: audience.map(str::to_owned),
            expiration: Some(86_400),
            path: "token".to_owned(),
        };
        let mount = |volume: &str, path: &str| Mount {
            volume: volume.to_owned(),
            path: path.to_owned(),
            read_only: true,
            source: None,
        };
        let file = "/var/run/secrets/amazonaws.com/token".to_owned();
        let mut pod = Pod {
            containers: vec![
                Container::default(),
                Container {
                    env: BTreeMap::from([(TOKEN_VARIABLE.to_owned(), Some(file))]),
                    mounts: vec![
                        mount(
                            "kube-api-access",
                            "/var/run/secrets/kubernetes.io/serviceaccount",
                        ),
                        mount("token-amazonaws-com", "/var/run/secrets/amazonaws.com/"),
                    ],
                    ..Container::default()
                },
            ],
            tokens: vec![
                token("kube-api-access", None),
                token("token-amazonaws-com", Some("amazonaws.com")),
            ],
            ..Pod::default()
        };
        assert_eq!(pod.aws_audience(), Some("amazonaws.com"));
        pod.containers[1].env.clear();
        assert_eq!(pod.aws_audience(), None);
    }
}

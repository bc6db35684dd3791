//! What the webhook of EKS gives containers (amazon-eks-pod-identity-webhook), what keeps it from them,
//! and what a container lacks of it.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::model::Way;

use super::pods::{Container, Pod, ProjectedToken};

/// The annotation that keeps the webhook from containers.
pub const SKIP_ANNOTATION: &str = "eks.amazonaws.com/skip-containers";
/// The label that keeps it from a whole pod, whatever its value (the webhook's `objectSelector`).
pub const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";

/// Where the SDKs of AWS find the role.
pub const ROLE_VARIABLE: &str = "AWS_ROLE_ARN";
/// Where they find the file of the token.
pub const TOKEN_VARIABLE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
/// Where they find the agent of EKS Pod Identity.
pub const POD_IDENTITY_VARIABLE: &str = "AWS_CONTAINER_CREDENTIALS_FULL_URI";

/// The webhook's volume with the token.
pub const TOKEN_VOLUME: &str = "aws-iam-token";
/// Where it mounts that (`--token-mount-path`).
const TOKEN_FILE: &str = "/var/run/secrets/eks.amazonaws.com/serviceaccount/token";
const WINDOWS_TOKEN_FILE: &str = "C:\\var\\run\\secrets\\eks.amazonaws.com\\serviceaccount\\token";

/// How the environment of a container is not that of the role.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Lack {
    NoRole,
    OtherRole(String),
    /// EKS Pod Identity gave it its credentials.
    PodIdentity,
    /// It has its role by its token, which EKS Pod Identity does not need.
    Irsa,
    NoToken,
    OtherAudience(String),
    /// Its pod's label keeps the webhook away.
    Skipped,
}

impl fmt::Display for Lack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoRole => f.write_str("has no role"),
            Self::OtherRole(role) => write!(f, "has role {role}"),
            Self::PodIdentity => f.write_str("has its credentials from EKS Pod Identity"),
            Self::Irsa => f.write_str("has its credentials from IRSA"),
            Self::NoToken => f.write_str("has no token for the role"),
            Self::OtherAudience(audience) => write!(f, "has a token for audience \"{audience}\""),
            Self::Skipped => write!(f, "is left alone for the label {SKIP_LABEL}"),
        }
    }
}

impl Container {
    /// How its role is not that one; `None` for one that is not known yet.
    pub fn lacks_role(&self, wanted: Option<&str>) -> Option<Lack> {
        match self.env.get(ROLE_VARIABLE) {
            Some(Some(role)) if Some(role.as_str()) == wanted => None,
            Some(Some(role)) => Some(Lack::OtherRole(role.clone())),
            Some(None) => Some(Lack::OtherRole("from a Secret or ConfigMap".to_owned())),
            None if self.env.contains_key(POD_IDENTITY_VARIABLE) => Some(Lack::PodIdentity),
            None => Some(Lack::NoRole),
        }
    }

    /// How it is not one that EKS Pod Identity gives its credentials.
    pub fn lacks_pod_identity(&self) -> Option<Lack> {
        if self.env.contains_key(ROLE_VARIABLE) {
            Some(Lack::Irsa)
        } else if self.env.contains_key(POD_IDENTITY_VARIABLE) {
            None
        } else {
            Some(Lack::NoRole)
        }
    }

    /// That it has its credentials on a way.
    pub fn keeps(&self, way: Way) -> Option<Lack> {
        let (variable, kept) = match way {
            Way::Irsa => (ROLE_VARIABLE, Lack::Irsa),
            Way::PodIdentity => (POD_IDENTITY_VARIABLE, Lack::PodIdentity),
        };
        self.env.contains_key(variable).then_some(kept)
    }

    /// Whether its variables cannot be the webhook's, which sets both of them, or none where the template
    /// has one of them.
    pub fn sets_itself(&self) -> bool {
        let role = self.env.get(ROLE_VARIABLE);
        let has_file = self.env.contains_key(TOKEN_VARIABLE);
        let has_own_file = has_file && !self.has_token_file();
        role.is_some() != has_file || has_own_file || role == Some(&None)
    }

    /// Whether it looks for the token where the webhook mounts it.
    pub fn has_token_file(&self) -> bool {
        let file = self.variable(TOKEN_VARIABLE);
        file == Some(TOKEN_FILE) || file == Some(WINDOWS_TOKEN_FILE)
    }

    /// Whether it mounts the webhook's volume.
    pub fn mounts_token(&self) -> bool {
        let mut mounts = self.mounts.iter();
        mounts.any(|mount| mount.volume == TOKEN_VOLUME)
    }
}

impl Pod {
    /// What a container of it lacks of a role, and of a token for an audience where one is meant.
    pub fn lacks(
        &self,
        container: &Container,
        role: Option<&str>,
        audience: Option<&str>,
    ) -> Option<Lack> {
        if let Some(lack) = container.lacks_role(role) {
            return Some(lack);
        }
        let Some(token) = self.token_of(container) else {
            return Some(Lack::NoToken);
        };
        match (audience, &token.audience) {
            (Some(wanted), Some(found)) if wanted != found => {
                Some(Lack::OtherAudience(found.clone()))
            }
            (Some(_), None) => Some(Lack::OtherAudience("of the cluster".to_owned())),
            _ => None,
        }
    }

    /// The token that the webhook gave it.
    pub fn webhooks_token(&self) -> Option<&ProjectedToken> {
        let mut tokens = self.tokens.iter();
        tokens.find(|token| token.volume == TOKEN_VOLUME)
    }

    /// Where its containers have the token from the webhook.
    pub fn token_file(&self) -> &'static str {
        if self.windows {
            WINDOWS_TOKEN_FILE
        } else {
            TOKEN_FILE
        }
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::world::Mount;

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

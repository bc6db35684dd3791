//! Where a pod has its AWS credentials from, and what says so: what the cluster gave it, and what its
//! template brings by itself.

use std::collections::BTreeMap;

use serde::Serialize;

use super::pods::{Container, ContainerKind, Mount, Pod, ValueSource};
use super::{POD_IDENTITY_VARIABLE, ROLE_VARIABLE};

/// A key in the environment comes before all else, in every SDK of AWS.
const KEY_VARIABLE: &str = "AWS_ACCESS_KEY_ID";
const PROFILE_VARIABLE: &str = "AWS_PROFILE";
const FILE_VARIABLE: &str = "AWS_SHARED_CREDENTIALS_FILE";

/// What is told of Secrets and ConfigMaps.
pub const UNREAD: &str = "whose contents are not looked at";

/// The annotations of Vault's injector (vault-k8s, `agent-inject/agent/annotations.go`).
const INJECT: &str = "vault.hashicorp.com/agent-inject";
const INJECTED: [&str; 2] = [
    "vault.hashicorp.com/agent-inject-secret-",
    "vault.hashicorp.com/agent-inject-template-",
];

/// Where a pod has its credentials from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PodWay {
    PodIdentity,
    Irsa,
    /// From kube2iam, which calls AWS with the role of the pod's node.
    Kube2iam,
    /// From kiam, which calls AWS with the role of its server.
    Kiam,
    /// Vault's AWS secrets engine.
    Vault,
    /// Keys in its environment, or in a file.
    StaticKeys,
    /// From the role of its node, or from nowhere.
    NodeRole,
}

impl PodWay {
    /// As it is written in JSON and in tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::PodIdentity => "pod-identity",
            Self::Irsa => "irsa",
            Self::Kube2iam => "kube2iam",
            Self::Kiam => "kiam",
            Self::Vault => "vault",
            Self::StaticKeys => "static-keys",
            Self::NodeRole => "node-role",
        }
    }
}

/// Where credentials come from, in the order in which the SDKs of AWS ask (SDKs and Tools Reference Guide,
/// "Standardized credential providers"; each SDK's own page has its chain). A file comes before a web
/// identity in those for JavaScript and Rust, and after it in those for Go, Java and Python.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Provider {
    Environment,
    /// What Vault's agent writes is read before the application asks an SDK.
    Vault,
    WebIdentity,
    File,
    Agent,
    /// What answers in the place of the instance metadata.
    Kube2iam,
    Kiam,
    /// A Secret whose keys become variables: its contents are not looked at.
    Secret,
    Metadata,
}

impl Provider {
    /// What pods have by it.
    pub fn way(self) -> PodWay {
        match self {
            Self::Environment | Self::File | Self::Secret => PodWay::StaticKeys,
            Self::Vault => PodWay::Vault,
            Self::WebIdentity => PodWay::Irsa,
            Self::Agent => PodWay::PodIdentity,
            Self::Kube2iam => PodWay::Kube2iam,
            Self::Kiam => PodWay::Kiam,
            Self::Metadata => PodWay::NodeRole,
        }
    }
}

/// What says that a pod has credentials from there, as `AWS_ROLE_ARN in container app`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct CredentialSign {
    pub provider: Provider,
    pub told: String,
}

impl CredentialSign {
    /// `told` is what a reader can look up, as `AWS_ROLE_ARN in container app`.
    pub fn new(provider: Provider, told: impl Into<String>) -> Self {
        let told = told.into();
        Self { provider, told }
    }
}

/// What Vault writes credentials of AWS into, by namespace and source, with what says so.
pub type VaultDeliveries = BTreeMap<(String, ValueSource), String>;

/// What a container's template sets before the role that the cluster gives it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum OwnCredentials<'a> {
    /// A key in its environment: the variable.
    Key(&'static str),
    /// A variable that names a profile or a file.
    Variable(&'static str),
    /// A volume where the SDKs look for a file with keys.
    Volume(&'a Mount),
    /// A Secret or ConfigMap whose name says that it is about AWS; its contents are not looked at.
    From(&'a ValueSource),
}

impl Container {
    /// What its template sets before the role that the cluster gives it: what outranks the rest is first.
    pub fn own_credentials(&self) -> impl Iterator<Item = OwnCredentials<'_>> {
        // The SDKs take an empty variable for none.
        let has = |name: &&str| {
            let value = self.env.get(*name);
            value.is_some_and(|value| value.as_deref() != Some(""))
        };
        let key = has(&KEY_VARIABLE).then_some(OwnCredentials::Key(KEY_VARIABLE));
        let variables = [PROFILE_VARIABLE, FILE_VARIABLE].into_iter().filter(has);
        let volumes = self.mounts.iter().filter(|mount| {
            let path = mount.path.trim_end_matches('/');
            path.ends_with("/.aws") || path.ends_with("/.aws/credentials")
        });
        let from = self.env_from.iter();
        let from = from.filter(|from| from.parts().1.to_lowercase().contains("aws"));
        key.into_iter()
            .chain(variables.map(OwnCredentials::Variable))
            .chain(volumes.map(OwnCredentials::Volume))
            .chain(from.map(OwnCredentials::From))
    }

    /// `container app`.
    pub fn words(&self) -> String {
        match self.kind {
            ContainerKind::Main => format!("container {}", self.name),
            ContainerKind::Init => format!("init container {}", self.name),
            ContainerKind::Sidecar => format!("sidecar {}", self.name),
        }
    }

    /// The volume that has the file which a variable names.
    fn file(&self) -> Option<&Mount> {
        let file = self.variable(FILE_VARIABLE)?;
        let mut mounts = self.mounts.iter();
        mounts.find(|mount| {
            let rest = file.strip_prefix(mount.path.trim_end_matches('/'));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }

    /// What says that it has keys of its own. A profile alone has none, nor does a file that no volume has.
    fn keys(&self) -> impl Iterator<Item = CredentialSign> {
        let words = self.words();
        self.own_credentials().filter_map(move |own| {
            let (provider, what) = match own {
                OwnCredentials::Key(name) => (Provider::Environment, self.sourced(name)),
                OwnCredentials::Variable(name) => {
                    let mount = self.file().filter(|_| name == FILE_VARIABLE)?;
                    (Provider::File, format!("{name} at {}", volume(mount)))
                }
                OwnCredentials::Volume(mount) => (Provider::File, volume(mount)),
                OwnCredentials::From(from @ ValueSource::Secret(_)) => {
                    let told = format!("variables from {from} in {words}, {UNREAD}");
                    return Some(CredentialSign::new(Provider::Secret, told));
                }
                OwnCredentials::From(_) => return None,
            };
            Some(CredentialSign::new(provider, format!("{what} in {words}")))
        })
    }

    /// A variable, with where it comes from.
    fn sourced(&self, name: &str) -> String {
        match self.sources.get(name) {
            Some(source) => format!("{name} from {source}"),
            None => name.to_owned(),
        }
    }
}

fn volume(mount: &Mount) -> String {
    match &mount.source {
        Some(source) => format!("{source} at {}", mount.path),
        None => format!("volume {} at {}", mount.volume, mount.path),
    }
}

impl Pod {
    /// The way on which the cluster gave it credentials. The SDKs of AWS ask for a web identity before they
    /// ask an agent.
    pub fn way(&self) -> PodWay {
        let given = self.given().map(|sign| sign.provider);
        given.min().unwrap_or(Provider::Metadata).way()
    }

    /// What says that the cluster gave it credentials.
    pub fn given(&self) -> impl Iterator<Item = CredentialSign> {
        let providers = [
            (Provider::WebIdentity, ROLE_VARIABLE),
            (Provider::Agent, POD_IDENTITY_VARIABLE),
        ];
        let injected = providers.into_iter().filter_map(|(provider, name)| {
            let has = |it: &&Container| it.kind != ContainerKind::Init && it.env.contains_key(name);
            let container = self.containers.iter().find(has)?;
            let told = format!("{name} in {}", container.words());
            Some(CredentialSign::new(provider, told))
        });
        injected.chain(self.intercepted.clone())
    }

    /// What says that it brings credentials of its own, or has Vault write them.
    pub fn brought(&self) -> impl Iterator<Item = CredentialSign> {
        let keys = self.containers.iter().flat_map(Container::keys);
        keys.chain(self.of_vault()).chain(self.delivered.clone())
    }

    /// Takes what Vault writes into Secrets and volumes for what it is, and not for keys that somebody put
    /// there.
    pub fn deliver(&mut self, deliveries: &VaultDeliveries, namespace: &str) {
        let told = |source: &ValueSource| deliveries.get(&(namespace.to_owned(), source.clone()));
        let mut found = None;
        for container in &mut self.containers {
            let words = container.words();
            let mut is_kept = |source: &ValueSource| {
                let told = told(source);
                if let Some(told) = told {
                    found.get_or_insert(format!("{told}, by {source} in {words}"));
                }
                told.is_none()
            };
            let sources = &container.sources;
            container
                .env
                .retain(|name, _| sources.get(name).is_none_or(&mut is_kept));
            container.env_from.retain(&mut is_kept);
            container
                .mounts
                .retain(|it| it.source.as_ref().is_none_or(&mut is_kept));
        }
        self.delivered = found.map(|told| CredentialSign::new(Provider::Vault, told));
    }

    /// That Vault's injector writes credentials of an AWS secrets engine into it.
    fn of_vault(&self) -> Option<CredentialSign> {
        let is_on = self.annotations.get(INJECT)?;
        // As Go's `strconv.ParseBool`.
        if !["1", "t", "T", "TRUE", "true", "True"].contains(&is_on.as_str()) {
            return None;
        }
        let mut annotations = self.annotations.iter();
        annotations.find_map(|(key, value)| {
            INJECTED.iter().find(|prefix| key.starts_with(**prefix))?;
            let path = engine_path(value)?;
            Some(CredentialSign::new(
                Provider::Vault,
                format!("annotation {key} with {path}"),
            ))
        })
    }
}

/// The path of credentials of an AWS secrets engine in a secret's path or in a template: the engine is
/// mounted at `aws` or at something that has it in its name, and gives credentials at `creds/ROLE`,
/// `sts/ROLE` and `static-creds/ROLE` (Vault's API, "AWS secrets engine").
pub fn engine_path(text: &str) -> Option<&str> {
    let is_of_path = |c: char| c.is_ascii_alphanumeric() || "/_-.".contains(c);
    let mut paths = text.split(|c| !is_of_path(c));
    paths.find(|path| {
        let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
        let [mount @ .., kind, role] = &parts[..] else {
            return false;
        };
        let is_aws = mount.iter().any(|part| part.to_lowercase().contains("aws"));
        is_aws && ["creds", "sts", "static-creds"].contains(kind) && !role.is_empty()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn container(env: &[(&str, Option<&str>)]) -> Container {
        let env = env.iter();
        let env = env.map(|(name, value)| ((*name).to_owned(), value.map(str::to_owned)));
        Container {
            name: "app".to_owned(),
            env: env.collect(),
            ..Container::default()
        }
    }

    fn secret(name: &str) -> ValueSource {
        ValueSource::Secret(name.to_owned())
    }

    fn mounting(
        path: &str,
        source: Option<ValueSource>,
        env: &[(&str, Option<&str>)],
    ) -> Container {
        Container {
            mounts: vec![Mount {
                volume: "keys".to_owned(),
                path: path.to_owned(),
                read_only: true,
                source,
            }],
            ..container(env)
        }
    }

    fn brought(container: Container, annotations: &[(&str, &str)]) -> Vec<String> {
        let annotations = annotations.iter();
        let annotations = annotations.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        let pod = Pod {
            containers: vec![container],
            annotations: annotations.collect(),
            ..Pod::default()
        };
        let signs = pod.brought();
        signs
            .map(|sign| format!("{:?}: {}", sign.provider, sign.told))
            .collect()
    }

    #[test]
    fn keys_are_told_by_what_brings_them_and_never_by_their_value() {
        let key = Some("AKIASECRET");
        for (container, wanted) in [
            (
                container(&[(KEY_VARIABLE, key)]),
                "Environment: AWS_ACCESS_KEY_ID in container app",
            ),
            (container(&[(KEY_VARIABLE, Some(""))]), ""),
            (
                Container {
                    sources: BTreeMap::from([(KEY_VARIABLE.to_owned(), secret("s"))]),
                    kind: ContainerKind::Init,
                    ..container(&[(KEY_VARIABLE, None)])
                },
                "Environment: AWS_ACCESS_KEY_ID from secret/s in init container app",
            ),
            (
                mounting("/root/.aws/", Some(secret("s")), &[]),
                "File: secret/s at /root/.aws/ in container app",
            ),
            (
                mounting("/keys", None, &[(FILE_VARIABLE, Some("/keys/credentials"))]),
                "File: AWS_SHARED_CREDENTIALS_FILE at volume keys at /keys in container app",
            ),
            (
                mounting(
                    "/keys",
                    None,
                    &[(FILE_VARIABLE, Some("/keys2/credentials"))],
                ),
                "",
            ),
            (container(&[(PROFILE_VARIABLE, Some("dev"))]), ""),
            (
                Container {
                    env_from: vec![ValueSource::ConfigMap("aws".to_owned()), secret("AWS-keys")],
                    ..Container::default()
                },
                "Secret: variables from secret/AWS-keys in container , whose contents are not looked at",
            ),
        ] {
            assert_eq!(brought(container, &[]).join("; "), wanted);
        }
    }

    #[test]
    fn vault_is_told_by_the_annotation_that_names_an_aws_engine() {
        let (secret, template) = (
            "vault.hashicorp.com/agent-inject-secret-aws",
            "vault.hashicorp.com/agent-inject-template-aws",
        );
        for (on, key, value, wanted) in [
            ("true", secret, "aws/creds/app", "aws/creds/app"),
            (
                "1",
                secret,
                "/team/aws-prod/sts/app",
                "/team/aws-prod/sts/app",
            ),
            (
                "true",
                secret,
                "aws/static-creds/app",
                "aws/static-creds/app",
            ),
            (
                "true",
                template,
                r#"{{ with secret "aws/creds/app" "ttl=1h" }}{{ .Data.access_key }}{{ end }}"#,
                "aws/creds/app",
            ),
            ("false", secret, "aws/creds/app", ""),
            ("yes", secret, "aws/creds/app", ""),
            ("true", secret, "database/creds/app", ""),
            ("true", secret, "secret/data/aws", ""),
            ("true", secret, "aws/creds/", ""),
            ("true", "example.com/secret", "aws/creds/app", ""),
        ] {
            let told = brought(Container::default(), &[(INJECT, on), (key, value)]);
            let wanted = match wanted {
                "" => String::new(),
                path => format!("Vault: annotation {key} with {path}"),
            };
            assert_eq!(told.join("; "), wanted, "{value}");
        }
    }

    #[test]
    fn what_vault_writes_into_secrets_and_volumes_is_vaults() {
        let told = "VaultDynamicSecret web/app with aws/creds/app".to_owned();
        let class = "SecretProviderClass web/app with aws/creds/app".to_owned();
        let volume = ValueSource::SecretProviderClass("app".to_owned());
        let at = |source: ValueSource| ("web".to_owned(), source);
        let deliveries =
            VaultDeliveries::from([(at(secret("app")), told), (at(volume.clone()), class)]);
        let from = |name: &str| Container {
            sources: BTreeMap::from([(KEY_VARIABLE.to_owned(), secret(name))]),
            ..container(&[(KEY_VARIABLE, None)])
        };
        let by =
            "Vault: VaultDynamicSecret web/app with aws/creds/app, by secret/app in container app";
        for (container, namespace, wanted) in [
            (from("app"), "web", by),
            (
                from("app"),
                "shop",
                "Environment: AWS_ACCESS_KEY_ID from secret/app in container app",
            ),
            (
                from("other"),
                "web",
                "Environment: AWS_ACCESS_KEY_ID from secret/other in container app",
            ),
            (
                mounting("/keys", Some(volume), &[]),
                "web",
                "Vault: SecretProviderClass web/app with aws/creds/app, by secretproviderclass/app in container app",
            ),
            (mounting("/root/.aws", Some(secret("app")), &[]), "web", by),
        ] {
            let mut pod = Pod {
                containers: vec![container],
                ..Pod::default()
            };
            pod.deliver(&deliveries, namespace);
            let signs = pod.brought();
            let signs = signs.map(|sign| format!("{:?}: {}", sign.provider, sign.told));
            assert_eq!(signs.collect::<Vec<_>>().join("; "), wanted);
        }
    }
}

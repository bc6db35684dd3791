//! Names that AWS and the cluster are asked for: never aloud.

use std::path::PathBuf;

use super::line::Line;
use super::{PATIENCE, cache, patiently};
use crate::aws::{Aws, AwsConnection};
use crate::error::Error;
use crate::issuer;
use crate::kubernetes::{Access, Kubernetes};
use crate::model::{ClusterName, Timeout};
use crate::waiting::Intervals;

/// Where the service accounts of a command are looked for.
#[derive(Clone, Copy, Debug)]
pub enum Account {
    /// Those that have a role.
    Stacks,
    /// Those that have an EKS Pod Identity association.
    Associations,
    /// All of the cluster.
    Kubernetes,
}

/// Which names a value is one of.
#[derive(Clone, Copy, Debug)]
pub enum Names {
    Clusters,
    Namespaces(Account),
    /// With the namespace before them, where none stands on the line.
    ServiceAccounts(Account),
    /// Of the namespace on the line, or of the default one.
    BareServiceAccounts(Account),
    /// With the namespace before them.
    Pods,
    Policies,
}

/// A list as it is asked for and kept.
#[derive(Clone, Copy, Debug)]
enum NameList {
    Clusters,
    Namespaces,
    ServiceAccounts,
    Stacks,
    Associations,
    Pods,
    Policies,
}

impl Names {
    /// Of an argument, by its flag or by its place in the usage.
    pub fn of(long: Option<&str>, place: Option<&str>, account: Account) -> Option<Self> {
        match (long, place) {
            (Some("cluster" | "from-cluster" | "to-cluster"), _) | (None, Some("CLUSTER")) => {
                Some(Self::Clusters)
            }
            (Some("namespace"), _) => Some(Self::Namespaces(account)),
            (Some("pod"), _) => Some(Self::Pods),
            (Some("name"), _) => Some(Self::BareServiceAccounts(account)),
            (None, Some("NAME" | "NAMESPACE/NAME")) => Some(Self::ServiceAccounts(account)),
            (
                Some(
                    "attach-policy-arn"
                    | "add-policy-arn"
                    | "remove-policy-arn"
                    | "permissions-boundary",
                ),
                _,
            ) => Some(Self::Policies),
            _ => None,
        }
    }

    /// Those that there are, of the cluster, the region and the account that the line names.
    pub fn read(self, line: &Line) -> Vec<String> {
        let namespace = line.value("namespace", Some('n'));
        match self {
            Self::Clusters => NameList::Clusters.read(line),
            Self::Policies => NameList::Policies.read(line),
            Self::Pods => NameList::Pods.read(line),
            Self::Namespaces(Account::Kubernetes) => NameList::Namespaces.read(line),
            Self::Namespaces(account) => {
                let accounts = account.list().read(line).into_iter();
                let namespaces =
                    accounts.filter_map(|name| Some(name.split_once('/')?.0.to_owned()));
                namespaces.collect()
            }
            Self::ServiceAccounts(account) => match namespace {
                Some(namespace) => of_namespace(account.list().read(line), &namespace),
                None => account.list().read(line),
            },
            Self::BareServiceAccounts(account) => {
                let namespace = namespace.unwrap_or_else(|| "default".to_owned());
                of_namespace(account.list().read(line), &namespace)
            }
        }
    }
}

fn of_namespace(names: Vec<String>, namespace: &str) -> Vec<String> {
    let names = names.into_iter();
    names
        .filter_map(|name| {
            let (place, name) = name.split_once('/')?;
            (place == namespace).then(|| name.to_owned())
        })
        .collect()
}

impl Account {
    /// The same of a command about associations: who makes one looks in the cluster too.
    pub fn associated(self) -> Self {
        match self {
            Self::Stacks | Self::Associations => Self::Associations,
            Self::Kubernetes => Self::Kubernetes,
        }
    }

    fn list(self) -> NameList {
        match self {
            Self::Stacks => NameList::Stacks,
            Self::Associations => NameList::Associations,
            Self::Kubernetes => NameList::ServiceAccounts,
        }
    }
}

impl NameList {
    /// A kubeconfig may name a program. One that lies where the user happens to be is not trusted for a
    /// press of the tabulator.
    fn would_run_plugin(self, line: &Line) -> bool {
        let kubeconfig = line.value("kubeconfig", None).map(PathBuf::from);
        let asks_kubernetes = matches!(self, Self::Namespaces | Self::ServiceAccounts | Self::Pods);
        asks_kubernetes && kubeconfig.is_some_and(|path| path.is_relative())
    }

    fn read(self, line: &Line) -> Vec<String> {
        let cluster = line.value("cluster", Some('c'));
        let needs_cluster = !matches!(self, Self::Clusters | Self::Policies);
        if needs_cluster && cluster.is_none() || self.would_run_plugin(line) {
            return Vec::new();
        }
        let flags = ["kubeconfig", "context"].map(|flag| line.value(flag, None));
        let variables = [
            "AWS_REGION",
            "AWS_DEFAULT_REGION",
            "AWS_PROFILE",
            "AWS_ACCESS_KEY_ID",
            "AWS_CONFIG_FILE",
            "AWS_SHARED_CREDENTIALS_FILE",
            "AWS_ROLE_ARN",
            "AWS_ENDPOINT_URL",
            "KUBECONFIG",
        ];
        let mut key = vec![
            Some(format!("{self:?}")),
            line.value("region", Some('r')),
            line.value("profile", Some('p')),
            cluster.filter(|_| needs_cluster),
        ];
        key.extend(flags);
        key.extend(variables.map(|name| std::env::var(name).ok()));
        let entry = cache::CachedList::of(&key);
        if let Some(names) = entry.as_ref().and_then(cache::CachedList::read) {
            return names;
        }
        let (names, complete) = self.asked(line);
        if let Some(entry) = entry.filter(|_| complete) {
            entry.write(&names);
        }
        names
    }

    /// What was told within the time, and whether it is all.
    fn asked(self, line: &Line) -> (Vec<String>, bool) {
        let mut names = Vec::new();
        let ended = patiently(self.ask(line, &mut names));
        // Names have no line ends; what has would be two of them when it is read again.
        names.retain(|name| !name.contains(char::is_control));
        (names, matches!(ended, Some(Ok(()))))
    }

    async fn ask(self, line: &Line, names: &mut Vec<String>) -> Result<(), Error> {
        issuer::prepare().await?;
        let aws = Aws::connect(&connection(line)).await?;
        let cluster = line.value("cluster", Some('c')).unwrap_or_default();
        let cluster = || cluster.parse::<ClusterName>().map_err(Error::Flags);
        match self {
            Self::Clusters => names.extend(aws.eks.clusters().await?),
            Self::Policies => aws.iam.policies(names).await?,
            Self::Stacks => {
                let cluster = cluster()?;
                let stacks = aws.cloudformation.stacks().await?.into_iter();
                let accounts = stacks
                    .filter(|stack| stack.is_of(&cluster))
                    .filter_map(|stack| stack.service_account());
                names.extend(accounts.map(|name| name.to_string()));
            }
            Self::Associations => {
                let listed = aws.eks.associated(cluster()?.as_str(), None).await?;
                let listed = listed.found().unwrap_or_default().into_iter();
                names.extend(listed.map(|(name, _)| name.to_string()));
            }
            Self::Namespaces => {
                let kubernetes = kubernetes(&aws, &cluster()?, line).await?;
                names.extend(kubernetes.namespaces().await?);
            }
            Self::Pods => {
                let kubernetes = kubernetes(&aws, &cluster()?, line).await?;
                kubernetes.pod_names(names).await?;
            }
            Self::ServiceAccounts => {
                let kubernetes = kubernetes(&aws, &cluster()?, line).await?;
                let accounts = kubernetes.service_accounts(None).await?.into_iter();
                names.extend(accounts.map(|(name, _)| name.to_string()));
            }
        }
        Ok(())
    }
}

fn connection(line: &Line) -> AwsConnection {
    AwsConnection {
        region: line.value("region", Some('r')),
        profile: line.value("profile", Some('p')),
        timeout: Timeout(PATIENCE),
        intervals: Intervals::from_environment(),
        ask: None,
        via: None,
        is_of_roles: false,
    }
}

async fn kubernetes(aws: &Aws, name: &ClusterName, line: &Line) -> Result<Kubernetes, Error> {
    let cluster = aws.eks.cluster(name, &aws.region).await?;
    let access = Access {
        kubeconfig: line.value("kubeconfig", None).map(Into::into),
        context: line.value("context", None),
        intervals: Intervals::from_environment(),
    };
    Kubernetes::connect(aws.sts.bearer(), &cluster, &access).await
}

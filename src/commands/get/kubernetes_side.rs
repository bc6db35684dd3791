//! What Kubernetes has of the service accounts that are listed, by one call for all of them.

use crate::cli::KubernetesArgs;
use crate::error::Error;
use crate::model::{Cluster, Lookup, Namespace, ServiceAccountName};
use crate::run::Context;
use crate::world::{ServiceAccount, Stack};

/// All that match, or why they are not known.
pub enum KubernetesSide {
    Known(Vec<(ServiceAccountName, ServiceAccount)>),
    Unknown(String),
}

impl KubernetesSide {
    /// Missing: Kubernetes has no such ServiceAccount.
    pub fn of(&self, name: &ServiceAccountName) -> Lookup<ServiceAccount> {
        match self {
            Self::Unknown(why) => Lookup::Unknown(why.clone()),
            Self::Known(all) => match all.iter().find(|(other, _)| other == name) {
                Some((_, account)) => Lookup::Found(account.clone()),
                None => Lookup::Missing,
            },
        }
    }

    /// Those that irsactl or eksctl gave a role that no stack made for them.
    pub fn attached(
        &self,
        stacks: &[(ServiceAccountName, Stack)],
        name: Option<&str>,
    ) -> Vec<ServiceAccountName> {
        let Self::Known(all) = self else {
            return Vec::new();
        };
        let has_stack = |name| stacks.iter().any(|(other, _)| other == name);
        let attached = all
            .iter()
            .filter(|(account, _)| name.is_none_or(|name| account.name == name))
            .filter(|(account, object)| object.is_given_role() && !has_stack(account));
        attached.map(|(account, _)| account.clone()).collect()
    }
}

/// Without a namespace those of all. A failure, that of the cluster's look-up too, is kept as its words.
pub async fn service_accounts(
    context: &Context,
    cluster: Result<Cluster, Error>,
    args: &KubernetesArgs,
    namespace: Option<&Namespace>,
) -> KubernetesSide {
    let listed = async {
        context
            .kubernetes(&cluster?, args)
            .await?
            .service_accounts(namespace)
            .await
    };
    match listed.await {
        Ok(all) => KubernetesSide::Known(all),
        Err(error) => KubernetesSide::Unknown(error.to_string()),
    }
}

//! What Kubernetes has of the service accounts that are listed, by one call for all of them.

use crate::cli::KubernetesArgs;
use crate::commands::file::ClusterPlace;
use crate::model::{Lookup, Namespace, ServiceAccountName};
use crate::run::Context;
use crate::world::ServiceAccount;

/// All that match, or why they are not known.
pub enum KubernetesSide {
    Known(Vec<(ServiceAccountName, ServiceAccount)>),
    Unknown(String),
}

impl KubernetesSide {
    pub fn of(&self, name: &ServiceAccountName) -> Lookup<ServiceAccount> {
        match self {
            Self::Unknown(why) => Lookup::Unknown(why.clone()),
            Self::Known(all) => match all.iter().find(|(other, _)| other == name) {
                Some((_, account)) => Lookup::Found(account.clone()),
                None => Lookup::Missing,
            },
        }
    }
}

pub async fn service_accounts(
    context: &Context,
    place: &ClusterPlace,
    args: &KubernetesArgs,
    namespace: Option<&Namespace>,
) -> KubernetesSide {
    let listed = async {
        let cluster = context.cluster(place).await?;
        context
            .kubernetes(&cluster, args)
            .await?
            .service_accounts(namespace)
            .await
    };
    match listed.await {
        Ok(all) => KubernetesSide::Known(all),
        Err(error) => {
            context
                .output
                .warn(&format!("the Kubernetes side is not known: {error}"));
            KubernetesSide::Unknown(error.to_string())
        }
    }
}

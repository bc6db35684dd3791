//! The cluster that a command is about, and the way to its Kubernetes API.

use super::file::ClusterPlace;
use crate::cli::KubernetesArgs;
use crate::error::Error;
use crate::kubernetes::{Access, Kubernetes};
use crate::model::Cluster;
use crate::run::Context;

impl Context {
    /// The cluster, with the account that its roles are in.
    pub(super) async fn cluster(&self, place: &ClusterPlace) -> Result<Cluster, Error> {
        let mut cluster = self.own_cluster(place).await?;
        if let Some(account) = &self.roles_account {
            cluster.has_roles_elsewhere = cluster.account != *account;
            cluster.account.clone_from(account);
        }
        Ok(cluster)
    }

    /// From EKS; or, with its issuer given, from the caller's account.
    async fn own_cluster(&self, place: &ClusterPlace) -> Result<Cluster, Error> {
        let name = &place.cluster;
        let Some(issuer) = &place.issuer else {
            return self.aws.eks.cluster(name, &self.aws.region).await;
        };
        let caller = self.aws.sts.caller().await?;
        Ok(Cluster {
            name: name.clone(),
            partition: caller.partition,
            account: caller.account,
            issuer: issuer.clone(),
            has_roles_elsewhere: false,
            eks: None,
        })
    }

    pub(super) async fn kubernetes(
        &self,
        cluster: &Cluster,
        args: &KubernetesArgs,
    ) -> Result<Kubernetes, Error> {
        let (file, context) = (args.kubeconfig.clone(), args.context.clone());
        let access = Access::new(file, context, self.intervals);
        Kubernetes::connect(self.aws.sts.bearer(), cluster, &access).await
    }
}

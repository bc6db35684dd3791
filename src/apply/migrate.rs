//! The steps of a move that no other command has: a trust policy that is replaced as long as it is as it was
//! seen, and the proof of a way before the one of before goes.

use std::collections::BTreeSet;

use super::Worker;
use crate::error::Error;
use crate::model::{Lookup, Workload};
use crate::plan::Repair;
use crate::plan::migrate::{Prove, UpdateTrust};
use crate::policy::same;
use crate::world::{PodWay, Pods};

impl Worker<'_> {
    /// # Errors
    /// Where somebody changed it meanwhile.
    pub(super) async fn update_trust(&self, update: &UpdateTrust) -> Result<(), Error> {
        let iam = &self.aws.iam;
        match iam.role(&update.role).await? {
            Lookup::Found(role) if same(&role.trust, &update.document) => Ok(()),
            Lookup::Found(role) if same(&role.trust, &update.seen) => {
                let repair = Repair::SetTrust(update.document.clone());
                iam.repair(&update.role, &repair).await
            }
            _ => Err(Error::TrustOvertaken {
                role: update.role.clone(),
            }),
        }
    }

    /// What does not hold is taken back, as far as this move made it: pods that start then have the way of
    /// before.
    pub(super) async fn prove(&self, prove: &Prove) -> Result<(), Error> {
        let proof = (self.prove)(self.aws, self.kubernetes()?, prove);
        let Err(failure) = proof.await else {
            return Ok(());
        };
        if !prove.withdraws {
            return Err(failure);
        }
        match self.withdraw(prove).await {
            Ok(false) => Err(failure),
            Ok(true) => Err(Error::Withdrawn {
                proof: Box::new(failure),
                stranded: self.stranded(prove).await,
                back: prove.back.clone(),
            }),
            Err(error) => Err(Error::NotWithdrawn {
                proof: Box::new(failure),
                failure: Box::new(error),
                back: prove.back.clone(),
            }),
        }
    }

    /// What has pods that started while the association was there, and have no credentials without it.
    async fn stranded(&self, prove: &Prove) -> Lookup<Vec<Workload>> {
        let read = async {
            let pods = self
                .kubernetes()?
                .pods(&Pods::Of(prove.name.clone()))
                .await?;
            let pods = pods.found().unwrap_or_default().into_iter();
            let pods = pods.filter(|pod| pod.is_alive() && pod.way() == PodWay::PodIdentity);
            let workloads: BTreeSet<Workload> = pods.map(|pod| pod.owner).collect();
            Ok(workloads.into_iter().collect())
        };
        Lookup::of(read.await)
    }

    /// Whether there was one.
    async fn withdraw(&self, prove: &Prove) -> Result<bool, Error> {
        let (eks, cluster) = (&self.aws.eks, &prove.cluster);
        let listed = eks.associated(cluster.as_str(), Some(&prove.name)).await?;
        let listed = listed.found().unwrap_or_default();
        let mut is_gone = false;
        for (_, id) in listed.into_iter().filter(|(name, _)| *name == prove.name) {
            let found = eks.association(cluster.as_str(), &id).await?;
            if found.as_found().is_some_and(|it| it.role == prove.role) {
                eks.delete_association(cluster, &id).await?;
                is_gone = true;
            }
        }
        Ok(is_gone)
    }
}

//! The steps of a move that no other command has: a trust policy that is replaced as long as it is as it was
//! seen, and the proof of a way before the one of before goes.

use super::{Clients, Event};
use crate::error::Error;
use crate::model::Lookup;
use crate::plan::Repair;
use crate::plan::migrate::{Prove, UpdateTrust};
use crate::policy::same;

impl Clients<'_> {
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
        if prove.withdraws
            && let Err(error) = self.withdraw(prove).await
        {
            let text = format!("the association of {} may be left: {error}", prove.name);
            (self.on)(Event::Warned { text });
        }
        Err(failure)
    }

    async fn withdraw(&self, prove: &Prove) -> Result<(), Error> {
        let (eks, cluster) = (&self.aws.eks, &prove.cluster);
        let listed = eks.associated(cluster.as_str(), Some(&prove.name)).await?;
        let listed = listed.found().unwrap_or_default();
        for (_, id) in listed.into_iter().filter(|(name, _)| *name == prove.name) {
            let found = eks.association(cluster.as_str(), &id).await?;
            let is_it = |role: &str| role == prove.role.to_string();
            if found.as_found().is_some_and(|found| is_it(&found.role)) {
                eks.delete_association(cluster, &id).await?;
            }
        }
        Ok(())
    }
}

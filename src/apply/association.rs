//! EKS Pod Identity associations: made and changed.

use super::Worker;
use super::service_account::known;
use crate::error::Error;
use crate::model::RoleArn;
use crate::plan::{CreateAssociation, UpdateAssociation};

impl Worker<'_> {
    /// `made`: the role that this run made.
    pub(super) async fn create_association(
        &self,
        create: &CreateAssociation,
        made: Option<&RoleArn>,
    ) -> Result<(), Error> {
        let role = known(&create.role, made)?;
        let (cluster, name) = (&create.cluster, &create.name);
        let eks = &self.aws.eks;
        eks.create_association(cluster, name, role, &create.terms, &create.tags)
            .await
            .map(|_| ())
    }

    /// `made`: the role that this run made.
    pub(super) async fn update_association(
        &self,
        update: &UpdateAssociation,
        made: Option<&RoleArn>,
    ) -> Result<(), Error> {
        let role = known(&update.role, made)?;
        if update.is_about_terms() {
            self.aws.eks.update_association(update, role).await?;
        }
        if !update.tags.is_empty() {
            let arn = &update.seen.arn;
            self.aws.eks.tag_all(arn, &update.tags).await?;
        }
        Ok(())
    }
}

//! A role's policies, call by call.

use super::Worker;
use crate::error::Error;
use crate::model::PolicyArn;
use crate::plan::Repair;

impl Worker<'_> {
    pub(super) async fn repair(&self, role: &str, repairs: &[Repair]) -> Result<(), Error> {
        for repair in repairs {
            self.aws.iam.repair(role, repair).await?;
        }
        Ok(())
    }

    pub(super) async fn detach(
        &self,
        role: &str,
        managed: &[PolicyArn],
        inline: &[String],
    ) -> Result<(), Error> {
        for arn in managed {
            self.aws.iam.detach_policy(role, arn).await?;
        }
        for name in inline {
            self.aws.iam.delete_inline_policy(role, name).await?;
        }
        Ok(())
    }
}

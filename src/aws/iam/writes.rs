//! Changes of a role that IAM makes at once, behind CloudFormation's back: to detach what would stop a
//! deletion, and to undo what others changed so.

use super::{Iam, MISSING, done};
use crate::error::Error;
use crate::model::PolicyArn;
use crate::plan::Repair;

impl Iam {
    /// One call that brings a role back to its template.
    pub async fn repair(&self, role: &str, repair: &Repair) -> Result<(), Error> {
        match repair {
            Repair::Attach(arn) => {
                let call = self.0.attach_role_policy().role_name(role);
                let result = call.policy_arn(arn.to_string()).send().await;
                done("iam:AttachRolePolicy", role, &[], result)
            }
            Repair::Detach(arn) => self.detach_policy(role, arn).await,
            Repair::PutInline { name, document } => {
                let call = self.0.put_role_policy().role_name(role).policy_name(name);
                let result = call.policy_document(document.to_string()).send().await;
                done("iam:PutRolePolicy", role, &[], result)
            }
            Repair::DeleteInline { name } => self.delete_inline_policy(role, name).await,
            Repair::SetTrust(document) => {
                let call = self.0.update_assume_role_policy().role_name(role);
                let result = call.policy_document(document.to_string()).send().await;
                done("iam:UpdateAssumeRolePolicy", role, &[], result)
            }
            Repair::SetBoundary(arn) => {
                let call = self.0.put_role_permissions_boundary().role_name(role);
                let result = call.permissions_boundary(arn.to_string()).send().await;
                done("iam:PutRolePermissionsBoundary", role, &[], result)
            }
            Repair::RemoveBoundary => {
                let call = self.0.delete_role_permissions_boundary();
                let result = call.role_name(role).send().await;
                done("iam:DeleteRolePermissionsBoundary", role, MISSING, result)
            }
            Repair::SetSessionDuration(seconds) => {
                let call = self.0.update_role().role_name(role);
                let seconds = i32::try_from(*seconds).unwrap_or(i32::MAX);
                let result = call.max_session_duration(seconds).send().await;
                done("iam:UpdateRole", role, &[], result)
            }
        }
    }

    /// One that is not attached is no failure.
    pub async fn detach_policy(&self, role: &str, arn: &PolicyArn) -> Result<(), Error> {
        let call = self.0.detach_role_policy().role_name(role);
        let result = call.policy_arn(arn.to_string()).send().await;
        done("iam:DetachRolePolicy", role, MISSING, result)
    }

    /// One that the role does not have is no failure.
    pub async fn delete_inline_policy(&self, role: &str, name: &str) -> Result<(), Error> {
        let call = self.0.delete_role_policy().role_name(role);
        let result = call.policy_name(name).send().await;
        done("iam:DeleteRolePolicy", role, MISSING, result)
    }
}

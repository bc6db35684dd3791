//! EKS Pod Identity associations: what gives the pods of a service account a role without a token that IAM
//! knows.

use serde::Serialize;

use crate::model::{Map, RoleArn};
use crate::policy::pod_identity::SessionTags;

/// A Pod Identity association. Times are seconds since 1970.
#[derive(Clone, Debug, PartialEq)]
pub struct Association {
    pub id: String,
    pub arn: String,
    pub role: RoleArn,
    pub target_role: Option<RoleArn>,
    /// Made by EKS, for the trust policy of the target role.
    pub external_id: Option<String>,
    pub session_tags_disabled: bool,
    /// A session policy.
    pub policy: Option<String>,
    /// ARN of the add-on that owns it.
    pub owner: Option<String>,
    pub tags: Map,
    pub created: i64,
    pub modified: i64,
}

impl Association {
    /// One that says nothing but its role.
    #[cfg(test)]
    pub fn of(role: RoleArn) -> Self {
        Self {
            role,
            id: String::new(),
            arn: String::new(),
            target_role: None,
            external_id: None,
            session_tags_disabled: false,
            policy: None,
            owner: None,
            tags: Map::new(),
            created: 0,
            modified: 0,
        }
    }

    /// Whether its sessions have tags, which trust policies can ask for.
    pub fn session_tags(&self) -> SessionTags {
        SessionTags::of(self.session_tags_disabled)
    }

    /// The role that the pods have in the end.
    pub fn role_of_pods(&self) -> &RoleArn {
        self.target_role.as_ref().unwrap_or(&self.role)
    }
}

/// What can be written of an association besides whose it is and which role it has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociationTerms {
    /// Which EKS assumes as the association's role, for the pods.
    #[serde(rename = "targetRoleARN", skip_serializing_if = "Option::is_none")]
    pub target_role: Option<RoleArn>,
    pub disable_session_tags: bool,
    /// A session policy, as text: EKS keeps it to the letter.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

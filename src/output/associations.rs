//! The list of `get podidentityassociation`.

use serde::Serialize;
use serde_json::json;

use super::cells::Lines;
use super::{View, Width, columns, markdown};
use crate::model::ServiceAccountName;
use crate::world::Association;

/// The list of `get podidentityassociation`.
pub struct AssociationList(pub Vec<(ServiceAccountName, Association)>);

impl View for AssociationList {
    /// eksctl's shape, with fields added.
    fn document(&self) -> impl Serialize {
        let all = self.0.iter().map(|(name, found)| {
            json!({
                "AssociationARN": found.arn,
                "Namespace": name.namespace,
                "ServiceAccountName": name.name,
                "RoleARN": found.role,
                "OwnerARN": found.owner.as_deref().unwrap_or_default(),
                "AssociationID": found.id,
                "TargetRoleARN": found.target_role,
                "ExternalID": found.external_id,
                "DisableSessionTags": found.session_tags_disabled,
                "Policy": found.policy,
                "Tags": found.tags,
            })
        });
        all.collect::<Vec<_>>()
    }

    fn table(&self, width: Width) -> Lines {
        let mut header = vec![
            "ASSOCIATION ARN",
            "NAMESPACE",
            "SERVICE ACCOUNT NAME",
            "IAM ROLE ARN",
            "OWNER ARN",
        ];
        if width == Width::Wide {
            header.extend(["TARGET ROLE ARN", "SESSION TAGS", "SESSION POLICY"]);
        }
        let rows = self.0.iter().map(|(name, found)| {
            let mut row = vec![
                found.arn.clone(),
                name.namespace.to_string(),
                name.name.clone(),
                found.role.to_string(),
                or_none(found.owner.as_ref()),
            ];
            if width == Width::Wide {
                row.extend([
                    or_none(found.target_role.as_ref()),
                    if found.session_tags_disabled {
                        "none"
                    } else {
                        "sent"
                    }
                    .to_owned(),
                    if found.policy.is_some() { "yes" } else { "-" }.to_owned(),
                ]);
            }
            row
        });
        columns(&header, rows)
    }

    fn markdown(&self) -> String {
        if self.0.is_empty() {
            return "No EKS Pod Identity associations found.\n".to_owned();
        }
        let rows = self.0.iter().map(|(name, found)| {
            let owner = or_none(found.owner.as_ref());
            [
                name.to_string(),
                found.role.to_string(),
                found.id.clone(),
                owner,
            ]
            .map(|cell| markdown::text(&cell))
            .to_vec()
        });
        let header = ["Service account", "Role", "Association", "Owner"];
        markdown::table(&header, &rows.collect::<Vec<_>>())
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|(name, _)| name.to_string()).collect()
    }
}

fn or_none(text: Option<&impl ToString>) -> String {
    text.map_or("-".to_owned(), ToString::to_string)
}

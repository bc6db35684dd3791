//! The change of a ServiceAccount as data.

use serde::Serialize;

use super::Role;
use super::action::{lines, pair};
use crate::asked::Conflicts;
use crate::model::{Map, ServiceAccountName};
use crate::policy::Difference;
use crate::world::{ObjectVersion, PodDefaults};

/// A server-side apply of a ServiceAccount: only the fields that irsactl answers for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountChange {
    pub name: ServiceAccountName,
    #[serde(flatten)]
    pub presence: ObjectPresence,
    /// `None`: it is made without one, as EKS Pod Identity wants no annotation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    pub labels: Map,
    /// Without the role's.
    pub annotations: Map,
    pub conflicts: Conflicts,
    /// Of a found one: what changes beside the role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Of one that is made in the place of another for some of its pods.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub defaults: Option<PodDefaults>,
}

/// What was there when it was looked at.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "presence", rename_all = "camelCase")]
pub enum ObjectPresence {
    Missing,
    Found(ObjectVersion),
}

impl ServiceAccountChange {
    /// What is shown below the action, a line each: of one that is found only what changes.
    pub fn details(&self) -> Vec<String> {
        let mut details: Vec<String> = self.role.iter().map(Role::told).collect();
        if matches!(self.presence, ObjectPresence::Found(_)) {
            details.extend(lines(&self.differences));
            return details;
        }
        for (kind, map) in [("label", &self.labels), ("annotation", &self.annotations)] {
            details.extend(
                map.iter()
                    .map(|(key, value)| format!("{kind}: {}", pair(key, value))),
            );
        }
        let defaults = self.defaults.iter();
        let secrets = defaults.flat_map(|it| &it.image_pull_secrets);
        details.extend(secrets.map(|it| format!("image pull secret: {it}")));
        details.push(format!(
            "namespace: {}, made where it is missing",
            self.name.namespace
        ));
        details
    }
}

/// What keeps a deleted object, in parentheses.
pub fn held(finalizers: &[String]) -> String {
    match finalizers {
        [] => String::new(),
        all => format!(" (held by {})", all.join(", ")),
    }
}

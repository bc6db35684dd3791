//! The changes of EKS Pod Identity associations as data.

use serde::{Serialize, Serializer};

use super::Role;
use super::action::pair;
use crate::model::{ClusterName, CommandLine, Fix, Map, RoleArn, ServiceAccountName, is_own_tag};
use crate::policy::pod_identity::may_assume;
use crate::policy::{Difference, Item};
use crate::world::{Association, AssociationTerms};

/// An association takes a role of the cluster's account only: how its pods get one of another account.
pub fn by_target_role(cluster: &ClusterName, name: &ServiceAccountName, target: &RoleArn) -> Fix {
    let policy = may_assume(target);
    let (namespace, name) = (&name.namespace, &name.name);
    Fix::say(format!(
        "let a role of the cluster's account assume it for the pods: with `{policy}` in assume.json, "
    ))
    .run(CommandLine::of(
        "irsactl create podidentityassociation {} --namespace {} --cluster {} --policy-document assume.json --target-role-arn {}",
        &[name, namespace, cluster, target],
    ))
}

/// CreatePodIdentityAssociation's input, but for the role, which a stack may yet have to make.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateAssociation {
    pub cluster: ClusterName,
    pub name: ServiceAccountName,
    pub role: Role,
    #[serde(flatten)]
    pub terms: AssociationTerms,
    pub tags: Map,
}

/// What an association is brought to, all of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateAssociation {
    pub cluster: ClusterName,
    pub name: ServiceAccountName,
    #[serde(rename = "associationID", serialize_with = "id_of")]
    pub seen: Association,
    pub role: Role,
    #[serde(flatten)]
    pub terms: AssociationTerms,
    /// Those that it lacks, or has with another value. All others stay.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub tags: Map,
    pub differences: Vec<Difference>,
}

fn id_of<S: Serializer>(association: &Association, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&association.id)
}

impl UpdateAssociation {
    /// Whether more than tags differs, which another call of EKS sets.
    pub fn is_about_terms(&self) -> bool {
        self.differences.iter().any(|it| it.item != Item::Tag)
    }
}

impl CreateAssociation {
    /// What is shown below the action, a line each; tags that irsactl sets itself are left out.
    pub fn details(&self) -> Vec<String> {
        let terms = &self.terms;
        let mut details = vec![self.role.told()];
        let target = terms.target_role.iter();
        details.extend(target.map(|role| format!("target role: {role}")));
        if terms.disable_session_tags {
            details.push("session tags: none".to_owned());
        }
        let policy = terms.policy.iter();
        details.extend(policy.map(|policy| format!("session policy: {policy}")));
        let asked = self.tags.iter().filter(|(key, _)| !is_own_tag(key));
        details.extend(asked.map(|(key, value)| format!("tag: {}", pair(key, value))));
        details
    }
}

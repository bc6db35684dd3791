//! What a stack's template has beyond what irsactl and eksctl render: it stays.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::{DocumentName, WELL_KNOWN, is_document};
use crate::model::ROLE_LOGICAL_ID;

/// Sections, properties and attributes that irsactl and eksctl render.
const SECTIONS: [&str; 4] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Outputs",
    "Resources",
];
const ROLE: [&str; 6] = [
    "AssumeRolePolicyDocument",
    "ManagedPolicyArns",
    "MaxSessionDuration",
    "Path",
    "PermissionsBoundary",
    "RoleName",
];
const ATTRIBUTES: [&str; 2] = ["Properties", "Type"];

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StackResource {
    /// The logical one.
    pub id: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(rename = "physicalId", skip_serializing_if = "Option::is_none")]
    pub physical: Option<String>,
    /// The role, or an inline policy of nothing but the role.
    #[serde(skip)]
    pub is_own: bool,
    /// It stays when its stack is deleted.
    #[serde(skip)]
    pub is_retained: bool,
}

impl fmt::Display for StackResource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            id, kind, physical, ..
        } = self;
        match physical {
            Some(physical) => write!(f, "{id} ({kind} {physical})"),
            None => write!(f, "{id} ({kind})"),
        }
    }
}

/// All resources that a template declares. Some may not be there, for a condition that does not hold.
pub fn resources(template: &Value) -> Vec<StackResource> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    let declared = resources.map(|(id, resource)| StackResource {
        id: id.clone(),
        kind: resource["Type"].as_str().unwrap_or("?").to_owned(),
        physical: None,
        is_own: is_own_resource(id, resource),
        is_retained: resource["DeletionPolicy"]
            .as_str()
            .is_some_and(|policy| policy.starts_with("Retain")),
    });
    declared.collect()
}

/// A resource whose declaration is not known: what irsactl and eksctl call so is taken for theirs.
pub fn undeclared(id: &str, kind: &str) -> StackResource {
    StackResource {
        id: id.to_owned(),
        kind: kind.to_owned(),
        physical: None,
        is_own: match kind {
            "AWS::IAM::Role" => id == ROLE_LOGICAL_ID,
            "AWS::IAM::Policy" => is_rendered(id),
            _ => false,
        },
        is_retained: false,
    }
}

/// All that a template has beyond what is rendered, each in a few words. `named`: what the one inline
/// document is asked to be called.
pub fn beyond(template: &Value, named: Option<&DocumentName>) -> Vec<String> {
    let keys = |value: &Value, known: &[&str]| -> Vec<String> {
        let members = value.as_object().into_iter().flat_map(|it| it.keys());
        let others = members.filter(|key| !known.contains(&key.as_str()));
        others.cloned().collect()
    };
    let foreign = resources(template).into_iter().filter(|it| !it.is_own);
    let own: Vec<&str> = own_resources(template).collect();
    let named = named.map(DocumentName::id);
    let is_asked =
        |id: &str| id == ROLE_LOGICAL_ID || is_rendered(id) || named.as_deref() == Some(id);
    let policies = own.iter().filter(|id| !is_asked(id));
    let mut beyond: Vec<String> = foreign
        .map(|it| it.to_string())
        .chain(policies.map(|id| format!("inline policy {id}")))
        .collect();
    for property in keys(&template["Resources"][ROLE_LOGICAL_ID]["Properties"], &ROLE) {
        beyond.push(format!("{property} of Role1"));
    }
    for id in own {
        let resource = &template["Resources"][id];
        for attribute in keys(resource, &ATTRIBUTES) {
            beyond.push(match resource[&attribute].as_str() {
                Some(value) => format!("{attribute} {value} of {id}"),
                None => format!("{attribute} of {id}"),
            });
        }
    }
    let outputs = keys(&template["Outputs"], &[ROLE_LOGICAL_ID]);
    beyond.extend(outputs.iter().map(|output| format!("output {output}")));
    beyond.extend(keys(template, &SECTIONS));
    beyond
}

/// The first resource of others that would not be as it was.
pub fn touched(from: &Value, to: &Value) -> Option<StackResource> {
    let mut foreign = resources(from).into_iter().filter(|it| !it.is_own);
    foreign.find(|it| from["Resources"][&it.id] != to["Resources"][&it.id])
}

/// Whether irsactl or eksctl gives an inline policy that name.
fn is_rendered(name: &str) -> bool {
    let well_known = WELL_KNOWN.iter().map(|policy| &policy.entry().policies);
    is_document(name) || well_known.into_iter().any(|it| it.contains_key(name))
}

/// Whether a resource is the role, or an inline policy of nothing but the role: what a service account's
/// stack is made of.
pub fn is_own(template: &Value, id: &str) -> bool {
    own_resources(template).any(|own| own == id)
}

/// The policies of the role that only one of the templates has.
pub fn removed(from: &Value, to: &Value) -> Vec<String> {
    let gone = own_resources(from).filter(|id| to["Resources"].get(id).is_none());
    gone.map(str::to_owned).collect()
}

fn own_resources(template: &Value) -> impl Iterator<Item = &str> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    let own = resources.filter(|(id, resource)| is_own_resource(id, resource));
    own.map(|(id, _)| id.as_str())
}

fn is_own_resource(id: &str, resource: &Value) -> bool {
    match resource["Type"].as_str() {
        Some("AWS::IAM::Role") => id == ROLE_LOGICAL_ID,
        _ => is_inline(resource),
    }
}

/// An inline policy that only the role has.
pub fn is_inline(resource: &Value) -> bool {
    let properties = &resource["Properties"];
    let role = json!({ "Ref": ROLE_LOGICAL_ID });
    match resource["Type"].as_str() {
        Some("AWS::IAM::Policy") => {
            let is_alone = ["Users", "Groups"]
                .iter()
                .all(|it| properties[*it].is_null());
            is_alone && properties["Roles"] == json!([role])
        }
        Some("AWS::IAM::RolePolicy") => properties["RoleName"] == role,
        _ => false,
    }
}

//! What a stack's template has beyond what irsactl and eksctl render: it stays.

use serde_json::{Value, json};

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
    let own = resources.filter(|(id, resource)| match resource["Type"].as_str() {
        Some("AWS::IAM::Role") => *id == "Role1",
        _ => is_inline(resource),
    });
    own.map(|(id, _)| id.as_str())
}

/// An inline policy that only the role has.
pub fn is_inline(resource: &Value) -> bool {
    let properties = &resource["Properties"];
    let role = json!({ "Ref": "Role1" });
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

//! What CloudFormation fetches into a role of a template, and where from: for the one who is to approve
//! it.

use serde_json::Value;

use crate::model::shown_in_line;
use crate::policy::fetched;

/// A line for each value: `fetched by CloudFormation: inline policy Policy1, Statement[0].Resource: SSM
/// parameter /team/bucket`.
pub fn fetched_values(template: &Value) -> Vec<String> {
    let values = of_documents(template, fetched::fetched).into_iter();
    values
        .map(|value| shown_in_line(&format!("fetched by CloudFormation: {value}")))
        .collect()
}

/// The secrets that a stack's own template takes into its role, and what cannot be seen of it. Nobody who
/// hands a document to this program can put them there.
pub fn fetched_secrets(template: &Value) -> Vec<String> {
    of_documents(template, fetched::faults)
}

fn of_documents(template: &Value, of: impl Fn(&Value) -> Vec<String>) -> Vec<String> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    let values = resources.flat_map(|(name, resource)| {
        let properties = &resource["Properties"];
        [
            ("PolicyDocument", format!("inline policy {name}, ")),
            ("AssumeRolePolicyDocument", "trust policy, ".to_owned()),
            ("ManagedPolicyArns", "managed policies".to_owned()),
            ("PermissionsBoundary", "permissions boundary".to_owned()),
        ]
        .map(|(property, item)| (&properties[property], item))
    });
    let lines = values.flat_map(|(value, item)| {
        let lines = of(value).into_iter();
        lines.map(move |line| format!("{item}{line}"))
    });
    lines.collect()
}

//! The permissions as documents: IAM's policy, the same for CloudFormation and Terraform, and
//! Kubernetes' roles.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::{NeededPermission, NeededRight, PermissionResource, PermissionScope};
use crate::policy::pod_identity;
use crate::render::hcl::{Block, Expression};

/// So many characters that are no white space a managed policy may have (IAM User Guide, quotas).
pub const POLICY_QUOTA: usize = 6_144;
/// The name of what is made: the policy, the role, the group of the binding.
const NAME: &str = "irsactl";
const DESCRIPTION: &str = "What irsactl needs";

/// An identity policy of IAM.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    sid: String,
    effect: &'static str,
    action: BTreeSet<&'static str>,
    resource: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

/// One statement for each kind of resource.
pub fn policy(rows: &[&NeededPermission], place: &PermissionScope) -> Policy {
    let mut actions: BTreeMap<PermissionResource, BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        actions.entry(row.on).or_default().insert(row.action);
    }
    let statements = actions.into_iter().map(|(on, action)| Statement {
        sid: format!("{on:?}"),
        effect: "Allow",
        action,
        resource: match place.resources(on).as_slice() {
            [one] => json!(one),
            several => json!(several),
        },
        condition: passed_to(on)
            .map(|service| json!({ "StringEquals": { "iam:PassedToService": service } })),
    });
    Policy {
        version: "2012-10-17",
        statement: statements.collect(),
    }
}

/// Whom a role may be passed to.
fn passed_to(on: PermissionResource) -> Option<&'static str> {
    match on {
        PermissionResource::ServiceRole => Some("cloudformation.amazonaws.com"),
        PermissionResource::AssociatedRole => Some(pod_identity::SERVICE),
        _ => None,
    }
}

/// As IAM measures a policy: without white space.
pub fn size(policy: &Policy) -> usize {
    let text = json!(policy).to_string();
    text.chars().filter(|c| !c.is_whitespace()).count()
}

/// A CloudFormation template of the managed policy, with its ARN as output.
pub fn managed_policy_template(policy: &Policy) -> Value {
    json!({
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": DESCRIPTION,
        "Resources": {
            "Policy": {
                "Type": "AWS::IAM::ManagedPolicy",
                "Properties": { "Description": DESCRIPTION, "PolicyDocument": policy },
            },
        },
        "Outputs": { "PolicyArn": { "Value": { "Ref": "Policy" } } },
    })
}

/// Terraform's resource of the managed policy.
pub fn terraform_policy(policy: &Policy) -> String {
    let block = Block {
        comment: format!("{DESCRIPTION}. Made by `irsactl permissions`."),
        header: format!("resource \"aws_iam_policy\" \"{NAME}\""),
        attributes: vec![
            ("name", Expression::text(NAME)),
            ("description", Expression::text(DESCRIPTION)),
            (
                "policy",
                Expression::call("jsonencode", (&json!(policy)).into()),
            ),
        ],
    };
    block.to_string()
}

/// A ClusterRole with the rights, and its binding to the group `irsactl`, which an access entry of EKS
/// gives to the AWS identity.
pub fn cluster_role(rows: &[&NeededRight]) -> [Value; 2] {
    let mut rules: BTreeMap<(&str, &str, &str), BTreeSet<&str>> = BTreeMap::new();
    for row in rows {
        let right = &row.right;
        let rule = rules.entry((right.group, right.resource, &right.name));
        rule.or_default().insert(right.verb);
    }
    let rules: Vec<Value> = rules
        .into_iter()
        .map(|((group, resource, name), verbs)| {
            let mut rule = json!({ "apiGroups": [group], "resources": [resource], "verbs": verbs });
            if !name.is_empty() {
                rule["resourceNames"] = json!([name]);
            }
            rule
        })
        .collect();
    let api = "rbac.authorization.k8s.io";
    let version = format!("{api}/v1");
    [
        json!({
            "apiVersion": version,
            "kind": "ClusterRole",
            "metadata": { "name": NAME },
            "rules": rules,
        }),
        json!({
            "apiVersion": version,
            "kind": "ClusterRoleBinding",
            "metadata": { "name": NAME },
            "roleRef": { "apiGroup": api, "kind": "ClusterRole", "name": NAME },
            "subjects": [{ "apiGroup": api, "kind": "Group", "name": NAME }],
        }),
    ]
}

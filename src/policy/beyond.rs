//! What policies allow beyond what others do, statement by statement. There is no list of all actions:
//! patterns are compared with patterns, and what is not wholly allowed by the others is told as it stands.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::evaluate::{glyphs, is_like};
use super::{statements, texts};

/// What a document allows that none of the needed ones does, nor what all of the role's documents deny
/// without a condition: its statements, with the actions and resources that are left of them.
pub fn beyond(document: &Value, own: &[&Value], needed: &[&Value]) -> Vec<Value> {
    let denied = own.iter().flat_map(|document| grants(document, "Deny"));
    let denied = denied.filter(|grant| grant.condition.is_none());
    let allowed = needed.iter().flat_map(|document| grants(document, "Allow"));
    let (denied, allowed): (Vec<ActionStatement<'_>>, Vec<ActionStatement<'_>>) =
        (denied.collect(), allowed.collect());
    let is_covered = |action: &str, resource: &str, condition: Option<&Value>| {
        let covers = |grant: &ActionStatement<'_>| grant.covers(action, resource, condition);
        denied.iter().chain(&allowed).any(covers)
    };
    statements(document)
        .filter_map(Value::as_object)
        .filter(|statement| is_of(statement, "Allow"))
        .flat_map(|statement| rest(statement, &is_covered))
        .collect()
}

/// A statement that names actions and resources.
struct ActionStatement<'a> {
    actions: Vec<&'a str>,
    resources: Vec<&'a str>,
    condition: Option<&'a Value>,
}

impl ActionStatement<'_> {
    fn covers(&self, action: &str, resource: &str, condition: Option<&Value>) -> bool {
        let is_as_free = self.condition.is_none() || self.condition == condition;
        is_as_free
            && self.actions.iter().any(|it| {
                // IAM compares actions in whatever case.
                is_within(&action.to_lowercase(), &it.to_lowercase())
            })
            && self.resources.iter().any(|it| is_within(resource, it))
    }
}

fn is_of(statement: &Map<String, Value>, effect: &str) -> bool {
    statement.get("Effect").is_some_and(|it| it == effect)
}

/// What `all but these` means is not compared.
fn grants<'a>(document: &'a Value, effect: &'a str) -> impl Iterator<Item = ActionStatement<'a>> {
    let all = statements(document).filter_map(Value::as_object);
    all.filter(move |statement| is_of(statement, effect))
        .filter_map(|statement| {
            Some(ActionStatement {
                actions: texts(statement.get("Action")?),
                resources: texts(statement.get("Resource")?),
                condition: statement.get("Condition"),
            })
        })
}

/// The statement without what is covered: one for all actions that are left with the same resources.
fn rest(
    statement: &Map<String, Value>,
    is_covered: &impl Fn(&str, &str, Option<&Value>) -> bool,
) -> Vec<Value> {
    let Some(actions) = statement.get("Action").map(texts) else {
        return vec![Value::Object(statement.clone())];
    };
    let condition = statement.get("Condition");
    let resources = statement.get("Resource").map(texts);
    let mut left: BTreeMap<BTreeSet<&str>, BTreeSet<&str>> = BTreeMap::new();
    for action in actions {
        // All resources but some are at most all.
        let asked = resources.as_deref().unwrap_or(&["*"]).iter().copied();
        let open: BTreeSet<&str> = asked
            .filter(|resource| !is_covered(action, resource, condition))
            .collect();
        if !open.is_empty() {
            left.entry(open).or_default().insert(action);
        }
    }
    let left = left.into_iter().map(|(open, actions)| {
        let mut rest = statement.clone();
        rest.insert("Action".to_owned(), listed(actions));
        if resources.is_some() {
            rest.insert("Resource".to_owned(), listed(open));
        }
        Value::Object(rest)
    });
    left.collect()
}

fn listed(all: BTreeSet<&str>) -> Value {
    all.into_iter().collect()
}

/// Whether whatever fits the one pattern fits the other. A `?` of the other is one character, and so no
/// pattern's but its own.
fn is_within(one: &str, other: &str) -> bool {
    one == other || !other.contains('?') && is_like(&glyphs(other), one)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::policy::words::allowed;

    fn allow(actions: Value, resources: Value) -> Value {
        json!({"Statement": [{"Effect": "Allow", "Action": actions, "Resource": resources}]})
    }

    fn told(document: &Value, own: &[&Value], needed: &[&Value]) -> String {
        let rest = beyond(document, own, needed);
        allowed(&json!({ "Statement": rest })).join("; ")
    }

    #[test]
    fn what_others_allow_wholly_is_left_out() {
        let needed = [
            allow(json!(["ec2:Describe*", "ecr:BatchGetImage"]), json!("*")),
            allow(
                json!("ec2:CreateTags"),
                json!(["arn:aws:ec2:*:*:network-interface/*"]),
            ),
        ];
        let needed: Vec<&Value> = needed.iter().collect();
        let interface = "arn:aws:ec2:eu-west-1:*:network-interface/*";
        for (document, wanted) in [
            (allow(json!("ec2:DescribeInstances"), json!("*")), ""),
            (
                allow(json!("EC2:describe*"), json!(["arn:aws:ec2:::a"])),
                "",
            ),
            (allow(json!("ec2:DescribeI?"), json!("*")), ""),
            (
                allow(json!("ec2:*"), json!("*")),
                "allows ec2:* on all resources",
            ),
            (
                allow(json!("*"), json!("*")),
                "allows all actions on all resources",
            ),
            (allow(json!("ec2:CreateTags"), json!(interface)), ""),
            (
                allow(json!("ec2:CreateTags"), json!("*")),
                "allows ec2:CreateTags on all resources",
            ),
            (
                allow(
                    json!(["s3:GetObject", "ec2:DescribeVpcs"]),
                    json!("arn:aws:s3:::b/*"),
                ),
                "allows s3:GetObject on arn:aws:s3:::b/*",
            ),
            (
                allow(
                    json!(["ec2:CreateTags", "ec2:Describe*"]),
                    json!([interface, "a"]),
                ),
                "allows ec2:CreateTags on a",
            ),
            (
                json!({"Statement": {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}}),
                "allows all actions but iam:* on all resources",
            ),
            (
                json!({"Statement": {"Effect": "Allow", "Action": "ec2:CreateTags", "NotResource": "a"}}),
                "allows ec2:CreateTags on all resources but a",
            ),
            (
                json!({"Statement": {"Effect": "Deny", "Action": "*", "Resource": "*"}}),
                "",
            ),
            (json!("odd"), ""),
        ] {
            assert_eq!(told(&document, &[&document], &needed), wanted, "{document}");
        }
    }

    #[test]
    fn what_is_allowed_only_under_a_condition_covers_only_the_same() {
        let with = |condition: Value| json!({"Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}]});
        let one = with(json!({"Bool": {"aws:SecureTransport": "true"}}));
        let other = with(json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}));
        assert_eq!(told(&one, &[], &[&one]), "");
        assert_ne!(told(&other, &[], &[&one]), "");
        assert_ne!(told(&allow(json!("s3:Get*"), json!("*")), &[], &[&one]), "");
        assert_eq!(told(&one, &[], &[&allow(json!("s3:*"), json!("*"))]), "");
    }

    #[test]
    fn what_the_role_denies_without_a_condition_is_left_out() {
        let document = allow(json!(["s3:GetObject", "s3:PutObject"]), json!("*"));
        let deny = json!({"Statement": [
            {"Effect": "Deny", "Action": "s3:Put*", "Resource": "*"},
            {"Effect": "Deny", "Action": "s3:Get*", "Resource": "*", "Condition": {"Bool": {"a": "b"}}},
        ]});
        assert_eq!(
            told(&document, &[&document, &deny], &[]),
            "allows s3:GetObject on all resources"
        );
    }

    /// A `?` that meets a `*` would say that one character is any number of them.
    #[test]
    fn a_pattern_is_within_another_only_where_all_of_it_is() {
        for (one, other, wanted) in [
            ("s3:Get*", "s3:*", true),
            ("s3:*", "s3:Get*", false),
            ("s3:Get?", "s3:Get*", true),
            ("s3:Get*", "s3:Get?", false),
            ("s3:Get?", "s3:Get?", true),
            ("s3:G*t", "s3:G*t", true),
            ("s3:G*t*", "s3:G*t", false),
            ("*", "*:*", false),
        ] {
            assert_eq!(is_within(one, other), wanted, "{one} {other}");
        }
    }
}

//! Policy documents in a few words, for a plan: whom a trust policy lets in, and what a permission policy
//! allows. What is wide stands first, so that a cut never hides it; `-o json` has the documents whole.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::openings::wide_permissions;
use super::statements;
use crate::model::{SUBJECT_PREFIX, shown_as_value};

/// So many values of a list are named.
const NAMED: usize = 4;
/// A document of more statements is summed up.
const STATEMENTS: usize = 5;

/// A line a statement: `default/* (pattern), audience sts.amazonaws.com`.
pub fn trusted(trust: &Value) -> Vec<String> {
    let all = statements(trust).filter_map(Value::as_object);
    all.map(trusted_by).collect()
}

fn trusted_by(statement: &Map<String, Value>) -> String {
    let (mut subjects, mut audiences, mut others) = (Vec::new(), Vec::new(), Vec::new());
    for (operator, key, values) in conditions(statement) {
        let asks = operator.starts_with("String") && !operator.contains("Not");
        if asks && key.ends_with(":sub") {
            subjects.extend(values.iter().map(|value| subject(operator, value)));
        } else if asks && key.ends_with(":aud") {
            audiences.extend(values);
        } else {
            others.push(asked_of(operator, key));
        }
    }
    let principals = principals(statement);
    let mut text = match (subjects.is_empty(), principals.1) {
        (false, _) => cut(subjects),
        (true, true) => format!("all service accounts of {}", cut(principals.0)),
        (true, false) => cut(principals.0),
    };
    if !audiences.is_empty() {
        text = format!("{text}, audience {}", cut(audiences));
    }
    if !others.is_empty() {
        text = format!("{text}, if {}", others.join(" and "));
    }
    if statement.get("Effect").is_some_and(|it| it == "Deny") {
        text = format!("not {text}");
    }
    text
}

/// `default/api`, or as it is written where it is no service account.
fn subject(operator: &str, value: &str) -> String {
    let name = value
        .strip_prefix(SUBJECT_PREFIX)
        .map_or(value.to_owned(), |rest| rest.replacen(':', "/", 1));
    if operator.contains("Like") && value.contains(['*', '?']) {
        return format!("{name} (pattern)");
    }
    name
}

/// With whether all of them are OIDC providers.
fn principals(statement: &Map<String, Value>) -> (Vec<String>, bool) {
    match statement.get("Principal") {
        Some(Value::Object(kinds)) => (
            kinds.values().flat_map(values).collect(),
            kinds.keys().all(|kind| kind == "Federated"),
        ),
        Some(other) => (values(other), false),
        None => (vec!["others".to_owned()], false),
    }
}

fn conditions(statement: &Map<String, Value>) -> Vec<(&str, &str, Vec<String>)> {
    let condition = statement.get("Condition").and_then(Value::as_object);
    let operators = condition.into_iter().flatten();
    let keys = operators.flat_map(|(operator, keys)| {
        let keys = keys.as_object().into_iter().flatten();
        keys.map(move |(key, value)| (operator.as_str(), key.as_str(), values(value)))
    });
    keys.collect()
}

fn asked_of(operator: &str, key: &str) -> String {
    format!("{} {}", shown_as_value(operator), shown_as_value(key))
}

/// A line a statement: `allows s3:GetObject on arn:aws:s3:::b/*`. Of a long document how many actions of
/// which services, and what is wide in it.
pub fn allowed(document: &Value) -> Vec<String> {
    let all: Vec<_> = statements(document).filter_map(Value::as_object).collect();
    if all.len() <= STATEMENTS {
        return all.into_iter().map(allowed_by).collect();
    }
    let mut services: BTreeMap<String, usize> = BTreeMap::new();
    let actions = all.iter().filter_map(|statement| statement.get("Action"));
    for action in actions.flat_map(values) {
        let service = action.split(':').next().unwrap_or_default();
        *services.entry(shown_as_value(service)).or_default() += 1;
    }
    let services = services.iter();
    let services: Vec<String> = services.map(|(name, n)| format!("{name} ({n})")).collect();
    let wide = wide_permissions(document).into_iter();
    let summary = format!(
        "{} statements about actions of {}",
        all.len(),
        services.join(", ")
    );
    wide.map(|finding| finding.to_string())
        .chain([summary])
        .collect()
}

fn allowed_by(statement: &Map<String, Value>) -> String {
    let list = |name: &str| statement.get(name).map(values);
    let verb = match statement.get("Effect").and_then(Value::as_str) {
        Some("Deny") => "denies",
        _ => "allows",
    };
    let actions = match (list("Action"), list("NotAction")) {
        (_, Some(but)) => format!("all actions but {}", cut(but)),
        (actions, None) => match actions.unwrap_or_default() {
            all if all.iter().any(|it| it == "*" || it == "*:*") => "all actions".to_owned(),
            actions => cut(actions),
        },
    };
    let resources = match (list("Resource"), list("NotResource")) {
        (_, Some(but)) => format!("all resources but {}", cut(but)),
        (resources, None) => match resources.unwrap_or_default() {
            all if all.iter().any(|it| it == "*") => "all resources".to_owned(),
            resources => cut(resources),
        },
    };
    let keys = conditions(statement).into_iter();
    let keys: Vec<String> = keys
        .map(|(operator, key, _)| asked_of(operator, key))
        .collect();
    let condition = if keys.is_empty() {
        String::new()
    } else {
        format!(", if {}", keys.join(" and "))
    };
    format!("{verb} {actions} on {resources}{condition}")
}

/// A value or a list of them as texts. CloudFormation's functions are told by what they are about.
fn values(value: &Value) -> Vec<String> {
    match value {
        Value::Array(all) => all.iter().flat_map(values).collect(),
        Value::String(text) => vec![text.clone()],
        Value::Object(object) if object.len() == 1 => match object.values().next() {
            Some(Value::String(text)) => vec![text.clone()],
            _ => vec![value.to_string()],
        },
        other => vec![other.to_string()],
    }
}

/// The widest first.
fn cut(values: Vec<String>) -> String {
    let mut values: Vec<String> = values.iter().map(|it| shown_as_value(it)).collect();
    values.sort_by_key(|value| !value.contains('*'));
    let more = values.len().saturating_sub(NAMED);
    // One more takes no more room than to say so.
    if more > 1 {
        values.truncate(NAMED);
        return format!("{} and {more} more", values.join(", "));
    }
    values.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/oidc.example/id/A";

    #[test]
    fn a_trust_policy_names_whom_it_lets_in() {
        let of = |principal: Value, condition: Value| {
            let statement =
                json!({ "Effect": "Allow", "Principal": principal, "Condition": condition });
            trusted(&json!({ "Statement": statement })).join("\n")
        };
        let federated = || json!({ "Federated": PROVIDER });
        for (principal, condition, wanted) in [
            (
                federated(),
                json!({ "StringEquals": { "oidc.example/id/A:sub": "system:serviceaccount:web:api", "oidc.example/id/A:aud": "sts.amazonaws.com" } }),
                "web/api, audience sts.amazonaws.com".to_owned(),
            ),
            (
                federated(),
                json!({ "StringLike": { "i:sub": ["system:serviceaccount:web:api", "system:serviceaccount:web:*"] } }),
                "web/* (pattern), web/api".to_owned(),
            ),
            (
                federated(),
                json!({ "StringEquals": { "i:aud": "a" } }),
                format!("all service accounts of {PROVIDER}, audience a"),
            ),
            (
                federated(),
                json!({ "StringNotEquals": { "i:sub": "system:serviceaccount:web:api" } }),
                format!("all service accounts of {PROVIDER}, if StringNotEquals i:sub"),
            ),
            (json!("*"), json!({}), "*".to_owned()),
            (
                json!({ "AWS": "arn:aws:iam::111122223333:root", "Service": "ec2.amazonaws.com" }),
                json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
                "arn:aws:iam::111122223333:root, ec2.amazonaws.com, if Bool aws:MultiFactorAuthPresent".to_owned(),
            ),
        ] {
            assert_eq!(of(principal, condition), wanted);
        }
        let denied = json!({ "Statement": [{ "Effect": "Deny", "Principal": "*" }] });
        assert_eq!(trusted(&denied), ["not *"]);
        assert_eq!(trusted(&json!("none")), [""; 0]);
    }

    #[test]
    fn a_policy_says_what_it_allows() {
        for (statement, wanted) in [
            (
                json!({ "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*" }),
                "allows s3:GetObject on arn:aws:s3:::b/*",
            ),
            (
                json!({ "Effect": "Allow", "Action": ["s3:Get", "*"], "Resource": ["*"] }),
                "allows all actions on all resources",
            ),
            (
                json!({ "Effect": "Deny", "NotAction": "iam:*", "NotResource": { "Fn::Sub": "arn:${AWS::Partition}:s3:::b" } }),
                "denies all actions but iam:* on all resources but arn:${AWS::Partition}:s3:::b",
            ),
            (
                json!({ "Effect": "Allow", "Action": ["a:1", "a:2", "a:3", "a:4", "a:5", "a:*"], "Resource": "*",
                    "Condition": { "StringEquals": { "aws:RequestTag/a": "b" } } }),
                "allows a:*, a:1, a:2, a:3 and 2 more on all resources, if StringEquals aws:RequestTag/a",
            ),
            (
                json!({ "Effect": "Allow", "Action": ["a:1", "a:2", "a:3", "a:4", "a:5"], "Resource": "*" }),
                "allows a:1, a:2, a:3, a:4, a:5 on all resources",
            ),
        ] {
            assert_eq!(allowed(&json!({ "Statement": statement })), [wanted]);
        }
    }

    #[test]
    fn a_long_policy_is_summed_up_and_hides_nothing_wide() {
        let statement = |action: &str| json!({ "Effect": "Allow", "Action": [action, "s3:Get"], "Resource": "*" });
        let actions = ["ec2:A", "ec2:B", "ec2:C", "ec2:D", "ec2:E", "*"];
        let document = json!({ "Statement": actions.map(statement) });
        assert_eq!(
            allowed(&document),
            [
                "Statement[5] allows all actions on all resources: \"*\"",
                "6 statements about actions of * (1), ec2 (5), s3 (6)"
            ]
        );
    }
}

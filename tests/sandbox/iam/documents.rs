//! The grammar of policy documents as far as IAM checks it when a document is stored.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use serde_json::{Map, Value};

use super::super::aws::Refusal;
use super::super::trust::one_or_many;

/// What a document is for: the two differ in Principal and Resource.
#[derive(Clone, Copy, PartialEq)]
pub enum Purpose<'a> {
    /// A role's trust policy, in that partition.
    Trust(&'a str),
    /// Permissions: inline or managed, in that partition.
    Permissions(&'a str),
}

/// Text to a checked document.
pub fn parse(text: &str, purpose: Purpose) -> Result<Value, Refusal> {
    let document =
        serde_json::from_str(text).map_err(|_| malformed("This policy contains invalid Json"))?;
    check(&document, purpose)?;
    Ok(document)
}

/// MalformedPolicyDocument 400 unless IAM would store it.
pub fn check(document: &Value, purpose: Purpose) -> Result<(), Refusal> {
    let syntax = || malformed("Syntax errors in policy.");
    let members = document.as_object().ok_or_else(syntax)?;
    if members
        .keys()
        .any(|key| !["Version", "Id", "Statement"].contains(&key.as_str()))
    {
        return Err(syntax());
    }
    let version = members.get("Version");
    if !version.is_none_or(|version| version == "2012-10-17" || version == "2008-10-17") {
        return Err(syntax());
    }
    let statements = members
        .get("Statement")
        .ok_or_else(|| malformed("Missing required field Statement"))?;
    let statements = one_or_many(statements);
    if statements.is_empty() {
        return Err(malformed("Syntax errors in policy."));
    }
    let mut ids = Vec::new();
    for statement in statements {
        let statement = statement.as_object().ok_or_else(syntax)?;
        check_statement(statement, purpose)?;
        ids.extend(
            statement
                .get("Sid")
                .and_then(Value::as_str)
                .filter(|id| !id.is_empty()),
        );
    }
    ids.sort_unstable();
    if ids.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(malformed(
            "Statement IDs (SID) in a single policy must be unique.",
        ));
    }
    Ok(())
}

/// Size as IAM counts it: characters without white space, of the compact document.
pub fn size(document: &Value) -> usize {
    document
        .to_string()
        .chars()
        .filter(|c| !c.is_whitespace())
        .count()
}

fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(400, "MalformedPolicyDocument", message)
}

fn check_statement(statement: &Map<String, Value>, purpose: Purpose) -> Result<(), Refusal> {
    const KNOWN: [&str; 9] = [
        "Sid",
        "Effect",
        "Principal",
        "NotPrincipal",
        "Action",
        "NotAction",
        "Resource",
        "NotResource",
        "Condition",
    ];
    if statement.keys().any(|key| !KNOWN.contains(&key.as_str())) {
        return Err(malformed("Syntax errors in policy."));
    }
    if let Some(id) = statement.get("Sid") {
        let letters = |id: &str| id.chars().all(|c| c.is_ascii_alphanumeric());
        if !id.as_str().is_some_and(letters) {
            return Err(malformed(
                "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression \
                 [0-9A-Za-z]*",
            ));
        }
    }
    match statement.get("Effect").map(Value::as_str) {
        None => return Err(malformed("Missing required field Effect")),
        Some(Some("Allow" | "Deny")) => {}
        Some(other) => {
            return Err(malformed(format!(
                "Invalid effect: {}",
                other.unwrap_or_default()
            )));
        }
    }
    let actions = strings(statement, "Action", "NotAction")?;
    match purpose {
        Purpose::Trust(partition) => check_trust(statement, actions, partition)?,
        Purpose::Permissions(partition) => check_permissions(statement, actions, partition)?,
    }
    statement.get("Condition").map_or(Ok(()), check_condition)
}

/// The values of the one or of the other member; both at once is an error.
fn strings<'a>(
    statement: &'a Map<String, Value>,
    one: &str,
    other: &str,
) -> Result<Option<Vec<&'a str>>, Refusal> {
    let value = match (statement.get(one), statement.get(other)) {
        (Some(_), Some(_)) => return Err(malformed("Syntax errors in policy.")),
        (Some(value), None) | (None, Some(value)) => value,
        (None, None) => return Ok(None),
    };
    let texts: Option<Vec<&str>> = one_or_many(value).into_iter().map(Value::as_str).collect();
    texts
        .map(Some)
        .ok_or_else(|| malformed("Syntax errors in policy."))
}

fn check_trust(
    statement: &Map<String, Value>,
    actions: Option<Vec<&str>>,
    partition: &str,
) -> Result<(), Refusal> {
    if statement.contains_key("Resource") || statement.contains_key("NotResource") {
        return Err(malformed("Has prohibited field Resource"));
    }
    let principal = statement
        .get("Principal")
        .or_else(|| statement.get("NotPrincipal"));
    let principal = principal.ok_or_else(|| malformed("Missing required field Principal"))?;
    let actions = actions.ok_or_else(|| malformed("Missing required field Action"))?;
    let is_sts = |action: &&str| *action == "*" || action.to_ascii_lowercase().starts_with("sts:");
    if !actions.iter().all(is_sts) {
        return Err(malformed(
            "AssumeRole policy may only specify STS AssumeRole actions.",
        ));
    }
    match principal {
        Value::String(all) if all == "*" => Ok(()),
        Value::Object(kinds) if !kinds.is_empty() => {
            for (kind, names) in kinds {
                for name in one_or_many(names) {
                    check_principal(kind, name.as_str().unwrap_or_default(), partition)?;
                }
            }
            Ok(())
        }
        _ => Err(malformed(
            "AssumeRolepolicy contained an invalid principal: \"STAR\":\"\".",
        )),
    }
}

/// IAM checks the form of a principal; that a federated provider exists it does not check.
fn check_principal(kind: &str, name: &str, partition: &str) -> Result<(), Refusal> {
    let in_account = format!("arn:{partition}:iam::");
    let after_account = name
        .strip_prefix(&in_account)
        .and_then(|rest| rest.split_once(':'));
    let valid = match kind {
        "Federated" => match after_account {
            Some((account, resource)) => {
                is_account(account)
                    && ["oidc-provider/", "saml-provider/"].iter().any(|kind| {
                        resource
                            .strip_prefix(kind)
                            .is_some_and(|rest| !rest.is_empty())
                    })
            }
            None => [
                "accounts.google.com",
                "cognito-identity.amazonaws.com",
                "graph.facebook.com",
                "www.amazon.com",
            ]
            .contains(&name),
        },
        "Service" => name.contains(".amazonaws.") || name.contains('.'),
        "AWS" => {
            name == "*"
                || is_account(name)
                || after_account.is_some_and(|(account, _)| is_account(account))
                || name.starts_with(&format!("arn:{partition}:sts::"))
        }
        "CanonicalUser" => true,
        _ => return Err(malformed("Syntax errors in policy.")),
    };
    if valid {
        return Ok(());
    }
    Err(malformed(format!(
        "Invalid principal in policy: \"{}\":\"{name}\"",
        kind.to_ascii_uppercase()
    )))
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn check_permissions(
    statement: &Map<String, Value>,
    actions: Option<Vec<&str>>,
    partition: &str,
) -> Result<(), Refusal> {
    if statement.contains_key("Principal") || statement.contains_key("NotPrincipal") {
        return Err(malformed("Policy document should not specify a principal."));
    }
    let actions = actions.filter(|actions| !actions.is_empty());
    let actions = actions.ok_or_else(|| malformed("Policy statement must contain actions."))?;
    let prefaced = |action: &&str| {
        *action == "*"
            || action
                .split_once(':')
                .is_some_and(|(vendor, name)| !vendor.is_empty() && !name.is_empty())
    };
    if !actions.iter().all(prefaced) {
        return Err(malformed(
            "Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.",
        ));
    }
    let resources =
        strings(statement, "Resource", "NotResource")?.filter(|resources| !resources.is_empty());
    let resources =
        resources.ok_or_else(|| malformed("Policy statement must contain resources."))?;
    for resource in resources {
        check_resource(resource, partition)?;
    }
    Ok(())
}

fn check_resource(resource: &str, partition: &str) -> Result<(), Refusal> {
    if resource == "*" {
        return Ok(());
    }
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    if parts.len() < 6 || parts[0] != "arn" {
        return Err(malformed(format!(
            "Resource {resource} must be in ARN format or \"*\"."
        )));
    }
    if parts[1] != partition && parts[1] != "*" {
        return Err(malformed(format!(
            "Partition \"{}\" is not valid for resource \"{resource}\".",
            parts[1]
        )));
    }
    Ok(())
}

fn check_condition(condition: &Value) -> Result<(), Refusal> {
    let syntax = || malformed("Syntax errors in policy.");
    for (operator, keys) in condition.as_object().ok_or_else(syntax)? {
        if !is_operator(operator) {
            return Err(malformed(format!("Invalid Condition type : {operator}.")));
        }
        for values in keys.as_object().ok_or_else(syntax)?.values() {
            let nested = |value: &&Value| value.is_object() || value.is_array() || value.is_null();
            if values.is_null() || one_or_many(values).iter().any(nested) {
                return Err(syntax());
            }
        }
    }
    Ok(())
}

fn is_operator(operator: &str) -> bool {
    const PLAIN: [&str; 27] = [
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "NumericEquals",
        "NumericNotEquals",
        "NumericLessThan",
        "NumericLessThanEquals",
        "NumericGreaterThan",
        "NumericGreaterThanEquals",
        "DateEquals",
        "DateNotEquals",
        "DateLessThan",
        "DateLessThanEquals",
        "DateGreaterThan",
        "DateGreaterThanEquals",
        "Bool",
        "BinaryEquals",
        "IpAddress",
        "NotIpAddress",
        "ArnEquals",
        "ArnLike",
        "ArnNotEquals",
        "ArnNotLike",
        "Null",
    ];
    let set = operator
        .strip_prefix("ForAllValues:")
        .or_else(|| operator.strip_prefix("ForAnyValue:"));
    let operator = set.unwrap_or(operator);
    PLAIN.contains(&operator.strip_suffix("IfExists").unwrap_or(operator))
}

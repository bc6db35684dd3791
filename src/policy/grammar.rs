//! The grammar of IAM's identity policies (IAM User Guide, "Grammar of the IAM JSON policy language"), as far as
//! a document can be refused for it before IAM sees it.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::{function, texts};

const ELEMENTS: [&str; 7] = [
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];

/// # Errors
/// What the document is not, as a fragment behind its name.
pub fn check_document(document: &Value) -> Result<(), String> {
    let document = document.as_object().ok_or("is no JSON object")?;
    for (key, value) in document {
        match key.as_str() {
            "Version" if matches!(value.as_str(), Some("2012-10-17" | "2008-10-17")) => {}
            "Version" => return Err(format!("Version is {value}: \"2012-10-17\" is wanted")),
            "Statement" | "Id" => {}
            other => {
                return Err(format!(
                    "has the unknown element \"{other}\"{}",
                    nearest(other, &["Version", "Statement"])
                ));
            }
        }
    }
    let statements = match document.get("Statement") {
        Some(Value::Array(statements)) if statements.is_empty() => {
            return Err("has an empty Statement".to_owned());
        }
        Some(Value::Array(statements)) => statements.as_slice(),
        Some(statement @ Value::Object(_)) => std::slice::from_ref(statement),
        Some(_) => return Err("Statement is neither an object nor a list".to_owned()),
        None => return Err("has no Statement".to_owned()),
    };
    let mut sids = BTreeSet::new();
    for (index, statement) in statements.iter().enumerate() {
        check_statement(statement, &mut sids)
            .map_err(|rule| format!("Statement[{index}] {rule}"))?;
    }
    Ok(())
}

fn check_statement<'a>(statement: &'a Value, sids: &mut BTreeSet<&'a str>) -> Result<(), String> {
    let statement = statement.as_object().ok_or("is no object")?;
    check_elements(statement)?;
    if !matches!(
        statement.get("Effect").and_then(Value::as_str),
        Some("Allow" | "Deny")
    ) {
        return Err("needs Effect \"Allow\" or \"Deny\"".to_owned());
    }
    for (one, other) in [("Action", "NotAction"), ("Resource", "NotResource")] {
        match (statement.get(one), statement.get(other)) {
            (Some(value), None) | (None, Some(value)) => check_texts(value, one)?,
            (None, None) => return Err(format!("needs {one} or {other}")),
            (Some(_), Some(_)) => return Err(format!("has both {one} and {other}")),
        }
    }
    check_actions(statement)?;
    check_resources(statement)?;
    if let Some(condition) = statement.get("Condition")
        && !condition
            .as_object()
            .is_some_and(|operators| operators.values().all(Value::is_object))
    {
        return Err("has a Condition that is not operator → key → value".to_owned());
    }
    check_sid(statement, sids)
}

fn check_elements(statement: &Map<String, Value>) -> Result<(), String> {
    let mut names = statement.keys().map(String::as_str);
    let Some(other) = names.find(|name| !ELEMENTS.contains(name)) else {
        return Ok(());
    };
    Err(match other {
        "Principal" | "NotPrincipal" => format!("has {other}, which only trust policies have"),
        _ => format!(
            "has the unknown element \"{other}\"{}",
            nearest(other, &ELEMENTS)
        ),
    })
}

fn check_sid<'a>(
    statement: &'a Map<String, Value>,
    sids: &mut BTreeSet<&'a str>,
) -> Result<(), String> {
    if let Some(sid) = statement.get("Sid") {
        let sid = sid.as_str().ok_or("has a Sid that is no text")?;
        if !sid.chars().all(|c| c.is_ascii_alphanumeric()) {
            return Err(format!(
                "has the Sid \"{sid}\": only letters and digits are allowed"
            ));
        }
        if !sid.is_empty() && !sids.insert(sid) {
            return Err(format!("has the Sid \"{sid}\" of an earlier statement"));
        }
    }
    Ok(())
}

/// A text, a list of texts, or CloudFormation functions in their place.
fn check_texts(value: &Value, element: &str) -> Result<(), String> {
    let good = |value: &Value| value.is_string() || function(value).is_some();
    let all = match value {
        Value::Array(values) => !values.is_empty() && values.iter().all(good),
        value => good(value),
    };
    if all {
        Ok(())
    } else {
        Err(format!("needs {element} to be a text or a list of texts"))
    }
}

/// Actions are `service:Name`, with wildcards, or `*` alone.
fn check_actions(statement: &Map<String, Value>) -> Result<(), String> {
    let actions = statement
        .get("Action")
        .or_else(|| statement.get("NotAction"));
    for action in actions.map(texts).unwrap_or_default() {
        let good = action == "*"
            || action.split_once(':').is_some_and(|(service, name)| {
                !service.is_empty()
                    && !name.is_empty()
                    && service
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || c == '-')
                    && name
                        .chars()
                        .all(|c| c.is_ascii_alphanumeric() || "*?-_".contains(c))
            });
        if !good {
            return Err(format!(
                "has the action \"{action}\": `service:Name` is wanted"
            ));
        }
    }
    Ok(())
}

/// Resources are ARNs, with wildcards, or `*` alone.
fn check_resources(statement: &Map<String, Value>) -> Result<(), String> {
    let resources = statement
        .get("Resource")
        .or_else(|| statement.get("NotResource"));
    for resource in resources.map(texts).unwrap_or_default() {
        let good =
            resource == "*" || resource.starts_with("arn:") && resource.split(':').count() >= 6;
        if !good {
            return Err(format!(
                "has the resource \"{resource}\": an ARN or `*` is wanted"
            ));
        }
    }
    Ok(())
}

/// `; did you mean "…"?` with the one that was probably meant.
fn nearest(word: &str, known: &[&str]) -> String {
    crate::model::nearest(word, known.iter().copied())
        .map(|known| format!("; did you mean \"{known}\"?"))
        .unwrap_or_default()
}

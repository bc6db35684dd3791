//! Whom a trust policy lets in beside one who is known, each in a few words: for a list of who may assume a role.
//! Wherever it cannot be told that a statement is for the known one alone, it is told what it says.

use serde_json::{Map, Value, json};

use super::evaluate::{glyphs, is_like};
use super::pod_identity::{SERVICE, TrustedAssociation, is_for, is_unconditional};
use super::subjects::name_in_claim;
use super::{statements, texts, words};
use crate::model::issuer_of_provider;

/// What ends in a session of a role (AWS STS API).
const ASSUMING: [&str; 3] = [
    "sts:assumerole",
    "sts:assumerolewithwebidentity",
    "sts:assumerolewithsaml",
];

/// Who is known to be let in, and is not told.
#[derive(Clone, Copy, Debug)]
pub enum KnownPrincipal<'a> {
    Nobody,
    /// Bearers of tokens with this subject of this provider.
    Subject {
        provider: &'a str,
        subject: &'a str,
    },
    Association(TrustedAssociation<'a>),
    /// By its ARN.
    Role(&'a str),
}

/// Each of them once, by the statements that allow to assume the role; empty where nobody else is let in.
/// What denies is not weighed.
pub fn admitted_beside(trust: &Value, known: KnownPrincipal<'_>) -> Vec<String> {
    let mut told = Vec::new();
    for statement in statements(trust).filter_map(Value::as_object) {
        let is_allowing = statement.get("Effect").is_some_and(|it| it == "Allow");
        if !is_allowing || !is_assuming(statement) {
            continue;
        }
        for line in admitted(statement, known) {
            if !told.contains(&line) {
                told.push(line);
            }
        }
    }
    told
}

fn is_assuming(statement: &Map<String, Value>) -> bool {
    let Some(actions) = statement.get("Action") else {
        return true;
    };
    texts(actions).into_iter().any(|action| {
        let pattern = glyphs(&action.to_lowercase());
        ASSUMING.iter().any(|assuming| is_like(&pattern, assuming))
    })
}

fn admitted(statement: &Map<String, Value>, known: KnownPrincipal<'_>) -> Vec<String> {
    let principals = match (statement.get("Principal"), statement.get("NotPrincipal")) {
        (Some(Value::Object(kinds)), _) => kinds,
        (None, Some(but)) => {
            let but = but.as_object().into_iter().flatten();
            let but: Vec<&str> = but.flat_map(|(_, values)| texts(values)).collect();
            return vec![format!("everybody but {}", but.join(", "))];
        }
        (Some(_), _) | (None, None) => return vec![said(statement, "AWS", "*")],
    };
    let each = principals
        .iter()
        .flat_map(|(kind, values)| texts(values).into_iter().map(move |it| (kind, it)));
    let lines = each.flat_map(|(kind, value)| match (kind.as_str(), known) {
        ("AWS", KnownPrincipal::Role(role)) if role == value => Vec::new(),
        ("Service", KnownPrincipal::Association(own)) if value == SERVICE => {
            let alone = alone(statement, kind, value);
            if is_for(&alone, own) {
                Vec::new()
            } else {
                vec![said(statement, kind, value)]
            }
        }
        ("Federated", KnownPrincipal::Subject { provider, subject }) if provider == value => {
            others_of_provider(statement, value, subject)
        }
        _ => vec![said(statement, kind, value)],
    });
    lines.collect()
}

/// The other bearers of the same provider's tokens. A token always has a subject, so that `…IfExists` asks for
/// it like the operator without.
fn others_of_provider(
    statement: &Map<String, Value>,
    provider: &str,
    subject: &str,
) -> Vec<String> {
    let key = format!("{}:sub", issuer_of_provider(provider).unwrap_or_default());
    let conditions = statement.get("Condition").and_then(Value::as_object);
    let equal = ["StringEquals", "StringEqualsIfExists"].iter();
    let exact = equal.filter_map(|operator| conditions?.get(*operator)?.get(&key));
    let exact: Vec<&str> = exact.flat_map(texts).collect();
    if exact.is_empty() {
        return vec![said(statement, "Federated", provider)];
    }
    let others = exact.into_iter().filter(|it| *it != subject);
    others.map(name_in_claim).collect()
}

/// The statement as one for a single principal.
fn alone(statement: &Map<String, Value>, kind: &str, value: &str) -> Value {
    let mut alone = statement.clone();
    alone.remove("NotPrincipal");
    alone.insert("Principal".to_owned(), json!({ kind: value }));
    Value::Object(alone)
}

fn said(statement: &Map<String, Value>, kind: &str, value: &str) -> String {
    let alone = alone(statement, kind, value);
    if is_unconditional(&alone) {
        return "EKS Pod Identity, for any association of the account".to_owned();
    }
    if kind != "Federated" {
        // Whatever a condition asks of tokens names nobody here.
        let who = if value == "*" { "anybody" } else { value };
        let asked = conditions(statement);
        return match asked.as_slice() {
            [] => who.to_owned(),
            asked => format!("{who}, if {}", asked.join(" and ")),
        };
    }
    let line = words::trusted(&json!({ "Statement": [alone] })).concat();
    match issuer_of_provider(value) {
        None => format!("federated users of {value}"),
        Some(_) if line.contains(value) => line,
        Some(issuer) => format!("{line}, of {issuer}"),
    }
}

fn conditions(statement: &Map<String, Value>) -> Vec<String> {
    let conditions = statement.get("Condition").and_then(Value::as_object);
    let asked = conditions
        .into_iter()
        .flatten()
        .flat_map(|(operator, keys)| {
            let keys = keys.as_object().into_iter().flatten();
            keys.map(move |(key, _)| format!("{operator} {key}"))
        });
    asked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "arn:aws:iam::111122223333:oidc-provider/issuer/id/A";
    const ME: &str = "system:serviceaccount:web:api";

    fn beside(statement: Value) -> Vec<String> {
        let trust = json!({ "Statement": [statement] });
        let known = KnownPrincipal::Subject {
            provider: OWN,
            subject: ME,
        };
        admitted_beside(&trust, known)
    }

    fn token(condition: Value) -> Value {
        json!({ "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": { "Federated": OWN }, "Condition": condition })
    }

    #[test]
    fn the_known_one_alone_is_nobody_else() {
        for operator in ["StringEquals", "StringEqualsIfExists"] {
            let condition = json!({ operator: { "issuer/id/A:sub": ME } });
            assert!(beside(token(condition)).is_empty(), "{operator}");
        }
        let listed =
            json!({ "StringEquals": { "issuer/id/A:sub": [ME, "system:serviceaccount:web:b"] } });
        assert_eq!(beside(token(listed)), ["web/b"]);
    }

    #[test]
    fn whatever_is_wider_is_told() {
        let like = |sub: &str| token(json!({ "StringLike": { "issuer/id/A:sub": sub } }));
        assert_eq!(
            beside(like("system:serviceaccount:web:*")),
            ["web/* (pattern), of issuer/id/A"]
        );
        assert_eq!(beside(like("*")), ["* (pattern), of issuer/id/A"]);
        let all = format!("all service accounts of {OWN}");
        assert_eq!(beside(token(json!({}))), [all.as_str()]);
        let not =
            json!({ "StringNotEquals": { "issuer/id/A:sub": "system:serviceaccount:web:b" } });
        let told = beside(token(not)).concat();
        assert!(
            told.starts_with(&all) && told.contains("StringNotEquals"),
            "{told}"
        );
    }

    #[test]
    fn each_principal_of_a_statement_is_told() {
        let mut mixed = token(json!({ "StringEqualsIfExists": { "issuer/id/A:sub": ME } }));
        mixed["Action"] = json!("sts:*");
        mixed["Principal"]["AWS"] = json!("arn:aws:iam::444455556666:root");
        let told = beside(mixed).concat();
        assert!(told.contains("arn:aws:iam::444455556666:root"), "{told}");
        let services = json!({ "Effect": "Allow", "Action": "sts:AssumeRole",
            "Principal": { "Service": ["ec2.amazonaws.com", "pods.eks.amazonaws.com"] } });
        let any = "EKS Pod Identity, for any association of the account";
        assert_eq!(beside(services), ["ec2.amazonaws.com", any]);
        let anybody = |principal: Value| {
            beside(json!({ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal }))
        };
        assert_eq!(anybody(json!("*")), ["anybody"]);
        assert_eq!(anybody(json!({ "AWS": "*" })), ["anybody"]);
        let saml = "arn:aws:iam::111122223333:saml-provider/corp";
        assert_eq!(
            anybody(json!({ "Federated": saml })),
            [format!("federated users of {saml}")]
        );
    }

    #[test]
    fn other_providers_are_named_and_what_lets_nobody_in_is_not() {
        let other = json!({ "Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
            "Principal": { "Federated": OWN.replace("/A", "/B") },
            "Condition": { "StringEquals": { "issuer/id/B:sub": ME } } });
        assert_eq!(beside(other), ["web/api, of issuer/id/B"]);
        let but = json!({ "Effect": "Allow", "Action": "sts:AssumeRole",
            "NotPrincipal": { "AWS": "arn:aws:iam::111122223333:root" } });
        assert_eq!(
            beside(but),
            ["everybody but arn:aws:iam::111122223333:root"]
        );
        for (effect, action) in [("Deny", "sts:AssumeRole"), ("Allow", "sts:TagSession")] {
            let statement =
                json!({ "Effect": effect, "Action": action, "Principal": { "AWS": "a" } });
            assert!(beside(statement).is_empty(), "{effect} {action}");
        }
    }
}

//! Whom a trust policy lets in beside the tokens of identity providers: EKS Pod Identity, other services
//! and principals of AWS.

use serde_json::Value;

use super::pod_identity::is_of_pod_identity;
use super::{same, statements, texts};

fn is_of_others(statement: &Value) -> bool {
    let principal = statement.get("Principal");
    principal.is_some_and(|principal| principal.get("Federated").is_none())
}

/// The statements that let in what is no token of an identity provider.
pub fn of_others(trust: &Value) -> Vec<&Value> {
    statements(trust).filter(|it| is_of_others(it)).collect()
}

/// The statements that let EKS Pod Identity in.
pub fn of_pod_identity(trust: &Value) -> Vec<&Value> {
    statements(trust)
        .filter(|it| is_of_pod_identity(it))
        .collect()
}

/// Those of them that a role has and its template has not.
pub fn pod_identity_by_hand<'a>(live: &'a Value, template: &Value) -> Vec<&'a Value> {
    let mut found = of_pod_identity(live);
    found.retain(|statement| !statements(template).any(|known| same(known, statement)));
    found
}

/// A trust policy without its statements for others. As it is where it has none.
pub fn without(trust: &Value) -> Value {
    let mut rest = trust.clone();
    if !of_others(trust).is_empty() {
        let own = statements(trust).filter(|it| !is_of_others(it));
        rest["Statement"] = own.cloned().collect();
    }
    rest
}

/// A trust policy with further statements, where it does not have them yet.
pub fn with<'a>(trust: &Value, further: impl IntoIterator<Item = &'a Value>) -> Value {
    let mut all: Vec<Value> = statements(trust).cloned().collect();
    let known = all.len();
    for statement in further {
        if !all.iter().any(|known| same(known, statement)) {
            all.push(statement.clone());
        }
    }
    let mut trust = trust.clone();
    if all.len() > known {
        trust["Statement"] = all.into();
    }
    trust
}

/// Whom statements let in, for people to read: each once.
pub fn principals<'a>(of: impl IntoIterator<Item = &'a Value>) -> String {
    let mut all: Vec<&str> = Vec::new();
    for statement in of {
        let principal = &statement["Principal"];
        let named = principal.as_object().into_iter().flatten();
        all.extend(named.flat_map(|(_, names)| texts(names)));
        all.extend(principal.as_str());
    }
    all.sort_unstable();
    all.dedup();
    all.join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn statements_of_others_are_told_from_those_for_tokens() {
        let token = json!({"Effect": "Allow", "Principal": {"Federated": "arn"}});
        let pods = json!({"Effect": "Allow", "Principal": {"Service": ["pods.eks.amazonaws.com"]}});
        let denied = json!({"Effect": "Deny", "Principal": {"Service": "pods.eks.amazonaws.com"}});
        let anyone = json!({"Effect": "Allow", "Principal": "*"});
        let alone = json!({"Version": "2012-10-17", "Statement": token});
        assert_eq!(without(&alone), alone);
        assert_eq!(with(&alone, [&token]), alone);
        let all = with(&alone, [&pods, &denied, &anyone, &pods]);
        assert_eq!(of_others(&all), [&pods, &denied, &anyone]);
        assert_eq!(of_pod_identity(&all), [&pods]);
        assert_eq!(pod_identity_by_hand(&all, &alone), [&pods]);
        assert!(pod_identity_by_hand(&all, &all).is_empty());
        assert!(same(&without(&all), &alone));
        assert_eq!(principals(of_others(&all)), "*, pods.eks.amazonaws.com");
    }
}

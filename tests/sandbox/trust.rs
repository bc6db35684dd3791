//! Evaluates a role's trust policy, for AssumeRoleWithWebIdentity above all, as AWS does: pure, over the
//! policy's JSON. Apart from STS because it is the one rule that the whole project is about, and
//! irsactl's own evaluation is tested against it.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>

use std::collections::BTreeMap;

use serde_json::Value;

const WEB_IDENTITY: &str = "sts:AssumeRoleWithWebIdentity";

/// Whether the policy lets a token of that provider, subject and audiences assume the role.
pub fn allows(policy: &Value, provider_arn: &str, subject: &str, audiences: &[String]) -> bool {
    let issuer = provider_arn
        .split_once("oidc-provider/")
        .map_or("", |(_, issuer)| issuer);
    let context = Context::default()
        .with(&format!("{issuer}:sub"), [subject.to_owned()])
        .with(&format!("{issuer}:aud"), audiences.iter().cloned());
    let provider = Principal::new("Federated", [provider_arn]);
    admits(policy, &provider, WEB_IDENTITY, &context)
}

/// Who asks to assume a role: the kind by which trust policies name it, and its names there.
#[derive(Clone, Debug)]
pub struct Principal {
    kind: &'static str,
    names: Vec<String>,
}

impl Principal {
    pub fn new<'a>(kind: &'static str, names: impl IntoIterator<Item = &'a str>) -> Self {
        let names = names.into_iter().map(str::to_owned).collect();
        Self { kind, names }
    }
}

/// Whether the policy lets somebody do that: some statement allows it and none denies it.
pub fn admits(policy: &Value, principal: &Principal, action: &str, context: &Context) -> bool {
    let effects: Vec<&str> = one_or_many(&policy["Statement"])
        .into_iter()
        .filter(|statement| {
            names_principal(statement, principal)
                && names_action(statement, action)
                && context.meets(&statement["Condition"])
        })
        .filter_map(|statement| statement["Effect"].as_str())
        .collect();
    effects.contains(&"Allow") && !effects.contains(&"Deny")
}

/// `*` and `?` as wildcards over the whole text.
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), text.chars().collect());
    let (mut p, mut t, mut star) = (0, 0, None);
    while t < text.len() {
        match pattern.get(p) {
            Some('*') => {
                star = Some((p, t));
                p += 1;
            }
            Some(c) if *c == '?' || *c == text[t] => {
                p += 1;
                t += 1;
            }
            _ => {
                let Some((at, from)) = star else { return false };
                star = Some((at, from + 1));
                p = at + 1;
                t = from + 1;
            }
        }
    }
    pattern[p..].iter().all(|c| *c == '*')
}

/// A value of a policy that may be one or an array.
pub fn one_or_many(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(values) => values.iter().collect(),
        one => vec![one],
    }
}

fn names_principal(statement: &Value, asking: &Principal) -> bool {
    let names = |principal: &Value| {
        principal == "*"
            || one_or_many(&principal["AWS"]).iter().any(|arn| *arn == "*")
            || one_or_many(&principal[asking.kind])
                .iter()
                .any(|name| asking.names.iter().any(|own| *name == own.as_str()))
    };
    match (&statement["Principal"], &statement["NotPrincipal"]) {
        (Value::Null, Value::Null) => false,
        (Value::Null, not) => !names(not),
        (principal, _) => names(principal),
    }
}

/// Whether the statement is about that action.
pub fn names_action(statement: &Value, action: &str) -> bool {
    let wanted = action.to_ascii_lowercase();
    let names = |actions: &Value| {
        one_or_many(actions)
            .iter()
            .filter_map(|action| action.as_str())
            .any(|action| is_like(&action.to_ascii_lowercase(), &wanted))
    };
    match (&statement["Action"], &statement["NotAction"]) {
        (Value::Null, Value::Null) => false,
        (Value::Null, not) => !names(not),
        (actions, _) => names(actions),
    }
}

/// The condition keys that a request fills, in lower case; no others exist in it. For a trust policy
/// they are those of the token.
#[derive(Clone, Debug, Default)]
pub struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// With the values of one more key.
    pub fn with(mut self, key: &str, values: impl IntoIterator<Item = String>) -> Self {
        self.0
            .insert(key.to_ascii_lowercase(), values.into_iter().collect());
        self
    }

    /// All operators and all their keys must hold.
    pub fn meets(&self, condition: &Value) -> bool {
        let Some(operators) = condition.as_object() else {
            return condition.is_null();
        };
        operators.iter().all(|(operator, keys)| {
            keys.as_object().is_some_and(|keys| {
                keys.iter()
                    .all(|(key, wanted)| self.holds(operator, key, wanted))
            })
        })
    }

    fn values(&self, key: &str) -> &[String] {
        let values = self.0.get(&key.to_ascii_lowercase());
        values.map_or(&[], Vec::as_slice)
    }

    fn holds(&self, operator: &str, key: &str, wanted: &Value) -> bool {
        let (for_all, for_any, operator) = match operator.split_once(':') {
            Some(("ForAllValues", rest)) => (true, false, rest),
            Some(("ForAnyValue", rest)) => (false, true, rest),
            _ => (false, false, operator),
        };
        let (if_exists, operator) = match operator.strip_suffix("IfExists") {
            Some(rest) => (true, rest),
            None => (false, operator),
        };
        let values = self.values(key);
        let wanted: Vec<String> = one_or_many(wanted).into_iter().map(as_text).collect();
        if operator == "Null" {
            let is_null = values.is_empty().to_string();
            return wanted.contains(&is_null);
        }
        let Some((compare, negated)) = comparison(operator) else {
            return false;
        };
        if values.is_empty() {
            return for_all || !for_any && (if_exists || negated);
        }
        let hit = |value: &String| wanted.iter().any(|wanted| compare(wanted, value)) != negated;
        if for_all || negated && !for_any {
            values.iter().all(hit)
        } else {
            values.iter().any(hit)
        }
    }
}

type Compare = fn(&str, &str) -> bool;

/// The operators, and whether they negate. Those that compare no texts find nothing equal here.
fn comparison(operator: &str) -> Option<(Compare, bool)> {
    let equal: Compare = |wanted, value| wanted == value;
    let same: Compare = |wanted, value| wanted.eq_ignore_ascii_case(value);
    let truth: Compare = |wanted, value| {
        let is_truth = ["true", "false"]
            .iter()
            .any(|text| text.eq_ignore_ascii_case(value));
        is_truth && wanted.eq_ignore_ascii_case(value)
    };
    let never: Compare = |_, _| false;
    match operator {
        "StringEquals" => Some((equal, false)),
        "StringNotEquals" => Some((equal, true)),
        "StringEqualsIgnoreCase" => Some((same, false)),
        "StringNotEqualsIgnoreCase" => Some((same, true)),
        "StringLike" => Some((is_like, false)),
        "StringNotLike" => Some((is_like, true)),
        "ArnLike" | "ArnEquals" => Some((is_arn_like, false)),
        "ArnNotLike" | "ArnNotEquals" => Some((is_arn_like, true)),
        "Bool" => Some((truth, false)),
        "BinaryEquals" | "IpAddress" => Some((never, false)),
        "NumericNotEquals" | "DateNotEquals" | "NotIpAddress" => Some((never, true)),
        _ if operator.starts_with("Numeric") || operator.starts_with("Date") => {
            Some((never, false))
        }
        _ => None,
    }
}

/// Each of the six parts by itself; what has fewer is no ARN and like none.
fn is_arn_like(pattern: &str, text: &str) -> bool {
    let pattern: Vec<&str> = pattern.splitn(6, ':').collect();
    let text: Vec<&str> = text.splitn(6, ':').collect();
    let mut parts = pattern.iter().zip(&text);
    pattern.len() == 6 && text.len() == 6 && parts.all(|(part, text)| is_like(part, text))
}

fn as_text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

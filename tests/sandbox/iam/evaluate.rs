//! Evaluates permission policies for one action on one resource, as IAM does for one identity within
//! an account: pure, over the policies' JSON. Policies of resources and of organisations are not part
//! of it. Apart from `trust.rs`, where a statement names a principal and no resource.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use serde_json::Value;

use super::super::trust::{Context, is_like, one_or_many};

/// What IAM decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Allowed,
    /// No statement of the identity's policies allows it.
    ImplicitDeny,
    /// Some statement denies it.
    ExplicitDeny,
    /// The identity's policies allow it, and its boundary does not.
    OutsideBoundary,
}

/// The decision of an identity's attached and inline `policies` within its `boundary`. `resource` is
/// an ARN, or `*` for actions that have none.
pub fn decision(
    policies: &[Value],
    boundary: Option<&Value>,
    action: &str,
    resource: &str,
    context: &Context,
) -> Decision {
    let effects = |document: &Value| effects(document, action, resource, context);
    let own: Vec<String> = policies.iter().flat_map(effects).collect();
    let limit = boundary.map(effects);
    let has = |effects: &[String], effect: &str| effects.iter().any(|other| other == effect);
    let is_denied = |effects: &[String]| has(effects, "Deny");
    if is_denied(&own) || limit.as_deref().is_some_and(is_denied) {
        return Decision::ExplicitDeny;
    }
    if !has(&own, "Allow") {
        return Decision::ImplicitDeny;
    }
    match limit {
        Some(effects) if !has(&effects, "Allow") => Decision::OutsideBoundary,
        _ => Decision::Allowed,
    }
}

/// The effects of the statements that are about that action and resource, and whose conditions hold.
fn effects(document: &Value, action: &str, resource: &str, context: &Context) -> Vec<String> {
    about(document, action, resource)
        .into_iter()
        .filter(|statement| context.meets(&statement["Condition"]))
        .filter_map(|statement| statement["Effect"].as_str().map(str::to_owned))
        .collect()
}

/// The statements that are about that action and resource, whatever their conditions say.
pub fn about<'a>(document: &'a Value, action: &str, resource: &str) -> Vec<&'a Value> {
    one_or_many(&document["Statement"])
        .into_iter()
        .filter(|statement| names(statement, "Action", "NotAction", action, Letters::AnyCase))
        .filter(|statement| {
            names(
                statement,
                "Resource",
                "NotResource",
                resource,
                Letters::Exact,
            )
        })
        .collect()
}

#[derive(Clone, Copy, PartialEq)]
enum Letters {
    AnyCase,
    Exact,
}

/// Whether a pattern of the one member fits, or none of the other.
fn names(statement: &Value, member: &str, not: &str, text: &str, letters: Letters) -> bool {
    let fold = |text: &str| match letters {
        Letters::AnyCase => text.to_ascii_lowercase(),
        Letters::Exact => text.to_owned(),
    };
    let fits = |patterns: &Value| {
        one_or_many(patterns)
            .into_iter()
            .filter_map(Value::as_str)
            .any(|pattern| is_like(&fold(pattern), &fold(text)))
    };
    match (&statement[member], &statement[not]) {
        (Value::Null, Value::Null) => false,
        (Value::Null, not) => !fits(not),
        (named, _) => fits(named),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn policies_and_boundary_decide_as_in_iam() {
        let statement = |effect: &str, action: &str, resource: &str| {
            json!({ "Statement": {
            "Effect": effect, "Action": action, "Resource": resource,
        } })
        };
        let read = statement("Allow", "s3:get*", "arn:aws:s3:::logs/*");
        let all = statement("Allow", "*", "*");
        let no_writes = statement("Deny", "s3:Put*", "*");
        let not =
            json!({ "Statement": [{ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }] });
        let secure = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*",
            "Condition": { "Bool": { "aws:SecureTransport": "true" } } } });
        let none = Context::default();
        let tls = Context::default().with("aws:securetransport", ["true".to_owned()]);
        for (policies, boundary, action, context, wanted) in [
            (vec![&read], None, "S3:GetObject", &none, Decision::Allowed),
            (
                vec![&read],
                None,
                "s3:PutObject",
                &none,
                Decision::ImplicitDeny,
            ),
            (vec![], None, "s3:GetObject", &none, Decision::ImplicitDeny),
            (
                vec![&all, &no_writes],
                None,
                "s3:PutObject",
                &none,
                Decision::ExplicitDeny,
            ),
            (
                vec![&all],
                Some(&read),
                "s3:PutObject",
                &none,
                Decision::OutsideBoundary,
            ),
            (
                vec![&all],
                Some(&no_writes),
                "s3:PutObject",
                &none,
                Decision::ExplicitDeny,
            ),
            (
                vec![&all],
                Some(&read),
                "s3:GetObject",
                &none,
                Decision::Allowed,
            ),
            (
                vec![&not],
                None,
                "iam:GetRole",
                &none,
                Decision::ImplicitDeny,
            ),
            (vec![&not], None, "s3:GetObject", &none, Decision::Allowed),
            (
                vec![&secure],
                None,
                "s3:GetObject",
                &none,
                Decision::ImplicitDeny,
            ),
            (vec![&secure], None, "s3:GetObject", &tls, Decision::Allowed),
        ] {
            let policies: Vec<Value> = policies.into_iter().cloned().collect();
            let got = decision(&policies, boundary, action, "arn:aws:s3:::logs/a", context);
            assert_eq!(got, wanted, "{action} by {policies:?} within {boundary:?}");
        }
    }
}

//! IAM Access Analyzer (REST-JSON): ValidatePolicy, with those of its checks that trust policies of pods
//! meet.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html>

use hyper::Method;
use serde_json::{Value, json};

use super::aws::{self, Parameters, Refusal};
use super::http::{Reply, Request};
use super::trust::one_or_many;
use super::world::{Service, World};

pub fn operation(request: &Request) -> String {
    match (&request.method, request.path.as_str()) {
        (&Method::POST, "/policy/validation") => "ValidatePolicy",
        _ => "Unknown",
    }
    .to_owned()
}

pub fn answer(world: &World, request: &Request) -> Reply {
    match validated(world, request) {
        Ok(body) => Reply::json(200, &body),
        Err(refused) => aws::refusal(
            Service::AccessAnalyzer,
            refused.status,
            &refused.code,
            &refused.message,
        ),
    }
}

fn validated(world: &World, request: &Request) -> Result<Value, Refusal> {
    let invalid = |message: &str| Refusal::new(400, "ValidationException", message);
    if operation(request) != "ValidatePolicy" {
        return Err(Refusal::new(
            404,
            "ResourceNotFoundException",
            "no such path",
        ));
    }
    let body: Value =
        serde_json::from_slice(&request.body).map_err(|_| invalid("the body is no JSON"))?;
    let document = body["policyDocument"].as_str();
    let document = document.ok_or_else(|| invalid("policyDocument must not be null"))?;
    let kinds = [
        "IDENTITY_POLICY",
        "RESOURCE_POLICY",
        "SERVICE_CONTROL_POLICY",
        "RESOURCE_CONTROL_POLICY",
    ];
    if !kinds.iter().any(|kind| body["policyType"] == *kind) {
        return Err(invalid("policyType must be one of the known types"));
    }
    let findings = findings(document);
    let query = Parameters::parse(&request.query);
    let size = query
        .number("maxResults")?
        .and_then(|size| usize::try_from(size).ok());
    let size = size.unwrap_or(world.page_size);
    let (findings, next) = aws::page(findings, size, query.text("nextToken")).map_err(invalid)?;
    let mut body = json!({ "findings": findings });
    if let Some(next) = next {
        body["nextToken"] = json!(next);
    }
    Ok(body)
}

fn findings(document: &str) -> Vec<Value> {
    let Ok(policy) = serde_json::from_str::<Value>(document) else {
        let details = "Fix the JSON syntax error at index 0 line 1 column 0.";
        return vec![finding("ERROR", "JSON_SYNTAX_ERROR", details)];
    };
    let mut findings = Vec::new();
    if policy["Version"].is_null() {
        let details = "We recommend that you specify the Version element to help you with debugging permission issues.";
        findings.push(finding("WARNING", "MISSING_VERSION", details));
    }
    for statement in one_or_many(&policy["Statement"]) {
        if statement["Principal"].is_null() && statement["NotPrincipal"].is_null() {
            let details = "Add a Principal element to the policy statement.";
            findings.push(finding("ERROR", "MISSING_PRINCIPAL", details));
        }
        if statement["Action"].is_null() && statement["NotAction"].is_null() {
            let details = "Add an Action or NotAction element to the policy statement.";
            findings.push(finding("ERROR", "MISSING_ACTION", details));
        }
        for (operator, keys) in statement["Condition"].as_object().into_iter().flatten() {
            let values = keys.as_object().into_iter().flatten();
            let mut values = values.flat_map(|(_, values)| one_or_many(values));
            let has_wildcard =
                |value: &Value| value.as_str().is_some_and(|text| text.contains(['*', '?']));
            if !operator.contains("Like") && values.any(has_wildcard) {
                let details = "Your condition value includes a * or ? character. If you meant to use a wildcard (*, ?), \
                               update the condition operator to include Like.";
                findings.push(finding(
                    "WARNING",
                    "WILDCARD_WITHOUT_LIKE_OPERATOR",
                    details,
                ));
            }
        }
    }
    findings
}

fn finding(kind: &str, code: &str, details: &str) -> Value {
    let place = json!({ "line": 1, "column": 0, "offset": 0 });
    json!({
        "findingType": kind,
        "issueCode": code,
        "findingDetails": details,
        "learnMoreLink":
            "https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html",
        "locations": [{ "path": [], "span": { "start": place, "end": place } }],
    })
}

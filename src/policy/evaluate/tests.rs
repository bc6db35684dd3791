use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::*;

/// The sandbox's own evaluation, which STS there goes by.
#[path = "../../../tests/sandbox/trust.rs"]
mod trust;

mod judged;
mod random;

const PROVIDER: &str =
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12";
const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/AB12";

fn list(values: &[&str]) -> Vec<String> {
    values.iter().map(|value| (*value).to_owned()).collect()
}

fn web_identity() -> Request {
    let subject = "system:serviceaccount:web:api";
    Request::web_identity(PROVIDER, ISSUER, subject, &list(&["sts.amazonaws.com"]))
}

fn document(version: &str, condition: &Value) -> Value {
    json!({ "Version": version, "Statement": {
        "Effect": "Allow", "Principal": { "Federated": PROVIDER }, "Action": WEB_IDENTITY, "Condition": condition
    }})
}

/// Whether one operator holds for a key `x:k` that has the values.
fn outcome(operator: &str, wanted: &Value, got: &[&str]) -> Truth {
    let request = Request::new(
        WEB_IDENTITY,
        Principal::Federated(PROVIDER.to_owned()),
        None,
    )
    .with("x:k", &list(got))
    .with("x:name", &list(&["api"]))
    .with("x:star", &list(&["a*"]));
    let document = document("2012-10-17", &json!({ operator: { "X:K": wanted } }));
    evaluate(&document, &request).trace[0].outcome
}

#[test]
fn operators_compare_as_documented() {
    for (operator, wanted, got, holds) in [
        ("StringEquals", json!("a"), "a", true),
        ("StringEquals", json!(["b", "a"]), "a", true),
        ("StringEquals", json!("a*"), "ab", false),
        ("StringEquals", json!("A"), "a", false),
        ("stringequals", json!("a"), "a", true),
        ("StringNotEquals", json!("a"), "a", false),
        ("StringNotEquals", json!(["b", "a"]), "a", false),
        ("StringNotEquals", json!("b"), "a", true),
        ("StringEqualsIgnoreCase", json!("A"), "a", true),
        ("StringNotEqualsIgnoreCase", json!("A"), "a", false),
        ("StringLike", json!("a*c?"), "abbcd", true),
        ("StringLike", json!("a*c?"), "abbc", false),
        ("StringLike", json!("*"), "a", true),
        ("StringLike", json!("A"), "a", false),
        ("StringNotLike", json!("a*"), "ab", false),
        ("StringNotLike", json!("b*"), "ab", true),
        ("NumericEquals", json!(10), "10.0", true),
        ("NumericEquals", json!("10"), "x", false),
        ("NumericNotEquals", json!("10"), "11", true),
        ("NumericLessThan", json!("10"), "9", true),
        ("NumericLessThan", json!("10"), "10", false),
        ("NumericLessThanEquals", json!("10"), "10", true),
        ("NumericGreaterThan", json!("10"), "9", false),
        ("NumericGreaterThanEquals", json!("10"), "10", true),
        ("DateEquals", json!("tomorrow"), "tomorrow", false),
        ("DateLessThanEquals", json!("2030-01-01"), "web", false),
        ("DateNotEquals", json!("2030-01-01"), "web", true),
        ("Bool", json!(true), "True", true),
        ("Bool", json!("false"), "true", false),
        ("Bool", json!("other"), "other", false),
        ("BinaryEquals", json!("no"), "no!", false),
        ("IpAddress", json!("0.0.0.0/0"), "web", false),
        ("NotIpAddress", json!("203.0.113.0/24"), "web", true),
        (
            "ArnEquals",
            json!("arn:aws:s3:::b/*"),
            "arn:aws:s3:::b/c",
            true,
        ),
        (
            "ArnLike",
            json!("arn:aws:x:*:1:f/*"),
            "arn:aws:x:eu:9:s:1:f/d",
            false,
        ),
        (
            "ArnLike",
            json!("arn:aws:x:*:1:f/*"),
            "arn:aws:x:eu:1:f/d",
            true,
        ),
        ("ArnLike", json!("*"), "a", false),
        (
            "ArnNotEquals",
            json!("arn:aws:s3:::b"),
            "arn:aws:s3:::b",
            false,
        ),
        (
            "ArnNotLike",
            json!("arn:aws:s3:::c*"),
            "arn:aws:s3:::b",
            true,
        ),
        ("Null", json!("true"), "a", false),
        ("Null", json!(false), "a", true),
        ("StringEqual", json!("a"), "a", false),
    ] {
        let told = outcome(operator, &wanted, &[got]);
        assert_eq!(told, Truth::from(holds), "{operator} {wanted} {got}");
    }
}

#[test]
fn a_key_without_value_is_judged_by_what_stands_around_the_operator() {
    for (operator, wanted, holds) in [
        ("StringEquals", "a", false),
        ("StringNotEquals", "a", true),
        ("ArnNotLike", "arn:aws:s3:::a", true),
        ("StringEqualsIfExists", "a", true),
        ("StringNotLikeIfExists", "a", true),
        ("BoolIfExists", "true", true),
        ("Bool", "false", false),
        ("ForAllValues:StringEquals", "a", true),
        ("ForAllValues:StringLikeIfExists", "a", true),
        ("ForAnyValue:StringEquals", "a", false),
        ("ForAnyValue:StringNotEquals", "a", false),
        ("ForAnyValue:StringEqualsIfExists", "a", false),
        ("Null", "true", true),
        ("Null", "false", false),
    ] {
        let told = outcome(operator, &json!(wanted), &[]);
        assert_eq!(told, Truth::from(holds), "{operator}");
    }
}

#[test]
fn qualifiers_take_the_values_of_a_key_together() {
    for (operator, wanted, got, holds) in [
        (
            "ForAllValues:StringEquals",
            json!(["a", "b"]),
            ["a", "b"],
            true,
        ),
        ("ForAllValues:StringEquals", json!(["a"]), ["a", "b"], false),
        ("ForAnyValue:StringEquals", json!(["a"]), ["a", "b"], true),
        ("ForAnyValue:StringEquals", json!(["c"]), ["a", "b"], false),
        (
            "ForAllValues:StringNotEquals",
            json!(["a"]),
            ["a", "b"],
            false,
        ),
        (
            "ForAllValues:StringNotEquals",
            json!(["c"]),
            ["a", "b"],
            true,
        ),
        (
            "ForAnyValue:StringNotEquals",
            json!(["a"]),
            ["a", "b"],
            true,
        ),
        ("ForAnyValue:StringNotLike", json!(["*"]), ["a", "b"], false),
        ("StringEquals", json!(["b"]), ["a", "b"], true),
        ("StringNotEquals", json!(["b"]), ["a", "b"], false),
    ] {
        let told = outcome(operator, &wanted, &got);
        assert_eq!(told, Truth::from(holds), "{operator} {wanted}");
    }
}

#[test]
fn variables_are_replaced_and_bring_no_wildcards() {
    for (operator, wanted, got, holds) in [
        ("StringEquals", "x-${x:name}", "x-api", true),
        ("StringEquals", "x-${X:Name}", "x-api", true),
        ("StringEquals", "x-${x:none, 'web'}", "x-web", true),
        ("StringEquals", "x-${x:none}", "x-", false),
        ("StringEquals", "${*}${?}${$}", "*?$", true),
        ("StringLike", "${*}b", "ab", false),
        ("StringLike", "${*}b*", "*bc", true),
        ("StringLike", "${x:star}", "ab", false),
        ("StringLike", "${x:star}", "a*", true),
        ("StringEquals", "${x:name", "${x:name", true),
        ("NumericEquals", "${x:name}", "api", false),
    ] {
        let told = outcome(operator, &json!(wanted), &[got]);
        assert_eq!(told, Truth::from(holds), "{operator} {wanted} {got}");
    }
    let condition = json!({ "StringEquals": { format!("{ISSUER}:sub"): "${x:none, 'system:serviceaccount:web:api'}" } });
    assert!(evaluate(&document("2012-10-17", &condition), &web_identity()).is_allowed());
    assert!(!evaluate(&document("2008-10-17", &condition), &web_identity()).is_allowed());
    let told = outcome("StringNotEquals", &json!("${x:none}"), &["a"]);
    assert_eq!(told, Truth::Unknown);
}

#[test]
fn what_only_the_call_can_tell_is_unknown_and_what_cannot_be_there_is_absent() {
    for (condition, decision) in [
        (
            json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } }),
            "depends",
        ),
        (
            json!({ "StringEquals": { "aws:SourceVpc": "vpc-1" } }),
            "depends",
        ),
        (
            json!({ "StringEqualsIfExists": { "aws:SourceVpce": "vpce-1" } }),
            "depends",
        ),
        (
            json!({ "DateLessThan": { "aws:CurrentTime": "2030-01-01" } }),
            "depends",
        ),
        (json!({ "Null": { "aws:SourceVpc": "true" } }), "depends"),
        (
            json!({ "StringEquals": { "sts:RoleSessionName": "x" } }),
            "depends",
        ),
        (
            json!({ "StringEquals": { format!("{ISSUER}:sub"): "${aws:SourceVpc}" } }),
            "depends",
        ),
        (
            json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } }),
            "notAllowed",
        ),
        (
            json!({ "StringEqualsIfExists": { "aws:PrincipalOrgID": "o-1" } }),
            "allowed",
        ),
        (
            json!({ "StringEquals": { "aws:RequestTag/team": "x" } }),
            "notAllowed",
        ),
        (
            json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
            "notAllowed",
        ),
        (
            json!({ "Bool": { "aws:SecureTransport": "true" } }),
            "allowed",
        ),
        (
            json!({ "StringEquals": { "other.example.com:sub": "x" } }),
            "notAllowed",
        ),
        (
            json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" }, "StringEquals": { format!("{ISSUER}:sub"): "x" } }),
            "notAllowed",
        ),
    ] {
        let evaluation = evaluate(&document("2012-10-17", &condition), &web_identity());
        let told = match evaluation.decision {
            Decision::Allowed { .. } => "allowed",
            Decision::ExplicitDeny { .. } => "explicitDeny",
            Decision::NotAllowed => "notAllowed",
            Decision::Depends { .. } => "depends",
        };
        assert_eq!(told, decision, "{condition}");
    }
    let service = Principal::Service("pods.eks.amazonaws.com".to_owned());
    let request = Request::new("sts:AssumeRole", service, None);
    let trust = json!({ "Statement": [{ "Effect": "Allow", "Principal": { "Service": ["pods.eks.amazonaws.com"] },
        "Action": ["sts:AssumeRole"], "Condition": { "StringEquals": { "aws:SourceAccount": "1" } } }] });
    let told = evaluate(&trust, &request).decision;
    assert_eq!(
        told,
        Decision::Depends {
            statements: vec![0],
            keys: list(&["aws:SourceAccount"])
        }
    );
}

#[test]
fn principals_actions_and_resources_are_matched() {
    let aws = |arn: &str| Principal::Aws(arn.to_owned());
    let role = "arn:aws:iam::111122223333:role/a";
    for (principal, element, holds) in [
        (aws(role), json!({ "Principal": { "AWS": role } }), true),
        (
            aws(role),
            json!({ "Principal": { "AWS": "111122223333" } }),
            true,
        ),
        (
            aws(role),
            json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:root" } }),
            true,
        ),
        (
            aws(role),
            json!({ "Principal": { "AWS": "arn:aws:iam::111122224444:root" } }),
            false,
        ),
        (aws(role), json!({ "Principal": "*" }), true),
        (
            aws(role),
            json!({ "Principal": { "AWS": ["x", "*"] } }),
            true,
        ),
        (
            aws(role),
            json!({ "Principal": { "AWS": "arn:aws:iam::111122223333:role/*" } }),
            false,
        ),
        (aws(role), json!({ "NotPrincipal": { "AWS": role } }), false),
        (aws(role), json!({ "NotPrincipal": { "AWS": "x" } }), true),
        (
            aws(role),
            json!({ "NotPrincipal": { "AWS": "x" }, "Principal": "*" }),
            false,
        ),
        (aws(role), json!({}), false),
        (aws(role), json!({ "Resource": "*" }), true),
        (aws(role), json!({ "Resource": "arn:aws:s3:::b/*" }), true),
        (aws(role), json!({ "Resource": "arn:aws:s3:::c/*" }), false),
        (aws(role), json!({ "Resource": "arn:*" }), true),
        (
            aws(role),
            json!({ "NotResource": "arn:aws:s3:::b/*" }),
            false,
        ),
        (
            aws(role),
            json!({ "Resource": "*", "Action": "S3:getO*" }),
            true,
        ),
        (
            aws(role),
            json!({ "Resource": "*", "Action": "s3:Put*" }),
            false,
        ),
        (
            aws(role),
            json!({ "Resource": "*", "Action": ["s3:Put*", "*"] }),
            true,
        ),
        (
            Principal::Service("a.b".to_owned()),
            json!({ "Principal": { "Service": "a.b" } }),
            true,
        ),
        (
            Principal::Federated(PROVIDER.to_owned()),
            json!({ "Principal": { "AWS": PROVIDER } }),
            false,
        ),
    ] {
        let mut statement = json!({ "Effect": "Allow", "Action": "s3:GetObject" });
        let object = statement.as_object_mut().unwrap();
        object.extend(element.as_object().unwrap().clone());
        let request = Request::new("s3:GetObject", principal, Some("arn:aws:s3:::b/k"));
        let told = evaluate(&json!({ "Statement": statement }), &request);
        assert_eq!(told.is_allowed(), holds, "{element}");
    }
    let not = |effect: &str| {
        json!({ "Statement": [
            { "Effect": "Allow", "Action": "*", "Resource": "*" },
            { "Effect": effect, "NotAction": ["iam:*"], "Resource": "*" },
        ] })
    };
    let request = Request::new("s3:GetObject", aws(role), Some("arn:aws:s3:::b"));
    assert_eq!(
        evaluate(&not("Deny"), &request).decision,
        Decision::ExplicitDeny { statement: 1 }
    );
    let request = Request::new("iam:GetRole", aws(role), Some("arn:aws:iam:::role/x"));
    assert_eq!(
        evaluate(&not("Deny"), &request).decision,
        Decision::Allowed { statement: 0 }
    );
}

#[test]
fn the_trace_is_lines_for_people() {
    let sub = format!("{ISSUER}:sub");
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "Federated": PROVIDER }, "Action": WEB_IDENTITY,
          "Condition": { "StringEquals": { &sub: ["system:serviceaccount:default:api", "x"] },
                         "StringNotLike": { &sub: "system:*" },
                         "IpAddress": { "aws:SourceIp": "10.0.0.0/8" },
                         "Bol": { "a": "b" } } },
        { "Effect": "allow", "Principal": { "Service": "ec2.amazonaws.com" }, "NotAction": "sts:*",
          "Condition": { "StringEquals": { "a:sub": "x" } } },
        { "Effect": "Deny", "Principal": "*", "Action": "*" },
        "no statement"
    ] });
    let lines = evaluate(&trust, &web_identity()).lines();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    Statement[0]: Bol: is no condition operator of IAM's
    Statement[0]: IpAddress aws:SourceIp: wanted "10.0.0.0/8"; depends on aws:SourceIp, which is not known here
    Statement[0]: StringEquals oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub: wanted "system:serviceaccount:default:api" or "x", got "system:serviceaccount:web:api"
    Statement[0]: StringNotLike oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub: wanted not "system:*", got "system:serviceaccount:web:api"
    Statement[1]: Effect: wanted "Allow" or "Deny", got "allow"
    Statement[1]: Principal: wanted "Service ec2.amazonaws.com", got "Federated arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    Statement[1]: NotAction: wanted not "sts:*", got "sts:AssumeRoleWithWebIdentity"
    Statement[1]: StringEquals a:sub: wanted "x", got nothing
    Statement[2]: denies
    Statement[3]: is no object
    "#);
    for (document, why) in [
        (json!({}), "the document has no Statement"),
        (
            json!({ "Statement": [] }),
            "the document has an empty Statement",
        ),
        (
            json!({ "Statement": "x" }),
            "Statement is neither an object nor a list",
        ),
        (json!(["Statement"]), "the document is no JSON object"),
    ] {
        let told = evaluate(&document, &web_identity());
        assert_eq!((told.lines(), told.is_allowed()), (list(&[why]), false));
    }
}

use super::*;
use crate::policy::mistakes::tests::{ISSUER, PROVIDER, table};

fn found(statement: &Value) -> Vec<(String, String)> {
    let issuer = format!("https://{ISSUER}").parse().unwrap();
    let trust = json!({ "Version": "2012-10-17", "Statement": [statement] });
    let found = openings(&trust, &issuer, &"web".parse().unwrap()).into_iter();
    found
        .map(|finding| {
            let kind = serde_json::to_value(finding.kind).unwrap();
            (kind.as_str().unwrap().to_owned(), finding.found)
        })
        .collect()
}

fn statement(condition: &Value) -> Value {
    json!({ "Effect": "Allow", "Principal": { "Federated": PROVIDER },
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition })
}

#[test]
fn what_trust_policies_leave_open_is_told() {
    let sub = &format!("{ISSUER}:sub");
    let aud = &format!("{ISSUER}:aud");
    let sts = "sts.amazonaws.com";
    let subject = |name: &str| format!("system:serviceaccount:{name}");
    for (condition, wanted) in [
        (
            json!({ "StringEquals": { sub: subject("web:api"), aud: sts } }),
            vec![],
        ),
        (
            json!({ "StringEquals": { sub: [subject("web:api"), subject("batch:job")], aud: sts } }),
            vec![],
        ),
        (
            json!({ "StringLike": { sub: subject("web:*"), aud: sts } }),
            vec!["several-of-namespace"],
        ),
        (
            json!({ "StringLike": { sub: [subject("web:api"), subject("web:api-?")], aud: sts } }),
            vec!["several-of-namespace"],
        ),
        (
            json!({ "StringLike": { sub: [subject("web:api"), subject("web:job")], aud: sts } }),
            vec![],
        ),
        (
            json!({ "StringEquals": { sub: subject("*:*"), aud: sts } }),
            vec![],
        ),
        (json!({ "StringEquals": { aud: sts } }), vec!["no-subject"]),
        (json!({}), vec!["no-subject", "no-audience"]),
        (
            json!({ "StringEquals": { sub: subject("web:api") } }),
            vec!["no-audience"],
        ),
        (
            json!({ "StringEquals": { sub: subject("web:api") }, "StringLike": { aud: "*" } }),
            vec!["no-audience"],
        ),
        (
            json!({ "StringLike": { sub: subject("*:*"), aud: sts } }),
            vec!["any-service-account"],
        ),
        (
            json!({ "StringLike": { sub: "*", aud: sts } }),
            vec!["any-service-account"],
        ),
        (
            json!({ "StringLike": { sub: "system:*", aud: sts } }),
            vec!["any-service-account"],
        ),
        (
            json!({ "StringLike": { sub: [subject("web:*"), subject("*:*")], aud: sts } }),
            vec!["any-service-account"],
        ),
        (
            json!({ "StringLike": { sub: subject("*:*"), aud: sts }, "StringEquals": { sub: subject("web:api") } }),
            vec![],
        ),
        (
            json!({ "StringLike": { sub: subject("*:api"), aud: sts } }),
            vec!["several-namespaces"],
        ),
        (
            json!({ "StringLike": { sub: subject("web*"), aud: sts } }),
            vec!["several-namespaces"],
        ),
        (
            json!({ "StringLike": { sub: subject("we?:api"), aud: sts } }),
            vec!["several-namespaces"],
        ),
        (
            json!({ "StringLike": { sub: [subject("web:*"), subject("batch:*")], aud: sts } }),
            vec!["several-namespaces"],
        ),
        (
            json!({ "StringNotEquals": { sub: subject("web:api") }, "StringEquals": { aud: sts } }),
            vec!["all-but-some"],
        ),
        (
            json!({ "ForAllValues:StringEquals": { sub: subject("web:api") }, "StringEqualsIfExists": { aud: sts } }),
            vec!["holds-without-claim", "holds-without-claim"],
        ),
        (
            json!({ "StringEqualsIfExists": { format!("https://{ISSUER}:sub"): subject("web:api") }, "StringEquals": { aud: sts } }),
            vec!["no-subject"],
        ),
    ] {
        let kinds: Vec<String> = found(&statement(&condition))
            .into_iter()
            .map(|(kind, _)| kind)
            .collect();
        assert_eq!(kinds, wanted, "{condition}");
    }
}

#[test]
fn findings_are_sentences() {
    let issuer = format!("https://{ISSUER}").parse().unwrap();
    let trust = json!({ "Statement": statement(&json!({ "StringLike": { format!("{ISSUER}:sub"): "system:*" } })) });
    let found = openings(&trust, &issuer, &"web".parse().unwrap());
    assert_eq!(
        found[0].to_string(),
        "Statement[0] lets in all service accounts of the cluster: \"system:*\""
    );
    let everything = json!({ "Statement": { "Effect": "Allow", "Action": "*", "Resource": "*" } });
    let found = wide_permissions(&everything);
    assert_eq!(
        found[0].to_string(),
        "Statement[0] allows all actions on all resources: \"*\""
    );
}

#[test]
fn only_statements_that_let_in_tokens_of_the_issuer_count() {
    let mut anybody = statement(&json!({}));
    anybody["Principal"] = json!({ "AWS": "*" });
    let kinds = found(&anybody).into_iter().map(|(kind, _)| kind);
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        ["any-principal", "no-subject", "no-audience"]
    );
    for (element, value) in [
        ("Effect", json!("Deny")),
        ("Action", json!("sts:AssumeRole")),
        ("Principal", json!({ "Service": "ec2.amazonaws.com" })),
        (
            "Principal",
            json!({ "Federated": PROVIDER.replace("AB12", "CD34") }),
        ),
    ] {
        let mut other = statement(&json!({}));
        other[element] = value;
        assert_eq!(found(&other), []);
    }
    assert_eq!(found(&json!("none")), []);
}

#[test]
fn wide_permissions_are_told() {
    for (statement, wanted) in [
        (
            json!({ "Action": "*", "Resource": "*" }),
            vec![WidePermission::Everything],
        ),
        (
            json!({ "Action": ["s3:Get*", "*:*"], "Resource": ["*"] }),
            vec![WidePermission::Everything],
        ),
        (
            json!({ "Action": ["s3:*", "sqs:*"], "Resource": "*" }),
            vec![WidePermission::WholeService; 2],
        ),
        (
            json!({ "NotAction": "iam:*", "Resource": "*" }),
            vec![WidePermission::EverythingBut],
        ),
        (
            json!({ "Action": "s3:*", "Resource": "*", "Condition": { "Bool": { "a": "b" } } }),
            vec![],
        ),
        (
            json!({ "Action": "s3:*", "Resource": "arn:aws:s3:::b" }),
            vec![],
        ),
        (
            json!({ "Action": "*", "Resource": "arn:aws:s3:::b" }),
            vec![],
        ),
        (json!({ "Action": "s3:Get*", "Resource": "*" }), vec![]),
        (
            json!({ "Effect": "Deny", "Action": "*", "Resource": "*" }),
            vec![],
        ),
    ] {
        let mut whole = json!({ "Effect": "Allow" });
        whole
            .as_object_mut()
            .unwrap()
            .extend(statement.as_object().unwrap().clone());
        let found = wide_permissions(&json!({ "Statement": whole })).into_iter();
        assert_eq!(
            found.map(|finding| finding.kind).collect::<Vec<_>>(),
            wanted,
            "{statement}"
        );
    }
}

#[test]
fn fuzzed_documents_are_read() {
    let issuer = format!("https://{ISSUER}").parse().unwrap();
    let corpus: Vec<String> = table()
        .iter()
        .map(|(statement, _)| json!({ "Statement": statement }).to_string())
        .collect();
    crate::fuzz::texts(corpus.iter().map(String::as_str), |text| {
        if let Ok(document) = serde_json::from_str::<Value>(text) {
            openings(&document, &issuer, &"web".parse().unwrap());
            wide_permissions(&document);
        }
    });
}

#[test]
fn everybody_is_let_in_by_whatever_call() {
    let issuer = format!("https://{ISSUER}").parse().unwrap();
    let of = |effect: &str, condition: Value| {
        let trust = json!({ "Statement": [{ "Effect": effect, "Action": "sts:AssumeRole",
            "Principal": { "AWS": "*" }, "Condition": condition }] });
        let found = openings(&trust, &issuer, &"web".parse().unwrap());
        found.into_iter().map(|it| it.kind).collect::<Vec<_>>()
    };
    assert_eq!(of("Allow", json!({})), [Opening::AnyPrincipal]);
    assert_eq!(of("Deny", json!({})), []);
    let inside = json!({ "StringEquals": { "aws:PrincipalOrgID": "o-a" } });
    assert_eq!(of("Allow", inside), []);
}

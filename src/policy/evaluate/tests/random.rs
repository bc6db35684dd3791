//! Documents made at random.

use super::*;

#[test]
fn fuzzed_documents_are_evaluated() {
    let corpus = [
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"},"Action":"sts:AssumeRoleWithWebIdentity","Condition":{"ForAnyValue:StringLikeIfExists":{"oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub":["${aws:x, 'y'}*","${*}"]},"DateLessThan":{"oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud":"2030-01-01T00:00:00.5+01:00"}}}]}"#,
        r#"{"Statement":{"Effect":"Deny","NotPrincipal":{"AWS":["*"]},"NotAction":["sts:*"],"NotResource":"arn:aws:s3:::*","Condition":{"IpAddress":{"aws:SourceIp":"2001:db8::/32"},"NumericLessThan":{"a":1e999},"Null":{"b":true}}}}"#,
    ];
    let request = web_identity().with("a", &list(&["1", "2030-01-01T00:00Z", "203.0.113.9"]));
    crate::fuzz::texts(corpus, |text| {
        if let Ok(document) = serde_json::from_str::<Value>(text) {
            let evaluation = evaluate(&document, &request);
            evaluation.lines();
        }
    });
}

/// Conditions, good and broken: operators, keys and values that belong together and that do not.
fn conditions() -> impl Strategy<Value = Value> {
    let operator = select(vec![
        "StringEquals",
        "StringNotEquals",
        "StringEqualsIgnoreCase",
        "StringNotEqualsIgnoreCase",
        "StringLike",
        "StringNotLike",
        "ArnLike",
        "ArnNotEquals",
        "NumericEquals",
        "NotIpAddress",
        "Bool",
        "StringEqual",
    ]);
    let operator = (
        select(vec!["", "", "ForAllValues:", "ForAnyValue:"]),
        operator,
        select(vec!["", "", "IfExists"]),
    )
        .prop_map(|(before, operator, behind)| format!("{before}{operator}{behind}"));
    let operator = prop_oneof![9 => operator, 1 => Just("Null".to_owned())];
    let key = select(vec![
        format!("{ISSUER}:sub"),
        format!("{ISSUER}:sub"),
        format!("{ISSUER}:aud"),
        format!("{ISSUER}:AUD"),
        format!("https://{ISSUER}:sub"),
        "oidc.eks.eu-west-1.amazonaws.com/id/CD34:sub".to_owned(),
        "aws:SourceIp".to_owned(),
        "aws:PrincipalOrgID".to_owned(),
    ]);
    let value = subsequence(
        vec![
            "system:serviceaccount:web:api",
            "system:serviceaccount:WEB:*",
            "system:serviceaccount:web:*",
            "system:serviceaccount:*:*",
            "system:serviceaccount:web:ap?",
            "arn:*:service:a:c:b",
            "web:api",
            "sts.amazonaws.com",
            "other",
            "true",
            "false",
        ],
        1..3,
    );
    let entry = (operator, key, value).prop_map(|(operator, key, values)| {
        let values = match values.as_slice() {
            [value] => json!(value),
            values => json!(values),
        };
        (operator, json!({ key: values }))
    });
    proptest::collection::vec(entry, 0..3).prop_map(|entries| entries.into_iter().collect())
}

pub fn documents() -> impl Strategy<Value = Value> {
    let principal = select(vec![
        json!({ "Principal": { "Federated": PROVIDER } }),
        json!({ "Principal": { "Federated": [PROVIDER, "arn:other"] } }),
        json!({ "Principal": { "Federated": "arn:other" } }),
        json!({ "Principal": { "Service": "ec2.amazonaws.com" } }),
        json!({ "Principal": { "AWS": "*" } }),
        json!({ "Principal": "*" }),
        json!({ "NotPrincipal": { "Federated": PROVIDER } }),
        json!({ "NotPrincipal": { "AWS": "x" } }),
        json!({}),
    ]);
    let principal =
        prop_oneof![2 => Just(json!({ "Principal": { "Federated": PROVIDER } })), 1 => principal];
    let action = select(vec![
        json!({ "Action": WEB_IDENTITY }),
        json!({ "Action": [WEB_IDENTITY, "sts:TagSession"] }),
        json!({ "Action": "STS:assumerole*" }),
        json!({ "Action": "sts:AssumeRole" }),
        json!({ "NotAction": "sts:AssumeRole" }),
        json!({}),
    ]);
    let effect = select(vec!["Allow", "Allow", "Allow", "Deny", "allow"]);
    let statement = (effect, principal, action, conditions()).prop_map(
        |(effect, principal, action, condition)| {
            let mut statement = json!({ "Effect": effect, "Condition": condition });
            let object = statement.as_object_mut().unwrap();
            object.extend(principal.as_object().unwrap().clone());
            object.extend(action.as_object().unwrap().clone());
            statement
        },
    );
    proptest::collection::vec(statement, 0..4)
        .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_agrees_with_the_sandbox(
        document in documents(),
        subject in select(vec!["system:serviceaccount:web:api", "system:serviceaccount:web:apx", "arn:aws:service:a:c:b"]),
        audiences in subsequence(vec!["sts.amazonaws.com", "other"], 0..3),
    ) {
        let audiences = list(&audiences);
        let told = evaluate(&document, &Request::web_identity(PROVIDER, ISSUER, subject, &audiences));
        // Keys that are unknown here are absent there.
        if !matches!(told.decision, Decision::Depends { .. }) {
            let theirs = trust::allows(&document, PROVIDER, subject, &audiences);
            prop_assert_eq!(told.is_allowed(), theirs, "{}", told.lines().join("\n"));
        }
    }
}

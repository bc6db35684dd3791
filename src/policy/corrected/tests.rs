use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::*;
use crate::policy::difference;
use crate::policy::mistakes::tests::{ISSUER, PROVIDER, document, expected, table};

const SUBJECT: &str = "system:serviceaccount:web:api";

fn kinds(trust: &Value) -> Vec<MistakeKind> {
    let found = mistakes(trust, &expected());
    found.iter().map(|mistake| mistake.kind).collect()
}

#[test]
fn what_may_be_meant_is_left_to_a_person() {
    for (statement, names) in table() {
        let trust = document(&statement);
        let by_person = [
            "negated-condition",
            "depends-on-the-call",
            "key-never-present",
        ];
        match corrected(&trust, &expected()) {
            Ok(mended) => {
                assert!(!by_person.contains(&names[0]), "{statement:#}");
                assert_eq!(kinds(&mended), [], "{mended:#}");
            }
            Err(undecided) => {
                assert!(by_person.contains(&names[0]), "{statement:#}");
                assert_eq!(undecided.mistake.kind.name(), names[0]);
            }
        }
    }
    let mut trust = document(&table()[0].0);
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "*" });
    trust["Statement"].as_array_mut().unwrap().push(deny);
    let undecided = corrected(&trust, &expected()).expect_err("a denial");
    assert_eq!(undecided.mistake.kind, MistakeKind::ExplicitDeny);
}

fn words(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first kind of mistake of each document, and what its correction changes.
#[test]
fn corrections_are_small() {
    let mut all = String::new();
    for (statement, names) in table() {
        let trust = document(&statement);
        if let Ok(mended) = corrected(&trust, &expected()) {
            let count = |trust: &Value| statements(trust).count();
            let changed = match count(&mended) > count(&trust) {
                true => vec!["+ one more statement".to_owned()],
                false => {
                    let lines = difference(&trust, &mended);
                    let changed = lines.iter().filter(|line| !line.starts_with(' '));
                    changed.map(|line| words(line)).collect()
                }
            };
            all += &format!("{}\n{}\n", names.join(", "), changed.join("\n"));
        }
    }
    insta::assert_snapshot!(all, @r#"
    wrong-action
    - "Action": "sts:AssumeRole",
    + "Action": "sts:AssumeRoleWithWebIdentity",
    principal-is-not-federated
    + one more statement
    principal-is-not-federated, wrong-action
    + one more statement
    malformed-statement
    + one more statement
    malformed-provider-arn
    - "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eu-west-1.eks.amazonaws.com/id/AB12"
    + "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    malformed-provider-arn
    - "Federated": "arn:aws:iam::111122223333:oidc-provider/https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    + "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    malformed-provider-arn
    - "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12/"
    + "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    malformed-provider-arn
    - "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com:443/id/AB12"
    + "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    malformed-provider-arn
    - "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ab12"
    + "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    malformed-provider-arn
    - "Federated": "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    + "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    provider-of-other-partition
    - "Federated": "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    + "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    provider-of-other-account
    - "Federated": "arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    + "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12"
    provider-of-other-cluster, condition-key-of-other-cluster
    + one more statement
    condition-key-with-scheme
    - "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    - "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    condition-key-with-arn
    - "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    - "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    misspelt-condition-key
    - "oidc.eu-west-1.eks.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    - "oidc.eu-west-1.eks.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    condition-key-of-other-cluster
    - "oidc.eks.eu-west-1.amazonaws.com/id/CD34:aud": "sts.amazonaws.com",
    - "oidc.eks.eu-west-1.amazonaws.com/id/CD34:sub": "system:serviceaccount:web:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    audience-and-subject-swapped
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "system:serviceaccount:web:api",
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "sts.amazonaws.com"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    audience-and-subject-swapped
    + one more statement
    subject-of-other-namespace
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:default:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": [
    + "system:serviceaccount:default:api",
    + "system:serviceaccount:web:api"
    + ]
    subject-of-other-name
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:worker"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": [
    + "system:serviceaccount:web:worker",
    + "system:serviceaccount:web:api"
    + ]
    subject-of-other-name
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:API"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    subject-of-other-service-account
    + one more statement
    wildcard-in-string-equals
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com"
    + },
    + "StringLike": {
    wildcard-in-string-equals
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:*:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    subject-without-prefix
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "web:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    subject-without-prefix
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "web/api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    subject-without-prefix
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "serviceaccount:web:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    other-audience
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "vault",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": [
    + "vault",
    + "sts.amazonaws.com"
    + ],
    misspelt-audience
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com.cn",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    misspelt-audience
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazon.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    misspelt-audience
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "https://sts.amazonaws.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    conditions-of-several-clusters
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api",
    - "oidc.eks.eu-west-1.amazonaws.com/id/CD34:aud": "sts.amazonaws.com",
    - "oidc.eks.eu-west-1.amazonaws.com/id/CD34:sub": "system:serviceaccount:web:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    subject-of-other-name
    + one more statement
    null-condition
    + one more statement
    operator-cannot-match
    + one more statement
    unknown-operator
    + one more statement
    subject-without-prefix, misspelt-audience
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazon.com",
    - "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "web:api"
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud": "sts.amazonaws.com",
    + "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub": "system:serviceaccount:web:api"
    "#);
}

#[test]
fn others_stay_in() {
    let sub = format!("{ISSUER}:sub");
    let old = "oidc.eks.eu-west-1.amazonaws.com/id/OLD";
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Principal": { "Federated": PROVIDER.replace("AB12", "OLD") },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringEquals": { format!("{old}:sub"): SUBJECT } }
    } });
    let mended = corrected(&trust, &expected()).unwrap();
    assert_eq!(mended["Statement"][0], trust["Statement"]);
    assert_eq!(mended["Statement"].as_array().map(Vec::len), Some(2));
    // Without a condition on the audience the statement is wider than what is to be added.
    let trust = document(&json!({
        "Effect": "Allow", "Principal": { "Federated": PROVIDER },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": { "StringLike": { &sub: "system:serviceaccount:batch:*" } }
    }));
    let mended = corrected(&trust, &expected()).unwrap();
    assert_eq!(mended["Statement"][0], trust["Statement"][0]);
    assert_eq!(mended["Statement"].as_array().map(Vec::len), Some(2));
}

#[test]
fn no_condition_is_lost_where_two_come_under_one_operator() {
    let sub = format!("{ISSUER}:sub");
    let trust = document(&json!({
        "Effect": "Allow", "Principal": { "Federated": PROVIDER },
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": {
            "StringEquals": { &sub: "system:serviceaccount:web:a*", format!("{ISSUER}:aud"): "sts.amazonaws.com" },
            "StringLike": { &sub: "system:serviceaccount:web:*" }
        }
    }));
    let mended = corrected(&trust, &expected()).unwrap();
    let audience = ["sts.amazonaws.com".to_owned()];
    let other = "system:serviceaccount:web:worker";
    let other = Request::web_identity(PROVIDER, ISSUER, other, &audience);
    assert!(!evaluate(&mended, &other).is_allowed(), "{mended:#}");
}

/// Trust policies of parts that belong together and of others.
fn trusts() -> impl Strategy<Value = Value> {
    let subject = subsequence(
        vec![
            SUBJECT,
            "system:serviceaccount:web:worker",
            "system:serviceaccount:web:a*",
            "system:serviceaccount:*:api",
            "system:serviceaccount:default:api",
            "web:api",
            "sts.amazonaws.com",
        ],
        1..3,
    );
    let audience = subsequence(
        vec!["sts.amazonaws.com", "sts.amazon.com", "vault", SUBJECT],
        1..3,
    );
    let prefix = || {
        prop_oneof![
            3 => Just(ISSUER.to_owned()),
            1 => Just(format!("https://{ISSUER}")),
            1 => Just(ISSUER.replace("AB12", "CD34")),
        ]
    };
    let operator = || {
        select(vec![
            "StringEquals",
            "StringEquals",
            "StringLike",
            "StringEqualsIgnoreCase",
            "StringNotEquals",
            "ForAllValues:StringEquals",
            "ForAnyValue:StringEquals",
            "StringEqualsIfExists",
            "ArnLike",
        ])
    };
    let entry = |claim: &'static str, values: proptest::sample::Subsequence<&'static str>| {
        (operator(), prefix(), values).prop_map(move |(operator, prefix, values)| {
            (operator, format!("{prefix}:{claim}"), values)
        })
    };
    let entries = (
        proptest::collection::vec(entry("sub", subject), 0..3),
        proptest::collection::vec(entry("aud", audience), 0..2),
    );
    let condition = entries.prop_map(|(subjects, audiences)| {
        let mut condition = json!({});
        for (operator, key, values) in subjects.into_iter().chain(audiences) {
            condition[operator][key] = json!(values);
        }
        condition
    });
    let provider = select(vec![
        PROVIDER.to_owned(),
        PROVIDER.to_owned(),
        format!("{PROVIDER}/"),
        PROVIDER.replace("AB12", "CD34"),
        PROVIDER.replace("111122223333", "444455556666"),
    ]);
    let action = select(vec![
        "sts:AssumeRoleWithWebIdentity",
        "sts:AssumeRoleWithWebIdentity",
        "sts:AssumeRole",
    ]);
    let effect = prop_oneof![9 => Just("Allow"), 1 => Just("Deny")];
    let statement =
        (effect, provider, action, condition).prop_map(|(effect, provider, action, condition)| {
            json!({ "Effect": effect, "Action": action,
            "Principal": { "Federated": provider }, "Condition": condition })
        });
    proptest::collection::vec(statement, 1..4)
        .prop_map(|statements| json!({ "Version": "2012-10-17", "Statement": statements }))
}

fn callers() -> impl Strategy<Value = Request> {
    let subject = select(vec![
        SUBJECT,
        "system:serviceaccount:web:worker",
        "system:serviceaccount:web:a",
        "system:serviceaccount:default:api",
        "system:serviceaccount:kube-system:api",
        "system:serviceaccount:kube-system:x",
    ]);
    let issuer = select(vec![ISSUER.to_owned(), ISSUER.replace("AB12", "CD34")]);
    let audience = select(vec!["sts.amazonaws.com", "vault", "x"]);
    (issuer, subject, audience).prop_map(|(issuer, subject, audience)| {
        let provider = format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
        Request::web_identity(&provider, &issuer, subject, &[audience.to_owned()])
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 250, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_correction_lets_the_service_account_in_and_nobody_else(
        trust in trusts(),
        callers in proptest::collection::vec(callers(), 8),
    ) {
        let expected = expected();
        let Ok(mended) = corrected(&trust, &expected) else {
            return Ok(());
        };
        prop_assert!(evaluate(&mended, &expected.request()).is_allowed());
        prop_assert_eq!(corrected(&mended, &expected), Ok(mended.clone()));
        prop_assert_eq!(kinds(&mended), []);
        for caller in callers.iter().filter(|caller| **caller != expected.request()) {
            let (was, is) = (rank(&trust, caller), rank(&mended, caller));
            // A pattern that stood under `StringEquals` was meant as one.
            let is_pattern = trust.to_string().contains("web:a*") && *caller == pattern_caller();
            prop_assert!(was == is || is_pattern, "{caller:?}\n{trust:#}\n{mended:#}");
        }
    }

    /// What runs today is let in tomorrow, and EKS Pod Identity with it.
    #[test]
    fn a_correction_shuts_nobody_out_whose_tokens_are_in_use(
        trust in trusts(),
        in_use in subsequence(vec!["sts.amazonaws.com", "sts.amazon.com", "amazonaws.com", "vault"], 0..4),
        pods_too in any::<bool>(),
    ) {
        let mut trust = trust;
        let pods = match pods_too {
            true => json!({ "Service": "pods.eks.amazonaws.com", "Federated": PROVIDER }),
            false => json!({ "Service": "pods.eks.amazonaws.com" }),
        };
        let pods = json!({ "Effect": "Allow", "Principal": pods,
            "Action": ["sts:AssumeRole", "sts:TagSession"] });
        trust["Statement"].as_array_mut().unwrap().insert(0, pods.clone());
        let in_use: Vec<String> = in_use.into_iter().map(str::to_owned).collect();
        let expected = ExpectedTrust { audiences_in_use: in_use.clone(), ..expected() };
        let Ok(mended) = corrected(&trust, &expected) else {
            return Ok(());
        };
        prop_assert!(statements(&mended).any(|statement| *statement == pods), "{mended:#}");
        for audience in in_use {
            for subject in [SUBJECT, "system:serviceaccount:web:worker", "system:serviceaccount:default:api"] {
                let request = Request::web_identity(PROVIDER, ISSUER, subject, std::slice::from_ref(&audience));
                let (was, is) = (rank(&trust, &request), rank(&mended, &request));
                prop_assert!(is >= was, "{subject} for {audience}\n{trust:#}\n{mended:#}");
            }
        }
    }
}

fn pattern_caller() -> Request {
    let audience = ["sts.amazonaws.com".to_owned()];
    Request::web_identity(PROVIDER, ISSUER, "system:serviceaccount:web:a", &audience)
}

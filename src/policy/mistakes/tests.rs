use serde_json::json;

use super::*;
use crate::policy::corrected::corrected;

pub const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/AB12";
pub const PROVIDER: &str =
    "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12";
const OTHER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/CD34";

pub fn expected() -> ExpectedTrust {
    ExpectedTrust {
        issuer: format!("https://{ISSUER}").parse().unwrap(),
        partition: "aws".to_owned(),
        account: "111122223333".to_owned(),
        subject: "web/api".parse().unwrap(),
        audiences: vec![Audience::default()],
        audiences_in_use: vec![Audience::default().to_string()],
    }
}

fn statement(provider: &str, condition: Value) -> Value {
    json!({ "Effect": "Allow", "Principal": { "Federated": provider },
        "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition })
}

fn equals(prefix: &str, subject: &str, audience: &str) -> Value {
    json!({ "StringEquals": { format!("{prefix}:sub"): subject, format!("{prefix}:aud"): audience } })
}

const SUBJECT: &str = "system:serviceaccount:web:api";
const AUDIENCE: &str = "sts.amazonaws.com";

/// Statements with one mistake each, the names that it must get, and whether the change that mends
/// it is left to a person.
pub fn table() -> Vec<(Value, &'static [&'static str])> {
    let good = || equals(ISSUER, SUBJECT, AUDIENCE);
    let sub = format!("{ISSUER}:sub");
    let aud = format!("{ISSUER}:aud");
    let provider = |issuer: &str| format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
    let with = |provider: &str| statement(provider, good());
    let when = |condition: Value| statement(PROVIDER, condition);
    let mut wrong_action = with(PROVIDER);
    wrong_action["Action"] = json!("sts:AssumeRole");
    let mut service = with(PROVIDER);
    service["Principal"] = json!({ "Service": "ec2.amazonaws.com" });
    let mut ec2 = service.clone();
    ec2["Action"] = json!("sts:AssumeRole");
    let mut lower = with(PROVIDER);
    lower["Effect"] = json!("allow");
    let mut two = json!({ "Principal": { "Federated": [PROVIDER, provider(OTHER)] } });
    let mut both = equals(ISSUER, SUBJECT, AUDIENCE);
    let other = equals(OTHER, SUBJECT, AUDIENCE);
    both["StringEquals"]
        .as_object_mut()
        .unwrap()
        .extend(other["StringEquals"].as_object().unwrap().clone());
    let mut several = when(both);
    several["Principal"] = two["Principal"].take();
    vec![
        (wrong_action, &["wrong-action"]),
        (service, &["principal-is-not-federated"]),
        (ec2, &["principal-is-not-federated", "wrong-action"]),
        (lower, &["malformed-statement"]),
        (
            with(&provider("oidc.eu-west-1.eks.amazonaws.com/id/AB12")),
            &["malformed-provider-arn"],
        ),
        (
            with(&provider(&format!("https://{ISSUER}"))),
            &["malformed-provider-arn"],
        ),
        (
            with(&provider(&format!("{ISSUER}/"))),
            &["malformed-provider-arn"],
        ),
        (
            with(&provider("oidc.eks.eu-west-1.amazonaws.com:443/id/AB12")),
            &["malformed-provider-arn"],
        ),
        (
            with(&provider(&ISSUER.to_lowercase())),
            &["malformed-provider-arn"],
        ),
        (
            with(&format!("https://{ISSUER}")),
            &["malformed-provider-arn"],
        ),
        (
            with(&format!(
                "arn:aws-cn:iam::111122223333:oidc-provider/{ISSUER}"
            )),
            &["provider-of-other-partition"],
        ),
        (
            with(&format!("arn:aws:iam::444455556666:oidc-provider/{ISSUER}")),
            &["provider-of-other-account"],
        ),
        (
            statement(&provider(OTHER), equals(OTHER, SUBJECT, AUDIENCE)),
            &[
                "provider-of-other-cluster",
                "condition-key-of-other-cluster",
            ],
        ),
        (
            when(equals(&format!("https://{ISSUER}"), SUBJECT, AUDIENCE)),
            &["condition-key-with-scheme"],
        ),
        (
            when(equals(PROVIDER, SUBJECT, AUDIENCE)),
            &["condition-key-with-arn"],
        ),
        (
            when(equals(
                "oidc.eu-west-1.eks.amazonaws.com/id/AB12",
                SUBJECT,
                AUDIENCE,
            )),
            &["misspelt-condition-key"],
        ),
        (
            when(equals(OTHER, SUBJECT, AUDIENCE)),
            &["condition-key-of-other-cluster"],
        ),
        (
            when(equals(ISSUER, AUDIENCE, SUBJECT)),
            &["audience-and-subject-swapped"],
        ),
        (
            when(json!({ "StringEquals": { &aud: SUBJECT } })),
            &["audience-and-subject-swapped"],
        ),
        (
            when(equals(
                ISSUER,
                "system:serviceaccount:default:api",
                AUDIENCE,
            )),
            &["subject-of-other-namespace"],
        ),
        (
            when(equals(ISSUER, "system:serviceaccount:web:worker", AUDIENCE)),
            &["subject-of-other-name"],
        ),
        (
            when(equals(ISSUER, "system:serviceaccount:web:API", AUDIENCE)),
            &["subject-of-other-name"],
        ),
        (
            when(equals(
                ISSUER,
                "system:serviceaccount:default:worker",
                AUDIENCE,
            )),
            &["subject-of-other-service-account"],
        ),
        (
            when(equals(ISSUER, "system:serviceaccount:web:*", AUDIENCE)),
            &["wildcard-in-string-equals"],
        ),
        (
            when(equals(ISSUER, "system:serviceaccount:*:api", AUDIENCE)),
            &["wildcard-in-string-equals"],
        ),
        (
            when(equals(ISSUER, "web:api", AUDIENCE)),
            &["subject-without-prefix"],
        ),
        (
            when(equals(ISSUER, "web/api", AUDIENCE)),
            &["subject-without-prefix"],
        ),
        (
            when(equals(ISSUER, "serviceaccount:web:api", AUDIENCE)),
            &["subject-without-prefix"],
        ),
        (when(equals(ISSUER, SUBJECT, "vault")), &["other-audience"]),
        (
            when(equals(ISSUER, SUBJECT, "sts.amazonaws.com.cn")),
            &["misspelt-audience"],
        ),
        (
            when(equals(ISSUER, SUBJECT, "sts.amazon.com")),
            &["misspelt-audience"],
        ),
        (
            when(equals(ISSUER, SUBJECT, "https://sts.amazonaws.com")),
            &["misspelt-audience"],
        ),
        (several, &["conditions-of-several-clusters"]),
        (
            when(
                json!({ "ForAllValues:StringEquals": { &sub: "system:serviceaccount:web:worker" } }),
            ),
            &["subject-of-other-name"],
        ),
        (
            when(json!({ "StringNotEquals": { &sub: SUBJECT } })),
            &["negated-condition"],
        ),
        (
            when(json!({ "Null": { &sub: "true" } })),
            &["null-condition"],
        ),
        (
            when(json!({ "ArnLike": { &sub: SUBJECT } })),
            &["operator-cannot-match"],
        ),
        (
            when(json!({ "StringEqual": { &sub: SUBJECT } })),
            &["unknown-operator"],
        ),
        (
            when(json!({ "IpAddress": { "aws:SourceIp": "10.0.0.0/8" } })),
            &["depends-on-the-call"],
        ),
        (
            when(json!({ "StringEquals": { "aws:PrincipalOrgID": "o-1" } })),
            &["key-never-present"],
        ),
        (
            when(json!({ "StringEquals": { &sub: "web:api", &aud: "sts.amazon.com" } })),
            &["subject-without-prefix", "misspelt-audience"],
        ),
    ]
}

pub fn document(statement: &Value) -> Value {
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

#[test]
fn each_mistake_is_recognised_by_name() {
    for (statement, wanted) in table() {
        let found = mistakes(&document(&statement), &expected());
        let mut names: Vec<&str> = found.iter().map(|mistake| mistake.kind.name()).collect();
        names.dedup();
        assert_eq!(names, wanted, "{statement:#}");
    }
}

#[test]
fn mistakes_are_sentences_with_what_is_and_what_should_be() {
    let mut texts: Vec<String> = Vec::new();
    for (statement, _) in table() {
        let found = mistakes(&document(&statement), &expected());
        texts.extend(found.iter().map(ToString::to_string));
    }
    insta::assert_snapshot!(texts.join("\n"), @r#"
    Statement[0] allows another action than the one that pods call: "sts:AssumeRole", where "sts:AssumeRoleWithWebIdentity" is wanted
    Statement[0] trusts a principal that is no identity provider: "Service ec2.amazonaws.com", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] trusts a principal that is no identity provider: "Service ec2.amazonaws.com", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] allows another action than the one that pods call: "sts:AssumeRole", where "sts:AssumeRoleWithWebIdentity" is wanted
    Statement[0] cannot be read as a statement: Effect: wanted "Allow" or "Deny", got "allow"
    Statement[0] names the provider, but not by its ARN as IAM has it: "arn:aws:iam::111122223333:oidc-provider/oidc.eu-west-1.eks.amazonaws.com/id/AB12", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] names the provider, but not by its ARN as IAM has it: "arn:aws:iam::111122223333:oidc-provider/https://oidc.eks.eu-west-1.amazonaws.com/id/AB12", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] names the provider, but not by its ARN as IAM has it: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12/", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] names the provider, but not by its ARN as IAM has it: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com:443/id/AB12", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] names the provider, but not by its ARN as IAM has it: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ab12", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted (upper and lower case count)
    Statement[0] names the provider, but not by its ARN as IAM has it: "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] names a provider of another AWS partition: "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] names a provider of another account than the role's, which never works: "arn:aws:iam::444455556666:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] names the provider of another cluster: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/CD34", where "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] has a condition key of another issuer: "oidc.eks.eu-west-1.amazonaws.com/id/CD34:aud", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud" is wanted
    Statement[0] has a condition key of another issuer: "oidc.eks.eu-west-1.amazonaws.com/id/CD34:sub", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub" is wanted
    Statement[0] has a scheme in a condition key: "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud" is wanted
    Statement[0] has a scheme in a condition key: "https://oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub" is wanted
    Statement[0] has an ARN in a condition key: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud" is wanted
    Statement[0] has an ARN in a condition key: "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub" is wanted
    Statement[0] has a condition key that is not the issuer's host and path: "oidc.eu-west-1.eks.amazonaws.com/id/AB12:aud", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud" is wanted
    Statement[0] has a condition key that is not the issuer's host and path: "oidc.eu-west-1.eks.amazonaws.com/id/AB12:sub", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub" is wanted
    Statement[0] has a condition key of another issuer: "oidc.eks.eu-west-1.amazonaws.com/id/CD34:aud", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud" is wanted
    Statement[0] has a condition key of another issuer: "oidc.eks.eu-west-1.amazonaws.com/id/CD34:sub", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub" is wanted
    Statement[0] has the subject under `aud` or the audience under `sub`: "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud: system:serviceaccount:web:api", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub" is wanted
    Statement[0] has the subject under `aud` or the audience under `sub`: "oidc.eks.eu-west-1.amazonaws.com/id/AB12:aud: system:serviceaccount:web:api", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12:sub" is wanted
    Statement[0] has the subject of another namespace: "system:serviceaccount:default:api", where "system:serviceaccount:web:api" is wanted
    Statement[0] has the subject of another name: "system:serviceaccount:web:worker", where "system:serviceaccount:web:api" is wanted
    Statement[0] has the subject of another name: "system:serviceaccount:web:API", where "system:serviceaccount:web:api" is wanted (upper and lower case count)
    Statement[0] has the subject of another service account: "system:serviceaccount:default:worker", where "system:serviceaccount:web:api" is wanted
    Statement[0] has a wildcard under an operator that knows none: "system:serviceaccount:web:*", where "system:serviceaccount:web:api" is wanted
    Statement[0] has a wildcard under an operator that knows none: "system:serviceaccount:*:api", where "system:serviceaccount:web:api" is wanted
    Statement[0] has a subject without `system:serviceaccount:`: "web:api", where "system:serviceaccount:web:api" is wanted
    Statement[0] has a subject without `system:serviceaccount:`: "web/api", where "system:serviceaccount:web:api" is wanted
    Statement[0] has a subject without `system:serviceaccount:`: "serviceaccount:web:api", where "system:serviceaccount:web:api" is wanted
    Statement[0] has another audience than the token: "vault", where "sts.amazonaws.com" is wanted
    Statement[0] has a misspelt audience: "sts.amazonaws.com.cn", where "sts.amazonaws.com" is wanted
    Statement[0] has a misspelt audience: "sts.amazon.com", where "sts.amazonaws.com" is wanted
    Statement[0] has a misspelt audience: "https://sts.amazonaws.com", where "sts.amazonaws.com" is wanted
    Statement[0] asks for tokens of several issuers at once, which no token is: "oidc.eks.eu-west-1.amazonaws.com/id/CD34", where "oidc.eks.eu-west-1.amazonaws.com/id/AB12" is wanted
    Statement[0] has the subject of another name: "system:serviceaccount:web:worker", where "system:serviceaccount:web:api" is wanted
    Statement[0] excludes the service account with a negated operator: "StringNotEquals"
    Statement[0] asks with `Null` for a key to be absent that every token has: "Null"
    Statement[0] has a condition operator that no subject or audience meets: "ArnLike", where "StringEquals" is wanted
    Statement[0] has a condition operator that IAM does not know: "StringEqual", where "StringEquals" is wanted
    Statement[0] depends on where or when the call is made: aws:SourceIp
    Statement[0] has a condition on a key that no such call has: "aws:PrincipalOrgID"
    Statement[0] has a subject without `system:serviceaccount:`: "web:api", where "system:serviceaccount:web:api" is wanted
    Statement[0] has a misspelt audience: "sts.amazon.com", where "sts.amazonaws.com" is wanted
    "#);
}

#[test]
fn what_lets_the_service_account_in_has_no_mistakes() {
    let sub = format!("{ISSUER}:sub");
    for condition in [
        equals(ISSUER, SUBJECT, AUDIENCE),
        json!({}),
        json!({ "StringLike": { &sub: "system:serviceaccount:*" } }),
        json!({ "ForAllValues:StringEquals": { format!("https://{ISSUER}:sub"): "x" } }),
        json!({ "StringNotEquals": { &sub: "x" } }),
    ] {
        let trust = document(&statement(PROVIDER, condition));
        assert_eq!(mistakes(&trust, &expected()), []);
        assert_eq!(corrected(&trust, &expected()), Ok(trust));
    }
}

#[test]
fn the_statement_that_is_meant_is_found_among_others() {
    let trust = json!({ "Version": "2012-10-17", "Statement": [
        { "Effect": "Allow", "Principal": { "Service": "ec2.amazonaws.com" }, "Action": "sts:AssumeRole" },
        statement(&PROVIDER.replace("AB12", "CD34"), equals(OTHER, SUBJECT, AUDIENCE)),
        statement(PROVIDER, equals(ISSUER, "system:serviceaccount:batch:job", AUDIENCE)),
        statement(PROVIDER, equals(ISSUER, "system:serviceaccount:web:ap", AUDIENCE)),
        { "Effect": "Deny", "Principal": "*", "Action": "*",
          "Condition": { "StringEquals": { format!("{ISSUER}:sub"): "x" } } },
    ] });
    let found = mistakes(&trust, &expected());
    let places: Vec<_> = found.iter().map(|m| (m.statement, m.kind)).collect();
    assert_eq!(places, [(3, MistakeKind::SubjectOfOtherName)]);
}

#[test]
fn denials_come_first_and_what_else_is_wrong_behind() {
    let deny = json!({ "Effect": "Deny", "Principal": "*", "Action": "sts:*" });
    let good = statement(PROVIDER, equals(ISSUER, SUBJECT, AUDIENCE));
    let bad = statement(PROVIDER, equals(ISSUER, "web:api", AUDIENCE));
    let kinds = |statements: Value| {
        let trust = json!({ "Version": "2012-10-17", "Statement": statements });
        let found = mistakes(&trust, &expected());
        found.iter().map(|mistake| mistake.kind).collect::<Vec<_>>()
    };
    assert_eq!(kinds(json!([good, deny])), [MistakeKind::ExplicitDeny]);
    assert_eq!(
        kinds(json!([bad, deny])),
        [MistakeKind::ExplicitDeny, MistakeKind::SubjectWithoutPrefix]
    );
    let mut unknown = deny.clone();
    unknown["Condition"] = json!({ "NotIpAddress": { "aws:SourceIp": "10.0.0.0/8" } });
    assert_eq!(
        kinds(json!([good, unknown])),
        [MistakeKind::DependsOnTheCall]
    );
    assert_eq!(
        kinds(json!([deny])),
        [MistakeKind::ExplicitDeny, MistakeKind::NoAllowingStatement]
    );
    assert_eq!(kinds(json!([])), [MistakeKind::MalformedDocument]);
    assert_eq!(kinds(json!([1])), [MistakeKind::MalformedStatement]);
}

#[test]
fn fuzzed_trust_policies_have_mistakes_or_let_in() {
    let corpus: Vec<String> = table()
        .iter()
        .map(|(statement, _)| document(statement).to_string())
        .collect();
    crate::fuzz::texts(corpus.iter().map(String::as_str), |text| {
        if let Ok(trust) = serde_json::from_str::<Value>(text) {
            let found = mistakes(&trust, &expected());
            let allowed = evaluate(&trust, &expected().request()).is_allowed();
            assert_eq!(found.is_empty(), allowed);
            if let Ok(trust) = corrected(&trust, &expected()) {
                assert!(evaluate(&trust, &expected().request()).is_allowed());
            }
        }
    });
}

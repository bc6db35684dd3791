//! Trust policies that keep the service account out, and those that let too many in.

use serde_json::{Value, json};

use super::{healthy, line_of};
use crate::arrange::side_by_side;
use crate::support::{ACCOUNT, Bench};

/// From the provider's ARN and the issuer without its scheme to the trust policy.
type Document = fn(&str, &str) -> Value;

const OTHER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
const SUBJECT: &str = "system:serviceaccount:web:api";
const AUDIENCE: &str = "sts.amazonaws.com";

fn statement(provider: &str, condition: Value) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Condition": condition,
    })
}

fn policy(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// One statement with StringEquals on both claims, by the keys of an issuer.
fn usual(provider: &str, issuer: &str, subject: &str, audience: &str) -> Value {
    policy(&[statement(provider, both(issuer, subject, audience))])
}

fn both(issuer: &str, subject: &str, audience: &str) -> Value {
    json!({"StringEquals": {
        format!("{issuer}:sub"): subject,
        format!("{issuer}:aud"): audience,
    }})
}

/// The usual one with something else in its statement.
fn but(provider: &str, issuer: &str, member: &str, value: Value) -> Value {
    let mut document = usual(provider, issuer, SUBJECT, AUDIENCE);
    document["Statement"][0][member] = value;
    document
}

/// The usual one with one more condition.
fn and(provider: &str, issuer: &str, operator: &str, key: &str, value: &str) -> Value {
    let mut condition = both(issuer, SUBJECT, AUDIENCE);
    condition[operator][key] = json!(value);
    policy(&[statement(provider, condition)])
}

fn with(document: Document) -> Bench {
    let bench = healthy();
    let issuer = bench.issuer();
    let provider = format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}");
    bench.sandbox.world().role_of("web/api").trust = document(&provider, &issuer);
    bench
}

fn trusts(all: &[(&str, Document)]) -> String {
    let run = |(told, document): &(&str, Document)| line_of(told, &|| with(*document), "web/api");
    side_by_side(2, all, run).concat()
}

#[test]
fn principals_and_actions() {
    insta::assert_snapshot!(trusts(&[
        ("another action", |provider, issuer| {
            but(provider, issuer, "Action", json!("sts:AssumeRole"))
        }),
        ("a service in the place of the provider", |provider, issuer| {
            but(provider, issuer, "Principal", json!({"Service": "eks.amazonaws.com"}))
        }),
        ("an account in the place of the provider", |provider, issuer| {
            let root = format!("arn:aws:iam::{ACCOUNT}:root");
            but(provider, issuer, "Principal", json!({"AWS": root}))
        }),
        ("the words of the provider's host in another order", |provider, issuer| {
            let provider = provider.replace("oidc.eks.eu-west-1", "oidc.eu-west-1.eks");
            usual(&provider, issuer, SUBJECT, AUDIENCE)
        }),
        ("a scheme in the provider's ARN", |provider, issuer| {
            let provider = provider.replace("oidc-provider/", "oidc-provider/https://");
            usual(&provider, issuer, SUBJECT, AUDIENCE)
        }),
        ("a slash behind the provider's ARN", |provider, issuer| {
            usual(&format!("{provider}/"), issuer, SUBJECT, AUDIENCE)
        }),
        ("a port in the provider's ARN", |provider, issuer| {
            let provider = provider.replace("amazonaws.com/", "amazonaws.com:443/");
            usual(&provider, issuer, SUBJECT, AUDIENCE)
        }),
        ("the cluster was rebuilt", |provider, issuer| {
            usual(&provider.replace(issuer, OTHER), OTHER, SUBJECT, AUDIENCE)
        }),
        ("a provider of another account", |provider, issuer| {
            let provider = provider.replace(ACCOUNT, "444455556666");
            usual(&provider, issuer, SUBJECT, AUDIENCE)
        }),
        ("a provider of another partition", |provider, issuer| {
            let provider = provider.replace("arn:aws:", "arn:aws-cn:");
            usual(&provider, issuer, SUBJECT, AUDIENCE)
        }),
        ("a denial", |provider, issuer| {
            let mut denial = statement(provider, both(issuer, SUBJECT, AUDIENCE));
            denial["Effect"] = json!("Deny");
            policy(&[statement(provider, both(issuer, SUBJECT, AUDIENCE)), denial])
        }),
        ("nothing but a denial of another", |provider, issuer| {
            let others = both(issuer, "system:serviceaccount:a:b", AUDIENCE);
            let mut denial = statement(provider, others);
            denial["Effect"] = json!("Deny");
            policy(&[denial])
        }),
    ]), @"
    another action: problem trust-policy/wrong-action | repaired
    a service in the place of the provider: problem trust-policy/principal-is-not-federated | repaired; left: warning role-drift/drift
    an account in the place of the provider: problem trust-policy/principal-is-not-federated | repaired; left: warning role-drift/drift
    the words of the provider's host in another order: problem trust-policy/malformed-provider-arn | repaired
    a scheme in the provider's ARN: problem trust-policy/malformed-provider-arn | repaired
    a slash behind the provider's ARN: problem trust-policy/malformed-provider-arn | repaired
    a port in the provider's ARN: problem trust-policy/malformed-provider-arn | repaired
    the cluster was rebuilt: problem trust-policy/provider-of-other-cluster | repaired; left: warning role-drift/drift
    a provider of another account: problem trust-policy/provider-of-other-account | repaired
    a provider of another partition: problem trust-policy/provider-of-other-partition | repaired
    a denial: problem trust-policy/explicit-deny | by hand
    nothing but a denial of another: problem trust-policy/no-allowing-statement | repaired; left: warning role-drift/drift
    ");
}

#[test]
fn condition_keys() {
    insta::assert_snapshot!(trusts(&[
        ("a scheme in the keys", |provider, issuer| {
            usual(provider, &format!("https://{issuer}"), SUBJECT, AUDIENCE)
        }),
        ("the provider's ARN in the keys", |provider, _| {
            usual(provider, provider, SUBJECT, AUDIENCE)
        }),
        ("keys of the cluster before", |provider, _| {
            usual(provider, OTHER, SUBJECT, AUDIENCE)
        }),
        ("a slash in the keys", |provider, issuer| {
            usual(provider, &format!("{issuer}/"), SUBJECT, AUDIENCE)
        }),
        ("subject and audience in each other's place", |provider, issuer| {
            usual(provider, issuer, AUDIENCE, SUBJECT)
        }),
        ("conditions of two clusters in one statement", |provider, issuer| {
            and(provider, issuer, "StringEquals", &format!("{OTHER}:sub"), SUBJECT)
        }),
        ("a condition on the address", |provider, issuer| {
            and(provider, issuer, "IpAddress", "aws:SourceIp", "10.0.0.0/8")
        }),
        ("a condition on the VPC", |provider, issuer| {
            and(provider, issuer, "StringEquals", "aws:SourceVpc", "vpc-1")
        }),
        ("a condition on the organisation", |provider, issuer| {
            and(provider, issuer, "StringEquals", "aws:PrincipalOrgID", "o-1")
        }),
    ]), @"
    a scheme in the keys: problem trust-policy/condition-key-with-scheme | repaired
    the provider's ARN in the keys: problem trust-policy/condition-key-with-arn | repaired
    keys of the cluster before: problem trust-policy/condition-key-of-other-cluster | repaired
    a slash in the keys: problem trust-policy/misspelt-condition-key | repaired
    subject and audience in each other's place: problem trust-policy/audience-and-subject-swapped | repaired
    conditions of two clusters in one statement: problem trust-policy/conditions-of-several-clusters | repaired
    a condition on the address: warning trust-policy/condition-on-call, warning role-drift/drift, note sts-accepts/condition-on-call | by hand
    a condition on the VPC: warning trust-policy/condition-on-call, warning role-drift/drift, note sts-accepts/condition-on-call | by hand
    a condition on the organisation: problem trust-policy/key-never-present | by hand
    ");
}

#[test]
fn subjects_audiences_and_operators() {
    insta::assert_snapshot!(trusts(&[
        ("another namespace", |provider, issuer| {
            usual(provider, issuer, "system:serviceaccount:prod:api", AUDIENCE)
        }),
        ("another name", |provider, issuer| {
            usual(provider, issuer, "system:serviceaccount:web:apl", AUDIENCE)
        }),
        ("another service account", |provider, issuer| {
            usual(provider, issuer, "system:serviceaccount:a:b", AUDIENCE)
        }),
        ("a wildcard under StringEquals", |provider, issuer| {
            usual(provider, issuer, "system:serviceaccount:web:*", AUDIENCE)
        }),
        ("a subject without its prefix", |provider, issuer| {
            usual(provider, issuer, "web:api", AUDIENCE)
        }),
        ("a subject as irsactl takes it", |provider, issuer| {
            usual(provider, issuer, "web/api", AUDIENCE)
        }),
        ("a subject in another case", |provider, issuer| {
            usual(provider, issuer, "system:serviceaccount:web:API", AUDIENCE)
        }),
        ("an audience with China's suffix", |provider, issuer| {
            usual(provider, issuer, SUBJECT, "sts.amazonaws.com.cn")
        }),
        ("another audience", |provider, issuer| {
            usual(provider, issuer, SUBJECT, "vault")
        }),
        ("an operator that excludes", |provider, issuer| {
            let condition = json!({"StringNotEquals": {format!("{issuer}:sub"): SUBJECT}});
            but(provider, issuer, "Condition", condition)
        }),
        ("Null", |provider, issuer| {
            and(provider, issuer, "Null", &format!("{issuer}:sub"), "true")
        }),
        ("an operator for numbers", |provider, issuer| {
            let condition = json!({"NumericEquals": {format!("{issuer}:sub"): SUBJECT}});
            but(provider, issuer, "Condition", condition)
        }),
    ]), @"
    another namespace: problem trust-policy/subject-of-other-namespace | repaired; left: warning role-drift/drift
    another name: problem trust-policy/subject-of-other-name | repaired; left: warning role-drift/drift
    another service account: problem trust-policy/subject-of-other-service-account | repaired; left: warning role-drift/drift
    a wildcard under StringEquals: problem trust-policy/wildcard-in-string-equals | repaired; left: warning role-drift/drift, note trust-narrow/several-of-namespace
    a subject without its prefix: problem trust-policy/subject-without-prefix | repaired
    a subject as irsactl takes it: problem trust-policy/subject-without-prefix | repaired
    a subject in another case: problem trust-policy/subject-of-other-name | repaired
    an audience with China's suffix: problem trust-policy/misspelt-audience | repaired
    another audience: problem trust-policy/other-audience | repaired; left: warning role-drift/drift
    an operator that excludes: problem trust-policy/negated-condition, warning trust-narrow/all-but-some, warning trust-narrow/no-audience | by hand
    Null: problem trust-policy/null-condition | repaired; left: warning role-drift/drift
    an operator for numbers: problem trust-policy/operator-cannot-match, warning trust-narrow/no-subject, warning trust-narrow/no-audience | repaired; left: warning trust-narrow/no-subject, warning trust-narrow/no-audience, warning role-drift/drift
    ");
}

#[test]
fn policies_that_let_too_many_in() {
    insta::assert_snapshot!(trusts(&[
        ("no subject", |provider, issuer| {
            let condition = json!({"StringEquals": {format!("{issuer}:aud"): AUDIENCE}});
            but(provider, issuer, "Condition", condition)
        }),
        ("no condition", |provider, issuer| but(provider, issuer, "Condition", json!({}))),
        ("no audience", |provider, issuer| {
            let condition = json!({"StringEquals": {format!("{issuer}:sub"): SUBJECT}});
            but(provider, issuer, "Condition", condition)
        }),
        ("all service accounts", |provider, issuer| {
            but(provider, issuer, "Condition", json!({
                "StringEquals": {format!("{issuer}:aud"): AUDIENCE},
                "StringLike": {format!("{issuer}:sub"): "system:serviceaccount:*:*"},
            }))
        }),
        ("all namespaces", |provider, issuer| {
            but(provider, issuer, "Condition", json!({
                "StringEquals": {format!("{issuer}:aud"): AUDIENCE},
                "StringLike": {format!("{issuer}:sub"): "system:serviceaccount:*:api"},
            }))
        }),
        ("all but one", |provider, issuer| {
            but(provider, issuer, "Condition", json!({
                "StringEquals": {format!("{issuer}:aud"): AUDIENCE},
                "StringNotEquals": {format!("{issuer}:sub"): "system:serviceaccount:a:b"},
            }))
        }),
        ("conditions that hold without the claim", |provider, issuer| {
            but(provider, issuer, "Condition", json!({
                "ForAllValues:StringEquals": {format!("{issuer}:sub"): SUBJECT},
                "StringEqualsIfExists": {format!("{issuer}:aud"): AUDIENCE},
            }))
        }),
    ]), @"
    no subject: warning trust-narrow/no-subject, warning role-drift/drift | by hand
    no condition: warning trust-narrow/no-subject, warning trust-narrow/no-audience, warning role-drift/drift | by hand
    no audience: warning trust-narrow/no-audience, warning role-drift/drift | by hand
    all service accounts: warning trust-narrow/any-service-account, warning role-drift/drift | by hand
    all namespaces: warning trust-narrow/several-namespaces, warning role-drift/drift | by hand
    all but one: warning trust-narrow/all-but-some, warning role-drift/drift | by hand
    conditions that hold without the claim: warning role-drift/drift, note trust-narrow/holds-without-claim | by hand
    ");
}

#[test]
fn mistakes_are_told_together_and_mended_at_once() {
    let bench = with(|provider, issuer| {
        usual(
            provider,
            &format!("https://{issuer}"),
            "web:*",
            "sts.amazonaws.com.cn",
        )
    });
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api"), @r#"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: the trust policy keeps web/api out: Statement[0] has a scheme in a condition key [trust-policy]
      Statement[0]
        wanted: oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud
        found:  https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud
      Statement[0]
        wanted: oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
        found:  https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub
      Statement[0] has a subject without `system:serviceaccount:`
        wanted: system:serviceaccount:web:api
        found:  web:*
      Statement[0] has a misspelt audience
        wanted: sts.amazonaws.com
        found:  sts.amazonaws.com.cn
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Condition": {
                  "StringEquals": {
        -           "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com.cn",
        -           "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "web:*"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": [
        +             "web:*",
        +             "system:serviceaccount:web:api"
        +           ]
                  }
                },
                "Effect": "Allow",
      hence: Access Analyzer: Your condition value includes a * or ? character. If you meant to use a wildcard (*, ?), update the condition operator to include Like. (WILDCARD_WITHOUT_LIKE_OPERATOR) [trust-valid]
      hence: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      fix: irsactl doctor --cluster demo web/api --fix --approve

      34 checks hold
    [exit 1]
    "#);
}

#[test]
fn what_a_person_must_decide_is_only_told() {
    let bench = with(|provider, issuer| {
        let mut denial = statement(provider, both(issuer, SUBJECT, AUDIENCE));
        denial["Effect"] = json!("Deny");
        policy(&[statement(provider, both(issuer, SUBJECT, AUDIENCE)), denial])
    });
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api"), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      pods: 2

    problem: the trust policy keeps web/api out: Statement[1] denies the service account, which no other statement can undo [trust-policy]
      Statement[1]: Deny
      hence: STS refuses the token: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity [sts-accepts]
      fix: decide by hand whether Statement[1] is meant so

      35 checks hold
    [exit 1]
    ");
}

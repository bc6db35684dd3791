//! What a plan says beside its actions: that a role is as open as it is mighty, and that the account has
//! no room for the roles.

use insta::assert_snapshot;

use crate::file::{account, file_of};
use crate::support::Bench;

const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

#[test]
fn a_role_for_a_whole_namespace_that_may_do_everything_is_warned_of() {
    let bench = Bench::associated();
    let line = format!(
        "create iamserviceaccount web/api --cluster demo --attach-policy-arn {ADMINISTRATOR} --subject-pattern *"
    );
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-api
        trusted: web/* (pattern), audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AdministratorAccess
    + create service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    warning: the role may do everything (arn:aws:iam::aws:policy/AdministratorAccess), and its trust policy lets in service accounts of its namespace by wildcard: "system:serviceaccount:web:*"
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    bench.arrange(&format!("{line} --approve"));
    let doctor = bench.run("doctor web/api --cluster demo");
    let told: Vec<&str> = doctor
        .lines()
        .filter(|line| line.contains("trust policy lets in") || line.contains("Statement["))
        .collect();
    assert_snapshot!(told.join("\n"), @"
    warning: the trust policy lets in several service accounts of the namespace, by a pattern, and the role may do everything [trust-narrow]
      Statement[0]: system:serviceaccount:web:*
      Statement[0]: *
    ");
}

#[test]
fn an_update_that_opens_a_mighty_role_is_warned_of_too() {
    let bench = Bench::associated();
    bench.arrange(&format!(
        "create iamserviceaccount web/api --cluster demo --attach-policy-arn {ADMINISTRATOR} --approve"
    ));
    assert_snapshot!(bench.run("update iamserviceaccount web/api --cluster demo --subject-pattern api-*"), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-api
        ~ trust policy:
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
          +         },
          +         "StringLike": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api-*"
                    }
                  },
                  "Effect": "Allow",
    [stderr]
    warning: the role may do everything (arn:aws:iam::aws:policy/AdministratorAccess), and its trust policy lets in service accounts of its namespace by wildcard: "system:serviceaccount:web:api-*"
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
}

#[test]
fn an_inline_policy_says_what_it_allows() {
    let bench = Bench::associated();
    let policy = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"},
        {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Bool": {"aws:SecureTransport": "false"}}}]}"#;
    bench.file("policy.json", policy);
    assert_snapshot!(bench.run(
        "create iamserviceaccount web/api --cluster demo --policy-document ~/policy.json --well-known-policy awsLoadBalancerController"
    ), @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-api
        trusted: web/api, audience sts.amazonaws.com
        inline policy Policy1: allows s3:GetObject on arn:aws:s3:::b/*
        inline policy Policy1: denies all actions on all resources, if Bool aws:SecureTransport
        inline policy PolicyAWSLoadBalancerController: 16 statements about actions of acm (2), cognito-idp (1), ec2 (25), elasticloadbalancing (43), iam (3), shield (4), waf-regional (4), wafv2 (4)
    + create service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

/// A file of so many accounts.
fn many(count: usize) -> String {
    let accounts = (0..count).map(|index| account("web", &format!("api-{index:02}")));
    file_of(&accounts.collect::<String>())
}

#[test]
fn a_file_that_the_account_has_no_room_for_is_told_before_anything_is_made() {
    let bench = Bench::associated();
    bench.file("cluster.yaml", &many(12));
    bench.account(|account| account.role_limit = Some(account.roles.len() + 11));
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml"), @"
    [stderr]
    error: the number of roles of this account, with the new ones, is 12, this account allows 11
      so for 12: web/api-00, web/api-01, web/api-02 and 9 more
    hint: ask for less, or raise the quota of IAM in Service Quotas
    [exit 1]
    ");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --approve"), @"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api-00   refused
    web         api-01   refused
    web         api-02   refused
    web         api-03   refused
    web         api-04   refused
    web         api-05   refused
    web         api-06   refused
    web         api-07   refused
    web         api-08   refused
    web         api-09   refused
    web         api-10   refused
    web         api-11   refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: the number of roles of this account, with the new ones, is 12, this account allows 11
      so for 12: web/api-00, web/api-01, web/api-02 and 9 more
    hint: ask for less, or raise the quota of IAM in Service Quotas
    [exit 1]
    ");
    assert_eq!(bench.changes(), "");
    bench.account(|account| account.role_limit = Some(account.roles.len() + 12));
    bench.arrange("apply -f ~/cluster.yaml --approve");
}

#[test]
fn the_number_of_roles_is_asked_for_only_where_many_are_made() {
    let bench = Bench::associated();
    bench.file("cluster.yaml", &many(9));
    bench.run("apply -f ~/cluster.yaml");
    assert!(!bench.calls().contains("GetAccountSummary"));
    bench.file("cluster.yaml", &many(10));
    bench.run("apply -f ~/cluster.yaml");
    assert!(bench.calls().contains("GetAccountSummary"));
    // That it may not be read stops nothing.
    bench.sandbox.fault("iam GetAccountSummary deny");
    bench.arrange("apply -f ~/cluster.yaml --approve");
}

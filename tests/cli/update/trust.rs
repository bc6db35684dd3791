//! Whom the role trusts: subject, audience, issuer, and what the provider and the ServiceAccount must
//! say of it.

use insta::assert_snapshot;

use super::{SQS, UPDATE, planned_and_done, reader, rich, run_unchanging, template};
use crate::support::{Bench, S3};

#[test]
fn the_subject_pattern_changes() {
    let bench = reader();
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --subject-pattern s3-*")), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        ~ trust policy:
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
          +         },
          +         "StringLike": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                    }
                  },
                  "Effect": "Allow",
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    planned_and_done(&bench, &format!("{UPDATE} --subject-pattern *"));
}

/// Role, provider and ServiceAccount must agree on it.
#[test]
fn an_audience_that_the_provider_does_not_know_is_refused() {
    let bench = reader();
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --audience vault --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: default/s3-reader: IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E does not accept the audience "vault"
    hint: add it: `irsactl associate-oidc-provider --cluster demo --audience vault --approve`
    [exit 1]
    "#);
}

#[test]
fn the_audience_changes_there_and_back() {
    let bench = reader();
    bench.arrange("associate-oidc-provider --cluster demo --audience vault --approve");
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --audience vault")), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        ~ trust policy:
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "vault",
                      "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
                    }
                  },
    ~ annotate service account default/s3-reader
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        + annotation: eks.amazonaws.com/audience=vault
    [stderr]
    plan: 0 to create, 2 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/audience=vault
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --audience sts.amazonaws.com")), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        ~ trust policy:
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "vault",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
                      "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
                    }
                  },
    ~ annotate service account default/s3-reader
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        - annotation: eks.amazonaws.com/audience=vault
        + annotation: eks.amazonaws.com/audience=sts.amazonaws.com
    [stderr]
    plan: 0 to create, 2 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/audience=sts.amazonaws.com
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

#[test]
fn a_role_of_another_audience_keeps_it() {
    let bench = Bench::new();
    bench.arrange("associate-oidc-provider --cluster demo --audience vault --approve");
    bench.arrange(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --audience vault --approve"
    ));
    bench.account(|account| {
        for provider in account.providers.values_mut() {
            provider.client_ids = vec!["vault".to_owned()];
        }
    });
    planned_and_done(&bench, &format!("{UPDATE} --add-policy-arn {SQS}"));
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/audience=vault
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

/// What its pods lack is no reason to leave the role as it is.
#[test]
fn without_a_provider_the_role_is_changed_with_a_warning() {
    let bench = reader();
    bench.account(|account| account.providers.clear());
    assert_snapshot!(bench.run(&format!("{UPDATE} --remove-policy-arn {S3} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    warning: cluster "demo" has no IAM OIDC provider, so no pod of it could assume a role
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    "#);
}

/// The cluster was made again under its old name.
#[test]
fn nothing_named_mends_the_trust_in_an_old_issuer() {
    let bench = rich();
    let old = bench.issuer();
    let new = "https://oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF";
    bench.sandbox.world().clusters[0].issuer = Some(new.to_owned());
    bench.associate();
    assert_snapshot!(planned_and_done(&bench, UPDATE), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        ~ trust policy:
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:aud": "sts.amazonaws.com"
                    },
                    "StringLike": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF:sub": "system:serviceaccount:default:s3-*"
                    }
                  },
                  "Effect": "Allow",
                  "Principal": {
          -         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF"
                  }
                }
              ],
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    let text = template(&bench).to_string();
    assert!(
        !text.contains(&old) && text.contains(new.trim_start_matches("https://")),
        "{text}"
    );
}

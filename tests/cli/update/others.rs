//! A role that others use too: another cluster's tokens and another service account's. What the stack's
//! template lets in stays in every command, and is told.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::drift::{APPLY, UPDATE_FILE};
use super::{
    STACK, UPDATE, assert_settled, by_hand, file, planned_and_done, reader, reader_file,
    run_unchanging, template,
};
use crate::support::{ACCOUNT, Bench, REGION, S3};

const OTHER: &str = "oidc.eks.eu-west-1.amazonaws.com/id/00000000000000000000000000000000";

/// What a statement for tokens of another cluster's default/s3-reader is.
fn of_another_cluster() -> Value {
    json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{OTHER}")},
        "Condition": {"StringEquals": {
            format!("{OTHER}:aud"): "sts.amazonaws.com",
            format!("{OTHER}:sub"): "system:serviceaccount:default:s3-reader",
        }},
    })
}

/// Updates the stack with another trust policy in its template.
fn change_trust(bench: &Bench, change: impl Fn(&mut Value)) {
    let mut body = template(bench);
    change(&mut body["Resources"]["Role1"]["Properties"]["AssumeRolePolicyDocument"]);
    let mut world = bench.sandbox.world();
    world.update_stack(ACCOUNT, REGION, STACK, &body.to_string(), &[]);
}

/// The subject of the first statement becomes a list with another service account, and another cluster's
/// tokens are let in too.
fn shared() -> Bench {
    let bench = reader();
    reader_file(&bench);
    change_trust(&bench, |trust| {
        let subject = "system:serviceaccount:default:s3-reader";
        let text = trust.to_string();
        let listed = format!("[\"system:serviceaccount:web:other\",\"{subject}\"]");
        *trust = serde_json::from_str(&text.replace(&format!("\"{subject}\""), &listed))
            .expect("a document");
        let statements = trust["Statement"].as_array_mut().expect("statements");
        statements.push(of_another_cluster());
    });
    bench
}

/// The subjects that the role lets in, as its trust policy lists them.
fn subjects(bench: &Bench) -> String {
    let mut told = Vec::new();
    by_hand(bench, |role| {
        for statement in role.trust["Statement"].as_array().expect("statements") {
            let condition = statement["Condition"].as_object().expect("a condition");
            let keys = condition.values().filter_map(Value::as_object).flatten();
            let subjects = keys.filter(|(key, _)| key.ends_with(":sub"));
            for (key, subject) in subjects {
                let issuer = if key.starts_with(OTHER) { "other " } else { "" };
                told.push(format!("{issuer}{subject}").replace("system:serviceaccount:", ""));
            }
        }
    });
    told.join("\n")
}

#[test]
fn what_the_template_lets_in_of_others_stays() {
    let bench = shared();
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: default/s3-reader: its role also trusts default/s3-reader of oidc.eks.eu-west-1.amazonaws.com/id/00000000000000000000000000000000, web/other: that stays
    [exit 0]
    ");
    for line in [
        &format!("{APPLY} --repair-drift"),
        UPDATE_FILE,
        &format!("{UPDATE} --add-policy-arn {S3}"),
        "create iamserviceaccount -f ~/cluster.yaml",
    ] {
        assert_settled(&bench, line);
    }
    assert_snapshot!(subjects(&bench), @r#"
    ["web:other","default:s3-reader"]
    other "default:s3-reader"
    "#);
}

#[test]
fn another_trust_policy_keeps_what_others_have() {
    let bench = shared();
    let policies = format!("attachPolicyARNs: [\"{S3}\"]");
    file(&bench, &[&policies, "subjectPattern: s3-*"]);
    assert_snapshot!(planned_and_done(&bench, APPLY), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        ~ trust policy:
                  "Condition": {
                    "StringEquals": {
                      "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": [
          -             "system:serviceaccount:default:s3-reader",
          -             "system:serviceaccount:web:other"
          -           ]
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:other"
                    }
                  },
                  "Effect": "Allow",
                  "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                  }
          +     },
          +     {
          +       "Action": "sts:AssumeRoleWithWebIdentity",
          +       "Condition": {
          +         "StringEquals": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
          +         },
          +         "StringLike": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
          +         }
          +       },
          +       "Effect": "Allow",
          +       "Principal": {
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +       }
                }
              ],
              "Version": "2012-10-17"
    [stderr]
    note: default/s3-reader: its role also trusts default/s3-reader of oidc.eks.eu-west-1.amazonaws.com/id/00000000000000000000000000000000, web/other: that stays
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    assert_snapshot!(subjects(&bench), @r#"
    "default:s3-*"
    ["web:other"]
    other "default:s3-reader"
    "#);
    planned_and_done(&bench, &format!("{UPDATE} --subject-pattern s3-r*"));
    assert_snapshot!(subjects(&bench), @r#"
    "default:s3-r*"
    ["web:other"]
    other "default:s3-reader"
    "#);
}

/// What is exported asks for what there is, without the others, and they are told.
#[test]
fn others_hinder_no_export() {
    let bench = shared();
    let exported = bench.run("export --cluster demo");
    assert_snapshot!(exported, @"
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: s3-reader
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    [stderr]
    note: default/s3-reader: its role also trusts default/s3-reader of oidc.eks.eu-west-1.amazonaws.com/id/00000000000000000000000000000000, web/other: that stays, and is no part of the file
    [exit 0]
    ");
    let text = exported.strip_prefix("[stdout]\n");
    let text = text.and_then(|text| text.split_once("[stderr]\n"));
    bench.file("cluster.yaml", text.expect("a file and a note").0);
    assert_settled(&bench, APPLY);
}

/// The issuer of before is no other cluster: with it alone the role is that of the cluster made anew.
#[test]
fn role_of_the_former_issuer_alone_is_repaired() {
    let bench = reader();
    reader_file(&bench);
    change_trust(&bench, |trust| {
        trust["Statement"] = json!([of_another_cluster()]);
    });
    planned_and_done(&bench, APPLY);
    assert_snapshot!(subjects(&bench), @r#""default:s3-reader""#);
}

#[test]
fn what_others_were_given_by_hand_is_drift() {
    let bench = reader();
    reader_file(&bench);
    by_hand(&bench, |role| {
        let statements = role.trust["Statement"].as_array_mut();
        statements.expect("statements").push(of_another_cluster());
    });
    let told = run_unchanging(&bench, &format!("{APPLY} --detailed-exitcode"));
    assert!(told.contains("roles were changed outside"), "{told}");
    bench.arrange(&format!("{APPLY} --repair-drift --approve"));
    assert_snapshot!(subjects(&bench), @r#""default:s3-reader""#);
}

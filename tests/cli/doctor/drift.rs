//! What was changed by hand on the role of a stack: told once, with the line that undoes it.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::causes::{age, document as asked};
use crate::arrange::side_by_side;
use crate::sandbox::Role;
use crate::support::{Bench, S3};

const POWER: &str = "arn:aws:iam::aws:policy/PowerUserAccess";
const STACK: &str = "eksctl-demo-addon-iamserviceaccount-web-api";
const GET: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#;

/// web/api with all that a role can have, and two pods.
fn rich() -> Bench {
    let bench = Bench::associated();
    bench.file("get.json", GET);
    bench.arrange(&format!(
        "create iamserviceaccount web/api --cluster demo --attach-policy-arn {S3} --policy-document ~/get.json \
         --permissions-boundary {POWER} --subject-pattern ap* --max-session-duration 7200 --approve"
    ));
    age(&bench);
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench
}

fn meddled(meddle: impl FnOnce(&mut Role)) -> Bench {
    let bench = rich();
    meddle(bench.sandbox.world().role_of("web/api"));
    bench
}

/// What the check of drift says: its verdict, and its findings.
fn drift(bench: &Bench) -> (String, Vec<Value>) {
    let report = asked(bench, "web/api");
    let account = &report["accounts"][0];
    let all = |name: &str| account[name].as_array().expect("a list").clone();
    let is_drift = |it: &Value| it["check"] == "role-drift";
    let judged = all("checks").into_iter().find(is_drift).expect("a verdict");
    let findings = all("findings").into_iter().filter(is_drift);
    let verdict = judged["verdict"].as_str().expect("a word").to_owned();
    (verdict, findings.collect())
}

fn texts(value: &Value) -> Vec<&str> {
    let all = value.as_array().into_iter().flatten();
    all.filter_map(Value::as_str).collect()
}

/// What is told of a change by hand, and that its first line undoes it, as `--fix` does not.
fn told_and_undone((told, meddle): &(&str, fn(&mut Role))) -> String {
    let bench = meddled(meddle);
    let (verdict, findings) = drift(&bench);
    assert_eq!((verdict.as_str(), findings.len()), ("found", 1), "{told}");
    let finding = &findings[0];
    assert_eq!(finding["severity"], "warning", "{told}");
    bench.calls();
    bench.run("doctor --cluster demo web/api --fix --approve");
    assert!(!bench.changes().contains(" iam "), "{told}");
    let fix = texts(&finding["fix"]);
    undo(&bench, fix[0]);
    let changes: Vec<String> = texts(&finding["difference"])
        .iter()
        .map(|line| line.chars().take(60).collect())
        .collect();
    format!(
        "{told}\n  {}\n  {}\n",
        changes.join("\n  "),
        fix.join("\n  ")
    )
}

/// After the line that a finding names, nothing is left of it.
fn undo(bench: &Bench, fix: &str) {
    let line = fix.split("   #").next().unwrap_or_default();
    let line = line.strip_prefix("irsactl ").expect("a line of irsactl");
    let done = bench.run(line);
    assert!(done.ends_with("[exit 0]\n"), "{fix}: {done}");
    let (verdict, findings) = drift(bench);
    assert_eq!((verdict.as_str(), findings), ("holds", vec![]), "{fix}");
}

fn document(text: &str) -> Value {
    serde_json::from_str(text).expect("a document")
}

#[test]
fn each_change_by_hand_is_told_once_and_undone_by_its_line() {
    type Change = fn(&mut Role);
    let changes: &[(&str, Change)] = &[
        ("a policy was detached", |role| role.attached.clear()),
        ("a policy was attached", |role| {
            role.attached
                .push("arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess".to_owned());
        }),
        ("an inline policy was added", |role| {
            role.inline.insert("by-hand".to_owned(), document(GET));
        }),
        ("an inline policy was deleted", |role| role.inline.clear()),
        ("an inline policy was changed", |role| {
            let other = document(&GET.replace("GetObject", "PutObject"));
            role.inline.insert(format!("{STACK}-Policy1"), other);
        }),
        ("the trust policy was changed", |role| {
            let other = role.trust.to_string().replace(":ap*", ":api*");
            role.trust = document(&other);
        }),
        ("the boundary was taken away", |role| role.boundary = None),
        ("another boundary was set", |role| {
            role.boundary = Some("arn:aws:iam::aws:policy/ReadOnlyAccess".to_owned());
        }),
        ("the longest session was changed", |role| {
            role.max_session_duration = 3_600;
        }),
        (
            "a statement for Pod Identity without an association",
            |role| {
                with_identity(role);
            },
        ),
    ];
    assert_snapshot!(side_by_side(2, changes, told_and_undone).concat(), @r#"
    a policy was detached
      + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAc
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    a policy was attached
      - managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyA
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    an inline policy was added
      - inline policy by-hand: {"Action":"s3:GetObject","Effect":"
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    an inline policy was deleted
      + inline policy Policy1: {"Action":"s3:GetObject","Effect":"
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    an inline policy was changed
      ~ inline policy Policy1:
          {
            "Statement": [
              {
        -       "Action": "s3:PutObject",
        +       "Action": "s3:GetObject",
                "Effect": "Allow",
                "Resource": "*"
              }
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    the trust policy was changed
      ~ trust policy:
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97
                  },
                  "StringLike": {
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97
                  }
                },
                "Effect": "Allow",
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    the boundary was taken away
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAcc
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    another boundary was set
      - permissions boundary: arn:aws:iam::aws:policy/ReadOnlyAcce
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAcc
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    the longest session was changed
      - maximum session duration: 3600 seconds
      + maximum session duration: 7200 seconds
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve
    a statement for Pod Identity without an association
      ~ trust policy:
                "Principal": {
                  "Federated": "arn:aws:iam::111122223333:oidc-pro
                }
        -     },
        -     {
        -       "Action": [
        -         "sts:AssumeRole",
        -         "sts:TagSession"
        -       ],
        -       "Effect": "Allow",
        -       "Principal": {
        -         "Service": "pods.eks.amazonaws.com"
        -       }
              }
            ],
            "Version": "2012-10-17"
      irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve   # not where a Pod Identity association needs the statement for pods.eks.amazonaws.com
    "#);
}

#[test]
fn it_is_shown_as_a_warning() {
    let bench = meddled(|role| {
        role.attached.clear();
        role.boundary = None;
    });
    assert_snapshot!(super::doctor(&bench), @"
    [stdout]
    web/api: 1 warning
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    warning: role eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU was changed by hand: its stack says otherwise [role-drift]
        + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
      fix: irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve

    note: the trust policy lets in several service accounts of the namespace, by a pattern [trust-narrow]
      Statement[0]: system:serviceaccount:web:ap*

      36 checks hold
    [exit 0]
    ");
    assert_snapshot!(bench.run("doctor --explain role-drift"), @"
    [stdout]
    role-drift: the role is as its stack made it

    What is changed on a role by hand, CloudFormation does not see: policies
    attached or detached, inline policies, the boundary, the longest session, the
    trust policy. Pods may well work with it, until an update of the stack changes
    the same. `irsactl update iamserviceaccount --repair-drift` undoes all of it;
    --fix leaves it, as somebody may have meant it. What keeps pods out is told by
    trust-policy; a statement that a Pod Identity association needs is no drift.

    needs: cloudformation:GetTemplate, iam:GetRole, iam:ListAttachedRolePolicies, iam:ListRolePolicies, iam:GetRolePolicy
    [exit 0]
    ");
}

#[test]
fn a_role_as_its_stack_made_it_holds() {
    let bench = rich();
    assert_eq!(drift(&bench), ("holds".to_owned(), vec![]));
    bench.arrange(
        "update iamserviceaccount --cluster demo web/api --max-session-duration 3600 --approve",
    );
    assert_eq!(drift(&bench), ("holds".to_owned(), vec![]));
}

#[test]
fn what_cannot_be_read_is_unknown() {
    for action in [
        "GetTemplate",
        "GetRole",
        "ListAttachedRolePolicies",
        "GetRolePolicy",
    ] {
        let bench = meddled(|role| role.inline.clear());
        bench
            .sandbox
            .world()
            .role_of("web/api")
            .inline
            .insert("by-hand".to_owned(), document(GET));
        let service = if action == "GetTemplate" {
            "cloudformation"
        } else {
            "iam"
        };
        bench.sandbox.fault(&format!("{service} {action} deny"));
        let (verdict, findings) = drift(&bench);
        // What differs in the policies is seen without the rest of the role.
        let expected = if action == "GetRole" {
            ("found", 1)
        } else {
            ("unknown", 0)
        };
        assert_eq!((verdict.as_str(), findings.len()), expected, "{action}");
    }
}

/// The trust policy's own check tells of it, and mends it.
#[test]
fn a_trust_policy_that_keeps_the_pods_out_is_told_once() {
    let bench = meddled(|role| {
        let other = role.trust.to_string().replace(":ap*", ":other");
        role.trust = document(&other);
        role.max_session_duration = 3_600;
    });
    let (_, findings) = drift(&bench);
    assert_eq!(
        texts(&findings[0]["difference"]),
        [
            "- maximum session duration: 3600 seconds",
            "+ maximum session duration: 7200 seconds"
        ]
    );
    bench
        .sandbox
        .world()
        .role_of("web/api")
        .max_session_duration = 7_200;
    assert_eq!(drift(&bench), ("doesNotApply".to_owned(), vec![]));
    bench.run("doctor --cluster demo web/api --fix --approve --wait");
    assert_eq!(drift(&bench).1.len(), 1, "the pattern is not what it was");
}

/// What a Pod Identity association of the account needs.
fn with_identity(role: &mut Role) {
    let statements = role.trust["Statement"].as_array_mut();
    statements.expect("statements").push(json!({
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
    }));
}

#[test]
fn what_an_association_needs_is_no_drift_and_stays() {
    let bench = meddled(with_identity);
    let mut world = bench.sandbox.world();
    let arn = world.role_of("web/api").arn.clone();
    world.clusters[0].add_association("web", "api", &arn);
    drop(world);
    assert_eq!(drift(&bench), ("holds".to_owned(), vec![]));
    let trust = bench.sandbox.world().role_of("web/api").trust.clone();
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api");
    role.attached = vec![POWER.to_owned()];
    role.inline.insert("by-hand".to_owned(), document(GET));
    role.boundary = None;
    role.max_session_duration = 3_600;
    drop(world);
    let (_, findings) = drift(&bench);
    let fix = texts(&findings[0]["fix"]);
    assert_snapshot!(fix.join("\n"), @"irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve");
    undo(&bench, fix[0]);
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api");
    assert_eq!(role.trust, trust);
    role.inline.clear();
    let other = role.trust.to_string().replace(":ap*", ":api*");
    role.trust = document(&other);
    drop(world);
    assert_snapshot!(texts(&drift(&bench).1[0]["fix"]).join("\n"), @"irsactl update iamserviceaccount --cluster demo web/api --repair-drift --approve");
}

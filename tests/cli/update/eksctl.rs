//! Stacks of eksctl's: only what is named changes, and eksctl still knows them as its own.

use insta::assert_snapshot;
use serde_json::Value;

use super::{POWER, SQS, UPDATE, assert_settled, file, identity, planned_and_done, template};
use crate::support::{Bench, S3};

/// A stack of eksctl's and its ServiceAccount.
fn made_by_eksctl(document: &str) -> Bench {
    let bench = Bench::associated();
    let path = format!(
        "{}/tests/eksctl/{document}.json",
        env!("CARGO_MANIFEST_DIR")
    );
    let document = std::fs::read_to_string(path).expect("a document of eksctl");
    let mut world = bench.sandbox.world();
    world.accounts.values_mut().for_each(|account| {
        let policy = crate::sandbox::ManagedPolicy::new(
            "aws",
            crate::support::ACCOUNT,
            "/",
            "boundary",
            serde_json::from_str(super::GET).expect("a document"),
        );
        account.policies.insert(policy.arn.clone(), policy);
    });
    drop(world);
    bench.stack_of("demo", "default/s3-reader", &document, "CREATE_COMPLETE");
    let role = bench.role_arn();
    bench.sandbox.world().api("demo").put_service_account(
        "default",
        "s3-reader",
        &[("app.kubernetes.io/managed-by", "eksctl")],
        &[("eks.amazonaws.com/role-arn", &role)],
        "eksctl",
    );
    bench
}

/// Where two documents differ, by path.
fn differing(one: &Value, other: &Value, path: &str, found: &mut Vec<String>) {
    match (one, other) {
        (Value::Object(one_map), Value::Object(other_map)) => {
            let keys: std::collections::BTreeSet<_> =
                one_map.keys().chain(other_map.keys()).collect();
            for key in keys {
                differing(&one[key], &other[key], &format!("{path}/{key}"), found);
            }
        }
        _ if one == other => {}
        _ => found.push(path.to_owned()),
    }
}

fn changed_by(bench: &Bench, line: &str) -> Vec<String> {
    let before = template(bench);
    planned_and_done(bench, &format!("{UPDATE} {line}"));
    let mut found = Vec::new();
    differing(&before, &template(bench), "", &mut found);
    found
}

#[test]
fn only_what_is_named_changes_in_any_template_of_eksctl() {
    for document in [
        "managed-policy",
        "inline-policy",
        "boundary-and-role-name",
        "subject-pattern",
        "image-builder",
        "ebs-csi-controller",
        "aws-load-balancer-controller",
        "external-dns",
    ] {
        let bench = made_by_eksctl(document);
        assert_settled(&bench, UPDATE);
        let role = "/Resources/Role1/Properties";
        assert_eq!(
            changed_by(&bench, &format!("--add-policy-arn {SQS}")),
            [format!("{role}/ManagedPolicyArns")],
            "{document}"
        );
        assert_eq!(
            changed_by(&bench, "--max-session-duration 7200"),
            [format!("{role}/MaxSessionDuration")],
            "{document}"
        );
        assert_eq!(changed_by(&bench, "--tags team=web"), [""; 0], "{document}");
    }
}

#[test]
fn eksctls_marks_stay() {
    let bench = made_by_eksctl("boundary-and-role-name");
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --permissions-boundary {POWER} --tags team=web")), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - permissions boundary: arn:aws:iam::111122223333:policy/boundary
        + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
        + tag: team=web
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(identity(&bench), @r#"
    UPDATE_COMPLETE IAM role for serviceaccount "default/s3-reader" [created and managed by eksctl] protected=false
    alpha.eksctl.io/cluster-name=demo
    alpha.eksctl.io/eksctl-version=0.231.0
    alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    team=web
    "#);
    assert_snapshot!(bench.run("get iamserviceaccount --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME        ROLE ARN
    default     s3-reader   arn:aws:iam::111122223333:role/custom-role-name
    [exit 0]
    ");
}

/// The file says no name, the role keeps the one that it has, as with eksctl.
#[test]
fn a_file_changes_the_role_to_what_it_asks_for() {
    let bench = made_by_eksctl("boundary-and-role-name");
    file(
        &bench,
        &[&format!("attachPolicyARNs: [\"{S3}\", \"{SQS}\"]")],
    );
    assert_snapshot!(planned_and_done(&bench, "update iamserviceaccount -f ~/cluster.yaml"), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        + managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
        - permissions boundary: arn:aws:iam::111122223333:policy/boundary
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_eq!(
        template(&bench)["Resources"]["Role1"]["Properties"]["RoleName"],
        "custom-role-name"
    );
    assert_snapshot!(identity(&bench), @r#"
    UPDATE_COMPLETE IAM role for serviceaccount "default/s3-reader" [created and managed by eksctl] protected=false
    alpha.eksctl.io/cluster-name=demo
    alpha.eksctl.io/eksctl-version=0.231.0
    alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    "#);
    assert_settled(&bench, "apply -f ~/cluster.yaml");
}

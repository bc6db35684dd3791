//! From a config file: each account becomes what the file asks for, none is made.

use insta::assert_snapshot;

use super::{SQS, assert_settled, planned_and_done, run_unchanging};
use crate::support::{ACCOUNT, Bench, S3};

const UPDATE: &str = "update iamserviceaccount -f ~/cluster.yaml";

/// Three accounts that the file describes: two with stacks, one with a role of somebody else's; and
/// one that does not exist.
fn team() -> Bench {
    let bench = Bench::associated();
    let trust = serde_json::json!({"Version": "2012-10-17", "Statement": []});
    let role = crate::sandbox::Role::new("aws", ACCOUNT, "/", "shared", trust);
    bench.account(|account| {
        account.roles.insert("shared".to_owned(), role);
    });
    for name in ["web/a", "web/b"] {
        bench.arrange(&format!(
            "create iamserviceaccount {name} --cluster demo --attach-policy-arn {S3} --labels app=web --tags team=web --approve"
        ));
    }
    write(&bench, "");
    bench
}

/// The file, with more lines at its end.
fn write(bench: &Bench, more: &str) {
    let text = format!(
        "apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {{name: demo, region: eu-west-1, tags: {{cost: '1'}}}}
iam:
  withOIDC: true
  serviceAccounts:
    - metadata: {{name: a, namespace: web, labels: {{app: web}}}}
      attachPolicyARNs: [{SQS}]
    - metadata: {{name: b, namespace: web}}
      attachPolicyARNs: [{S3}]
      tags: {{team: data}}
    - metadata: {{name: c, namespace: web}}
      attachRoleARN: arn:aws:iam::{ACCOUNT}:role/shared
{more}"
    );
    bench.file("cluster.yaml", &text);
}

#[test]
fn all_of_the_file_are_updated() {
    let bench = team();
    assert_snapshot!(planned_and_done(&bench, UPDATE), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-a
        - managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        + managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
        + tag: cost=1
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-b
        + tag: cost=1
        - tag: team=web
        + tag: team=data
    + create service account web/c
        role: arn:aws:iam::111122223333:role/shared
        label: app.kubernetes.io/managed-by=eksctl
        namespace: web, made where it is missing
    [stderr]
    plan: 1 to create, 2 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-web-a: UPDATE_COMPLETE, protected
    stack eksctl-demo-addon-iamserviceaccount-web-b: UPDATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-a-Role1-HYS34FFNNFJX
      policy arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-b-Role1-WYKSXXO4UKLE
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    role arn:aws:iam::111122223333:role/shared
    namespace web
    service account web/a
      label app=web
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-a-Role1-HYS34FFNNFJX
    service account web/b
      label app=web
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-b-Role1-WYKSXXO4UKLE
    service account web/c
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/shared
    ");
    assert_settled(&bench, "apply -f ~/cluster.yaml --include web/a");
}

#[test]
fn globs_choose_and_stdin_is_a_file_too() {
    let bench = team();
    planned_and_done(
        &bench,
        &format!("{UPDATE} --include web/* --exclude web/b,web/c"),
    );
    let text = std::fs::read_to_string(bench.file("x", "").with_file_name("cluster.yaml"))
        .expect("the file");
    assert_snapshot!(bench.run_with("update iamserviceaccount -f - --detailed-exitcode --exclude web/c", &text), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-b
        + tag: cost=1
        - tag: team=web
        + tag: team=data
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
}

/// The failure of one does not stop the others, and the exit status tells of it.
#[test]
fn what_is_not_there_is_told_and_the_others_are_updated() {
    let bench = team();
    write(
        &bench,
        "    - metadata: {name: d, namespace: web}\n      attachPolicyARNs: [arn:aws:iam::aws:policy/AmazonSQSFullAccess]\n",
    );
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --detailed-exitcode --include web/[ad]")), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-a
        - managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        + managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
        + tag: cost=1
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    error: web/d: cluster "demo" has no IAM service account web/d to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount d --namespace web --cluster demo --attach-policy-arn ARN --approve --region eu-west-1`; or by `irsactl apply -f FILE --region eu-west-1`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&format!("{UPDATE} --approve --include web/[ad]")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         a      updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-a-Role1-HYS34FFNNFJX
    web         d      refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-a
    error: web/d: cluster "demo" has no IAM service account web/d to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount d --namespace web --cluster demo --attach-policy-arn ARN --approve --region eu-west-1`; or by `irsactl apply -f FILE --region eu-west-1`
    [exit 1]
    "#);
}

#[test]
fn another_role_name_in_the_file_is_refused() {
    let bench = team();
    write(
        &bench,
        "    - metadata: {name: b2, namespace: web}\n      attachPolicyARNs: [arn:aws:iam::aws:policy/AmazonSQSFullAccess]\n      roleName: other\n",
    );
    bench.arrange(
        "create iamserviceaccount web/b2 --cluster demo --attach-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess --approve",
    );
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --approve --include web/b2")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         b2     refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: web/b2: a role cannot be renamed or moved, it would be another role (- is there, + is asked for)
      + role name: other
    hint: leave the role's name and path out: they stay as they are
    hint: or make the role anew, which pods then use only after a restart: `irsactl delete iamserviceaccount b2 --namespace web --cluster demo --region eu-west-1`, then create it
    [exit 1]
    ");
}

//! `delete -f`: the accounts of a file, or with `--only-missing` those that it does not have. It shows
//! the plan until it is approved.

use insta::assert_snapshot;

use crate::sandbox::Options;
use crate::support::Bench;

const DELETE: &str = "delete iamserviceaccount -f ~/cluster.yaml";

fn with_two() -> Bench {
    let bench = Bench::associated();
    bench.applied(&["web/api", "web/worker"]);
    bench
}

#[test]
fn the_plan_is_shown_until_it_is_approved() {
    let bench = with_two();
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    - delete stack eksctl-demo-addon-iamserviceaccount-web-api
    - delete service account web/api
    - delete stack eksctl-demo-addon-iamserviceaccount-web-worker
    - delete service account web/worker
    [stderr]
    plan: 0 to create, 0 to change, 4 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_eq!(bench.changes(), "");
    let pending = bench.run(&format!("{DELETE} --detailed-exitcode"));
    assert!(pending.ends_with("[exit 3]\n"), "{pending}");
    assert_snapshot!(bench.run(&format!("{DELETE} --approve --parallel 1")), @"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      deleted
    web         worker   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted service account web/api
    deleted stack eksctl-demo-addon-iamserviceaccount-web-worker
    deleted service account web/worker
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"namespace web");
    assert_snapshot!(bench.run(&format!("{DELETE} --approve --parallel 1")), @"
    [stdout]
    NAMESPACE   NAME     STATUS   ROLE ARN
    web         api      absent
    web         worker   absent
    [stderr]
    nothing to delete: there is no such IAM service account
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{DELETE} --detailed-exitcode")), @"
    [stderr]
    nothing to delete: there is no such IAM service account
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn what_is_half_gone_goes_whole() {
    let bench = with_two();
    let api = "eksctl-demo-addon-iamserviceaccount-web-api";
    bench
        .sandbox
        .world()
        .api("demo")
        .delete_service_account("web", "worker");
    bench.arrange("delete sa api --namespace web --cluster demo --role-only");
    assert!(!bench.stacks().contains(api), "{}", bench.stacks());
    assert_snapshot!(bench.run(&format!("{DELETE} --approve --parallel 1")), @"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      deleted
    web         worker   deleted
    [stderr]
    deleted service account web/api
    deleted stack eksctl-demo-addon-iamserviceaccount-web-worker
    [exit 0]
    ");
    assert_snapshot!(bench.state(), @"namespace web");
}

#[test]
fn nothing_waits_for_the_end_unless_asked() {
    let bench = Bench::with(Options {
        pace: crate::sandbox::Pace::Polls(3),
        ..Options::default()
    });
    bench.associate();
    bench.applied(&["web/api"]);
    assert_snapshot!(bench.run(&format!("{DELETE} --approve --parallel 1 --wait=false")), @"
    [stdout]
    NAMESPACE   NAME   STATUS     ROLE ARN
    web         api    deleting
    [stderr]
    began to delete stack eksctl-demo-addon-iamserviceaccount-web-api
    began to delete service account web/api
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-web-api DELETE_IN_PROGRESS");
}

#[test]
fn policies_attached_by_hand_stop_one_and_not_the_other() {
    let bench = with_two();
    let role = bench.attach_by_hand("web/api");
    let refused = bench.run(&format!("{DELETE} --approve --parallel 1"));
    assert_snapshot!(refused.replace(&role, "ROLE"), @r#"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      refused
    web         worker   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-web-worker
    deleted service account web/worker
    error: web/api: role "ROLE" has policies that its stack did not attach, so its deletion would fail
      arn:aws:iam::aws:policy/AmazonSQSFullAccess
    hint: detach them in the same run: `--detach-foreign`
    [exit 1]
    "#);
    let detached = bench.run(&format!("{DELETE} --approve --parallel 1 --detach-foreign"));
    assert_snapshot!(detached.replace(&role, "ROLE"), @"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      deleted
    web         worker   absent
    [stderr]
    detached arn:aws:iam::aws:policy/AmazonSQSFullAccess from role ROLE
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted service account web/api
    [exit 0]
    ");
}

#[test]
fn with_the_cluster_gone_the_roles_go() {
    let bench = with_two();
    bench.forget_cluster();
    assert_snapshot!(bench.run(&format!("{DELETE} --approve --parallel 1")), @r#"
    [stdout]
    NAMESPACE   NAME     STATUS    ROLE ARN
    web         api      deleted
    web         worker   deleted
    [stderr]
    warning: there is no EKS cluster "demo" in eu-west-1: only the role is deleted
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    deleted stack eksctl-demo-addon-iamserviceaccount-web-worker
    [exit 0]
    "#);
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn only_missing_deletes_what_the_file_does_not_have() {
    let bench = Bench::associated();
    bench.applied(&[
        "web/api",
        "web/worker",
        "batch/api",
        "kube-system/dns",
        "kube-system/aws-node",
    ]);
    bench.config_of(&["web/api"]);
    let only_missing = format!("{DELETE} --only-missing");
    assert_snapshot!(bench.run(&only_missing), @"
    [stdout]
    - delete service account batch/api
    - delete stack eksctl-demo-addon-iamserviceaccount-batch-api
    - delete service account kube-system/dns
    - delete stack eksctl-demo-addon-iamserviceaccount-kube-system-dns
    - delete service account web/worker
    - delete stack eksctl-demo-addon-iamserviceaccount-web-worker
    [stderr]
    note: kube-system/aws-node stays although the file does not have it; `irsactl delete iamserviceaccount aws-node --namespace kube-system --cluster demo --region eu-west-1` deletes it
    plan: 0 to create, 0 to change, 6 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{only_missing} --include web/*,batch/*,*/aws-node --exclude batch/*")), @"
    [stdout]
    - delete service account web/worker
    - delete stack eksctl-demo-addon-iamserviceaccount-web-worker
    [stderr]
    note: kube-system/aws-node stays although the file does not have it; `irsactl delete iamserviceaccount aws-node --namespace kube-system --cluster demo --region eu-west-1` deletes it
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{only_missing} --include kube-system/aws-node")), @"
    [stdout]
    - delete service account kube-system/aws-node
    - delete stack eksctl-demo-addon-iamserviceaccount-kube-system-aws-node
    [stderr]
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_eq!(bench.changes(), "");
    let named = bench.run(&format!(
        "{only_missing} --include kube-system/aws-node --approve --parallel 1"
    ));
    assert!(named.ends_with("[exit 0]\n"), "{named}");
    assert_snapshot!(bench.run(&format!("{only_missing} --approve --parallel 1")), @"
    [stdout]
    NAMESPACE     NAME     STATUS    ROLE ARN
    batch         api      deleted
    kube-system   dns      deleted
    web           worker   deleted
    [stderr]
    deleted service account batch/api
    deleted stack eksctl-demo-addon-iamserviceaccount-batch-api
    deleted service account kube-system/dns
    deleted stack eksctl-demo-addon-iamserviceaccount-kube-system-dns
    deleted service account web/worker
    deleted stack eksctl-demo-addon-iamserviceaccount-web-worker
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-web-api CREATE_COMPLETE");
    assert_snapshot!(bench.run(&format!("{only_missing} --approve --parallel 1")), @"
    [stderr]
    nothing to delete: there is no such IAM service account
    [exit 0]
    ");
}

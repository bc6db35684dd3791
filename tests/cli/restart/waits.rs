//! The wait until new pods have the role.

use std::process::{Command, Stdio};

use insta::assert_snapshot;

use super::{ROLE, create, roles, running, without_pod_names};
use crate::support::Bench;

/// A rollout of "web/api" takes so many looks.
fn slow(looks: u32) -> Bench {
    let bench = running();
    bench.sandbox.world().api("demo").controllers.looks = looks;
    bench
}

#[test]
fn the_end_of_a_rollout_is_waited_for() {
    let bench = slow(4);
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_eq!(roles(&bench), [ROLE; 2]);
    let calls = bench.calls();
    assert!(calls.matches("get deployments").count() > 4, "{calls}");
}

#[test]
fn without_wait_it_goes_on_by_itself() {
    let bench = slow(4);
    assert_snapshot!(bench.run(&create("--restart --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted deployment web/api
    [exit 0]
    ");
    assert_eq!(roles(&bench), ["-"; 2]);
    // Another run finds it underway.
    assert_snapshot!(bench.run(&create("--restart --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/api
    [stderr]
    note: deployment web/api is being restarted already
    [exit 0]
    ");
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    changed   arn:aws:iam::111122223333:role/api
    [stderr]
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_eq!(roles(&bench), [ROLE; 2]);
}

#[test]
fn new_pods_that_do_not_start_are_named_with_the_reason() {
    let bench = running();
    bench.sandbox.world().api("demo").controllers.failure = Some((
        "ImagePullBackOff".to_owned(),
        "Back-off pulling image \"registry.example.com/app:1\"".to_owned(),
    ));
    let told = bench.run(&create("--restart --wait-for-pods --approve --timeout 5s"));
    assert_snapshot!(without_pod_names(&told), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    failed   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted deployment web/api
    error: the rollout of deployment web/api (pod api-HASH: container app: ImagePullBackOff: Back-off pulling image "registry.example.com/app:1") did not end within 5s
    hint: what was begun goes on by itself: the same command again goes on from there; `--timeout 1h` waits longer
    [exit 1]
    "#);
}

#[test]
fn a_restart_that_did_not_help_is_told_and_not_made_again() {
    let bench = running();
    bench
        .sandbox
        .world()
        .api("demo")
        .controllers
        .webhook_is_down = true;
    let told = bench.run(&create("--restart --wait-for-pods --approve"));
    assert_snapshot!(without_pod_names(&told), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    failed   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted deployment web/api
    error: the new pods of deployment web/api still lack the role: pod api-HASH: container app has no role; pod api-HASH: container app has no role
    hint: find out why: `irsactl doctor --cluster demo web/api`
    [exit 1]
    ");
    bench.calls();
    let told = bench.run(&create("--restart --approve"));
    assert_snapshot!(without_times(&without_pod_names(&told)), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/api
    [stderr]
    warning: deployment web/api was restarted at TIME, and its pods still lack the role: pod api-HASH: container app has no role; pod api-HASH: container app has no role; find out why: `irsactl doctor --cluster demo web/api`
    [exit 0]
    ");
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods")), @"
    [stdout]
      wait for the new pods of deployment web/api
    [stderr]
    plan: 0 to create, 0 to change, 0 to delete, 1 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    let calls = bench.calls();
    assert!(!calls.contains("patch deployments"), "{calls}");
}

#[test]
fn an_interruption_tells_that_the_rollout_goes_on() {
    let bench = slow(1_000_000);
    let child = bench
        .command_line(&create("--restart --wait-for-pods --approve"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        let looks = world.calls.iter();
        let looks = looks.filter(|call| call.to_string() == "kubernetes get deployments");
        looks.count() > 3
    });
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "kill");
    assert_snapshot!(bench.ended(child), @"
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted deployment web/api
    error: interrupted; what was begun goes on: rollout of deployment web/api
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
}

#[test]
fn a_workload_that_is_gone_meanwhile_is_no_failure() {
    let bench = running();
    bench
        .sandbox
        .before("kubernetes patch deployments", 1, |world| {
            world.api("demo").delete_namespace("web");
        });
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
}

fn without_times(text: &str) -> String {
    let words = text
        .split(' ')
        .map(|word| match word.contains("T") && word.contains("Z,") {
            true => "TIME,".to_owned(),
            false => word.to_owned(),
        });
    words.collect::<Vec<_>>().join(" ")
}

//! What can be restarted, and what is told of the rest.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{ROLE, create, roles, running};
use crate::support::Bench;

/// Deployment "web/api" with changes.
fn deployment(bench: &Bench, change: impl FnOnce(&mut Value)) {
    let mut deployment = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "web", "name": "api"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "api"}},
            "template": {
                "metadata": {"labels": {"app": "api"}},
                "spec": {"serviceAccountName": "api", "containers": [
                    {"name": "app", "image": "registry.example.com/app:1"},
                    {"name": "proxy", "image": "registry.example.com/proxy:1"},
                ]},
            },
        },
    });
    change(&mut deployment);
    bench.sandbox.world().api("demo").run_workload(deployment);
}

#[test]
fn each_kind_that_has_a_template_is_restarted() {
    let bench = Bench::associated();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.run_stateful_set("web", "db", "api", 2);
        api.run_daemon_set("web", "agent", "api");
        api.run_rollout("web", "canary", "api", 1);
    }
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted statefulset web/db
    restarted daemonset web/agent
    restarted rollout web/canary
    waited for the new pods of statefulset web/db
    waited for the new pods of daemonset web/agent
    waited for the new pods of rollout web/canary
    [exit 0]
    ");
    assert_eq!(roles(&bench), [ROLE; 5]);
    // Argo's has a field of its own for it.
    let mut world = bench.sandbox.world();
    let rollout = world.api("demo").object("rollouts", "web", "canary");
    let spec = &rollout.expect("it runs")["spec"];
    assert!(spec["restartAt"].is_string() && spec["template"]["metadata"]["annotations"].is_null());
}

#[test]
fn jobs_and_bare_pods_are_named() {
    let bench = Bench::associated();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.run_job("web", "once", "api");
        api.run_pod("web", "alone", "api");
    }
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    note: these run without the role until someone makes them anew, as nothing does it for them: job web/once, pod web/alone (a job's pods have it from its next run on)
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    [exit 0]
    ");
}

#[test]
fn a_paused_deployment_is_left_as_kubectl_does() {
    let bench = Bench::associated();
    deployment(&bench, |_| {});
    deployment(&bench, |it| it["spec"]["paused"] = true.into());
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    warning: deployment web/api is paused and cannot be restarted: resume it first: `kubectl rollout resume deployment/api --namespace web`
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    [exit 0]
    ");
}

#[test]
fn pods_that_are_replaced_by_hand_are_named_with_the_command() {
    let bench = Bench::associated();
    let set = json!({
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"namespace": "web", "name": "db"},
        "spec": {
            "replicas": 2,
            "updateStrategy": {"type": "OnDelete"},
            "selector": {"matchLabels": {"app": "db"}},
            "template": {"metadata": {"labels": {"app": "db"}}, "spec": {
                "serviceAccountName": "api", "containers": [{"name": "app", "image": "app:1"}],
            }},
        },
    });
    bench.sandbox.world().api("demo").run_workload(set);
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    warning: statefulset web/db replaces its pods only when they are deleted (OnDelete): `kubectl delete pod db-0 db-1 --namespace web`
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    [exit 0]
    ");
}

#[test]
fn a_template_that_sets_the_role_itself_is_told() {
    let bench = Bench::associated();
    deployment(&bench, |it| {
        let other =
            json!([{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/other"}]);
        let containers = &mut it["spec"]["template"]["spec"]["containers"];
        containers[0]["env"] = other.clone();
        containers[1]["env"] = other;
    });
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    warning: a restart would not give deployment web/api the role: its own template sets AWS_ROLE_ARN (container app, proxy); take the variable out: `kubectl set env deployment/api --namespace web AWS_ROLE_ARN-`
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    [exit 0]
    ");
}

#[test]
fn only_what_the_template_leaves_open_is_waited_for() {
    let bench = Bench::associated();
    deployment(&bench, |it| {
        let other =
            json!([{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/other"}]);
        it["spec"]["template"]["spec"]["containers"][1]["env"] = other;
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
    assert_eq!(roles(&bench), [ROLE]);
}

#[test]
fn containers_that_the_webhook_skips_lack_nothing() {
    let bench = Bench::associated();
    let skip = |it: &mut Value| {
        let template = &mut it["spec"]["template"]["metadata"];
        template["annotations"]["eks.amazonaws.com/skip-containers"] = "proxy".into();
    };
    deployment(&bench, skip);
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
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/api
    [exit 0]
    ");
}

#[test]
fn pods_with_pod_identity_are_told() {
    let bench = running();
    {
        let mut world = bench.sandbox.world();
        let role = "arn:aws:iam::111122223333:role/pods";
        world.clusters[0].add_association("web", "api", role);
        let api = world.api("demo");
        api.delete_namespace("web");
        api.run_deployment("web", "api", "api", 1);
    }
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    warning: a restart would not give deployment web/api the role: EKS Pod Identity gives its pods their credentials, and comes first; see `aws eks list-pod-identity-associations --cluster-name demo --namespace web --service-account api`
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    [exit 0]
    ");
}

//! Pods of a service account that is associated: which run without the role, who restarts them, and which no
//! agent reaches.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{create, ready};
use crate::migrate::steady;
use crate::sandbox::Access;
use crate::support::Bench;

/// Deployment "web/api" runs with two pods, before there is an association.
fn running() -> Bench {
    let bench = ready();
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench
}

fn change_pods(bench: &Bench, change: impl Fn(&mut Value)) {
    let mut world = bench.sandbox.world();
    let objects = world.api("demo").objects.iter_mut();
    let pods = objects.filter(|(key, _)| key.0 == "pods" && key.1 == "web");
    pods.for_each(|(_, pod)| change(pod));
}

/// How many pods of "web" have what the agent gives.
fn with_variables(bench: &Bench) -> usize {
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let variable = "AWS_CONTAINER_CREDENTIALS_FULL_URI";
    let pods = api.pods("web").into_iter();
    pods.filter(|name| api.pod_variable("web", name, variable).is_some())
        .count()
}

#[test]
fn those_that_run_are_told_and_restarted_on_request() {
    let bench = running();
    assert_snapshot!(bench.run(&format!("{} --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    note: these run without the role until they are restarted: deployment web/api (2 pods); `--restart` does it
    [exit 0]
    ");
    assert_eq!(with_variables(&bench), 0);
    let restart = format!("{} --restart --wait-for-pods", create());
    assert_snapshot!(steady(&bench.run(&restart)), @"
    [stdout]
    ~ restart deployment web/api
        pod api-HASH: container app has no role
        pod api-HASH: container app has no role
      wait for the new pods of deployment web/api
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete, 1 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{restart} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    changed   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_eq!(with_variables(&bench), 2);
    assert_snapshot!(bench.run(&format!("{restart} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [exit 0]
    ");
}

#[test]
fn one_run_makes_the_association_and_restarts() {
    let bench = running();
    assert_snapshot!(bench.run(&format!("{} --restart --wait-for-pods --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_eq!(with_variables(&bench), 2);
}

#[test]
fn a_file_and_an_update_restart_them_too() {
    let bench = running();
    bench.run(&format!("{} --approve", create()));
    let update =
        "update podidentityassociation web/api --cluster demo --disable-session-tags=false";
    assert_snapshot!(bench.run(&format!("{update} --restart --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    changed   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    restarted deployment web/api
    [exit 0]
    ");
    let bench = running();
    bench.file(
        "cluster.yaml",
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\n\
         iam:\n  podIdentityAssociations:\n    - {namespace: web, serviceAccountName: api, wellKnownPolicies: {autoScaler: true}}\n",
    );
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --restart --wait-for-pods --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_eq!(with_variables(&bench), 2);
}

#[test]
fn those_on_fargate_and_windows_are_warned_of_and_not_restarted() {
    let bench = running();
    change_pods(&bench, |pod| {
        pod["metadata"]["labels"]["eks.amazonaws.com/fargate-profile"] = json!("all");
    });
    assert_snapshot!(bench.run(&format!("{} --restart", create())), @"
    [stdout]
    + create stack eksctl-demo-podidentityrole-web-api
        trusted: pods.eks.amazonaws.com, if StringEquals aws:RequestTag/eks-cluster-arn and StringEquals aws:RequestTag/kubernetes-namespace and StringEquals aws:RequestTag/kubernetes-service-account
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create EKS Pod Identity association of service account web/api
        role: known when stack eksctl-demo-podidentityrole-web-api is ready
    [stderr]
    warning: deployment web/api runs on Fargate, where there is no EKS Pod Identity
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    change_pods(&bench, |pod| {
        let labels = pod["metadata"]["labels"].as_object_mut().expect("labels");
        labels.remove("eks.amazonaws.com/fargate-profile");
        pod["spec"]["nodeName"] = json!("win");
    });
    let mut world = bench.sandbox.world();
    world
        .api("demo")
        .put_node("win", "i-1", &[("kubernetes.io/os", "windows")]);
    drop(world);
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    + create stack eksctl-demo-podidentityrole-web-api
        trusted: pods.eks.amazonaws.com, if StringEquals aws:RequestTag/eks-cluster-arn and StringEquals aws:RequestTag/kubernetes-namespace and StringEquals aws:RequestTag/kubernetes-service-account
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create EKS Pod Identity association of service account web/api
        role: known when stack eksctl-demo-podidentityrole-web-api is ready
    [stderr]
    warning: deployment web/api runs on Windows, where there is no EKS Pod Identity
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn those_on_the_nodes_network_are_noted() {
    let bench = running();
    change_pods(&bench, |pod| pod["spec"]["hostNetwork"] = json!(true));
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    + create stack eksctl-demo-podidentityrole-web-api
        trusted: pods.eks.amazonaws.com, if StringEquals aws:RequestTag/eks-cluster-arn and StringEquals aws:RequestTag/kubernetes-namespace and StringEquals aws:RequestTag/kubernetes-service-account
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create EKS Pod Identity association of service account web/api
        role: known when stack eksctl-demo-podidentityrole-web-api is ready
    [stderr]
    note: deployment web/api: its pods use the node's network, from which the agent may not be reached
    plan: 2 to create, 0 to change, 0 to delete
    note: these run without the role until they are restarted: deployment web/api (2 pods); `--restart` does it
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn who_may_not_look_at_pods_is_told_and_goes_on() {
    let bench = running();
    bench.sandbox.world().api("demo").access = Access::Rules(Vec::new());
    assert_snapshot!(bench.run(&format!("{} --approve", create())), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    note: whether pods run without the role is not known: not allowed to list pods in namespace web
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    let told = bench.run(&format!("{} --restart --approve", create()));
    assert!(told.ends_with("[exit 1]\n"), "{told}");
}

#[test]
fn a_cluster_that_does_not_answer_is_not_waited_for_long() {
    let bench = running().impatient();
    bench.befall("kubernetes list pods", "hang");
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    + create stack eksctl-demo-podidentityrole-web-api
        trusted: pods.eks.amazonaws.com, if StringEquals aws:RequestTag/eks-cluster-arn and StringEquals aws:RequestTag/kubernetes-namespace and StringEquals aws:RequestTag/kubernetes-service-account
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    + create EKS Pod Identity association of service account web/api
        role: known when stack eksctl-demo-podidentityrole-web-api is ready
    [stderr]
    note: whether pods run without the role is not known: the cluster's API did not answer within 2s
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn those_that_have_the_role_by_irsa_go_on_with_it() {
    let bench = ready();
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods("both");
    let annotation = ("eks.amazonaws.com/role-arn", role.as_str());
    let api = world.api("demo");
    api.put_service_account("web", "api", &[], &[annotation], "helm");
    api.run_deployment("web", "api", "api", 1);
    drop(world);
    assert_snapshot!(bench.run(&format!(
        "create podidentityassociation web/api --cluster demo --role-arn {role} --approve"
    )), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/both
    [stderr]
    created EKS Pod Identity association of service account web/api
    note: these go on with IRSA, which still works for them, until they are restarted: deployment web/api (1 pod); `--restart` does it
    [exit 0]
    ");
}

//! Clusters that are not there, not ready, or not such as IRSA needs.

use insta::assert_snapshot;
use serde_json::json;

use super::{ASSOCIATE, create};
use crate::support::Bench;

#[test]
fn a_cluster_that_does_not_exist_is_told_with_similar_names() {
    let bench = Bench::new();
    for name in ["demo-eu", "staging"] {
        bench
            .sandbox
            .world()
            .add_cluster(name, "111122223333", "eu-west-1");
    }
    assert_snapshot!(bench.run("associate-oidc-provider --cluster dem --approve"), @r#"
    [stderr]
    error: there is no EKS cluster "dem" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: did you mean `--cluster demo-eu`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dem" is looked for in one only
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&create().replace("--cluster demo", "--cluster stagign")), @r#"
    [stderr]
    error: there is no EKS cluster "stagign" in eu-west-1
    hint: did you mean `--cluster staging`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "stagign" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn a_cluster_without_similar_names_is_told_with_the_region() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("associate-oidc-provider --cluster production --region us-east-1"), @r#"
    [stderr]
    error: there is no EKS cluster "production" in us-east-1
    hint: list the clusters: `aws eks list-clusters --region us-east-1`
    hint: look in another region with `--region`; "production" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn the_similar_names_are_not_needed() {
    let bench = Bench::new();
    bench.sandbox.fault("eks ListClusters deny");
    assert_snapshot!(bench.run("associate-oidc-provider --cluster dem"), @r#"
    [stderr]
    error: there is no EKS cluster "dem" in eu-west-1
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dem" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn a_cluster_in_creation_is_told_with_how_to_wait() {
    let bench = Bench::new();
    "CREATING".clone_into(&mut bench.sandbox.world().clusters[0].status);
    assert_snapshot!(bench.run(ASSOCIATE), @r#"
    [stderr]
    error: cluster "demo" is CREATING: it has no issuer or no Kubernetes API
    hint: wait for it: `aws eks wait cluster-active --name demo`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&create()), @r#"
    [stderr]
    error: cluster "demo" is CREATING: it has no issuer or no Kubernetes API
    hint: wait for it: `aws eks wait cluster-active --name demo`
    [exit 1]
    "#);
}

#[test]
fn a_cluster_that_is_updated_is_used() {
    let bench = Bench::new();
    "UPDATING".clone_into(&mut bench.sandbox.world().clusters[0].status);
    bench.arrange(&create());
}

#[test]
fn a_cluster_that_failed_is_not_waited_for() {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    "FAILED".clone_into(&mut world.clusters[0].status);
    world.clusters[0].issuer = None;
    drop(world);
    assert_snapshot!(bench.run(ASSOCIATE), @r#"
    [stderr]
    error: cluster "demo" is FAILED: it has no issuer or no Kubernetes API
    hint: look at it: `aws eks describe-cluster --name demo`
    [exit 1]
    "#);
}

#[test]
fn a_local_cluster_on_outposts_is_refused_with_the_reason() {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    world.clusters[0].issuer = None;
    let outpost = json!({
        "outpostArns": ["arn:aws:outposts:eu-west-1:111122223333:outpost/op-0123456789abcdef0"],
        "controlPlaneInstanceType": "m5.large",
    });
    world.clusters[0]
        .extra
        .insert("outpostConfig".to_owned(), outpost);
    drop(world);
    assert_snapshot!(bench.run(ASSOCIATE), @r#"
    [stderr]
    error: cluster "demo" has no OIDC issuer: it is a local cluster on Outposts, which do not support IRSA
    hint: if it has an issuer that EKS does not tell, name it: `--issuer-url URL`
    [exit 1]
    "#);
}

#[test]
fn a_connected_cluster_is_refused_with_the_reason() {
    let bench = Bench::new();
    let mut world = bench.sandbox.world();
    world.clusters[0].issuer = None;
    let connector = json!({ "activationId": "a", "provider": "OTHER", "roleArn": "arn:aws:iam::111122223333:role/connector" });
    world.clusters[0]
        .extra
        .insert("connectorConfig".to_owned(), connector);
    drop(world);
    assert_snapshot!(bench.run(&create()), @r#"
    [stderr]
    error: cluster "demo" has no OIDC issuer: it is a connected cluster, which EKS does not run
    hint: if it has an issuer that EKS does not tell, name it: `--issuer-url URL`
    [exit 1]
    "#);
}

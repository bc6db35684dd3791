//! What services and networks that fail for good are told with.

use insta::assert_snapshot;

use super::{ASSOCIATE, Scenario, create, scenarios, trouble};
use crate::support::Bench;

/// What a lasting fault of each call tells.
fn told(scenario: &Scenario, effect: &str) -> String {
    let mut text = String::new();
    for (call, result) in scenario.with_each_call(effect) {
        text.push_str(&format!("{call}:\n  {}\n", trouble(&result)));
    }
    text
}

#[test]
fn an_answer_that_is_not_the_services_is_told() {
    let [_, create, ..] = scenarios();
    assert_snapshot!(told(&create, "garbage"), @r#"
    cloudformation CreateStack:
      error: cannot reach AWS for cloudformation:CreateStack: something else answers there (HTTP 200)
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    cloudformation DescribeStacks:
      error: cannot reach AWS for cloudformation:DescribeStacks: something else answers there (HTTP 200)
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    eks DescribeCluster:
      error: cannot reach AWS for eks:DescribeCluster: something else answers there (HTTP 200)
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    eks TagResource:
      warning: did not tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true: cannot reach AWS for eks:TagResource: something else answers there (HTTP 200)
      [exit 0]
    iam CreateOpenIDConnectProvider:
      error: cannot reach AWS for iam:CreateOpenIDConnectProvider: something else answers there (HTTP 200)
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    iam GetOpenIDConnectProvider:
      error: cannot reach AWS for iam:GetOpenIDConnectProvider: something else answers there (HTTP 200)
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    iam GetPolicy:
      error: cannot reach AWS for iam:GetPolicy: something else answers there (HTTP 200)
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration:
      error: the issuer's discovery document https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration cannot be understood: expected value at line 1 column 1
      hint: look at it: `curl https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration`
      hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
      hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
      [exit 1]
    kubernetes apply serviceaccounts:
      error: cannot apply service account default/s3-reader: cluster "demo": something else answers there
      hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
      hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
      [exit 1]
    kubernetes get serviceaccounts:
      error: cannot read service account default/s3-reader: cluster "demo": something else answers there
      hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
      hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
      [exit 1]
    "#);
}

#[test]
fn a_server_that_fails_for_good_is_told() {
    let [_, create, ..] = scenarios();
    assert_snapshot!(told(&create, "error 500 InternalFailure We encountered an internal error."), @"
    cloudformation CreateStack:
      error: cloudformation:CreateStack failed on eksctl-demo-addon-iamserviceaccount-default-s3-reader: InternalFailure: We encountered an internal error.
      hint: AWS has trouble there: run the same command again in a minute
      [exit 1]
    cloudformation DescribeStacks:
      error: cloudformation:DescribeStacks failed on eksctl-demo-addon-iamserviceaccount-default-s3-reader: InternalFailure: We encountered an internal error.
      hint: AWS has trouble there: run the same command again in a minute
      [exit 1]
    eks DescribeCluster:
      error: eks:DescribeCluster failed on demo: InternalFailure: We encountered an internal error.
      hint: AWS has trouble there: run the same command again in a minute
      [exit 1]
    eks TagResource:
      warning: did not tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true: eks:TagResource failed on arn:aws:eks:eu-west-1:111122223333:cluster/demo: InternalFailure: We encountered an internal error.
      [exit 0]
    iam CreateOpenIDConnectProvider:
      error: iam:CreateOpenIDConnectProvider failed on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: InternalFailure: We encountered an internal error.
      hint: AWS has trouble there: run the same command again in a minute
      [exit 1]
    iam GetOpenIDConnectProvider:
      error: iam:GetOpenIDConnectProvider failed on arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: InternalFailure: We encountered an internal error.
      hint: AWS has trouble there: run the same command again in a minute
      [exit 1]
    iam GetPolicy:
      error: iam:GetPolicy failed on arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess: InternalFailure: We encountered an internal error.
      hint: AWS has trouble there: run the same command again in a minute
      [exit 1]
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration:
      error: the issuer's discovery document https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration is answered with 500 Internal Server Error
      hint: look at it: `curl https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration`
      hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
      hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
      [exit 1]
    kubernetes apply serviceaccounts:
      error: cannot apply service account default/s3-reader: We encountered an internal error. (500)
      hint: the API has trouble: run the same command again in a minute
      hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
      [exit 1]
    kubernetes get serviceaccounts:
      error: cannot read service account default/s3-reader: We encountered an internal error. (500)
      hint: the API has trouble: run the same command again in a minute
      hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
      [exit 1]
    ");
}

#[test]
fn connections_that_break_for_good_are_told() {
    let [_, create, ..] = scenarios();
    assert_snapshot!(told(&create, "reset"), @r#"
    cloudformation CreateStack:
      error: cannot reach AWS for cloudformation:CreateStack: connection closed before message completed
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    cloudformation DescribeStacks:
      error: cannot reach AWS for cloudformation:DescribeStacks: connection closed before message completed
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    eks DescribeCluster:
      error: cannot reach AWS for eks:DescribeCluster: connection closed before message completed
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    eks TagResource:
      warning: did not tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true: cannot reach AWS for eks:TagResource: connection closed before message completed
      [exit 0]
    iam CreateOpenIDConnectProvider:
      error: cannot reach AWS for iam:CreateOpenIDConnectProvider: connection closed before message completed
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    iam GetOpenIDConnectProvider:
      error: cannot reach AWS for iam:GetOpenIDConnectProvider: connection closed before message completed
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    iam GetPolicy:
      error: cannot reach AWS for iam:GetPolicy: connection closed before message completed
      hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
      [exit 1]
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration:
      error: the issuer's discovery document https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration cannot be read: connection closed before message completed
      hint: look at it: `curl https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration`
      hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
      hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
      [exit 1]
    kubernetes apply serviceaccounts:
      error: cannot apply service account default/s3-reader: cluster "demo": connection closed before message completed
      hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
      hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
      [exit 1]
    kubernetes get serviceaccounts:
      error: cannot read service account default/s3-reader: cluster "demo": connection closed before message completed
      hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
      hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
      [exit 1]
    "#);
}

#[test]
fn throttling_for_good_is_told() {
    let bench = Bench::new().impatient();
    bench
        .sandbox
        .fault("cloudformation DescribeStacks throttle");
    let line = "get iamserviceaccount --cluster demo --timeout 1s";
    assert_snapshot!(bench.run(line), @"
    [stderr]
    error: cloudformation:DescribeStacks failed: Throttling: Rate exceeded
    hint: AWS is busy for this account: run the same command again in a minute
    [exit 1]
    ");
}

#[test]
fn a_refused_connection_is_told_at_once() {
    let mut bench = Bench::new();
    bench.set("AWS_ENDPOINT_URL", "http://127.0.0.1:1");
    assert_snapshot!(bench.run(ASSOCIATE), @"
    [stderr]
    error: cannot reach AWS for eks:DescribeCluster: Connection refused (os error 111)
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
    assert_snapshot!(bench.run("get iamserviceaccount --cluster demo"), @"
    [stderr]
    error: cannot reach AWS for cloudformation:DescribeStacks: Connection refused (os error 111)
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
}

#[test]
fn a_name_that_does_not_resolve_is_told_at_once() {
    let mut bench = Bench::new();
    bench.set("AWS_ENDPOINT_URL", "https://nowhere.invalid");
    let result = bench.run(ASSOCIATE);
    assert!(
        result.contains("error: cannot reach AWS for eks:DescribeCluster: "),
        "{result}"
    );
    assert!(result.ends_with("[exit 1]\n"), "{result}");
}

#[test]
fn what_broke_off_is_finished_by_the_next_run() {
    let [_, scenario, ..] = scenarios();
    let (_, calls) = scenario.in_good_weather();
    for call in calls {
        let bench = (scenario.arrange)();
        bench.befall(&call, "deny");
        bench.run(&scenario.line);
        bench.sandbox.world().faults.clear();
        let result = bench.run(&create());
        assert!(result.ends_with("[exit 0]\n"), "{call}: {result}");
        assert_eq!(bench.stacks().lines().count(), 1, "{call}");
        assert_ne!(bench.service_account("default", "s3-reader"), "", "{call}");
    }
}

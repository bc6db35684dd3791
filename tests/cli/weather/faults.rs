//! Networks and services that fail: once, which must not be noticed, or for good.

use insta::assert_snapshot;

use super::{ASSOCIATE, Scenario, befall, create, scenarios, trouble};
use crate::support::Bench;

/// A run is as without the fault at any of the service's calls, but for the time that it takes.
fn goes_unnoticed(scenarios: &[Scenario], service: fn(&str) -> bool, effect: &str) {
    let mut noticed = String::new();
    for scenario in scenarios {
        let (expected, mut calls) = scenario.in_good_weather();
        calls.retain(|call| service(call));
        for (call, result) in scenario.with_each_of(&calls, effect) {
            if timeless(&result) != expected {
                noticed.push_str(&format!("{}, {call}:\n{result}\n", scenario.name));
            }
        }
    }
    assert!(noticed.is_empty(), "{noticed}");
}

fn is_aws(call: &str) -> bool {
    !is_kubernetes(call) && !call.starts_with("issuer")
}

fn is_kubernetes(call: &str) -> bool {
    call.starts_with("kubernetes")
}

/// Without the seconds that an action took.
fn timeless(result: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" (") {
        Some((text, time)) if time.ends_with("s)") => format!("{text}\n"),
        _ => format!("{line}\n"),
    };
    result.lines().map(line).collect()
}

#[test]
fn throttling_of_aws_goes_unnoticed() {
    goes_unnoticed(&scenarios(), is_aws, "times 1 throttle");
}

#[test]
fn a_server_error_of_aws_goes_unnoticed() {
    let effect = "times 1 error 500 InternalFailure We encountered an internal error.";
    goes_unnoticed(&scenarios(), is_aws, effect);
}

#[test]
fn a_connection_to_aws_that_breaks_goes_unnoticed() {
    goes_unnoticed(&scenarios(), is_aws, "times 1 reset");
}

#[test]
fn an_answer_of_aws_that_breaks_off_goes_unnoticed() {
    goes_unnoticed(&scenarios(), is_aws, "times 1 half");
}

#[test]
fn a_call_of_aws_that_hangs_goes_unnoticed() {
    let [_, create, ..] = scenarios();
    goes_unnoticed(&[create], is_aws, "times 1 hang");
}

#[test]
fn a_busy_kubernetes_goes_unnoticed() {
    goes_unnoticed(&scenarios(), is_kubernetes, "times 1 throttle");
}

#[test]
fn an_unavailable_kubernetes_goes_unnoticed() {
    let effect = "times 1 error 503 ServiceUnavailable the server is shutting down";
    goes_unnoticed(&scenarios(), is_kubernetes, effect);
}

#[test]
fn a_kubernetes_that_hangs_is_told_and_not_waited_for() {
    let [_, create, ..] = scenarios();
    let calls = [
        "kubernetes get serviceaccounts".to_owned(),
        "kubernetes apply serviceaccounts".to_owned(),
    ];
    let mut text = String::new();
    for (call, result) in create.with_each_of(&calls, "hang") {
        text.push_str(&format!("{call}:\n  {}\n", trouble(&result)));
    }
    assert_snapshot!(text, @r#"
    kubernetes get serviceaccounts:
      error: cannot read service account default/s3-reader: cluster "demo": timed out
      hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
      hint: or leave the ServiceAccount to someone with access: `--role-only` needs none
      [exit 1]
    kubernetes apply serviceaccounts:
      error: cannot apply service account default/s3-reader: cluster "demo": timed out
      hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
      hint: or leave the ServiceAccount to someone with access: `--role-only` needs none
      [exit 1]
    "#);
}

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
      hint: or leave the ServiceAccount to someone with access: `--role-only` needs none
      [exit 1]
    kubernetes get serviceaccounts:
      error: cannot read service account default/s3-reader: cluster "demo": something else answers there
      hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
      hint: or leave the ServiceAccount to someone with access: `--role-only` needs none
      [exit 1]
    "#);
}

#[test]
fn a_server_that_fails_for_good_is_told() {
    let [_, create, ..] = scenarios();
    assert_snapshot!(told(&create, "error 500 InternalFailure We encountered an internal error."), @"
    cloudformation CreateStack:
      error: cloudformation:CreateStack failed on eksctl-demo-addon-iamserviceaccount-default-s3-reader: InternalFailure: We encountered an internal error.
      [exit 1]
    cloudformation DescribeStacks:
      error: cloudformation:DescribeStacks failed on eksctl-demo-addon-iamserviceaccount-default-s3-reader: InternalFailure: We encountered an internal error.
      [exit 1]
    eks DescribeCluster:
      error: eks:DescribeCluster failed on demo: InternalFailure: We encountered an internal error.
      [exit 1]
    eks TagResource:
      warning: did not tag cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true: eks:TagResource failed on arn:aws:eks:eu-west-1:111122223333:cluster/demo: InternalFailure: We encountered an internal error.
      [exit 0]
    iam CreateOpenIDConnectProvider:
      error: iam:CreateOpenIDConnectProvider failed on https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: InternalFailure: We encountered an internal error.
      [exit 1]
    iam GetOpenIDConnectProvider:
      error: iam:GetOpenIDConnectProvider failed on arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E: InternalFailure: We encountered an internal error.
      [exit 1]
    iam GetPolicy:
      error: iam:GetPolicy failed on arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess: InternalFailure: We encountered an internal error.
      [exit 1]
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration:
      error: the issuer's discovery document https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration is answered with 500 Internal Server Error
      hint: look at it: `curl https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration`
      hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
      hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
      [exit 1]
    kubernetes apply serviceaccounts:
      error: cannot apply service account default/s3-reader: We encountered an internal error. (500)
      [exit 1]
    kubernetes get serviceaccounts:
      error: cannot read service account default/s3-reader: We encountered an internal error. (500)
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
      hint: or leave the ServiceAccount to someone with access: `--role-only` needs none
      [exit 1]
    kubernetes get serviceaccounts:
      error: cannot read service account default/s3-reader: cluster "demo": connection closed before message completed
      hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
      hint: or leave the ServiceAccount to someone with access: `--role-only` needs none
      [exit 1]
    "#);
}

#[test]
fn throttling_for_good_is_told() {
    let mut bench = Bench::new();
    // Ours would go on for a minute.
    bench.set("AWS_RETRY_MODE", "standard");
    bench.set("AWS_MAX_ATTEMPTS", "2");
    bench
        .sandbox
        .fault("cloudformation DescribeStacks throttle");
    assert_snapshot!(bench.run("get iamserviceaccount --cluster demo"), @"
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
fn a_refused_connection_to_the_proxy_is_told_at_once() {
    let mut bench = Bench::new();
    bench.set("HTTPS_PROXY", "http://127.0.0.1:1");
    assert_snapshot!(bench.run(ASSOCIATE), @"
    [stdout]
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   created
    [stderr]
    warning: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com (proxy 127.0.0.1:1: Connection refused (os error 111)), as inside a VPC with an EKS interface endpoint; the thumbprint is left out, and IAM fetches it itself
    created IAM OIDC provider for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    tagged cluster/demo with alpha.eksctl.io/cluster-oidc-enabled=true
    [exit 0]
    ");
}

#[test]
fn a_name_that_does_not_resolve_is_told_at_once() {
    let mut bench = Bench::new();
    bench.set("AWS_ENDPOINT_URL", "http://nowhere.invalid");
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
        befall(&bench, &call, "deny");
        bench.run(&scenario.line);
        bench.sandbox.world().faults.clear();
        let result = bench.run(&create());
        assert!(result.ends_with("[exit 0]\n"), "{call}: {result}");
        assert_eq!(bench.stacks().lines().count(), 1, "{call}");
        assert_ne!(bench.service_account("default", "s3-reader"), "", "{call}");
    }
}

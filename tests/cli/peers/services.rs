//! AWS and Kubernetes: answers without end, huge, nested; pages without end; waits without end.

use insta::assert_snapshot;

use super::OK;
use crate::sandbox::{Effect, Fault, Impostor, Kind, Service, Speech};
use crate::support::{Bench, S3};

const LIST: &str = "get iamserviceaccount --cluster demo -o wide";

fn at_aws() -> Bench {
    let mut bench = Bench::new();
    bench.set("AWS_ENDPOINT_URL", "");
    bench
}

fn create() -> String {
    format!(
        "create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --associate-oidc-provider --approve"
    )
}

/// The line of the error, when that host says this.
fn error_when(host: &str, speech: Speech) -> String {
    let bench = at_aws();
    bench.sandbox.impostor(host, Impostor::Tls(speech));
    error(&bench)
}

fn error(bench: &Bench) -> String {
    let result = bench.run_bounded(&create());
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    assert_eq!(bench.state(), "", "{result}");
    let line = result.lines().find(|line| line.starts_with("error: "));
    line.expect("an error").to_owned()
}

#[test]
fn answers_of_aws_without_end_are_refused() {
    let iam = "iam.amazonaws.com";
    let xml = "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\n\r\n<GetPolicyResponse>";
    let policies = b"<Policy><Arn>arn</Arn></Policy>".repeat(2000);
    assert_snapshot!(error_when(iam, Speech::endless(xml, policies)), @"error: cannot reach AWS for iam:GetOpenIDConnectProvider: the answer is longer than any that is wanted");
    let nested = b"<a>".repeat(20_000);
    assert_snapshot!(error_when(iam, Speech::endless(xml, nested)), @"error: cannot reach AWS for iam:GetOpenIDConnectProvider: the answer is longer than any that is wanted");
    let eks = "eks.eu-west-1.amazonaws.com";
    assert_snapshot!(error_when(eks, Speech::endless(OK, [b'['; 65_536])), @"error: cannot reach AWS for eks:DescribeCluster: the answer is longer than any that is wanted");
}

#[test]
fn what_has_no_kind_is_no_service_account_without_a_role() {
    let bench = Bench::associated();
    let body = r#"{"message": "welcome"}"#.to_owned();
    let effect = Kind::Effect(Effect::Body { status: 200, body });
    let operation = Some("get serviceaccounts");
    let fault = Fault::new(Some(Service::Kubernetes), operation, effect);
    bench.sandbox.world().faults.push(fault);
    assert_snapshot!(error(&bench), @r#"error: cannot read service account default/a: cluster "demo": something else answers there"#);
}

#[test]
fn answers_of_aws_that_are_nested_are_refused() {
    let eks = "eks.eu-west-1.amazonaws.com";
    let document = format!("{OK}{{\"cluster\":{}", "[".repeat(1 << 20));
    assert_snapshot!(error_when(eks, Speech::once(document)), @"error: cannot reach AWS for eks:DescribeCluster: something else answers there (HTTP 200)");
    let unknown = format!("{OK}{{\"other\":{}", "{\"a\":".repeat(1 << 20));
    assert_snapshot!(error_when(eks, Speech::once(unknown)), @"error: cannot reach AWS for eks:DescribeCluster: something else answers there (HTTP 200)");
    let xml = format!("HTTP/1.1 200 OK\r\n\r\n{}", "<a>".repeat(1 << 20));
    assert_snapshot!(error_when("iam.amazonaws.com", Speech::once(xml)), @"error: cannot reach AWS for iam:GetOpenIDConnectProvider: something else answers there (HTTP 200)");
}

#[test]
fn headers_of_aws_without_end_are_refused() {
    let header = b"x-header: value\r\n".repeat(1000);
    let speech = Speech::endless("HTTP/1.1 200 OK\r\n", header);
    let told = error_when("iam.amazonaws.com", speech);
    assert!(told.contains("cannot reach AWS for iam:"), "{told}");
}

fn kubernetes(speech: Speech) -> Bench {
    let bench = at_aws();
    let host = bench.sandbox.world().clusters[0].endpoint_host.clone();
    bench.sandbox.impostor(&host, Impostor::Tls(speech));
    bench
}

#[test]
fn answers_of_kubernetes_without_end_are_refused() {
    let told = |speech| error(&kubernetes(speech));
    assert_snapshot!(told(Speech::endless(OK, [b' '; 65_536])), @r#"error: cannot read service account default/a: cluster "demo": the answer is longer than any that is wanted"#);
    let refusal = "HTTP/1.1 500 Internal Server Error\r\n\r\n";
    assert_snapshot!(told(Speech::endless(refusal, [b'x'; 65_536])), @r#"error: cannot read service account default/a: cluster "demo": the answer is longer than any that is wanted"#);
}

#[test]
fn answers_of_kubernetes_that_are_nested_are_refused() {
    let told = |text: String| error(&kubernetes(Speech::once(text)));
    assert_snapshot!(told(format!("{OK}{}", "[".repeat(4 << 20))), @r#"error: cannot read service account default/a: cluster "demo": something else answers there"#);
    let fields = "{\"f:a\":".repeat(1 << 20);
    let object = format!("{OK}{{\"metadata\":{{\"managedFields\":[{{\"fieldsV1\":{fields}");
    assert_snapshot!(told(object), @r#"error: cannot read service account default/a: cluster "demo": something else answers there"#);
}

#[test]
fn a_message_of_kubernetes_is_shown_in_part() {
    let message = "x".repeat(1 << 20);
    let status = format!("{{\"kind\":\"Status\",\"code\":400,\"message\":\"{message}\"}}");
    let answer = format!("HTTP/1.1 400 Bad Request\r\n\r\n{status}");
    let told = error(&kubernetes(Speech::once(answer)));
    assert!((1_000..3_000).contains(&told.len()), "{told}");
}

#[test]
fn a_kubernetes_that_asks_for_a_long_wait_is_not_waited_for() {
    let answer =
        "HTTP/1.1 429 Too Many Requests\r\nretry-after: 86400\r\ncontent-length: 0\r\n\r\n";
    assert_snapshot!(error(&kubernetes(Speech::once(answer))), @"error: cannot read service account default/a: Too Many Requests (429)");
}

#[test]
fn pages_of_kubernetes_without_end_are_given_up() {
    let bench = Bench::associated();
    bench.create_role("a");
    let page = r#"{"kind":"ServiceAccountList","apiVersion":"v1","metadata":{"continue":"more"},"items":[]}"#;
    let answer = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{page}",
        page.len()
    );
    let host = bench.sandbox.world().clusters[0].endpoint_host.clone();
    let endless = Impostor::Tls(Speech::once(answer));
    bench.sandbox.impostor(&host, endless);
    assert_snapshot!(bench.run_bounded(LIST), @"
    NAMESPACE   NAME   ROLE ARN                                                                                          STATUS            STACK                                           POLICIES                 SERVICE ACCOUNT
    default     a      arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-RJDJTEYI54FK   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-a   AmazonS3ReadOnlyAccess   unknown
    warning: the Kubernetes side is not known: cannot list service accounts: a page of its list leads back to one before it
    [exit 0]
    ");
}

//! Servers and proxies that are not there, do not take a connection, or take it and say nothing: each
//! way ends within its limit and says what was waited for.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use insta::assert_snapshot;

use super::{ASSOCIATE, create, fleet, made};
use crate::support::{Bench, S3};

const LIST: &str = "get iamserviceaccount --cluster demo";
const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo";

/// Takes connections and says nothing, to TLS and to CONNECT neither.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let address = listener.local_addr().expect("an address").to_string();
    (listener, address)
}

/// A port whose queue is full: it neither takes connections nor refuses them.
struct Full {
    address: SocketAddr,
    _listener: TcpListener,
    _waiting: Vec<TcpStream>,
}

impl Full {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(async {
            let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
            socket
                .bind(([127, 0, 0, 1], 0).into())
                .expect("a free port");
            let listener = socket.listen(0).expect("a listener");
            listener.into_std().expect("a plain listener")
        });
        let address = listener.local_addr().expect("an address");
        let mut waiting = Vec::new();
        while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
            waiting.push(stream);
        }
        Self {
            address,
            _listener: listener,
            _waiting: waiting,
        }
    }
}

/// A run's text with the test's own ports named.
fn run(bench: &Bench, line: &str, address: &str) -> String {
    bench.run(line).replace(address, "ADDRESS")
}

#[test]
fn aws_that_takes_no_connection_is_told() {
    let (mut bench, full) = (Bench::new().impatient(), Full::new());
    let address = full.address.to_string();
    bench.set("AWS_ENDPOINT_URL", &format!("http://{address}"));
    assert_snapshot!(run(&bench, LIST, &address), @"
    [stderr]
    error: cannot reach AWS for cloudformation:DescribeStacks: no answer within 12s
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
}

#[test]
fn aws_that_says_nothing_to_tls_is_told() {
    let (mut bench, (_listener, address)) = (Bench::new().impatient(), silent());
    bench.set("AWS_ENDPOINT_URL", &format!("https://{address}"));
    assert_snapshot!(run(&bench, LIST, &address), @"
    [stderr]
    error: cannot reach AWS for cloudformation:DescribeStacks: no answer within 12s
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
}

#[test]
fn aws_that_does_not_answer_is_told() {
    let bench = Bench::new().impatient();
    bench.sandbox.fault("cloudformation DescribeStacks hang");
    assert_snapshot!(bench.run(LIST), @"
    [stderr]
    error: cannot reach AWS for cloudformation:DescribeStacks: no answer within 12s
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
}

#[test]
fn aws_behind_a_proxy_that_fails_is_told() {
    let mut bench = Bench::new().impatient();
    bench.set("AWS_ENDPOINT_URL", "https://aws.example.com");
    assert_snapshot!(bench.run(LIST), @"
    [stderr]
    error: cannot reach AWS for cloudformation:DescribeStacks: the proxy could not reach the host
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
    bench.set("HTTPS_PROXY", "http://127.0.0.1:1");
    assert_snapshot!(bench.run(LIST), @"
    [stderr]
    error: cannot reach AWS for cloudformation:DescribeStacks: the proxy cannot be reached: Connection refused (os error 111)
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
    let (_listener, address) = silent();
    bench.set("HTTPS_PROXY", &format!("http://{address}"));
    assert_snapshot!(run(&bench, LIST, &address), @"
    [stderr]
    error: cannot reach AWS for cloudformation:DescribeStacks: no answer within 12s
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
}

#[test]
fn an_issuer_that_takes_no_connection_is_told() {
    let (bench, full) = (Bench::new().impatient(), Full::new());
    let address = full.address.to_string();
    let line = format!("thumbprint --issuer-url https://{address}");
    assert_snapshot!(run(&bench, &line, &address), @"
    [stderr]
    error: cannot reach the issuer's host 127.0.0.1: no connection within 2s
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
}

#[test]
fn an_issuer_that_says_nothing_to_tls_is_told() {
    let (bench, (_listener, address)) = (Bench::new().impatient(), silent());
    let line = format!("thumbprint --issuer-url https://{address}");
    assert_snapshot!(run(&bench, &line, &address), @"
    [stderr]
    error: cannot reach the issuer's host 127.0.0.1: no answer within 4s
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
}

#[test]
fn an_issuer_that_does_not_answer_is_told() {
    let bench = Bench::new().impatient();
    bench.sandbox.fault("issuer * hang");
    assert_snapshot!(bench.run("thumbprint --cluster demo"), @"
    [stderr]
    error: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com: no answer within 4s
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
}

#[test]
fn an_issuer_behind_a_proxy_that_says_nothing_is_told() {
    let (mut bench, (_listener, address)) = (Bench::new().impatient(), silent());
    bench.set("HTTPS_PROXY", &format!("http://{address}"));
    assert_snapshot!(run(&bench, "thumbprint --cluster demo", &address), @"
    [stderr]
    error: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com: no answer within 4s
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
}

#[test]
fn an_issuer_behind_a_proxy_that_takes_no_connection_is_told() {
    let (mut bench, full) = (Bench::new().impatient(), Full::new());
    let address = full.address.to_string();
    bench.set("HTTPS_PROXY", &format!("http://{address}"));
    assert_snapshot!(run(&bench, "thumbprint --cluster demo", &address), @"
    [stderr]
    error: cannot reach the proxy ADDRESS on the way to oidc.eks.eu-west-1.amazonaws.com: no connection within 2s
    hint: check HTTPS_PROXY and NO_PROXY: without them irsactl goes directly
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
}

#[test]
fn a_proxy_that_is_not_there_is_no_private_network() {
    let mut bench = Bench::new().impatient();
    bench.set("HTTPS_PROXY", "http://127.0.0.1:1");
    assert_snapshot!(bench.run(ASSOCIATE), @"
    [stderr]
    error: cannot reach the proxy 127.0.0.1:1 on the way to oidc.eks.eu-west-1.amazonaws.com: Connection refused (os error 111)
    hint: check HTTPS_PROXY and NO_PROXY: without them irsactl goes directly
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
    assert!(bench.account(|account| account.providers.is_empty()));
    let without_reading = format!("{ASSOCIATE} --no-thumbprint");
    assert!(bench.run(&without_reading).ends_with("[exit 0]\n"));
}

/// A kubeconfig whose server is at that address.
fn kubeconfig(bench: &Bench, address: &str) -> String {
    let text = bench.sandbox.world().kubeconfig("demo");
    let host = bench.sandbox.world().clusters[0].endpoint_host.clone();
    bench.file("kubeconfig", &text.replace(&host, address));
    format!("{} --kubeconfig ~/kubeconfig", create())
}

#[test]
fn a_kubernetes_that_takes_no_connection_is_told() {
    let (bench, full) = (Bench::associated().impatient(), Full::new());
    let address = full.address.to_string();
    let line = kubeconfig(&bench, &address);
    assert_snapshot!(run(&bench, &line, &address), @r#"
    [stderr]
    error: cannot read service account default/s3-reader: cluster "demo": no connection within 2s
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
}

#[test]
fn a_kubernetes_that_says_nothing_to_tls_is_told() {
    let (bench, (_listener, address)) = (Bench::associated().impatient(), silent());
    let line = kubeconfig(&bench, &address);
    assert_snapshot!(run(&bench, &line, &address), @r#"
    [stderr]
    error: cannot read service account default/s3-reader: cluster "demo": no connection within 2s
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
}

#[test]
fn a_kubernetes_that_does_not_answer_is_told() {
    let bench = made().impatient();
    bench.sandbox.fault("kubernetes * hang");
    assert_snapshot!(bench.run(DELETE), @r#"
    [stderr]
    error: cannot read service account default/s3-reader: cluster "demo": no answer within 2s
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
}

#[test]
fn a_kubernetes_behind_a_proxy_that_fails_is_told() {
    let mut bench = made().impatient();
    bench.set("HTTPS_PROXY", "http://127.0.0.1:1");
    assert_snapshot!(bench.run(DELETE), @r#"
    [stderr]
    error: cannot read service account default/s3-reader: cluster "demo": the proxy cannot be reached: Connection refused (os error 111)
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    let (_listener, address) = silent();
    bench.set("HTTPS_PROXY", &format!("http://{address}"));
    assert_snapshot!(run(&bench, DELETE, &address), @r#"
    [stderr]
    error: cannot read service account default/s3-reader: cluster "demo": no connection within 2s
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
}

#[test]
fn all_that_a_run_waits_for_shares_its_limit() {
    let bench = Bench::slow(u32::MAX);
    let accounts = ["first", "second"].map(|name| fleet::with_policy("default", name, S3));
    fleet::file(&bench, &accounts);
    assert_snapshot!(bench.run("create iamserviceaccount -f ~/cluster.yaml --parallel 1 --timeout 4s --approve"), @r#"
    [stdout]
    NAMESPACE   NAME     STATUS   ROLE ARN
    default     first    failed
    default     second   failed
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: the creation of stack "eksctl-demo-addon-iamserviceaccount-default-first" did not end within 4s
    error: did not begin to create stack eksctl-demo-addon-iamserviceaccount-default-second within 4s
    hint: what was begun goes on by itself: the same command again goes on from there; `--timeout 1h` waits longer
    [exit 1]
    "#);
}

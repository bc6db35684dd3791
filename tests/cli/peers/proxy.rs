//! The proxy: silent, garbled, without end. The same for the issuer, AWS and Kubernetes.

use std::io::Write;
use std::net::TcpStream;

use super::{peer, pour};
use crate::support::{Bench, S3};

const EKS_HOST: &str = "AWS for eks:DescribeCluster";

/// What the three say that go through the proxy: issuer, AWS, Kubernetes.
fn told(answer: fn(TcpStream)) -> [String; 3] {
    let proxy = format!("http://{}", peer(answer));
    let mut bench = Bench::new().impatient();
    bench.set("HTTPS_PROXY", &proxy);
    let error = |bench: &Bench, line: &str| {
        let result = bench.run_bounded(line);
        assert!(result.ends_with("[exit 1]\n"), "{result}");
        let line = result.lines().find(|line| line.starts_with("error: "));
        line.expect("an error")
            .replace(&proxy["http://".len()..], "PROXY")
    };
    let issuer = error(&bench, "thumbprint --issuer-url https://oidc.example.com");
    let kubernetes = error(
        &bench,
        &format!("create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --approve"),
    );
    bench.set("AWS_ENDPOINT_URL", "");
    let aws = error(&bench, "thumbprint --cluster demo");
    assert!(aws.contains(EKS_HOST), "{aws}");
    [issuer, aws, kubernetes]
}

#[test]
fn a_proxy_that_never_answers_is_not_waited_for() {
    let silent = told(|stream| {
        let _ = (&stream).flush();
        std::thread::park();
    });
    insta::assert_snapshot!(silent.join("\n"), @r#"
    error: cannot reach the issuer's host oidc.example.com: no answer within 4s
    error: cannot reach AWS for eks:DescribeCluster: no answer within 12s
    error: cannot read service account default/a: cluster "demo": no connection within 2s
    "#);
}

#[test]
fn a_proxy_that_answers_garbage_is_told() {
    let garbled = told(|mut stream| {
        let _ = stream.write_all(b"\x00\x01 nonsense \xff\r\n\r\n");
    });
    insta::assert_snapshot!(garbled.join("\n"), @r#"
    error: cannot reach the issuer's host oidc.example.com: proxy PROXY answers "\u{0}\u{1} nonsense �"
    error: cannot reach AWS for eks:DescribeCluster: the proxy could not reach the host
    error: cannot read service account default/a: cluster "demo": the proxy could not reach the host
    "#);
}

#[test]
fn a_proxy_that_answers_without_end_is_told() {
    let endless = told(|stream| pour(stream, &[b'x'; 65_536]));
    insta::assert_snapshot!(endless.join("\n"), @r#"
    error: cannot reach the issuer's host oidc.example.com: proxy PROXY: its answer does not end
    error: cannot reach AWS for eks:DescribeCluster: the proxy could not reach the host
    error: cannot read service account default/a: cluster "demo": the proxy could not reach the host
    "#);
    let endless = told(|mut stream| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n");
        pour(stream, b"x: y\r\n");
    });
    insta::assert_snapshot!(endless.join("\n"), @r#"
    error: cannot reach the issuer's host oidc.example.com: proxy PROXY: its answer does not end
    error: cannot reach AWS for eks:DescribeCluster: the proxy could not reach the host
    error: cannot read service account default/a: cluster "demo": the proxy could not reach the host
    "#);
}

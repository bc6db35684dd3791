//! Proxies. Which one a connection has is tested in `src/proxy/tests.rs`, beside Go's own table.

use insta::assert_snapshot;

use super::LIST;
use crate::support::{Bench, S3};

fn thumbprint(bench: &Bench) -> String {
    let issuer = bench.sandbox.world().clusters[0]
        .issuer
        .clone()
        .expect("an issuer");
    bench.run(&format!("thumbprint --issuer-url {issuer}"))
}

#[test]
fn a_proxy_that_is_no_url_is_refused_by_every_connection_and_not_shown() {
    let mut all = Vec::new();
    for value in [
        "http://CORP\\user:s3cret@",
        "http://user:hunt@er2/x@",
        "http:/user:s3cret@",
    ] {
        let mut bench = Bench::new();
        let port = bench.sandbox.proxy_port();
        bench.set("HTTPS_PROXY", &format!("{value}127.0.0.1:{port}"));
        let told = thumbprint(&bench);
        assert_eq!(bench.run(LIST), told);
        bench.set("AWS_ENDPOINT_URL", "");
        assert_eq!(bench.run(LIST), told);
        assert_eq!(bench.calls(), "");
        all.push(told);
    }
    all.dedup();
    assert_snapshot!(all.concat(), @"
    [stderr]
    error: HTTPS_PROXY is no URL of a proxy, such as http://HOST:PORT: percent-encode all but letters and digits of user and password
    [exit 2]
    ");
}

#[test]
fn an_empty_proxy_variable_does_not_hide_the_other() {
    let mut bench = Bench::new();
    let proxy = format!("http://127.0.0.1:{}", bench.sandbox.proxy_port());
    bench.set_empty("HTTPS_PROXY");
    bench.set("https_proxy", &proxy);
    let told = thumbprint(&bench);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    bench.set("AWS_ENDPOINT_URL", "");
    let told = bench.run(LIST);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

/// A plan that reads the ServiceAccount through a kubeconfig with such a proxy.
fn through(bench: &Bench, proxy: &str) -> String {
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let with_proxy = format!("  cluster:\n    proxy-url: {proxy}\n");
    let kubeconfig = kubeconfig.replacen("  cluster:\n", &with_proxy, 1);
    bench.file("kubeconfig", &kubeconfig);
    bench.run(&format!(
        "create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --dry-run --kubeconfig ~/kubeconfig"
    ))
}

#[test]
fn a_kubeconfigs_proxy_outranks_no_proxy() {
    let mut bench = Bench::associated();
    let proxy = format!("http://127.0.0.1:{}", bench.sandbox.proxy_port());
    bench.set("HTTPS_PROXY", "");
    bench.set("NO_PROXY", "*");
    let told = through(&bench, &proxy);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_snapshot!(through(&bench, "http://127.0.0.1:1"), @r#"
    [stderr]
    error: cannot read service account default/a: cluster "demo": the proxy cannot be reached: Connection refused (os error 111)
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
}

#[test]
fn a_kubeconfigs_proxy_is_a_url() {
    let bench = Bench::associated();
    assert_snapshot!(through(&bench, "http://user:s3cret@["), @r#"
    [stderr]
    error: cannot use the kubeconfig: proxy-url of cluster "demo" in "~/kubeconfig" is no URL of a proxy, such as http://HOST:PORT: percent-encode all but letters and digits of user and password
    hint: check it: `kubectl config view --minify --kubeconfig ~/kubeconfig`
    [exit 1]
    "#);
    assert_snapshot!(through(&bench, "https://user:s3cret@proxy"), @r#"
    [stderr]
    error: cannot use the kubeconfig: proxy-url of cluster "demo" in "~/kubeconfig": the proxy https://proxy:443 is not of the kinds http:// and socks5://, by which Kubernetes is reached
    hint: check it: `kubectl config view --minify --kubeconfig ~/kubeconfig`
    [exit 1]
    "#);
}

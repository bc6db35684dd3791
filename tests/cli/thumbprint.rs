//! `thumbprint`: what the servers send, and which certificate counts; compared with openssl.

use std::io::Write;
use std::process::{Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use insta::assert_snapshot;

use crate::sandbox::Chain;
use crate::support::Bench;

/// The host of the issuer of "demo".
const HOST: &str = "oidc.eks.eu-west-1.amazonaws.com";
const OWN: &str = "oidc.example.com";
const ISSUER: &str = "thumbprint --issuer-url https://oidc.example.com";

/// An issuer of one's own that sends that chain.
fn with_chain(chain: Chain) -> Bench {
    let bench = Bench::new();
    bench.sandbox.world().add_issuer(OWN, "", chain);
    bench
}

/// The certificates that a host sends as one PEM text.
fn pem(bench: &Bench, host: &str) -> String {
    let chain = bench.sandbox.world().chain_of(host);
    chain.iter().map(|der| pem_of(der)).collect()
}

fn pem_of(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<String> = text
        .as_bytes()
        .chunks(64)
        .map(|line| String::from_utf8_lossy(line).into_owned())
        .collect();
    format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        lines.join("\n")
    )
}

/// What openssl says a certificate's SHA-1 is, in irsactl's form.
fn openssl_sha1(der: &[u8]) -> String {
    let mut child = Command::new("openssl")
        .args(["x509", "-inform", "DER", "-noout", "-fingerprint", "-sha1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("openssl: apt-get install openssl");
    child
        .stdin
        .take()
        .expect("stdin")
        .write_all(der)
        .expect("openssl reads");
    let output = child.wait_with_output().expect("openssl ends");
    let text = String::from_utf8_lossy(&output.stdout);
    let (_, hex) = text.trim().split_once('=').expect("NAME=FINGERPRINT");
    hex.replace(':', "").to_lowercase()
}

#[test]
fn the_issuer_of_a_cluster_is_looked_up_at_eks() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("thumbprint --cluster demo"), @"
    [stdout]
    2@oidc.eks.eu-west-1.amazonaws.com------
    [exit 0]
    ");
    assert_snapshot!(bench.calls(), @"
    eks DescribeCluster
    issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration
    ");
}

#[test]
fn an_issuer_needs_no_aws_at_all() {
    let mut bench = with_chain(Chain::Public);
    for variable in ["AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] {
        bench.set(variable, "");
    }
    assert_snapshot!(bench.run(ISSUER), @"
    [stdout]
    2@oidc.example.com----------------------
    [exit 0]
    ");
    assert_snapshot!(bench.calls(), @"issuer /.well-known/openid-configuration");
}

#[test]
fn the_thumbprint_is_what_openssl_says_of_the_last_certificate() {
    for chain in [
        Chain::Public,
        Chain::WithRoot,
        Chain::TwoIntermediates,
        Chain::OutOfOrder,
    ] {
        let bench = with_chain(chain.clone());
        let sent = bench.sandbox.world().chain_of(OWN);
        let sha1 = openssl_sha1(sent.last().expect("a certificate"));
        let text = bench.command().args(ISSUER.split(' ')).output();
        let text = String::from_utf8(text.expect("irsactl runs").stdout).expect("text");
        assert_eq!(text.lines().next(), Some(sha1.as_str()), "{chain:?}");
    }
}

#[test]
fn wide_shows_every_certificate_and_which_one_counts() {
    let bench = with_chain(Chain::TwoIntermediates);
    assert_snapshot!(bench.run(&format!("{ISSUER} -o wide")), @"
    [stdout]
    HOST               SHA-1                                      COUNTS                      NOT BEFORE             NOT AFTER              SUBJECT                                          ISSUER
    oidc.example.com   1@oidc.example.com----------------------   no                          2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=oidc.example.com                              CN=Sandbox Issuing CA of oidc.example.com
    oidc.example.com   2@oidc.example.com----------------------   no                          2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=Sandbox Issuing CA of oidc.example.com        CN=Sandbox Intermediate CA of oidc.example.com
    oidc.example.com   3@oidc.example.com----------------------   the last certificate sent   2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=Sandbox Intermediate CA of oidc.example.com   CN=Sandbox Public Root CA
    [exit 0]
    ");
}

#[test]
fn json_shows_every_certificate() {
    let bench = with_chain(Chain::Public);
    assert_snapshot!(bench.run(&format!("{ISSUER} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Thumbprint",
        "thumbprints": [
            "2@oidc.example.com----------------------"
        ],
        "chains": [
            {
                "host": "oidc.example.com",
                "certificates": [
                    {
                        "subject": "CN=oidc.example.com",
                        "issuer": "CN=Sandbox Intermediate CA of oidc.example.com",
                        "notBefore": "2020-01-01T00:00:00Z",
                        "notAfter": "2050-01-01T00:00:00Z",
                        "sha1": "1@oidc.example.com----------------------"
                    },
                    {
                        "subject": "CN=Sandbox Intermediate CA of oidc.example.com",
                        "issuer": "CN=Sandbox Public Root CA",
                        "notBefore": "2020-01-01T00:00:00Z",
                        "notAfter": "2050-01-01T00:00:00Z",
                        "sha1": "2@oidc.example.com----------------------",
                        "counts": "the last certificate sent"
                    }
                ]
            }
        ]
    }
    [exit 0]
    "#);
}

#[test]
fn yaml_shows_every_certificate() {
    let bench = with_chain(Chain::Public);
    assert_snapshot!(bench.run(&format!("{ISSUER} -o yaml")), @r#"
    [stdout]
    apiVersion: irsactl/v1
    kind: Thumbprint
    thumbprints:
    - 2@oidc.example.com----------------------
    chains:
    - host: oidc.example.com
      certificates:
      - subject: CN=oidc.example.com
        issuer: CN=Sandbox Intermediate CA of oidc.example.com
        notBefore: "2020-01-01T00:00:00Z"
        notAfter: "2050-01-01T00:00:00Z"
        sha1: 1@oidc.example.com----------------------
      - subject: CN=Sandbox Intermediate CA of oidc.example.com
        issuer: CN=Sandbox Public Root CA
        notBefore: "2020-01-01T00:00:00Z"
        notAfter: "2050-01-01T00:00:00Z"
        sha1: 2@oidc.example.com----------------------
        counts: the last certificate sent
    [exit 0]
    "#);
}

#[test]
fn name_is_the_bare_thumbprint() {
    let bench = with_chain(Chain::WithRoot);
    assert_snapshot!(bench.run(&format!("{ISSUER} -o name")), @"
    [stdout]
    3@oidc.example.com----------------------
    [exit 0]
    ");
}

#[test]
fn a_chain_out_of_order_has_two_thumbprints_and_a_warning() {
    let bench = with_chain(Chain::OutOfOrder);
    assert_snapshot!(bench.run(ISSUER), @"
    [stdout]
    3@oidc.example.com----------------------
    2@oidc.example.com----------------------
    [stderr]
    warning: oidc.example.com sends its certificates out of order: the last one and the top of the path are both used
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{ISSUER} -o wide -q")), @"
    [stdout]
    HOST               SHA-1                                      COUNTS                                        NOT BEFORE             NOT AFTER              SUBJECT                                          ISSUER
    oidc.example.com   1@oidc.example.com----------------------   no                                            2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=oidc.example.com                              CN=Sandbox Issuing CA of oidc.example.com
    oidc.example.com   2@oidc.example.com----------------------   the top of the path that begins at the leaf   2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=Sandbox Intermediate CA of oidc.example.com   CN=Sandbox Public Root CA
    oidc.example.com   3@oidc.example.com----------------------   the last certificate sent                     2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=Sandbox Issuing CA of oidc.example.com        CN=Sandbox Intermediate CA of oidc.example.com
    [exit 0]
    ");
}

#[test]
fn keys_on_another_host_add_its_thumbprint() {
    let bench = with_chain(Chain::Public);
    bench.sandbox.world().set_keys_address(
        "https://oidc.example.com",
        "https://keys.example.com/jwks?v=1",
    );
    assert_snapshot!(bench.run(&format!("{ISSUER} -o wide")), @"
    [stdout]
    HOST               SHA-1                                      COUNTS                      NOT BEFORE             NOT AFTER              SUBJECT                                          ISSUER
    oidc.example.com   1@oidc.example.com----------------------   no                          2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=oidc.example.com                              CN=Sandbox Intermediate CA of oidc.example.com
    oidc.example.com   2@oidc.example.com----------------------   the last certificate sent   2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=Sandbox Intermediate CA of oidc.example.com   CN=Sandbox Public Root CA
    keys.example.com   1@keys.example.com----------------------   no                          2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=keys.example.com                              CN=Sandbox Intermediate CA of keys.example.com
    keys.example.com   2@keys.example.com----------------------   the last certificate sent   2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=Sandbox Intermediate CA of keys.example.com   CN=Sandbox Public Root CA
    [exit 0]
    ");
}

#[test]
fn untrusted_chains_are_refused() {
    for (chain, reason) in [
        (Chain::UnknownAuthority, "authority is unknown"),
        (Chain::SelfSigned, "authority is unknown"),
        (Chain::Expired, "it has expired"),
        (Chain::WrongHost, "it is of another host"),
    ] {
        let bench = with_chain(chain.clone());
        let text = bench.run(ISSUER);
        assert!(text.contains(reason), "{chain:?}: {text}");
        assert!(!text.contains("[stdout]"), "{chain:?}: {text}");
        assert!(text.ends_with("[exit 1]\n"), "{chain:?}: {text}");
    }
}

#[test]
fn an_unreachable_issuer_is_a_failure_though_it_is_of_eks() {
    let bench = Bench::new();
    bench.sandbox.world().unreachable.push(HOST.to_owned());
    assert_snapshot!(bench.run("thumbprint --cluster demo"), @r#"
    [stderr]
    error: cannot reach the issuer's host oidc.eks.eu-west-1.amazonaws.com: proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
}

#[test]
fn another_port_than_443_is_used() {
    let bench = with_chain(Chain::Public);
    assert_snapshot!(bench.run(&format!("{ISSUER}:8443")), @r#"
    [stderr]
    error: cannot reach the issuer's host oidc.example.com: proxy 127.0.0.1:HTTPS_PROXY answers "HTTP/1.1 502 Bad Gateway"
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    "#);
    assert_eq!(bench.sandbox.world().connections, [OWN]);
}

#[test]
fn a_file_of_certificates_needs_no_network() {
    let bench = with_chain(Chain::TwoIntermediates);
    bench.file("chain.pem", &pem(&bench, OWN));
    assert_snapshot!(bench.run("thumbprint --pem chain.pem"), @"
    [stdout]
    3@oidc.example.com----------------------
    [exit 0]
    ");
    assert_snapshot!(bench.run("thumbprint --pem chain.pem -o wide"), @"
    [stdout]
    HOST        SHA-1                                      COUNTS                      NOT BEFORE             NOT AFTER              SUBJECT                                          ISSUER
    chain.pem   1@oidc.example.com----------------------   no                          2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=oidc.example.com                              CN=Sandbox Issuing CA of oidc.example.com
    chain.pem   2@oidc.example.com----------------------   no                          2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=Sandbox Issuing CA of oidc.example.com        CN=Sandbox Intermediate CA of oidc.example.com
    chain.pem   3@oidc.example.com----------------------   the last certificate sent   2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=Sandbox Intermediate CA of oidc.example.com   CN=Sandbox Public Root CA
    [exit 0]
    ");
    assert_eq!(bench.calls(), "");
    assert_eq!(bench.sandbox.world().connections, [] as [String; 0]);
}

#[test]
fn certificates_are_read_from_stdin() {
    let bench = with_chain(Chain::Public);
    let sent = format!(
        "CONNECTED(00000003)\n{}---\nServer certificate\n",
        pem(&bench, OWN)
    );
    assert_snapshot!(bench.run_with("thumbprint --pem -", &sent), @"
    [stdout]
    2@oidc.example.com----------------------
    [exit 0]
    ");
    assert_snapshot!(bench.run_with("thumbprint --pem - -o json", &sent), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Thumbprint",
        "thumbprints": [
            "2@oidc.example.com----------------------"
        ],
        "chains": [
            {
                "host": "stdin",
                "certificates": [
                    {
                        "subject": "CN=oidc.example.com",
                        "issuer": "CN=Sandbox Intermediate CA of oidc.example.com",
                        "notBefore": "2020-01-01T00:00:00Z",
                        "notAfter": "2050-01-01T00:00:00Z",
                        "sha1": "1@oidc.example.com----------------------"
                    },
                    {
                        "subject": "CN=Sandbox Intermediate CA of oidc.example.com",
                        "issuer": "CN=Sandbox Public Root CA",
                        "notBefore": "2020-01-01T00:00:00Z",
                        "notAfter": "2050-01-01T00:00:00Z",
                        "sha1": "2@oidc.example.com----------------------",
                        "counts": "the last certificate sent"
                    }
                ]
            }
        ]
    }
    [exit 0]
    "#);
}

#[test]
fn one_certificate_is_its_own_top() {
    let bench = with_chain(Chain::SelfSigned);
    let text = pem(&bench, OWN);
    assert_snapshot!(bench.run_with("thumbprint --pem - -o wide", &text), @"
    [stdout]
    HOST    SHA-1                                      COUNTS                      NOT BEFORE             NOT AFTER              SUBJECT               ISSUER
    stdin   1@oidc.example.com----------------------   the only certificate sent   2020-01-01T00:00:00Z   2050-01-01T00:00:00Z   CN=oidc.example.com   CN=oidc.example.com
    [exit 0]
    ");
}

#[test]
fn a_file_that_holds_no_certificate_is_refused() {
    let bench = Bench::new();
    bench.file("empty.pem", "");
    bench.file("text.pem", "hello\n");
    bench.file(
        "key.pem",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
    );
    bench.file("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n");
    bench.file(
        "junk.pem",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    );
    assert_snapshot!(bench.run("thumbprint --pem ~/empty.pem"), @r#"
    [stderr]
    error: cannot read "~/empty.pem": it holds no PEM certificate
    [exit 2]
    "#);
    assert_snapshot!(bench.run("thumbprint --pem ~/text.pem"), @r#"
    [stderr]
    error: cannot read "~/text.pem": it holds no PEM certificate
    [exit 2]
    "#);
    assert_snapshot!(bench.run("thumbprint --pem ~/key.pem"), @r#"
    [stderr]
    error: cannot read "~/key.pem": it holds no PEM certificate
    [exit 2]
    "#);
    assert_snapshot!(bench.run("thumbprint --pem ~/cut.pem"), @r#"
    [stderr]
    error: cannot read "~/cut.pem": its PEM is cut off or damaged
    [exit 2]
    "#);
    assert_snapshot!(bench.run("thumbprint --pem ~/junk.pem"), @r#"
    [stderr]
    error: cannot read "~/junk.pem": certificate 1 is no X.509 certificate
    [exit 2]
    "#);
    assert_snapshot!(bench.run("thumbprint --pem -"), @"
    [stderr]
    error: cannot read stdin: it holds no PEM certificate
    [exit 2]
    ");
}

#[test]
fn a_missing_file_is_named() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("thumbprint --pem ~/missing.pem"), @r#"
    [stderr]
    error: cannot read "~/missing.pem": No such file or directory (os error 2)
    [exit 2]
    "#);
    assert_snapshot!(bench.run("thumbprint --pem ~/"), @r#"
    [stderr]
    error: cannot read "~/": Is a directory (os error 21)
    [exit 2]
    "#);
}

#[test]
fn one_source_is_wanted() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("thumbprint"), @"
    [stderr]
    error: the following required arguments were not provided:
      <--cluster <NAME>|--issuer-url <URL>|--pem <FILE>>

    Usage: irsactl thumbprint <--cluster <NAME>|--issuer-url <URL>|--pem <FILE>>

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(bench.run("thumbprint --cluster demo --pem -"), @"
    [stderr]
    error: the argument '--cluster <NAME>' cannot be used with '--pem <FILE>'

    Usage: irsactl thumbprint <--cluster <NAME>|--issuer-url <URL>|--pem <FILE>>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn a_missing_region_is_told_where_a_cluster_is_asked() {
    let mut bench = Bench::new();
    bench.set("AWS_REGION", "");
    bench.set("AWS_DEFAULT_REGION", "");
    assert_snapshot!(bench.run("thumbprint --cluster demo"), @"
    [stderr]
    error: no AWS region is set
    hint: name it: `--region eu-west-1`, `export AWS_REGION=eu-west-1`, or `aws configure set region eu-west-1`
    [exit 2]
    ");
}

//! Secrets: keys, sessions, tokens, passwords, plugins' output. Every run of every test is looked
//! through for them (`support.rs`); here are the runs that come closest to printing one.

mod proofs;

use crate::sandbox::{Access, Effect, Fault, Impostor, Kind, Speech};
use crate::support::{Bench, S3, assert_no_secret};

const GET: &str = "get iamserviceaccount --cluster demo -o wide";
/// It looks at Kubernetes in any case.
const PLAN: &str = "create iamserviceaccount a --cluster demo --well-known-policy externalDNS --associate-oidc-provider";

/// With the account that the flags make, otherwise, and one more.
const CLUSTER: &str = "
apiVersion: eksctl.io/v1alpha5
kind: ClusterConfig
metadata: {name: demo, region: eu-west-1}
iam:
  withOIDC: true
  serviceAccounts:
  - metadata: {name: a}
    wellKnownPolicies: {autoScaler: true}
  - metadata: {name: b}
    attachPolicy: {Version: '2012-10-17', Statement: [{Effect: Allow, Action: 's3:*', Resource: '*'}]}
";

/// Every command that makes calls, and `render`.
fn commands() -> [String; 12] {
    [
        "associate-oidc-provider --cluster demo --approve".to_owned(),
        format!("create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --approve"),
        "verify default/a --cluster demo --can s3:GetObject".to_owned(),
        GET.to_owned(),
        "apply -f ~/cluster.yaml --prune --repair-drift --approve".to_owned(),
        format!("update iamserviceaccount a --cluster demo --attach-policy-arn {S3} --approve"),
        "export --cluster demo".to_owned(),
        "render -f ~/cluster.yaml --account-id 111122223333 --issuer-url https://example.com"
            .to_owned(),
        "thumbprint --cluster demo -o json".to_owned(),
        "delete iamserviceaccount a --cluster demo".to_owned(),
        "delete iamserviceaccount -f ~/cluster.yaml --approve".to_owned(),
        "disassociate-oidc-provider --cluster demo --approve".to_owned(),
    ]
}

/// A session of a role, and the most that can be asked of the log.
fn loud() -> Bench {
    let mut bench = Bench::new();
    let (key, token) = bench.sandbox.world().add_session();
    bench.set("AWS_ACCESS_KEY_ID", &key);
    bench.set("AWS_SESSION_TOKEN", &token);
    bench.set("IRSACTL_LOG", "trace");
    bench.file("cluster.yaml", CLUSTER);
    bench
}

/// Runs every command; what they printed together.
fn run_all(bench: &Bench) -> String {
    let run = |line: &String| bench.run(&format!("{line} -vvv"));
    commands().iter().map(run).collect()
}

/// Something goes wrong for every command, and each of the signs is among what they tell.
fn assert_told(bench: &Bench, signs: &[&str]) {
    let printed = run_all(bench);
    for sign in signs {
        assert!(printed.contains(sign), "no \"{sign}\" in {printed}");
    }
}

#[test]
#[should_panic(expected = "printed the secret k8s-aws-v1.")]
fn a_printed_secret_is_found() {
    assert_no_secret(b"one line\nthe token k8s-aws-v1.aHR0\n");
}

#[test]
fn a_session_is_used_and_not_shown() {
    let bench = loud();
    let printed = run_all(&bench);
    assert_eq!(printed.matches("[exit 0]").count(), 12, "{printed}");
    assert!(printed.contains("CreateStack: 200"), "{printed}");
}

#[test]
fn a_session_that_has_expired_is_not_shown() {
    let mut bench = loud();
    bench.set("AWS_SESSION_TOKEN", "expired");
    assert_told(&bench, &["ExpiredToken", "[exit 4]"]);
}

#[test]
fn a_session_that_is_unknown_is_not_shown() {
    let mut bench = loud();
    bench.set("AWS_SESSION_TOKEN", "s3cret");
    assert_told(&bench, &["InvalidClientTokenId", "[exit 4]"]);
}

#[test]
fn a_key_without_its_secret_is_not_shown() {
    let mut bench = loud();
    bench.set("AWS_SECRET_ACCESS_KEY", "");
    assert_told(&bench, &["no usable AWS credentials", "[exit 4]"]);
}

#[test]
fn denied_calls_show_no_secret() {
    let bench = loud();
    bench.sandbox.fault("* * deny");
    assert_told(&bench, &["not allowed to call eks:DescribeCluster"]);
}

#[test]
fn garbled_answers_show_no_secret() {
    let bench = loud();
    bench.sandbox.fault("* * garbage");
    assert_told(&bench, &["something else answers there"]);
}

#[test]
fn an_unknown_identity_shows_no_token() {
    let bench = loud();
    bench.sandbox.world().api("demo").access = Access::Nobody;
    assert_told(&bench, &["401 Unauthorized"]);
}

#[test]
fn an_identity_without_rights_shows_no_token() {
    let bench = loud();
    bench.sandbox.world().api("demo").access = Access::NoRights;
    assert_told(&bench, &["is forbidden: User"]);
}

/// STS, IAM and CloudFormation answer a wrong signature with the request as they read it.
#[test]
fn a_refused_signature_is_told_without_the_request() {
    let bench = loud();
    let message = "The request signature we calculated does not match the signature you provided.\n\n\
                   The Canonical String for this request should have been\n'POST\n/\n\nhost:iam.amazonaws.com\n\
                   x-amz-security-token:s3cret\n\nThe String-to-Sign should have been\n'AWS4-HMAC-SHA256\n2026'";
    let effect = Effect::Error {
        status: 403,
        code: "SignatureDoesNotMatch".to_owned(),
        message: message.to_owned(),
    };
    let fault = Fault::new(None, None, Kind::Effect(effect));
    bench.sandbox.world().faults.push(fault);
    assert_told(
        &bench,
        &[
            "SignatureDoesNotMatch: The request signature we calculated does not match the signature you provided.",
        ],
    );
}

#[test]
fn an_incomplete_signature_is_told_without_itself() {
    let bench = loud();
    bench.sandbox.fault(
        "* * error 403 IncompleteSignature Authorization header requires 'Credential' parameter. \
         Authorization=AWS4-HMAC-SHA256 Signature=s3cret",
    );
    assert_told(&bench, &["requires 'Credential' parameter."]);
}

/// Error pages of proxies quote the request's headers.
#[test]
fn a_token_that_is_quoted_back_is_not_shown() {
    for body in [
        r#"{"kind":"Status","code":400,"message":"odd header Authorization: Bearer k8s-aws-v1.s3cret, sir"}"#,
        "<p>Authorization: Bearer s3cret</p>",
    ] {
        let bench = loud();
        let host = bench.sandbox.world().clusters[0].endpoint_host.clone();
        let answer = format!(
            "HTTP/1.1 400 Bad Request\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let quoting = Impostor::Tls(Speech::once(answer));
        bench.sandbox.impostor(&host, quoting);
        assert_told(&bench, &["Authorization: ", "[exit 1]"]);
    }
}

/// kube warns with the whole text of an answer that it cannot read.
#[test]
fn an_answer_that_cannot_be_read_is_not_logged() {
    let bench = loud();
    let host = bench.sandbox.world().clusters[0].endpoint_host.clone();
    let answer = "HTTP/1.1 200 OK\r\ncontent-length: 20\r\n\r\n{\"status\": \"s3cret\" ";
    let odd = Impostor::Tls(Speech::once(answer));
    bench.sandbox.impostor(&host, odd);
    assert_told(&bench, &["something else answers there"]);
}

fn behind_password(password: &str) -> Bench {
    let mut bench = loud();
    bench.sandbox.world().proxy_credentials = Some("user:s3cret/@:".to_owned());
    let port = bench.sandbox.proxy_port();
    let address = format!("http://user:{password}@127.0.0.1:{port}");
    bench.set("HTTPS_PROXY", &address);
    bench
}

#[test]
fn a_proxys_password_is_used_for_issuer_kubernetes_and_aws() {
    let mut bench = behind_password("s3cret%2F%40%3A");
    bench.set("AWS_ENDPOINT_URL", "");
    let printed = run_all(&bench);
    assert_eq!(printed.matches("[exit 0]").count(), 12, "{printed}");
}

#[test]
fn a_proxys_wrong_password_is_not_shown() {
    let bench = behind_password("s3cret");
    assert_told(&bench, &["407 Proxy Authentication Required"]);
}

/// No connection has read the variable: AWS is reached without a proxy, and what looks like a secret has
/// nothing to be known by.
#[test]
fn a_proxys_password_that_somebody_quotes_is_not_shown() {
    let mut bench = loud();
    bench.set("ALL_PROXY", "http://user:s3cret-of-the-proxy@127.0.0.1:1");
    let quoted = "400 ValidationError who says s3cret-of-the-proxy here?";
    bench.sandbox.fault(&format!("* * error {quoted}"));
    assert_told(&bench, &["who says … here?"]);
}

#[test]
fn the_password_of_a_proxy_that_cannot_be_used_is_not_shown() {
    for proxy in [
        "http://user:s3cret@127.0.0.1:1",
        "https://user:s3cret@127.0.0.1:1",
        "socks5://user:s3cret@127.0.0.1:1",
        "socks4://user:s3cret@127.0.0.1:1",
        "user:s3cret@127.0.0.1:1",
        "http://user:s3cret@ 1",
        "http://user:pa@s3cret/x@127.0.0.1:1",
        "http://user:pa#s3cret@127.0.0.1:1",
        "http://user:s3cret@[",
    ] {
        let mut bench = loud();
        bench.set("HTTPS_PROXY", proxy);
        run_all(&bench);
        bench.set("AWS_ENDPOINT_URL", "");
        run_all(&bench);
    }
}

/// A kubeconfig for "demo" whose user is this.
fn with_user(user: &str) -> Bench {
    let bench = loud();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let (head, _) = kubeconfig.split_once("    token:").expect("a token");
    bench.file("kubeconfig", &format!("{head}{user}\n"));
    bench
}

const WITH_KUBECONFIG: &str = "--kubeconfig ~/kubeconfig -vvv";

#[test]
fn tokens_and_keys_of_a_kubeconfig_are_not_shown() {
    for user in [
        "    token: s3cret",
        "    token: [s3cret]",
        "    token: {s3cret: s3cret}",
        "    token: \"s3cret\n  oops",
        "    username: me\n    password: s3cret",
        "    client-certificate-data: czNjcmV0\n    client-key-data: czNjcmV0",
        "    client-certificate-data: s3cret!\n    client-key-data: s3cret!",
        "    client-key-data: s3cret: s3cret",
    ] {
        let bench = with_user(user);
        let printed = bench.run(&format!("{PLAN} {WITH_KUBECONFIG}"));
        assert!(
            printed.contains("kubeconfig") || printed.contains("401"),
            "{user}: {printed}"
        );
        assert!(!printed.contains("czNjcmV0"), "{printed}");
    }
}

#[test]
fn a_broken_kubeconfig_is_told_by_the_place() {
    let bench = with_user("    token: {s3cret: s3cret}");
    let printed = bench.run(&format!("{PLAN} --kubeconfig ~/kubeconfig"));
    assert!(
        printed.contains("error: cannot use the kubeconfig: it is no kubeconfig: look at line "),
        "{printed}"
    );
}

#[test]
fn the_password_of_a_kubeconfigs_proxy_is_not_shown() {
    for proxy in ["socks4://user:s3cret@127.0.0.1:1", "http://user:s3cret@["] {
        let mut bench = loud();
        bench.set("NO_PROXY", "");
        bench.set("AWS_ENDPOINT_URL", "");
        let kubeconfig = bench.sandbox.world().kubeconfig("demo");
        let with_proxy = format!("  cluster:\n    proxy-url: {proxy}\n");
        bench.file(
            "kubeconfig",
            &kubeconfig.replacen("  cluster:\n", &with_proxy, 1),
        );
        let printed = bench.run(&format!("{PLAN} {WITH_KUBECONFIG}"));
        assert!(printed.contains("kubeconfig: "), "{proxy}: {printed}");
    }
}

#[test]
fn what_an_exec_plugin_prints_is_not_shown() {
    for script in [
        "echo s3cret",
        "echo s3cret; exit 3",
        "echo '{\"status\": {\"token\": {\"s3cret\": 1}}}'",
        "echo '{\"status\": {\"token\": \"s3cret\"}}'",
        "echo '{\"status\": {\"clientKeyData\": \"s3cret\"}}'",
        "echo '{\"status\": {\"clientKeyData\": \"s3cret\", \"clientCertificateData\": \"s3cret\"}}'",
    ] {
        let user = "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: sh\n      args:\n      - plugin";
        let bench = with_user(user);
        bench.file("plugin", script);
        let printed = bench.run(&format!("{PLAN} {WITH_KUBECONFIG}"));
        assert!(
            printed.contains("kubeconfig") || printed.contains("401"),
            "{script}: {printed}"
        );
    }
}

#[test]
fn what_a_credential_process_prints_is_not_shown() {
    for script in [
        "echo s3cret",
        "echo s3cret; exit 3",
        "echo '{\"Version\": 1, \"AccessKeyId\": \"AKIA111122223333\", \"SecretAccessKey\": [\"s3cret\"]}'",
        "echo '{\"Version\": 1, \"AccessKeyId\": \"AKIA1\", \"SecretAccessKey\": \"s3cret\", \"SessionToken\": \"s3cret\"}'",
    ] {
        let bench = loud();
        let script = bench.file("process", script);
        let profile = format!(
            "[profile p]\nregion = eu-west-1\ncredential_process = sh {}\n",
            script.display()
        );
        bench.file(".aws/config", &profile);
        let printed = bench.run(&format!("{GET} --profile p -vvv"));
        assert!(
            printed.contains("error: no usable AWS credentials: "),
            "{script:?}: {printed}"
        );
    }
}

/// Front ends and debug pages quote the whole request: each service in turn, at each level of the log.
#[test]
fn requests_that_are_quoted_back_show_no_secret() {
    for service in [
        "eks",
        "iam",
        "sts",
        "cloudformation",
        "kubernetes",
        "cloudtrail",
    ] {
        let bench = loud();
        let make = format!(
            "create iamserviceaccount a --cluster demo --associate-oidc-provider --attach-policy-arn {S3} --approve"
        );
        let made = bench.run(&make);
        assert!(made.ends_with("[exit 0]\n"), "{made}");
        bench.sandbox.fault(&format!(
            "{service} * error 503 ServiceUnavailable odd: {{request}}"
        ));
        let told = |line: &str| {
            let levels = ["-o json", "-vv", "-vvv -o yaml"];
            let runs = levels.map(|level| bench.run(&format!("{line} {level}")));
            runs.concat()
        };
        let printed = told("verify default/a --cluster demo")
            + &told("doctor --cluster demo default/a")
            + &told(PLAN);
        assert!(printed.contains("odd: "), "{service}: {printed}");
    }
}

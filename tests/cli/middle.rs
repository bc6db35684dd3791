//! Someone in the middle: certificates that are not the host's, and TLS that is too old. Told in a
//! sentence, at once, and before anything is said on the connection.

use insta::assert_snapshot;

use crate::sandbox::{Chain, Impostor, Speech};
use crate::support::{Bench, S3};

const ISSUER: &str = "oidc.eks.eu-west-1.amazonaws.com";
const IAM: &str = "iam.amazonaws.com";
const EKS: &str = "eks.eu-west-1.amazonaws.com";
const CLOUDFORMATION: &str = "cloudformation.eu-west-1.amazonaws.com";

/// A TLS 1.2 record with the alert `protocol_version` (RFC 5246, 7.2), as servers answer that speak
/// only what is older.
const TOO_NEW: [u8; 7] = [21, 3, 2, 0, 2, 2, 70];
/// A ServerHello of TLS 1.1 (RFC 4346, 7.4.1.3): version, 32 random bytes, no session, a cipher of its
/// time, no compression.
fn server_hello_1_1() -> Vec<u8> {
    let mut hello = vec![22, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2];
    hello.extend([7; 32]);
    hello.extend([0, 0, 0x2f, 0]);
    hello
}

/// All of AWS under its real names, through the proxy.
fn at_aws() -> Bench {
    let mut bench = Bench::new();
    bench.set("AWS_ENDPOINT_URL", "");
    bench
}

fn api_host(bench: &Bench) -> String {
    bench.sandbox.world().clusters[0].endpoint_host.clone()
}

/// It asks the issuer, three services of AWS and Kubernetes.
fn create() -> String {
    format!(
        "create iamserviceaccount a --cluster demo --attach-policy-arn {S3} --associate-oidc-provider --approve"
    )
}

/// The chains that must be refused, and how that is told.
fn refused() -> [(Impostor, &'static str); 6] {
    [
        (
            Impostor::Chain(Chain::UnknownAuthority),
            " is not trusted: ",
        ),
        (Impostor::Chain(Chain::SelfSigned), " is not trusted: "),
        (Impostor::Chain(Chain::Expired), "it has expired"),
        (Impostor::Chain(Chain::WrongHost), "it is of another host"),
        (
            Impostor::Raw(Speech::once(TOO_NEW)),
            "it does not speak TLS 1.2 or 1.3 as wanted here",
        ),
        (
            Impostor::Raw(Speech::once(server_hello_1_1())),
            "it does not speak TLS 1.2 or 1.3 as wanted here",
        ),
    ]
}

/// Whether a call of the log was made to that host.
fn is_to(host: &str, call: &str) -> bool {
    match call.split(' ').next().unwrap_or_default() {
        "kubernetes" => host.contains(".gr7."),
        "issuer" => host == ISSUER,
        service => host.starts_with(service),
    }
}

/// Every impostor in the host's place is refused: that is told, it got no call, and nothing changed.
fn assert_refused(host_of: fn(&Bench) -> String) {
    for (impostor, reason) in refused() {
        let bench = at_aws();
        let host = host_of(&bench);
        bench.sandbox.impostor(&host, impostor.clone());
        let result = bench.run(&create());
        assert!(result.contains(reason), "{impostor:?}: {result}");
        assert!(result.ends_with("[exit 1]\n"), "{impostor:?}: {result}");
        let calls = bench.calls();
        let told = calls.lines().find(|call| is_to(&host, call));
        assert_eq!(told, None, "{impostor:?}");
        let world = bench.sandbox.world();
        let tries = world.connections.iter();
        let tries = tries.filter(|other| other.eq_ignore_ascii_case(&host));
        let tries = tries.count();
        assert!(tries <= 2, "{impostor:?}: {tries} times");
        drop(world);
        assert_eq!(bench.state(), "", "{impostor:?}");
    }
}

#[test]
fn under_their_real_names_all_services_are_reached() {
    let bench = at_aws();
    assert!(bench.run(&create()).ends_with("[exit 0]\n"));
    let world = bench.sandbox.world();
    for host in [ISSUER, IAM, EKS, CLOUDFORMATION] {
        assert!(
            world.connections.iter().any(|other| other == host),
            "{host}"
        );
    }
}

#[test]
fn in_the_middle_of_the_issuer_is_refused() {
    assert_refused(|_| ISSUER.to_owned());
}

#[test]
fn in_the_middle_of_iam_is_refused() {
    assert_refused(|_| IAM.to_owned());
}

#[test]
fn in_the_middle_of_eks_is_refused() {
    assert_refused(|_| EKS.to_owned());
}

#[test]
fn in_the_middle_of_cloudformation_is_refused() {
    assert_refused(|_| CLOUDFORMATION.to_owned());
}

#[test]
fn in_the_middle_of_kubernetes_is_refused() {
    assert_refused(api_host);
}

#[test]
fn the_refusal_is_a_sentence() {
    let with = |host: &str, chain: Chain| {
        let bench = at_aws();
        bench.sandbox.impostor(host, Impostor::Chain(chain));
        bench.run("get iamserviceaccount --cluster demo")
    };
    assert_snapshot!(with(CLOUDFORMATION, Chain::UnknownAuthority), @"
    [stderr]
    error: cannot reach AWS for cloudformation:DescribeStacks: its TLS certificate is not trusted: nobody who is trusted here vouches for it
    hint: check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL
    [exit 1]
    ");
    let bench = at_aws();
    let unknown = Impostor::Chain(Chain::UnknownAuthority);
    bench.sandbox.impostor(&api_host(&bench), unknown);
    assert_snapshot!(bench.run(&create()), @r#"
    [stderr]
    error: cannot read service account default/a: cluster "demo": its TLS certificate is not trusted: nobody who is trusted here vouches for it
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    let bench = at_aws();
    let old = Impostor::Raw(Speech::once(TOO_NEW));
    bench.sandbox.impostor(ISSUER, old);
    assert_snapshot!(bench.run("thumbprint --cluster demo"), @"
    [stderr]
    error: cannot speak TLS with the issuer's host oidc.eks.eu-west-1.amazonaws.com: it does not speak TLS 1.2 or 1.3 as wanted here
    hint: check HTTPS_PROXY and NO_PROXY, or run this where the issuer can be reached
    hint: let IAM fetch the thumbprint itself: `irsactl associate-oidc-provider --cluster NAME --no-thumbprint`
    hint: or name it, where you know it: `irsactl associate-oidc-provider --cluster NAME --thumbprint HEX`
    [exit 1]
    ");
}

/// Whoever a public authority vouches for is not the cluster for that.
#[test]
fn kubernetes_is_trusted_by_its_own_authority_only() {
    let bench = at_aws();
    bench.sandbox.impostor(&api_host(&bench), Impostor::Public);
    let result = bench.run(&create());
    assert!(result.contains("nobody who is trusted here"), "{result}");
    assert!(!bench.calls().contains("kubernetes"));
}

/// A file with the sandbox's root, where SSL_CERT_FILE names another.
fn with_bundle() -> Bench {
    let mut bench = at_aws();
    let root = bench.sandbox.world().root.pem();
    let bundle = bench.file("bundle.pem", &root);
    let other = crate::sandbox::Authority::new("another authority").pem();
    let others = bench.file("others.pem", &other);
    bench.set("SSL_CERT_FILE", &others.display().to_string());
    bench.set("AWS_CA_BUNDLE", &bundle.display().to_string());
    bench
}

#[test]
fn aws_ca_bundle_is_for_aws_and_nothing_else() {
    let bench = with_bundle();
    let list = bench.run("get iamserviceaccount --cluster demo");
    assert!(list.ends_with("[exit 0]\n"), "{list}");
    let issuer = bench.run("thumbprint --cluster demo");
    assert!(
        issuer.contains("certificate authority is unknown to this system"),
        "{issuer}"
    );
}

#[test]
fn aws_ca_bundle_stands_in_place_of_the_systems() {
    let mut bench = at_aws();
    let other = crate::sandbox::Authority::new("another authority").pem();
    let others = bench.file("others.pem", &other);
    bench.set("AWS_CA_BUNDLE", &others.display().to_string());
    let list = bench.run("get iamserviceaccount --cluster demo");
    assert!(
        list.contains("nobody who is trusted here vouches for it"),
        "{list}"
    );
    assert!(bench.run("thumbprint --issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E").ends_with("[exit 0]\n"));
}

#[test]
fn ssl_cert_file_is_for_aws_and_the_issuer() {
    let mut bench = with_bundle();
    bench.set("AWS_CA_BUNDLE", "");
    for line in [
        "get iamserviceaccount --cluster demo",
        "thumbprint --issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
    ] {
        let result = bench.run(line);
        assert!(result.contains(" is not trusted: "), "{result}");
    }
}

/// The cluster's own authority counts, whatever the system's are.
#[test]
fn ssl_cert_file_is_not_for_kubernetes() {
    let mut bench = Bench::new();
    let other = crate::sandbox::Authority::new("another authority").pem();
    let others = bench.file("others.pem", &other);
    bench.set("SSL_CERT_FILE", &others.display().to_string());
    let line = format!("create iamserviceaccount a --cluster demo --attach-policy-arn {S3}");
    bench.run(&line);
    let calls = bench.calls();
    assert!(calls.contains("kubernetes get serviceaccounts"), "{calls}");
}

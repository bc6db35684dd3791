//! The issuer: documents, redirects, addresses, certificates.

use insta::assert_snapshot;

use super::OK;
use crate::sandbox::{Chain, Impostor, Speech};
use crate::support::Bench;

const HOST: &str = "oidc.example.com";
const THUMBPRINT: &str = "thumbprint --issuer-url https://oidc.example.com";

fn with(impostor: Impostor) -> Bench {
    let bench = Bench::new();
    bench.sandbox.world().add_issuer(HOST, "", Chain::default());
    bench.sandbox.impostor(HOST, impostor);
    bench
}

/// The line of the error.
fn error(bench: &Bench) -> String {
    let result = bench.run_bounded(THUMBPRINT);
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    let line = result.lines().find(|line| line.starts_with("error: "));
    line.expect("an error").to_owned()
}

fn error_of(speech: Speech) -> String {
    error(&with(Impostor::Tls(speech)))
}

#[test]
fn a_document_without_end_is_refused() {
    assert_snapshot!(error_of(Speech::endless(OK, [b' '; 65_536])), @"error: the issuer's discovery document https://oidc.example.com/.well-known/openid-configuration cannot be read: the answer is longer than any that is wanted");
}

#[test]
fn headers_without_end_are_refused() {
    let header = b"x-header: value\r\n".repeat(1000);
    assert_snapshot!(error_of(Speech::endless("HTTP/1.1 200 OK\r\n", header)), @"error: the issuer's discovery document https://oidc.example.com/.well-known/openid-configuration cannot be read: message head is too large");
    assert_snapshot!(error_of(Speech::endless("HTTP/1.1 200 OK\r\nx: ", [b'x'; 65_536])), @"error: the issuer's discovery document https://oidc.example.com/.well-known/openid-configuration cannot be read: message head is too large");
    assert_snapshot!(error_of(Speech::endless("", [b'x'; 65_536])), @"error: the issuer's discovery document https://oidc.example.com/.well-known/openid-configuration cannot be read: invalid HTTP version parsed");
}

#[test]
fn an_issuer_that_says_nothing_is_not_waited_for() {
    let bench = with(Impostor::Tls(Speech::silence())).impatient();
    assert_snapshot!(error(&bench), @"error: cannot reach the issuer's host oidc.example.com: no answer within 4s");
    let bench = with(Impostor::Raw(Speech::silence())).impatient();
    assert_snapshot!(error(&bench), @"error: cannot reach the issuer's host oidc.example.com: no answer within 4s");
}

#[test]
fn a_document_that_is_nested_without_reason_is_refused() {
    let document = format!("{OK}{}", "[".repeat(60_000));
    assert_snapshot!(error_of(Speech::once(document)), @"error: the issuer's discovery document https://oidc.example.com/.well-known/openid-configuration cannot be understood: invalid type: sequence, expected a string at line 1 column 1");
    let keys = format!(
        "{OK}{{\"issuer\":\"https://oidc.example.com\",\"jwks_uri\":\"{}\"}}",
        "x".repeat(60_000)
    );
    assert!(error_of(Speech::once(keys)).len() < 500);
    let other = format!(
        "{OK}{{\"issuer\":\"{}\",\"jwks_uri\":\"\"}}",
        "x".repeat(60_000)
    );
    assert!(error_of(Speech::once(other)).len() < 500);
}

#[test]
fn redirects_are_told_and_not_followed() {
    for location in [
        "https://elsewhere.example.com/.well-known/openid-configuration",
        "http://oidc.example.com/.well-known/openid-configuration",
        "https://oidc.example.com/.well-known/openid-configuration",
        "http://169.254.169.254/latest/meta-data/",
    ] {
        for status in [
            "301 Moved Permanently",
            "302 Found",
            "307 Temporary Redirect",
        ] {
            let answer =
                format!("HTTP/1.1 {status}\r\nlocation: {location}\r\ncontent-length: 0\r\n\r\n");
            let bench = with(Impostor::Tls(Speech::once(answer)));
            let told = format!(
                "error: the issuer's discovery document https://oidc.example.com/.well-known/openid-configuration \
                 is answered with a redirect ({status}), which is not followed"
            );
            assert_eq!(error(&bench), told);
            assert_eq!(bench.sandbox.world().connections, [HOST]);
        }
    }
}

#[test]
fn keys_at_a_private_address_are_refused_unseen() {
    for address in [
        "10.0.0.1",
        "127.0.0.1",
        "127.0.0.1:8443",
        "127.1",
        "2130706433",
        "169.254.169.254",
        "192.168.0.1:6443",
        "localhost",
        "localhost.",
    ] {
        let bench = Bench::new();
        let mut world = bench.sandbox.world();
        world.add_issuer(HOST, "", Chain::default());
        let keys = format!("https://{address}/openid/v1/jwks");
        world.set_keys_address("https://oidc.example.com", &keys);
        drop(world);
        let told = format!(
            "error: the issuer's discovery document https://oidc.example.com/.well-known/openid-configuration \
             has a jwks_uri at a private address, which AWS cannot reach, \"{keys}\""
        );
        assert_eq!(error(&bench), told);
        assert_eq!(bench.sandbox.world().connections, [HOST]);
    }
}

#[test]
fn keys_at_an_address_that_is_none_are_refused() {
    for keys in [
        "http://oidc.example.com/keys",
        "https://[::1]/keys",
        "file:///etc/passwd",
        "",
    ] {
        let bench = Bench::new();
        let mut world = bench.sandbox.world();
        world.add_issuer(HOST, "", Chain::default());
        world.set_keys_address("https://oidc.example.com", keys);
        drop(world);
        assert!(
            error(&bench).contains(" has a jwks_uri that is no https URL, "),
            "{keys}"
        );
    }
}

/// The tag, the length and the content.
fn der(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("short").to_be_bytes();
    [&[tag, 0x84], &length[..], content].concat()
}

/// A certificate that begins well and has a serial number of that many bytes.
fn with_serial_number(length: usize) -> Vec<u8> {
    let version = der(0xa0, &[2, 1, 2]);
    let serial = der(2, &vec![0x7f; length]);
    let rest = [der(0x30, &[6, 3, 42, 3, 4]), der(0x30, &[])].concat();
    let body = der(0x30, &[version, serial, rest].concat());
    der(0x30, &body)
}

/// An issuer that sends these behind its certificates.
fn padded(padding: Vec<Vec<u8>>) -> String {
    error(&with(Impostor::Padding(padding)))
}

#[test]
fn certificates_beyond_reason_are_refused() {
    assert_snapshot!(padded(vec![vec![0x30; 10 << 20]]), @"error: cannot speak TLS with the issuer's host oidc.example.com: it sends what is no TLS, or more than TLS allows");
    let world = Bench::new();
    let certificate = world
        .sandbox
        .world()
        .chain_of("oidc.eks.eu-west-1.amazonaws.com")
        .remove(1);
    assert_snapshot!(padded(vec![certificate; 1000]), @"error: cannot speak TLS with the issuer's host oidc.example.com: it sends what is no TLS, or more than TLS allows");
    assert_snapshot!(padded(vec![vec![0x30, 0]; 1000]), @"error: cannot speak TLS with the issuer's host oidc.example.com: certificate 3 is no X.509 certificate");
    assert_snapshot!(padded(vec![b"no certificate".to_vec()]), @"error: cannot speak TLS with the issuer's host oidc.example.com: certificate 3 is no X.509 certificate");
    assert_snapshot!(padded(vec![Vec::new()]), @"error: cannot speak TLS with the issuer's host oidc.example.com: certificate 3 is no X.509 certificate");
    assert_snapshot!(padded(vec![with_serial_number(30_000)]), @"error: cannot speak TLS with the issuer's host oidc.example.com: certificate 3 is no X.509 certificate");
}

#[test]
fn files_of_certificates_beyond_reason_are_refused_or_read() {
    let bench = Bench::new();
    let pem = |der: &[u8]| {
        use base64::Engine;
        let text = base64::engine::general_purpose::STANDARD.encode(der);
        format!("-----BEGIN CERTIFICATE-----\n{text}\n-----END CERTIFICATE-----\n")
    };
    let certificate = bench
        .sandbox
        .world()
        .chain_of("oidc.eks.eu-west-1.amazonaws.com")
        .remove(1);
    bench.file("many.pem", &pem(&certificate).repeat(1000));
    let many = bench.run_bounded("thumbprint --pem ~/many.pem");
    assert!(many.ends_with("[exit 0]\n"), "{many}");
    for (name, der) in [
        ("huge", with_serial_number(2 << 20)),
        ("zeros", vec![0; 1 << 20]),
        ("nested", vec![0x30; 1 << 20]),
    ] {
        bench.file("odd.pem", &pem(&der));
        let odd = bench.run_bounded("thumbprint --pem ~/odd.pem");
        assert!(
            odd.contains("certificate 1 is no X.509 certificate"),
            "{name}: {odd}"
        );
    }
}

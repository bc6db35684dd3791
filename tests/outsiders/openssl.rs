//! AWS's documented way to a thumbprint, by openssl.

use insta::assert_snapshot;

use crate::sandbox::Chain;
use crate::shell::Shell;
use crate::support::Bench;

/// AWS: `openssl s_client -showcerts`, the last certificate, its SHA-1 without colons.
const LAST_SHA1: &str = r#"openssl s_client -proxy "${HTTPS_PROXY#http://}" -servername "$HOST" -connect "$HOST:443" \
    -CAfile "$SSL_CERT_FILE" -showcerts </dev/null 2>/dev/null |
    awk '/BEGIN CERTIFICATE/ { last = "" } { last = last $0 "\n" } /END CERTIFICATE/ { whole = last } END { printf "%s", whole }' |
    openssl x509 -fingerprint -sha1 -noout | cut -d = -f 2 | tr -d : | tr A-F a-f"#;

const HOST: &str = "oidc.eks.eu-west-1.amazonaws.com";

fn shell(chain: Chain) -> Option<Shell> {
    let mut bench = Bench::new();
    bench.set("HOST", HOST);
    if let Some(host) = bench.sandbox.world().issuer_hosts.get_mut(HOST) {
        host.chain = chain;
    }
    Shell::with_openssl(bench)
}

#[test]
fn the_last_certificate_that_openssl_sees_has_the_thumbprint_of_irsactl() {
    for (chain, last) in [
        (Chain::Public, 2),
        (Chain::WithRoot, 3),
        (Chain::TwoIntermediates, 3),
    ] {
        let Some(shell) = shell(chain) else { return };
        let wanted = format!("{:-<40}", format!("{last}@{HOST}"));
        assert_eq!(shell.output(LAST_SHA1), wanted);
        assert_eq!(
            shell.bench.run("thumbprint --cluster demo"),
            format!("[stdout]\n{wanted}\n[exit 0]\n")
        );
    }
}

#[test]
fn openssl_believes_the_issuer_whom_irsactl_believes() {
    let Some(shell) = shell(Chain::Public) else {
        return;
    };
    let verify = r#"openssl s_client -proxy "${HTTPS_PROXY#http://}" -servername "$HOST" -connect "$HOST:443" \
        -CAfile "$SSL_CERT_FILE" -verify_hostname "$HOST" </dev/null 2>/dev/null | grep -i 'verif' | sort -u"#;
    assert_snapshot!(shell.output(verify), @"
    Verification: OK
    Verified peername: oidc.eks.eu-west-1.amazonaws.com
    Verify return code: 0 (ok)
    ");
}

#[test]
fn openssl_sees_why_a_chain_is_refused() {
    for (chain, why) in [
        (Chain::Expired, "certificate has expired"),
        (Chain::WrongHost, "hostname mismatch"),
        (Chain::SelfSigned, "self-signed certificate"),
        (
            Chain::UnknownAuthority,
            "self-signed certificate in certificate chain",
        ),
    ] {
        let Some(shell) = shell(chain) else { return };
        let verify = r#"openssl s_client -proxy "${HTTPS_PROXY#http://}" -servername "$HOST" -connect "$HOST:443" \
            -CAfile "$SSL_CERT_FILE" -verify_hostname "$HOST" </dev/null 2>/dev/null | grep 'Verification error' | sort -u"#;
        assert_eq!(shell.output(verify), format!("Verification error: {why}"));
    }
}

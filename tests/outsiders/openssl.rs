//! AWS's documented way to a thumbprint, by openssl.

use crate::sandbox::Chain;
use crate::shell::Shell;
use crate::support::Bench;

/// AWS: `openssl s_client -showcerts`, the last certificate, its SHA-1 without colons.
const LAST_SHA1: &str = r#"openssl s_client -proxy "${HTTPS_PROXY#http://}" -servername "$HOST" -connect "$HOST:443" \
    -CAfile "$SSL_CERT_FILE" -showcerts </dev/null 2>/dev/null |
    awk '/BEGIN CERTIFICATE/ { last = "" } { last = last $0 "\n" } /END CERTIFICATE/ { whole = last } END { printf "%s", whole }' |
    openssl x509 -fingerprint -sha1 -noout | cut -d = -f 2 | tr -d : | tr A-F a-f"#;

const VERIFY_CODE: &str = r#"openssl s_client -proxy "${HTTPS_PROXY#http://}" -servername "$HOST" -connect "$HOST:443" \
    -CAfile "$SSL_CERT_FILE" -verify_hostname "$HOST" </dev/null 2>/dev/null |
    sed -n 's/.*Verify return code: \([0-9]*\).*/\1/p' | tail -n 1"#;

const HOST: &str = "oidc.eks.eu-west-1.amazonaws.com";

fn shell(chain: Chain) -> Shell {
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
        let shell = shell(chain);
        let wanted = format!("{:-<40}", format!("{last}@{HOST}"));
        assert_eq!(shell.output(LAST_SHA1), wanted);
        assert_eq!(
            shell.bench.run("thumbprint --cluster demo"),
            format!("[stdout]\n{wanted}\n[exit 0]\n")
        );
    }
}

#[test]
fn openssl_verifies_and_refuses_the_same_chains_as_irsactl() {
    // The codes are X509_V_ERR_…; their words differ between versions of openssl.
    for (chain, code, exit) in [
        (Chain::Public, "0", "0"),
        (Chain::OutOfOrder, "0", "0"),
        (Chain::Expired, "10", "1"),
        (Chain::SelfSigned, "18", "1"),
        (Chain::UnknownAuthority, "19", "1"),
        (Chain::WrongHost, "62", "1"),
    ] {
        let name = format!("{chain:?}");
        let shell = shell(chain);
        assert_eq!(shell.output(VERIFY_CODE), code, "{name}");
        let thumbprint = shell.bench.run("thumbprint --cluster demo");
        assert!(
            thumbprint.ends_with(&format!("[exit {exit}]\n")),
            "{name}: {thumbprint}"
        );
    }
}

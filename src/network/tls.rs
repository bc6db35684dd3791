//! Why TLS refused a host, in words.

use rustls::CertificateError;

/// Why TLS was refused, on either side, for any failed call; `None` where TLS was not the reason.
pub fn tls_refusal(error: &(dyn std::error::Error + 'static)) -> Option<String> {
    let mut next = Some(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref() {
            return Some(in_words(error));
        }
        // Its source is that of what it holds, not what it holds.
        next = match error.downcast_ref::<std::io::Error>() {
            Some(error) => error.get_ref().map(|inner| inner as _),
            None => error.source(),
        };
    }
    None
}

fn in_words(error: &rustls::Error) -> String {
    match error {
        rustls::Error::InvalidCertificate(reason) => {
            let reason = match reason {
                // Which ones are trusted differs: the system's, the bundle's, the cluster's own.
                CertificateError::UnknownIssuer => {
                    "nobody who is trusted here vouches for it".into()
                }
                reason => distrust(reason).0,
            };
            format!("its TLS certificate is not trusted: {reason}")
        }
        rustls::Error::AlertReceived(rustls::AlertDescription::ProtocolVersion)
        | rustls::Error::PeerIncompatible(_) => {
            "it does not speak TLS 1.2 or 1.3 as wanted here".to_owned()
        }
        rustls::Error::InvalidMessage(_) => {
            "it sends what is no TLS, or more than TLS allows".to_owned()
        }
        other => format!("TLS failed: {other}"),
    }
}

/// Why a certificate is refused, and the likely cause where the reason alone tells it.
pub fn distrust(reason: &CertificateError) -> (String, Option<String>) {
    let (reason, likely) = match reason {
        CertificateError::UnknownIssuer => {
            ("its certificate authority is unknown to this system", None)
        }
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
            "it has expired",
            Some("the issuer did not renew it, or this computer's clock is wrong (`date -u`)"),
        ),
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
            "it is not valid yet",
            Some("this computer's clock is wrong (`date -u`)"),
        ),
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
            "it is of another host",
            Some("a proxy or a DNS entry leads to another server"),
        ),
        CertificateError::BadSignature => ("its signature is wrong", None),
        other => return (other.to_string(), None),
    };
    (reason.to_owned(), likely.map(str::to_owned))
}

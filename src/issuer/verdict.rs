//! What TLS said of a host: the verdict of the platform's verifier, what was sent for it, and both in
//! words.

use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};

use super::chain::Chain;

/// Who opens TLS on the way, as far as the certificates tell.
pub fn inspected(host: &str, sent: &[CertificateDer<'_>]) -> Option<String> {
    let top = Chain::parse(host, sent).ok()?.top_issuer()?;
    Some(format!(
        "a proxy on the way inspects TLS; the certificate was issued by \"{top}\""
    ))
}

/// Why a certificate was refused, in words, and the likely cause where the reason alone tells it;
/// `None` for other failures of the handshake.
pub fn untrusted(error: &std::io::Error) -> Option<(String, Option<String>)> {
    match error.get_ref()?.downcast_ref()? {
        rustls::Error::InvalidCertificate(reason) => Some(distrust(reason)),
        _ => None,
    }
}

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

fn distrust(reason: &CertificateError) -> (String, Option<String>) {
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

/// Keeps what the server sent, and leaves the verdict to the platform's verifier.
#[derive(Debug)]
pub struct Recorder {
    pub provider: Arc<CryptoProvider>,
    inner: rustls_platform_verifier::Verifier,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl Recorder {
    pub fn new() -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let inner = rustls_platform_verifier::Verifier::new(provider.clone())?;
        Ok(Self {
            provider,
            inner,
            chain: Mutex::default(),
        })
    }

    pub fn sent(&self) -> Vec<CertificateDer<'static>> {
        self.chain
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .clone()
    }
}

impl ServerCertVerifier for Recorder {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let sent = std::iter::once(leaf)
            .chain(others)
            .map(|certificate| certificate.clone().into_owned())
            .collect();
        *self
            .chain
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = sent;
        self.inner.verify_server_cert(leaf, others, name, ocsp, now)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.inner
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.inner.supported_verify_schemes()
    }
}

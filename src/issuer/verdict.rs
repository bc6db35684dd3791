//! What TLS said of a host: the verdict of the platform's verifier, what was sent for it, and both in
//! words.

use std::sync::{Arc, Mutex};

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{DigitallySignedStruct, SignatureScheme};

use crate::network::distrust;
use crate::world::Chain;

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

/// Keeps what the server sent, and leaves the verdict to the platform's verifier.
#[derive(Debug)]
pub struct Recorder {
    pub provider: Arc<CryptoProvider>,
    inner: rustls_platform_verifier::Verifier,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl Recorder {
    /// With the verifier of the platform.
    ///
    /// # Errors
    /// Where the platform's verifier cannot be made.
    pub fn new() -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let inner = rustls_platform_verifier::Verifier::new(provider.clone())?;
        Ok(Self {
            provider,
            inner,
            chain: Mutex::default(),
        })
    }

    /// The chain that the server sent last, leaf first, also where it was refused; empty before any.
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

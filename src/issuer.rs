//! The OIDC issuer as TLS shows it: discovery document, certificate chain, thumbprint. The only user
//! of rustls; every connection is verified against the system's roots, and what a server sent is
//! recorded even when it is refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, SignatureScheme};
use serde::Deserialize;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::aws::{Intervals, deepest, is_final};
use crate::error::Error;
use crate::model::{Issuer, Thumbprint, Timeout};

mod address;
mod chain;
mod tries;

pub use chain::{Chain, certificates};
use tries::{Failure, insist};

/// How long a TCP connection may take. All of a try, to the last byte, may take twice as long.
const CONNECT: Duration = Duration::from_secs(3);
/// A discovery document is about 1 KiB.
const DOCUMENT_LIMIT: usize = 64 << 10;

/// What the issuer's hosts told.
#[derive(Clone, Debug)]
pub enum Reading {
    /// Chains of the issuer's host and, where it is another, of the host that serves the keys.
    Chains(Vec<Chain>),
    /// An EKS issuer that cannot be reached from here.
    Unreachable { host: String, cause: String },
}

impl Reading {
    /// The thumbprints for the provider: of each host its top certificate, no more than IAM's 5.
    /// `None`: IAM is to fetch them.
    pub fn thumbprints(&self) -> Option<Vec<Thumbprint>> {
        let Self::Chains(chains) = self else {
            return None;
        };
        let mut all = Vec::new();
        for thumbprint in chains.iter().flat_map(Chain::thumbprints) {
            if !all.contains(&thumbprint) {
                all.push(thumbprint);
            }
        }
        all.truncate(5);
        Some(all)
    }

    /// What the user should know of how they came about.
    pub fn warnings(&self) -> Vec<String> {
        match self {
            Self::Unreachable { host, cause } => vec![format!(
                "cannot reach the issuer's host {host} ({cause}), as inside a VPC with an EKS interface endpoint; \
                 the thumbprint is left out, and IAM fetches it itself"
            )],
            Self::Chains(chains) => chains.iter().filter_map(Chain::warning).collect(),
        }
    }
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// Reads the issuer's discovery document and the chain of each host (AWS's documented procedure for
/// thumbprints: the host of `jwks_uri` counts; where it is another than the issuer's, both do).
///
/// # Errors
/// An untrusted chain; an issuer that is not EKS's and cannot be reached; a document that is not this
/// issuer's.
pub async fn read(issuer: &Issuer, intervals: Intervals) -> Result<Reading, Error> {
    let first = insist(issuer.host(), intervals, async |limit| {
        discover(issuer, limit).await
    });
    let (chain, discovery) = match first.await {
        Err(Error::IssuerUnreachable { host, cause }) if issuer.is_eks() => {
            return Ok(Reading::Unreachable { host, cause });
        }
        result => result?,
    };
    let keys = keys_host(issuer, &discovery)?;
    let mut chains = vec![chain];
    if (keys.host(), keys.port()) != (issuer.host(), issuer.port()) {
        let second = insist(keys.host(), intervals, async |limit| {
            connect(keys.host(), keys.port(), limit).await
        });
        let (_, chain) = second.await?;
        chains.push(chain);
    }
    Ok(Reading::Chains(chains))
}

/// `jwks_uri` as an address; the document must be this issuer's own.
fn keys_host(issuer: &Issuer, discovery: &Discovery) -> Result<Issuer, Error> {
    let wrong = |rule: String| Error::IssuerDocument {
        url: discovery_url(issuer),
        rule,
    };
    if discovery.issuer != issuer.url() {
        let other: String = discovery.issuer.chars().take(300).collect();
        return Err(wrong(format!("is of another issuer, \"{other}\"")));
    }
    let address = discovery
        .jwks_uri
        .split(['?', '#'])
        .next()
        .unwrap_or_default();
    let shown: String = discovery.jwks_uri.chars().take(300).collect();
    let keys: Issuer = address
        .parse()
        .map_err(|_| wrong(format!("has a jwks_uri that is no https URL, \"{shown}\"")))?;
    if keys.host() != issuer.host() && !address::is_public(keys.host()) {
        return Err(wrong(format!(
            "has a jwks_uri at a private address, which AWS cannot reach, \"{shown}\""
        )));
    }
    Ok(keys)
}

fn discovery_url(issuer: &Issuer) -> String {
    format!(
        "{}/.well-known/openid-configuration",
        issuer.url().trim_end_matches('/')
    )
}

/// One verified connection: the chain, and the document over it.
async fn discover(issuer: &Issuer, limit: Duration) -> Result<(Chain, Discovery), Failure> {
    let (stream, chain) = connect(issuer.host(), issuer.port(), limit).await?;
    let url = discovery_url(issuer);
    let wrong = |rule: String| Error::IssuerDocument {
        url: url.clone(),
        rule,
    };
    let (status, body) = get(issuer, &url, stream)
        .await
        .map_err(|cause| Failure::passing(wrong(cause)))?;
    if status != hyper::StatusCode::OK {
        let error = wrong(match status.is_redirection() {
            true => format!("is answered with a redirect ({status}), which is not followed"),
            false => format!("is answered with {status}"),
        });
        let passes = status.is_server_error() || status.as_u16() == 429;
        return Err(Failure {
            error,
            lasting: !passes,
        });
    }
    let discovery = serde_json::from_slice(&body)
        .map_err(|error| Failure::passing(wrong(format!("cannot be understood: {error}"))))?;
    Ok((chain, discovery))
}

/// GET of the document: status and body; or what is wrong with it.
async fn get(
    issuer: &Issuer,
    url: &str,
    stream: TlsStream<TcpStream>,
) -> Result<(hyper::StatusCode, Bytes), String> {
    let broken = |error: hyper::Error| format!("cannot be read: {}", deepest(&error));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(broken)?;
    tokio::spawn(connection);
    let authority = issuer.host_and_path().split('/').next().unwrap_or_default();
    let path = &url["https://".len() + authority.len()..];
    let request = hyper::Request::get(path)
        .header("host", authority)
        .header("accept", "application/json")
        .header("user-agent", concat!("irsactl/", env!("CARGO_PKG_VERSION")))
        .body(Empty::<Bytes>::new())
        .map_err(|error| format!("cannot be asked for: {error}"))?;
    let answer = sender.send_request(request).await.map_err(broken)?;
    let status = answer.status();
    if status != hyper::StatusCode::OK {
        return Ok((status, Bytes::new()));
    }
    let body = Limited::new(answer.into_body(), DOCUMENT_LIMIT)
        .collect()
        .await;
    let body = body.map_err(|error| format!("cannot be read: {}", deepest(error.as_ref())))?;
    Ok((status, body.to_bytes()))
}

/// A TLS connection with SNI, verified; and the chain as the server sent it.
async fn connect(
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<(TlsStream<TcpStream>, Chain), Failure> {
    let unreachable = |cause: String| Error::IssuerUnreachable {
        host: host.to_owned(),
        cause,
    };
    let unusable = |error: rustls::Error| Failure::lasting(unreachable(error.to_string()));
    let stream = open(host, port, limit).await?;
    let recorder = Arc::new(Recorder::new().map_err(unusable)?);
    let config = ClientConfig::builder_with_provider(recorder.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned())
        .map_err(|error| Failure::lasting(unreachable(error.to_string())))?;
    let result = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await;
    let sent = recorder.sent();
    let no_tls = |cause: String| Error::IssuerTls {
        host: host.to_owned(),
        cause,
    };
    match result {
        Ok(stream) => {
            let chain = Chain::parse(host, &sent);
            let chain = chain.map_err(|cause| Failure::lasting(no_tls(cause)))?;
            Ok((stream, chain))
        }
        Err(error) => Err(match untrusted(&error) {
            Some((reason, likely)) => Failure::lasting(Error::IssuerUntrusted {
                host: host.to_owned(),
                reason,
                likely: likely.or_else(|| inspected(host, &sent)),
            }),
            None => match tls_refusal(&error) {
                Some(cause) => Failure::lasting(no_tls(cause)),
                None => Failure::passing(unreachable(deepest(&error))),
            },
        }),
    }
}

/// A TCP connection, through the proxy of the environment where there is one for this host.
async fn open(host: &str, port: u16, limit: Duration) -> Result<TcpStream, Failure> {
    let unreachable = |cause: String| Error::IssuerUnreachable {
        host: host.to_owned(),
        cause,
    };
    let target: http::Uri = format!("https://{host}:{port}")
        .parse()
        .map_err(|error| Failure::lasting(unreachable(format!("{error}"))))?;
    let Some(proxy) = Matcher::from_env().intercept(&target) else {
        let connected = connect_tcp((host, port), limit).await;
        return connected.map_err(|error| Failure {
            lasting: is_final(&error),
            error: unreachable(error.to_string()),
        });
    };
    open_through(&proxy, host, port, limit).await
}

/// The same through a proxy, by CONNECT.
async fn open_through(
    proxy: &Intercept,
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<TcpStream, Failure> {
    let unreachable = |cause: String| Error::IssuerUnreachable {
        host: host.to_owned(),
        cause,
    };
    let scheme = proxy.uri().scheme_str().unwrap_or("http");
    if scheme != "http" {
        let cause = format!("the proxy {} is not of the kind http://", proxy.uri());
        return Err(Failure::lasting(unreachable(cause)));
    }
    let address = (
        proxy.uri().host().unwrap_or_default(),
        proxy.uri().port_u16().unwrap_or(80),
    );
    let name = format!("{}:{}", address.0, address.1);
    let mut stream = connect_tcp(address, limit).await.map_err(|error| Failure {
        lasting: is_final(&error),
        error: Error::ProxyUnreachable {
            proxy: name.clone(),
            host: host.to_owned(),
            cause: error.to_string(),
        },
    })?;
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(credentials) = proxy.basic_auth().and_then(|value| value.to_str().ok()) {
        request.push_str(&format!("Proxy-Authorization: {credentials}\r\n"));
    }
    request.push_str("\r\n");
    let status = tunnel(&mut stream, &request)
        .await
        .map_err(|error| Failure::passing(unreachable(format!("proxy {name}: {error}"))))?;
    match status.split_whitespace().nth(1) {
        Some(code) if code.starts_with('2') => Ok(stream),
        _ => {
            let cause = format!("proxy {name} answers \"{status}\"");
            Err(Failure::lasting(unreachable(cause)))
        }
    }
}

async fn connect_tcp(address: (&str, u16), limit: Duration) -> std::io::Result<TcpStream> {
    let connected = tokio::time::timeout(limit, TcpStream::connect(address)).await;
    connected.unwrap_or_else(|_| {
        let text = format!("no connection within {}", Timeout(limit));
        Err(std::io::Error::new(std::io::ErrorKind::TimedOut, text))
    })
}

/// Asks a proxy for a tunnel, and returns the first line of its answer.
async fn tunnel(stream: &mut TcpStream, request: &str) -> std::io::Result<String> {
    stream.write_all(request.as_bytes()).await?;
    proxy_status(stream).await
}

/// Reads the proxy's whole answer and returns its first line.
async fn proxy_status(stream: &mut TcpStream) -> std::io::Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > 8 << 10 {
            return Err(std::io::Error::other("its answer does not end"));
        }
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8_lossy(&head);
    Ok(head.lines().next().unwrap_or_default().to_owned())
}

/// Who opens TLS on the way, as far as the certificates tell.
fn inspected(host: &str, sent: &[CertificateDer<'_>]) -> Option<String> {
    let top = Chain::parse(host, sent).ok()?.top_issuer()?;
    Some(format!(
        "a proxy on the way inspects TLS; the certificate was issued by \"{top}\""
    ))
}

/// Why a certificate was refused, in words, and the likely cause where the reason alone tells it;
/// `None` for other failures of the handshake.
fn untrusted(error: &std::io::Error) -> Option<(String, Option<String>)> {
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
struct Recorder {
    provider: Arc<CryptoProvider>,
    inner: rustls_platform_verifier::Verifier,
    chain: Mutex<Vec<CertificateDer<'static>>>,
}

impl Recorder {
    fn new() -> Result<Self, rustls::Error> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let inner = rustls_platform_verifier::Verifier::new(provider.clone())?;
        Ok(Self {
            provider,
            inner,
            chain: Mutex::default(),
        })
    }

    fn sent(&self) -> Vec<CertificateDer<'static>> {
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

/// Makes ring the crypto provider of the whole process, for the Kubernetes client too.
pub fn install_crypto_provider() {
    // A second call finds one installed, which is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[cfg(test)]
mod tests;

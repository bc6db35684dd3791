//! The way to an issuer's host: TCP, through the proxy of the environment where there is one, and TLS.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::verdict::{Recorder, inspected, untrusted};
use crate::error::Error;
use crate::model::Timeout;
use crate::network::{deepest, is_final, tls_refusal};
use crate::proxy::{Protocol, Proxies, Proxy};
use crate::waiting::FailedTry;
use crate::world::Chain;

/// A TLS connection with SNI, verified; and the chain as the server sent it.
pub async fn connect(
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<(TlsStream<TcpStream>, Chain), FailedTry<Error>> {
    let lasting = |cause: String| FailedTry::lasting(unreachable(host, cause));
    let unusable = |error: rustls::Error| lasting(error.to_string());
    let stream = open(host, port, limit).await?;
    let recorder = Arc::new(Recorder::new().map_err(unusable)?);
    let config = ClientConfig::builder_with_provider(recorder.provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(unusable)?
        .dangerous()
        .with_custom_certificate_verifier(recorder.clone())
        .with_no_client_auth();
    let name = ServerName::try_from(host.to_owned()).map_err(|error| lasting(error.to_string()))?;
    let result = TlsConnector::from(Arc::new(config))
        .connect(name, stream)
        .await;
    let sent = recorder.sent();
    let stream = result.map_err(|error| refused(host, &sent, &error))?;
    let chain = Chain::parse(host, &sent);
    let chain = chain.map_err(|cause| FailedTry::lasting(no_tls(host, cause)))?;
    Ok((stream, chain))
}

/// Why there is no connection, by the chain that the server sent.
fn refused(
    host: &str,
    sent: &[CertificateDer<'static>],
    error: &std::io::Error,
) -> FailedTry<Error> {
    if let Some((reason, likely)) = untrusted(error) {
        return FailedTry::lasting(Error::IssuerUntrusted {
            host: host.to_owned(),
            reason,
            likely: likely.or_else(|| inspected(host, sent)),
        });
    }
    match tls_refusal(error) {
        Some(cause) => FailedTry::lasting(no_tls(host, cause)),
        None => FailedTry::passing(unreachable(host, deepest(error))),
    }
}

fn unreachable(host: &str, cause: String) -> Error {
    Error::IssuerUnreachable {
        host: host.to_owned(),
        cause,
    }
}

fn no_tls(host: &str, cause: String) -> Error {
    Error::IssuerTls {
        host: host.to_owned(),
        cause,
    }
}

/// A TCP connection, through the proxy of the environment where there is one for this host.
async fn open(host: &str, port: u16, limit: Duration) -> Result<TcpStream, FailedTry<Error>> {
    let unreachable = |cause: String| unreachable(host, cause);
    let target: http::Uri = format!("https://{host}:{port}")
        .parse()
        .map_err(|error| FailedTry::lasting(unreachable(format!("{error}"))))?;
    let proxies =
        Proxies::from_environment().map_err(|cause| FailedTry::lasting(Error::Setting(cause)))?;
    let Some(proxy) = proxies.of(&target) else {
        let connected = connect_tcp((host, port), limit).await;
        return connected.map_err(|error| FailedTry {
            lasting: is_final(&error),
            error: unreachable(error.to_string()),
        });
    };
    open_through(proxy, host, port, limit).await
}

/// The same through a proxy, by CONNECT.
async fn open_through(
    proxy: &Proxy,
    host: &str,
    port: u16,
    limit: Duration,
) -> Result<TcpStream, FailedTry<Error>> {
    let unreachable = |cause: String| unreachable(host, cause);
    match proxy.protocol {
        Protocol::Http => {}
        Protocol::Https | Protocol::Socks5 => {
            let cause = format!("the proxy {proxy:?} is not of the kind http://");
            return Err(FailedTry::lasting(unreachable(cause)));
        }
    }
    let address = (proxy.host.trim_matches(['[', ']']), proxy.port);
    let name = proxy.to_string();
    let mut stream = connect_tcp(address, limit)
        .await
        .map_err(|error| FailedTry {
            lasting: is_final(&error),
            error: Error::ProxyUnreachable {
                proxy: name.clone(),
                host: host.to_owned(),
                cause: error.to_string(),
            },
        })?;
    let request = tunnel_request(proxy, host, port);
    let status = tunnel(&mut stream, &request)
        .await
        .map_err(|error| FailedTry::passing(unreachable(format!("proxy {name}: {error}"))))?;
    match status.split_whitespace().nth(1) {
        Some(code) if code.starts_with('2') => Ok(stream),
        _ => {
            let cause = format!("proxy {name} answers \"{status}\"");
            Err(FailedTry::lasting(unreachable(cause)))
        }
    }
}

fn tunnel_request(proxy: &Proxy, host: &str, port: u16) -> String {
    let mut request = format!("CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\n");
    if let Some(credentials) = proxy.authorization() {
        request.push_str(&format!("Proxy-Authorization: {credentials}\r\n"));
    }
    request.push_str("\r\n");
    request
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

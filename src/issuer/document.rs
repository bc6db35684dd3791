//! A document of an issuer: one GET over a verified connection, bounded in size.

use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::connect::connect;
use crate::error::Error;
use crate::model::Issuer;
use crate::network::deepest;
use crate::waiting::FailedTry;
use crate::world::Chain;

/// What is to be read, and where.
pub struct DiscoveryDocument {
    /// What errors call it.
    pub what: &'static str,
    /// Its host and port; of the URL only the path counts.
    pub host: Issuer,
    pub url: String,
    /// Bytes that it may have at most.
    pub longest: usize,
}

impl DiscoveryDocument {
    /// What is wrong with it, as a fragment that follows its URL.
    pub fn wrong(&self, rule: String) -> Error {
        Error::IssuerDocument {
            what: self.what,
            url: self.url.clone(),
            rule,
        }
    }

    /// One try: the chain of the host, and the document.
    pub async fn read(&self, limit: Duration) -> Result<(Chain, Bytes), FailedTry<Error>> {
        let (stream, chain) = connect(self.host.host(), self.host.port(), limit).await?;
        let (status, body) = self
            .get(stream)
            .await
            .map_err(|cause| FailedTry::passing(self.wrong(cause)))?;
        if status == hyper::StatusCode::OK {
            return Ok((chain, body));
        }
        let error = self.wrong(if status.is_redirection() {
            format!("is answered with a redirect ({status}), which is not followed")
        } else {
            format!("is answered with {status}")
        });
        let passes = status.is_server_error() || status.as_u16() == 429;
        Err(FailedTry {
            error,
            lasting: !passes,
        })
    }

    /// Whether the host answers that there is no such document: one try. `None` where it does not answer,
    /// or something else.
    pub async fn is_absent(&self, limit: Duration) -> Option<bool> {
        let connected = connect(self.host.host(), self.host.port(), limit).await;
        let (stream, _) = connected.ok()?;
        let (status, _) = self.get(stream).await.ok()?;
        match status.as_u16() {
            200 => Some(false),
            // API Gateway, which EKS serves its issuers by, says 403 of what has no route (from memory).
            403 | 404 | 410 => Some(true),
            _ => None,
        }
    }

    /// Status and body; or why there is none.
    async fn get(
        &self,
        stream: TlsStream<TcpStream>,
    ) -> Result<(hyper::StatusCode, Bytes), String> {
        let broken = |error: hyper::Error| format!("cannot be read: {}", deepest(&error));
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .map_err(broken)?;
        tokio::spawn(connection);
        let rest = self.url.strip_prefix("https://").unwrap_or(&self.url);
        let (authority, path) = match rest.find('/') {
            Some(slash) => rest.split_at(slash),
            None => (rest, "/"),
        };
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
        let body = Limited::new(answer.into_body(), self.longest);
        let body = body.collect().await;
        let body = body.map_err(|error| format!("cannot be read: {}", deepest(error.as_ref())))?;
        Ok((status, body.to_bytes()))
    }
}

//! The CONNECT proxy: how clients reach the issuer and the Kubernetes API under their real names.
//! Apart from `http.rs` because it ends where TLS begins; the servers behind it see plain HTTP.

use std::io::{Error, Result};
use std::sync::Arc;

use rustls::ServerConfig;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::certificates::endpoint_tls;
use super::http::{self, Server};
use super::world::{Shared, World};

/// Serves one connection to the proxy. Whatever goes wrong ends it: a client that refuses the
/// certificate or goes away is not the sandbox's failure.
pub async fn serve(stream: TcpStream, shared: Shared) {
    let _ = connect(stream, shared).await;
}

async fn connect(mut stream: TcpStream, shared: Shared) -> Result<()> {
    let head = read_head(&mut stream).await?;
    let Some(target) = target(&head) else {
        return refuse(
            stream,
            "405 Method Not Allowed",
            "only CONNECT is served here",
        )
        .await;
    };
    let route = {
        let mut world = shared.lock();
        let (host, port) = target.rsplit_once(':').unwrap_or((target, "443"));
        let host = host.to_lowercase();
        let route = (port == "443").then(|| route(&world, &host)).flatten();
        world.connections.push(host);
        route
    };
    let Some((tls, server)) = route else {
        return refuse(
            stream,
            "502 Bad Gateway",
            &format!("{target}: no such host"),
        )
        .await;
    };
    stream
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await?;
    let stream = TlsAcceptor::from(tls).accept(stream).await?;
    http::serve(stream, server, shared).await;
    Ok(())
}

/// The request up to its empty line. Read byte by byte, as what follows belongs to TLS.
async fn read_head(stream: &mut TcpStream) -> Result<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() == 16 << 10 {
            return Err(Error::other("too long a request"));
        }
        head.push(stream.read_u8().await?);
    }
    String::from_utf8(head).map_err(Error::other)
}

/// `host:port` of a CONNECT request.
fn target(head: &str) -> Option<&str> {
    let (method, rest) = head.split_once(' ')?;
    (method == "CONNECT").then(|| rest.split(' ').next().unwrap_or(rest))
}

/// Who answers under that name; `None` for a host that is unknown or made unreachable.
fn route(world: &World, host: &str) -> Option<(Arc<ServerConfig>, Server)> {
    if world
        .unreachable
        .iter()
        .any(|unreachable| unreachable.eq_ignore_ascii_case(host))
    {
        return None;
    }
    let mut clusters = world.clusters.iter();
    if let Some(cluster) = clusters.find(|cluster| cluster.endpoint_host.eq_ignore_ascii_case(host))
    {
        return Some((
            endpoint_tls(&cluster.authority, host),
            Server::Kubernetes(cluster.arn.clone()),
        ));
    }
    Some((world.issuer_tls(host)?, Server::Issuer(host.to_owned())))
}

async fn refuse(mut stream: TcpStream, status: &str, message: &str) -> Result<()> {
    let length = message.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{message}"
    );
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await
}

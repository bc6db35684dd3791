//! The CONNECT proxy: how clients reach the issuer and the Kubernetes API under their real names.
//! Apart from `http.rs` because it ends where TLS begins; the servers behind it see plain HTTP.

use std::io::{Error, Result};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::certificates::{Chain, endpoint_tls};
use super::http::{self, Server};
use super::impostor::{Impostor, Speech};
use super::vault::VAULT;
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
    let wanted = shared.lock().proxy_credentials.clone();
    if wanted.is_some_and(|wanted| !authorized(&head, &wanted)) {
        let status = "407 Proxy Authentication Required";
        return refuse(stream, status, "who are you?").await;
    }
    let route = {
        let mut world = shared.lock();
        let (host, port) = target.rsplit_once(':').unwrap_or((target, "443"));
        let host = host.to_lowercase();
        let route = (port == "443").then(|| route(&world, &host)).flatten();
        world.connections.push(host);
        route
    };
    let Some(route) = route else {
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
    match route {
        Route::Server(tls, server) => {
            let stream = TlsAcceptor::from(tls).accept(stream).await?;
            http::serve(stream, server, shared).await;
            Ok(())
        }
        Route::Speech(Some(tls), speech) => {
            let mut stream = TlsAcceptor::from(tls).accept(stream).await?;
            read_head(&mut stream).await?;
            speech.give(stream).await
        }
        Route::Speech(None, speech) => {
            // As a server that has read the ClientHello.
            let _ = stream.read(&mut [0; 4096]).await?;
            speech.give(stream).await
        }
    }
}

/// Whether a CONNECT carries `user:password`.
fn authorized(head: &str, wanted: &str) -> bool {
    let wanted = format!("Basic {}", STANDARD.encode(wanted));
    head.lines().any(|line| {
        let header = line.split_once(": ");
        header.is_some_and(|(name, value)| {
            name.eq_ignore_ascii_case("proxy-authorization") && value == wanted
        })
    })
}

/// The request up to its empty line. Read byte by byte, as what follows belongs to TLS.
async fn read_head(stream: &mut (impl AsyncRead + Unpin)) -> Result<String> {
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

/// What is behind a name.
enum Route {
    Server(Arc<ServerConfig>, Server),
    /// An impostor that keeps no protocol, over TLS or without.
    Speech(Option<Arc<ServerConfig>>, Speech),
}

/// Who answers under that name; `None` for a host that is unknown or made unreachable.
fn route(world: &World, host: &str) -> Option<Route> {
    let unreachable = |name: &String| name.eq_ignore_ascii_case(host);
    if world.unreachable.iter().any(unreachable) {
        return None;
    }
    let mut clusters = world.clusters.iter();
    let cluster = clusters.find(|cluster| cluster.endpoint_host.eq_ignore_ascii_case(host));
    let (authority, server) = match cluster {
        Some(cluster) => (&cluster.authority, Server::Kubernetes(cluster.arn.clone())),
        None if is_aws(host) => (&world.root, Server::Aws),
        None if host == VAULT && world.vault.is_some() => (&world.root, Server::Vault),
        None => (&world.root, Server::Issuer(host.to_owned())),
    };
    let tls = |chain, padding: &[_]| world.tls_with(authority, host, &chain, padding);
    match world.impostors.get(host) {
        Some(Impostor::Raw(speech)) => return Some(Route::Speech(None, speech.clone())),
        Some(Impostor::Tls(speech)) => {
            let tls = tls(Chain::Public, &[]);
            return Some(Route::Speech(Some(tls), speech.clone()));
        }
        Some(Impostor::Chain(chain)) => {
            return Some(Route::Server(tls(chain.clone(), &[]), server));
        }
        Some(Impostor::Public) => {
            let tls = world.tls_with(&world.root, host, &Chain::Public, &[]);
            return Some(Route::Server(tls, server));
        }
        Some(Impostor::Padding(padding)) => {
            return Some(Route::Server(tls(Chain::Public, padding), server));
        }
        None => {}
    }
    let tls = match server {
        Server::Kubernetes(_) => endpoint_tls(authority, host),
        Server::Aws | Server::Vault => tls(Chain::Public, &[]),
        Server::Issuer(_) => world.issuer_tls(host)?,
    };
    Some(Route::Server(tls, server))
}

/// Names of the services' own endpoints, for clients without `AWS_ENDPOINT_URL`.
fn is_aws(host: &str) -> bool {
    let service = host.split('.').next().unwrap_or_default();
    ["eks", "iam", "cloudformation", "sts"].contains(&service) && host.ends_with(".amazonaws.com")
}

async fn refuse(mut stream: TcpStream, status: &str, message: &str) -> Result<()> {
    let length = message.len();
    let reply = format!(
        "HTTP/1.1 {status}\r\ncontent-type: text/plain\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{message}"
    );
    stream.write_all(reply.as_bytes()).await?;
    stream.shutdown().await
}

//! The sandbox's HTTP: one connection loop for the AWS port, the issuer and the Kubernetes API.
//! Apart from them because each only wants to turn a whole request into a whole reply, while
//! faults (latency, throttling, resets, hangs, half bodies) and the call log concern all alike.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited, StreamBody};
use hyper::body::{Bytes, Frame, Incoming};
use hyper::service::service_fn;
use hyper::{HeaderMap, Method, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};

use super::fault::{Effect, Which};
use super::plant::planted;
use super::world::{Call, Service, Shared, World};
use super::{aws, cloudformation, issuer, kubernetes, vault};

/// A whole request. `host` is the name the client asked for, without port.
pub struct Request {
    pub method: Method,
    pub host: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// A whole reply.
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::new(status, "application/json", body.to_string())
    }

    pub fn new(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self {
            status,
            headers: vec![("content-type", content_type.to_owned())],
            body: body.into(),
        }
    }
}

/// Which of the sandbox's servers a connection belongs to.
#[derive(Clone, Debug, PartialEq)]
pub enum Server {
    /// All AWS services on one plain port.
    Aws,
    /// The OIDC issuer's host of that name (and any host that serves keys).
    Issuer(String),
    /// The Kubernetes API of the cluster with that ARN.
    Kubernetes(String),
    Vault,
}

/// Serves HTTP/1.1 on one connection until the client closes it.
pub async fn serve<S>(stream: S, server: Server, shared: Shared)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let server = Arc::new(server);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let (server, shared) = (server.clone(), shared.clone());
        async move { answer(request, &server, &shared).await }
    });
    // A client that goes away is not the sandbox's failure.
    let _ = hyper::server::conn::http1::Builder::new()
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

type Body = StreamBody<
    futures_util::stream::Iter<std::vec::IntoIter<Result<Frame<Bytes>, std::io::Error>>>,
>;

/// One request: read it whole, name the operation, log it, apply the faults, answer.
/// An error closes the connection without an answer, which the client sees as a reset.
async fn answer(
    request: hyper::Request<Incoming>,
    server: &Server,
    shared: &Shared,
) -> Result<hyper::Response<Body>, std::io::Error> {
    let request = read(request).await?;
    let (made, call, effect) = {
        let mut world = shared.lock();
        let (service, operation, subject) = match server {
            Server::Aws => aws::identify(&world, &request),
            Server::Issuer(_) => issuer::identify(&request),
            Server::Kubernetes(_) => kubernetes::identify(&request),
            Server::Vault => vault::identify(&request),
        };
        let made = Call::new(service, &operation, &subject, &request);
        let call = world.record(&made);
        let effect = world.effect_on(&made);
        (made, call, effect)
    };
    shared.called.notify_waiters();
    let (mut half, mut swallowed, mut stale, mut plant) = (false, false, false, None);
    match effect {
        Effect::None => {}
        Effect::Delay(delay) => tokio::time::sleep(delay).await,
        Effect::Until(number) => wait_for_calls(shared, number, &Which::default()).await?,
        Effect::Meet { number, which } => wait_for_calls(shared, number, &which).await?,
        Effect::Reset => return Err(std::io::Error::other("reset asked for")),
        Effect::Hang => {
            hang().await;
        }
        Effect::Half => half = true,
        Effect::Swallow => swallowed = true,
        Effect::Stale => stale = !made.is_write(),
        Effect::Plant { place, text } => plant = Some((place, text)),
        Effect::Error {
            status,
            code,
            message,
        } => {
            let message = message.replace("{request}", &quoted(&request));
            let reply = refusal(made.service, status, &code, &message);
            shared.lock().finish(call, reply.status);
            return Ok(response(reply, false));
        }
        Effect::Body { status, body } => {
            shared.lock().finish(call, status);
            return Ok(response(Reply::new(status, "text/html", body), false));
        }
    }
    let reply = {
        let mut world = shared.lock();
        world.act_before(&made);
        if *server == Server::Aws {
            cloudformation::settle(&mut world);
        }
        let carry_out = |world: &mut World| match server {
            Server::Aws => aws::answer(world, &request),
            Server::Issuer(host) => issuer::answer(world, host, &request),
            Server::Kubernetes(cluster) => kubernetes::answer(world, cluster, &request),
            Server::Vault => vault::answer(world, &request),
        };
        let mut reply = if stale {
            world.in_the_past(made.service, carry_out)
        } else {
            world.keeping_past(&made, carry_out)
        };
        if let Some((place, text)) = plant
            && let Some(body) = planted(&reply.body, place, &text)
        {
            world.planted += 1;
            reply.body = body;
        }
        world.finish(call, reply.status);
        reply
    };
    shared.called.notify_waiters();
    if swallowed {
        hang().await;
    }
    Ok(response(reply, half))
}

/// What a careless server writes of a request into its error pages: all that it was sent.
fn quoted(request: &Request) -> String {
    let headers = request.headers.values();
    let values: Vec<String> = headers
        .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
        .collect();
    let body = String::from_utf8_lossy(&request.body);
    format!(
        "{} {}?{} [{}] {body}",
        request.method,
        request.path,
        request.query,
        values.join("] [")
    )
}

/// Says nothing for longer than any client waits.
async fn hang() {
    tokio::time::sleep(Duration::from_secs(3600)).await;
}

/// Returns when that many of the calls meant were made; gives up after ten seconds, so that nothing hangs.
async fn wait_for_calls(
    shared: &Shared,
    number: usize,
    which: &Which,
) -> Result<(), std::io::Error> {
    let enough = async {
        loop {
            let called = shared.called.notified();
            let made = |world: &World| world.calls.iter().filter(|it| which.matches(it)).count();
            if made(&shared.lock()) >= number {
                return;
            }
            called.await;
        }
    };
    let waited = tokio::time::timeout(Duration::from_secs(10), enough).await;
    waited.map_err(|_| std::io::Error::other(format!("there never were {number} calls")))
}

/// The error reply of a service, in its own protocol.
fn refusal(service: Service, status: u16, code: &str, message: &str) -> Reply {
    match service {
        Service::Kubernetes => kubernetes::refusal(status, code, message),
        Service::Issuer => Reply::new(status, "text/plain", message),
        Service::Vault => vault::refusal(status, message),
        _ => aws::refusal(service, status, code, message),
    }
}

async fn read(request: hyper::Request<Incoming>) -> Result<Request, std::io::Error> {
    let (parts, body) = request.into_parts();
    let host = parts
        .headers
        .get("host")
        .and_then(|host| host.to_str().ok())
        .map_or("", |host| host.split(':').next().unwrap_or(host))
        .to_owned();
    let body = Limited::new(body, 16 << 20)
        .collect()
        .await
        .map_err(std::io::Error::other)?
        .to_bytes();
    Ok(Request {
        method: parts.method,
        host,
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers: parts.headers,
        body,
    })
}

/// `half` sends the headers and half of the body, then breaks the connection.
fn response(reply: Reply, half: bool) -> hyper::Response<Body> {
    let length = reply.body.len();
    let mut frames = Vec::new();
    if half {
        frames.push(Ok(Frame::data(Bytes::from(
            reply.body[..length / 2].to_vec(),
        ))));
        frames.push(Err(std::io::Error::other("half a body asked for")));
    } else {
        frames.push(Ok(Frame::data(Bytes::from(reply.body))));
    }
    let mut response = hyper::Response::new(StreamBody::new(futures_util::stream::iter(frames)));
    *response.status_mut() = StatusCode::from_u16(reply.status).expect("a valid status");
    for (name, value) in reply.headers {
        if let Ok(value) = value.parse() {
            response.headers_mut().insert(name, value);
        }
    }
    response
        .headers_mut()
        .insert("content-length", length.into());
    response
}

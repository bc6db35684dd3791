//! What a request to the API server asks for: verb, resource, namespace, name, options.

use std::borrow::Cow;

use hyper::Method;
use serde_json::Value;

use super::super::http::{Reply, Request};
use super::protobuf;
use super::resources::{Resource, by_plural, version_of};
use super::status::refusal;

/// The verbs, with server-side apply told from other patches (RBAC sees `patch` for both).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Get,
    List,
    Create,
    Update,
    Patch,
    Apply,
    Delete,
}

impl Verb {
    pub fn name(self) -> &'static str {
        match self {
            Self::Get => "get",
            Self::List => "list",
            Self::Create => "create",
            Self::Update => "update",
            Self::Patch => "patch",
            Self::Apply => "apply",
            Self::Delete => "delete",
        }
    }

    /// The verb that RBAC asks for.
    pub fn right(self) -> &'static str {
        if self == Self::Apply {
            "patch"
        } else {
            self.name()
        }
    }
}

/// A request for a resource.
#[derive(Debug)]
pub struct Route {
    pub verb: Verb,
    pub resource: &'static Resource,
    /// Empty: none, or all of them.
    pub namespace: String,
    /// Empty where none is in the path.
    pub name: String,
    pub subresource: String,
}

impl Route {
    /// `None` for a path that is no resource's, or a method that the resource has not.
    pub fn parse(request: &Request) -> Option<Self> {
        let parts: Vec<&str> = request
            .path
            .split('/')
            .filter(|part| !part.is_empty())
            .collect();
        let (group, rest) = match parts.as_slice() {
            ["api", "v1", rest @ ..] => ("", rest),
            ["apis", group, version, rest @ ..] if *version == version_of(group) => (*group, rest),
            _ => return None,
        };
        let (namespace, plural, rest) = match rest {
            ["namespaces", namespace, plural, rest @ ..] if by_plural(group, plural).is_some() => {
                (*namespace, *plural, rest)
            }
            [plural, rest @ ..] => ("", *plural, rest),
            [] => return None,
        };
        let (name, subresource) = match rest {
            [] => ("", ""),
            [name] => (*name, ""),
            [name, subresource] => (*name, *subresource),
            _ => return None,
        };
        let resource = by_plural(group, plural)?;
        Some(Self {
            verb: verb(request, name)?,
            resource,
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            subresource: subresource.to_owned(),
        })
    }

    /// The way to one object, for what the sandbox does itself.
    pub fn to_object(resource: &'static Resource, namespace: &str, name: &str) -> Self {
        Self {
            verb: Verb::Get,
            resource,
            namespace: if resource.namespaced {
                namespace.to_owned()
            } else {
                String::new()
            },
            name: name.to_owned(),
            subresource: String::new(),
        }
    }

    /// `serviceaccounts/token`, as RBAC names it.
    pub fn full_resource(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.plural.to_owned()
        } else {
            format!("{}/{}", self.resource.plural, self.subresource)
        }
    }

    /// The name in a body that is to be created, for the call log.
    pub fn posted_name(&self, request: &Request) -> String {
        let name = body(request)
            .ok()
            .map(|body| body["metadata"]["name"].clone());
        name.as_ref()
            .and_then(Value::as_str)
            .unwrap_or("")
            .to_owned()
    }
}

/// The value of a query parameter, percent-decoded.
pub fn parameter<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    pairs(query).find_map(|(key, value)| (key == name).then_some(value))
}

/// All query parameters, percent-decoded.
pub fn pairs(query: &str) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decode(key), decode(value))
        })
}

/// The body as JSON, whatever it is written in.
///
/// # Errors
/// The API server's answer to a body it cannot read.
pub fn body(request: &Request) -> Result<Value, Reply> {
    if request.body.is_empty() {
        return Ok(Value::Null);
    }
    let kind = request.header("content-type").unwrap_or("");
    if kind.contains("protobuf") {
        return protobuf::decode(&request.body).ok_or_else(|| unsupported(kind));
    }
    let text = String::from_utf8_lossy(&request.body);
    serde_json::from_str(&text)
        .or_else(|_| serde_saphyr::from_str(&text))
        .map_err(|error| {
            let message = format!("error decoding the body: {error}");
            refusal(400, "BadRequest", &message)
        })
}

/// The answer to a body in another format than the request's path and verb take.
pub fn unsupported(kind: &str) -> Reply {
    let message = format!(
        "the body of the request was in an unknown format - accepted media types include: \
         application/json, application/yaml, application/vnd.kubernetes.protobuf (got {kind})"
    );
    refusal(415, "UnsupportedMediaType", &message)
}

fn verb(request: &Request, name: &str) -> Option<Verb> {
    let patch = request.header("content-type").unwrap_or("");
    match (&request.method, name) {
        (&Method::GET, "") => Some(Verb::List),
        (&Method::GET, _) => Some(Verb::Get),
        (&Method::POST, _) => Some(Verb::Create),
        (&Method::PUT, _) => Some(Verb::Update),
        (&Method::PATCH, _) if patch.starts_with("application/apply-patch") => Some(Verb::Apply),
        (&Method::PATCH, _) => Some(Verb::Patch),
        (&Method::DELETE, name) if !name.is_empty() => Some(Verb::Delete),
        _ => None,
    }
}

fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains(['%', '+']) {
        return Cow::Borrowed(text);
    }
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let escaped = text
            .get(at + 1..at + 3)
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        match (byte, escaped) {
            (b'%', Some(byte)) => {
                decoded.push(byte);
                at += 3;
                continue;
            }
            (b'+', _) => decoded.push(b' '),
            _ => decoded.push(byte),
        }
        at += 1;
    }
    Cow::Owned(String::from_utf8_lossy(&decoded).into_owned())
}

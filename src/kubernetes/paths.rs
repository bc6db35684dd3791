//! Reads and patches of any resource by its path. Objects that irsactl only looks into stay JSON: their
//! types would be most of the binary.

use http::Request;
use kube::Client;
use serde_json::Value;

use super::failure::unlisted;
use super::{Error, FIELD_MANAGER, Kubernetes};
use crate::pages::Pages;

/// A resource of the API.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// `v1`, or group and version.
    pub version: &'static str,
    pub plural: &'static str,
}

pub const fn resource(version: &'static str, plural: &'static str) -> Resource {
    Resource { version, plural }
}

impl Resource {
    fn path(self, namespace: &str, name: &str) -> String {
        let root = match self.version {
            "v1" => "/api/v1".to_owned(),
            version => format!("/apis/{version}"),
        };
        let within = match namespace {
            "" => String::new(),
            namespace => format!("/namespaces/{}", encoded(namespace)),
        };
        let name = match name {
            "" => String::new(),
            name => format!("/{}", encoded(name)),
        };
        format!("{root}{within}/{}{name}", self.plural)
    }

    /// What is done, in the words of RBAC, so that a refusal names the right that is missing.
    fn operation(self, verb: &str, namespace: &str, name: &str) -> String {
        let mut text = format!("{verb} {}", self.plural);
        if let Some((group, _)) = self.version.split_once('/') {
            text.push_str(&format!(".{group}"));
        }
        if !name.is_empty() {
            text.push_str(&format!(" {name}"));
        }
        if !namespace.is_empty() {
            text.push_str(&format!(" in namespace {namespace}"));
        }
        text
    }
}

impl Kubernetes {
    /// One object; `None` where it, or its whole kind, is missing.
    pub(super) async fn object(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Value>, Error> {
        let path = resource.path(namespace, name);
        let operation = resource.operation("get", namespace, name);
        self.answer(&operation, "GET", &path, "", Vec::new()).await
    }

    /// Hands every object of a list over, page by page, so that no more than a page is held. `false`
    /// where there is no such kind.
    pub(super) async fn each(
        &self,
        resource: Resource,
        namespace: &str,
        selector: &str,
        mut visit: impl FnMut(&Value),
    ) -> Result<bool, Error> {
        // Pods are large: so many of them are 2 MB or less.
        const PAGE: usize = 100;
        let path = resource.path(namespace, "");
        let operation = resource.operation("list", namespace, "");
        let mut start = String::new();
        let mut pages = Pages::default();
        loop {
            let path = format!("{path}?limit={PAGE}{selector}{start}");
            let page = self
                .answer(&operation, "GET", &path, "", Vec::new())
                .await?;
            let Some(page) = page else {
                return Ok(false);
            };
            page["items"]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(&mut visit);
            let token = page["metadata"]["continue"].as_str();
            let token = token.filter(|token| !token.is_empty());
            let next = pages.go_on(token);
            next.map_err(|endless| unlisted(&operation, endless))?;
            match token {
                Some(token) => start = format!("&continue={}", encoded(token)),
                None => return Ok(true),
            }
        }
    }

    /// All objects of a list as what is made of them; `None` where there is no such kind.
    pub(super) async fn all<T>(
        &self,
        resource: Resource,
        namespace: &str,
        make: impl Fn(&Value) -> Option<T>,
    ) -> Result<Option<Vec<T>>, Error> {
        let mut all = Vec::new();
        let is_known = self
            .each(resource, namespace, "", |object| all.extend(make(object)))
            .await?;
        Ok(is_known.then_some(all))
    }

    /// A merge patch; `None` where the object is gone.
    pub(super) async fn merge(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<Option<Value>, Error> {
        let path = resource.path(namespace, name);
        let path = format!("{path}?fieldManager={FIELD_MANAGER}");
        let operation = resource.operation("patch", namespace, name);
        let kind = "application/merge-patch+json";
        let body = patch.to_string().into_bytes();
        self.answer(&operation, "PATCH", &path, kind, body).await
    }

    /// What the API answers at a path; `None` for 404.
    pub(super) async fn answer(
        &self,
        operation: &str,
        method: &str,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Option<Value>, Error> {
        let call = async |client: Client| {
            let mut request = Request::builder().method(method).uri(path);
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
            let request = request.body(body.clone());
            let request = request.map_err(kube::Error::HttpError)?;
            // Not `request`, which logs what it cannot read: a pod's variables may hold secrets.
            let text = client.request_text(request).await?;
            serde_json::from_str(&text).map_err(kube::Error::SerdeError)
        };
        match self.call(call).await {
            Ok(value) => Ok(Some(value)),
            Err(failure) if failure.status() == Some(404) => Ok(None),
            Err(failure) => Err(self.failed(operation, failure)),
        }
    }
}

/// For a path or a query.
pub fn encoded(text: &str) -> String {
    let encode = |byte: u8| match byte {
        b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

/// Text of a member that is text, else nothing.
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Members that are texts.
pub fn texts(value: &Value) -> crate::model::Map {
    let members = value.as_object().into_iter().flatten();
    members
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Items of a list, or none.
pub fn items(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// A time as the API writes it, in seconds since 1970.
pub fn time(value: &Value) -> Option<i64> {
    let time = value.as_str()?.parse::<k8s_openapi::jiff::Timestamp>();
    time.ok().map(|time| time.as_second())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_done_is_told_in_the_words_of_rbac() {
        let pods = resource("v1", "pods");
        let deployments = resource("apps/v1", "deployments");
        assert_eq!(
            pods.operation("list", "web", ""),
            "list pods in namespace web"
        );
        assert_eq!(pods.operation("list", "", ""), "list pods");
        assert_eq!(
            deployments.operation("get", "web", "api"),
            "get deployments.apps api in namespace web"
        );
        assert_eq!(
            deployments.path("web", "../a b"),
            "/apis/apps/v1/namespaces/web/deployments/..%2Fa%20b"
        );
    }
}

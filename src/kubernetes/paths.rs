//! Reads and patches of any resource by its path.

use http::Request;
use kube::Client;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::failure::{ApiOperation, Failure, unlisted};
use super::objects::{FieldsOf, ListItem, ObjectList, TypeMeta, read};
use super::workloads::AppliedObject;
use super::{Error, FIELD_MANAGER, Kubernetes};
use crate::model::{Right, percent_encoded};
use crate::pages::Pages;

pub const JSON: &str = "application/json";
pub const APPLY: &str = "application/apply-patch+yaml";
pub const MERGE: &str = "application/merge-patch+json";

/// The version of what every cluster has.
const CORE: &str = "v1";

/// How often a list is begun.
const BEGINNINGS: u32 = 3;

/// What is to be listed.
pub struct List<'a> {
    pub resource: Resource,
    /// Empty: all.
    pub namespace: &'a str,
    /// More of the query.
    pub selector: &'a str,
    /// How many objects a page has.
    pub page: usize,
    pub operation: ApiOperation,
}

impl<'a> List<'a> {
    /// Pods are large: a hundred of them are 2 MB or less.
    pub fn of(resource: Resource, namespace: &'a str) -> Self {
        Self {
            resource,
            namespace,
            selector: "",
            page: 100,
            operation: resource.right("list", namespace, "").into(),
        }
    }
}

/// A resource of the API.
#[derive(Clone, Copy, Debug)]
pub struct Resource {
    /// `v1`, or group and version.
    pub version: &'static str,
    pub plural: &'static str,
}

/// A resource by its version (`v1`, `apps/v1`) and its plural.
pub const fn resource(version: &'static str, plural: &'static str) -> Resource {
    Resource { version, plural }
}

impl Resource {
    /// The path of one object. Without a name that of the list; without a namespace that of all, or of
    /// what has none.
    pub fn path(self, namespace: &str, name: &str) -> String {
        let root = match self.version {
            CORE => "/api/v1".to_owned(),
            version => format!("/apis/{version}"),
        };
        let within = match namespace {
            "" => String::new(),
            namespace => format!("/namespaces/{}", percent_encoded(namespace)),
        };
        let name = match name {
            "" => String::new(),
            name => format!("/{}", percent_encoded(name)),
        };
        format!("{root}{within}/{}{name}", self.plural)
    }

    /// What it needs to do something with it.
    fn right(self, verb: &'static str, namespace: &str, name: &str) -> Right {
        let group = self.version.split_once('/');
        Right {
            group: group.map_or("", |(group, _)| group),
            namespace: namespace.to_owned().into(),
            name: name.to_owned().into(),
            ..Right::of(verb, self.plural)
        }
    }
}

impl Kubernetes {
    /// One object; `None` where it, or its whole kind, is missing.
    pub(super) async fn object<T: DeserializeOwned + Default>(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
    ) -> Result<Option<T>, Error> {
        let path = resource.path(namespace, name);
        let operation = resource.right("get", namespace, name).into();
        let answer = self.answer(&operation, "GET", &path, "", Vec::new());
        Ok(answer.await?.as_ref().map(read))
    }

    /// Adds what is made of each object of a list, page by page, so that no more than a page is held.
    /// `false` where there is no such kind. A list whose next page the API no longer has (410: etcd keeps
    /// the state of a list for five minutes) is begun anew.
    ///
    /// # Errors
    /// Those of the API; what came before stays.
    pub(super) async fn gathered<O: DeserializeOwned + Default, T>(
        &self,
        list: &List<'_>,
        all: &mut Vec<T>,
        make: impl Fn(O) -> Option<T>,
    ) -> Result<bool, Error> {
        let List {
            operation, page, ..
        } = list;
        let path = list.resource.path(list.namespace, "");
        let before = all.len();
        let (mut start, mut begun) = (String::new(), 1);
        let mut pages = Pages::default();
        loop {
            let path = format!("{path}?limit={page}{}{start}", list.selector);
            let answer = match self.page(list.resource, &path).await {
                Err(failure) if failure.status() == Some(410) && begun < BEGINNINGS => {
                    all.truncate(before);
                    start.clear();
                    pages = Pages::default();
                    begun += 1;
                    continue;
                }
                answer => answer.map_err(|failure| self.failed(operation, failure))?,
            };
            let Some(answer) = answer else {
                return Ok(false);
            };
            let found: ObjectList<O> = read(&answer);
            let objects = found.items.into_iter();
            all.extend(objects.filter_map(|ListItem(object)| make(object)));
            let token = Some(found.metadata.token.as_str()).filter(|token| !token.is_empty());
            let next = pages.go_on(token);
            next.map_err(|endless| unlisted(operation, endless))?;
            match token {
                Some(token) => start = format!("&continue={}", percent_encoded(token)),
                None => return Ok(true),
            }
        }
    }

    /// All objects of a list as what is made of them; `None` where there is no such kind.
    pub(super) async fn all<O: DeserializeOwned + Default, T>(
        &self,
        resource: Resource,
        namespace: &str,
        make: impl Fn(O) -> Option<T>,
    ) -> Result<Option<Vec<T>>, Error> {
        let mut all = Vec::new();
        let list = List::of(resource, namespace);
        let is_known = self.gathered(&list, &mut all, make).await?;
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
        let operation = resource.right("patch", namespace, name).into();
        let body = patch.to_string().into_bytes();
        self.answer(&operation, "PATCH", &path, MERGE, body).await
    }

    /// A server-side apply to an object that is there.
    pub(super) async fn applied(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        object: &Value,
        force: bool,
    ) -> Result<Option<AppliedObject>, Error> {
        let path = resource.path(namespace, name);
        let path = format!("{path}?fieldManager={FIELD_MANAGER}&force={force}");
        let operation = resource.right("patch", namespace, name).into();
        let body = object.to_string().into_bytes();
        let answer = self.answer(&operation, "PATCH", &path, APPLY, body);
        Ok(answer.await?.as_ref().map(read))
    }

    /// Has irsactl own nothing any more of what it applied to an object, and leaves all of it as it is: an apply
    /// without it would take it away, as nobody else owns it by then. The entries are replaced as long as the
    /// object is as it was seen, as client-go's `util/csaupgrade` does it. `false`: it is not.
    pub(super) async fn disowned(
        &self,
        resource: Resource,
        namespace: &str,
        name: &str,
        seen: AppliedObject,
    ) -> Result<bool, Error> {
        let entries = seen.metadata.managed_fields.into_iter();
        let (own, mut others): (Vec<Value>, Vec<Value>) =
            entries.partition(|it| read::<FieldsOf>(it).is_own());
        if own.is_empty() {
            return Ok(true);
        }
        // An empty list is taken as if nothing was said of it.
        if others.is_empty() {
            others.push(json!({}));
        }
        let version = seen.metadata.resource_version;
        let patch = json!({"metadata": {"resourceVersion": version, "managedFields": others}});
        let path = resource.path(namespace, name);
        let path = format!("{path}?fieldManager={FIELD_MANAGER}");
        let body = patch.to_string().into_bytes();
        match self.answered("PATCH", &path, MERGE, body).await {
            Err(failure) if failure.status() == Some(409) => Ok(false),
            Err(failure) => {
                let operation = resource.right("patch", namespace, name).into();
                Err(self.failed(&operation, failure))
            }
            Ok(_) => Ok(true),
        }
    }

    /// What the API answers at a path; `None` where it says that nothing is there.
    pub(super) async fn answer(
        &self,
        operation: &ApiOperation,
        method: &str,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Option<Value>, Error> {
        let answer = self.answered(method, path, kind, body).await;
        answer.map_err(|failure| self.failed(operation, failure))
    }

    async fn answered(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Option<Value>, Failure> {
        match self.called(method, path, kind, body).await {
            Ok(value) => Ok(Some(value)),
            Err(failure) if failure.is_absence(path) => Ok(None),
            Err(failure) => Err(failure),
        }
    }

    /// Of a list; `None` where there is no such kind, which cannot be of those that every cluster has.
    async fn page(&self, resource: Resource, path: &str) -> Result<Option<Value>, Failure> {
        if resource.version == CORE {
            return self.called("GET", path, "", Vec::new()).await.map(Some);
        }
        self.answered("GET", path, "", Vec::new()).await
    }

    /// What the API answers at a path, where 404 is a failure too.
    pub(super) async fn called(
        &self,
        method: &str,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<Value, Failure> {
        let call = async |client: Client| {
            let mut request = Request::builder().method(method).uri(path);
            if !kind.is_empty() {
                request = request.header("content-type", kind);
            }
            let request = request.body(body.clone());
            let request = request.map_err(kube::Error::HttpError)?;
            // Not `request`, which logs what it cannot read: a pod's variables may hold secrets.
            let text = client.request_text(request).await?;
            let answer: Value = serde_json::from_str(&text).map_err(kube::Error::SerdeError)?;
            // All that the API holds says what it is (API conventions, "Types (Kinds)"): what has no kind is no
            // object without annotations, but somebody else's answer.
            if path.starts_with("/api") && read::<TypeMeta>(&answer).kind.0.is_none() {
                let error = serde::de::Error::custom("no kind");
                return Err(kube::Error::SerdeError(error));
            }
            Ok(answer)
        };
        self.call(call).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_others_are_encoded_in_a_path() {
        let deployments = resource("apps/v1", "deployments");
        assert_eq!(
            deployments.path("web", "../a b"),
            "/apis/apps/v1/namespaces/web/deployments/..%2Fa%20b"
        );
    }
}

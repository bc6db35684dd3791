//! The Kubernetes API of a cluster: namespaces, service accounts, tokens, and what else irsactl
//! reads. Here is its state and the way of a request through it, in the API server's order:
//! authentication, authorization, then the resource. The parts are apart by that order.

mod admission;
mod authentication;
mod authorization;
mod controllers;
mod deletion;
mod discovery;
mod fields;
mod list;
mod patch;
mod protobuf;
mod resources;
mod route;
mod status;
mod store;
mod tokens;
mod validation;
mod webhook;
mod workloads;

pub use admission::Admission;
pub use authorization::Access;
pub use controllers::Controllers;
pub use status::refusal;
pub use webhook::admit as admit_pod;

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::http::{Reply, Request};
use super::issuer;
use super::world::{Cluster, Service, World};
use authentication::User;
use fields::Manager;
use route::{Route, Verb};

/// Plural resource name, namespace (empty for what has none), name.
pub type Key = (String, String, String);

/// What one API server holds.
#[derive(Clone, Debug)]
pub struct Api {
    /// What callers may do, whoever they are.
    pub access: Access,
    /// Every right that was needed so far, allowed or not: `patch serviceaccounts`.
    pub asked: BTreeSet<String>,
    /// Those of them that were refused.
    pub refused: BTreeSet<String>,
    /// What refuses every write, whoever has the right to it.
    pub admission: Option<Admission>,
    /// Every object, whole, as the API would answer it.
    pub objects: BTreeMap<Key, Value>,
    /// When set, every TokenRequest is answered with this text.
    pub token: Option<String>,
    /// `MAJOR.MINOR` of `/version`.
    pub version: String,
    /// What `AWS_REGION` is in pods.
    pub region: String,
    /// Service accounts with a Pod Identity association, as namespace and name, as far as the webhook knows.
    pub associated: BTreeSet<(String, String)>,
    /// Pods have IPv6 addresses only.
    pub ipv6: bool,
    pub controllers: Controllers,
    /// Counts up: resource versions and uids come from it.
    revision: u64,
    /// etcd no longer has what was before that revision.
    compacted: u64,
}

impl Api {
    /// A new cluster: what Kubernetes and EKS themselves make, open to every caller.
    pub fn new(region: &str) -> Self {
        let mut api = Self {
            access: Access::Admin,
            asked: BTreeSet::new(),
            refused: BTreeSet::new(),
            admission: None,
            objects: BTreeMap::new(),
            token: None,
            version: "1.33".to_owned(),
            region: region.to_owned(),
            associated: BTreeSet::new(),
            ipv6: false,
            controllers: Controllers::default(),
            revision: 0,
            compacted: 0,
        };
        for namespace in ["default", "kube-system", "kube-public", "kube-node-lease"] {
            api.put_namespace(namespace);
        }
        api.put_cluster_objects();
        api
    }

    /// The object as the API would answer it; `namespace` is empty for what has none.
    pub fn object(&self, resource: &str, namespace: &str, name: &str) -> Option<&Value> {
        self.objects.get(&key(resource, namespace, name))
    }

    pub fn service_account(&self, namespace: &str, name: &str) -> Option<&Value> {
        self.object("serviceaccounts", namespace, name)
    }

    /// An annotation of a service account.
    pub fn annotation(&self, namespace: &str, name: &str, annotation: &str) -> Option<&str> {
        self.service_account(namespace, name)?["metadata"]["annotations"][annotation].as_str()
    }

    pub fn namespaces(&self) -> Vec<&str> {
        self.names("namespaces")
            .into_iter()
            .map(|(_, name)| name)
            .collect()
    }

    /// All service accounts but the `default` ones, as namespace and name.
    pub fn service_accounts(&self) -> Vec<(&str, &str)> {
        let mut names = self.names("serviceaccounts");
        names.retain(|(_, name)| *name != "default");
        names
    }

    /// Makes a namespace with its `default` service account, unless it is there.
    pub fn put_namespace(&mut self, name: &str) {
        if self.object("namespaces", "", name).is_none() {
            let object =
                json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}});
            self.put_object(object, "kube-apiserver");
        }
    }

    /// Makes or replaces a service account (and its namespace) as a client called `manager`
    /// would with a plain write: Helm, `kubectl-client-side-apply`, eksctl.
    pub fn put_service_account(
        &mut self,
        namespace: &str,
        name: &str,
        labels: &[(&str, &str)],
        annotations: &[(&str, &str)],
        manager: &str,
    ) {
        self.put_namespace(namespace);
        self.put_object(
            json!({
                "apiVersion": "v1",
                "kind": "ServiceAccount",
                "metadata": {
                    "namespace": namespace,
                    "name": name,
                    "labels": BTreeMap::from_iter(labels.iter().copied()),
                    "annotations": BTreeMap::from_iter(annotations.iter().copied()),
                },
            }),
            manager,
        );
    }

    /// Makes or replaces any object of a resource that the sandbox knows: pods, deployments, ….
    ///
    /// # Panics
    /// When the object's apiVersion and kind are unknown: that is a mistake of the test.
    pub fn put_object(&mut self, object: Value, manager: &str) {
        let kind = (
            object["apiVersion"].as_str().unwrap_or(""),
            object["kind"].as_str().unwrap_or(""),
        );
        let resource = resources::by_kind(kind.0, kind.1)
            .unwrap_or_else(|| panic!("the sandbox knows no {} {}", kind.0, kind.1));
        let namespace = object["metadata"]["namespace"]
            .as_str()
            .unwrap_or("")
            .to_owned();
        let name = object["metadata"]["name"].as_str().unwrap_or("").to_owned();
        let route = Route::to_object(resource, &namespace, &name);
        let manager = Manager::update(manager, &resource.version());
        store::put(self, &route, object, &manager);
    }

    /// Sets annotations of a service account that is there as a client called `manager` would, with
    /// `kubectl annotate --overwrite`: the other fields stay, these are the manager's from now on.
    ///
    /// # Panics
    /// When there is no such service account: a mistake of the test.
    pub fn annotate(
        &mut self,
        namespace: &str,
        name: &str,
        annotations: &[(&str, &str)],
        manager: &str,
    ) {
        let live = self.service_account(namespace, name).cloned();
        let mut object = live.unwrap_or_else(|| panic!("there is no {namespace}/{name}"));
        for (key, value) in annotations {
            object["metadata"]["annotations"][*key] = (*value).into();
        }
        self.put_object(object, manager);
    }

    /// The same as a server-side apply that takes the annotations by force; what the manager
    /// applied before and does not name now goes.
    ///
    /// # Panics
    /// When there is no such service account: a mistake of the test.
    pub fn apply_annotations(
        &mut self,
        namespace: &str,
        name: &str,
        annotations: &[(&str, &str)],
        manager: &str,
    ) {
        let is_there = self.service_account(namespace, name).is_some();
        assert!(is_there, "there is no {namespace}/{name}");
        self.apply_service_account(namespace, name, &[], annotations, manager);
    }

    /// Makes a service account, or changes it, by a server-side apply with force; makes its namespace too,
    /// where that is missing.
    pub fn apply_service_account(
        &mut self,
        namespace: &str,
        name: &str,
        labels: &[(&str, &str)],
        annotations: &[(&str, &str)],
        manager: &str,
    ) {
        if self.object("namespaces", "", namespace).is_none() {
            let metadata = json!({"name": namespace});
            let object = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
            self.put_object(object, manager);
        }
        let wanted = json!({
            "metadata": {
                "labels": BTreeMap::from_iter(labels.iter().copied()),
                "annotations": BTreeMap::from_iter(annotations.iter().copied()),
            },
        });
        let resource = resources::by_kind("v1", "ServiceAccount").expect("a resource");
        let route = Route::to_object(resource, namespace, name);
        store::put_applied(self, &route, &wanted, &Manager::apply(manager, "v1"));
    }

    /// Deletes a service account, which stays while finalizers hold it.
    pub fn delete_service_account(&mut self, namespace: &str, name: &str) {
        deletion::delete(self, &key("serviceaccounts", namespace, name));
    }

    /// Deletes a namespace with all that is in it; it stays while something in it is held.
    pub fn delete_namespace(&mut self, name: &str) {
        deletion::delete(self, &key("namespaces", "", name));
    }

    /// Sets the finalizers of a service account, as their controllers do: without any it goes, where it
    /// was deleted.
    ///
    /// # Panics
    /// When there is no such service account: a mistake of the test.
    pub fn put_finalizers(&mut self, namespace: &str, name: &str, finalizers: &[&str]) {
        let live = self.service_account(namespace, name).cloned();
        let mut object = live.unwrap_or_else(|| panic!("there is no {namespace}/{name}"));
        object["metadata"]["finalizers"] = finalizers.into();
        self.put_object(object, "controller");
    }

    /// Forgets what was, as etcd does by and by: lists that are being read cannot be gone on with.
    pub fn compact(&mut self) {
        self.compacted = self.next_revision();
    }

    fn names(&self, resource: &str) -> Vec<(&str, &str)> {
        let keys = self.objects.keys().filter(|key| key.0 == resource);
        keys.map(|key| (key.1.as_str(), key.2.as_str())).collect()
    }

    fn next_revision(&mut self) -> u64 {
        self.revision += 1;
        self.revision
    }
}

impl World {
    /// The cluster of that name.
    ///
    /// # Panics
    /// When there is none: that is a mistake of the test.
    pub fn api(&mut self, cluster: &str) -> &mut Api {
        let moment = self.moment;
        let mut clusters = self.clusters.iter_mut();
        let found = clusters.find(|candidate| candidate.name == cluster);
        let found = found.unwrap_or_else(|| panic!("the sandbox has no cluster {cluster}"));
        found.inform_webhook(moment);
        &mut found.api
    }

    /// A kubeconfig with one context, named as the cluster, and a static token, as clusters
    /// outside EKS have. It sets no proxy-url: HTTPS_PROXY does.
    ///
    /// # Panics
    /// When there is no such cluster: that is a mistake of the test.
    pub fn kubeconfig(&self, cluster: &str) -> String {
        let Some(found) = self
            .clusters
            .iter()
            .find(|candidate| candidate.name == cluster)
        else {
            panic!("the sandbox has no cluster {cluster}");
        };
        let authority = STANDARD.encode(found.authority.pem());
        let (host, token) = (&found.endpoint_host, authentication::STATIC_TOKEN);
        format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: {cluster}\n\
             clusters:\n- name: {cluster}\n  cluster:\n    server: https://{host}\n    \
             certificate-authority-data: {authority}\n\
             contexts:\n- name: {cluster}\n  context:\n    cluster: {cluster}\n    user: {cluster}\n\
             users:\n- name: {cluster}\n  user:\n    token: {token}\n"
        )
    }
}

/// `VERB resource` and `namespace/name`, for the call log and the fault rules.
pub fn identify(request: &Request) -> (Service, String, String) {
    let verb = request.method.as_str().to_lowercase();
    let Some(route) = Route::parse(request) else {
        return (
            Service::Kubernetes,
            format!("{verb} {}", request.path),
            String::new(),
        );
    };
    let mut operation = format!("{} {}", route.verb.name(), route.resource.plural);
    if !route.subresource.is_empty() {
        operation = format!("{operation}/{}", route.subresource);
    }
    let name = if route.name.is_empty() {
        route.posted_name(request)
    } else {
        route.name.clone()
    };
    let subject = match (route.namespace.as_str(), name.as_str()) {
        ("", name) | (name, "") => name.to_owned(),
        (namespace, name) => format!("{namespace}/{name}"),
    };
    (Service::Kubernetes, operation, subject)
}

/// One request to the API server of the cluster with that ARN.
pub fn answer(world: &mut World, cluster: &str, request: &Request) -> Reply {
    let moment = world.moment;
    let mut clusters = world.clusters.iter_mut();
    let Some(cluster) = clusters.find(|candidate| candidate.arn == cluster) else {
        return refusal(503, "ServiceUnavailable", "the cluster is gone");
    };
    cluster.inform_webhook(moment);
    let Some(user) = authentication::user(cluster, request) else {
        return refusal(401, "Unauthorized", "Unauthorized");
    };
    let answered = match Route::parse(request) {
        Some(route) => answer_resource(cluster, &mut world.tokens, &user, &route, request),
        None if request.path == issuer::DISCOVERY => service_account_issuer(cluster),
        None => discovery::answer(&cluster.api, request),
    };
    answered.unwrap_or_else(|refused| refused)
}

/// Who signs the tokens of service accounts (Kubernetes, "Service account issuer discovery"). RBAC lets
/// service accounts read it, and who may read all; here everyone may.
fn service_account_issuer(cluster: &Cluster) -> Result<Reply, Reply> {
    let issuer = cluster.issuer.as_deref().unwrap_or_default();
    let keys = format!("https://{}/openid/v1/jwks", cluster.endpoint_host);
    Ok(Reply::json(200, &issuer::discovery(issuer, &keys)))
}

fn answer_resource(
    cluster: &mut Cluster,
    issued: &mut Vec<String>,
    user: &User,
    route: &Route,
    request: &Request,
) -> Result<Reply, Reply> {
    if route.resource.group == "authorization.k8s.io" {
        return authorization::review(&cluster.api.access, route, request);
    }
    // An apply that makes its object needs the right to create it too.
    let makes = route.verb == Verb::Apply
        && cluster
            .api
            .object(route.resource.plural, &route.namespace, &route.name)
            .is_none();
    for verb in [route.verb.right(), "create"]
        .into_iter()
        .take(1 + usize::from(makes))
    {
        let (group, resource) = (route.resource.group, route.full_resource());
        let right = format!("{verb} {}", route.full_resource());
        cluster.api.asked.insert(right.clone());
        if !cluster
            .api
            .access
            .allows(verb, group, &resource, &route.name)
        {
            cluster.api.refused.insert(right);
            return Err(authorization::forbidden(user, route, verb));
        }
    }
    if route.subresource == "token" {
        return tokens::issue(cluster, issued, route, request);
    }
    store::answer(&mut cluster.api, route, request)
}

fn key(resource: &str, namespace: &str, name: &str) -> Key {
    (resource.to_owned(), namespace.to_owned(), name.to_owned())
}

//! The calls on service accounts and their namespaces. What is written because of what was seen carries
//! the version that was seen: the API refuses it where another writer was there first, and the world is
//! looked at once more.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::ApiOperation;
use super::objects::{
    Condition, Fields, LocalObjectReference, Metadata, MetadataFields, ObjectList, OptionalMember,
    PartialObjectMetadata, read,
};
use super::paths::{APPLY, JSON, List, MERGE, Resource, resource};
use super::{Error, FIELD_MANAGER, Kubernetes, cluster};
use crate::asked::Conflicts;
use crate::model::{Map, Namespace, Right, ServiceAccountName};
use crate::plan::{ObjectPresence, ServiceAccountChange};
use crate::secrets;
use crate::template::manifest;
use crate::token::Secret;
use crate::world::{ObjectVersion, PodDefaults, ServiceAccount};

/// A version that no object has: etcd gives 1 to the empty store, and its first write has 2. An apply
/// that names it makes its object, or is refused where there is one (apiserver, `Store.Update`: a version
/// is compared only with that of an object that exists; a uid would be refused without one).
const NO_VERSION: &str = "1";

impl Kubernetes {
    /// GET of the ServiceAccount. That its namespace is missing looks the same.
    pub async fn service_account(
        &self,
        name: &ServiceAccountName,
    ) -> Result<Option<ServiceAccount>, Error> {
        let operation = on("get", "read service account", name);
        let path = path(name);
        let answer = self.answer(&operation, "GET", &path, "", Vec::new());
        let found = answer.await?;
        Ok(found.map(|object| service_account(read(&object))))
    }

    /// All service accounts of a namespace, or of the cluster.
    pub async fn service_accounts(
        &self,
        namespace: Option<&Namespace>,
    ) -> Result<Vec<(ServiceAccountName, ServiceAccount)>, Error> {
        let namespace = namespace.map_or("", Namespace::as_str);
        let list = List {
            page: 500,
            operation: ApiOperation::told(
                "list service accounts",
                Right::of("list", ACCOUNTS.plural),
            ),
            ..List::of(ACCOUNTS, namespace)
        };
        let named = |object: AccountObject| {
            let namespace = object.metadata.namespace.parse().ok()?;
            let name = ServiceAccountName::new(namespace, &object.metadata.name);
            Some((name.ok()?, service_account(object)))
        };
        let mut all = Vec::new();
        self.gathered(&list, &mut all, named).await?;
        Ok(all)
    }

    /// The names of all namespaces, or of the first 500.
    pub async fn namespaces(&self) -> Result<Vec<String>, Error> {
        let path = format!("{}?limit=500", NAMESPACES.path("", ""));
        let page = self.called("GET", &path, "", Vec::new()).await;
        let operation = Right::of("list", NAMESPACES.plural).into();
        let page = page.map_err(|failure| self.failed(&operation, failure))?;
        let found: ObjectList<PartialObjectMetadata> = read(&page);
        let names = found.items.into_iter().map(|it| it.0.metadata.name);
        Ok(names.filter(|name| !name.is_empty()).collect())
    }

    /// What is left of a namespace that is being deleted, in the API's words. `None`: it is not, or there
    /// is none.
    pub async fn namespace_going(
        &self,
        namespace: &Namespace,
    ) -> Result<Option<Vec<String>>, Error> {
        let found = self.object::<NamespaceObject>(NAMESPACES, "", namespace.as_str());
        let found = found.await?;
        let going = found.filter(|found| found.metadata.deletion_timestamp.is_some());
        Ok(going.map(|found| {
            let conditions = found.status.conditions.into_iter();
            // Such as NamespaceContentRemaining and NamespaceFinalizersRemaining.
            let remaining =
                conditions.filter(|it| it.status == "True" && it.kind.ends_with("Remaining"));
            remaining
                .filter_map(|condition| condition.message.0)
                .collect()
        }))
    }

    /// Server-side apply of labels and annotations, and of nothing else. Makes the ServiceAccount
    /// where it was missing, and its namespace where that is.
    ///
    /// # Errors
    /// Where it is no longer as it was seen: made, changed, or deleted.
    pub async fn apply(
        &self,
        change: &ServiceAccountChange,
        annotations: &Map,
    ) -> Result<(), Error> {
        let name = &change.name;
        let mut object = manifest(name, &change.labels, annotations);
        match &change.presence {
            ObjectPresence::Missing => object["metadata"]["resourceVersion"] = NO_VERSION.into(),
            ObjectPresence::Found(version) => bind(&mut object, version),
        }
        let force = match change.conflicts {
            Conflicts::Overridden => "&force=true",
            Conflicts::Refused => "",
        };
        let path = format!("{}?fieldManager={FIELD_MANAGER}{force}", path(name));
        let body = object.to_string().into_bytes();
        let apply = async || self.called("PATCH", &path, APPLY, body.clone()).await;
        let mut result = apply().await;
        if let Err(failure) = &result
            && failure.is_missing_namespace(&name.namespace)
        {
            self.create_namespace(&name.namespace).await?;
            result = apply().await;
        }
        if let Err(failure) = result {
            let error = self.failed(&on("patch", "apply service account", name), failure);
            let is_done = error.is_overtaken() && self.is_applied(change, annotations).await?;
            if !is_done {
                return Err(error);
            }
        }
        match &change.defaults {
            Some(defaults) => self.give_defaults(name, defaults).await,
            None => Ok(()),
        }
    }

    /// By a merge patch: a later apply, which leaves them out, takes nothing of them away.
    async fn give_defaults(
        &self,
        name: &ServiceAccountName,
        defaults: &PodDefaults,
    ) -> Result<(), Error> {
        let secrets = defaults.image_pull_secrets.iter();
        let secrets: Vec<Value> = secrets.map(|name| json!({"name": name})).collect();
        let patch = json!({
            "imagePullSecrets": secrets,
            "automountServiceAccountToken": defaults.automount_service_account_token,
        });
        let (namespace, account) = (name.namespace.as_str(), &name.name);
        let patched = self.merge(ACCOUNTS, namespace, account, &patch).await;
        patched.map(|_| ())
    }

    /// Whether the fields are as they were to be, by an apply of irsactl's: the answer of an earlier try
    /// was lost.
    async fn is_applied(
        &self,
        change: &ServiceAccountChange,
        annotations: &Map,
    ) -> Result<bool, Error> {
        let Some(found) = self.service_account(&change.name).await? else {
            return Ok(false);
        };
        let has = |asked: &Map, found: &Map, applied: &BTreeSet<String>| {
            let mut asked = asked.iter();
            asked.all(|(key, value)| found.get(key) == Some(value) && applied.contains(key))
        };
        Ok(has(&change.labels, &found.labels, &found.applied_labels)
            && has(annotations, &found.annotations, &found.applied_annotations))
    }

    async fn create_namespace(&self, namespace: &Namespace) -> Result<(), Error> {
        let object = json!({
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": namespace.as_str()},
        });
        let path = format!("{}?fieldManager={FIELD_MANAGER}", NAMESPACES.path("", ""));
        let body = object.to_string().into_bytes();
        match self.called("POST", &path, JSON, body).await {
            Err(failure) if failure.status() != Some(409) => {
                let words = format!("create namespace {namespace}");
                let operation = ApiOperation::told(words, namespaced("create", namespace));
                Err(self.failed(&operation, failure))
            }
            _ => Ok(()),
        }
    }

    /// Deletes that very object; one that is gone is deleted. With the finalizers that hold it, where it
    /// stays until their work is done.
    ///
    /// # Errors
    /// Where it is no longer as it was seen.
    pub async fn delete(
        &self,
        name: &ServiceAccountName,
        seen: &ObjectVersion,
    ) -> Result<Option<Vec<String>>, Error> {
        let preconditions = json!({"uid": seen.uid, "resourceVersion": seen.resource_version});
        let body = json!({"preconditions": preconditions}).to_string();
        let operation = on("delete", "delete service account", name);
        let path = path(name);
        let answer = self.answer(&operation, "DELETE", &path, JSON, body.into_bytes());
        // Once it is gone, a Status, which nothing holds.
        let left: Option<PartialObjectMetadata> = answer.await?.as_ref().map(read);
        Ok(left.and_then(|object| object.metadata.held_by()))
    }

    /// Takes annotations away by a merge patch; an object that is gone has none.
    ///
    /// # Errors
    /// Where it is no longer as it was seen.
    pub async fn remove_annotations(
        &self,
        name: &ServiceAccountName,
        annotations: &[String],
        seen: &ObjectVersion,
    ) -> Result<(), Error> {
        let nulls: serde_json::Map<String, Value> = annotations
            .iter()
            .map(|key| (key.clone(), Value::Null))
            .collect();
        let mut object = json!({ "metadata": { "annotations": nulls } });
        bind(&mut object, seen);
        let operation = on("patch", "remove annotations of service account", name);
        let path = format!("{}?fieldManager={FIELD_MANAGER}", path(name));
        let body = object.to_string().into_bytes();
        self.answer(&operation, "PATCH", &path, MERGE, body)
            .await
            .map(|_| ())
    }

    /// A token of the service account for an audience, for so many seconds (TokenRequest), bound to a pod of
    /// its, where one is named. EKS gives from 600 to 86,400.
    ///
    /// # Errors
    /// Without the right to create serviceaccounts/token, or where the API fails.
    pub async fn token(
        &self,
        name: &ServiceAccountName,
        audience: &str,
        pod: Option<&str>,
        seconds: i64,
    ) -> Result<Secret, Error> {
        let mut request = json!({
            "apiVersion": "authentication.k8s.io/v1",
            "kind": "TokenRequest",
            "spec": {"audiences": [audience], "expirationSeconds": seconds},
        });
        if let Some(pod) = pod {
            request["spec"]["boundObjectRef"] =
                json!({"apiVersion": "v1", "kind": "Pod", "name": pod});
        }
        let path = format!("{}/token", path(name));
        let body = request.to_string().into_bytes();
        let words = format!("create a service account token of {name}");
        let right = Right {
            resource: "serviceaccounts/token",
            ..right("create", name)
        };
        let operation = ApiOperation::told(words.as_str(), right);
        let answer = self.called("POST", &path, JSON, body).await;
        let answer = answer.map_err(|failure| self.failed(&operation, failure))?;
        let TokenRequest { status } = read(&answer);
        let token = status.token.0.inspect(|it| secrets::remember(it));
        token.map(Secret::new).ok_or_else(|| Error::Kubernetes {
            operation: words,
            message: "the answer has none".to_owned(),
            lasting: true,
        })
    }
}

const ACCOUNTS: Resource = resource("v1", "serviceaccounts");
const NAMESPACES: Resource = resource("v1", "namespaces");

/// What is done with a service account, in words before its name.
fn on(verb: &'static str, words: &str, name: &ServiceAccountName) -> ApiOperation {
    ApiOperation::told(format!("{words} {name}"), right(verb, name))
}

fn right(verb: &'static str, name: &ServiceAccountName) -> Right {
    Right {
        namespace: name.namespace.to_string().into(),
        name: name.name.clone().into(),
        ..Right::of(verb, ACCOUNTS.plural)
    }
}

fn namespaced(verb: &'static str, namespace: &Namespace) -> Right {
    Right {
        name: namespace.to_string().into(),
        ..Right::of(verb, NAMESPACES.plural)
    }
}

fn path(name: &ServiceAccountName) -> String {
    ACCOUNTS.path(name.namespace.as_str(), &name.name)
}

/// Has a patch refused where its object is not that one, in that state. The version alone would let an
/// apply make a deleted object anew.
fn bind(object: &mut Value, version: &ObjectVersion) {
    object["metadata"]["uid"] = version.uid.as_str().into();
    object["metadata"]["resourceVersion"] = version.resource_version.as_str().into();
}

/// What is read of a TokenRequest.
#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenRequest {
    status: TokenRequestStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct TokenRequestStatus {
    token: OptionalMember<String>,
}

/// What is read of a namespace.
#[derive(Default, Deserialize)]
#[serde(default)]
struct NamespaceObject {
    metadata: Metadata,
    status: NamespaceStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct NamespaceStatus {
    conditions: Vec<Condition>,
}

/// What is read of a ServiceAccount.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct AccountObject {
    metadata: Metadata,
    image_pull_secrets: Vec<LocalObjectReference>,
    automount_service_account_token: OptionalMember<bool>,
}

fn service_account(object: AccountObject) -> ServiceAccount {
    let AccountObject {
        metadata,
        image_pull_secrets,
        automount_service_account_token,
    } = object;
    let secrets = image_pull_secrets.into_iter();
    let secrets = secrets.filter_map(|secret| secret.name.0);
    let applied = |fields: fn(&MetadataFields) -> &Fields| {
        let managed = metadata.managed_fields.iter();
        let applied = managed.filter(|it| it.is_own());
        let keys = applied.flat_map(|entry| fields(&entry.fields_v1.metadata).keys());
        let keys = keys.filter_map(|key| key.strip_prefix("f:"));
        keys.map(str::to_owned).collect::<BTreeSet<String>>()
    };
    let (set_by, changed) = cluster::role_set(&metadata.managed_fields).unzip();
    ServiceAccount {
        applied_labels: applied(|of| &of.labels),
        applied_annotations: applied(|of| &of.annotations),
        role_is_gone: false,
        changed,
        set_by,
        defaults: PodDefaults {
            image_pull_secrets: secrets.collect(),
            automount_service_account_token: automount_service_account_token.0,
        },
        held_by: metadata.held_by(),
        version: ObjectVersion {
            uid: metadata.uid,
            resource_version: metadata.resource_version,
        },
        labels: metadata.labels,
        annotations: metadata.annotations,
    }
}

//! The calls on service accounts and their namespaces. What is written because of what was seen carries
//! the version that was seen: the API refuses it where another writer was there first, and the world is
//! looked at once more.

use std::collections::BTreeSet;

use k8s_openapi::api::authentication::v1::{BoundObjectReference, TokenRequest, TokenRequestSpec};
use k8s_openapi::api::core::v1::{
    Namespace as NamespaceObject, ServiceAccount as ServiceAccountObject,
};
use kube::Client;
use kube::api::{
    Api, DeleteParams, ListParams, ObjectMeta, Patch, PatchParams, PostParams, Preconditions,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::failure::ApiOperation;
use super::objects::{
    Fields, LocalObjectReference, Metadata, MetadataFields, OptionalMember, read,
};
use super::paths::{List, resource};
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
        let get = async |client| accounts(client, name).get_opt(&name.name).await;
        let found = self.call(get).await;
        let operation = on("get", "read service account", name);
        let found = found.map_err(|failure| self.failed(&operation, failure))?;
        Ok(found.map(|object| service_account(read(&json!(object)))))
    }

    /// All service accounts of a namespace, or of the cluster.
    pub async fn service_accounts(
        &self,
        namespace: Option<&Namespace>,
    ) -> Result<Vec<(ServiceAccountName, ServiceAccount)>, Error> {
        let namespace = namespace.map_or("", Namespace::as_str);
        let list = List {
            page: 500,
            operation: ApiOperation::told("list service accounts", Right::of("list", ACCOUNTS)),
            ..List::of(resource("v1", ACCOUNTS), namespace)
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
        let parameters = ListParams::default().limit(500);
        let list = async |client| Api::<NamespaceObject>::all(client).list(&parameters).await;
        let page = self.call(list).await;
        let operation = Right::of("list", NAMESPACES).into();
        let page = page.map_err(|failure| self.failed(&operation, failure))?;
        let names = page.items.into_iter();
        Ok(names.filter_map(|object| object.metadata.name).collect())
    }

    /// What is left of a namespace that is being deleted, in the API's words. `None`: it is not, or there
    /// is none.
    pub async fn namespace_going(
        &self,
        namespace: &Namespace,
    ) -> Result<Option<Vec<String>>, Error> {
        let api = |client| Api::<NamespaceObject>::all(client);
        let get = async |client| api(client).get_opt(namespace.as_str()).await;
        let found = self
            .call(get)
            .await
            .map_err(|failure| self.failed(&namespaced("get", namespace).into(), failure))?;
        let going = found.filter(|found| found.metadata.deletion_timestamp.is_some());
        Ok(going.map(|found| {
            let status = found.status.unwrap_or_default();
            let conditions = status.conditions.into_iter().flatten();
            // Such as NamespaceContentRemaining and NamespaceFinalizersRemaining.
            let remaining =
                conditions.filter(|it| it.status == "True" && it.type_.ends_with("Remaining"));
            remaining
                .filter_map(|condition| condition.message)
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
        let patch = Patch::Apply(object);
        let mut parameters = PatchParams::apply(FIELD_MANAGER);
        parameters.force = change.conflicts == Conflicts::Overridden;
        let apply = async |client| {
            let api = accounts(client, name);
            api.patch(&name.name, &parameters, &patch).await
        };
        let mut result = self.call(apply).await;
        if let Err(failure) = &result
            && failure.is_missing_namespace(&name.namespace)
        {
            self.create_namespace(&name.namespace).await?;
            result = self.call(apply).await;
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
        let resource = resource("v1", ACCOUNTS);
        let patched = self.merge(resource, namespace, account, &patch).await;
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
        let object = NamespaceObject {
            metadata: ObjectMeta {
                name: Some(namespace.to_string()),
                ..Default::default()
            },
            ..Default::default()
        };
        let parameters = PostParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PostParams::default()
        };
        let create = async |client| Api::all(client).create(&parameters, &object).await;
        match self.call(create).await {
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
        let parameters = DeleteParams::default().preconditions(Preconditions {
            uid: Some(seen.uid.clone()),
            resource_version: Some(seen.resource_version.clone()),
        });
        let delete = async |client| accounts(client, name).delete(&name.name, &parameters).await;
        match self.call(delete).await {
            Ok(answer) => Ok(answer.left().and_then(|object| {
                let metadata: Metadata = read(&json!(object.metadata));
                metadata.held_by()
            })),
            Err(failure) if failure.status() == Some(404) => Ok(None),
            Err(failure) => {
                Err(self.failed(&on("delete", "delete service account", name), failure))
            }
        }
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
        let patch = Patch::Merge(object);
        let parameters = PatchParams {
            field_manager: Some(FIELD_MANAGER.to_owned()),
            ..PatchParams::default()
        };
        let remove = async |client| {
            let api = accounts(client, name);
            api.patch(&name.name, &parameters, &patch).await
        };
        match self.call(remove).await {
            Err(failure) if failure.status() != Some(404) => Err(self.failed(
                &on("patch", "remove annotations of service account", name),
                failure,
            )),
            _ => Ok(()),
        }
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
        let request = TokenRequest {
            spec: Some(TokenRequestSpec {
                audiences: Some(vec![audience.to_owned()]),
                expiration_seconds: Some(seconds),
                bound_object_ref: pod.map(|pod| BoundObjectReference {
                    api_version: Some("v1".to_owned()),
                    kind: Some("Pod".to_owned()),
                    name: Some(pod.to_owned()),
                    uid: None,
                }),
                ..TokenRequestSpec::default()
            }),
            ..TokenRequest::default()
        };
        let parameters = PostParams::default();
        let create = async |client| {
            let api = accounts(client, name);
            api.create_token_request(&name.name, &parameters, &request)
                .await
        };
        let words = format!("create a service account token of {name}");
        let right = Right {
            resource: "serviceaccounts/token",
            ..right("create", name)
        };
        let operation = ApiOperation::told(words.as_str(), right);
        let answer = self.call(create).await;
        let answer = answer.map_err(|failure| self.failed(&operation, failure))?;
        let token = answer.status.and_then(|status| status.token);
        token
            .inspect(|it| secrets::remember(it))
            .map(Secret::new)
            .ok_or_else(|| Error::Kubernetes {
                operation: words,
                message: "the answer has none".to_owned(),
                lasting: true,
            })
    }
}

const ACCOUNTS: &str = "serviceaccounts";
const NAMESPACES: &str = "namespaces";

/// What is done with a service account, in words before its name.
fn on(verb: &'static str, words: &str, name: &ServiceAccountName) -> ApiOperation {
    ApiOperation::told(format!("{words} {name}"), right(verb, name))
}

fn right(verb: &'static str, name: &ServiceAccountName) -> Right {
    Right {
        namespace: name.namespace.to_string().into(),
        name: name.name.clone().into(),
        ..Right::of(verb, ACCOUNTS)
    }
}

fn namespaced(verb: &'static str, namespace: &Namespace) -> Right {
    Right {
        name: namespace.to_string().into(),
        ..Right::of(verb, NAMESPACES)
    }
}

fn accounts(client: Client, name: &ServiceAccountName) -> Api<ServiceAccountObject> {
    Api::namespaced(client, name.namespace.as_str())
}

/// Has a patch refused where its object is not that one, in that state. The version alone would let an
/// apply make a deleted object anew.
fn bind(object: &mut Value, version: &ObjectVersion) {
    object["metadata"]["uid"] = version.uid.as_str().into();
    object["metadata"]["resourceVersion"] = version.resource_version.as_str().into();
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
        let applied = managed.filter(|it| it.manager == FIELD_MANAGER && it.operation == "Apply");
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

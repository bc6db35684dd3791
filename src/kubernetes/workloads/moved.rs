//! Workloads that are given another service account, and what stands beside it.

use serde_json::{Value, json};

use super::{SETTLED, resource_of};
use crate::asked::Conflicts;
use crate::kubernetes::paths::resource;
use crate::kubernetes::{Error, Kubernetes};
use crate::model::{FORMER_ANNOTATION, Map, ServiceAccountName, Workload, WorkloadKind};
use crate::plan::{WorkloadMove, WorkloadParting};
use crate::world::{RightsBinding, WorkloadMarks};

/// How often it is tried to own nothing, while controllers write what they see.
const RELEASES: u32 = 5;

/// What stands before a member of the template of its pods.
fn place(kind: WorkloadKind) -> &'static [&'static str] {
    match kind {
        WorkloadKind::CronJob => &["spec", "jobTemplate", "spec", "template"],
        _ => &["spec", "template"],
    }
}

/// A member of the template of its pods, in an object that has nothing else.
fn at_template(kind: WorkloadKind, member: &str, value: Value) -> Value {
    let inner = json!({member: value});
    let path = place(kind).iter().rev();
    path.fold(inner, |inner, name| json!({*name: inner}))
}

fn kind_of(kind: WorkloadKind) -> &'static str {
    match kind {
        WorkloadKind::Deployment => "Deployment",
        WorkloadKind::StatefulSet => "StatefulSet",
        WorkloadKind::DaemonSet => "DaemonSet",
        WorkloadKind::Rollout => "Rollout",
        WorkloadKind::CronJob => "CronJob",
        WorkloadKind::ReplicaSet => "ReplicaSet",
        WorkloadKind::Job => "Job",
        WorkloadKind::Pod | WorkloadKind::Other => "Pod",
    }
}

pub fn marks(kind: WorkloadKind, uid: String, annotations: &Map, object: &Value) -> WorkloadMarks {
    let entries = object["metadata"]["managedFields"].as_array();
    let (mut set_by, mut annotated_by) = (Vec::new(), Vec::new());
    for entry in entries.into_iter().flatten() {
        let manager = entry["manager"].as_str().unwrap_or_default();
        let path = place(kind).iter().map(|name| format!("f:{name}"));
        let template = path.fold(&entry["fieldsV1"], |fields, name| &fields[name]);
        if !template["f:spec"]["f:serviceAccountName"].is_null() {
            set_by.push(manager.to_owned());
        }
        let keys = template["f:metadata"]["f:annotations"].as_object();
        let keys = keys.into_iter().flatten();
        let keys = keys.filter_map(|(key, _)| key.strip_prefix("f:"));
        annotated_by.extend(keys.map(|key| (key.to_owned(), manager.to_owned())));
    }
    WorkloadMarks {
        uid,
        former: annotations.get(FORMER_ANNOTATION).cloned(),
        set_by,
        annotated_by,
        controller: controller(object),
    }
}

fn controller(object: &Value) -> Option<String> {
    let owners = object["metadata"]["ownerReferences"].as_array()?;
    let owner = owners.iter().find(|owner| owner["controller"] == true)?;
    let text = |member: &str| owner[member].as_str().unwrap_or("?").to_owned();
    Some(format!("{} {}", text("kind"), text("name")))
}

impl Kubernetes {
    /// Gives the pods of a workload another service account, by server-side apply: all of them are replaced,
    /// by and by. Of the one of before, to which it goes back, irsactl owns nothing afterwards. Where it was none,
    /// the name stays nevertheless: it cannot be taken off without its alias `serviceAccount`, which would put the
    /// other one back (kubernetes/kubernetes#76367).
    ///
    /// # Errors
    /// Where another field manager set it, unless that is overridden; where the workload is another one.
    pub async fn move_workload(&self, moved: &WorkloadMove) -> Result<(), Error> {
        let Workload {
            kind,
            namespace,
            name,
        } = &moved.workload;
        let Some(resource) = resource_of(*kind) else {
            return Ok(());
        };
        // The webhook is to know the new service account when pods are made.
        tokio::time::sleep(self.intervals.of(SETTLED)).await;
        let account = json!({"serviceAccountName": moved.service_account});
        let mut object = at_template(*kind, "spec", account);
        object["apiVersion"] = resource.version.into();
        object["kind"] = kind_of(*kind).into();
        object["metadata"] = json!({"namespace": namespace, "name": name, "uid": moved.uid});
        if let Some(former) = &moved.former {
            object["metadata"]["annotations"] = json!({FORMER_ANNOTATION: former});
        }
        let force = moved.conflicts == Conflicts::Overridden;
        for _ in 0..RELEASES {
            let applied = self.applied(resource, namespace, name, &object, force);
            let Some(seen) = applied.await? else {
                return Ok(());
            };
            // On the way there it is irsactl's, so that whoever has another one is told.
            let is_back = moved.former.is_none();
            if !is_back || self.disowned(resource, namespace, name, &seen).await? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Takes what the way of before reads off the template of a workload's pods, and what a move left on it.
    ///
    /// # Errors
    /// Where the workload is another one.
    pub async fn part_workload(&self, parting: &WorkloadParting) -> Result<(), Error> {
        let workload = &parting.workload;
        let Some(resource) = resource_of(workload.kind) else {
            return Ok(());
        };
        let keys = parting.annotations.iter();
        let nulls: serde_json::Map<String, Value> =
            keys.map(|key| (key.clone(), Value::Null)).collect();
        let mut patch = at_template(workload.kind, "metadata", json!({"annotations": nulls}));
        patch["metadata"] =
            json!({"uid": parting.uid, "annotations": {FORMER_ANNOTATION: Value::Null}});
        let (namespace, name) = (&workload.namespace, &workload.name);
        self.merge(resource, namespace, name, &patch)
            .await
            .map(|_| ())
    }

    /// All that gives rights to service accounts by their names.
    pub async fn rights_bindings(&self) -> Result<Vec<RightsBinding>, Error> {
        let mut all = Vec::new();
        for (kind, plural) in [
            ("RoleBinding", "rolebindings"),
            ("ClusterRoleBinding", "clusterrolebindings"),
        ] {
            let resource = resource("rbac.authorization.k8s.io/v1", plural);
            let found = self
                .all(resource, "", |it| Some(binding(kind, &it)))
                .await?;
            all.extend(found.into_iter().flatten());
        }
        Ok(all)
    }
}

fn binding(kind: &str, object: &Value) -> RightsBinding {
    let metadata = &object["metadata"];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
    let told = match namespace.as_str() {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    };
    let subjects = object["subjects"].as_array().into_iter().flatten();
    let accounts = subjects.filter_map(|subject| {
        if subject["kind"] != "ServiceAccount" {
            return None;
        }
        let namespace = subject["namespace"].as_str().unwrap_or(&namespace);
        let name = subject["name"].as_str()?;
        ServiceAccountName::new(namespace.parse().ok()?, name).ok()
    });
    let accounts = accounts.collect();
    RightsBinding { told, accounts }
}

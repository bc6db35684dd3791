//! Workloads that are given another service account, and what stands beside it.

use serde_json::{Value, json};

use super::object::{BindingObject, SubjectObject};
use super::{SETTLED, controller, resource_of};
use crate::asked::Conflicts;
use crate::kubernetes::objects::{FieldsV1, Metadata};
use crate::kubernetes::paths::resource;
use crate::kubernetes::{Error, Kubernetes};
use crate::model::{FORMER_ANNOTATION, ServiceAccountName, Workload, WorkloadKind};
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

/// Those of the template of its pods.
fn fields_of_template(kind: WorkloadKind, fields: &FieldsV1) -> Option<&FieldsV1> {
    let fields = match kind {
        WorkloadKind::CronJob => fields.spec.job_template.as_deref()?,
        _ => fields,
    };
    fields.spec.template.as_deref()
}

/// What its metadata says of a move: the service account of before, and who set the fields of its
/// template.
pub fn marks(kind: WorkloadKind, metadata: &Metadata) -> WorkloadMarks {
    let (mut set_by, mut annotated_by) = (Vec::new(), Vec::new());
    for entry in &metadata.managed_fields {
        let Some(template) = fields_of_template(kind, &entry.fields_v1) else {
            continue;
        };
        if template.spec.service_account_name.is_some() {
            set_by.push(entry.manager.clone());
        }
        let keys = template.metadata.annotations.keys();
        let keys = keys.filter_map(|key| key.strip_prefix("f:"));
        annotated_by.extend(keys.map(|key| (key.to_owned(), entry.manager.clone())));
    }
    let text = |text: &str| if text.is_empty() { "?" } else { text }.to_owned();
    WorkloadMarks {
        uid: metadata.uid.clone(),
        former: metadata.annotations.get(FORMER_ANNOTATION).cloned(),
        set_by,
        annotated_by,
        controller: controller(metadata).map(|it| format!("{} {}", text(&it.kind), text(&it.name))),
    }
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
            if !is_back || self.disowned(resource, namespace, name, seen).await? {
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
            let found = self.all(resource, "", |it| Some(binding(kind, it))).await?;
            all.extend(found.into_iter().flatten());
        }
        Ok(all)
    }
}

fn binding(kind: &str, object: BindingObject) -> RightsBinding {
    let Metadata {
        namespace, name, ..
    } = object.metadata;
    let account = |subject: SubjectObject| {
        if subject.kind != "ServiceAccount" {
            return None;
        }
        let namespace = subject.namespace.0.as_ref().unwrap_or(&namespace);
        ServiceAccountName::new(namespace.parse().ok()?, &subject.name).ok()
    };
    RightsBinding {
        accounts: object.subjects.into_iter().filter_map(account).collect(),
        told: match namespace.as_str() {
            "" => format!("{kind} {name}"),
            namespace => format!("{kind} {namespace}/{name}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::objects::{PartialObjectMetadata, read};

    fn marks_of(kind: WorkloadKind, metadata: Value) -> WorkloadMarks {
        let object: PartialObjectMetadata = read(&json!({ "metadata": metadata }));
        marks(kind, &object.metadata)
    }

    #[test]
    fn who_sets_the_template_of_pods_is_told_where_its_kind_has_it() {
        let template = json!({"f:template": {
            "f:metadata": {"f:annotations": {".": {}, "f:a": {}}},
            "f:spec": {"f:serviceAccountName": {}},
        }});
        let other = json!({"f:template": {"f:spec": {"f:containers": {}}}});
        for (kind, spec, is_there) in [
            (WorkloadKind::Deployment, template.clone(), true),
            (WorkloadKind::CronJob, template.clone(), false),
            (
                WorkloadKind::CronJob,
                json!({"f:jobTemplate": {"f:spec": template}}),
                true,
            ),
            (WorkloadKind::Deployment, other, false),
            (WorkloadKind::Deployment, json!({"f:template": "no"}), false),
        ] {
            let entry = json!({"manager": "helm", "fieldsV1": {"f:spec": spec}});
            let found = marks_of(kind, json!({"managedFields": ["no", entry]}));
            let wanted = Vec::from_iter(is_there.then(|| "helm".to_owned()));
            assert_eq!(found.set_by, wanted, "{kind:?} {entry}");
            let wanted = wanted.into_iter().map(|by| ("a".to_owned(), by));
            assert_eq!(found.annotated_by, wanted.collect::<Vec<_>>());
        }
    }

    #[test]
    fn of_a_controller_the_name_or_the_kind_may_be_no_text() {
        for (owner, wanted) in [
            (
                json!({"controller": true, "kind": "Thing", "name": "it"}),
                Some("Thing it"),
            ),
            (json!({"controller": true, "kind": 1}), Some("? ?")),
            (
                json!({"controller": "true", "kind": "Thing", "name": "it"}),
                None,
            ),
            (json!("no"), None),
        ] {
            let found = marks_of(
                WorkloadKind::Deployment,
                json!({"ownerReferences": [owner]}),
            );
            assert_eq!(found.controller.as_deref(), wanted, "{owner}");
        }
    }

    #[test]
    fn a_subject_without_a_namespace_is_in_that_of_its_binding() {
        let named = [
            (json!("a"), json!("shop")),
            (json!("b"), json!(1)),
            (json!(1), json!("shop")),
            (json!("c"), json!("")),
        ];
        let accounts = named.map(|(name, namespace)| {
            json!({"kind": "ServiceAccount", "name": name, "namespace": namespace})
        });
        let others = [json!({"kind": "User", "name": "d"}), json!("no")];
        let subjects = [accounts.as_slice(), &others].concat();
        let told = |metadata: Value| {
            let object = read(&json!({"metadata": metadata, "subjects": subjects}));
            let found = binding("Binding", object);
            let accounts = found.accounts.iter().map(|it| format!(" {it}"));
            format!("{}:{}", found.told, accounts.collect::<String>())
        };
        let of_namespace = told(json!({"namespace": "web", "name": "it"}));
        assert_eq!(of_namespace, "Binding web/it: shop/a web/b");
        assert_eq!(told(json!({"name": "it"})), "Binding it: shop/a");
    }
}

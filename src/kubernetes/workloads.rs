//! Workloads: who owns what, how far a rollout is (`kubectl rollout status`), and the restart of their
//! pods as `kubectl rollout restart` does it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;

use super::objects::{Metadata, OwnerReference, time};
use super::paths::{Resource, resource};
use super::{Error, Kubernetes};
use crate::model::{Workload, WorkloadKind};
use crate::world::{ROLE_VARIABLE, Rollout, SKIP_LABEL, WorkloadState};

mod listed;
mod moved;
mod object;

pub use object::{AppliedObject, WorkloadObject};
use object::{WorkloadSpec, WorkloadStatus};

/// How long the webhook may take to learn of an annotation. A pod that is made before lacks the role.
const SETTLED: Duration = Duration::from_secs(1);
/// What `kubectl rollout restart` sets on the template of the pods.
const RESTARTED: &str = "kubectl.kubernetes.io/restartedAt";

impl Kubernetes {
    /// `None`: it is gone, or its kind cannot be restarted.
    pub async fn workload_state(
        &self,
        workload: &Workload,
    ) -> Result<Option<WorkloadState>, Error> {
        if !workload.kind.can_restart() {
            return Ok(None);
        }
        let object = self.workload(workload).await?;
        Ok(object.map(|object| state(workload, &object)))
    }

    /// Has all its pods replaced, by and by. `false`: it is gone.
    pub async fn restart(&self, workload: &Workload) -> Result<bool, Error> {
        let Some(resource) = resource_of(workload.kind) else {
            return Ok(false);
        };
        tokio::time::sleep(self.intervals.of(SETTLED)).await;
        let now = Timestamp::now();
        let patch = match workload.kind {
            // Compared with the pods' times, which have whole seconds.
            WorkloadKind::Rollout => json!({"spec": {"restartAt": written(now, 1_000)}}),
            // Any new value will do: one that another restart in the same second has not.
            _ => {
                let annotations = json!({RESTARTED: written(now, 1)});
                json!({"spec": {"template": {"metadata": {"annotations": annotations}}}})
            }
        };
        let (namespace, name) = (&workload.namespace, &workload.name);
        let patched = self.merge(resource, namespace, name, &patch).await?;
        Ok(patched.is_some())
    }

    /// The service account that its pods run as; `None`: there is no such workload.
    pub async fn service_account_of(&self, workload: &Workload) -> Result<Option<String>, Error> {
        let object = self.workload(workload).await?;
        Ok(object.map(|object| service_account(workload.kind, &object.spec)))
    }

    /// The object itself.
    pub(super) async fn workload(
        &self,
        workload: &Workload,
    ) -> Result<Option<WorkloadObject>, Error> {
        match resource_of(workload.kind) {
            Some(resource) => {
                self.object(resource, &workload.namespace, &workload.name)
                    .await
            }
            None => Ok(None),
        }
    }
}

/// The name of the service account that the pods of a workload run as.
fn service_account(kind: WorkloadKind, spec: &WorkloadSpec) -> String {
    let name = match kind {
        WorkloadKind::Pod => &spec.service_account_name,
        WorkloadKind::CronJob => &spec.job_template.spec.template.spec.service_account_name,
        _ => &spec.template.spec.service_account_name,
    };
    match name.as_str() {
        "" => "default".to_owned(),
        name => name.to_owned(),
    }
}

/// A time in RFC 3339, in steps of so many milliseconds.
fn written(time: Timestamp, step: i64) -> String {
    let milliseconds = time.as_millisecond();
    let time = Timestamp::from_millisecond(milliseconds - milliseconds.rem_euclid(step));
    time.map(|time| time.to_string()).unwrap_or_default()
}

fn resource_of(kind: WorkloadKind) -> Option<Resource> {
    Some(match kind {
        WorkloadKind::Deployment => resource("apps/v1", "deployments"),
        WorkloadKind::StatefulSet => resource("apps/v1", "statefulsets"),
        WorkloadKind::DaemonSet => resource("apps/v1", "daemonsets"),
        WorkloadKind::Rollout => resource("argoproj.io/v1alpha1", "rollouts"),
        WorkloadKind::ReplicaSet => resource("apps/v1", "replicasets"),
        WorkloadKind::Job => resource("batch/v1", "jobs"),
        WorkloadKind::CronJob => resource("batch/v1", "cronjobs"),
        WorkloadKind::Pod => resource("v1", "pods"),
        WorkloadKind::Other => return None,
    })
}

/// The controller of an object, by its owner references.
pub fn owner(metadata: &Metadata) -> Option<Workload> {
    let owner = controller(metadata)?;
    Some(Workload {
        kind: owner.known_kind(),
        namespace: metadata.namespace.clone(),
        name: owner.name.clone(),
    })
}

/// The kind of its controller, where that is none of those that are known.
pub fn other_kind(metadata: &Metadata) -> Option<String> {
    let owner = controller(metadata)?;
    (owner.known_kind() == WorkloadKind::Other).then(|| owner.kind.clone())
}

fn controller(metadata: &Metadata) -> Option<&OwnerReference> {
    let mut owners = metadata.owner_references.iter();
    owners.find(|owner| owner.controller)
}

fn state(workload: &Workload, object: &WorkloadObject) -> WorkloadState {
    let spec = &object.spec;
    let restarted = match workload.kind {
        WorkloadKind::Rollout => spec.restart_at.0.as_ref(),
        _ => spec.template.metadata.annotations.get(RESTARTED),
    };
    let pods = &spec.template.spec;
    let containers = pods.init_containers.iter().chain(&pods.containers);
    WorkloadState {
        workload: workload.clone(),
        service_account: service_account(workload.kind, spec),
        restarted: restarted.and_then(|text| Some((time(text)?, text.clone()))),
        paused: spec.paused,
        on_delete: spec.update_strategy.kind == "OnDelete",
        own_roles: containers
            .filter(|it| it.env.iter().any(|variable| variable.name == ROLE_VARIABLE))
            .map(|container| container.name.clone())
            .collect(),
        skipped: spec.template.metadata.labels.contains_key(SKIP_LABEL),
        rollout: rollout(workload.kind, object),
    }
}

/// As kubectl judges it (`polymorphichelpers/rollout_status.go`), and the Argo plugin.
fn rollout(kind: WorkloadKind, object: &WorkloadObject) -> Rollout {
    let (spec, status) = (&object.spec, &object.status);
    if !object.is_seen() {
        return Rollout::Underway("the controller has not seen the restart yet".to_owned());
    }
    match kind {
        WorkloadKind::Deployment => deployment(spec, status),
        WorkloadKind::StatefulSet => stateful_set(spec, status),
        WorkloadKind::DaemonSet => {
            let desired = status.desired_number_scheduled;
            counted(&[
                (status.updated_number_scheduled, desired, "updated"),
                (status.number_available, desired, "available"),
            ])
        }
        WorkloadKind::Rollout => argo(spec, status),
        _ => Rollout::Over,
    }
}

fn deployment(spec: &WorkloadSpec, status: &WorkloadStatus) -> Rollout {
    let mut conditions = status.conditions.iter();
    if conditions.any(|it| it.kind == "Progressing" && it.reason == "ProgressDeadlineExceeded") {
        return Rollout::Failed("exceeded its progress deadline".to_owned());
    }
    let wanted = spec.replicas.0.unwrap_or(1);
    let updated = status.updated_replicas;
    if updated >= wanted && status.replicas > updated {
        let old = status.replicas - updated;
        return Rollout::Underway(format!("{old} old pods are still there"));
    }
    counted(&[
        (updated, wanted, "updated"),
        (status.available_replicas, updated, "available"),
    ])
}

fn stateful_set(spec: &WorkloadSpec, status: &WorkloadStatus) -> Rollout {
    let wanted = spec.replicas.0.unwrap_or(1);
    let partition = spec.update_strategy.rolling_update.partition;
    let counted = counted(&[
        (status.ready_replicas, wanted, "ready"),
        (status.updated_replicas, wanted - partition, "updated"),
    ]);
    let is_old = status.update_revision != status.current_revision;
    match counted {
        Rollout::Over if is_old && partition == 0 => {
            Rollout::Underway("old pods are still there".to_owned())
        }
        counted => counted,
    }
}

fn argo(spec: &WorkloadSpec, status: &WorkloadStatus) -> Rollout {
    let restart = spec.restart_at.0.as_deref();
    let is_restarted = restart.is_none_or(|at| time(&status.restarted_at) >= time(at));
    match status.phase.0.as_deref() {
        Some("Degraded") => Rollout::Failed(format!("is degraded: {}", status.message)),
        Some("Healthy") if is_restarted => Rollout::Over,
        Some(phase) => Rollout::Underway(format!("it is {}", phase.to_lowercase())),
        None => Rollout::Underway("it has no status yet".to_owned()),
    }
}

/// Over, when all counts are as wanted; else the first that is not.
fn counted(counts: &[(i64, i64, &str)]) -> Rollout {
    let mut counts = counts.iter();
    match counts.find(|(count, wanted, _)| count < wanted) {
        Some((count, wanted, what)) => {
            Rollout::Underway(format!("{count} of {wanted} pods are {what}"))
        }
        None => Rollout::Over,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kubernetes::objects::read;

    #[test]
    fn rollouts_are_judged_as_kubectl_does() {
        use WorkloadKind::*;
        let over = "over";
        for (kind, spec, status, wanted) in [
            (
                Deployment,
                json!({"replicas": 2}),
                json!({}),
                "0 of 2 pods are updated",
            ),
            (
                Deployment,
                json!({"replicas": 2}),
                json!({"replicas": 3, "updatedReplicas": 2}),
                "1 old pods are still there",
            ),
            (
                Deployment,
                json!({"replicas": 2}),
                json!({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 1}),
                "1 of 2 pods are available",
            ),
            (
                Deployment,
                json!({"replicas": 2}),
                json!({"replicas": 2, "updatedReplicas": 2, "availableReplicas": 2}),
                over,
            ),
            (Deployment, json!({"replicas": 0}), json!({}), over),
            (
                Deployment,
                json!({}),
                json!({"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}),
                "failed: exceeded its progress deadline",
            ),
            (
                StatefulSet,
                json!({"replicas": 2}),
                json!({"readyReplicas": 2, "updatedReplicas": 1}),
                "1 of 2 pods are updated",
            ),
            (
                StatefulSet,
                json!({"replicas": 1}),
                json!({"readyReplicas": 1, "updatedReplicas": 1, "updateRevision": "b", "currentRevision": "a"}),
                "old pods are still there",
            ),
            (
                StatefulSet,
                json!({"replicas": 2, "updateStrategy": {"rollingUpdate": {"partition": 1}}}),
                json!({"readyReplicas": 2, "updatedReplicas": 1, "updateRevision": "b", "currentRevision": "a"}),
                over,
            ),
            (
                DaemonSet,
                json!({}),
                json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 3, "numberAvailable": 2}),
                "2 of 3 pods are available",
            ),
            (DaemonSet, json!({}), json!({}), over),
            (
                Rollout,
                json!({"restartAt": "2026-01-01T00:00:02Z"}),
                json!({"phase": "Healthy", "restartedAt": "2026-01-01T00:00:01Z"}),
                "it is healthy",
            ),
            (
                Rollout,
                json!({"restartAt": "2026-01-01T00:00:02Z"}),
                json!({"phase": "Healthy", "restartedAt": "2026-01-01T00:00:02Z"}),
                over,
            ),
            (
                Rollout,
                json!({}),
                json!({"phase": "Degraded", "message": "no image"}),
                "failed: is degraded: no image",
            ),
        ] {
            let object = json!({"spec": spec, "status": status});
            let told = match rollout(kind, &read(&object)) {
                super::Rollout::Over => over.to_owned(),
                super::Rollout::Underway(what) => what,
                super::Rollout::Failed(why) => format!("failed: {why}"),
            };
            assert_eq!(told, wanted, "{object}");
        }
        let unseen = json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 1}});
        assert!(matches!(
            rollout(Deployment, &read(&unseen)),
            super::Rollout::Underway(_)
        ));
    }

    #[test]
    fn times_are_written_as_kubernetes_does() {
        let time = Timestamp::from_millisecond(1_795_305_560_789).unwrap();
        assert_eq!(written(time, 1_000), "2026-11-21T23:59:20Z");
        assert_eq!(written(time, 1), "2026-11-21T23:59:20.789Z");
    }
}

//! Workloads: who owns what, how far a rollout is (`kubectl rollout status`), and the restart of their
//! pods as `kubectl rollout restart` does it.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::paths::{Resource, items, resource, text, time};
use super::{Error, Kubernetes};
use crate::model::{Workload, WorkloadKind};
use crate::world::{Rollout, SKIP_LABEL, WorkloadState};

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
        Ok(object.map(|object| service_account(workload.kind, &object)))
    }

    /// The object itself.
    pub(super) async fn workload(&self, workload: &Workload) -> Result<Option<Value>, Error> {
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
fn service_account(kind: WorkloadKind, object: &Value) -> String {
    let spec = match kind {
        WorkloadKind::Pod => &object["spec"],
        WorkloadKind::CronJob => &object["spec"]["jobTemplate"]["spec"]["template"]["spec"],
        _ => &object["spec"]["template"]["spec"],
    };
    let name = spec["serviceAccountName"].as_str();
    name.filter(|name| !name.is_empty())
        .unwrap_or("default")
        .to_owned()
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
pub fn owner(object: &Value) -> Option<Workload> {
    let metadata = &object["metadata"];
    let mut owners = items(&metadata["ownerReferences"]);
    let owner = owners.find(|owner| owner["controller"] == true)?;
    let kind = serde_json::from_value(owner["kind"].clone());
    Some(Workload {
        kind: kind.unwrap_or(WorkloadKind::Other),
        namespace: text(&metadata["namespace"]),
        name: text(&owner["name"]),
    })
}

fn state(workload: &Workload, object: &Value) -> WorkloadState {
    let spec = &object["spec"];
    let template = &spec["template"];
    let restarted = match workload.kind {
        WorkloadKind::Rollout => &spec["restartAt"],
        _ => &template["metadata"]["annotations"][RESTARTED],
    };
    let containers = ["initContainers", "containers"];
    let containers = containers
        .iter()
        .flat_map(|list| items(&template["spec"][*list]));
    let sets_role =
        |container: &&Value| items(&container["env"]).any(|it| it["name"] == "AWS_ROLE_ARN");
    WorkloadState {
        workload: workload.clone(),
        service_account: service_account(workload.kind, object),
        restarted: time(restarted).map(|at| (at, text(restarted))),
        paused: spec["paused"] == true,
        on_delete: spec["updateStrategy"]["type"] == "OnDelete",
        own_roles: containers
            .filter(sets_role)
            .map(|container| text(&container["name"]))
            .collect(),
        skipped: !template["metadata"]["labels"][SKIP_LABEL].is_null(),
        rollout: rollout(workload.kind, object),
    }
}

/// As kubectl judges it (`polymorphichelpers/rollout_status.go`), and the Argo plugin.
fn rollout(kind: WorkloadKind, object: &Value) -> Rollout {
    let (spec, status) = (&object["spec"], &object["status"]);
    let generation = object["metadata"]["generation"].as_i64().unwrap_or(0);
    // Argo writes it as a text.
    let observed = &status["observedGeneration"];
    let observed = observed
        .as_i64()
        .or_else(|| observed.as_str()?.parse().ok());
    if observed.unwrap_or(0) < generation {
        return Rollout::Underway("the controller has not seen the restart yet".to_owned());
    }
    match kind {
        WorkloadKind::Deployment => deployment(spec, status),
        WorkloadKind::StatefulSet => stateful_set(spec, status),
        WorkloadKind::DaemonSet => {
            let desired = number(status, "desiredNumberScheduled");
            counted(&[
                (number(status, "updatedNumberScheduled"), desired, "updated"),
                (number(status, "numberAvailable"), desired, "available"),
            ])
        }
        WorkloadKind::Rollout => argo(spec, status),
        _ => Rollout::Over,
    }
}

fn deployment(spec: &Value, status: &Value) -> Rollout {
    let late = items(&status["conditions"]).find(|condition| {
        condition["type"] == "Progressing" && condition["reason"] == "ProgressDeadlineExceeded"
    });
    if late.is_some() {
        return Rollout::Failed("exceeded its progress deadline".to_owned());
    }
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let updated = number(status, "updatedReplicas");
    if updated >= wanted && number(status, "replicas") > updated {
        let old = number(status, "replicas") - updated;
        return Rollout::Underway(format!("{old} old pods are still there"));
    }
    counted(&[
        (updated, wanted, "updated"),
        (number(status, "availableReplicas"), updated, "available"),
    ])
}

fn stateful_set(spec: &Value, status: &Value) -> Rollout {
    let wanted = spec["replicas"].as_i64().unwrap_or(1);
    let partition = spec["updateStrategy"]["rollingUpdate"]["partition"]
        .as_i64()
        .unwrap_or(0);
    let counted = counted(&[
        (number(status, "readyReplicas"), wanted, "ready"),
        (
            number(status, "updatedReplicas"),
            wanted - partition,
            "updated",
        ),
    ]);
    let is_old = status["updateRevision"] != status["currentRevision"];
    match counted {
        Rollout::Over if is_old && partition == 0 => {
            Rollout::Underway("old pods are still there".to_owned())
        }
        counted => counted,
    }
}

fn argo(spec: &Value, status: &Value) -> Rollout {
    let is_restarted =
        spec["restartAt"].is_null() || time(&status["restartedAt"]) >= time(&spec["restartAt"]);
    let message = text(&status["message"]);
    match status["phase"].as_str() {
        Some("Degraded") => Rollout::Failed(format!("is degraded: {message}")),
        Some("Healthy") if is_restarted => Rollout::Over,
        Some(phase) => Rollout::Underway(format!("it is {}", phase.to_lowercase())),
        None => Rollout::Underway("it has no status yet".to_owned()),
    }
}

fn number(status: &Value, member: &str) -> i64 {
    status[member].as_i64().unwrap_or(0)
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
            let told = match rollout(kind, &object) {
                super::Rollout::Over => over.to_owned(),
                super::Rollout::Underway(what) => what,
                super::Rollout::Failed(why) => format!("failed: {why}"),
            };
            assert_eq!(told, wanted, "{object}");
        }
        let unseen = json!({"metadata": {"generation": 2}, "status": {"observedGeneration": 1}});
        assert!(matches!(
            rollout(Deployment, &unseen),
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

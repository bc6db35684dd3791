//! All workloads of a cluster, each with what it makes its pods from.

use super::moved::marks;
use super::{WorkloadObject, owner, resource_of, state};
use crate::kubernetes::Kubernetes;
use crate::kubernetes::pods::pod;
use crate::model::{Lookup, Workload, WorkloadKind};
use crate::waiting::side_by_side;
use crate::world::TemplatedWorkload;

const KINDS: [WorkloadKind; 6] = [
    WorkloadKind::Deployment,
    WorkloadKind::StatefulSet,
    WorkloadKind::DaemonSet,
    WorkloadKind::Rollout,
    WorkloadKind::CronJob,
    WorkloadKind::Job,
];

impl Kubernetes {
    /// The workloads of a namespace, or of the cluster where it is empty, all kinds side by side; without
    /// Jobs that have ended or that a CronJob made. Unknown where one of the kinds may not be listed.
    pub async fn workloads(&self, namespace: &str) -> Lookup<Vec<TemplatedWorkload>> {
        let lists = KINDS.into_iter().map(async |kind| {
            let Some(resource) = resource_of(kind) else {
                return Ok(None);
            };
            self.all(resource, namespace, |it| templated(kind, it))
                .await
        });
        let mut all = Vec::new();
        for list in side_by_side(KINDS.len(), lists).await {
            match list {
                Ok(found) => all.extend(found.into_iter().flatten()),
                Err(error) => return Lookup::Unknown(error.to_string()),
            }
        }
        Lookup::Found(all)
    }
}

fn templated(kind: WorkloadKind, found: WorkloadObject) -> Option<TemplatedWorkload> {
    let metadata = &found.metadata;
    if kind == WorkloadKind::Job && (owner(metadata).is_some() || found.has_ended()) {
        return None;
    }
    let workload = Workload {
        kind,
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone(),
    };
    Some(TemplatedWorkload {
        state: state(&workload, &found),
        marks: marks(kind, metadata),
        template: pod(match kind {
            WorkloadKind::CronJob => found.spec.job_template.spec.template,
            _ => found.spec.template,
        }),
    })
}

//! A workload as the API has it, of whatever kind, as far as it is read.

use serde::Deserialize;
use serde_json::Value;

use crate::kubernetes::objects::{Condition, Metadata, OptionalMember};
use crate::kubernetes::pods::PodObject;
use crate::world::Selector;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct WorkloadObject {
    pub metadata: Metadata,
    pub spec: WorkloadSpec,
    pub status: WorkloadStatus,
}

/// What an apply answers, with the entries of all managers as they are.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct AppliedObject {
    pub metadata: AppliedMetadata,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AppliedMetadata {
    pub resource_version: String,
    pub managed_fields: Vec<Value>,
}

/// A RoleBinding or ClusterRoleBinding.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct BindingObject {
    pub metadata: Metadata,
    pub subjects: Vec<SubjectObject>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SubjectObject {
    pub kind: String,
    pub namespace: OptionalMember<String>,
    pub name: String,
}

impl WorkloadObject {
    /// Whether its controller has seen it as it is.
    pub fn is_seen(&self) -> bool {
        let observed = &self.status.observed_generation;
        let observed = observed
            .as_i64()
            .or_else(|| observed.as_str()?.parse().ok());
        observed.unwrap_or(0) >= self.metadata.generation
    }

    /// Whether a Job is over, well or not.
    pub fn has_ended(&self) -> bool {
        let is_end = |it: &Condition| ["Complete", "Failed"].contains(&it.kind.as_str());
        let mut conditions = self.status.conditions.iter();
        conditions.any(|it| is_end(it) && it.status == "True")
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadSpec {
    pub selector: OptionalMember<Selector>,
    pub replicas: OptionalMember<i64>,
    pub template: PodObject,
    /// Of a CronJob.
    pub job_template: JobTemplate,
    /// Of a pod.
    pub service_account_name: String,
    pub paused: bool,
    pub update_strategy: UpdateStrategy,
    /// Of a Rollout.
    pub restart_at: OptionalMember<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct JobTemplate {
    pub spec: JobSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct JobSpec {
    pub template: PodObject,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UpdateStrategy {
    #[serde(rename = "type")]
    pub kind: String,
    pub rolling_update: RollingUpdate,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RollingUpdate {
    pub partition: i64,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WorkloadStatus {
    /// Argo writes it as a text.
    pub observed_generation: Value,
    pub conditions: Vec<Condition>,
    pub replicas: i64,
    pub updated_replicas: i64,
    pub available_replicas: i64,
    pub ready_replicas: i64,
    pub desired_number_scheduled: i64,
    pub updated_number_scheduled: i64,
    pub number_available: i64,
    pub number_ready: i64,
    pub update_revision: OptionalMember<String>,
    pub current_revision: OptionalMember<String>,
    pub phase: OptionalMember<String>,
    pub message: String,
    pub restarted_at: String,
}

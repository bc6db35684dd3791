//! A pod as the API has it, as far as it is read.

use serde::Deserialize;

use crate::kubernetes::objects::{
    Condition, LocalObjectReference, Metadata, OptionalMember, texts,
};
use crate::model::Map;

/// Or what a workload makes its pods from.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct PodObject {
    pub metadata: Metadata,
    pub spec: PodSpec,
    pub status: PodStatus,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    pub service_account_name: String,
    pub automount_service_account_token: OptionalMember<bool>,
    pub node_name: OptionalMember<String>,
    #[serde(deserialize_with = "texts")]
    pub node_selector: Map,
    pub host_network: bool,
    pub security_context: SecurityContext,
    pub init_containers: Vec<ContainerObject>,
    pub containers: Vec<ContainerObject>,
    pub volumes: Vec<Volume>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityContext {
    pub run_as_user: OptionalMember<i64>,
    pub fs_group: OptionalMember<i64>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerObject {
    pub name: String,
    pub image: String,
    pub command: Vec<String>,
    pub args: Vec<String>,
    pub restart_policy: String,
    pub security_context: SecurityContext,
    pub env: Vec<Variable>,
    pub env_from: Vec<EnvFrom>,
    pub volume_mounts: Vec<VolumeMount>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Variable {
    pub name: String,
    pub value: OptionalMember<String>,
    pub value_from: Option<ValueFrom>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ValueFrom {
    pub secret_key_ref: LocalObjectReference,
    pub config_map_key_ref: LocalObjectReference,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct EnvFrom {
    pub secret_ref: LocalObjectReference,
    pub config_map_ref: LocalObjectReference,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeMount {
    pub name: String,
    pub mount_path: String,
    pub read_only: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Volume {
    pub name: String,
    pub secret: SecretVolume,
    pub config_map: LocalObjectReference,
    pub projected: Projected,
    pub csi: CsiVolume,
}

/// Of the Secrets Store CSI driver (secrets-store.csi.k8s.io).
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CsiVolume {
    pub volume_attributes: CsiAttributes,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CsiAttributes {
    pub secret_provider_class: OptionalMember<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretVolume {
    pub secret_name: OptionalMember<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Projected {
    pub sources: Vec<ProjectedSource>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProjectedSource {
    pub service_account_token: Option<TokenSource>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TokenSource {
    pub audience: Option<String>,
    pub expiration_seconds: OptionalMember<i64>,
    pub path: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    pub phase: String,
    pub conditions: Vec<Condition>,
    pub init_container_statuses: Vec<ContainerStatus>,
    pub container_statuses: Vec<ContainerStatus>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ContainerStatus {
    pub name: String,
    pub state: ContainerState,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    pub waiting: ContainerStateWaiting,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ContainerStateWaiting {
    pub reason: OptionalMember<String>,
    pub message: OptionalMember<String>,
}

//! The objects of a cluster as the API has them, as far as they are read.

use serde::Deserialize;

use crate::kubernetes::objects::{Given, Metadata, Named};
use crate::world::Selector;

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Version {
    pub major: String,
    pub minor: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ServiceAccountObject {
    pub metadata: Metadata,
    pub secrets: Vec<Named>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Configuration {
    pub metadata: Metadata,
    pub webhooks: Vec<WebhookObject>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct WebhookObject {
    pub name: String,
    pub client_config: ClientConfig,
    pub failure_policy: Given<String>,
    pub namespace_selector: Given<Selector>,
    pub object_selector: Given<Selector>,
    pub rules: Vec<Rule>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientConfig {
    pub url: Given<String>,
    pub service: Service,
    pub ca_bundle: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Service {
    pub namespace: String,
    pub name: Given<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Rule {
    pub operations: Vec<String>,
    pub resources: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NodeObject {
    pub metadata: Metadata,
    pub spec: NodeSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NodeSpec {
    #[serde(rename = "providerID")]
    pub provider_id: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NodeClassObject {
    pub metadata: Metadata,
    pub spec: NodeClassSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeClassSpec {
    pub role: Given<String>,
    pub instance_profile: Given<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DaemonSet {
    pub metadata: Metadata,
    pub spec: DaemonSetSpec,
    pub status: DaemonSetStatus,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct DaemonSetSpec {
    pub template: Template,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Template {
    pub spec: TemplateSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct TemplateSpec {
    pub host_network: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DaemonSetStatus {
    pub desired_number_scheduled: i64,
    pub number_ready: i64,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct NetworkPolicyObject {
    pub metadata: Metadata,
    pub spec: NetworkPolicySpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NetworkPolicySpec {
    pub pod_selector: Given<Selector>,
    pub policy_types: Option<Vec<String>>,
    pub egress: Option<Vec<EgressObject>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct EgressObject {
    pub to: Vec<Peer>,
    pub ports: Vec<Port>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Peer {
    pub ip_block: Option<IpBlock>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct IpBlock {
    pub cidr: Given<String>,
    pub except: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    pub protocol: Given<String>,
    /// Or a name, which tells nothing here.
    pub port: Given<u16>,
    pub end_port: Given<u16>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SecurityGroupPolicy {
    pub metadata: Metadata,
    pub spec: SecurityGroupPolicySpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityGroupPolicySpec {
    pub pod_selector: Given<Selector>,
    pub service_account_selector: Given<Selector>,
    pub security_groups: SecurityGroups,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityGroups {
    pub group_ids: Vec<String>,
}

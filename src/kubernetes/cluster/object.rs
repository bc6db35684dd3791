//! The objects of a cluster as the API has them, as far as they are read.

use serde::Deserialize;

use crate::kubernetes::objects::{LocalObjectReference, Metadata, OptionalMember, texts};
use crate::model::Map;
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
    pub secrets: Vec<LocalObjectReference>,
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
    pub failure_policy: OptionalMember<String>,
    pub namespace_selector: OptionalMember<Selector>,
    pub object_selector: OptionalMember<Selector>,
    pub rules: Vec<RuleWithOperations>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClientConfig {
    pub url: OptionalMember<String>,
    pub service: ServiceReference,
    pub ca_bundle: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ServiceReference {
    pub namespace: String,
    pub name: OptionalMember<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct RuleWithOperations {
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
    pub role: OptionalMember<String>,
    pub instance_profile: OptionalMember<String>,
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
    pub pod_selector: OptionalMember<Selector>,
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
    pub cidr: OptionalMember<String>,
    pub except: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Port {
    pub protocol: OptionalMember<String>,
    /// Or a name, which tells nothing here.
    pub port: OptionalMember<u16>,
    pub end_port: OptionalMember<u16>,
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
    pub pod_selector: OptionalMember<Selector>,
    pub service_account_selector: OptionalMember<Selector>,
    pub security_groups: SecurityGroups,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecurityGroups {
    pub group_ids: Vec<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct SecretProviderClass {
    pub metadata: Metadata,
    pub spec: SecretProviderClassSpec,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretProviderClassSpec {
    pub provider: String,
    #[serde(deserialize_with = "texts")]
    pub parameters: Map,
    pub secret_objects: Vec<SecretObject>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SecretObject {
    pub secret_name: String,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct VaultDynamicSecret {
    pub metadata: Metadata,
    pub spec: VaultDynamicSecretSpec,
}

#[derive(Default, Deserialize)]
#[serde(default)]
pub struct VaultDynamicSecretSpec {
    pub mount: String,
    pub path: String,
    pub destination: LocalObjectReference,
}

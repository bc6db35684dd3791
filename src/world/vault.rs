//! What HashiCorp Vault has that bears on the AWS credentials of a cluster's service accounts.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{ServiceAccount, TemplatedWorkload};
use crate::model::{Lookup, Map, ServiceAccountName};

/// What is looked at, in Vault and in the cluster.
#[derive(Clone, Debug, PartialEq)]
pub struct VaultWorld {
    /// Where its AWS secrets engine is mounted.
    pub aws_mount: String,
    /// Where its Kubernetes auth method is mounted.
    pub auth_mount: String,
    /// The API that the auth method asks about tokens; `None`: nothing is set there.
    pub kubernetes_host: Lookup<String>,
    /// The roles of the AWS secrets engine.
    pub engine_roles: BTreeMap<String, Lookup<EngineRole>>,
    /// Its static roles, by name: keys of users that are there.
    pub static_roles: Lookup<Vec<String>>,
    /// The roles of the Kubernetes auth method.
    pub login_roles: BTreeMap<String, Lookup<LoginRole>>,
    /// The texts of the ACL policies that those name.
    pub policies: BTreeMap<String, Lookup<String>>,
    pub objects: BTreeMap<ServiceAccountName, ServiceAccount>,
    pub workloads: Lookup<Vec<TemplatedWorkload>>,
}

/// A role of the AWS secrets engine (`aws/roles/NAME`), as Vault 1.21 tells it.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct EngineRole {
    /// One; or, from old times, several with commas between them.
    pub credential_type: String,
    #[serde(deserialize_with = "given")]
    pub role_arns: Vec<String>,
    #[serde(deserialize_with = "given")]
    pub policy_arns: Vec<String>,
    #[serde(deserialize_with = "given")]
    pub policy_document: String,
    #[serde(deserialize_with = "given")]
    pub permissions_boundary_arn: String,
    #[serde(deserialize_with = "given")]
    pub iam_groups: Vec<String>,
    #[serde(deserialize_with = "given")]
    pub iam_tags: Map,
    #[serde(deserialize_with = "given")]
    pub session_tags: Map,
    #[serde(deserialize_with = "given")]
    pub external_id: String,
}

/// A role of the Kubernetes auth method (`auth/kubernetes/role/NAME`).
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default)]
pub struct LoginRole {
    #[serde(rename = "bound_service_account_names", deserialize_with = "given")]
    pub names: Vec<String>,
    #[serde(
        rename = "bound_service_account_namespaces",
        deserialize_with = "given"
    )]
    pub namespaces: Vec<String>,
    #[serde(
        rename = "bound_service_account_namespace_selector",
        deserialize_with = "given"
    )]
    pub selector: String,
    #[serde(deserialize_with = "given")]
    pub token_policies: Vec<String>,
    #[serde(deserialize_with = "given")]
    pub token_no_default_policy: bool,
    #[serde(deserialize_with = "given")]
    pub token_bound_cidrs: Vec<String>,
}

impl LoginRole {
    /// The policies of its tokens.
    pub fn policies(&self) -> impl Iterator<Item = &str> {
        let default = (!self.token_no_default_policy).then_some("default");
        let named = self.token_policies.iter().map(String::as_str);
        default.into_iter().chain(named)
    }
}

/// Null is nothing.
fn given<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: serde::Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

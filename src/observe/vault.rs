//! What bears on the AWS credentials that HashiCorp Vault gives to a cluster's service accounts. Roles and
//! policies that may not be read are unknown; without their lists nothing can be said.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::PARALLEL;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::Lookup;
use crate::vault::{Vault, or_unknown};
use crate::waiting::side_by_side;
use crate::world::{EngineRole, LoginRole, VaultWorld};

/// Where Vault's engines are.
pub struct VaultMounts<'a> {
    pub aws: &'a str,
    pub auth: &'a str,
}

#[derive(Deserialize)]
struct AclPolicy {
    policy: String,
}

#[derive(Deserialize)]
struct AuthConfig {
    #[serde(default)]
    kubernetes_host: String,
}

/// # Errors
/// Where the roles of either engine, or the ServiceAccounts, cannot be listed.
pub async fn vault(
    vault: &Vault,
    mounts: VaultMounts<'_>,
    kubernetes: &Kubernetes,
) -> Result<VaultWorld, Error> {
    let (aws, auth) = (mounts.aws, format!("auth/{}", mounts.auth));
    let (roles, logins) = (format!("{aws}/roles"), format!("{auth}/role"));
    let (fixed, config) = (format!("{aws}/static-roles"), format!("{auth}/config"));
    let (objects, workloads) =
        tokio::join!(kubernetes.service_accounts(None), kubernetes.workloads(""));
    let (engine_roles, login_roles, static_roles, config) = tokio::join!(
        all::<EngineRole>(vault, &roles),
        all::<LoginRole>(vault, &logins),
        vault.list(&fixed),
        vault.read::<AuthConfig>(&config)
    );
    let login_roles = login_roles?;
    let policies = policies(vault, &login_roles).await?;
    let host = or_unknown(config)?.map(|it| it.kubernetes_host);
    Ok(VaultWorld {
        aws_mount: mounts.aws.to_owned(),
        auth_mount: mounts.auth.to_owned(),
        kubernetes_host: host,
        engine_roles: engine_roles?,
        static_roles: or_unknown(static_roles.map(Some))?,
        login_roles,
        policies,
        objects: objects?.into_iter().collect(),
        workloads,
    })
}

/// All that a list names.
async fn all<T: DeserializeOwned>(
    vault: &Vault,
    path: &str,
) -> Result<BTreeMap<String, Lookup<T>>, Error> {
    let names = vault.list(path).await?;
    let reads = names.into_iter().map(async |name| {
        let found = or_unknown(vault.read(&format!("{path}/{name}")).await)?;
        Ok((name, found))
    });
    side_by_side(PARALLEL, reads).await.into_iter().collect()
}

async fn policies(
    vault: &Vault,
    logins: &BTreeMap<String, Lookup<LoginRole>>,
) -> Result<BTreeMap<String, Lookup<String>>, Error> {
    let logins = logins.values().filter_map(Lookup::as_found);
    let names: BTreeSet<String> = logins
        .flat_map(LoginRole::policies)
        .map(str::to_owned)
        .collect();
    let reads = names.into_iter().map(async |name| {
        let path = format!("sys/policies/acl/{name}");
        let found = or_unknown(vault.read::<AclPolicy>(&path).await)?;
        Ok((name, found.map(|it| it.policy)))
    });
    side_by_side(PARALLEL, reads).await.into_iter().collect()
}

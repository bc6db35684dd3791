//! What Vault's Agent injector is told by the annotations of pods (hashicorp/vault-k8s,
//! `agent-inject/agent/annotations.go`).

use super::{Drop, VaultRow, VaultWorld};
use crate::model::{Map, ServiceAccountName};
use crate::world::TemplatedWorkload;

const PREFIX: &str = "vault.hashicorp.com/";
const SECRET: &str = "agent-inject-secret-";
/// With it the Agent has a configuration of its own, of which nothing is known here.
const CONFIGURATION: &str = "agent-configmap";
/// What else is told of one secret, each before its name.
const OF_SECRET: [&str; 7] = [
    SECRET,
    "agent-inject-template-",
    "agent-inject-template-file-",
    "agent-inject-file-",
    "agent-inject-perms-",
    "agent-inject-command-",
    "secret-volume-path-",
];

/// The role of the auth method that a workload logs in with.
pub fn login_role(workload: &TemplatedWorkload) -> Option<&str> {
    let role = workload
        .template
        .annotations
        .get("vault.hashicorp.com/role");
    role.map(String::as_str)
}

/// What the workloads of a service account need no more, once it has what is in its entry: what is about those
/// credentials, or, where that is all, whatever is said to the Agent.
pub fn drops(world: &VaultWorld, name: &ServiceAccountName, row: &VaultRow) -> Vec<Drop> {
    let workloads = world.workloads.as_found().into_iter().flatten();
    let own = workloads.filter(|it| {
        it.state.workload.namespace == name.namespace.as_str()
            && it.state.service_account == name.name
    });
    let drops = own.filter_map(|workload| {
        let annotations = useless(world, workload, row);
        let workload = workload.state.workload.clone();
        (!annotations.is_empty()).then_some(Drop {
            workload,
            annotations,
        })
    });
    drops.collect()
}

fn useless(world: &VaultWorld, workload: &TemplatedWorkload, row: &VaultRow) -> Vec<String> {
    let all: Map = workload
        .template
        .annotations
        .iter()
        .filter_map(|(key, value)| Some((key.strip_prefix(PREFIX)?.to_owned(), value.clone())))
        .collect();
    let secrets = all.keys().filter_map(|key| key.strip_prefix(SECRET));
    let (covered, others): (Vec<&str>, Vec<&str>) =
        secrets.partition(|secret| is_covered(world, &all, secret, row));
    let is_own =
        login_role(workload).is_some_and(|role| row.login_roles.iter().any(|it| it == role));
    if covered.is_empty() || !is_own {
        return Vec::new();
    }
    let is_of = |key: &str| {
        let mut names = OF_SECRET
            .iter()
            .filter_map(|before| key.strip_prefix(before));
        names.any(|secret| covered.contains(&secret))
    };
    // What is rendered without a secret of its own is another's.
    let named = |key: &&String| OF_SECRET.iter().any(|before| key.starts_with(before));
    let is_all = others.is_empty()
        && !all.contains_key(CONFIGURATION)
        && all.keys().filter(named).all(|key| is_of(key));
    let useless = all.keys().filter(|key| is_all || is_of(key));
    useless.map(|key| format!("{PREFIX}{key}")).collect()
}

/// Whether a secret is of a role that the entry stands for. A template of its own may read more.
fn is_covered(world: &VaultWorld, all: &Map, secret: &str, row: &VaultRow) -> bool {
    let path = all
        .get(&format!("{SECRET}{secret}"))
        .map_or("", String::as_str);
    let path = path.trim_start_matches('/');
    let path = path.split('?').next().unwrap_or_default();
    let mount = &world.aws_mount;
    let mut roles = row.engine_roles.iter();
    roles.any(|role| {
        path == format!("{mount}/creds/{role}") || path == format!("{mount}/sts/{role}")
    })
}

//! What Vault's Agent injector is told by the annotations of pods (hashicorp/vault-k8s,
//! `agent-inject/agent/annotations.go`).

use super::{Drop, VaultWorld};
use crate::model::ServiceAccountName;
use crate::world::TemplatedWorkload;

const PREFIX: &str = "vault.hashicorp.com/";
const SECRET: &str = "vault.hashicorp.com/agent-inject-secret-";
const TEMPLATE: &str = "vault.hashicorp.com/agent-inject-template-";
/// What else is told of one secret, each before its name.
const OF_SECRET: [&str; 7] = [
    "agent-inject-secret-",
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

/// What the workloads of a service account need no more: what is about AWS credentials, or, where that is
/// all, whatever is said to the Agent.
pub fn drops(world: &VaultWorld, name: &ServiceAccountName) -> Vec<Drop> {
    let workloads = world.workloads.as_found().into_iter().flatten();
    let own = workloads.filter(|it| {
        it.state.workload.namespace == name.namespace.as_str()
            && it.state.service_account == name.name
    });
    let drops = own.filter_map(|workload| {
        let annotations = useless(&world.aws_mount, workload);
        let workload = workload.state.workload.clone();
        (!annotations.is_empty()).then_some(Drop {
            workload,
            annotations,
        })
    });
    drops.collect()
}

fn useless(mount: &str, workload: &TemplatedWorkload) -> Vec<String> {
    let all = &workload.template.annotations;
    let is_aws = |text: &str| {
        let mut paths = ["creds", "sts"]
            .iter()
            .map(|kind| format!("{mount}/{kind}/"));
        paths.any(|path| {
            let mut before = text
                .match_indices(&path)
                .map(|(at, _)| text[..at].chars().last());
            // Another mount may end alike.
            before.any(|c| {
                c.is_none_or(|c| {
                    !c.is_alphanumeric() && !"-_/.".contains(c) || c == '/' && text.starts_with('/')
                })
            })
        })
    };
    let secrets = all.keys().filter_map(|key| key.strip_prefix(SECRET));
    let about = |secret: &str| {
        let value = all
            .get(&format!("{SECRET}{secret}"))
            .map_or("", String::as_str);
        let template = all
            .get(&format!("{TEMPLATE}{secret}"))
            .map_or("", String::as_str);
        is_aws(value) || is_aws(template)
    };
    let (aws, others): (Vec<&str>, Vec<&str>) = secrets.partition(|secret| about(secret));
    if aws.is_empty() {
        return Vec::new();
    }
    let ours = all
        .keys()
        .filter_map(|key| Some((key, key.strip_prefix(PREFIX)?)));
    let is_of = |key: &str| {
        let secret = OF_SECRET.iter().find_map(|before| key.strip_prefix(before));
        secret.is_some_and(|secret| aws.contains(&secret))
    };
    let useless = ours.filter(|(_, key)| others.is_empty() || is_of(key));
    useless.map(|(key, _)| key.clone()).collect()
}

//! From what HashiCorp Vault gives the service accounts of a cluster to the config file that gives them the
//! same without it. Nothing is opened: what Vault does not give today, or what cannot be told, is in no entry.

use std::collections::BTreeSet;

use serde::Serialize;

use super::migrate::glob;
use crate::asked::IamServiceAccount;
use crate::asked::found;
use crate::model::{Cluster, Lookup, ServiceAccountName, Workload};
use crate::vault_policy::{VaultAccess, VaultAcl, VaultPolicy};
use crate::world::{LoginRole, VaultWorld};

mod agent;
mod limits;
mod permissions;

pub use limits::managed_count;
use permissions::{NotMapped, permissions};

/// The policy that may do all, with which Vault lets nobody log in (`vault/request_handling.go`).
const ROOT: &str = "root";

/// What comes of it.
#[derive(Debug, Default, PartialEq)]
pub struct VaultImport {
    /// For the config file.
    pub accounts: Vec<IamServiceAccount>,
    pub rows: Vec<VaultRow>,
    pub notes: Vec<String>,
    /// What could not be read, of whoever it is.
    pub unknown: Vec<String>,
}

/// A service account that has AWS credentials from Vault, or may have.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VaultRow {
    pub namespace: String,
    pub name: String,
    /// The roles of the Kubernetes auth method that let it in.
    pub login_roles: Vec<String>,
    /// The roles of the AWS secrets engine that it has credentials of.
    pub engine_roles: Vec<String>,
    pub result: VaultResult,
    /// What keeps it out of the file.
    pub reasons: Vec<String>,
    /// What is not in its entry.
    pub notes: Vec<String>,
    /// What its workloads have for Vault, and need no more.
    pub drops: Vec<Drop>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum VaultResult {
    /// It is in the file.
    Written,
    Skipped,
    /// Something about it could not be read.
    Unknown,
}

impl VaultResult {
    /// As it stands in the column RESULT.
    pub fn word(self) -> &'static str {
        match self {
            Self::Written => "written",
            Self::Skipped => "skipped",
            Self::Unknown => "unknown",
        }
    }
}

/// Annotations of the pods of a workload that Vault's Agent goes by.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drop {
    pub workload: Workload,
    pub annotations: Vec<String>,
}

/// Which service accounts are meant.
pub struct VaultChoice<'a> {
    /// Those that were named: for them a pattern of Vault's counts too.
    pub named: &'a [ServiceAccountName],
    pub includes: &'a dyn Fn(&ServiceAccountName) -> bool,
    pub cluster: &'a Cluster,
    /// How many managed policies a role of the account may have.
    pub quota: usize,
}

/// What Vault gives each service account that is meant, as an account for the config file where that can
/// be said, and as a row in any case. Without names it is all that roles of the auth method let in.
pub fn import(world: &VaultWorld, choice: &VaultChoice<'_>) -> VaultImport {
    let mut import = VaultImport::default();
    let mut names = chosen_names(world, choice, &mut import);
    names.retain(|name| (choice.includes)(name));
    for name in names {
        let is_named = choice.named.contains(&name);
        let Some((row, account)) = of_account(world, &name, is_named, choice) else {
            continue;
        };
        import.accounts.extend(account);
        import.rows.push(row);
    }
    if let Lookup::Unknown(why) = &world.static_roles {
        import.unknown.push(format!(
            "whether {} has static roles cannot be told: {why}",
            world.aws_mount
        ));
    }
    if let Lookup::Found(names) = &world.static_roles
        && !names.is_empty()
    {
        import.notes.push(format!(
            "static roles of {} are left out, as they give the keys of users that are there: {}",
            world.aws_mount,
            names.join(", ")
        ));
    }
    import
}

/// Whom the import is about: who was named; if nobody was, all that login roles are bound to. What login roles
/// leave open goes into the import's notes and its unknowns.
fn chosen_names(
    world: &VaultWorld,
    choice: &VaultChoice<'_>,
    import: &mut VaultImport,
) -> BTreeSet<ServiceAccountName> {
    let mut names: BTreeSet<ServiceAccountName> = choice.named.iter().cloned().collect();
    for (login, role) in &world.login_roles {
        match role {
            Lookup::Found(role) if choice.named.is_empty() => {
                names.extend(bound(world, login, role, &mut import.notes));
            }
            Lookup::Unknown(why) => {
                import.unknown.push(format!(
                    "whom role {login} of auth method {} lets in cannot be told: {why}",
                    world.auth_mount
                ));
            }
            Lookup::Found(_) | Lookup::Missing => {}
        }
    }
    names
}

/// Whether the auth method asks this cluster about tokens: `Ok(Some)` tells why that cannot be said.
///
/// # Errors
/// It asks another cluster of EKS.
pub fn is_of_cluster(world: &VaultWorld, cluster: &Cluster) -> Result<Option<String>, String> {
    let method = format!("auth method {}", world.auth_mount);
    let doubt = |why: &str| {
        let name = &cluster.name;
        Ok(Some(format!(
            "whether {method} lets in pods of cluster \"{name}\" cannot be told: {why}"
        )))
    };
    let host = match &world.kubernetes_host {
        Lookup::Found(host) if host.is_empty() => return doubt("it does not say what it asks"),
        Lookup::Found(host) => host_of(host),
        Lookup::Missing => return doubt("it is not configured"),
        Lookup::Unknown(why) => return doubt(why),
    };
    let own = cluster.eks.as_ref().map(|eks| host_of(&eks.endpoint));
    if own.as_ref() == Some(&host) {
        return Ok(None);
    }
    if own.is_some() && host.ends_with(".eks.amazonaws.com") {
        return Err(format!(
            "{method} is of another cluster, whose API is {host}: name that of this one with `--vault-auth-mount`"
        ));
    }
    doubt(&format!("it asks {host}"))
}

/// As names are compared.
fn host_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find([':', '/']).unwrap_or(rest.len());
    rest[..end].trim_end_matches('.').to_ascii_lowercase()
}

/// The service accounts that a role names one by one and the cluster has.
fn bound(
    world: &VaultWorld,
    login: &str,
    role: &LoginRole,
    notes: &mut Vec<String>,
) -> Vec<ServiceAccountName> {
    let is_pattern = |text: &String| text.contains('*');
    let is_open = role.names.iter().any(is_pattern) || role.namespaces.iter().any(is_pattern);
    let gives = || gives_any(world, role);
    if (is_open || !role.selector.is_empty()) && gives() {
        notes.push(open(world, login, role));
    }
    let mut found = Vec::new();
    let mut missing = Vec::new();
    for namespace in role.namespaces.iter().filter(|it| !is_pattern(it)) {
        for name in role.names.iter().filter(|it| !is_pattern(it)) {
            let namespace = namespace.parse().ok();
            match namespace.and_then(|it| ServiceAccountName::new(it, name).ok()) {
                Some(it) if world.objects.contains_key(&it) => found.push(it),
                Some(it) => missing.push(it.to_string()),
                None => {}
            }
        }
    }
    if !missing.is_empty() && gives() {
        notes.push(format!(
            "role {login} of auth method {} lets in what the cluster does not have: {}",
            world.auth_mount,
            missing.join(", ")
        ));
    }
    found
}

/// Whom a role lets in by a pattern, and who of those uses it.
fn open(world: &VaultWorld, login: &str, role: &LoginRole) -> String {
    let mut patterns = vec![
        format!("names {}", role.names.join(", ")),
        format!("namespaces {}", role.namespaces.join(", ")),
    ];
    if !role.selector.is_empty() {
        patterns.push(format!("selector {}", role.selector));
    }
    let workloads = world.workloads.as_found().into_iter().flatten();
    let users = workloads.filter(|it| agent::login_role(it) == Some(login));
    let users: BTreeSet<String> = users
        .map(|it| {
            format!(
                "{}/{}",
                it.state.workload.namespace, it.state.service_account
            )
        })
        .collect();
    let users: Vec<String> = users.into_iter().collect();
    let users = if users.is_empty() {
        "; no workload's annotations name it".to_owned()
    } else {
        format!(
            "; annotations of workloads name it for {}",
            users.join(", ")
        )
    };
    format!(
        "role {login} of auth method {} lets in by patterns ({}): name the service accounts that are to have a role{users}",
        world.auth_mount,
        patterns.join("; ")
    )
}

/// Whether its tokens may have any AWS credentials, or that cannot be told.
fn gives_any(world: &VaultWorld, role: &LoginRole) -> bool {
    let Ok(acl) = acl(world, role) else {
        return true;
    };
    let mut names = world.engine_roles.keys();
    names.any(|name| access(world, &acl, name) != VaultAccess::Refused)
}

fn acl(world: &VaultWorld, role: &LoginRole) -> Result<VaultAcl, String> {
    let policies = role.policies().map(|name| match world.policies.get(name) {
        // Vault passes over what is not there.
        None | Some(Lookup::Missing) => Ok(VaultPolicy::default()),
        Some(Lookup::Unknown(why)) => Err(format!("policy {name} cannot be told: {why}")),
        Some(Lookup::Found(text)) => VaultPolicy::parse(text)
            .map_err(|what| format!("policy {name} has what is not known here: {what}")),
    });
    let policies: Vec<VaultPolicy> = policies.collect::<Result<_, _>>()?;
    Ok(VaultAcl::of(&policies))
}

/// Whether credentials of a role may be had, on either of the two paths.
fn access(world: &VaultWorld, acl: &VaultAcl, role: &str) -> VaultAccess {
    let paths = ["creds", "sts"].map(|kind| format!("{}/{kind}/{role}", world.aws_mount));
    match paths.map(|path| acl.gives(&path)) {
        [VaultAccess::Given, _] | [_, VaultAccess::Given] => VaultAccess::Given,
        [VaultAccess::Open(why), _] | [_, VaultAccess::Open(why)] => VaultAccess::Open(why),
        [VaultAccess::Refused, VaultAccess::Refused] => VaultAccess::Refused,
    }
}

/// Whether a role lets a service account in; `Err`: why it cannot be told. One that nobody named is let in by its
/// own name alone, and by no pattern.
fn lets_in(role: &LoginRole, name: &ServiceAccountName, is_named: bool) -> Result<bool, String> {
    let has = |patterns: &[String], text: &str| {
        let mut patterns = patterns.iter();
        patterns.any(|it| it == text || is_named && glob(it, text))
    };
    if !has(&role.names, &name.name) {
        return Ok(false);
    }
    if has(&role.namespaces, name.namespace.as_str()) {
        return Ok(true);
    }
    match role.selector.as_str() {
        "" => Ok(false),
        _ if !is_named => Ok(false),
        _ => Err("it chooses namespaces by their labels".to_owned()),
    }
}

/// Its row, and what it asks for in the file. `None`: nobody named it, and Vault gives it nothing.
fn of_account(
    world: &VaultWorld,
    name: &ServiceAccountName,
    is_named: bool,
    choice: &VaultChoice<'_>,
) -> Option<(VaultRow, Option<IamServiceAccount>)> {
    let mut given = VaultGrants::default();
    for (login, role) in &world.login_roles {
        if let Lookup::Found(role) = role {
            given.add(world, login, role, name, is_named);
        }
    }
    if given.roles.is_empty() && given.unknown.is_empty() && !is_named {
        return None;
    }
    let mut row = given.row(name);
    if !given.unknown.is_empty() {
        row.result = VaultResult::Unknown;
        row.reasons = given.unknown;
        return Some((row, None));
    }
    row.reasons.extend(kept_out(world, name, &given.roles));
    let permissions = match permissions(world, &given.roles) {
        Ok(found) => found,
        Err(not) => {
            row.leave(not);
            return Some((row, None));
        }
    };
    row.notes.extend(permissions.notes);
    let beyond = limits::beyond(&permissions.found, name, choice.cluster, choice.quota);
    row.reasons.extend(beyond);
    if !row.reasons.is_empty() {
        return Some((row, None));
    }
    row.result = VaultResult::Written;
    row.drops = agent::drops(world, name, &row);
    let account = found::account(name, permissions.found, world.objects.get(name));
    Some((row, Some(account)))
}

/// What keeps a service account out, whatever its permissions are.
fn kept_out(
    world: &VaultWorld,
    name: &ServiceAccountName,
    roles: &BTreeSet<String>,
) -> Option<String> {
    if roles.is_empty() {
        return Some(format!(
            "Vault gives it no credentials of {}",
            world.aws_mount
        ));
    }
    match world.objects.get(name) {
        None => Some("the cluster has no such ServiceAccount".to_owned()),
        Some(object) => object
            .role()
            .map(|role| format!("it has a role already: {role}")),
    }
}

/// What a role of IAM does not say.
fn narrower(role: &LoginRole, of: &str) -> Option<String> {
    let from = role.token_bound_cidrs.join(", ");
    (!from.is_empty())
        .then(|| format!("{of} lets in from {from} only; a role of IAM is had from anywhere"))
}

/// What Vault gives one service account.
#[derive(Default)]
struct VaultGrants {
    logins: BTreeSet<String>,
    roles: BTreeSet<String>,
    unknown: Vec<String>,
    notes: Vec<String>,
}

impl VaultRow {
    fn leave(&mut self, not: NotMapped) {
        self.reasons.extend(not.reasons);
        if !not.unknown.is_empty() {
            self.result = VaultResult::Unknown;
            self.reasons.extend(not.unknown);
        }
    }
}

impl VaultGrants {
    /// Its row, as long as nothing more is known.
    fn row(&self, name: &ServiceAccountName) -> VaultRow {
        VaultRow {
            namespace: name.namespace.to_string(),
            name: name.name.clone(),
            login_roles: self.logins.iter().cloned().collect(),
            engine_roles: self.roles.iter().cloned().collect(),
            result: VaultResult::Skipped,
            reasons: Vec::new(),
            notes: self.notes.clone(),
            drops: Vec::new(),
        }
    }

    fn add(
        &mut self,
        world: &VaultWorld,
        login: &str,
        role: &LoginRole,
        name: &ServiceAccountName,
        is_named: bool,
    ) {
        let of = format!("role {login} of auth method {}", world.auth_mount);
        match lets_in(role, name, is_named) {
            Ok(true) => {}
            Ok(false) => return,
            Err(why) => {
                if gives_any(world, role) {
                    self.unknown
                        .push(format!("whether {of} lets it in cannot be told: {why}"));
                }
                return;
            }
        }
        if role.policies().any(|policy| policy == ROOT) {
            self.notes.push(format!(
                "{of} names the policy root, with which Vault lets nobody log in"
            ));
            return;
        }
        let acl = match acl(world, role) {
            Ok(acl) => acl,
            Err(why) => {
                let what = format!("what {of} gives cannot be told: {why}");
                return self.unknown.push(what);
            }
        };
        if self.add_engine_roles(world, &acl, &of) {
            self.logins.insert(login.to_owned());
            self.notes.extend(narrower(role, &of));
        }
    }

    /// Those that the login gives. Whether it gives any.
    fn add_engine_roles(&mut self, world: &VaultWorld, acl: &VaultAcl, of: &str) -> bool {
        let mut gives = false;
        for engine in world.engine_roles.keys() {
            match access(world, acl, engine) {
                VaultAccess::Given => {
                    gives = true;
                    self.roles.insert(engine.clone());
                }
                VaultAccess::Open(why) => self.unknown.push(format!(
                    "whether {of} gives credentials of {engine} cannot be told: {why}"
                )),
                VaultAccess::Refused => {}
            }
        }
        gives
    }
}

#[cfg(test)]
mod tests;

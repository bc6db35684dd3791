//! A small HashiCorp Vault: what is read of its AWS secrets engine, its Kubernetes auth method and its
//! policies. Answers, statuses and texts are those of a server of Vault 1.21.4 that was asked the same.

use std::collections::BTreeMap;

use hyper::Method;
use serde_json::{Value, json};

use super::http::{Reply, Request};
use super::world::{Service, World};

/// The name that it answers by.
pub const VAULT: &str = "vault.example.com";
pub const VAULT_TOKEN: &str = "hvs.sandbox-vault-token";

/// What a Vault has.
#[derive(Clone, Debug)]
pub struct Vault {
    pub token: String,
    /// Of VAULT_NAMESPACE: without it nothing is found.
    pub namespace: Option<String>,
    pub mounts: Vec<String>,
    /// By its path.
    pub data: BTreeMap<String, Value>,
    /// Paths that the token may not read.
    pub denied: Vec<String>,
    pub sealed: bool,
}

impl Default for Vault {
    fn default() -> Self {
        Self {
            token: VAULT_TOKEN.to_owned(),
            namespace: None,
            mounts: ["aws", "auth/kubernetes", "sys"].map(str::to_owned).into(),
            data: BTreeMap::new(),
            denied: Vec::new(),
            sealed: false,
        }
    }
}

impl Vault {
    /// A role of the AWS secrets engine, with the fields that are not its default.
    pub fn engine_role(&mut self, name: &str, fields: Value) {
        let mut role = json!({
            "credential_type": "iam_user", "default_sts_ttl": 0, "external_id": "", "iam_groups": null,
            "iam_tags": null, "max_sts_ttl": 0, "mfa_serial_number": "", "permissions_boundary_arn": "",
            "policy_arns": null, "policy_document": "", "role_arns": null, "session_tags": null, "user_path": "/",
        });
        merge(&mut role, fields);
        self.data.insert(format!("aws/roles/{name}"), role);
    }

    /// A role of the Kubernetes auth method.
    pub fn login_role(&mut self, name: &str, names: &[&str], namespaces: &[&str], policy: &str) {
        let role = json!({
            "alias_name_source": "serviceaccount_uid", "bound_service_account_names": names,
            "bound_service_account_namespace_selector": "", "bound_service_account_namespaces": namespaces,
            "token_bound_cidrs": [], "token_explicit_max_ttl": 0, "token_max_ttl": 0,
            "token_no_default_policy": false, "token_num_uses": 0, "token_period": 0,
            "token_policies": [policy], "token_ttl": 0, "token_type": "default",
        });
        self.data
            .insert(format!("auth/kubernetes/role/{name}"), role);
    }

    pub fn policy(&mut self, name: &str, text: &str) {
        let policy = json!({"name": name, "policy": text});
        self.data.insert(format!("sys/policies/acl/{name}"), policy);
    }
}

impl Vault {
    /// What a client writes. Lists may be given as texts with commas, as `vault write` sends them.
    fn write(&mut self, path: &str, mut fields: Value) {
        const LISTS: [&str; 6] = [
            "bound_service_account_names",
            "bound_service_account_namespaces",
            "iam_groups",
            "policy_arns",
            "role_arns",
            "token_policies",
        ];
        for name in LISTS {
            if let Some(text) = fields[name].as_str() {
                fields[name] = text.split(',').collect();
            } else if fields[name].is_null() {
                fields.as_object_mut().map(|all| all.remove(name));
            }
        }
        if let Some(name) = path.strip_prefix("aws/roles/") {
            self.engine_role(name, fields);
        } else if let Some(name) = path.strip_prefix("auth/kubernetes/role/") {
            self.login_role(name, &[], &[], "default");
            merge(self.data.entry(path.to_owned()).or_default(), fields);
        } else if let Some(name) = path.strip_prefix("sys/policies/acl/") {
            self.policy(name, fields["policy"].as_str().unwrap_or_default());
        } else {
            self.data.insert(path.to_owned(), fields);
        }
    }
}

fn merge(into: &mut Value, fields: Value) {
    for (key, value) in fields.as_object().cloned().unwrap_or_default() {
        into[key] = value;
    }
}

/// The operation of the call log is the path behind the version.
pub fn identify(request: &Request) -> (Service, String, String) {
    let path = request.path.trim_start_matches("/v1/").to_owned();
    (Service::Vault, path, String::new())
}

pub fn refusal(status: u16, message: &str) -> Reply {
    Reply::json(status, &json!({"errors": [message]}))
}

pub fn answer(world: &mut World, request: &Request) -> Reply {
    let Some(vault) = &mut world.vault else {
        return refusal(404, "no such host");
    };
    let path = request.path.trim_start_matches("/v1/");
    if vault.sealed {
        return refusal(503, "Vault is sealed");
    }
    match request.header("x-vault-token") {
        Some(token) if token == vault.token => {}
        Some(_) => {
            let text = "2 errors occurred:\n\t* permission denied\n\t* invalid token\n\n";
            return refusal(403, text);
        }
        None => return refusal(403, "permission denied"),
    }
    let is_mounted = |mount: &String| path.starts_with(&format!("{mount}/"));
    if request.header("x-vault-namespace") != vault.namespace.as_deref()
        || !vault.mounts.iter().any(is_mounted)
    {
        let text = format!("no handler for route \"{path}\". route entry not found.");
        return refusal(404, &text);
    }
    if vault.denied.iter().any(|denied| denied == path) {
        return refusal(403, "1 error occurred:\n\t* permission denied\n\n");
    }
    if [Method::PUT, Method::POST].contains(&request.method) {
        let fields = serde_json::from_slice(&request.body).unwrap_or_default();
        vault.write(path, fields);
        return Reply::json(200, &json!({"data": null, "warnings": null}));
    }
    let found = if request.query == "list=true" {
        let names = vault
            .data
            .keys()
            .filter_map(|key| key.strip_prefix(path)?.strip_prefix('/'));
        let names: Vec<&str> = names.filter(|name| !name.contains('/')).collect();
        (!names.is_empty()).then(|| json!({"keys": names}))
    } else {
        vault.data.get(path).cloned()
    };
    match found {
        Some(data) => Reply::json(
            200,
            &json!({
                "request_id": "sandbox", "lease_id": "", "renewable": false, "lease_duration": 0,
                "data": data, "wrap_info": null, "warnings": null, "auth": null,
            }),
        ),
        None => Reply::json(404, &json!({"errors": []})),
    }
}

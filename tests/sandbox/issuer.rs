//! The OIDC issuer: discovery documents and keys, of the clusters and of any issuer that a test
//! adds. It serves exactly what EKS serves, and what IAM reads to verify a token.

use serde_json::{Value, json};

use super::certificates::Chain;
use super::http::{Reply, Request};
use super::token;
use super::world::{IssuerHost, Service, World};

pub const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The operation of the call log is the path.
pub fn identify(request: &Request) -> (Service, String, String) {
    (Service::Issuer, request.path.clone(), String::new())
}

/// A test's own document if there is one, else the generated ones of the clusters. EKS answers
/// any other path with API Gateway's 403.
pub fn answer(world: &mut World, host: &str, request: &Request) -> Reply {
    let listed = world.issuer_hosts.get(host);
    if let Some(document) = listed.and_then(|listed| listed.documents.get(&request.path)) {
        return Reply::new(200, "application/json", document.as_str());
    }
    for issuer in world
        .clusters
        .iter()
        .filter_map(|cluster| cluster.issuer.as_deref())
    {
        let (issuer_host, path) = split(issuer);
        if issuer_host != host {
            continue;
        }
        match request.path.strip_prefix(path) {
            Some(DISCOVERY) => {
                return Reply::json(200, &discovery(issuer, &format!("{issuer}/keys")));
            }
            Some("/keys") => return Reply::json(200, &token::key_set()),
            _ => {}
        }
    }
    Reply::json(403, &json!({"message": "Missing Authentication Token"}))
}

impl World {
    /// Adds an issuer that is no cluster's (or changes the chain of a host); `path` is empty or
    /// begins with a slash. Tells its URL. STS accepts tokens signed in its name.
    pub fn add_issuer(&mut self, host: &str, path: &str, chain: Chain) -> String {
        let path = path.trim_end_matches('/');
        let issuer = format!("https://{host}{path}");
        self.add_issuer_host(host).chain = chain;
        self.set_keys_address(&issuer, &format!("{issuer}/keys"));
        issuer
    }

    /// Makes the issuer's discovery document name `jwks_uri`, and the host of that URL serve the
    /// keys. A host that is new has the public chain.
    pub fn set_keys_address(&mut self, issuer: &str, jwks_uri: &str) {
        let (host, path) = split(issuer);
        let (keys_host, keys_path) = split(jwks_uri);
        let document = discovery(issuer, jwks_uri).to_string();
        self.add_issuer_host(host)
            .documents
            .insert(format!("{path}{DISCOVERY}"), document);
        let keys = token::key_set().to_string();
        self.add_issuer_host(keys_host)
            .documents
            .insert(keys_path.to_owned(), keys);
    }

    /// Changes the keys that an issuer publishes; tokens are signed with the old one all the same.
    pub fn change_keys(&mut self, issuer: &str, change: impl FnOnce(&mut Value)) {
        let mut keys = token::key_set();
        change(&mut keys);
        let (host, path) = split(issuer);
        let documents = &mut self.add_issuer_host(host).documents;
        documents.insert(format!("{path}/keys"), keys.to_string());
    }

    /// The keys that an issuer publishes at the usual place, or those that it signs with.
    pub fn published_keys(&self, issuer: &str) -> Value {
        let (host, path) = split(issuer);
        let listed = self.issuer_hosts.get(host);
        let document = listed.and_then(|listed| listed.documents.get(&format!("{path}/keys")));
        let parsed = document.map(|document| serde_json::from_str(document).unwrap_or_default());
        parsed.unwrap_or_else(token::key_set)
    }

    /// Whether someone serves a discovery document under that issuer URL.
    pub fn knows_issuer(&self, issuer: &str) -> bool {
        let (host, path) = split(issuer);
        let document = format!("{path}{DISCOVERY}");
        self.clusters
            .iter()
            .any(|cluster| cluster.issuer.as_deref() == Some(issuer))
            || self
                .issuer_hosts
                .get(host)
                .is_some_and(|listed| listed.documents.contains_key(&document))
    }

    fn add_issuer_host(&mut self, host: &str) -> &mut IssuerHost {
        self.issuer_hosts
            .entry(host.to_owned())
            .or_insert_with(|| IssuerHost {
                chain: Chain::default(),
                documents: Default::default(),
            })
    }
}

/// Host and path of an `https://` URL.
pub fn split(url: &str) -> (&str, &str) {
    let rest = url.strip_prefix("https://").unwrap_or(url);
    rest.find('/')
        .map_or((rest, ""), |slash| rest.split_at(slash))
}

pub fn discovery(issuer: &str, jwks_uri: &str) -> Value {
    json!({
        "issuer": issuer,
        "jwks_uri": jwks_uri,
        "authorization_endpoint": "urn:kubernetes:programmatic_authorization",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "claims_supported": ["sub", "iss"],
    })
}

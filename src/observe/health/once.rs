//! What several service accounts share: read once in a look, whoever asks first. It lives as long as
//! one look: what a repair changes is read anew.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;
use tokio::sync::{Mutex, OnceCell};

use crate::model::{Lookup, Map, ServiceAccountName};
use crate::policy::Quotas;
use crate::token::Keys;
use crate::world::{
    MetadataOptions, NetworkPolicy, Node, OidcProvider, PodSecurityGroups, SecurityGroup,
};

/// Reads of one kind by what they are of.
pub struct ReadOnce<T>(Mutex<BTreeMap<String, Arc<OnceCell<Lookup<T>>>>>);

impl<T> Default for ReadOnce<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<T: Clone> ReadOnce<T> {
    /// The answer of the first read of this key; the others are never begun.
    pub async fn of(&self, key: &str, read: impl Future<Output = Lookup<T>>) -> Lookup<T> {
        let cell = {
            let mut cells = self.0.lock().await;
            cells.entry(key.to_owned()).or_default().clone()
        };
        cell.get_or_init(|| read).await.clone()
    }
}

/// By namespace, ARN, or ids; by nothing where there is one.
#[derive(Default)]
pub struct Shared {
    pub namespaces: ReadOnce<Map>,
    pub nodes: ReadOnce<Arc<Vec<Node>>>,
    pub network_policies: ReadOnce<Vec<NetworkPolicy>>,
    pub pod_security_groups: ReadOnce<Vec<PodSecurityGroups>>,
    pub metadata: ReadOnce<Vec<MetadataOptions>>,
    pub security_groups: ReadOnce<Vec<SecurityGroup>>,
    pub quotas: ReadOnce<Quotas>,
    pub providers: ReadOnce<OidcProvider>,
    pub documents: ReadOnce<Value>,
    /// The issuer's.
    pub keys: OnceCell<Lookup<Keys>>,
    /// Service accounts with the ids of their Pod Identity associations, where all were listed.
    pub associated: OnceCell<Lookup<Vec<(ServiceAccountName, String)>>>,
}

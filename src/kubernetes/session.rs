//! What requests to the API are signed in with, and its renewal: once for all that use it, when its time
//! is over by the clock of the wall (others stand still while a machine sleeps), and when the API no
//! longer knows it.

use std::sync::Arc;
use std::time::SystemTime;

use kube::Client;
use kube::client::ClientBuilder;
use tokio::sync::Mutex;
use tower::util::MapResponseLayer;

use super::{Access, Bearer, CONNECT, READ, access, limited};
use crate::error::Error;
use crate::model::Cluster;
use crate::network::deepest;
use crate::secrets;

/// One client, as long as what it signs in with lives.
pub struct ClientSession {
    pub client: Client,
    /// `None`: not known.
    ends: Option<SystemTime>,
}

/// The present session, and what the next is made from.
pub struct Sessions {
    present: Mutex<Arc<ClientSession>>,
    bearer: Bearer,
    cluster: Cluster,
    access: Access,
}

impl Sessions {
    /// Makes the first. No call to the API.
    pub async fn begin(bearer: Bearer, cluster: &Cluster, access: &Access) -> Result<Self, Error> {
        let first = ClientSession::begin(&bearer, cluster, access).await?;
        Ok(Self {
            present: Mutex::new(Arc::new(first)),
            bearer,
            cluster: cluster.clone(),
            access: access.clone(),
        })
    }

    /// The present one, or another in the place of one that has ended.
    pub async fn present(&self) -> Result<Arc<ClientSession>, Error> {
        self.unless(ClientSession::has_ended).await
    }

    /// Another than this one, which the API did not take: by whoever comes first.
    pub async fn other_than(
        &self,
        refused: &Arc<ClientSession>,
    ) -> Result<Arc<ClientSession>, Error> {
        self.unless(|present| std::ptr::eq(present, &raw const **refused))
            .await
    }

    /// Whoever comes meanwhile waits for the new one instead of making one too.
    async fn unless(
        &self,
        is_bad: impl Fn(&ClientSession) -> bool,
    ) -> Result<Arc<ClientSession>, Error> {
        let mut present = self.present.lock().await;
        if is_bad(&present) {
            // Hardly ever: no other call needs to have room for it.
            let next = ClientSession::begin(&self.bearer, &self.cluster, &self.access);
            let next = Box::pin(next).await?;
            *present = Arc::new(next);
        }
        Ok(present.clone())
    }
}

impl ClientSession {
    async fn begin(bearer: &Bearer, cluster: &Cluster, access: &Access) -> Result<Self, Error> {
        let (mut config, ends) = access::config(bearer, cluster, access).await?;
        config.connect_timeout = Some(access.intervals.limit(CONNECT));
        config.read_timeout = Some(access.intervals.limit(READ));
        config.write_timeout = config.read_timeout;
        config.default_retry = false;
        let client = ClientBuilder::try_from(config)
            .map_err(|error| Error::Kubeconfig {
                cause: secrets::without_passwords(&deepest(&error)),
            })?
            .with_layer(&MapResponseLayer::new(limited))
            .build();
        Ok(Self { client, ends })
    }

    fn has_ended(&self) -> bool {
        self.ends.is_some_and(|end| end <= SystemTime::now())
    }
}

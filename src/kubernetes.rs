//! The Kubernetes API by kube. The few calls on service accounts and namespaces, each
//! bounded in time and size.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use futures_util::future::BoxFuture;
use http_body_util::Limited;

use crate::error::Error;
use crate::model::{Cluster, ClusterName};
use crate::waiting::Intervals;

mod access;
mod cluster;
mod exec;
mod failure;
mod kubeconfig;
mod objects;
mod paths;
mod pods;
mod retry;
mod service_accounts;
mod session;
mod user;
mod workloads;
mod yaml;

pub use kubeconfig::{check, contexts};
use session::Sessions;

/// How much one answer may hold: a page of 500 service accounts is a tenth of it.
const ANSWER_LIMIT: usize = 8 << 20;
/// How long one try of a call may take in all, a slow body included.
const WHOLE: Duration = Duration::from_secs(60);

/// The field manager of irsactl's server-side applies.
const FIELD_MANAGER: &str = "irsactl";
/// How long a connection may take, proxy and TLS included.
const CONNECT: Duration = Duration::from_secs(10);
/// How long the API may say nothing. A webhook may take it 30 s.
const READ: Duration = Duration::from_secs(32);

/// A bearer token, and when that ends which it is signed with, where that is known.
pub type BearerToken = (String, Option<SystemTime>);
/// Makes the bearer token for an EKS cluster, by the name that its tokens are for.
type Bearer = Arc<dyn Fn(String) -> BoxFuture<'static, Result<BearerToken, Error>> + Send + Sync>;

#[derive(Clone)]
pub struct Kubernetes {
    sessions: Arc<Sessions>,
    intervals: Intervals,
    /// What errors call it.
    cluster: String,
    eks: Option<ClusterName>,
}

/// Where the access comes from.
#[derive(Clone, Debug, Default)]
pub struct Access {
    pub kubeconfig: Option<std::path::PathBuf>,
    pub context: Option<String>,
    pub intervals: Intervals,
}

impl Access {
    /// By the file and the context that flags name.
    pub fn new(
        kubeconfig: Option<std::path::PathBuf>,
        context: Option<String>,
        intervals: Intervals,
    ) -> Self {
        Self {
            kubeconfig,
            context,
            intervals,
        }
    }

    /// Whether it comes from a kubeconfig, and not from EKS.
    fn is_named(&self) -> bool {
        self.kubeconfig.is_some() || self.context.is_some()
    }
}

impl Kubernetes {
    /// Prepares the client; makes no call to the API. Without a kubeconfig the endpoint and the CA
    /// are DescribeCluster's and the token that of `bearer`, so that it cannot be another cluster.
    pub async fn connect(
        bearer: impl Fn(String) -> BoxFuture<'static, Result<BearerToken, Error>>
        + Send
        + Sync
        + 'static,
        cluster: &Cluster,
        access: &Access,
    ) -> Result<Self, Error> {
        let is_eks = cluster.eks.is_some() && !access.is_named();
        Ok(Self {
            sessions: Arc::new(Sessions::begin(Arc::new(bearer), cluster, access).await?),
            intervals: access.intervals,
            cluster: format!("cluster \"{}\"", cluster.name),
            eks: is_eks.then(|| cluster.name.clone()),
        })
    }

    /// The lengths of waits, for what waits for this cluster.
    pub fn intervals(&self) -> Intervals {
        self.intervals
    }
}

fn limited<B>(answer: http::Response<B>) -> http::Response<Limited<B>> {
    answer.map(|body| Limited::new(body, ANSWER_LIMIT))
}

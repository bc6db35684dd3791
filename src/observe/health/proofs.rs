//! Whether the roles of a service account can be had: real tokens, exchanged as its pods would.

use super::whole::{Examined, HealthObserver, Proving};
use crate::kubernetes::Kubernetes;
use crate::model::{Audience, Cluster, RoleArn, ServiceAccountName};
use crate::observe::proof::{Assertion, ClaimedWay, Patience, Prover, now, prove};
use crate::policy::evaluate::{Request, evaluate};
use crate::proof::Proof;
use crate::world::{Association, ObjectHealth, RoleHealth, token_audience};

/// So long after its creation a role may not be known everywhere, in seconds.
const YOUNG: i64 = 120;

impl HealthObserver<'_> {
    fn prover<'a>(&'a self, kubernetes: &'a Kubernetes) -> Prover<'a> {
        Prover {
            aws: self.aws,
            kubernetes,
            intervals: self.intervals,
            keys: &self.shared.keys,
            on_wait: self.on_wait,
        }
    }

    /// A real token at STS. A role of the last minutes may not be known everywhere: that is waited for.
    pub(super) async fn proof(
        &self,
        subject: &Examined,
        object: Option<&ObjectHealth>,
        role: Option<&RoleArn>,
        health: Option<&RoleHealth>,
    ) -> Option<Proof> {
        if self.proving == Proving::LeftOut {
            return None;
        }
        let (cluster, kubernetes) = (self.cluster?, self.kubernetes.ok()?);
        let (account, role) = (subject.name.as_ref()?, role?);
        object?.service_account.as_found()?;
        let provider = health.and_then(|health| health.provider.as_found());
        let named = subject.audience.as_ref();
        let audience = token_audience(named, object, provider, Some(cluster));
        let audience = audience.parse().ok()?;
        let is_young =
            health.is_some_and(|health| is_young(cluster, account, role, &audience, health));
        let claim = Assertion {
            account,
            role,
            way: ClaimedWay::Irsa {
                audience: &audience,
            },
            issuer: &cluster.issuer,
            patience: if is_young {
                Patience::Propagation {
                    until: self.aws.deadline,
                    binding: None,
                }
            } else {
                Patience::None
            },
        };
        Some(prove(&self.prover(kubernetes), claim).await)
    }

    /// A running pod's token at EKS, where one runs.
    pub(super) async fn identity_proof(
        &self,
        subject: &Examined,
        object: Option<&ObjectHealth>,
        association: Option<&Association>,
    ) -> Option<Proof> {
        if self.proving == Proving::LeftOut {
            return None;
        }
        let (cluster, kubernetes) = (self.cluster?, self.kubernetes.ok()?);
        let account = subject.name.as_ref()?;
        let mut pods = object?.pods.as_found()?.iter();
        if !pods.any(|pod| pod.is_alive() && pod.phase == "Running") {
            return None;
        }
        let role = association?.role_of_pods();
        let claim = Assertion {
            account,
            role,
            way: ClaimedWay::PodIdentity {
                cluster: &cluster.name,
            },
            issuer: &cluster.issuer,
            patience: Patience::None,
        };
        Some(prove(&self.prover(kubernetes), claim).await)
    }
}

/// Whether a role and what lets its tokens in look right and are so new that not all of IAM may know.
fn is_young(
    cluster: &Cluster,
    account: &ServiceAccountName,
    role: &RoleArn,
    audience: &Audience,
    health: &RoleHealth,
) -> bool {
    let (Some(facts), Some(provider)) = (health.role.as_found(), health.provider.as_found()) else {
        return false;
    };
    let audience = audience.to_string();
    let request = Request::web_identity(
        &cluster
            .issuer
            .provider_arn(role.partition(), role.account()),
        cluster.issuer.host_and_path(),
        &account.subject(),
        std::slice::from_ref(&audience),
    );
    provider.audiences.contains(&audience)
        && evaluate(&facts.trust, &request).is_allowed()
        && now() - facts.history.created < YOUNG
}

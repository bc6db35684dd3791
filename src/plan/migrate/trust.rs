//! Whom a role lets in on which way, and its trust policy with one way more or less.

use serde_json::Value;

use crate::model::{Arn, Cluster, DEFAULT_AUDIENCE, ServiceAccountName, Way};
use crate::policy::evaluate::{Evaluation, Request, evaluate};
use crate::policy::pod_identity::{self, SessionTags, TrustedAssociation};
use crate::policy::subjects::Subject;
use crate::policy::withdrawn::{NotWithdrawn, without_association, without_subject};
use crate::policy::{self, others, statements, trust_policy};
use crate::world::{Moving, MovingAccount};

/// What the role says of a token of the service account.
pub fn of_token(trust: &Value, cluster: &Cluster, name: &ServiceAccountName) -> Evaluation {
    let request = Request::web_identity(
        &cluster.provider_arn(),
        cluster.issuer.host_and_path(),
        &name.subject(),
        &[DEFAULT_AUDIENCE.to_owned()],
    );
    evaluate(trust, &request)
}

fn association<'a>(arn: &'a Arn, account: &'a MovingAccount) -> TrustedAssociation<'a> {
    TrustedAssociation {
        account: &account.name,
        cluster_arn: arn,
    }
}

/// Whether it certainly lets the service account in.
pub fn lets_in(trust: &Value, way: Way, moving: &Moving, account: &MovingAccount) -> bool {
    match (way, &moving.cluster.eks) {
        (Way::Irsa, _) => of_token(trust, &moving.cluster, &account.name).is_allowed(),
        (Way::PodIdentity, Some(eks)) => {
            let tags = SessionTags::of(account.disables_session_tags());
            pod_identity::lets_in(trust, association(&eks.arn, account), tags).is_allowed()
        }
        (Way::PodIdentity, None) => false,
    }
}

/// With a statement for this service account alone beside those that are there.
pub fn with(trust: &Value, way: Way, moving: &Moving, account: &MovingAccount) -> Value {
    match (way, &moving.cluster.eks) {
        (Way::PodIdentity, Some(eks)) => {
            let statement = pod_identity::statement(Some(association(&eks.arn, account)));
            others::with(trust, [&statement])
        }
        (Way::PodIdentity, None) => trust.clone(),
        (Way::Irsa, _) => {
            let subject = Subject::Account(account.name.clone());
            let cluster = &moving.cluster;
            let audience = Default::default();
            let provider = cluster.provider_arn();
            let new = trust_policy(&provider, &cluster.issuer, &subject, &audience);
            others::with(trust, statements(&new))
        }
    }
}

/// Without what lets in this service account alone.
pub fn without(
    trust: &Value,
    way: Way,
    moving: &Moving,
    account: &MovingAccount,
) -> Result<Value, NotWithdrawn> {
    let cluster = &moving.cluster;
    match (way, &cluster.eks) {
        (Way::PodIdentity, Some(eks)) => without_association(trust, association(&eks.arn, account)),
        (Way::PodIdentity, None) => Ok(trust.clone()),
        (Way::Irsa, _) => {
            let provider = cluster.provider_arn();
            without_subject(trust, &provider, &cluster.issuer, &account.name)
        }
    }
}

/// What a trust policy has that lets a service account in by a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrustAdmission {
    Nothing,
    /// It is for this service account alone, and can be taken out.
    Own,
    /// A pattern, or a statement for others too: it cannot.
    Wider,
}

/// Whether it lets the service account in by that way, and whether what does can be taken out.
pub fn left(trust: &Value, way: Way, moving: &Moving, account: &MovingAccount) -> TrustAdmission {
    match without(trust, way, moving, account) {
        Ok(rest) if policy::same(&rest, trust) => TrustAdmission::Nothing,
        Ok(_) | Err(NotWithdrawn::NothingLeft) => TrustAdmission::Own,
        Err(NotWithdrawn::StillLetIn { .. }) => TrustAdmission::Wider,
    }
}

/// Whether something in it is for this service account alone.
pub fn names(trust: &Value, way: Way, moving: &Moving, account: &MovingAccount) -> bool {
    left(trust, way, moving, account) == TrustAdmission::Own
}

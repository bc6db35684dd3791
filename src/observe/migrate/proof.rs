//! The proof of one way in a move: the same as `verify`'s, of what is about to be taken or given.

use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use tokio::sync::OnceCell;

use crate::aws::Aws;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Audience, Way};
use crate::observe::proof::{Assertion, ClaimedWay, Patience, Prover, prove};
use crate::plan::migrate::Prove;
use crate::proof::{Proof, Proven};
use crate::token::POD_IDENTITY_AUDIENCE;

/// # Errors
/// That it does not hold, or cannot be told.
pub fn proved<'a>(
    aws: &'a Aws,
    kubernetes: &'a Kubernetes,
    asked: &'a Prove,
) -> LocalBoxFuture<'a, Result<(), Error>> {
    prove_one_way(aws, kubernetes, asked).boxed_local()
}

async fn prove_one_way(aws: &Aws, kubernetes: &Kubernetes, asked: &Prove) -> Result<(), Error> {
    let audience = Audience::default();
    let (way, taken) = match asked.way {
        Way::Irsa => {
            let audience = &audience;
            (ClaimedWay::Irsa { audience }, audience.as_str())
        }
        Way::PodIdentity => {
            let cluster = &asked.cluster;
            (ClaimedWay::PodIdentity { cluster }, POD_IDENTITY_AUDIENCE)
        }
    };
    let prover = Prover {
        aws,
        kubernetes,
        intervals: kubernetes.intervals(),
        keys: &OnceCell::new(),
        on_wait: &|not_yet| tracing::info!("{not_yet}"),
    };
    let claim = Assertion {
        account: &asked.name,
        role: &asked.role,
        way,
        issuer: &asked.issuer,
        patience: Patience::Propagation {
            until: aws.deadline,
            binding: None,
        },
    };
    let proof = prove(&prover, claim).await;
    let unproven = proven(asked, taken, proof).failure();
    unproven.map_or(Ok(()), |unproven| Err(unproven.into()))
}

fn proven(asked: &Prove, audience: &str, proof: Proof) -> Proven {
    Proven {
        cluster: asked.cluster.clone(),
        account: asked.name.clone(),
        way: asked.way,
        association: None,
        role: asked.role.clone(),
        audience: audience.to_owned(),
        proof,
    }
}

//! Proves that a service account can use its role: a token as its pods have, judged here, and exchanged for
//! a session of the role. At STS that session may do nothing; at EKS, which takes no such wish, it may do
//! what the pods may, and is dropped at once.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::OnceCell;

use crate::aws::Aws;
use crate::aws::sts::{NotAssumed, Session, Sts, Terms};
use crate::error::Error;
use crate::issuer;
use crate::kubernetes::Kubernetes;
use crate::model::{
    Arn, Audience, ClusterName, Issuer, Lookup, RoleArn, ServiceAccountName, Timeout,
};
use crate::proof::{Assumption, Proof, SESSION, Signature, TokenTaker};
use crate::token::{self, ExpectedClaims, Keys, POD_IDENTITY_AUDIENCE, Secret, verify_signature};
use crate::waiting::{Deadline, Intervals};

/// The life of the token that is asked for, in seconds: the shortest that Kubernetes gives.
const TOKEN_LIFE: i64 = 600;
/// So many pods are tried, where one goes meanwhile.
const PODS: usize = 3;
/// The session is for nothing but its name: it may do nothing, and lives as shortly as STS allows.
/// GetCallerIdentity needs no permission, and answers even so.
const TERMS: Terms<'_> = Terms {
    session_name: SESSION,
    policy: r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"*","Resource":"*"}]}"#,
    seconds: 900,
};
/// The pauses between tries while IAM may not yet know what was just made, in seconds: 90 in all.
const PAUSES: [u64; 9] = [1, 2, 4, 8, 15, 15, 15, 15, 15];

/// Whether a refusal that may pass is put up with.
#[derive(Clone, Copy, Debug)]
pub enum Patience {
    /// The first answer counts.
    None,
    /// For what was just made: up to 90 s, while there is time.
    Propagation(Deadline),
}

/// How the role is had.
#[derive(Clone, Copy, Debug)]
pub enum ClaimedWay<'a> {
    /// By a token for this audience, which STS takes.
    Irsa { audience: &'a Audience },
    /// By an association of this cluster, and a token that is bound to a running pod.
    PodIdentity { cluster: &'a ClusterName },
}

/// What is to be proven.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    pub account: &'a ServiceAccountName,
    /// The role that the pods have in the end: by Pod Identity the target role, where there is one.
    pub role: &'a RoleArn,
    pub way: ClaimedWay<'a>,
    /// Of the cluster whose tokens these are.
    pub issuer: &'a Issuer,
    pub patience: Patience,
}

/// What it is proven with.
pub struct Prover<'a> {
    pub aws: &'a Aws,
    pub kubernetes: &'a Kubernetes,
    pub intervals: Intervals,
    /// The issuer's, which all proofs of a run share.
    pub keys: &'a OnceCell<Lookup<Keys>>,
    /// Told while it waits.
    pub on_wait: &'a (dyn Fn(&str) + Sync),
}

/// Proves it, as far as it holds. A step that fails does not hide what the next ones tell.
pub async fn prove(prover: &Prover<'_>, claim: Assertion<'_>) -> Proof {
    let (pod, secret) = match token_of(prover, claim).await {
        Ok(found) => found,
        Err(proof) => return *proof,
    };
    let token = match token::decode(secret.reveal()) {
        Ok(token) => token,
        Err(why) => {
            let why = format!("what the cluster gave as a token cannot be read: {why}");
            return Proof {
                pod: pod.map(Lookup::Found),
                ..Proof::without_token(Lookup::Unknown(why))
            };
        }
    };
    let expected = ExpectedClaims {
        issuer: claim.issuer.url(),
        subject: &claim.account.subject(),
        audience: claim.way.audience(),
        pod: pod.as_deref(),
        now: now(),
    };
    let claim_faults = token::check(&token.claims, expected);
    let (signature, assumption) = tokio::join!(
        signature(&secret, claim.issuer, prover),
        exchanged(prover, claim, &secret),
    );
    Proof {
        pod: pod.map(Lookup::Found),
        token: Lookup::Found(token),
        lacks: None,
        claim_faults,
        signature,
        assumption,
    }
}

impl ClaimedWay<'_> {
    fn audience(&self) -> &str {
        match self {
            Self::Irsa { audience } => audience.as_str(),
            Self::PodIdentity { .. } => POD_IDENTITY_AUDIENCE,
        }
    }
}

/// A token as the pods have, and the pod that it is bound to, where it must be; else all that there is to
/// tell.
async fn token_of(
    prover: &Prover<'_>,
    claim: Assertion<'_>,
) -> Result<(Option<String>, Secret), Box<Proof>> {
    let audience = claim.way.audience();
    let request = async |pod: Option<&str>| {
        let kubernetes = prover.kubernetes;
        kubernetes
            .token(claim.account, audience, pod, TOKEN_LIFE)
            .await
    };
    if let ClaimedWay::Irsa { .. } = claim.way {
        let token = request(None).await;
        return token
            .map(|secret| (None, secret))
            .map_err(|error| Box::new(untold(error)));
    }
    let pods = match prover.kubernetes.running(claim.account).await {
        Ok(pods) => pods,
        Err(error) => {
            let pod = Some(Lookup::Unknown(error.to_string()));
            return Err(Box::new(Proof {
                pod,
                ..untold(error)
            }));
        }
    };
    let mut untold_yet = Proof {
        pod: Some(Lookup::Missing),
        ..Proof::without_token(Lookup::Missing)
    };
    // A pod may go between the list and the request.
    for pod in pods.into_iter().take(PODS) {
        match request(Some(&pod)).await {
            Ok(secret) => return Ok((Some(pod), secret)),
            Err(error) => {
                untold_yet = Proof {
                    pod: Some(Lookup::Found(pod)),
                    ..untold(error)
                };
            }
        }
    }
    Err(Box::new(untold_yet))
}

/// Without a token, or a pod to bind it to: why.
fn untold(error: Error) -> Proof {
    let token = Lookup::Unknown(error.to_string());
    let lacks = match error {
        Error::KubernetesForbidden { right, .. } => Some(*right),
        _ => None,
    };
    Proof {
        lacks,
        ..Proof::without_token(token)
    }
}

/// The exchange of the token by the way that is claimed. The session's credentials are used to ask who it
/// is, and for nothing else.
async fn exchanged(prover: &Prover<'_>, claim: Assertion<'_>, secret: &Secret) -> Assumption {
    let Prover {
        aws,
        intervals,
        on_wait,
        ..
    } = *prover;
    let ClaimedWay::PodIdentity { cluster } = claim.way else {
        let Assertion { role, patience, .. } = claim;
        return assume(&aws.sts, role, secret, patience, intervals, on_wait).await;
    };
    let exchange = async |tries, waited| {
        let answer = async {
            let (session, association) = aws.eks_auth.assume(cluster, secret).await?;
            Ok((caller_of(&aws.sts, &session).await?, association))
        };
        match answer.await {
            Ok((arn, _)) if !claim.role.has_session(&arn) => Assumption::OtherRole {
                arn,
                role: claim.role.clone(),
            },
            Ok((arn, association)) => Assumption::Assumed {
                arn,
                association: Some(association),
                tries,
                waited,
            },
            Err(why) => failed(why, TokenTaker::Eks, tries, waited),
        }
    };
    patiently(claim.patience, intervals, on_wait, exchange).await
}

/// Seconds since 1970.
pub fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    i64::try_from(since.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

/// The signature against the keys that the issuer publishes now.
async fn signature(secret: &Secret, issuer: &Issuer, prover: &Prover<'_>) -> Signature {
    let read = async { Lookup::of(issuer::keys(issuer, prover.intervals).await) };
    match prover.keys.get_or_init(|| read).await {
        Lookup::Unknown(why) => Signature::Unknown { why: why.clone() },
        Lookup::Missing => Signature::Unknown {
            why: "there are no keys".to_owned(),
        },
        Lookup::Found(keys) => match verify_signature(secret.reveal(), keys) {
            Ok(key_id) => Signature::Verified { key_id },
            Err(fault) => Signature::Fault { fault },
        },
    }
}

/// The exchange of the token at STS, which needs nothing else; as often as patience says. `on_wait` is
/// told once.
pub async fn assume(
    sts: &Sts,
    role: &RoleArn,
    secret: &Secret,
    patience: Patience,
    intervals: Intervals,
    on_wait: &(dyn Fn(&str) + Sync),
) -> Assumption {
    let exchange = async |tries, waited| {
        let answer = async {
            let session = sts.assume_with_web_identity(role, secret, TERMS).await?;
            caller_of(sts, &session).await
        };
        match answer.await {
            Ok(arn) => Assumption::Assumed {
                arn,
                association: None,
                tries,
                waited,
            },
            Err(why) => failed(why, TokenTaker::Sts, tries, waited),
        }
    };
    patiently(patience, intervals, on_wait, exchange).await
}

/// The session's ARN, told to the session itself.
async fn caller_of(sts: &Sts, session: &Session) -> Result<Arn, NotAssumed> {
    let caller = sts.caller_of(session).await;
    caller.map_err(|error| NotAssumed::Unreachable(Box::new(error)))
}

fn failed(why: NotAssumed, of: TokenTaker, tries: u32, waited: u64) -> Assumption {
    match why {
        NotAssumed::Refused(refusal) => Assumption::Refused {
            refusal,
            tries,
            waited,
        },
        NotAssumed::Unreachable(error) => Assumption::Unreachable {
            of,
            why: error.to_string(),
        },
        NotAssumed::NotAllowed(why) => Assumption::NotAllowed { why },
    }
}

/// Tries until it ends in what will not pass, or patience does. A try is told which it is, and how many
/// seconds were waited.
async fn patiently(
    patience: Patience,
    intervals: Intervals,
    on_wait: &(dyn Fn(&str) + Sync),
    exchange: impl AsyncFn(u32, u64) -> Assumption,
) -> Assumption {
    let (mut pauses, deadline) = match patience {
        Patience::None => ([].iter(), None),
        Patience::Propagation(deadline) => (PAUSES.iter(), Some(deadline)),
    };
    let (mut tries, mut waited) = (1, 0);
    loop {
        let end = exchange(tries, waited).await;
        let is_late = deadline.is_some_and(|deadline| deadline.is_over());
        let Some(why) = end.passing().filter(|_| !is_late) else {
            return end;
        };
        let Some(pause) = pauses.next() else {
            return end;
        };
        if tries == 1 {
            let whole = Timeout(Duration::from_secs(PAUSES.iter().sum()));
            on_wait(&format!(
                "not yet: {why}; IAM may need up to {whole} for what was just made, trying again"
            ));
        }
        tokio::time::sleep(intervals.of(Duration::from_secs(*pause))).await;
        waited += pause;
        tries += 1;
    }
}

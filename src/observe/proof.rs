//! Proves that a service account can use its role: a token as its pods have, judged here, and exchanged for
//! a session of the role. At STS that session may do nothing; at EKS, which takes no such wish, it may do
//! what the pods may, and is dropped at once.

use std::fmt;
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
use crate::proof::{Assumption, Proof, RefusalCause, SESSION, Signature, TokenTaker};
use crate::token::{self, ExpectedClaims, Keys, POD_IDENTITY_AUDIENCE, Secret, verify_signature};
use crate::waiting::{Deadline, Intervals};

mod hindrance;

pub use hindrance::Binding;
use hindrance::{LOOKS, hindrance};

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
/// How long IAM may not yet know what was just made.
const PROPAGATION: Duration = Duration::from_secs(90);
/// The pause between tries in the first half minute, in which it mostly happens.
const OFTEN: Duration = Duration::from_millis(750);
/// The same where what IAM has is looked at as well: no three looks at one stale answer.
const JUDGED: Duration = Duration::from_secs(1);
/// The pause afterwards.
const SELDOM: Duration = Duration::from_secs(5);
const AT_FIRST: Duration = Duration::from_secs(30);

/// Whether a refusal that may pass is put up with.
#[derive(Clone, Copy, Debug)]
pub enum Patience<'a> {
    /// The first answer counts.
    None,
    /// For what was just made: up to 90 s, while there is time.
    Propagation {
        until: Deadline,
        /// Where nobody knows whether it was just made: what IAM has is looked at, and ends it where no time
        /// mends that.
        binding: Option<Binding<'a>>,
    },
}

/// Why it is not yet so, and how long that may take.
pub struct NotYet<'a> {
    pub why: &'a str,
    /// So far.
    pub tries: u32,
    pub whole: Duration,
}

impl NotYet<'_> {
    /// Once a proof.
    pub fn tell_first(&self, tell: impl FnOnce(&str)) {
        if self.tries == 1 {
            tell(&self.to_string());
        }
    }
}

impl fmt::Display for NotYet<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (why, whole) = (self.why, Timeout(self.whole));
        write!(
            f,
            "not yet: {why}; IAM may need up to {whole} for what was just made, trying again"
        )
    }
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
    pub patience: Patience<'a>,
}

/// What it is proven with.
pub struct Prover<'a> {
    pub aws: &'a Aws,
    pub kubernetes: &'a Kubernetes,
    pub intervals: Intervals,
    /// The issuer's, which all proofs of a run share.
    pub keys: &'a OnceCell<Lookup<Keys>>,
    /// Told before each pause.
    pub on_wait: &'a (dyn Fn(&NotYet<'_>) + Sync),
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
    if let ClaimedWay::PodIdentity { .. } = claim.way {
        return token_of_a_pod(prover, claim).await;
    }
    let token = prover
        .kubernetes
        .token(claim.account, audience, None, TOKEN_LIFE);
    match token.await {
        Ok(secret) => Ok((None, secret)),
        Err(error) => Err(Box::new(untold(error))),
    }
}

async fn token_of_a_pod(
    prover: &Prover<'_>,
    claim: Assertion<'_>,
) -> Result<(Option<String>, Secret), Box<Proof>> {
    let (kubernetes, audience) = (prover.kubernetes, claim.way.audience());
    let pods = match kubernetes.running(claim.account).await {
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
        let token = kubernetes.token(claim.account, audience, Some(&pod), TOKEN_LIFE);
        match token.await {
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

/// The exchange of the token by the way that is claimed, as often as patience says. The session's credentials
/// are used to ask who it is, and for nothing else.
async fn exchanged(prover: &Prover<'_>, claim: Assertion<'_>, secret: &Secret) -> Assumption {
    let aws = prover.aws;
    match claim.way {
        ClaimedWay::Irsa { .. } => {
            let exchange = async || assume(&aws.sts, claim.role, secret).await;
            patiently(prover, claim, exchange).await
        }
        ClaimedWay::PodIdentity { cluster } => {
            let exchange = async || associated(aws, cluster, claim.role, secret).await;
            patiently(prover, claim, exchange).await
        }
    }
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

/// The exchange of the token at STS, which needs nothing else.
pub async fn assume(sts: &Sts, role: &RoleArn, secret: &Secret) -> Assumption {
    let answer = async {
        let session = sts.assume_with_web_identity(role, secret, TERMS).await?;
        caller_of(sts, &session).await
    };
    match answer.await {
        Ok(arn) => assumed(arn, None),
        Err(why) => failed(why, TokenTaker::Sts),
    }
}

/// The exchange at EKS, which itself knows the role.
async fn associated(
    aws: &Aws,
    cluster: &ClusterName,
    role: &RoleArn,
    secret: &Secret,
) -> Assumption {
    let answer = async {
        let (session, association) = aws.eks_auth.assume(cluster, secret).await?;
        Ok((caller_of(&aws.sts, &session).await?, association))
    };
    match answer.await {
        Ok((arn, _)) if !role.has_session(&arn) => Assumption::OtherRole {
            arn,
            role: role.clone(),
        },
        Ok((arn, association)) => assumed(arn, Some(association)),
        Err(why) => failed(why, TokenTaker::Eks),
    }
}

/// At the first try.
fn assumed(arn: Arn, association: Option<String>) -> Assumption {
    Assumption::Assumed {
        arn,
        association,
        tries: 1,
        waited: 0,
    }
}

/// The session's ARN, told to the session itself.
async fn caller_of(sts: &Sts, session: &Session) -> Result<Arn, NotAssumed> {
    let caller = sts.caller_of(session).await;
    caller.map_err(|error| NotAssumed::Unreachable(Box::new(error)))
}

fn failed(why: NotAssumed, of: TokenTaker) -> Assumption {
    match why {
        NotAssumed::Refused(refusal) => Assumption::Refused {
            refusal,
            because: None,
            tries: 1,
            waited: 0,
        },
        NotAssumed::Unreachable(error) => Assumption::Unreachable {
            of,
            why: error.to_string(),
        },
        NotAssumed::NotAllowed(why) => Assumption::NotAllowed { why },
    }
}

/// Tries until it ends in what will not pass, or patience does.
async fn patiently(
    prover: &Prover<'_>,
    claim: Assertion<'_>,
    exchange: impl AsyncFn() -> Assumption,
) -> Assumption {
    let Patience::Propagation { until, binding } = claim.patience else {
        return exchange().await;
    };
    let whole = PROPAGATION.min(until.left());
    let (mut tries, mut waited, mut looks) = (1, Duration::ZERO, 0);
    loop {
        let mut end = exchange().await.after(tries, waited.as_secs());
        let Some(why) = end.passing() else {
            return end;
        };
        if let (Some(binding), Some(kind)) = (binding, end.refusal()) {
            let found = hindrance(prover.aws, binding, claim, kind).await;
            let hinders = matches!(found, Some(RefusalCause::Hindrance(_)));
            looks = if hinders { looks + 1 } else { 0 };
            end = end.because(found);
            if looks == LOOKS {
                return end;
            }
        }
        let left = until.left();
        if left.is_zero() || waited >= PROPAGATION {
            return end;
        }
        (prover.on_wait)(&NotYet {
            why: &why,
            tries,
            whole,
        });
        let pause = pause(binding.is_some(), waited).min(left);
        tokio::time::sleep(prover.intervals.of(pause)).await;
        waited += pause;
        tries += 1;
    }
}

fn pause(is_judged: bool, waited: Duration) -> Duration {
    if waited >= AT_FIRST {
        SELDOM
    } else if is_judged {
        JUDGED
    } else {
        OFTEN
    }
}

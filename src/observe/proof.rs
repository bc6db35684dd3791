//! Proves that a service account can use its role: a token as its pods have, judged here, and exchanged
//! at STS for a session that may do nothing.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::OnceCell;

use crate::aws::Aws;
use crate::aws::sts::{NotAssumed, Sts, Terms};
use crate::error::Error;
use crate::issuer;
use crate::kubernetes::Kubernetes;
use crate::model::{Arn, Audience, Issuer, Lookup, RoleArn, ServiceAccountName, Timeout};
use crate::proof::{Assumption, Proof, SESSION, Signature};
use crate::token::{self, ExpectedClaims, Keys, Secret, verify_signature};
use crate::waiting::{Deadline, Intervals};

/// The life of the token that is asked for, in seconds: the shortest that Kubernetes gives.
const TOKEN_LIFE: i64 = 600;
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

/// What is to be proven.
#[derive(Clone, Copy, Debug)]
pub struct Assertion<'a> {
    pub account: &'a ServiceAccountName,
    pub role: &'a RoleArn,
    pub audience: &'a Audience,
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
    let audience = claim.audience;
    let token = prover
        .kubernetes
        .token(claim.account, audience, TOKEN_LIFE)
        .await;
    let secret = match token {
        Ok(secret) => secret,
        Err(error) => {
            let token = Lookup::Unknown(error.to_string());
            let lacks = match error {
                Error::KubernetesForbidden { right, .. } => Some(*right),
                _ => None,
            };
            return Proof {
                lacks,
                ..Proof::without_token(token)
            };
        }
    };
    let token = match token::decode(secret.reveal()) {
        Ok(token) => token,
        Err(why) => {
            let why = format!("what the cluster gave as a token cannot be read: {why}");
            return Proof::without_token(Lookup::Unknown(why));
        }
    };
    let expected = ExpectedClaims {
        issuer: claim.issuer.url(),
        subject: &claim.account.subject(),
        audience: audience.as_str(),
        now: now(),
    };
    let claim_faults = token::check(&token.claims, expected);
    let (signature, assumption) = tokio::join!(
        signature(&secret, claim.issuer, prover),
        assume(
            &prover.aws.sts,
            claim.role,
            &secret,
            claim.patience,
            prover.intervals,
            prover.on_wait,
        ),
    );
    Proof {
        token: Lookup::Found(token),
        lacks: None,
        claim_faults,
        signature,
        assumption,
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
    let (mut pauses, deadline) = match patience {
        Patience::None => ([].iter(), None),
        Patience::Propagation(deadline) => (PAUSES.iter(), Some(deadline)),
    };
    let (mut tries, mut waited) = (1, 0);
    loop {
        let refusal = match exchange(sts, role, secret).await {
            Ok(arn) => return Assumption::Assumed { arn, tries, waited },
            Err(NotAssumed::Unreachable(error)) => {
                let why = error.to_string();
                return Assumption::Unreachable { why };
            }
            Err(NotAssumed::Refused(refusal)) => refusal,
        };
        let is_late = deadline.is_some_and(|deadline| deadline.is_over());
        let may_pass = refusal.kind.is_perhaps_propagation() && !is_late;
        let Some(pause) = pauses.next().filter(|_| may_pass) else {
            return Assumption::Refused {
                refusal,
                tries,
                waited,
            };
        };
        if tries == 1 {
            let whole = Timeout(Duration::from_secs(PAUSES.iter().sum()));
            on_wait(&format!(
                "not yet: {refusal}; IAM may need up to {whole} for what was just made, trying again"
            ));
        }
        tokio::time::sleep(intervals.of(Duration::from_secs(*pause))).await;
        waited += pause;
        tries += 1;
    }
}

/// One try: the session's ARN, told to the session itself.
async fn exchange(sts: &Sts, role: &RoleArn, secret: &Secret) -> Result<Arn, NotAssumed> {
    let session = sts.assume_with_web_identity(role, secret, TERMS).await?;
    let caller = sts.caller_of(&session).await;
    caller.map_err(|error| NotAssumed::Unreachable(Box::new(error)))
}

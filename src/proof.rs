//! What a proof that a service account can use its role has found: a token as its pods have, judged, and
//! exchanged at STS for a session that may do nothing. No token and no key is in it.

use serde::{Serialize, Serializer};

use crate::model::{Arn, Audience, ClusterName, Lookup, Right, RoleArn, ServiceAccountName};
use crate::token::{ClaimFault, SignatureFault, Token};

mod permission;
mod refusal;
mod unproven;

pub use permission::{Denier, Permission, SimulatedDecision, Simulation, not_allowed};
pub use refusal::{RefusalKind, StsRefusal};
pub use unproven::{Cause, Unproven};

/// The name of the sessions, by which CloudTrail's records of them are known.
pub const SESSION: &str = "irsactl-verify";
/// What was found, step by step.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// What the token says; unknown where this identity may not ask for one.
    #[serde(serialize_with = "looked_up")]
    pub token: Lookup<Token>,
    /// The right without which there is no token.
    #[serde(skip)]
    pub lacks: Option<Right>,
    pub claim_faults: Vec<ClaimFault>,
    pub signature: Signature,
    pub assumption: Assumption,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Signature {
    Verified {
        #[serde(rename = "keyID")]
        key_id: String,
    },
    /// The issuer's keys cannot be read from here.
    Unknown {
        why: String,
    },
    Fault {
        fault: SignatureFault,
    },
}

/// How the exchange at STS ended. Waits are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Assumption {
    /// With the session's ARN, as AWS tells it to the session itself.
    Assumed { arn: Arn, tries: u32, waited: u64 },
    Refused {
        #[serde(flatten)]
        refusal: StsRefusal,
        tries: u32,
        waited: u64,
    },
    /// No answer of STS.
    Unreachable { why: String },
    /// There was no token to try with.
    NotTried,
}

/// Of which account what was proven, or was not.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    pub cluster: ClusterName,
    #[serde(rename = "serviceAccount")]
    pub account: ServiceAccountName,
    #[serde(rename = "roleARN")]
    pub role: RoleArn,
    pub audience: Audience,
    #[serde(rename = "steps")]
    pub proof: Proof,
}

impl Proven {
    /// What did not hold.
    pub fn failure(&self) -> Option<Unproven> {
        Some(Unproven {
            account: Some(self.account.clone()),
            cluster: Some(self.cluster.clone()),
            cause: self.proof.cause()?,
        })
    }
}

fn looked_up<S: Serializer>(token: &Lookup<Token>, serializer: S) -> Result<S::Ok, S::Error> {
    match token {
        Lookup::Found(token) => token.serialize(serializer),
        Lookup::Missing => serializer.serialize_none(),
        Lookup::Unknown(why) => serializer.collect_map([("unknown", why)]),
    }
}

impl Proof {
    /// What there is to tell without one.
    pub fn without_token(token: Lookup<Token>) -> Self {
        let why = "there is no token".to_owned();
        Self {
            token,
            lacks: None,
            claim_faults: Vec::new(),
            signature: Signature::Unknown { why },
            assumption: Assumption::NotTried,
        }
    }

    /// The first step that did not hold; `None` when it is proven.
    pub fn cause(&self) -> Option<Cause> {
        match &self.token {
            Lookup::Found(_) => {}
            Lookup::Missing => return Some(Cause::no_token()),
            Lookup::Unknown(why) => {
                return Some(Cause::NoToken {
                    why: why.clone(),
                    lacks: self.lacks.clone(),
                });
            }
        }
        if !self.claim_faults.is_empty() {
            return Some(Cause::Claims(self.claim_faults.clone()));
        }
        if let Signature::Fault { fault } = &self.signature {
            return Some(Cause::Signature(fault.clone()));
        }
        // What STS refuses tells more than what cannot be read from here.
        self.assumption.cause().or_else(|| match &self.signature {
            Signature::Unknown { why } => Some(Cause::SignatureUnknown(why.clone())),
            Signature::Verified { .. } | Signature::Fault { .. } => None,
        })
    }
}

impl Assumption {
    /// How it failed; `None` when it did not.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Assumed { .. } => None,
            Self::Refused {
                refusal, waited, ..
            } => Some(Cause::Refused {
                refusal: refusal.clone(),
                waited: *waited,
            }),
            Self::Unreachable { why } => Some(Cause::Unreachable(why.clone())),
            Self::NotTried => Some(Cause::no_token()),
        }
    }
}

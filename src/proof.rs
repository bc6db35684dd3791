//! What a proof that a service account can use its role has found: a token as its pods have, judged, and
//! exchanged for a session of the role, at STS or, by Pod Identity, at EKS. No token and no key is in it.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::model::{Arn, ClusterName, Lookup, Right, RoleArn, ServiceAccountName, Way};
use crate::token::{ClaimFault, SignatureFault, Token};

mod permission;
mod refusal;
mod unproven;

pub use permission::{Denier, Permission, SimulatedDecision, Simulation, not_allowed};
pub use refusal::{RefusalKind, TokenRefusal, TokenTaker};
pub use unproven::{Cause, Unproven};

/// The name of the sessions of STS, by which CloudTrail's records of them are known.
pub const SESSION: &str = "irsactl-verify";
/// What was found, step by step.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proof {
    /// The pod that the token is bound to; missing where none runs. `None`: it needs none.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "bound")]
    pub pod: Option<Lookup<String>>,
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

/// How the exchange of the token ended. Waits are in seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "camelCase")]
pub enum Assumption {
    /// With the session's ARN, as AWS tells it to the session itself.
    Assumed {
        arn: Arn,
        /// The id of the association that EKS went by.
        #[serde(skip_serializing_if = "Option::is_none")]
        association: Option<String>,
        tries: u32,
        waited: u64,
    },
    /// It is a session of another role than the one that was to be.
    OtherRole { arn: Arn, role: RoleArn },
    Refused {
        #[serde(flatten)]
        refusal: TokenRefusal,
        /// What IAM has of it, where that was looked at.
        #[serde(skip_serializing_if = "Option::is_none")]
        because: Option<RefusalCause>,
        tries: u32,
        waited: u64,
    },
    /// No answer.
    Unreachable {
        #[serde(skip)]
        of: TokenTaker,
        why: String,
    },
    /// This identity may not exchange it, so nothing is known: AWS's words.
    NotAllowed { why: String },
    /// There was no token to try with.
    NotTried,
}

/// What IAM has that explains a refusal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum RefusalCause {
    /// No time mends it.
    Hindrance(String),
    /// It could not be looked at, and why.
    Unseen(String),
}

impl fmt::Display for RefusalCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hindrance(what) => write!(f, "as {what}"),
            Self::Unseen(why) => write!(f, "and what IAM has of it is not known ({why})"),
        }
    }
}

/// Of which account what was proven, or was not.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Proven {
    pub cluster: ClusterName,
    #[serde(rename = "serviceAccount")]
    pub account: ServiceAccountName,
    pub way: Way,
    /// The id of its association.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub association: Option<String>,
    #[serde(rename = "roleARN")]
    pub role: RoleArn,
    pub audience: String,
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

    /// What did not hold, where the run has failed for it.
    pub fn disproof(&self) -> Option<Unproven> {
        self.failure().filter(|failure| !self.is_open(failure))
    }

    /// Why it is neither proven nor disproven: by Pod Identity nothing can be proven where no pod runs, and
    /// by an identity that lacks the right to it.
    pub fn doubt(&self) -> Option<Unproven> {
        self.failure().filter(|failure| self.is_open(failure))
    }

    fn is_open(&self, failure: &Unproven) -> bool {
        self.way == Way::PodIdentity && failure.cause.is_open()
    }
}

fn bound<S: Serializer>(pod: &Option<Lookup<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    match pod {
        Some(pod) => looked_up(pod, serializer),
        None => serializer.serialize_none(),
    }
}

fn looked_up<T: Serialize, S: Serializer>(
    lookup: &Lookup<T>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match lookup {
        Lookup::Found(found) => found.serialize(serializer),
        Lookup::Missing => serializer.serialize_none(),
        Lookup::Unknown(why) => serializer.collect_map([("unknown", why)]),
    }
}

impl Proof {
    /// What there is to tell without one.
    pub fn without_token(token: Lookup<Token>) -> Self {
        let why = "there is no token".to_owned();
        Self {
            pod: None,
            token,
            lacks: None,
            claim_faults: Vec::new(),
            signature: Signature::Unknown { why },
            assumption: Assumption::NotTried,
        }
    }

    /// The first step that did not hold; `None` when it is proven.
    pub fn cause(&self) -> Option<Cause> {
        if self.pod == Some(Lookup::Missing) {
            return Some(Cause::NoPod);
        }
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
    /// Why it failed, where the same may end otherwise in a minute, as not all of AWS may know what was just
    /// made.
    pub fn passing(&self) -> Option<String> {
        match self {
            Self::Refused { refusal, .. } if refusal.kind.is_perhaps_propagation() => {
                Some(refusal.to_string())
            }
            Self::OtherRole { arn, .. } => Some(format!("it is {arn}")),
            Self::Refused { .. }
            | Self::Assumed { .. }
            | Self::Unreachable { .. }
            | Self::NotAllowed { .. }
            | Self::NotTried => None,
        }
    }

    /// What was refused.
    pub fn refusal(&self) -> Option<RefusalKind> {
        match self {
            Self::Refused { refusal, .. } => Some(refusal.kind),
            _ => None,
        }
    }

    /// As the end of so many tries, and seconds.
    #[must_use]
    pub fn after(mut self, so_many: u32, seconds: u64) -> Self {
        if let Self::Assumed { tries, waited, .. } | Self::Refused { tries, waited, .. } = &mut self
        {
            (*tries, *waited) = (so_many, seconds);
        }
        self
    }

    /// With what IAM has of it.
    #[must_use]
    pub fn because(mut self, found: Option<RefusalCause>) -> Self {
        if let Self::Refused { because, .. } = &mut self {
            *because = found;
        }
        self
    }

    /// How it failed; `None` when it did not.
    pub fn cause(&self) -> Option<Cause> {
        match self {
            Self::Assumed { .. } => None,
            Self::Refused {
                refusal,
                because,
                waited,
                ..
            } => Some(Cause::Refused {
                refusal: refusal.clone(),
                because: because.clone(),
                waited: *waited,
            }),
            Self::OtherRole { arn, role } => Some(Cause::OtherRole {
                got: arn.clone(),
                wanted: role.clone(),
            }),
            Self::Unreachable { of, why } => Some(Cause::Unreachable {
                of: *of,
                why: why.clone(),
            }),
            Self::NotAllowed { why } => Some(Cause::MayNotExchange(why.clone())),
            Self::NotTried => Some(Cause::no_token()),
        }
    }
}

//! What is wrong with the claims of a token, by the rules of IAM.

use std::fmt;

use serde::Serialize;

use super::{Claims, span, utc};

/// So far may clocks differ, in seconds: IAM takes a token this much too early or too late.
const TOLERANCE: i64 = 300;

/// What the claims of a token should be.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedClaims<'a> {
    /// URL of the cluster's issuer.
    pub issuer: &'a str,
    /// `system:serviceaccount:NAMESPACE:NAME`.
    pub subject: &'a str,
    pub audience: &'a str,
    /// The pod that it is bound to, where it must be bound to one.
    pub pod: Option<&'a str>,
    /// Seconds since 1970.
    pub now: i64,
}

/// A claim that is not as it should be: wanted against got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "claim", rename_all = "camelCase")]
pub enum ClaimFault {
    Issuer {
        wanted: String,
        got: String,
    },
    Subject {
        wanted: String,
        got: String,
    },
    Audience {
        wanted: String,
        got: Vec<String>,
    },
    Pod {
        wanted: String,
        got: Option<String>,
    },
    /// Times are seconds since 1970.
    #[serde(rename_all = "camelCase")]
    Expired {
        expires_at: i64,
        now: i64,
    },
    #[serde(rename_all = "camelCase")]
    NotYetValid {
        valid_from: i64,
        now: i64,
    },
}

impl ClaimFault {
    /// Whether a clock decides about it.
    pub fn is_of_time(&self) -> bool {
        matches!(self, Self::Expired { .. } | Self::NotYetValid { .. })
    }
}

/// All that is wrong with the claims; nothing, when they are as expected.
pub fn check(claims: &Claims, expected: ExpectedClaims<'_>) -> Vec<ClaimFault> {
    let mut faults = Vec::new();
    if claims.issuer != expected.issuer {
        faults.push(ClaimFault::Issuer {
            wanted: expected.issuer.to_owned(),
            got: claims.issuer.clone(),
        });
    }
    if claims.subject != expected.subject {
        faults.push(ClaimFault::Subject {
            wanted: expected.subject.to_owned(),
            got: claims.subject.clone(),
        });
    }
    if !claims.audiences.iter().any(|it| it == expected.audience) {
        faults.push(ClaimFault::Audience {
            wanted: expected.audience.to_owned(),
            got: claims.audiences.clone(),
        });
    }
    if let Some(pod) = expected.pod
        && claims.pod.as_deref() != Some(pod)
    {
        faults.push(ClaimFault::Pod {
            wanted: pod.to_owned(),
            got: claims.pod.clone(),
        });
    }
    let (now, expires_at) = (expected.now, claims.expires_at);
    if now >= expires_at.saturating_add(TOLERANCE) {
        faults.push(ClaimFault::Expired { expires_at, now });
    }
    let valid_from = claims.not_before.unwrap_or(claims.issued_at);
    if now.saturating_add(TOLERANCE) < valid_from {
        faults.push(ClaimFault::NotYetValid { valid_from, now });
    }
    faults
}

impl fmt::Display for ClaimFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Issuer { wanted, got } => {
                write!(f, "its issuer is \"{got}\", wanted \"{wanted}\"")
            }
            Self::Subject { wanted, got } => {
                write!(f, "its subject is \"{got}\", wanted \"{wanted}\"")
            }
            Self::Audience { wanted, got } => {
                write!(f, "its audience is {}, wanted \"{wanted}\"", quoted(got))
            }
            Self::Pod { wanted, got } => match got {
                Some(got) => write!(f, "it is bound to the pod \"{got}\", wanted \"{wanted}\""),
                None => write!(f, "it is bound to no pod, wanted \"{wanted}\""),
            },
            Self::Expired { expires_at, now } => {
                let since = span(now.saturating_sub(*expires_at));
                write!(f, "it expired at {}, {since} ago", utc(*expires_at))
            }
            Self::NotYetValid { valid_from, now } => {
                let until = span(valid_from.saturating_sub(*now));
                write!(f, "it is valid from {} on, in {until}", utc(*valid_from))
            }
        }
    }
}

fn quoted(texts: &[String]) -> String {
    let quoted: Vec<String> = texts.iter().map(|text| format!("\"{text}\"")).collect();
    quoted.join(", ")
}

//! What a role may do, by its own policies. Pure.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::model::RoleArn;

/// An action on a resource, as `ACTION=ARN`; without an ARN on all resources.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Permission {
    pub action: String,
    pub resource: String,
}

impl FromStr for Permission {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (action, resource) = text.split_once('=').unwrap_or((text, "*"));
        let is_action = action.split_once(':').is_some_and(|(service, name)| {
            let word = |text: &str| {
                !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
            };
            word(service) && word(name)
        });
        if !is_action {
            return Err(format!(
                "`{action}` is no action such as `s3:GetObject` (without wildcards)"
            ));
        }
        let is_arn = resource.starts_with("arn:") && resource.split(':').count() >= 6;
        if resource != "*" && !is_arn {
            return Err(format!(
                "`{resource}` is no ARN: `s3:GetObject=arn:aws:s3:::bucket/key` is wanted"
            ));
        }
        Ok(Self {
            action: action.to_owned(),
            resource: resource.to_owned(),
        })
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.resource.as_str() {
            "*" => f.write_str(&self.action),
            resource => write!(f, "{} on {resource}", self.action),
        }
    }
}

/// What IAM says of a permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Simulation {
    #[serde(flatten)]
    pub permission: Permission,
    #[serde(flatten)]
    pub decision: SimulatedDecision,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "decision", rename_all = "camelCase")]
pub enum SimulatedDecision {
    Allowed,
    Denied {
        by: Vec<Denier>,
    },
    /// Condition keys that the role's policies ask for and that only a real call has: with them it may be
    /// allowed.
    Depends {
        keys: Vec<String>,
    },
    /// This identity may not ask, or the role is not there.
    Unknown {
        why: String,
    },
}

/// What stands against a permission.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Denier {
    /// A statement that denies it.
    ExplicitDeny,
    /// No statement that allows it.
    ImplicitDeny,
    Boundary,
    Organisation,
}

impl fmt::Display for Denier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ExplicitDeny => "a statement denies it",
            Self::ImplicitDeny => "no policy of the role allows it",
            Self::Boundary => "the permissions boundary does not allow it",
            Self::Organisation => "the organisation's policies do not allow it",
        })
    }
}

impl Simulation {
    /// Whether it certainly is: what depends on the call, or is not known, is neither this nor denied.
    pub fn is_allowed(&self) -> bool {
        self.decision == SimulatedDecision::Allowed
    }

    /// Whether something is known to stand against it.
    pub fn is_denied(&self) -> bool {
        matches!(self.decision, SimulatedDecision::Denied { .. })
    }

    /// Why it is not allowed, in words.
    pub fn reason(&self) -> String {
        match &self.decision {
            SimulatedDecision::Allowed => String::new(),
            SimulatedDecision::Denied { by } => {
                let by: Vec<String> = by.iter().map(ToString::to_string).collect();
                by.join("; ")
            }
            SimulatedDecision::Depends { keys } => {
                let keys = keys.join(", ");
                format!("depends on {keys}, which only a real call has")
            }
            SimulatedDecision::Unknown { why } => why.clone(),
        }
    }
}

/// What of the verdicts is not allowed, as the step that failed.
pub fn not_allowed(role: &RoleArn, verdicts: &[Simulation]) -> Option<super::Cause> {
    let missing = verdicts.iter().filter(|verdict| !verdict.is_allowed());
    let missing: Vec<Simulation> = missing.cloned().collect();
    (!missing.is_empty()).then(|| super::Cause::NotAllowed {
        role: role.clone(),
        missing,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_an_action_and_an_arn() {
        let read = |text: &str| text.parse::<Permission>().map(|read| read.to_string());
        for (text, wanted) in [
            (
                "s3:GetObject=arn:aws:s3:::b/k=v",
                "s3:GetObject on arn:aws:s3:::b/k=v",
            ),
            ("s3:ListAllMyBuckets", "s3:ListAllMyBuckets"),
            ("sts:GetCallerIdentity=*", "sts:GetCallerIdentity"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(wanted));
        }
        for bad in [
            "",
            "s3",
            "s3:",
            ":Get",
            "s3:*",
            "s3:Get*=*",
            "s3:GetObject=",
            "s3:GetObject=bucket",
            "s3:GetObject=arn:aws",
            "s3:Get Object",
        ] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn fuzzed_permissions_are_refused_or_have_their_rule() {
        let corpus = ["s3:GetObject=arn:aws:s3:::b/k", "a:b", "*", "="];
        crate::fuzz::texts(corpus, |text| {
            if let Ok(Permission { action, resource }) = text.parse() {
                assert!(action.contains(':') && !action.contains('*'));
                assert!(resource == "*" || resource.starts_with("arn:"));
            }
        });
    }
}

//! That something is not proven, as the user meets it: the step that did not hold, and what to do.

use std::fmt;
use std::time::Duration;

use super::{RefusalKind, Simulation, StsRefusal};
use crate::model::{ClusterName, RoleArn, ServiceAccountName, Timeout, listed};
use crate::token::{ClaimFault, SignatureFault};

/// Who cannot be shown to have what.
#[derive(Clone, Debug)]
pub struct Unproven {
    pub account: Option<ServiceAccountName>,
    /// Where the account is.
    pub cluster: Option<ClusterName>,
    pub cause: Cause,
}

/// The step that did not hold.
#[derive(Clone, Debug)]
pub enum Cause {
    NoServiceAccount,
    NoRole,
    /// An annotation that cannot be right: its name, its value and the rule.
    Annotation {
        name: &'static str,
        value: String,
        rule: String,
    },
    NoToken(String),
    Claims(Vec<ClaimFault>),
    Signature(SignatureFault),
    /// STS takes the token; the issuer's keys cannot be read from here.
    SignatureUnknown(String),
    Refused {
        refusal: StsRefusal,
        /// Seconds.
        waited: u64,
    },
    Unreachable(String),
    /// What the role may not do, or nobody knows.
    NotAllowed {
        role: RoleArn,
        missing: Vec<Simulation>,
    },
}

impl fmt::Display for Unproven {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(account) = &self.account {
            write!(f, "{account}: ")?;
        }
        match &self.cause {
            Cause::NoServiceAccount => f.write_str("there is no such service account"),
            Cause::NoRole => f.write_str(
                "the service account has no role: no annotation eks.amazonaws.com/role-arn",
            ),
            Cause::Annotation { name, value, rule } => {
                write!(f, "its annotation {name} is \"{value}\": {rule}")
            }
            Cause::NoToken(why) => write!(f, "no token to prove it with: {why}"),
            Cause::Claims(faults) => {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                write!(f, "the token is not as it should be: {}", faults.join("; "))
            }
            Cause::Signature(fault) => write!(f, "the token's signature does not hold: {fault}"),
            Cause::SignatureUnknown(why) => write!(
                f,
                "STS accepts the token, but its signature cannot be checked from here: {why}"
            ),
            Cause::Refused { refusal, waited: 0 } => write!(f, "STS refuses the token: {refusal}"),
            Cause::Refused { refusal, waited } => {
                let waited = Timeout(Duration::from_secs(*waited));
                write!(f, "STS still refuses the token after {waited}: {refusal}")
            }
            Cause::Unreachable(why) => write!(f, "STS did not answer: {why}"),
            Cause::NotAllowed { role, missing } => {
                let missing = missing.iter();
                let told = missing.map(|it| format!("{}: {}", it.permission, it.reason()));
                let told = listed(told);
                write!(f, "its role {role} is not shown to be allowed{told}")
            }
        }
    }
}

impl Unproven {
    /// What to do next.
    pub fn hints(&self) -> Vec<String> {
        let cluster = match &self.cluster {
            Some(cluster) => format!(" --cluster {cluster}"),
            None => " --cluster NAME".to_owned(),
        };
        let account = self
            .account
            .as_ref()
            .map(|account| format!(" {account}"))
            .unwrap_or_default();
        let mut hints = Vec::from_iter(self.direct_hint(&cluster, &account));
        if self.account.is_some() && self.is_riddle() {
            hints.push(format!(
                "find the cause: `irsactl doctor{account}{cluster}`"
            ));
        }
        hints
    }

    /// Whether the failure alone does not tell what to mend.
    fn is_riddle(&self) -> bool {
        match &self.cause {
            Cause::NoServiceAccount
            | Cause::NoToken(_)
            | Cause::SignatureUnknown(_)
            | Cause::Unreachable(_)
            | Cause::NotAllowed { .. } => false,
            Cause::NoRole
            | Cause::Annotation { .. }
            | Cause::Claims(_)
            | Cause::Signature(_)
            | Cause::Refused { .. } => true,
        }
    }

    fn direct_hint(&self, cluster: &str, account: &str) -> Option<String> {
        let make = format!(
            "make it, with its role: `irsactl create iamserviceaccount{account}{cluster} --attach-policy-arn ARN --approve`"
        );
        match &self.cause {
            Cause::NoServiceAccount | Cause::NoRole => Some(make),
            Cause::NoToken(why) if why.contains("service account token") => Some(
                "this identity needs create on serviceaccounts/token: `kubectl auth can-i create serviceaccounts/token`"
                    .to_owned(),
            ),
            // The token was made just now.
            Cause::Claims(faults) if faults.iter().any(ClaimFault::is_of_time) => Some(
                "this computer's clock is wrong, or the API server's: `date -u`".to_owned(),
            ),
            Cause::NotAllowed { missing, .. } if missing.iter().any(Simulation::is_denied) => Some(format!(
                "where a policy is missing: `irsactl update iamserviceaccount{account}{cluster} --add-policy-arn ARN --approve`"
            )),
            Cause::SignatureUnknown(_) => Some(
                "run it where the issuer's keys can be read: check the network, HTTPS_PROXY and NO_PROXY"
                    .to_owned(),
            ),
            Cause::Unreachable(_) => Some(
                "check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL".to_owned(),
            ),
            Cause::Refused { refusal, .. } => match refusal.kind {
                RefusalKind::NoProvider => Some(format!(
                    "make the provider: `irsactl associate-oidc-provider{cluster} --approve`"
                )),
                RefusalKind::RegionDisabled => {
                    Some("use the STS of another region: `--region us-east-1`".to_owned())
                }
                RefusalKind::Throttled => {
                    Some("AWS is busy for this account: run the same command again in a minute".to_owned())
                }
                _ => None,
            },
            _ => None,
        }
    }
}

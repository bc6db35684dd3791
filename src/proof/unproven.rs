//! That something is not proven, as the user meets it: the step that did not hold, and what to do.

use std::fmt;
use std::time::Duration;

use super::{RefusalCause, RefusalKind, Simulation, TokenRefusal, TokenTaker};
use crate::model::{
    Arn, ClusterName, CommandLine, Fix, Right, RoleArn, ServiceAccountName, Timeout, listed,
};
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
    /// Nothing gives its pods a role by Pod Identity, by which it was to be proven.
    NoAssociation,
    /// Whether there is one.
    AssociationUnknown(String),
    /// None runs that the token could be bound to.
    NoPod,
    /// An annotation that cannot be right: its name, its value and the rule.
    Annotation {
        name: &'static str,
        value: String,
        rule: String,
    },
    /// Why there is none, and the right to it that is missing, where that is it.
    NoToken {
        why: String,
        lacks: Option<Right>,
    },
    Claims(Vec<ClaimFault>),
    Signature(SignatureFault),
    /// STS takes the token; the issuer's keys cannot be read from here.
    SignatureUnknown(String),
    Refused {
        refusal: TokenRefusal,
        /// What IAM has of it.
        because: Option<RefusalCause>,
        /// Seconds.
        waited: u64,
    },
    /// The session's ARN, and the role that it was to be of.
    OtherRole {
        got: Arn,
        wanted: RoleArn,
    },
    Unreachable {
        of: TokenTaker,
        why: String,
    },
    /// This identity may not call AssumeRoleForPodIdentity: AWS's words.
    MayNotExchange(String),
    /// What the role may not do, or nobody knows.
    NotAllowed {
        role: RoleArn,
        missing: Vec<Simulation>,
    },
}

impl Cause {
    pub(super) fn no_token() -> Self {
        Self::NoToken {
            why: "there is none".to_owned(),
            lacks: None,
        }
    }

    /// Whether it tells nothing of the role.
    pub(super) fn is_open(&self) -> bool {
        matches!(
            self,
            Self::NoPod | Self::NoToken { .. } | Self::MayNotExchange(_)
        )
    }
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
            Cause::NoAssociation => {
                f.write_str("the service account has no EKS Pod Identity association")
            }
            Cause::AssociationUnknown(why) => {
                write!(f, "whether it has an EKS Pod Identity association is not known: {why}")
            }
            Cause::NoPod => f.write_str(
                "nothing is proved: no pod of it runs, and a token for EKS Pod Identity is bound to one",
            ),
            Cause::Annotation { name, value, rule } => {
                write!(f, "its annotation {name} is \"{value}\": {rule}")
            }
            Cause::NoToken { why, .. } => write!(f, "no token to prove it with: {why}"),
            Cause::Claims(faults) => {
                let faults: Vec<String> = faults.iter().map(ToString::to_string).collect();
                write!(f, "the token is not as it should be: {}", faults.join("; "))
            }
            Cause::Signature(fault) => write!(f, "the token's signature does not hold: {fault}"),
            Cause::SignatureUnknown(why) => write!(
                f,
                "STS accepts the token, but its signature cannot be checked from here: {why}"
            ),
            Cause::Refused {
                refusal,
                because,
                waited,
            } => write!(f, "{}", refused(refusal, because.as_ref(), *waited)),
            Cause::OtherRole { got, wanted } => {
                write!(f, "its pods get {got}, which is no session of {wanted}")
            }
            Cause::Unreachable { of, why } => write!(f, "{of} did not answer: {why}"),
            Cause::MayNotExchange(why) => write!(
                f,
                "nothing is proved: this identity may not exchange the token: {why}"
            ),
            Cause::NotAllowed { role, missing } => {
                let missing = missing.iter();
                let told = missing.map(|it| format!("{}: {}", it.permission, it.reason()));
                let told = listed(told);
                write!(f, "its role {role} is not shown to be allowed{told}")
            }
        }
    }
}

/// `waited`: for so many seconds.
fn refused(refusal: &TokenRefusal, because: Option<&RefusalCause>, waited: u64) -> String {
    let by = &refusal.by;
    let told = match waited {
        0 => format!("{by} refuses the token"),
        waited => {
            let waited = Timeout(Duration::from_secs(waited));
            format!("{by} still refuses the token after {waited}")
        }
    };
    match because {
        Some(because) => format!("{told}, {because}: {refusal}"),
        None => format!("{told}: {refusal}"),
    }
}

impl Unproven {
    /// What to do next.
    pub fn hints(&self) -> Vec<Fix> {
        let mut hints = Vec::from_iter(self.direct_hint());
        if self.account.is_some() && self.is_riddle() {
            hints.push(Fix::by("find the cause", self.irsactl("doctor")));
        }
        hints
    }

    /// About the account, where there is one, in its cluster.
    fn irsactl(&self, verb: &str) -> CommandLine {
        let command = CommandLine::of("irsactl", &[]).and(verb, &[]);
        let command = match &self.account {
            Some(account) => command.and("{}", &[account]),
            None => command,
        };
        self.in_cluster(command)
    }

    fn in_cluster(&self, command: CommandLine) -> CommandLine {
        match &self.cluster {
            Some(cluster) => command.and("--cluster {}", &[cluster]),
            None => command.and("--cluster NAME", &[]),
        }
    }

    /// Whether the failure alone does not tell what to mend.
    fn is_riddle(&self) -> bool {
        match &self.cause {
            Cause::NoServiceAccount
            | Cause::NoAssociation
            | Cause::AssociationUnknown(_)
            | Cause::NoPod
            | Cause::NoToken { .. }
            | Cause::SignatureUnknown(_)
            | Cause::Unreachable { .. }
            | Cause::MayNotExchange(_)
            | Cause::NotAllowed { .. } => false,
            Cause::NoRole
            | Cause::OtherRole { .. }
            | Cause::Annotation { .. }
            | Cause::Claims(_)
            | Cause::Signature(_)
            | Cause::Refused { .. } => true,
        }
    }

    fn direct_hint(&self) -> Option<Fix> {
        Some(match &self.cause {
            Cause::NoServiceAccount | Cause::NoRole => Fix::by(
                "make it, with its role",
                self.irsactl("create iamserviceaccount")
                    .and("--attach-policy-arn ARN --approve", &[]),
            ),
            Cause::NoToken {
                lacks: Some(Right { verb, resource, .. }),
                ..
            } => Fix::by(
                format!("this identity needs {verb} on {resource}"),
                CommandLine::of("kubectl auth can-i {} {}", &[verb, resource]),
            ),
            Cause::NoAssociation | Cause::AssociationUnknown(_) => Fix::by(
                "prove what its annotation gives",
                self.irsactl("verify").and("--way irsa", &[]),
            ),
            Cause::NoPod => {
                let account = self.account.as_ref()?;
                Fix::by(
                    "see what should run with it",
                    CommandLine::of(
                        "kubectl get pods --namespace {} --field-selector spec.serviceAccountName={}",
                        &[&account.namespace, &account.name],
                    ),
                )
            }
            Cause::MayNotExchange(_) => Fix::by(
                "allow `eks-auth:AssumeRoleForPodIdentity` on the cluster to this identity; what a proof needs in all",
                "irsactl permissions --for verify",
            ),
            // The token was made just now.
            Cause::Claims(faults) if faults.iter().any(ClaimFault::is_of_time) => Fix::by(
                "this computer's clock is wrong, or the API server's",
                "date -u",
            ),
            Cause::NotAllowed { missing, .. } if missing.iter().any(Simulation::is_denied) => Fix::by(
                "where a policy is missing, and a stack made the role",
                self.irsactl("update iamserviceaccount")
                    .and("--add-policy-arn ARN --approve", &[]),
            ),
            Cause::SignatureUnknown(_) => {
                "run it where the issuer's keys can be read: check the network, HTTPS_PROXY and NO_PROXY"
                    .into()
            }
            Cause::Unreachable { .. } => {
                "check the network, HTTPS_PROXY and NO_PROXY, and AWS_ENDPOINT_URL".into()
            }
            Cause::Refused { refusal, .. } => return self.refusal_hint(refusal.kind),
            _ => return None,
        })
    }

    fn refusal_hint(&self, kind: RefusalKind) -> Option<Fix> {
        match kind {
            RefusalKind::NoProvider => {
                let associate = "irsactl associate-oidc-provider".into();
                let associate = self.in_cluster(associate).and("--approve", &[]);
                Some(Fix::by("make the provider", associate))
            }
            RefusalKind::RegionDisabled => {
                Some("use the STS of another region: `--region us-east-1`".into())
            }
            RefusalKind::Throttled => {
                Some("AWS is busy for this account: run the same command again in a minute".into())
            }
            _ => None,
        }
    }
}

//! Everything that can go wrong, named for what the user met: its text, the commands that help, and
//! the exit status.

use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use crate::config;
use crate::model::{
    AGENT, ASSOCIATION_QUOTA, ClusterName, CommandLine, Fix, Flags, Lookup, Map, Namespace, Right,
    RoleArn, SERVICE_ACCOUNT_TAG, ServiceAccountName, Signal, Way, Workload, listed,
    shown_in_line as line,
};
use crate::plan::{Refusal, Target, held};
use crate::policy::{Difference, indented};
use crate::proof::Unproven;
use crate::world::{AddonStatus, ClusterStatus, StackStatus};

mod alike;
mod association;
mod code;
mod denied;
mod global;
mod hints;
mod kubernetes;
mod late;
mod parts;
mod sign_in;
mod vault;

pub use association::AssociationRefusal;
pub use code::{CodeMeaning, ErrorCode};
pub use kubernetes::Objection;
pub use sign_in::SignIn;
pub use vault::VaultFailure;

use parts::{because, by, going_on, in_namespace, left_by, on, seconds, shared, so_far};

/// A failure. Its text fits behind `error: `.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("{flag} \"{}\": {}", line(.value), line(.rule))]
    Usage {
        flag: &'static str,
        value: String,
        rule: String,
    },
    #[error("{}", line(.0))]
    Flags(String),
    /// A variable of the environment, or a line of AWS's files, that cannot be used: its name and why.
    #[error("{}", line(.0))]
    Setting(String),
    #[error("{0}")]
    Config(config::Invalid),
    #[error("cannot read {}: {}", line(.what), line(.cause))]
    Read { what: String, cause: String },
    #[error("cannot write {}: {}", line(.what), line(.cause))]
    Write { what: String, cause: String },
    #[error("region {region} was not read, so that nothing of it is touched: {}", line(.cause))]
    RegionUnread { region: String, cause: String },
    #[error("no AWS region is set")]
    NoRegion,
    #[error("there is no token of Vault: neither VAULT_TOKEN nor ~/.vault-token has one")]
    NoVaultToken,
    #[error("cannot read {path} of Vault at {}: {failure}", line(.address))]
    Vault {
        path: String,
        address: String,
        failure: VaultFailure,
    },
    #[error("no usable AWS credentials: {}", line(.cause))]
    Credentials { cause: String, sign_in: SignIn },
    #[error("there is no EKS cluster \"{name}\" in {region}")]
    ClusterNotFound {
        name: ClusterName,
        region: String,
        similar: Vec<String>,
    },
    #[error("cluster \"{1}\" has no {way} \"{3}\"{in_namespace}", way = .0.words(), in_namespace = in_namespace(.2))]
    NoServiceAccount(Way, ClusterName, Option<Namespace>, String),
    #[error("cluster \"{0}\" has no service account {1}, and nothing runs as one of that name")]
    NothingOfName(ClusterName, String),
    #[error("the add-on {AGENT} of cluster \"{cluster}\" is {status}{}", listed(.issues))]
    AgentFailed {
        cluster: ClusterName,
        status: AddonStatus,
        issues: Vec<String>,
    },
    #[error("there is no role {0}")]
    NoRole(Box<RoleArn>),
    #[error("there is no {0}")]
    WorkloadNotFound(Workload),
    #[error("cluster \"{name}\" is {status}: it has no issuer or no Kubernetes API")]
    ClusterNotReady {
        name: ClusterName,
        status: ClusterStatus,
    },
    #[error("cluster \"{name}\" has no OIDC issuer: {why}")]
    NoIssuer {
        name: ClusterName,
        why: &'static str,
    },
    #[error("not allowed to call {permission}{}: {}", on(.subject), line(.message))]
    AccessDenied {
        permission: String,
        subject: String,
        message: String,
    },
    #[error("{operation} failed{}: {}: {}", on(.subject), line(.code.word()), line(.message))]
    Aws {
        operation: String,
        subject: String,
        code: ErrorCode,
        message: String,
    },
    /// Rights are no question.
    #[error("EKS refuses to {operation}: {}", line(.message))]
    AssociationRefused {
        operation: String,
        cluster: ClusterName,
        refusal: AssociationRefusal,
        message: String,
    },
    /// Nothing is begun where not all could be made.
    #[error(
        "cluster \"{cluster}\" has {there} EKS Pod Identity associations of {ASSOCIATION_QUOTA} at most, and this needs {more} \
         more"
    )]
    NoRoomForAssociations {
        cluster: ClusterName,
        there: usize,
        more: usize,
    },
    #[error("cannot reach {what}: {}", line(.cause))]
    Unreachable { what: String, cause: String },
    #[error("stack \"{stack}\" ended in {status}{}", because(.reason))]
    StackFailed {
        stack: String,
        status: StackStatus,
        reason: Option<String>,
    },
    /// Someone else changed the stack first: what is to be done must be planned anew.
    #[error("another run changed stack \"{stack}\" meanwhile")]
    Overtaken { stack: String },
    #[error("the trust policy of role \"{role}\" was changed meanwhile")]
    TrustOvertaken { role: String },
    /// No restart helps.
    #[error("these cannot be restarted: {}", .workloads.join(", "))]
    NotRestarted { workloads: Vec<String> },
    /// A stack of a service account's name has lost the tag that says whose it is.
    #[error("stack \"{stack}\" has no tag {SERVICE_ACCOUNT_TAG}, and whose it is cannot be told: {}", line(.why))]
    StackInDoubt {
        stack: String,
        account: Box<ServiceAccountName>,
        tags: Map,
        why: String,
    },
    #[error(
        "iam:GetRole says that there is no role \"{role}\", and iam:{by} knows it: one of them is out of date, so nothing is \
         done because of either"
    )]
    Contradiction { role: String, by: &'static str },
    /// With what CloudFormation's validation and hooks found.
    #[error("the change of stack \"{stack}\" was refused: {}{}", line(.reason), listed(.details))]
    ChangeRefused {
        stack: String,
        reason: String,
        details: Vec<String>,
    },
    /// What was found changed by hand, and was left so.
    #[error("{target}: its role was changed outside of CloudFormation{}", indented(.differences))]
    Drifted {
        target: Target,
        differences: Vec<Difference>,
    },
    #[error("{what} did not end within {}", seconds(.limit))]
    Timeout { what: String, limit: Duration },
    #[error("did not begin to {action} within {}", seconds(.limit))]
    NotBegun { action: String, limit: Duration },
    /// Each look at the stack finds an operation, and each wait for its end finds none.
    #[error(
        "stack \"{stack}\" is in {status} whenever it is looked at, though its operation is over"
    )]
    Unsettled { stack: String, status: StackStatus },
    /// It is deleted, and finalizers keep it.
    #[error("the deletion of service account {name} did not end within {}{}", seconds(.limit), held(.finalizers))]
    ServiceAccountHeld {
        name: ServiceAccountName,
        finalizers: Vec<String>,
        limit: Duration,
    },
    #[error("the TLS certificate of {host} is not trusted: {}", line(.reason))]
    IssuerUntrusted {
        host: String,
        reason: String,
        likely: Option<String>,
    },
    #[error("cannot reach the issuer's host {host}: {}", line(.cause))]
    IssuerUnreachable { host: String, cause: String },
    #[error("cannot reach the proxy {proxy} on the way to {host}: {}", line(.cause))]
    ProxyUnreachable {
        proxy: String,
        host: String,
        cause: String,
    },
    #[error("cannot speak TLS with the issuer's host {host}: {}", line(.cause))]
    IssuerTls { host: String, cause: String },
    #[error("the issuer's {what} {} {}", line(.url), line(.rule))]
    IssuerDocument {
        what: &'static str,
        url: String,
        rule: String,
    },
    #[error("the Kubernetes API of {cluster} does not know this AWS identity (401 Unauthorized)")]
    KubernetesUnauthorized {
        cluster: String,
        eks: Option<ClusterName>,
    },
    #[error("the Kubernetes API refuses to {operation}: {}", line(.message))]
    KubernetesForbidden {
        operation: String,
        right: Box<Right>,
        message: String,
    },
    /// Rights are no question.
    #[error("cannot {operation}: {}", line(.message))]
    KubernetesRefused {
        operation: String,
        message: String,
        objection: Objection,
    },
    #[error("cannot {operation}: other tools own the same fields: {}", line(.message))]
    KubernetesConflict {
        operation: String,
        right: Box<Right>,
        message: String,
    },
    /// Someone else changed the object first: what is to be done must be planned anew.
    #[error("cannot {operation}: another writer was there first: {}", line(.message))]
    KubernetesOvertaken { operation: String, message: String },
    /// An answer of the API that is none of the above.
    #[error("cannot {operation}: {}", line(.message))]
    Kubernetes {
        operation: String,
        message: String,
        /// It will be the same the next time.
        lasting: bool,
    },
    #[error("cannot {operation}: {}", line(.cause))]
    KubernetesUnreachable { operation: String, cause: String },
    #[error("the rollout of {workload} failed: {}", line(.why))]
    RolloutFailed { workload: Workload, why: String },
    /// A restart did not help.
    #[error("the new pods of {workload} still lack the role: {}", line(&.pods.join("; ")))]
    PodsLackRole {
        workload: String,
        pods: Vec<String>,
        /// The command that finds out why.
        doctor: CommandLine,
    },
    #[error("cannot use the kubeconfig: {}", line(.cause))]
    Kubeconfig { cause: String },
    /// For one reason, of all whom it keeps back.
    #[error("{}", shared(.targets, .refusal))]
    Refused {
        targets: Vec<Target>,
        refusal: Box<Refusal>,
    },
    #[error("{0}")]
    Unproven(Box<Unproven>),
    /// A way does not hold, and the association that a move made for it is gone again.
    #[error("{proof}; its association was taken back{}", left_by(.stranded))]
    Withdrawn {
        proof: Box<Self>,
        /// Whose pods started with it.
        stranded: Lookup<Vec<Workload>>,
        /// The command that restarts those.
        back: CommandLine,
    },
    /// The same, but the association may still be there, and pods that start go by it.
    #[error("{proof}; its association may be left: {failure}")]
    NotWithdrawn {
        proof: Box<Self>,
        failure: Box<Self>,
        /// The command that takes it away.
        back: CommandLine,
    },
    /// What is asked for cannot be said offline, or not in that tool's words.
    #[error("{cause}")]
    Unrenderable { cause: String, hints: Vec<Fix> },
    /// The same for several targets, by nothing of their own. They are not named where one error stands
    /// for all.
    #[error("{}", shared(.targets, .error))]
    Shared {
        targets: Vec<Target>,
        error: Arc<Self>,
    },
    /// Of another account than the cluster's, whose flags the commands of its hints need.
    #[error("{error}")]
    OfRoles { roles: Flags, error: Box<Self> },
    /// Told one by one.
    #[error("{} errors", .0.len())]
    Several(Vec<Self>),
    /// With how many of how many targets were done, and what goes on by itself.
    #[error("interrupted{}{}{}", by(*.signal), so_far(*.done), going_on(.running))]
    Interrupted {
        signal: Signal,
        /// Whether there was something that another run finishes.
        has_begun: bool,
        done: Option<(usize, usize)>,
        running: Vec<String>,
    },
    /// A failure of all kept those from being begun that were left: with the same as an interruption.
    #[error("stopped{}{}", so_far(*.done), going_on(.running))]
    Stopped {
        done: Option<(usize, usize)>,
        running: Vec<String>,
    },
    #[error("cannot write the output: {0}")]
    Output(#[from] std::io::Error),
}

impl From<Unproven> for Error {
    fn from(unproven: Unproven) -> Self {
        Self::Unproven(Box::new(unproven))
    }
}

impl Error {
    /// A value that breaks the rule of its flag.
    pub fn usage(flag: &'static str, value: impl Display, rule: impl Into<String>) -> Self {
        Self::Usage {
            flag,
            value: value.to_string(),
            rule: rule.into(),
        }
    }

    /// Without credentials, by no way of signing in that is known.
    pub fn no_credentials(cause: &str) -> Self {
        Self::Credentials {
            cause: cause.to_owned(),
            sign_in: SignIn::None,
        }
    }

    /// One failure as itself, several as one. `None` without any.
    pub fn all(mut errors: Vec<Self>) -> Option<Self> {
        match errors.len() {
            0 => None,
            1 => errors.pop(),
            _ => Some(Self::Several(errors)),
        }
    }

    /// As one of the account that the flags lead to.
    pub fn of_roles(self, roles: &Flags) -> Self {
        if roles.0.is_empty() {
            return self;
        }
        Self::OfRoles {
            roles: roles.clone(),
            error: Box::new(self),
        }
    }

    /// The text without the names that stand beside it in a list of failures.
    pub fn brief(&self) -> String {
        match self {
            Self::Shared { error, .. } => error.brief(),
            Self::OfRoles { error, .. } => error.brief(),
            Self::Aws {
                operation,
                code,
                message,
                ..
            } => format!(
                "{operation} failed: {}: {}",
                line(code.word()),
                line(message)
            ),
            Self::AccessDenied { permission, .. } => format!("not allowed to call {permission}"),
            Self::StackFailed { status, reason, .. } => {
                format!("its stack ended in {status}{}", because(reason))
            }
            Self::ChangeRefused {
                reason, details, ..
            } => {
                let (reason, details) = (line(reason), listed(details));
                format!("the change of its stack was refused: {reason}{details}")
            }
            Self::Overtaken { .. } => "another run changed its stack meanwhile".to_owned(),
            other => other.to_string(),
        }
    }

    /// Whether someone else was there first, so that what is to be done must be planned anew.
    pub fn is_overtaken(&self) -> bool {
        match self {
            Self::AssociationRefused { refusal, .. } => refusal.is_overtaken(),
            Self::OfRoles { error, .. } => error.is_overtaken(),
            Self::Overtaken { .. }
            | Self::TrustOvertaken { .. }
            | Self::KubernetesConflict { .. }
            | Self::KubernetesOvertaken { .. } => true,
            _ => false,
        }
    }

    /// Whether something of a similar name exists.
    pub fn is_likely_mistyped(&self) -> bool {
        matches!(self, Self::ClusterNotFound { similar, .. } if !similar.is_empty())
    }

    /// The documented exit status.
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. }
            | Self::Flags(_)
            | Self::Setting(_)
            | Self::Config(_)
            | Self::Read { .. }
            | Self::NoRegion
            | Self::Unrenderable { .. } => 2,
            Self::Credentials { .. } | Self::NoVaultToken => 4,
            Self::Interrupted { signal, .. } => signal.exit_code(),
            Self::Write { .. }
            | Self::RegionUnread { .. }
            | Self::Vault { .. }
            | Self::ClusterNotFound { .. }
            | Self::NoServiceAccount(..)
            | Self::NothingOfName(..)
            | Self::AgentFailed { .. }
            | Self::WorkloadNotFound(_)
            | Self::NoRole(_)
            | Self::ClusterNotReady { .. }
            | Self::NoIssuer { .. }
            | Self::AccessDenied { .. }
            | Self::Aws { .. }
            | Self::AssociationRefused { .. }
            | Self::NoRoomForAssociations { .. }
            | Self::Unreachable { .. }
            | Self::StackFailed { .. }
            | Self::Overtaken { .. }
            | Self::TrustOvertaken { .. }
            | Self::NotRestarted { .. }
            | Self::StackInDoubt { .. }
            | Self::Contradiction { .. }
            | Self::ChangeRefused { .. }
            | Self::Drifted { .. }
            | Self::Timeout { .. }
            | Self::NotBegun { .. }
            | Self::Unsettled { .. }
            | Self::ServiceAccountHeld { .. }
            | Self::IssuerUntrusted { .. }
            | Self::IssuerTls { .. }
            | Self::IssuerUnreachable { .. }
            | Self::ProxyUnreachable { .. }
            | Self::IssuerDocument { .. }
            | Self::KubernetesUnauthorized { .. }
            | Self::KubernetesForbidden { .. }
            | Self::KubernetesRefused { .. }
            | Self::KubernetesConflict { .. }
            | Self::KubernetesOvertaken { .. }
            | Self::Kubernetes { .. }
            | Self::KubernetesUnreachable { .. }
            | Self::RolloutFailed { .. }
            | Self::PodsLackRole { .. }
            | Self::Kubeconfig { .. }
            | Self::Refused { .. }
            | Self::Unproven(_)
            | Self::Withdrawn { .. }
            | Self::NotWithdrawn { .. }
            | Self::Stopped { .. }
            | Self::Output(_) => 1,
            Self::Shared { error, .. } => error.exit_code(),
            Self::OfRoles { error, .. } => error.exit_code(),
            Self::Several(errors) => errors.iter().map(Self::exit_code).max().unwrap_or(1),
        }
    }
}

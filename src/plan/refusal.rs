//! Why a target is left alone: each reason, told with what mends it.

use serde::Serialize;
use serde_json::Value;

use super::migrate::Obstacle;
use super::trust::TrustObstacle;
use super::{Target, UpdateAssociation};
use crate::model::{
    Audience, ClusterName, CommandLine, Fix, Lookup, Namespace, PolicyArn, RoleArn, RoleName,
    ServiceAccountName, StackName,
};
use crate::policy::Difference;
use crate::template::StackResource;
use crate::world::{Associations, StackStatus};

mod words;

/// A reason to do nothing for a target, as it is told.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Refusal {
    #[serde(skip)]
    pub reason: Reason,
    #[serde(rename = "reason")]
    text: String,
    /// What mends it, names filled in.
    pub hints: Vec<Fix>,
}

impl Refusal {
    /// With its words and hints, which name the cluster and the target.
    pub fn of(reason: Reason, cluster: &ClusterName, target: &Target) -> Self {
        let (text, hints) = reason.told(cluster, target);
        Self {
            reason,
            text,
            hints,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

/// Why nothing is done for a target.
#[derive(Clone, Debug, PartialEq)]
pub enum Reason {
    /// There is no IAM OIDC provider, so that the role could not be assumed.
    NoProvider,
    /// The provider does not take the audience of the tokens.
    NoAudience {
        provider: String,
        audience: Audience,
    },
    PolicyMissing {
        arn: PolicyArn,
    },
    /// More than the account's quota allows.
    OverQuota {
        what: &'static str,
        asked: usize,
        quota: usize,
    },
    /// The inline policies together are longer than IAM takes anywhere.
    InlineTooLong {
        size: usize,
        quota: usize,
    },
    /// An ARN of another partition than the cluster's.
    OtherPartition {
        arn: String,
        partition: String,
    },
    /// A policy of another account than the cluster's: IAM attaches none.
    OtherAccount {
        arn: PolicyArn,
        account: String,
    },
    RoleNameTaken {
        role: RoleName,
        arn: RoleArn,
    },
    RoleMissing {
        arn: RoleArn,
    },
    Differs {
        stack: StackName,
        differences: Vec<Difference>,
        /// Its template is as asked, the role is not.
        by_hand: bool,
        /// What makes it as asked, where flags can say that.
        remedy: Option<CommandLine>,
    },
    /// Only another role could be so.
    AnotherRole {
        differences: Vec<Difference>,
    },
    /// Nothing new can be made in the namespace.
    NamespaceGoing {
        namespace: Namespace,
        left: Vec<String>,
    },
    /// There is nothing to update. With the stack that cannot be, and its status.
    NotThere {
        stack: Option<(StackName, StackStatus)>,
    },
    /// The ServiceAccount's role is of no stack that was found: of the cluster's account, or of another.
    RoleByHand {
        role: RoleArn,
        is_elsewhere: bool,
    },
    /// Its pods have their role by EKS Pod Identity alone.
    OnPodIdentity,
    /// Its trust policy says more than irsactl could keep.
    UnreadableTrust,
    /// The role trusts another issuer: the cluster was made again under its old name.
    OldIssuer {
        found: String,
        wanted: String,
    },
    /// A role in another account than the cluster's trusts another issuer, or none that can be told: clusters
    /// of several accounts may have one name.
    OfOtherCluster {
        account: String,
        found: Option<String>,
        /// `None`: the cluster is gone.
        wanted: Option<String>,
    },
    /// A stack in an account that was not looked at made the annotated role.
    RoleElsewhere {
        role: RoleArn,
        looked: String,
    },
    /// The role was deleted, the stack that made it was not.
    RoleGone {
        stack: StackName,
    },
    /// The role was deleted, and another one has its name.
    RoleReplaced {
        stack: StackName,
        arn: RoleArn,
    },
    DeleteFailed {
        stack: StackName,
        reason: String,
    },
    UpdateFailed {
        stack: StackName,
        status: StackStatus,
        reason: String,
    },
    UnreadableTemplate {
        stack: StackName,
    },
    /// A resource of the stack that is none of irsactl's has the name of one that is to be made.
    ResourceTaken {
        stack: StackName,
        resource: String,
    },
    OtherRole {
        found: String,
        wanted: Option<String>,
    },
    /// A label or annotation that is asked for has another value.
    OtherValue {
        key: String,
        found: String,
        wanted: String,
    },
    /// An association has a role that no stack has.
    RoleOfNoStack {
        role: RoleArn,
    },
    /// A narrower trust policy would shut out associations that send no session tags.
    Untagged {
        accounts: Vec<ServiceAccountName>,
    },
    /// They use the role by a statement alone that was added by hand, and is to go.
    LetInByHand {
        accounts: Vec<ServiceAccountName>,
    },
    /// A role by ARN lets in every association; the statement would let in this one.
    WideRole {
        arn: RoleArn,
        statement: Value,
    },
    /// EKS alone has Pod Identity.
    NotEks,
    /// The EKS Pod Identity Agent is not there to hand roles out.
    NoAgent,
    /// An association's role must be of the cluster's account.
    RoleOfOtherAccount {
        arn: RoleArn,
        account: String,
    },
    /// An existing role does not let the association in; the statement would.
    NotTrusting {
        arn: RoleArn,
        statement: Value,
        /// The association is only changed: no role is made for it.
        is_update: bool,
    },
    /// A session policy beside session tags, which EKS refuses. Whether the association has the policy
    /// already.
    PolicyWithTags {
        is_there: bool,
    },
    /// The association is an add-on's, by that ARN.
    OwnedByAddon {
        owner: String,
    },
    OtherAssociationRole {
        found: RoleArn,
        wanted: Option<String>,
    },
    /// By more than its role, which `create` alone may replace.
    AssociationDiffers {
        change: Box<UpdateAssociation>,
    },
    /// An association names the role of its own stack, which stays its role.
    OwnRole {
        stack: StackName,
    },
    StillTrusted {
        roles: Vec<RoleArn>,
    },
    TrustUnknown {
        message: String,
    },
    ForeignPolicies {
        role: String,
        policies: Vec<String>,
    },
    /// What a stack has beside the role would go with it.
    ForeignResources {
        stack: StackName,
        resources: Lookup<Vec<StackResource>>,
    },
    /// EKS Pod Identity associations use the role, or why that is not known.
    Associated {
        role: String,
        associations: Associations,
        /// The role lets tokens in, too.
        is_on_irsa: bool,
        unknown: Option<String>,
    },
    /// Whether pods of an association need the ServiceAccount is not known.
    AssociationUnknown {
        why: String,
    },
    /// A move to IRSA is not finished, and its stack is the association's still.
    InTheMiddle,
    /// Policies are not detached from a role that the stack did not make, or may not have made.
    NotTheStacks {
        role: String,
        why: String,
    },
    InstanceProfiles {
        role: String,
        profiles: Vec<String>,
    },
    /// Someone else is at work on what nobody asked to delete by its name.
    Underway(StackName, StackStatus),
    /// A trust policy that stays as it is.
    TrustKept(Box<TrustObstacle>),
    /// A role that is to let a service account in, and cannot.
    NotLetIn(Box<RoleArn>, Box<TrustObstacle>),
    /// A service account that stays on its way.
    Unmovable(Box<Obstacle>),
    /// Nothing of that name here, but in other namespaces.
    OtherNamespace {
        namespaces: Vec<String>,
    },
}

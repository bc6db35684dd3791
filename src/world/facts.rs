//! Stacks, roles, providers and ServiceAccounts.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use crate::model::{
    CLUSTER_TAGS, ClusterName, Lookup, MANAGED_BY, MANAGED_BY_LABEL, Map, PolicyArn,
    ROLE_ANNOTATION, ROLE_LOGICAL_ID, RoleArn, SERVICE_ACCOUNT_TAG, ServiceAccountName, StackName,
    Way,
};
use crate::template::{RoleTemplate, StackResource};

use super::{Association, Phase, StackStatus};

/// An IAM OIDC provider.
#[derive(Clone, Debug, PartialEq)]
pub struct OidcProvider {
    pub arn: String,
    pub audiences: Vec<String>,
    pub thumbprints: Vec<String>,
    /// Seconds since 1970. Unknown: IAM does not say.
    pub created: Lookup<i64>,
}

/// A stack, as DescribeStacks tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    pub name: StackName,
    pub id: String,
    pub status: StackStatus,
    pub reason: Option<String>,
    /// When its last update began, in milliseconds since 1970 by AWS's clock.
    pub updated: Option<i64>,
    /// When it was last changed, in milliseconds since 1970 by AWS's clock.
    pub changed: Option<i64>,
    pub tags: Map,
    pub capabilities: Vec<String>,
    /// Output `Role1`.
    pub role_arn: Option<RoleArn>,
    pub protected: bool,
}

impl Stack {
    /// What its status means for the next step.
    pub fn phase(&self) -> Phase {
        self.status.phase()
    }

    /// Whether its update ended well but for what it should have deleted, which stays.
    pub fn has_leftovers(&self) -> bool {
        let reason = self.reason.as_deref().unwrap_or_default();
        reason.contains("could not be deleted")
    }

    /// Whether somebody makes or changes it, or is to approve the change set that makes it.
    pub fn is_underway(&self) -> bool {
        self.phase() == Phase::Busy || self.is_in_review()
    }

    /// Whether it was never created: somebody's change set is to do that.
    pub fn is_in_review(&self) -> bool {
        self.status == StackStatus::ReviewInProgress
    }

    /// The service account whose role it has for one of the ways, by its tag.
    pub fn account(&self, way: Way) -> Option<ServiceAccountName> {
        self.tags.get(way.tag())?.parse().ok()
    }

    /// The service account that it is for, by its tag.
    pub fn service_account(&self) -> Option<ServiceAccountName> {
        self.account(Way::Irsa)
    }

    /// The name of its cluster, as its tags have it.
    pub fn cluster(&self) -> Option<&str> {
        let mut tags = CLUSTER_TAGS.iter();
        tags.find_map(|tag| self.tags.get(*tag)).map(String::as_str)
    }

    /// Whether its tags name this cluster.
    pub fn is_of(&self, cluster: &ClusterName) -> bool {
        CLUSTER_TAGS.iter().any(|tag| {
            self.tags
                .get(*tag)
                .is_some_and(|name| name == cluster.as_str())
        })
    }

    /// Whether its tags name this service account of this cluster. Its name says nothing.
    pub fn is_for(&self, way: Way, cluster: &ClusterName, account: &ServiceAccountName) -> bool {
        self.is_of(cluster) && self.account(way).as_ref() == Some(account)
    }
}

impl Stack {
    /// Whether it has the name of the service account's stack and the tags of this cluster, and no tag that
    /// says whose it is: eksctl's migration to Pod Identity keeps but the last tag of a stack. Others can
    /// have that name too (`a-b/c` and `a/b-c`), so that it takes more to tell whose it is.
    pub fn may_be_for(&self, cluster: &ClusterName, account: &ServiceAccountName) -> bool {
        self.name == StackName::new(Way::Irsa, cluster, account)
            && self.is_of(cluster)
            && self.lacks_owner()
    }

    /// Whether no tag says whose it is.
    pub fn lacks_owner(&self) -> bool {
        !self.tags.contains_key(SERVICE_ACCOUNT_TAG)
    }

    /// The service account that it is for, by its tag, or where that is lost by the ServiceAccount of its
    /// name that is annotated with its role.
    pub fn service_account_among(
        &self,
        cluster: &ClusterName,
        objects: &BTreeMap<ServiceAccountName, ServiceAccount>,
    ) -> Option<ServiceAccountName> {
        let role = self.role_arn.as_ref().map(ToString::to_string);
        let mut annotated = objects
            .iter()
            .filter(|(_, object)| role.is_some() && object.role() == role.as_deref());
        let named = annotated.find(|(name, _)| self.may_be_for(cluster, name));
        self.account(Way::Irsa)
            .or_else(|| named.map(|(name, _)| name.clone()))
    }

    /// Whose a stack is that may be for the service account, by the ServiceAccounts of its cluster.
    pub fn claim(
        &self,
        cluster: &ClusterName,
        account: &ServiceAccountName,
        objects: &BTreeMap<ServiceAccountName, ServiceAccount>,
    ) -> StackOwnership {
        let role = self.role_arn.as_ref().map(ToString::to_string);
        let mut annotated = objects
            .iter()
            .filter(|(_, object)| role.is_some() && object.role() == role.as_deref())
            .map(|(name, _)| name)
            .peekable();
        if annotated.peek().is_some() {
            return if annotated.any(|name| name == account) {
                StackOwnership::Own
            } else {
                StackOwnership::Others
            };
        }
        let mut names = objects.keys();
        match names.find(|name| *name != account && self.may_be_for(cluster, name)) {
            Some(other) => StackOwnership::Open(format!(
                "no ServiceAccount is annotated with its role, and it may be of {other}"
            )),
            None => StackOwnership::Own,
        }
    }
}

/// Whose a stack is that has lost its tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StackOwnership {
    Own,
    Others,
    /// Why it cannot be told.
    Open(String),
}

/// Service accounts, with their EKS Pod Identity associations.
pub type Associations = Vec<(ServiceAccountName, Association)>;

/// A role, as GetRole tells.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleFacts {
    pub arn: RoleArn,
    pub trust: Value,
    pub boundary: Option<PolicyArn>,
    /// Seconds.
    pub max_session_duration: Option<u64>,
    pub tags: Map,
    pub history: RoleHistory,
}

/// What a role's history tells. Times are seconds since 1970.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleHistory {
    pub created: i64,
    /// `None`: never, or not within the tracking period of 400 days.
    pub last_used: Option<LastUse>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct LastUse {
    pub at: i64,
    pub region: String,
}

/// The policies that a role has now, as IAM tells.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LivePolicies {
    pub managed: Vec<PolicyArn>,
    /// Documents by their names.
    pub inline: BTreeMap<String, Value>,
}

/// A service account's stack and what hangs on it.
#[derive(Clone, Debug, PartialEq)]
pub enum StackState {
    Absent,
    Found(Box<FoundStack>),
}

#[derive(Clone, Debug, PartialEq)]
pub struct FoundStack {
    pub stack: Stack,
    /// Why its last operation failed: the first failed event.
    pub failure: Option<String>,
    /// Its template, as it is.
    pub body: Option<Value>,
    /// The same as a role, where it is one of eksctl or irsactl.
    pub template: Option<RoleTemplate>,
    /// All that it has. Looked at where it may be deleted or changed.
    pub resources: Lookup<Vec<StackResource>>,
    pub role: Lookup<RoleFacts>,
    /// Of a ready stack's role.
    pub policies: Lookup<LivePolicies>,
    /// Those that use the role. Asked for only where it lets EKS Pod Identity in, and its template does not.
    pub associations: Lookup<Associations>,
}

impl FoundStack {
    /// The managed policies that it makes itself, by their ARNs and logical ids.
    pub fn own_policies(&self) -> impl Iterator<Item = (PolicyArn, &str)> {
        let resources = self.resources.as_found().into_iter().flatten();
        let policies = resources.filter(|it| it.kind == "AWS::IAM::ManagedPolicy");
        policies.filter_map(|it| Some((it.physical.as_ref()?.parse().ok()?, it.id.as_str())))
    }

    /// The role that the stack itself made. Whoever writes a template may name any role in its output:
    /// the output counts where it is the attribute of the stack's own resource. `None` where the
    /// template was not read.
    pub fn own_role(&self) -> Option<&RoleArn> {
        let role = self.stack.role_arn.as_ref();
        role.filter(|_| self.body.as_ref().is_some_and(Self::makes_its_role))
    }

    /// The same, or where the template was not read the role that the output names.
    pub fn likely_role(&self) -> Option<&RoleArn> {
        match self.body {
            Some(_) => self.own_role(),
            None => self.stack.role_arn.as_ref(),
        }
    }

    /// Whether the role that a template puts out is one that it makes.
    pub fn makes_its_role(body: &Value) -> bool {
        let is_role = body["Resources"][ROLE_LOGICAL_ID]["Type"] == "AWS::IAM::Role";
        let is_its_arn = match &body["Outputs"][ROLE_LOGICAL_ID]["Value"]["Fn::GetAtt"] {
            Value::String(path) => path == "Role1.Arn",
            path => *path == serde_json::json!([ROLE_LOGICAL_ID, "Arn"]),
        };
        is_role && is_its_arn
    }
}

/// Which object was looked at, and in which state. What is decided by it holds only while it is so.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectVersion {
    pub uid: String,
    pub resource_version: String,
}

/// A ServiceAccount object, as far as irsactl cares.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceAccount {
    pub version: ObjectVersion,
    /// It is being deleted, and these finalizers hold it until their work is done.
    pub held_by: Option<Vec<String>>,
    pub labels: Map,
    pub annotations: Map,
    /// Keys that irsactl's own field manager owns. An apply without them would remove them.
    pub applied_labels: BTreeSet<String>,
    pub applied_annotations: BTreeSet<String>,
    /// Its role was made by an earlier stack of the account, and exists no more.
    pub role_is_gone: bool,
    /// When an annotation that pods get their role by was last set, in seconds since 1970.
    pub changed: Option<i64>,
    /// The field manager that set it.
    pub set_by: Option<String>,
    pub defaults: PodDefaults,
}

/// What pods have of their service account beside its token.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PodDefaults {
    /// Names of Secrets.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub image_pull_secrets: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub automount_service_account_token: Option<bool>,
}

impl ServiceAccount {
    /// Made by eksctl or irsactl, hence theirs to delete.
    pub fn is_owned(&self) -> bool {
        self.labels
            .get(MANAGED_BY_LABEL)
            .is_some_and(|value| value == MANAGED_BY)
    }

    /// Whether irsactl or eksctl gave it its role: it is theirs, or the annotation is.
    pub fn is_given_role(&self) -> bool {
        let is_theirs = self.is_owned() || self.applied_annotations.contains(ROLE_ANNOTATION);
        is_theirs && self.role().is_some()
    }

    /// The role of the annotation. Charts leave it there without a value, which the webhook takes for
    /// none, as everyone here does.
    pub fn role(&self) -> Option<&str> {
        let role = self.annotations.get(ROLE_ANNOTATION).map(String::as_str);
        role.filter(|role| !role.is_empty())
    }
}

#[derive(Clone, Debug, PartialEq)]
pub enum ServiceAccountState {
    /// Not asked for: only the role matters.
    NotLooked,
    Missing,
    /// It is missing, and nothing can be made in its namespace, which is being deleted: what of it is left.
    NamespaceGoing(Vec<String>),
    Found(ServiceAccount),
    /// It is being deleted: whatever is written to it goes with it.
    Going(ServiceAccount),
}

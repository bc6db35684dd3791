//! What to do: pure functions from what is asked and what was observed to a list of actions. The
//! plan is data, so that the very list that is shown is the one that is carried out.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use crate::model::{
    Arn, Audience, CLUSTER_TAGS, Issuer, Map, RoleArn, SERVICE_ACCOUNT_TAG, ServiceAccountName,
    StackName, Thumbprint, VERSION_TAG,
};
use crate::template::Capability;

pub mod associate;
pub mod create;
pub mod delete;
mod refusal;
mod token;

pub use refusal::Refusal;

/// Tracks side by side; the actions of a track one after the other.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Plan {
    pub tracks: Vec<Track>,
}

/// All that is to be done for one target.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Track {
    pub target: Target,
    pub actions: Vec<Action>,
    /// Why nothing is done for this target. With a refusal there are no actions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub refusals: Vec<Refusal>,
    /// What may be wrong, and does not stop the work.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// What the user should know and need not mend.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// The role, where it is known before anything is done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// What a track is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Target {
    ServiceAccount(ServiceAccountName),
    /// The IAM OIDC provider of an issuer.
    Provider(Issuer),
}

/// A role, by its ARN or by the stack that will make it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    Arn(RoleArn),
    OutputOf(StackName),
}

/// One change, whole: with all that is sent.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(
    tag = "action",
    rename_all = "camelCase",
    rename_all_fields = "camelCase"
)]
pub enum Action {
    CreateOidcProvider {
        arn: String,
        url: Issuer,
        audiences: Vec<Audience>,
        thumbprints: Option<Vec<Thumbprint>>,
        tags: Map,
    },
    AddAudience {
        provider: String,
        audience: Audience,
    },
    UpdateThumbprints {
        provider: String,
        thumbprints: Vec<Thumbprint>,
    },
    DeleteOidcProvider {
        arn: String,
    },
    /// Best effort: a refused tag is a warning.
    TagCluster {
        cluster: Arn,
        key: &'static str,
        value: String,
    },
    /// Best effort too.
    UntagCluster {
        cluster: Arn,
        key: &'static str,
    },
    /// Waits for an operation that someone else began. What follows is planned afterwards.
    AwaitStack {
        stack: StackName,
        id: String,
        status: String,
    },
    CreateStack(CreateStack),
    DetachPolicies {
        role: String,
        managed: Vec<String>,
        inline: Vec<String>,
    },
    DeleteStack {
        stack: StackName,
        id: String,
        lift_protection: bool,
        service_role: Option<RoleArn>,
        ending: Ending,
    },
    ApplyServiceAccount(ServiceAccountChange),
    DeleteServiceAccount {
        name: ServiceAccountName,
    },
    RemoveAnnotations {
        name: ServiceAccountName,
        annotations: Vec<String>,
    },
}

/// CreateStack's input. The token derives from all of it, so that a repeated request is one request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateStack {
    pub stack: StackName,
    pub template: Value,
    pub tags: Map,
    pub capability: Capability,
    pub rollback: Rollback,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_role: Option<RoleArn>,
    pub token: String,
}

/// What CloudFormation does with the resources of a stack whose creation fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Rollback {
    #[default]
    Enabled,
    Disabled,
}

/// Whether the end of a deletion is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Ending {
    Awaited,
    NotAwaited,
}

/// A server-side apply of a ServiceAccount: only the fields that irsactl answers for.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceAccountChange {
    pub name: ServiceAccountName,
    pub presence: Presence,
    pub role: Role,
    pub labels: Map,
    /// Without the role's.
    pub annotations: Map,
    pub conflicts: Conflicts,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Presence {
    Missing,
    Found,
}

/// What happens when another field manager owns one of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Conflicts {
    #[default]
    Refused,
    Overridden,
}

impl Plan {
    pub fn one(track: Track) -> Self {
        Self {
            tracks: vec![track],
        }
    }

    pub fn actions(&self) -> impl Iterator<Item = &Action> {
        self.tracks.iter().flat_map(|track| &track.actions)
    }

    pub fn refusals(&self) -> impl Iterator<Item = (&Target, &Refusal)> {
        self.tracks.iter().flat_map(|track| {
            track
                .refusals
                .iter()
                .map(move |refusal| (&track.target, refusal))
        })
    }

    /// Whether there is nothing to do and nothing that was refused.
    pub fn is_empty(&self) -> bool {
        self.actions().next().is_none() && self.refusals().next().is_none()
    }

    /// Whether the plan ends in a wait, after which the world must be looked at again.
    pub fn is_provisional(&self) -> bool {
        self.actions()
            .any(|action| matches!(action, Action::AwaitStack { .. }))
    }
}

impl Track {
    pub fn new(target: Target) -> Self {
        Self {
            target,
            actions: Vec::new(),
            refusals: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
            role: None,
        }
    }

    /// A refused target is left alone: its actions go.
    fn settled(mut self) -> Self {
        if !self.refusals.is_empty() {
            self.actions.clear();
        }
        self
    }
}

impl Action {
    /// Verb, its past form, and what it is done to.
    pub fn words(&self) -> (&'static str, &'static str, String) {
        match self {
            Self::CreateOidcProvider { url, .. } => {
                ("create", "created", format!("IAM OIDC provider for {url}"))
            }
            Self::AddAudience { audience, provider } => (
                "add",
                "added",
                format!("audience \"{audience}\" to IAM OIDC provider {provider}"),
            ),
            Self::UpdateThumbprints { provider, .. } => (
                "update",
                "updated",
                format!("thumbprints of IAM OIDC provider {provider}"),
            ),
            Self::DeleteOidcProvider { arn } => {
                ("delete", "deleted", format!("IAM OIDC provider {arn}"))
            }
            Self::TagCluster {
                cluster,
                key,
                value,
            } => (
                "tag",
                "tagged",
                format!("{} with {key}={value}", cluster.resource),
            ),
            Self::UntagCluster { cluster, key } => (
                "untag",
                "untagged",
                format!("{} of {key}", cluster.resource),
            ),
            Self::AwaitStack { stack, status, .. } => (
                "wait for",
                "waited for",
                format!("stack {stack} ({status})"),
            ),
            Self::CreateStack(create) => ("create", "created", format!("stack {}", create.stack)),
            Self::DetachPolicies {
                role,
                managed,
                inline,
            } => {
                let inline = inline.iter().map(|name| format!("{name} (inline)"));
                let all: Vec<String> = managed.iter().cloned().chain(inline).collect();
                (
                    "detach",
                    "detached",
                    format!("{} from role {role}", all.join(", ")),
                )
            }
            Self::DeleteStack {
                stack,
                ending: Ending::Awaited,
                ..
            } => ("delete", "deleted", format!("stack {stack}")),
            Self::DeleteStack { stack, .. } => {
                ("delete", "began to delete", format!("stack {stack}"))
            }
            Self::ApplyServiceAccount(change) => match change.presence {
                Presence::Missing => (
                    "create",
                    "created",
                    format!("service account {}", change.name),
                ),
                Presence::Found => (
                    "annotate",
                    "annotated",
                    format!("service account {}", change.name),
                ),
            },
            Self::DeleteServiceAccount { name } => {
                ("delete", "deleted", format!("service account {name}"))
            }
            Self::RemoveAnnotations { name, annotations } => (
                "remove",
                "removed",
                format!("{} from service account {name}", annotations.join(", ")),
            ),
        }
    }

    /// What the one line cannot hold: names and values that will be set.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::CreateOidcProvider {
                audiences,
                thumbprints,
                ..
            } => {
                let audiences: Vec<&str> = audiences.iter().map(Audience::as_str).collect();
                let thumbprints = thumbprints
                    .as_ref()
                    .map_or("fetched by IAM".to_owned(), |all| join(all));
                vec![
                    format!("audience: {}", audiences.join(", ")),
                    format!("thumbprint: {thumbprints}"),
                ]
            }
            Self::UpdateThumbprints { thumbprints, .. } => {
                vec![format!("thumbprint: {}", join(thumbprints))]
            }
            Self::CreateStack(create) => create.details(),
            Self::ApplyServiceAccount(change) => change.details(),
            _ => Vec::new(),
        }
    }
}

fn join(thumbprints: &[Thumbprint]) -> String {
    thumbprints
        .iter()
        .map(Thumbprint::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

impl CreateStack {
    fn details(&self) -> Vec<String> {
        let resources = self.template["Resources"].as_object();
        let role = &self.template["Resources"]["Role1"]["Properties"];
        let text = |value: &Value| {
            value
                .as_str()
                .or_else(|| value["Fn::Sub"].as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let mut details = Vec::new();
        if let Some(name) = role["RoleName"].as_str() {
            details.push(format!("role name: {name}"));
        }
        if let Some(path) = role["Path"].as_str() {
            details.push(format!("role path: {path}"));
        }
        for arn in role["ManagedPolicyArns"].as_array().into_iter().flatten() {
            details.push(format!("managed policy: {}", text(arn)));
        }
        for name in resources
            .into_iter()
            .flat_map(|resources| resources.keys())
            .filter(|name| *name != "Role1")
        {
            details.push(format!("inline policy: {name}"));
        }
        if let Some(boundary) = role["PermissionsBoundary"].as_str() {
            details.push(format!("permissions boundary: {boundary}"));
        }
        if let Some(seconds) = role["MaxSessionDuration"].as_u64() {
            details.push(format!("maximum session duration: {seconds} seconds"));
        }
        let asked = self.tags.iter().filter(|(key, _)| !is_own_tag(key));
        details.extend(asked.map(|(key, value)| format!("tag: {key}={value}")));
        if let Some(service_role) = &self.service_role {
            details.push(format!("CloudFormation works as: {service_role}"));
        }
        details
    }
}

/// Tags that every stack has, and nobody asks for.
fn is_own_tag(key: &str) -> bool {
    CLUSTER_TAGS.contains(&key) || [VERSION_TAG, SERVICE_ACCOUNT_TAG].contains(&key)
}

impl ServiceAccountChange {
    fn details(&self) -> Vec<String> {
        let mut details = vec![match &self.role {
            Role::Arn(arn) => format!("role: {arn}"),
            Role::OutputOf(stack) => format!("role: known when stack {stack} is ready"),
        }];
        for (kind, map) in [("label", &self.labels), ("annotation", &self.annotations)] {
            details.extend(
                map.iter()
                    .map(|(key, value)| format!("{kind}: {key}={value}")),
            );
        }
        if self.presence == Presence::Missing {
            details.push(format!(
                "namespace: {}, made where it is missing",
                self.name.namespace
            ));
        }
        details
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, _, what) = self.words();
        write!(f, "{verb} {what}")
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ServiceAccount(name) => name.fmt(f),
            Self::Provider(issuer) => write!(f, "{issuer}"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.reason())
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([
            ("reason", serde_json::Value::from(self.reason())),
            ("hints", self.hints().into()),
        ])
    }
}

//! One change as data: all that is sent, in words for the reader, and whole for machines.

use std::fmt;

use serde::Serialize;
use serde_json::Value;

use super::migrate::{Prove, UpdateTrust};
use super::restart::{Expected, StaleWorkload, told};
use super::{
    ActionKind, CreateAssociation, CreateStack, ObjectPresence, ServiceAccountChange,
    UpdateAssociation, UpdateStack, WorkloadMove, WorkloadParting, held,
};
use crate::asked::{Deployment, Ending};
use crate::model::{
    AGENT, Arn, Audience, ClusterName, Issuer, Map, PolicyArn, RoleArn, ServiceAccountName,
    StackName, Thumbprint, Workload, shown_as_value,
};
use crate::policy::Difference;
use crate::template::{StackResource, fetched_values};
use crate::world::{ObjectVersion, Stack, StackStatus};

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
        status: StackStatus,
    },
    CreateStack(CreateStack),
    UpdateStack(UpdateStack),
    /// Brings a stack whose roll-back failed to an end. What follows is planned afterwards.
    ContinueRollback {
        stack: StackName,
        id: String,
        service_role: Option<RoleArn>,
    },
    /// Undoes what was changed on a role behind CloudFormation's back.
    RepairRole {
        role: String,
        differences: Vec<Difference>,
        repairs: Vec<Repair>,
    },
    DetachPolicies {
        role: String,
        managed: Vec<PolicyArn>,
        inline: Vec<String>,
    },
    DeleteStack {
        stack: StackName,
        id: String,
        lift_protection: bool,
        #[serde(flatten)]
        deployment: Deployment,
        ending: Ending,
        /// Resources that are no part of the role.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        goes_too: Vec<StackResource>,
    },
    ApplyServiceAccount(ServiceAccountChange),
    /// Makes the add-on, and waits until it is active.
    InstallAgent {
        cluster: ClusterName,
    },
    CreateAssociation(CreateAssociation),
    UpdateAssociation(Box<UpdateAssociation>),
    DeleteAssociation {
        cluster: ClusterName,
        name: ServiceAccountName,
        id: String,
        role: RoleArn,
    },
    /// Replaces the trust policy of a role that no stack of ours made, as long as it is as it was seen.
    UpdateTrust(UpdateTrust),
    /// Has a token of the service account exchanged for its role.
    Prove(Prove),
    /// Replaces all pods of a workload, as `kubectl rollout restart` does.
    RestartWorkload(StaleWorkload),
    /// Gives the pods of a workload another service account, which replaces them.
    MoveWorkload(WorkloadMove),
    /// Takes what the way of before reads off the pods of a workload, which replaces them.
    PartWorkload(WorkloadParting),
    /// Waits until the rollout is over and the new pods have what is expected.
    AwaitPods {
        workload: Workload,
        expected: Expected,
    },
    DeleteServiceAccount {
        name: ServiceAccountName,
        #[serde(flatten)]
        seen: ObjectVersion,
        ending: Ending,
    },
    /// Waits until one that is being deleted is gone. What follows is planned afterwards.
    AwaitServiceAccount {
        name: ServiceAccountName,
        held_by: Vec<String>,
    },
    RemoveAnnotations {
        name: ServiceAccountName,
        annotations: Vec<String>,
        #[serde(flatten)]
        seen: ObjectVersion,
    },
}

/// One call of IAM that brings a role back to its template.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Repair {
    Attach(PolicyArn),
    Detach(PolicyArn),
    PutInline {
        name: String,
        document: Value,
    },
    DeleteInline {
        name: String,
    },
    SetTrust(Value),
    SetBoundary(PolicyArn),
    RemoveBoundary,
    /// Seconds.
    SetSessionDuration(u32),
}

impl Action {
    /// The wait for the end of what goes on with a stack.
    pub fn await_stack(stack: &Stack) -> Self {
        Self::AwaitStack {
            stack: stack.name.clone(),
            id: stack.id.clone(),
            status: stack.status.clone(),
        }
    }

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
            Self::UpdateStack(update) => ("update", "updated", format!("stack {}", update.stack)),
            Self::ContinueRollback { stack, .. } => (
                "continue",
                "continued",
                format!("the roll-back of stack {stack}"),
            ),
            Self::RepairRole { role, .. } => ("repair", "repaired", format!("role {role}")),
            Self::DetachPolicies {
                role,
                managed,
                inline,
            } => {
                let inline = inline.iter().map(|name| format!("{name} (inline)"));
                let all: Vec<String> = managed
                    .iter()
                    .map(ToString::to_string)
                    .chain(inline)
                    .collect();
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
            Self::ApplyServiceAccount(change) => match &change.presence {
                ObjectPresence::Missing => (
                    "create",
                    "created",
                    format!("service account {}", change.name),
                ),
                ObjectPresence::Found(_) => (
                    "annotate",
                    "annotated",
                    format!("service account {}", change.name),
                ),
            },
            Self::InstallAgent { cluster } => (
                "install",
                "installed",
                format!("add-on {AGENT} in cluster {cluster}"),
            ),
            Self::CreateAssociation(create) => ("create", "created", association(&create.name)),
            Self::UpdateAssociation(update) => ("update", "updated", association(&update.name)),
            Self::DeleteAssociation { name, .. } => ("delete", "deleted", association(name)),
            Self::UpdateTrust(update) => (
                "update",
                "updated",
                format!("the trust policy of role {}", update.role),
            ),
            Self::Prove(it) => (
                "prove",
                "proved",
                format!("that {} can use {} by {}", it.name, it.role, it.way),
            ),
            Self::RestartWorkload(stale) => ("restart", "restarted", stale.workload.to_string()),
            Self::MoveWorkload(moved) => (
                "move",
                "moved",
                format!(
                    "{} to service account {}",
                    moved.workload, moved.service_account
                ),
            ),
            Self::PartWorkload(parting) => (
                "remove",
                "removed",
                format!(
                    "{} from the pods of {}",
                    parting.annotations.join(", "),
                    parting.workload
                ),
            ),
            Self::AwaitPods { workload, .. } => (
                "wait for",
                "waited for",
                format!("the new pods of {workload}"),
            ),
            Self::DeleteServiceAccount { name, ending, .. } => {
                let past = match ending {
                    Ending::Awaited => "deleted",
                    Ending::NotAwaited => "began to delete",
                };
                ("delete", past, format!("service account {name}"))
            }
            Self::AwaitServiceAccount { name, held_by } => (
                "wait for",
                "waited for",
                format!("the deletion of service account {name}{}", held(held_by)),
            ),
            Self::RemoveAnnotations {
                name, annotations, ..
            } => (
                "remove",
                "removed",
                format!("{} from service account {name}", annotations.join(", ")),
            ),
        }
    }

    /// Whether it is done in the account of the role, which its words do not name.
    pub fn is_in_account_of_role(&self) -> bool {
        matches!(
            self,
            Self::CreateOidcProvider { .. }
                | Self::AwaitStack { .. }
                | Self::CreateStack(_)
                | Self::UpdateStack(_)
                | Self::ContinueRollback { .. }
                | Self::RepairRole { .. }
                | Self::DetachPolicies { .. }
                | Self::DeleteStack { .. }
                | Self::UpdateTrust(_)
        )
    }

    /// What it does to what it is about.
    pub fn kind(&self) -> ActionKind {
        match self {
            Self::CreateOidcProvider { .. }
            | Self::CreateStack(_)
            | Self::InstallAgent { .. }
            | Self::CreateAssociation(_) => ActionKind::Create,
            Self::ApplyServiceAccount(change) => match &change.presence {
                ObjectPresence::Missing => ActionKind::Create,
                ObjectPresence::Found(_) => ActionKind::Change,
            },
            Self::DeleteOidcProvider { .. }
            | Self::DeleteStack { .. }
            | Self::DeleteAssociation { .. }
            | Self::DeleteServiceAccount { .. } => ActionKind::Delete,
            // An inline policy is nowhere else.
            Self::DetachPolicies { inline, .. } if !inline.is_empty() => ActionKind::Delete,
            Self::AddAudience { .. }
            | Self::UpdateThumbprints { .. }
            | Self::TagCluster { .. }
            | Self::UntagCluster { .. }
            | Self::UpdateStack(_)
            | Self::UpdateAssociation(_)
            | Self::UpdateTrust(_)
            | Self::ContinueRollback { .. }
            | Self::RepairRole { .. }
            | Self::DetachPolicies { .. }
            | Self::RestartWorkload(_)
            | Self::MoveWorkload(_)
            | Self::PartWorkload(_)
            | Self::RemoveAnnotations { .. } => ActionKind::Change,
            Self::AwaitStack { .. }
            | Self::AwaitServiceAccount { .. }
            | Self::AwaitPods { .. }
            | Self::Prove(_) => ActionKind::Wait,
        }
    }

    /// Whether it only waits for what someone else does.
    pub fn is_wait(&self) -> bool {
        matches!(
            self,
            Self::AwaitStack { .. } | Self::AwaitServiceAccount { .. }
        )
    }

    /// What the one line cannot hold: names and values that will be set.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::CreateOidcProvider {
                audiences,
                thumbprints,
                ..
            } => provider_details(audiences, thumbprints.as_deref()),
            Self::UpdateThumbprints { thumbprints, .. } => {
                vec![format!("thumbprint: {}", join(thumbprints))]
            }
            Self::CreateStack(create) => create.details(),
            Self::UpdateStack(update) => {
                let values = fetched_values(&update.template).into_iter();
                let more = values.chain(update.deployment.told());
                lines(&update.differences).into_iter().chain(more).collect()
            }
            Self::RepairRole { differences, .. } => lines(differences),
            Self::DeleteStack {
                goes_too,
                deployment,
                ..
            } => {
                let goes_too = goes_too.iter().map(|it| format!("goes too: {it}"));
                goes_too.chain(deployment.told()).collect()
            }
            Self::ApplyServiceAccount(change) => change.details(),
            Self::CreateAssociation(create) => create.details(),
            Self::UpdateAssociation(update) => lines(&update.differences),
            Self::DeleteAssociation { role, .. } => vec![format!("role: {role}")],
            Self::UpdateTrust(update) => lines(&update.differences),
            Self::RestartWorkload(stale) => told(&stale.pods),
            _ => Vec::new(),
        }
    }
}

fn provider_details(audiences: &[Audience], thumbprints: Option<&[Thumbprint]>) -> Vec<String> {
    let audiences: Vec<&str> = audiences.iter().map(Audience::as_str).collect();
    let thumbprints = thumbprints.map_or("fetched by IAM".to_owned(), join);
    vec![
        format!("audience: {}", audiences.join(", ")),
        format!("thumbprint: {thumbprints}"),
    ]
}

fn association(name: &ServiceAccountName) -> String {
    format!("EKS Pod Identity association of service account {name}")
}

/// The lines of each, one after the other.
pub fn lines(differences: &[Difference]) -> Vec<String> {
    differences.iter().flat_map(Difference::lines).collect()
}

/// Thumbprints with commas between them.
pub fn join(thumbprints: &[Thumbprint]) -> String {
    thumbprints
        .iter()
        .map(Thumbprint::as_str)
        .collect::<Vec<_>>()
        .join(", ")
}

/// `KEY=VALUE` as it is shown: on one line, whatever others wrote in it.
pub fn pair(key: &str, value: &str) -> String {
    shown_as_value(&format!("{key}={value}"))
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (verb, _, what) = self.words();
        write!(f, "{verb} {what}")
    }
}

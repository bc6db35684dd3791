//! From what exists to what would be asked for it: the account that a config file would describe.

use std::collections::BTreeMap;

use super::AUDIENCE_ANNOTATION;
use serde_json::Value;

use crate::asked::{
    AssociationSpec, Conflicts, IamServiceAccount, Permissions, RoleTrust, Rollback, Scope,
};
use crate::model::{
    Audience, Cluster, MANAGED_BY_LABEL, Map, PolicyArn, ROLE_ANNOTATION, RoleArn,
    SAVED_ANNOTATION, ServiceAccountName, is_aws_tag, is_own_tag,
};
use crate::policy::pod_identity::{self, TrustedAssociation};
use crate::policy::{PolicyDocument, TrustTerms, others, statements};
use crate::template::{DocumentName, ManagedPolicy, RoleSpec, RoleTemplate, Trusted, is_document};
use crate::world::{Association, ServiceAccount};

/// kubectl's own note of what it applied.
const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";

/// An account as a file would ask for it, and what no file can say.
pub struct FoundAccount {
    pub asked: IamServiceAccount,
    pub lost: Vec<String>,
    /// Whom else the role lets in. That stays without being asked for.
    pub also_trusted: String,
}

/// A service account with a stack, of a cluster with this provider.
pub fn with_stack(
    name: &ServiceAccountName,
    provider: &str,
    template: &RoleTemplate,
    role: Option<&RoleArn>,
    tags: &Map,
    object: Option<&ServiceAccount>,
) -> FoundAccount {
    let mut lost = Vec::new();
    let parted = others::parted(&template.trust, name, provider);
    let trust = TrustTerms::read(&parted.own, name);
    if trust.is_none() {
        lost.push("its trust policy was written by hand".to_owned());
    }
    let trust = trust.unwrap_or_default();
    let mut spec = role_spec(template, &mut lost);
    spec.audience = trust.audience.clone();
    spec.subject_pattern = trust.pattern;
    let object = object.filter(|object| object.role() == role.map(ToString::to_string).as_deref());
    let mut asked = account(name, Permissions::Role(spec), object);
    if let Some(other) = asked.annotations.get(AUDIENCE_ANNOTATION)
        && other != trust.audience.as_str()
    {
        let audience = &trust.audience;
        lost.push(format!(
            "its tokens are for the audience {other}, its role trusts {audience}"
        ));
    }
    asked.audience = trust.audience;
    asked.tags = tags.clone();
    asked
        .tags
        .retain(|key, _| !is_own_tag(key) && !is_aws_tag(key));
    FoundAccount {
        asked,
        lost,
        also_trusted: parted.others_told(),
    }
}

/// A ServiceAccount of ours that uses a role without a stack.
pub fn with_role(
    name: &ServiceAccountName,
    role: RoleArn,
    object: &ServiceAccount,
) -> IamServiceAccount {
    let mut asked = account(name, Permissions::Existing(role), Some(object));
    let audience = asked.annotations.get(AUDIENCE_ANNOTATION);
    if let Some(audience) = audience.and_then(|audience| audience.parse().ok()) {
        asked.audience = audience;
    }
    asked
}

/// An EKS Pod Identity association; with the template of the stack that made its role for it alone, where
/// one did. The external id of a target role is EKS's own.
pub fn associated(
    name: &ServiceAccountName,
    association: &Association,
    template: Option<&RoleTemplate>,
    cluster: &Cluster,
    object: Option<&ServiceAccount>,
) -> FoundAccount {
    let mut lost = Vec::new();
    let mut tags = association.tags.clone();
    tags.retain(|key, _| !is_own_tag(key) && !is_aws_tag(key));
    let permissions = match template {
        Some(template) => made_role(template, name, cluster, &mut lost),
        None => Permissions::Existing(association.role.clone()),
    };
    let policy = association.policy.as_deref().and_then(|text| {
        let parsed = PolicyDocument::parse(text);
        parsed
            .map_err(|rule| lost.push(format!("its session policy {rule}")))
            .ok()
    });
    let target = association.target_role.clone();
    let untagged = association.session_tags_disabled.then_some(true);
    let mut asked = account(name, permissions, None);
    let is_made = |object: &ServiceAccount| object.is_owned() && object.role().is_none();
    if object.is_some_and(is_made) {
        asked.scope = Scope::Whole;
    }
    asked.tags = tags;
    asked.association = Some(AssociationSpec::declared(target, untagged, policy));
    let trust = template.map(|template| &template.trust);
    let others = trust.into_iter().flat_map(statements);
    let others = others.filter(|it| !pod_identity::is_of_pod_identity(it));
    let others: Vec<Value> = others.cloned().collect();
    FoundAccount {
        asked,
        lost,
        also_trusted: others::principals(&others),
    }
}

/// The role that a stack made for the association alone.
fn made_role(
    template: &RoleTemplate,
    name: &ServiceAccountName,
    cluster: &Cluster,
    lost: &mut Vec<String>,
) -> Permissions {
    let mut spec = role_spec(template, lost);
    spec.document_name = named_document(template, &spec);
    spec.trusted = trusted(template, name, cluster, lost);
    Permissions::Role(spec)
}

/// Whom an association's role lets in, as a file says it.
fn trusted(
    template: &RoleTemplate,
    account: &ServiceAccountName,
    cluster: &Cluster,
    lost: &mut Vec<String>,
) -> Trusted {
    let statements = others::of_pod_identity(&template.trust);
    let arn = cluster.arn();
    let is_own = |it: &&Value| {
        let only = arn.as_ref().map(|cluster_arn| TrustedAssociation {
            account,
            cluster_arn,
        });
        only.is_some_and(|only| pod_identity::is_for(it, only))
    };
    if statements
        .iter()
        .copied()
        .any(pod_identity::is_unconditional)
    {
        return Trusted::AnyAssociation;
    }
    if !statements.iter().any(is_own) {
        lost.push("its trust policy was written by hand".to_owned());
    }
    Trusted::ThisAssociation
}

/// What eksctl calls the one document, where that is not what irsactl calls it.
fn named_document(template: &RoleTemplate, spec: &RoleSpec) -> Option<DocumentName> {
    let well_known = spec.well_known.iter().map(|policy| policy.entry());
    let known: Vec<&String> = well_known.flat_map(|it| it.policies.keys()).collect();
    let mut own = template.inline.keys().filter(|name| !known.contains(name));
    let (name, rest) = (own.next()?, own.next());
    let is_named = rest.is_none() && !is_document(name);
    name.parse().ok().filter(|_| is_named)
}

/// An account with its ServiceAccount's labels and annotations.
pub fn account(
    name: &ServiceAccountName,
    permissions: Permissions,
    object: Option<&ServiceAccount>,
) -> IamServiceAccount {
    let mut asked = IamServiceAccount::bare(name.clone(), permissions);
    let Some(object) = object else {
        asked.scope = Scope::RoleOnly;
        return asked;
    };
    asked.labels.clone_from(&object.labels);
    asked.annotations.clone_from(&object.annotations);
    // What others wrote on an object of theirs is theirs.
    if !object.is_owned() {
        asked
            .labels
            .retain(|key, _| object.applied_labels.contains(key));
        asked
            .annotations
            .retain(|key, _| object.applied_annotations.contains(key));
    }
    asked.labels.remove(MANAGED_BY_LABEL);
    asked.annotations.remove(ROLE_ANNOTATION);
    asked.annotations.remove(LAST_APPLIED);
    asked.annotations.remove(SAVED_ANNOTATION);
    asked
}

impl IamServiceAccount {
    /// A service account with these permissions, and nothing asked beside them.
    pub fn bare(name: ServiceAccountName, permissions: Permissions) -> Self {
        Self {
            name,
            account: None,
            permissions,
            labels: Map::new(),
            annotations: Map::new(),
            audience: Audience::default(),
            tags: Map::new(),
            scope: Scope::Whole,
            conflicts: Conflicts::Refused,
            service_role: None,
            deployment_mode: None,
            rollback: Rollback::Enabled,
            trust: RoleTrust::Kept,
            provider: None,
            association: None,
        }
    }
}

fn role_spec(template: &RoleTemplate, lost: &mut Vec<String>) -> RoleSpec {
    let well_known = template.well_known();
    let mut managed = template.managed.clone();
    let mut inline = template.inline.clone();
    for entry in well_known.iter().map(|policy| policy.entry()) {
        for name in &entry.managed_policies {
            managed.retain(|policy| !policy.is_aws(name));
        }
        inline.retain(|name, _| !entry.policies.contains_key(name));
    }
    // eksctl lets the one document of an association have a name.
    let is_only = inline.len() == 1 && template.is_of_association();
    let documents = documents(inline, is_only, lost);
    let managed_arns = managed_arns(managed, lost);
    let boundary = template.boundary.as_ref();
    if let Some(written @ ManagedPolicy::Written(_)) = boundary {
        lost.push(format!("its permissions boundary {written} is no ARN"));
    }
    RoleSpec {
        managed: managed_arns,
        inline: documents,
        well_known,
        boundary: boundary.and_then(ManagedPolicy::arn).cloned(),
        name: template
            .role_name
            .as_ref()
            .and_then(|name| name.parse().ok()),
        path: template.path.as_ref().and_then(|path| path.parse().ok()),
        max_session_duration: template
            .max_session_duration
            .and_then(|seconds| u32::try_from(seconds).ok()),
        ..RoleSpec::default()
    }
}

/// Inline policies have the names of their places, but for one that may have any.
fn documents(
    inline: BTreeMap<String, Value>,
    may_have_any_name: bool,
    lost: &mut Vec<String>,
) -> Vec<PolicyDocument> {
    let mut documents = Vec::new();
    for (place, (name, document)) in by_number(inline).into_iter().enumerate() {
        if name != format!("Policy{}", place + 1) && !may_have_any_name {
            lost.push(format!("its inline policy {name} would get another name"));
        }
        match PolicyDocument::parse(&document.to_string()) {
            Ok(document) => documents.push(document),
            Err(rule) => lost.push(format!("its inline policy {name} {rule}")),
        }
    }
    documents
}

fn managed_arns(
    managed: impl IntoIterator<Item = ManagedPolicy>,
    lost: &mut Vec<String>,
) -> Vec<PolicyArn> {
    let mut arns = Vec::new();
    for policy in managed {
        match policy {
            ManagedPolicy::Arn(arn) => arns.push(arn),
            written => lost.push(format!("its managed policy {written} is no ARN")),
        }
    }
    arns
}

/// `Policy2` before `Policy10`.
fn by_number<T>(inline: std::collections::BTreeMap<String, T>) -> Vec<(String, T)> {
    let mut all: Vec<_> = inline.into_iter().collect();
    all.sort_by_key(|(name, _)| {
        let number = name.strip_prefix("Policy").and_then(|n| n.parse().ok());
        (number.unwrap_or(u32::MAX), name.clone())
    });
    all
}

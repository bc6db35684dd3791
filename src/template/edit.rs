//! Changes of a role's template by single flags: what is not named stays as it is, whoever wrote it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::foreign::is_inline;
use super::managed::ManagedPolicy;
use super::role::RoleTemplate;
use super::{
    DocumentName, RoleSpec, WELL_KNOWN, WellKnownPolicy, document_ids, inline_resource,
    managed_reference,
};
use crate::model::{
    Audience, PolicyArn, ROLE_LOGICAL_ID, RoleName, RolePath, StackName, SubjectPattern,
};
use crate::policy::PolicyDocument;

/// What is to change of a role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleEdits {
    pub managed: Managed,
    /// Replace the inline policies that came as documents (`Policy1`, `Policy2`, …).
    pub documents: Option<Vec<PolicyDocument>>,
    pub document_name: Option<DocumentName>,
    /// Inline policies to take away, by their names in the template or in IAM.
    pub removed_inline: Vec<String>,
    /// Put in, or brought to their present text.
    pub well_known: Vec<WellKnownPolicy>,
    pub boundary: Boundary,
    /// Only to be compared: a role keeps its name and its path.
    pub name: Option<RoleName>,
    pub path: Option<RolePath>,
    /// Seconds, 3600 to 43200 (IAM API).
    pub max_session_duration: Option<u32>,
    pub subject_pattern: Option<SubjectPattern>,
    pub audience: Option<Audience>,
}

/// What is to become of the managed policies.
#[derive(Clone, Debug, PartialEq)]
pub enum Managed {
    /// Those of well-known policies stay.
    Replaced(Vec<PolicyArn>),
    Changed {
        added: Vec<PolicyArn>,
        removed: Vec<PolicyArn>,
    },
}

impl Default for Managed {
    fn default() -> Self {
        Self::Changed {
            added: Vec::new(),
            removed: Vec::new(),
        }
    }
}

/// What is to become of the permissions boundary.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Boundary {
    #[default]
    Kept,
    Set(PolicyArn),
    Removed,
}

impl RoleEdits {
    /// What makes a role all that is asked for, and takes away what irsactl and eksctl render and is not.
    /// Policies in other words than theirs are none of their own, and stay.
    pub fn declared(spec: &RoleSpec, found: &RoleTemplate) -> Self {
        let managed = found.managed.iter().filter_map(ManagedPolicy::arn);
        let is_asked = |policy: &&WellKnownPolicy| spec.well_known.contains(policy);
        let others = WELL_KNOWN.iter().filter(|policy| !is_asked(policy));
        let asked = spec.inline_documents();
        let removed = others.flat_map(|policy| policy.entry().policies.keys());
        Self {
            managed: Managed::Changed {
                added: spec.managed.clone(),
                removed: managed
                    .filter(|arn| !spec.managed.contains(arn))
                    .cloned()
                    .collect(),
            },
            documents: Some(spec.inline.clone()),
            document_name: spec.document_name.clone(),
            removed_inline: removed
                .filter(|it| !asked.contains_key(*it))
                .cloned()
                .collect(),
            well_known: spec.well_known.clone(),
            boundary: match (&spec.boundary, &found.boundary) {
                (Some(arn), _) => Boundary::Set(arn.clone()),
                (None, Some(_)) => Boundary::Removed,
                (None, None) => Boundary::Kept,
            },
            name: spec.name.clone(),
            path: spec.path.clone(),
            // An hour unless set (IAM API).
            max_session_duration: spec
                .max_session_duration
                .or(found.max_session_duration.map(|_| 3600)),
            // Parts of the trust policy, which is handed in whole.
            subject_pattern: None,
            audience: None,
        }
    }

    /// The managed policies and the boundary that are asked for by ARN.
    pub fn policies(&self) -> impl Iterator<Item = &PolicyArn> {
        let managed = match &self.managed {
            Managed::Replaced(all) => all,
            Managed::Changed { added, .. } => added,
        };
        let boundary = match &self.boundary {
            Boundary::Set(arn) => Some(arn),
            Boundary::Kept | Boundary::Removed => None,
        };
        managed.iter().chain(boundary)
    }

    /// The template of a stack with these changes, and with the trust policy that follows from them. A
    /// template without `Role1` stays as it is.
    pub fn applied(
        &self,
        template: &Value,
        trust: Option<Value>,
        stack: &StackName,
        partition: &str,
    ) -> Value {
        let mut template = template.clone();
        let Some(resources) = template.get_mut("Resources").and_then(Value::as_object_mut) else {
            return template;
        };
        if let Some(documents) = &self.documents {
            let ids = document_ids(self.document_name.as_ref());
            let documents: BTreeMap<String, &Value> = ids
                .zip(documents.iter().map(PolicyDocument::as_value))
                .collect();
            resources.retain(|name, resource| {
                documents.contains_key(name) || !(is_document(name) && is_inline(resource))
            });
            for (name, document) in documents {
                put_inline(resources, stack, &name, document);
            }
        }
        for policy in &self.well_known {
            for (name, document) in &policy.entry().policies {
                put_inline(resources, stack, name, document);
            }
        }
        resources.retain(|name, resource| !(is_inline(resource) && self.removes(name, stack)));
        if let Some(role) = resources
            .get_mut(ROLE_LOGICAL_ID)
            .and_then(|role| role.get_mut("Properties"))
            .and_then(Value::as_object_mut)
        {
            self.apply_to_role(role, trust, partition);
        }
        template
    }

    /// Whether an inline policy is to be taken away; its name is without the stack's.
    pub fn removes(&self, name: &str, stack: &StackName) -> bool {
        let full = stack.policy_name(name);
        let mut removed = self.removed_inline.iter();
        removed.any(|removed| removed == name || *removed == full)
    }

    fn apply_to_role(
        &self,
        role: &mut serde_json::Map<String, Value>,
        trust: Option<Value>,
        partition: &str,
    ) {
        let found = role.get("ManagedPolicyArns").and_then(Value::as_array);
        let managed = self.managed_after(found.map_or(&[], Vec::as_slice), partition);
        if managed.is_empty() {
            role.remove("ManagedPolicyArns")
        } else {
            role.insert("ManagedPolicyArns".to_owned(), managed.into())
        };
        if let Some(policies) = role.get_mut("Policies").and_then(Value::as_array_mut) {
            policies.retain(|policy| {
                let name = policy["PolicyName"].as_str();
                !name.is_some_and(|name| self.removed_inline.iter().any(|it| it == name))
            });
        }
        self.set_boundary(role);
        for (property, value) in [
            ("RoleName", self.name.as_ref().map(RoleName::as_str)),
            ("Path", self.path.as_ref().map(RolePath::as_str)),
        ] {
            if let Some(value) = value {
                role.insert(property.to_owned(), value.into());
            }
        }
        if let Some(seconds) = self.max_session_duration {
            role.insert("MaxSessionDuration".to_owned(), seconds.into());
        }
        if let Some(trust) = trust {
            role.insert("AssumeRolePolicyDocument".to_owned(), trust);
        }
    }

    fn set_boundary(&self, role: &mut serde_json::Map<String, Value>) {
        match &self.boundary {
            Boundary::Kept => {}
            Boundary::Set(arn) => {
                role.insert("PermissionsBoundary".to_owned(), json!(arn.to_string()));
            }
            Boundary::Removed => {
                role.remove("PermissionsBoundary");
            }
        }
    }

    fn managed_after(&self, found: &[Value], partition: &str) -> Vec<Value> {
        let own = |arn: &PolicyArn| Value::from(arn.to_string());
        let policy = |value: &Value| ManagedPolicy::read(value, partition);
        let mut managed: Vec<Value> = match &self.managed {
            Managed::Replaced(all) => {
                // A literal is someone's choice, a function is a well-known policy's.
                let well_known = found.iter().filter(|value| !value.is_string()).cloned();
                all.iter().map(own).chain(well_known).collect()
            }
            Managed::Changed { added, removed } => {
                let is_removed =
                    |it: &ManagedPolicy| it.arn().is_some_and(|arn| removed.contains(arn));
                let kept = found.iter().filter(|value| !is_removed(&policy(value)));
                kept.cloned().chain(added.iter().map(own)).collect()
            }
        };
        let well_known = self.well_known.iter();
        managed.extend(
            well_known
                .flat_map(|policy| &policy.entry().managed_policies)
                .map(|name| managed_reference(name)),
        );
        // The same policy may stand there as a text and as a function.
        let mut seen = BTreeSet::new();
        managed.retain(|value| seen.insert(policy(value)));
        managed
    }
}

/// Another document of a policy that is there, whose other properties and attributes stay; or the policy.
fn put_inline(
    resources: &mut serde_json::Map<String, Value>,
    stack: &StackName,
    name: &str,
    document: &Value,
) {
    match resources
        .get_mut(name)
        .filter(|resource| is_inline(resource))
    {
        Some(found) => found["Properties"]["PolicyDocument"] = document.clone(),
        None => {
            resources.insert(name.to_owned(), inline_resource(stack, name, document));
        }
    }
}

/// `Policy1`, `Policy2`, …: the names of documents that users hand in.
pub fn is_document(name: &str) -> bool {
    name.strip_prefix("Policy")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

//! Changes of a role's template by single flags: what is not named stays as it is, whoever wrote it.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::role::resolve;
use super::{WellKnownPolicy, inline_resource, managed_reference};
use crate::model::{Audience, PolicyArn, RoleName, RolePath, StackName, SubjectPattern};
use crate::policy::PolicyDocument;

/// What is to change of a role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RoleEdits {
    pub managed: Managed,
    /// Replace the inline policies that came as documents (`Policy1`, `Policy2`, …).
    pub documents: Option<Vec<PolicyDocument>>,
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
            resources.retain(|name, resource| !(is_document(name) && is_inline(resource)));
            for (index, document) in documents.iter().enumerate() {
                let name = format!("Policy{}", index + 1);
                resources.insert(
                    name.clone(),
                    inline_resource(stack, &name, document.as_value()),
                );
            }
        }
        for policy in &self.well_known {
            for (name, document) in &policy.entry().policies {
                resources.insert(name.clone(), inline_resource(stack, name, document));
            }
        }
        resources.retain(|name, resource| !(is_inline(resource) && self.removes(name, stack)));
        if let Some(role) = resources
            .get_mut("Role1")
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
        match managed.is_empty() {
            true => role.remove("ManagedPolicyArns"),
            false => role.insert("ManagedPolicyArns".to_owned(), managed.into()),
        };
        match &self.boundary {
            Boundary::Kept => {}
            Boundary::Set(arn) => {
                role.insert("PermissionsBoundary".to_owned(), json!(arn.to_string()));
            }
            Boundary::Removed => {
                role.remove("PermissionsBoundary");
            }
        }
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

    fn managed_after(&self, found: &[Value], partition: &str) -> Vec<Value> {
        let own = |arn: &PolicyArn| Value::from(arn.to_string());
        let text = |value: &Value| resolve(value, partition).unwrap_or_else(|| value.to_string());
        let mut managed: Vec<Value> = match &self.managed {
            Managed::Replaced(all) => {
                // A literal is someone's choice, a function is a well-known policy's.
                let well_known = found.iter().filter(|value| !value.is_string()).cloned();
                all.iter().map(own).chain(well_known).collect()
            }
            Managed::Changed { added, removed } => {
                let removed: Vec<String> = removed.iter().map(ToString::to_string).collect();
                let kept = found.iter().filter(|value| !removed.contains(&text(value)));
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
        managed.retain(|value| seen.insert(text(value)));
        managed
    }
}

fn is_inline(resource: &Value) -> bool {
    resource.get("Type").and_then(Value::as_str) == Some("AWS::IAM::Policy")
}

/// `Policy1`, `Policy2`, …: the names of documents that users hand in.
pub fn is_document(name: &str) -> bool {
    name.strip_prefix("Policy")
        .is_some_and(|number| !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit()))
}

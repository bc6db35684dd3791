//! The writes to stacks as data.

use serde::Serialize;
use serde_json::Value;

use super::action::pair;
use super::token::token;
use crate::asked::{Deployment, Rollback};
use crate::model::{Map, ROLE_LOGICAL_ID, StackName, is_own_tag};
use crate::policy::Difference;
use crate::policy::words::{allowed, trusted};
use crate::template::{Capability, fetched_values};

/// CreateStack's input. The token derives from all of it, so that a repeated request is one request.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateStack {
    pub stack: StackName,
    pub template: Value,
    pub tags: Map,
    pub capability: Capability,
    pub rollback: Rollback,
    #[serde(flatten)]
    pub deployment: Deployment,
    pub token: String,
}

impl CreateStack {
    /// The same request after one whose answer was a stack that is gone: another one for CloudFormation,
    /// and the same one for whoever meets the same stack.
    pub fn after(&self, gone: &str) -> Self {
        Self {
            token: token(&[&self.token, gone]),
            ..self.clone()
        }
    }
}

/// The change set that brings a stack to another template or other tags. Its name derives from all of
/// it and from the stack's present state, so that two runs at once make one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UpdateStack {
    pub stack: StackName,
    pub id: String,
    pub change_set: String,
    pub differences: Vec<Difference>,
    pub template: Value,
    /// Policies of the role that go, by their logical ids. Nothing else may.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub removes: Vec<String>,
    /// All of the stack's: those that it has, and those that are asked for.
    pub tags: Map,
    /// Those that the stack has, and what the template needs.
    pub capabilities: Vec<String>,
    #[serde(flatten)]
    pub deployment: Deployment,
}

impl CreateStack {
    pub(super) fn details(&self) -> Vec<String> {
        let role = &self.template["Resources"][ROLE_LOGICAL_ID]["Properties"];
        let text = |value: &Value| {
            value
                .as_str()
                .or_else(|| value["Fn::Sub"].as_str())
                .unwrap_or_default()
                .to_owned()
        };
        let trusted = trusted(&role["AssumeRolePolicyDocument"]).into_iter();
        let mut details: Vec<String> = trusted.map(|who| format!("trusted: {who}")).collect();
        if let Some(name) = role["RoleName"].as_str() {
            details.push(format!("role name: {name}"));
        }
        if let Some(path) = role["Path"].as_str() {
            details.push(format!("role path: {path}"));
        }
        for arn in role["ManagedPolicyArns"].as_array().into_iter().flatten() {
            details.push(format!("managed policy: {}", text(arn)));
        }
        details.extend(self.inline_policies());
        if let Some(boundary) = role["PermissionsBoundary"].as_str() {
            details.push(format!("permissions boundary: {boundary}"));
        }
        if let Some(seconds) = role["MaxSessionDuration"].as_u64() {
            details.push(format!("maximum session duration: {seconds} seconds"));
        }
        let asked = self.tags.iter().filter(|(key, _)| !is_own_tag(key));
        details.extend(asked.map(|(key, value)| format!("tag: {}", pair(key, value))));
        if let Some(service_role) = &self.deployment.service_role {
            details.push(format!("CloudFormation works as: {service_role}"));
        }
        details.extend(self.deployment.told());
        details
    }

    fn inline_policies(&self) -> Vec<String> {
        let resources = self.template["Resources"].as_object();
        let policies = resources.into_iter().flatten();
        let policies = policies.filter(|(name, _)| *name != ROLE_LOGICAL_ID);
        let lines = policies.flat_map(|(name, resource)| {
            let all = allowed(&resource["Properties"]["PolicyDocument"]).into_iter();
            all.map(move |what| format!("inline policy {name}: {what}"))
        });
        lines.chain(fetched_values(&self.template)).collect()
    }
}

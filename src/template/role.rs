//! A role as its template or IAM describes it, and what differs between two of them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::foreign::is_inline;
use super::functions::worked_out;
use super::holes::{Unknown, filled, may_be};
use super::managed::ManagedPolicy;
use super::{WELL_KNOWN, WellKnownPolicy};
use crate::model::{Cluster, DYNAMIC_REFERENCE, PolicyArn, ROLE_LOGICAL_ID, StackName};
use crate::policy::{self, Difference, Item};

/// A role as a template describes it, for comparison and for show.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoleTemplate {
    pub managed: BTreeSet<ManagedPolicy>,
    /// By the name behind the stack's name (`Policy1`).
    pub inline: BTreeMap<String, Value>,
    pub boundary: Option<ManagedPolicy>,
    pub role_name: Option<String>,
    pub path: Option<String>,
    pub max_session_duration: Option<u64>,
    pub trust: Value,
    /// The inline policies' names in IAM, as the template has them.
    #[serde(skip)]
    names: BTreeMap<String, String>,
}

impl RoleTemplate {
    /// Reads what eksctl or irsactl wrote; `None` when it is no such template.
    pub fn read(template: &Value, partition: &str) -> Option<Self> {
        let resources = template.get("Resources")?.as_object()?;
        let role = resources.get(ROLE_LOGICAL_ID)?.get("Properties")?;
        let text = |name: &str| role.get(name).and_then(|value| resolve(value, partition));
        let managed = role.get("ManagedPolicyArns").and_then(Value::as_array);
        let managed = managed.into_iter().flatten();
        let boundary = role.get("PermissionsBoundary");
        let policy = |value: &Value| ManagedPolicy::read(value, partition);
        let seconds = role.get("MaxSessionDuration");
        let policies: Vec<(String, &Value)> = inline_policies(template).collect();
        let inline = policies
            .iter()
            .filter_map(|(id, policy)| Some((id.clone(), policy.get("PolicyDocument")?.clone())));
        let names = policies.iter();
        let names = names.filter_map(|(id, policy)| Some((id.clone(), name_of(policy)?)));
        Some(Self {
            managed: managed.map(policy).collect(),
            inline: inline.collect(),
            boundary: boundary.map(policy),
            role_name: text("RoleName"),
            path: text("Path"),
            max_session_duration: match seconds {
                Some(seconds) => Some(number(seconds)?),
                None => None,
            },
            trust: role.get("AssumeRolePolicyDocument")?.clone(),
            names: names.collect(),
        })
    }

    /// Whether it lets in EKS Pod Identity alone.
    pub fn is_of_association(&self) -> bool {
        let mut statements = policy::statements(&self.trust);
        statements.all(policy::pod_identity::is_of_pod_identity)
    }

    /// The same, with the functions worked out that need nothing but the cluster.
    pub fn worked_out(&self, cluster: &Cluster) -> Self {
        let work = |policy: &ManagedPolicy| policy.worked_out(cluster);
        let inline = self.inline.iter();
        Self {
            managed: self.managed.iter().map(work).collect(),
            boundary: self.boundary.as_ref().map(work),
            inline: inline
                .map(|(name, document)| (name.clone(), worked_out(document, cluster)))
                .collect(),
            trust: worked_out(&self.trust, cluster),
            ..self.clone()
        }
    }

    /// Its managed policies; for each that only CloudFormation can work out one that the role has and
    /// that it may be, where there is one.
    pub fn managed_in(
        &self,
        live: &BTreeSet<ManagedPolicy>,
    ) -> (BTreeSet<ManagedPolicy>, Vec<Unknown>) {
        let values = |all: &BTreeSet<ManagedPolicy>| all.iter().map(ManagedPolicy::value).collect();
        let (filled, unknown) = filled(&values(&self.managed), &values(live));
        let filled = filled.as_array().into_iter().flatten();
        let policies = filled.map(|value| ManagedPolicy::read(value, ""));
        (policies.collect(), unknown)
    }

    /// Whether one of its managed policies, that only CloudFormation can work out, may be this one.
    pub fn may_have(&self, arn: &PolicyArn) -> bool {
        let arn = arn.to_string().into();
        let mut managed = self.managed.iter();
        managed.any(|policy| may_be(&policy.value(), &arn))
    }

    /// An inline policy's name in IAM. Others may give one that is not made of the stack's.
    pub fn name_in_iam(&self, name: &str, stack: &StackName) -> String {
        let text = self.names.get(name);
        let text = text.map(|text| text.replace("${AWS::StackName}", stack.as_str()));
        let known = text.filter(|text| !text.contains("${"));
        known.unwrap_or_else(|| stack.policy_name(name))
    }

    /// The well-known policies whose parts are all there.
    pub fn well_known(&self) -> Vec<WellKnownPolicy> {
        let has = |name: &str| self.managed.iter().any(|policy| policy.is_aws(name));
        let is_there = |policy: &&WellKnownPolicy| {
            let entry = policy.entry();
            let mut documents = entry.policies.iter();
            entry.managed_policies.iter().all(|name| has(name))
                && documents.all(|(name, document)| {
                    let found = self.inline.get(name);
                    found.is_some_and(|found| policy::same(found, document))
                })
        };
        WELL_KNOWN.iter().filter(is_there).copied().collect()
    }

    /// What differs in `asked` from what is `found`. A name or path that is not asked for is no
    /// difference.
    pub fn differences(asked: &Self, found: &Self) -> Vec<Difference> {
        let seconds = |value: Option<u64>| format!("{} seconds", value.unwrap_or(3600));
        let name = found
            .role_name
            .clone()
            .filter(|_| asked.role_name.is_some());
        let path = found.path.clone().unwrap_or_else(|| "/".to_owned());
        let path = asked.path.is_some().then_some(path);
        let mut differences = vec![Difference::of(
            Item::ManagedPolicy,
            asked.managed.iter().map(ToString::to_string),
            found.managed.iter().map(ToString::to_string),
        )];
        let names: BTreeSet<&String> = asked.inline.keys().chain(found.inline.keys()).collect();
        differences.extend(names.into_iter().map(|name| {
            let (asked, found) = (asked.inline.get(name), found.inline.get(name));
            Difference::of_documents(Item::InlinePolicy(name.clone()), asked, found)
        }));
        differences.extend([
            Difference::of(
                Item::PermissionsBoundary,
                asked.boundary.as_ref().map(ToString::to_string),
                found.boundary.as_ref().map(ToString::to_string),
            ),
            Difference::of(Item::RoleName, asked.role_name.clone(), name),
            Difference::of(Item::RolePath, asked.path.clone(), path),
            Difference::of(
                Item::SessionDuration,
                [seconds(asked.max_session_duration)],
                [seconds(found.max_session_duration)],
            ),
            Difference::of_documents(Item::TrustPolicy, Some(&asked.trust), Some(&found.trust)),
        ]);
        differences.retain(|difference| !difference.is_empty());
        differences
    }
}

/// The text of a value, with the partition filled in where it is a `Fn::Sub` of it; `None` where
/// CloudFormation makes something else of it.
pub fn resolve(value: &Value, partition: &str) -> Option<String> {
    let text = value.as_str().or_else(|| value.get("Fn::Sub")?.as_str())?;
    let text = text.replace("${AWS::Partition}", partition);
    let is_whole = !text.contains(DYNAMIC_REFERENCE) && (value.is_string() || !text.contains("${"));
    is_whole.then_some(text)
}

/// The same, or the JSON of what only CloudFormation can work out.
pub fn text_of(value: &Value, partition: &str) -> String {
    resolve(value, partition).unwrap_or_else(|| value.to_string())
}

/// CloudFormation takes numbers as texts too.
fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

/// The properties of inline policies by their logical ids; by their names, where others wrote them into
/// the role itself.
fn inline_policies(template: &Value) -> impl Iterator<Item = (String, &Value)> {
    let resources = template["Resources"].as_object().into_iter().flatten();
    let own = resources.filter(|(_, resource)| is_inline(resource));
    let embedded = template["Resources"][ROLE_LOGICAL_ID]["Properties"]["Policies"].as_array();
    let embedded = embedded.into_iter().flatten();
    let embedded = embedded.filter_map(|policy| Some((name_of(policy)?, policy)));
    own.map(|(id, resource)| (id.clone(), &resource["Properties"]))
        .chain(embedded)
}

fn name_of(policy: &Value) -> Option<String> {
    let name = &policy["PolicyName"];
    let text = name.as_str().or_else(|| name["Fn::Sub"].as_str())?;
    Some(text.to_owned())
}

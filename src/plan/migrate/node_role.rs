//! What the roles of nodes allow beyond what nodes need, and what has nothing but them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Value, json};

use super::evidence::way_of;
use crate::model::{Lookup, Workload};
use crate::policy::beyond::beyond;
use crate::policy::words::allowed;
use crate::world::{MetadataOptions, Moving, NodeRole, NodeRoles, Pod, PodWay};

/// A role of nodes.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NodeRoleRow {
    pub role_arn: String,
    /// What gives it to nodes, as `node group workers`.
    pub sources: BTreeSet<String>,
    /// How many have it now.
    pub nodes: usize,
    /// `None`: not known.
    pub reached_by: Option<MetadataReach>,
    /// `None`: not known.
    pub beyond: Option<Vec<ExcessPermissions>>,
    /// Those with a pod on such a node that nothing else gives credentials, as `deployment web/api`.
    pub workloads: Vec<String>,
    pub notes: Vec<String>,
}

/// Which pods get the role from the metadata of their instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetadataReach {
    AllPods,
    /// Those with the network of their node: the answer goes no further than one hop.
    NodeNetwork,
    None,
}

impl MetadataReach {
    /// As it is told in the table.
    pub fn words(self) -> &'static str {
        match self {
            Self::AllPods => "all pods",
            Self::NodeNetwork => "pods on the node's network",
            Self::None => "none",
        }
    }

    /// The widest of all instances.
    fn of(metadata: &[MetadataOptions]) -> Option<Self> {
        let mut enabled = metadata.iter().filter(|it| it.enabled).peekable();
        if metadata.is_empty() {
            None
        } else if enabled.peek().is_none() {
            Some(Self::None)
        } else if enabled.any(MetadataOptions::is_open) {
            Some(Self::AllPods)
        } else {
            Some(Self::NodeNetwork)
        }
    }
}

/// What a policy allows beyond what nodes need.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExcessPermissions {
    pub policy: String,
    pub in_words: Vec<String>,
    /// What is left of its statements.
    pub statements: Vec<Value>,
}

/// A row for each role of nodes.
pub fn node_role_rows(moving: &Moving, found: &NodeRoles) -> Vec<NodeRoleRow> {
    let by_node = bare(moving);
    let roles = found.roles.iter();
    let unseen = moving.interception.unknown();
    let rows = roles.map(|role| {
        let mut row = row(role, found, &by_node);
        row.notes.extend(
            unseen.map(|why| format!("which workloads have nothing else is not known: {why}")),
        );
        row
    });
    rows.collect()
}

/// The workloads that nothing gives credentials but their nodes, by node.
fn bare(moving: &Moving) -> BTreeMap<&str, BTreeSet<&Workload>> {
    let mut by_node: BTreeMap<&str, BTreeSet<&Workload>> = BTreeMap::new();
    let pods = moving.accounts.iter().flat_map(|account| account.alive());
    // Others may have a role by what stands between them and the metadata.
    let is_sure = |pod: &&Pod| pod.host_network || moving.interception.unknown().is_none();
    for pod in pods
        .filter(is_sure)
        .filter(|pod| way_of(pod) == PodWay::NodeRole)
    {
        if let Some(node) = &pod.node {
            by_node.entry(node).or_default().insert(&pod.owner);
        }
    }
    by_node
}

fn row(
    role: &NodeRole,
    found: &NodeRoles,
    by_node: &BTreeMap<&str, BTreeSet<&Workload>>,
) -> NodeRoleRow {
    let nodes = role.nodes.iter();
    let workloads = nodes.filter_map(|node| by_node.get(node.as_str()));
    let workloads: BTreeSet<&Workload> = workloads.flatten().copied().collect();
    let boundary = role.facts.as_found().and_then(|it| it.boundary.as_ref());
    let boundary = boundary
        .map(|arn| format!("its permissions boundary {arn} may allow less than its policies"));
    let unread = [
        ("its policies are", role.policies.unknown()),
        ("what nodes need is", found.needed.unknown()),
    ];
    let unread = unread.into_iter();
    let unread = unread.filter_map(|(what, why)| Some(format!("{what} not known: {}", why?)));
    let is_gone = role.policies == Lookup::Missing;
    let gone = is_gone.then(|| "the role does not exist".to_owned());
    NodeRoleRow {
        role_arn: role.arn.clone(),
        sources: role.sources.clone(),
        nodes: role.nodes.len(),
        reached_by: MetadataReach::of(&role.metadata),
        beyond: beyond_needed(role, found),
        workloads: workloads.iter().map(ToString::to_string).collect(),
        notes: boundary.into_iter().chain(gone).chain(unread).collect(),
    }
}

fn beyond_needed(role: &NodeRole, found: &NodeRoles) -> Option<Vec<ExcessPermissions>> {
    let (policies, needed) = (role.policies.as_found()?, found.needed.as_found()?);
    let needed: Vec<&Value> = needed.iter().collect();
    let own: Vec<&Value> = policies.iter().map(|(_, document)| document).collect();
    let left = policies.iter().filter_map(|(policy, document)| {
        let statements = beyond(document, &own, &needed);
        let in_words = allowed(&json!({ "Statement": statements }));
        let policy = policy.clone();
        (!statements.is_empty()).then_some(ExcessPermissions {
            policy,
            in_words,
            statements,
        })
    });
    Some(left.collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::migrate::tests::{annotated, facts, moving, pod};

    fn instance(enabled: bool, hop_limit: i32, token_required: bool) -> MetadataOptions {
        MetadataOptions {
            instance: "i-1".to_owned(),
            enabled,
            hop_limit,
            token_required,
        }
    }

    /// EC2 User Guide, "Configure the instance metadata options": the limit is on the answer with a token.
    #[test]
    fn who_reaches_a_role_is_told_by_the_widest_of_its_instances() {
        let (closed, near) = (instance(false, 2, false), instance(true, 1, true));
        let (far, old) = (instance(true, 2, true), instance(true, 1, false));
        for (all, wanted) in [
            (vec![], None),
            (vec![&closed], Some(MetadataReach::None)),
            (vec![&near, &closed], Some(MetadataReach::NodeNetwork)),
            (vec![&near, &far], Some(MetadataReach::AllPods)),
            (vec![&old], Some(MetadataReach::AllPods)),
        ] {
            let all: Vec<MetadataOptions> = all.into_iter().cloned().collect();
            assert_eq!(MetadataReach::of(&all), wanted, "{all:?}");
        }
    }

    fn role(policies: Lookup<Vec<(String, Value)>>) -> NodeRole {
        let arn = "arn:aws:iam::111122223333:role/nodes";
        NodeRole {
            arn: arn.to_owned(),
            sources: BTreeSet::from(["node group workers".to_owned()]),
            nodes: BTreeSet::from(["node".to_owned()]),
            metadata: Vec::new(),
            facts: Lookup::Found(facts(arn, Vec::new())),
            policies,
        }
    }

    #[test]
    fn only_pods_without_anything_else_on_its_nodes_have_nothing_but_the_role() {
        let mut account = annotated();
        let mut elsewhere = pod(PodWay::NodeRole);
        elsewhere.node = Some("another".to_owned());
        elsewhere.owner.name = "elsewhere".to_owned();
        let mut bare = pod(PodWay::NodeRole);
        bare.owner.name = "bare".to_owned();
        account.pods = Lookup::Found(vec![pod(PodWay::Irsa), elsewhere, bare]);
        let found = NodeRoles {
            roles: vec![role(Lookup::Found(Vec::new()))],
            needed: Lookup::Found(Vec::new()),
            unknown: Vec::new(),
        };
        let rows = node_role_rows(&moving(account), &found);
        assert_eq!(rows[0].workloads, ["deployment web/bare"]);
        assert_eq!(rows[0].beyond, Some(Vec::new()));
    }

    #[test]
    fn what_cannot_be_compared_is_not_known_and_is_told() {
        let policies = || Lookup::Found(vec![("a".to_owned(), json!({}))]);
        for (policies, needed, note) in [
            (
                Lookup::Unknown("no".to_owned()),
                Lookup::Found(Vec::new()),
                "its policies are not known: no",
            ),
            (
                policies(),
                Lookup::Unknown("no".to_owned()),
                "what nodes need is not known: no",
            ),
            (
                Lookup::Missing,
                Lookup::Found(Vec::new()),
                "the role does not exist",
            ),
        ] {
            let found = NodeRoles {
                roles: vec![role(policies)],
                needed,
                unknown: Vec::new(),
            };
            let rows = node_role_rows(&moving(annotated()), &found);
            assert_eq!(rows[0].beyond, None);
            assert_eq!(rows[0].notes, [note]);
        }
    }
}

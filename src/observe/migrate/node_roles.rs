//! The roles of a cluster's nodes: of managed node groups, of what Karpenter and EKS Auto Mode make nodes
//! from, and of the instances that are nodes now, whoever made them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{MoveObserver, PARALLEL, Roles};
use crate::model::{Lookup, PolicyArn, RoleArn};
use crate::observe::account::live_policies;
use crate::observe::documents::documents;
use crate::waiting::side_by_side;
use crate::world::{
    LivePolicies, NODE_POLICIES, Node, NodeClass, NodeInstance, NodeRole, NodeRoles,
};

/// What gives roles to nodes.
struct NodeRoleSources {
    /// Managed node groups, with the ARNs of their roles.
    groups: Lookup<Vec<(String, String)>>,
    /// Of each kind.
    classes: Vec<Lookup<Vec<NodeClass>>>,
    instances: Lookup<Vec<NodeInstance>>,
    /// The roles of instance profiles, by the names of these.
    profiles: BTreeMap<String, Lookup<RoleArn>>,
}

impl MoveObserver<'_> {
    /// The roles of these nodes, and of what makes new ones, with what they allow. What could not be read
    /// stands in `unknown`.
    pub async fn roles_of_nodes(&self, nodes: &[Node]) -> NodeRoles {
        let givers = self.givers(nodes).await;
        let unknown = givers.unknown();
        let roles = givers.roles(nodes, |name| self.arn_of(name));
        if roles.is_empty() {
            return NodeRoles {
                unknown,
                ..NodeRoles::default()
            };
        }
        let shared = Roles::default();
        let roles = roles
            .into_values()
            .map(|role| self.with_policies(&shared, role));
        let (needed, roles) = tokio::join!(self.needed(&shared), side_by_side(PARALLEL, roles));
        NodeRoles {
            roles,
            needed,
            unknown,
        }
    }

    async fn givers(&self, nodes: &[Node]) -> NodeRoleSources {
        let ids = nodes.iter().filter_map(|node| node.instance.clone());
        let ids: Vec<String> = ids.collect::<BTreeSet<String>>().into_iter().collect();
        let groups = async {
            match self.cluster.eks {
                Some(_) => Lookup::of(self.aws.eks.node_groups(self.cluster.name.as_str()).await),
                None => Lookup::Missing,
            }
        };
        let instances = async { Lookup::of(self.aws.ec2.instances(&ids).await) };
        let classes = self.kubernetes.node_classes();
        let (groups, classes, instances) = tokio::join!(groups, classes, instances);
        let of_classes = classes.iter().filter_map(Lookup::as_found).flatten();
        let of_classes = of_classes.filter_map(|class| class.profile.as_ref());
        let of_instances = instances.as_found().into_iter().flatten();
        let of_instances = of_instances.filter_map(NodeInstance::profile_name);
        let names: BTreeSet<&str> = of_classes.map(String::as_str).chain(of_instances).collect();
        let profiles = names.into_iter().map(async |name| {
            let role = self.aws.iam.profile_role(name).await;
            (name.to_owned(), Lookup::or_unknown(role))
        });
        let profiles = side_by_side(PARALLEL, profiles).await;
        NodeRoleSources {
            profiles: profiles.into_iter().collect(),
            groups,
            classes,
            instances,
        }
    }

    /// Of a role of which only the name is told.
    fn arn_of(&self, name: &str) -> String {
        let cluster = self.cluster;
        format!(
            "arn:{}:iam::{}:role/{name}",
            cluster.partition, cluster.account
        )
    }

    /// The documents of the managed policies that AWS names for nodes; a partition need not have all.
    async fn needed(&self, shared: &Roles) -> Lookup<Vec<Value>> {
        let partition = &self.cluster.partition;
        let arns = NODE_POLICIES.map(|name| format!("arn:{partition}:iam::aws:policy/{name}"));
        let policies = arns.iter().filter_map(|arn| arn.parse::<PolicyArn>().ok());
        let found = documents(self.aws, &shared.documents, policies).await;
        found.map(|found| found.into_iter().map(|(_, document)| document).collect())
    }

    async fn with_policies(&self, shared: &Roles, mut role: NodeRole) -> NodeRole {
        let Ok(arn) = role.arn.parse::<RoleArn>() else {
            return role;
        };
        let name = arn.name();
        let (facts, policies) = tokio::join!(self.role(name), self.policies(shared, name));
        if let Lookup::Found(facts) = &facts {
            role.arn = facts.arn.to_string();
        }
        role.facts = facts;
        role.policies = policies;
        role
    }

    /// With the names that people know them by.
    async fn policies(&self, shared: &Roles, role: &str) -> Lookup<Vec<(String, Value)>> {
        let found = Lookup::or_unknown(live_policies(self.aws, role).await);
        let LivePolicies { managed, inline } = match found {
            Lookup::Found(policies) => policies,
            Lookup::Missing => return Lookup::Missing,
            Lookup::Unknown(why) => return Lookup::Unknown(why),
        };
        let inline = inline.into_iter();
        let inline = inline.map(|(name, document)| (format!("inline policy {name}"), document));
        let managed = documents(self.aws, &shared.documents, managed).await;
        managed.map(|managed| {
            let managed = managed.into_iter();
            let managed = managed.map(|(arn, document)| (arn.to_string(), document));
            managed.chain(inline).collect()
        })
    }
}

impl NodeRoleSources {
    fn unknown(&self) -> Vec<String> {
        let groups = self.groups.unknown().map(|why| ("node groups", why));
        let classes = self.classes.iter().filter_map(Lookup::unknown);
        let classes = classes.map(|why| ("what nodes are made from", why));
        let instances = self
            .instances
            .unknown()
            .map(|why| ("instances of nodes", why));
        let profiles = self.profiles.values().find_map(Lookup::unknown);
        let profiles = profiles.map(|why| ("roles of instance profiles", why));
        let unknown = groups.into_iter().chain(classes);
        unknown
            .chain(instances)
            .chain(profiles)
            .map(|(what, why)| format!("{what} are not known: {why}"))
            .collect()
    }

    fn of_profile(&self, name: &str) -> Option<String> {
        let role = self.profiles.get(name)?.as_found();
        role.map(ToString::to_string)
    }

    /// By their names, which are unique in an account.
    fn roles(&self, nodes: &[Node], arn_of: impl Fn(&str) -> String) -> BTreeMap<String, NodeRole> {
        let mut roles: BTreeMap<String, NodeRole> = BTreeMap::new();
        for (group, arn) in self.groups.as_found().into_iter().flatten() {
            entry(&mut roles, arn)
                .sources
                .insert(format!("node group {group}"));
        }
        for class in self.classes.iter().filter_map(Lookup::as_found).flatten() {
            let named = class.role.as_deref().map(&arn_of);
            let by_profile = class.profile.as_deref().and_then(|it| self.of_profile(it));
            if let Some(arn) = named.or(by_profile) {
                entry(&mut roles, &arn).sources.insert(class.told.clone());
            }
        }
        let by_instance: BTreeMap<&str, &str> = nodes
            .iter()
            .filter_map(|node| Some((node.instance.as_deref()?, node.name.as_str())))
            .collect();
        for instance in self.instances.as_found().into_iter().flatten() {
            let Some(profile) = instance.profile_name() else {
                continue;
            };
            let Some(arn) = self.of_profile(profile) else {
                continue;
            };
            let role = entry(&mut roles, &arn);
            // Those of node groups and of Karpenter have names that nobody knows.
            if role.sources.is_empty() {
                role.sources.insert(format!("instance profile {profile}"));
            }
            let node = by_instance.get(instance.id.as_str());
            role.nodes.extend(node.map(|node| (*node).to_owned()));
            role.metadata.extend(instance.metadata.clone());
        }
        roles
    }
}

fn entry<'a>(roles: &'a mut BTreeMap<String, NodeRole>, arn: &str) -> &'a mut NodeRole {
    let name = arn.rsplit('/').next().unwrap_or_default().to_owned();
    roles.entry(name).or_insert_with(|| NodeRole {
        arn: arn.to_owned(),
        sources: BTreeSet::new(),
        nodes: BTreeSet::new(),
        metadata: Vec::new(),
        facts: Lookup::Missing,
        policies: Lookup::Missing,
    })
}

//! What stands between pods and the instance metadata, and who calls AWS for it. Nothing is asked for where
//! there is none.

use std::collections::{BTreeMap, BTreeSet};

use super::MoveObserver;
use crate::error::Error;
use crate::model::{Lookup, RoleArn, Workload};
use crate::observe::PARALLEL;
use crate::plan::migrate::{interceptor, rivals};
use crate::waiting::side_by_side;
use crate::world::{
    AgentKind, AllowedRoles, AssumingPrincipal, Interception, MetadataAgent, Node, Pods,
};

impl MoveObserver<'_> {
    /// With those that may each be it, where it cannot be told which is.
    pub(super) async fn interception(&self) -> (Lookup<Interception>, Vec<Workload>) {
        let agents = match Lookup::of(self.agents().await) {
            Lookup::Found(agents) => agents,
            Lookup::Missing => Vec::new(),
            Lookup::Unknown(why) => return (Lookup::Unknown(why), Vec::new()),
        };
        if agents.is_empty() {
            return (Lookup::Missing, Vec::new());
        }
        match self.interception_by(&agents).await {
            Lookup::Unknown(why) => (Lookup::Unknown(why), rivals(&agents)),
            known => (known, Vec::new()),
        }
    }

    async fn interception_by(&self, agents: &[MetadataAgent]) -> Lookup<Interception> {
        let node_roles = match Lookup::or_unknown(self.kubernetes.nodes().await) {
            Lookup::Found(nodes) => Lookup::or_unknown(self.node_roles(&nodes).await),
            Lookup::Missing => Lookup::Missing,
            Lookup::Unknown(why) => Lookup::Unknown(why),
        };
        match interceptor(agents, &discovered(&node_roles)) {
            Lookup::Found(interceptor) => {
                let namespaces = async {
                    match interceptor.permission {
                        AllowedRoles::Any => Lookup::Missing,
                        AllowedRoles::Listed { .. } | AllowedRoles::Matched { .. } => {
                            Lookup::or_unknown(self.kubernetes.namespace_annotations().await)
                        }
                    }
                };
                let callers = self.callers(&interceptor.caller, &node_roles);
                let (namespaces, callers) = tokio::join!(namespaces, callers);
                Lookup::Found(Interception {
                    interceptor,
                    node_roles,
                    callers,
                    users: Lookup::Missing,
                    namespaces,
                })
            }
            Lookup::Missing => Lookup::Missing,
            Lookup::Unknown(why) => Lookup::Unknown(why),
        }
    }

    async fn agents(&self) -> Result<Vec<MetadataAgent>, Error> {
        let found = self.kubernetes.metadata_agents().await?;
        let mut agents = found.found().unwrap_or_default();
        if agents.iter().any(|agent| agent.kind == AgentKind::Kiam) {
            agents.extend(self.kubernetes.kiam_servers().await?);
        }
        Ok(agents)
    }

    /// Of the instances with a profile, by the names of their nodes. Unknown where one cannot be read.
    async fn node_roles(&self, nodes: &[Node]) -> Result<Lookup<BTreeMap<String, RoleArn>>, Error> {
        let instances: Vec<String> = nodes.iter().filter_map(|it| it.instance.clone()).collect();
        let found = self.aws.ec2.instances(&instances).await?;
        let profiles = found
            .into_iter()
            .filter_map(|it| Some((it.id, it.profile?)));
        let profiles: BTreeMap<String, String> = profiles.collect();
        let names: BTreeSet<&String> = profiles.values().collect();
        let read = names.into_iter().map(async |profile| {
            let name = profile.rsplit('/').next().unwrap_or_default();
            Ok((profile, self.aws.iam.profile_role(name).await?))
        });
        let read: Vec<Result<_, Error>> = side_by_side(PARALLEL, read).await;
        let mut roles = BTreeMap::new();
        for read in read {
            match read? {
                (profile, Lookup::Found(role)) => roles.insert(profile, role),
                (_, Lookup::Missing) => None,
                (_, Lookup::Unknown(why)) => return Ok(Lookup::Unknown(why)),
            };
        }
        let of_node = |node: &Node| {
            let role = roles.get(profiles.get(node.instance.as_ref()?)?)?;
            Some((node.name.clone(), role.clone()))
        };
        Ok(Lookup::Found(nodes.iter().filter_map(of_node).collect()))
    }

    async fn callers(
        &self,
        caller: &AssumingPrincipal,
        node_roles: &Lookup<BTreeMap<String, RoleArn>>,
    ) -> Lookup<BTreeSet<RoleArn>> {
        match caller {
            AssumingPrincipal::Node => Lookup::Missing,
            AssumingPrincipal::Role(role) => Lookup::Found([role.clone()].into()),
            AssumingPrincipal::Server(server) => match self.nodes_of(server).await {
                Lookup::Found(nodes) => node_roles.clone().map(|roles| {
                    let its = roles.into_iter().filter(|(node, _)| nodes.contains(node));
                    its.map(|(_, role)| role).collect()
                }),
                Lookup::Missing => Lookup::Unknown(format!("no pod of {server} runs")),
                Lookup::Unknown(why) => Lookup::Unknown(why),
            },
        }
    }

    async fn nodes_of(&self, workload: &Workload) -> Lookup<BTreeSet<String>> {
        let which = Pods::OfWorkload(workload.clone());
        let pods = Lookup::or_unknown(self.kubernetes.pods(&which).await);
        let nodes = pods.map(|pods| {
            let alive = pods.into_iter().filter(|pod| pod.is_alive());
            alive.filter_map(|pod| pod.node).collect::<BTreeSet<_>>()
        });
        match nodes {
            Lookup::Found(nodes) if nodes.is_empty() => Lookup::Missing,
            nodes => nodes,
        }
    }
}

/// What the instances' account puts before the names of roles, where all are of one.
fn discovered(node_roles: &Lookup<BTreeMap<String, RoleArn>>) -> Lookup<String> {
    let of = |role: &RoleArn| format!("arn:{}:iam::{}:role/", role.partition(), role.account());
    let bases = node_roles.clone();
    let bases = bases.map(|roles| roles.values().map(of).collect::<BTreeSet<_>>());
    let unknown = |why: &str| Lookup::Unknown(format!("the nodes' account cannot be told: {why}"));
    match bases {
        Lookup::Found(bases) if bases.len() == 1 => bases.into_iter().next().into(),
        Lookup::Found(_) | Lookup::Missing => unknown("no role, or several accounts, are found"),
        Lookup::Unknown(why) => unknown(&why),
    }
}

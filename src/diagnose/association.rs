//! EKS Pod Identity, where the service account has an association: the other way to a role, which
//! outdoes the annotation.

use super::pods::{ROLE_VARIABLES, restart, without};
use super::{Finding, Scene, Verdict, known};
use crate::model::{self, ClusterFacts, CommandLine, Fix, Lookup, ROLE_ANNOTATION};
use crate::world::{
    Addon, AddonStatus, Association, Container, IdentityAgent, Node, POD_IDENTITY_VARIABLE, Pod,
    ROLE_VARIABLE,
};

mod proof;
mod trust;

pub use proof::accepted;

use trust::lacks_tags;
pub use trust::{SERVICE, target, trust};

/// Where the agent answers: on clusters of IPv4, and on those of IPv6 (EKS user guide, "Set up the Amazon
/// EKS Pod Identity Agent").
const AGENT: &str = "169.254.170.23";
const AGENT_IPV6: &str = "fd00:ec2::23";

/// The first platform versions with Pod Identity (EKS User Guide): minor version of Kubernetes, number
/// of `eks.N`.
const PLATFORMS: [(u32, u32); 8] = [
    (24, 13),
    (25, 10),
    (26, 9),
    (27, 8),
    (28, 4),
    (29, 1),
    (30, 2),
    (31, 4),
];

impl<'a> Scene<'a> {
    pub(super) fn identity(&self) -> Option<&'a Association> {
        self.account.associations.as_found()?.first()
    }
}

/// The address at which a pod asks the agent: what the webhook gave it, else what the cluster's address
/// family makes of it.
pub fn agent_of(scene: Scene<'_>, pod: &Pod) -> &'static str {
    let mut uris = pod
        .injected()
        .filter_map(|container| container.variable(POD_IDENTITY_VARIABLE));
    let facts = scene.world.health.as_ref();
    let facts = facts.and_then(|health| health.facts.as_found());
    match uris.find_map(agent_in) {
        Some(given) => given,
        None if facts.is_some_and(|facts| facts.ipv6) => AGENT_IPV6,
        None => AGENT,
    }
}

/// The agent's address in a container's variable.
fn agent_in(uri: &str) -> Option<&'static str> {
    [AGENT, AGENT_IPV6]
        .into_iter()
        .find(|agent| uri == credentials_uri(agent))
}

fn credentials_uri(agent: &str) -> String {
    if agent.contains(':') {
        format!("http://[{agent}]/v1/credentials")
    } else {
        format!("http://{agent}/v1/credentials")
    }
}

/// Holds where there is one way to a role: no association, or one and no annotation. A warning where the
/// annotation names another role than the association, a note where both name the same. Does not apply to
/// a role by itself, nor outside of EKS.
pub fn association(scene: Scene<'_>) -> Verdict {
    if scene.account.name.is_none() {
        return Verdict::DoesNotApply;
    }
    let _ = known!(scene.account.associations, Verdict::DoesNotApply);
    let Some(association) = scene.identity() else {
        return Verdict::holds("associations", "none");
    };
    match scene.annotated() {
        Some(role) if association.role != *role => Finding::warning(
            "the service account has an annotation and a Pod Identity association with another role: new pods take the association's",
        )
        .because("two-roles")
        .with("role", role, association.role.to_string())
        .fix(unannotate(scene, Some("to keep the association")))
        .fix(dissociate(scene, association).remark("to keep the annotation"))
        .into(),
        Some(_) => Finding::note("the service account has both an annotation and a Pod Identity association: new pods take the association's")
            .because("both-ways")
            .seen("association", &association.id)
            .fix(unannotate(scene, None))
            .into(),
        None => Verdict::holds("association", &association.id),
    }
}

/// The way back to one role: without the annotation.
fn unannotate(scene: Scene<'_>, remark: Option<&str>) -> Fix {
    let Some(name) = &scene.account.name else {
        return format!("take the annotation {ROLE_ANNOTATION} away").into();
    };
    let command = CommandLine::of(
        "kubectl annotate serviceaccount {} --namespace {} {}-",
        &[&name.name, &name.namespace, &ROLE_ANNOTATION],
    );
    match remark {
        Some(remark) => command.remark(remark).into(),
        None => command.into(),
    }
}

/// The other way: without the association.
fn dissociate(scene: Scene<'_>, association: &Association) -> CommandLine {
    on_association(scene, "delete", association)
}

/// A command of the aws CLI on an association, as far as its options.
fn on_association(scene: Scene<'_>, verb: &str, association: &Association) -> CommandLine {
    CommandLine::of(
        "aws eks {}-pod-identity-association --cluster-name {} --association-id {}",
        &[&verb, &cluster_name(scene), &association.id],
    )
}

fn cluster_name(scene: Scene<'_>) -> String {
    let cluster = scene.world.cluster.as_ref();
    cluster.map_or(String::new(), |cluster| cluster.name.to_string())
}

/// What Pod Identity does not serve goes by web identity.
fn by_web_identity(finding: Finding, scene: Scene<'_>) -> Finding {
    let finding = match scene.identity() {
        Some(association) => finding.fix(dissociate(scene, association)),
        None => finding,
    };
    finding.fix(scene.creation())
}

/// Holds where the platform version (`eks.N`) is as new as Pod Identity needs for the cluster's version;
/// a problem where it is older. Does not apply without an association.
pub fn platform(scene: Scene<'_>) -> Verdict {
    let (Some(_), Some(health)) = (scene.identity(), &scene.world.health) else {
        return Verdict::DoesNotApply;
    };
    let facts = known!(health.facts, Verdict::DoesNotApply);
    let Some((minor, number)) = known_version(facts) else {
        return Verdict::Unknown(format!(
            "the platform version \"{}\" is none that is known",
            facts.platform_version
        ));
    };
    let (oldest, _) = PLATFORMS[0];
    let least = PLATFORMS
        .iter()
        .find(|(of, _)| *of == minor)
        .map_or(0, |(_, least)| *least);
    if minor < oldest || number < least {
        let wanted = if minor < oldest {
            format!("Kubernetes 1.{oldest} or later")
        } else {
            format!("eks.{least} of 1.{minor}, or a later version")
        };
        return Finding::problem("the cluster's platform version has no Pod Identity")
            .because("platform-too-old")
            .with(
                "platform",
                wanted,
                format!("1.{minor} {}", facts.platform_version),
            )
            .fix(CommandLine::of(
                "aws eks update-cluster-version --name {} --kubernetes-version 1.{}",
                &[&cluster_name(scene), &(minor + 1)],
            ))
            .into();
    }
    Verdict::holds(
        "platform",
        format!("{} {}", facts.version, facts.platform_version),
    )
}

/// The minor version of Kubernetes, and the number of `eks.N`.
fn known_version(facts: &ClusterFacts) -> Option<(u32, u32)> {
    let (_, minor) = facts.version.split_once('.')?;
    let number = facts.platform_version.strip_prefix("eks.")?;
    Some((minor.parse().ok()?, number.parse().ok()?))
}

/// Holds where EKS Auto Mode has the agent built in, or it is ready on all its nodes and its add-on is
/// active. A problem where it is missing, not ready or not on the node's network. Does not apply without
/// an association.
pub fn agent(scene: Scene<'_>) -> Verdict {
    let (Some(_), Some(health)) = (scene.identity(), &scene.world.health) else {
        return Verdict::DoesNotApply;
    };
    if health.facts.as_found().is_some_and(|facts| facts.auto_mode) {
        return Verdict::holds("agent", "built into EKS Auto Mode");
    }
    let kubernetes = scene.world.kubernetes.as_ref();
    let agent = kubernetes.map(|kubernetes| &kubernetes.identity_agent);
    let running = agent.and_then(|agent| agent.as_found());
    let addons = health.addons.as_found();
    let addon = addons.and_then(|all| all.iter().find(|addon| addon.name == model::AGENT));
    if let Some(finding) = running.and_then(|agent| ailing(scene, agent, addon)) {
        return finding.into();
    }
    match (agent, addon) {
        (_, Some(addon)) if addon.status != AddonStatus::Active => {
            Finding::problem("the add-on eks-pod-identity-agent is not active")
                .because("agent-not-ready")
                .with("add-on", "ACTIVE", addon.status.to_string())
                .fix(on_agent(scene, "describe-addon"))
                .into()
        }
        (Some(Lookup::Found(agent)), _) => {
            Verdict::holds("agent", format!("ready on {} nodes", agent.ready))
        }
        (_, Some(_)) => Verdict::holds("agent", "add-on active"),
        (Some(Lookup::Unknown(why)), None) => Verdict::Unknown(why.clone()),
        _ => match &health.addons {
            Lookup::Unknown(why) => Verdict::Unknown(why.clone()),
            Lookup::Found(_) | Lookup::Missing => {
                Finding::problem("the Pod Identity agent does not run in the cluster")
                    .because("no-agent")
                    .with("add-on", model::AGENT, "none")
                    .fix(on_agent(scene, "create-addon"))
                    .into()
            }
        },
    }
}

/// What is wrong with an agent that runs.
fn ailing(scene: Scene<'_>, agent: &IdentityAgent, addon: Option<&Addon>) -> Option<Finding> {
    if !agent.host_network {
        // An add-on that is there cannot be created again, but put back as it was made.
        let verb = addon.map_or("create-addon", |_| "update-addon");
        let install = on_agent(scene, verb);
        let finding = Finding::problem("the Pod Identity agent is not on the node's network")
            .because("agent-network")
            .with("hostNetwork", "true", "false")
            .fix(install.and("--resolve-conflicts OVERWRITE", &[]));
        return Some(finding);
    }
    (agent.ready < agent.desired).then(|| {
        let logs = "kubectl logs daemonset/eks-pod-identity-agent --namespace kube-system";
        Finding::problem("the Pod Identity agent is not ready on all nodes")
            .because("agent-not-ready")
            .with("ready", agent.desired.to_string(), agent.ready.to_string())
            .fix(CommandLine::of(logs, &[]).remark("port 80 taken, or no IPv6?"))
    })
}

fn on_agent(scene: Scene<'_>, verb: &str) -> CommandLine {
    CommandLine::of(
        "aws eks {} --cluster-name {} --addon-name eks-pod-identity-agent",
        &[&verb, &cluster_name(scene)],
    )
}

/// Holds where the VPC has no interface endpoint for `eks-auth`, as nodes may go by the internet, or
/// nothing is wrong with the ones that it has; else what is wrong is found. Does not apply without an
/// association.
pub fn endpoint(scene: Scene<'_>) -> Verdict {
    let (Some(_), Some(health)) = (scene.identity(), &scene.world.health) else {
        return Verdict::DoesNotApply;
    };
    let endpoints = known!(health.endpoints, Verdict::DoesNotApply);
    let mut mine = endpoints
        .iter()
        .filter(|endpoint| endpoint.service.ends_with(".eks-auth"))
        .peekable();
    if mine.peek().is_none() {
        return Verdict::holds(
            "eks-auth",
            "no interface endpoint: nodes need a way to the internet",
        );
    }
    let found = mine.flat_map(super::cluster::endpoint_findings).collect();
    Verdict::of(found, "eks-auth", "interface endpoint")
}

/// Holds where session policy, session tags and the role's trust policy agree. A problem where a session
/// policy stands beside enabled tags, or the role asks for tags that are disabled. Does not apply without
/// an association.
pub fn session(scene: Scene<'_>) -> Verdict {
    let Some(association) = scene.identity() else {
        return Verdict::DoesNotApply;
    };
    if association.policy.is_some() && !association.session_tags_disabled {
        return Finding::problem(
            "the association has a session policy, which needs its session tags disabled",
        )
        .because("policy-with-tags")
        .with("disableSessionTags", "true", "false")
        .fix(on_association(scene, "update", association).and("--disable-session-tags", &[]))
        .into();
    }
    if lacks_tags(scene) {
        return Finding::problem("the role asks for session tags, which the association disables")
            .because("tags-disabled")
            .with("disableSessionTags", "false", "true")
            .fix(on_association(scene, "update", association).and("--no-disable-session-tags", &[]))
            .into();
    }
    Verdict::holds(
        "session tags",
        if association.session_tags_disabled {
            "disabled"
        } else {
            "enabled"
        },
    )
}

/// A workload cannot be on the node's network with Pod Identity.
pub fn on_node_network(scene: Scene<'_>) -> Finding {
    let finding =
        Finding::problem("its pods are on the node's network, which Pod Identity does not serve");
    by_web_identity(finding.because("host-network-pod-identity"), scene)
}

/// Holds where all pods have Pod Identity's variable. A problem where they were not given it, or run on
/// Windows or Fargate; a warning where they have the variables of web identity, which come before it.
/// Does not apply without an association.
pub fn environment(scene: Scene<'_>) -> Verdict {
    let (Some(_), Some(object)) = (scene.identity(), scene.object()) else {
        return Verdict::DoesNotApply;
    };
    let pods = known!(object.pods, Verdict::DoesNotApply);
    let nodes = object.nodes.as_found();
    let mut found: Vec<Finding> = Vec::new();
    for pod in pods.iter().filter(|pod| pod.is_alive()) {
        let mut nodes = nodes.into_iter().flatten();
        let node = nodes.find(|node| Some(&node.name) == pod.node.as_ref());
        let Some(finding) = without_pod_identity(scene, pod, node) else {
            continue;
        };
        if !found.iter().any(|other| other.text == finding.text) {
            found.push(finding.of(&pod.owner));
        }
    }
    Verdict::of(found, "pods", "have Pod Identity")
}

/// Why a pod goes by other credentials than its association's.
fn without_pod_identity(scene: Scene<'_>, pod: &Pod, node: Option<&Node>) -> Option<Finding> {
    let owner = &pod.owner;
    if let Some(node) = node.filter(|node| node.windows || node.compute == "fargate") {
        let place = if node.windows { "Windows" } else { "Fargate" };
        let finding = Finding::problem(format!(
            "{owner}: its pods run on {place}, which Pod Identity does not serve"
        ));
        let finding = finding.because("pod-identity-compute").following(&[]);
        return Some(by_web_identity(finding, scene));
    }
    let mut injected = pod.injected();
    if let Some(container) = injected.find(|it| it.env.contains_key(ROLE_VARIABLE)) {
        let finding = Finding::warning(format!("{owner}: container {} has the variables of web identity, which come before Pod Identity", container.name))
            .because("web-identity-first")
            .following(&[])
            .fix(if pod.webhooks_token().is_some() {
                restart(owner)
            } else {
                without(owner, ROLE_VARIABLES)
            });
        return Some(finding);
    }
    let given =
        |container: &Container| container.variable(POD_IDENTITY_VARIABLE).and_then(agent_in);
    let container = pod.injected().find(|it| given(it).is_none())?;
    let finding = Finding::problem(format!(
        "{owner}: its pods were not given Pod Identity: they must be restarted"
    ))
    .because("pod-identity-not-injected")
    .with(
        format!("{POD_IDENTITY_VARIABLE} of {}", container.name),
        credentials_uri(agent_of(scene, pod)),
        container.variable(POD_IDENTITY_VARIABLE).unwrap_or("none"),
    );
    Some(finding.fix(restart(owner)))
}

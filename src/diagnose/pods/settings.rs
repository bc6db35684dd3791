//! What else in the pods' templates and on their nodes decides by which credentials they go.

use super::{judge, with, without};
use crate::diagnose::association::agent_of;
use crate::diagnose::{Finding, Scene, Severity, Verdict};
use crate::model::{CommandLine, Lookup, partition_of};
use crate::world::{Container, OwnCredentials, Pod, ROLE_VARIABLE, UNREAD};

/// A warning for the global STS endpoint (`legacy`), a problem for a region of another partition, a note
/// for a container with a role and no region; holds without any of these. Does not apply without an
/// annotation, nor with an association.
pub fn region(scene: Scene<'_>) -> Verdict {
    if scene.annotated().is_none() || scene.has_association() {
        return Verdict::DoesNotApply;
    }
    let region = &scene.world.region;
    judge(scene, "region and regional STS", |pod| {
        let mut all = pod.injected();
        all.find_map(|container| {
            let endpoints = container.variable("AWS_STS_REGIONAL_ENDPOINTS");
            if endpoints == Some("legacy") {
                return Some(
                    Finding::warning(format!("{} uses the global STS endpoint", container.words()))
                        .because("legacy-sts-endpoint")
                        .with("AWS_STS_REGIONAL_ENDPOINTS", "regional", "legacy")
                        .fix(format!(
                            "{}, or take the annotation eks.amazonaws.com/sts-regional-endpoints: \"false\" off the service account",
                            without(&pod.owner, "AWS_STS_REGIONAL_ENDPOINTS")
                        )),
                );
            }
            let has = container
                .variable("AWS_REGION")
                .or_else(|| container.variable("AWS_DEFAULT_REGION"));
            let set = container.env.contains_key("AWS_REGION")
                || container.env.contains_key("AWS_DEFAULT_REGION");
            match has {
                Some(has) if partition_of(has) != partition_of(region) => Some(
                    Finding::problem(format!("{} is set to a region of another partition", container.words()))
                        .because("other-partition")
                        .with("AWS_REGION", region, has),
                ),
                None if !set && container.env.contains_key(ROLE_VARIABLE) => Some(
                    Finding::note(format!("{} has no region: some SDKs then use the global STS endpoint", container.words()))
                        .because("no-region"),
                ),
                _ => None,
            }
        })
    })
}

/// Holds where no container has credentials that come before the role: a problem for a static key, a
/// warning for a profile or a file, a note for what `envFrom` may bring. Does not apply without
/// annotation and association.
pub fn static_keys(scene: Scene<'_>) -> Verdict {
    if scene.annotated().is_none() && !scene.has_association() {
        return Verdict::DoesNotApply;
    }
    judge(scene, "no static keys", |pod| {
        pod.containers.iter().find_map(|container| {
            let (severity, what) = match container.own_credentials().next()? {
                OwnCredentials::Key(name) => (Severity::Problem, name.to_owned()),
                OwnCredentials::Variable(name) => (Severity::Warning, name.to_owned()),
                OwnCredentials::Volume(mount) => {
                    (Severity::Warning, format!("a volume at {}", mount.path))
                }
                OwnCredentials::From(from) => {
                    return Some(
                        Finding::note(format!(
                            "{} takes variables from {from}, {UNREAD}",
                            container.words()
                        ))
                        .because("environment-from"),
                    );
                }
            };
            Some(
                Finding::new(
                    severity,
                    format!(
                        "{} has {what}, which comes before the role",
                        container.words()
                    ),
                )
                .because("static-credentials")
                .fix(without(&pod.owner, &what)),
            )
        })
    })
}

/// Holds from Kubernetes 1.19 on. Before that a problem where a container runs as another user than root,
/// and the pod has no `fsGroup`. Does not apply without an annotation, nor with an association.
pub fn token_readable(scene: Scene<'_>) -> Verdict {
    if scene.annotated().is_none() || scene.has_association() {
        return Verdict::DoesNotApply;
    }
    let version = scene
        .world
        .kubernetes
        .as_ref()
        .and_then(|kubernetes| kubernetes.version.as_found());
    let is_old = version.is_some_and(|version| is_before(version, 19));
    judge(scene, "readable", |pod| {
        let users = pod
            .containers
            .iter()
            .map(|container| container.run_as_user.or(pod.run_as_user));
        let is_root = users.flatten().all(|user| user == 0);
        if !is_old || pod.fs_group.is_some() || is_root {
            return None;
        }
        Some(
            Finding::problem(
                "its containers cannot read the token: before Kubernetes 1.19 it belongs to root",
            )
            .because("unreadable-token")
            .with("fsGroup", "65534", "none")
            .fix(with(&pod.owner, "securityContext.fsGroup: 65534")),
        )
    })
}

/// Whether a version such as `v1.18.9-eks` is before `1.minor`.
fn is_before(version: &str, minor: u32) -> bool {
    let mut parts = version.trim_start_matches('v').split('.');
    let (Some("1"), Some(part)) = (parts.next(), parts.next()) else {
        return false;
    };
    let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
    digits.parse::<u32>().is_ok_and(|found| found < minor)
}

/// Holds where pods on Windows say so by their `nodeSelector`; a problem where they do not. Unknown where
/// nodes cannot be read; does not apply with an association.
pub fn windows(scene: Scene<'_>) -> Verdict {
    if scene.has_association() {
        return Verdict::DoesNotApply;
    }
    let nodes = scene.object().map(|object| &object.nodes);
    if let (Some(Lookup::Unknown(why)), Some([_, ..])) = (nodes, scene.pods().as_deref()) {
        return Verdict::Unknown(why.clone());
    }
    let nodes = nodes.and_then(Lookup::as_found);
    judge(scene, "by nodeSelector", |pod| {
        let node = nodes?
            .iter()
            .find(|node| Some(&node.name) == pod.node.as_ref())?;
        if !node.windows || pod.windows {
            return None;
        }
        Some(
            Finding::problem("its pods run on Windows, and the webhook cannot tell")
                .because("windows-without-selector")
                .with("nodeSelector", "kubernetes.io/os: windows", "none")
                .fix(with(&pod.owner, "nodeSelector kubernetes.io/os: windows")),
        )
    })
}

/// Holds for pods with a network of their own. On the node's it is a problem with an association, which
/// does not serve them, and else a note. Does not apply without pods.
pub fn host_network(scene: Scene<'_>) -> Verdict {
    judge(scene, "own network", |pod| {
        if !pod.host_network {
            return None;
        }
        Some(if scene.has_association() {
            crate::diagnose::association::on_node_network(scene)
        } else {
            Finding::note(
                "its pods are on the node's network: they always reach the node's role too",
            )
            .because("host-network")
        })
    })
}

/// Holds where no proxy stands before STS, or with an association before the agent. Before the agent it
/// is a problem; before STS a note, as it may let the call through. Does not apply without pods.
pub fn proxy(scene: Scene<'_>) -> Verdict {
    let region = &scene.world.region;
    let sts = format!("sts.{region}.{}", partition_of(region).suffix);
    judge(scene, "no proxy in the way", |pod| {
        pod.containers.iter().find_map(|container| {
            if scene.has_association() {
                before_agent(pod, container, agent_of(scene, pod))
            } else {
                before_sts(container, &sts)
            }
        })
    })
}

/// A variable that programs read in capitals and in small letters.
fn either<'a>(container: &'a Container, name: &str) -> Option<&'a str> {
    let lower = name.to_lowercase();
    container
        .variable(name)
        .or_else(|| container.variable(&lower))
}

fn before_agent(pod: &Pod, container: &Container, agent: &str) -> Option<Finding> {
    let proxy = either(container, "HTTP_PROXY").or_else(|| either(container, "HTTPS_PROXY"))?;
    let exceptions = either(container, "NO_PROXY").unwrap_or_default();
    if excepts(exceptions, agent) {
        return None;
    }
    let finding = Finding::problem(format!(
        "{} asks a proxy for the Pod Identity agent",
        container.words()
    ))
    .because("proxy-before-agent")
    .with("NO_PROXY", agent, exceptions)
    .seen("proxy", proxy);
    let excepted = format!("NO_PROXY: {}", beside(exceptions));
    Some(finding.fix(with(&pod.owner, &excepted)))
}

fn before_sts(container: &Container, sts: &str) -> Option<Finding> {
    let proxy = either(container, "HTTPS_PROXY")?;
    let exceptions = either(container, "NO_PROXY").unwrap_or_default();
    if covers(exceptions, sts) {
        return None;
    }
    let told = match exceptions {
        "" => "none",
        exceptions => exceptions,
    };
    let finding = Finding::note(format!(
        "{} calls STS through a proxy, which must let {sts} through",
        container.words()
    ))
    .because("proxy")
    .seen("HTTPS_PROXY", proxy)
    .seen("NO_PROXY", told);
    Some(finding)
}

/// NO_PROXY with the agent's addresses.
fn beside(exceptions: &str) -> String {
    let others = exceptions.split(',').map(str::trim);
    let others = others.filter(|text| !text.is_empty() && *text != "169.254.170.23");
    let all = others.chain(["169.254.170.23", "[fd00:ec2::23]"]);
    all.collect::<Vec<_>>().join(",")
}

/// Whether NO_PROXY names an address; IPv6 ones stand in brackets or not.
fn excepts(exceptions: &str, address: &str) -> bool {
    let mut all = exceptions.split(',').map(str::trim);
    all.any(|text| text == "*" || text.trim_matches(['[', ']']) == address)
}

/// Whether NO_PROXY names the host or a domain above it.
fn covers(exceptions: &str, host: &str) -> bool {
    let mut all = exceptions
        .split(',')
        .map(|text| text.trim().trim_start_matches("*."));
    all.any(|text| {
        let domain = text.trim_start_matches('.');
        text == "*"
            || !domain.is_empty() && (host == domain || host.ends_with(&format!(".{domain}")))
    })
}

/// A note where the pods of an annotated service account have `automountServiceAccountToken: false`,
/// which is harmless; holds otherwise. Does not apply without pods.
pub fn automount(scene: Scene<'_>) -> Verdict {
    judge(scene, "does not matter", |pod| {
        (pod.automount == Some(false) && scene.annotated().is_some()).then(|| {
            Finding::note(
                "automountServiceAccountToken: false keeps the API server's token out, not AWS's",
            )
            .because("automount-off")
        })
    })
}

/// An image's SDK cannot be seen; that all else is well and the role was never used tells of an old one.
pub fn sdk_version(scene: Scene<'_>) -> Verdict {
    let Some((_, health)) = scene.role() else {
        return Verdict::DoesNotApply;
    };
    let (Some(role), Some(annotated)) = (health.role.as_found(), scene.annotated()) else {
        return Verdict::DoesNotApply;
    };
    let is_unused = role.history.last_used.is_none();
    judge(scene, "not told by the pods", |pod| {
        let has_all = pod
            .injected()
            .all(|container| container.lacks_role(Some(annotated)).is_none());
        let is_old = scene.world.now - pod.created > 24 * 60 * 60;
        if !(is_unused && has_all && is_old) {
            return None;
        }
        let images: Vec<&str> = pod
            .injected()
            .map(|container| container.image.as_str())
            .collect();
        Some(
            Finding::note("its pods have the role for more than a day and never used it: an SDK without web identity, or none, may be in the image")
                .because("role-not-taken")
                .seen("images", images.join(", "))
                .fix(CommandLine::of("irsactl doctor --explain sdk-version", &[])),
        )
    })
}

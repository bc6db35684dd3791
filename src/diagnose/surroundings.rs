//! What surrounds the pods: the metadata of their instances, security groups, NetworkPolicies.

use super::{Finding, Scene, Verdict, known};
use crate::model::{CommandLine, Map};
use crate::observe::health::{EgressRule, Pod};

impl<'a> Scene<'a> {
    /// A pod for all: those of one service account mostly come of one template.
    fn labels(&self) -> Vec<&'a Map> {
        let pods = self.object().and_then(|object| object.pods.as_found());
        let alive = pods.into_iter().flatten().filter(|pod| pod.is_alive());
        let mut all: Vec<&Map> = alive.map(|pod| &pod.labels).collect();
        all.dedup();
        all
    }
}

pub fn metadata(scene: Scene<'_>) -> Verdict {
    let options = known!(scene.account.metadata, Verdict::DoesNotApply);
    let open: Vec<_> = options
        .iter()
        .filter(|options| options.hop_limit > 1 || !options.token_required)
        .collect();
    let Some(first) = open.first() else {
        return Verdict::holds(
            "instances",
            format!("{}: hop limit 1, IMDSv2", options.len()),
        );
    };
    let found = format!(
        "hop limit {}, IMDSv2 {}",
        first.hop_limit,
        if first.token_required {
            "required"
        } else {
            "optional"
        }
    );
    Finding::note("pods reach the instance metadata: without their role they silently use that of the node")
        .because("metadata-open")
        .with(&first.instance, "hop limit 1, IMDSv2 required", found)
        .fix(
            CommandLine::of(
                "aws ec2 modify-instance-metadata-options --instance-id {} --http-tokens required --http-put-response-hop-limit 1",
                &[&first.instance],
            )
            .remark("and in the launch template"),
        )
        .into()
}

pub fn security_groups(scene: Scene<'_>) -> Verdict {
    let Some(object) = scene.object() else {
        return Verdict::DoesNotApply;
    };
    let policies = known!(object.security_groups, Verdict::DoesNotApply);
    let account_labels = scene
        .found_object()
        .map(|(object, _)| object.labels.clone());
    let account_labels = account_labels.unwrap_or_default();
    let pods = scene.labels();
    let selects = |policy: &&crate::observe::health::PodSecurityGroups| {
        let by_pod = policy.pod_selector.as_ref();
        let by_account = policy.service_account_selector.as_ref();
        by_pod.is_none_or(|selector| pods.iter().any(|labels| selector.matches(labels)))
            && by_account.is_none_or(|selector| selector.matches(&account_labels))
            && (by_pod.is_some() || by_account.is_some())
    };
    let mine: Vec<_> = policies.iter().filter(selects).collect();
    if mine.is_empty() || pods.is_empty() {
        return Verdict::DoesNotApply;
    }
    let groups = known!(scene.account.security_groups, Verdict::DoesNotApply);
    let mut found = Vec::new();
    for policy in mine {
        let of_policy = groups
            .iter()
            .filter(|group| policy.groups.contains(&group.id));
        let of_policy: Vec<_> = of_policy.collect();
        if of_policy.is_empty() {
            continue;
        }
        let names = policy.groups.join(", ");
        let ways = [
            (
                "TCP 443 to STS",
                of_policy.iter().all(|group| group.https_to.is_empty()),
                "no-https-out",
                "tcp",
                443,
            ),
            (
                "port 53 to the cluster's DNS",
                of_policy.iter().all(|group| group.dns_to.is_empty()),
                "no-dns-out",
                "udp",
                53,
            ),
        ];
        for (way, _, cause, protocol, port) in ways.into_iter().filter(|(_, is_shut, ..)| *is_shut)
        {
            found.push(
                Finding::problem(format!("the security groups of SecurityGroupPolicy {} do not let out {way}", policy.name))
                    .because(cause)
                    .seen("security groups", &names)
                    .fix(CommandLine::of(
                        "aws ec2 authorize-security-group-egress --group-id {} --protocol {} --port {} --cidr 0.0.0.0/0",
                        &[&policy.groups.first().map_or("", String::as_str), &protocol, &port],
                    )),
            );
        }
    }
    Verdict::of(found, "security groups", "let DNS and HTTPS out")
}

pub fn network_policy(scene: Scene<'_>) -> Verdict {
    let Some(object) = scene.object() else {
        return Verdict::DoesNotApply;
    };
    let policies = known!(object.network_policies, Verdict::DoesNotApply);
    let pods = known!(object.pods, Verdict::DoesNotApply);
    let mut found: Vec<Finding> = Vec::new();
    for pod in pods
        .iter()
        .filter(|pod| pod.is_alive() && !pod.host_network)
    {
        let (names, rules) = egress_of(pod, policies);
        if names.is_empty() {
            continue;
        }
        let (address, port) = match scene.has_association() {
            true => ("169.254.170.23", 80),
            false => ("the addresses of STS", 443),
        };
        let reaches = |port: u16, outside: bool| {
            rules.iter().any(|rule| {
                has_port(rule, port) && (!outside || is_open(rule, scene.has_association()))
            })
        };
        let lacking = match (reaches(53, false), reaches(port, true)) {
            (false, _) => ("DNS (port 53)".to_owned(), "no-dns"),
            (_, false) => (format!("{address} (port {port})"), "no-sts"),
            _ => continue,
        };
        let finding = Finding::problem(format!(
            "{}: NetworkPolicies do not let its pods reach {}",
            pod.owner, lacking.0
        ))
        .because(lacking.1)
        .seen("NetworkPolicies", names.join(", "))
        .fix(
            CommandLine::of(
                "kubectl edit networkpolicy {} --namespace {}",
                &[&names[0], &pod.owner.namespace],
            )
            .remark(format!("allow egress to {}", lacking.0)),
        );
        if !found.iter().any(|other| other.text == finding.text) {
            found.push(finding);
        }
    }
    Verdict::of(
        found,
        "NetworkPolicies",
        format!("{} in the namespace", policies.len()),
    )
}

/// The names of the policies that limit what a pod reaches, and what they allow together.
fn egress_of<'a>(
    pod: &Pod,
    policies: &'a [crate::observe::health::NetworkPolicy],
) -> (Vec<&'a str>, Vec<&'a EgressRule>) {
    let mine = policies
        .iter()
        .filter(|policy| policy.selector.matches(&pod.labels));
    let mine = mine.filter_map(|policy| Some((policy.name.as_str(), policy.egress.as_ref()?)));
    let (names, rules): (Vec<_>, Vec<_>) = mine.unzip();
    (names, rules.into_iter().flatten().collect())
}

fn has_port(rule: &EgressRule, port: u16) -> bool {
    rule.ports.is_empty()
        || rule
            .ports
            .iter()
            .any(|(_, first, last)| match (first, last) {
                (None, _) => true,
                (Some(first), None) => *first == port,
                (Some(first), Some(last)) => (*first..=*last).contains(&port),
            })
}

/// Whether it leads out of the cluster. Which of AWS's addresses STS has cannot be told: any block of
/// addresses may be meant for it. The agent has one address.
fn is_open(rule: &EgressRule, to_agent: bool) -> bool {
    let leads = |(cidr, except): &(String, Vec<String>)| match to_agent {
        false => true,
        true => {
            (cidr == "0.0.0.0/0" || cidr.starts_with("169.254."))
                && !except.iter().any(|cidr| cidr.starts_with("169.254."))
        }
    };
    rule.to_all || rule.cidrs.iter().any(leads)
}

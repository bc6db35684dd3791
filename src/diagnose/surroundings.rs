//! What surrounds the pods: the metadata of their instances, security groups, NetworkPolicies.

use std::net::IpAddr;

use ipnet::IpNet;

use super::association::agent_of;
use super::{Finding, Scene, Verdict, known};
use crate::model::{CommandLine, Map};
use crate::world::{EgressRule, Pod, PodSecurityGroups, SecurityGroup};

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

/// Holds where no instance under the pods lets them read its metadata; a note where one does. Does not
/// apply where the pods run on no instance.
pub fn metadata(scene: Scene<'_>) -> Verdict {
    let options = known!(scene.account.metadata, Verdict::DoesNotApply);
    let open: Vec<_> = options.iter().filter(|options| options.is_open()).collect();
    let Some(first) = open.first() else {
        return Verdict::holds("instances", format!("{} closed to pods", options.len()));
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

/// Holds where the groups of each SecurityGroupPolicy of the pods let out TCP 443 and UDP 53; a problem
/// for each that is shut. Does not apply where no such policy selects the pods.
pub fn security_groups(scene: Scene<'_>) -> Verdict {
    let Some(object) = scene.object() else {
        return Verdict::DoesNotApply;
    };
    let policies = known!(object.security_groups, Verdict::DoesNotApply);
    let account = scene.found_object().map(|(object, _)| &object.labels);
    let pods = scene.labels();
    let is_meant = |policy: &&PodSecurityGroups| selects(policy, &pods, account);
    let mine: Vec<_> = policies.iter().filter(is_meant).collect();
    if mine.is_empty() || pods.is_empty() {
        return Verdict::DoesNotApply;
    }
    let groups = known!(scene.account.security_groups, Verdict::DoesNotApply);
    let found = mine.into_iter().flat_map(|policy| shut(policy, groups));
    let found: Vec<Finding> = found.collect();
    Verdict::of(found, "security groups", "let DNS and HTTPS out")
}

fn selects(policy: &PodSecurityGroups, pods: &[&Map], account: Option<&Map>) -> bool {
    let none = Map::new();
    let account = account.unwrap_or(&none);
    let by_pod = policy.pod_selector.as_ref();
    let by_account = policy.service_account_selector.as_ref();
    by_pod.is_none_or(|selector| pods.iter().any(|labels| selector.matches(labels)))
        && by_account.is_none_or(|selector| selector.matches(account))
        && (by_pod.is_some() || by_account.is_some())
}

/// The ways that the security groups of a policy do not let out.
fn shut(policy: &PodSecurityGroups, groups: &[SecurityGroup]) -> Vec<Finding> {
    let mine = groups
        .iter()
        .filter(|group| policy.groups.contains(&group.id));
    let mine: Vec<_> = mine.collect();
    let mut found = Vec::new();
    if mine.is_empty() {
        return found;
    }
    if mine.iter().all(|group| group.https_to.is_empty()) {
        let finding = shut_out(policy, "TCP 443 to STS", "tcp", 443);
        found.push(finding.because("no-https-out"));
    }
    if mine.iter().all(|group| group.dns_to.is_empty()) {
        let finding = shut_out(policy, "port 53 to the cluster's DNS", "udp", 53);
        found.push(finding.because("no-dns-out"));
    }
    found
}

fn shut_out(policy: &PodSecurityGroups, way: &str, protocol: &str, port: u16) -> Finding {
    let first = policy.groups.first().map_or("", String::as_str);
    Finding::problem(format!(
        "the security groups of SecurityGroupPolicy {} do not let out {way}",
        policy.name
    ))
    .seen("security groups", policy.groups.join(", "))
    .fix(CommandLine::of(
        "aws ec2 authorize-security-group-egress --group-id {} --protocol {} --port {} --cidr 0.0.0.0/0",
        &[&first, &protocol, &port],
    ))
}

/// Holds where NetworkPolicies let the pods reach DNS and STS, or with an association the agent; a
/// warning where they do not, as the cluster may not enforce them. Pods on the node's network are left
/// out.
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
        let lacking = unreached(scene, pod, &rules);
        let Some(finding) = unreachable(pod, &names, &lacking) else {
            continue;
        };
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

fn unreachable(
    pod: &Pod,
    policies: &[&str],
    lacking: &[(&'static str, String)],
) -> Option<Finding> {
    let (cause, _) = lacking.first()?;
    let ways: Vec<&str> = lacking.iter().map(|(_, way)| way.as_str()).collect();
    let ways = ways.join(" and ");
    let edit = CommandLine::of(
        "kubectl edit networkpolicy {} --namespace {}",
        &[&policies[0], &pod.owner.namespace],
    );
    let finding = Finding::warning(format!(
        "{}: NetworkPolicies do not let its pods reach {ways}",
        pod.owner
    ))
    .because(cause)
    .seen("NetworkPolicies", policies.join(", "))
    .seen("not looked at", NOT_LOOKED_AT)
    .fix(edit.remark(format!("allow egress to {ways}")));
    Some(finding)
}

/// Why a pod may reach what NetworkPolicies do not let it.
const NOT_LOOKED_AT: &str = "whether the cluster enforces them (the VPC CNI does not by default); policies of Cilium \
    and Calico; proxies within the cluster";

/// What a pod needs on its way to its role, and these rules do not let it reach: causes and ways.
fn unreached(scene: Scene<'_>, pod: &Pod, rules: &[&EgressRule]) -> Vec<(&'static str, String)> {
    let agent = scene.has_association().then(|| agent_of(scene, pod));
    let reaches = |port: u16, leads: &dyn Fn(&EgressRule) -> bool| {
        rules.iter().any(|rule| has_port(rule, port) && leads(rule))
    };
    let (outside, way) = match agent {
        Some(agent) => {
            let leads = |rule: &EgressRule| leads_to(rule, agent);
            (reaches(80, &leads), format!("{agent} (port 80)"))
        }
        // Which of AWS's addresses STS has cannot be told: any block may be meant for it.
        None => {
            let leads = |rule: &EgressRule| rule.to_all || !rule.cidrs.is_empty();
            let reaches = reaches(443, &leads) || asks_proxy(pod);
            (reaches, "the addresses of STS (port 443)".to_owned())
        }
    };
    // The agent is asked by its address.
    let by_name = agent.is_none();
    let mut lacking = Vec::new();
    if by_name && !reaches(53, &|_| true) {
        lacking.push(("no-dns", "DNS (port 53)".to_owned()));
    }
    if !outside {
        lacking.push(("no-sts", way));
    }
    lacking
}

/// Whether its containers call STS through a proxy, which may be anywhere.
fn asks_proxy(pod: &Pod) -> bool {
    let has = |name: &str| pod.injected().all(|it| it.env.contains_key(name));
    has("HTTPS_PROXY") || has("https_proxy")
}

/// The names of the policies that limit what a pod reaches, and what they allow together.
fn egress_of<'a>(
    pod: &Pod,
    policies: &'a [crate::world::NetworkPolicy],
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

/// Whether an address is among those that a rule leads to.
fn leads_to(rule: &EgressRule, address: &str) -> bool {
    let leads = |(cidr, except): &(String, Vec<String>)| {
        contains(cidr, address) && !except.iter().any(|cidr| contains(cidr, address))
    };
    rule.to_all || rule.cidrs.iter().any(leads)
}

/// Whether a block of addresses (`10.0.0.0/8`, `::/0`) has this one.
fn contains(cidr: &str, address: &str) -> bool {
    match (cidr.parse::<IpNet>(), address.parse::<IpAddr>()) {
        (Ok(block), Ok(address)) => block.contains(&address),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_of_addresses_have_what_is_in_them() {
        for (cidr, address, wanted) in [
            ("0.0.0.0/0", "169.254.170.23", true),
            ("169.254.0.0/16", "169.254.170.23", true),
            ("169.254.170.23/32", "169.254.170.23", true),
            ("169.254.170.22/32", "169.254.170.23", false),
            ("10.0.0.0/8", "169.254.170.23", false),
            ("::/0", "169.254.170.23", false),
            ("0.0.0.0/0", "fd00:ec2::23", false),
            ("::/0", "fd00:ec2::23", true),
            ("fd00:ec2::23/128", "fd00:ec2::23", true),
            ("fd00:ec2::/32", "fd00:ec2::23", true),
            ("fe80::/10", "fd00:ec2::23", false),
            ("169.254.0.0/33", "169.254.170.23", false),
            ("nothing", "169.254.170.23", false),
        ] {
            assert_eq!(contains(cidr, address), wanted, "{cidr} {address}");
        }
    }
}

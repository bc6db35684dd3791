//! What limits whom pods may reach.

use super::Selector;

/// A NetworkPolicy, as far as it selects a pod.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkPolicy {
    pub name: String,
    pub selector: Selector,
    /// Whether it says anything of what pods may reach; `None` where it does not.
    pub egress: Option<Vec<EgressRule>>,
}

/// What pods may reach.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct EgressRule {
    /// Any address outside of the cluster is meant: no `to`, or these CIDRs with their exceptions.
    pub cidrs: Vec<(String, Vec<String>)>,
    /// No `to` at all.
    pub to_all: bool,
    /// Pods or namespaces are meant.
    pub to_pods: bool,
    /// Protocol and port; empty means all.
    pub ports: Vec<(String, Option<u16>, Option<u16>)>,
}

/// A SecurityGroupPolicy of the VPC CNI, as far as it selects pods.
#[derive(Clone, Debug, PartialEq)]
pub struct PodSecurityGroups {
    pub name: String,
    pub pod_selector: Option<Selector>,
    pub service_account_selector: Option<Selector>,
    pub groups: Vec<String>,
}

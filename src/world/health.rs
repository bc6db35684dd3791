//! What bears on whether a pod has its role: the types of everything that `doctor` looks at. Times are
//! seconds since 1970.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;

use super::{
    Association, LivePolicies, MetadataAgent, NetworkPolicy, ObservedAccount, OidcProvider, Pod,
    PodSecurityGroups, Reading, RoleFacts, ServiceAccount,
};
use crate::model::{
    Arn, Audience, Cluster, ClusterFacts, Lookup, Map, Namespace, PolicyArn, RoleArn,
    ServiceAccountName, Workload,
};
use crate::policy::Quotas;
use crate::policy::usage::{Policies, PolicySource, ServiceUse, Window};
use crate::proof::{Proof, Simulation};
use crate::token::Keys;
use crate::world::AddonStatus;

/// Everything that is not a service account's own.
#[derive(Clone, Debug)]
pub struct World {
    /// Seconds since 1970.
    pub now: i64,
    pub region: String,
    /// Who asks.
    pub caller: Lookup<Arn>,
    /// `None` where only a role was named.
    pub cluster: Option<Cluster>,
    /// Whether all service accounts with a role are known; missing where not all are asked about.
    pub listed: Lookup<()>,
    /// `None` for what is not EKS.
    pub health: Option<ClusterHealth>,
    /// The issuer's chains, as they are read from here.
    pub reading: Lookup<Reading>,
    pub keys: Lookup<Keys>,
    /// `None` where nothing was asked of Kubernetes.
    pub kubernetes: Option<KubernetesHealth>,
}

/// Everything about one service account, or about a role by itself.
#[derive(Clone, Debug)]
pub struct AccountHealth {
    /// `None`: a role by itself.
    pub name: Option<ServiceAccountName>,
    /// Its stack as `update` looks at it; missing where none was looked for.
    pub observed: Lookup<ObservedAccount>,
    pub object: Option<ObjectHealth>,
    /// The role that it has by its annotation, by its stack, or as the user said.
    pub role_arn: Option<RoleArn>,
    /// What the user named on the command line. Nothing else but the account's own stack says which role
    /// may be changed, and for which audience: who may edit the ServiceAccount is not asked.
    pub named_role: Option<RoleArn>,
    pub named_audience: Option<Audience>,
    pub role: Option<RoleHealth>,
    pub associations: Lookup<Vec<Association>>,
    /// The role of its Pod Identity association, and the one behind it in another account.
    pub identity_role: Option<RoleHealth>,
    pub target_role: Option<RoleHealth>,
    /// What EKS said of the token of a running pod.
    pub identity_proof: Option<Proof>,
    /// Of the instances under its pods.
    pub metadata: Lookup<Vec<MetadataOptions>>,
    /// Those of the SecurityGroupPolicies of its namespace.
    pub security_groups: Lookup<Vec<SecurityGroup>>,
    /// What STS said of a real token.
    pub proof: Option<Proof>,
    /// The answers to `--can`.
    pub simulated: Vec<Simulation>,
}

impl AccountHealth {
    /// `namespace/name`, or the ARN of a role by itself.
    pub fn subject(&self) -> String {
        match (&self.name, &self.role_arn) {
            (Some(name), _) => name.to_string(),
            (None, Some(role)) => role.to_string(),
            (None, None) => String::new(),
        }
    }
}

/// Whether STS is active in a region for the account.
#[derive(Clone, Debug, PartialEq)]
pub enum StsActivation {
    Active,
    /// `RegionDisabledException` (STS API Reference, "AssumeRoleWithWebIdentity"), in its words.
    Disabled(String),
}

/// What is looked at once for a cluster in AWS.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterHealth {
    pub facts: Lookup<ClusterFacts>,
    pub addons: Lookup<Vec<Addon>>,
    /// All of the account but the cluster's own.
    pub other_providers: Lookup<Vec<OtherProvider>>,
    /// Whether the region's STS answers from here.
    pub sts: Lookup<StsActivation>,
    /// Those of STS and of EKS's Pod Identity in the cluster's VPC.
    pub endpoints: Lookup<Vec<VpcEndpoint>>,
}

/// What is looked at once for a cluster in Kubernetes.
#[derive(Clone, Debug, PartialEq)]
pub struct KubernetesHealth {
    /// The API server's version; unknown where it cannot be reached or refuses.
    pub version: Lookup<String>,
    pub webhooks: Lookup<Vec<Webhook>>,
    pub metadata_agents: Lookup<Vec<MetadataAgent>>,
    pub identity_agent: Lookup<IdentityAgent>,
}

/// The Pod Identity agent's DaemonSet.
#[derive(Clone, Debug, PartialEq)]
pub struct IdentityAgent {
    pub desired: i64,
    pub ready: i64,
    pub host_network: bool,
}

/// What is looked at for each role.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleHealth {
    pub role: Lookup<RoleFacts>,
    pub policies: Lookup<LivePolicies>,
    /// Documents of the managed policies by their ARNs.
    pub documents: BTreeMap<PolicyArn, Lookup<Value>>,
    pub boundary: Option<Lookup<Value>>,
    /// The cluster's provider in the account of the role.
    pub provider: Lookup<OidcProvider>,
    pub quotas: Lookup<Quotas>,
    pub analyzer: Lookup<Vec<AnalyzerFinding>>,
    pub failures: Lookup<Vec<RecordedFailure>>,
    /// Where that is asked.
    pub usage: Option<WatchedUse>,
}

impl RoleHealth {
    /// Those of its policies whose documents are known.
    pub fn known_policies(&self) -> Policies {
        let managed = self.documents.iter().filter_map(|(arn, document)| {
            let document = document.as_found()?.clone();
            Some((PolicySource::Managed(arn.clone()), document))
        });
        let inline = self.policies.as_found().into_iter();
        let inline = inline.flat_map(|policies| policies.inline.clone());
        let inline = inline.map(|(name, document)| (PolicySource::Inline(name), document));
        managed.chain(inline).collect()
    }
}

/// What a role used of its permissions.
#[derive(Clone, Debug, PartialEq)]
pub struct WatchedUse {
    /// Which uses count.
    pub window: Window,
    pub services: Lookup<Vec<ServiceUse>>,
}

/// What is looked at for each service account in Kubernetes.
#[derive(Clone, Debug, PartialEq)]
pub struct ObjectHealth {
    /// The namespace's labels.
    pub namespace: Lookup<Map>,
    pub service_account: Lookup<(ServiceAccount, ServiceAccountHistory)>,
    pub pods: Lookup<Vec<Pod>>,
    /// Those that the pods run on.
    pub nodes: Lookup<Vec<Node>>,
    pub network_policies: Lookup<Vec<NetworkPolicy>>,
    pub security_groups: Lookup<Vec<PodSecurityGroups>>,
}

/// An EKS add-on.
#[derive(Clone, Debug, PartialEq)]
pub struct Addon {
    pub name: String,
    pub status: AddonStatus,
    /// `v1.3.4-eksbuild.1`.
    pub version: String,
    /// Codes and messages of `health.issues`.
    pub issues: Vec<String>,
    /// The role of its service account, where the add-on sets it.
    pub service_account_role: Option<String>,
    /// ARNs of the associations that it owns.
    pub pod_identity_associations: Vec<String>,
}

/// A finding of IAM Access Analyzer's ValidatePolicy.
#[derive(Clone, Debug, PartialEq)]
pub struct AnalyzerFinding {
    /// ERROR, SECURITY_WARNING, WARNING or SUGGESTION.
    pub kind: String,
    pub code: String,
    pub details: String,
}

/// A failed AssumeRoleWithWebIdentity that CloudTrail recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct RecordedFailure {
    pub at: i64,
    /// `sub` of the token.
    pub subject: Option<String>,
    /// The provider that the token came from.
    pub provider: Option<String>,
    pub role: Option<String>,
    pub code: String,
    pub message: String,
    pub region: String,
}

/// An interface endpoint in a cluster's VPC.
#[derive(Clone, Debug, PartialEq)]
pub struct VpcEndpoint {
    pub id: String,
    /// `com.amazonaws.eu-west-1.sts`.
    pub service: String,
    pub state: String,
    pub private_dns: bool,
    pub policy: Option<Value>,
    /// Those that exist and are seen from this account.
    pub security_groups: Lookup<Vec<SecurityGroup>>,
}

/// A security group, as far as port 443 goes.
#[derive(Clone, Debug, PartialEq)]
pub struct SecurityGroup {
    pub id: String,
    /// Whether any rule lets TCP 443 in, and from where: CIDRs, groups, prefix lists.
    pub https_from: Vec<String>,
    /// Whether any rule lets TCP 443 out, and to where.
    pub https_to: Vec<String>,
    /// The same of UDP 53.
    pub dns_to: Vec<String>,
}

/// How an instance gives its metadata away.
#[derive(Clone, Debug, PartialEq)]
pub struct MetadataOptions {
    pub instance: String,
    /// Whether there is a metadata endpoint at all.
    pub enabled: bool,
    pub hop_limit: i32,
    /// IMDSv2 required.
    pub token_required: bool,
}

impl MetadataOptions {
    /// Whether pods with a network of their own get an answer: the limit of hops is on that of a token, which
    /// the first version does not ask for.
    pub fn is_open(&self) -> bool {
        self.enabled && (self.hop_limit > 1 || !self.token_required)
    }
}

/// The webhook that gives pods their environment.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Of the MutatingWebhookConfiguration.
    pub name: String,
    pub url: Option<String>,
    /// `namespace/name` of its service, where it has no URL.
    pub service: Option<String>,
    pub has_ca: bool,
    /// Ignore or Fail.
    pub failure_policy: Option<String>,
    pub namespace_selector: Option<Selector>,
    pub object_selector: Option<Selector>,
    /// Whether its rules are about the creation of pods.
    pub on_pod_creation: bool,
}

/// A label selector of Kubernetes.
#[derive(Clone, Debug, Default, PartialEq, serde::Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    pub match_labels: Map,
    pub match_expressions: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
pub struct Requirement {
    pub key: String,
    /// In, NotIn, Exists or DoesNotExist.
    pub operator: String,
    #[serde(default)]
    pub values: Vec<String>,
}

impl Selector {
    /// Whether an object with these labels is selected. An unknown operator selects nothing.
    pub fn matches(&self, labels: &Map) -> bool {
        let is_met = |requirement: &Requirement| {
            let value = labels.get(&requirement.key);
            let listed = value.is_some_and(|value| requirement.values.contains(value));
            match requirement.operator.as_str() {
                "In" => listed,
                "NotIn" => !listed,
                "Exists" => value.is_some(),
                "DoesNotExist" => value.is_none(),
                _ => false,
            }
        };
        let mut equal = self.match_labels.iter();
        equal.all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(is_met)
    }
}

/// As kubectl takes it: `team=web,env in (a,b),!skip`.
impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let equal = self.match_labels.iter();
        let equal = equal.map(|(key, value)| format!("{key}={value}"));
        let others = self.match_expressions.iter().map(|requirement| {
            let Requirement {
                key,
                operator,
                values,
            } = requirement;
            let values = values.join(",");
            match operator.as_str() {
                "In" => format!("{key} in ({values})"),
                "NotIn" => format!("{key} notin ({values})"),
                "Exists" => key.clone(),
                "DoesNotExist" => format!("!{key}"),
                other => format!("{key} {other} ({values})"),
            }
        });
        f.write_str(&equal.chain(others).collect::<Vec<_>>().join(","))
    }
}

/// What a workload says of itself, as far as restarts go.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkloadState {
    pub workload: Workload,
    /// The name of that which its template's pods run as.
    pub service_account: String,
    /// When a restart of its pods was asked for last; and as it is written there.
    pub restarted: Option<(i64, String)>,
    pub paused: bool,
    /// Its pods are replaced only when someone deletes them.
    pub on_delete: bool,
    /// Containers whose template sets AWS_ROLE_ARN, which the webhook then leaves alone.
    pub own_roles: BTreeSet<String>,
    /// The template's label keeps the webhook from its pods.
    pub skipped: bool,
    pub rollout: Rollout,
}

/// How far the replacement of a workload's pods is, as `kubectl rollout status` judges it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rollout {
    Over,
    /// What is waited for.
    Underway(String),
    /// It will not go on by itself.
    Failed(String),
}

/// A node.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    pub name: String,
    /// EC2's id, where it is an instance.
    pub instance: Option<String>,
    /// `fargate`, `hybrid`, `auto` (Auto Mode), by its labels; else `ec2`.
    pub compute: String,
    pub windows: bool,
}

/// What is known of a ServiceAccount beyond its labels and annotations.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ServiceAccountHistory {
    pub created: i64,
    /// Who set the role annotation, and when.
    pub role_set: Option<(String, i64)>,
    /// Field managers with any part in it.
    pub managers: Vec<String>,
    /// Names of Secrets with tokens (`secrets` of the ServiceAccount).
    pub secrets: Vec<String>,
}

/// An IAM OIDC provider of the account that is not the cluster's. That no cluster of this account and
/// region has its issuer tells nothing: clusters of other accounts and regions are trusted like this too
/// (EKS User Guide, "Authenticate to another account with IRSA").
#[derive(Clone, Debug, PartialEq)]
pub struct OtherProvider {
    pub arn: String,
    pub state: ProviderState,
}

#[derive(Clone, Debug, PartialEq)]
pub enum ProviderState {
    /// Its issuer answers, is not one of EKS, or cannot be reached.
    NotKnownGone,
    /// EKS answers that it has no such issuer: when the provider was made (seconds since 1970), and the
    /// ARNs of the roles that trust it all the same.
    Gone {
        created: Lookup<i64>,
        trusted_by: Lookup<Vec<RoleArn>>,
    },
}

/// Whose pods are looked at.
#[derive(Clone, Debug, PartialEq)]
pub enum Pods {
    /// All that run as the service account.
    Of(ServiceAccountName),
    /// Those of a workload, which may be a pod by itself.
    OfWorkload(Workload),
    /// All of a namespace.
    InNamespace(Namespace),
    /// All of the cluster.
    All,
}

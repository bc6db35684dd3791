//! What irsactl would make, said in the words of other tools: CloudFormation templates, Terraform,
//! a shell script, manifests. Pure, so that it can be had offline. Here is what the forms share: the
//! role's parts with CloudFormation's functions put into plain values.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::asked::{DeploymentMode, IamServiceAccount, Permissions};
use crate::model::{
    Audience, Cluster, Fix, Issuer, Map, ServiceAccountName, StackName, VERSION_TAG, Way,
    partition_of,
};
use crate::plan::{Refusal, Target, account};
use crate::template::{self, Capability, RoleSpec, plain};

mod association;
pub mod aws_cli;
pub mod hcl;
pub mod kubernetes;
pub mod terraform;

/// Why an account cannot be said in a tool's words, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unrenderable {
    pub account: ServiceAccountName,
    pub cause: String,
    pub hint: Fix,
}

impl fmt::Display for Unrenderable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.account, self.cause)
    }
}

/// The stack of one role, with what CreateStack must be told beside the template.
#[derive(Clone, Debug, PartialEq)]
pub struct RenderedStack {
    pub account: ServiceAccountName,
    pub name: StackName,
    pub template: Value,
    pub capability: Capability,
    pub tags: Map,
    pub mode: DeploymentMode,
}

/// The stacks of all accounts that have a role of their own. Where two service accounts have the same
/// stack name (`a-b/c` and `a/b-c`), the later one has the hashed name.
pub fn stacks(accounts: &[IamServiceAccount], cluster: &Cluster) -> Vec<RenderedStack> {
    let mut taken = BTreeSet::new();
    roles(accounts)
        .map(|(account, spec)| {
            let usual = StackName::new(account.way(), &cluster.name, &account.name);
            let name = if taken.insert(usual.to_string()) {
                usual
            } else {
                StackName::hashed(account.way(), &cluster.name, &account.name)
            };
            let mut template = template::render(spec, cluster, &account.name, &name);
            if let Some(association) = association::resource(account, cluster) {
                template["Resources"]["Association"] = association;
            }
            RenderedStack {
                account: account.name.clone(),
                template,
                name,
                capability: spec.capability(),
                tags: account::stack_tags(account, cluster),
                mode: account.deployment().mode,
            }
        })
        .collect()
}

/// Policies that IAM would not attach to a role of the cluster's account.
pub fn refusals(accounts: &[IamServiceAccount], cluster: &Cluster) -> Vec<(Target, Refusal)> {
    let refusals = roles(accounts).flat_map(|(account, spec)| {
        let target = Target::of(account.way(), &account.name);
        let policies = spec.managed.iter().chain(&spec.boundary);
        let managed = policies.filter_map(|policy| account::foreign_policy(policy, cluster));
        let inline = account::foreign_arns(&spec.inline, cluster);
        let reasons = managed.chain(inline);
        reasons.map(move |reason| {
            let refusal = Refusal::of(reason, &cluster.name, &target);
            (target.clone(), refusal)
        })
    });
    refusals.collect()
}

/// The partition that an issuer of EKS is in. `None`: the issuer is another's.
pub fn partition(issuer: &Issuer) -> Option<&'static str> {
    issuer.eks_region().map(|region| partition_of(region).name)
}

/// The accounts that have a role of their own.
fn roles(accounts: &[IamServiceAccount]) -> impl Iterator<Item = (&IamServiceAccount, &RoleSpec)> {
    accounts
        .iter()
        .filter_map(|account| match &account.permissions {
            Permissions::Role(spec) => Some((account, spec)),
            Permissions::Existing(_) | Permissions::Edited(_) => None,
        })
}

/// What identifies the role as the service account's, and the asked tags. Without the version, which
/// would be a change at each release.
fn role_tags(account: &IamServiceAccount, cluster: &Cluster) -> Map {
    let mut tags = account::stack_tags(account, cluster);
    tags.remove(VERSION_TAG);
    tags
}

/// A name for a role that is asked for without one: other service accounts have others, and the same
/// one has the same the next time.
fn role_name(way: Way, name: &ServiceAccountName, cluster: &Cluster) -> String {
    let way = match way {
        Way::Irsa => "",
        Way::PodIdentity => "/pod-identity",
    };
    let digest = Sha256::digest(format!("{}/{name}{way}", cluster.name));
    let hash = hex::encode(&digest[..4]);
    format!("{}-{hash}", readable_name(name, cluster, 64 - 9))
}

/// Cluster, namespace and name, cut to a length; in it are only characters of IAM's role names.
fn readable_name(account: &ServiceAccountName, cluster: &Cluster, length: usize) -> String {
    let whole = format!("{}-{}-{}", cluster.name, account.namespace, account.name);
    let cut: String = whole.chars().take(length).collect();
    cut.trim_end_matches(['-', '.']).to_owned()
}

/// The ARNs of the managed policies, each once.
fn managed_policies(spec: &RoleSpec, cluster: &Cluster) -> BTreeSet<String> {
    let own = spec.managed.iter().map(ToString::to_string);
    let well_known = spec
        .well_known
        .iter()
        .flat_map(|policy| &policy.entry().managed_policies);
    own.chain(well_known.map(|name| format!("arn:{}:iam::aws:policy/{name}", cluster.partition)))
        .collect()
}

/// The audiences that the provider must know.
fn audiences(accounts: &[IamServiceAccount]) -> BTreeSet<&str> {
    let of_provider = accounts
        .iter()
        .filter_map(|account| account.provider.as_ref())
        .flat_map(|provider| &provider.audiences);
    let of_roles = accounts.iter().filter(|it| it.way() == Way::Irsa);
    let of_roles = of_roles.map(|account| &account.audience);
    of_provider.chain(of_roles).map(Audience::as_str).collect()
}

/// The inline documents by name, with plain values for CloudFormation's functions.
fn inline_policies(
    account: &IamServiceAccount,
    spec: &RoleSpec,
    cluster: &Cluster,
) -> Result<BTreeMap<String, Value>, Unrenderable> {
    let documents = spec.inline_documents().into_iter();
    documents
        .map(|(name, document)| match plain(&document, cluster) {
            Ok(document) => Ok((name, document)),
            Err(function) => Err(Unrenderable {
                account: account.name.clone(),
                cause: format!(
                    "inline policy {name} has {function}, which only CloudFormation can resolve"
                ),
                hint: "write the value itself into the document, or render `--for cloudformation`"
                    .into(),
            }),
        })
        .collect()
}

#[cfg(test)]
mod tests;

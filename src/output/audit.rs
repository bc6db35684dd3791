//! One page on a cluster that an auditor can keep: each service account with its roles, who else may assume
//! them, what they may do, when they were used, and what is wrong. Put together here; a page, Markdown and JSON
//! show the same.

use std::collections::BTreeSet;

use serde::Serialize;
use serde_json::Value;

use super::health::{HealthState, unknowns};
use super::{Document, json as as_json, markdown};
use crate::diagnose::{Finding, Report, Severity};
use crate::error::Error;
use crate::model::{Cluster, Lookup, ServiceAccountName, Way};
use crate::policy::admitted::{KnownPrincipal, admitted_beside};
use crate::policy::pod_identity::TrustedAssociation;
use crate::policy::words;
use crate::token::utc;
use crate::world::{AccountHealth, RoleHealth, WatchedUse, World};

mod page;
mod picture;

const COLUMNS: [&str; 8] = [
    "Service account",
    "State",
    "Role",
    "Others who may assume it",
    "Policies",
    "Last used",
    "Workloads",
    "Findings",
];

/// Everything that the page tells.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Audit {
    pub cluster: String,
    /// The cluster's ARN, where it is EKS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
    pub account: String,
    pub region: String,
    pub issuer: String,
    /// When it was looked at, in UTC.
    pub at: String,
    pub version: &'static str,
    /// Why there may be more service accounts than these.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub incomplete: Option<String>,
    /// Of the cluster itself.
    pub findings: Vec<AuditFinding>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
    /// In the order of their names.
    pub items: Vec<AuditedAccount>,
}

/// A service account.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditedAccount {
    pub name: String,
    pub state: HealthState,
    /// Those whose pods run as it now.
    pub workloads: Vec<String>,
    pub roles: Vec<AuditedRole>,
    pub findings: Vec<AuditFinding>,
    /// What could not be looked at, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unknown: Vec<String>,
}

/// A role that its pods have, or go on to.
#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditedRole {
    pub arn: String,
    /// irsa, pod-identity, or target: the one behind an association's.
    pub way: &'static str,
    /// Who may assume it beside the service account, each in a few words.
    pub others: Vec<String>,
    pub policies: Vec<AuditedPolicy>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<String>,
    /// In UTC; not there where it was never used, or not within 400 days.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_used_region: Option<String>,
    /// What it used of its permissions, a service each; where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub usage: Option<Vec<String>>,
    /// Why nothing is known of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

impl AuditedRole {
    /// Its name without path, or the ARN where it is none.
    pub fn name(&self) -> &str {
        self.arn.rsplit('/').next().unwrap_or(&self.arn)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditedPolicy {
    /// Of a managed policy the ARN.
    pub name: String,
    pub inline: bool,
    /// What it allows and denies, a line a statement; of a long one a summary.
    pub allows: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

impl AuditedPolicy {
    /// As people know it.
    pub fn title(&self) -> &str {
        self.name.rsplit('/').next().unwrap_or(&self.name)
    }

    fn told(&self) -> String {
        match self.unknown {
            Some(_) => format!("{} (unknown)", self.title()),
            None => self.title().to_owned(),
        }
    }
}

#[derive(Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditFinding {
    pub severity: Severity,
    pub check: &'static str,
    pub text: String,
    /// What to run or to do.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<String>,
}

impl AuditFinding {
    fn of(finding: &Finding) -> Self {
        Self {
            severity: finding.severity,
            check: finding.check,
            text: finding.text.clone(),
            fix: finding.fix.iter().map(ToString::to_string).collect(),
        }
    }

    /// What it is, and its text.
    fn told(&self) -> String {
        format!("{}: {}", self.severity.word(), self.text)
    }
}

impl Audit {
    /// `reports` are of the accounts in `seen`, in the same order.
    pub fn of(
        world: &World,
        of_cluster: &Report,
        seen: &[AccountHealth],
        reports: &[Report],
    ) -> Self {
        let cluster = world.cluster.as_ref();
        let arn = cluster.and_then(|cluster| cluster.eks.as_ref());
        Self {
            cluster: cluster.map_or_else(String::new, |it| it.name.to_string()),
            arn: arn.map(|eks| eks.arn.to_string()),
            account: cluster.map_or_else(String::new, |it| it.account.clone()),
            region: world.region.clone(),
            issuer: cluster.map_or_else(String::new, |it| it.issuer.to_string()),
            at: utc(world.now),
            version: env!("CARGO_PKG_VERSION"),
            incomplete: world.listed.unknown().map(str::to_owned),
            findings: of_cluster.findings.iter().map(AuditFinding::of).collect(),
            unknown: unknowns(of_cluster),
            items: seen
                .iter()
                .zip(reports)
                .map(|(account, report)| audited(world, account, report))
                .collect(),
        }
    }

    /// How many service accounts are so.
    pub fn count(&self, state: HealthState) -> usize {
        self.items.iter().filter(|it| it.state == state).count()
    }

    /// # Errors
    /// When it cannot be said in JSON.
    pub fn json(&self) -> Result<String, Error> {
        as_json(&Document::of("Report", self))
    }

    /// A page that needs nothing else.
    pub fn html(&self) -> String {
        page::page(self)
    }

    /// The cluster and its findings, and a table of the service accounts.
    pub fn markdown(&self) -> String {
        let rows: Vec<Vec<String>> = self.items.iter().map(row).collect();
        let mut text = format!(
            "**Cluster {}**, account {}, {}, {}\n\n",
            markdown::text(&self.cluster),
            markdown::text(&self.account),
            markdown::text(&self.region),
            self.at
        );
        for line in self.of_cluster() {
            text.push_str(&format!("- {}\n", markdown::text(&line)));
        }
        if self.items.is_empty() {
            text.push_str("\nNo service account has a role.\n");
        } else {
            text.push_str(&format!("\n{}", markdown::table(&COLUMNS, &rows)));
        }
        text
    }

    /// What there is to say of the cluster, a sentence a line.
    fn of_cluster(&self) -> Vec<String> {
        let findings = self.findings.iter().map(AuditFinding::told);
        let unknown = self.unknown.iter().map(|it| format!("unknown: {it}"));
        findings.chain(unknown).collect()
    }
}

fn row(account: &AuditedAccount) -> Vec<String> {
    let of_roles = |of: &dyn Fn(&AuditedRole) -> Vec<String>| {
        let all: Vec<String> = account.roles.iter().flat_map(of).collect();
        markdown::broken(&all)
    };
    let findings = account.findings.iter().map(AuditFinding::told);
    let unknown = account.unknown.iter().map(|it| format!("unknown: {it}"));
    vec![
        markdown::text(&account.name),
        account.state.word().to_owned(),
        of_roles(&|role| vec![format!("{} ({})", role.arn, role.way)]),
        of_roles(&AuditedRole::others_told),
        of_roles(&|role| role.policies.iter().map(AuditedPolicy::told).collect()),
        of_roles(&|role| {
            let used = role.usage.iter().flatten().cloned();
            [role.use_told()].into_iter().chain(used).collect()
        }),
        markdown::broken(&account.workloads),
        markdown::broken(&findings.chain(unknown).collect::<Vec<_>>()),
    ]
}

impl AuditedRole {
    /// Whether it is not known who may assume it, or what it may do.
    fn is_unread(&self) -> bool {
        self.unknown.is_some() || self.policies.iter().any(|it| it.unknown.is_some())
    }

    fn others_told(&self) -> Vec<String> {
        match self.unknown {
            Some(_) => vec!["unknown".to_owned()],
            None => self.others.clone(),
        }
    }

    fn use_told(&self) -> String {
        match (&self.last_used, &self.last_used_region, &self.unknown) {
            (Some(at), Some(region), _) => format!("{at} in {region}"),
            (Some(at), None, _) => at.clone(),
            (None, _, Some(_)) => "unknown".to_owned(),
            (None, _, None) => "not in 400 days".to_owned(),
        }
    }
}

fn audited(world: &World, account: &AccountHealth, report: &Report) -> AuditedAccount {
    let object = account.object.as_ref();
    let pods = object.map_or(&Lookup::Missing, |object| &object.pods);
    let alive = pods.as_found().into_iter().flatten();
    let alive = alive.filter(|pod| pod.is_alive());
    let workloads: BTreeSet<String> = alive.map(|pod| pod.owner.to_string()).collect();
    let roles = roles(world, account);
    let is_unread = roles.iter().any(AuditedRole::is_unread);
    AuditedAccount {
        name: report.subject.clone(),
        state: match HealthState::of(report) {
            // Whoever reads the word takes it for all of the row.
            HealthState::Healthy if is_unread => HealthState::Unknown,
            state => state,
        },
        workloads: workloads.into_iter().collect(),
        roles,
        findings: report.findings.iter().map(AuditFinding::of).collect(),
        unknown: unknowns(report),
    }
}

fn roles(world: &World, account: &AccountHealth) -> Vec<AuditedRole> {
    let association = account.associations.as_found().and_then(|all| all.first());
    let named = association.map(|it| &it.role);
    let target = association.and_then(|it| it.target_role.as_ref());
    let provider = world.cluster.as_ref().map(Cluster::provider_arn);
    let name = account.name.as_ref();
    let subject = name.map(ServiceAccountName::subject);
    let token = provider.as_deref().zip(subject.as_deref());
    let token = token.map(|(provider, subject)| KnownPrincipal::Subject { provider, subject });
    let eks = world.cluster.as_ref().and_then(|it| it.eks.as_ref());
    let own_association = name.zip(eks).map(|(account, eks)| {
        KnownPrincipal::Association(TrustedAssociation {
            account,
            cluster_arn: &eks.arn,
        })
    });
    let source = named.map(ToString::to_string);
    let source = source.as_deref().map(KnownPrincipal::Role);
    let (own, irsa) = (account.role_arn.as_ref(), Way::Irsa.word());
    let (identity, by_eks) = (&account.identity_role, Way::PodIdentity.word());
    let all = [
        (own, irsa, &account.role, token),
        (named, by_eks, identity, own_association),
        (target, "target", &account.target_role, source),
    ];
    let roles = all.into_iter().filter_map(|(arn, way, health, known)| {
        let health = health.as_ref();
        let trust = health.and_then(|it| it.role.as_found()).map(|it| &it.trust);
        let known = known.unwrap_or(KnownPrincipal::Nobody);
        let others = trust.map(|trust| admitted_beside(trust, known));
        let others = others.unwrap_or_default();
        Some(audited_role(arn?.to_string(), way, health, others))
    });
    roles.collect()
}

fn audited_role(
    arn: String,
    way: &'static str,
    health: Option<&RoleHealth>,
    others: Vec<String>,
) -> AuditedRole {
    let facts = health.and_then(|it| it.role.as_found());
    let used = facts.and_then(|it| it.history.last_used.as_ref());
    AuditedRole {
        arn,
        way,
        others,
        policies: health.map(policies).unwrap_or_default(),
        permissions_boundary: facts
            .and_then(|it| it.boundary.as_ref())
            .map(ToString::to_string),
        last_used: used.map(|it| utc(it.at)),
        last_used_region: used.map(|it| it.region.clone()),
        usage: health.and_then(|it| it.usage.as_ref()).map(told_use),
        unknown: match health.map(|it| &it.role) {
            Some(Lookup::Found(_)) => None,
            Some(Lookup::Unknown(why)) => Some(why.clone()),
            Some(Lookup::Missing) => Some("there is no such role".to_owned()),
            None => Some("its name is no ARN of a role".to_owned()),
        },
    }
}

/// `s3: 2 days ago`, `sqs: not in 90 days`.
fn told_use(usage: &WatchedUse) -> Vec<String> {
    let services = match &usage.services {
        Lookup::Found(services) => services,
        Lookup::Missing => return Vec::new(),
        Lookup::Unknown(why) => return vec![format!("use unknown: {why}")],
    };
    let window = usage.window;
    let told = services.iter().map(|service| {
        let last = service.last.as_ref().filter(|last| window.has(Some(last)));
        match last {
            Some(last) => match window.days_since(last.at) {
                0 => format!("{}: today", service.namespace),
                1 => format!("{}: a day ago", service.namespace),
                days => format!("{}: {days} days ago", service.namespace),
            },
            None => format!("{}: {}", service.namespace, window.unused()),
        }
    });
    told.collect()
}

fn policies(health: &RoleHealth) -> Vec<AuditedPolicy> {
    let policy = |name: String, inline, document: &Lookup<Value>| AuditedPolicy {
        name,
        inline,
        allows: document.as_found().map(words::allowed).unwrap_or_default(),
        unknown: match document {
            Lookup::Found(_) => None,
            Lookup::Unknown(why) => Some(why.clone()),
            Lookup::Missing => Some("its document was not read".to_owned()),
        },
    };
    let live = match &health.policies {
        Lookup::Found(live) => live,
        Lookup::Missing => return Vec::new(),
        Lookup::Unknown(why) => {
            return vec![policy(
                "all of them".to_owned(),
                true,
                &Lookup::Unknown(why.clone()),
            )];
        }
    };
    let managed = live.managed.iter().map(|arn| {
        let document = health.documents.get(arn).unwrap_or(&Lookup::Missing);
        policy(arn.to_string(), false, document)
    });
    let inline = live
        .inline
        .iter()
        .map(|(name, document)| policy(name.clone(), true, &Lookup::Found(document.clone())));
    managed.chain(inline).collect()
}

//! Issuers, and whom a role lets in: what of it is proved dead.

use serde_json::Value;

use crate::model::{Issuer, partition_of};
use crate::policy::pod_identity::is_of_pod_identity;
use crate::policy::{statements, texts};
use crate::world::{IssuerState, Survey};

/// What is known of an issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerFate {
    Dead,
    /// It is that of a cluster of a region.
    Lives(String, String),
    Answers,
    Unreachable,
    Unproven,
    /// Its region was not read.
    Unread(String),
    /// It is not one of EKS in the form that its tokens have.
    NotEks,
}

/// The region of an issuer of EKS, where it is as tokens of EKS have it: of dual-stack hosts, and of what
/// only looks alike, nothing is known.
pub fn region_of_issuer(issuer: &str) -> Option<String> {
    let issuer: Issuer = format!("https://{issuer}").parse().ok()?;
    let region = issuer.eks_region()?;
    let right = issuer.fault().is_none() && issuer.host().starts_with("oidc.eks.");
    right.then(|| region.to_owned())
}

/// Host and path of the issuer of a provider of this account.
pub fn issuer_of<'a>(provider: &'a str, account: &str) -> Option<&'a str> {
    let (place, issuer) = provider.split_once(":oidc-provider/")?;
    let region = region_of_issuer(issuer)?;
    let partition = partition_of(&region).name;
    (place == format!("arn:{partition}:iam::{account}")).then_some(issuer)
}

/// What the survey tells of an issuer (host and path). Dead is only one of EKS that no cluster has which
/// was read, and of which its host said that it is gone.
pub fn fate(survey: &Survey, issuer: &str) -> IssuerFate {
    let Some(region) = region_of_issuer(issuer) else {
        return IssuerFate::NotEks;
    };
    for (name, read) in &survey.regions {
        let has = |(_, known): &(&String, &Option<String>)| known.as_deref() == Some(issuer);
        if let Some((cluster, _)) = read.clusters.iter().find(has) {
            return IssuerFate::Lives(cluster.clone(), name.clone());
        }
    }
    if !survey.regions.contains_key(&region) {
        return IssuerFate::Unread(region);
    }
    match survey.issuers.get(issuer) {
        Some(IssuerState::Gone) => IssuerFate::Dead,
        Some(IssuerState::Answers) => IssuerFate::Answers,
        Some(IssuerState::Unproven) => IssuerFate::Unproven,
        Some(IssuerState::Unknown) | None => IssuerFate::Unreachable,
    }
}

impl IssuerFate {
    /// Why what hangs on it stays; `None`: it is dead.
    pub fn told(&self, issuer: &str) -> Option<String> {
        Some(match self {
            Self::Dead => return None,
            Self::Lives(cluster, region) => {
                format!("{issuer} is the issuer of cluster {cluster} in {region}")
            }
            Self::Answers => format!("{issuer} answers: it may be of another account's cluster"),
            Self::Unreachable => {
                format!("whether {issuer} is gone is not known, as its host did not say so twice")
            }
            Self::Unproven => format!(
                "{issuer} seems gone, and no issuer of a cluster that was read answers to compare it with"
            ),
            Self::Unread(region) => format!("{issuer} is of region {region}, which was not read"),
            Self::NotEks => format!("{issuer} is no issuer of EKS"),
        })
    }
}

/// Whom a trust policy lets in: providers, EKS Pod Identity, and all others in words.
pub struct Admitted<'a> {
    pub providers: Vec<&'a str>,
    pub pod_identity: bool,
    pub others: Vec<String>,
}

/// By every statement that does not deny, whatever its conditions.
pub fn admitted(trust: &Value) -> Admitted<'_> {
    let mut found = Admitted {
        providers: Vec::new(),
        pod_identity: false,
        others: Vec::new(),
    };
    for statement in statements(trust).filter(|it| it["Effect"] != "Deny") {
        let named = statement["Principal"].as_object();
        if named.is_none_or(serde_json::Map::is_empty) {
            found.others.push("everybody".to_owned());
        }
        for (kind, names) in named.into_iter().flatten() {
            let all = texts(names);
            if all.is_empty() {
                found.others.push(names.to_string());
            }
            for name in all {
                match kind.as_str() {
                    "Federated" => found.providers.push(name),
                    "Service" if is_of_pod_identity(statement) && name.starts_with("pods.eks.") => {
                        found.pod_identity = true;
                    }
                    _ => found.others.push(name.to_owned()),
                }
            }
        }
    }
    found
}

/// What a role is by those that it lets in.
#[derive(Debug, PartialEq)]
pub enum RoleLiveness {
    /// Nothing of EKS.
    Foreign,
    /// They are proved dead, but for EKS Pod Identity, of which no issuer tells.
    Dead,
    /// Why it is not known to be of no use.
    Alive(String),
}

/// Dead only where each provider that it lets in is of a dead issuer, and nobody else is let in but EKS
/// Pod Identity.
pub fn standing(survey: &Survey, admitted: &Admitted<'_>) -> RoleLiveness {
    let lets_in_too =
        |names: String| RoleLiveness::Alive(format!("its role lets others in too: {names}"));
    if !admitted.others.is_empty() {
        return lets_in_too(admitted.others.join(", "));
    }
    let mut known = 0;
    for provider in &admitted.providers {
        let Some(issuer) = issuer_of(provider, &survey.account) else {
            continue;
        };
        known += 1;
        if let Some(why) = fate(survey, issuer).told(issuer) {
            return RoleLiveness::Alive(why);
        }
    }
    match admitted.providers.len() {
        all if known == all => RoleLiveness::Dead,
        _ if known == 0 => RoleLiveness::Foreign,
        _ => lets_in_too(admitted.providers.join(", ")),
    }
}

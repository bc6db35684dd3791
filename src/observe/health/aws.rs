//! What AWS tells of a cluster and of a role for `doctor`. Whatever is denied or fails is unknown; the
//! other reads do not wait for it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::super::PARALLEL;
use super::super::account::live_policies;
use super::super::again;
use super::Shared;
use crate::aws::Aws;
use crate::error::{CodeMeaning, Error};
use crate::issuer;
use crate::model::{
    Cluster, ClusterName, Issuer, Lookup, PolicyArn, RoleArn, ServiceAccountName,
    issuer_of_provider, partition_of,
};
use crate::observe::services;
use crate::policy::Quotas;
use crate::policy::usage::Window;
use crate::waiting::{Intervals, side_by_side};
use crate::world::{
    AnalyzerFinding, Association, ClusterHealth, OidcProvider, OtherProvider, ProviderState,
    RoleFacts, RoleHealth, StsActivation, VpcEndpoint, WatchedUse,
};

/// So long all issuers of other clusters are asked, side by side: it is but a note.
const ISSUERS: Duration = Duration::from_secs(5);

/// What is looked at once for a cluster.
pub async fn cluster_health(aws: &Aws, cluster: &Cluster, intervals: Intervals) -> ClusterHealth {
    let facts = cluster.eks.as_ref().map(|eks| eks.facts.clone());
    let vpc = facts.as_ref().and_then(|facts| facts.vpc.as_deref());
    let addons = async {
        match cluster.eks {
            Some(_) => Lookup::of(aws.eks.addons(cluster.name.as_str()).await),
            None => Lookup::Missing,
        }
    };
    let sts = async {
        let answer = aws.sts.caller().await.map(|_| StsActivation::Active);
        Lookup::of(answer.or_else(|error| match &error {
            Error::Aws { code, .. } if code.meaning == CodeMeaning::RegionDisabled => {
                Ok(StsActivation::Disabled(error.to_string()))
            }
            _ => Err(error),
        }))
    };
    let (addons, other_providers, sts, endpoints) = tokio::join!(
        addons,
        other_providers(aws, cluster, intervals),
        sts,
        endpoints(aws, vpc)
    );
    ClusterHealth {
        facts: facts.into(),
        addons,
        other_providers,
        sts,
        endpoints,
    }
}

/// The interface endpoints that pods need where they have no way out: STS for tokens of the web
/// identity, EKS's own for Pod Identity.
async fn endpoints(aws: &Aws, vpc: Option<&str>) -> Lookup<Vec<VpcEndpoint>> {
    let Some(vpc) = vpc else {
        return Lookup::Missing;
    };
    let prefix = partition_of(&aws.region).services;
    let services = ["sts", "eks-auth"].map(|name| format!("{prefix}.{}.{name}", aws.region));
    Lookup::of(aws.ec2.vpc_endpoints(vpc, &services).await)
}

/// All providers of the account but the cluster's own, and which of them are of an issuer that is gone.
async fn other_providers(
    aws: &Aws,
    cluster: &Cluster,
    intervals: Intervals,
) -> Lookup<Vec<OtherProvider>> {
    let own = cluster.provider_arn();
    let others = match aws.iam.providers().await {
        Ok(arns) => arns.into_iter().filter(|arn| *arn != own),
        Err(error) => return Lookup::or_unknown(Err(error)),
    };
    let end = tokio::time::Instant::now() + intervals.limit(ISSUERS);
    let others = others.map(async |arn| {
        let asked = is_gone(&arn, intervals);
        let is_gone = tokio::time::timeout_at(end, asked).await.unwrap_or(false);
        let state = if is_gone {
            gone(aws, &arn).await
        } else {
            ProviderState::NotKnownGone
        };
        OtherProvider { arn, state }
    });
    Lookup::Found(side_by_side(PARALLEL, others).await)
}

/// Whether EKS says that it has no such issuer. Others come and go without telling.
async fn is_gone(provider: &str, intervals: Intervals) -> bool {
    let issuer = issuer_of_provider(provider);
    let issuer = issuer.and_then(|issuer| format!("https://{issuer}").parse().ok());
    match issuer.filter(Issuer::is_eks) {
        Some(issuer) => issuer::is_gone(&issuer, intervals).await == Some(true),
        None => false,
    }
}

async fn gone(aws: &Aws, provider: &str) -> ProviderState {
    let (found, trusted_by) =
        tokio::join!(aws.iam.provider(provider), aws.iam.roles_trusting(provider));
    let created = found.map(|found| found.map_or(Lookup::Missing, |it| it.created));
    ProviderState::Gone {
        created: Lookup::or_unknown(created),
        trusted_by: Lookup::or_unknown(trusted_by),
    }
}

/// With what, and for what, roles are looked at.
pub struct RoleObserver<'a> {
    pub aws: &'a Aws,
    pub shared: &'a Shared,
    /// Of the credentials.
    pub account: &'a str,
    /// Of the cluster, if it is about one.
    pub issuer: Option<&'a Issuer>,
    /// How far back failures are looked for, in seconds since 1970.
    pub since: i64,
    /// Whether IAM is asked what they used, and which uses count.
    pub usage: Option<Window>,
}

impl RoleObserver<'_> {
    /// What is looked at for a role.
    pub async fn role_health(&self, role: &RoleArn) -> RoleHealth {
        let mut health = self.health(role).await;
        if let Some(window) = self.usage
            && role.account() == self.account
        {
            let services = services(self.aws, role).await;
            health.usage = Some(WatchedUse { window, services });
        }
        health
    }

    async fn health(&self, role: &RoleArn) -> RoleHealth {
        let (aws, shared) = (self.aws, self.shared);
        if role.account() != self.account {
            return elsewhere(role, self.account);
        }
        let arn = role.to_string();
        let read = async || aws.iam.role(role.name()).await;
        let (found, policies, provider, quotas, failures) = tokio::join!(
            again::unless_missing(aws, role.name(), read),
            live_policies(aws, role.name()),
            provider(aws, shared, role, self.issuer),
            quotas(aws, shared),
            aws.cloudtrail.web_identity_failures(&arn, self.since),
        );
        let found = Lookup::or_unknown(found);
        let policies = Lookup::or_unknown(policies);
        let managed = match &policies {
            Lookup::Found(policies) => policies.managed.clone(),
            Lookup::Missing | Lookup::Unknown(_) => Vec::new(),
        };
        let (documents, boundary, analyzer) = tokio::join!(
            documents(aws, shared, managed),
            boundary(aws, shared, &found),
            analyzer(aws, &found)
        );
        RoleHealth {
            role: found,
            policies,
            documents,
            boundary,
            provider,
            quotas,
            analyzer,
            failures,
            usage: None,
        }
    }
}

/// Of a role of another account nothing can be read with these credentials.
fn elsewhere(role: &RoleArn, account: &str) -> RoleHealth {
    let why = format!(
        "it is of account {}, and these credentials are of {account}",
        role.account()
    );
    RoleHealth {
        role: Lookup::Unknown(why.clone()),
        policies: Lookup::Unknown(why.clone()),
        documents: BTreeMap::new(),
        boundary: None,
        provider: Lookup::Unknown(why.clone()),
        quotas: Lookup::Unknown(why.clone()),
        analyzer: Lookup::Unknown(why.clone()),
        failures: Lookup::Unknown(why),
        usage: None,
    }
}

async fn quotas(aws: &Aws, shared: &Shared) -> Lookup<Quotas> {
    let read = async { Lookup::of(aws.iam.quotas().await) };
    shared.quotas.of("", read).await
}

async fn provider(
    aws: &Aws,
    shared: &Shared,
    role: &RoleArn,
    issuer: Option<&Issuer>,
) -> Lookup<OidcProvider> {
    let Some(issuer) = issuer else {
        return Lookup::Unknown("no cluster is named".to_owned());
    };
    let arn = issuer.provider_arn(role.partition(), role.account());
    let read = async {
        let found = aws.iam.provider(&arn).await;
        let found = match found {
            Ok(found) => again::provider(aws, &arn, found, &[]).await,
            failed => failed,
        };
        Lookup::or_unknown(found.map(Lookup::from))
    };
    shared.providers.of(&arn, read).await
}

async fn document(aws: &Aws, shared: &Shared, arn: &PolicyArn) -> Lookup<Value> {
    let read = async { Lookup::or_unknown(aws.iam.policy_document(arn).await) };
    shared.documents.of(&arn.to_string(), read).await
}

async fn documents(
    aws: &Aws,
    shared: &Shared,
    arns: Vec<PolicyArn>,
) -> BTreeMap<PolicyArn, Lookup<Value>> {
    let documents = arns.into_iter().map(async |arn| {
        let document = document(aws, shared, &arn).await;
        (arn, document)
    });
    let documents = side_by_side(PARALLEL, documents).await;
    documents.into_iter().collect()
}

async fn boundary(aws: &Aws, shared: &Shared, role: &Lookup<RoleFacts>) -> Option<Lookup<Value>> {
    let Lookup::Found(RoleFacts {
        boundary: Some(arn),
        ..
    }) = role
    else {
        return None;
    };
    Some(document(aws, shared, arn).await)
}

async fn analyzer(aws: &Aws, role: &Lookup<RoleFacts>) -> Lookup<Vec<AnalyzerFinding>> {
    match role {
        Lookup::Found(role) => Lookup::of(aws.access_analyzer.validate_trust(&role.trust).await),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unknown(why) => Lookup::Unknown(why.clone()),
    }
}

/// The Pod Identity associations of a service account.
pub async fn associations(
    aws: &Aws,
    shared: &Shared,
    cluster: &ClusterName,
    account: &ServiceAccountName,
) -> Lookup<Vec<Association>> {
    let listed = match shared.associated.get() {
        Some(all) => all.clone(),
        None => {
            let listed = aws.eks.associated(cluster.as_str(), Some(account));
            Lookup::or_unknown(listed.await)
        }
    };
    let listed = match listed {
        Lookup::Found(listed) => listed.into_iter().filter(|(name, _)| name == account),
        Lookup::Missing => return Lookup::Missing,
        Lookup::Unknown(why) => return Lookup::Unknown(why),
    };
    let mut associations = Vec::new();
    for (_, id) in listed {
        match Lookup::or_unknown(aws.eks.association(cluster.as_str(), &id).await) {
            Lookup::Found(association) => associations.push(association),
            Lookup::Missing => {}
            Lookup::Unknown(why) => return Lookup::Unknown(why),
        }
    }
    Lookup::Found(associations)
}

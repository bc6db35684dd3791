//! What AWS tells of a cluster and of a role for `doctor`. Whatever is denied or fails is unknown; the
//! other reads do not wait for it.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use serde_json::Value;

use super::super::account::live_policies;
use super::super::{Lookup, OidcProvider, PARALLEL, RoleFacts};
use super::{
    AnalyzerFinding, Association, ClusterHealth, OtherProvider, RoleHealth, Shared, VpcEndpoint,
};
use crate::aws::Aws;
use crate::error::Error;
use crate::model::{Cluster, ClusterName, Issuer, RoleArn, ServiceAccountName, region_of_eks_host};
use crate::policy::Quotas;

/// What is looked at once for a cluster.
pub async fn cluster_health(aws: &Aws, cluster: &Cluster) -> ClusterHealth {
    let facts = cluster.eks.as_ref().map(|eks| eks.facts.clone());
    let vpc = facts.as_ref().and_then(|facts| facts.vpc.as_deref());
    let addons = async {
        match cluster.eks {
            Some(_) => Lookup::of(aws.eks.addons(cluster.name.as_str()).await),
            None => Lookup::Missing,
        }
    };
    let sts = async { Lookup::of(aws.sts.caller().await.map(|_| ())) };
    let (addons, other_providers, sts, endpoints) = tokio::join!(
        addons,
        other_providers(aws, cluster),
        sts,
        endpoints(aws, cluster, vpc)
    );
    ClusterHealth {
        facts: facts.map_or(Lookup::Missing, Lookup::Found),
        addons,
        other_providers,
        sts,
        endpoints,
    }
}

/// The interface endpoints that pods need where they have no way out: STS for tokens of the web
/// identity, EKS's own for Pod Identity. China's begin differently (VPC user guide, "AWS services that
/// integrate with AWS PrivateLink").
async fn endpoints(aws: &Aws, cluster: &Cluster, vpc: Option<&str>) -> Lookup<Vec<VpcEndpoint>> {
    let Some(vpc) = vpc else {
        return Lookup::Missing;
    };
    let prefix = match cluster.partition.as_str() {
        "aws-cn" => "cn.com.amazonaws",
        _ => "com.amazonaws",
    };
    let services = ["sts", "eks-auth"].map(|name| format!("{prefix}.{}.{name}", aws.region));
    Lookup::of(aws.ec2.vpc_endpoints(vpc, &services).await)
}

/// All providers of the account but the cluster's own, and whether they are any cluster's.
async fn other_providers(aws: &Aws, cluster: &Cluster) -> Lookup<Vec<OtherProvider>> {
    let own = cluster.provider_arn();
    let others = match aws.iam.providers().await {
        Ok(arns) => arns.into_iter().filter(|arn| *arn != own),
        Err(error) => return Lookup::or_unknown(Err(error)),
    };
    let others: Vec<String> = others.collect();
    let is_regional = |arn: &String| is_of_region(arn, &aws.region);
    let issuers = match others.iter().any(is_regional) {
        true => Lookup::of(issuers(aws).await),
        false => Lookup::Missing,
    };
    if let Lookup::Unknown(why) = issuers {
        return Lookup::Unknown(why);
    }
    let provider = |arn: String| {
        let has_cluster = match &issuers {
            Lookup::Found(issuers) if is_of_region(&arn, &aws.region) => {
                issuer_of(&arn).map(|issuer| issuers.contains(issuer))
            }
            _ => None,
        };
        OtherProvider { arn, has_cluster }
    };
    Lookup::Found(others.into_iter().map(provider).collect())
}

/// The issuer without its scheme that a provider is for.
fn issuer_of(provider: &str) -> Option<&str> {
    let (_, issuer) = provider.split_once(":oidc-provider/")?;
    Some(issuer)
}

/// Whether its issuer is one of EKS in this region: no other region's clusters are looked at.
fn is_of_region(provider: &str, region: &str) -> bool {
    let host = issuer_of(provider).and_then(|issuer| issuer.split('/').next());
    host.and_then(region_of_eks_host) == Some(region)
}

/// The issuers of all clusters of the region, without their schemes.
async fn issuers(aws: &Aws) -> Result<BTreeSet<String>, Error> {
    let names = aws.eks.clusters().await?;
    let issuers = names
        .into_iter()
        .map(async |name| aws.eks.issuer(&name).await);
    let mut issuers = futures_util::stream::iter(issuers).buffer_unordered(PARALLEL);
    let mut all = BTreeSet::new();
    while let Some(issuer) = issuers.next().await {
        all.extend(issuer?.map(|issuer| issuer.trim_start_matches("https://").to_owned()));
    }
    Ok(all)
}

/// What is looked at for a role: for the cluster with this issuer, if it is about one. `account` is that
/// of the credentials, `since` (seconds since 1970) how far back failures are looked for.
pub async fn role_health(
    aws: &Aws,
    shared: &Shared,
    role: &RoleArn,
    account: &str,
    issuer: Option<&Issuer>,
    since: i64,
) -> RoleHealth {
    if role.account() != account {
        return elsewhere(role, account);
    }
    let arn = role.to_string();
    let (found, policies, provider, quotas, failures) = tokio::join!(
        aws.iam.role(role.name()),
        live_policies(aws, role.name()),
        provider(aws, shared, role, issuer),
        quotas(aws, shared),
        aws.cloudtrail.web_identity_failures(&arn, since),
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
        Lookup::or_unknown(found.map(|found| found.map_or(Lookup::Missing, Lookup::Found)))
    };
    shared.providers.of(&arn, read).await
}

async fn document(aws: &Aws, shared: &Shared, arn: &str) -> Lookup<Value> {
    let read = async { Lookup::or_unknown(aws.iam.policy_document(arn).await) };
    shared.documents.of(arn, read).await
}

async fn documents(
    aws: &Aws,
    shared: &Shared,
    arns: Vec<String>,
) -> BTreeMap<String, Lookup<Value>> {
    let documents = arns.into_iter().map(async |arn| {
        let document = document(aws, shared, &arn).await;
        (arn, document)
    });
    let documents = futures_util::stream::iter(documents).buffered(PARALLEL);
    documents.collect().await
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_issuers_of_eks_in_the_region_are_looked_for() {
        let arn = |issuer: &str| format!("arn:aws:iam::111122223333:oidc-provider/{issuer}");
        for (issuer, is_meant) in [
            ("oidc.eks.eu-west-1.amazonaws.com/id/A", true),
            ("oidc-eks.eu-west-1.api.aws/id/A", true),
            ("oidc.eks.eu-west-2.amazonaws.com/id/A", false),
            ("token.actions.githubusercontent.com", false),
        ] {
            assert_eq!(
                is_of_region(&arn(issuer), "eu-west-1"),
                is_meant,
                "{issuer}"
            );
        }
        assert!(!is_of_region("nothing", "eu-west-1"));
    }
}

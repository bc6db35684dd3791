//! EKS: what a cluster is, and its tags.

use aws_sdk_eks::error::ProvideErrorMetadata;
use aws_sdk_eks::types::{Cluster as SdkCluster, ClusterStatus as SdkStatus, IpFamily};

use super::pages::{PagedList, filled};
use super::{done, failed, found, unusable};
use crate::error::Error;
use crate::model::{Arn, Cluster, ClusterFacts, ClusterName, EksCluster, Map};
use crate::waiting::{Deadline, Intervals};

mod addons;
mod associations;
mod node_groups;

/// What EKS says of things that are not there.
const MISSING: &[&str] = &["ResourceNotFoundException"];

pub struct Eks {
    pub(super) client: aws_sdk_eks::Client,
    pub(super) intervals: Intervals,
    pub(super) deadline: Deadline,
}

impl Eks {
    pub(super) fn new(
        client: aws_sdk_eks::Client,
        intervals: Intervals,
        deadline: Deadline,
    ) -> Self {
        Self {
            client,
            intervals,
            deadline,
        }
    }

    /// DescribeCluster: the one call that everything about a cluster comes from.
    ///
    /// # Errors
    /// When it does not exist (with similar names of the region), is not ready, or has no issuer.
    pub async fn cluster(&self, name: &ClusterName, region: &str) -> Result<Cluster, Error> {
        let unusable = |why: &str| unusable("eks:DescribeCluster", name.as_str(), why.to_owned());
        let cluster = self.described(name, region).await?;
        let cluster = cluster.ok_or_else(|| unusable("it has no cluster"))?;
        let facts = facts(&cluster);
        let connected = cluster.connector_config.is_some();
        let outpost = cluster.outpost_config.is_some();
        let status = cluster.status.as_ref();
        let identity = cluster.identity.as_ref();
        let issuer = identity.and_then(|identity| identity.oidc.as_ref()?.issuer.clone());
        let Some(issuer) = issuer else {
            return Err(without_issuer(name, status, connected, outpost));
        };
        let arn = cluster.arn.unwrap_or_default().parse::<Arn>();
        let arn = arn.map_err(|rule| unusable(&rule))?;
        let authority = cluster.certificate_authority.and_then(|it| it.data);
        let Some((endpoint, certificate_authority)) = cluster.endpoint.zip(authority) else {
            return Err(not_ready(name, status));
        };
        let token_id = cluster.id.filter(|_| outpost);
        Ok(Cluster {
            name: name.clone(),
            partition: arn.partition.clone(),
            account: arn.account.clone(),
            issuer: issuer
                .parse()
                .map_err(|rule: String| unusable(&format!("issuer \"{issuer}\": {rule}")))?,
            has_roles_elsewhere: false,
            eks: Some(EksCluster {
                arn,
                endpoint,
                certificate_authority,
                token_id: token_id.unwrap_or_else(|| name.to_string()),
                tags: cluster.tags.unwrap_or_default().into_iter().collect(),
                facts,
            }),
        })
    }

    async fn described(
        &self,
        name: &ClusterName,
        region: &str,
    ) -> Result<Option<SdkCluster>, Error> {
        let request = self.client.describe_cluster().name(name.as_str());
        match request.send().await {
            Ok(answer) => Ok(answer.cluster),
            Err(error) if error.code() == Some("ResourceNotFoundException") => {
                Err(Error::ClusterNotFound {
                    name: name.clone(),
                    region: region.to_owned(),
                    similar: self.similar(name).await,
                })
            }
            Err(error) => Err(failed("eks:DescribeCluster", name.as_str(), error)),
        }
    }

    /// The issuer of a cluster, in whatever state that is. `None`: it has none, or there is no such cluster.
    pub async fn issuer(&self, name: &str) -> Result<Option<String>, Error> {
        let answer = self.client.describe_cluster().name(name).send().await;
        let answer = found("eks:DescribeCluster", name, MISSING, answer)?;
        let identity = answer.and_then(|answer| answer.cluster?.identity);
        Ok(identity.and_then(|identity| identity.oidc?.issuer))
    }

    /// Names of all clusters of the region (ListClusters, all pages).
    pub async fn clusters(&self) -> Result<Vec<String>, Error> {
        let pages = self.client.list_clusters().into_paginator().send();
        let pages = PagedList::of(pages, |page| filled(page.next_token()));
        let names = pages.items(|page| page.clusters).await;
        names.map_err(|error| failed("eks:ListClusters", "", error))
    }

    /// Names of the region that are like the given one. Best effort: it only serves a hint.
    async fn similar(&self, name: &ClusterName) -> Vec<String> {
        let wanted = name.as_str().to_lowercase();
        let names = self.clusters().await.unwrap_or_default();
        let is_similar = |other: &String| is_similar(&wanted, &other.to_lowercase());
        names.into_iter().filter(is_similar).take(3).collect()
    }

    /// Sets one tag of a cluster. Its other tags stay.
    pub async fn tag(&self, cluster: &Arn, key: &str, value: &str) -> Result<(), Error> {
        let tags = Map::from([(key.to_owned(), value.to_owned())]);
        self.tag_all(&cluster.to_string(), &tags).await
    }

    /// TagResource. Other tags of the resource stay.
    pub async fn tag_all(&self, arn: &str, tags: &Map) -> Result<(), Error> {
        let tags = tags.clone().into_iter().collect();
        let call = self.client.tag_resource().resource_arn(arn);
        let call = call.set_tags(Some(tags));
        done("eks:TagResource", arn, &[], call.send().await)
    }

    /// Takes one tag off a cluster. Its other tags stay.
    pub async fn untag(&self, cluster: &Arn, key: &str) -> Result<(), Error> {
        let arn = cluster.to_string();
        let call = self
            .client
            .untag_resource()
            .resource_arn(&arn)
            .tag_keys(key);
        done("eks:UntagResource", &arn, &[], call.send().await)
    }
}

fn facts(cluster: &aws_sdk_eks::types::Cluster) -> ClusterFacts {
    let network = cluster.resources_vpc_config.as_ref();
    let issues = cluster.health.as_ref().map(|health| health.issues());
    let issues = issues.unwrap_or_default().iter().map(|issue| {
        let code = issue.code().map_or("issue", |code| code.as_str());
        addons::issue(code, issue.message())
    });
    ClusterFacts {
        version: cluster.version().unwrap_or_default().to_owned(),
        platform_version: cluster.platform_version().unwrap_or_default().to_owned(),
        vpc: network.and_then(|network| network.vpc_id().map(str::to_owned)),
        security_group: network
            .and_then(|network| network.cluster_security_group_id().map(str::to_owned)),
        public_endpoint: network.is_some_and(|network| network.endpoint_public_access()),
        private_endpoint: network.is_some_and(|network| network.endpoint_private_access()),
        public_cidrs: network
            .map(|network| network.public_access_cidrs().to_vec())
            .unwrap_or_default(),
        authentication_mode: cluster
            .access_config()
            .and_then(|access| access.authentication_mode())
            .map(|mode| mode.as_str().to_owned()),
        ipv6: cluster
            .kubernetes_network_config()
            .and_then(|network| network.ip_family())
            == Some(&IpFamily::Ipv6),
        auto_mode: cluster
            .compute_config()
            .and_then(|compute| compute.enabled())
            .unwrap_or_default(),
        issues: issues.collect(),
    }
}

fn not_ready(name: &ClusterName, status: Option<&SdkStatus>) -> Error {
    let status = status.map_or("not ready", SdkStatus::as_str).into();
    Error::ClusterNotReady {
        name: name.clone(),
        status,
    }
}

fn without_issuer(
    name: &ClusterName,
    status: Option<&SdkStatus>,
    connected: bool,
    outpost: bool,
) -> Error {
    let name = name.clone();
    match status {
        _ if connected => Error::NoIssuer {
            name,
            why: "it is a connected cluster, which EKS does not run",
        },
        _ if outpost => Error::NoIssuer {
            name,
            why: "it is a local cluster on Outposts, which do not support IRSA",
        },
        Some(SdkStatus::Active | SdkStatus::Updating) | None => Error::NoIssuer {
            name,
            why: "EKS reports none",
        },
        Some(status) => Error::ClusterNotReady {
            name,
            status: status.as_str().into(),
        },
    }
}

/// One name holds the other, or at most two letters differ.
fn is_similar(one: &str, other: &str) -> bool {
    one.contains(other) || other.contains(one) || strsim::levenshtein(one, other) <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn similar_names_are_near_or_contain_each_other() {
        for (one, other, similar) in [
            ("demo", "dmeo", true),
            ("demo", "demo-eu", true),
            ("prod", "prdo", true),
            ("demo", "staging", false),
        ] {
            assert_eq!(is_similar(one, other), similar, "{one} {other}");
        }
    }
}

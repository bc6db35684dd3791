//! EC2: interface endpoints, security groups, how instances give their metadata away, and their profiles.

use std::collections::BTreeSet;

use serde_json::Value;

use super::pages::filled;
use super::signed::{Hosts, Service, Signed, SignedRequest};
use super::xml::XmlElement;
use crate::error::Error;
use crate::model::{Lookup, percent_encoded};
use crate::pages::Pages;
use crate::world::{MetadataOptions, NodeInstance, SecurityGroup, VpcEndpoint};

pub const SERVICE: Service = Service {
    name: "ec2",
    id: "EC2",
    version: "2016-11-15",
    hosts: Hosts::AsConfigured,
};

/// So many values a filter takes (EC2 API, "Filtering").
const VALUES: usize = 200;
/// Texts of the answers.
const LEAVES: [&str; 21] = [
    "arn",
    "cidrIp",
    "cidrIpv6",
    "fromPort",
    "groupId",
    "httpEndpoint",
    "httpPutResponseHopLimit",
    "httpTokens",
    "instanceId",
    "ipProtocol",
    "nextToken",
    "policyDocument",
    "prefixListId",
    "privateDnsEnabled",
    "regionName",
    "serviceName",
    "state",
    "subnetId",
    "toPort",
    "vpcEndpointId",
    "vpcEndpointType",
];

pub struct Ec2(pub(super) Signed);

impl Ec2 {
    /// The interface endpoints of a VPC for services such as `com.amazonaws.eu-west-1.sts`
    /// (DescribeVpcEndpoints), with their security groups where they may be read
    /// (DescribeSecurityGroups).
    pub async fn vpc_endpoints(
        &self,
        vpc: &str,
        services: &[String],
    ) -> Result<Vec<VpcEndpoint>, Error> {
        let filters = [
            ("vpc-id", vec![vpc.to_owned()]),
            ("service-name", services.to_vec()),
        ];
        let found = self.pages("DescribeVpcEndpoints", vpc, &filters, "vpcEndpointSet");
        let found: Vec<_> = found.await?.iter().filter_map(endpoint).collect();
        let ids: BTreeSet<&String> = found.iter().flat_map(|(_, ids)| ids).collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        let groups = Lookup::of(self.security_groups(&ids).await);
        let with_groups = |(mut endpoint, ids): (VpcEndpoint, Vec<String>)| {
            endpoint.security_groups = match &groups {
                Lookup::Found(groups) => {
                    let its = groups.iter().filter(|group| ids.contains(&group.id));
                    Lookup::Found(its.cloned().collect())
                }
                other => other.clone(),
            };
            endpoint
        };
        Ok(found.into_iter().map(with_groups).collect())
    }

    /// The regions of the partition that are enabled for the account (DescribeRegions, which leaves out those
    /// that the account has not opted in to).
    pub async fn regions(&self) -> Result<Vec<String>, Error> {
        let found = self.pages("DescribeRegions", "", &[], "regionInfo").await?;
        let names = found.iter().filter_map(|item| item.text("regionName"));
        Ok(names.map(str::to_owned).collect())
    }

    /// Those of the groups that exist and are seen from this account.
    pub async fn security_groups(&self, ids: &[String]) -> Result<Vec<SecurityGroup>, Error> {
        let mut groups = Vec::new();
        for ids in ids.chunks(VALUES) {
            let filters = [("group-id", ids.to_vec())];
            let found = self
                .pages("DescribeSecurityGroups", "", &filters, "securityGroupInfo")
                .await?;
            groups.extend(found.iter().filter_map(security_group));
        }
        Ok(groups)
    }

    /// Of those of the instances that exist.
    pub async fn metadata_options(
        &self,
        instances: &[String],
    ) -> Result<Vec<MetadataOptions>, Error> {
        self.described(instances, metadata).await
    }

    /// Those that exist.
    pub async fn instances(&self, ids: &[String]) -> Result<Vec<NodeInstance>, Error> {
        self.described(ids, instance).await
    }

    /// What is made of each of the instances that exist (DescribeInstances).
    async fn described<T>(
        &self,
        instances: &[String],
        make: impl Fn(&XmlElement) -> Option<T>,
    ) -> Result<Vec<T>, Error> {
        let mut all = Vec::new();
        for ids in instances.chunks(VALUES) {
            let filters = [("instance-id", ids.to_vec())];
            let found = self
                .pages("DescribeInstances", "", &filters, "reservationSet")
                .await?;
            let instances = found.iter().flat_map(|one| one.items("instancesSet"));
            all.extend(instances.filter_map(&make));
        }
        Ok(all)
    }

    /// The items of a list, of all pages. Filters find what exists; a call that names what does not
    /// would fail as a whole.
    async fn pages(
        &self,
        operation: &'static str,
        subject: &str,
        filters: &[(&str, Vec<String>)],
        list: &str,
    ) -> Result<Vec<XmlElement>, Error> {
        let mut items = Vec::new();
        let mut token = None;
        let mut pages = Pages::default();
        loop {
            let request = request(operation, filters, token.as_deref());
            let read = |text: &str| XmlElement::read(text, &LEAVES);
            let page = self.0.call(operation, subject, request, read).await?;
            token = filled(page.text("nextToken")).map(str::to_owned);
            items.extend(page.into_items(list));
            let next = pages.go_on(token.as_deref());
            next.map_err(|endless| self.0.endless(operation, endless))?;
            if token.is_none() {
                return Ok(items);
            }
        }
    }
}

fn request(operation: &str, filters: &[(&str, Vec<String>)], token: Option<&str>) -> SignedRequest {
    let mut form = vec![
        ("Action".to_owned(), operation.to_owned()),
        ("Version".to_owned(), SERVICE.version.to_owned()),
    ];
    for (number, (name, values)) in (1..).zip(filters) {
        form.push((format!("Filter.{number}.Name"), (*name).to_owned()));
        for (index, value) in (1..).zip(values) {
            form.push((format!("Filter.{number}.Value.{index}"), value.clone()));
        }
    }
    if let Some(token) = token {
        form.push(("NextToken".to_owned(), token.to_owned()));
    }
    let pairs: Vec<String> = form
        .iter()
        .map(|(key, value)| format!("{}={}", percent_encoded(key), percent_encoded(value)))
        .collect();
    SignedRequest {
        path: "/".into(),
        content_type: "application/x-www-form-urlencoded",
        target: None,
        body: pairs.join("&"),
    }
}

/// An interface endpoint and the ids of its security groups.
fn endpoint(item: &XmlElement) -> Option<(VpcEndpoint, Vec<String>)> {
    if item.text("vpcEndpointType") != Some("Interface") {
        return None;
    }
    let policy = item.text("policyDocument").unwrap_or_default();
    let endpoint = VpcEndpoint {
        id: item.text("vpcEndpointId")?.to_owned(),
        service: item.text("serviceName")?.to_owned(),
        state: item.text("state")?.to_lowercase(),
        private_dns: item.text("privateDnsEnabled") == Some("true"),
        policy: serde_json::from_str::<Value>(policy).ok(),
        security_groups: Lookup::Missing,
    };
    Some((endpoint, texts(item, "groupSet", "groupId")))
}

fn texts(item: &XmlElement, list: &str, name: &str) -> Vec<String> {
    let all = item.items(list).filter_map(|one| one.text(name));
    all.map(str::to_owned).collect()
}

fn security_group(item: &XmlElement) -> Option<SecurityGroup> {
    Some(SecurityGroup {
        id: item.text("groupId")?.to_owned(),
        https_from: peers(item, "ipPermissions", "tcp", 443),
        https_to: peers(item, "ipPermissionsEgress", "tcp", 443),
        dns_to: peers(item, "ipPermissionsEgress", "udp", 53),
    })
}

/// Who may come or be gone to by a protocol's port: CIDRs, groups, prefix lists, in that order.
fn peers(group: &XmlElement, rules: &str, protocol: &str, port: i64) -> Vec<String> {
    let number = |rule: &XmlElement, name: &str| rule.text(name).and_then(|text| text.parse().ok());
    let is_meant = |rule: &&XmlElement| match rule.text("ipProtocol") {
        // All protocols, hence all ports.
        Some("-1") => true,
        Some(other) if other == protocol => {
            number(rule, "fromPort").is_none_or(|from: i64| from <= port)
                && number(rule, "toPort").is_none_or(|to: i64| port <= to)
        }
        _ => false,
    };
    let mut peers = Vec::new();
    for rule in group.items(rules).filter(is_meant) {
        peers.extend(texts(rule, "ipRanges", "cidrIp"));
        peers.extend(texts(rule, "ipv6Ranges", "cidrIpv6"));
        peers.extend(texts(rule, "groups", "groupId"));
        peers.extend(texts(rule, "prefixListIds", "prefixListId"));
    }
    peers
}

fn instance(item: &XmlElement) -> Option<NodeInstance> {
    let profile = item.find("iamInstanceProfile");
    let arn = profile.and_then(|profile| profile.text("arn"));
    Some(NodeInstance {
        id: item.text("instanceId")?.to_owned(),
        profile: arn.map(str::to_owned),
        metadata: metadata(item),
    })
}

fn metadata(item: &XmlElement) -> Option<MetadataOptions> {
    let options = item.find("metadataOptions")?;
    Some(MetadataOptions {
        instance: item.text("instanceId")?.to_owned(),
        enabled: options.text("httpEndpoint") != Some("disabled"),
        hop_limit: options.text("httpPutResponseHopLimit")?.parse().ok()?,
        token_required: options.text("httpTokens") == Some("required"),
    })
}

#[cfg(test)]
mod tests;

//! AWS's partitions and regions by their names, and EKS's issuers, which carry both in their host.

/// Every partition with the DNS suffix of its hosts (botocore's `partitions.json`). aws-us-gov shares
/// that of aws, and is told by its regions.
pub const PARTITIONS: [(&str, &str); 8] = [
    ("aws", "amazonaws.com"),
    ("aws-cn", "amazonaws.com.cn"),
    ("aws-us-gov", "amazonaws.com"),
    ("aws-iso", "c2s.ic.gov"),
    ("aws-iso-b", "sc2s.sgov.gov"),
    ("aws-iso-e", "cloud.adc-e.uk"),
    ("aws-iso-f", "csp.hci.ic.gov"),
    ("aws-eusc", "amazonaws.eu"),
];

/// The partition of a region, by its name (botocore's `partitions.json`, `regionRegex`).
pub fn partition_of(region: &str) -> &'static str {
    let known = [
        ("cn-", "aws-cn"),
        ("us-gov-", "aws-us-gov"),
        ("us-iso-", "aws-iso"),
        ("us-isob-", "aws-iso-b"),
        ("eu-isoe-", "aws-iso-e"),
        ("us-isof-", "aws-iso-f"),
        ("eu-isof-", "aws-iso-f"),
        ("eusc-", "aws-eusc"),
    ];
    let found = known.iter().find(|(start, _)| region.starts_with(start));
    found.map_or("aws", |(_, partition)| partition)
}

/// The DNS suffix of a partition's hosts.
pub fn suffix_of(partition: &str) -> &'static str {
    let found = PARTITIONS.iter().find(|(name, _)| *name == partition);
    found.map_or("amazonaws.com", |(_, suffix)| suffix)
}

/// The region whose EKS serves issuers at this host: at `oidc.eks.<region>.<suffix>`, which is what
/// tokens, DescribeCluster and the discovery document say, or at the dual-stack
/// `oidc-eks.<region>.<suffix>`, which serves the same documents and stands in no token (EKS user
/// guide, "VPC and subnet requirements"; terraform-aws-eks issue 3237).
pub fn region_of_eks_host(host: &str) -> Option<&str> {
    if let Some(rest) = host.strip_prefix("oidc.eks.") {
        let (region, suffix) = rest.split_once('.')?;
        return (suffix == suffix_of(partition_of(region))).then_some(region);
    }
    let (region, suffix) = host.strip_prefix("oidc-eks.")?.split_once('.')?;
    // In every partition: `api.aws`, `api.amazonwebservices.com.cn` (botocore's `partitions.json`).
    suffix.starts_with("api.").then_some(region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_eks_are_known_by_either_name() {
        for (host, region) in [
            ("oidc.eks.eu-west-1.amazonaws.com", Some("eu-west-1")),
            ("oidc-eks.eu-west-1.api.aws", Some("eu-west-1")),
            (
                "oidc.eks.us-gov-west-1.amazonaws.com",
                Some("us-gov-west-1"),
            ),
            (
                "oidc-eks.cn-north-1.api.amazonwebservices.com.cn",
                Some("cn-north-1"),
            ),
            ("oidc.eks.example.com", None),
            ("oidc.eks.eu-west-1.example.com", None),
            ("oidc.eks.eu-west-1", None),
            ("oidc-eks.example.com", None),
            ("oidc.example.com", None),
        ] {
            assert_eq!(region_of_eks_host(host), region, "{host}");
        }
    }
}

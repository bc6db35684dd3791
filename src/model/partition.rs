//! AWS's partitions and regions by their names, and EKS's issuers, which carry both in their host.

/// A partition of AWS (botocore's `partitions.json`).
#[derive(Debug, PartialEq)]
pub struct Partition {
    pub name: &'static str,
    /// The DNS suffix of its hosts.
    pub suffix: &'static str,
    /// What the names of interface endpoints' services begin with (VPC user guide, "AWS services that
    /// integrate with AWS PrivateLink").
    pub services: &'static str,
    /// What the names of its regions begin with (`regionRegex`).
    regions: &'static [&'static str],
}

const fn row(
    name: &'static str,
    suffix: &'static str,
    services: &'static str,
    regions: &'static [&'static str],
) -> Partition {
    Partition {
        name,
        suffix,
        services,
        regions,
    }
}

/// Every partition. All regions that are of no other are of the first.
#[rustfmt::skip]
pub static PARTITIONS: [Partition; 8] = [
    row("aws", "amazonaws.com", "com.amazonaws", &[]),
    row("aws-cn", "amazonaws.com.cn", "cn.com.amazonaws", &["cn-"]),
    row("aws-us-gov", "amazonaws.com", "com.amazonaws", &["us-gov-"]),
    row("aws-iso", "c2s.ic.gov", "com.amazonaws", &["us-iso-"]),
    row("aws-iso-b", "sc2s.sgov.gov", "com.amazonaws", &["us-isob-"]),
    row("aws-iso-e", "cloud.adc-e.uk", "com.amazonaws", &["eu-isoe-"]),
    row("aws-iso-f", "csp.hci.ic.gov", "com.amazonaws", &["us-isof-", "eu-isof-"]),
    row("aws-eusc", "amazonaws.eu", "com.amazonaws", &["eusc-"]),
];
/// The partition of a region, by its name.
pub fn partition_of(region: &str) -> &'static Partition {
    let is_of = |partition: &&Partition| {
        let mut starts = partition.regions.iter();
        starts.any(|start| region.starts_with(start))
    };
    PARTITIONS.iter().find(is_of).unwrap_or(&PARTITIONS[0])
}

/// The region whose EKS serves issuers at this host: at `oidc.eks.<region>.<suffix>`, which is what
/// tokens, DescribeCluster and the discovery document say, or at the dual-stack
/// `oidc-eks.<region>.<suffix>`, which serves the same documents and stands in no token (EKS user
/// guide, "VPC and subnet requirements"; terraform-aws-eks issue 3237).
pub fn region_of_eks_host(host: &str) -> Option<&str> {
    if let Some(rest) = host.strip_prefix("oidc.eks.") {
        let (region, suffix) = rest.split_once('.')?;
        return (suffix == partition_of(region).suffix).then_some(region);
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

//! Stack names: eksctl's, and what stands in for it where CloudFormation refuses it.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{ClusterName, ServiceAccountName};

/// Name of a CloudFormation stack (`[a-zA-Z][-a-zA-Z0-9]*`, at most 128).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct StackName(String);

impl StackName {
    /// eksctl's name where CloudFormation takes it, else the hashed one.
    pub fn for_service_account(cluster: &ClusterName, account: &ServiceAccountName) -> Self {
        let name = eksctl_name(cluster, account);
        let taken =
            name.len() <= 128 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if taken {
            Self(name)
        } else {
            Self::hashed(cluster, account)
        }
    }

    /// The name with 8 hex digits of SHA-256 at its end: for names that CloudFormation refuses, and
    /// where eksctl's name is taken by another service account (`a-b`/`c` against `a`/`b-c`).
    /// `-iamserviceaccount-` stays in it, because eksctl's discovery looks for that.
    pub fn hashed(cluster: &ClusterName, account: &ServiceAccountName) -> Self {
        let digest = Sha256::digest(format!("{cluster}/{account}"));
        let hash: String = digest
            .iter()
            .take(4)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let allowed = |text: &str| -> String {
            text.chars()
                .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
                .collect()
        };
        let prefix = format!(
            "eksctl-{}-addon-iamserviceaccount-",
            allowed(cluster.as_str())
        );
        let rest = allowed(&format!("{}-{}", account.namespace, account.name));
        // A prefix is at most 7 + 100 + 25 = 132 long: a cluster's name is cut where it must be.
        if prefix.len() > 128 - 9 {
            let cluster: String = allowed(cluster.as_str())
                .chars()
                .take(128 - 9 - 32)
                .collect();
            return Self(format!("eksctl-{cluster}-addon-iamserviceaccount-{hash}"));
        }
        let room = 128 - 9 - prefix.len();
        let rest: String = rest.chars().take(room).collect();
        Self(format!("{prefix}{}-{hash}", rest.trim_end_matches('-')))
    }

    /// A name that CloudFormation itself reported.
    pub fn reported(name: &str) -> Self {
        Self(name.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn eksctl_name(cluster: &ClusterName, account: &ServiceAccountName) -> String {
    format!(
        "eksctl-{cluster}-addon-iamserviceaccount-{}-{}",
        account.namespace, account.name
    )
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(cluster: &str, account: &str) -> (String, String) {
        let (cluster, account) = (cluster.parse().unwrap(), account.parse().unwrap());
        (
            StackName::for_service_account(&cluster, &account).0,
            StackName::hashed(&cluster, &account).0,
        )
    }

    #[test]
    fn plain_names_are_eksctls() {
        assert_eq!(
            names("demo", "default/s3-reader").0,
            "eksctl-demo-addon-iamserviceaccount-default-s3-reader"
        );
    }

    #[test]
    fn refused_names_are_hashed_within_cloudformations_rule() {
        let long = format!("{}/{}", "n".repeat(63), "a".repeat(253));
        for (cluster, account) in [
            ("demo", "default/a.b"),
            ("my_cluster", "default/a"),
            ("demo", long.as_str()),
            (&"c".repeat(100), long.as_str()),
            (&"c_".repeat(50), "default/a"),
            ("demo", &format!("default/{}", "a-".repeat(60) + "b")),
        ] {
            let (name, hashed) = names(cluster, account);
            assert_eq!(name, hashed);
            assert!(name.len() <= 128, "{name}");
            assert!(name.contains("-iamserviceaccount-"), "{name}");
            assert!(
                name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'),
                "{name}"
            );
        }
    }

    #[test]
    fn accounts_with_one_eksctl_name_have_two_hashed_names() {
        let (one, one_hashed) = names("demo", "a-b/c");
        let (other, other_hashed) = names("demo", "a/b-c");
        assert_eq!(one, other);
        assert_ne!(one_hashed, other_hashed);
    }
}

//! Stack names: eksctl's, and what stands in for it where CloudFormation refuses it.

use std::fmt;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{ClusterName, RoleArn, ServiceAccountName, Way};

/// Name of a CloudFormation stack (`[a-zA-Z][-a-zA-Z0-9]*`, at most 128).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct StackName(String);

/// What the role is called in a stack's template, and in its outputs (eksctl).
pub const ROLE_LOGICAL_ID: &str = "Role1";
/// Between a stack's name and twelve random characters in the name that CloudFormation gives its role.
pub const ROLE_INFIX: &str = "-Role1-";

impl StackName {
    /// eksctl's name where CloudFormation takes it, else the hashed one.
    pub fn new(way: Way, cluster: &ClusterName, account: &ServiceAccountName) -> Self {
        let name = eksctl_name(way, cluster, account);
        let taken =
            name.len() <= 128 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if taken {
            Self(name)
        } else {
            Self::hashed(way, cluster, account)
        }
    }

    /// Both names that the stack of an account may have: eksctl's first.
    pub fn both(way: Way, cluster: &ClusterName, account: &ServiceAccountName) -> [Self; 2] {
        [
            Self::new(way, cluster, account),
            Self::hashed(way, cluster, account),
        ]
    }

    /// The name with 8 hex digits of SHA-256 at its end: for names that CloudFormation refuses, and
    /// where eksctl's name is taken by another service account (`a-b`/`c` against `a`/`b-c`).
    /// What eksctl's discovery looks for stays in it: `-iamserviceaccount-`, `-podidentityrole-`.
    pub fn hashed(way: Way, cluster: &ClusterName, account: &ServiceAccountName) -> Self {
        let hash = hash(&format!("{cluster}/{account}"));
        let infix = way.stack_infix();
        let prefix = format!("eksctl-{}-{infix}-", allowed(cluster.as_str()));
        let rest = allowed(&format!("{}-{}", account.namespace, account.name));
        // A cluster's name is cut where it must be: it has up to 253 characters.
        if prefix.len() > 128 - 9 {
            let cluster: String = allowed(cluster.as_str())
                .chars()
                .take(CLUSTER_ROOM)
                .collect();
            return Self(format!("eksctl-{cluster}-{infix}-{hash}"));
        }
        let room = 128 - 9 - prefix.len();
        let rest: String = rest.chars().take(room).collect();
        Self(format!("{prefix}{}-{hash}", rest.trim_end_matches('-')))
    }

    /// Whether CloudFormation may have named a role after this stack: after as much of its name as there is
    /// room for.
    pub fn may_have_named(&self, role: &RoleArn) -> bool {
        let start = role.name().split_once(ROLE_INFIX);
        start.is_some_and(|(start, _)| !start.is_empty() && self.0.starts_with(start))
    }

    /// How the names of all stacks of a cluster's service accounts begin, on one way.
    pub fn prefix(way: Way, cluster: &ClusterName) -> String {
        let name = allowed(cluster.as_str());
        if name.len() > CLUSTER_ROOM {
            format!("eksctl-{}", &name[..CLUSTER_ROOM])
        } else {
            format!("eksctl-{name}-{}-", way.stack_infix())
        }
    }

    /// What an inline policy of the stack's role is called in IAM: as eksctl calls it where IAM takes that,
    /// else cut, with 8 hex digits of SHA-256 of the whole at its end.
    pub fn policy_name(&self, policy: &str) -> String {
        const LONGEST: usize = 128;
        let name = format!("{}-{policy}", self.0);
        if name.len() <= LONGEST {
            return name;
        }
        let start: String = name.chars().take(LONGEST - 9).collect();
        format!("{}-{}", start.trim_end_matches('-'), hash(&name))
    }

    /// A name that CloudFormation itself reported.
    pub fn reported(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// As CloudFormation has it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// So much of a cluster's name is left beside the other parts and the hash.
const CLUSTER_ROOM: usize = 128 - 9 - 32;

/// 8 hex digits of SHA-256.
fn hash(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..4])
}

/// With a hyphen for each character that CloudFormation refuses.
fn allowed(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_ascii_alphanumeric() { c } else { '-' })
        .collect()
}

fn eksctl_name(way: Way, cluster: &ClusterName, account: &ServiceAccountName) -> String {
    let (infix, ServiceAccountName { namespace, name }) = (way.stack_infix(), account);
    format!("eksctl-{cluster}-{infix}-{namespace}-{name}")
}

impl fmt::Display for StackName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    use super::*;

    fn config() -> ProptestConfig {
        ProptestConfig {
            failure_persistence: None,
            rng_seed: RngSeed::Fixed(7),
            ..ProptestConfig::default()
        }
    }

    /// Words between `-`, cut into namespace and name at two places.
    fn one_text_cut_twice() -> impl Strategy<Value = [ServiceAccountName; 2]> {
        (
            proptest::collection::vec("[a-z0-9]{1,9}", 3..12),
            any::<[usize; 2]>(),
        )
            .prop_filter_map("cut alike", |(words, at)| {
                let cut = |at: usize| {
                    let (namespace, name) = words.split_at(1 + at % (words.len() - 1));
                    format!("{}/{}", namespace.join("-"), name.join("-"))
                        .parse()
                        .ok()
                };
                let [one, other] = [cut(at[0])?, cut(at[1])?];
                (one != other).then_some([one, other])
            })
    }

    fn account() -> impl Strategy<Value = ServiceAccountName> {
        "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?/[a-z0-9]([a-z0-9.-]{0,80}[a-z0-9])?"
            .prop_filter_map("no name", |text| text.parse().ok())
    }

    fn cluster() -> impl Strategy<Value = ClusterName> {
        "[A-Za-z0-9][A-Za-z0-9_.-]{0,252}".prop_filter_map("no name", |text| text.parse().ok())
    }

    proptest! {
        #![proptest_config(config())]

        /// Within a cluster, accounts whose eksctl names are one have two hashed names.
        #[test]
        fn accounts_built_to_collide_get_two_names(cluster in cluster(), [one, other] in one_text_cut_twice()) {
            prop_assert_eq!(eksctl_name(Way::Irsa, &cluster, &one), eksctl_name(Way::Irsa, &cluster, &other));
            let hashed = StackName::hashed(Way::Irsa, &cluster, &other);
            prop_assert_ne!(&hashed, &StackName::hashed(Way::Irsa, &cluster, &one));
            prop_assert_ne!(&hashed.0, &eksctl_name(Way::Irsa, &cluster, &one));
        }

        /// Names that are not eksctl's are nobody else's either, not even in another cluster.
        #[test]
        fn hashed_names_differ_with_cluster_and_account(
            clusters in [cluster(), cluster()], accounts in [account(), account()],
        ) {
            let name = |at: usize, account: usize| StackName::hashed(Way::Irsa, &clusters[at], &accounts[account]);
            let all = [name(0, 0), name(0, 1), name(1, 0), name(1, 1)];
            prop_assume!(clusters[0] != clusters[1] && accounts[0] != accounts[1]);
            for (index, one) in all.iter().enumerate() {
                prop_assert!(all[..index].iter().all(|other| other != one), "{all:?}");
            }
        }

        /// eksctl's name of one cluster may be that of another: then only the tags tell them apart,
        /// and the hashed name is free for the one that came later.
        #[test]
        fn clusters_built_to_collide_get_two_names(cluster in "[a-z][a-z0-9-]{0,20}", name in "[a-z]{1,20}") {
            let one: ClusterName = cluster.parse().unwrap();
            let other: ClusterName = format!("{cluster}-addon-iamserviceaccount").parse().unwrap();
            let of_one = format!("addon-iamserviceaccount-{name}/{name}").parse().unwrap();
            let of_other = format!("{name}/{name}").parse().unwrap();
            prop_assert_eq!(eksctl_name(Way::Irsa, &one, &of_one), eksctl_name(Way::Irsa, &other, &of_other));
            prop_assert_ne!(StackName::hashed(Way::Irsa, &one, &of_one), StackName::hashed(Way::Irsa, &other, &of_other));
        }

        /// CloudFormation takes every name, and eksctl finds it.
        #[test]
        fn every_name_keeps_cloudformations_rule(cluster in cluster(), account in account()) {
            for StackName(name) in [
                StackName::new(Way::Irsa, &cluster, &account),
                StackName::hashed(Way::Irsa, &cluster, &account),
            ] {
                prop_assert!(name.len() <= 128 && name.starts_with("eksctl-"), "{}", name);
                prop_assert!(name.contains("-iamserviceaccount-"), "{}", name);
                prop_assert!(name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'), "{}", name);
            }
        }
    }

    #[test]
    fn inline_policies_have_names_that_iam_takes() {
        let stack = StackName::reported(&format!("eksctl-{}", "s".repeat(100)));
        let short = stack.policy_name("PolicyCloudWatchAgen");
        assert_eq!(short, format!("{stack}-PolicyCloudWatchAgen"));
        assert_eq!(short.len(), 128);
        let cut = stack.policy_name("PolicyCloudWatchAgent");
        assert!(cut.len() <= 128 && cut.starts_with(stack.as_str()), "{cut}");
        assert_ne!(cut, stack.policy_name("PolicyCloudWatchAgents"));
        let longest = StackName::reported(&"s".repeat(128));
        assert_eq!(longest.policy_name("Policy1").len(), 128);
        assert_ne!(
            longest.policy_name("Policy1"),
            longest.policy_name("Policy2")
        );
    }

    fn names(cluster: &str, account: &str) -> (String, String) {
        let (cluster, account) = (cluster.parse().unwrap(), account.parse().unwrap());
        (
            StackName::new(Way::Irsa, &cluster, &account).0,
            StackName::hashed(Way::Irsa, &cluster, &account).0,
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

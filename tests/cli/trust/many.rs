//! Hundreds of roles that trust a cluster which was made again, while IAM takes no more than so many calls.

use serde_json::json;

use super::{by_hand, trust_of};
use crate::support::{ACCOUNT, Bench};

const ROLES: usize = 500;

/// AWS documents no rates of IAM's operations, only that they are throttled (`Throttling`, `Rate exceeded`): so
/// many in a row that retries alone would run out.
#[test]
fn five_hundred_roles_are_retargeted_while_iam_throttles() {
    let bench = Bench::associated();
    let former = "oidc.eks.eu-west-1.amazonaws.com/id/FORMER";
    for number in 0..ROLES {
        by_hand(
            &bench,
            &format!("role-{number:03}"),
            json!([{
                "Effect": "Allow",
                "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{former}")},
                "Condition": {"StringEquals": {format!("{former}:sub"): "system:serviceaccount:web:job"}},
            }]),
        );
    }
    bench.befall("iam GetRole", "from 100 times 60 throttle");
    bench.befall("iam UpdateAssumeRolePolicy", "from 20 times 60 throttle");
    let told = bench.run(&format!(
        "trust retarget --from-issuer {former} --to-cluster demo --all --approve"
    ));
    assert!(told.contains("[exit 0]"), "{told}");
    assert_eq!(told.matches("   updated\n").count(), ROLES, "{told}");
    let new = bench.issuer();
    for number in 0..ROLES {
        let trust = trust_of(&bench, &format!("role-{number:03}")).to_string();
        assert!(
            trust.contains(&new) && !trust.contains(former),
            "{number}: {trust}"
        );
    }
    let count = |call: &str| {
        let count = bench.sandbox.count(call);
        assert_eq!(count.throttled, 60, "{call}");
        count.calls - count.throttled
    };
    // Each is read when it is planned and before it is written, and written once.
    assert_eq!(count("iam UpdateAssumeRolePolicy"), ROLES);
    assert_eq!(count("iam GetRole"), 2 * ROLES);
}

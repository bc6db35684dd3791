//! Hundreds of roles, while IAM takes no more than so many calls.

use serde_json::json;

use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench};

const ROLES: usize = 200;

/// AWS documents no rates of IAM's operations, only that they are throttled (`Throttling`, `Rate exceeded`): so
/// many in a row that retries alone would run out. Each role has one job, which is looked at twice.
#[test]
fn two_hundred_roles_are_told_while_iam_throttles() {
    let bench = Bench::associated();
    for number in 0..ROLES {
        let name = format!("role-{number:03}");
        let trust = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}},
        ]});
        let mut role = Role::new("aws", ACCOUNT, "/", &name, trust);
        role.made(200);
        role.attached = vec![super::FULL.to_owned()];
        role.use_action("s3:GetObject", 3);
        let arn = role.arn.clone();
        bench.account(|account| account.roles.insert(role.name.clone(), role));
        let annotation = [("eks.amazonaws.com/role-arn", arn.as_str())];
        let mut world = bench.sandbox.world();
        world
            .api("demo")
            .apply_service_account("web", &name, &[], &annotation, "helm");
    }
    bench.account(|account| account.report_looks = 1);
    bench.befall(
        "iam GenerateServiceLastAccessedDetails",
        "from 20 times 60 throttle",
    );
    bench.befall(
        "iam GetServiceLastAccessedDetails",
        "from 50 times 60 throttle",
    );
    let told = bench.run("usage --cluster demo --all -o json");
    assert!(told.contains("[exit 0]"), "{told}");
    assert_eq!(told.matches("\"lastUsed\": \"").count(), ROLES, "{told}");
    let count = |call: &str| {
        let count = bench.sandbox.count(call);
        (count.calls - count.throttled, count.throttled)
    };
    assert_eq!(count("iam GenerateServiceLastAccessedDetails"), (ROLES, 60));
    assert_eq!(count("iam GetServiceLastAccessedDetails"), (2 * ROLES, 60));
    // What they share is read once.
    assert_eq!(count("iam GetPolicyVersion"), (1, 0));
    assert_eq!(count("iam GetRole"), (ROLES, 0));
}

//! `doctor --all`: many service accounts in one look.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use crate::support::Bench;

/// So many service accounts with the role of web/api, which is healthy for that one only.
fn fleet(count: usize) -> Bench {
    let bench = super::healthy();
    let role = bench.role_arn();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    for number in 0..count {
        let annotations = [("eks.amazonaws.com/role-arn", role.as_str())];
        let name = format!("worker-{number}");
        api.put_service_account("shop", &name, &[], &annotations, "helm");
    }
    world.calls.clear();
    drop(world);
    bench
}

/// How often each call was made.
fn counted(bench: &Bench) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for call in bench.calls().lines() {
        *counts.entry(call.to_owned()).or_default() += 1;
    }
    counts
}

#[test]
fn what_all_share_is_read_once() {
    let bench = fleet(30);
    bench.run("doctor --cluster demo --all");
    let counts = counted(&bench);
    let each: BTreeMap<_, _> = counts.iter().filter(|(_, count)| **count >= 5).collect();
    let told: Vec<String> = each
        .iter()
        .map(|(call, count)| format!("{count} {call}"))
        .collect();
    assert_snapshot!(told.join("\n"), @"
    31 access-analyzer ValidatePolicy
    32 iam GetRole
    32 iam ListAttachedRolePolicies
    32 iam ListRolePolicies
    31 kubernetes create serviceaccounts/token
    62 kubernetes get serviceaccounts
    31 kubernetes list pods
    31 sts AssumeRoleWithWebIdentity
    ");
    let shared: Vec<_> = counts.iter().filter(|(_, count)| **count < 5).collect();
    let told: Vec<String> = shared
        .iter()
        .map(|(call, count)| format!("{count} {call}"))
        .collect();
    assert_snapshot!(told.join("\n"), @"
    2 cloudformation DescribeStacks
    1 cloudformation GetTemplate
    1 cloudtrail LookupEvents
    1 ec2 DescribeInstances
    1 ec2 DescribeVpcEndpoints
    1 eks DescribeCluster
    1 eks ListAddons
    1 eks ListPodIdentityAssociations
    1 iam GetAccountSummary
    1 iam GetOpenIDConnectProvider
    1 iam GetPolicy
    1 iam GetPolicyVersion
    1 iam ListOpenIDConnectProviders
    2 issuer /id/ACA918B97A182DBCBA56500C5E47D92E/.well-known/openid-configuration
    1 issuer /id/ACA918B97A182DBCBA56500C5E47D92E/keys
    1 kubernetes get /version
    1 kubernetes get daemonsets
    2 kubernetes get namespaces
    1 kubernetes list daemonsets
    1 kubernetes list mutatingwebhookconfigurations
    2 kubernetes list networkpolicies
    1 kubernetes list nodes
    2 kubernetes list securitygrouppolicies
    1 kubernetes list serviceaccounts
    3 sts GetCallerIdentity
    ");
}

#[test]
fn one_row_tells_the_first_cause_of_each() {
    let bench = fleet(2);
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let annotations = [(
            "eks.amazonaws.com/role-arn",
            "arn:aws:iam::111122223333:role/gone",
        )];
        api.put_service_account("web", "by-hand", &[], &annotations, "kubectl");
        let cluster = &mut world.clusters[0];
        cluster.add_association("web", "pods", "arn:aws:iam::111122223333:role/gone");
    }
    bench.eksctl_stack("web/failed", "ROLLBACK_COMPLETE");
    assert_snapshot!(bench.run("doctor --cluster demo --all"), @"
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK             CAUSE
    shop/worker-0     problem   trust-policy      the trust policy keeps shop/worker-0 out: Statement[0] has the subject of another service account
    shop/worker-1     problem   trust-policy      the trust policy keeps shop/worker-1 out: Statement[0] has the subject of another service account
    web/api           healthy
    web/by-hand       problem   role-exists       there is no role gone
    web/failed        problem   service-account   there is no ServiceAccount web/failed
    web/pods          problem   service-account   there is no ServiceAccount web/pods
    [exit 1]
    ");
    assert_snapshot!(bench.run("doctor --cluster demo --all -o name"), @"
    [stdout]
    shop/worker-0
    shop/worker-1
    web/by-hand
    web/failed
    web/pods
    [exit 1]
    ");
}

#[test]
fn a_cluster_without_any_role_says_so() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run("doctor --cluster demo --all"), @"
    [stdout]
    no service account of cluster demo has a role
    [exit 0]
    ");
}

#[test]
fn what_cannot_be_listed_is_told_and_hides_nothing() {
    let bench = fleet(1);
    bench.sandbox.fault("kubernetes list serviceaccounts deny");
    bench.sandbox.fault("eks ListPodIdentityAssociations deny");
    assert_snapshot!(bench.run("doctor --cluster demo --all"), @"
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK                      CAUSE
    cluster demo      healthy   all-service-accounts       unknown: not allowed to list service accounts; not allowed to call eks:ListPodIdentityAssociations
    web/api           healthy   pod-identity-association   unknown: not allowed to call eks:ListPodIdentityAssociations
    [exit 0]
    ");
    bench.sandbox.world().faults.clear();
    bench.sandbox.fault("cloudformation DescribeStacks deny");
    bench.sandbox.fault("cloudformation ListStacks deny");
    assert_snapshot!(bench.run("doctor --cluster demo --all"), @"
    [stdout]
    SERVICE ACCOUNT   STATE     CHECK                  CAUSE
    cluster demo      healthy   all-service-accounts   unknown: not allowed to call cloudformation:DescribeStacks
    shop/worker-0     problem   trust-policy           the trust policy keeps shop/worker-0 out: Statement[0] has the subject of another service account
    web/api           healthy   stack, 1 more          unknown: not allowed to call cloudformation:DescribeStacks
    [exit 1]
    ");
}

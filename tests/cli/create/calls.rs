//! Which calls `create` makes: none that is not needed, and as many as possible side by side.

use insta::assert_snapshot;

use super::{CREATE, slow};
use crate::support::Bench;

/// The calls of a run, in rounds: `rounds` says how many calls are held back until all of their
/// round were made, so that the run ends only if they are made side by side.
fn in_rounds(bench: &Bench, line: &str, rounds: &[usize]) -> String {
    bench.calls();
    let mut made = 0;
    for calls in rounds {
        let until = made + calls;
        bench.sandbox.fault(&format!(
            "* * from {} times {calls} until {until}",
            made + 1
        ));
        made = until;
    }
    let told = bench.run(line);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    let calls = bench.calls();
    let mut calls: Vec<&str> = calls.lines().collect();
    let mut rest = calls.as_mut_slice();
    let mut text = String::new();
    for (index, &count) in rounds.iter().enumerate() {
        let (round, others) = rest.split_at_mut(count);
        round.sort_unstable();
        text.push_str(&format!("round {}: {}\n", index + 1, round.join(", ")));
        rest = others;
    }
    text + &rest.join("\n")
}

#[test]
fn a_ready_cluster_needs_two_rounds_before_the_stack_is_created() {
    let bench = slow();
    assert_snapshot!(in_rounds(&bench, CREATE, &[3, 2]), @"
    round 1: cloudformation DescribeStacks, eks DescribeCluster, iam GetPolicy
    round 2: iam GetOpenIDConnectProvider, kubernetes get serviceaccounts
    cloudformation CreateStack
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    kubernetes apply serviceaccounts
    ");
}

#[test]
fn nothing_to_do_needs_two_rounds() {
    let bench = Bench::associated();
    bench.run(CREATE);
    assert_snapshot!(in_rounds(&bench, CREATE, &[3, 6]), @"
    round 1: cloudformation DescribeStacks, eks DescribeCluster, iam GetPolicy
    round 2: cloudformation GetTemplate, iam GetOpenIDConnectProvider, iam GetRole, iam ListAttachedRolePolicies, iam ListRolePolicies, kubernetes get serviceaccounts
    ");
}

#[test]
fn policies_and_a_role_name_are_looked_up_side_by_side() {
    let bench = Bench::associated();
    let line = format!(
        "{CREATE},arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess --role-name reader \
         --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess"
    );
    let line = line.replace(" --approve,", ",") + " --approve";
    assert_snapshot!(in_rounds(&bench, &line, &[6, 2]), @"
    round 1: cloudformation DescribeStacks, eks DescribeCluster, iam GetPolicy, iam GetPolicy, iam GetPolicy, iam GetRole
    round 2: iam GetOpenIDConnectProvider, kubernetes get serviceaccounts
    cloudformation CreateStack
    cloudformation DescribeStacks
    kubernetes apply serviceaccounts
    ");
}

#[test]
fn a_missing_namespace_costs_two_calls_more() {
    let bench = Bench::associated();
    assert_snapshot!(in_rounds(&bench, &format!("{CREATE} --namespace web"), &[3, 2]), @"
    round 1: cloudformation DescribeStacks, eks DescribeCluster, iam GetPolicy
    round 2: iam GetOpenIDConnectProvider, kubernetes get serviceaccounts
    kubernetes get namespaces
    cloudformation CreateStack
    cloudformation DescribeStacks
    kubernetes apply serviceaccounts
    kubernetes create namespaces
    kubernetes apply serviceaccounts
    ");
}

#[test]
fn role_only_calls_no_kubernetes() {
    let bench = Bench::associated();
    assert_snapshot!(in_rounds(&bench, &format!("{CREATE} --role-only"), &[3, 1]), @"
    round 1: cloudformation DescribeStacks, eks DescribeCluster, iam GetPolicy
    round 2: iam GetOpenIDConnectProvider
    cloudformation CreateStack
    cloudformation DescribeStacks
    ");
}

#[test]
fn an_existing_role_needs_no_stack() {
    let bench = Bench::associated();
    bench.run(CREATE);
    let role = bench.account(|account| account.roles.values().next().expect("a role").arn.clone());
    let line =
        format!("create iamserviceaccount other --cluster demo --attach-role-arn {role} --approve");
    assert_snapshot!(in_rounds(&bench, &line, &[2, 2]), @"
    round 1: eks DescribeCluster, iam GetRole
    round 2: iam GetOpenIDConnectProvider, kubernetes get serviceaccounts
    kubernetes apply serviceaccounts
    ");
}

#[test]
fn a_plan_makes_the_reads_only() {
    let bench = Bench::associated();
    let line = CREATE.replace(" --approve", "");
    assert_snapshot!(in_rounds(&bench, &line, &[3, 2]), @"
    round 1: cloudformation DescribeStacks, eks DescribeCluster, iam GetPolicy
    round 2: iam GetOpenIDConnectProvider, kubernetes get serviceaccounts
    ");
}

#[test]
fn a_missing_provider_costs_no_look_at_the_issuer_unless_it_is_to_be_made() {
    let bench = Bench::new();
    bench.run(CREATE);
    assert_snapshot!(bench.calls().lines().filter(|call| call.starts_with("issuer")).count(), @"0");
}

#[test]
fn a_replaced_stack_is_polled_by_its_id() {
    let bench = slow();
    super::add_eksctl_stack(
        &bench,
        "managed-policy",
        "default/s3-reader",
        "ROLLBACK_COMPLETE",
    );
    bench.run(CREATE);
    let world = bench.sandbox.world();
    let polls = world
        .calls
        .iter()
        .filter(|call| call.operation == "DescribeStacks");
    let by_id: Vec<bool> = polls.map(|call| call.subject.starts_with("arn:")).collect();
    // By name once, to find it; then the deletion and the creation, each with two polls in progress.
    assert_eq!(by_id, [false, true, true, true, true, true, true]);
}

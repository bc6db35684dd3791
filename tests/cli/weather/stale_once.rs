//! Each read of each command is once answered with what was before the last write: the command ends as
//! without that, or fails and the same command makes up for it. Nothing is lost by it, and nothing made
//! twice.

use std::collections::BTreeMap;

use insta::assert_snapshot;

use super::once::timeless;
use super::{ASSOCIATE, Scenario, create, made, scenarios, trouble};
use crate::arrange::side_by_side;
use crate::file::{account, file_of};
use crate::support::Bench;

const SQS: &str = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess";

/// Runs a scenario once for each of its reads, of which the answer is stale: the end is that of a run
/// without it, or the same command makes up for it. Tells what is not as without it.
fn told_of_each_stale_read(scenario: &Scenario) -> String {
    let bench = (scenario.arrange)();
    let good = bench.run(&scenario.line);
    assert!(good.ends_with("[exit 0]\n"), "{}: {good}", scenario.name);
    let calls = bench.calls();
    let state = state(&bench);
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let reads = calls.lines().map(|call| {
        let number = numbers.entry(call).or_default();
        *number += 1;
        (call, *number)
    });
    let reads: Vec<(&str, u32)> = reads.filter(|(call, _)| is_read(call)).collect();
    assert!(reads.len() > 1, "{calls}");
    let told = side_by_side(2, &reads, |(call, number)| {
        let bench = (scenario.arrange)();
        bench.befall(call, &format!("from {number} times 1 stale"));
        let result = bench.run(&scenario.line);
        let is_done = result.ends_with("[exit 0]\n");
        let is_whole = self::state(&bench) == state;
        if !is_done || !is_whole {
            bench.sandbox.world().faults.clear();
            let again = bench.run(&scenario.line);
            let end = self::state(&bench);
            let is_made_up = again.ends_with("[exit 0]\n") && end == state;
            let what = format!("{}, {call} {number}", scenario.name);
            assert!(
                is_made_up,
                "{what}: {result}again: {again}{end}\nwanted:\n{state}"
            );
        }
        if is_done && !is_whole {
            return format!("{call} {number}:\n  something is left to the next run\n");
        }
        if unordered(&result) == unordered(&good) {
            String::new()
        } else {
            format!("{call} {number}:\n  {}\n", trouble(&result))
        }
    });
    told.concat()
}

/// The lines of a run in alphabetical order, without the seconds: a read more or less decides which of two
/// actions that go side by side ends first.
fn unordered(result: &str) -> Vec<String> {
    let text = timeless(result);
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

/// The Kubernetes API answers a get, and a list that asks for no older state, from its latest.
fn is_read(call: &str) -> bool {
    let verbs = ["Describe", "Get", "List"];
    let (service, operation) = call.split_once(' ').unwrap_or_default();
    ["cloudformation", "iam", "eks"].contains(&service)
        && verbs.iter().any(|verb| operation.starts_with(verb))
}

/// Without the cluster's tag, which is put and taken away as well as may be.
fn state(bench: &Bench) -> String {
    let providers = bench.providers();
    let lines = providers
        .lines()
        .filter(|line| !line.starts_with("cluster tag"));
    let lines: String = lines.map(|line| format!("{line}\n")).collect();
    bench.state() + &lines
}

fn scenario(name: &'static str, line: &str, arrange: fn() -> Bench) -> Scenario {
    Scenario {
        name,
        line: line.to_owned(),
        arrange,
    }
}

/// default/s3-reader with its file, in which one policy more is asked for.
fn with_file() -> Bench {
    let bench = made();
    let more = "  - metadata: {name: s3-reader}\n    attachPolicyARNs: [arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess, arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess]\n";
    bench.file("cluster.yaml", &file_of(more));
    bench
}

/// default/s3-reader with a file that has another account.
fn with_file_of_another() -> Bench {
    let bench = made();
    bench.file("cluster.yaml", &file_of(&account("default", "other")));
    bench
}

#[test]
fn a_stale_read_of_a_creation_is_borne() {
    let [_, create, again, ..] = scenarios();
    assert_snapshot!(told_of_each_stale_read(&create), @"");
    assert_snapshot!(told_of_each_stale_read(&again), @r#"
    eks DescribeCluster 1:
      [exit 0]
    iam GetRole 1:
      error: iam:GetRole says that there is no role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK", and iam:ListAttachedRolePolicies knows it: one of them is out of date, so nothing is done because of either
      hint: run the same command again in a minute: it looks at both first
      [exit 1]
    "#);
}

/// By a run, so that there is a past for a read to tell of.
fn just_associated() -> Bench {
    let bench = Bench::new();
    bench.arrange(ASSOCIATE);
    bench
}

#[test]
fn a_stale_read_of_an_association_is_borne() {
    let [associate, ..] = scenarios();
    assert_snapshot!(told_of_each_stale_read(&associate), @"");
    let again = scenario("associate again", ASSOCIATE, just_associated);
    assert_snapshot!(told_of_each_stale_read(&again), @"
    eks DescribeCluster 1:
      [exit 0]
    iam GetOpenIDConnectProvider 1:
      [exit 0]
    ");
}

#[test]
fn a_stale_read_of_an_update_is_borne() {
    let apply = scenario("apply", "apply -f ~/cluster.yaml --approve", with_file);
    assert_snapshot!(told_of_each_stale_read(&apply), @r#"
    eks DescribeCluster 1:
      [exit 0]
    iam GetRole 1:
      error: iam:GetRole says that there is no role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK", and iam:ListAttachedRolePolicies knows it: one of them is out of date, so nothing is done because of either
      hint: run the same command again in a minute: it looks at both first
      [exit 1]
    "#);
    let line = format!(
        "update iamserviceaccount s3-reader --cluster demo --add-policy-arn {SQS} --approve"
    );
    let update = scenario("update", &line, made);
    assert_snapshot!(told_of_each_stale_read(&update), @r#"
    iam GetRole 1:
      error: iam:GetRole says that there is no role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK", and iam:ListAttachedRolePolicies knows it: one of them is out of date, so nothing is done because of either
      hint: run the same command again in a minute: it looks at both first
      [exit 1]
    "#);
}

#[test]
fn a_stale_read_of_a_deletion_is_borne() {
    let [.., delete] = scenarios();
    assert_snapshot!(told_of_each_stale_read(&delete), @r#"
    iam ListAttachedRolePolicies 1:
      error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in DELETE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)"
      hint: mend the cause and run the same command again; `--detach-foreign` detaches policies that were attached by hand
      hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
      [exit 1]
    iam ListAttachedRolePolicies 2:
      error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in DELETE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)"
      hint: mend the cause and run the same command again; `--detach-foreign` detaches policies that were attached by hand
      hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
      [exit 1]
    iam GetRole 3:
      error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" may not be the one that the stack made: GetRole does not know it
      hint: look at it, and detach by hand what may go: `aws iam get-role --role-name eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK`
      [exit 1]
    iam ListAttachedRolePolicies 3:
      error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in DELETE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)"
      hint: mend the cause and run the same command again; `--detach-foreign` detaches policies that were attached by hand
      hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
      [exit 1]
    "#);
    let line = "apply -f ~/cluster.yaml --prune --approve";
    let prune = scenario("prune", line, with_file_of_another);
    assert_snapshot!(told_of_each_stale_read(&prune), @"
    eks DescribeCluster 1:
      [exit 0]
    cloudformation DescribeStacks 1:
      something is left to the next run
    ");
}

#[test]
fn a_stale_read_of_a_disassociation_is_borne() {
    let line = "disassociate-oidc-provider --cluster demo --approve";
    let disassociate = scenario("disassociate", line, just_associated);
    assert_snapshot!(told_of_each_stale_read(&disassociate), @"
    eks DescribeCluster 1:
      [exit 0]
    ");
}

#[test]
fn a_policy_that_is_missing_in_one_answer_only_is_there() {
    let bench = Bench::associated();
    bench.befall(
        "iam GetPolicy",
        "times 1 error 404 NoSuchEntity no such policy",
    );
    let result = bench.run(&create());
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(bench.sandbox.count("iam GetPolicy").calls, 2);
}

//! The change sets of an update: their names follow from their content, so that an interrupted run is
//! gone on with; none is left behind.

use std::process::{Command, Stdio};

use insta::assert_snapshot;

use super::{SQS, STACK, UPDATE, assert_settled, identity, reader, run_unchanging, without_names};
use crate::sandbox::{NO_CHANGES, NO_UPDATES, Pace, World};
use crate::support::{ACCOUNT, Bench, REGION};

fn line() -> String {
    format!("{UPDATE} --add-policy-arn {SQS} --approve")
}

/// A bench on which all that CloudFormation does takes two polls.
fn slow() -> Bench {
    let bench = reader();
    bench.sandbox.world().options.pace = Pace::Polls(2);
    bench
}

/// Names and statuses of the stack's change sets, one a line.
fn change_sets(bench: &Bench) -> String {
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    let sets = stack.change_sets.iter();
    sets.map(|set| format!("{} {} {}\n", set.name, set.status, set.execution_status))
        .collect()
}

/// Someone else does what is asked just before the change set is made.
fn anticipate(world: &mut World) {
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    let template = stack
        .template
        .replace("ReadOnlyAccess\"]", &format!("ReadOnlyAccess\",\"{SQS}\"]"));
    assert_ne!(template, stack.template);
    world.update_stack(ACCOUNT, REGION, STACK, &template, &[]);
}

/// Kills a run at a call, before or after its effect.
fn killed(bench: &Bench, call: &str, effect: &str) {
    bench.calls();
    bench.befall(call, &format!("times 1 {effect}"));
    let mut child = bench
        .command_line(&line())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        let mut calls = world.calls.iter().filter(|made| made.to_string() == call);
        calls.any(|made| effect == "hang" || made.status.is_some())
    });
    child.kill().expect("killed");
    child.wait().expect("dead");
    bench.sandbox.world().faults.clear();
}

#[test]
fn the_calls_of_an_update() {
    let bench = slow();
    bench.calls();
    assert_snapshot!(bench.run(&line()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.sorted_calls(), @"
    cloudformation CreateChangeSet
    cloudformation DescribeChangeSet
    cloudformation DescribeChangeSet
    cloudformation DescribeChangeSet
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation ExecuteChangeSet
    cloudformation GetTemplate
    eks DescribeCluster
    iam GetOpenIDConnectProvider
    iam GetPolicy
    iam GetRole
    iam ListAttachedRolePolicies
    iam ListRolePolicies
    kubernetes get serviceaccounts
    ");
    assert_snapshot!(without_names(&change_sets(&bench)), @"irsactl-NAME CREATE_COMPLETE EXECUTE_COMPLETE");
}

#[test]
fn the_name_follows_from_the_content() {
    let name = |line: &str| {
        let bench = reader();
        let plan = bench.run(&format!("{UPDATE} {line} -o json"));
        let name = plan
            .lines()
            .find(|line| line.contains("changeSet"))
            .expect("a name");
        name.to_owned()
    };
    let one = name(&format!("--add-policy-arn {SQS}"));
    assert_ne!(one, name(&format!("--add-policy-arn {SQS} --tags a=b")));
}

#[test]
fn a_change_set_that_changes_nothing_is_taken_away() {
    for text in [NO_CHANGES, NO_UPDATES] {
        let bench = reader();
        bench.sandbox.world().no_changes = text;
        bench
            .sandbox
            .before("cloudformation CreateChangeSet", 1, anticipate);
        let told = bench.run(&line());
        assert!(told.ends_with("[exit 0]\n"), "{told}");
        assert_eq!(change_sets(&bench), "", "{text}");
        assert_settled(&bench, &line().replace(" --approve", ""));
    }
}

/// Killed at each call of the update, before and after its effect: the same command again ends in the
/// same state.
#[test]
fn an_interrupted_update_is_finished_by_the_next_run() {
    let undisturbed = slow();
    undisturbed.arrange(&line());
    let expected = (undisturbed.state(), identity(&undisturbed));
    for call in [
        "cloudformation CreateChangeSet",
        "cloudformation DescribeChangeSet",
        "cloudformation ExecuteChangeSet",
    ] {
        for effect in ["hang", "swallow"] {
            let bench = slow();
            killed(&bench, call, effect);
            let told = bench.run(&line());
            assert!(told.ends_with("[exit 0]\n"), "{call} {effect}: {told}");
            assert_eq!(
                (bench.state(), identity(&bench)),
                expected,
                "{call} {effect}"
            );
            let sets = change_sets(&bench);
            assert!(sets.lines().count() <= 1, "{call} {effect}: {sets}");
            assert_settled(&bench, &line().replace(" --approve", ""));
        }
    }
}

#[test]
fn a_change_set_that_was_left_is_used() {
    let bench = slow();
    killed(&bench, "cloudformation ExecuteChangeSet", "hang");
    assert_snapshot!(without_names(&change_sets(&bench)), @"irsactl-NAME CREATE_COMPLETE AVAILABLE");
    bench.calls();
    assert_snapshot!(bench.run(&line()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.changes(), @"
    cloudformation CreateChangeSet
    cloudformation ExecuteChangeSet
    ");
}

#[test]
fn a_failed_one_of_the_same_name_is_replaced() {
    let bench = slow();
    killed(&bench, "cloudformation ExecuteChangeSet", "hang");
    {
        let mut world = bench.sandbox.world();
        let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
        let set = &mut stack.change_sets[0];
        set.status = "FAILED".to_owned();
        set.execution_status = "UNAVAILABLE".to_owned();
        set.reason = Some("Internal failure".to_owned());
    }
    bench.calls();
    assert_snapshot!(bench.run(&line()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.changes(), @"
    cloudformation CreateChangeSet
    cloudformation DeleteChangeSet
    cloudformation CreateChangeSet
    cloudformation ExecuteChangeSet
    ");
}

#[test]
fn a_change_set_that_fails_is_told_and_taken_away() {
    let bench = reader();
    bench
        .sandbox
        .before_every("cloudformation DescribeChangeSet", |world| {
            let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
            for set in &mut stack.change_sets {
                set.status = "FAILED".to_owned();
                set.reason = Some("Transform is not allowed".to_owned());
            }
        });
    assert_snapshot!(bench.run(&line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: the change of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was refused: Transform is not allowed
    hint: nothing was changed; look at the stack: `aws cloudformation describe-stacks --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    assert_eq!(change_sets(&bench), "");
}

#[test]
fn an_execution_under_way_is_waited_for() {
    let bench = slow();
    killed(&bench, "cloudformation ExecuteChangeSet", "swallow");
    bench.calls();
    assert_snapshot!(bench.run(&line()), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    [exit 0]
    ");
    assert_snapshot!(bench.changes(), @"");
}

/// Between the look and the change set another run was faster.
#[test]
fn another_run_that_is_faster_is_waited_for() {
    let bench = slow();
    bench
        .sandbox
        .before("cloudformation ExecuteChangeSet", 1, |world| {
            let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
            stack.change_sets.clear();
            anticipate(world);
        });
    assert_snapshot!(bench.run(&line()), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
}

#[test]
fn a_busy_stack_is_waited_for() {
    let bench = slow();
    killed(&bench, "cloudformation ExecuteChangeSet", "swallow");
    let other = format!("{UPDATE} --tags team=web");
    assert_snapshot!(run_unchanging(&bench, &format!("{other} --detailed-exitcode")), @"
    [stdout]
      wait for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    [stderr]
    plan: 0 to create, 0 to change, 0 to delete, 1 to wait for
    what follows is planned when that is over
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(bench.run(&format!("{other} --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_settled(&bench, &other);
}

/// The template looks harmless, CloudFormation knows better.
#[test]
fn a_change_set_that_replaces_the_role_is_refused() {
    let bench = reader();
    bench
        .sandbox
        .before("cloudformation CreateChangeSet", 1, |world| {
            let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
            let role = stack.resources.get_mut("Role1").expect("the role");
            role.properties["Path"] = "/elsewhere/".into();
        });
    assert_snapshot!(bench.run(&line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: the change of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was refused: CloudFormation would make another role in the place of this one
    hint: nothing was changed; look at the stack: `aws cloudformation describe-stacks --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    assert_eq!(change_sets(&bench), "");
}

#[test]
fn an_update_takes_no_longer_than_the_limit() {
    let bench = reader();
    bench.sandbox.world().options.pace = Pace::Polls(u32::MAX);
    assert_snapshot!(bench.run(&format!("{} --timeout 5s", line())), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: the change set of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" did not end within 5s
    hint: what was begun goes on by itself: the same command again goes on from there; `--timeout 1h` waits longer
    [exit 1]
    "#);
}

#[test]
fn an_interrupted_update_tells_what_goes_on() {
    let bench = slow();
    bench.calls();
    bench.befall("cloudformation DescribeStacks", "from 3 hang");
    let child = bench
        .command_line(&line())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        let looks = world.calls.iter();
        let looks = looks.filter(|made| made.to_string() == "cloudformation DescribeStacks");
        looks.count() >= 3
    });
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "kill");
    assert_snapshot!(bench.ended(child), @"
    [stderr]
    error: interrupted; what was begun goes on: update of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
    bench.sandbox.world().faults.clear();
    assert_snapshot!(bench.run(&line()), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    [exit 0]
    ");
}

#[test]
fn cloudformation_works_as_the_given_role() {
    let bench = slow();
    bench.calls();
    bench.arrange(&format!(
        "{} --cfn-role-arn arn:aws:iam::111122223333:role/deployer",
        line()
    ));
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    assert_eq!(
        stack.role_arn.as_deref(),
        Some("arn:aws:iam::111122223333:role/deployer")
    );
}

#[test]
fn a_stack_stays_protected() {
    let bench = reader();
    bench.arrange(&line());
    assert!(identity(&bench).contains("protected=true"));
}

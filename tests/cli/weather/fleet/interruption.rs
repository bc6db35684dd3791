//! Ctrl-C in the middle of many accounts, and many accounts under narrow limits.

use std::process::{Command, Stdio};

use insta::assert_snapshot;

use super::{APPLY, SQS, all_kinds, assert_settled, file, found, state, with_policy};
use crate::sandbox::{Options, Pace};
use crate::support::{Bench, S3};

/// Starts an apply, interrupts it when that call was made so often, and returns its end.
fn interrupted(bench: &Bench, call: &str, number: usize) -> String {
    let child = bench
        .command_line(APPLY)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        let made = world.calls.iter().filter(|made| made.to_string() == call);
        made.filter(|made| made.status.is_some()).count() >= number
    });
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "kill");
    bench.ended(child)
}

fn slow(count: usize) -> Bench {
    let bench = Bench::with(Options {
        pace: Pace::Polls(u32::MAX),
        ..Options::default()
    });
    bench.associate();
    let accounts: Vec<String> = (1..=count)
        .map(|number| with_policy("apps", &format!("a{number:02}"), S3))
        .collect();
    file(&bench, &accounts);
    bench
}

#[test]
fn of_few_accounts_each_operation_that_goes_on_is_named() {
    let bench = slow(2);
    assert_snapshot!(interrupted(&bench, "cloudformation CreateStack", 2), @"
    [stderr]
    error: interrupted: 0 of 2 done; what was begun goes on: creation of stack eksctl-demo-addon-iamserviceaccount-apps-a01, creation of stack eksctl-demo-addon-iamserviceaccount-apps-a02
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
    assert_eq!(bench.stacks().matches("CREATE_IN_PROGRESS").count(), 2);
}

#[test]
fn of_many_accounts_the_operations_that_go_on_are_counted() {
    let bench = slow(12);
    assert_snapshot!(interrupted(&bench, "cloudformation CreateStack", 12), @"
    [stderr]
    error: interrupted: 0 of 12 done; what was begun goes on: creation of 12 stacks
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
    bench.sandbox.world().options.pace = Pace::Polls(0);
}

#[test]
fn an_update_that_goes_on_is_named() {
    let bench = Bench::associated();
    bench
        .sandbox
        .before("cloudformation ExecuteChangeSet", 1, |world| {
            world.options.pace = Pace::Polls(u32::MAX);
        });
    found(&bench, "changed", "CREATE_COMPLETE");
    file(&bench, &[with_policy("apps", "changed", SQS)]);
    assert_snapshot!(interrupted(&bench, "cloudformation ExecuteChangeSet", 1), @"
    [stderr]
    error: interrupted; what was begun goes on: update of stack eksctl-demo-addon-iamserviceaccount-apps-changed
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
}

#[test]
fn an_interrupted_apply_is_finished_by_the_next_run() {
    let alone = all_kinds(Pace::Polls(2));
    alone.run(APPLY);
    for number in [1, 3] {
        let bench = all_kinds(Pace::Polls(2));
        let result = interrupted(&bench, "cloudformation CreateStack", number);
        assert!(result.contains("done; what was begun goes on:"), "{result}");
        assert!(result.ends_with("[exit 130]\n"), "{result}");
        let result = bench.run(APPLY);
        assert!(result.ends_with("[exit 0]\n"), "{result}");
        assert_eq!(state(&bench), state(&alone));
        assert_settled(&bench, APPLY);
    }
}

/// Narrow limits slow a run down and fail nothing; nothing is asked for twice.
#[test]
fn many_accounts_under_narrow_limits_all_end_well() {
    let bench = Bench::associated();
    let accounts: Vec<String> = (1..=60)
        .map(|number| with_policy("apps", &format!("a{number:02}"), S3))
        .collect();
    file(&bench, &accounts);
    bench.sandbox.world().api("demo").put_namespace("apps");
    bench
        .sandbox
        .fault("cloudformation CreateStack throttle 40/5");
    bench
        .sandbox
        .fault("cloudformation DescribeStacks throttle 200/20");
    bench.sandbox.fault("iam * throttle 100/10");
    let result = bench.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(result.matches(" created ").count(), 60, "{result}");
    let count = |call: &str| {
        let count = bench.sandbox.count(call);
        count.calls - count.throttled
    };
    assert_eq!(count("cloudformation CreateStack"), 60);
    assert_eq!(count("kubernetes apply serviceaccounts"), 60);
    assert_eq!(count("kubernetes list serviceaccounts"), 1);
    assert_eq!(count("kubernetes get serviceaccounts"), 0);
    assert_eq!(count("iam GetPolicy"), 1);
    assert_settled(&bench, APPLY);
}

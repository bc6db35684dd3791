//! Ctrl-C: what goes on is told, and the same command again finishes the work.

use std::process::{Child, Command, Stdio};

use insta::assert_snapshot;

use super::{create, made};
use crate::support::Bench;

const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo";

/// Starts irsactl, interrupts it at the given call of the given name, and returns its end.
fn interrupted(bench: &Bench, line: &str, call: &str, number: usize) -> String {
    bench.sandbox.world().calls.clear();
    bench.sandbox.fault(&format!("{call} from {number} hang"));
    let child = bench
        .command()
        .args(line.split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        let made = world.calls.iter().filter(|made| made.to_string() == call);
        made.count() >= number
    });
    interrupt(&child);
    let end = bench.ended(child);
    bench.sandbox.world().faults.clear();
    end
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "kill");
}

#[test]
fn a_creation_goes_on_and_is_finished_by_the_next_run() {
    let bench = Bench::slow(3);
    assert_snapshot!(interrupted(&bench, &create(), "cloudformation DescribeStacks", 3), @"
    [stderr]
    error: interrupted; what was begun goes on: creation of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_IN_PROGRESS");
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (CREATE_IN_PROGRESS)
    created service account default/s3-reader
    [exit 0]
    ");
    assert_ne!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn a_deletion_goes_on_and_is_finished_by_the_next_run() {
    let bench = made();
    assert_snapshot!(interrupted(&bench, DELETE, "cloudformation DescribeStacks", 2), @"
    [stderr]
    error: interrupted; what was begun goes on: deletion of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
    assert_eq!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn before_anything_was_begun_nothing_goes_on() {
    let bench = Bench::new();
    assert_snapshot!(interrupted(&bench, &create(), "eks DescribeCluster", 1), @"
    [stderr]
    error: interrupted
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn between_the_stack_and_the_service_account_nothing_goes_on() {
    let bench = Bench::associated();
    bench.sandbox.fault("kubernetes * from 2 hang");
    let child = bench
        .command()
        .args(create().split_whitespace())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        let kubernetes = |call: &&crate::sandbox::Call| call.to_string().starts_with("kubernetes");
        world.calls.iter().filter(kubernetes).count() >= 2
    });
    interrupt(&child);
    assert_snapshot!(bench.ended(child), @"
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: interrupted
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
    bench.sandbox.world().faults.clear();
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created service account default/s3-reader
    [exit 0]
    ");
}

#[test]
fn a_wait_for_someone_elses_operation_can_be_interrupted() {
    let bench = Bench::slow(u32::MAX);
    bench.eksctl_stack("default/s3-reader", "UPDATE_IN_PROGRESS");
    assert_snapshot!(interrupted(&bench, DELETE, "cloudformation DescribeStacks", 3), @"
    [stderr]
    error: interrupted; what was begun goes on: stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader UPDATE_IN_PROGRESS");
}

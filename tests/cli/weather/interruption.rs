//! Ctrl-C and the other signals that end a program: what goes on is told, and the same command again
//! finishes the work.

use std::io::Write;
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
    kill(child, "INT");
}

fn kill(child: &Child, signal: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{signal}"), &child.id().to_string()])
        .status();
    assert!(sent.is_ok_and(|status| status.success()), "kill");
}

/// A run whose three streams are pipes.
fn started(mut command: Command) -> Child {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("irsactl starts")
}

/// Until that call has come so often.
fn until(bench: &Bench, call: &str, number: usize) {
    bench.sandbox.until(|world| {
        let made = world.calls.iter().filter(|made| made.to_string() == call);
        made.count() >= number
    });
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
    hint: nothing was changed: run the same command again
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

#[test]
fn the_other_signals_are_like_ctrl_c() {
    let mut bench = Bench::slow(u32::MAX);
    let ended = |bench: &Bench, signal: &str| {
        bench.sandbox.world().calls.clear();
        let child = started(bench.command_line(&create()));
        until(bench, "cloudformation DescribeStacks", 3);
        kill(&child, signal);
        bench.ended(child)
    };
    assert_snapshot!(ended(&bench, "TERM"), @"
    [stderr]
    error: interrupted by SIGTERM; what was begun goes on: creation of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    hint: run the same command again: it finishes the work
    [exit 143]
    ");
    // An empty variable starts the program anew.
    bench.set_empty("AWS_PROFILE");
    assert_snapshot!(ended(&bench, "HUP"), @"
    [stderr]
    error: interrupted by SIGHUP; what was begun goes on: stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (CREATE_IN_PROGRESS)
    hint: run the same command again: it finishes the work
    [exit 129]
    ");
}

/// coreutils' `timeout` sends its signal to its child, and to the group of both.
#[test]
fn a_signal_that_comes_twice_is_told_too() {
    let bench = Bench::slow(u32::MAX);
    let child = started(bench.command_line(&create()));
    until(&bench, "cloudformation DescribeStacks", 3);
    kill(&child, "TERM");
    kill(&child, "TERM");
    let told = bench.ended(child);
    assert!(told.contains("creation of stack"), "{told}");
    assert!(told.ends_with("[exit 143]\n"), "{told}");
}

#[test]
fn what_is_to_be_ignored_stays_ignored() {
    let bench = Bench::slow(3);
    let mut command = bench.command_of("nohup");
    command.arg(env!("CARGO_BIN_EXE_irsactl"));
    command.args(create().split_whitespace());
    let child = started(command);
    until(&bench, "cloudformation DescribeStacks", 2);
    kill(&child, "HUP");
    let told = bench.ended(child);
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

#[test]
fn a_run_that_waits_for_its_input_is_ended() {
    let bench = Bench::new();
    for line in [
        "create iamserviceaccount a --cluster demo --policy-document -",
        "render a --cluster demo --account-id 111122223333 --policy-document -",
        "whoami --token-file -",
    ] {
        let mut child = started(bench.command_line(line));
        // It has read this, so it listens to signals.
        let input = child.stdin.as_mut().expect("stdin");
        let more = vec![b' '; 1 << 20];
        input.write_all(&more).expect("it is read");
        kill(&child, "TERM");
        let input = child.stdin.take();
        assert_eq!(
            bench.ended(child),
            "[stderr]\nerror: interrupted by SIGTERM\nhint: nothing was changed: run the same command again\n[exit 143]\n",
            "{line}"
        );
        drop(input);
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn a_second_signal_ends_what_is_blocked() {
    let bench = Bench::new();
    let (reader, mut writer) = std::io::pipe().expect("a pipe");
    // As much as a pipe of Linux holds (pipe(7)).
    writer.write_all(&[b' '; 1 << 16]).expect("room");
    let mut command = bench.command_line("get iamserviceaccount --cluster none");
    let mut child = command.stderr(writer).spawn().expect("irsactl starts");
    until(&bench, "eks ListClusters", 1);
    let ended = (0..10_000).find_map(|_| {
        kill(&child, "TERM");
        child.try_wait().expect("a status")
    });
    drop(reader);
    assert_eq!(ended.and_then(|status| status.code()), Some(143));
}

#[test]
fn a_plugin_is_ended_with_the_run() {
    let bench = Bench::new();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    let (head, _) = kubeconfig.split_once("    token:").expect("a token");
    let plugin = "    exec:\n      apiVersion: client.authentication.k8s.io/v1\n      command: sh\n      args: [plugin]\n";
    bench.file("kubeconfig", &format!("{head}{plugin}"));
    let pipe = bench.file("x", "").with_file_name("pid");
    let made = Command::new("mkfifo").arg(&pipe).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    bench.file("plugin", "echo $$ > pid; exec sleep 600\n");
    let child = started(bench.command_line(&format!("{} --kubeconfig ~/kubeconfig", create())));
    let pid = std::fs::read_to_string(&pipe).expect("the plugin runs");
    kill(&child, "TERM");
    let told = bench.ended(child);
    assert!(told.ends_with("[exit 143]\n"), "{told}");
    let state = std::fs::read_to_string(format!("/proc/{}/stat", pid.trim()));
    let is_over = state.map_or(true, |state| state.contains(") Z "));
    assert!(is_over, "the plugin still runs");
}

#[test]
fn a_protection_that_was_lifted_is_told() {
    let bench = made();
    assert_snapshot!(interrupted(&bench, DELETE, "cloudformation DeleteStack", 1), @r#"
    [stderr]
    warning: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" may be left without its termination protection
    error: interrupted; what was begun goes on: deletion of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    hint: run the same command again: it finishes the work
    [exit 130]
    "#);
    assert!(bench.run(DELETE).ends_with("[exit 0]\n"));
}

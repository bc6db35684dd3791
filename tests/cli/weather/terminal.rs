//! Colours, terminals, and readers that go away.

use std::io::Write;
use std::process::{Child, Stdio};

use insta::assert_snapshot;

use super::{create, fleet, made};
use crate::support::{Bench, S3};

const FAILING: &str = "get iamserviceaccount --cluster none";

fn is_coloured(bench: &Bench, line: &str) -> bool {
    bench.run(line).contains('\u{1b}')
}

#[test]
fn there_is_no_colour_without_a_terminal() {
    let mut bench = Bench::new();
    bench.set("TERM", "xterm-256color");
    assert!(!is_coloured(&bench, FAILING));
    assert!(!is_coloured(&bench, &format!("{FAILING} --color auto")));
}

#[test]
fn colour_can_be_asked_for() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{FAILING} --color always")), @r#"
    [stderr]
    [1m[31merror[0m: there is no EKS cluster "none" in eu-west-1
    [1m[32mhint[0m: list the clusters: `aws eks list-clusters --region eu-west-1`
    [1m[32mhint[0m: look in another region with `--region`; "none" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn the_flag_outranks_the_environment() {
    let mut bench = Bench::new();
    bench.set("NO_COLOR", "1");
    assert!(is_coloured(&bench, &format!("{FAILING} --color always")));
    bench.set("NO_COLOR", "");
    bench.set("CLICOLOR_FORCE", "1");
    assert!(!is_coloured(&bench, &format!("{FAILING} --color never")));
}

#[test]
fn the_environment_can_force_and_forbid_colour() {
    let mut bench = Bench::new();
    bench.set("CLICOLOR_FORCE", "1");
    assert!(is_coloured(&bench, FAILING));
    bench.set("NO_COLOR", "1");
    assert!(!is_coloured(&bench, FAILING));
}

#[test]
fn eksctls_words_for_colour_are_understood() {
    let bench = Bench::new();
    assert!(is_coloured(&bench, &format!("{FAILING} -C true")));
    assert!(is_coloured(&bench, &format!("{FAILING} -C fabulous")));
    assert!(!is_coloured(&bench, &format!("{FAILING} -C false")));
}

#[test]
fn results_have_no_colour() {
    let bench = made();
    let line = "get iamserviceaccount --cluster demo --color always";
    assert!(!is_coloured(&bench, line));
}

/// Runs with a stdout whose reader has gone.
fn unread(bench: &Bench, line: &str) -> String {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let child = bench
        .command()
        .args(line.split_whitespace())
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .expect("irsactl starts");
    bench.ended(child)
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = made();
    for line in [
        "get iamserviceaccount --cluster demo",
        "get iamserviceaccount --cluster demo -o json",
        "delete iamserviceaccount s3-reader --cluster demo --dry-run --quiet",
        "completion bash",
        "--help",
        "--version",
    ] {
        assert_eq!(unread(&bench, line), "[exit 0]\n", "{line}");
    }
}

#[test]
fn the_work_is_done_without_a_reader() {
    let bench = Bench::new();
    let result = unread(&bench, &create());
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_ne!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn a_failure_stays_one_without_a_reader() {
    let bench = Bench::new();
    bench.sandbox.fault("cloudformation CreateStack deny");
    let result = unread(&bench, &create());
    assert!(
        result.contains("error: not allowed to call cloudformation:CreateStack"),
        "{result}"
    );
    assert!(result.ends_with("[exit 1]\n"), "{result}");
}

#[test]
fn pending_changes_stay_pending_without_a_reader() {
    let bench = made();
    let line =
        "delete iamserviceaccount s3-reader --cluster demo --dry-run --detailed-exitcode --quiet";
    assert_eq!(unread(&bench, line), "[exit 3]\n");
}

#[test]
fn the_work_is_done_with_stderr_closed() {
    let bench = Bench::new();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let child = bench
        .command()
        .args(create().split_whitespace())
        .stdout(Stdio::piped())
        .stderr(writer)
        .spawn()
        .expect("irsactl starts");
    let result = bench.ended(child);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_ne!(bench.service_account("default", "s3-reader"), "");
}

/// Starts irsactl on a terminal of 24 lines of 80 columns, which `script` plays. It does not show
/// keys such as ^C, which would push the running line away.
fn on_terminal(bench: &Bench, line: &str) -> Child {
    let irsactl = env!("CARGO_BIN_EXE_irsactl");
    let shell = format!("stty rows 24 cols 80 -echoctl; exec {irsactl} {line}");
    bench
        .command_of("script")
        .args(["-qefc", &shell, "/dev/null"])
        .env("TERM", "xterm-256color")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("script starts")
}

/// What is on the terminal in the end, and how the run ended.
fn screen(bench: &Bench, child: Child) -> String {
    let output = child.wait_with_output().expect("script ends");
    crate::support::assert_no_secret(&output.stdout);
    let mut terminal = vt100::Parser::new(24, 80, 0);
    terminal.process(&output.stdout);
    let exit = output.status.code().unwrap_or(-1);
    let rows = terminal.screen().rows(0, 80);
    let text: String = rows.map(|row| format!("{}\n", row.trim_end())).collect();
    bench.steady(&format!("{}\n[exit {exit}]\n", text.trim_end()))
}

#[test]
fn on_a_terminal_finished_actions_stay_and_running_ones_go() {
    let bench = Bench::slow(3);
    assert_snapshot!(screen(&bench, on_terminal(&bench, &create())), @"
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   eksctl-demo-addon-iams…lt-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
}

#[test]
fn an_interrupted_terminal_is_left_clean() {
    let bench = Bench::slow(u32::MAX);
    let mut child = on_terminal(&bench, &create());
    bench.sandbox.until(|world| {
        let calls = world.calls.iter().map(ToString::to_string);
        calls
            .filter(|call| call == "cloudformation DescribeStacks")
            .count()
            >= 3
    });
    let keyboard = child.stdin.as_mut().expect("a keyboard");
    keyboard.write_all(b"\x03").expect("Ctrl-C");
    assert_snapshot!(screen(&bench, child), @"
    error: interrupted; what was begun goes on: creation of stack eksctl-demo-addon-
    iamserviceaccount-default-s3-reader
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
}

#[test]
fn an_interrupted_board_is_left_clean() {
    let bench = Bench::slow(u32::MAX);
    let accounts: Vec<String> = (1..=12)
        .map(|number| fleet::with_policy("apps", &format!("a{number:02}"), S3))
        .collect();
    fleet::file(&bench, &accounts);
    let mut child = on_terminal(&bench, "apply -f cluster.yaml --approve");
    bench.sandbox.until(|world| {
        let made = world.calls.iter();
        let made = made.filter(|call| call.to_string() == "cloudformation CreateStack");
        made.filter(|call| call.status.is_some()).count() >= 12
    });
    let keyboard = child.stdin.as_mut().expect("a keyboard");
    keyboard.write_all(b"\x03").expect("Ctrl-C");
    assert_snapshot!(screen(&bench, child), @"
    error: interrupted: 0 of 12 done; what was begun goes on: creation of 12 stacks
    hint: run the same command again: it finishes the work
    [exit 130]
    ");
}

#[test]
fn a_terminal_gets_colours_unless_it_wants_none() {
    let mut bench = Bench::new();
    let red = |bench: &Bench| {
        let output = on_terminal(bench, FAILING).wait_with_output();
        let text = String::from_utf8(output.expect("script ends").stdout).expect("text");
        text.contains("\u{1b}[31m")
    };
    assert!(red(&bench));
    bench.set("NO_COLOR", "1");
    assert!(!red(&bench));
}

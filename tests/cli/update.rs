//! `update iamserviceaccount` by flags and from a file, and what `apply` shares with it: the changes of
//! a ready stack, and what was changed on its role behind CloudFormation's back.

mod change_sets;
mod drift;
mod eksctl;
mod files;
mod flags;
mod forbidden;
mod functions;
mod hindered;
mod input;
mod migrated;
mod others;
mod pod_identity;
mod rollback;
mod trust;

use serde_json::Value;

use crate::support::{ACCOUNT, Bench, REGION, S3};

const UPDATE: &str = "update iamserviceaccount s3-reader --cluster demo";
const STACK: &str = "eksctl-demo-addon-iamserviceaccount-default-s3-reader";
const SQS: &str = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess";
const POWER: &str = "arn:aws:iam::aws:policy/PowerUserAccess";
const ADMINISTRATOR: &str = "arn:aws:iam::aws:policy/AdministratorAccess";
const GET: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#;
const PUT: &str = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}"#;

/// default/s3-reader with one managed policy.
fn reader() -> Bench {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench
}

/// default/s3-reader with all that a role can have.
fn rich() -> Bench {
    let bench = Bench::associated();
    bench.file("get.json", GET);
    bench.file("put.json", PUT);
    bench.arrange(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --policy-document ~/get.json \
         --well-known-policy cloudWatchAgent,externalDNS --permissions-boundary {POWER} --subject-pattern s3-* \
         --max-session-duration 7200 --tags team=data --labels app=web --approve"
    ));
    bench
}

/// A config file with one account: what is put under it, a line each.
fn file(bench: &Bench, lines: &[&str]) {
    let mut text = "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: demo\n  region: eu-west-1\n\
                    iam:\n  withOIDC: true\n  serviceAccounts:\n    - metadata:\n        name: s3-reader\n"
        .to_owned();
    for line in lines {
        text.push_str(&format!("      {line}\n"));
    }
    bench.file("cluster.yaml", &text);
}

/// A config file that asks for what `reader` has.
fn reader_file(bench: &Bench) {
    file(bench, &["attachPolicyARNs:", &format!("- {S3}")]);
}

/// What a change asks for is planned with 3, carried out, and then nothing is left to do: not by the
/// same command, nor, in the plan, by its exit status. Returns what the plan shows.
fn planned_and_done(bench: &Bench, line: &str) -> String {
    let before = bench.state();
    bench.calls();
    let plan = bench.run(&format!("{line} --detailed-exitcode"));
    assert!(plan.ends_with("[exit 3]\n"), "{plan}");
    assert_eq!(bench.changes(), "", "{plan}");
    assert_eq!(bench.state(), before, "{plan}");
    let done = bench.run(&format!("{line} --approve"));
    assert!(done.ends_with("[exit 0]\n"), "{done}");
    assert_settled(bench, line);
    plan
}

/// All is as asked: nothing to plan, nothing to do.
fn assert_settled(bench: &Bench, line: &str) {
    let before = bench.state();
    bench.calls();
    let told = bench.run(&format!("{line} --detailed-exitcode"));
    assert!(
        told.contains("nothing to do: all is as asked") && told.ends_with("[exit 0]\n"),
        "{told}"
    );
    let told = bench.run(&format!("{line} --approve"));
    assert!(
        told.contains("unchanged") && told.ends_with("[exit 0]\n"),
        "{told}"
    );
    assert_eq!(bench.changes(), "", "{told}");
    assert_eq!(bench.state(), before, "{told}");
}

/// Runs a line that must change nothing, whatever it says.
fn run_unchanging(bench: &Bench, line: &str) -> String {
    let before = bench.state();
    bench.calls();
    let told = bench.run(line);
    assert_eq!(bench.changes(), "", "{told}");
    assert_eq!(bench.state(), before, "{told}");
    told
}

/// What somebody does to the role behind CloudFormation's back.
fn by_hand(bench: &Bench, change: impl FnOnce(&mut crate::sandbox::Role)) {
    change(bench.sandbox.world().role_of("default/s3-reader"));
}

/// The template of the only stack.
fn template(bench: &Bench) -> Value {
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    serde_json::from_str(&stack.template).expect("a JSON template")
}

/// Tags, termination protection and description of the stack, and the role behind the tags of IAM.
fn identity(bench: &Bench) -> String {
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    let mut text = format!(
        "{} {} protected={}\n",
        stack.status,
        stack.description.clone().unwrap_or_default(),
        stack.termination_protection
    );
    for (key, value) in &stack.tags {
        text.push_str(&format!("{key}={value}\n"));
    }
    text
}

/// The text without the names of change sets, which follow from the time of the stack's last change.
fn without_names(text: &str) -> String {
    const PREFIX: &str = "irsactl-";
    let mut pieces = text.split(PREFIX);
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let is_name = piece.len() >= 32 && piece.bytes().take(32).all(|b| b.is_ascii_hexdigit());
        let rest = if is_name { &piece[32..] } else { piece };
        result.push_str(if is_name { "irsactl-NAME" } else { PREFIX });
        result.push_str(rest);
    }
    result
}

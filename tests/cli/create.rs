//! `create iamserviceaccount`, from every state that it may find to the one that was asked for.

mod calls;
mod documents;
mod eksctl;
mod fetched;
mod flags;
mod input;
mod output;
mod parametrised;
mod reconcile;
mod refusals;
mod verify;

use serde_json::Value;

use crate::sandbox::{Options, Pace};
use crate::support::{ACCOUNT, Bench, REGION};

/// The command that most tests run, and that eksctl's document `managed-policy` answers.
const CREATE: &str = "create iamserviceaccount s3-reader --cluster demo \
                      --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --approve";
/// Its stack.
const STACK: &str = "eksctl-demo-addon-iamserviceaccount-default-s3-reader";
const ROLE_ANNOTATION: &str = "eks.amazonaws.com/role-arn";

/// A bench on which stack operations take two polls.
fn slow() -> Bench {
    let bench = Bench::with(Options {
        pace: Pace::Polls(2),
        ..Options::default()
    });
    bench.associate();
    bench
}

/// Runs a line that has been carried out before: it must say that all is as asked, call nothing
/// that changes anything, and leave everything as it is.
fn assert_settled(bench: &Bench, line: &str) {
    let before = bench.state();
    bench.calls();
    let told = bench.run(line);
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

/// A document of `tests/eksctl`, for the sandbox's cluster.
fn eksctl_document(bench: &Bench, name: &str) -> String {
    let path = format!("{}/tests/eksctl/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let document = std::fs::read_to_string(path).expect("a document of eksctl");
    let world = bench.sandbox.world();
    let issuer = world.clusters[0].issuer.as_deref().expect("an issuer");
    document.replace(
        "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B716D3041E",
        issuer.trim_start_matches("https://"),
    )
}

/// A stack as eksctl makes it, in a status; returns the ARN of its role (empty without one).
fn add_eksctl_stack(bench: &Bench, document: &str, account: &str, status: &str) -> String {
    let template = eksctl_document(bench, document);
    add_stack(bench, &template, account, status)
}

/// The same of any template.
fn add_stack(bench: &Bench, template: &str, account: &str, status: &str) -> String {
    let name = format!(
        "eksctl-demo-addon-iamserviceaccount-{}",
        account.replace('/', "-")
    );
    let tags = [
        ("alpha.eksctl.io/cluster-name", "demo"),
        ("eksctl.cluster.k8s.io/v1alpha1/cluster-name", "demo"),
        ("alpha.eksctl.io/eksctl-version", "0.231.0"),
        ("alpha.eksctl.io/iamserviceaccount-name", account),
    ];
    let mut world = bench.sandbox.world();
    let stack = world.add_stack(ACCOUNT, REGION, &name, template, &tags, status);
    stack.termination_protection = true;
    stack.outputs.get("Role1").cloned().unwrap_or_default()
}

/// A service account as eksctl makes it.
fn put_eksctl_service_account(bench: &Bench, namespace: &str, name: &str, role: &str) {
    bench.sandbox.world().api("demo").put_service_account(
        namespace,
        name,
        &[("app.kubernetes.io/managed-by", "eksctl")],
        &[(ROLE_ANNOTATION, role)],
        "eksctl",
    );
}

/// A template of eksctl with changes.
fn changed(bench: &Bench, document: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut template =
        serde_json::from_str(&eksctl_document(bench, document)).expect("eksctl's JSON");
    change(&mut template);
    template.to_string()
}

/// A stack's body, parsed.
fn template_of(bench: &Bench, name: &str) -> Value {
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, name).expect("the stack");
    serde_json::from_str(&stack.template).expect("a JSON template")
}

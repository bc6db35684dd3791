//! The move of service accounts between IRSA and EKS Pod Identity.

mod afterwards;
mod cut_off;
mod forward_and_back;
pub mod intercepted;
pub mod node_roles;
mod others;
mod owners;
pub mod patched;
mod planted;
mod scan;
mod skipped;
pub mod vault;
pub mod ways;
mod ways_out;

use serde_json::{Value, json};

use crate::sandbox::{Role, World};
use crate::support::{ACCOUNT, Bench, REGION};

const TO: &str = "migrate to-pod-identity --cluster demo";
const BACK: &str = "migrate to-irsa --cluster demo";

/// A cluster with the agent, and web/api with a role of a stack and a Deployment of two pods.
pub fn annotated() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    start(&bench);
    bench
}

/// The same, but its role was made by hand, and lets in another service account too.
pub fn by_hand() -> Bench {
    let bench = Bench::associated();
    annotate_by_hand(&bench, "api", "by-hand");
    start(&bench);
    bench
}

/// Service account web/NAME with a role that nobody's stack made, and that web/other has too.
fn annotate_by_hand(bench: &Bench, name: &str, role: &str) {
    let issuer = bench.issuer();
    let subject = |name: &str| format!("system:serviceaccount:web:{name}");
    let statement = json!({
        "Effect": "Allow",
        "Action": "sts:AssumeRoleWithWebIdentity",
        "Principal": {"Federated": format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{issuer}")},
        "Condition": {"StringEquals": {
            format!("{issuer}:aud"): "sts.amazonaws.com",
            format!("{issuer}:sub"): [subject(name), subject("other")],
        }},
    });
    let trust = json!({"Version": "2012-10-17", "Statement": [statement]});
    let role = Role::new("aws", ACCOUNT, "/", role, trust);
    let annotation = ("eks.amazonaws.com/role-arn", role.arn.as_str());
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("web", name, &[], &[annotation], "helm");
    drop(world);
    bench.account(|account| account.roles.insert(role.name.clone(), role.clone()));
}

fn start(bench: &Bench) {
    let mut world = bench.sandbox.world();
    world.clusters[0].add_addon("eks-pod-identity-agent");
    world.api("demo").run_deployment("web", "api", "api", 2);
    world.calls.clear();
}

/// The same after the whole move.
pub fn moved() -> Bench {
    let bench = annotated();
    bench.arrange(&format!("{TO} web/api --approve"));
    bench.arrange(&format!("{TO} web/api --finish --approve"));
    bench
}

/// The role of web/api, whoever made it.
fn role_of(world: &mut World) -> &mut Role {
    let account = world.accounts.get_mut(ACCOUNT).expect("an account");
    let mut roles = account.roles.values_mut();
    roles.find(|role| role.name != "nodes").expect("a role")
}

/// What a move is about: whom the role trusts, annotations, associations, and what pods have.
fn sum(bench: &Bench) -> String {
    let mut world = bench.sandbox.world();
    let mut text = String::new();
    let statements = role_of(&mut world).trust["Statement"].clone();
    let mut statements: Vec<String> = statements
        .as_array()
        .into_iter()
        .flatten()
        .map(told)
        .collect();
    statements.sort();
    for statement in statements {
        text.push_str(&format!("trusts {statement}\n"));
    }
    for association in &world.clusters[0].associations {
        let tags: Vec<&String> = association.tags.keys().collect();
        text.push_str(&format!(
            "association {} {tags:?}\n",
            association.service_account
        ));
    }
    let stacks = &world.accounts[ACCOUNT].stacks;
    for stack in stacks.iter().filter(|stack| stack.deleted.is_none()) {
        for (key, value) in stack.tags.iter().filter(|(key, _)| key.ends_with("-name")) {
            text.push_str(&format!("stack tag {key}={value}\n"));
        }
    }
    let api = world.api("demo");
    let names: Vec<String> = api.pods("web").into_iter().map(str::to_owned).collect();
    let mut ways: Vec<&str> = names.iter().map(|name| way(&mut world, name)).collect();
    ways.sort_unstable();
    text.push_str(&format!("pods {ways:?}\n"));
    drop(world);
    text + &bench.service_account("web", "api")
}

fn way(world: &mut World, pod: &str) -> &'static str {
    let api = world.api("demo");
    let has = |variable: &str| api.pod_variable("web", pod, variable).is_some();
    if has("AWS_ROLE_ARN") {
        "irsa"
    } else if has("AWS_CONTAINER_CREDENTIALS_FULL_URI") {
        "pod-identity"
    } else {
        "none"
    }
}

/// Who, and under which conditions, whatever the order.
pub fn told(statement: &Value) -> String {
    let conditions = statement["Condition"].as_object().into_iter().flatten();
    let keys = conditions.flat_map(|(_, keys)| keys.as_object().into_iter().flatten());
    let mut values: Vec<String> = keys.map(|(_, value)| value.to_string()).collect();
    values.sort();
    let principal = statement["Principal"].as_object().into_iter().flatten();
    let kinds: Vec<&String> = principal.map(|(kind, _)| kind).collect();
    format!("{kinds:?} {}", values.join(" "))
}

/// New pods that would have had no credentials. Those that run may use what they have.
fn without(seen: Vec<String>) -> Vec<String> {
    seen.into_iter()
        .filter(|line| line.contains(": a new pod"))
        .collect()
}

/// The hashes in the names of pods differ from run to run.
pub fn steady(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.strip_prefix("api-") {
        Some(rest) if rest.contains('-') => "api-HASH:".to_owned(),
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The statuses of the account's stacks, one a line.
fn stack(bench: &Bench) -> String {
    let name = "eksctl-demo-addon-iamserviceaccount-web-api";
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, name).expect("the stack");
    stack.status.clone()
}

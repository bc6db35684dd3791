//! `podidentityassociation`: the role, its stack, and the association that names it.

use crate::support::{ACCOUNT, Bench, REGION, S3};

mod create;
mod delete;
mod eksctl;
mod file;
mod get;
mod meanwhile;
mod pods;
mod render;
mod shared;
mod update;

const AGENT: &str = "eks-pod-identity-agent";
const STACK: &str = "eksctl-demo-podidentityrole-web-api";

/// A cluster with the agent.
fn ready() -> Bench {
    let bench = Bench::new();
    bench.sandbox.world().clusters[0].add_addon(AGENT);
    bench
}

/// web/api has an association, made by hand, with a role of that name.
fn by_hand(bench: &Bench, role: &str) -> String {
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods(role);
    world.clusters[0].add_association("web", "api", &role);
    role
}

/// The add-on vpc-cni owns it.
fn owned(bench: &Bench) {
    by_hand(bench, "cni");
    let owner = format!("arn:aws:eks:{REGION}:{ACCOUNT}:addon/demo/vpc-cni/5ec5d2f2");
    let mut world = bench.sandbox.world();
    let found = world.clusters[0].association("web", "api");
    found.expect("the association").owner = Some(owner);
}

fn create() -> String {
    format!("create podidentityassociation web/api --cluster demo --attach-policy-arn {S3}")
}

/// The same with the association that irsactl makes.
fn made() -> Bench {
    let bench = ready();
    let told = bench.run(&format!("{} --approve", create()));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    bench
}

/// The association of web/api: its role's name and what else can be set, or that there is none.
fn association(bench: &Bench) -> String {
    let mut world = bench.sandbox.world();
    let Some(found) = world.clusters[0].association("web", "api") else {
        return "none".to_owned();
    };
    let role = found.role.rsplit('/').next().unwrap_or_default();
    let role = role.split("-Role1-").next().unwrap_or_default();
    format!(
        "{role} target {:?} tags {} policy {:?}",
        found.target_role, !found.session_tags_disabled, found.policy
    )
}

/// The calls that a run makes, but for those that wait.
fn calls_of(bench: &Bench, line: &str) -> String {
    bench.calls();
    bench.run(line);
    let calls = bench.calls();
    let mut seen = Vec::new();
    for call in calls.lines() {
        let is_poll = call.contains("DescribeStacks")
            && seen.iter().any(|it: &&str| it.contains("CreateStack"));
        if !is_poll {
            seen.push(call);
        }
    }
    // Those before the stack go side by side.
    if let Some(end) = seen.iter().position(|call| call.contains("CreateStack")) {
        seen[..end].sort_unstable();
    }
    seen.join("\n")
}

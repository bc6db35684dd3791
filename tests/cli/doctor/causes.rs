//! Every cause for which a pod has no AWS permissions, each built by itself: what `doctor` says first, what
//! stands beside it, and what `--fix` makes of it. A line a cause:
//! `what is broken: severity CHECK/CAUSE, others | what --fix --approve leaves`.

use serde_json::{Value, json};

use crate::arrange::side_by_side;
use crate::sandbox::SecurityGroup;
use crate::support::Bench;

mod access;
mod pods;
mod token;
mod trust;

/// What is broken, how, and what is asked.
pub struct Broken {
    pub told: &'static str,
    pub bench: fn() -> Bench,
    pub asked: &'static str,
}

/// The same with the usual question.
pub const fn broken(told: &'static str, bench: fn() -> Bench) -> Broken {
    Broken {
        told,
        bench,
        asked: "web/api",
    }
}

/// All of them, a line each.
pub fn found(all: &[Broken]) -> String {
    let line = |broken: &Broken| line_of(broken.told, &broken.bench, broken.asked);
    side_by_side(2, all, line).concat()
}

/// What is found in a broken world, and after its repair. A second repair has nothing to do.
fn line_of(told: &str, bench: &dyn Fn() -> Bench, asked: &str) -> String {
    let bench = bench();
    let planned = document(&bench, &format!("{asked} --fix"));
    let first = causes(&planned);
    let outcome = match actions(&planned["plan"]) {
        0 => "by hand".to_owned(),
        _ => repaired(told, &bench, asked),
    };
    let first = match first.as_str() {
        "" => return format!("{told}: nothing\n"),
        first => first,
    };
    format!("{told}: {first} | {outcome}\n")
}

/// What --fix leaves.
fn repaired(told: &str, bench: &Bench, asked: &str) -> String {
    let after = document(bench, &format!("{asked} --fix --approve --wait-for-pods"));
    let again = document(bench, &format!("{asked} --fix"));
    assert_eq!(
        actions(&again["plan"]),
        0,
        "{told}: a second run has repairs"
    );
    match causes(&after).as_str() {
        "" => "repaired".to_owned(),
        left => format!("repaired; left: {left}"),
    }
}

pub fn document(bench: &Bench, asked: &str) -> Value {
    let printed = bench.run(&format!("doctor --cluster demo -o json {asked}"));
    let text = printed
        .strip_prefix("[stdout]\n")
        .unwrap_or_else(|| panic!("no report: {printed}"));
    let end = text.find("\n[").expect("an end");
    serde_json::from_str(&text[..end]).unwrap_or_else(|error| panic!("{error}: {printed}"))
}

/// Causes of the account, then of the cluster; notes do not count where there is worse.
fn causes(report: &Value) -> String {
    let accounts = report["accounts"].as_array().expect("accounts");
    let of_accounts = accounts.iter().flat_map(|account| told(account, ""));
    let own: Vec<String> = of_accounts.collect();
    let of_cluster = told(&report["cluster"], "cluster: ");
    let all: Vec<String> = own.into_iter().chain(of_cluster).collect();
    all.join(", ")
}

fn told(report: &Value, place: &str) -> Vec<String> {
    let findings = report["findings"].as_array().expect("findings");
    let told = findings.iter().map(|finding| {
        let word = |name: &str| finding[name].as_str().unwrap_or("?").to_owned();
        format!(
            "{place}{} {}/{}",
            word("severity"),
            word("check"),
            word("cause")
        )
    });
    told.collect()
}

/// How many actions a plan has.
fn actions(plan: &Value) -> usize {
    let tracks = plan["tracks"].as_array().into_iter().flatten();
    tracks
        .map(|track| track["actions"].as_array().map_or(0, Vec::len))
        .sum()
}

/// A service account web/api with its role, which is older than a minute, and a Deployment of two pods.
pub fn healthy() -> Bench {
    let bench = without_pods();
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench
}

/// New pods of web/api get security groups that let nothing out.
pub fn shut_in(bench: &Bench) {
    let policy = json!({
        "apiVersion": "vpcresources.k8s.aws/v1beta1",
        "kind": "SecurityGroupPolicy",
        "metadata": {"namespace": "web", "name": "pods"},
        "spec": {
            "podSelector": {"matchLabels": {"app": "api"}},
            "securityGroups": {"groupIds": ["sg-0aaaaaaaaaaaaaaaa"]},
        },
    });
    let mut world = bench.sandbox.world();
    world.api("demo").put_object(policy, "kubectl");
    let group = SecurityGroup::new("sg-0aaaaaaaaaaaaaaaa");
    world.network.groups.push(group);
}

pub fn without_pods() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    age(&bench);
    bench
}

/// The role, the service accounts and their annotations are no longer new.
pub fn age(bench: &Bench) {
    let mut world = bench.sandbox.world();
    world.role_of("web/api").created -= 3_600_000;
    let objects = world.api("demo").objects.values_mut();
    for object in objects.filter(|object| object["kind"] == "ServiceAccount") {
        let metadata = &mut object["metadata"];
        metadata["creationTimestamp"] = "2020-01-01T00:00:00Z".into();
        for fields in metadata["managedFields"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            fields["time"] = "2020-01-01T00:00:00Z".into();
        }
    }
}

#[test]
fn nothing_is_found_where_nothing_is_broken() {
    insta::assert_snapshot!(found(&[
        broken("all is well", healthy),
        broken("no pods yet", without_pods),
        broken("a provider that was deleted and made again", || {
            let bench = healthy();
            bench.account(|account| account.providers.clear());
            bench.associate();
            bench
        }),
    ]), @"
    all is well: nothing
    no pods yet: nothing
    a provider that was deleted and made again: nothing
    ");
}

//! What can meet any command: credentials, clusters, permissions, networks, terminals.

mod again;
mod clusters;
mod credentials;
mod faults;
mod fleet;
mod held;
mod interruption;
mod kubernetes;
mod lasting;
mod once;
mod permissions;
mod stale;
mod stale_once;
mod terminal;
mod timeouts;
mod writers;

use std::collections::BTreeSet;
use std::sync::OnceLock;

use crate::arrange::side_by_side;
use crate::sandbox::Options;
use crate::support::{Bench, S3};
use crate::trust::{COPY, RETARGET, blue, rebuilt};

const ASSOCIATE: &str = "associate-oidc-provider --cluster demo --approve";
const GET: &str = "get iamserviceaccount --cluster demo -o wide";
const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo --detach-foreign";

/// From nothing to a role, provider included.
fn create() -> String {
    format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --associate-oidc-provider --approve"
    )
}

/// A command and the world that it finds.
struct Scenario {
    name: &'static str,
    line: String,
    arrange: fn() -> Bench,
}

/// Together they make every call that irsactl makes to a cluster of EKS.
fn scenarios() -> [Scenario; 5] {
    let scenario = |name, line, arrange| Scenario {
        name,
        line,
        arrange,
    };
    [
        scenario("associate", ASSOCIATE.to_owned(), Bench::new),
        scenario("create", create(), Bench::new),
        scenario("create again", create(), made),
        scenario("get", GET.to_owned(), made),
        scenario("delete", DELETE.to_owned(), meddled_with),
    ]
}

const EXPRESS: &str = "--deployment-mode express";

/// A run without any fault: what it prints and leaves behind, and the calls to try faults on.
struct GoodWeather {
    result: String,
    state: String,
    calls: Vec<String>,
}

/// Every command, each with those of its calls that no scenario before it makes too.
fn all_calls() -> &'static [(Scenario, GoodWeather)] {
    static ALL: OnceLock<Vec<(Scenario, GoodWeather)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let mut seen = BTreeSet::new();
        let with_calls = |scenario: Scenario| {
            let verb = scenario.line.split(' ').next().unwrap_or_default();
            let bench = (scenario.arrange)();
            let result = bench.run(&scenario.line);
            assert!(
                result.ends_with("[exit 0]\n"),
                "{}: {result}",
                scenario.name
            );
            let calls = bench.calls();
            let calls = calls.lines().map(str::to_owned);
            // In express mode CloudFormation's answers are of another request.
            let is_express = scenario.line.contains(EXPRESS);
            let calls = calls.filter(|call| !is_express || call.starts_with("cloudformation "));
            let kind = (verb.to_owned(), is_express);
            let calls = calls.filter(|call| seen.insert((kind.clone(), call.clone())));
            let good = GoodWeather {
                result,
                state: bench.state(),
                calls: calls.collect(),
            };
            (scenario, good)
        };
        all_scenarios().into_iter().map(with_calls).collect()
    })
}

/// How many runs that only wait go side by side.
const WAITING: usize = 64;

/// Runs something for each of all calls, so many side by side, each in the world that its command finds. Returns what
/// is wrong; where many wait, they do not for long.
fn each_call(
    lanes: usize,
    run: impl Fn(&Scenario, &GoodWeather, &Bench, &str) -> Option<String> + Sync,
) -> String {
    let arranged: Vec<Bench> = side_by_side(4, all_calls(), |(scenario, _)| (scenario.arrange)());
    let cases = all_calls().iter().zip(&arranged);
    let cases = cases.flat_map(|((scenario, good), arranged)| {
        let calls = good.calls.iter();
        calls.map(move |call| (scenario, good, arranged, call))
    });
    let cases: Vec<_> = cases.collect();
    let wrong = side_by_side(lanes, &cases, |(scenario, good, arranged, call)| {
        let mut bench = arranged.copy();
        if lanes == WAITING {
            bench = bench.impatient();
        }
        run(scenario, good, &bench, call)
    });
    wrong.into_iter().flatten().collect()
}

/// Every command, and creation with all that it can make.
fn all_scenarios() -> Vec<Scenario> {
    let thumbprint = Scenario {
        name: "thumbprint",
        line: "thumbprint --cluster demo".to_owned(),
        arrange: Bench::new,
    };
    let namespace = Scenario {
        name: "create in a new namespace",
        line: format!(
            "create iamserviceaccount reader -n apps --cluster demo --attach-policy-arn {S3} --approve"
        ),
        arrange: Bench::associated,
    };
    let retarget = Scenario {
        name: "retarget",
        line: RETARGET.to_owned(),
        arrange: || rebuilt(Options::default().pace),
    };
    let copy = Scenario {
        name: "copy",
        line: COPY.to_owned(),
        arrange: || blue(Options::default().pace),
    };
    let mut all = Vec::from(scenarios());
    let express = [
        (
            "create in express mode",
            create(),
            Bench::new as fn() -> Bench,
        ),
        ("delete in express mode", DELETE.to_owned(), meddled_with),
    ];
    let express = express.map(|(name, line, arrange)| Scenario {
        name,
        line: format!("{line} {EXPRESS}"),
        arrange,
    });
    all.extend([thumbprint, namespace, retarget, copy]);
    all.extend(express);
    all
}

/// default/s3-reader, complete.
fn made() -> Bench {
    let bench = Bench::new();
    bench.arrange(&create());
    bench
}

/// The same with a policy that was attached by hand.
fn meddled_with() -> Bench {
    let bench = made();
    let role = bench.role_name();
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    bench
        .account(|account| account.attach_policy(&role, admin))
        .expect("attached");
    bench
}

impl Scenario {
    /// What a run without any fault prints, and the calls that it makes, each once.
    fn in_good_weather(&self) -> (String, Vec<String>) {
        let bench = (self.arrange)();
        let result = bench.run(&self.line);
        assert!(result.ends_with("[exit 0]\n"), "{}: {result}", self.name);
        let mut calls: Vec<String> = bench.calls().lines().map(str::to_owned).collect();
        calls.sort();
        calls.dedup();
        (result, calls)
    }

    /// Runs it once for each call that it makes.
    fn with_each_call(&self, effect: &str) -> Vec<(String, String)> {
        let (_, calls) = self.in_good_weather();
        let arranged = (self.arrange)();
        side_by_side(4, &calls, |call| {
            let bench = arranged.copy();
            bench.befall(call, effect);
            (call.clone(), bench.run(&self.line))
        })
    }
}

/// The lines of a run that tell of trouble, and how it ended.
fn trouble(result: &str) -> String {
    let signs = ["error:", "warning:", "note:", "hint:", "[exit"];
    let lines: Vec<&str> = result
        .lines()
        .filter(|line| signs.iter().any(|sign| line.starts_with(sign)))
        .collect();
    lines.join("\n  ")
}

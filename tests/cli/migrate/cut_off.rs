//! Each call of a move fails, or is the last that a killed run makes: the same command again leads to the
//! same end, and no pod that starts is without a way on the way there.

use std::collections::BTreeMap;
use std::process::Stdio;

use super::intercepted::{TO as FROM_KUBE2IAM, kiam, kube2iam};
use super::patched::of_default;
use super::{TO, annotated, by_hand, sum, without};
use crate::arrange::side_by_side;
use crate::support::Bench;

/// Commands, the first of them arranged.
struct Work {
    to: &'static str,
    /// Names and flags.
    before: &'static [&'static str],
    last: &'static str,
    arrange: fn() -> Bench,
}

const WORKS: [Work; 7] = [
    Work {
        to: TO,
        before: &[],
        last: "web/api --approve",
        arrange: annotated,
    },
    Work {
        to: TO,
        before: &["web/api --approve"],
        last: "web/api --finish --approve",
        arrange: annotated,
    },
    Work {
        to: TO,
        before: &["web/api --approve", "web/api --finish --approve"],
        last: "web/api --undo --approve",
        arrange: by_hand,
    },
    Work {
        to: TO,
        before: &["web/api --approve"],
        last: "web/api --undo --approve",
        arrange: annotated,
    },
    Work {
        to: FROM_KUBE2IAM,
        before: &[],
        last: "web/api --approve",
        arrange: kube2iam,
    },
    Work {
        to: FROM_KUBE2IAM,
        before: &["web/api --approve"],
        last: "web/api --finish --approve",
        arrange: kube2iam,
    },
    Work {
        to: FROM_KUBE2IAM,
        before: &["web/api --approve"],
        last: "web/api --undo --approve",
        arrange: kube2iam,
    },
];

const FROM_KIAM: &str = "migrate to-pod-identity --cluster demo --from kiam";

/// From kiam, and from kube2iam of a workload of `default`.
const OF_OLDER_WAYS: [Work; 6] = [
    Work {
        to: FROM_KIAM,
        before: &[],
        last: "web/api --approve",
        arrange: kiam,
    },
    Work {
        to: FROM_KIAM,
        before: &["web/api --approve"],
        last: "web/api --finish --approve",
        arrange: kiam,
    },
    Work {
        to: FROM_KIAM,
        before: &["web/api --approve"],
        last: "web/api --undo --approve",
        arrange: kiam,
    },
    Work {
        to: FROM_KUBE2IAM,
        before: &[],
        last: "web/default --patch-workloads --approve",
        arrange: of_default,
    },
    Work {
        to: FROM_KUBE2IAM,
        before: &["web/default --patch-workloads --approve"],
        last: "web/api --finish --approve",
        arrange: of_default,
    },
    Work {
        to: FROM_KUBE2IAM,
        before: &["web/default --patch-workloads --approve"],
        last: "web/default --undo --approve",
        arrange: of_default,
    },
];

impl Work {
    fn bench(&self) -> Bench {
        let bench = (self.arrange)();
        for command in self.before {
            bench.arrange(&format!("{} {command}", self.to));
        }
        bench
    }

    fn line(&self) -> String {
        format!("{} {}", self.to, self.last)
    }

    /// What is left in the end, and how often each call is made.
    fn undisturbed(&self) -> (String, BTreeMap<String, usize>) {
        let bench = self.bench();
        let result = bench.run(&self.line());
        assert!(result.ends_with("[exit 0]\n"), "{result}");
        let mut calls = BTreeMap::new();
        for call in bench.calls().lines() {
            *calls.entry(call.to_owned()).or_insert(0) += 1;
        }
        (sum(&bench), calls)
    }

    /// What is wrong after a run that something befell and a second one.
    fn resumed(&self, end: &str, disturb: impl Fn(&Bench, &str)) -> Option<String> {
        let bench = self.bench();
        // The one that is made is not there before.
        let is_split = self.last.contains("web/default")
            || !self.before.is_empty() && self.before[0].contains("web/default");
        let watched = if is_split { "web/default" } else { "web/api" };
        let watch = bench.sandbox.watch_pods("demo", &[watched]);
        disturb(&bench, &self.line());
        bench.sandbox.world().faults.clear();
        let result = bench.run(&self.line());
        let mut seen = without(watch.seen());
        // Pods without any variable have their role by kube2iam until that is finished.
        let is_older = [FROM_KUBE2IAM, FROM_KIAM].contains(&self.to);
        if is_older && (is_split || !self.last.contains("--finish")) {
            seen.retain(|line| !line.contains("no variables for either way"));
        }
        let is_right = result.ends_with("[exit 0]\n") && sum(&bench) == end && seen.is_empty();
        (!is_right).then(|| format!("{result}{}{seen:?}\n", sum(&bench)))
    }
}

pub fn is_write(call: &str) -> bool {
    let verbs = [
        "Create", "Delete", "Update", "Execute", " patch ", " apply ", " create ",
    ];
    verbs.iter().any(|verb| call.contains(verb))
}

#[test]
fn a_run_that_is_killed_at_any_write_is_made_up_for() {
    for work in WORKS.iter().chain(&OF_OLDER_WAYS) {
        let (end, calls) = work.undisturbed();
        let mut deaths = Vec::new();
        for (call, count) in calls.iter().filter(|(call, _)| is_write(call)) {
            for number in 1..=*count {
                deaths.extend([(call, number, "hang"), (call, number, "swallow")]);
            }
        }
        let failures = side_by_side(4, &deaths, |(call, number, effect)| {
            let kill = |bench: &Bench, line: &str| killed(bench, line, call, *number, effect);
            let wrong = work.resumed(&end, kill)?;
            Some(format!("{} {call} {number} {effect}:\n{wrong}", work.last))
        });
        let failures: String = failures.into_iter().flatten().collect();
        assert!(failures.is_empty(), "{failures}wanted:\n{end}");
    }
}

pub fn killed(bench: &Bench, line: &str, call: &str, number: usize, effect: &str) {
    bench.befall(call, &format!("from {number} {effect}"));
    let mut child = bench
        .command_line(line)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        let made = world.calls.iter().filter(|made| made.to_string() == call);
        let reached = made.filter(|made| effect == "hang" || made.status.is_some());
        reached.count() >= number
    });
    child.kill().expect("killed");
    child.wait().expect("dead");
}

#[test]
fn a_call_that_fails_once_goes_unnoticed_or_is_made_up_for() {
    for work in &WORKS {
        let (end, calls) = work.undisturbed();
        let calls: Vec<&String> = calls.keys().collect();
        let failures = side_by_side(4, &calls, |call| {
            let wrong = work.resumed(&end, |bench, line| {
                bench.befall(
                    call,
                    "times 1 error 500 InternalFailure We encountered an internal error.",
                );
                bench.run(line);
            })?;
            Some(format!("{} {call}:\n{wrong}", work.last))
        });
        let failures: String = failures.into_iter().flatten().collect();
        assert!(failures.is_empty(), "{failures}wanted:\n{end}");
    }
}

#[test]
fn a_call_that_fails_for_good_is_told_and_the_same_command_makes_up_for_it() {
    for work in &WORKS {
        let (end, calls) = work.undisturbed();
        let calls: Vec<&String> = calls.keys().filter(|call| is_write(call)).collect();
        let failures = side_by_side(4, &calls, |call| {
            let wrong = work.resumed(&end, |bench, line| {
                bench.befall(call, "error 400 ValidationError no");
                let result = bench.run(line);
                assert!(result.ends_with("[exit 1]\n"), "{call}: {result}");
            })?;
            Some(format!("{} {call}:\n{wrong}", work.last))
        });
        let failures: String = failures.into_iter().flatten().collect();
        assert!(failures.is_empty(), "{failures}wanted:\n{end}");
    }
}

#[test]
fn a_right_that_lacks_is_named_and_the_same_command_makes_up_for_it() {
    // What no right is asked for, or what the command can do without.
    let is_free = |call: &str| {
        ["sts ", "issuer "].iter().any(|it| call.starts_with(it))
            || call.ends_with("RolePolicies")
            || call == "kubernetes list nodes"
    };
    for work in [&WORKS[0], &WORKS[2]] {
        let (end, calls) = work.undisturbed();
        let of_other_way =
            |call: &str| call == "iam GetOpenIDConnectProvider" && work.last == "web/api --approve";
        let calls: Vec<&String> = calls
            .keys()
            .filter(|call| !is_free(call) && !of_other_way(call))
            .collect();
        let failures = side_by_side(4, &calls, |call| {
            let wrong = work.resumed(&end, |bench, line| {
                bench.befall(call, "deny");
                let told = bench.run(line);
                let words: Vec<&str> = call.split(' ').collect();
                let named = match words[..] {
                    ["kubernetes", verb, _] => ["refuses to", "not allowed to"]
                        .map(|words| format!("{words} {verb} "))
                        .iter()
                        .any(|words| told.contains(words)),
                    _ => told.contains(&call.replace(' ', ":")),
                };
                let is_told = named && !told.contains("it has no role");
                assert!(is_told && told.ends_with("[exit 1]\n"), "{call}: {told}");
            })?;
            Some(format!("{} {call}:\n{wrong}", work.last))
        });
        let failures: String = failures.into_iter().flatten().collect();
        assert!(failures.is_empty(), "{failures}wanted:\n{end}");
    }
}

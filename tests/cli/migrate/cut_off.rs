//! Each call of a move fails, or is the last that a killed run makes: the same command again leads to the
//! same end, and no pod that starts is without a way on the way there.

use super::intercepted::{TO as FROM_KUBE2IAM, kiam, kube2iam};
use super::patched::of_default;
use super::{TO, annotated, by_hand, sum, without};
use crate::arrange::{Death, side_by_side};
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

    /// The world that the last command finds, and what it leaves behind and calls where nothing disturbs it.
    fn seen(&self) -> Seen {
        let arranged = self.bench();
        let undisturbed = arranged.copy();
        undisturbed.calls();
        let result = undisturbed.run(&self.line());
        assert!(result.ends_with("[exit 0]\n"), "{result}");
        let end = sum(&undisturbed);
        let deaths = undisturbed.deaths();
        let mut calls: Vec<String> = undisturbed.calls().lines().map(str::to_owned).collect();
        calls.sort();
        calls.dedup();
        Seen {
            arranged,
            end,
            calls,
            deaths,
        }
    }

    /// What is wrong after a run that something befell and a second one.
    fn resumed(&self, seen: &Seen, disturb: impl Fn(&Bench, &str)) -> Option<String> {
        let bench = seen.arranged.copy();
        // The one that is made is not there before.
        let is_split = self.last.contains("web/default")
            || !self.before.is_empty() && self.before[0].contains("web/default");
        let watched = if is_split { "web/default" } else { "web/api" };
        let watch = bench.sandbox.watch_pods("demo", &[watched]);
        disturb(&bench, &self.line());
        bench.sandbox.world().faults.clear();
        // The same world: what a second run makes of it is known.
        let is_over = sum(&bench) == seen.end;
        let result = if is_over {
            String::new()
        } else {
            bench.run(&self.line())
        };
        let mut without_way = without(watch.seen());
        // Pods without any variable have their role by kube2iam until that is finished.
        let is_older = [FROM_KUBE2IAM, FROM_KIAM].contains(&self.to);
        if is_older && (is_split || !self.last.contains("--finish")) {
            without_way.retain(|line| !line.contains("no variables for either way"));
        }
        let is_ended = is_over || result.ends_with("[exit 0]\n") && sum(&bench) == seen.end;
        let is_right = is_ended && without_way.is_empty();
        (!is_right).then(|| format!("{result}{}{without_way:?}\n", sum(&bench)))
    }

    /// Disturbs it once in each way, and tells what is wrong with what comes of it.
    fn assert_made_up_for<T: Sync + std::fmt::Debug>(
        &self,
        seen: &Seen,
        ways: &[T],
        disturb: impl Fn(&Bench, &str, &T) + Sync,
    ) {
        let failures = side_by_side(4, ways, |way| {
            let wrong = self.resumed(seen, |bench, line| disturb(bench, line, way))?;
            Some(format!("{} {way:?}:\n{wrong}", self.last))
        });
        let failures: String = failures.into_iter().flatten().collect();
        assert!(failures.is_empty(), "{failures}wanted:\n{}", seen.end);
    }
}

/// Of a run that nothing disturbs.
struct Seen {
    arranged: Bench,
    end: String,
    calls: Vec<String>,
    deaths: Vec<Death>,
}

#[test]
fn another_run_finds_nothing_to_do() {
    for work in WORKS.iter().chain(&OF_OLDER_WAYS) {
        let seen = work.seen();
        seen.arranged.run(&work.line());
        seen.arranged.calls();
        let again = seen.arranged.run(&work.line());
        assert!(again.ends_with("[exit 0]\n"), "{again}");
        assert_eq!(sum(&seen.arranged), seen.end);
    }
}

fn is_write(call: &str) -> bool {
    let verbs = [
        "Create", "Delete", "Update", "Execute", " patch ", " apply ", " create ",
    ];
    verbs.iter().any(|verb| call.contains(verb))
}

#[test]
fn a_run_that_is_killed_at_any_write_is_made_up_for() {
    for work in WORKS.iter().chain(&OF_OLDER_WAYS) {
        let seen = work.seen();
        work.assert_made_up_for(&seen, &seen.deaths, |bench, line, death| {
            bench.killed(line, death);
        });
    }
}

#[test]
fn a_call_that_fails_once_goes_unnoticed_or_is_made_up_for() {
    for work in &WORKS {
        let seen = work.seen();
        work.assert_made_up_for(&seen, &seen.calls, |bench, line, call| {
            bench.befall(
                call,
                "times 1 error 500 InternalFailure We encountered an internal error.",
            );
            bench.run(line);
        });
    }
}

#[test]
fn a_call_that_fails_for_good_is_told_and_the_same_command_makes_up_for_it() {
    for work in &WORKS {
        let seen = work.seen();
        let calls: Vec<&String> = seen.calls.iter().filter(|call| is_write(call)).collect();
        work.assert_made_up_for(&seen, &calls, |bench, line, call| {
            bench.befall(call, "error 400 ValidationError no");
            let result = bench.run(line);
            assert!(result.ends_with("[exit 1]\n"), "{call}: {result}");
        });
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
        let seen = work.seen();
        let of_other_way =
            |call: &str| call == "iam GetOpenIDConnectProvider" && work.last == "web/api --approve";
        let calls = seen.calls.iter();
        let calls: Vec<&String> = calls
            .filter(|call| !is_free(call) && !of_other_way(call))
            .collect();
        work.assert_made_up_for(&seen, &calls, |bench, line, call| {
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
        });
    }
}

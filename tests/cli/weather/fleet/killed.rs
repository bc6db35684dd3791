//! Killed at any call, before or after it took effect: the same command again makes the whole file
//! true, and a third run has nothing to do.

use std::collections::BTreeSet;
use std::process::Stdio;

use super::{APPLY, all_kinds, calls, is_write, state};
use crate::arrange::side_by_side;
use crate::sandbox::Pace;
use crate::support::Bench;

/// When the process ends, seen from a call.
#[derive(Clone, Copy, Debug)]
enum When {
    BeforeItsEffect,
    BeforeItsAnswer,
}

/// Stacks stay in progress for a look, so that a run can die in the middle of an operation.
fn arranged() -> Bench {
    all_kinds(Pace::Polls(1))
}

/// Every change, and of the reads each kind once, where nothing is lost with the answer.
fn deaths(bench: &Bench) -> Vec<(String, When)> {
    let mut seen = BTreeSet::new();
    let mut deaths = Vec::new();
    for call in calls(bench).into_keys() {
        if is_write(&call) {
            deaths.push((call.clone(), When::BeforeItsEffect));
            deaths.push((call, When::BeforeItsAnswer));
        } else if seen.insert(call.split(" of ").next().map(str::to_owned)) {
            deaths.push((call, When::BeforeItsEffect));
        }
    }
    deaths
}

/// Kills a run at the call, and returns what two more runs then make of it.
fn resumed(call: &str, when: When) -> (String, String, String) {
    let bench = arranged();
    let effect = match when {
        When::BeforeItsEffect => "hang",
        When::BeforeItsAnswer => "swallow",
    };
    bench.befall(call, effect);
    // The barrier is the call itself, and then that its answer is held back.
    let which = call.to_owned();
    let mut child = bench
        .command_line(APPLY)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("irsactl starts");
    bench.sandbox.until(|world| {
        world.calls.iter().any(|made| {
            let is_meant = crate::sandbox::which(&which).matches(made);
            is_meant && (matches!(when, When::BeforeItsEffect) || made.status.is_some())
        })
    });
    child.kill().expect("killed");
    child.wait().expect("dead");
    bench.sandbox.world().faults.clear();
    let second = bench.run(APPLY);
    bench.calls();
    let third = bench.run(APPLY);
    let changes = bench.changes();
    let third = match third.ends_with("[exit 0]\n") {
        true => changes,
        false => third,
    };
    (second, third, state(&bench))
}

#[test]
fn an_apply_killed_at_any_call_is_finished_by_the_next_run() {
    let bench = arranged();
    let result = bench.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let expected = state(&bench);
    let deaths = deaths(&bench);
    assert!(deaths.len() >= 65, "only {} deaths", deaths.len());
    let failures = side_by_side(4, &deaths, |(call, when)| {
        let (second, third, state) = resumed(call, *when);
        let is_right = second.ends_with("[exit 0]\n") && third.is_empty() && state == expected;
        (!is_right).then(|| format!("{call} {when:?}:\n{second}third: {third}\n{state}\n"))
    });
    let failures: Vec<String> = failures.into_iter().flatten().collect();
    assert!(
        failures.is_empty(),
        "{} of {}:\n{}wanted:\n{expected}",
        failures.len(),
        deaths.len(),
        failures.concat()
    );
}

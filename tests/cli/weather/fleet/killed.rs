//! Killed at any change, before or after it took effect: the same command again makes the whole file true.

use super::{APPLY, all_kinds, calls, is_write, state};
use crate::arrange::{Death, When, side_by_side};
use crate::sandbox::Pace;
use crate::support::Bench;

/// Stacks stay in progress for a look, so that a run can die in the middle of an operation.
fn arranged() -> Bench {
    all_kinds(Pace::Polls(1))
}

/// Before and after every change; at a read nothing is lost.
fn deaths(bench: &Bench) -> Vec<Death> {
    let writes = calls(bench).into_keys().filter(|call| is_write(call));
    let both = |call: String| {
        [When::BeforeItsEffect, When::BeforeItsAnswer].map(|when| Death {
            call: call.clone(),
            number: 1,
            when,
        })
    };
    writes.flat_map(both).collect()
}

#[test]
fn an_apply_killed_at_any_call_is_finished_by_the_next_run() {
    let arranged = arranged();
    let undisturbed = arranged.copy();
    let result = undisturbed.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let expected = state(&undisturbed);
    let deaths = deaths(&undisturbed);
    assert!(deaths.len() >= 48, "only {} deaths", deaths.len());
    undisturbed.calls();
    undisturbed.run(APPLY);
    assert_eq!(undisturbed.changes(), "", "what is made is made once");
    let failures = side_by_side(4, &deaths, |death| {
        let bench = arranged.copy();
        bench.killed(APPLY, death);
        let second = bench.run(APPLY);
        let is_right = second.ends_with("[exit 0]\n") && state(&bench) == expected;
        (!is_right).then(|| format!("{death:?}:\n{second}{}\n", state(&bench)))
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

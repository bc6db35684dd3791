//! Killed at any change, before or after it took effect: the same command again makes the whole file true.

use std::process::Stdio;

use super::{APPLY, all_kinds, calls, is_write, state};
use crate::arrange::{When, side_by_side};
use crate::sandbox::Pace;
use crate::support::Bench;

/// Stacks stay in progress for a look, so that a run can die in the middle of an operation.
fn arranged() -> Bench {
    all_kinds(Pace::Polls(1))
}

/// Before and after every change; at a read nothing is lost.
fn deaths(bench: &Bench) -> Vec<(String, When)> {
    let writes = calls(bench).into_keys().filter(|call| is_write(call));
    let both = |call: String| {
        let before = (call.clone(), When::BeforeItsEffect);
        [before, (call, When::BeforeItsAnswer)]
    };
    writes.flat_map(both).collect()
}

/// Kills a run at the call, and returns what another run then makes of it.
fn resumed(arranged: &Bench, call: &str, when: When) -> (String, String) {
    let bench = arranged.copy();
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
    (bench.run(APPLY), state(&bench))
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
    let failures = side_by_side(4, &deaths, |(call, when)| {
        let (second, state) = resumed(&arranged, call, *when);
        let is_right = second.ends_with("[exit 0]\n") && state == expected;
        (!is_right).then(|| format!("{call} {when:?}:\n{second}{state}\n"))
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

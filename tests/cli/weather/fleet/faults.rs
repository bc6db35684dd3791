//! Calls of an `apply` fail: once, and nobody notices; for good, and only the account whose call it is
//! fails, until the same command runs again.

use std::collections::BTreeSet;

use super::{APPLY, all_kinds, assert_settled, calls, is_write, rows, state};
use crate::arrange::side_by_side;
use crate::sandbox::Pace;
use crate::support::Bench;

const BROKEN: &str = "error 500 InternalFailure We encountered an internal error.";

fn arranged() -> Bench {
    all_kinds(Pace::Polls(0))
}

/// A run without any fault: its rows, what it leaves behind, its calls.
fn good_weather() -> (String, String, Vec<String>) {
    let bench = arranged();
    let result = bench.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let calls = calls(&bench).into_keys().collect();
    (rows(&result), state(&bench), calls)
}

/// Each call of the run fails once, all in one run.
fn goes_unnoticed(effect: &str) {
    let (rows_then, state_then, calls) = good_weather();
    let bench = arranged();
    for call in &calls {
        bench.befall(call, &format!("times 1 {effect}"));
    }
    let result = bench.run(APPLY);
    assert_eq!(rows(&result), rows_then, "{result}");
    assert_eq!(state(&bench), state_then, "{result}");
    assert_settled(&bench, APPLY);
}

#[test]
fn throttling_once_goes_unnoticed() {
    goes_unnoticed("throttle");
}

#[test]
fn a_server_error_once_goes_unnoticed() {
    goes_unnoticed(BROKEN);
}

#[test]
fn a_connection_that_breaks_once_goes_unnoticed() {
    goes_unnoticed("reset");
}

#[test]
fn an_answer_that_breaks_off_once_goes_unnoticed() {
    goes_unnoticed("half");
}

#[test]
fn a_web_page_once_goes_unnoticed() {
    goes_unnoticed("garbage");
}

/// Calls that all accounts need, and the one whose failure is a warning.
fn is_everyones(call: &str) -> bool {
    let shared = [
        "eks ",
        "issuer ",
        "iam GetOpenIDConnectProvider",
        "iam CreateOpenIDConnectProvider",
        "iam GetPolicy of arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
        "kubernetes list ",
        "kubernetes get namespaces",
    ];
    shared.iter().any(|start| call.starts_with(start)) || call == "cloudformation DescribeStacks"
}

/// What is wrong with how a run ended whose calls for one account fail for good.
fn fault_of(result: &str, rows_then: &str) -> Option<String> {
    let rows_now = rows(result);
    let now: BTreeSet<&str> = rows_now.lines().collect();
    let then: BTreeSet<&str> = rows_then.lines().collect();
    let other: Vec<&&str> = now.difference(&then).collect();
    let ["[exit 1]", row] = other.iter().map(|row| **row).collect::<Vec<_>>()[..] else {
        return Some(format!("not one account failed: {other:?}"));
    };
    let words: Vec<&str> = row.split(' ').collect();
    let [namespace, name, "failed", ..] = words[..] else {
        return Some(format!("no failure: {row}"));
    };
    let errors = result.lines().filter(|line| line.starts_with("error: "));
    let [error] = errors.collect::<Vec<_>>()[..] else {
        return Some("not one error".to_owned());
    };
    let names = [
        format!("{namespace}/{name}"),
        format!("-{namespace}-{name}"),
        format!("namespace {namespace}:"),
    ];
    if !names.iter().any(|name| error.contains(name)) {
        return Some(format!("the error does not name {namespace}/{name}"));
    }
    let has_hint = result.contains("\nhint: ");
    (!has_hint).then(|| "no hint".to_owned())
}

fn assert_only_its_account_fails(effect: &str, mut is_meant: impl FnMut(&str) -> bool) {
    let (rows_then, state_then, calls) = good_weather();
    let calls: Vec<String> = calls
        .into_iter()
        .filter(|call| !is_everyones(call) && is_meant(call))
        .collect();
    assert!(calls.len() >= 8, "{calls:?}");
    let arranged = arranged();
    let faults = side_by_side(4, &calls, |call| {
        let bench = arranged.copy();
        bench.befall(call, effect);
        let result = bench.run(APPLY);
        let wrong = fault_of(&result, &rows_then);
        bench.sandbox.world().faults.clear();
        let again = bench.run(APPLY);
        let wrong = wrong.or_else(|| {
            let is_finished = again.ends_with("[exit 0]\n") && state(&bench) == state_then;
            (!is_finished).then(|| format!("not finished: {again}{}", state(&bench)))
        })?;
        Some(format!("{call}: {wrong}\n{result}\n"))
    });
    let faults: Vec<String> = faults.into_iter().flatten().collect();
    assert!(faults.is_empty(), "{}:\n{}", faults.len(), faults.concat());
}

/// Of the reads each kind once: they differ in nothing but the account.
#[test]
fn a_read_that_fails_for_good_fails_only_its_account() {
    let mut seen = BTreeSet::new();
    assert_only_its_account_fails(BROKEN, |call| {
        let kind = call.split(" of ").next().unwrap_or_default();
        !is_write(call) && seen.insert(kind.to_owned())
    });
}

#[test]
fn a_change_that_is_denied_fails_only_its_account() {
    assert_only_its_account_fails("deny", is_write);
}

//! Each call of each command fails once, in each way that a call can fail: nobody notices. Nor does
//! anybody notice throttling, however many calls it meets.

use super::{WAITING, all_calls, each_call};
use crate::arrange::side_by_side;
use crate::support::Bench;

/// A run of each command in which each of its calls fails once is as without the faults, but for the time that it
/// takes.
fn goes_unnoticed(effect: &str) {
    assert_unnoticed(&format!("times 1 {effect}"), |_| true);
}

fn assert_unnoticed(effect: &str, is_meant: impl Fn(&str) -> bool + Sync) {
    let noticed = side_by_side(4, all_calls(), |(scenario, good)| {
        let bench = (scenario.arrange)();
        for call in good.calls.iter().filter(|call| is_meant(call)) {
            bench.befall(call, effect);
        }
        let result = bench.run(&scenario.line);
        let is_noticed = timeless(&result) != timeless(&good.result);
        is_noticed.then(|| format!("{}:\n{result}\n", scenario.name))
    });
    let noticed: String = noticed.into_iter().flatten().collect();
    assert!(noticed.is_empty(), "{noticed}");
}

/// Without the seconds that an action took.
pub fn timeless(result: &str) -> String {
    let line = |line: &str| match line.rsplit_once(" (") {
        Some((text, time)) if time.ends_with("s)") => format!("{text}\n"),
        _ => format!("{line}\n"),
    };
    result.lines().map(line).collect()
}

#[test]
fn throttling_goes_unnoticed() {
    goes_unnoticed("throttle");
}

#[test]
fn throttling_of_more_calls_than_retries_goes_unnoticed() {
    assert_unnoticed("times 40 throttle", |call| {
        !call.starts_with("kubernetes") && !call.starts_with("issuer")
    });
}

#[test]
fn narrow_limits_go_unnoticed() {
    for (scenario, good) in all_calls() {
        let bench = (scenario.arrange)();
        for service in ["eks", "iam", "cloudformation"] {
            bench.sandbox.fault(&format!("{service} * throttle 50/1"));
        }
        let result = bench.run(&scenario.line);
        assert_eq!(
            timeless(&result),
            timeless(&good.result),
            "{}",
            scenario.name
        );
    }
}

#[test]
fn a_call_that_is_throttled_until_its_signature_is_old_is_signed_anew() {
    let mut bench = Bench::associated();
    // Pauses are 50 ms at most here, signatures old after 2.4 s, and calls given up after 21 s.
    bench.set("IRSACTL_INTERVALS", "0.01,1");
    bench
        .sandbox
        .fault("cloudformation CreateStack times 70 throttle");
    let result = bench.run(&format!("{} --timeout 1h -v -v", super::create()));
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert!(
        result.contains("CreateStack: to be signed anew"),
        "{result}"
    );
}

#[test]
fn a_server_error_goes_unnoticed() {
    goes_unnoticed("error 500 InternalFailure We encountered an internal error.");
}

#[test]
fn an_unavailable_service_goes_unnoticed() {
    goes_unnoticed("error 503 ServiceUnavailable the server is shutting down");
}

#[test]
fn a_connection_that_breaks_goes_unnoticed() {
    goes_unnoticed("reset");
}

#[test]
fn an_answer_that_breaks_off_goes_unnoticed() {
    goes_unnoticed("half");
}

/// One call a run: runs that wait go side by side, and calls do not.
#[test]
fn a_call_that_hangs_goes_unnoticed() {
    let noticed = each_call(WAITING, |scenario, good, bench, call| {
        bench.befall(call, "times 1 hang");
        let result = bench.run(&scenario.line);
        let is_noticed = timeless(&result) != timeless(&good.result);
        is_noticed.then(|| format!("{}, {call}:\n{result}\n", scenario.name))
    });
    assert!(noticed.is_empty(), "{noticed}");
}

#[test]
fn an_answer_that_is_a_web_page_goes_unnoticed() {
    goes_unnoticed("garbage");
}

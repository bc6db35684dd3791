//! Each call of each command fails once, in each way that a call can fail: nobody notices. Nor does
//! anybody notice throttling, however many calls it meets.

use super::all_calls;
use crate::support::Bench;

/// Each run is as without the fault, but for the time that it takes.
fn goes_unnoticed(effect: &str) {
    let mut noticed = String::new();
    for (scenario, good) in all_calls() {
        for (call, result) in scenario.with_each_of(&good.calls, &format!("times 1 {effect}")) {
            if timeless(&result) != timeless(&good.result) {
                noticed.push_str(&format!("{}, {call}:\n{result}\n", scenario.name));
            }
        }
    }
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
    let of_aws = |call: &String| !call.starts_with("kubernetes") && !call.starts_with("issuer");
    for (scenario, good) in all_calls() {
        let calls: Vec<String> = good.calls.iter().filter(|it| of_aws(it)).cloned().collect();
        for (call, result) in scenario.with_each_of(&calls, "times 40 throttle") {
            assert_eq!(timeless(&result), timeless(&good.result), "{call}");
        }
    }
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

#[test]
fn a_call_that_hangs_goes_unnoticed() {
    goes_unnoticed("hang");
}

#[test]
fn an_answer_that_is_a_web_page_goes_unnoticed() {
    goes_unnoticed("garbage");
}

//! Each call of each command fails for good, in each way that a call can fail: it is told in a
//! sentence with a hint, and never taken for success.

use super::{Scenario, WAITING, all_calls, each_call};
use crate::support::Bench;

/// What is left behind: told with a warning or a note, it is enough.
fn is_enough(scenario: &Scenario, call: &str, effect: &str) -> bool {
    match scenario.name {
        // The Kubernetes side is only compared.
        "get" => call.starts_with("eks") || call.starts_with("kubernetes"),
        "thumbprint" => false,
        // IAM reads the chain itself.
        _ if call.starts_with("issuer") => effect == "hang" || effect == "unreachable",
        _ => call == "eks TagResource" || may_be_silent(call),
    }
}

/// What is not known by it would be told by the next call.
fn may_be_silent(call: &str) -> bool {
    call == "kubernetes get namespaces"
}

/// What is wrong with how a run ended; `complete` is the state after one without any fault.
fn fault_of(enough: bool, complete: &str, call: &str, result: &str, state: &str) -> Option<String> {
    let has = |sign: &str| result.lines().any(|line| line.starts_with(sign));
    let wrong = match result.lines().last() {
        _ if result.contains("panicked") => "it panics",
        Some("[exit 0]") if !enough => "it ends well",
        Some("[exit 0]") if !may_be_silent(call) && !has("warning: ") && !has("note: ") => {
            "it says nothing"
        }
        Some("[exit 0]") if state != complete => "it leaves work undone",
        Some("[exit 0]") => return None,
        Some("[exit 1]") if !has("error: ") => "it names no error",
        Some("[exit 1]") if !has("hint: ") => "it gives no hint",
        Some("[exit 1]") if !names(result, call) => "it does not name what failed",
        Some("[exit 1]") => return None,
        _ => "it ends otherwise",
    };
    Some(wrong.to_owned())
}

/// Whether the error says which call it was.
fn names(result: &str, call: &str) -> bool {
    let error = result.lines().find(|line| line.starts_with("error: "));
    let error = error.unwrap_or_default();
    match call.split_once(' ') {
        Some(("kubernetes", operation)) => {
            let what = operation.split(' ').nth(1).unwrap_or_default();
            error.contains(match what {
                "namespaces" => "namespace ",
                _ => "service account",
            })
        }
        Some(("issuer", _)) => error.contains("oidc.eks.eu-west-1.amazonaws.com"),
        // Where a stack does not go, its policies are what is in the way.
        Some(("iam", operation)) => {
            error.contains(&format!("iam:{operation}")) || error.contains("DELETE_FAILED")
        }
        Some((service, operation)) => error.contains(&format!("{service}:{operation}")),
        None => false,
    }
}

fn is_told(effect: &str) {
    let waits = matches!(effect, "hang" | "throttle");
    let faults = each_call(
        if waits { WAITING } else { 4 },
        |scenario, good, bench, call| {
            bench.befall(call, effect);
            let result = bench.run(&scenario.line);
            let enough = is_enough(scenario, call, effect);
            let wrong = fault_of(enough, &good.state, call, &result, &bench.state())?;
            Some(format!("{}, {call}: {wrong}\n{result}\n", scenario.name))
        },
    );
    assert!(faults.is_empty(), "{faults}");
}

#[test]
fn throttling_is_told() {
    is_told("throttle");
}

#[test]
fn a_server_error_is_told() {
    is_told("error 500 InternalFailure We encountered an internal error.");
}

#[test]
fn an_unavailable_service_is_told() {
    is_told("error 503 ServiceUnavailable the server is shutting down");
}

#[test]
fn connections_that_break_are_told() {
    is_told("reset");
}

#[test]
fn answers_that_break_off_are_told() {
    is_told("half");
}

#[test]
fn calls_that_hang_are_told() {
    is_told("hang");
}

#[test]
fn web_pages_are_told() {
    is_told("garbage");
}

/// The hosts behind the proxy that a command talks to.
fn hosts(bench: &Bench) -> [(&'static str, String); 2] {
    let issuer = "issuer /.well-known/openid-configuration";
    let endpoint = bench.sandbox.world().clusters[0].endpoint_host.clone();
    [
        (issuer, "oidc.eks.eu-west-1.amazonaws.com".to_owned()),
        ("kubernetes get serviceaccounts", endpoint),
    ]
}

#[test]
fn hosts_that_the_proxy_refuses_are_told() {
    let mut faults = String::new();
    for (scenario, good) in all_calls() {
        for (call, host) in hosts(&Bench::new()) {
            let service = call.split(' ').next().unwrap_or_default();
            if !good.calls.iter().any(|other| other.starts_with(service)) {
                continue;
            }
            let bench = (scenario.arrange)();
            bench.sandbox.world().unreachable.push(host);
            let result = bench.run(&scenario.line);
            let enough = is_enough(scenario, call, "unreachable");
            let wrong = fault_of(enough, &good.state, call, &result, &bench.state());
            let wrong = wrong.or_else(|| {
                let tells = result.contains("proxy") && !result.contains("tunnel error");
                (!tells).then(|| "it does not tell of the proxy".to_owned())
            });
            if let Some(wrong) = wrong {
                faults.push_str(&format!("{}, {call}: {wrong}\n{result}\n", scenario.name));
            }
        }
    }
    assert!(faults.is_empty(), "{faults}");
}

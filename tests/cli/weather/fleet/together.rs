//! Two runs at the same time on the same file, held at barriers so that they meet where it hurts.

use std::process::Stdio;

use super::{APPLY, all_kinds, assert_settled, stack, state};
use crate::sandbox::Pace;
use crate::support::Bench;

/// Both have looked at everything before either changes anything.
const BOTH_LOOKED: &str = "iam CreateOpenIDConnectProvider meet 2";

/// Starts two runs, and returns how they ended.
fn twice(bench: &Bench, line: &str) -> [String; 2] {
    let run = || {
        bench
            .command_line(line)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("irsactl starts")
    };
    let both = [run(), run()];
    both.map(|child| bench.ended(child))
}

/// Two runs that meet by these rules end well and in the state that one alone leaves.
fn assert_one_end(pace: Pace, rules: &[String]) {
    assert_one_end_of(APPLY, pace, rules);
}

fn assert_one_end_of(line: &str, pace: Pace, rules: &[String]) {
    let alone = all_kinds(pace);
    alone.run(line);
    let bench = all_kinds(pace);
    bench.sandbox.fault(BOTH_LOOKED);
    for rule in rules {
        bench.sandbox.fault(rule);
    }
    let results = twice(&bench, line);
    for result in &results {
        assert!(result.ends_with("[exit 0]\n"), "{rules:?}: {results:#?}");
    }
    assert_eq!(state(&bench), state(&alone), "{rules:?}: {results:#?}");
    assert_settled(&bench, line);
}

#[test]
fn side_by_side() {
    assert_one_end(Pace::Polls(0), &[]);
    assert_one_end(Pace::Polls(3), &[]);
}

/// Both ask for each stack operation before either is carried out.
#[test]
fn in_step() {
    let changed = stack("changed");
    let rules = [
        "cloudformation CreateStack of eksctl-demo-addon-iamserviceaccount-fresh-new meet 2"
            .to_owned(),
        format!("cloudformation CreateChangeSet of {changed} meet 2"),
        format!(
            "cloudformation ContinueUpdateRollback of {} meet 2",
            stack("stuck")
        ),
        format!("cloudformation DeleteStack of {} meet 2", stack("broken")),
        format!("cloudformation DeleteStack of {} meet 2", stack("old")),
        "kubernetes apply serviceaccounts of apps/bare meet 2".to_owned(),
        "kubernetes create namespaces of fresh meet 2".to_owned(),
    ];
    assert_one_end(Pace::Polls(0), &rules);
    assert_one_end(Pace::Polls(2), &rules);
    let express = format!("{APPLY} --deployment-mode express");
    assert_one_end_of(&express, Pace::Polls(2), &rules);
}

/// Both carry out the same change set.
#[test]
fn with_one_change_set() {
    let changed = stack("changed");
    let rules = [format!(
        "cloudformation ExecuteChangeSet of {changed} meet 2"
    )];
    assert_one_end(Pace::Polls(0), &rules);
}

/// What the second is about to do, the first has done to the end.
#[test]
fn too_late() {
    let late = |call: &str, name: &str, after: &str| {
        format!(
            "cloudformation {call} of {} from 2 times 1 meet 1 {after}",
            stack(name)
        )
    };
    for rules in [
        vec![late(
            "UpdateTerminationProtection",
            "broken",
            "kubernetes apply serviceaccounts of apps/broken",
        )],
        vec![late(
            "DeleteStack",
            "broken",
            "kubernetes apply serviceaccounts of apps/broken",
        )],
        vec![late(
            "DeleteStack",
            "gone",
            "kubernetes apply serviceaccounts of apps/gone",
        )],
        vec![late(
            "DeleteStack",
            "old",
            "kubernetes delete serviceaccounts of apps/old",
        )],
        vec![late(
            "ContinueUpdateRollback",
            "stuck",
            &format!("cloudformation GetTemplate of {}", stack("stuck")),
        )],
        vec![late(
            "CreateChangeSet",
            "changed",
            &format!("cloudformation ExecuteChangeSet of {}", stack("changed")),
        )],
        vec!["iam DetachRolePolicy from 2 times 1 meet 1 iam UpdateAssumeRolePolicy".to_owned()],
    ] {
        assert_one_end(Pace::Polls(0), &rules);
    }
}

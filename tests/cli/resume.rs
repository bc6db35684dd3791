//! Killed at any call, before or after it took effect: the same command again finishes the work.

use std::collections::BTreeMap;
use std::process::Stdio;

use crate::accounts::file::mixed;
use crate::arrange::side_by_side;
use crate::gc::with_a_dead_cluster;
use crate::sandbox::{Options, Pace};
use crate::support::{Bench, S3};
use crate::trust::{COPY, RETARGET, blue, rebuilt};

const ASSOCIATE: &str = "associate-oidc-provider --cluster demo --approve";
const DELETE: &str = "delete iamserviceaccount reader -n apps --cluster demo --detach-foreign";

/// From a new cluster to a role: the provider, both kinds of policies, and the namespace too.
fn create() -> String {
    format!(
        "create iamserviceaccount reader -n apps --cluster demo --attach-policy-arn {S3} --policy-document ~/get.json \
         --role-name reader --associate-oidc-provider --approve"
    )
}

/// A command and the world that it finds.
struct Work {
    line: String,
    arrange: fn(Pace) -> Bench,
}

/// When the process ends, seen from a call.
#[derive(Clone, Copy, Debug)]
enum When {
    BeforeItsEffect,
    BeforeItsAnswer,
}

fn new_cluster(pace: Pace) -> Bench {
    let bench = Bench::with(Options {
        pace,
        ..Options::default()
    });
    bench.file(
        "get.json",
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}"#,
    );
    bench
}

/// apps/reader with policies attached by hand, so that there is all to do that a deletion can do.
fn meddled_with(pace: Pace) -> Bench {
    let bench = new_cluster(pace);
    bench.arrange(&create());
    let document = serde_json::json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
    bench.account(|account| {
        account
            .attach_policy("reader", "arn:aws:iam::aws:policy/AdministratorAccess")
            .expect("attached");
        account
            .put_role_policy("reader", "by-hand", document)
            .expect("put");
    });
    bench
}

/// All that irsactl may leave behind.
fn state(bench: &Bench) -> String {
    let mut all = bench.state() + &bench.providers();
    for account in bench.sandbox.world().accounts.values() {
        let stacks = account.stacks.iter().filter(|it| it.deleted.is_none());
        let stacks = stacks.map(|it| format!("{} {}\n", it.id, it.status));
        let providers = account.providers.keys().map(|arn| format!("{arn}\n"));
        let roles = account.roles.values();
        let roles = roles.map(|role| format!("{} {}\n", role.arn, role.trust));
        all.extend(stacks.chain(providers).chain(roles));
    }
    all
}

impl Work {
    /// The state after a run that nothing disturbs, and how often it makes each call.
    fn undisturbed(&self, pace: Pace) -> (String, BTreeMap<String, usize>) {
        let bench = (self.arrange)(pace);
        let result = bench.run(&self.line);
        assert!(result.ends_with("[exit 0]\n"), "{result}");
        let mut calls = BTreeMap::new();
        for call in bench.calls().lines() {
            *calls.entry(call.to_owned()).or_insert(0) += 1;
        }
        (state(&bench), calls)
    }

    /// Kills a run at the call of that number, and returns what another run then makes of it.
    fn resumed(&self, pace: Pace, call: &str, number: usize, when: When) -> (String, String) {
        let bench = (self.arrange)(pace);
        let effect = match when {
            When::BeforeItsEffect => "hang",
            When::BeforeItsAnswer => "swallow",
        };
        bench.befall(call, &format!("from {number} {effect}"));
        let mut child = bench
            .command_line(&self.line)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("irsactl starts");
        bench.sandbox.until(|world| {
            let made = world.calls.iter().filter(|made| made.to_string() == call);
            let reached = made.filter(|made| match when {
                When::BeforeItsEffect => true,
                When::BeforeItsAnswer => made.status.is_some(),
            });
            reached.count() >= number
        });
        child.kill().expect("killed");
        child.wait().expect("dead");
        bench.sandbox.world().faults.clear();
        let result = bench.run(&self.line);
        (result, state(&bench))
    }

    /// Kills a run at each of its calls; each time another run must end in the undisturbed state.
    fn assert_resumable(&self, pace: Pace, wanted: &str, least: usize) {
        let (expected, calls) = self.undisturbed(pace);
        assert!(expected.contains(wanted), "{expected}");
        let mut deaths = Vec::new();
        for (call, count) in &calls {
            for number in 1..=*count {
                deaths.push((call, number, When::BeforeItsEffect));
                deaths.push((call, number, When::BeforeItsAnswer));
            }
        }
        assert!(deaths.len() >= least, "only {} deaths", deaths.len());
        let failures = side_by_side(4, &deaths, |(call, number, when)| {
            let (result, state) = self.resumed(pace, call, *number, *when);
            let is_right = result.ends_with("[exit 0]\n") && state == expected;
            (!is_right).then(|| format!("{call} {number} {when:?}:\n{result}{state}\n"))
        });
        let failures: String = failures.into_iter().flatten().collect();
        assert!(failures.is_empty(), "{failures}wanted:\n{expected}");
    }
}

fn association() -> Work {
    Work {
        line: ASSOCIATE.to_owned(),
        arrange: new_cluster,
    }
}

fn creation() -> Work {
    Work {
        line: create(),
        arrange: new_cluster,
    }
}

/// The same work in express mode.
fn in_express_mode(work: Work) -> Work {
    Work {
        line: format!("{} --deployment-mode express", work.line),
        ..work
    }
}

fn deletion() -> Work {
    Work {
        line: DELETE.to_owned(),
        arrange: meddled_with,
    }
}

#[test]
fn a_retargeting_killed_at_any_call_is_finished_by_the_next_run() {
    let work = Work {
        line: RETARGET.to_owned(),
        arrange: rebuilt,
    };
    work.assert_resumable(Pace::Polls(0), "system:serviceaccount:web:job", 20);
}

#[test]
fn a_file_of_several_accounts_killed_at_any_call_is_finished_by_the_next_run() {
    let work = Work {
        line: "apply -f ~/cluster.yaml --approve --parallel 1".to_owned(),
        arrange: mixed,
    };
    work.assert_resumable(
        Pace::Polls(0),
        "arn:aws:iam::444455556666:role/eksctl-demo",
        40,
    );
}

#[test]
fn a_copy_killed_at_any_call_is_finished_by_the_next_run() {
    let work = Work {
        line: COPY.to_owned(),
        arrange: blue,
    };
    work.assert_resumable(Pace::Polls(0), "service account web/own\n", 40);
}

#[test]
fn a_clean_up_killed_at_any_call_is_finished_by_the_next_run() {
    let work = Work {
        line: "gc --approve --detach-foreign --parallel 1".to_owned(),
        arrange: with_a_dead_cluster,
    };
    let wanted =
        "stack eksctl-demo-addon-iamserviceaccount-web-api: CREATE_COMPLETE, protected\nrole ";
    work.assert_resumable(Pace::Polls(0), wanted, 40);
}

#[test]
fn an_association_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "audience: sts.amazonaws.com\n";
    association().assert_resumable(Pace::Polls(0), wanted, 10);
}

#[test]
fn a_creation_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "stack eksctl-demo-addon-iamserviceaccount-apps-reader: CREATE_COMPLETE, protected\nrole arn:aws:iam::111122223333:role/reader\n";
    creation().assert_resumable(Pace::Polls(0), wanted, 24);
}

#[test]
fn a_slow_creation_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "service account apps/reader\n";
    creation().assert_resumable(Pace::Polls(2), wanted, 28);
}

#[test]
fn a_creation_in_express_mode_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "service account apps/reader\n";
    in_express_mode(creation()).assert_resumable(Pace::Polls(2), wanted, 24);
}

#[test]
fn a_deletion_in_express_mode_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "namespace apps\narn:aws:iam::111122223333:oidc-provider/";
    in_express_mode(deletion()).assert_resumable(Pace::Polls(2), wanted, 24);
}

#[test]
fn a_deletion_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "namespace apps\narn:aws:iam::111122223333:oidc-provider/";
    deletion().assert_resumable(Pace::Polls(0), wanted, 24);
}

#[test]
fn a_slow_deletion_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "namespace apps\narn:aws:iam::111122223333:oidc-provider/";
    deletion().assert_resumable(Pace::Polls(2), wanted, 28);
}

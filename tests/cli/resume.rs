//! Killed at any call, before or after it took effect: the same command again finishes the work. Of the calls each
//! death counts that leaves another world behind (`Bench::deaths`).

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
    /// Kills a run wherever that leaves another world behind; each time another run must end in the state that a run
    /// leaves which nothing disturbs.
    fn assert_resumable(&self, pace: Pace, wanted: &str, least: usize) {
        let arranged = (self.arrange)(pace);
        let undisturbed = arranged.copy();
        undisturbed.calls();
        let result = undisturbed.run(&self.line);
        assert!(result.ends_with("[exit 0]\n"), "{result}");
        let expected = state(&undisturbed);
        assert!(expected.contains(wanted), "{expected}");
        let deaths = undisturbed.deaths();
        assert!(deaths.len() >= least, "only {deaths:#?}");
        let failures = side_by_side(4, &deaths, |death| {
            let bench = arranged.copy();
            bench.killed(&self.line, death);
            let result = bench.run(&self.line);
            let is_right = result.ends_with("[exit 0]\n") && state(&bench) == expected;
            (!is_right).then(|| format!("{death:?}:\n{result}{}\n", state(&bench)))
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
    work.assert_resumable(Pace::Polls(0), "system:serviceaccount:web:job", 4);
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
        12,
    );
}

#[test]
fn a_copy_killed_at_any_call_is_finished_by_the_next_run() {
    let work = Work {
        line: COPY.to_owned(),
        arrange: blue,
    };
    work.assert_resumable(Pace::Polls(0), "service account web/own\n", 12);
}

#[test]
fn a_clean_up_killed_at_any_call_is_finished_by_the_next_run() {
    let work = Work {
        line: "gc --approve --detach-foreign --parallel 1".to_owned(),
        arrange: with_a_dead_cluster,
    };
    let wanted =
        "stack eksctl-demo-addon-iamserviceaccount-web-api: CREATE_COMPLETE, protected\nrole ";
    work.assert_resumable(Pace::Polls(0), wanted, 7);
}

#[test]
fn an_association_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "audience: sts.amazonaws.com\n";
    association().assert_resumable(Pace::Polls(0), wanted, 3);
}

#[test]
fn a_creation_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "stack eksctl-demo-addon-iamserviceaccount-apps-reader: CREATE_COMPLETE, protected\nrole arn:aws:iam::111122223333:role/reader\n";
    creation().assert_resumable(Pace::Polls(0), wanted, 7);
}

#[test]
fn a_slow_creation_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "service account apps/reader\n";
    creation().assert_resumable(Pace::Polls(2), wanted, 7);
}

#[test]
fn a_creation_in_express_mode_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "service account apps/reader\n";
    in_express_mode(creation()).assert_resumable(Pace::Polls(2), wanted, 7);
}

#[test]
fn a_deletion_in_express_mode_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "namespace apps\narn:aws:iam::111122223333:oidc-provider/";
    in_express_mode(deletion()).assert_resumable(Pace::Polls(2), wanted, 6);
}

#[test]
fn a_deletion_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "namespace apps\narn:aws:iam::111122223333:oidc-provider/";
    deletion().assert_resumable(Pace::Polls(0), wanted, 6);
}

#[test]
fn a_slow_deletion_killed_at_any_call_is_finished_by_the_next_run() {
    let wanted = "namespace apps\narn:aws:iam::111122223333:oidc-provider/";
    deletion().assert_resumable(Pace::Polls(2), wanted, 6);
}

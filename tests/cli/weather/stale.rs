//! Answers that were true a moment ago: a status from before an operation is not its end.

use insta::assert_snapshot;

use super::{DELETE, GET, Scenario, create, fleet, made};
use crate::sandbox::{Fault, Pace, World};
use crate::support::{ACCOUNT, Bench, REGION, S3};

const STACK: &str = "eksctl-demo-addon-iamserviceaccount-default-s3-reader";
const SQS: &str = "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess";

#[test]
fn a_stale_answer_is_what_was_before_the_last_write() {
    let bench = made();
    let good = bench.run(GET);
    assert!(good.contains("s3-reader"), "{good}");
    bench
        .sandbox
        .fault("cloudformation DescribeStacks times 1 stale");
    let stale = bench.run(GET);
    assert!(!stale.contains(STACK), "{stale}");
    assert_eq!(bench.run(GET), good);
    bench
        .sandbox
        .fault("kubernetes list serviceaccounts times 1 stale");
    let stale = bench.run(GET);
    assert!(stale.contains("missing"), "{stale}");
    assert_eq!(bench.run(GET), good);
}

#[test]
fn a_new_stack_that_is_not_yet_seen_is_waited_for() {
    waits_through("CreateStack", create(), Bench::new, "created");
}

#[test]
fn an_update_does_not_end_with_the_status_from_before() {
    waits_through("ExecuteChangeSet", update(), made, "updated");
    // A second one: the status from before is that of an update too.
    let updated = || {
        let bench = made();
        bench.arrange(&update());
        bench
    };
    let line = update().replace("SQS", "SNS");
    waits_through("ExecuteChangeSet", line, updated, "updated");
}

#[test]
fn an_update_that_fails_fails_through_the_status_from_before() {
    let doomed = || {
        let bench = made();
        let lose = |world: &mut World| {
            let account = world.accounts.get_mut(ACCOUNT).expect("the account");
            account.roles.clear();
        };
        bench
            .sandbox
            .before_every("cloudformation ExecuteChangeSet", lose);
        bench
    };
    let told = "ended in UPDATE_ROLLBACK_FAILED";
    waits_through("ExecuteChangeSet", update(), doomed, told);
}

#[test]
fn a_roll_back_is_waited_for_through_the_failure_from_before() {
    let stuck = || {
        let bench = Bench::associated();
        bench.eksctl_stack("default/s3-reader", "UPDATE_ROLLBACK_FAILED");
        bench
    };
    let told = "continued the roll-back";
    waits_through("ContinueUpdateRollback", update(), stuck, told);
}

#[test]
fn a_deletion_does_not_end_with_the_status_from_before() {
    waits_through("DeleteStack", DELETE.to_owned(), made, "deleted");
    let failed = || {
        let bench = made();
        set_status(&mut bench.sandbox.world(), "DELETE_FAILED");
        bench
    };
    waits_through("DeleteStack", DELETE.to_owned(), failed, "deleted");
}

#[test]
fn a_deletion_that_fails_fails_through_the_status_from_before() {
    let told = "ended in DELETE_FAILED";
    waits_through("DeleteStack", DELETE.to_owned(), meddled_with_late, told);
}

/// default/s3-reader, to whose role somebody attaches a policy when its deletion has begun.
fn meddled_with_late() -> Bench {
    let bench = made();
    let role = bench.role_name();
    let attach = move |world: &mut World| {
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        account.attach_policy(&role, SQS).expect("attached");
    };
    bench
        .sandbox
        .before_every("cloudformation DeleteStack", attach);
    bench.sandbox.world().options.pace = Pace::Polls(1);
    bench
}

#[test]
fn a_stack_is_not_gone_because_its_name_does_not_find_it() {
    is_found_through(DELETE, made, &[1, 2, 3, 4]);
    let stack_only = || {
        let bench = Bench::associated();
        bench.create_role("s3-reader");
        bench
    };
    is_found_through(&format!("{DELETE} --role-only"), stack_only, &[1, 2, 4]);
    is_found_through(&create(), made, &[1, 2, 3]);
    is_found_through(&update(), made, &[1, 2, 3]);
}

#[test]
fn a_stack_that_is_not_seen_is_not_made_twice() {
    let bench = Bench::associated();
    bench.create_role("s3-reader");
    bench
        .sandbox
        .fault("cloudformation DescribeStacks times 1 stale");
    bench.arrange(&create());
    assert_eq!(bench.state(), made().state());
}

#[test]
fn a_stack_that_is_gone_is_gone_by_its_id_too() {
    let bench = made();
    bench.create("other");
    let mut world = bench.sandbox.world();
    world.become_past();
    set_status(&mut world, "DELETE_COMPLETE");
    let stack = world.stack(ACCOUNT, REGION, STACK);
    stack.expect("the stack").deleted = Some(0);
    drop(world);
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    warning: the trust policy of role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK stays as it is: without default/s3-reader it would let nobody in, and IAM takes no trust policy without a statement
    deleted service account default/s3-reader
    [exit 0]
    "#);
}

/// A run whose first looks at stacks know none prints and leaves the same as any other.
fn is_found_through(line: &str, arrange: fn() -> Bench, numbers: &[u32]) {
    let bench = arrange();
    let good = bench.run(line);
    assert!(good.ends_with("[exit 0]\n"), "{good}");
    for times in numbers {
        let stale = arrange();
        let rule = format!("cloudformation DescribeStacks times {times} stale");
        stale.sandbox.fault(&rule);
        assert_eq!(stale.run(line), good, "{line}: {rule}");
        assert_eq!(stale.state(), bench.state(), "{line}: {rule}");
    }
}

#[test]
fn a_list_that_stays_stale_ends_the_run() {
    let bench = made();
    fleet::file(&bench, &[fleet::with_policy("default", "s3-reader", S3)]);
    {
        let mut world = bench.sandbox.world();
        set_status(&mut world, "UPDATE_IN_PROGRESS");
        world.become_past();
        set_status(&mut world, "UPDATE_COMPLETE");
        let mut list: Fault = "cloudformation DescribeStacks stale"
            .parse()
            .expect("a rule");
        list.which.subject = Some(String::new());
        world.faults.push(list);
    }
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --prune --approve"), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in UPDATE_IN_PROGRESS whenever it is looked at, though its operation is over
    hint: run the same command again in a minute: it looks at the stack first
    [exit 1]
    "#);
}

fn set_status(world: &mut World, status: &str) {
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    status.clone_into(&mut stack.status);
}

fn update() -> String {
    format!("update iamserviceaccount s3-reader --cluster demo --add-policy-arn {SQS} --approve")
}

/// A run whose first looks at the stack after the write tell what was before it prints and leaves the same
/// as any other.
fn waits_through(write: &str, line: String, arrange: fn() -> Bench, told: &'static str) {
    let scenario = Scenario {
        name: told,
        line,
        arrange,
    };
    let (write, look) = (
        format!("cloudformation {write}"),
        "cloudformation DescribeStacks",
    );
    let bench = (scenario.arrange)();
    let good = bench.run(&scenario.line);
    assert!(good.contains(scenario.name), "{good}");
    let (calls, state) = (bench.calls(), bench.state());
    let looks = calls.lines().take_while(|call| **call != write);
    let first = looks.filter(|call| *call == look).count() + 1;
    for times in [1, 3] {
        let bench = (scenario.arrange)();
        let rule = format!("{look} from {first} times {times} stale");
        bench.sandbox.fault(&rule);
        assert_eq!(bench.run(&scenario.line), good, "{rule}");
        assert_eq!(bench.state(), state, "{rule}");
        let more = bench.calls().lines().count();
        assert_eq!(more, calls.lines().count() + times, "{rule}");
    }
}

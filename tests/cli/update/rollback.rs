//! Updates that fail, their roll-backs, and stacks on which nothing can be updated.

use insta::assert_snapshot;

use super::{SQS, STACK, UPDATE, assert_settled, reader, reader_file, run_unchanging};
use crate::sandbox::{Options, Pace};
use crate::support::{ACCOUNT, Bench, REGION, S3};

const MINE: &str = "arn:aws:iam::111122223333:policy/mine";

fn line() -> String {
    format!("{UPDATE} --add-policy-arn {SQS} --approve")
}

/// default/s3-reader, whose next update will fail: a policy that it names is deleted meanwhile.
fn doomed() -> Bench {
    let bench = reader();
    bench.account(|account| {
        let document = serde_json::from_str(super::GET).expect("a document");
        let policy = crate::sandbox::ManagedPolicy::new("aws", ACCOUNT, "/", "mine", document);
        account.policies.insert(policy.arn.clone(), policy);
    });
    bench
        .sandbox
        .before_every("cloudformation ExecuteChangeSet", |world| {
            world
                .accounts
                .get_mut(ACCOUNT)
                .expect("the account")
                .policies
                .clear();
        });
    bench
}

/// Undoes the doom.
fn mend(bench: &Bench) {
    bench.sandbox.world().hooks.clear();
}

#[test]
fn a_failed_update_is_told_with_its_reason_and_can_be_repeated() {
    let bench = doomed();
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{UPDATE} --add-policy-arn {MINE} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in UPDATE_ROLLBACK_COMPLETE: Role1 (AWS::IAM::Role): Resource handler returned message: "Policy arn:aws:iam::111122223333:policy/mine does not exist or is not attachable. (Service: Iam, Status Code: 404, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)"
    hint: the role is as it was before; mend the cause and run the same command again
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader UPDATE_ROLLBACK_COMPLETE");
    mend(&bench);
    assert_eq!(bench.state().replace("UPDATE_ROLLBACK", "CREATE"), before);
    // The stack is ready, and what is asked now is done.
    assert_settled(&bench, UPDATE);
    bench.arrange(&line());
    assert_settled(&bench, &line().replace(" --approve", ""));
}

#[test]
fn a_roll_back_that_fails_is_told_and_continued_by_the_next_run() {
    let bench = doomed();
    let fail = |world: &mut crate::sandbox::World| {
        let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
        stack.rollback_failure = Some("Access denied by an SCP".to_owned());
    };
    bench
        .sandbox
        .before_every("cloudformation ExecuteChangeSet", fail);
    assert_snapshot!(bench.run(&format!("{UPDATE} --add-policy-arn {MINE} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in UPDATE_ROLLBACK_FAILED: Role1 (AWS::IAM::Role): Access denied by an SCP
    hint: mend the cause; `update` and `apply` then finish the roll-back first
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader UPDATE_ROLLBACK_FAILED");
    mend(&bench);
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --add-policy-arn {SQS} --detailed-exitcode")), @r#"
    [stdout]
    ~ continue the roll-back of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [stderr]
    note: the roll-back of an update of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" failed, it is continued: Role1 (AWS::IAM::Role): Access denied by an SCP
    plan: 0 to create, 1 to change, 0 to delete
    what follows is planned when that is over
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    bench
        .sandbox
        .before("cloudformation ContinueUpdateRollback", 1, fail);
    assert_snapshot!(bench.run(&line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    note: the roll-back of an update of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" failed, it is continued: Role1 (AWS::IAM::Role): Access denied by an SCP
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in UPDATE_ROLLBACK_FAILED: Role1 (AWS::IAM::Role): Access denied by an SCP
    hint: mend the cause; `update` and `apply` then finish the roll-back first
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    mend(&bench);
    assert_snapshot!(bench.run(&line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    note: the roll-back of an update of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" failed, it is continued: Role1 (AWS::IAM::Role): Access denied by an SCP
    continued the roll-back of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    "#);
    assert_settled(&bench, &line().replace(" --approve", ""));
}

#[test]
fn apply_continues_a_roll_back_too() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/s3-reader", "UPDATE_ROLLBACK_FAILED");
    reader_file(&bench);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --approve"), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: default/s3-reader: the roll-back of an update of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" failed, it is continued: CloudFormation gives no reason
    continued the roll-back of stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    "#);
}

#[test]
fn a_roll_back_is_continued_as_the_given_role() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/s3-reader", "UPDATE_ROLLBACK_FAILED");
    bench.arrange(&format!(
        "{} --cfn-role-arn arn:aws:iam::111122223333:role/deployer",
        line()
    ));
    let mut world = bench.sandbox.world();
    let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
    assert_eq!(
        stack.role_arn.as_deref(),
        Some("arn:aws:iam::111122223333:role/deployer")
    );
}

/// What `update` finds where it can change nothing.
#[test]
fn stacks_that_cannot_be_updated_are_refused_with_the_way_out() {
    let bench = Bench::associated();
    assert_snapshot!(run_unchanging(&bench, &line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: cluster "demo" has no IAM service account default/s3-reader to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount s3-reader --namespace default --cluster demo --attach-policy-arn ARN --approve`; or by `irsactl apply -f FILE`
    [exit 1]
    "#);
    let mut told = String::new();
    for status in [
        "ROLLBACK_COMPLETE",
        "CREATE_FAILED",
        "REVIEW_IN_PROGRESS",
        "DELETE_FAILED",
        "UPDATE_FAILED",
    ] {
        let bench = Bench::associated();
        bench.eksctl_stack("default/s3-reader", status);
        told += &run_unchanging(&bench, &line());
    }
    assert_snapshot!(told, @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in ROLLBACK_COMPLETE: there is no role to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount s3-reader --namespace default --cluster demo --attach-policy-arn ARN --approve`; or by `irsactl apply -f FILE`
    [exit 1]
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in CREATE_FAILED: there is no role to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount s3-reader --namespace default --cluster demo --attach-policy-arn ARN --approve`; or by `irsactl apply -f FILE`
    [exit 1]
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is in REVIEW_IN_PROGRESS: there is no role to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount s3-reader --namespace default --cluster demo --attach-policy-arn ARN --approve`; or by `irsactl apply -f FILE`
    [exit 1]
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the deletion of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" failed: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 00000000-0000-0000-0000-000000000000)"
    hint: finish the deletion: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo`
    hint: add `--detach-foreign` to it where policies were attached by hand
    [exit 1]
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: an update of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" failed (UPDATE_FAILED): CloudFormation gives no reason
    hint: roll it back: `aws cloudformation rollback-stack --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
}

#[test]
fn a_stack_in_creation_is_waited_for() {
    let bench = Bench::with(Options {
        pace: Pace::Polls(2),
        ..Options::default()
    });
    bench.associate();
    bench.eksctl_stack("default/s3-reader", "CREATE_IN_PROGRESS");
    assert_snapshot!(bench.run(&line()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (CREATE_IN_PROGRESS)
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
}

#[test]
fn a_stack_that_is_being_deleted_leaves_nothing_to_update() {
    let bench = Bench::with(Options {
        pace: Pace::Polls(2),
        ..Options::default()
    });
    bench.associate();
    bench.eksctl_stack("default/s3-reader", "DELETE_IN_PROGRESS");
    assert_snapshot!(bench.run(&line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (DELETE_IN_PROGRESS)
    error: default/s3-reader: cluster "demo" has no IAM service account default/s3-reader to update
    hint: create it, with a policy that allows what it needs: `irsactl create iamserviceaccount s3-reader --namespace default --cluster demo --attach-policy-arn ARN --approve`; or by `irsactl apply -f FILE`
    [exit 1]
    "#);
}

#[test]
fn a_template_of_somebody_else_is_not_touched() {
    let bench = Bench::associated();
    let template = r#"{"Resources": {"Queue": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument":
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]}}}}}"#;
    bench.stack_of("demo", "default/s3-reader", template, "CREATE_COMPLETE");
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --remove-policy-arn {S3} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the template of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" is not one of eksctl or irsactl, so it cannot be compared
    hint: look at it: `aws cloudformation get-template --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
}

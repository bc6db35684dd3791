//! What a change set would do beyond its plan: it is taken away, and nothing is changed. And why
//! CloudFormation itself refuses one.

use insta::assert_snapshot;

use super::{SQS, STACK, UPDATE, reader};
use crate::sandbox::{Change, ChangeSet, Detail, Failure, Hooked, World};
use crate::support::{ACCOUNT, Bench, REGION};

fn line() -> String {
    format!("{UPDATE} --add-policy-arn {SQS} --approve")
}

/// Does something to each change set of the stack before it is shown.
fn inject(bench: &Bench, mut change: impl FnMut(&mut ChangeSet) + Send + 'static) {
    let act = move |world: &mut World| {
        let stack = world.stack(ACCOUNT, REGION, STACK).expect("the stack");
        stack.change_sets.iter_mut().for_each(&mut change);
    };
    bench
        .sandbox
        .before_every("cloudformation DescribeChangeSet", act);
}

/// The error of an update whose change set has one change more; nothing else may happen.
fn refusal(bench: &Bench, injected: &Change) -> String {
    let injected = injected.clone();
    inject(bench, move |set| {
        if !set.changes.contains(&injected) {
            set.changes.push(injected.clone());
        }
    });
    let before = bench.state();
    bench.calls();
    let told = bench.run(&line());
    assert!(told.ends_with("[exit 1]\n"), "{told}");
    let calls = bench.changes();
    let wanted = "cloudformation CreateChangeSet\ncloudformation DeleteChangeSet\n";
    assert_eq!(calls, wanted, "{told}");
    assert_eq!(bench.state(), before, "{told}");
    let error = told.lines().find(|line| line.starts_with("error: "));
    let (_, reason) = error
        .and_then(|line| line.split_once("was refused: "))
        .expect("an error");
    reason.to_owned()
}

fn change(action: &'static str, id: &str, kind: &str, replacement: &'static str) -> Change {
    Change {
        action,
        logical_id: id.to_owned(),
        kind: kind.to_owned(),
        replacement,
        ..Change::default()
    }
}

#[test]
fn what_the_plan_does_not_say_stops_the_change() {
    let told: Vec<String> = [
        change("Remove", "Bucket", "AWS::S3::Bucket", ""),
        change("Remove", "Role1", "AWS::IAM::Role", ""),
        change("Remove", "Policy1", "AWS::IAM::Policy", ""),
        change("Modify", "Role1", "AWS::IAM::Role", "True"),
        change("Modify", "Role1", "AWS::IAM::Role", "Conditional"),
        change("Modify", "Bucket", "AWS::S3::Bucket", "False"),
        change("Add", "Bucket", "AWS::S3::Bucket", ""),
        change("Add", "Role1", "AWS::IAM::Role", ""),
        change("Import", "Bucket", "AWS::S3::Bucket", ""),
        change("Dynamic", "Role1", "AWS::IAM::Role", ""),
    ]
    .iter()
    .map(|injected| refusal(&reader(), injected))
    .collect();
    assert_snapshot!(told.join("\n"), @"
    CloudFormation would delete Bucket (AWS::S3::Bucket)
    CloudFormation would delete Role1 (AWS::IAM::Role)
    CloudFormation would delete Policy1 (AWS::IAM::Policy)
    CloudFormation would make another role in the place of this one
    CloudFormation might make another Role1 (AWS::IAM::Role) in the place of this one
    CloudFormation would change Bucket (AWS::S3::Bucket)
    CloudFormation would create Bucket (AWS::S3::Bucket)
    CloudFormation would create Role1 (AWS::IAM::Role)
    CloudFormation would do what irsactl does not know, Import, to Bucket (AWS::S3::Bucket)
    CloudFormation would do what irsactl does not know, Dynamic, to Role1 (AWS::IAM::Role)
    ");
}

#[test]
fn a_change_on_a_later_page_stops_it_too() {
    let bench = reader();
    bench.sandbox.world().page_size = 1;
    let told = refusal(&bench, &change("Remove", "Bucket", "AWS::S3::Bucket", ""));
    assert_snapshot!(told, @"CloudFormation would delete Bucket (AWS::S3::Bucket)");
}

/// CloudFormation tells what refers to the role along with it.
#[test]
fn what_only_follows_the_role_is_no_change_of_its_own() {
    for (cause, replacement, exit) in [
        ("Role1.Arn", "False", "[exit 0]\n"),
        ("Role1.Arn", "Conditional", "[exit 1]\n"),
        ("Bucket.Arn", "False", "[exit 1]\n"),
    ] {
        let bench = reader();
        let mut follower = change("Modify", "Function", "AWS::Lambda::Function", replacement);
        follower.details.push(Detail {
            attribute: "Properties",
            name: "Role".to_owned(),
            recreation: "Never",
            cause: Some(cause.to_owned()),
            ..Detail::default()
        });
        inject(&bench, move |set| {
            if set.execution_status == "AVAILABLE" && !set.changes.contains(&follower) {
                set.changes.push(follower.clone());
            }
        });
        let told = bench.run(&line());
        assert!(told.ends_with(exit), "{cause} {replacement}: {told}");
    }
}

/// The stack's tags are those of all its resources.
#[test]
fn asked_tags_are_set_on_all_of_the_stack() {
    for (flags, exit) in [
        ("--tags team=web", "[exit 0]\n"),
        ("--max-session-duration 7200", "[exit 1]\n"),
    ] {
        let bench = reader();
        let mut tagged = change("Modify", "Bucket", "AWS::S3::Bucket", "False");
        tagged.details.push(Detail {
            attribute: "Tags",
            name: "Tags".to_owned(),
            recreation: "Never",
            ..Detail::default()
        });
        inject(&bench, move |set| {
            if set.execution_status == "AVAILABLE" && !set.changes.contains(&tagged) {
                set.changes.push(tagged.clone());
            }
        });
        let told = bench.run(&format!("{UPDATE} {flags} --approve"));
        assert!(told.ends_with(exit), "{flags}: {told}");
    }
}

fn failures() -> Vec<Failure> {
    let missing = Failure {
        event: "VALIDATION_ERROR",
        logical_id: "Role1",
        kind: "AWS::IAM::Role",
        name: "PROPERTY_VALIDATION",
        reason: "Required property [AssumeRolePolicyDocument] not found",
        path: "/Resources/Role1/Properties",
        mode: "FAIL",
    };
    let quota = Failure {
        name: "SERVICE_QUOTA",
        reason: "the quota is nearly used up",
        mode: "WARN",
        ..missing.clone()
    };
    let hook = Failure {
        event: "HOOK_INVOCATION_ERROR",
        name: "Acme::Roles::Boundary",
        reason: "every role needs the boundary",
        ..missing.clone()
    };
    vec![missing, quota, hook]
}

#[test]
fn what_the_validation_found_is_told() {
    let bench = reader();
    inject(&bench, |set| set.fail_validation(failures()));
    assert_snapshot!(bench.run(&line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: the change of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was refused: The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.
      Role1 (AWS::IAM::Role): Required property [AssumeRolePolicyDocument] not found (at /Resources/Role1/Properties)
      Role1 (AWS::IAM::Role): hook Acme::Roles::Boundary refused it: every role needs the boundary
    hint: nothing was changed; look at the stack: `aws cloudformation describe-stacks --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
}

/// That it may not be read is told, and does not hide the failure.
#[test]
fn who_may_not_read_what_it_found_is_told_which_permission_is_lacking() {
    let bench = reader();
    inject(&bench, |set| set.fail_validation(failures()));
    bench.befall("cloudformation DescribeEvents", "deny");
    assert_snapshot!(bench.run(&line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: the change of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was refused: The following hook(s)/validation failed: [AWS::EarlyValidation::PropertyValidation]. To troubleshoot Early Validation errors, use the DescribeEvents API for detailed failure information.
      more is not known: not allowed to call cloudformation:DescribeEvents
    hint: nothing was changed; look at the stack: `aws cloudformation describe-stacks --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
}

#[test]
fn what_a_hook_said_is_the_reason_of_the_failure() {
    let bench = reader();
    let hook = Hooked {
        name: "Acme::Roles::Boundary".to_owned(),
        status: "HOOK_COMPLETE_FAILED".to_owned(),
        reason: "every role needs the boundary".to_owned(),
        mode: "FAIL".to_owned(),
    };
    let warning = Hooked {
        mode: "WARN".to_owned(),
        ..hook.clone()
    };
    let hooks = |hook: Hooked| {
        let mut world = bench.sandbox.world();
        let account = world.accounts.get_mut(ACCOUNT).expect("the account");
        account.resource_hooks.insert("Role1".to_owned(), hook);
    };
    hooks(hook);
    assert_snapshot!(bench.run(&line()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in UPDATE_ROLLBACK_COMPLETE: Role1 (AWS::IAM::Role): hook Acme::Roles::Boundary refused it: every role needs the boundary
    hint: the role is as it was before; mend the cause and run the same command again
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    assert_snapshot!(bench.run("create iamserviceaccount other --cluster demo --attach-policy-arn arn:aws:iam::aws:policy/PowerUserAccess --approve"), @r#"
    [stdout]
    NAMESPACE   NAME    STATUS   ROLE ARN
    default     other   failed
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-other" ended in ROLLBACK_COMPLETE: Role1 (AWS::IAM::Role): hook Acme::Roles::Boundary refused it: every role needs the boundary
    hint: mend the cause and run the same command again: a failed stack is replaced
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-other`
    [exit 1]
    "#);
    hooks(warning);
    let told = bench.run(&line());
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

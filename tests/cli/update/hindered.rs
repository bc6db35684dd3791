//! Drift that may not be read or mended, and roles that are gone.

use insta::assert_snapshot;
use serde_json::json;

use super::drift::{APPLY, UPDATE_FILE, document, meddle, rich_file};
use super::{
    ADMINISTRATOR, GET, SQS, UPDATE, assert_settled, by_hand, file, planned_and_done, reader,
    reader_file, rich, run_unchanging,
};
use crate::sandbox::Role;
use crate::support::{Bench, S3};

#[test]
fn policies_that_may_not_be_read_are_a_note() {
    let bench = reader();
    reader_file(&bench);
    by_hand(&bench, |role| role.attached.push(ADMINISTRATOR.to_owned()));
    let mut told = String::new();
    for call in ["ListAttachedRolePolicies", "ListRolePolicies"] {
        bench.sandbox.fault(&format!("iam {call} deny"));
        told += &run_unchanging(&bench, &format!("{APPLY} --detailed-exitcode"));
        bench.sandbox.world().faults.clear();
    }
    assert_snapshot!(told, @"
    [stderr]
    note: default/s3-reader: cannot tell whether the role's policies were changed by hand: not allowed to call iam:ListAttachedRolePolicies: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:ListAttachedRolePolicies because no identity-based policy allows the iam:ListAttachedRolePolicies action
    nothing to do
    [exit 3]
    [stderr]
    note: default/s3-reader: cannot tell whether the role's policies were changed by hand: not allowed to call iam:ListRolePolicies: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:ListRolePolicies because no identity-based policy allows the iam:ListRolePolicies action
    nothing to do
    [exit 3]
    ");
    bench.sandbox.fault("iam GetRole deny");
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   drifted   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    note: default/s3-reader: cannot read the role's trust policy, the template's is compared: not allowed to call iam:GetRole: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetRole because no identity-based policy allows the iam:GetRole action
    error: default/s3-reader: its role was changed outside of CloudFormation
      - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
    hint: undo that in the same run: `--repair-drift`
    [exit 1]
    ");
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --remove-policy-arn {SQS}")), @"
    [stderr]
    note: cannot read the role's trust policy, the template's is compared: not allowed to call iam:GetRole: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetRole because no identity-based policy allows the iam:GetRole action
    note: the role was changed by hand, `--repair-drift` undoes that (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
    note: the role does not have managed policy arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    nothing to do
    [exit 0]
    ");
}

#[test]
fn a_repair_that_is_denied_is_finished_by_the_next_run() {
    let bench = rich();
    rich_file(&bench);
    by_hand(&bench, meddle);
    bench.sandbox.fault("iam DetachRolePolicy deny");
    assert_snapshot!(bench.run(&format!("{APPLY} --repair-drift --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: default/s3-reader: not allowed to call iam:DetachRolePolicy on eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:DetachRolePolicy because no identity-based policy allows the iam:DetachRolePolicy action
    hint: allow `iam:DetachRolePolicy` to this identity (`aws sts get-caller-identity --region eu-west-1` names it)
    [exit 1]
    ");
    bench.sandbox.world().faults.clear();
    planned_and_done(&bench, &format!("{APPLY} --repair-drift"));
    assert_settled(&bench, APPLY);
}

#[test]
fn a_policy_that_vanishes_between_the_looks() {
    let bench = reader();
    reader_file(&bench);
    by_hand(&bench, |role| {
        role.inline.insert("by-hand".to_owned(), document(GET));
    });
    bench.sandbox.before("iam GetRolePolicy", 1, |world| {
        world.role_of("default/s3-reader").inline.clear();
    });
    let told = bench.run(&format!("{APPLY} --detailed-exitcode"));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    assert_settled(&bench, APPLY);
}

/// Nobody repairs it but CloudFormation, by another stack.
#[test]
fn a_role_that_was_deleted_is_made_again_by_apply_alone() {
    let bench = reader();
    reader_file(&bench);
    bench.account(|account| {
        let name = account.roles.values().next().expect("a role").name.clone();
        account.roles.remove(&name.to_lowercase());
    });
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was deleted outside of CloudFormation
    hint: make the role anew: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo`, then create it
    hint: or describe it in a file: `irsactl apply -f FILE` does both
    [exit 1]
    "#);
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE_FILE} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was deleted outside of CloudFormation
    hint: make the role anew: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo --region eu-west-1`, then create it
    hint: or describe it in a file: `irsactl apply -f FILE --region eu-west-1` does both
    [exit 1]
    "#);
    assert_snapshot!(planned_and_done(&bench, APPLY), @r#"
    [stdout]
    - delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    + create stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        trusted: default/s3-reader, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ~ annotate service account default/s3-reader
        role: known when stack eksctl-demo-addon-iamserviceaccount-default-s3-reader is ready
    [stderr]
    note: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was deleted outside of CloudFormation: the stack is deleted and created again
    plan: 1 to create, 1 to change, 1 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: CREATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-CMMCDWDS6BT2
    ");
}

#[test]
fn a_role_of_another_path_is_not_the_stacks() {
    let bench = Bench::associated();
    bench.arrange(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --role-name reader --approve"
    ));
    bench.account(|account| {
        let trust = json!({"Version": "2012-10-17", "Statement": []});
        let other = Role::new("aws", crate::support::ACCOUNT, "/other/", "reader", trust);
        account.roles.insert("reader".to_owned(), other);
    });
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --repair-drift --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was deleted outside of CloudFormation, and arn:aws:iam::111122223333:role/other/reader has its name: a deletion of the stack would delete that one
    hint: give that role another name: make it again under one, delete it, and run this command again
    [exit 1]
    "#);
    file(
        &bench,
        &["roleName: reader", &format!("attachPolicyARNs: [\"{S3}\"]")],
    );
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: default/s3-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" was deleted outside of CloudFormation, and arn:aws:iam::111122223333:role/other/reader has its name: a deletion of the stack would delete that one
    hint: give that role another name: make it again under one, delete it, and run this command again
    [exit 1]
    "#);
}

/// One answer that there is no role is no evidence, whichever read gives it: nothing is deleted or made.
#[test]
fn one_read_without_the_role_deletes_nothing() {
    for stale in ["GetRole times 1", "GetRole"] {
        let bench = reader();
        reader_file(&bench);
        bench
            .sandbox
            .fault(&format!("iam {stale} error 404 NoSuchEntity out of date"));
        for line in [
            APPLY,
            UPDATE_FILE,
            "create iamserviceaccount -f ~/cluster.yaml",
        ] {
            let told = run_unchanging(&bench, &format!("{line} --approve"));
            assert!(told.ends_with("[exit 1]\n") || stale != "GetRole", "{told}");
        }
    }
    let bench = reader();
    reader_file(&bench);
    bench
        .sandbox
        .fault("iam GetRole times 1 error 404 NoSuchEntity out of date");
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: iam:GetRole says that there is no role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK", and iam:ListAttachedRolePolicies knows it: one of them is out of date, so nothing is done because of either
    hint: run the same command again in a minute: it looks at both first
    [exit 1]
    "#);
    assert_settled(&bench, APPLY);
    // Where the policies may not be listed, or are as much out of date, it is asked again.
    for others in ["deny", "times 2 error 404 NoSuchEntity out of date"] {
        let bench = reader();
        reader_file(&bench);
        bench
            .sandbox
            .fault("iam GetRole times 2 error 404 NoSuchEntity out of date");
        bench
            .sandbox
            .fault(&format!("iam ListAttachedRolePolicies {others}"));
        bench
            .sandbox
            .fault(&format!("iam ListRolePolicies {others}"));
        let told = run_unchanging(&bench, &format!("{APPLY} --approve"));
        assert!(
            told.contains("knows it: one of them is out of date"),
            "{told}"
        );
        assert!(told.ends_with("[exit 1]\n"), "{told}");
    }
}

/// Nor is the annotation replaced of a role that one read does not know.
#[test]
fn one_read_without_the_annotated_role_replaces_no_annotation() {
    let bench = reader();
    bench.account(|account| {
        let stack = &mut account.stacks[0];
        "DELETE_COMPLETE".clone_into(&mut stack.status);
        stack.deleted = Some(0);
    });
    reader_file(&bench);
    // The first one only looks for the stack's id.
    bench
        .sandbox
        .fault("iam GetRole from 2 times 1 error 404 NoSuchEntity out of date");
    let told = run_unchanging(&bench, &format!("{APPLY} --approve"));
    assert!(
        told.contains("knows it: one of them is out of date"),
        "{told}"
    );
    assert!(told.ends_with("[exit 1]\n"), "{told}");
}

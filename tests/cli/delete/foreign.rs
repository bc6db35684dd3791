//! Policies that were attached by hand, and deletions that fail.

use insta::assert_snapshot;
use serde_json::json;

use super::{DELETE, with_s3_reader};
use crate::support::Bench;

pub const POWER: &str = "arn:aws:iam::aws:policy/PowerUserAccess";
const ADMIN: &str = "arn:aws:iam::aws:policy/AdministratorAccess";

/// default/s3-reader with two managed policies and an inline one that its stack knows nothing of.
fn with_foreign_policies() -> Bench {
    let bench = with_s3_reader();
    let role = bench.role_name();
    bench.account(|account| {
        let allow = json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]});
        account.attach_policy(&role, ADMIN).expect("attached");
        account.attach_policy(&role, POWER).expect("attached");
        account.put_role_policy(&role, "by-hand", allow).expect("put");
    });
    bench
}

#[test]
fn policies_attached_by_hand_stop_the_deletion() {
    let bench = with_foreign_policies();
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" has policies that its stack did not attach, so its deletion would fail
      arn:aws:iam::aws:policy/AdministratorAccess
      arn:aws:iam::aws:policy/PowerUserAccess
      by-hand (inline: detaching deletes it)
    hint: detach them in the same run: `--detach-foreign`
    [exit 1]
    "#);
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
    assert_ne!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn policies_attached_by_hand_are_detached_on_request() {
    let bench = with_foreign_policies();
    assert_snapshot!(bench.run(&format!("{DELETE} --detach-foreign")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    detached arn:aws:iam::aws:policy/AdministratorAccess, arn:aws:iam::aws:policy/PowerUserAccess, by-hand (inline) from role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn a_dry_run_shows_what_would_be_detached() {
    let bench = with_foreign_policies();
    assert_snapshot!(bench.run(&format!("{DELETE} --detach-foreign --dry-run")), @"
    [stdout]
    - detach arn:aws:iam::aws:policy/AdministratorAccess, arn:aws:iam::aws:policy/PowerUserAccess, by-hand (inline) from role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    - delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    - delete service account default/s3-reader
    [stderr]
    plan: 0 to create, 0 to change, 3 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn a_refused_dry_run_fails() {
    let bench = with_foreign_policies();
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run")), @r#"
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" has policies that its stack did not attach, so its deletion would fail
      arn:aws:iam::aws:policy/AdministratorAccess
      arn:aws:iam::aws:policy/PowerUserAccess
      by-hand (inline: detaching deletes it)
    hint: detach them in the same run: `--detach-foreign`
    [exit 1]
    "#);
}

#[test]
fn the_stacks_own_policies_are_not_foreign() {
    let bench = Bench::associated();
    bench.file(
        "policy.json",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}"#,
    );
    bench.arrange(
        "create iamserviceaccount s3-reader --cluster demo --approve --policy-document ~/policy.json \
         --well-known-policy certManager,ebsCSIController,externalDNS",
    );
    bench.arrange(DELETE);
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn without_the_right_to_list_policies_the_deletion_goes_on_with_a_note() {
    let bench = with_s3_reader();
    bench.sandbox.fault("iam ListAttachedRolePolicies deny");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    note: cannot tell whether policies were attached to the role by hand: not allowed to call iam:ListAttachedRolePolicies: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:ListAttachedRolePolicies because no identity-based policy allows the iam:ListAttachedRolePolicies action
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn what_one_list_tells_is_detached_where_the_other_is_denied() {
    let bench = with_foreign_policies();
    bench.sandbox.fault("iam ListRolePolicies deny");
    let line = format!("{DELETE} --detach-foreign");
    let result = bench.run(&line);
    assert!(
        result.contains(&format!("\ndetached {ADMIN}, {POWER} from role ")),
        "{result}"
    );
    assert!(
        result.contains("note: cannot tell whether policies were attached"),
        "{result}"
    );
    // The inline policy is still in the way.
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    bench.sandbox.world().faults.clear();
    bench.sandbox.fault("iam ListAttachedRolePolicies deny");
    let result = bench.run(&line);
    assert!(
        result.contains("\ndetached by-hand (inline) from role "),
        "{result}"
    );
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn without_the_right_to_read_the_template_the_deletion_goes_on_with_a_note() {
    let bench = with_s3_reader();
    bench.sandbox.fault("cloudformation GetTemplate deny");
    // What the stack attached itself cannot be told from the rest: nothing is detached.
    assert_snapshot!(bench.run(&format!("{DELETE} --detach-foreign")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    note: cannot tell whether policies were attached to the role by hand: not allowed to call cloudformation:GetTemplate: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:GetTemplate because no identity-based policy allows the cloudformation:GetTemplate action
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

/// Neither the role nor its template says whether it lets EKS Pod Identity in: EKS says who uses it.
#[test]
fn a_role_that_nobody_may_read_is_not_taken_from_an_association() {
    let bench = with_s3_reader();
    let mut world = bench.sandbox.world();
    let role = world.role_of("default/s3-reader").arn.clone();
    world.clusters[0].add_association("web", "api", &role);
    drop(world);
    bench.sandbox.fault("iam GetRole deny");
    bench.sandbox.fault("cloudformation GetTemplate deny");
    let before = bench.state();
    let told = bench.run(DELETE);
    assert!(
        told.contains("web/api") && told.contains("[exit 1]"),
        "{told}"
    );
    assert_eq!(bench.state(), before);
}

#[test]
fn a_deletion_that_fails_shows_the_reason() {
    let bench = with_foreign_policies();
    bench.sandbox.fault("iam ListAttachedRolePolicies deny");
    bench.sandbox.fault("iam ListRolePolicies deny");
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    note: cannot tell whether policies were attached to the role by hand: not allowed to call iam:ListAttachedRolePolicies: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:ListAttachedRolePolicies because no identity-based policy allows the iam:ListAttachedRolePolicies action
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in DELETE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)"
    hint: mend the cause and run the same command again; `--detach-foreign` detaches policies that were attached by hand
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader DELETE_FAILED");
    // The ServiceAccount stays as long as its role does.
    assert_ne!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn a_failed_deletion_as_json() {
    let bench = with_foreign_policies();
    bench.sandbox.fault("iam ListAttachedRolePolicies deny");
    bench.sandbox.fault("iam ListRolePolicies deny");
    assert_snapshot!(bench.run(&format!("{DELETE} -o json --quiet")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [],
                "errors": [
                    "stack \"eksctl-demo-addon-iamserviceaccount-default-s3-reader\" ended in DELETE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: \"Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)\""
                ],
                "status": "failed",
                "target": {
                    "serviceAccount": "default/s3-reader"
                }
            }
        ]
    }
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in DELETE_FAILED: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 44adea04-f48f-cb6b-585a-c4e4a81495c0)"
    hint: mend the cause and run the same command again; `--detach-foreign` detaches policies that were attached by hand
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
}

#[test]
fn a_failed_deletion_is_finished_by_another() {
    let bench = with_foreign_policies();
    bench
        .sandbox
        .fault("iam ListAttachedRolePolicies times 1 deny");
    bench.sandbox.fault("iam ListRolePolicies times 1 deny");
    let failed = bench.run(DELETE);
    assert!(failed.ends_with("[exit 1]\n"), "{failed}");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader DELETE_FAILED");
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" has policies that its stack did not attach, so its deletion would fail
      arn:aws:iam::aws:policy/AdministratorAccess
      arn:aws:iam::aws:policy/PowerUserAccess
      by-hand (inline: detaching deletes it)
    hint: detach them in the same run: `--detach-foreign`
    [exit 1]
    "#);
    assert_snapshot!(bench.run(&format!("{DELETE} --detach-foreign")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    detached arn:aws:iam::aws:policy/AdministratorAccess, arn:aws:iam::aws:policy/PowerUserAccess, by-hand (inline) from role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn a_stack_in_delete_failed_is_deleted_when_its_cause_is_gone() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/s3-reader", "DELETE_FAILED");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn a_role_that_was_deleted_by_hand_does_not_stop_the_deletion() {
    let bench = with_s3_reader();
    bench.account(|account| account.roles.clear());
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
}

/// CloudFormation knows roles by their names. What hangs on one that somebody else made is not detached.
#[test]
fn policies_of_a_role_that_is_not_the_stacks_stay() {
    type Change = fn(&mut crate::sandbox::Role);
    let changes: [Change; 3] = [
        |role| role.tags.clear(),
        |role| {
            let id = "arn:aws:cloudformation:eu-west-1:111122223333:stack/other/1".to_owned();
            role.tags
                .insert("aws:cloudformation:stack-id".to_owned(), id);
        },
        |role| role.arn = role.arn.replace(":role/", ":role/other/"),
    ];
    let mut told = String::new();
    for change in changes {
        let bench = with_s3_reader();
        bench.attach_by_hand("default/s3-reader");
        change(bench.sandbox.world().role_of("default/s3-reader"));
        bench.calls();
        let before = bench.state();
        told += &bench.run(&format!("{DELETE} --detach-foreign"));
        assert_eq!(bench.changes(), "");
        assert_eq!(bench.state(), before);
    }
    let bench = with_s3_reader();
    bench.attach_by_hand("default/s3-reader");
    bench.sandbox.fault("iam GetRole deny");
    told += &bench.run(&format!("{DELETE} --detach-foreign"));
    assert_snapshot!(told, @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" may not be the one that the stack made: it has none of the stack's tags
    hint: look at it, and detach by hand what may go: `aws iam get-role --role-name eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK`
    [exit 1]
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" may not be the one that the stack made: its tag aws:cloudformation:stack-id is arn:aws:cloudformation:eu-west-1:111122223333:stack/other/1
    hint: look at it, and detach by hand what may go: `aws iam get-role --role-name eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK`
    [exit 1]
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" may not be the one that the stack made: it is arn:aws:iam::111122223333:role/other/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK, the stack made arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    hint: look at it, and detach by hand what may go: `aws iam get-role --role-name eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK`
    [exit 1]
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: role "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK" may not be the one that the stack made: not allowed to call iam:GetRole: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:GetRole because no identity-based policy allows the iam:GetRole action
    hint: look at it, and detach by hand what may go: `aws iam get-role --role-name eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK`
    [exit 1]
    "#);
    // Without CloudFormation's own tags, the stack's own are enough.
    let bench = with_s3_reader();
    bench.attach_by_hand("default/s3-reader");
    let ours = |key: &String, _: &mut String| !key.starts_with("aws:");
    bench
        .sandbox
        .world()
        .role_of("default/s3-reader")
        .tags
        .retain(ours);
    bench.arrange(&format!("{DELETE} --detach-foreign"));
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

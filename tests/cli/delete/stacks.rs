//! Stacks of other tools, of others' names, and in every state that they can be found in.

use insta::assert_snapshot;

use super::foreign::POWER;
use super::{DELETE, with_s3_reader};
use crate::support::Bench;

const STACK: &str = "eksctl-demo-addon-iamserviceaccount-default-s3-reader";
const MANAGED_POLICY: &str = include_str!("../../eksctl/managed-policy.json");

#[test]
fn every_stack_of_eksctl_is_deleted() {
    for template in [
        MANAGED_POLICY,
        include_str!("../../eksctl/inline-policy.json"),
        include_str!("../../eksctl/subject-pattern.json"),
        include_str!("../../eksctl/image-builder.json"),
        include_str!("../../eksctl/ebs-csi-controller.json"),
        include_str!("../../eksctl/cert-manager.json"),
        include_str!("../../eksctl/external-dns.json"),
        include_str!("../../eksctl/auto-scaler.json"),
        include_str!("../../eksctl/efs-csi-controller.json"),
        include_str!("../../eksctl/aws-load-balancer-controller.json"),
    ] {
        let bench = Bench::associated();
        bench.stack_of("demo", "default/s3-reader", template, "CREATE_COMPLETE");
        let role = bench.role_arn();
        bench.sandbox.world().api("demo").put_service_account(
            "default",
            "s3-reader",
            &[("app.kubernetes.io/managed-by", "eksctl")],
            &[("eks.amazonaws.com/role-arn", &role)],
            "eksctl",
        );
        let result = bench.run(DELETE);
        assert!(result.ends_with("[exit 0]\n"), "{result}\n{template}");
        assert_eq!(bench.stacks() + &bench.roles(), "", "{template}");
        assert_eq!(bench.service_account("default", "s3-reader"), "");
    }
}

#[test]
fn a_stack_of_a_failed_creation_is_deleted() {
    let bench = Bench::associated();
    bench.eksctl_stack("default/s3-reader", "ROLLBACK_COMPLETE");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn stacks_in_any_resting_state_are_deleted() {
    for status in [
        "CREATE_FAILED",
        "ROLLBACK_FAILED",
        "REVIEW_IN_PROGRESS",
        "UPDATE_COMPLETE",
        "UPDATE_ROLLBACK_COMPLETE",
        "UPDATE_ROLLBACK_FAILED",
        "UPDATE_FAILED",
    ] {
        let bench = Bench::associated();
        bench.eksctl_stack("default/s3-reader", status);
        let result = bench.run(DELETE);
        assert!(result.ends_with("[exit 0]\n"), "{status}: {result}");
        assert_eq!(bench.stacks() + &bench.roles(), "", "{status}");
    }
}

#[test]
fn a_creation_under_way_is_waited_for() {
    let bench = Bench::slow(2);
    bench.eksctl_stack("default/s3-reader", "CREATE_IN_PROGRESS");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (CREATE_IN_PROGRESS)
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn a_creation_under_way_is_deleted_at_once_where_nothing_is_waited_for() {
    let bench = Bench::slow(2);
    bench.eksctl_stack("default/s3-reader", "CREATE_IN_PROGRESS");
    assert_snapshot!(bench.run(&format!("{DELETE} --wait=false")), @"
    [stdout]
    NAMESPACE   NAME        STATUS     ROLE ARN
    default     s3-reader   deleting
    [stderr]
    began to delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader DELETE_IN_PROGRESS");
    bench.arrange(DELETE);
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn an_update_under_way_is_waited_for_in_any_case() {
    let bench = Bench::slow(2);
    bench.eksctl_stack("default/s3-reader", "UPDATE_IN_PROGRESS");
    assert_snapshot!(bench.run(&format!("{DELETE} --wait=false")), @"
    [stdout]
    NAMESPACE   NAME        STATUS     ROLE ARN
    default     s3-reader   deleting
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (UPDATE_IN_PROGRESS)
    began to delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
}

#[test]
fn a_deletion_under_way_is_waited_for() {
    let bench = Bench::slow(2);
    bench.eksctl_stack("default/s3-reader", "DELETE_IN_PROGRESS");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (DELETE_IN_PROGRESS)
    [exit 0]
    ");
    assert_snapshot!(bench.sorted_calls(), @"
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    eks DescribeCluster
    eks DescribeCluster
    kubernetes get serviceaccounts
    kubernetes get serviceaccounts
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn the_service_account_goes_when_a_deletion_under_way_is_over() {
    let bench = Bench::slow(2);
    bench.create("s3-reader");
    bench.arrange(&format!("{DELETE} --role-only --wait=false"));
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (DELETE_IN_PROGRESS)
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
    assert_eq!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn a_deletion_need_not_be_waited_for() {
    let bench = Bench::slow(2);
    bench.create("s3-reader");
    assert_snapshot!(bench.run(&format!("{DELETE} --wait=false")), @"
    [stdout]
    NAMESPACE   NAME        STATUS     ROLE ARN
    default     s3-reader   deleting
    [stderr]
    began to delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    began to delete service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader DELETE_IN_PROGRESS");
    assert_eq!(bench.service_account("default", "s3-reader"), "");
    assert_snapshot!(bench.run(&format!("{DELETE} --wait=false")), @"
    [stdout]
    NAMESPACE   NAME        STATUS     ROLE ARN
    default     s3-reader   deleting
    [stderr]
    nothing to delete: there is no IAM service account default/s3-reader
    note: stack eksctl-demo-addon-iamserviceaccount-default-s3-reader is being deleted already
    [exit 0]
    ");
}

#[test]
fn an_operation_under_way_is_waited_for_only_in_the_plan_of_a_dry_run() {
    let bench = Bench::slow(9);
    bench.eksctl_stack("default/s3-reader", "CREATE_IN_PROGRESS");
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run")), @"
    [stdout]
      wait for stack eksctl-demo-addon-iamserviceaccount-default-s3-reader (CREATE_IN_PROGRESS)
    [stderr]
    plan: 0 to create, 0 to change, 0 to delete, 1 to wait for
    what follows is planned when that is over
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_IN_PROGRESS");
}

#[test]
fn an_operation_that_does_not_end_ends_the_wait() {
    let bench = Bench::slow(u32::MAX);
    bench.eksctl_stack("default/s3-reader", "UPDATE_IN_PROGRESS");
    assert_snapshot!(bench.run(&format!("{DELETE} --timeout 5s")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    error: the operation of stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" did not end within 5s
    hint: what was begun goes on by itself: the same command again goes on from there; `--timeout 1h` waits longer
    [exit 1]
    "#);
}

#[test]
fn a_stack_under_the_hashed_name_is_deleted() {
    let bench = Bench::associated();
    bench.create_by_irsactl("reader.of.s3");
    assert_snapshot!(bench.run("delete iamserviceaccount reader.of.s3 --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME           STATUS    ROLE ARN
    default     reader.of.s3   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-reader-of-s3-6339122f
    deleted service account default/reader.of.s3
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn of_two_service_accounts_with_one_stack_name_the_asked_one_goes() {
    let bench = Bench::associated();
    bench.create("a-b/c");
    bench.create_by_irsactl("a/b-c");
    assert_snapshot!(bench.run("delete iamserviceaccount a/b-c --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    a           b-c    deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c
    deleted service account a/b-c
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-a-b-c CREATE_COMPLETE");
    assert_ne!(bench.service_account("a-b", "c"), "");
}

#[test]
fn the_owner_of_the_plain_name_goes_and_the_hashed_one_stays() {
    let bench = Bench::associated();
    bench.create("a-b/c");
    bench.create_by_irsactl("a/b-c");
    bench.arrange("delete iamserviceaccount a-b/c --cluster demo");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-a-b-c-846d5d6c CREATE_COMPLETE");
    // Its stack is still found, now that the plain name is free.
    bench.arrange("delete iamserviceaccount a/b-c --cluster demo");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn a_stack_of_another_cluster_is_never_touched() {
    let bench = Bench::associated();
    bench.stack_named(
        STACK,
        "demo-default",
        "default/s3-reader",
        MANAGED_POLICY,
        "CREATE_COMPLETE",
    );
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    nothing to delete: there is no IAM service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
}

#[test]
fn a_stack_of_another_cluster_under_the_hashed_name_is_never_touched() {
    let bench = Bench::associated();
    bench.create("a-b/c");
    bench.create_by_irsactl("a/b-c");
    bench.account(|account| {
        for stack in &mut account.stacks {
            for (key, value) in &mut stack.tags {
                if key.ends_with("cluster-name") {
                    "other".clone_into(value);
                }
            }
        }
    });
    assert_snapshot!(bench.run("delete iamserviceaccount a/b-c --cluster demo --role-only"), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    a           b-c    absent
    [stderr]
    nothing to delete: there is no IAM service account a/b-c
    [exit 0]
    ");
    assert_eq!(bench.stacks().lines().count(), 2);
}

#[test]
fn a_stack_without_tags_is_never_touched() {
    let bench = with_s3_reader();
    bench.account(|account| account.stacks[0].tags.clear());
    assert_snapshot!(bench.run(&format!("{DELETE} --role-only")), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    nothing to delete: there is no IAM service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
}

#[test]
fn a_stack_of_another_region_is_not_found() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(&format!("{DELETE} --role-only --region us-east-1")), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    nothing to delete: there is no IAM service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
}

/// A stack that stays is protected as it was: when its deletion is denied, and when it fails.
#[test]
fn a_stack_that_stays_is_protected_again() {
    let is_protected =
        |bench: &Bench| bench.account(|account| account.stacks[0].termination_protection);
    let bench = with_s3_reader();
    bench
        .sandbox
        .fault("cloudformation DeleteStack times 1 deny");
    let told = bench.run(DELETE);
    assert!(told.ends_with("[exit 1]\n"), "{told}");
    assert_snapshot!(bench.changes(), @"
    cloudformation UpdateTerminationProtection
    cloudformation DeleteStack
    cloudformation UpdateTerminationProtection
    ");
    assert!(is_protected(&bench));
    // The deletion begins, and fails.
    bench
        .sandbox
        .world()
        .role_of("default/s3-reader")
        .attached
        .push(POWER.to_owned());
    bench.sandbox.fault("iam ListAttachedRolePolicies deny");
    let told = bench.run(DELETE);
    assert!(told.contains("DELETE_FAILED"), "{told}");
    assert!(is_protected(&bench));
    // Whoever may lift it and not put it back is told.
    let bench = with_s3_reader();
    bench.sandbox.fault("cloudformation DeleteStack deny");
    bench
        .sandbox
        .fault("cloudformation UpdateTerminationProtection from 2 deny");
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    warning: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" stays without its termination protection: not allowed to call cloudformation:UpdateTerminationProtection on arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:UpdateTerminationProtection because no identity-based policy allows the cloudformation:UpdateTerminationProtection action
    error: not allowed to call cloudformation:DeleteStack on arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:DeleteStack because no identity-based policy allows the cloudformation:DeleteStack action
    hint: allow `cloudformation:DeleteStack` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    "#);
    assert!(!is_protected(&bench));
    // What was not protected is not protected afterwards.
    assert!(bench.run(DELETE).ends_with("[exit 1]\n"));
    assert!(!is_protected(&bench));
}

/// Its pods go on by the association.
#[test]
fn a_service_account_with_an_association_of_its_own_stays() {
    let bench = Bench::associated();
    bench.create("web/api");
    {
        let mut world = bench.sandbox.world();
        let role = world.add_role_of_pods("pods");
        world.clusters[0].add_association("web", "api", &role);
    }
    assert_snapshot!(bench.run("delete iamserviceaccount web/api --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: the ServiceAccount web/api has an EKS Pod Identity association: it stays
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    removed eks.amazonaws.com/role-arn from service account web/api
    [exit 0]
    ");
    assert_ne!(bench.service_account("web", "api"), "");
}

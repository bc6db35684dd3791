//! `delete iamserviceaccount`: what goes, what stays, and what stops it.

mod foreign;
mod formats;
mod kubernetes;
mod stacks;

use insta::assert_snapshot;

use crate::support::Bench;

const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo";

/// A cluster with default/s3-reader, made by irsactl.
fn with_s3_reader() -> Bench {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench
}

#[test]
fn the_stack_and_the_service_account_go() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.sorted_calls(), @"
    cloudformation DeleteStack
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation GetTemplate
    cloudformation UpdateTerminationProtection
    eks DescribeCluster
    eks ListPodIdentityAssociations
    iam GetRole
    iam ListAttachedRolePolicies
    iam ListInstanceProfilesForRole
    iam ListRolePolicies
    kubernetes delete serviceaccounts
    kubernetes get serviceaccounts
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
    assert_eq!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn a_second_deletion_finds_nothing() {
    let bench = with_s3_reader();
    bench.arrange(DELETE);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    nothing to delete: there is no IAM service account default/s3-reader
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
    eks DescribeCluster
    kubernetes get serviceaccounts
    ");
}

#[test]
fn a_dry_run_shows_the_plan_and_deletes_nothing() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(&format!("{DELETE} --dry-run")), @"
    [stdout]
    - delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    - delete service account default/s3-reader
    [stderr]
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again without `--dry-run` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
    assert_ne!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn a_dry_run_tells_by_the_exit_status_whether_there_is_something_to_do() {
    let bench = with_s3_reader();
    let line = format!("{DELETE} --dry-run --detailed-exitcode --quiet");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    - delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    - delete service account default/s3-reader
    [exit 3]
    ");
    bench.arrange(DELETE);
    assert_snapshot!(bench.run(&line), @"[exit 0]");
}

#[test]
fn eksctls_spellings_are_understood() {
    for line in [
        "delete iamserviceaccount --cluster demo --name s3-reader --namespace default",
        "delete iamserviceaccounts --cluster=demo --name=s3-reader",
        "delete irsa -c demo default/s3-reader",
        "delete sa s3-reader -c demo --wait -r eu-west-1 --approve -v 4",
    ] {
        let bench = with_s3_reader();
        let result = bench.run(line);
        assert!(result.ends_with("[exit 0]\n"), "{line}: {result}");
        assert_eq!(bench.stacks(), "", "{line}");
    }
}

#[test]
fn the_name_must_be_given() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("delete iamserviceaccount --cluster demo"), @"
    [stderr]
    error: --name must be set: the name of the service account
    hint: see `--help`
    [exit 2]
    ");
}

#[test]
fn a_name_with_two_namespaces_is_refused() {
    let bench = Bench::new();
    assert_snapshot!(bench.run("delete iamserviceaccount apps/s3-reader --namespace other --cluster demo"), @"
    [stderr]
    error: --namespace other and NAME apps/s3-reader contradict each other
    hint: see `--help`
    [exit 2]
    ");
}

#[test]
fn a_deletion_works_without_the_oidc_provider() {
    let bench = with_s3_reader();
    bench.account(|account| account.providers.clear());
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn a_deletion_works_without_the_cluster() {
    let bench = with_s3_reader();
    bench.forget_cluster();
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    warning: there is no EKS cluster "demo" in eu-west-1: only the role is deleted
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    "#);
    assert_eq!(bench.stacks() + &bench.roles(), "");
}

#[test]
fn a_mistyped_cluster_is_told() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run("delete iamserviceaccount s3-reader --cluster dmeo"), @r#"
    [stderr]
    error: there is no EKS cluster "dmeo" in eu-west-1
    hint: did you mean `--cluster demo`?
    hint: list the clusters: `aws eks list-clusters --region eu-west-1`
    hint: look in another region with `--region`; "dmeo" is looked for in one only
    [exit 1]
    "#);
}

#[test]
fn without_the_cluster_and_the_stack_there_is_nothing_to_delete() {
    let bench = Bench::new();
    bench.forget_cluster();
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    warning: there is no EKS cluster "demo" in eu-west-1: only the role is deleted
    nothing to delete: there is no IAM service account default/s3-reader
    [exit 0]
    "#);
}

#[test]
fn the_role_only_goes_without_any_access_to_the_cluster() {
    let bench = with_s3_reader();
    assert_snapshot!(bench.run(&format!("{DELETE} --role-only")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.sorted_calls(), @"
    cloudformation DeleteStack
    cloudformation DescribeStacks
    cloudformation DescribeStacks
    cloudformation GetTemplate
    cloudformation UpdateTerminationProtection
    iam GetRole
    iam ListAttachedRolePolicies
    iam ListInstanceProfilesForRole
    iam ListRolePolicies
    ");
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

#[test]
fn a_wrong_namespace_is_told_with_the_right_one() {
    let bench = Bench::associated();
    bench.create("apps/s3-reader");
    bench.create("web/s3-reader");
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: there is no IAM service account "s3-reader" in namespace "default", but in apps, web
    hint: did you mean `apps/s3-reader`?
    hint: did you mean `web/s3-reader`?
    [exit 1]
    "#);
    assert_eq!(bench.stacks().lines().count(), 2);
}

#[test]
fn a_service_account_that_nobody_made_is_told_without_a_failure() {
    let bench = Bench::associated();
    bench.create("other");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    nothing to delete: there is no IAM service account default/s3-reader
    [exit 0]
    ");
}

#[test]
fn an_attached_role_stays_when_its_service_account_goes() {
    let bench = Bench::associated();
    bench.create_role("owner");
    let role = bench.role_arn();
    bench.arrange(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-role-arn {role} --approve"
    ));
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.role_arn(), role);
    assert_eq!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn termination_protection_is_lifted() {
    let bench = with_s3_reader();
    assert!(bench.account(|account| account.stacks[0].termination_protection));
    bench.arrange(&format!("{DELETE} --role-only"));
    assert_eq!(bench.stacks(), "");
}

#[test]
fn a_role_for_cloudformation_is_passed_on() {
    let bench = with_s3_reader();
    let role = "arn:aws:iam::111122223333:role/cloudformation";
    let result = bench.run(&format!("{DELETE} --cfn-role-arn {role}"));
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    let sent: Vec<_> = bench
        .sandbox
        .world()
        .calls
        .iter()
        .filter(|call| call.operation == "DeleteStack")
        .map(|call| call.body.clone())
        .collect();
    assert_eq!(sent.len(), 1);
    assert!(sent[0].contains("RoleARN=arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fcloudformation"));
}

#[test]
fn many_deletions_leave_the_others_alone() {
    let bench = with_s3_reader();
    bench.create("s3-reader-2");
    bench.create("reader/s3");
    bench.arrange(DELETE);
    assert_snapshot!(bench.stacks(), @"
    eksctl-demo-addon-iamserviceaccount-default-s3-reader-2 CREATE_COMPLETE
    eksctl-demo-addon-iamserviceaccount-reader-s3 CREATE_COMPLETE
    ");
    assert_ne!(bench.service_account("default", "s3-reader-2"), "");
}

//! `-o wide`: the stack, the policies and the Kubernetes side.

use insta::assert_snapshot;

use super::GET;
use crate::sandbox::Access;
use crate::support::Bench;

const WIDE: &str = "get iamserviceaccount --cluster demo -o wide";
const ROLE: &str = "eks.amazonaws.com/role-arn";

#[test]
fn wide_adds_status_stack_policies_and_the_kubernetes_side() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    assert_snapshot!(bench.run(WIDE), @"
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                   POLICIES                 SERVICE ACCOUNT
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-s3-reader   AmazonS3ReadOnlyAccess   annotated
    [exit 0]
    ");
    assert_snapshot!(bench.sorted_calls(), @"
    cloudformation DescribeStacks
    cloudformation GetTemplate
    eks DescribeCluster
    kubernetes list serviceaccounts
    ");
}

#[test]
fn every_state_of_the_kubernetes_side_is_named() {
    let bench = Bench::associated();
    for name in ["annotated", "another", "missing", "plain"] {
        bench.eksctl_stack(&format!("default/{name}"), "CREATE_COMPLETE");
    }
    let right = bench.account(|account| account.stacks[0].outputs["Role1"].clone());
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    for (name, annotations) in [
        ("annotated", vec![(ROLE, right.as_str())]),
        (
            "another",
            vec![(ROLE, "arn:aws:iam::111122223333:role/another")],
        ),
        ("plain", vec![("team", "data")]),
    ] {
        api.put_service_account("default", name, &[], &annotations, "kubectl");
    }
    drop(world);
    assert_snapshot!(bench.run(WIDE), @"
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                   POLICIES                 SERVICE ACCOUNT
    default     annotated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-OYTRI6UTB5XZ   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-annotated   AmazonS3ReadOnlyAccess   annotated
    default     another     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-a-Role1-OFVPDRJLZUWN   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-another     AmazonS3ReadOnlyAccess   another role
    default     missing     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-m-Role1-DNJI7B45LBST   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-missing     AmazonS3ReadOnlyAccess   missing
    default     plain       arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-p-Role1-WDSS2AI5EZRP   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-plain       AmazonS3ReadOnlyAccess   not annotated
    [exit 0]
    ");
}

#[test]
fn policies_of_eksctls_stacks_are_named() {
    let bench = Bench::associated();
    for (name, template) in [
        (
            "default/inline",
            include_str!("../../eksctl/inline-policy.json"),
        ),
        (
            "default/managed",
            include_str!("../../eksctl/managed-policy.json"),
        ),
        (
            "kube-system/cert",
            include_str!("../../eksctl/cert-manager.json"),
        ),
        (
            "kube-system/ebs",
            include_str!("../../eksctl/ebs-csi-controller.json"),
        ),
    ] {
        bench.stack_of("demo", name, template, "CREATE_COMPLETE");
    }
    assert_snapshot!(bench.run(WIDE), @"
    [stdout]
    NAMESPACE     NAME      ROLE ARN                                                                                          STATUS            STACK                                                  POLICIES                                                                             SERVICE ACCOUNT
    default       inline    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-i-Role1-V3WNMJRFL4YE   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-inline     Policy1                                                                              missing
    default       managed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-m-Role1-XVOEIYDP2YQI   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-managed    AmazonS3ReadOnlyAccess                                                               missing
    kube-system   cert      arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-kube-syst-Role1-4ICG7TYRJVM2   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-kube-system-cert   PolicyCertManagerChangeSet,PolicyCertManagerGetChange,PolicyCertManagerHostedZones   missing
    kube-system   ebs       arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-kube-syst-Role1-QXXELE2KP4ZI   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-kube-system-ebs    AmazonEBSCSIDriverPolicy                                                             missing
    [exit 0]
    ");
}

#[test]
fn broken_stacks_are_wide_rows_too() {
    let bench = Bench::slow(u32::MAX);
    bench.eksctl_stack("default/failed", "ROLLBACK_COMPLETE");
    bench.eksctl_stack("default/going", "DELETE_FAILED");
    bench.eksctl_stack("default/coming", "CREATE_IN_PROGRESS");
    assert_snapshot!(bench.run(WIDE), @"
    [stdout]
    NAMESPACE   NAME     ROLE ARN                                                                                          STATUS               STACK                                                POLICIES                 SERVICE ACCOUNT
    default     coming   -                                                                                                 CREATE_IN_PROGRESS   eksctl-demo-addon-iamserviceaccount-default-coming   AmazonS3ReadOnlyAccess   missing
    default     failed   -                                                                                                 ROLLBACK_COMPLETE    eksctl-demo-addon-iamserviceaccount-default-failed   AmazonS3ReadOnlyAccess   missing
    default     going    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-g-Role1-7COLJDUU65HV   DELETE_FAILED        eksctl-demo-addon-iamserviceaccount-default-going    AmazonS3ReadOnlyAccess   missing
    [exit 0]
    ");
}

#[test]
fn all_pages_of_the_service_accounts_are_read() {
    let bench = Bench::associated();
    bench.eksctl_stack("web/last", "CREATE_COMPLETE");
    let role = bench.role_arn();
    let mut world = bench.sandbox.world();
    for number in 0..600 {
        world
            .api("demo")
            .put_service_account("apps", &format!("a{number}"), &[], &[], "kubectl");
    }
    world
        .api("demo")
        .put_service_account("web", "last", &[], &[(ROLE, &role)], "kubectl");
    drop(world);
    assert_snapshot!(bench.run(WIDE), @"
    [stdout]
    NAMESPACE   NAME   ROLE ARN                                                                                         STATUS            STACK                                          POLICIES                 SERVICE ACCOUNT
    web         last   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-last-Role1-WL7MQKQK2ED3   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-web-last   AmazonS3ReadOnlyAccess   annotated
    [exit 0]
    ");
    assert_snapshot!(bench.sorted_calls(), @"
    cloudformation DescribeStacks
    cloudformation GetTemplate
    eks DescribeCluster
    kubernetes list serviceaccounts
    kubernetes list serviceaccounts
    ");
}

#[test]
fn an_unreachable_api_leaves_the_row() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    let mut world = bench.sandbox.world();
    let host = world.clusters[0].endpoint_host.clone();
    world.unreachable.push(host);
    drop(world);
    assert_snapshot!(bench.run(WIDE), @r#"
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                   POLICIES                 SERVICE ACCOUNT
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-s3-reader   AmazonS3ReadOnlyAccess   unknown
    [stderr]
    warning: the Kubernetes side is not known: cannot list service accounts: cluster "demo": the proxy could not reach the host
    [exit 0]
    "#);
}

#[test]
fn a_refusing_api_leaves_the_row() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.sandbox.world().api("demo").access = Access::Nobody;
    assert_snapshot!(bench.run(WIDE), @r#"
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                   POLICIES                 SERVICE ACCOUNT
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-s3-reader   AmazonS3ReadOnlyAccess   unknown
    [stderr]
    warning: the Kubernetes side is not known: the Kubernetes API of cluster "demo" does not know this AWS identity (401 Unauthorized)
    [exit 0]
    "#);
    bench.sandbox.world().api("demo").access = Access::NoRights;
    assert_snapshot!(bench.run(WIDE), @r#"
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                   POLICIES                 SERVICE ACCOUNT
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-s3-reader   AmazonS3ReadOnlyAccess   unknown
    [stderr]
    warning: the Kubernetes side is not known: the Kubernetes API refuses to list service accounts: serviceaccounts is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot list resource "serviceaccounts" in API group "" at the cluster scope
    [exit 0]
    "#);
}

#[test]
fn only_the_asked_namespace_is_listed() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.run(&format!("{WIDE} --namespace default"));
    let calls = bench.sandbox.world().calls.clone();
    let list = calls
        .iter()
        .find(|call| call.operation == "list serviceaccounts");
    assert_snapshot!(list.expect("a list").subject, @"default");
}

#[test]
fn a_deleted_cluster_leaves_the_row() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.forget_cluster();
    assert_snapshot!(bench.run(WIDE), @r#"
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                   POLICIES                 SERVICE ACCOUNT
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-s3-reader   AmazonS3ReadOnlyAccess   unknown
    [stderr]
    warning: the Kubernetes side is not known: there is no EKS cluster "demo" in eu-west-1
    [exit 0]
    "#);
}

#[test]
fn a_template_that_may_not_be_read_leaves_the_row() {
    let bench = Bench::associated();
    bench.create("s3-reader");
    bench.sandbox.fault("cloudformation GetTemplate deny");
    assert_snapshot!(bench.run(WIDE), @"
    [stdout]
    NAMESPACE   NAME        ROLE ARN                                                                                          STATUS            STACK                                                   POLICIES   SERVICE ACCOUNT
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-default-s3-reader   unknown    annotated
    [stderr]
    warning: the roles' policies are not known: not allowed to call cloudformation:GetTemplate: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:GetTemplate because no identity-based policy allows the cloudformation:GetTemplate action
    [exit 0]
    ");
    // The table does without.
    assert!(bench.run(GET).ends_with("[exit 0]\n"));
}

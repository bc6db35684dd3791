//! Whose the ServiceAccount is, and a Kubernetes API that does not let it be deleted.

use insta::assert_snapshot;

use super::{DELETE, with_s3_reader};
use crate::sandbox::{Access, Admission};
use crate::support::Bench;

const ROLE: &str = "eks.amazonaws.com/role-arn";
const HELM: &[(&str, &str)] = &[("app.kubernetes.io/managed-by", "Helm")];

/// default/s3-reader with a ServiceAccount of Helm's that has the role of the stack, or another.
fn with_helms(role: Option<&str>) -> Bench {
    let bench = Bench::associated();
    bench.create_role("s3-reader");
    let own = bench.role_arn();
    bench.sandbox.world().api("demo").put_service_account(
        "default",
        "s3-reader",
        HELM,
        &[(ROLE, role.unwrap_or(&own)), ("team", "data")],
        "helm",
    );
    bench
}

#[test]
fn a_missing_service_account_does_not_stop_the_deletion() {
    let bench = with_s3_reader();
    bench
        .sandbox
        .world()
        .api("demo")
        .delete_service_account("default", "s3-reader");
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
fn helms_service_account_stays_without_the_annotation() {
    let bench = with_helms(None);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    note: the ServiceAccount default/s3-reader was not made by irsactl or eksctl: it stays
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    removed eks.amazonaws.com/role-arn from service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: team=data
    ");
}

#[test]
fn helms_service_account_that_irsactl_annotated_stays_without_the_annotation() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").put_service_account(
        "default",
        "s3-reader",
        HELM,
        &[("team", "data")],
        "helm",
    );
    bench
        .create_by_irsactl("s3-reader --annotations eks.amazonaws.com/sts-regional-endpoints=true");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    note: the ServiceAccount default/s3-reader was not made by irsactl or eksctl: it stays
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    removed eks.amazonaws.com/role-arn, eks.amazonaws.com/sts-regional-endpoints from service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: team=data
    ");
}

#[test]
fn a_service_account_with_another_role_is_not_touched() {
    let bench = with_helms(Some("arn:aws:iam::111122223333:role/another"));
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/another
    annotations: team=data
    ");
}

#[test]
fn a_service_account_without_a_stack_that_is_not_ours_is_not_touched() {
    let bench = with_helms(Some("arn:aws:iam::111122223333:role/another"));
    bench.arrange(&format!("{DELETE} --role-only"));
    let before = bench.service_account("default", "s3-reader");
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   absent
    [stderr]
    nothing to delete: there is no IAM service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.service_account("default", "s3-reader"), before);
}

#[test]
fn an_unknown_identity_is_told_before_anything_is_deleted() {
    let bench = with_s3_reader();
    bench.sandbox.world().api("demo").access = Access::Nobody;
    assert_snapshot!(bench.run(DELETE), @r#"
    [stderr]
    error: the Kubernetes API of cluster "demo" does not know this AWS identity (401 Unauthorized)
    hint: map the identity to the cluster: `aws eks create-access-entry --cluster-name demo --principal-arn ARN`, with the ARN of `aws sts get-caller-identity`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
}

#[test]
fn missing_rights_to_read_are_told_before_anything_is_deleted() {
    let bench = with_s3_reader();
    bench.sandbox.world().api("demo").access = Access::NoRights;
    assert_snapshot!(bench.run(DELETE), @r#"
    [stderr]
    error: the Kubernetes API refuses to read service account default/s3-reader: serviceaccounts "s3-reader" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot get resource "serviceaccounts" in API group "" in the namespace "default"
    hint: allow this identity to get serviceaccounts
    hint: what each command needs in the cluster: `irsactl permissions -o rbac`
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
}

#[test]
fn missing_rights_to_delete_leave_the_service_account_for_the_next_run() {
    let bench = with_s3_reader();
    bench.sandbox.world().api("demo").access = Access::only(&[("get", "serviceaccounts")]);
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: the Kubernetes API refuses to delete service account default/s3-reader: serviceaccounts "s3-reader" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot delete resource "serviceaccounts" in API group "" in the namespace "default"
    hint: this identity needs get, create, patch and delete on serviceaccounts, and create on namespaces
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_eq!(bench.stacks(), "");
    bench.sandbox.world().api("demo").access = Access::Admin;
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn an_unreachable_api_is_told_before_anything_is_deleted() {
    let bench = with_s3_reader();
    let mut world = bench.sandbox.world();
    let host = world.clusters[0].endpoint_host.clone();
    world.unreachable.push(host);
    drop(world);
    assert_snapshot!(bench.run(DELETE), @r#"
    [stderr]
    error: cannot read service account default/s3-reader: cluster "demo": the proxy could not reach the host
    hint: check the way to the Kubernetes API: a private endpoint is reached only from its network
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
    assert_snapshot!(bench.stacks(), @"eksctl-demo-addon-iamserviceaccount-default-s3-reader CREATE_COMPLETE");
}

#[test]
fn a_kubeconfig_is_used_where_it_is_named() {
    let bench = with_s3_reader();
    let kubeconfig = bench.sandbox.world().kubeconfig("demo");
    bench.file("kubeconfig", &kubeconfig);
    bench.arrange(&format!("{DELETE} --kubeconfig ~/kubeconfig"));
    assert_eq!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn the_webhooks_refusal_of_a_deletion_is_told() {
    let bench = with_s3_reader();
    bench.sandbox.world().api("demo").admission = Some(Admission::Webhook(
        400,
        "service accounts are frozen".to_owned(),
    ));
    assert_snapshot!(bench.run(DELETE), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: cannot delete service account default/s3-reader: admission webhook "validate.sandbox.example.com" denied the request: service accounts are frozen
    hint: no right helps: a policy of the cluster is against it; meet what it asks for, as by `--labels` and `--annotations`, or ask who runs the cluster
    hint: or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none
    [exit 1]
    "#);
}

//! ServiceAccounts that are being deleted and held by finalizers, and namespaces that go: what is written
//! there goes with them, so that is waited for, or refused.

use insta::assert_snapshot;

use super::{create, made};
use crate::sandbox::World;
use crate::support::Bench;

const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo";
const READS: &str = "kubernetes get serviceaccounts";
const FINALIZERS: [&str; 1] = ["example.com/guard"];

/// Held, as soon as somebody deletes it.
fn guarded() -> Bench {
    let bench = made();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_finalizers("default", "s3-reader", &FINALIZERS);
    drop(world);
    bench
}

/// Somebody has deleted it.
fn held() -> Bench {
    let bench = guarded();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.delete_service_account("default", "s3-reader");
    drop(world);
    bench
}

fn release(world: &mut World) {
    let api = world.api("demo");
    api.put_finalizers("default", "s3-reader", &[]);
}

#[test]
fn a_service_account_that_is_being_deleted_is_waited_for_and_made_anew() {
    let bench = held();
    bench.sandbox.before(READS, 3, release);
    let dry = create().replace("--approve", "--dry-run");
    assert_snapshot!(bench.run(&dry), @"
    [stdout]
      wait for the deletion of service account default/s3-reader (held by example.com/guard)
    [stderr]
    plan: 0 to create, 0 to change, 0 to delete, 1 to wait for
    what follows is planned when that is over
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    waited for the deletion of service account default/s3-reader (held by example.com/guard)
    created service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

#[test]
fn a_service_account_that_stays_held_is_told_with_what_holds_it() {
    let bench = held();
    assert_snapshot!(bench.run(&format!("{} --timeout 1s", create())), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: the deletion of service account default/s3-reader did not end within 1s (held by example.com/guard)
    hint: whoever set its finalizers takes them away when their work is done: `kubectl get serviceaccount s3-reader --namespace default --output yaml`
    hint: then run the same command again; `--timeout 1h` waits longer
    [exit 1]
    ");
}

#[test]
fn a_deletion_is_waited_for_until_the_finalizers_are_done() {
    let bench = guarded();
    bench.sandbox.before(READS, 3, release);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn a_deletion_that_does_not_end_is_no_success() {
    let bench = guarded();
    let line = format!("{DELETE} --timeout 1s");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: the deletion of service account default/s3-reader did not end within 1s (held by example.com/guard)
    hint: whoever set its finalizers takes them away when their work is done: `kubectl get serviceaccount s3-reader --namespace default --output yaml`
    hint: then run the same command again; `--timeout 1h` waits longer
    [exit 1]
    ");
    // The same again: by now it is another's work that is waited for.
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed
    [stderr]
    error: the deletion of service account default/s3-reader did not end within 1s (held by example.com/guard)
    hint: whoever set its finalizers takes them away when their work is done: `kubectl get serviceaccount s3-reader --namespace default --output yaml`
    hint: then run the same command again; `--timeout 1h` waits longer
    [exit 1]
    ");
}

#[test]
fn a_deletion_that_nobody_waits_for_is_told() {
    let bench = guarded();
    let line = format!("{DELETE} --wait=false");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS     ROLE ARN
    default     s3-reader   deleting
    [stderr]
    began to delete stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    warning: the ServiceAccount default/s3-reader stays until its deletion is over (held by example.com/guard)
    began to delete service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME        STATUS     ROLE ARN
    default     s3-reader   deleting
    [stderr]
    nothing to delete: there is no IAM service account default/s3-reader
    note: the ServiceAccount default/s3-reader is being deleted already (held by example.com/guard)
    [exit 0]
    ");
}

#[test]
fn a_listing_tells_what_is_being_deleted() {
    let bench = held();
    let listed = bench.run("get iamserviceaccount --cluster demo -o wide");
    assert!(listed.contains("being deleted"), "{listed}");
}

#[test]
fn a_namespace_that_goes_is_refused_before_anything_is_made() {
    let bench = Bench::associated();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("shop", "other", &[], &[], "kubectl");
    api.put_finalizers("shop", "other", &FINALIZERS);
    api.delete_namespace("shop");
    world.calls.clear();
    drop(world);
    let line = create().replace("s3-reader", "shop/cart");
    assert_snapshot!(bench.run(&line), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    shop        cart   refused
    [stderr]
    error: shop/cart: the namespace shop is being deleted
      Some content in the namespace has finalizers remaining: example.com/guard in 1 resource instances
    hint: run the same command again when it is gone, which makes it anew: `kubectl wait --for delete namespace/shop`
    [exit 1]
    ");
    assert_eq!(bench.changes(), "");
    let mut world = bench.sandbox.world();
    world.api("demo").put_finalizers("shop", "other", &[]);
    drop(world);
    let result = bench.run(&line);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
}

/// Who may not read namespaces learns of it from the write.
#[test]
fn a_namespace_that_cannot_be_read_is_no_obstacle() {
    let bench = Bench::associated();
    bench.sandbox.fault("kubernetes get namespaces deny");
    let result = bench.run(&create().replace("s3-reader", "shop/cart"));
    assert!(result.ends_with("[exit 0]\n"), "{result}");
}

//! Somebody else writes the ServiceAccount after a run has looked at it, most often while it waits for the
//! stack: what was decided by the state from before is not done, and the run looks once more.

use insta::assert_snapshot;

use super::{create, made};
use crate::sandbox::World;
use crate::support::Bench;

const ROLE: &str = "eks.amazonaws.com/role-arn";
const THEIRS: &str = "arn:aws:iam::111122223333:role/theirs";
const HELM: [(&str, &str); 1] = [("app.kubernetes.io/managed-by", "Helm")];
const DELETE: &str = "delete iamserviceaccount s3-reader --cluster demo";
const APPLIES: &str = "kubernetes apply serviceaccounts";
const DELETES: &str = "kubernetes delete serviceaccounts";
const PATCHES: &str = "kubernetes patch serviceaccounts";

fn without_service_account() -> Bench {
    Bench::associated()
}

/// A chart's ServiceAccount, with annotations.
fn with_charts(annotations: &[(&str, &str)]) -> Bench {
    let bench = Bench::associated();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    api.put_service_account("default", "s3-reader", &HELM, annotations, "helm");
    drop(world);
    bench
}

/// What is there is deleted and made anew by a chart.
fn remade(world: &mut World) {
    let api = world.api("demo");
    api.delete_service_account("default", "s3-reader");
    api.put_service_account("default", "s3-reader", &HELM, &[], "helm");
}

fn given_another_role(world: &mut World) {
    let role = [(ROLE, THEIRS)];
    let api = world.api("demo");
    api.apply_annotations("default", "s3-reader", &role, "Terraform");
}

fn object(bench: &Bench) -> String {
    bench.service_account("default", "s3-reader")
}

#[test]
fn a_service_account_that_a_chart_made_anew_is_not_deleted() {
    let bench = made();
    bench.sandbox.before(DELETES, 1, remade);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(object(&bench), @"labels: app.kubernetes.io/managed-by=Helm");
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
fn a_service_account_that_changed_and_is_still_ours_is_deleted() {
    let bench = made();
    bench.sandbox.before(DELETES, 1, |world| {
        let note = [("note", "x")];
        let api = world.api("demo");
        api.annotate("default", "s3-reader", &note, "kubectl-annotate");
    });
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
    assert_eq!(object(&bench), "");
}

#[test]
fn a_service_account_that_a_chart_took_over_is_not_deleted() {
    let bench = made();
    bench.sandbox.before(DELETES, 1, |world| {
        let api = world.api("demo");
        api.put_service_account("default", "s3-reader", &HELM, &[], "helm");
    });
    let result = bench.run(DELETE);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
    assert_snapshot!(object(&bench), @"labels: app.kubernetes.io/managed-by=Helm");
}

#[test]
fn another_tools_role_is_not_removed() {
    let bench = with_charts(&[]);
    bench.arrange(&create());
    bench.sandbox.before(PATCHES, 1, given_another_role);
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    note: the ServiceAccount default/s3-reader was not made by irsactl or eksctl: it stays
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(object(&bench), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/theirs
    ");
}

/// The chart's empty annotation is taken over by force, which is for that one value only.
#[test]
fn another_tools_role_is_not_overwritten_by_force() {
    let bench = with_charts(&[(ROLE, "")]);
    bench.sandbox.before(APPLIES, 1, given_another_role);
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: default/s3-reader: the ServiceAccount has another role
      asked: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      found: arn:aws:iam::111122223333:role/theirs
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
    assert_snapshot!(object(&bench), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/theirs
    ");
}

#[test]
fn a_service_account_that_is_made_meanwhile_is_looked_at_first() {
    let bench = without_service_account();
    bench.sandbox.before(APPLIES, 1, |world| {
        let role = [(ROLE, THEIRS)];
        let api = world.api("demo");
        api.put_service_account("default", "s3-reader", &[], &role, "kubectl-create");
    });
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: default/s3-reader: the ServiceAccount has another role
      asked: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      found: arn:aws:iam::111122223333:role/theirs
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
    assert_snapshot!(object(&bench), @"annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/theirs");
}

/// Whoever made it may delete it: it does not get the label of those that irsactl makes.
#[test]
fn a_service_account_that_is_made_meanwhile_is_not_ours() {
    let bench = without_service_account();
    bench.sandbox.before(APPLIES, 1, |world| {
        let api = world.api("demo");
        api.put_service_account("default", "s3-reader", &[], &[], "kubectl-create");
    });
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    annotated service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(object(&bench), @"annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK");
}

#[test]
fn a_service_account_that_is_deleted_meanwhile_is_made_as_ours() {
    let bench = with_charts(&[]);
    bench.sandbox.before(APPLIES, 1, |world| {
        let api = world.api("demo");
        api.delete_service_account("default", "s3-reader");
    });
    assert_snapshot!(bench.run(&create()), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(object(&bench), @"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    bench.arrange(DELETE);
    assert_eq!(object(&bench), "");
}

#[test]
fn who_is_overtaken_again_and_again_is_told() {
    let bench = with_charts(&[]);
    let mut count = 0;
    bench.sandbox.before_every(APPLIES, move |world| {
        count += 1;
        let note = [("note", &*format!("{count}"))];
        let api = world.api("demo");
        api.annotate("default", "s3-reader", &note, "controller");
    });
    assert_snapshot!(bench.run(&create()), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: cannot apply service account default/s3-reader: another writer was there first: Operation cannot be fulfilled on serviceaccounts "s3-reader": the object has been modified; please apply your changes to the latest version and try again
    hint: run the same command again: it looks at the object first
    [exit 1]
    "#);
}

#[test]
fn a_token_that_is_refused_once_is_made_anew() {
    let bench = made();
    let fault = "times 1 error 401 Unauthorized Unauthorized";
    bench.sandbox.fault(&format!("{DELETES} {fault}"));
    assert_snapshot!(bench.run(DELETE), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   deleted
    [stderr]
    deleted stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    deleted service account default/s3-reader
    [exit 0]
    ");
}

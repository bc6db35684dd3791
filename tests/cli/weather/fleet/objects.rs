//! Somebody else changes ServiceAccounts and namespaces between what `apply` saw and what it does.

use insta::assert_snapshot;

use super::{APPLY, OWNED, ROLE_ARN, assert_settled, file, rows, with_policy, without_random_end};
use crate::support::{Bench, S3};

const FIRST: &str = "kubernetes apply serviceaccounts of apps/one";

/// Two accounts whose ServiceAccounts are there without annotations.
fn two() -> Bench {
    let bench = Bench::associated();
    let mut world = bench.sandbox.world();
    for name in ["one", "two"] {
        let api = world.api("demo");
        api.put_service_account("apps", name, &[("app", name)], &[], "kubectl");
    }
    drop(world);
    file(
        &bench,
        &[
            with_policy("apps", "one", S3),
            with_policy("apps", "two", S3),
        ],
    );
    bench
}

/// What a run prints but the random ends of roles' names.
fn run(bench: &Bench, line: &str) -> String {
    let result = bench.run(&format!("{line} -q"));
    let lines = result.lines().map(|line| without_random_end(line) + "\n");
    lines.collect()
}

fn object(bench: &Bench) -> String {
    let text = bench.service_account("apps", "one");
    text.lines()
        .map(|line| without_random_end(line) + "\n")
        .collect()
}

/// Another tool annotates the account with its own role before we do.
fn annotated_by_another(bench: &Bench) {
    bench.sandbox.before(FIRST, 1, |world| {
        let role = [(ROLE_ARN, "arn:aws:iam::111122223333:role/theirs")];
        world
            .api("demo")
            .annotate("apps", "one", &role, "kubectl-annotate");
    });
}

#[test]
fn an_annotation_that_another_tool_sets_before_us_stays() {
    let bench = two();
    annotated_by_another(&bench);
    assert_snapshot!(run(&bench, APPLY), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    apps        one    refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    apps        two    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: apps/one: the ServiceAccount has another role
      asked: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
      found: arn:aws:iam::111122223333:role/theirs
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
    assert_snapshot!(object(&bench), @"
    labels: app=one
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/theirs
    ");
    assert_snapshot!(run(&bench, APPLY), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    apps        one    refused     arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    apps        two    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: apps/one: the ServiceAccount has another role
      asked: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
      found: arn:aws:iam::111122223333:role/theirs
    hint: replace it by adding `--override-existing-serviceaccounts`
    [exit 1]
    ");
}

#[test]
fn an_annotation_that_another_tool_sets_before_us_is_taken_over_when_asked() {
    let bench = two();
    annotated_by_another(&bench);
    let line = format!("{APPLY} --override-existing-serviceaccounts");
    assert_snapshot!(rows(&run(&bench, &line)), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps one created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    apps two created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
    assert_snapshot!(object(&bench), @"
    labels: app=one
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    ");
    assert_settled(&bench, &line);
    assert_settled(&bench, APPLY);
}

#[test]
fn a_service_account_that_is_deleted_before_us_is_made() {
    let bench = two();
    bench.sandbox.before(FIRST, 1, |world| {
        world.api("demo").delete_service_account("apps", "one");
    });
    assert_snapshot!(rows(&run(&bench, APPLY)), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps one created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    apps two created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
    assert_snapshot!(object(&bench), @"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    ");
    assert_settled(&bench, APPLY);
}

#[test]
fn a_service_account_that_another_makes_before_us_is_annotated() {
    let bench = two();
    bench
        .sandbox
        .world()
        .api("demo")
        .delete_service_account("apps", "one");
    bench.sandbox.before(FIRST, 1, |world| {
        let labels = [("app.kubernetes.io/managed-by", "Helm")];
        world
            .api("demo")
            .put_service_account("apps", "one", &labels, &[], "helm");
    });
    assert_snapshot!(run(&bench, APPLY), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    apps        one    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    apps        two    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [exit 0]
    ");
    assert_snapshot!(object(&bench), @"
    labels: app.kubernetes.io/managed-by=Helm
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    ");
}

#[test]
fn a_namespace_that_is_deleted_before_us_is_made() {
    let bench = two();
    bench.sandbox.before(FIRST, 1, |world| {
        let api = world.api("demo");
        api.delete_service_account("apps", "one");
        api.delete_namespace("apps");
    });
    assert_snapshot!(rows(&run(&bench, APPLY)), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps one created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    apps two created arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
    assert_settled(&bench, APPLY);
}

/// The API server's words (NamespaceLifecycle admission).
#[test]
fn a_namespace_that_goes_is_told() {
    let bench = two();
    bench.sandbox.fault(&format!(
        "{FIRST} error 403 Forbidden serviceaccounts \"one\" is forbidden: unable to create new content in \
         namespace apps because it is being terminated"
    ));
    assert_snapshot!(run(&bench, APPLY), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    apps        one    failed    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    apps        two    created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: cannot apply service account apps/one: serviceaccounts "one" is forbidden: unable to create new content in namespace apps because it is being terminated
    hint: run the same command again when the namespace is gone: it makes it anew
    [exit 1]
    "#);
    bench.sandbox.world().faults.clear();
    let result = bench.run(APPLY);
    assert!(result.ends_with("[exit 0]\n"), "{result}");
}

#[test]
fn a_service_account_that_another_deletes_before_us_is_no_failure() {
    let bench = two();
    bench.arrange(APPLY);
    file(&bench, &[with_policy("apps", "two", S3)]);
    let owned = [OWNED];
    let mut world = bench.sandbox.world();
    let role = world
        .api("demo")
        .annotation("apps", "one", ROLE_ARN)
        .expect("a role")
        .to_owned();
    let annotations = [(ROLE_ARN, role.as_str())];
    world
        .api("demo")
        .put_service_account("apps", "one", &owned, &annotations, "eksctl");
    drop(world);
    bench.sandbox.before(
        "kubernetes delete serviceaccounts of apps/one",
        1,
        |world| {
            world.api("demo").delete_service_account("apps", "one");
        },
    );
    assert_snapshot!(rows(&run(&bench, APPLY)), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps two unchanged arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    apps one deleted
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
    assert_settled(&bench, APPLY);
}

/// eksctl deletes the stack of an account that the file does not have; its ServiceAccount is left.
#[test]
fn what_another_deletes_meanwhile_is_pruned_whole() {
    let bench = two();
    bench.arrange(APPLY);
    super::found(&bench, "old", "CREATE_COMPLETE");
    let mut world = bench.sandbox.world();
    world.options.pace = crate::sandbox::Pace::Polls(3);
    drop(world);
    bench.eksctl_stack("apps/going", "DELETE_IN_PROGRESS");
    let mut world = bench.sandbox.world();
    let role = [(ROLE_ARN, "arn:aws:iam::111122223333:role/gone")];
    let api = world.api("demo");
    api.put_service_account("apps", "going", &[OWNED], &role, "eksctl");
    drop(world);
    assert_snapshot!(rows(&run(&bench, APPLY)), @"
    NAMESPACE NAME STATUS ROLE ARN
    apps one unchanged arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-one-Role1
    apps two unchanged arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-apps-two-Role1
    apps going deleted
    apps old deleted
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E unchanged
    [exit 0]
    ");
    assert_eq!(bench.service_account("apps", "going"), "");
    assert_eq!(bench.service_account("apps", "old"), "");
    assert_settled(&bench, APPLY);
}

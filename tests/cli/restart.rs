//! Pods that run already: who is told about them, who restarts them, and how that is waited for.

use insta::assert_snapshot;

use crate::sandbox::Access;
use crate::support::{Bench, S3};

mod kinds;
mod waits;

/// A cluster in which Deployment "web/api" runs with two pods, as a service account without a role.
fn running() -> Bench {
    let bench = Bench::associated();
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("web", "api", "api", 2);
    bench
}

fn create(flags: &str) -> String {
    format!(
        "create iamserviceaccount web/api --cluster demo --role-name api --attach-policy-arn {S3} {flags}"
    )
}

/// The roles that the pods of "web" have, sorted.
fn roles(bench: &Bench) -> Vec<String> {
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let role = |name: &str| api.pod_variable("web", name, "AWS_ROLE_ARN").unwrap_or("-");
    let mut roles: Vec<String> = api
        .pods("web")
        .into_iter()
        .map(|name| role(name).to_owned())
        .collect();
    roles.sort_unstable();
    roles
}

/// The hashes in the names of pods differ from run to run.
fn without_pod_names(text: &str) -> String {
    let words = text.split(' ').map(|word| match word.strip_prefix("api-") {
        Some(rest) if rest.contains('-') => {
            let end = word.trim_start_matches(|c: char| c.is_ascii_alphanumeric() || c == '-');
            format!("api-HASH{end}")
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

const ROLE: &str = "arn:aws:iam::111122223333:role/api";

#[test]
fn pods_that_still_need_a_restart_are_named_after_the_summary() {
    let bench = running();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.run_stateful_set("web", "db", "api", 1);
        api.run_job("web", "once", "api");
        api.run_pod("web", "alone", "api");
        api.run_deployment("web", "other", "other", 1);
    }
    assert_snapshot!(bench.run(&create("--approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    note: these run without the role until they are restarted: deployment web/api (2 pods), statefulset web/db (1 pod), job web/once (1 pod), pod web/alone; `--restart` does it
    [exit 0]
    ");
    assert_eq!(roles(&bench), ["-"; 6]);
    // What was told once is not looked for again.
    bench.calls();
    assert_snapshot!(bench.run(&create("--approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/api
    [exit 0]
    ");
    assert!(!bench.calls().contains("pods"));
}

#[test]
fn restart_is_part_of_the_plan() {
    let bench = running();
    let told = bench.run(&create("--restart --wait-for-pods"));
    assert_snapshot!(without_pod_names(&told), @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-api
        trusted: web/api, audience sts.amazonaws.com
        role name: api
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ~ annotate service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
    ~ restart deployment web/api
        pod api-HASH: container app has no role
        pod api-HASH: container app has no role
      wait for the new pods of deployment web/api
    [stderr]
    plan: 1 to create, 2 to change, 0 to delete, 1 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn restart_gives_running_pods_the_role_and_a_second_run_changes_nothing() {
    let bench = running();
    assert_snapshot!(bench.run(&create("--restart --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted deployment web/api
    [exit 0]
    ");
    assert_eq!(roles(&bench), [ROLE; 2]);
    bench.calls();
    assert_snapshot!(bench.run(&create("--restart --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/api
    [exit 0]
    ");
    assert!(!bench.calls().contains("patch"), "restarted again");
}

#[test]
fn a_restart_that_was_cut_off_is_made_up_for() {
    let bench = running();
    bench.arrange(&create("--approve"));
    assert_eq!(roles(&bench), ["-"; 2]);
    assert_snapshot!(bench.run(&create("--restart --wait-for-pods --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    changed   arn:aws:iam::111122223333:role/api
    [stderr]
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_eq!(roles(&bench), [ROLE; 2]);
}

#[test]
fn only_workloads_whose_pods_lack_the_role_are_restarted() {
    let bench = running();
    bench.arrange(&create("--approve --restart"));
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("web", "late", "api", 1);
    assert_eq!(roles(&bench), [ROLE; 3]);
    bench.calls();
    bench.arrange(&create("--approve --restart"));
    let mut world = bench.sandbox.world();
    let late = world.api("demo").object("deployments", "web", "late");
    let annotations = &late.expect("it runs")["spec"]["template"]["metadata"]["annotations"];
    assert!(annotations.is_null(), "{annotations}");
}

#[test]
fn an_update_of_the_role_alone_restarts_nothing() {
    let bench = running();
    bench.arrange(&create("--approve --restart"));
    assert_snapshot!(bench.run("update iamserviceaccount web/api --cluster demo --max-session-duration 7200 --restart --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/api
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    [exit 0]
    ");
}

#[test]
fn another_audience_needs_other_tokens() {
    let bench = running();
    bench.arrange(&create("--approve --restart"));
    bench.arrange("associate-oidc-provider --cluster demo --audience other --approve");
    assert_snapshot!(bench.run("update iamserviceaccount web/api --cluster demo --audience other --restart --wait-for-pods --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/api
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
}

#[test]
fn apply_restarts_the_workloads_of_all_accounts() {
    let bench = running();
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("shop", "cart", "cart", 1);
    bench.file(
        "cluster.yaml",
        &format!(
            "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: demo\n  region: eu-west-1\n\
             iam:\n  withOIDC: true\n  serviceAccounts:\n  - metadata: {{name: api, namespace: web}}\n    \
             attachPolicyARNs: [{S3}]\n    roleName: api\n  - metadata: {{name: cart, namespace: shop}}\n    \
             attachPolicyARNs: [{S3}]\n    roleName: cart\n"
        ),
    );
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --approve --parallel 1"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    shop        cart   created   arn:aws:iam::111122223333:role/cart
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    created stack eksctl-demo-addon-iamserviceaccount-shop-cart
    annotated service account shop/cart
    note: these run without the role until they are restarted: deployment web/api (2 pods), deployment shop/cart (1 pod); `--restart` does it
    [exit 0]
    ");
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --approve --parallel 1 --restart -o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [],
                "status": "unchanged",
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                }
            },
            {
                "done": [
                    "restarted deployment web/api"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/api",
                "status": "changed",
                "target": {
                    "serviceAccount": "web/api"
                }
            },
            {
                "done": [
                    "restarted deployment shop/cart"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/cart",
                "status": "changed",
                "target": {
                    "serviceAccount": "shop/cart"
                }
            }
        ]
    }
    [stderr]
    restarted deployment web/api
    restarted deployment shop/cart
    [exit 0]
    "#);
    assert_eq!(roles(&bench), [ROLE; 2]);
}

#[test]
fn for_many_accounts_all_pods_are_listed_once() {
    let bench = Bench::associated();
    let mut file =
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata:\n  name: demo\n  \
                    region: eu-west-1\niam:\n  withOIDC: true\n  serviceAccounts:\n"
            .to_owned();
    for number in 10..22 {
        let name = format!("app-{number}");
        bench
            .sandbox
            .world()
            .api("demo")
            .run_deployment("web", &name, &name, 1);
        file.push_str(&format!(
            "  - metadata: {{name: {name}, namespace: web}}\n    attachPolicyARNs: [{S3}]\n"
        ));
    }
    bench.file("cluster.yaml", &file);
    bench.calls();
    let told = bench.run("apply -f ~/cluster.yaml --approve --parallel 1");
    let calls = bench.calls();
    assert_eq!(calls.matches("list pods").count(), 1, "{calls}");
    let note = told.lines().find(|line| line.starts_with("note:"));
    assert_snapshot!(note.unwrap_or(&told), @"note: these run without the role until they are restarted: deployment web/app-10 (1 pod), deployment web/app-11 (1 pod), deployment web/app-12 (1 pod), deployment web/app-13 (1 pod), deployment web/app-14 (1 pod), deployment web/app-15 (1 pod), deployment web/app-16 (1 pod), deployment web/app-17 (1 pod), deployment web/app-18 (1 pod), deployment web/app-19 (1 pod), and 2 more; `--restart` does it");
}

#[test]
fn what_may_not_be_looked_at_is_no_note_and_no_failure() {
    let bench = running();
    bench.sandbox.world().api("demo").access =
        Access::only(&[("get", "serviceaccounts"), ("patch", "serviceaccounts")]);
    assert_snapshot!(bench.run(&create("--approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/api
    [stderr]
    note: whether pods run without the role is not known: not allowed to list pods in namespace web
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    [exit 0]
    ");
}

#[test]
fn a_restart_that_is_not_allowed_names_the_right() {
    let bench = running();
    let rights = [
        ("get", "serviceaccounts"),
        ("patch", "serviceaccounts"),
        ("list", "pods"),
        ("get", "deployments"),
    ];
    bench.sandbox.world().api("demo").access = Access::only(&rights[..2]);
    assert_snapshot!(bench.run(&create("--approve --restart")), @r#"
    [stderr]
    error: the Kubernetes API refuses to list pods in namespace web: pods is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot list resource "pods" in API group "" in the namespace "web"
    hint: allow this identity to list pods in namespace web: with a Role or ClusterRole, and a binding of it
    [exit 1]
    "#);
    // Nothing was changed by then, nor here.
    bench.sandbox.world().api("demo").access = Access::only(&rights[..3]);
    assert_snapshot!(bench.run(&create("--approve --restart")), @r#"
    [stderr]
    error: the Kubernetes API refuses to get deployments.apps api in namespace web: deployments.apps "api" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot get resource "deployments" in API group "apps" in the namespace "web"
    hint: allow this identity to get deployments.apps api in namespace web: with a Role or ClusterRole, and a binding of it
    [exit 1]
    "#);
    bench.sandbox.world().api("demo").access = Access::only(&rights);
    assert_snapshot!(bench.run(&create("--approve --restart")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    failed   arn:aws:iam::111122223333:role/api
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    annotated service account web/api
    error: the Kubernetes API refuses to patch deployments.apps api in namespace web: deployments.apps "api" is forbidden: User "arn:aws:iam::111122223333:user/someone" cannot patch resource "deployments" in API group "apps" in the namespace "web"
    hint: allow this identity to patch deployments.apps api in namespace web: with a Role or ClusterRole, and a binding of it
    [exit 1]
    "#);
}

#[test]
fn flags_that_contradict_each_other_are_told_before_anything_happens() {
    let bench = running();
    assert_snapshot!(bench.run(&create("--wait-for-pods")), @"
    [stderr]
    error: --wait-for-pods waits for what `--restart` restarts: give both
    hint: see `--help`
    [exit 2]
    ");
    // Its earlier name.
    assert_eq!(
        bench.run(&create("--wait")),
        bench.run(&create("--wait-for-pods"))
    );
    assert_snapshot!(bench.run(&create("--restart --role-only")), @"
    [stderr]
    error: --restart needs access to Kubernetes, and --role-only does without
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(bench.calls(), @"");
}

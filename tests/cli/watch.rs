//! What the sandbox tells of pods, by which the tests of a move judge it: which way a pod goes, and whether
//! that works.

use insta::assert_snapshot;
use serde_json::json;

use crate::sandbox::{Attempt, PODS, Way};
use crate::support::{ACCOUNT, Bench};

/// web/api with a role by its annotation.
fn annotated() -> (Bench, String) {
    let bench = Bench::associated();
    bench.create("web/api");
    let role = bench.sandbox.world().role_of("web/api").arn.clone();
    (bench, role)
}

fn new_pod(bench: &Bench) -> Attempt {
    let mut world = bench.sandbox.world();
    world.new_pod_would_get("demo", "web", "api")
}

/// Lets Pod Identity into the role too.
fn let_in(bench: &Bench) {
    let mut world = bench.sandbox.world();
    let trust = &mut world.role_of("web/api").trust;
    let statements = trust["Statement"].as_array_mut().expect("statements");
    statements.push(json!({
        "Effect": "Allow",
        "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": PODS},
    }));
}

fn why(attempt: Attempt) -> String {
    format!("{:?}: {}", attempt.way, attempt.role.expect_err("why not"))
}

#[test]
fn a_new_pod_goes_the_way_of_the_association_before_that_of_the_annotation() {
    let (bench, role) = annotated();
    let by = |way| Attempt {
        way,
        role: Ok(role.clone()),
    };
    assert_eq!(new_pod(&bench), by(Way::Irsa));
    bench.sandbox.world().clusters[0].add_association("web", "api", &role);
    assert_snapshot!(why(new_pod(&bench)), @"PodIdentity: no EKS Pod Identity agent runs");
    bench.sandbox.world().clusters[0].add_addon("eks-pod-identity-agent");
    assert_snapshot!(why(new_pod(&bench)), @"PodIdentity: AccessDeniedException: Unauthorized Exception! EKS does not have permissions to assume the associated role.");
    let_in(&bench);
    assert_eq!(new_pod(&bench), by(Way::PodIdentity));
    bench.sandbox.world().clusters[0].associations.clear();
    assert_eq!(new_pod(&bench), by(Way::Irsa));
    bench.account(|account| account.providers.clear());
    assert_snapshot!(why(new_pod(&bench)), @"Irsa: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E");
    let mut world = bench.sandbox.world();
    world
        .api("demo")
        .put_service_account("web", "api", &[], &[], "kubectl");
    drop(world);
    assert_snapshot!(why(new_pod(&bench)), @"None: the pod has no variables for either way");
}

#[test]
fn a_running_pod_keeps_its_way_and_gets_what_that_gives_now() {
    let (bench, role) = annotated();
    let mut world = bench.sandbox.world();
    world.clusters[0].add_addon("eks-pod-identity-agent");
    world.api("demo").run_pod("web", "old", "api");
    world.clusters[0].add_association("web", "api", &role);
    world.api("demo").run_pod("web", "new", "api");
    drop(world);
    let_in(&bench);
    let get = |pod: &str| {
        bench
            .sandbox
            .world()
            .running_pod_would_get("demo", "web", pod)
    };
    let by = |way| Attempt {
        way,
        role: Ok(role.clone()),
    };
    assert_eq!(
        (get("old"), get("new")),
        (by(Way::Irsa), by(Way::PodIdentity))
    );
    bench.sandbox.world().clusters[0].associations.clear();
    assert_eq!(get("old"), by(Way::Irsa));
    assert_snapshot!(why(get("new")), @"PodIdentity: ResourceNotFoundException: No pod identity association found for service account api in namespace web.");
    bench.account(|account| account.roles.clear());
    assert_snapshot!(why(get("old")), @"Irsa: AccessDenied: Not authorized to perform sts:AssumeRoleWithWebIdentity");
}

#[test]
fn a_watch_sees_every_call_at_which_a_pod_gets_nothing() {
    let (bench, _) = annotated();
    let mut world = bench.sandbox.world();
    world.api("demo").run_pod("web", "old", "api");
    drop(world);
    let watch = bench.sandbox.watch_pods("demo", &["web/api"]);
    let get = "get iamserviceaccount --cluster demo";
    bench.run(get);
    assert_eq!(watch.seen(), Vec::<String>::new());
    bench
        .sandbox
        .world()
        .api("demo")
        .controllers
        .webhook_is_down = true;
    bench.run(get);
    let mut seen = watch.seen();
    let calls = seen.len();
    seen.dedup();
    assert_eq!(seen.len(), calls, "each call is told once");
    assert_snapshot!(seen[0], @"before cloudformation DescribeStacks: a new pod of web/api, None: the pod has no variables for either way");
    bench
        .sandbox
        .world()
        .accounts
        .get_mut(ACCOUNT)
        .expect("one")
        .providers
        .clear();
    bench.run(get);
    assert_snapshot!(watch.seen()[calls..][..2].join("\n"), @"
    before cloudformation DescribeStacks: a new pod of web/api, None: the pod has no variables for either way
    before cloudformation DescribeStacks: pod web/old, Irsa: InvalidIdentityToken: No OpenIDConnect provider found in your account for https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    ");
}

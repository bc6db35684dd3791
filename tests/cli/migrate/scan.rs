//! What `migrate scan` and `migrate status` tell. They change nothing.

use insta::assert_snapshot;
use serde_json::json;

use crate::support::Bench;

/// A cluster in the middle of a move: web/api has both ways, web/old the annotation, the others neither.
fn halfway() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    bench.create("web/old");
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api").arn.clone();
    let api = world.api("demo");
    api.run_deployment("web", "api", "api", 2);
    api.run_stateful_set("web", "old", "old", 1);
    api.run_job("web", "once", "old");
    api.run_deployment("shop", "cart", "cart", 1);
    api.run_pod("shop", "alone", "cart");
    world.clusters[0].add_association("web", "api", &role);
    drop(world);
    bench.calls();
    bench
}

#[test]
fn every_workload_is_told_with_its_way() {
    let bench = halfway();
    let before = bench.state();
    assert_snapshot!(bench.run("migrate scan --cluster demo"), @"
    [stdout]
    NAMESPACE     NAME         KIND          WAY         SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    kube-system   aws-node     DaemonSet     node-role   aws-node          -
    kube-system   kube-proxy   DaemonSet     node-role   kube-proxy        -
    shop          cart         Deployment    node-role   cart              -
    shop          alone        Pod           node-role   cart              -
    web           api          Deployment    irsa        api               BOTH    irsactl migrate to-pod-identity web/api --cluster demo
    web           old          StatefulSet   irsa        old               OLD     irsactl migrate to-pod-identity web/old --cluster demo --install-agent
    web           once         Job           irsa        old               OLD     irsactl migrate to-pod-identity web/old --cluster demo --install-agent
    [exit 0]
    ");
    assert_eq!(bench.state(), before);
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace shop -o yaml"), @"
    [stdout]
    apiVersion: irsactl/v1
    kind: MigrationScan
    items:
    - command: null
      evidence: 1 pod has node-role; new ones go by neither an association nor an annotation
      kind: Deployment
      name: cart
      namespace: shop
      notes: []
      obstacles: []
      roleArn: null
      serviceAccount: cart
      state: null
      way: node-role
    - command: null
      evidence: 1 pod has node-role; new ones go by neither an association nor an annotation
      kind: Pod
      name: alone
      namespace: shop
      notes: []
      obstacles: []
      roleArn: null
      serviceAccount: cart
      state: null
      way: node-role
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate scan --cluster demo web/old -o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "MigrationScan",
        "items": [
            {
                "command": "irsactl migrate to-pod-identity web/old --cluster demo --install-agent",
                "evidence": "1 pod has irsa: AWS_ROLE_ARN in container app; new ones go by annotation eks.amazonaws.com/role-arn of its ServiceAccount",
                "kind": "StatefulSet",
                "name": "old",
                "namespace": "web",
                "notes": [],
                "obstacles": [],
                "roleArn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-old-Role1-RBPJRSONGXPG",
                "serviceAccount": "old",
                "state": "OLD",
                "way": "irsa"
            },
            {
                "command": "irsactl migrate to-pod-identity web/old --cluster demo --install-agent",
                "evidence": "1 pod has irsa: AWS_ROLE_ARN in container app; new ones go by annotation eks.amazonaws.com/role-arn of its ServiceAccount",
                "kind": "Job",
                "name": "once",
                "namespace": "web",
                "notes": [],
                "obstacles": [],
                "roleArn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-old-Role1-RBPJRSONGXPG",
                "serviceAccount": "old",
                "state": "OLD",
                "way": "irsa"
            }
        ]
    }
    [exit 0]
    "#);
    assert_snapshot!(bench.run("migrate scan --cluster demo --include web/* --exclude web/a* -o name"), @"
    [stdout]
    web/statefulset/old
    web/job/once
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate scan --cluster demo --include web/a* -o markdown"), @"
    [stdout]
    | Namespace | Name | Kind | Way | Service account | State | Obstacles | Command |
    | --- | --- | --- | --- | --- | --- | --- | --- |
    | web | api | Deployment | irsa | api | BOTH |  | irsactl migrate to-pod-identity web/api --cluster demo |
    [exit 0]
    ");
}

#[test]
fn each_service_account_with_a_role_is_told_with_its_state() {
    let bench = halfway();
    assert_snapshot!(bench.run("migrate status --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATE   NEW PODS       PODS               ROLE ARN
    web         api    BOTH    pod-identity   2 pods have irsa   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         old    OLD     irsa           2 pods have irsa   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-old-Role1-RBPJRSONGXPG
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate status --cluster demo web/api -o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "MigrationStatus",
        "items": [
            {
                "name": "api",
                "namespace": "web",
                "newPods": "pod-identity",
                "pods": "2 pods have irsa",
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU",
                "state": "BOTH",
                "warnings": []
            }
        ]
    }
    [exit 0]
    "#);
    assert_snapshot!(bench.run("migrate status --cluster demo --namespace shop -o markdown"), @"
    [stdout]
    Nothing found.
    [exit 0]
    ");
}

#[test]
fn what_may_not_be_read_is_told_and_hides_nothing_else() {
    let bench = halfway();
    bench.befall(
        "eks ListPodIdentityAssociations",
        "error 403 AccessDeniedException no",
    );
    bench.befall("kubernetes list cronjobs", "error 403 Forbidden no");
    assert_snapshot!(bench.run("migrate status --cluster demo --namespace web"), @"
    [stdout]
    NAMESPACE   NAME   STATE     NEW PODS   PODS               ROLE ARN
    web         api    unknown   unknown    2 pods have irsa   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    web         old    unknown   unknown    2 pods have irsa   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-old-Role1-RBPJRSONGXPG
    [stderr]
    warning: workloads are not known: the Kubernetes API refuses to list cronjobs.batch in namespace web: no
    warning: associations are not known: not allowed to call eks:ListPodIdentityAssociations
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate scan --cluster demo web/old"), @"
    [stdout]
    NAMESPACE   NAME   KIND          WAY    SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         old    StatefulSet   irsa   old               -       whether it has an association cannot be told: not allowed to call eks:ListPodIdentityAssociations; which workloads run as it cannot be told: the Kubernetes API refuses to list cronjobs.batch in namespace web: no
    web         once   Job           irsa   old               -       whether it has an association cannot be told: not allowed to call eks:ListPodIdentityAssociations; which workloads run as it cannot be told: the Kubernetes API refuses to list cronjobs.batch in namespace web: no
    [stderr]
    warning: workloads are not known: the Kubernetes API refuses to list cronjobs.batch in namespace web: no
    warning: associations are not known: not allowed to call eks:ListPodIdentityAssociations
    [exit 0]
    ");
}

#[test]
fn a_fleet_is_read_page_by_page_and_each_thing_once() {
    let bench = Bench::associated();
    bench.sandbox.world().page_size = 7;
    for number in 0..20 {
        bench.create(&format!("web/a{number}"));
        let mut world = bench.sandbox.world();
        let role = world.role_of(&format!("web/a{number}")).arn.clone();
        let api = world.api("demo");
        api.run_deployment("web", &format!("a{number}"), &format!("a{number}"), 1);
        world.clusters[0].add_association("web", &format!("a{number}"), &role);
    }
    bench.calls();
    let result = bench.run("migrate status --cluster demo -o json");
    assert_eq!(result.matches("\"BOTH\"").count(), 20, "{result}");
    let calls = bench.calls();
    let count = |call: &str| calls.lines().filter(|line| *line == call).count();
    assert_eq!(count("eks ListPodIdentityAssociations"), 3);
    assert_eq!(count("eks DescribePodIdentityAssociation"), 20);
    assert_eq!(count("iam GetRole"), 20);
    assert_eq!(count("kubernetes list deployments"), 1);
}

#[test]
fn what_is_of_a_kind_that_nobody_here_knows_is_told_by_its_own() {
    let bench = Bench::associated();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    for (kind, owner) in [("CloneSet", "clones"), ("ReplicaSet", "bare")] {
        let name = format!("{owner}-1");
        api.run_pod("web", &name, "none");
        let mut pod = api.object("pods", "web", &name).expect("a pod").clone();
        let reference = json!({"kind": kind, "name": owner, "controller": true});
        pod["metadata"]["ownerReferences"] = json!([reference]);
        api.put_object(pod, "kruise");
    }
    drop(world);
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace web"), @"
    [stdout]
    NAMESPACE   NAME     KIND         WAY         SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         bare     ReplicaSet   node-role   none              -
    web         clones   CloneSet     node-role   none              -
    [exit 0]
    ");
}

#[test]
fn a_role_that_many_have_is_asked_about_once() {
    let bench = Bench::associated();
    bench.create("web/a0");
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/a0").arn.clone();
    let annotation = ("eks.amazonaws.com/role-arn", role.as_str());
    for number in 1..20 {
        let api = world.api("demo");
        api.put_service_account("web", &format!("a{number}"), &[], &[annotation], "helm");
    }
    drop(world);
    bench.calls();
    bench.run("migrate scan --cluster demo");
    let calls = bench.calls();
    for call in [
        "iam GetRole",
        "iam ListAttachedRolePolicies",
        "iam ListRolePolicies",
        "cloudformation DescribeStacks",
        "cloudformation GetTemplate",
    ] {
        let count = calls.lines().filter(|line| *line == call).count();
        assert_eq!(count, 1, "{call}: {calls}");
    }
}

#[test]
fn a_service_account_of_an_addon_moves_by_the_addon() {
    let bench = Bench::associated();
    bench.create("kube-system/ebs");
    let mut world = bench.sandbox.world();
    let role = world.role_of("kube-system/ebs").arn.clone();
    world.clusters[0]
        .add_addon("aws-ebs-csi-driver")
        .service_account_role = Some(role);
    drop(world);
    assert_snapshot!(bench.run("migrate scan --cluster demo"), @"
    [stdout]
    NAMESPACE     NAME         KIND             WAY         SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    kube-system   aws-node     DaemonSet        node-role   aws-node          -
    kube-system   ebs          ServiceAccount   irsa        ebs               OLD     add-on aws-ebs-csi-driver gives it its role; next: aws eks update-addon --cluster-name demo --addon-name aws-ebs-csi-driver --pod-identity-associations serviceAccount=ebs,roleArn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-kube-syst-Role1-QXXELE2KP4ZI
    kube-system   kube-proxy   DaemonSet        node-role   kube-proxy        -
    [exit 0]
    ");
}

#[test]
fn where_nothing_is_that_is_said() {
    let bench = halfway();
    let looks = ["status", "scan", "to-pod-identity"];
    let told =
        looks.map(|look| bench.run(&format!("migrate {look} --cluster demo --namespace nope")));
    assert_snapshot!(told.concat(), @"
    [stderr]
    no service accounts found in namespace nope
    [exit 0]
    [stderr]
    no service accounts found in namespace nope
    [exit 0]
    [stderr]
    note: no service accounts found in namespace nope
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate to-irsa --cluster demo --include 'nope/*'"), @"
    [stderr]
    note: no service accounts found
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn beside_a_namespace_a_name_needs_none() {
    let bench = halfway();
    let both = ["--namespace web api", "web/api"];
    let [one, other] =
        both.map(|name| bench.run(&format!("migrate to-irsa --cluster demo {name}")));
    assert_eq!(one, other);
    assert!(one.ends_with("[exit 0]\n"), "{one}");
    assert_snapshot!(bench.run("migrate to-irsa --cluster demo api"), @r#"
    [stderr]
    error: NAMESPACE/NAME "api": "api" is no `namespace/name`
    hint: see `--help`
    [exit 2]
    "#);
}

#[test]
fn names_and_a_namespace_that_contradict_each_other_are_refused() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace shop web/api"), @"
    [stderr]
    error: --namespace shop and web/api contradict each other
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(bench.run("migrate scan --cluster demo --include [a"), @r#"
    [stderr]
    error: "[a" is no glob: `[` has no `]`
    hint: see `--help`
    [exit 2]
    "#);
    assert_eq!(bench.calls(), "");
}

#[test]
fn what_is_named_and_is_not_there_is_an_error() {
    let bench = super::annotated();
    assert_snapshot!(bench.run("migrate scan --cluster demo web/nope web/api"), @r#"
    [stdout]
    NAMESPACE   NAME   KIND         WAY    SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         api    Deployment   irsa   api               OLD     irsactl migrate to-pod-identity web/api --cluster demo
    [stderr]
    error: cluster "demo" has no service account web/nope, and nothing runs as one of that name
    hint: list all of them: `irsactl migrate scan --cluster demo`
    [exit 1]
    "#);
    assert_snapshot!(bench.run("migrate status --cluster demo web/nope"), @r#"
    [stderr]
    error: cluster "demo" has no service account web/nope, and nothing runs as one of that name
    hint: list all of them: `irsactl migrate scan --cluster demo`
    [exit 1]
    "#);
}

#[test]
fn why_nobody_can_say_how_far_a_service_account_is_is_told() {
    let bench = Bench::associated();
    {
        let mut world = bench.sandbox.world();
        let role = world.add_role_of_pods("payments");
        let role = role.replace("payments", "nothing");
        let saved = format!("{{\"role\": \"{role}\"}}");
        let api = world.api("demo");
        let planted = [("irsactl/pod-identity-association", saved.as_str())];
        api.put_service_account("web", "planted", &[], &planted, "somebody");
        let nonsense = [("irsactl/pod-identity-association", "no")];
        api.put_service_account("web", "tampered", &[], &nonsense, "somebody");
    }
    assert_snapshot!(bench.run("migrate status --cluster demo --namespace web"), @r"
    [stdout]
    NAMESPACE   NAME       STATE     NEW PODS    PODS   ROLE ARN
    web         planted    unknown   node-role   none   arn:aws:iam::111122223333:role/nothing
    web         tampered   unknown   node-role   none
    [stderr]
    warning: web/planted: its annotation irsactl/pod-identity-association tells of a move and is not believed, as it names arn:aws:iam::111122223333:role/nothing, which is not there
    warning: web/tampered: its annotation irsactl/pod-identity-association tells of a move and is not believed, as it names no role
    [exit 0]
    ");
}

#[test]
fn what_a_move_lacks_is_told_before_it_is_refused() {
    let bench = Bench::associated();
    bench.create("web/api");
    let told = bench.run("migrate scan --cluster demo");
    let wanted = "no pod runs as it, so that nothing can be proved; next: irsactl migrate to-pod-identity web/api --cluster demo --install-agent";
    assert!(told.contains(wanted), "{told}");
}

//! What others do meanwhile, proofs that fail, and rollouts that do not end.

use insta::assert_snapshot;
use serde_json::json;

use super::{
    ACCOUNT, REGION, TO, annotate_by_hand, annotated, by_hand, role_of, steady, sum, without,
};
use crate::sandbox::World;
use crate::support::Bench;

/// Who puts the annotation back that a chart in Git has.
fn heal(world: &mut World) {
    let role = role_of(world).arn.clone();
    let annotation = ("eks.amazonaws.com/role-arn", role.as_str());
    let api = world.api("demo");
    api.apply_annotations("web", "api", &[annotation], "argocd");
}

#[test]
fn an_annotation_that_argo_puts_back_is_outdone_by_the_association() {
    let bench = annotated();
    bench.arrange(&format!("{TO} web/api --approve"));
    bench.arrange(&format!("{TO} web/api --finish --approve"));
    heal(&mut bench.sandbox.world());
    let status = bench.run("migrate status --cluster demo");
    assert!(status.contains("BOTH    pod-identity"), "{status}");
    let told = bench.run(&format!("{TO} web/api --finish --approve"));
    assert!(
        told.contains("warning: argocd set the annotation"),
        "{told}"
    );
    let status = bench.run("migrate status --cluster demo");
    assert!(status.contains("NEW     pod-identity"), "{status}");
}

#[test]
fn a_trust_policy_that_somebody_changed_meanwhile_is_looked_at_again() {
    let bench = by_hand();
    let another = json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}});
    bench.sandbox.before("iam GetRole", 2, move |world| {
        let statements = role_of(world).trust["Statement"].as_array_mut();
        statements.expect("statements").push(another.clone());
    });
    bench.arrange(&format!("{TO} web/api --approve"));
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" ["system:serviceaccount:web:api","system:serviceaccount:web:other"]
    trusts ["Service"] 
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api ["alpha.eksctl.io/cluster-name", "alpha.eksctl.io/eksctl-version", "alpha.eksctl.io/podidentityassociation-name", "eksctl.cluster.k8s.io/v1alpha1/cluster-name", "irsactl/moved-from"]
    pods ["pod-identity", "pod-identity"]
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/by-hand
    "#);
}

/// As a run leaves it that was killed.
#[test]
fn a_stack_that_is_being_changed_is_waited_for() {
    let bench = annotated();
    let set = |world: &mut World, status: &str| {
        let name = "eksctl-demo-addon-iamserviceaccount-web-api";
        let stack = world.stack(ACCOUNT, REGION, name).expect("the stack");
        status.clone_into(&mut stack.status);
    };
    set(&mut bench.sandbox.world(), "UPDATE_IN_PROGRESS");
    assert_snapshot!(bench.run(&format!("{TO} web/api")), @"
    [stdout]
      wait for stack eksctl-demo-addon-iamserviceaccount-web-api (UPDATE_IN_PROGRESS)
    [stderr]
    plan: 0 to create, 0 to change, 0 to delete, 1 to wait for
    what follows is planned when that is over
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    let describe = "cloudformation DescribeStacks";
    let over = move |world: &mut World| set(world, "UPDATE_COMPLETE");
    bench.sandbox.before(describe, 3, over);
    assert_snapshot!(bench.run(&format!("{TO} --all --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-web-api (UPDATE_IN_PROGRESS)
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    created EKS Pod Identity association of service account web/api
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by pod-identity
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
}

#[test]
fn a_statement_that_opens_the_role_to_every_association_is_told() {
    let bench = by_hand();
    let wide = json!({"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": {"Service": "pods.eks.amazonaws.com"}});
    {
        let mut world = bench.sandbox.world();
        let statements = role_of(&mut world).trust["Statement"].as_array_mut();
        statements.expect("statements").push(wide);
    }
    let told = "role arn:aws:iam::111122223333:role/by-hand lets in any association that names it";
    let status = bench.run("migrate status --cluster demo");
    assert!(
        status.contains(&format!("warning: web/api: {told}")),
        "{status}"
    );
    let plan = bench.run(&format!("{TO} web/api"));
    assert!(plan.contains(&format!("warning: {told}")), "{plan}");
}

#[test]
fn an_association_that_somebody_made_meanwhile_is_looked_at_again() {
    let bench = annotated();
    bench
        .sandbox
        .before("eks CreatePodIdentityAssociation", 1, |world| {
            let role = role_of(world).arn.clone();
            world.clusters[0].add_association("web", "api", &role);
        });
    bench.arrange(&format!("{TO} web/api --approve"));
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" "system:serviceaccount:web:api"
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api []
    stack tag alpha.eksctl.io/cluster-name=demo
    stack tag alpha.eksctl.io/iamserviceaccount-name=web/api
    stack tag eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    pods ["pod-identity", "pod-identity"]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    "#);
}

#[test]
fn where_the_proof_fails_the_association_goes_again() {
    let bench = annotated().impatient();
    let before = sum(&bench);
    bench.befall(
        "eks-auth AssumeRoleForPodIdentity",
        "error 400 AccessDeniedException EKS does not have permissions",
    );
    let result = bench.run(&format!("{TO} web/api --approve"));
    assert_snapshot!(steady(&result), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    created EKS Pod Identity association of service account web/api
    error: web/api: EKS still refuses the token after 1m30s: AccessDeniedException: EKS does not have permissions; its association was taken back
    hint: find the cause: `irsactl doctor web/api --cluster demo`
    [exit 1]
    ");
    assert_eq!(bench.sandbox.world().clusters[0].associations.len(), 0);
    assert_eq!(without_trust(&sum(&bench)), without_trust(&before));
    bench.sandbox.world().faults.clear();
    bench.arrange(&format!("{TO} web/api --undo --approve"));
    assert_eq!(sum(&bench), before);
}

#[test]
fn pods_that_started_with_an_association_that_is_taken_back_are_told_and_get_the_way_of_before() {
    let bench = annotated().impatient();
    bench
        .sandbox
        .before("eks DeletePodIdentityAssociation", 1, |world| {
            let api = world.api("demo");
            api.run_deployment("web", "late", "api", 1);
            api.run_job("web", "once", "api");
        });
    bench.befall(
        "eks-auth AssumeRoleForPodIdentity",
        "error 400 AccessDeniedException EKS does not have permissions",
    );
    let result = bench.run(&format!("{TO} web/api --approve"));
    assert_snapshot!(steady(&result), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    created EKS Pod Identity association of service account web/api
    error: web/api: EKS still refuses the token after 1m30s: AccessDeniedException: EKS does not have permissions; its association was taken back, and pods that started with it meanwhile have no credentials: those of deployment web/late, job web/once
    hint: give those pods the way of before: `irsactl migrate to-pod-identity web/api --cluster demo --undo --approve`
    hint: find the cause: `irsactl doctor web/api --cluster demo`
    [exit 1]
    ");
    bench.sandbox.world().faults.clear();
    let result = bench.run(&format!("{TO} web/api --undo --approve"));
    assert_snapshot!(steady(&result), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    note: these run without the role until someone makes them anew, as nothing does it for them: job web/once (a job's pods have it from its next run on)
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by irsa
    restarted deployment web/late
    waited for the new pods of deployment web/late
    error: these cannot be restarted: job web/once
    hint: have them made anew, and run the same command again
    [exit 1]
    ");
    let pods = sum(&bench);
    let pods = pods.lines().find(|line| line.starts_with("pods"));
    assert_eq!(
        pods,
        Some(r#"pods ["irsa", "irsa", "irsa", "pod-identity"]"#)
    );
}

#[test]
fn an_association_that_may_not_be_taken_back_is_told_with_the_way_back() {
    let bench = annotated().impatient();
    let before = sum(&bench);
    bench.befall("eks-auth AssumeRoleForPodIdentity", "deny");
    bench.befall("eks DeletePodIdentityAssociation", "deny");
    assert_snapshot!(bench.run(&format!("{TO} web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    created EKS Pod Identity association of service account web/api
    error: web/api: nothing is proved: this identity may not exchange the token: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks-auth:AssumeRoleForPodIdentity because no identity-based policy allows the eks-auth:AssumeRoleForPodIdentity action; its association may be left: not allowed to call eks:DeletePodIdentityAssociation on demo: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: eks:DeletePodIdentityAssociation because no identity-based policy allows the eks:DeletePodIdentityAssociation action
    hint: allow `eks:DeletePodIdentityAssociation` to this identity (`aws sts get-caller-identity` names it)
    hint: once that is mended, go back, as pods that start have nothing else: `irsactl migrate to-pod-identity web/api --cluster demo --undo --approve`
    hint: allow `eks-auth:AssumeRoleForPodIdentity` on the cluster to this identity; what a proof needs in all: `irsactl permissions --for verify`
    [exit 1]
    ");
    bench.sandbox.world().faults.clear();
    bench.arrange("migrate to-pod-identity web/api --cluster demo --undo --approve");
    assert_eq!(sum(&bench), before);
}

fn without_trust(sum: &str) -> String {
    let lines = sum.lines().filter(|line| !line.starts_with("trusts"));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn of_many_those_that_are_left_are_left_alone_when_one_cannot_be_proved() {
    let bench = Bench::associated().impatient();
    bench.sandbox.world().keeps_past = false;
    // All the service accounts first: the sandbox's controllers look at every workload for a new one.
    let names: Vec<String> = (100..300).map(|number| format!("a{number}")).collect();
    for name in &names {
        annotate_by_hand(&bench, name, name);
    }
    for name in &names {
        let mut world = bench.sandbox.world();
        world.api("demo").run_deployment("web", name, name, 1);
    }
    bench.sandbox.world().clusters[0].add_addon("eks-pod-identity-agent");
    bench.befall(
        "eks-auth AssumeRoleForPodIdentity",
        "from 6 error 400 AccessDeniedException EKS does not have permissions",
    );
    let result = bench.run(&format!("{TO} --all --parallel 1 --approve"));
    assert!(
        result.contains("skipped 194: they are left alone, as one could not be proved"),
        "{result}"
    );
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    assert_eq!(bench.sandbox.world().clusters[0].associations.len(), 5);
    bench.sandbox.world().faults.clear();
    bench.arrange(&format!("{TO} --include web/a10* --approve"));
    assert_eq!(bench.sandbox.world().clusters[0].associations.len(), 10);
}

#[test]
fn a_rollout_that_never_ends_leaves_the_way_of_before_and_can_be_undone() {
    let bench = annotated();
    let before = sum(&bench);
    bench.sandbox.world().api("demo").controllers.failure =
        Some(("ImagePullBackOff".to_owned(), "no such image".to_owned()));
    let watch = bench.sandbox.watch_pods("demo", &["web/api"]);
    let result = bench.run(&format!("{TO} web/api --approve --timeout 10s"));
    assert!(
        result.contains("the rollout of deployment web/api"),
        "{result}"
    );
    assert!(result.ends_with("[exit 1]\n"), "{result}");
    assert_eq!(without(watch.seen()), Vec::<String>::new());
    bench.sandbox.world().api("demo").controllers.failure = None;
    bench.arrange(&format!("{TO} web/api --undo --approve"));
    assert_eq!(sum(&bench), before);
}

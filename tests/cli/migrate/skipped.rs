//! What keeps a service account where it is: refused where it was named, skipped with the reason of many.

use insta::assert_snapshot;
use serde_json::json;

use super::{BACK, TO, annotated, moved, role_of, sum};
use crate::support::Bench;

/// What the command says of the world that is so changed; nothing is changed by it.
fn refused(change: impl FnOnce(&Bench)) -> String {
    let bench = annotated();
    change(&bench);
    let before = sum(&bench);
    let named = bench.run(&format!("{TO} web/api --approve"));
    let all = bench.run(&format!("{TO} --all --approve"));
    assert_eq!(sum(&bench), before);
    assert!(named.ends_with("[exit 1]\n"), "{named}");
    // What cannot be told is no reason to pass over it.
    let is_skipped = !named.contains(" cannot be told: ");
    assert_eq!(all.contains("skipped: "), is_skipped, "{all}");
    assert_eq!(all.ends_with("[exit 0]\n"), is_skipped, "{all}");
    let lines = named
        .lines()
        .filter(|line| !line.starts_with(['[', ' ', 'N', 'w']));
    lines.map(|line| format!("{line}\n")).collect()
}

#[test]
fn without_the_agent_nothing_moves() {
    let bench = annotated();
    bench.sandbox.world().clusters[0].addons.clear();
    let before = sum(&bench);
    assert_snapshot!(bench.run(&format!("{TO} web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: the cluster lacks the add-on eks-pod-identity-agent, by which pods get their credentials
    hint: install it: `aws eks create-addon --cluster-name demo --addon-name eks-pod-identity-agent`
    hint: or add `--install-agent` to this command
    [exit 1]
    ");
    assert_snapshot!(bench.run(&format!("{TO} --all --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: the cluster lacks the add-on eks-pod-identity-agent, by which pods get their credentials
    hint: install it: `aws eks create-addon --cluster-name demo --addon-name eks-pod-identity-agent`
    hint: or add `--install-agent` to this command
    [exit 1]
    ");
    let mut world = bench.sandbox.world();
    world.clusters[0].add_addon("eks-pod-identity-agent").status = "CREATING".to_owned();
    drop(world);
    assert_snapshot!(bench.run(&format!("{TO} web/api --install-agent --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: add-on eks-pod-identity-agent, by which pods get their credentials, is CREATING
    hint: wait for it: `aws eks wait addon-active --cluster-name demo --addon-name eks-pod-identity-agent`
    [exit 1]
    ");
    assert_eq!(sum(&bench), before);
}

#[test]
fn the_agent_is_installed_first_where_that_is_asked_for() {
    let bench = annotated();
    bench.sandbox.world().clusters[0].addons.clear();
    assert_snapshot!(bench.run(&format!("{TO} --all --install-agent --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    ADD-ON                               STATUS
    the EKS Pod Identity Agent of demo   created
    [stderr]
    installed add-on eks-pod-identity-agent in cluster demo
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    created EKS Pod Identity association of service account web/api
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by pod-identity
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{TO} --all --install-agent --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
}

#[test]
fn the_way_of_today_is_the_other_one() {
    let bench = annotated();
    assert_snapshot!(bench.run(&format!("{TO} web/api --from pod-identity")), @"
    [stderr]
    error: --from pod-identity: that is where this leads; what has pod-identity moves by `irsactl migrate to-irsa`
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("{BACK} web/api --from chef")), @"
    [stderr]
    error: invalid value 'chef' for '--from <WAY>': it is one of irsa, pod-identity, kube2iam, kiam, vault

    For more information, try '--help'.
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
    let plan = bench.run(&format!("{TO} web/api --from irsa"));
    assert!(plan.contains("plan: 1 to create"), "{plan}");
}

#[test]
fn who_is_not_let_in_today_is_not_let_in() {
    assert_snapshot!(refused(|bench| {
        let mut world = bench.sandbox.world();
        role_of(&mut world).trust["Statement"][0]["Effect"] = json!("Deny");
    }), @"error: web/api: the role's trust policy does not let it in today");
}

#[test]
fn fargate_and_add_ons_are_told() {
    assert_snapshot!(refused(|bench| {
        let mut world = bench.sandbox.world();
        let objects = world.api("demo").objects.iter_mut();
        for (_, pod) in objects.filter(|(key, _)| key.0 == "pods" && key.1 == "web") {
            pod["metadata"]["labels"]["eks.amazonaws.com/fargate-profile"] = json!("all");
        }
    }), @"error: web/api: deployment web/api runs on Fargate, where there is no EKS Pod Identity");
    assert_snapshot!(refused(|bench| {
        let mut world = bench.sandbox.world();
        let role = role_of(&mut world).arn.clone();
        world.clusters[0].add_addon("vpc-cni").service_account_role = Some(role);
    }), @"
    error: web/api: add-on vpc-cni gives it its role
    hint: let the add-on associate it: `aws eks update-addon --cluster-name demo --addon-name vpc-cni --pod-identity-associations serviceAccount=api,roleArn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU`
    ");
}

#[test]
fn without_a_running_pod_nothing_is_proved() {
    assert_snapshot!(refused(|bench| {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.objects.retain(|key, _| !["pods", "deployments", "replicasets"].contains(&key.0.as_str()));
    }), @"
    error: web/api: no pod runs as it, so that nothing can be proved
    hint: scale a workload up that runs as it, or go on without a proof: `--no-proof`
    ");
}

#[test]
fn more_associations_than_a_cluster_may_have_are_refused_before_anything_is_written() {
    let bench = annotated();
    {
        let mut world = bench.sandbox.world();
        world.keeps_past = false;
        let role = role_of(&mut world).arn.clone();
        for number in 0..5_000 {
            world.clusters[0].add_association("other", &format!("a{number}"), &role);
        }
    }
    let before = sum(&bench);
    assert_snapshot!(bench.run(&format!("{TO} --namespace web --approve")), @r#"
    [stderr]
    error: cluster "demo" has 5000 EKS Pod Identity associations of 5000 at most, and this needs 1 more
    hint: take fewer at once: choose with `--include`
    hint: a cluster has 5000 associations at most: delete what is no longer needed: `aws eks list-pod-identity-associations --cluster-name demo`
    [exit 1]
    "#);
    assert_eq!(sum(&bench), before);
    bench.sandbox.world().clusters[0].associations.pop();
    let plan = bench.run(&format!("{TO} --namespace web"));
    assert!(
        plan.contains("+ create EKS Pod Identity association"),
        "{plan}"
    );
}

#[test]
fn names_or_all_must_be_given() {
    let bench = annotated();
    assert_snapshot!(bench.run(TO), @"
    [stderr]
    error: name service accounts as NAMESPACE/NAME, or say `--all`, `--namespace` or `--include`
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("{TO} web/api --all")), @"
    [stderr]
    error: the argument '[NAMESPACE/NAME]...' cannot be used with '--all'

    Usage: irsactl migrate to-pod-identity --cluster <CLUSTER> <NAMESPACE/NAME>...

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("{TO} web/none")), @r#"
    [stderr]
    error: web/none: cluster "demo" has no service account web/none, and nothing runs as one of that name
    hint: list all of them: `irsactl migrate scan --cluster demo --namespace web`
    [exit 1]
    "#);
}

#[test]
fn commands_for_another_state_are_refused() {
    let bench = annotated();
    assert_snapshot!(bench.run(&format!("{TO} web/api --finish --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: its new pods do not have pod-identity yet
    hint: run the same command without `--finish` first
    [exit 1]
    ");
    bench.arrange(&format!("{TO} web/api --approve"));
    assert_snapshot!(bench.run(&format!("{BACK} web/api --finish --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: its new pods do not have irsa yet
    hint: run the same command without `--finish` first
    [exit 1]
    ");
}

#[test]
fn what_cannot_be_restarted_is_named_and_nothing_is_finished() {
    let bench = annotated();
    bench
        .sandbox
        .world()
        .api("demo")
        .run_job("web", "once", "api");
    assert_snapshot!(bench.run(&format!("{TO} web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    note: these go on with IRSA, which still works for them, until someone makes them anew, as nothing does it for them: job web/once (a job's next run takes the new way)
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    created EKS Pod Identity association of service account web/api
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by pod-identity
    restarted deployment web/api
    waited for the new pods of deployment web/api
    error: these cannot be restarted: job web/once
    hint: have them made anew, and run the same command again
    [exit 1]
    ");
    assert_snapshot!(bench.run(&format!("{TO} web/api --finish --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    error: web/api: pods of these have irsa still: job web/once
    hint: wait until job web/once has ended
    [exit 1]
    ");
}

#[test]
fn what_may_not_be_read_is_told_before_anything_is_changed() {
    let denied = "error 403 AccessDenied User: someone is not authorized to perform it";
    for call in [
        "iam GetRole",
        "eks ListAddons",
        "eks ListPodIdentityAssociations",
    ] {
        let told = refused(|bench| bench.befall(call, denied));
        let right = call.replace(' ', ":");
        let wanted = format!("cannot be told: not allowed to call {right}");
        assert!(told.contains(&wanted), "{told}");
    }
    for (before, command) in [
        (&[TO][..], format!("{TO} web/api --finish")),
        (&[TO, BACK], format!("{BACK} web/api --finish")),
        (&[TO], format!("{BACK} web/api")),
    ] {
        for call in ["iam GetRole", "eks ListAddons"] {
            let bench = annotated();
            for line in before {
                bench.arrange(&format!("{line} web/api --approve"));
            }
            let before = sum(&bench);
            bench.befall(call, denied);
            let told = bench.run(&format!("{command} --approve"));
            let right = call.replace(' ', ":");
            let wanted = format!("cannot be told: not allowed to call {right}");
            assert!(told.contains(&wanted), "{command}: {told}");
            assert!(told.ends_with("[exit 1]\n"), "{command}: {told}");
            assert_eq!(sum(&bench), before);
        }
    }
}

#[test]
fn what_might_keep_it_and_may_not_be_read_is_told() {
    let bench = annotated();
    let denied = "error 403 AccessDenied User: someone is not authorized to perform it";
    bench.befall("iam ListRolePolicies", denied);
    bench.befall("kubernetes list nodes", "error 403 Forbidden no");
    let told = bench.run(&format!("{TO} web/api"));
    let warnings: Vec<&str> = told
        .lines()
        .filter(|it| it.starts_with("warning"))
        .collect();
    assert_snapshot!(warnings.join("\n"), @"
    warning: whether its nodes run Windows cannot be told: not allowed to list nodes
    warning: which roles its role assumes cannot be told: not allowed to call iam:ListRolePolicies: User: someone is not authorized to perform it
    ");
}

#[test]
fn what_a_move_needs_is_told_where_something_may_not_be_read() {
    assert_snapshot!(refused(|bench| {
        bench.befall("kubernetes list serviceaccounts", "deny");
        bench.befall("eks ListAddons", "deny");
    }), @"
    error: web/api: its ServiceAccount cannot be told: not allowed to list service accounts
    error: web/api: which add-ons the cluster has cannot be told: not allowed to call eks:ListAddons
    hint: if a right is missing, all that a move needs: `irsactl permissions --for migrate`
    ");
}

/// A move has no way without the ServiceAccount.
#[test]
fn a_denied_write_in_the_middle_is_told_with_ways_that_the_command_has() {
    let bench = moved();
    bench.befall("kubernetes apply serviceaccounts", "deny");
    let told = bench.run(&format!("{BACK} web/api --approve"));
    let told: Vec<&str> = told
        .lines()
        .filter(|line| {
            ["error", "hint", "[exit"]
                .iter()
                .any(|it| line.starts_with(it))
        })
        .collect();
    assert_snapshot!(told.join("\n"), @"
    error: the Kubernetes API refuses to apply service account web/api: not allowed by the sandbox's fault rule
    hint: this identity needs get, create, patch and delete on serviceaccounts, and create on namespaces
    [exit 1]
    ");
}

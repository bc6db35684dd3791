//! A move from its plan to its end, and back from each of its states.

use insta::assert_snapshot;

use super::{BACK, TO, annotated, by_hand, moved, stack, steady, sum, without};
use crate::support::Bench;

fn run(bench: &Bench, rest: &str) -> String {
    bench.run(&format!("{TO} web/api {rest}"))
}

#[test]
fn the_plan_has_every_step_and_changes_nothing() {
    let bench = annotated();
    let before = sum(&bench);
    assert_snapshot!(steady(&run(&bench, "")), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-api
        ~ trust policy:
                  "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                  }
          +     },
          +     {
          +       "Action": [
          +         "sts:AssumeRole",
          +         "sts:TagSession"
          +       ],
          +       "Condition": {
          +         "StringEquals": {
          +           "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
          +           "aws:RequestTag/kubernetes-namespace": "web",
          +           "aws:RequestTag/kubernetes-service-account": "api"
          +         }
          +       },
          +       "Effect": "Allow",
          +       "Principal": {
          +         "Service": "pods.eks.amazonaws.com"
          +       }
                }
              ],
              "Version": "2012-10-17"
        deployment mode: express
    + create EKS Pod Identity association of service account web/api
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      prove that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by pod-identity
    ~ restart deployment web/api
        pod api-HASH: container app has its credentials from IRSA
        pod api-HASH: container app has its credentials from IRSA
      wait for the new pods of deployment web/api
    [stderr]
    plan: 1 to create, 2 to change, 0 to delete, 2 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_eq!(sum(&bench), before);
    let json = run(&bench, "--detailed-exitcode -o json -q");
    let actions = json
        .lines()
        .filter_map(|line| line.trim().strip_prefix("\"action\": "));
    let actions: Vec<&str> = actions.map(|it| it.trim_matches([',', '"'])).collect();
    let wanted = [
        "updateStack",
        "createAssociation",
        "prove",
        "restartWorkload",
        "awaitPods",
    ];
    assert_eq!(actions, wanted);
    assert!(json.ends_with("[exit 3]\n"), "{json}");
}

#[test]
fn new_pods_take_the_new_way_and_the_one_of_before_still_works() {
    let bench = annotated();
    let watch = bench.sandbox.watch_pods("demo", &["web/api"]);
    assert_snapshot!(run(&bench, "--approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    created EKS Pod Identity association of service account web/api
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by pod-identity
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" "system:serviceaccount:web:api"
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api ["alpha.eksctl.io/cluster-name", "alpha.eksctl.io/eksctl-version", "alpha.eksctl.io/podidentityassociation-name", "eksctl.cluster.k8s.io/v1alpha1/cluster-name", "irsactl/moved-from"]
    stack tag alpha.eksctl.io/cluster-name=demo
    stack tag alpha.eksctl.io/iamserviceaccount-name=web/api
    stack tag eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    pods ["pod-identity", "pod-identity"]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    "#);
    assert_eq!(stack(&bench), "UPDATE_COMPLETE");
    assert_eq!(watch.seen(), Vec::<String>::new());
    assert_snapshot!(run(&bench, "--approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate status --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATE   NEW PODS       PODS                       ROLE ARN
    web         api    BOTH    pod-identity   2 pods have pod-identity   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
}

#[test]
fn finishing_takes_the_way_of_before_away() {
    let bench = annotated();
    bench.arrange(&format!("{TO} web/api --approve"));
    let watch = bench.sandbox.watch_pods("demo", &["web/api"]);
    assert_snapshot!(run(&bench, "--finish"), @r#"
    [stdout]
      prove that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by pod-identity
    ~ remove eks.amazonaws.com/role-arn from service account web/api
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-api
        ~ trust policy:
            {
              "Statement": [
                {
          -       "Action": "sts:AssumeRoleWithWebIdentity",
          -       "Condition": {
          -         "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
          -         }
          -       },
          -       "Effect": "Allow",
          -       "Principal": {
          -         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          -       }
          -     },
          -     {
                  "Action": [
                    "sts:AssumeRole",
                    "sts:TagSession"
    [stderr]
    note: a config file that has it describes it from now on under iam.podIdentityAssociations: web/api with role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    plan: 0 to create, 2 to change, 0 to delete, 1 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(run(&bench, "--finish --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    note: a config file that has it describes it from now on under iam.podIdentityAssociations: web/api with role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by pod-identity
    removed eks.amazonaws.com/role-arn from service account web/api
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api ["alpha.eksctl.io/cluster-name", "alpha.eksctl.io/eksctl-version", "alpha.eksctl.io/podidentityassociation-name", "eksctl.cluster.k8s.io/v1alpha1/cluster-name", "irsactl/moved-from"]
    stack tag alpha.eksctl.io/cluster-name=demo
    stack tag alpha.eksctl.io/podidentityassociation-name=web/api
    stack tag eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    pods ["pod-identity", "pod-identity"]
    labels: app.kubernetes.io/managed-by=eksctl
    "#);
    assert_eq!(watch.seen(), Vec::<String>::new());
    assert_snapshot!(run(&bench, "--finish --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate status --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATE   NEW PODS       PODS                       ROLE ARN
    web         api    NEW     pod-identity   2 pods have pod-identity   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
}

#[test]
fn undoing_leads_back_from_both_ways_and_from_the_end() {
    for commands in [&["--approve"][..], &["--approve", "--finish --approve"]] {
        for (arrange, shares) in [(annotated as fn() -> Bench, false), (by_hand, true)] {
            let bench = arrange();
            let before = sum(&bench);
            for command in commands {
                bench.arrange(&format!("{TO} web/api {command}"));
            }
            assert_ne!(sum(&bench), before);
            let watch = bench.sandbox.watch_pods("demo", &["web/api"]);
            bench.arrange(&format!("{TO} web/api --undo --approve"));
            let after = sum(&bench);
            assert_eq!(without(watch.seen()), Vec::<String>::new());
            if shares && commands.len() > 1 {
                // Its subject has a statement of its own now.
                assert_eq!(after.matches("system:serviceaccount:web:api").count(), 1);
            } else {
                assert_eq!(after, before);
            }
            let again = bench.run(&format!("{TO} web/api --undo --approve"));
            assert!(again.contains("unchanged"), "{again}");
        }
    }
}

#[test]
fn a_role_by_hand_keeps_all_else_that_it_trusts() {
    let bench = by_hand();
    assert_snapshot!(run(&bench, "--approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/by-hand
    [stderr]
    updated the trust policy of role by-hand
    created EKS Pod Identity association of service account web/api
    proved that web/api can use arn:aws:iam::111122223333:role/by-hand by pod-identity
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" ["system:serviceaccount:web:api","system:serviceaccount:web:other"]
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api ["alpha.eksctl.io/cluster-name", "alpha.eksctl.io/eksctl-version", "alpha.eksctl.io/podidentityassociation-name", "eksctl.cluster.k8s.io/v1alpha1/cluster-name", "irsactl/moved-from"]
    pods ["pod-identity", "pod-identity"]
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/by-hand
    "#);
    bench.arrange(&format!("{TO} web/api --finish --approve"));
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" ["system:serviceaccount:web:other"]
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api ["alpha.eksctl.io/cluster-name", "alpha.eksctl.io/eksctl-version", "alpha.eksctl.io/podidentityassociation-name", "eksctl.cluster.k8s.io/v1alpha1/cluster-name", "irsactl/moved-from"]
    pods ["pod-identity", "pod-identity"]
    "#);
}

#[test]
fn to_irsa_keeps_what_undoing_needs_until_it_is_finished() {
    let bench = moved();
    let before = sum(&bench);
    let watch = bench.sandbox.watch_pods("demo", &["web/api"]);
    assert_snapshot!(bench.run(&format!("{BACK} web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by irsa
    annotated service account web/api
    deleted EKS Pod Identity association of service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" "system:serviceaccount:web:api"
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    stack tag alpha.eksctl.io/cluster-name=demo
    stack tag alpha.eksctl.io/podidentityassociation-name=web/api
    stack tag eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    pods ["irsa", "irsa"]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    annotations: irsactl/pod-identity-association={"disableSessionTags":false,"role":"arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU","tags":{"alpha.eksctl.io/cluster-name":"demo","alpha.eksctl.io/eksctl-version":"irsactl-0.1.0","alpha.eksctl.io/podidentityassociation-name":"web/api","eksctl.cluster.k8s.io/v1alpha1/cluster-name":"demo","irsactl/moved-from":"irsa"}}
    "#);
    assert_snapshot!(bench.run(&format!("{BACK} web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [exit 0]
    ");
    bench.arrange(&format!("{BACK} web/api --undo --approve"));
    assert_eq!(sum(&bench), before);
    bench.arrange(&format!("{BACK} web/api --approve"));
    assert_snapshot!(bench.run(&format!("{BACK} web/api --finish --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    [stderr]
    note: a config file that has it describes it from now on under iam.serviceAccounts: web/api with role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by irsa
    removed irsactl/pod-identity-association from service account web/api
    updated stack eksctl-demo-addon-iamserviceaccount-web-api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Federated"] "sts.amazonaws.com" "system:serviceaccount:web:api"
    stack tag alpha.eksctl.io/cluster-name=demo
    stack tag alpha.eksctl.io/iamserviceaccount-name=web/api
    stack tag eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    pods ["irsa", "irsa"]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    "#);
    assert_eq!(without(watch.seen()), Vec::<String>::new());
}

#[test]
fn eksctls_command_moves_all() {
    let bench = annotated();
    let utils = "utils migrate-to-pod-identity --cluster demo";
    assert_snapshot!(steady(&bench.run(utils)), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-web-api
        ~ trust policy:
                  "Principal": {
                    "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                  }
          +     },
          +     {
          +       "Action": [
          +         "sts:AssumeRole",
          +         "sts:TagSession"
          +       ],
          +       "Condition": {
          +         "StringEquals": {
          +           "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
          +           "aws:RequestTag/kubernetes-namespace": "web",
          +           "aws:RequestTag/kubernetes-service-account": "api"
          +         }
          +       },
          +       "Effect": "Allow",
          +       "Principal": {
          +         "Service": "pods.eks.amazonaws.com"
          +       }
                }
              ],
              "Version": "2012-10-17"
        deployment mode: express
    + create EKS Pod Identity association of service account web/api
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      prove that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU by pod-identity
    ~ restart deployment web/api
        pod api-HASH: container app has its credentials from IRSA
        pod api-HASH: container app has its credentials from IRSA
      wait for the new pods of deployment web/api
    [stderr]
    plan: 1 to create, 2 to change, 0 to delete, 2 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    bench.arrange(&format!("{utils} --approve"));
    bench.arrange(&format!(
        "{utils} --remove-oidc-provider-trust-relationship --approve"
    ));
    let status = bench.run("migrate status --cluster demo");
    assert!(status.contains("NEW"), "{status}");
}

#[test]
fn without_a_proof_it_is_a_move_too() {
    let bench = moved();
    let told = bench.run(&format!("{BACK} web/api --no-proof --approve"));
    assert!(told.contains("web         api    moved"), "{told}");
}

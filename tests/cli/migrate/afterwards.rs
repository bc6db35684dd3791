//! What the other commands make of a service account that has moved, or is on its way.

use insta::assert_snapshot;

use super::{BACK, TO, annotated, moved, sum};
use crate::export::exported;
use crate::support::{Bench, S3};

/// web/api with the association that irsactl made, and a Deployment.
fn associated() -> Bench {
    let bench = Bench::associated();
    let mut world = bench.sandbox.world();
    world.clusters[0].add_addon("eks-pod-identity-agent");
    drop(world);
    bench.arrange(&format!(
        "create podidentityassociation web/api --cluster demo --attach-policy-arn {S3} --create-service-account --approve"
    ));
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 1);
    drop(world);
    bench
}

/// The same on IRSA, for good.
fn on_irsa() -> Bench {
    let bench = associated();
    bench.arrange(&format!("{BACK} web/api --approve"));
    bench.arrange(&format!("{BACK} web/api --finish --approve"));
    bench
}

/// What is exported, of which nothing is to be done.
fn round_trip(bench: &Bench) -> String {
    let text = exported(bench, &bench.run("export --cluster demo"));
    let applied = bench.run_with("apply -f - --prune --detailed-exitcode", &text);
    let nothing = "nothing to do: all is as asked\n[exit 0]\n";
    assert!(applied.ends_with(nothing), "{text}{applied}");
    text
}

#[test]
fn what_was_an_association_is_an_iam_service_account_with_its_stack() {
    let bench = on_irsa();
    assert_snapshot!(round_trip(&bench), @"
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: api
            namespace: web
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ");
    assert_snapshot!(
        bench.run("update iamserviceaccount web/api --cluster demo --add-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    updated   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    updated stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    "
    );
    assert_snapshot!(bench.run(&format!("create iamserviceaccount web/api --cluster demo --attach-policy-arn {S3}")), @r#"
    [stderr]
    error: web/api: the role of stack "eksctl-demo-podidentityrole-web-api" is not as asked (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AmazonSQSFullAccess
    hint: change the role: `irsactl update iamserviceaccount api --namespace web --cluster demo --remove-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess`
    [exit 1]
    "#);
    // Also where no annotation leads to it.
    assert_snapshot!(bench.run("delete iamserviceaccount web/api --cluster demo --role-only"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    deleted stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    ");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn what_was_an_association_is_pruned_as_an_iam_service_account() {
    let bench = on_irsa();
    bench.file("none.yaml", "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\niam:\n  serviceAccounts: []\n");
    assert_snapshot!(bench.run("apply -f none.yaml --prune"), @"
    [stdout]
    - delete service account web/api
    - delete stack eksctl-demo-podidentityrole-web-api
    [stderr]
    warning: the config file has no service accounts: all of the cluster's are missing in it
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn an_export_halfway_has_nothing_of_the_move_and_takes_nothing_from_it() {
    let bench = annotated();
    bench.arrange(&format!("{TO} web/api --approve"));
    assert_snapshot!(round_trip(&bench), @"
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: api
            namespace: web
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      podIdentityAssociations:
        - namespace: web
          serviceAccountName: api
          roleARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
    ");
    let bench = associated();
    bench.arrange(&format!("{BACK} web/api --approve"));
    assert_snapshot!(round_trip(&bench), @"
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: api
            namespace: web
          attachRoleARN: arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    ");
}

#[test]
fn an_annotation_that_is_taken_off_on_the_way_to_irsa_is_told_and_put_back() {
    let bench = associated();
    bench.arrange(&format!("{BACK} web/api --approve"));
    let before = sum(&bench);
    let take_off = || {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.annotate(
            "web",
            "api",
            &[("eks.amazonaws.com/role-arn", "")],
            "kubectl",
        );
    };
    take_off();
    assert_snapshot!(bench.run("migrate status --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATE   NEW PODS    PODS             ROLE ARN
    web         api    BOTH    node-role   1 pod has irsa   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    warning: web/api: pods that start have no role, as its annotation was taken off in the middle of a move; `irsactl migrate to-irsa web/api --cluster demo --approve` puts it back
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace web"), @"
    [stdout]
    NAMESPACE   NAME   KIND         WAY    SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         api    Deployment   irsa   api               BOTH    irsactl migrate to-irsa web/api --cluster demo
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{BACK} web/api --finish --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: its new pods do not have irsa yet
    hint: run the same command without `--finish` first
    [exit 1]
    ");
    assert_snapshot!(bench.run(&format!("{BACK} --all --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    proved that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY by irsa
    annotated service account web/api
    [exit 0]
    ");
    assert_eq!(sum(&bench), before);
    take_off();
    bench.arrange(&format!("{BACK} web/api --undo --approve"));
    assert_snapshot!(sum(&bench), @r#"
    trusts ["Service"] "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api ["alpha.eksctl.io/cluster-name", "alpha.eksctl.io/eksctl-version", "alpha.eksctl.io/podidentityassociation-name", "eksctl.cluster.k8s.io/v1alpha1/cluster-name"]
    stack tag alpha.eksctl.io/cluster-name=demo
    stack tag alpha.eksctl.io/podidentityassociation-name=web/api
    stack tag eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    pods ["pod-identity"]
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=
    "#);
}

#[test]
fn what_is_an_association_by_now_is_not_annotated_again() {
    let bench = moved();
    let update = "update iamserviceaccount web/api --cluster demo --add-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    assert_snapshot!(bench.run(update), @"
    [stderr]
    error: web/api: its role lets in EKS Pod Identity alone, and its ServiceAccount has no annotation: it is no IAM service account any more
    hint: it is changed as an association: `irsactl update podidentityassociation web/api --cluster demo`
    hint: or lead it back to IRSA: `irsactl migrate to-irsa web/api --cluster demo`
    [exit 1]
    ");
    bench.arrange("update podidentityassociation web/api --cluster demo --add-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess --approve");
}

/// The stack has the association's tags until the move is finished.
#[test]
fn in_the_middle_no_service_account_is_deleted_from_its_role() {
    let bench = associated();
    bench.arrange(&format!("{BACK} web/api --approve"));
    bench.calls();
    assert_snapshot!(bench.run("delete iamserviceaccount web/api --cluster demo"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: it is on its way from EKS Pod Identity to IRSA, and its role is the association's still
    hint: finish the move, then delete it: `irsactl migrate to-irsa web/api --cluster demo --finish --approve`
    hint: or take the move back: `irsactl migrate to-irsa web/api --cluster demo --undo --approve`
    hint: or where there was no move: `kubectl annotate serviceaccount api --namespace web irsactl/pod-identity-association-`
    [exit 1]
    ");
    assert_eq!(bench.changes(), "");
    bench.arrange(&format!("{BACK} web/api --finish --approve"));
    bench.arrange("delete iamserviceaccount web/api --cluster demo");
    assert_eq!(bench.stacks(), "");
}

/// What lets in any association stays in its trust policy, and whose the stack is follows all the same.
#[test]
fn a_role_that_lets_in_any_association_is_the_iam_service_accounts_too() {
    let bench = Bench::associated();
    let mut world = bench.sandbox.world();
    world.clusters[0].add_addon("eks-pod-identity-agent");
    drop(world);
    bench.arrange(&format!(
        "create podidentityassociation web/api --cluster demo --attach-policy-arn {S3} --create-service-account --disable-session-tags --approve"
    ));
    bench.arrange(&format!("{BACK} web/api --approve"));
    assert_snapshot!(bench.run(&format!("{BACK} web/api --finish")), @"
    [stdout]
      prove that web/api can use arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY by irsa
    ~ remove irsactl/pod-identity-association from service account web/api
    ~ update stack eksctl-demo-podidentityrole-web-api
        - tag: alpha.eksctl.io/podidentityassociation-name=web/api
        + tag: alpha.eksctl.io/iamserviceaccount-name=web/api
    [stderr]
    warning: role arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY lets in any association that names it, by a statement for pods.eks.amazonaws.com without a condition
    warning: role eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY still lets it in by the way of before, by what is not for it alone: that stays as it is
    note: a config file that has it describes it from now on under iam.serviceAccounts: web/api with role arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    plan: 0 to create, 2 to change, 0 to delete, 1 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    bench.arrange(&format!("{BACK} web/api --finish --approve"));
    bench.calls();
    bench.arrange(&format!("{BACK} web/api --finish --approve"));
    assert_eq!(bench.changes(), "");
    let found = bench.run("get iamserviceaccount --cluster demo -o name");
    assert_eq!(found, "[stdout]\nweb/api\n[exit 0]\n");
    assert_snapshot!(round_trip(&bench), @"
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      withOIDC: true
      serviceAccounts:
        - metadata:
            name: api
            namespace: web
          attachPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ");
    bench.arrange("delete iamserviceaccount web/api --cluster demo");
    assert_eq!(bench.stacks(), "");
}

#[test]
fn where_all_are_finished_it_is_said_that_none_is_undone() {
    let bench = moved();
    for stage in ["--undo", "--finish"] {
        let told = bench.run(&format!("{TO} --all {stage} --approve"));
        assert!(told.contains("no move was found that is begun"), "{told}");
        assert_eq!(bench.changes(), "");
    }
}

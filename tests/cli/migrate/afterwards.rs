//! What the other commands make of a service account that has moved, or is on its way.

use insta::assert_snapshot;

use super::{BACK, TO, annotated};
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

//! A chart's ServiceAccount whose role annotation is there and empty (`role-arn: ""`): it counts as none
//! for the webhook, and for every command.

use insta::assert_snapshot;

use crate::support::{Bench, S3};

fn bench() -> Bench {
    let bench = Bench::associated();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.put_namespace("web");
        api.put_service_account(
            "web",
            "api",
            &[("app.kubernetes.io/managed-by", "Helm")],
            &[("eks.amazonaws.com/role-arn", "")],
            "helm",
        );
        api.run_deployment("web", "api", "api", 1);
    }
    bench
}

#[test]
fn an_empty_role_annotation_is_none() {
    let bench = bench();
    assert_snapshot!(crate::doctor::told(&bench.run("doctor --cluster demo web/api")), @"
    problem: ServiceAccount web/api has no role annotation [role-annotation]
      eks.amazonaws.com/role-arn
        wanted: the ARN of a role
        found:  no such annotation
      fix: irsactl create iamserviceaccount --cluster demo web/api --attach-policy-arn ARN --approve   # ARN: of a policy that allows what it needs

      13 checks hold
    [exit 1]
    ");
    assert_snapshot!(bench.run("doctor --cluster demo --all"), @"
    [stdout]
    no service account of cluster demo has a role
    [exit 0]
    ");
    assert_snapshot!(bench.run("verify --cluster demo web/api"), @"
    [stderr]
    error: web/api: the service account has no role: no annotation eks.amazonaws.com/role-arn
    hint: make it, with its role: `irsactl create iamserviceaccount web/api --cluster demo --attach-policy-arn ARN --approve`
    hint: find the cause: `irsactl doctor web/api --cluster demo`
    [exit 1]
    ");
    let create = format!(
        "create iamserviceaccount web/api --cluster demo --role-name api --attach-policy-arn {S3} --approve"
    );
    assert_snapshot!(bench.run(&format!("{create} --role-only")), @"
    [stdout]
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      annotations:
        eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/api
      labels:
        app.kubernetes.io/managed-by: eksctl
      name: api
      namespace: web
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api
    apply this ServiceAccount, as with `| kubectl apply -f -`:
    [exit 0]
    ");
    assert_snapshot!(bench.run("get iamserviceaccount --cluster demo -o wide"), @"
    [stdout]
    NAMESPACE   NAME   ROLE ARN                             STATUS            STACK                                         POLICIES                 SERVICE ACCOUNT
    web         api    arn:aws:iam::111122223333:role/api   CREATE_COMPLETE   eksctl-demo-addon-iamserviceaccount-web-api   AmazonS3ReadOnlyAccess   not annotated
    [exit 0]
    ");
    assert_snapshot!(bench.run("export --cluster demo"), @"
    [stdout]
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
          roleName: api
          roleOnly: true
    [exit 0]
    ");
    // It is nobody's role: it is taken over without a word about others' values.
    assert_snapshot!(bench.run(&create), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    changed   arn:aws:iam::111122223333:role/api
    [stderr]
    annotated service account web/api
    note: these run without the role until they are restarted: deployment web/api (1 pod); `--restart` does it
    [exit 0]
    ");
    assert_snapshot!(bench.run("delete iamserviceaccount api --namespace web --cluster demo --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    note: the ServiceAccount web/api was not made by irsactl or eksctl: it stays
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api
    removed eks.amazonaws.com/role-arn from service account web/api
    [exit 0]
    ");
}

#[test]
fn a_role_without_its_service_account_is_told_with_what_makes_it() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").put_namespace("web");
    bench.arrange(&format!(
        "create iamserviceaccount web/api --cluster demo --role-name api --attach-policy-arn {S3} --role-only --approve"
    ));
    assert_snapshot!(crate::doctor::told(&bench.run("doctor --cluster demo web/api")), @"
    problem: there is no ServiceAccount web/api, though it has a role [service-account]
      role: arn:aws:iam::111122223333:role/api
      fix: kubectl create serviceaccount api --namespace web   # in cluster demo
      fix: kubectl annotate serviceaccount api --namespace web --overwrite eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/api   # in cluster demo

      17 checks hold
    [exit 1]
    ");
}

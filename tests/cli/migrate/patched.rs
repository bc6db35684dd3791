//! Workloads that get a service account of their own on the way from kube2iam.

use insta::assert_snapshot;
use serde_json::json;

use super::intercepted::{NODES, TO, annotated, kube2iam, put_kube2iam_as, put_role};
use crate::support::Bench;

pub const PATCHED: &str = "migrate to-irsa --cluster demo --from kube2iam --patch-workloads";

/// web/api of service account `default` has role web-api by kube2iam.
pub fn of_default() -> Bench {
    let bench = Bench::associated();
    put_kube2iam_as(&bench, "web", "api", "default");
    bench.calls();
    bench
}

/// A Deployment in web, by that field manager.
fn put(bench: &Bench, name: &str, account: &str, role: &str, manager: &str) {
    put_role(bench, role, &[NODES]);
    let mut world = bench.sandbox.world();
    let role = json!({"iam.amazonaws.com/role": role});
    let workload = annotated("web", name, account, &role);
    let api = world.api("demo");
    api.put_service_account("web", account, &[], &[], "kubectl");
    api.put_object(workload, manager);
}

/// What a workload says of its service account, and its template of the way of before.
fn of(bench: &Bench, name: &str) -> String {
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let found = api
        .object("deployments", "web", name)
        .expect("a Deployment");
    let template = &found["spec"]["template"];
    json!([
        found["metadata"]["annotations"],
        template["metadata"]["annotations"],
        template["spec"]["serviceAccountName"],
    ])
    .to_string()
}

fn bind(bench: &Bench, account: &str) {
    let subject = json!({"kind": "ServiceAccount", "name": account});
    let metadata = json!({"namespace": "web", "name": "readers"});
    bench.sandbox.world().api("demo").put_object(
        json!({
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": metadata,
            "subjects": [subject],
        }),
        "kubectl",
    );
}

#[test]
fn a_workload_of_default_gets_a_service_account_of_its_own() {
    let bench = of_default();
    assert_snapshot!(bench.run(&format!("{PATCHED} web/default")), @r#"
    [stdout]
    ~ update the trust policy of role web-api
        ~ trust policy:
                  "Principal": {
                    "Service": "ec2.amazonaws.com"
                  }
          +     },
          +     {
          +       "Action": "sts:AssumeRoleWithWebIdentity",
          +       "Condition": {
          +         "StringEquals": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api"
          +         }
          +       },
          +       "Effect": "Allow",
          +       "Principal": {
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +       }
                }
              ],
              "Version": "2012-10-17"
    + create service account web/api
        role: arn:aws:iam::111122223333:role/web-api
        label: app.kubernetes.io/managed-by=eksctl
        annotation: irsactl/former-service-account=default deployment/api
        namespace: web, made where it is missing
      prove that web/api can use arn:aws:iam::111122223333:role/web-api by irsa
    ~ move deployment web/api to service account api
      wait for the new pods of deployment web/api
    [stderr]
    plan: 1 to create, 2 to change, 0 to delete, 2 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{PATCHED} web/default --approve")), @r"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    updated the trust policy of role web-api
    created service account web/api
    proved that web/api can use arn:aws:iam::111122223333:role/web-api by irsa
    moved deployment web/api to service account api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_snapshot!(of(&bench, "api"), @r#"[{"irsactl/former-service-account":"default"},{"iam.amazonaws.com/role":"web-api"},"api"]"#);
    assert_snapshot!(bench.service_account("web", "api"), @r"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/web-api
    annotations: irsactl/former-service-account=default deployment/api
    ");
    assert_snapshot!(bench.run(&format!("{PATCHED} web/default --approve")), @r"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/web-api
    [exit 0]
    ");
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace web"), @r"
    [stdout]
    NAMESPACE   NAME   KIND         WAY    SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         api    Deployment   irsa   api               BOTH    irsactl migrate to-irsa web/api --cluster demo --from kube2iam --finish
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{TO} web/default --finish --approve")), @r"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    note: annotation iam.amazonaws.com/role of deployment web/api and its service account are changed in the cluster: have them the same where they are described
    note: no pod has its role by kube2iam any more: take it away: `kubectl delete daemonset kube2iam --namespace kube-system`
    note: take its iptables rule (169.254.169.254, table nat, PREROUTING) off the nodes, or replace them
    note: take sts:AssumeRole out of the policies of arn:aws:iam::111122223333:role/nodes
    note: set the hop limit of the instances' metadata to 1, so that pods cannot have the roles of nodes
    proved that web/api can use arn:aws:iam::111122223333:role/web-api by irsa
    removed iam.amazonaws.com/role from the pods of deployment web/api
    waited for the new pods of deployment web/api
    updated the trust policy of role web-api
    removed irsactl/former-service-account from service account web/api
    [exit 0]
    ");
    assert_snapshot!(of(&bench, "api"), @r#"[null,{},"api"]"#);
    assert_snapshot!(bench.service_account("web", "api"), @r"
    labels: app.kubernetes.io/managed-by=eksctl
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/web-api
    ");
    assert_snapshot!(bench.run(&format!("{TO} web/api --finish --approve")), @r"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/web-api
    [stderr]
    note: no pod has its role by kube2iam any more: take it away: `kubectl delete daemonset kube2iam --namespace kube-system`
    note: take its iptables rule (169.254.169.254, table nat, PREROUTING) off the nodes, or replace them
    note: take sts:AssumeRole out of the policies of arn:aws:iam::111122223333:role/nodes
    note: set the hop limit of the instances' metadata to 1, so that pods cannot have the roles of nodes
    [exit 0]
    ");
}

#[test]
fn undoing_gives_a_workload_the_service_account_of_before_and_removes_what_was_made() {
    let bench = of_default();
    let trust = |bench: &Bench| {
        let account = &bench.sandbox.world().accounts[crate::support::ACCOUNT];
        account.roles["web-api"].trust.clone()
    };
    let before = trust(&bench);
    bench.arrange(&format!("{PATCHED} --all --approve"));
    assert_snapshot!(bench.run(&format!("{TO} --all --undo --approve")), @r"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    moved deployment web/api to service account default
    waited for the new pods of deployment web/api
    updated the trust policy of role web-api
    deleted service account web/api
    [exit 0]
    ");
    assert_eq!(trust(&bench), before);
    assert_snapshot!(of(&bench, "api"), @r#"[null,{"iam.amazonaws.com/role":"web-api"},"default"]"#);
    assert_eq!(bench.service_account("web", "api"), "");
    assert_snapshot!(bench.run(&format!("{TO} --all --undo --approve")), @r"
    [stderr]
    note: no move was found that is begun and not finished; one that is finished is undone by its name
    [exit 0]
    ");
}

#[test]
fn what_a_controller_made_is_left_to_it() {
    let bench = of_default();
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let found = api.object("deployments", "web", "api");
    let mut found = found.expect("a Deployment").clone();
    found["metadata"]["ownerReferences"] = json!([
        {"apiVersion": "example.com/v1", "kind": "Thing", "name": "t", "uid": "1", "controller": true}
    ]);
    api.put_object(found, "operator");
    drop(world);
    let before = bench.state();
    let told = bench.run(&format!("{PATCHED} web/default --approve"));
    let why = "Thing t made it, and would put its serviceAccountName back: change it there";
    assert!(told.contains(why), "{told}");
    assert!(told.ends_with("[exit 1]\n"), "{told}");
    assert_eq!(bench.state(), before);
}

/// Who may annotate a workload need not be who may say what it runs as.
#[test]
fn an_annotation_that_no_move_wrote_puts_no_workload_to_another_service_account() {
    let bench = of_default();
    let annotate = |bench: &Bench, value: &str| {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let mut found = api
            .object("deployments", "web", "api")
            .expect("a Deployment")
            .clone();
        found["metadata"]["annotations"]["irsactl/former-service-account"] = value.into();
        api.put_object(found, "kubectl");
    };
    annotate(&bench, "king");
    let before = of(&bench, "api");
    bench.run(&format!("{TO} web/default --undo --approve"));
    assert_eq!(of(&bench, "api"), before);

    let bench = of_default();
    bench.arrange(&format!("{PATCHED} --all --approve"));
    annotate(&bench, "king");
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{TO} web/api --undo --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: annotation irsactl/former-service-account of deployment web/api says king, and that of service account web/api says default deployment/api: which one it ran as before cannot be told
    hint: where default is right: `kubectl annotate deployment/api --namespace web --overwrite irsactl/former-service-account=default`, then the same command again
    hint: where king is right: `kubectl annotate serviceaccount/api --namespace web --overwrite 'irsactl/former-service-account=king deployment/api'`, then the same command again
    [exit 1]
    ");
    assert!(of(&bench, "api").ends_with(r#""api"]"#));
    assert_eq!(bench.state(), before);
}

/// The token of EKS Pod Identity is bound to a pod that runs as the new one.
#[test]
fn to_pod_identity_the_proof_comes_after_the_workload() {
    let bench = of_default();
    bench.sandbox.world().clusters[0].add_addon("eks-pod-identity-agent");
    let to = "migrate to-pod-identity --cluster demo --from kube2iam";
    assert_snapshot!(bench.run(&format!("{to} --patch-workloads web/default --service-account worker --approve")), @r"
    [stdout]
    NAMESPACE   NAME     STATUS   ROLE ARN
    web         worker   moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    updated the trust policy of role web-api
    created service account web/worker
    created EKS Pod Identity association of service account web/worker
    moved deployment web/api to service account worker
    waited for the new pods of deployment web/api
    proved that web/worker can use arn:aws:iam::111122223333:role/web-api by pod-identity
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{to} web/default --undo --approve")), @r"
    [stdout]
    NAMESPACE   NAME     STATUS   ROLE ARN
    web         worker   moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    moved deployment web/api to service account default
    waited for the new pods of deployment web/api
    deleted EKS Pod Identity association of service account web/worker
    updated the trust policy of role web-api
    deleted service account web/worker
    [exit 0]
    ");
    assert_snapshot!(of(&bench, "api"), @r#"[null,{"iam.amazonaws.com/role":"web-api"},"default"]"#);
}

#[test]
fn what_cannot_be_given_one_of_its_own_is_told_and_left() {
    let bench = kube2iam();
    put(&bench, "jobs", "api", "web-jobs", "kubectl");
    put(&bench, "chart", "api", "web-jobs", "helm");
    put(&bench, "taken", "api", "web-jobs", "kubectl");
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.put_service_account("web", "taken", &[], &[], "somebody");
        let pull = json!({"imagePullSecrets": [{"name": "registry"}]});
        let object = api
            .objects
            .iter_mut()
            .find(|(key, _)| key.0 == "serviceaccounts" && key.2 == "api");
        let (_, object) = object.expect("web/api");
        object["imagePullSecrets"] = pull["imagePullSecrets"].clone();
    }
    assert_snapshot!(super::steady(&bench.run(&format!("{PATCHED} web/api"))), @r#"
    [stdout]
    ~ update the trust policy of role web-api
        ~ trust policy:
                  "Principal": {
                    "Service": "ec2.amazonaws.com"
                  }
          +     },
          +     {
          +       "Action": "sts:AssumeRoleWithWebIdentity",
          +       "Condition": {
          +         "StringEquals": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api-aws"
          +         }
          +       },
          +       "Effect": "Allow",
          +       "Principal": {
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +       }
                }
              ],
              "Version": "2012-10-17"
    + create service account web/api-aws
        role: arn:aws:iam::111122223333:role/web-api
        label: app.kubernetes.io/managed-by=eksctl
        annotation: irsactl/former-service-account=api deployment/api
        image pull secret: registry
        namespace: web, made where it is missing
      prove that web/api-aws can use arn:aws:iam::111122223333:role/web-api by irsa
    ~ move deployment web/api to service account api-aws
      wait for the new pods of deployment web/api
    ~ update the trust policy of role web-jobs
        ~ trust policy:
                  "Principal": {
                    "Service": "ec2.amazonaws.com"
                  }
          +     },
          +     {
          +       "Action": "sts:AssumeRoleWithWebIdentity",
          +       "Condition": {
          +         "StringEquals": {
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:jobs"
          +         }
          +       },
          +       "Effect": "Allow",
          +       "Principal": {
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
          +       }
                }
              ],
              "Version": "2012-10-17"
    + create service account web/jobs
        role: arn:aws:iam::111122223333:role/web-jobs
        label: app.kubernetes.io/managed-by=eksctl
        annotation: irsactl/former-service-account=api deployment/jobs
        image pull secret: registry
        namespace: web, made where it is missing
      prove that web/jobs can use arn:aws:iam::111122223333:role/web-jobs by irsa
    ~ move deployment web/jobs to service account jobs
      wait for the new pods of deployment web/jobs
    [stderr]
    plan: 2 to create, 4 to change, 0 to delete, 4 to wait for
    error: web/api: a service account has one role for all its pods, and others run, or may, as web/api: deployment web/chart has arn:aws:iam::111122223333:role/web-jobs, deployment web/taken has arn:aws:iam::111122223333:role/web-jobs; deployment web/chart: its serviceAccountName is set by helm, which would put it back: change it there; deployment web/taken: there is a service account web/taken, which no move made for it: `--service-account` names another
    hint: give deployment web/chart one of its own: `kubectl create serviceaccount chart --namespace web`, then `kubectl patch deployment/chart --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"chart"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: chart
    hint: give deployment web/taken one of its own (web/taken is there, and may be of others): `kubectl create serviceaccount taken-aws --namespace web`, then `kubectl patch deployment/taken --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"taken-aws"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: taken-aws
    [exit 1]
    "#);
    bind(&bench, "jobs");
    assert_snapshot!(super::steady(&bench.run(&format!("{PATCHED} web/api --approve"))), @r#"
    [stdout]
    NAMESPACE   NAME      STATUS    ROLE ARN
    web         api       refused
    web         api-aws   moved     arn:aws:iam::111122223333:role/web-api
    [stderr]
    updated the trust policy of role web-api
    created service account web/api-aws
    proved that web/api-aws can use arn:aws:iam::111122223333:role/web-api by irsa
    moved deployment web/api to service account api-aws
    waited for the new pods of deployment web/api
    error: web/api: a service account has one role for all its pods, and others run, or may, as web/api: deployment web/chart has arn:aws:iam::111122223333:role/web-jobs, deployment web/jobs has arn:aws:iam::111122223333:role/web-jobs, deployment web/taken has arn:aws:iam::111122223333:role/web-jobs; deployment web/chart: its serviceAccountName is set by helm, which would put it back: change it there; deployment web/jobs: RoleBinding web/readers names web/jobs, which would give it more rights: `--service-account` names another; deployment web/taken: there is a service account web/taken, which no move made for it: `--service-account` names another
    hint: give deployment web/chart one of its own: `kubectl create serviceaccount chart --namespace web`, then `kubectl patch deployment/chart --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"chart"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: chart
    hint: give deployment web/jobs one of its own: `kubectl create serviceaccount jobs --namespace web`, then `kubectl patch deployment/jobs --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"jobs"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: jobs
    hint: give deployment web/taken one of its own (web/taken is there, and may be of others): `kubectl create serviceaccount taken-aws --namespace web`, then `kubectl patch deployment/taken --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"taken-aws"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: taken-aws
    [exit 1]
    "#);
    assert!(of(&bench, "chart").contains("\"api\""));
}

/// Who may annotate service accounts may say that one was made for a workload of others.
#[test]
fn a_service_account_that_only_says_that_a_move_made_it_opens_no_role() {
    let bench = of_default();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let label = ("app.kubernetes.io/managed-by", "eksctl");
        let planted = ("irsactl/former-service-account", "default deployment/api");
        api.put_service_account("web", "mine", &[label], &[planted], "somebody");
    }
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{TO} web/mine --approve")), @r"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         mine   refused
    [stderr]
    error: web/mine: it was made for deployment web/api, which does not run as it yet
    hint: go on with `--patch-workloads`, or back with `--undo`
    [exit 1]
    ");
    assert_eq!(bench.state(), before);
}

#[test]
fn the_flags_say_what_they_go_with() {
    let bench = Bench::new();
    for line in [
        "migrate to-irsa --cluster demo --all --patch-workloads",
        "migrate to-irsa --cluster demo --from kiam --all --service-account x",
        "migrate to-irsa --cluster demo --from kiam --all --patch-workloads --service-account x",
        "migrate to-irsa --cluster demo --from kiam --all --finish --patch-workloads",
    ] {
        let told = bench.run(line);
        assert!(told.ends_with("[exit 2]\n"), "{told}");
    }
    assert_eq!(bench.calls(), "");
}

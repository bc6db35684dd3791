//! Pods that kube2iam or kiam give their roles, and how they move.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench};

pub const NODES: &str = "arn:aws:iam::111122223333:role/nodes";
const RESTRICTED: &[&str] = &[
    "--base-role-arn=arn:aws:iam::111122223333:role/",
    "--namespace-restrictions",
    "--node=$(NODE_NAME)",
];

/// A workload of Deployment's kind whose pods name a role.
pub fn annotated(namespace: &str, name: &str, account: &str, annotations: &Value) -> Value {
    let mut spec = json!({
        "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
    });
    if account != "default" {
        spec["serviceAccountName"] = account.into();
    }
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name, "labels": {"app": name}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": annotations},
                "spec": spec,
            },
        },
    })
}

/// A role that the nodes may assume.
pub fn put_role(bench: &Bench, name: &str, callers: &[&str]) {
    let statement = |principal: Value| json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": principal});
    let trust = json!({
        "Version": "2012-10-17",
        "Statement": [
            statement(json!({"Service": "ec2.amazonaws.com"})),
            statement(json!({"AWS": callers})),
        ],
    });
    let role = Role::new("aws", ACCOUNT, "/", name, trust);
    bench.account(|account| account.roles.insert(role.name.clone(), role));
}

/// Nodes with a role of theirs, and that program on them.
fn put_daemon(bench: &Bench, name: &str, image: &str, words: &[&str]) {
    put_role(bench, "nodes", &["arn:aws:iam::111122223333:root"]);
    bench.account(|account| {
        account
            .instance_profiles
            .insert("nodes".to_owned(), "nodes".to_owned())
    });
    let mut world = bench.sandbox.world();
    for number in ["10", "11"] {
        let instance = world.add_instance(&format!("i-0123456789abcde{number}"));
        let profile = format!("arn:aws:iam::{ACCOUNT}:instance-profile/nodes");
        instance.profile = Some(profile);
    }
    let mut daemon = annotated("kube-system", name, name, &json!({}));
    daemon["kind"] = "DaemonSet".into();
    let container = json!({
        "name": name,
        "image": image,
        "args": words,
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
    });
    daemon["spec"]["template"]["spec"]["containers"] = json!([container]);
    daemon["spec"]["template"]["spec"]["hostNetwork"] = true.into();
    world.api("demo").run_workload(daemon);
}

/// web/api has role web-api by kube2iam, which lets namespace web have roles of that kind only.
pub fn kube2iam() -> Bench {
    let bench = Bench::associated();
    put_kube2iam(&bench, "web", "api");
    bench.calls();
    bench
}

/// A Deployment and a service account of that name, which has role NAMESPACE-NAME by kube2iam.
pub fn put_kube2iam(bench: &Bench, namespace: &str, name: &str) {
    put_kube2iam_as(bench, namespace, name, name);
}

/// The same of any service account.
pub fn put_kube2iam_as(bench: &Bench, namespace: &str, name: &str, account: &str) {
    put_daemon(bench, "kube2iam", "jtblin/kube2iam:0.11.2", RESTRICTED);
    let role = format!("{namespace}-{name}");
    put_role(bench, &role, &[NODES]);
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let role = json!({"iam.amazonaws.com/role": role});
    api.run_workload(annotated(namespace, name, account, &role));
    let allowed = format!(r#"["{namespace}-*"]"#);
    let allowed = json!({"iam.amazonaws.com/allowed-roles": allowed});
    let metadata = json!({"name": namespace, "annotations": allowed});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
    api.put_object(namespace, "kubectl");
}

#[test]
fn a_scan_tells_what_kube2iam_gives_and_what_it_refuses() {
    let bench = kube2iam();
    put_role(&bench, "db", &[NODES]);
    put_role(
        &bench,
        "web-foreign",
        &["arn:aws:iam::111122223333:role/other"],
    );
    put_role(&bench, "web-account", &["arn:aws:iam::111122223333:root"]);
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        for (name, role) in [
            ("db", "db"),
            ("foreign", "web-foreign"),
            ("account", "web-account"),
        ] {
            let role = json!({"iam.amazonaws.com/role": role});
            api.run_workload(annotated("web", name, name, &role));
        }
    }
    let before = bench.state();
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace web"), @r#"
    [stdout]
    NAMESPACE   NAME      KIND         WAY        SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         account   Deployment   kube2iam   account           OLD     whether its role lets it in depends on the policies of arn:aws:iam::111122223333:role/nodes
    web         api       Deployment   kube2iam   api               OLD     irsactl migrate to-irsa web/api --cluster demo --from kube2iam
    web         db        Deployment   kube2iam   db                OLD     kube2iam gives deployment web/db no role today: annotation iam.amazonaws.com/allowed-roles of namespace web does not allow arn:aws:iam::111122223333:role/db: ["web-*"]
    web         foreign   Deployment   kube2iam   foreign           OLD     its role's trust policy does not let in arn:aws:iam::111122223333:role/nodes today, by which kube2iam calls AWS
    [exit 0]
    "#);
    assert_eq!(bench.state(), before);
    let whole = bench.run("migrate scan --cluster demo --namespace web -o json");
    let evidence: Vec<&str> = whole
        .lines()
        .filter(|line| line.contains("evidence") && line.contains("web-api"))
        .collect();
    assert_snapshot!(evidence.join("\n"), @r#"            "evidence": "2 pods have kube2iam: annotation iam.amazonaws.com/role with web-api, by daemonset kube-system/kube2iam; new ones go by annotation iam.amazonaws.com/role with web-api, by daemonset kube-system/kube2iam","#);
}

pub const TO: &str = "migrate to-irsa --cluster demo --from kube2iam";

/// Whom the roles of web trust, annotations, what pods have, and what their templates say.
fn sum(bench: &Bench) -> String {
    let mut world = bench.sandbox.world();
    let mut text = String::new();
    let roles = &world.accounts[ACCOUNT].roles;
    for role in roles.values().filter(|role| role.name != "nodes") {
        for statement in role.trust["Statement"].as_array().into_iter().flatten() {
            let who = &statement["Principal"];
            let told = super::told(statement);
            text.push_str(&format!(
                "{} trusts {who} {}\n",
                role.name,
                told.rsplit("] ").next().unwrap_or_default()
            ));
        }
    }
    for association in &world.clusters[0].associations {
        let tags = &association.tags;
        text.push_str(&format!(
            "association {} {:?}\n",
            association.service_account,
            tags.get("irsactl/moved-from")
        ));
    }
    let api = world.api("demo");
    let names: Vec<String> = api.pods("web").into_iter().map(str::to_owned).collect();
    let mut ways: Vec<&str> = names
        .iter()
        .map(|name| super::way(&mut world, name))
        .collect();
    ways.sort_unstable();
    text.push_str(&format!("pods {ways:?}\n"));
    drop(world);
    text + &bench.service_account("web", "api")
}

#[test]
fn a_service_account_moves_from_kube2iam_to_irsa_and_the_nodes_are_let_in_no_more() {
    let bench = kube2iam();
    assert_snapshot!(super::steady(&bench.run(&format!("{TO} web/api"))), @r#"
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
      prove that web/api can use arn:aws:iam::111122223333:role/web-api by irsa
    ~ annotate service account web/api
        role: arn:aws:iam::111122223333:role/web-api
        + annotation eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/web-api
    ~ restart deployment web/api
        pod api-HASH: container app has no role
        pod api-HASH: container app has no role
      wait for the new pods of deployment web/api
    [stderr]
    plan: 0 to create, 3 to change, 0 to delete, 2 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{TO} web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    updated the trust policy of role web-api
    proved that web/api can use arn:aws:iam::111122223333:role/web-api by irsa
    annotated service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    web-api trusts {"Service":"ec2.amazonaws.com"} 
    web-api trusts {"AWS":["arn:aws:iam::111122223333:role/nodes"]} 
    web-api trusts {"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"} "sts.amazonaws.com" "system:serviceaccount:web:api"
    pods ["irsa", "irsa"]
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/web-api
    "#);
    assert_snapshot!(bench.run("migrate scan --cluster demo --namespace web"), @"
    [stdout]
    NAMESPACE   NAME   KIND         WAY    SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         api    Deployment   irsa   api               BOTH    irsactl migrate to-irsa web/api --cluster demo --from kube2iam --finish
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{TO} web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/web-api
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{TO} web/api --finish --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    note: annotation iam.amazonaws.com/role of deployment web/api is of no use any more: take it out where that is described, or by `kubectl patch deployment/api --namespace web --type json --patch '[{"op":"remove","path":"/spec/template/metadata/annotations/iam.amazonaws.com~1role"}]'`, which replaces its pods
    note: no pod has its role by kube2iam any more: take it away: `kubectl delete daemonset kube2iam --namespace kube-system`
    note: take its iptables rule (169.254.169.254, table nat, PREROUTING) off the nodes, or replace them
    note: take sts:AssumeRole out of the policies of arn:aws:iam::111122223333:role/nodes
    note: set the hop limit of the instances' metadata to 1, so that pods cannot have the roles of nodes
    proved that web/api can use arn:aws:iam::111122223333:role/web-api by irsa
    updated the trust policy of role web-api
    [exit 0]
    "#);
    assert_snapshot!(sum(&bench), @r#"
    web-api trusts {"Service":"ec2.amazonaws.com"} 
    web-api trusts {"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"} "sts.amazonaws.com" "system:serviceaccount:web:api"
    pods ["irsa", "irsa"]
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/web-api
    "#);
    assert_snapshot!(bench.run(&format!("{TO} --all --finish --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/web-api
    [stderr]
    note: annotation iam.amazonaws.com/role of deployment web/api is of no use any more: take it out where that is described, or by `kubectl patch deployment/api --namespace web --type json --patch '[{"op":"remove","path":"/spec/template/metadata/annotations/iam.amazonaws.com~1role"}]'`, which replaces its pods
    note: no pod has its role by kube2iam any more: take it away: `kubectl delete daemonset kube2iam --namespace kube-system`
    note: take its iptables rule (169.254.169.254, table nat, PREROUTING) off the nodes, or replace them
    note: take sts:AssumeRole out of the policies of arn:aws:iam::111122223333:role/nodes
    note: set the hop limit of the instances' metadata to 1, so that pods cannot have the roles of nodes
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{TO} web/api --undo --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: kube2iam gives its pods no role any more, so that there is no way back
    error: web/api: its role's trust policy does not let in arn:aws:iam::111122223333:role/nodes today, by which kube2iam calls AWS
    [exit 1]
    ");
}

#[test]
fn undoing_leaves_nothing_of_a_move_from_kube2iam() {
    let bench = kube2iam();
    let before = sum(&bench);
    bench.arrange(&format!("{TO} web/api --approve"));
    assert_snapshot!(bench.run(&format!("{TO} --all --undo --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    removed eks.amazonaws.com/role-arn from service account web/api
    restarted deployment web/api
    waited for the new pods of deployment web/api
    updated the trust policy of role web-api
    [exit 0]
    ");
    assert_eq!(sum(&bench), before);
    assert_snapshot!(bench.run(&format!("{TO} --all --undo --approve")), @"
    [stderr]
    note: no move was found that is begun and not finished; one that is finished is undone by its name
    [exit 0]
    ");
}

#[test]
fn what_kube2iam_refuses_is_not_given() {
    let bench = kube2iam();
    put_role(&bench, "db", &[NODES]);
    put_role(
        &bench,
        "web-foreign",
        &["arn:aws:iam::111122223333:role/other"],
    );
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        for (name, role) in [("db", "db"), ("foreign", "web-foreign")] {
            let role = json!({"iam.amazonaws.com/role": role});
            api.run_workload(annotated("web", name, name, &role));
        }
    }
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{TO} web/db web/foreign --approve")), @r#"
    [stdout]
    NAMESPACE   NAME      STATUS    ROLE ARN
    web         db        refused
    web         foreign   refused
    [stderr]
    error: web/db: kube2iam gives deployment web/db no role today: annotation iam.amazonaws.com/allowed-roles of namespace web does not allow arn:aws:iam::111122223333:role/db: ["web-*"]
    error: web/foreign: its role's trust policy does not let in arn:aws:iam::111122223333:role/nodes today, by which kube2iam calls AWS
    [exit 1]
    "#);
    assert_eq!(bench.state(), before);
    assert_snapshot!(super::steady(&bench.run(&format!("{TO} --all"))), @r#"
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
      prove that web/api can use arn:aws:iam::111122223333:role/web-api by irsa
    ~ annotate service account web/api
        role: arn:aws:iam::111122223333:role/web-api
        + annotation eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/web-api
    ~ restart deployment web/api
        pod api-HASH: container app has no role
        pod api-HASH: container app has no role
      wait for the new pods of deployment web/api
    [stderr]
    note: web/db: skipped: kube2iam gives deployment web/db no role today: annotation iam.amazonaws.com/allowed-roles of namespace web does not allow arn:aws:iam::111122223333:role/db: ["web-*"]
    note: web/foreign: skipped: its role's trust policy does not let in arn:aws:iam::111122223333:role/nodes today, by which kube2iam calls AWS
    plan: 0 to create, 3 to change, 0 to delete, 2 to wait for
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
}

#[test]
fn pods_of_one_service_account_with_several_roles_need_one_each() {
    let bench = kube2iam();
    put_role(&bench, "web-jobs", &[NODES]);
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let role = json!({"iam.amazonaws.com/role": "web-jobs"});
        api.run_workload(annotated("web", "jobs", "api", &role));
        let role = json!({"iam.amazonaws.com/role": "web-api"});
        api.run_workload(annotated("web", "plain", "default", &role));
    }
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{TO} web/api web/default --approve")), @r#"
    [stdout]
    NAMESPACE   NAME      STATUS    ROLE ARN
    web         api       refused
    web         default   refused
    [stderr]
    error: web/api: a service account has one role for all its pods, and others run, or may, as web/api: deployment web/api has arn:aws:iam::111122223333:role/web-api, deployment web/jobs has arn:aws:iam::111122223333:role/web-jobs
    hint: give deployment web/api one of its own: `kubectl create serviceaccount api-aws --namespace web`, then `kubectl patch deployment/api --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"api-aws"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: api-aws
    hint: give deployment web/jobs one of its own: `kubectl create serviceaccount jobs --namespace web`, then `kubectl patch deployment/jobs --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"jobs"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: jobs
    error: web/default: a service account has one role for all its pods, and others run, or may, as web/default: deployment web/plain has arn:aws:iam::111122223333:role/web-api
    hint: give deployment web/plain one of its own: `kubectl create serviceaccount plain --namespace web`, then `kubectl patch deployment/plain --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"plain"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: plain
    hint: have that done: the same command with `--patch-workloads`
    [exit 1]
    "#);
    assert_eq!(bench.state(), before);
    assert_snapshot!(bench.run(&format!("{TO} --all")), @r#"
    [stderr]
    note: web/api: skipped: a service account has one role for all its pods, and others run, or may, as web/api: deployment web/api has arn:aws:iam::111122223333:role/web-api, deployment web/jobs has arn:aws:iam::111122223333:role/web-jobs
    note: web/api: have that done: the same command with `--patch-workloads`
    note: web/api: give deployment web/api one of its own: `kubectl create serviceaccount api-aws --namespace web`, then `kubectl patch deployment/api --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"api-aws"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: api-aws
    note: web/api: give deployment web/jobs one of its own: `kubectl create serviceaccount jobs --namespace web`, then `kubectl patch deployment/jobs --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"jobs"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: jobs
    note: web/default: skipped: a service account has one role for all its pods, and others run, or may, as web/default: deployment web/plain has arn:aws:iam::111122223333:role/web-api
    note: web/default: have that done: the same command with `--patch-workloads`
    note: web/default: give deployment web/plain one of its own: `kubectl create serviceaccount plain --namespace web`, then `kubectl patch deployment/plain --namespace web --patch '{"spec":{"template":{"spec":{"serviceAccountName":"plain"}}}}'`; in a chart or in Git that is spec.template.spec.serviceAccountName: plain
    nothing to do: all is as asked
    [exit 0]
    "#);
}

#[test]
fn who_needs_the_nodes_keeps_them() {
    let bench = kube2iam();
    {
        let mut world = bench.sandbox.world();
        let role = json!({"iam.amazonaws.com/role": "arn:aws:iam::111122223333:role/web-api"});
        let other = annotated("web", "other", "other", &role);
        world.api("demo").run_workload(other);
    }
    bench.arrange(&format!("{TO} web/api --approve"));
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{TO} web/api --finish --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS      ROLE ARN
    web         api    unchanged   arn:aws:iam::111122223333:role/web-api
    [stderr]
    warning: role web-api still lets in who calls AWS for kube2iam, as these have it by that: deployment web/other
    note: annotation iam.amazonaws.com/role of deployment web/api is of no use any more: take it out where that is described, or by `kubectl patch deployment/api --namespace web --type json --patch '[{"op":"remove","path":"/spec/template/metadata/annotations/iam.amazonaws.com~1role"}]'`, which replaces its pods
    note: kube2iam is still needed by deployment web/other
    [exit 0]
    "#);
    assert_eq!(bench.state(), before);
}

/// web/api has role web-api by kiam, whose server assumes a role of its own.
pub fn kiam() -> Bench {
    let bench = Bench::associated();
    bench.sandbox.world().clusters[0].add_addon("eks-pod-identity-agent");
    put_kiam(&bench, "web", "api");
    bench.calls();
    bench
}

/// A Deployment and a service account of that name, which has role NAMESPACE-NAME by kiam.
pub fn put_kiam(bench: &Bench, namespace: &str, name: &str) {
    put_daemon(
        bench,
        "kiam-agent",
        "quay.io/uswitch/kiam:v4.2",
        &["agent", "--iptables"],
    );
    put_role(bench, "kiam", &[NODES]);
    let caller = "arn:aws:iam::111122223333:role/kiam";
    let role = format!("{namespace}-{name}");
    put_role(bench, &role, &[caller]);
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let mut server = annotated("kube-system", "kiam-server", "none", &json!({}));
    server["spec"]["template"]["spec"]["containers"] = json!([{
        "name": "kiam",
        "image": "quay.io/uswitch/kiam:v4.2",
        "command": ["/kiam"],
        "args": ["server", "--role-base-arn-autodetect", "--assume-role-arn", caller],
    }]);
    api.put_object(server, "helm");
    let annotations = json!({
        "iam.amazonaws.com/role": role,
        "iam.amazonaws.com/session-name": name,
    });
    api.run_workload(annotated(namespace, name, name, &annotations));
    let permitted = format!("arn:aws:iam::111122223333:role/{namespace}-.*");
    let permitted = json!({"iam.amazonaws.com/permitted": permitted});
    let metadata = json!({"name": namespace, "annotations": permitted});
    api.put_object(
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}),
        "kubectl",
    );
}

#[test]
fn a_service_account_moves_from_kiam_to_pod_identity() {
    let bench = kiam();
    let before = sum(&bench);
    let to = "migrate to-pod-identity --cluster demo --from kiam";
    assert_snapshot!(bench.run(&format!("{to} --all --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    warning: annotation iam.amazonaws.com/session-name of its pods has no equal: their sessions are without it afterwards
    updated the trust policy of role web-api
    created EKS Pod Identity association of service account web/api
    proved that web/api can use arn:aws:iam::111122223333:role/web-api by pod-identity
    restarted deployment web/api
    waited for the new pods of deployment web/api
    [exit 0]
    ");
    assert_snapshot!(sum(&bench), @r#"
    kiam trusts {"Service":"ec2.amazonaws.com"} 
    kiam trusts {"AWS":["arn:aws:iam::111122223333:role/nodes"]} 
    web-api trusts {"Service":"ec2.amazonaws.com"} 
    web-api trusts {"AWS":["arn:aws:iam::111122223333:role/kiam"]} 
    web-api trusts {"Service":"pods.eks.amazonaws.com"} "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api Some("kiam")
    pods ["pod-identity", "pod-identity"]
    "#);
    bench.arrange(&format!("{to} web/api --undo --approve"));
    assert_eq!(sum(&bench), before);
    bench.arrange(&format!("{to} --all --approve"));
    assert_snapshot!(bench.run(&format!("{to} --all --finish --approve")), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS   ROLE ARN
    web         api    moved    arn:aws:iam::111122223333:role/web-api
    [stderr]
    note: annotation iam.amazonaws.com/role of deployment web/api is of no use any more: take it out where that is described, or by `kubectl patch deployment/api --namespace web --type json --patch '[{"op":"remove","path":"/spec/template/metadata/annotations/iam.amazonaws.com~1role"}]'`, which replaces its pods
    note: no pod has its role by kiam any more: take it away: `kubectl delete daemonset kiam-agent --namespace kube-system`, then `kubectl delete deployment kiam-server --namespace kube-system`
    note: take its iptables rule (169.254.169.254, table nat, PREROUTING) off the nodes, or replace them
    note: take sts:AssumeRole out of the policies of arn:aws:iam::111122223333:role/kiam
    note: set the hop limit of the instances' metadata to 1, so that pods cannot have the roles of nodes
    proved that web/api can use arn:aws:iam::111122223333:role/web-api by pod-identity
    updated the trust policy of role web-api
    [exit 0]
    "#);
    assert_snapshot!(sum(&bench), @r#"
    kiam trusts {"Service":"ec2.amazonaws.com"} 
    kiam trusts {"AWS":["arn:aws:iam::111122223333:role/nodes"]} 
    web-api trusts {"Service":"ec2.amazonaws.com"} 
    web-api trusts {"Service":"pods.eks.amazonaws.com"} "api" "arn:aws:eks:eu-west-1:111122223333:cluster/demo" "web"
    association api Some("kiam")
    pods ["pod-identity", "pod-identity"]
    "#);
}

#[test]
fn an_annotation_that_anybody_may_write_opens_no_role() {
    let bench = kube2iam();
    put_role(&bench, "admin", &[NODES]);
    {
        let mut world = bench.sandbox.world();
        let admin = "arn:aws:iam::111122223333:role/admin";
        let saved = format!(r#"{{"role":"{admin}"}}"#);
        let api = world.api("demo");
        let annotated = ("eks.amazonaws.com/role-arn", admin);
        api.put_service_account("web", "one", &[], &[annotated], "somebody");
        api.put_service_account(
            "web",
            "two",
            &[],
            &[("irsactl/moved-from", &saved)],
            "somebody",
        );
        api.annotate("web", "api", &[annotated], "somebody");
        api.run_deployment("web", "one", "one", 1);
        api.run_deployment("web", "two", "two", 1);
    }
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{TO} web/one web/two web/api --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    web         one    refused
    web         two    refused
    [stderr]
    error: web/api: it has role arn:aws:iam::111122223333:role/admin, and deployment web/api is given arn:aws:iam::111122223333:role/web-api today
    hint: where its annotation is wrong, which anybody may have written, take it off: `kubectl annotate serviceaccount api --namespace web eks.amazonaws.com/role-arn-`
    error: kube2iam gives its pods no role
      so for 2: web/one, web/two
    [exit 1]
    ");
    assert_eq!(bench.state(), before);
}

#[test]
fn what_is_not_on_the_nodes_gives_nothing() {
    let bench = kube2iam();
    assert_snapshot!(bench.run("migrate to-irsa --cluster demo --from kiam web/api --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    refused
    [stderr]
    error: web/api: no kiam is found in the cluster
    [exit 1]
    ");
    assert_snapshot!(bench.run("migrate to-irsa --cluster demo --from kube2iam web/none --approve"), @r#"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         none   refused
    [stderr]
    error: web/none: cluster "demo" has no service account web/none, and nothing runs as one of that name
    hint: list all of them: `irsactl migrate scan --cluster demo --namespace web`
    [exit 1]
    "#);
}

/// Who may write a DaemonSet into a namespace of his own may not run it on the nodes' network.
#[test]
fn a_daemon_set_that_only_says_that_it_is_kube2iam_opens_no_role() {
    let bench = Bench::associated();
    put_kube2iam(&bench, "web", "api");
    put_role(&bench, "admin", &[NODES]);
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let real = api.object("daemonsets", "kube-system", "kube2iam");
        let mut planted = real.expect("kube2iam").clone();
        planted["metadata"] = json!({"namespace": "web", "name": "kube2iam"});
        planted["spec"]["template"]["spec"]["serviceAccountName"] = "none".into();
        let container = &mut planted["spec"]["template"]["spec"]["containers"][0];
        container["args"] = json!(["--base-role-arn=arn:aws:iam::111122223333:role/"]);
        api.put_object(planted, "somebody");
        let role = json!({"iam.amazonaws.com/role": "admin"});
        api.run_workload(annotated("web", "bad", "bad", &role));
    }
    let before = bench.state();
    let told = bench.run(&format!("{TO} web/bad --approve"));
    let why = "kube2iam gives deployment web/bad no role today: annotation iam.amazonaws.com/allowed-roles";
    assert!(told.contains(why), "{told}");
    assert_eq!(bench.state(), before);
}

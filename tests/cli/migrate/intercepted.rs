//! Pods that kube2iam or kiam give their roles, and how they move.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::Role;
use crate::support::{ACCOUNT, Bench};

const NODES: &str = "arn:aws:iam::111122223333:role/nodes";
const RESTRICTED: &[&str] = &[
    "--base-role-arn=arn:aws:iam::111122223333:role/",
    "--namespace-restrictions",
    "--node=$(NODE_NAME)",
];

/// A workload of Deployment's kind whose pods name a role.
fn annotated(namespace: &str, name: &str, account: &str, annotations: &Value) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": namespace, "name": name, "labels": {"app": name}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "annotations": annotations},
                "spec": {
                    "serviceAccountName": account,
                    "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
                },
            },
        },
    })
}

/// A role that the nodes may assume.
fn put_role(bench: &Bench, name: &str, callers: &[&str]) {
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
    let mut daemon = annotated("kube-system", name, "none", &json!({}));
    daemon["kind"] = "DaemonSet".into();
    let container = json!({
        "name": name,
        "image": image,
        "args": words,
        "env": [{"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}],
    });
    daemon["spec"]["template"]["spec"]["containers"] = json!([container]);
    daemon["spec"]["template"]["spec"]["hostNetwork"] = true.into();
    world.api("demo").put_object(daemon, "helm");
}

/// web/api has role web-api by kube2iam, which lets namespace web have roles of that kind only.
pub fn kube2iam() -> Bench {
    let bench = Bench::associated();
    put_daemon(&bench, "kube2iam", "jtblin/kube2iam:0.11.2", RESTRICTED);
    put_role(&bench, "web-api", &[NODES]);
    let mut world = bench.sandbox.world();
    let api = world.api("demo");
    let role = json!({"iam.amazonaws.com/role": "web-api"});
    api.run_workload(annotated("web", "api", "api", &role));
    let allowed = json!({"iam.amazonaws.com/allowed-roles": r#"["web-*"]"#});
    let metadata = json!({"name": "web", "annotations": allowed});
    let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata});
    api.put_object(namespace, "kubectl");
    drop(world);
    bench.calls();
    bench
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
    web         api       Deployment   kube2iam   api               OLD
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

//! A cluster of which a page can tell much: what is well and what is not, roles that others may assume, and
//! names that somebody chose so that a page takes them for something else.

use serde_json::json;

use crate::support::Bench;

/// What somebody wrote who wants a script run, text turned round, or a tag closed.
pub const HOSTILE: &str =
    "</script><script>alert(1)</script>\u{202e}\"'><img src=x onerror=alert(1)>{{rows}}";

pub fn audited() -> Bench {
    let bench = Bench::associated();
    let create = "create iamserviceaccount --cluster demo --approve";
    let s3 = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    for account in ["web/api --well-known-policy ebsCSIController", "web/mailer"] {
        let (name, rest) = account.split_once(' ').unwrap_or((account, ""));
        let (namespace, name) = name.split_once('/').expect("a name");
        let line = format!("{create} {name} -n {namespace} --attach-policy-arn {s3} {rest}");
        let told = bench.run(&line);
        assert!(told.ends_with("[exit 0]\n"), "{told}");
    }
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods("queue-worker");
    let cluster = &mut world.clusters[0];
    cluster.add_addon("eks-pod-identity-agent");
    cluster.add_association("shop", "worker", &role);
    let api = world.api("demo");
    api.put_namespace("shop");
    api.put_service_account("shop", "worker", &[], &[], "helm");
    let longest = format!("a{}z", "b".repeat(251));
    for (name, role) in [
        ("hostile", HOSTILE),
        (&longest, "arn:aws:iam::111122223333:role/gone"),
    ] {
        let annotations = [("eks.amazonaws.com/role-arn", role)];
        api.put_service_account("shop", name, &[], &annotations, "kubectl-annotate");
    }
    api.run_deployment("web", "api", "api", 2);
    api.run_deployment("web", "mail", "mailer", 1);
    api.run_deployment("shop", "worker", "worker", 1);
    drop(world);
    bench.account(|account| {
        let role = account
            .roles
            .values_mut()
            .find(|it| it.name.contains("-web-m"));
        let role = role.expect("the role of web/mailer");
        let statements = role.trust["Statement"].as_array_mut().expect("statements");
        statements.push(json!({
            "Effect": "Allow",
            "Principal": {"AWS": "arn:aws:iam::444455556666:role/<b>auditor</b>"},
            "Action": "sts:AssumeRole",
        }));
        let name = role.name.clone();
        let policy = json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "*", "Resource": ["*", "arn:aws:s3:::<i>all</i>"]},
        ]});
        account.put_role_policy(&name, "all", policy).expect("put");
    });
    bench
}

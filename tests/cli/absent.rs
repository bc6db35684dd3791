//! What was not read, or was read once where it matters, is not taken for absent: nothing is deleted for it, and
//! what is not known is said to be unknown.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::sandbox::{Effect, Fault, Kind, Service};
use crate::support::Bench;

const DELETE: &str = "delete iamserviceaccount a --cluster demo";

/// A service account whose deletion nothing stands in the way of.
fn one() -> Bench {
    let bench = Bench::associated();
    bench.create("a");
    bench
}

/// Runs what must fail and change nothing.
fn refused(bench: &Bench, line: &str) -> String {
    let before = bench.state();
    let told = bench.run(line);
    assert!(told.ends_with("[exit 1]\n"), "{told}");
    assert_eq!(bench.state(), before, "{told}");
    told
}

#[test]
fn a_404_of_another_server_hides_no_service_account() {
    let bench = one();
    for body in [
        "<html>not here</html>",
        "404 page not found",
        "{\"code\": 404}",
    ] {
        let copy = bench.copy();
        let body = body.to_owned();
        let effect = Kind::Effect(Effect::Body { status: 404, body });
        let fault = Fault::new(Some(Service::Kubernetes), None, effect);
        copy.sandbox.world().faults.push(fault);
        let told = refused(&copy, DELETE);
        let wanted = "cluster \"demo\": something else answers there (HTTP 404)";
        assert!(told.contains(wanted), "{told}");
    }
}

#[test]
fn a_list_of_what_every_cluster_has_is_never_missing() {
    let bench = one();
    let list = "kubernetes list serviceaccounts error 404 NotFound no such kind";
    bench.sandbox.fault(list);
    let told = bench.run("migrate scan --cluster demo");
    let wanted =
        "warning: ServiceAccounts are not known: cannot list service accounts: no such kind";
    assert!(told.contains(wanted), "{told}");
}

#[test]
fn what_cloudformation_finds_invalid_is_not_missing() {
    let bench = one();
    for call in ["GetTemplate", "DescribeStacks"] {
        let copy = bench.copy();
        let rule = format!("cloudformation {call} error 400 ValidationError it is too long");
        copy.sandbox.fault(&rule);
        let told = refused(&copy, DELETE);
        let wanted = format!("cloudformation:{call} failed");
        assert!(
            told.contains(&wanted) && told.contains("it is too long"),
            "{told}"
        );
    }
}

#[test]
fn a_role_whose_trust_policy_cannot_be_read_trusts_nobody_knows_whom() {
    let bench = one();
    let trust = |trust: Value| {
        let mut world = bench.sandbox.world();
        let role = world.role_of("default/a").name.to_lowercase();
        let account = world.accounts.get_mut(crate::support::ACCOUNT);
        let role = account.and_then(|all| all.roles.get_mut(&role));
        role.expect("the role").trust = trust;
    };
    trust(Value::Null);
    assert_snapshot!(refused(&bench, "disassociate-oidc-provider --cluster demo --approve"), @"
    [stderr]
    error: iam:ListRoles failed on eksctl-demo-addon-iamserviceaccount-default-a-Role1-RJDJTEYI54FK: an answer that cannot be used: its policy document is no JSON object
    [exit 1]
    ");
    trust(json!({"Statement": []}));
    let told = bench.run("disassociate-oidc-provider --cluster demo --approve");
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

#[test]
fn pods_of_a_cron_job_whose_jobs_may_not_be_read_are_not_none() {
    let bench = one();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.run_job("default", "once", "a");
        let template = json!({"spec": {
            "serviceAccountName": "a",
            "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
        }});
        let nightly = json!({
            "apiVersion": "batch/v1", "kind": "CronJob",
            "metadata": {"namespace": "default", "name": "nightly"},
            "spec": {"schedule": "0 3 * * *", "jobTemplate": {"spec": {"template": template}}},
        });
        api.put_object(nightly, "kubectl");
    }
    bench.sandbox.fault("kubernetes get jobs deny");
    let doctor = "doctor --cluster demo --workload default/cronjob/nightly";
    let told = bench.run(doctor);
    assert!(told.contains("as far as can be seen"), "{told}");
    assert!(
        told.contains("not allowed to get jobs.batch once"),
        "{told}"
    );
}

//! Pods that were not given the role, and pods that something outdoes.

use serde_json::{Value, json};

use super::{Broken, broken, found, healthy, shut_in, without_pods};
use crate::support::Bench;

/// The service account with its role, and a Deployment whose pod template is changed.
fn templated(change: impl Fn(&mut Value)) -> Bench {
    let bench = without_pods();
    let mut template = json!({
        "metadata": {"labels": {"app": "api"}},
        "spec": {
            "serviceAccountName": "api",
            "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
        },
    });
    change(&mut template);
    bench.sandbox.world().api("demo").run_workload(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "web", "name": "api"},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": "api"}},
            "template": template,
        },
    }));
    bench
}

/// A variable of its container.
fn environment(name: &str, value: &str) -> Bench {
    templated(|template| {
        template["spec"]["containers"][0]["env"] = json!([{"name": name, "value": value}]);
    })
}

/// An object beside healthy pods.
fn beside(object: Value) -> Bench {
    let bench = healthy();
    bench
        .sandbox
        .world()
        .api("demo")
        .put_object(object, "kubectl");
    bench
}

fn policy(egress: Value) -> Value {
    json!({
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"namespace": "web", "name": "strict"},
        "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress},
    })
}

/// Pods of the time before the annotation.
fn older() -> Bench {
    let bench = Bench::associated();
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench.create("web/api");
    bench.sandbox.world().role_of("web/api").created -= 3_600_000;
    bench
}

/// Pods of the time of another annotation.
fn with_the_former_role() -> Bench {
    let bench = without_pods();
    let mut world = bench.sandbox.world();
    let role = world.role_of("web/api").arn.clone();
    let former = role.replace(":role/", ":role/former-");
    let api = world.api("demo");
    api.annotate(
        "web",
        "api",
        &[("eks.amazonaws.com/role-arn", &former)],
        "kubectl",
    );
    api.run_deployment("web", "api", "api", 2);
    api.annotate(
        "web",
        "api",
        &[("eks.amazonaws.com/role-arn", &role)],
        "kubectl",
    );
    drop(world);
    bench
}

fn of_workload(told: &'static str, bench: fn() -> Bench) -> Broken {
    Broken {
        asked: "--workload web/deploy/api web/api",
        ..broken(told, bench)
    }
}

fn default_account() -> Bench {
    let bench = without_pods();
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "default", 2);
    drop(world);
    bench
}

#[test]
fn what_the_webhook_did_not_give() {
    insta::assert_snapshot!(found(&[
        of_workload("pods of the service account default", default_account),
        Broken {
            asked: "--workload web/deploy/api",
            ..broken("the same, asked without a name", default_account)
        },
        of_workload("pods of another service account", || {
            let bench = without_pods();
            bench.sandbox.world().api("demo").run_deployment("web", "api", "other", 2);
            bench
        }),
        broken("pods older than the annotation", older),
        broken("pods with the role of before", with_the_former_role),
        broken("the label that keeps the webhook away", || {
            templated(|template| {
                let label = "eks.amazonaws.com/skip-pod-identity-webhook";
                template["metadata"]["labels"][label] = json!("true");
            })
        }),
        broken("no webhook", || {
            let bench = without_pods();
            let mut world = bench.sandbox.world();
            let api = world.api("demo");
            let mut webhook = api
                .object("mutatingwebhookconfigurations", "", "pod-identity-webhook")
                .cloned()
                .expect("the webhook");
            webhook["webhooks"] = json!([]);
            api.put_object(webhook, "kubectl");
            api.run_deployment("web", "api", "api", 2);
            drop(world);
            bench
        }),
        broken("a webhook that does not select the namespace", || {
            let bench = without_pods();
            let mut world = bench.sandbox.world();
            let api = world.api("demo");
            let mut webhook = api
                .object("mutatingwebhookconfigurations", "", "pod-identity-webhook")
                .cloned()
                .expect("the webhook");
            webhook["webhooks"][0]["namespaceSelector"] = json!({"matchLabels": {"irsa": "on"}});
            api.put_object(webhook, "kubectl");
            api.run_deployment("web", "api", "api", 2);
            drop(world);
            bench
        }),
        broken("a webhook that did not answer", || {
            let bench = without_pods();
            let mut world = bench.sandbox.world();
            let api = world.api("demo");
            api.controllers.webhook_is_down = true;
            api.run_deployment("web", "api", "api", 2);
            api.controllers.webhook_is_down = false;
            drop(world);
            bench
        }),
        broken("a role by the template, and no annotation", || {
            let bench = environment("AWS_ROLE_ARN", "arn:aws:iam::111122223333:role/own");
            let mut world = bench.sandbox.world();
            world.api("demo").put_service_account("web", "api", &[], &[], "kubectl");
            drop(world);
            bench
        }),
    ]), @"
    pods of the service account default: problem pod-service-account/default-service-account | by hand
    the same, asked without a name: problem role-annotation/no-annotation | by hand
    pods of another service account: problem pod-service-account/other-service-account | by hand
    pods older than the annotation: problem pod-age/not-restarted | repaired
    pods with the role of before: problem pod-age/old-role | repaired
    the label that keeps the webhook away: problem pod-skipped/skip-label | by hand
    no webhook: problem webhook/no-webhook, cluster: problem webhook/no-webhook | by hand
    a webhook that does not select the namespace: problem webhook-selection/webhook-namespace | by hand
    a webhook that did not answer: problem pod-role/not-injected | by hand
    a role by the template, and no annotation: problem role-annotation/no-annotation | repaired; left: problem pod-own-role/pre-set-environment
    ");
}

#[test]
fn what_outdoes_the_role() {
    insta::assert_snapshot!(found(&[
        broken("a token file by the template", || {
            let file = "/var/run/secrets/kubernetes.io/serviceaccount/token";
            environment("AWS_WEB_IDENTITY_TOKEN_FILE", file)
        }),
        broken("static keys", || environment("AWS_ACCESS_KEY_ID", "AKIAEXAMPLE")),
        broken("a profile", || environment("AWS_PROFILE", "dev")),
        broken("a region of another partition", || environment("AWS_REGION", "cn-north-1")),
        broken("the global STS endpoint", || environment("AWS_STS_REGIONAL_ENDPOINTS", "legacy")),
        broken("a proxy", || environment("HTTPS_PROXY", "http://proxy.example.com:3128")),
        broken("no way out by NetworkPolicies", || beside(policy(json!([])))),
        broken("DNS only by NetworkPolicies", || {
            beside(policy(json!([{"ports": [{"protocol": "UDP", "port": 53}]}])))
        }),
        broken("no way out by security groups", || {
            let bench = healthy();
            shut_in(&bench);
            bench
        }),
        broken("the node's network", || {
            templated(|template| template["spec"]["hostNetwork"] = json!(true))
        }),
    ]), @"
    a token file by the template: problem pod-own-role/pre-set-environment | by hand
    static keys: problem pod-static-keys/static-credentials | by hand
    a profile: warning pod-static-keys/static-credentials | by hand
    a region of another partition: problem pod-region/other-partition | by hand
    the global STS endpoint: warning pod-region/legacy-sts-endpoint | by hand
    a proxy: note pod-proxy/proxy | by hand
    no way out by NetworkPolicies: warning pod-network-policy/no-dns | by hand
    DNS only by NetworkPolicies: warning pod-network-policy/no-sts | by hand
    no way out by security groups: problem pod-security-groups/no-https-out, problem pod-security-groups/no-dns-out | by hand
    the node's network: note pod-host-network/host-network | by hand
    ");
}

#[test]
fn pods_of_the_service_account_default_are_told_by_their_workload() {
    let bench = default_account();
    insta::assert_snapshot!(bench.run("doctor --cluster demo --workload web/deploy/api web/api"), @"
    [stdout]
    web/api: 1 problem
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 2

    problem: deployment web/api: its pods run as service account default [pod-service-account]
      serviceAccountName
        wanted: api
        found:  default
      pods: api-e55b3aed47-0002d, api-e55b3aed47-00030
      hence: deployment web/api: its pods were not given the role, and use that of their node [pod-role]
      hence: deployment web/api: its pods do not know where their token is [pod-token-file]
      hence: deployment web/api: its pods have no token for AWS [pod-token-volume]
      fix: kubectl set serviceaccount deployment/api api --namespace web   # in cluster demo

      34 checks hold
    [exit 1]
    ");
    insta::assert_snapshot!(bench.run("doctor --cluster demo --workload web/deploy/api"), @"
    [stdout]
    web/default: 1 problem
      pods: 2

    problem: ServiceAccount web/default has no role annotation [role-annotation]
      serviceAccountName
        wanted: a service account with a role
        found:  default
      fix: kubectl set serviceaccount deployment/api SERVICE_ACCOUNT --namespace web   # in cluster demo; SERVICE_ACCOUNT: one that has a role

      13 checks hold
    [exit 1]
    ");
}

//! Pods that are not like others: on Windows, with the webhook's label, of Jobs, by themselves, behind
//! NetworkPolicies.

use insta::assert_snapshot;
use serde_json::{Value, json};

use super::{healthy, told};
use crate::support::Bench;

const SKIP_LABEL: &str = "eks.amazonaws.com/skip-pod-identity-webhook";

/// web/api with its role, and no pods yet.
fn without_pods() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    bench
}

/// A workload of web/api, with a change of its pod template.
fn workload(kind: &str, name: &str, change: impl Fn(&mut Value)) -> Value {
    let mut template = json!({
        "metadata": {"labels": {"app": name}},
        "spec": {
            "serviceAccountName": "api",
            "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
        },
    });
    change(&mut template);
    let version = match kind {
        "Job" => "batch/v1",
        _ => "apps/v1",
    };
    json!({
        "apiVersion": version,
        "kind": kind,
        "metadata": {"namespace": "web", "name": name},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"app": name}},
            "template": template,
        },
    })
}

fn skipped(template: &mut Value) {
    template["metadata"]["labels"][SKIP_LABEL] = "true".into();
}

fn run(bench: &Bench, workload: Value) {
    bench.sandbox.world().api("demo").run_workload(workload);
}

fn doctor(bench: &Bench) -> String {
    told(&bench.run("doctor --cluster demo web/api"))
}

#[test]
fn windows_is_told_by_node_selectors_as_the_webhook_does() {
    let with = |selector: Value| {
        let bench = without_pods();
        run(
            &bench,
            workload("Deployment", "api", |template| {
                template["spec"]["nodeSelector"] = selector.clone();
            }),
        );
        bench
    };
    for label in ["kubernetes.io/os", "beta.kubernetes.io/os"] {
        let bench = with(json!({label: "windows"}));
        {
            let mut world = bench.sandbox.world();
            let api = world.api("demo");
            let pod = api.pods("web")[0].to_owned();
            let file = api.pod_variable("web", &pod, "AWS_WEB_IDENTITY_TOKEN_FILE");
            assert!(
                file.is_some_and(|file| file.starts_with("C:\\")),
                "{file:?}"
            );
        }
        assert_eq!(doctor(&bench), "  38 checks hold\n[exit 0]", "{label}");
        // Its pods have the role: nothing is restarted.
        let doctor = "doctor --cluster demo web/api --fix --restart --approve";
        let told = bench.run(doctor);
        assert!(told.contains("nothing to repair"), "{told}");
    }
}

#[test]
fn pods_with_the_label_are_told_by_themselves_where_the_webhook_is_missing_too() {
    let bench = without_pods();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let mut webhook = api
            .object("mutatingwebhookconfigurations", "", "pod-identity-webhook")
            .cloned()
            .expect("the webhook");
        webhook["webhooks"] = json!([]);
        api.put_object(webhook, "kubectl");
    }
    run(&bench, workload("Deployment", "api", skipped));
    assert_snapshot!(told(&bench.run("doctor --cluster demo web/api --fix")), @r#"
    problem: there is no pod identity webhook: no pod gets the role's environment [webhook]
      MutatingWebhookConfiguration
        wanted: pod-identity-webhook
        found:  none
      fix: EKS puts it back with an update of the platform or version; until then ask AWS Support

      10 checks hold

    web/api: 2 problems
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 1

    problem: there is no pod identity webhook: no pod gets the role's environment [webhook]
      hence: deployment web/api: its pods were not given the role, and use that of their node [pod-role]
      hence: deployment web/api: its pods do not know where their token is [pod-token-file]
      hence: deployment web/api: its pods have no token for AWS [pod-token-volume]

    problem: deployment web/api: a label keeps the webhook from its pods [pod-skipped]
      label
        wanted: none
        found:  eks.amazonaws.com/skip-pod-identity-webhook
      pods: api-HASH
      fix: kubectl patch deployment/api --namespace web --type json --patch '[{"op":"remove","path":"/spec/template/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook"}]'   # in cluster demo

      33 checks hold
    [stderr]
    nothing that is safe to repair: what was found is for a person
    [exit 1]
    "#);
    assert_snapshot!(told(&bench.run("doctor --cluster demo web/api --fix --approve")), @r#"
    problem: there is no pod identity webhook: no pod gets the role's environment [webhook]
      MutatingWebhookConfiguration
        wanted: pod-identity-webhook
        found:  none
      fix: EKS puts it back with an update of the platform or version; until then ask AWS Support

      10 checks hold

    web/api: 2 problems
      role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
      proved: STS accepts its token: arn:aws:sts::111122223333:assumed-role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU/irsactl-verify
      pods: 1

    problem: there is no pod identity webhook: no pod gets the role's environment [webhook]
      hence: deployment web/api: its pods were not given the role, and use that of their node [pod-role]
      hence: deployment web/api: its pods do not know where their token is [pod-token-file]
      hence: deployment web/api: its pods have no token for AWS [pod-token-volume]

    problem: deployment web/api: a label keeps the webhook from its pods [pod-skipped]
      label
        wanted: none
        found:  eks.amazonaws.com/skip-pod-identity-webhook
      pods: api-HASH
      fix: kubectl patch deployment/api --namespace web --type json --patch '[{"op":"remove","path":"/spec/template/metadata/labels/eks.amazonaws.com~1skip-pod-identity-webhook"}]'   # in cluster demo

      33 checks hold
    [stderr]
    nothing that is safe to repair: what was found is for a person
    [exit 1]
    "#);
}

#[test]
fn each_workload_has_its_own_causes() {
    let bench = Bench::associated();
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("web", "api", "api", 1);
    bench.create("web/api");
    run(
        &bench,
        workload("Job", "once", |template| {
            template["spec"]["containers"][0]["env"] =
                json!([{"name": "AWS_ROLE_ARN", "value": "arn:aws:iam::111122223333:role/own"}]);
        }),
    );
    assert_snapshot!(super::without_times(&doctor(&bench)), @"
    problem: deployment web/api: its pods are older than the annotation: they must be restarted [pod-age]
      pod created
        wanted: after TIME
        found:  TIME
      pods: api-HASH
      hence: deployment web/api: its pods were not given the role, and use that of their node [pod-role]
      hence: deployment web/api: its pods do not know where their token is [pod-token-file]
      hence: deployment web/api: its pods have no token for AWS [pod-token-volume]
      fix: kubectl rollout restart deployment/api --namespace web   # in cluster demo

    problem: job web/once: container app sets the role's variables by itself: the webhook leaves it alone [pod-own-role]
      AWS_ROLE_ARN
        wanted: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU
        found:  arn:aws:iam::111122223333:role/own
      pods: once-00037
      hence: job web/once: its pods have another role than the annotation names [pod-role]
      hence: job web/once: its pods do not know where their token is [pod-token-file]
      fix: take AWS_ROLE_ARN and AWS_WEB_IDENTITY_TOKEN_FILE out of job web/once's template

      33 checks hold
    [exit 1]
    ");
}

#[test]
fn a_pod_by_itself_has_no_template() {
    let bench = healthy();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        api.run_pod("web", "alone", "api");
        let key = ("pods".to_owned(), "web".to_owned(), "alone".to_owned());
        let pod = api.objects.get_mut(&key).expect("the pod");
        let variables = pod["spec"]["containers"][0]["env"].as_array_mut();
        variables
            .expect("variables")
            .push(json!({"name": "AWS_PROFILE", "value": "dev"}));
        pod["metadata"]["annotations"]["eks.amazonaws.com/skip-containers"] = "proxy, other".into();
    }
    assert_snapshot!(doctor(&bench), @"
    warning: pod web/alone: blanks in its annotation: the webhook takes them for parts of the names, and skips no such container [pod-skipped]
      eks.amazonaws.com/skip-containers
        wanted: proxy,other
        found:  proxy, other
      fix: create pod web/alone again with eks.amazonaws.com/skip-containers: proxy,other

    warning: pod web/alone: container app has AWS_PROFILE, which comes before the role [pod-static-keys]
      fix: create pod web/alone again without AWS_PROFILE

      36 checks hold
    [exit 0]
    ");
}

#[test]
fn network_policies_are_told_with_what_was_not_looked_at() {
    let policy = |egress: Value| {
        let bench = healthy();
        bench.sandbox.world().api("demo").put_object(
            json!({
                "apiVersion": "networking.k8s.io/v1",
                "kind": "NetworkPolicy",
                "metadata": {"namespace": "web", "name": "strict"},
                "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": egress},
            }),
            "kubectl",
        );
        bench
    };
    assert_snapshot!(doctor(&policy(json!([]))), @"
    warning: deployment web/api: NetworkPolicies do not let its pods reach DNS (port 53) and the addresses of STS (port 443) [pod-network-policy]
      NetworkPolicies: strict
      not looked at: whether the cluster enforces them (the VPC CNI does not by default); policies of Cilium and Calico; proxies within the cluster
      fix: kubectl edit networkpolicy strict --namespace web   # in cluster demo; allow egress to DNS (port 53) and the addresses of STS (port 443)

      37 checks hold
    [exit 0]
    ");
    let dns = json!({"ports": [{"protocol": "UDP", "port": 53}]});
    assert_snapshot!(doctor(&policy(json!([dns]))), @"
    warning: deployment web/api: NetworkPolicies do not let its pods reach the addresses of STS (port 443) [pod-network-policy]
      NetworkPolicies: strict
      not looked at: whether the cluster enforces them (the VPC CNI does not by default); policies of Cilium and Calico; proxies within the cluster
      fix: kubectl edit networkpolicy strict --namespace web   # in cluster demo; allow egress to the addresses of STS (port 443)

      37 checks hold
    [exit 0]
    ");
    // Everything but DNS may be the proxy's.
    let bench = policy(json!([dns]));
    let key = |name: &str| ("pods".to_owned(), "web".to_owned(), name.to_owned());
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let names: Vec<String> = api.pods("web").into_iter().map(str::to_owned).collect();
        for name in names {
            let pod = api.objects.get_mut(&key(&name)).expect("a pod");
            let variables = pod["spec"]["containers"][0]["env"].as_array_mut();
            let proxy = json!({"name": "HTTPS_PROXY", "value": "http://squid.egress:3128"});
            variables.expect("variables").push(proxy);
        }
    }
    assert_snapshot!(doctor(&bench), @"
    note: deployment web/api: container app calls STS through a proxy, which must let sts.eu-west-1.amazonaws.com through [pod-proxy]
      HTTPS_PROXY: http://squid.egress:3128
      NO_PROXY: none
      pods: api-HASH, api-HASH

      37 checks hold
    [exit 0]
    ");
}

/// A cluster may have thousands of finished Jobs, each of them with a pod.
#[test]
fn owners_of_pods_that_have_ended_are_not_read() {
    let bench = healthy();
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        for number in 0..30 {
            api.run_job("web", &format!("done-{number}"), "api");
        }
        let pods = api
            .objects
            .iter_mut()
            .filter(|(key, _)| key.0 == "pods" && key.2.starts_with("done-"));
        pods.for_each(|(_, pod)| pod["status"]["phase"] = "Succeeded".into());
        for number in 0..3 {
            api.run_job("web", &format!("runs-{number}"), "api");
        }
    }
    bench.calls();
    assert_snapshot!(doctor(&bench), @"
      38 checks hold
    [exit 0]
    ");
    let calls = bench.calls();
    let read: Vec<&str> = calls
        .lines()
        .filter(|call| call.contains("get jobs"))
        .collect();
    assert_eq!(read.len(), 3, "{calls}");
}

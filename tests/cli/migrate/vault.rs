//! `migrate to-irsa --from vault --write FILE`: what HashiCorp Vault gives becomes a config file, and
//! nothing is changed.

use insta::assert_snapshot;
use serde_json::json;

use crate::sandbox::{Effect, Fault, Kind, Service, VAULT, VAULT_TOKEN, Vault};
use crate::support::Bench;

const READ: &str = "migrate to-irsa --cluster demo --from vault --write ~/demo.yaml";

/// A Vault that gives web/api credentials of the role app, and a cluster with its Deployment.
fn with_vault(arrange: impl FnOnce(&mut Vault)) -> Bench {
    let mut bench = Bench::associated();
    bench.set("VAULT_ADDR", &format!("https://{VAULT}"));
    bench.set("VAULT_TOKEN", VAULT_TOKEN);
    let mut vault = Vault::default();
    vault.engine_role(
        "app",
        json!({"policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]}),
    );
    vault.login_role("app", &["api"], &["web"], "app");
    vault.policy(
        "app",
        "path \"aws/creds/app\" {\n  capabilities = [\"read\"]\n}\n",
    );
    let mut world = bench.sandbox.world();
    let endpoint = format!("https://{}", world.clusters[0].endpoint_host);
    let config = json!({"kubernetes_host": endpoint});
    vault
        .data
        .insert("auth/kubernetes/config".to_owned(), config);
    arrange(&mut vault);
    world.vault = Some(vault);
    let api = world.api("demo");
    for name in ["api", "job"] {
        api.put_service_account("web", name, &[], &[], "kubectl");
    }
    api.run_deployment("web", "api", "api", 1);
    drop(world);
    bench
}

/// For the page: what Vault gives web/orders by name, web/job by federation, and a whole namespace by a pattern.
pub fn put_vault(bench: &Bench) {
    bench.file(".vault-token", VAULT_TOKEN);
    let mut vault = Vault::default();
    let policies = json!({"policy_arns": ["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"]});
    vault.engine_role("app", policies);
    vault.engine_role("batch", json!({"credential_type": "federation_token"}));
    for (name, account, namespace) in [
        ("app", "orders", "web"),
        ("batch", "job", "web"),
        ("wide", "*", "shop"),
    ] {
        vault.login_role(name, &[account], &[namespace], name);
    }
    for (policy, role) in [("app", "app"), ("batch", "batch"), ("wide", "app")] {
        vault.policy(
            policy,
            &format!("path \"aws/creds/{role}\" {{ capabilities = [\"read\"] }}"),
        );
    }
    let mut world = bench.sandbox.world();
    let endpoint = format!("https://{}", world.clusters[0].endpoint_host);
    let config = json!({"kubernetes_host": endpoint});
    vault
        .data
        .insert("auth/kubernetes/config".to_owned(), config);
    world.vault = Some(vault);
    let api = world.api("demo");
    api.put_service_account("web", "job", &[], &[], "kubectl");
    for (namespace, name, role) in [("web", "orders", "app"), ("shop", "cart", "wide")] {
        api.run_workload(json!({
            "apiVersion": "apps/v1", "kind": "Deployment",
            "metadata": {"namespace": namespace, "name": name},
            "spec": {"replicas": 1, "selector": {"matchLabels": {"app": name}}, "template": {
                "metadata": {"labels": {"app": name}, "annotations": {
                    "vault.hashicorp.com/agent-inject": "true",
                    "vault.hashicorp.com/role": role,
                    "vault.hashicorp.com/agent-inject-secret-aws": "aws/creds/app",
                }},
                "spec": {"serviceAccountName": name, "containers": [{"name": "app", "image": "app:1"}]},
            }},
        }));
    }
}

fn written(bench: &Bench) -> Option<String> {
    std::fs::read_to_string(bench.home().join("demo.yaml")).ok()
}

#[test]
fn what_vault_gives_is_written_for_apply() {
    let bench = with_vault(|vault| {
        let document = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::reports/*",
        }]});
        vault.engine_role(
            "reports",
            json!({
                "policy_document": document.to_string(),
                "permissions_boundary_arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
            }),
        );
        vault.login_role("reports", &["job"], &["web"], "reports");
        vault.policy(
            "reports",
            "path \"aws/+/reports\" { capabilities = [\"update\"] }",
        );
    });
    let before = bench.state();
    assert_snapshot!(bench.run(&format!("{READ} --all")), @"
    [stdout]
    NAMESPACE   NAME   VAULT ROLES   RESULT
    web         api    app           written
    web         job    reports       written
    [stderr]
    wrote ~/demo.yaml; what it changes: irsactl apply -f ~/demo.yaml
    [exit 0]
    ");
    assert_eq!(bench.state(), before);
    assert_snapshot!(written(&bench).expect("a file"), @r#"
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
        - metadata:
            name: job
            namespace: web
          attachPolicy:
            Statement:
              - Action: s3:GetObject
                Effect: Allow
                Resource: "arn:aws:s3:::reports/*"
            Version: "2012-10-17"
          permissionsBoundary: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    "#);
    assert_snapshot!(bench.run("apply -f ~/demo.yaml"), @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-api
        trusted: web/api, audience sts.amazonaws.com
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ~ annotate service account web/api
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-api is ready
    + create stack eksctl-demo-addon-iamserviceaccount-web-job
        trusted: web/job, audience sts.amazonaws.com
        inline policy Policy1: allows s3:GetObject on arn:aws:s3:::reports/*
        permissions boundary: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    ~ annotate service account web/job
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-job is ready
    [stderr]
    plan: 2 to create, 2 to change, 0 to delete
    note: these run without the role until they are restarted: deployment web/api (1 pod); `--restart` does it
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn a_file_that_is_there_stays() {
    let bench = with_vault(|_| {});
    bench.file("demo.yaml", "mine");
    assert_snapshot!(bench.run(&format!("{READ} --all")), @r#"
    [stderr]
    error: cannot write "~/demo.yaml": it is there already: name another file, or remove it
    [exit 1]
    "#);
    assert_eq!(written(&bench).as_deref(), Some("mine"));
}

#[test]
fn what_may_not_be_read_is_unknown() {
    let bench = with_vault(|vault| vault.denied.push("sys/policies/acl/app".to_owned()));
    assert_snapshot!(bench.run(&format!("{READ} --all")), @"
    [stdout]
    NAMESPACE   NAME   VAULT ROLES   RESULT
    web         api                  unknown
        what role app of auth method kubernetes gives cannot be told: policy app cannot be told: the token may not read sys/policies/acl/app
    [stderr]
    note: no file is written, as no service account could be in it
    [exit 1]
    ");
    assert_eq!(written(&bench), None);
}

#[test]
fn what_is_named_and_left_out_fails() {
    let bench = with_vault(|_| {});
    assert_snapshot!(bench.run(&format!("{READ} web/job")), @"
    [stdout]
    NAMESPACE   NAME   VAULT ROLES   RESULT
    web         job                  skipped
        Vault gives it no credentials of aws
    [stderr]
    note: no file is written, as no service account could be in it
    [exit 1]
    ");
    assert_snapshot!(bench.run(&format!("{READ} web/api -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "VaultImport",
        "items": [
            {
                "namespace": "web",
                "name": "api",
                "loginRoles": [
                    "app"
                ],
                "engineRoles": [
                    "app"
                ],
                "result": "written",
                "reasons": [],
                "notes": [],
                "drops": []
            }
        ]
    }
    [stderr]
    wrote ~/demo.yaml; what it changes: irsactl apply -f ~/demo.yaml
    [exit 0]
    "#);
}

#[test]
fn patterns_are_told_with_those_that_use_them() {
    let bench = with_vault(|vault| vault.login_role("app", &["*"], &["web"], "app"));
    let mut world = bench.sandbox.world();
    let annotations = json!({
        "vault.hashicorp.com/agent-inject": "true",
        "vault.hashicorp.com/role": "app",
        "vault.hashicorp.com/agent-inject-secret-aws": "aws/creds/app",
    });
    world.api("demo").run_workload(json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"namespace": "web", "name": "reader"},
        "spec": {"replicas": 1, "selector": {"matchLabels": {"app": "reader"}}, "template": {
            "metadata": {"labels": {"app": "reader"}, "annotations": annotations},
            "spec": {"serviceAccountName": "api", "containers": [{"name": "app", "image": "app:1"}]},
        }},
    }));
    drop(world);
    assert_snapshot!(bench.run(&format!("{READ} --all")), @"
    [stderr]
    note: no file is written, as no service account could be in it
    note: role app of auth method kubernetes lets in by patterns (names *; namespaces web): name the service accounts that are to have a role; annotations of workloads name it for web/api
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{READ} web/api -o markdown")), @"
    [stdout]
    | Namespace | Name | Vault roles | Result | What is to be known |
    | --- | --- | --- | --- | --- |
    | web | api | app | written | deployment web/reader needs no more: vault.hashicorp.com/agent-inject, vault.hashicorp.com/agent-inject-secret-aws, vault.hashicorp.com/role |
    [stderr]
    wrote ~/demo.yaml; what it changes: irsactl apply -f ~/demo.yaml
    [exit 0]
    ");
}

#[test]
fn the_auth_method_of_another_cluster_is_refused() {
    let host = "https://0123.gr7.eu-west-1.eks.amazonaws.com";
    let bench = with_vault(|vault| {
        let config = json!({"kubernetes_host": host});
        vault
            .data
            .insert("auth/kubernetes/config".to_owned(), config);
    });
    assert_snapshot!(bench.run(&format!("{READ} --all")), @"
    [stderr]
    error: auth method kubernetes is of another cluster, whose API is 0123.gr7.eu-west-1.eks.amazonaws.com: name that of this one with `--vault-auth-mount`
    hint: see `--help`
    [exit 2]
    ");
    assert_eq!(written(&bench), None);
}

#[test]
fn flags_that_act_do_not_go_with_it() {
    let bench = Bench::new();
    for line in [
        "migrate to-irsa --cluster demo --from vault --all",
        "migrate to-irsa --cluster demo --from vault --write f",
        "migrate to-irsa --cluster demo --from vault --write f --all --approve",
        "migrate to-irsa --cluster demo --all --write f",
        "migrate to-pod-identity --cluster demo --from vault --all",
        "migrate to-irsa --cluster demo --from vault --write f --all --vault-aws-mount a?b",
    ] {
        let told = bench.run(line);
        assert!(told.contains("[exit 2]"), "{line}: {told}");
    }
    assert_eq!(bench.calls(), "");
}

#[test]
fn how_vault_cannot_be_read() {
    let mut told = String::new();
    let mut tell = |bench: &Bench| told.push_str(&bench.run(&format!("{READ} --all")));
    tell(&with_vault(|vault| vault.sealed = true));
    tell(&with_vault(|vault| {
        vault.token = "another-token".to_owned();
    }));
    tell(&with_vault(|vault| vault.mounts.clear()));
    tell(&with_vault(|vault| {
        vault.namespace = Some("team".to_owned());
    }));
    let mut bench = with_vault(|_| {});
    bench.set("VAULT_ADDR", "https://nowhere.example.com");
    tell(&bench);
    bench.set("VAULT_ADDR", "http://vault.example.com");
    tell(&bench);
    bench.set("VAULT_ADDR", &format!("https://{VAULT}"));
    bench.set("VAULT_SKIP_VERIFY", "perhaps");
    tell(&bench);
    bench.set_empty("VAULT_SKIP_VERIFY");
    bench.set("VAULT_CACERT", "missing.pem");
    tell(&bench);
    bench.set_empty("VAULT_CACERT");
    bench.set_empty("VAULT_TOKEN");
    tell(&bench);
    assert_snapshot!(told, @r#"
    [stderr]
    error: cannot read auth/kubernetes/role of Vault at https://vault.example.com: it is sealed
    hint: look at it: `vault status`
    [exit 1]
    [stderr]
    error: cannot read auth/kubernetes/role of Vault at https://vault.example.com: it is denied: permission denied; invalid token
    hint: if the token has not ended (`vault token lookup`), give it a policy with read and list on "auth/kubernetes/role"
    [exit 1]
    [stderr]
    error: cannot read auth/kubernetes/role of Vault at https://vault.example.com: nothing is mounted there: no handler for route "auth/kubernetes/role". route entry not found.
    hint: list what is mounted: `vault secrets list`, `vault auth list`, and name it: `--vault-aws-mount`, `--vault-auth-mount`; in a namespace it is by VAULT_NAMESPACE
    [exit 1]
    [stderr]
    error: cannot read auth/kubernetes/role of Vault at https://vault.example.com: nothing is mounted there: no handler for route "auth/kubernetes/role". route entry not found.
    hint: list what is mounted: `vault secrets list`, `vault auth list`, and name it: `--vault-aws-mount`, `--vault-auth-mount`; in a namespace it is by VAULT_NAMESPACE
    [exit 1]
    [stderr]
    error: cannot read auth/kubernetes/role of Vault at https://nowhere.example.com: it cannot be reached: the proxy could not reach the host
    hint: check VAULT_ADDR, VAULT_CACERT, VAULT_TLS_SERVER_NAME, VAULT_PROXY_ADDR, HTTPS_PROXY and NO_PROXY
    [exit 1]
    [stderr]
    error: VAULT_ADDR is no address: `http://vault.example.com` would be sent credentials in clear: `https://` is wanted, or `http://` to this computer
    [exit 2]
    [stderr]
    error: VAULT_SKIP_VERIFY is neither true nor false
    [exit 2]
    [stderr]
    error: cannot read the file "missing.pem" of VAULT_CACERT: No such file or directory (os error 2)
    [exit 2]
    [stderr]
    error: there is no token of Vault: neither VAULT_TOKEN nor ~/.vault-token has one
    hint: sign in, which writes it: `vault login`, or set VAULT_TOKEN
    [exit 4]
    "#);
}

#[test]
fn vaults_own_variables_are_followed() {
    let mut bench = with_vault(|vault| vault.namespace = Some("team".to_owned()));
    bench.set("VAULT_NAMESPACE", "team");
    bench.set_empty("VAULT_TOKEN");
    bench.file(".vault-token", &format!("{VAULT_TOKEN}\n"));
    // Others than the platform's authorities.
    let roots = bench.sandbox.world().root.pem();
    bench.set("VAULT_CACERT_BYTES", &roots);
    let told = bench.run(&format!("{READ} --all -o name"));
    assert!(
        told.contains("web/api") && told.contains("[exit 0]"),
        "{told}"
    );
    std::fs::remove_file(bench.home().join("demo.yaml")).expect("the file");
    bench.set("VAULT_TLS_SERVER_NAME", "other.example.com");
    bench.set("VAULT_MAX_RETRIES", "0");
    let told = bench.run(&format!("{READ} --all -o name"));
    assert!(
        told.contains("certificate") && told.contains("[exit 1]"),
        "{told}"
    );
    bench.set("VAULT_SKIP_VERIFY", "true");
    let told = bench.run(&format!("{READ} --all -o name"));
    assert!(
        told.contains("is not verified") && told.contains("[exit 0]"),
        "{told}"
    );
}

#[test]
fn a_passing_failure_passes() {
    let bench = with_vault(|_| {});
    bench.sandbox.fault("vault aws/roles times 2 throttle");
    let told = bench.run(&format!("{READ} --all -o name"));
    assert!(
        told.contains("web/api") && told.contains("[exit 0]"),
        "{told}"
    );
}

#[test]
fn no_answer_of_vaults_shows_the_token() {
    let bench = with_vault(|_| {});
    bench
        .sandbox
        .fault("vault aws/roles error 500 Broken {request}");
    let told = bench.run(&format!("{READ} --all"));
    assert!(
        !told.contains(VAULT_TOKEN) && told.contains("[exit 1]"),
        "{told}"
    );
}

#[test]
fn vault_is_waited_for_no_longer_than_the_command_may_take() {
    let bench = with_vault(|_| {});
    bench.befall("vault auth/kubernetes/role", "hang");
    assert_snapshot!(bench.run(&format!("{READ} --all --timeout 1s")), @r"
    [stderr]
    error: cannot read auth/kubernetes/role of Vault at https://vault.example.com: it cannot be reached: no answer within 1s
    hint: check VAULT_ADDR, VAULT_CACERT, VAULT_TLS_SERVER_NAME, VAULT_PROXY_ADDR, HTTPS_PROXY and NO_PROXY
    [exit 1]
    ");
}

#[test]
fn a_404_of_another_server_is_no_vault_without_roles() {
    let told = ["<html>not here</html>", r#"{"message": "Not Found"}"#].map(|body| {
        let bench = with_vault(|_| {});
        let body = body.to_owned();
        let effect = Kind::Effect(Effect::Body { status: 404, body });
        let fault = Fault::new(Some(Service::Vault), None, effect);
        bench.sandbox.world().faults.push(fault);
        let told = bench.run(&format!("{READ} --all"));
        assert_eq!(written(&bench), None);
        told
    });
    assert_eq!(told[0], told[1]);
    assert_snapshot!(told[0], @"
    [stderr]
    error: cannot read auth/kubernetes/role of Vault at https://vault.example.com: the answer is of no use: 404, and no word of Vault's
    hint: see how it is, and that VAULT_ADDR names a Vault: `vault status`
    [exit 1]
    ");
}

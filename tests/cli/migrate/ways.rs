//! What `migrate scan` takes for a sign that pods have credentials of their own.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Bench;

/// Deployment web/NAME of one pod, with more in its template.
pub fn run_with(bench: &Bench, name: &str, change: impl Fn(&mut Value)) {
    let mut template = json!({
        "metadata": {"labels": {"app": name}},
        "spec": {
            "serviceAccountName": name,
            "containers": [{"name": "app", "image": "registry.example.com/app:1"}],
        },
    });
    change(&mut template);
    let selector = json!({"matchLabels": {"app": name}});
    bench.sandbox.world().api("demo").run_workload(json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"namespace": "web", "name": name},
        "spec": {"replicas": 1, "selector": selector, "template": template},
    }));
}

fn environment(template: &mut Value, variables: Value) {
    template["spec"]["containers"][0]["env"] = variables;
}

pub fn keys_of_a_secret(template: &mut Value) {
    let secret = json!({"secretKeyRef": {"name": "aws", "key": "id"}});
    environment(
        template,
        json!([{"name": "AWS_ACCESS_KEY_ID", "valueFrom": secret},
               {"name": "AWS_SECRET_ACCESS_KEY", "value": "plain-s3cret"}]),
    );
}

pub fn written_by_vault(template: &mut Value) {
    template["metadata"]["annotations"] = json!({
        "vault.hashicorp.com/agent-inject": "true",
        "vault.hashicorp.com/agent-inject-template-aws":
            "{{ with secret \"aws/creds/app\" }}{{ .Data.access_key }}{{ end }}",
    });
}

#[test]
fn what_comes_before_a_role_is_told_with_what_says_so_and_without_its_value() {
    let bench = Bench::associated();
    bench.create("web/keys");
    run_with(&bench, "keys", keys_of_a_secret);
    run_with(&bench, "plain", |template| {
        environment(
            template,
            json!([{"name": "AWS_ACCESS_KEY_ID", "value": "AKIAPLAIN"}]),
        );
    });
    run_with(&bench, "empty", |template| {
        environment(
            template,
            json!([{"name": "AWS_ACCESS_KEY_ID", "value": ""}]),
        );
    });
    run_with(&bench, "file", |template| {
        let mount = json!([{"name": "home", "mountPath": "/root/.aws"}]);
        template["spec"]["containers"][0]["volumeMounts"] = mount;
        let volume = json!([{"name": "home", "secret": {"secretName": "aws-file"}}]);
        template["spec"]["volumes"] = volume;
    });
    run_with(&bench, "vault", written_by_vault);
    // Whoever writes nonsense into a template hides no other.
    run_with(&bench, "odd", |template| {
        template["metadata"]["annotations"] = json!({"vault.hashicorp.com/agent-inject": true});
        template["spec"]["containers"][0]["env"] = json!("no");
        template["spec"]["volumes"] = json!({"a": [1]});
    });
    let scan = "migrate scan --cluster demo --namespace web";
    assert_snapshot!(bench.run(scan), @"
    [stdout]
    NAMESPACE   NAME    KIND         WAY           SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         empty   Deployment   node-role     empty             -
    web         file    Deployment   static-keys   file              -       secret/aws-file at /root/.aws in container app: to be taken out once a role does the same
    web         keys    Deployment   static-keys   keys              OLD     AWS_ACCESS_KEY_ID from secret/aws in container app: to be taken out once a role does the same; next: irsactl migrate to-pod-identity web/keys --cluster demo --install-agent
    web         odd     Deployment   node-role     odd               -
    web         plain   Deployment   static-keys   plain             -       AWS_ACCESS_KEY_ID in container app: to be taken out once a role does the same
    web         vault   Deployment   vault         vault             -       irsactl migrate to-irsa web/vault --cluster demo --from vault --write demo.yaml
    [exit 0]
    ");
    let json = bench.run(&format!("{scan} -o json"));
    let told = json.lines().filter(|line| line.contains("\"evidence\""));
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    "evidence": "1 pod has node-role; new ones go by neither an association nor an annotation",
    "evidence": "1 pod has static-keys: secret/aws-file at /root/.aws in container app; new ones go by secret/aws-file at /root/.aws in container app",
    "evidence": "1 pod has static-keys: AWS_ACCESS_KEY_ID from secret/aws in container app, before AWS_ROLE_ARN in container app; new ones go by AWS_ACCESS_KEY_ID from secret/aws in container app, before annotation eks.amazonaws.com/role-arn of its ServiceAccount",
    "evidence": "1 pod has node-role; new ones go by neither an association nor an annotation",
    "evidence": "1 pod has static-keys: AWS_ACCESS_KEY_ID in container app; new ones go by AWS_ACCESS_KEY_ID in container app",
    "evidence": "1 pod has vault: annotation vault.hashicorp.com/agent-inject-template-aws with aws/creds/app; new ones go by annotation vault.hashicorp.com/agent-inject-template-aws with aws/creds/app",
    "#);
    for secret in ["s3cret", "AKIAPLAIN"] {
        assert!(!json.contains(secret), "{json}");
    }
}

/// Vault's own operator writes Secrets, and its provider of the Secrets Store CSI driver files.
#[test]
fn what_vault_writes_into_secrets_and_volumes_is_of_vault() {
    let bench = Bench::associated();
    run_with(&bench, "keys", keys_of_a_secret);
    run_with(&bench, "files", |template| {
        let mount = json!([{"name": "vault", "mountPath": "/keys"}]);
        template["spec"]["containers"][0]["volumeMounts"] = mount;
        let csi = json!({"driver": "secrets-store.csi.k8s.io", "volumeAttributes": {"secretProviderClass": "app"}});
        template["spec"]["volumes"] = json!([{"name": "vault", "csi": csi}]);
    });
    {
        let mut world = bench.sandbox.world();
        let api = world.api("demo");
        let objects = "- objectName: key\n  secretPath: aws/creds/app\n  secretKey: access_key\n";
        api.put_object(
            json!({
                "apiVersion": "secrets-store.csi.x-k8s.io/v1",
                "kind": "SecretProviderClass",
                "metadata": {"namespace": "web", "name": "app"},
                "spec": {"provider": "vault", "parameters": {"objects": objects}},
            }),
            "kubectl",
        );
        api.put_object(
            json!({
                "apiVersion": "secrets.hashicorp.com/v1beta1",
                "kind": "VaultDynamicSecret",
                "metadata": {"namespace": "web", "name": "keys"},
                "spec": {"mount": "aws", "path": "creds/app", "destination": {"name": "aws"}},
            }),
            "kubectl",
        );
    }
    let scan = "migrate scan --cluster demo --namespace web";
    assert_snapshot!(bench.run(scan), @r"
    [stdout]
    NAMESPACE   NAME    KIND         WAY     SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         files   Deployment   vault   files             -       irsactl migrate to-irsa web/files --cluster demo --from vault --write demo.yaml
    web         keys    Deployment   vault   keys              -       irsactl migrate to-irsa web/keys --cluster demo --from vault --write demo.yaml
    [exit 0]
    ");
    let json = bench.run(&format!("{scan} -o json"));
    let told = json.lines().filter(|line| line.contains("\"evidence\""));
    assert_snapshot!(told.collect::<Vec<_>>().join("\n"), @r#"
    "evidence": "1 pod has vault: SecretProviderClass web/app with aws/creds/app, by secretproviderclass/app in container app; new ones go by SecretProviderClass web/app with aws/creds/app, by secretproviderclass/app in container app",
    "evidence": "1 pod has vault: VaultDynamicSecret web/keys with aws/creds/app, by secret/aws in container app; new ones go by VaultDynamicSecret web/keys with aws/creds/app, by secret/aws in container app",
    "#);
    bench.befall(
        "kubernetes list vaultdynamicsecrets",
        "error 403 Forbidden no",
    );
    assert_snapshot!(bench.run(scan), @r"
    [stdout]
    NAMESPACE   NAME    KIND         WAY           SERVICE ACCOUNT   STATE   NEXT, OR WHAT KEEPS IT
    web         files   Deployment   node-role     files             -
    web         keys    Deployment   static-keys   keys              -       AWS_ACCESS_KEY_ID from secret/aws in container app: to be taken out once a role does the same
    [stderr]
    warning: what Vault writes into Secrets is not known: not allowed to list vaultdynamicsecrets.secrets.hashicorp.com in namespace web
    [exit 0]
    ");
}

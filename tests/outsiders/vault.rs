//! The sandbox's Vault, as curl writes into it, and what irsactl makes of that.

use insta::assert_snapshot;

use crate::sandbox::{VAULT_TOKEN, Vault};
use crate::shell::Shell;
use crate::support::Bench;

#[test]
fn what_is_written_into_vault_is_what_it_gives() {
    let mut bench = Bench::new();
    {
        let mut world = bench.sandbox.world();
        let mut vault = Vault::default();
        let host = format!("https://{}", world.clusters[0].endpoint_host);
        let config = serde_json::json!({ "kubernetes_host": host });
        let path = "auth/kubernetes/config".to_owned();
        vault.data.insert(path, config);
        world.vault = Some(vault);
        let api = world.api("demo");
        api.put_service_account("web", "orders", &[], &[], "kubectl");
    }
    bench.set("VAULT_ADDR", "https://vault.example.com");
    bench.set("VAULT_TOKEN", VAULT_TOKEN);
    let shell = Shell { bench };
    let bucket = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess";
    for (path, body) in [
        ("aws/roles/app", format!(r#"{{"policy_arns": "{bucket}"}}"#)),
        (
            "auth/kubernetes/role/app",
            r#"{"bound_service_account_names": ["orders"], "bound_service_account_namespaces": "web", "token_policies": ["app"]}"#.to_owned(),
        ),
        (
            "sys/policies/acl/app",
            r#"{"policy": "path \"aws/creds/app\" { capabilities = [\"read\"] }"}"#.to_owned(),
        ),
    ] {
        shell.bench.file("body.json", &body);
        shell.output(&format!(
            "curl -sSf -X PUT -H \"X-Vault-Token: $VAULT_TOKEN\" $VAULT_ADDR/v1/{path} -d @body.json"
        ));
    }
    let write = "migrate to-irsa --all --cluster demo --from vault --write demo.yaml";
    assert_snapshot!(shell.bench.run(write), @"
    [stdout]
    NAMESPACE   NAME     VAULT ROLES   RESULT
    web         orders   app           written
    [stderr]
    wrote demo.yaml; what it changes: irsactl apply -f demo.yaml
    [exit 0]
    ");
    assert!(shell.output("cat demo.yaml").contains(bucket));
}

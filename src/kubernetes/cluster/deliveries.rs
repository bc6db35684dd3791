//! What Vault's own operator and its provider of the Secrets Store CSI driver write credentials of AWS into
//! (Vault Secrets Operator, API reference, "VaultDynamicSecret"; Vault's documentation, "Vault CSI provider";
//! Secrets Store CSI driver, "SecretProviderClass").

use serde_json::Value;

use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::kubernetes::paths::resource;
use crate::world::{VaultDeliveries, engine_path};

impl Kubernetes {
    /// Those of a namespace, or of the cluster where it is empty; a cluster without these kinds has none.
    ///
    /// # Errors
    /// Where one of the kinds may not be listed.
    pub async fn vault_deliveries(&self, namespace: &str) -> Result<VaultDeliveries, Error> {
        let classes = resource("secrets-store.csi.x-k8s.io/v1", "secretproviderclasses");
        let secrets = resource("secrets.hashicorp.com/v1beta1", "vaultdynamicsecrets");
        let (classes, secrets) = tokio::join!(
            self.all(classes, namespace, |it| Some(of_class(&it))),
            self.all(secrets, namespace, |it| Some(of_dynamic_secret(&it)))
        );
        let lists = [classes?, secrets?].into_iter().flatten().flatten();
        Ok(lists.flatten().collect())
    }
}

type Delivery = ((String, String), String);

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn told(kind: &str, object: &Value, path: &str) -> (String, String) {
    let metadata = &object["metadata"];
    let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
    let told = format!("{kind} {namespace}/{name} with {path}");
    (namespace.to_owned(), told)
}

/// What it mounts itself, and the Secrets that are made of that.
fn of_class(object: &Value) -> Vec<Delivery> {
    let spec = &object["spec"];
    let objects = text(&spec["parameters"]["objects"]);
    let path = engine_path(objects).filter(|_| spec["provider"] == "vault");
    let Some(path) = path else {
        return Vec::new();
    };
    let (namespace, told) = told("SecretProviderClass", object, path);
    let name = text(&object["metadata"]["name"]);
    let made = spec["secretObjects"].as_array().into_iter().flatten();
    let made = made.map(|it| format!("secret/{}", text(&it["secretName"])));
    let all = std::iter::once(format!("secretproviderclass/{name}")).chain(made);
    all.map(|source| ((namespace.clone(), source), told.clone()))
        .collect()
}

fn of_dynamic_secret(object: &Value) -> Vec<Delivery> {
    let spec = &object["spec"];
    let path = format!("{}/{}", text(&spec["mount"]), text(&spec["path"]));
    let Some(path) = engine_path(&path) else {
        return Vec::new();
    };
    let (namespace, told) = told("VaultDynamicSecret", object, path);
    let secret = text(&spec["destination"]["name"]);
    vec![((namespace, format!("secret/{secret}")), told)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_has_a_path_of_an_aws_engine_is_taken() {
        let metadata = json!({"namespace": "web", "name": "it"});
        let objects = "- objectName: key\n  secretPath: /aws/creds/app\n  secretKey: access_key\n";
        let class = |provider: &str, objects: &str| {
            let spec = json!({
                "provider": provider,
                "parameters": {"objects": objects},
                "secretObjects": [{"secretName": "made"}],
            });
            of_class(&json!({"metadata": metadata, "spec": spec}))
        };
        let sources = |all: Vec<Delivery>| -> Vec<String> {
            all.into_iter()
                .map(|((_, source), told)| format!("{source}: {told}"))
                .collect()
        };
        let told = "SecretProviderClass web/it with /aws/creds/app";
        assert_eq!(
            sources(class("vault", objects)),
            [
                format!("secretproviderclass/it: {told}"),
                format!("secret/made: {told}")
            ]
        );
        assert!(class("aws", objects).is_empty());
        assert!(class("vault", "- secretPath: secret/data/app").is_empty());
        let dynamic = |mount: &str, path: &str| {
            let spec = json!({"mount": mount, "path": path, "destination": {"name": "keys"}});
            sources(of_dynamic_secret(
                &json!({"metadata": metadata, "spec": spec}),
            ))
        };
        assert_eq!(
            dynamic("aws", "creds/app"),
            ["secret/keys: VaultDynamicSecret web/it with aws/creds/app"]
        );
        assert!(dynamic("database", "creds/app").is_empty());
        assert!(dynamic("", "").is_empty());
    }
}

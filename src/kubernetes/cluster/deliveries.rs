//! What Vault's own operator and its provider of the Secrets Store CSI driver write credentials of AWS into
//! (Vault Secrets Operator, API reference, "VaultDynamicSecret"; Vault's documentation, "Vault CSI provider";
//! Secrets Store CSI driver, "SecretProviderClass").

use super::object::{SecretProviderClass, VaultDynamicSecret};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::kubernetes::objects::Metadata;
use crate::kubernetes::paths::resource;
use crate::world::{ValueSource, VaultDeliveries, engine_path};

impl Kubernetes {
    /// Those of a namespace, or of the cluster where it is empty; a cluster without these kinds has none.
    ///
    /// # Errors
    /// Where one of the kinds may not be listed.
    pub async fn vault_deliveries(&self, namespace: &str) -> Result<VaultDeliveries, Error> {
        let classes = resource("secrets-store.csi.x-k8s.io/v1", "secretproviderclasses");
        let secrets = resource("secrets.hashicorp.com/v1beta1", "vaultdynamicsecrets");
        let (classes, secrets) = tokio::join!(
            self.all(classes, namespace, |it| Some(of_class(it))),
            self.all(secrets, namespace, |it| Some(of_dynamic_secret(it)))
        );
        let lists = [classes?, secrets?].into_iter().flatten().flatten();
        Ok(lists.flatten().collect())
    }
}

type Delivery = ((String, ValueSource), String);

fn told(kind: &str, metadata: &Metadata, path: &str) -> String {
    let Metadata {
        namespace, name, ..
    } = metadata;
    format!("{kind} {namespace}/{name} with {path}")
}

/// What it mounts itself, and the Secrets that are made of that.
fn of_class(SecretProviderClass { metadata, spec }: SecretProviderClass) -> Vec<Delivery> {
    let objects = spec.parameters.get("objects").map(String::as_str);
    let path = objects.and_then(engine_path);
    let Some(path) = path.filter(|_| spec.provider == "vault") else {
        return Vec::new();
    };
    let told = told("SecretProviderClass", &metadata, path);
    let made = spec.secret_objects.into_iter();
    let made = made.map(|it| ValueSource::Secret(it.secret_name));
    let volume = ValueSource::SecretProviderClass(metadata.name);
    let all = std::iter::once(volume).chain(made);
    all.map(|source| ((metadata.namespace.clone(), source), told.clone()))
        .collect()
}

fn of_dynamic_secret(object: VaultDynamicSecret) -> Vec<Delivery> {
    let VaultDynamicSecret { metadata, spec } = object;
    let path = format!("{}/{}", spec.mount, spec.path);
    let Some(path) = engine_path(&path) else {
        return Vec::new();
    };
    let told = told("VaultDynamicSecret", &metadata, path);
    let secret = ValueSource::Secret(spec.destination.name.0.unwrap_or_default());
    vec![((metadata.namespace, secret), told)]
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kubernetes::objects::read;

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
            of_class(read(&json!({"metadata": metadata, "spec": spec})))
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
            let object = json!({"metadata": metadata, "spec": spec});
            sources(of_dynamic_secret(read(&object)))
        };
        assert_eq!(
            dynamic("aws", "creds/app"),
            ["secret/keys: VaultDynamicSecret web/it with aws/creds/app"]
        );
        assert!(dynamic("database", "creds/app").is_empty());
        assert!(dynamic("", "").is_empty());
    }
}

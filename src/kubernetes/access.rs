//! The way to the Kubernetes API: EKS endpoint and own token, or a kubeconfig; and the proxy.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig, KubeconfigError};

use super::{Access, exec};
use crate::aws::{Aws, deepest};
use crate::error::Error;
use crate::issuer;
use crate::model::{Cluster, ClusterName};
use crate::secrets::{self, without_passwords};

/// Without a kubeconfig the endpoint and the CA are DescribeCluster's and the token our own, so that
/// it cannot be another cluster: its name is told too.
pub async fn config(
    aws: &Aws,
    cluster: &Cluster,
    access: &Access,
) -> Result<(Config, Option<ClusterName>), Error> {
    let named = access.kubeconfig.is_some() || access.context.is_some();
    let (mut config, eks) = match &cluster.eks {
        Some(eks) if !named => {
            let token = aws.sts.eks_token(&eks.token_id).await?;
            (
                eks_config(&eks.endpoint, &eks.certificate_authority, token)?,
                Some(cluster.name.clone()),
            )
        }
        _ => (kubeconfig(access).await?, None),
    };
    remember_secrets(&config);
    if config.proxy_url.is_none() {
        config.proxy_url = Matcher::from_env()
            .intercept(&config.cluster_url)
            .map(|proxy| with_credentials(&proxy));
    }
    Ok((config, eks))
}

/// What goes with each request, by whichever way of signing in. A plugin has given way to what it said.
fn remember_secrets(config: &Config) {
    // As it would be written: only so kube gives its secrets away.
    let auth = serde_json::to_value(&config.auth_info).unwrap_or_default();
    let text = |name: &str| auth[name].as_str().unwrap_or_default();
    for name in ["token", "password", "client-key-data"] {
        secrets::remember(text(name));
    }
    secrets::remember_password(&format!("{}:{}@", text("username"), text("password")));
    let token = std::fs::read_to_string(text("tokenFile")).unwrap_or_default();
    secrets::remember(token.trim());
    let provider = auth["auth-provider"]["config"].as_object();
    for (name, value) in provider.into_iter().flatten() {
        if name.contains("token") || name.contains("secret") {
            secrets::remember(value.as_str().unwrap_or_default());
        }
    }
    if let Some(proxy) = &config.proxy_url {
        secrets::remember_password(&proxy.to_string());
    }
}

fn eks_config(endpoint: &str, certificate_authority: &str, token: String) -> Result<Config, Error> {
    let unusable = |cause: String| Error::Kubernetes {
        operation: "prepare Kubernetes access".to_owned(),
        message: cause,
        lasting: true,
    };
    let url = endpoint
        .parse()
        .map_err(|error| unusable(format!("endpoint \"{endpoint}\": {error}")))?;
    let pem = STANDARD
        .decode(certificate_authority)
        .map_err(|error| unusable(format!("the cluster's CA: {error}")))?;
    let roots = issuer::certificates(&pem)
        .map_err(|error| unusable(format!("the cluster's CA: {error}")))?;
    let mut config = Config::new(url);
    config.root_cert = Some(roots);
    config.auth_info.token = Some(token.into());
    Ok(config)
}

async fn kubeconfig(access: &Access) -> Result<Config, Error> {
    let unusable = |cause: String| Error::Kubeconfig {
        cause: without_passwords(&cause),
    };
    let options = KubeConfigOptions {
        context: access.context.clone(),
        ..KubeConfigOptions::default()
    };
    let file = match &access.kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let file = file.map_err(|error| unusable(kubeconfig_cause(&error)))?;
    let has_proxy = has_proxy(&file, access.context.as_ref());
    let config = Config::from_custom_kubeconfig(file, &options).await;
    let mut config = config.map_err(|error| unusable(kubeconfig_cause(&error)))?;
    if !has_proxy {
        // kube takes HTTPS_PROXY too, but not NO_PROXY as it is meant.
        config.proxy_url = None;
    }
    exec::replace(&mut config.auth_info, access.intervals)
        .await
        .map_err(unusable)?;
    Ok(config)
}

/// The names of the contexts of a kubeconfig, or of the user's own. None, where it cannot be read.
pub fn contexts(path: Option<&Path>) -> Vec<String> {
    let file = match path {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    };
    let contexts = file.map(|file| file.contexts).unwrap_or_default();
    contexts.into_iter().map(|context| context.name).collect()
}

/// Whether the file itself names a proxy for the context's cluster.
fn has_proxy(file: &Kubeconfig, context: Option<&String>) -> bool {
    let name = context.or(file.current_context.as_ref());
    let mut contexts = file.contexts.iter();
    let context = contexts.find(|context| Some(&context.name) == name);
    let cluster = context.and_then(|context| context.context.as_ref());
    let mut clusters = file.clusters.iter();
    clusters.any(|known| {
        cluster.is_some_and(|cluster| cluster.cluster == known.name)
            && known
                .cluster
                .as_ref()
                .and_then(|cluster| cluster.proxy_url.as_ref())
                .is_some_and(|proxy| !proxy.is_empty())
    })
}

/// A file that cannot be parsed is not quoted: what is wrong in it may be a token.
fn kubeconfig_cause(error: &KubeconfigError) -> String {
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(place) => format!(
                "it is no kubeconfig: look at line {}, column {}",
                place.line(),
                place.column()
            ),
            None => "it is no kubeconfig".to_owned(),
        },
        error => deepest(error),
    }
}

/// The proxy of the environment with its user and password, which kube takes from the URL.
fn with_credentials(proxy: &Intercept) -> http::Uri {
    let uri = proxy.uri();
    let basic = proxy.basic_auth().and_then(|header| {
        let text = header.to_str().ok()?.strip_prefix("Basic ")?.to_owned();
        String::from_utf8(STANDARD.decode(text).ok()?).ok()
    });
    let raw = proxy.raw_auth();
    let user_and_password = basic.or(raw.map(|(user, password)| format!("{user}:{password}")));
    let (Some(text), Some(address)) = (user_and_password, uri.authority()) else {
        return uri.clone();
    };
    let encoded: String = text
        .bytes()
        .map(|byte| match byte {
            b':' => ":".to_owned(),
            _ if byte.is_ascii_alphanumeric() => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect();
    let scheme = uri.scheme_str().unwrap_or("http");
    format!("{scheme}://{encoded}@{address}/")
        .parse()
        .unwrap_or_else(|_| uri.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxys_password_survives_odd_characters() {
        let matcher = Matcher::builder()
            .https("http://me:p%40%2F%3A%20%C3%A9@proxy:3128")
            .build();
        let target = "https://example.com".parse().unwrap();
        let proxy = with_credentials(&matcher.intercept(&target).unwrap());
        assert_eq!(proxy, "http://me:p%40%2F:%20%C3%A9@proxy:3128/");
    }
}

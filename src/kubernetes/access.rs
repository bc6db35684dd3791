//! The way to the Kubernetes API: EKS endpoint and own token, or a kubeconfig; and the proxy.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::Config;

use super::{Access, Bearer, exec, kubeconfig, user};
use crate::endpoint::endpoint;
use crate::error::Error;
use crate::model::Cluster;
use crate::network;
use crate::proxy::Proxies;
use crate::secrets::{self, without_passwords};

/// How long a token that EKS takes is used. It lives for 15 minutes.
const TOKEN_LIFE: Duration = Duration::from_secs(14 * 60);

/// Without a kubeconfig the endpoint and the CA are DescribeCluster's and the token our own, so that
/// it cannot be another cluster. With when it ends, where that is known.
pub async fn config(
    bearer: &Bearer,
    cluster: &Cluster,
    access: &Access,
) -> Result<(Config, Option<SystemTime>), Error> {
    let (mut config, ends) = match &cluster.eks {
        Some(eks) if !access.is_named() => {
            let (token, credentials_end) = bearer(eks.token_id.clone()).await?;
            let end = SystemTime::now() + access.intervals.of(TOKEN_LIFE);
            (
                eks_config(&eks.endpoint, &eks.certificate_authority, token)?,
                Some(credentials_end.map_or(end, |other| other.min(end))),
            )
        }
        _ => from_kubeconfig(access).await?,
    };
    user::remember(&config.auth_info);
    if let Some(proxy) = &config.proxy_url {
        secrets::remember_password(&proxy.to_string());
    }
    // The kubeconfig's own outranks all that the environment says of proxies.
    if config.proxy_url.is_none() {
        let proxies = Proxies::from_environment().map_err(Error::Setting)?;
        let proxy = proxies.of(&config.cluster_url);
        let url = proxy.map(|proxy| proxy.plain_url("Kubernetes")).transpose();
        config.proxy_url = url.map_err(Error::Setting)?;
    }
    Ok((config, ends))
}

fn eks_config(server: &str, certificate_authority: &str, token: String) -> Result<Config, Error> {
    let unusable = |cause: String| Error::Kubernetes {
        operation: "prepare Kubernetes access".to_owned(),
        message: cause,
        lasting: true,
    };
    let url = endpoint(server)
        .map_err(|rule| unusable(format!("the cluster's endpoint \"{server}\": {rule}")))?;
    let pem = STANDARD
        .decode(certificate_authority)
        .map_err(|error| unusable(format!("the cluster's CA: {error}")))?;
    let roots = network::authorities(&pem)
        .map_err(|error| unusable(format!("the cluster's CA: {error}")))?;
    let mut config = Config::new(url);
    config.root_cert = Some(roots);
    config.auth_info.token = Some(token.into());
    Ok(config)
}

async fn from_kubeconfig(access: &Access) -> Result<(Config, Option<SystemTime>), Error> {
    let mut config = kubeconfig::config(access).await?;
    let ends = exec::replace(&mut config.auth_info, access.intervals)
        .await
        .map_err(|cause| Error::Kubeconfig {
            cause: without_passwords(&cause),
        })?;
    Ok((config, ends))
}

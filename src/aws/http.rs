//! One HTTP client for all services: rustls on ring, the CA bundle of AWS_CA_BUNDLE, which the Rust SDK
//! does not read by itself, and for each call the proxy of the environment that its host has.

use std::path::Path;

use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore, rustls_provider::CryptoMode};
use aws_smithy_http_client::{Builder, Connector};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, SharedHttpClient, SharedHttpConnector,
    http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::result::ConnectorError;

use crate::error::Error;
use crate::files;
use crate::network::{self, deepest};
use crate::proxy::{Protocol, Proxies, Proxy};

/// # Errors
/// A CA bundle that cannot be read, or a proxy that is none.
pub async fn client() -> Result<SharedHttpClient, Error> {
    let context = tls_context().await?;
    let proxies = Proxies::from_environment().map_err(Error::Setting)?;
    let direct = through(&context, ProxyConfig::disabled());
    let proxied = [&proxies.http, &proxies.https].into_iter().flatten();
    let proxied: Vec<(Proxy, SharedHttpClient)> = proxied
        .filter_map(|proxy| {
            let config = match proxy.protocol {
                Protocol::Http | Protocol::Https => ProxyConfig::all(proxy.url().as_str()).ok()?,
                Protocol::Socks5 => return None,
            };
            Some((proxy.clone(), through(&context, config)))
        })
        .collect();
    Ok(http_client_fn(move |settings, components| {
        let clients = proxied.iter().map(|(proxy, client)| {
            let connector = client.http_connector(settings, components);
            (proxy.clone(), connector)
        });
        SharedHttpConnector::new(Routes {
            proxies: proxies.clone(),
            direct: direct.http_connector(settings, components),
            proxied: clients.collect(),
        })
    }))
}

async fn tls_context() -> Result<TlsContext, Error> {
    let mut trust = TrustStore::default();
    if let Some(path) = std::env::var_os("AWS_CA_BUNDLE").filter(|path| !path.is_empty()) {
        let unusable = |cause: String| Error::Read {
            what: format!("the CA bundle \"{}\" of AWS_CA_BUNDLE", path.display()),
            cause,
        };
        let bundle = files::read(Path::new(&path)).await;
        let bundle = bundle.map_err(|error| unusable(error.to_string()))?;
        // The SDK ends the program at what is no authority.
        network::authorities(&bundle).map_err(unusable)?;
        trust = TrustStore::empty().with_pem_certificate(bundle);
    }
    let context = TlsContext::builder().with_trust_store(trust).build();
    context.map_err(|error| Error::Read {
        what: "the CA bundle of AWS_CA_BUNDLE".to_owned(),
        cause: deepest(&error),
    })
}

fn through(context: &TlsContext, proxy: ProxyConfig) -> SharedHttpClient {
    let context = context.clone();
    Builder::new().build_with_connector_fn(move |settings, components| {
        let mut builder = Connector::builder();
        builder.set_connector_settings(settings.cloned());
        builder.set_sleep_impl(components.and_then(|components| components.sleep_impl()));
        builder
            .proxy_config(proxy.clone())
            .tls_provider(Provider::Rustls(CryptoMode::Ring))
            .tls_context(context.clone())
            .build()
    })
}

/// The ways to AWS.
#[derive(Clone, Debug)]
struct Routes {
    proxies: Proxies,
    direct: SharedHttpConnector,
    proxied: Vec<(Proxy, SharedHttpConnector)>,
}

impl HttpConnector for Routes {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let Ok(url) = request.uri().parse() else {
            let error = ConnectorError::user("the URL cannot be read".into());
            return HttpConnectorFuture::ready(Err(error));
        };
        let Some(proxy) = self.proxies.of(&url) else {
            return self.direct.call(request);
        };
        match self.proxied.iter().find(|(known, _)| known == proxy) {
            Some((_, connector)) => connector.call(request),
            None => {
                let cause = format!(
                    "the proxy {proxy:?} speaks SOCKS; AWS is reached through http:// and https:// proxies only"
                );
                let error = ConnectorError::user(cause.into());
                HttpConnectorFuture::ready(Err(error))
            }
        }
    }
}

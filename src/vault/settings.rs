//! Where Vault is, and how it is reached: the variables of its own client (hashicorp/vault api 1.22,
//! `Config.ReadEnvironment`).

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderName, HeaderValue};
use kube::Config;

use crate::endpoint::{endpoint, is_clear};
use crate::error::Error;
use crate::files;
use crate::model::Map;
use crate::network::{self, is_server_name};
use crate::proxy::{Proxies, Proxy};
use crate::secrets;

/// Where Vault's own client looks without a variable.
const ADDRESS: &str = "https://127.0.0.1:8200";
const TIMEOUT: Duration = Duration::from_secs(60);
const RETRIES: u32 = 2;
/// The file that `vault login` writes in the home directory.
const TOKEN_FILE: &str = ".vault-token";

/// How Vault is reached.
pub struct VaultSettings {
    pub config: Config,
    /// What errors call it.
    pub address: String,
    pub timeout: Duration,
    pub retries: u32,
    /// The user has TLS not verified, by name.
    pub is_unverified: bool,
}

/// A variable that is not empty.
fn variable(name: &'static str) -> Result<Option<String>, Error> {
    match std::env::var(name) {
        Ok(text) if text.is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(std::env::VarError::NotUnicode(_)) => Err(wrong(name, "is no text")),
    }
}

fn wrong(name: &str, rule: impl std::fmt::Display) -> Error {
    Error::Setting(format!("{name} {rule}"))
}

impl VaultSettings {
    /// # Errors
    /// What a variable holds and cannot be used, and that there is no token.
    pub async fn from_environment() -> Result<Self, Error> {
        let (name, address) = given_address()?;
        secrets::remember_password(&address);
        let url =
            endpoint(&address).map_err(|rule| wrong(name, format!("is no address: {rule}")))?;
        if is_set("VAULT_SRV_LOOKUP")? {
            return Err(wrong(
                "VAULT_SRV_LOOKUP",
                "is not followed here: name the server in VAULT_ADDR",
            ));
        }
        let address = secrets::without_passwords(&address);
        let is_tls = !is_clear(&url);
        let mut config = Config::new(url);
        config.default_retry = false;
        config.root_cert = roots().await?;
        config.tls_server_name = server_name()?;
        let is_unverified = is_set("VAULT_SKIP_VERIFY")? && is_tls;
        config.accept_invalid_certs = is_unverified;
        identity(&mut config).await?;
        config.proxy_url = proxy(&config.cluster_url)?;
        config.headers = headers().await?;
        let retries = variable("VAULT_MAX_RETRIES")?.map(|text| text.parse());
        let retries = retries
            .transpose()
            .map_err(|_| wrong("VAULT_MAX_RETRIES", "is no number"))?;
        let timeout = match variable("VAULT_CLIENT_TIMEOUT")? {
            Some(text) => seconds(&text)
                .ok_or_else(|| wrong("VAULT_CLIENT_TIMEOUT", "is no time such as 60 or 1m"))?,
            None => TIMEOUT,
        };
        Ok(Self {
            config,
            address,
            timeout,
            retries: retries.unwrap_or(RETRIES),
            is_unverified,
        })
    }
}

/// The agent's, else the server's; with the variable that holds it.
fn given_address() -> Result<(&'static str, String), Error> {
    if let Some(address) = variable("VAULT_AGENT_ADDR")? {
        return Ok(("VAULT_AGENT_ADDR", address));
    }
    let address = variable("VAULT_ADDR")?;
    Ok(("VAULT_ADDR", address.unwrap_or_else(|| ADDRESS.to_owned())))
}

/// As Go's strconv.ParseBool has it.
fn is_set(name: &'static str) -> Result<bool, Error> {
    match variable(name)?.as_deref() {
        None | Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(false),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(true),
        Some(_) => Err(wrong(name, "is neither true nor false")),
    }
}

/// Seconds, or numbers with a unit.
fn seconds(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse() {
        return (seconds > 0).then(|| Duration::from_secs(seconds));
    }
    let span: jiff::SignedDuration = text.parse().ok()?;
    Duration::try_from(span).ok().filter(|it| !it.is_zero())
}

/// The authorities in the place of the platform's.
async fn roots() -> Result<Option<Vec<Vec<u8>>>, Error> {
    if let Some(path) = variable("VAULT_CACERT")? {
        return Ok(Some(authorities(
            "VAULT_CACERT",
            &read("VAULT_CACERT", &path).await?,
        )?));
    }
    if let Some(pem) = variable("VAULT_CACERT_BYTES")? {
        return Ok(Some(authorities("VAULT_CACERT_BYTES", pem.as_bytes())?));
    }
    let Some(folder) = variable("VAULT_CAPATH")? else {
        return Ok(None);
    };
    let unread = |cause: std::io::Error| Error::Read {
        what: format!("the directory \"{folder}\" of VAULT_CAPATH"),
        cause: cause.to_string(),
    };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(&folder).map_err(unread)? {
        let path = entry.map_err(unread)?.path();
        if path.is_file() {
            let pem = read("VAULT_CAPATH", &path.display().to_string()).await?;
            all.extend(authorities("VAULT_CAPATH", &pem)?);
        }
    }
    if all.is_empty() {
        return Err(wrong("VAULT_CAPATH", "holds no certificate"));
    }
    Ok(Some(all))
}

fn authorities(name: &str, pem: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    network::authorities(pem).map_err(|rule| wrong(name, format!("cannot be used: {rule}")))
}

async fn read(name: &str, path: &str) -> Result<Vec<u8>, Error> {
    files::read(Path::new(path))
        .await
        .map_err(|cause| Error::Read {
            what: format!("the file \"{path}\" of {name}"),
            cause: cause.to_string(),
        })
}

fn server_name() -> Result<Option<String>, Error> {
    let name = variable("VAULT_TLS_SERVER_NAME")?;
    if name.as_deref().is_none_or(is_server_name) {
        return Ok(name);
    }
    Err(wrong("VAULT_TLS_SERVER_NAME", "is no name of a server"))
}

/// A certificate of the client, and its key.
async fn identity(config: &mut Config) -> Result<(), Error> {
    let (certificate, key) = (
        variable("VAULT_CLIENT_CERT")?,
        variable("VAULT_CLIENT_KEY")?,
    );
    let (certificate, key) = match (certificate, key) {
        (None, None) => return Ok(()),
        (Some(certificate), Some(key)) => (certificate, key),
        (Some(_), None) => {
            return Err(wrong(
                "VAULT_CLIENT_CERT",
                "needs VAULT_CLIENT_KEY beside it",
            ));
        }
        (None, Some(_)) => {
            return Err(wrong(
                "VAULT_CLIENT_KEY",
                "needs VAULT_CLIENT_CERT beside it",
            ));
        }
    };
    let certificate = read("VAULT_CLIENT_CERT", &certificate).await?;
    let key = read("VAULT_CLIENT_KEY", &key).await?;
    secrets::remember(&String::from_utf8_lossy(&key));
    config.auth_info.client_certificate_data = Some(STANDARD.encode(certificate));
    config.auth_info.client_key_data = Some(STANDARD.encode(key).into());
    Ok(())
}

/// Vault's own proxy for all, or that of the environment for this host.
fn proxy(url: &http::Uri) -> Result<Option<http::Uri>, Error> {
    for name in ["VAULT_PROXY_ADDR", "VAULT_HTTP_PROXY"] {
        if let Some(text) = variable(name)? {
            secrets::remember_password(&text);
            let proxy: Proxy = text.parse().map_err(|rule| wrong(name, rule))?;
            return proxy.plain_url("Vault").map(Some).map_err(Error::Setting);
        }
    }
    let proxies = Proxies::from_environment().map_err(Error::Setting)?;
    let url = proxies.of(url).map(|proxy| proxy.plain_url("Vault"));
    url.transpose().map_err(Error::Setting)
}

/// What goes with every request.
async fn headers() -> Result<Vec<(HeaderName, HeaderValue)>, Error> {
    let mut headers = vec![
        (
            HeaderName::from_static("x-vault-request"),
            HeaderValue::from_static("true"),
        ),
        (HeaderName::from_static("x-vault-token"), token().await?),
    ];
    if let Some(namespace) = variable("VAULT_NAMESPACE")? {
        let value = HeaderValue::from_str(&namespace);
        let value = value.map_err(|_| wrong("VAULT_NAMESPACE", "is no namespace"))?;
        headers.push((HeaderName::from_static("x-vault-namespace"), value));
    }
    let Some(text) = variable("VAULT_HEADERS")? else {
        return Ok(headers);
    };
    let more: Map = serde_json::from_str(&text)
        .map_err(|_| wrong("VAULT_HEADERS", "is no JSON object of texts"))?;
    for (name, value) in more {
        secrets::remember(&value);
        let (name, value) = (name.parse(), HeaderValue::from_str(&value));
        match (name, value) {
            (Ok(name), Ok(value)) => headers.push((name, value)),
            _ => return Err(wrong("VAULT_HEADERS", "has what is no header")),
        }
    }
    Ok(headers)
}

async fn token() -> Result<HeaderValue, Error> {
    let text = match variable("VAULT_TOKEN")? {
        Some(text) => text,
        None => token_of_file().await?,
    };
    secrets::remember(&text);
    let token = HeaderValue::from_str(&text);
    let mut token = token.map_err(|_| wrong("the token of Vault", "has what no token has"))?;
    token.set_sensitive(true);
    Ok(token)
}

async fn token_of_file() -> Result<String, Error> {
    let home = std::env::var_os("HOME").filter(|home| !home.is_empty());
    let path = home.map(|home| PathBuf::from(home).join(TOKEN_FILE));
    let text = match &path {
        Some(path) if path.exists() => {
            String::from_utf8_lossy(&files::read(path).await.map_err(|cause| Error::Read {
                what: format!("the token of Vault in \"{}\"", path.display()),
                cause: cause.to_string(),
            })?)
            .trim()
            .to_owned()
        }
        _ => String::new(),
    };
    if text.is_empty() {
        return Err(Error::NoVaultToken);
    }
    Ok(text)
}

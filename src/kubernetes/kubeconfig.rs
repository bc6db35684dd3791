//! A kubeconfig, read as kubectl reads it. Apart from kube's own way, which tells neither the file, the
//! entry nor the field of what is wrong, and lets NO_PROXY outrank the file's `proxy-url`.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, ExecAuthCluster, Kubeconfig, KubeconfigError, LoadDataError,
};

use super::Access;
use crate::aws::deepest;
use crate::error::Error;
use crate::issuer;
use crate::proxy::{Protocol, Proxy};
use crate::secrets;

/// The entries that a context is made of.
struct Entries {
    /// The kubeconfig's files, as errors call them.
    file: String,
    cluster_name: String,
    cluster: Cluster,
    user_name: String,
    user: AuthInfo,
}

/// Whether the file and the context that flags name are there, and all that they name in turn. Without
/// such flags nothing is read.
///
/// # Errors
/// The flag that names nothing, or what is wrong in the file.
pub fn check(path: Option<&Path>, context: Option<&str>) -> Result<(), Error> {
    if path.is_none() && context.is_none() {
        return Ok(());
    }
    entries(path, context)?.checked().map(drop)
}

/// The names of the contexts of a kubeconfig, or of the user's own. None, where it cannot be read.
pub fn contexts(path: Option<&Path>) -> Vec<String> {
    let contexts = read(path)
        .map(|(file, _)| file.contexts)
        .unwrap_or_default();
    contexts.into_iter().map(|context| context.name).collect()
}

/// What the context says, with the credentials of its exec plugin still to be fetched.
///
/// # Errors
/// What cannot be read or understood, by its file, entry and field; nothing of what may be a secret.
pub fn config(access: &Access) -> Result<Config, Error> {
    let entries = entries(access.kubeconfig.as_deref(), access.context.as_deref())?;
    entries
        .config()
        .map_err(|cause| Error::Kubeconfig { cause })
}

/// The URL of a proxy for kube, which speaks to two kinds.
///
/// # Errors
/// A proxy of another kind.
pub fn proxy_url(proxy: &Proxy) -> Result<http::Uri, String> {
    let usable = match proxy.protocol {
        Protocol::Http | Protocol::Socks5 => proxy.url().parse().ok(),
        Protocol::Https => None,
    };
    usable.ok_or_else(|| {
        format!("the proxy {proxy:?} is not of the kinds http:// and socks5://, by which Kubernetes is reached")
    })
}

/// Why a client could not be made of it: the field, where kube tells it.
pub fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let mut next = Some(error);
    while let Some(error) = next {
        let (field, why) = match error.downcast_ref::<KubeconfigError>() {
            Some(KubeconfigError::LoadClientCertificate(why)) => ("client-certificate", why),
            Some(KubeconfigError::LoadClientKey(why)) => ("client-key", why),
            _ => {
                next = error.source();
                continue;
            }
        };
        return match why {
            LoadDataError::DecodeBase64(_) => format!("{field}-data of its user is no base64"),
            LoadDataError::NoBase64DataOrFile => {
                format!("{field} is missing: its user has the other half only")
            }
            LoadDataError::ReadFile(error, path) => {
                format!(
                    "cannot read {field} of its user, \"{}\": {error}",
                    path.display()
                )
            }
        };
    }
    secrets::without_passwords(&deepest(error))
}

/// All files in one, and what errors call them.
fn read(path: Option<&Path>) -> Result<(Kubeconfig, String), Error> {
    let unusable = |cause: String| Error::Kubeconfig { cause };
    let paths = paths(path);
    let names: Vec<String> = paths
        .iter()
        .map(|path| format!("\"{}\"", path.display()))
        .collect();
    let names = names.join(", ");
    let mut all: Option<Kubeconfig> = None;
    // As kubectl: files of KUBECONFIG that are missing are none.
    for file in paths.iter().filter(|file| file.exists()) {
        let read = Kubeconfig::read_from(file).map_err(|error| unusable(unread(&error, file)))?;
        let merged = match all {
            Some(all) => all
                .merge(read)
                .map_err(|error| unusable(format!("{names}: {error}")))?,
            None => read,
        };
        all = Some(merged);
    }
    match (all, path) {
        (Some(all), _) => Ok((all, names)),
        (None, Some(path)) => Err(Error::Usage {
            flag: "--kubeconfig",
            value: path.display().to_string(),
            rule: "there is no such file".to_owned(),
        }),
        (None, None) => Err(unusable(format!("there is no file {names}"))),
    }
}

fn paths(named: Option<&Path>) -> Vec<PathBuf> {
    if let Some(path) = named {
        return vec![path.to_owned()];
    }
    let listed = std::env::var_os("KUBECONFIG").unwrap_or_default();
    let listed: Vec<PathBuf> = std::env::split_paths(&listed)
        .filter(|path| !path.as_os_str().is_empty())
        .collect();
    if !listed.is_empty() {
        return listed;
    }
    let home = std::env::home_dir().unwrap_or_default();
    vec![home.join(".kube").join("config")]
}

/// A file that cannot be parsed is not quoted: what is wrong in it may be a token.
fn unread(error: &KubeconfigError, path: &Path) -> String {
    let path = path.display();
    match error {
        KubeconfigError::Parse(error) => match error.location() {
            Some(place) => format!(
                "it is no kubeconfig: look at line {}, column {} of \"{path}\"",
                place.line(),
                place.column()
            ),
            None => format!("it is no kubeconfig: \"{path}\""),
        },
        error => format!("cannot read \"{path}\": {}", deepest(error)),
    }
}

fn entries(path: Option<&Path>, named: Option<&str>) -> Result<Entries, Error> {
    let (all, file) = read(path)?;
    let unusable = |cause: String| Error::Kubeconfig { cause };
    let current = all.current_context.clone().filter(|name| !name.is_empty());
    let Some(name) = named.map(str::to_owned).or(current) else {
        return Err(unusable(format!(
            "{file} has no current context: name one by `--context`"
        )));
    };
    let known: Vec<&str> = all.contexts.iter().map(|it| it.name.as_str()).collect();
    let context = all.contexts.iter().find(|context| context.name == name);
    let Some(context) = context.and_then(|context| context.context.clone()) else {
        let has = match known.is_empty() {
            true => "it has none".to_owned(),
            false => format!("it has {}", known.join(", ")),
        };
        let rule = format!("{file} has no such context; {has}");
        return Err(match named {
            Some(_) => Error::Usage {
                flag: "--context",
                value: name,
                rule,
            },
            None => unusable(format!("current-context \"{name}\": {rule}")),
        });
    };
    let cluster = all
        .clusters
        .into_iter()
        .find(|it| it.name == context.cluster);
    let Some(cluster) = cluster.and_then(|it| it.cluster) else {
        let cluster = context.cluster;
        return Err(unusable(format!(
            "context \"{name}\" in {file} is of a cluster \"{cluster}\", which is not there"
        )));
    };
    // As client-go: a user that is missing is one without credentials.
    let user_name = context.user.unwrap_or_default();
    let user = all
        .auth_infos
        .into_iter()
        .find(|user| user.name == user_name);
    Ok(Entries {
        file,
        cluster_name: context.cluster,
        cluster,
        user_name,
        user: user.and_then(|user| user.auth_info).unwrap_or_default(),
    })
}

impl Entries {
    fn checked(self) -> Result<Config, Error> {
        self.config().map_err(|cause| Error::Kubeconfig { cause })
    }

    fn config(self) -> Result<Config, String> {
        let place = format!("cluster \"{}\" in {}", self.cluster_name, self.file);
        let cluster = &self.cluster;
        let server = cluster.server.as_deref().unwrap_or_default();
        let url = server
            .parse()
            .map_err(|error| format!("server of {place} is no URL: {error}"))?;
        let mut config = Config::new(url);
        config.root_cert = authority(cluster, &place)?;
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
        config.disable_compression = cluster.disable_compression.unwrap_or_default();
        config.tls_server_name = cluster.tls_server_name.clone();
        let proxy = cluster.proxy_url.as_deref().filter(|url| !url.is_empty());
        config.proxy_url = proxy.map(|url| own_proxy(url, &place)).transpose()?;
        let mut user = self.user;
        if let Some(plugin) = user.exec.as_mut().filter(|it| it.provide_cluster_info) {
            let shown = ExecAuthCluster::try_from(cluster).map_err(|error| deepest(&error))?;
            plugin.cluster = Some(shown);
        }
        let place = format!("user \"{}\" in {}", self.user_name, self.file);
        check_files(&user, &place)?;
        config.auth_info = user;
        Ok(config)
    }
}

fn own_proxy(url: &str, place: &str) -> Result<http::Uri, String> {
    let told = |rule: String| format!("proxy-url of {place} {rule}");
    let proxy: Proxy = url.parse().map_err(told)?;
    proxy_url(&proxy).map_err(|cause| format!("proxy-url of {place}: {cause}"))
}

/// The certificates that vouch for the API server.
fn authority(cluster: &Cluster, place: &str) -> Result<Option<Vec<Vec<u8>>>, String> {
    let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let (pem, what) = match (
        filled(&cluster.certificate_authority_data),
        filled(&cluster.certificate_authority),
    ) {
        (Some(data), _) => {
            let what = format!("certificate-authority-data of {place}");
            let pem = STANDARD
                .decode(data)
                .map_err(|_| format!("{what} is no base64"))?;
            (pem, what)
        }
        (None, Some(path)) => {
            let what = format!("certificate-authority of {place}, \"{path}\"");
            let pem =
                std::fs::read(&path).map_err(|error| format!("cannot read {what}: {error}"))?;
            (pem, what)
        }
        (None, None) => return Ok(None),
    };
    let certificates = issuer::certificates(&pem).map_err(|error| format!("{what}: {error}"))?;
    match certificates.is_empty() {
        true => Err(format!("{what} holds no certificate")),
        false => Ok(Some(certificates)),
    }
}

/// Whether the files that the user's credentials are in can be read, and what is base64 is.
fn check_files(user: &AuthInfo, place: &str) -> Result<(), String> {
    let has_data = user.client_certificate_data.is_some();
    let files = [
        ("client-certificate", &user.client_certificate, has_data),
        (
            "client-key",
            &user.client_key,
            user.client_key_data.is_some(),
        ),
        ("tokenFile", &user.token_file, user.token.is_some()),
    ];
    for (field, path, is_outranked) in files {
        let Some(path) = path
            .as_ref()
            .filter(|path| !path.is_empty() && !is_outranked)
        else {
            continue;
        };
        std::fs::read(path)
            .map_err(|error| format!("cannot read {field} of {place}, \"{path}\": {error}"))?;
    }
    let certificate = user.client_certificate_data.as_deref().unwrap_or_default();
    let is_base64 = STANDARD.decode(certificate).is_ok();
    match is_base64 {
        true => Ok(()),
        false => Err(format!("client-certificate-data of {place} is no base64")),
    }
}

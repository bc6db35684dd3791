//! A kubeconfig, read as kubectl reads it. Apart from kube's own way, which tells neither the file, the
//! entry nor the field of what is wrong, and lets NO_PROXY outrank the file's `proxy-url`.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kube::Config;
use kube::config::{
    AuthInfo, Cluster, ExecAuthCluster, Kubeconfig, NamedAuthInfo, NamedCluster, NamedContext,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::yaml::{self, EntryType};
use super::{Access, user};
use crate::endpoint::{endpoint, is_clear};
use crate::error::Error;
use crate::files;
use crate::network::{self, deepest};
use crate::proxy::Proxy;

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
pub async fn check(path: Option<&Path>, context: Option<&str>) -> Result<(), Error> {
    if path.is_none() && context.is_none() {
        return Ok(());
    }
    entries(path, context).await?.checked().await.map(drop)
}

/// The names of the contexts of a kubeconfig, or of the user's own. None, where it cannot be read.
pub async fn contexts(path: Option<&Path>) -> Vec<String> {
    let contexts = read(path)
        .await
        .map(|(file, _)| file.contexts)
        .unwrap_or_default();
    contexts.into_iter().map(|context| context.name).collect()
}

/// What the context says, with the credentials of its exec plugin still to be fetched.
///
/// # Errors
/// What cannot be read or understood, by its file, entry and field; nothing of what may be a secret.
pub async fn config(access: &Access) -> Result<Config, Error> {
    let entries = entries(access.kubeconfig.as_deref(), access.context.as_deref());
    entries.await?.checked().await
}

/// All files in one, and what errors call them.
async fn read(path: Option<&Path>) -> Result<(Kubeconfig, String), Error> {
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
        let read = read_one(file).await.map_err(unusable)?;
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
        (None, Some(path)) => Err(Error::usage(
            "--kubeconfig",
            path.display(),
            "there is no such file",
        )),
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

/// One file; what it names beside it is found from its folder (client-go, `ResolveLocalPaths`).
async fn read_one(file: &Path) -> Result<Kubeconfig, String> {
    let unreadable = |cause: String| format!("cannot read \"{}\": {cause}", file.display());
    let bytes = files::read_lasting(file).await;
    let bytes = bytes.map_err(|error| unreadable(error.to_string()))?;
    let text = text(bytes).ok_or_else(|| unreadable("it is no text".to_owned()))?;
    let lists: [EntryType<'_>; 3] = [
        ("clusters", fits::<NamedCluster>),
        ("users", fits::<NamedAuthInfo>),
        ("contexts", fits::<NamedContext>),
    ];
    // A file that cannot be parsed is not quoted: what is wrong in it may be a token.
    let read: Option<Kubeconfig> = yaml::read(&text, &lists).map_err(|place| {
        let (line, column) = (place.line, place.column);
        let path = file.display();
        format!("it is no kubeconfig: look at line {line}, column {column} of \"{path}\"")
    })?;
    let mut read = read.unwrap_or_default();
    resolve_paths(&mut read, file.parent().unwrap_or(Path::new("")));
    Ok(read)
}

fn resolve_paths(read: &mut Kubeconfig, folder: &Path) {
    let resolve = |path: &mut Option<String>| {
        let joined = path.as_ref().filter(|path| !path.is_empty());
        let joined = joined.and_then(|path| folder.join(path).to_str().map(str::to_owned));
        *path = joined.or_else(|| path.take());
    };
    let clusters = read.clusters.iter_mut();
    for cluster in clusters.filter_map(|it| it.cluster.as_mut()) {
        resolve(&mut cluster.certificate_authority);
    }
    let users = read.auth_infos.iter_mut();
    for user in users.filter_map(|it| it.auth_info.as_mut()) {
        resolve(&mut user.client_certificate);
        resolve(&mut user.client_key);
        resolve(&mut user.token_file);
        let is_path = |command: &String| command.contains(std::path::MAIN_SEPARATOR);
        if let Some(plugin) = user
            .exec
            .as_mut()
            .filter(|it| it.command.as_ref().is_some_and(is_path))
        {
            resolve(&mut plugin.command);
        }
    }
}

/// UTF-8, or the UTF-16 that PowerShell writes.
fn text(bytes: Vec<u8>) -> Option<String> {
    let units = |rest: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = rest.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().copied().map(unit).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => units(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => units(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

fn fits<T: DeserializeOwned>(entry: Value) -> bool {
    serde_json::from_value::<T>(entry).is_ok()
}

async fn entries(path: Option<&Path>, named: Option<&str>) -> Result<Entries, Error> {
    let (all, file) = read(path).await?;
    let unusable = |cause: String| Error::Kubeconfig { cause };
    let current = all.current_context.clone().filter(|name| !name.is_empty());
    let Some(name) = named.map(str::to_owned).or(current) else {
        return Err(unusable(format!(
            "{file} has no current context: name one by `--context`"
        )));
    };
    let context = all.contexts.iter().find(|context| context.name == name);
    let Some(context) = context.and_then(|context| context.context.clone()) else {
        let rule = format!("{file} has no such context; {}", contexts_told(&all));
        return Err(no_context(named, name, rule));
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

fn no_context(named: Option<&str>, name: String, rule: String) -> Error {
    match named {
        Some(_) => Error::usage("--context", name, rule),
        None => Error::Kubeconfig {
            cause: format!("current-context \"{name}\": {rule}"),
        },
    }
}

fn contexts_told(all: &Kubeconfig) -> String {
    let known: Vec<&str> = all.contexts.iter().map(|it| it.name.as_str()).collect();
    if known.is_empty() {
        "it has none".to_owned()
    } else {
        format!("it has {}", known.join(", "))
    }
}

impl Entries {
    async fn checked(self) -> Result<Config, Error> {
        let config = self.config().await;
        config.map_err(|cause| Error::Kubeconfig { cause })
    }

    async fn config(self) -> Result<Config, String> {
        let place = format!("cluster \"{}\" in {}", self.cluster_name, self.file);
        let mut cluster = self.cluster;
        let server = cluster.server.as_deref().unwrap_or_default();
        let url = endpoint(server).map_err(|rule| format!("server of {place}: {rule}"))?;
        let mut config = Config::new(url);
        let pem = authority(&cluster, &place).await?;
        config.root_cert = pem.as_ref().map(|(_, certificates)| certificates.clone());
        // As kubectl: of the two, one was not meant.
        config.accept_invalid_certs = cluster.insecure_skip_tls_verify.unwrap_or_default();
        if config.accept_invalid_certs && pem.is_some() {
            return Err(format!(
                "{place} has both a certificate-authority and insecure-skip-tls-verify"
            ));
        }
        config.disable_compression = cluster.disable_compression.unwrap_or_default();
        config.tls_server_name = server_name(&cluster, &place)?;
        let proxy = cluster.proxy_url.as_deref().filter(|url| !url.is_empty());
        config.proxy_url = proxy.map(|url| own_proxy(url, &place)).transpose()?;
        if config.proxy_url.is_some() && is_clear(&config.cluster_url) {
            return Err(format!(
                "server of {place}: the proxy of its proxy-url would be sent credentials in clear: `https://` is wanted"
            ));
        }
        let mut user = self.user;
        if let Some(plugin) = user.exec.as_mut().filter(|it| it.provide_cluster_info) {
            // It would read the file itself.
            cluster.certificate_authority_data = pem.map(|(pem, _)| STANDARD.encode(pem));
            let shown = ExecAuthCluster::try_from(&cluster).map_err(|error| deepest(&error))?;
            plugin.cluster = Some(shown);
        }
        let place = format!("user \"{}\" in {}", self.user_name, self.file);
        config.auth_info = user::settled(user, &place).await?;
        Ok(config)
    }
}

fn server_name(cluster: &Cluster, place: &str) -> Result<Option<String>, String> {
    let name = cluster.tls_server_name.as_ref();
    let name = name.filter(|name| !name.is_empty());
    if name.is_some_and(|name| !network::is_server_name(name)) {
        return Err(format!("tls-server-name of {place} is no name of a host"));
    }
    Ok(name.cloned())
}

fn own_proxy(url: &str, place: &str) -> Result<http::Uri, String> {
    let told = |rule: String| format!("proxy-url of {place} {rule}");
    let proxy: Proxy = url.parse().map_err(told)?;
    proxy
        .plain_url("Kubernetes")
        .map_err(|cause| format!("proxy-url of {place}: {cause}"))
}

/// The certificates that vouch for the API server: as PEM, and each by itself.
async fn authority(
    cluster: &Cluster,
    place: &str,
) -> Result<Option<(Vec<u8>, Vec<Vec<u8>>)>, String> {
    let (data, path) = (
        cluster.certificate_authority_data.as_deref(),
        cluster.certificate_authority.as_deref(),
    );
    let pem = user::data_or_file("certificate-authority", place, data, path).await?;
    let Some((pem, what)) = pem else {
        return Ok(None);
    };
    let certificates = network::authorities(&pem).map_err(|rule| format!("{what}: {rule}"))?;
    Ok(Some((pem, certificates)))
}

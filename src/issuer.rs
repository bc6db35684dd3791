//! The OIDC issuer as TLS shows it: discovery document, certificate chain, thumbprint. The only user
//! of rustls; every connection is verified against the system's roots, and what a server sent is
//! recorded even when it is refused.

use std::time::Duration;

use serde::Deserialize;

use crate::error::Error;
use crate::files;
use crate::model::Issuer;
use crate::token::Keys;
use crate::waiting::{FailedTry, Intervals};
use crate::world::{Chain, Reading};

mod address;
mod connect;
mod document;
mod tries;
mod verdict;

use connect::connect;
use document::DiscoveryDocument;
use tries::insist;

/// How long a TCP connection may take. All of a try, to the last byte, may take twice as long.
const CONNECT: Duration = Duration::from_secs(3);
/// A discovery document is about 1 KiB.
const DOCUMENT_LIMIT: usize = 64 << 10;
/// Of the hundred keys that IAM takes each has at most about 1 KiB.
const KEYS_LIMIT: usize = 256 << 10;
/// Characters of what an issuer says of itself that an error tells; each may take ten as an escape.
const QUOTED: usize = 150;

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

/// Reads the issuer's discovery document and the chain of each host (AWS's documented procedure for
/// thumbprints: the host of `jwks_uri` counts; where it is another than the issuer's, both do).
///
/// # Errors
/// An untrusted chain; an issuer that is not EKS's and cannot be reached; a document that is not this
/// issuer's.
pub async fn read(issuer: &Issuer, intervals: Intervals) -> Result<Reading, Error> {
    let first = insist(issuer.host(), intervals, async |limit| {
        discover(issuer, limit).await
    });
    let (chain, discovery) = match first.await {
        Err(Error::IssuerUnreachable { host, cause }) if issuer.is_eks() => {
            return Ok(Reading::Unreachable { host, cause });
        }
        result => result?,
    };
    let keys = keys_host(issuer, &discovery)?;
    let mut chains = vec![chain];
    if (keys.host(), keys.port()) != (issuer.host(), issuer.port()) {
        let second = insist(keys.host(), intervals, async |limit| {
            connect(keys.host(), keys.port(), limit).await
        });
        let (_, chain) = second.await?;
        chains.push(chain);
    }
    Ok(Reading::Chains(chains))
}

/// Whether an issuer is gone: its host is reached, and has no discovery document of it. `None`: that is
/// not known, as where the host cannot be reached from here.
pub async fn is_gone(issuer: &Issuer, intervals: Intervals) -> Option<bool> {
    let limit = intervals.limit(CONNECT);
    let asked = discovery_of(issuer);
    let asked = tokio::time::timeout(limit, asked.is_absent(limit)).await;
    asked.ok().flatten()
}

/// The keys that an issuer publishes, which its tokens are signed with: the discovery document's
/// `jwks_uri`, as IAM reads it.
///
/// # Errors
/// As those of [`read`]; keys that cannot be reached or understood.
pub async fn keys(issuer: &Issuer, intervals: Intervals) -> Result<Keys, Error> {
    let first = insist(issuer.host(), intervals, async |limit| {
        discover(issuer, limit).await
    });
    let (_, discovery) = first.await?;
    let host = keys_host(issuer, &discovery)?;
    let url = discovery.jwks_uri.split('#').next().unwrap_or_default();
    let document = DiscoveryDocument {
        what: "list of keys",
        url: url.to_owned(),
        longest: KEYS_LIMIT,
        host,
    };
    let second = insist(document.host.host(), intervals, async |limit| {
        document.read(limit).await
    });
    let (_, body) = second.await?;
    Keys::parse(&body).map_err(|rule| document.wrong(rule))
}

/// `jwks_uri` as an address; the document must be this issuer's own.
fn keys_host(issuer: &Issuer, discovery: &Discovery) -> Result<Issuer, Error> {
    let wrong = |rule: String| discovery_of(issuer).wrong(rule);
    if discovery.issuer != issuer.url() {
        let other: String = discovery.issuer.chars().take(QUOTED).collect();
        return Err(wrong(format!("is of another issuer, \"{other}\"")));
    }
    let address = discovery
        .jwks_uri
        .split(['?', '#'])
        .next()
        .unwrap_or_default();
    let shown: String = discovery.jwks_uri.chars().take(QUOTED).collect();
    let keys: Issuer = address
        .parse()
        .map_err(|_| wrong(format!("has a jwks_uri that is no https URL, \"{shown}\"")))?;
    if keys.host() != issuer.host() && !address::is_public(keys.host()) {
        return Err(wrong(format!(
            "has a jwks_uri at a private address, which AWS cannot reach, \"{shown}\""
        )));
    }
    Ok(keys)
}

fn discovery_of(issuer: &Issuer) -> DiscoveryDocument {
    DiscoveryDocument {
        what: "discovery document",
        host: issuer.clone(),
        url: format!(
            "{}/.well-known/openid-configuration",
            issuer.url().trim_end_matches('/')
        ),
        longest: DOCUMENT_LIMIT,
    }
}

/// One verified connection: the chain, and the document over it.
async fn discover(
    issuer: &Issuer,
    limit: Duration,
) -> Result<(Chain, Discovery), FailedTry<Error>> {
    let document = discovery_of(issuer);
    let (chain, body) = document.read(limit).await?;
    let discovery = serde_json::from_slice(&body).map_err(|error| {
        FailedTry::passing(document.wrong(format!("cannot be understood: {error}")))
    })?;
    Ok((chain, discovery))
}

/// Makes ring the crypto provider of the whole process, for the Kubernetes client too, and looks whether
/// the certificate authorities that `SSL_CERT_FILE` names can be read: rustls does that by itself,
/// whenever it needs them. Of folders (`SSL_CERT_DIR`) it reads plain files only, and a file that is
/// missing has none.
///
/// # Errors
/// A pipe, or a file without end.
pub async fn prepare() -> Result<(), Error> {
    // A second call finds one installed, which is the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(path) = std::env::var_os("SSL_CERT_FILE") else {
        return Ok(());
    };
    match files::read_lasting(path.as_ref()).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::Read {
            what: format!("{path:?} of SSL_CERT_FILE"),
            cause: error.to_string(),
        }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;

//! What goes wrong with HashiCorp Vault, and what to do about it.

use std::fmt;

use crate::model::Fix;
use crate::model::shown_in_line as line;

/// Why a read of Vault failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VaultFailure {
    /// With what Vault says.
    Denied(String),
    /// No engine is there.
    NoMount(String),
    Sealed,
    /// By a server that stands by.
    Redirected,
    Answer(String),
    Unreachable(String),
}

impl fmt::Display for VaultFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Denied(told) => write!(f, "it is denied: {}", line(told)),
            Self::NoMount(told) => write!(f, "nothing is mounted there: {}", line(told)),
            Self::Sealed => f.write_str("it is sealed"),
            Self::Redirected => {
                f.write_str("it sends on to another server, which is not followed with a token")
            }
            Self::Answer(what) => write!(f, "the answer is of no use: {}", line(what)),
            Self::Unreachable(cause) => write!(f, "it cannot be reached: {}", line(cause)),
        }
    }
}

impl VaultFailure {
    /// What to do about it. `path` is what was read.
    pub fn hints(&self, path: &str) -> Vec<Fix> {
        match self {
            Self::Denied(_) => vec![
                format!("if the token has not ended (`vault token lookup`), give it a policy with read and list on \"{path}\"").into(),
            ],
            Self::NoMount(_) => vec![
                Fix::by("list what is mounted", "vault secrets list")
                    .and(", ")
                    .run("vault auth list")
                    .and(", and name it: `--vault-aws-mount`, `--vault-auth-mount`; in a namespace it is by VAULT_NAMESPACE"),
            ],
            Self::Sealed => vec![Fix::by("look at it", "vault status")],
            Self::Redirected => vec!["name the active server in VAULT_ADDR".into()],
            Self::Answer(_) => vec![Fix::by("see how it is, and that VAULT_ADDR names a Vault", "vault status")],
            Self::Unreachable(_) => vec![
                "check VAULT_ADDR, VAULT_CACERT, VAULT_TLS_SERVER_NAME, VAULT_PROXY_ADDR, HTTPS_PROXY and NO_PROXY".into(),
            ],
        }
    }
}

/// Where nobody signed in.
pub fn token_hints() -> Vec<Fix> {
    vec![Fix::by("sign in, which writes it", "vault login").and(", or set VAULT_TOKEN")]
}

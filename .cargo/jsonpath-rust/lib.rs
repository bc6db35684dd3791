//! In the place of the crate of this name, which kube needs for one thing: to read the token out of
//! what the command of a kubeconfig's `gcp` auth provider prints. Its paths are plain names, as
//! `$.credential.access_token`. The real crate brings a parser generator and two engines of regular
//! expressions along, which would be a tenth of irsactl's binary.

use std::fmt;

use serde_json::Value;

/// What is asked of a JSON text.
pub trait JsonPath {
    /// The value at a path of names, or nothing.
    ///
    /// # Errors
    /// When the path is more than names with dots between them.
    fn query(&self, path: &str) -> Result<Vec<&Value>, Unsupported>;
}

impl JsonPath for Value {
    fn query(&self, path: &str) -> Result<Vec<&Value>, Unsupported> {
        let names = path.strip_prefix("$.").filter(|names| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
            names
                .split('.')
                .all(|name| !name.is_empty() && name.bytes().all(is_plain))
        });
        let names = names.ok_or(Unsupported)?;
        let found = names.split('.').try_fold(self, |value, name| value.get(name));
        Ok(found.into_iter().collect())
    }
}

/// A path that is more than names.
#[derive(Debug)]
pub struct Unsupported;

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("only names with dots between them are known")
    }
}

impl std::error::Error for Unsupported {}

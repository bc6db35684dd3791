//! In the place of the crate of this name, which kube needs for one thing: to read the token out of
//! what the command of a kubeconfig's `gcp` auth provider prints. irsactl refuses that provider, so no
//! path is ever asked for here. The real crate brings a parser generator and two engines of regular
//! expressions along, which would be a tenth of irsactl's binary.

use std::fmt;

use serde_json::Value;

/// What is asked of a JSON text.
pub trait JsonPath {
    /// # Errors
    /// Always.
    fn query(&self, path: &str) -> Result<Vec<&Value>, Unsupported>;
}

impl JsonPath for Value {
    fn query(&self, _: &str) -> Result<Vec<&Value>, Unsupported> {
        Err(Unsupported)
    }
}

/// No path is known.
#[derive(Debug)]
pub struct Unsupported;

impl fmt::Display for Unsupported {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no path is known")
    }
}

impl std::error::Error for Unsupported {}

//! What a failed read means for what it would have told. Apart, as all that read need it.

use super::Error;
use crate::model::Lookup;

impl<T> Lookup<T> {
    /// A read that AWS denies is no failure: what it would tell is unknown.
    pub fn unless_denied(result: Result<Self, Error>) -> Result<Self, Error> {
        match result {
            Err(Error::AccessDenied {
                permission,
                message,
                ..
            }) => Ok(Self::Unknown(format!(
                "not allowed to call {permission}: {message}"
            ))),
            result => result,
        }
    }

    /// Whatever stood in the way of a read: what it would tell is unknown, and that is no failure.
    pub fn or_unknown(result: Result<Self, Error>) -> Self {
        match result {
            Ok(lookup) => lookup,
            Err(Error::AccessDenied { permission, .. }) => {
                Self::Unknown(format!("not allowed to call {permission}"))
            }
            Err(Error::KubernetesForbidden { operation, .. }) => {
                Self::Unknown(format!("not allowed to {operation}"))
            }
            Err(error) => Self::Unknown(error.to_string()),
        }
    }

    /// The same of a read of what is always there.
    pub fn of(result: Result<T, Error>) -> Self {
        Self::or_unknown(result.map(Self::Found))
    }
}

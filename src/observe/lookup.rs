//! What a read told that may be denied. Apart, as everything observed is made of it.

use crate::error::Error;

/// The answer to a read that this identity may not be allowed to make.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Lookup<T> {
    Found(T),
    #[default]
    Missing,
    /// Access denied: with AWS's message.
    Unknown(String),
}

impl<T> Lookup<T> {
    /// A denied read is no failure: what it would tell is unknown.
    pub fn unless_denied(result: Result<Self, Error>) -> Result<Self, Error> {
        match result {
            Err(Error::AccessDenied {
                permission,
                message,
                ..
            }) => Ok(Self::Unknown(format!(
                "not allowed to call {permission}: {message}"
            ))),
            Err(Error::KubernetesForbidden { operation, .. }) => {
                Ok(Self::Unknown(format!("not allowed to {operation}")))
            }
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

    pub fn as_found(&self) -> Option<&T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Missing | Self::Unknown(_) => None,
        }
    }

    /// Why it is unknown.
    pub fn unknown(&self) -> Option<&str> {
        match self {
            Self::Unknown(why) => Some(why),
            Self::Found(_) | Self::Missing => None,
        }
    }

    pub fn found(self) -> Option<T> {
        match self {
            Self::Found(value) => Some(value),
            Self::Missing | Self::Unknown(_) => None,
        }
    }
}

//! Which failures are nobody's own.

use super::{CodeMeaning, Error};

impl Error {
    /// Whether every other target would fail for it too: without signing in anew, or a way to AWS or
    /// Kubernetes, nothing more can be done. What is denied may be denied of one name only.
    pub fn is_global(&self) -> bool {
        match self {
            Self::Credentials { .. }
            | Self::Unreachable { .. }
            | Self::KubernetesUnauthorized { .. }
            | Self::KubernetesUnreachable { .. } => true,
            Self::Aws { code, .. } => code.meaning == CodeMeaning::NotOptedIn,
            Self::Shared { error, .. } => error.is_global(),
            Self::OfRoles { error, .. } => error.is_global(),
            Self::Several(errors) => errors.iter().any(Self::is_global),
            _ => false,
        }
    }

    /// Whether others are not to be begun after it: all would meet it, or what one shows may hold for them.
    pub fn stops_others(&self) -> bool {
        self.is_global() || self.is_unproven()
    }

    /// Whether a way does not hold.
    pub fn is_unproven(&self) -> bool {
        match self {
            Self::Unproven(_) | Self::Withdrawn { .. } | Self::NotWithdrawn { .. } => true,
            Self::OfRoles { error, .. } => error.is_unproven(),
            _ => false,
        }
    }
}

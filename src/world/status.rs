//! How AWS says that its things are: the statuses of stacks, add-ons and clusters as values, and what a
//! stack's means for the next step.

use std::fmt;

use serde::de::IntoDeserializer;
use serde::de::value::Error;
use serde::{Deserialize, Serialize};

/// A stack's status. Source: CloudFormation's API model, `StackStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum StackStatus {
    CreateInProgress,
    CreateFailed,
    CreateComplete,
    RollbackInProgress,
    RollbackFailed,
    RollbackComplete,
    DeleteInProgress,
    DeleteFailed,
    DeleteComplete,
    UpdateInProgress,
    UpdateCompleteCleanupInProgress,
    UpdateComplete,
    UpdateFailed,
    UpdateRollbackInProgress,
    UpdateRollbackFailed,
    UpdateRollbackCompleteCleanupInProgress,
    UpdateRollbackComplete,
    ReviewInProgress,
    ImportInProgress,
    ImportComplete,
    ImportRollbackInProgress,
    ImportRollbackFailed,
    ImportRollbackComplete,
    /// One that is not in that model yet.
    #[serde(untagged)]
    Other(String),
}

/// What a stack's status means for the next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Its resources are there, as its template says.
    Ready,
    /// An operation is going on.
    Busy,
    Deleting,
    /// A creation that failed or was never carried out: only deletion helps.
    Broken,
    DeleteFailed,
    UpdateFailed,
    Gone,
}

impl StackStatus {
    /// What it means; one that is not known is waited for.
    pub fn phase(&self) -> Phase {
        match self {
            Self::CreateComplete
            | Self::UpdateComplete
            | Self::ImportComplete
            | Self::UpdateRollbackComplete
            | Self::ImportRollbackComplete => Phase::Ready,
            Self::RollbackComplete
            | Self::CreateFailed
            | Self::RollbackFailed
            | Self::ReviewInProgress => Phase::Broken,
            Self::DeleteFailed => Phase::DeleteFailed,
            Self::UpdateFailed | Self::UpdateRollbackFailed | Self::ImportRollbackFailed => {
                Phase::UpdateFailed
            }
            Self::DeleteInProgress => Phase::Deleting,
            Self::DeleteComplete => Phase::Gone,
            Self::CreateInProgress
            | Self::RollbackInProgress
            | Self::UpdateInProgress
            | Self::UpdateCompleteCleanupInProgress
            | Self::UpdateRollbackInProgress
            | Self::UpdateRollbackCompleteCleanupInProgress
            | Self::ImportInProgress
            | Self::ImportRollbackInProgress
            | Self::Other(_) => Phase::Busy,
        }
    }
}

/// An add-on's status. Source: EKS's API model, `AddonStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AddonStatus {
    Creating,
    Active,
    CreateFailed,
    Updating,
    Deleting,
    DeleteFailed,
    Degraded,
    UpdateFailed,
    /// One that is not in that model yet.
    #[serde(untagged)]
    Other(String),
}

/// A cluster's status. Source: EKS's API model, `ClusterStatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ClusterStatus {
    Creating,
    Active,
    Deleting,
    Failed,
    Updating,
    Pending,
    /// One that is not in that model yet.
    #[serde(untagged)]
    Other(String),
}

/// AWS's word for each, in both directions.
macro_rules! words {
    ($($status:ident)*) => {$(
        impl fmt::Display for $status {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.serialize(f)
            }
        }

        impl From<&str> for $status {
            fn from(word: &str) -> Self {
                let read = Self::deserialize(IntoDeserializer::<Error>::into_deserializer(word));
                read.unwrap_or_else(|_| Self::Other(word.to_owned()))
            }
        }
    )*};
}

words!(StackStatus AddonStatus ClusterStatus);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_word_is_read_and_written_as_it_is() {
        for word in ["UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS", "NEW_ONE"] {
            assert_eq!(StackStatus::from(word).to_string(), word);
        }
        assert_eq!(
            StackStatus::from("NEW_ONE"),
            StackStatus::Other("NEW_ONE".to_owned())
        );
        assert_eq!(AddonStatus::from("DEGRADED"), AddonStatus::Degraded);
        assert_eq!(ClusterStatus::from("PENDING").to_string(), "PENDING");
    }
}

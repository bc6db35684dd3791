//! How AWS says that its things are: the statuses of stacks, add-ons and clusters as values, and what a
//! stack's means for the next step.

use std::fmt;

use serde::{Serialize, Serializer};

/// An enum of statuses, each with AWS's word for it, in both directions, and `Other` for a word that is not in
/// AWS's model yet.
macro_rules! statuses {
    ($(#[$doc:meta])* pub enum $name:ident { $($status:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub enum $name {
            $($status,)*
            /// One that is not in that model yet.
            Other(String),
        }

        impl $name {
            /// AWS's word.
            fn word(&self) -> &str {
                match self {
                    $(Self::$status => $word,)*
                    Self::Other(word) => word,
                }
            }
        }

        impl From<&str> for $name {
            fn from(word: &str) -> Self {
                match word {
                    $($word => Self::$status,)*
                    _ => Self::Other(word.to_owned()),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.word())
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.word())
            }
        }
    };
}

statuses! {
    /// A stack's status. Source: CloudFormation's API model, `StackStatus`.
    pub enum StackStatus {
        CreateInProgress = "CREATE_IN_PROGRESS",
        CreateFailed = "CREATE_FAILED",
        CreateComplete = "CREATE_COMPLETE",
        RollbackInProgress = "ROLLBACK_IN_PROGRESS",
        RollbackFailed = "ROLLBACK_FAILED",
        RollbackComplete = "ROLLBACK_COMPLETE",
        DeleteInProgress = "DELETE_IN_PROGRESS",
        DeleteFailed = "DELETE_FAILED",
        DeleteComplete = "DELETE_COMPLETE",
        UpdateInProgress = "UPDATE_IN_PROGRESS",
        UpdateCompleteCleanupInProgress = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateComplete = "UPDATE_COMPLETE",
        UpdateFailed = "UPDATE_FAILED",
        UpdateRollbackInProgress = "UPDATE_ROLLBACK_IN_PROGRESS",
        UpdateRollbackFailed = "UPDATE_ROLLBACK_FAILED",
        UpdateRollbackCompleteCleanupInProgress = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
        UpdateRollbackComplete = "UPDATE_ROLLBACK_COMPLETE",
        ReviewInProgress = "REVIEW_IN_PROGRESS",
        ImportInProgress = "IMPORT_IN_PROGRESS",
        ImportComplete = "IMPORT_COMPLETE",
        ImportRollbackInProgress = "IMPORT_ROLLBACK_IN_PROGRESS",
        ImportRollbackFailed = "IMPORT_ROLLBACK_FAILED",
        ImportRollbackComplete = "IMPORT_ROLLBACK_COMPLETE",
    }
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

statuses! {
    /// An add-on's status. Source: EKS's API model, `AddonStatus`.
    pub enum AddonStatus {
        Creating = "CREATING",
        Active = "ACTIVE",
        CreateFailed = "CREATE_FAILED",
        Updating = "UPDATING",
        Deleting = "DELETING",
        DeleteFailed = "DELETE_FAILED",
        Degraded = "DEGRADED",
        UpdateFailed = "UPDATE_FAILED",
    }
}

statuses! {
    /// A cluster's status. Source: EKS's API model, `ClusterStatus`.
    pub enum ClusterStatus {
        Creating = "CREATING",
        Active = "ACTIVE",
        Deleting = "DELETING",
        Failed = "FAILED",
        Updating = "UPDATING",
        Pending = "PENDING",
    }
}

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

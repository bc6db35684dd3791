//! The account of a role, where it is another than the cluster's: by the way to its credentials.

use std::fmt;

use super::{Flags, RoleArn};

/// By what another account than the cluster's is reached, for IAM and CloudFormation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RoleAccount {
    /// An AWS profile of it.
    Profile(String),
    /// A role of it, which the run's own credentials assume first.
    Via(RoleArn),
}

impl RoleAccount {
    /// The flag that says the same, for the commands of hints.
    pub fn flags(&self) -> Flags {
        Flags(vec![match self {
            Self::Profile(profile) => ("--role-profile", profile.clone()),
            Self::Via(role) => ("--role-via", role.to_string()),
        }])
    }
}

impl fmt::Display for RoleAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Profile(profile) => write!(f, "profile {profile}"),
            Self::Via(role) => write!(f, "{role}"),
        }
    }
}

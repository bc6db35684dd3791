//! The ways by which pods get their roles.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

/// How the pods of a service account get their role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// By the annotation of the ServiceAccount, and a token that IAM knows the issuer of.
    Irsa,
    /// By an association of EKS.
    PodIdentity,
}

impl Way {
    const ALL: [Self; 2] = [Self::Irsa, Self::PodIdentity];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Irsa => "irsa",
            Self::PodIdentity => "pod-identity",
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for Way {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl FromStr for Way {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let way = Self::ALL.into_iter().find(|way| way.word() == text);
        way.ok_or_else(|| format!("it is one of {}", Self::ALL.map(Self::word).join(", ")))
    }
}

//! The two ways on which EKS gives a service account's pods a role.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use super::{ASSOCIATION_TAG, SERVICE_ACCOUNT_TAG};

/// How the pods of a service account get their role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Way {
    /// By the annotation of the ServiceAccount, and a token that IAM knows the issuer of.
    #[default]
    Irsa,
    /// By an association of EKS, and the agent on the node.
    PodIdentity,
}

impl Way {
    pub const ALL: [Self; 2] = [Self::Irsa, Self::PodIdentity];

    /// The way that a service account leaves, where it moves to this one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::Irsa => Self::PodIdentity,
            Self::PodIdentity => Self::Irsa,
        }
    }

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Irsa => "irsa",
            Self::PodIdentity => "pod-identity",
        }
    }

    /// What eksctl and irsactl call a service account with a role on this way.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Irsa => "iamserviceaccount",
            Self::PodIdentity => "podidentityassociation",
        }
    }

    /// The noun for readers.
    pub fn words(self) -> &'static str {
        match self {
            Self::Irsa => "IAM service account",
            Self::PodIdentity => "EKS Pod Identity association",
        }
    }

    /// The stack's tag with `<namespace>/<name>` of the service account.
    pub fn tag(self) -> &'static str {
        match self {
            Self::Irsa => SERVICE_ACCOUNT_TAG,
            Self::PodIdentity => ASSOCIATION_TAG,
        }
    }

    /// What stands in the names of its stacks behind the cluster's name.
    pub fn stack_infix(self) -> &'static str {
        match self {
            Self::Irsa => "addon-iamserviceaccount",
            Self::PodIdentity => "podidentityrole",
        }
    }
}

/// Where a move begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Way(Way),
    Kube2iam,
    Kiam,
    /// The AWS secrets engine of HashiCorp Vault.
    Vault,
}

impl Origin {
    pub const ALL: [Self; 5] = [
        Self::Way(Way::Irsa),
        Self::Way(Way::PodIdentity),
        Self::Kube2iam,
        Self::Kiam,
        Self::Vault,
    ];

    /// As it is written.
    pub fn word(self) -> &'static str {
        match self {
            Self::Way(way) => way.word(),
            Self::Kube2iam => "kube2iam",
            Self::Kiam => "kiam",
            Self::Vault => "vault",
        }
    }
}

impl FromStr for Origin {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let origin = Self::ALL.into_iter().find(|origin| origin.word() == text);
        origin.ok_or_else(|| format!("it is one of {}", Self::ALL.map(Self::word).join(", ")))
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

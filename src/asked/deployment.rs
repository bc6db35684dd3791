//! How CloudFormation works on a stack: as whom, and when it calls an operation complete.

use std::fmt;
use std::str::FromStr;

use serde::{Serialize, Serializer};

use crate::model::RoleArn;

/// How CloudFormation works on a stack.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// The role that it works as, in place of the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub service_role: Option<RoleArn>,
    #[serde(rename = "deploymentMode")]
    pub mode: DeploymentMode,
}

impl Deployment {
    /// What a reader of a plan is told of the mode: nothing of the usual one.
    pub fn told(&self) -> Option<String> {
        match self.mode {
            DeploymentMode::Standard => None,
            DeploymentMode::Express => Some(format!("deployment mode: {}", self.mode)),
        }
    }
}

/// When an operation on a stack is over (CloudFormation API Reference, `DeploymentConfig`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeploymentMode {
    /// As soon as its resources can be used: IAM's propagation is waited for.
    #[default]
    Standard,
    /// As soon as what its resources are to be is applied.
    Express,
}

impl DeploymentMode {
    pub const ALL: [Self; 2] = [Self::Standard, Self::Express];
    pub const WORDS: [&'static str; 2] = [Self::Standard.word(), Self::Express.word()];

    /// As it is written.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Standard => "standard",
            Self::Express => "express",
        }
    }
}

impl fmt::Display for DeploymentMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl Serialize for DeploymentMode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl FromStr for DeploymentMode {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mode = Self::ALL.into_iter().find(|mode| mode.word() == text);
        mode.ok_or_else(|| format!("it is one of {}", Self::WORDS.join(", ")))
    }
}

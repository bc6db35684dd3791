//! A managed policy as a template names it: by its ARN, or by what only CloudFormation can work out.

use std::cmp::Ordering;
use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::functions::worked_out;
use super::role::{resolve, text_of};
use crate::model::{Cluster, PolicyArn};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ManagedPolicy {
    Arn(PolicyArn),
    /// A function, or a text that is no ARN: as the template has it.
    Written(Value),
}

impl ManagedPolicy {
    /// As a template has it. What is no ARN, or not known before CloudFormation works it out, is kept as
    /// written.
    pub fn read(value: &Value, partition: &str) -> Self {
        match resolve(value, partition) {
            Some(text) => match text.parse() {
                Ok(arn) => Self::Arn(arn),
                Err(_) => Self::Written(text.into()),
            },
            None => Self::Written(value.clone()),
        }
    }

    /// `None` where only CloudFormation knows it.
    pub fn arn(&self) -> Option<&PolicyArn> {
        match self {
            Self::Arn(arn) => Some(arn),
            Self::Written(_) => None,
        }
    }

    /// As it stands in a template.
    pub fn value(&self) -> Value {
        match self {
            Self::Arn(arn) => arn.to_string().into(),
            Self::Written(value) => value.clone(),
        }
    }

    /// The same, with the functions worked out that need nothing but the cluster.
    pub fn worked_out(&self, cluster: &Cluster) -> Self {
        Self::read(&worked_out(&self.value(), cluster), &cluster.partition)
    }

    /// Whether it is AWS's own policy of that name, which has its path.
    pub fn is_aws(&self, name: &str) -> bool {
        self.arn().and_then(PolicyArn::aws_name) == Some(name)
    }
}

impl fmt::Display for ManagedPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Arn(arn) => arn.fmt(f),
            Self::Written(value) => f.write_str(&text_of(value, "")),
        }
    }
}

impl Serialize for ManagedPolicy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// By their texts, as they are shown.
impl Ord for ManagedPolicy {
    fn cmp(&self, other: &Self) -> Ordering {
        self.to_string().cmp(&other.to_string())
    }
}

impl PartialOrd for ManagedPolicy {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

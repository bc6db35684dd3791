//! Failures of many targets: what is the same for several is told once.

use std::sync::Arc;

use super::Error;
use super::hints::aws_hints;
use crate::plan::{Refusal, Target};

impl Error {
    /// Refusals of targets: what is the same for several is told once.
    pub fn of_refusals<'a>(
        refusals: impl IntoIterator<Item = (&'a Target, &'a Refusal)>,
    ) -> Vec<Self> {
        let mut told: Vec<(Vec<Target>, &Refusal)> = Vec::new();
        for (target, refusal) in refusals {
            let is_alike = |other: &Refusal| {
                other.to_string() == refusal.to_string() && other.hints == refusal.hints
            };
            match told.iter_mut().find(|(_, other)| is_alike(other)) {
                Some((targets, _)) => targets.push(target.clone()),
                None => told.push((vec![target.clone()], refusal)),
            }
        }
        let told = told.into_iter();
        told.map(|(targets, refusal)| Self::Refused {
            targets,
            refusal: Box::new(refusal.clone()),
        })
        .collect()
    }

    /// The failures of targets: the same cause, where it is none of a target's own, is told once.
    pub fn of_targets(errors: impl IntoIterator<Item = (Target, Self)>) -> Vec<Self> {
        let mut told: Vec<Self> = Vec::new();
        for (target, error) in errors {
            let Some(cause) = error.common_cause() else {
                told.push(error);
                continue;
            };
            let error = match error {
                Self::Shared { error, .. } => error,
                error => Arc::new(error),
            };
            let alike = told.iter_mut().find_map(|other| match other {
                Self::Shared { targets, error } if error.common_cause() == Some(cause.clone()) => {
                    Some(targets)
                }
                _ => None,
            });
            match alike {
                Some(targets) => targets.push(target),
                None => told.push(Self::Shared {
                    targets: vec![target],
                    error,
                }),
            }
        }
        told
    }

    /// What many targets can fail for alike: the way there, the identity, its rights.
    fn common_cause(&self) -> Option<String> {
        match self {
            Self::Credentials { .. } | Self::KubernetesUnauthorized { .. } => {
                Some(self.to_string())
            }
            Self::AccessDenied { .. } => Some(self.brief()),
            Self::Unreachable { cause, .. } | Self::KubernetesUnreachable { cause, .. } => {
                Some(cause.clone())
            }
            // The operation's last word is the object's name.
            Self::KubernetesForbidden { operation, .. } => {
                let verb = operation.rsplit_once(' ').map_or("", |(verb, _)| verb);
                Some(format!("forbidden to {verb}"))
            }
            Self::Aws { code, .. } if !aws_hints(code).is_empty() => Some(self.brief()),
            Self::Shared { error, .. } => {
                Some(error.common_cause().unwrap_or_else(|| error.to_string()))
            }
            _ => None,
        }
    }
}

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
            let error = match error {
                Self::Shared { error, .. } => error,
                error if error.common_cause().is_some() => Arc::new(error),
                error => {
                    told.push(error);
                    continue;
                }
            };
            let cause = error.common_cause();
            let alike = told.iter_mut().find_map(|other| match other {
                Self::Shared { targets, error }
                    if cause.is_some() && error.common_cause() == cause =>
                {
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
    fn common_cause(&self) -> Option<CommonCause<'_>> {
        Some(match self {
            Self::Credentials { .. } | Self::KubernetesUnauthorized { .. } => {
                CommonCause::Told(self.to_string())
            }
            Self::AccessDenied { permission, .. } => CommonCause::Permission(permission),
            Self::Unreachable { cause, .. } | Self::KubernetesUnreachable { cause, .. } => {
                CommonCause::Way(cause)
            }
            Self::KubernetesForbidden { right, .. } => CommonCause::Right(right.kind()),
            Self::Aws {
                operation,
                code,
                message,
                ..
            } if !aws_hints(code.meaning).is_empty() => {
                CommonCause::Aws([operation, code.word(), message])
            }
            Self::Shared { error, .. } => return error.common_cause(),
            Self::OfRoles { error, .. } => return error.common_cause(),
            _ => return None,
        })
    }
}

/// What is nobody's own, but for the object that a right is needed on.
#[derive(PartialEq)]
enum CommonCause<'a> {
    Told(String),
    Permission(&'a str),
    Way(&'a str),
    Right([&'static str; 3]),
    Aws([&'a str; 3]),
}

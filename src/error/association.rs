//! What EKS has against a change of a Pod Identity association, and what to do about it.

use crate::model::{ASSOCIATION_QUOTA, ClusterName, CommandLine, Fix, RoleArn, ServiceAccountName};
use crate::plan::by_target_role;

const LIST: &str = "aws eks list-pod-identity-associations --cluster-name {}";

/// Why EKS refuses a change to somebody who may make it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AssociationRefusal {
    /// The service account has one by now, of whoever.
    AlreadyExists,
    /// It went since it was looked at.
    Gone,
    OwnedByAddon,
    QuotaReached,
    /// The role is of another account than the cluster.
    ForeignRole(Box<(ServiceAccountName, RoleArn)>),
    /// There is no such role, or EKS does not know it yet.
    UnknownRole,
    /// The role's trust policy does not let EKS Pod Identity in.
    Untrusting,
}

/// Nobody raises it on request.
pub fn quota_hint(cluster: &ClusterName) -> Fix {
    Fix::by(
        format!(
            "a cluster has {ASSOCIATION_QUOTA} associations at most: delete what is no longer needed"
        ),
        CommandLine::of(LIST, &[cluster]),
    )
}

impl AssociationRefusal {
    /// Whether someone else was there first.
    pub fn is_overtaken(&self) -> bool {
        matches!(self, Self::AlreadyExists | Self::Gone)
    }

    /// What to do about it: one hint each.
    pub fn hints(&self, cluster: &ClusterName) -> Vec<Fix> {
        vec![match self {
            Self::AlreadyExists => {
                "it was made meanwhile: run the same command again, which looks at it first".into()
            }
            Self::Gone => {
                "it went meanwhile: run the same command again, which looks at it first".into()
            }
            Self::OwnedByAddon => Fix::by(
                "change it through its add-on, which this names as its owner",
                CommandLine::of(LIST, &[cluster]),
            ),
            Self::QuotaReached => quota_hint(cluster),
            Self::ForeignRole(wanted) => by_target_role(cluster, &wanted.0, &wanted.1),
            Self::UnknownRole => {
                "if the role was just made, run the same command again in a minute".into()
            }
            Self::Untrusting => {
                "the role's trust policy must let pods.eks.amazonaws.com do sts:AssumeRole and sts:TagSession".into()
            }
        }]
    }
}

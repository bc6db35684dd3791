//! An EKS Pod Identity association as it is asked for, beside the role that it names.

use crate::model::RoleArn;
use crate::policy::PolicyDocument;
use crate::world::{Association, AssociationTerms};

/// What is asked of an association beside its role.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct AssociationSpec {
    /// The role, maybe of another account, that its role assumes in turn.
    pub target_role: ValueChange<RoleArn>,
    /// Whether sessions go without the tags of the cluster, namespace, service account and pod.
    pub disable_session_tags: ValueChange<bool>,
    /// What bounds its sessions.
    pub policy: ValueChange<PolicyDocument>,
    /// A role that lets in every association is to let in this one alone.
    pub restrict_trust: bool,
    /// An association with another role is brought to this one.
    pub other_role: OtherRole,
    pub agent: Agent,
}

impl AssociationSpec {
    /// All that an association is to be beside its role.
    pub fn declared(
        target_role: Option<RoleArn>,
        disable_session_tags: Option<bool>,
        policy: Option<PolicyDocument>,
    ) -> Self {
        Self {
            target_role: ValueChange::all(target_role),
            disable_session_tags: ValueChange::all(disable_session_tags),
            policy: ValueChange::all(policy),
            ..Self::default()
        }
    }

    /// What the association is to be, from what it is; of one that is not there, from nothing.
    pub fn terms(&self, found: Option<&Association>) -> AssociationTerms {
        let target = found.and_then(|it| it.target_role.clone());
        let policy = self.policy.clone().map(|it| it.as_value().to_string());
        AssociationTerms {
            target_role: self.target_role.clone().over(target),
            disable_session_tags: self
                .disable_session_tags
                .clone()
                .over(found.map(|it| it.session_tags_disabled))
                .unwrap_or_default(),
            policy: policy.over(found.and_then(|it| it.policy.clone())),
        }
    }
}

/// What is to become of a value.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum ValueChange<T> {
    /// It stays as it is.
    #[default]
    Kept,
    Set(T),
    /// There is to be none, or what AWS takes by itself.
    None,
}

impl<T> ValueChange<T> {
    /// From what says all: what is missing there is not wanted.
    pub fn all(value: Option<T>) -> Self {
        value.map_or(Self::None, Self::Set)
    }

    /// From changes: what is missing there stays, unless it is to go.
    pub fn change(value: Option<T>, is_to_go: bool) -> Self {
        match value {
            Some(value) => Self::Set(value),
            None if is_to_go => Self::None,
            None => Self::Kept,
        }
    }

    fn map<U>(self, change: impl FnOnce(T) -> U) -> ValueChange<U> {
        match self {
            Self::Kept => ValueChange::Kept,
            Self::Set(value) => ValueChange::Set(change(value)),
            Self::None => ValueChange::None,
        }
    }

    /// What becomes of what is there.
    fn over(self, found: Option<T>) -> Option<T> {
        match self {
            Self::Kept => found,
            Self::Set(value) => Some(value),
            Self::None => None,
        }
    }

    /// The value that is asked for; `None` where what is there stays or goes.
    pub fn as_set(&self) -> Option<&T> {
        match self {
            Self::Set(value) => Some(value),
            Self::Kept | Self::None => None,
        }
    }
}

/// What becomes of an association with another role.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OtherRole {
    #[default]
    Refused,
    Replaced,
}

/// What becomes of a cluster without the EKS Pod Identity Agent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Agent {
    #[default]
    Required,
    Installed,
}

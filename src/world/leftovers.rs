//! What dead clusters may have left in an account, as far as it was looked at.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{Associations, RoleHistory, Stack};
use crate::model::{Lookup, RoleArn, ServiceAccountName};

/// An account, looked at for what nobody needs any more.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    pub account: String,
    /// Seconds since 1970.
    pub now: i64,
    /// Those that were read whole, by their names.
    pub regions: BTreeMap<String, SurveyedRegion>,
    pub providers: Vec<SurveyedProvider>,
    /// Those that trust an issuer of EKS.
    pub roles: Vec<SurveyedRole>,
    /// Of issuers of EKS that no cluster of a region that was read has, by host and path.
    pub issuers: BTreeMap<String, IssuerState>,
}

/// Clusters and stacks of a region.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SurveyedRegion {
    /// Names, those of clusters that are being created too, with host and path of the issuer. What one of
    /// two lists had counts.
    pub clusters: BTreeMap<String, Option<String>>,
    /// Those with the tags of a service account or an association, of clusters that the region does not have.
    pub stacks: Vec<SurveyedStack>,
    /// ARNs of the roles of all stacks with such tags.
    pub own_roles: BTreeSet<RoleArn>,
}

/// A stack of a service account or an association.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyedStack {
    pub stack: Stack,
    /// Of the role that it made, or where that is gone of its template. Missing: neither is there.
    pub trust: Lookup<Value>,
    /// Of that role. Missing: it is gone.
    pub history: Lookup<RoleHistory>,
    /// Associations of clusters that there are which use that role. Asked for only where it lets EKS Pod
    /// Identity in.
    pub users: Lookup<Associations>,
}

/// An IAM OIDC provider of an issuer of EKS.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyedProvider {
    pub arn: String,
    /// Seconds since 1970. Asked for only where nothing is known that needs it.
    pub created: Lookup<i64>,
}

/// A role, and whom it trusts.
#[derive(Clone, Debug, PartialEq)]
pub struct SurveyedRole {
    pub arn: RoleArn,
    pub trust: Value,
    /// Asked for only where it may be of no use.
    pub history: Lookup<RoleHistory>,
}

/// What of a living cluster names something that is not there.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LooseEnds {
    /// Associations without a ServiceAccount, with their roles.
    pub associations: Vec<(ServiceAccountName, RoleArn)>,
    /// ServiceAccounts whose annotation names a role of the account that is gone.
    pub annotations: Vec<(ServiceAccountName, RoleArn)>,
    /// Why it is not known of some, and of how many.
    pub unknown: BTreeMap<String, usize>,
}

/// What an issuer's host says of it, asked twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IssuerState {
    /// It has no such issuer (connected; 403, 404 or 410).
    Gone,
    /// It has a discovery document.
    Answers,
    /// It says nothing, or now this and now that.
    Unknown,
    /// It has no such issuer, but neither does it answer for one of a cluster that there is, or there is none
    /// to compare with: whoever blocks the way may say the same.
    Unproven,
}

impl IssuerState {
    /// Of two answers, `None` where there was none.
    pub fn of(first: Option<bool>, second: Option<bool>) -> Self {
        match (first, second) {
            (Some(true), Some(true)) => Self::Gone,
            (Some(false), _) | (_, Some(false)) => Self::Answers,
            _ => Self::Unknown,
        }
    }
}

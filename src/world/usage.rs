//! What roles may do, and what they did of it.

use super::{OwningStack, RoleFacts};
use crate::model::{Lookup, RoleArn, ServiceAccountName};
use crate::policy::usage::{Policies, ServiceUse};

/// A role, with its policies and their use.
#[derive(Clone, Debug, PartialEq)]
pub struct RoleUsage {
    pub arn: RoleArn,
    /// Whose pods have it, as far as that was asked.
    pub accounts: Vec<ServiceAccountName>,
    pub facts: Lookup<RoleFacts>,
    pub policies: Lookup<Policies>,
    /// Of the services that its policies allow something of. Missing: there is no such role.
    pub services: Lookup<Vec<ServiceUse>>,
    /// What made it, as far as that was asked.
    pub stack: Lookup<OwningStack>,
}

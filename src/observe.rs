//! Finds out what exists. Reads that do not need each other run side by side.

use serde::Serialize;

use crate::issuer::Reading;
use crate::model::ServiceAccountName;
use crate::template::RoleTemplate;

mod account;
pub mod again;
mod associations;
mod deletion;
mod facts;
pub mod gone;
pub mod health;
mod lookup;
mod resources;
mod source;
mod stack_name;

pub use account::{Named, ObservedAccount, Wanted, WantedStack, accounts, named, stack_alone};
pub use associations::Associations;
pub use deletion::{Foreign, ObservedDeletion, deletion, template};
pub use facts::{
    FoundStack, LastUse, LivePolicies, ObjectVersion, OidcProvider, Phase, RoleFacts, RoleHistory,
    ServiceAccount, ServiceAccountState, Stack, StackState,
};
pub use lookup::Lookup;
pub use source::{AccountPods, ServiceAccounts, Stacks};
pub use stack_name::stack_to_delete;

/// How many reads of one kind run side by side.
const PARALLEL: usize = 16;

/// What associating or disassociating a provider must know.
#[derive(Clone, Debug)]
pub struct ObservedProvider {
    pub provider: Option<OidcProvider>,
    /// What the issuer's TLS connections told; `None` when nobody asked.
    pub reading: Option<Reading>,
}

/// One row of `get iamserviceaccount`.
#[derive(Clone, Debug)]
pub struct Listed {
    pub name: ServiceAccountName,
    pub stack: Stack,
    /// Read for the wide and the structured formats only.
    pub template: Lookup<RoleTemplate>,
    pub service_account: Option<Lookup<ServiceAccount>>,
}

/// What a row needs beyond the stack.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize)]
pub enum Depth {
    Stacks,
    Templates,
    ServiceAccounts,
}

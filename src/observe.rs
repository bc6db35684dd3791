//! Finds out what exists. Reads that do not need each other run side by side.

mod account;
pub mod again;
mod associations;
mod copy;
mod deletion;
mod documents;
pub mod gone;
pub mod health;
mod migrate;
mod owner;
pub mod proof;
mod resources;
mod source;
mod stack_name;
mod survey;
mod trust;
mod usage;
mod vault;

pub use account::{
    Named, WantedAccount, WantedProvider, WantedStack, accounts, named, stack_alone,
};
pub use associations::all as all_associations;
pub use associations::association;
pub use copy::copy_sources;
pub use deletion::{deletion, template, whole_template};
pub use migrate::{MoveDepth, MoveObserver, MoveScope, proved};
pub use source::{AccountPods, ServiceAccounts, Stacks};
pub use stack_name::stack_by_name;
pub use survey::{loose_ends, survey};
pub use trust::trusting_roles;
pub use usage::{RolesOfAccounts, UsageDepth, roles_of, services, usage};
pub use vault::{VaultMounts, vault};

/// How many reads of one kind run side by side.
const PARALLEL: usize = 16;

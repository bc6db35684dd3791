//! The reads of everything that bears on whether a pod has its role, as `doctor` needs it.

mod aws;
mod kubernetes;
mod once;
mod proofs;
mod whole;

pub use once::{ReadOnce, Shared};
pub use whole::{Examined, HealthObserver, Proving};

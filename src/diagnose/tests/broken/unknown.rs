//! What may not be read.

use super::*;

/// Each thing that may not be read.
pub const UNKNOWN: &[fn(&mut Case)] = &[
    |case| case.world.caller = hidden(),
    |case| case.world.reading = hidden(),
    |case| case.world.keys = hidden(),
    |case| case.world.listed = hidden(),
    |case| {
        case.health(|it| {
            it.addons = hidden();
            it.other_providers = hidden();
            it.sts = hidden();
            it.endpoints = hidden();
        });
    },
    |case| case.world.kubernetes = Some(KubernetesHealth::unknown("not allowed")),
    |case| case.account.object = Some(ObjectHealth::unknown("not allowed")),
    |case| {
        case.role(|it| {
            it.role = hidden();
            it.policies = hidden();
            it.provider = hidden();
            it.quotas = hidden();
            it.analyzer = hidden();
            it.failures = hidden();
        });
    },
    |case| case.account.observed = hidden(),
    |case| case.account.associations = hidden(),
    |case| case.account.metadata = hidden(),
    |case| case.account.security_groups = hidden(),
    |case| {
        if let Some(proof) = &mut case.account.proof {
            proof.token = hidden();
            proof.assumption = crate::proof::Assumption::NotTried;
        }
    },
];

pub fn hidden<T>() -> Lookup<T> {
    Lookup::Unknown("not allowed".to_owned())
}

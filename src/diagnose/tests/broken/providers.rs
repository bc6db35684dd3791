//! Providers of others that are of no use.

use super::{Broken, Case};
use crate::model::Lookup;
use crate::world::{OtherProvider, ProviderState};

pub const PROVIDERS: &[Broken] = &[
    ("dead-providers", "issuer-gone", |case| gone(case, &[])),
    ("dead-providers", "trusted-issuer-gone", |case| {
        gone(case, &["arn:aws:iam::111122223333:role/r"]);
    }),
];

/// Another provider, whose issuer is gone.
fn gone(case: &mut Case, trusted_by: &[&str]) {
    let trusted_by = trusted_by.iter().map(|arn| arn.parse().unwrap()).collect();
    let state = ProviderState::Gone {
        created: Lookup::Found(0),
        trusted_by: Lookup::Found(trusted_by),
    };
    let arn = "arn".to_owned();
    case.health(|it| {
        let (arn, state) = (arn.clone(), state.clone());
        it.other_providers = Lookup::Found(vec![OtherProvider { arn, state }]);
    });
}

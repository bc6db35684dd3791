//! What a role may do and did not.

use super::Broken;
use crate::diagnose::tests::whole::NOW;
use crate::model::Lookup;
use crate::policy::usage::{ServiceUse, Window};
use crate::world::WatchedUse;

pub const USAGE: &[Broken] = &[("role-usage", "unused-permissions", |case| {
    case.role_facts(|it| it.history.created = 0);
    let s3 = ServiceUse {
        namespace: "s3".to_owned(),
        ..ServiceUse::default()
    };
    case.role(|it| {
        it.usage = Some(WatchedUse {
            window: Window { now: NOW, days: 90 },
            services: Lookup::Found(vec![s3.clone()]),
        });
    });
})];

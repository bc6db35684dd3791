//! What must be looked up for the accounts that are asked for.

use crate::asked::{Goal, IamServiceAccount, Permissions, ProviderSpec, RoleTrust, Scope};
use crate::model::Way;
use crate::observe::{WantedAccount, WantedProvider, WantedStack};

/// Whether the provider is looked at: not where nothing asks for one and all accounts are on Pod Identity.
pub fn wanted_provider(
    spec: Option<&ProviderSpec>,
    accounts: &[&IamServiceAccount],
) -> WantedProvider {
    let needs_none = |asked: &&IamServiceAccount| asked.way() == Way::PodIdentity;
    if spec.is_none() && accounts.iter().all(needs_none) {
        WantedProvider::None
    } else {
        WantedProvider::Looked
    }
}

/// By name.
pub fn wanted<'a>(goal: Goal, accounts: &[&'a IamServiceAccount]) -> Vec<WantedAccount<'a>> {
    let accounts = accounts.iter();
    accounts.map(|asked| wanted_account(goal, asked)).collect()
}

fn wanted_account(goal: Goal, asked: &IamServiceAccount) -> WantedAccount<'_> {
    let (policies, role, stack) = match &asked.permissions {
        Permissions::Existing(arn) => {
            // Whether the association has a role of its own.
            let stack = if goal == Goal::Update && asked.association.is_some() {
                WantedStack::Looked
            } else {
                WantedStack::None
            };
            // Read with all that a change of it must know.
            let role = (asked.trust == RoleTrust::Kept).then(|| arn.name().parse().ok());
            (Vec::new(), role.flatten(), stack)
        }
        Permissions::Role(spec) => (
            spec.managed.iter().chain(&spec.boundary).cloned().collect(),
            spec.name.clone(),
            WantedStack::Looked,
        ),
        Permissions::Edited(edits) => (
            edits.policies().cloned().collect(),
            None,
            WantedStack::Looked,
        ),
    };
    let association = asked.association.as_ref();
    WantedAccount {
        name: &asked.name,
        way: asked.way(),
        agent: association.is_some() && goal != Goal::Update,
        associations: association.is_some_and(|it| it.restrict_trust),
        policies,
        role,
        stack,
        service_account: asked.scope == Scope::Whole,
    }
}

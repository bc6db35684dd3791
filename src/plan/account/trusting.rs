//! The trust policy of an existing role, where the service account is to be let in by it.

use crate::asked::IamServiceAccount;
use crate::model::{Cluster, Lookup};
use crate::plan::trust::{TrustChange, TrustGoal};
use crate::plan::{Reason, Track};
use crate::policy::subjects::Subject;
use crate::world::{ObservedAccount, ObservedProvider};

/// The change stands before the ServiceAccount's: pods that start find their role open.
pub fn plan_trust(
    track: &mut Track,
    asked: &IamServiceAccount,
    cluster: &Cluster,
    observed: &ObservedAccount,
    provider: &ObservedProvider,
) {
    let Some(role) = observed
        .trusting
        .as_ref()
        .filter(|_| track.refusals.is_empty())
    else {
        return;
    };
    let provider = match &asked.provider {
        // It will be there by then.
        Some(spec) => Some(spec.fulfilled(cluster, provider.provider.clone())),
        None => provider.provider.clone(),
    };
    let change = TrustChange {
        goal: &TrustGoal::Add(vec![Subject::Account(asked.name.clone())]),
        cluster,
        provider: &Lookup::from(provider),
        quota: observed.quotas.trust,
        deployment: asked.deployment(),
    };
    // That it is let in already is how it should be, and nothing to tell.
    match change.actions(role, &mut Vec::new()) {
        Ok(actions) => {
            track.lane = Some(role.arn.clone()).filter(|_| !actions.is_empty());
            track.actions.extend(actions);
        }
        Err(obstacle) => {
            let (role, obstacle) = (Box::new(role.arn.clone()), Box::new(obstacle));
            track.refuse(&cluster.name, Reason::NotLetIn(role, obstacle));
        }
    }
}

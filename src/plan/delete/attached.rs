//! The role that a service account was given by its annotation, and that no stack made for it: it stays, and
//! lets the service account in no more.

use crate::asked::Deletion;
use crate::model::Lookup;
use crate::plan::Track;
use crate::plan::trust::{TrustChange, TrustGoal};
use crate::policy::subjects::{Subject, listed};
use crate::world::AttachedRole;

/// Whoever may write annotations names any role. So one loses only what its own statement says of this very
/// service account; and what cannot be taken out is told, as the ServiceAccount goes all the same.
pub fn withdraw(track: &mut Track, asked: &Deletion, attached: &AttachedRole) {
    let AttachedRole { cluster, role } = attached;
    let name = &asked.name;
    if role.arn.account() != cluster.account {
        // It is told already.
        return;
    }
    let trust = match &role.facts {
        Lookup::Found(facts) => &facts.trust,
        Lookup::Missing => return,
        Lookup::Unknown(why) => {
            return track.warnings.push(format!(
                "whether role {} lets {name} in still cannot be told: {why}",
                role.arn.name()
            ));
        }
    };
    let named = listed(trust, &cluster.provider_arn()).subjects;
    if !named.contains(&name.subject()) {
        return;
    }
    let change = TrustChange {
        goal: &TrustGoal::Remove(vec![Subject::Account(name.clone())]),
        cluster,
        // Whether it is there is of no matter for this.
        provider: &Lookup::Missing,
        quota: usize::MAX,
        deployment: asked.deployment.clone(),
    };
    match change.actions(role, &mut track.notes) {
        Ok(actions) => track.actions.extend(actions),
        Err(obstacle) => {
            let (why, _) = obstacle.told();
            track.warnings.push(format!(
                "the trust policy of role {} stays as it is: {why}",
                role.arn.name()
            ));
        }
    }
}

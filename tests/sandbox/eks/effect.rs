//! When associations take effect: they are eventually consistent, so that the webhook and EKS Auth may still
//! see what was.

use super::super::world::{Cluster, World};
use super::Association;

/// What the webhook and EKS Auth still see, before the call of that number: associations are eventually
/// consistent (API reference, CreatePodIdentityAssociation).
#[derive(Clone, Debug)]
pub struct Earlier {
    until: usize,
    associations: Vec<Association>,
}

/// How many calls were made, and how many more it takes until a change is in effect.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    pub calls: usize,
    pub delay: usize,
}

impl World {
    pub fn clock(&self) -> Clock {
        Clock {
            calls: self.moment,
            delay: self.association_delay,
        }
    }
}

impl Cluster {
    /// What is in effect for new pods and for EKS Auth when so many calls were made.
    pub fn in_effect(&self, calls: usize) -> &[Association] {
        let earlier = self.earlier.iter().find(|earlier| earlier.until > calls);
        earlier.map_or(&self.associations, |earlier| &earlier.associations)
    }

    /// What is changed from here on takes effect when its time has come.
    pub fn changes_after(&mut self, clock: Clock) {
        let Clock { calls, delay } = clock;
        self.earlier.retain(|earlier| earlier.until > calls);
        if delay > 0 {
            self.earlier.push(Earlier {
                until: calls + delay,
                associations: self.associations.clone(),
            });
        }
    }

    /// Tells the webhook of the associations that are in effect.
    pub fn inform_webhook(&mut self, calls: usize) {
        let known = self.in_effect(calls).iter();
        let names = known.map(|one| (one.namespace.clone(), one.service_account.clone()));
        self.api.associated = names.collect();
    }
}

//! Second writers: what somebody else does to the world just before a call takes effect. Apart
//! from the faults because a hook changes what the call finds and not how it is answered.

use std::sync::{Arc, Mutex, PoisonError};

use super::fault::Which;
use super::world::{Call, World};

type Act = Arc<Mutex<dyn FnMut(&mut World) + Send>>;

#[derive(Clone)]
pub struct Hook {
    which: Which,
    /// The one matching call before which it acts, counted from 1; `None`: before each.
    number: Option<u32>,
    seen: u32,
    act: Act,
}

impl Hook {
    pub fn new(which: Which, number: Option<u32>, act: Act) -> Self {
        Self {
            which,
            number,
            seen: 0,
            act,
        }
    }
}

impl World {
    /// Lets the others act whose call has come.
    pub fn act_before(&mut self, call: &Call) {
        // Out of the world for that time, which they change.
        let mut hooks = std::mem::take(&mut self.hooks);
        for hook in &mut hooks {
            if hook.which.matches(call) {
                hook.seen += 1;
                if hook.number.is_none_or(|number| number == hook.seen) {
                    let mut act = hook.act.lock().unwrap_or_else(PoisonError::into_inner);
                    act(self);
                }
            }
        }
        hooks.append(&mut self.hooks);
        self.hooks = hooks;
    }
}

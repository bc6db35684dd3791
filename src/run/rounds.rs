//! The rounds of a changing command: what had to wait, or was overtaken, is looked at once more.

use std::sync::Arc;

use super::Finished;
use crate::apply::Outcome;
use crate::error::Error;
use crate::plan::{Caller, Target, Track};

/// Which targets this round is about. What had to wait for someone else, or was overtaken by another
/// run, is looked at once more.
#[derive(Default)]
pub struct Rounds {
    pub past: u32,
    /// `None` in the first round: all.
    pub open: Option<Vec<(Caller, Target)>>,
}

impl Rounds {
    /// How often something may be overtaken, or be found waiting again, before it is told.
    const MOST: u32 = 5;

    /// Whether this round is about the target, whoever's calls it takes.
    pub fn includes(&self, target: &Target) -> bool {
        let open = self.open.as_ref();
        open.is_none_or(|open| open.iter().any(|(_, other)| other == target))
    }

    /// A provider may be in several accounts.
    pub fn includes_by(&self, caller: Caller, target: &Target) -> bool {
        let open = self.open.as_ref();
        open.is_none_or(|open| open.iter().any(|it| *it == (caller, target.clone())))
    }

    /// Whether a target must be looked at again, were there rounds without end.
    fn leaves_open(outcome: &Outcome) -> bool {
        match &outcome.error {
            // What was not begun because the provider failed stays so.
            None => outcome.track.is_provisional() && !outcome.is_skipped(),
            Some(error) => error.is_overtaken(),
        }
    }

    fn is_last(&self) -> bool {
        self.past >= Self::MOST
    }
}

/// What became of the targets so far.
#[derive(Default)]
pub struct Results {
    /// All, in the order in which they are told.
    pub order: Vec<Target>,
    pub ended: Vec<Outcome>,
    /// To be looked at once more.
    pub open: Vec<Outcome>,
}

impl Results {
    /// Whose turn it is once more, and by whose calls.
    pub fn open_targets(&self) -> Vec<(Caller, Target)> {
        let open = self.open.iter();
        open.map(|it| (it.track.caller, it.track.target.clone()))
            .collect()
    }

    /// After a round.
    pub fn go_on(&mut self, round: &Rounds, outcomes: impl Iterator<Item = Outcome>) {
        let earlier = std::mem::take(&mut self.open);
        for mut outcome in outcomes {
            let mut is_open = Rounds::leaves_open(&outcome);
            if is_open && round.is_last() {
                is_open = false;
                outcome.error = outcome.error.or_else(|| unsettled(&outcome.track));
            }
            let is_same = |it: &&Outcome| {
                it.track.target == outcome.track.target && it.track.caller == outcome.track.caller
            };
            let outcome = match earlier.iter().find(is_same) {
                Some(earlier) => outcome.after(earlier),
                None => outcome,
            };
            if is_open {
                self.open.push(outcome);
            } else {
                self.ended.push(outcome);
            }
        }
    }

    /// The outcomes, in the order in which the targets were asked for.
    pub fn end(mut self) -> Finished {
        let place = |outcome: &Outcome| {
            let target = &outcome.track.target;
            self.order.iter().position(|other| other == target)
        };
        self.ended.sort_by_key(place);
        Finished::Acted(self.ended)
    }

    /// What is open cannot be looked at once more: what was done before stays told.
    pub fn cut_off(mut self, error: Error) -> Finished {
        let error = Arc::new(error);
        let open = std::mem::take(&mut self.open).into_iter();
        self.ended.extend(open.map(|outcome| Outcome {
            error: Some(Error::Shared {
                targets: Vec::new(),
                error: error.clone(),
            }),
            ..outcome
        }));
        self.end()
    }
}

/// That what a track waits for goes on again each time.
fn unsettled(track: &Track) -> Option<Error> {
    if let Some((stack, status)) = track.waited_for() {
        return Some(Error::Unsettled {
            stack: stack.to_string(),
            status,
        });
    }
    track.is_provisional().then(|| Error::KubernetesOvertaken {
        operation: format!("go on with {}", track.target),
        message: "its ServiceAccount is deleted again and again".to_owned(),
    })
}

//! How tracks ended.

use crate::error::Error;
use crate::model::RoleArn;
use crate::plan::{Action, Target, Track};
use crate::proof::Proven;

/// How one track ended.
#[derive(Debug)]
pub struct Outcome {
    pub track: Track,
    pub role: Option<RoleArn>,
    /// How many of the track's actions were finished.
    pub done: usize,
    pub error: Option<Error>,
    /// That the role can be assumed, where that was asked for.
    pub proof: Option<Result<Proven, Error>>,
}

impl Outcome {
    pub(super) fn not_begun(track: Track) -> Self {
        Self {
            track,
            role: None,
            done: 0,
            error: None,
            proof: None,
        }
    }

    /// Not carried out, though nothing about it failed.
    pub fn is_skipped(&self) -> bool {
        self.error.is_none() && self.done < self.track.actions.len()
    }

    /// With what was done of the same target before it was looked at again.
    pub fn after(mut self, earlier: &Self) -> Self {
        let done = earlier.track.actions.iter().take(earlier.done);
        let done: Vec<Action> = done.filter(|action| !action.is_wait()).cloned().collect();
        self.done += done.len();
        self.track.actions.splice(0..0, done);
        self
    }

    /// Of a target that could not be looked at.
    pub fn unseen(target: Target, error: Error) -> Self {
        Self {
            track: Track::new(target),
            role: None,
            done: 0,
            error: Some(error),
            proof: None,
        }
    }
}

/// How many were not begun, and why.
pub fn skipped(outcomes: &[Outcome]) -> Option<String> {
    let count = outcomes.iter().filter(|it| it.is_skipped()).count();
    let mut errors = outcomes.iter().filter_map(|it| it.error.as_ref());
    let is_agent = |it: &Outcome| matches!(it.track.target, Target::Agent(_)) && it.error.is_some();
    let is_global = |it: &Outcome| it.error.as_ref().is_some_and(Error::is_global);
    let why = if errors.any(Error::is_unproven) {
        "they are left alone, as one could not be proved"
    } else if outcomes.iter().any(is_global) {
        "they would fail likewise"
    } else if outcomes.iter().any(is_agent) {
        "without its agent no pod would get a role"
    } else {
        "without its provider no role can be assumed"
    };
    (count > 0).then(|| format!("skipped {count}: {why}"))
}

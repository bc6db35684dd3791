//! What failed, as the failure of the run: the same of several targets once.

use super::Exit;
use crate::apply::Outcome;
use crate::error::Error;
use crate::plan::{Target, Track};

/// The refusals of all tracks, as errors.
pub fn refusals<'a>(tracks: impl Iterator<Item = &'a Track>) -> Vec<Error> {
    let refusals = tracks.flat_map(|track| {
        let refusals = track.refusals.iter();
        refusals.map(|refusal| (&track.target, refusal))
    });
    Error::of_refusals(refusals)
}

/// The failures of all targets as one; done, when there are none.
pub fn failures(outcomes: &mut [Outcome]) -> Result<Exit, Error> {
    let mut errors = refusals(outcomes.iter().map(|outcome| &outcome.track));
    let mut failed = Vec::new();
    let count = outcomes.len();
    for outcome in outcomes {
        let target = &outcome.track.target;
        if !outcome.track.drift.is_empty() && outcome.error.is_none() {
            errors.push(Error::Drifted {
                target: target.clone(),
                differences: outcome.track.drift.clone(),
            });
        }
        let unproven = match outcome.proof.take() {
            Some(Ok(proven)) => proven.disproof().map(Error::from),
            Some(Err(error)) => Some(error),
            None => None,
        };
        let error = outcome
            .error
            .take()
            .or_else(|| not_restarted(&outcome.track));
        let both = error.into_iter().chain(unproven);
        let roles = &outcome.track.roles;
        failed.extend(both.map(|error| (target.clone(), error.of_roles(roles))));
    }
    errors.extend(told(count, failed));
    Error::all(errors).map_or(Ok(Exit::Done), Err)
}

/// What a move leaves as it runs.
fn not_restarted(track: &Track) -> Option<Error> {
    let workloads: Vec<String> = track.left.iter().map(ToString::to_string).collect();
    (!workloads.is_empty()).then_some(Error::NotRestarted { workloads })
}

/// The failures of targets; of many by the name of the target, and what is the same for several once.
pub fn told(targets: usize, failed: Vec<(Target, Error)>) -> Vec<Error> {
    match targets {
        0 | 1 => failed.into_iter().map(|(_, error)| error).collect(),
        _ => Error::of_targets(failed),
    }
}

//! `--fix`: the safe repairs as an ordinary plan.

use super::checkup::Checkup;
use super::reports::Reports;
use super::{Error, Mode, Rounds, cli, finish, restarts};
use crate::model::Cluster;
use crate::plan::{Action, Target, Track};
use crate::run::{Finished, Observation, failures};

/// Carries the repairs out, and tells whether there were any. What a person must decide is left to the
/// report that follows.
pub async fn carry_out(args: &cli::Doctor, checkup: &Checkup<'_>) -> Result<bool, Error> {
    let finished = finish(checkup.context, Mode::Act, async |round| {
        plan(args, checkup.reports().await?, round).await
    });
    match finished.await? {
        Finished::Shown(_) => Ok(false),
        Finished::Acted(mut outcomes) => {
            let mut tracks = outcomes.iter().map(|outcome| &outcome.track);
            let is_repaired = tracks.any(|track| !track.actions.is_empty());
            failures(&mut outcomes).map(|_| is_repaired)
        }
    }
}

/// The provider is repaired once, and before the accounts; pods are restarted when all else is done.
pub async fn plan(
    args: &cli::Doctor,
    found: Reports,
    round: &Rounds,
) -> Result<Observation, Error> {
    let mut look = Observation::default();
    let mut of_provider: Vec<Action> = Vec::new();
    for (account, report) in found.seen.iter().zip(&found.accounts) {
        let (shared, own): (Vec<_>, Vec<_>) =
            report.repairs().into_iter().partition(is_of_provider);
        for action in shared {
            if !of_provider.contains(&action) {
                of_provider.push(action);
            }
        }
        let Some(name) = &account.name else {
            continue;
        };
        let target = Target::ServiceAccount(name.clone());
        if !round.includes(&target) {
            continue;
        }
        let mut track = Track::new(target.clone());
        track.actions = own;
        if let (Some(kubernetes), Some(cluster)) = (&found.kubernetes, &found.world.cluster) {
            restarts::add(args, kubernetes, cluster, account, report, &mut track).await?;
        }
        look.add(target, Ok(track));
    }
    if let Some(cluster) = &found.world.cluster {
        add_provider(&mut look, round, cluster, of_provider);
    }
    look.kubernetes = found.kubernetes;
    Ok(look)
}

fn add_provider(look: &mut Observation, round: &Rounds, cluster: &Cluster, actions: Vec<Action>) {
    let mut track = Track::new(Target::Provider(cluster.issuer.clone()));
    track.actions = actions;
    if !track.actions.is_empty() && round.includes(&track.target) {
        look.order.insert(0, track.target.clone());
        look.plan.tracks.insert(0, track);
    }
}

fn is_of_provider(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateOidcProvider { .. } | Action::AddAudience { .. } | Action::TagCluster { .. }
    )
}

//! Looks at the pods of accounts, and adds to their tracks what is to become of those that lack the role.

use futures_util::StreamExt;

use crate::asked::{Ending, Restart};
use crate::cli::RestartArgs;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::Lookup;
use crate::observe::AccountPods;
use crate::plan::Track;
use crate::plan::restart::{self, Expected, StaleWorkload};
use crate::world::WorkloadState;

/// How many accounts are looked at side by side.
const PARALLEL: usize = 16;

/// What the flags ask for. Judged here, as `requires` of clap is silent where another flag conflicts.
pub fn asked(args: RestartArgs, role_only: bool) -> Result<Restart, Error> {
    match (args.restart, args.wait_for_pods) {
        (false, true) => Err(Error::Flags(
            "--wait-for-pods waits for what `--restart` restarts: give both".to_owned(),
        )),
        (true, _) if role_only => Err(Error::Flags(
            "--restart needs access to Kubernetes, and --role-only does without".to_owned(),
        )),
        (true, true) => Ok(Restart::Done(Ending::Awaited)),
        (true, false) => Ok(Restart::Done(Ending::NotAwaited)),
        (false, false) => Ok(Restart::Told),
    }
}

/// The track of an account, with what its pods are to have where that matters.
pub type Planned = Result<(Track, Option<Expected>), Error>;

/// Looks at the pods of all that are planned. What cannot be looked at fails an account only where a
/// restart is asked for.
pub async fn add(
    restart: Restart,
    kubernetes: Option<&Kubernetes>,
    planned: Vec<Planned>,
) -> Vec<Result<Track, Error>> {
    let concerned = planned
        .iter()
        .filter(|it| matches!(it, Ok((_, Some(_)))))
        .count();
    let Some(kubernetes) = kubernetes.filter(|_| concerned > 0) else {
        let tracks = planned.into_iter();
        return tracks.map(|it| it.map(|(track, _)| track)).collect();
    };
    let pods = AccountPods::for_lookups(kubernetes, concerned).await;
    let tracks = planned.into_iter().map(async |planned| {
        let (track, expected) = planned?;
        match expected {
            Some(expected) => of_account(restart, kubernetes, &pods, track, &expected).await,
            None => Ok(track),
        }
    });
    let tracks = futures_util::stream::iter(tracks).buffered(PARALLEL);
    tracks.collect().await
}

async fn of_account(
    restart: Restart,
    kubernetes: &Kubernetes,
    pods: &AccountPods<'_>,
    mut track: Track,
    expected: &Expected,
) -> Result<Track, Error> {
    let pods = pods.of(&expected.service_account).await;
    let ending = match restart {
        Restart::Done(ending) => ending,
        Restart::Told => {
            // A note is not worth a failure.
            match Lookup::of(pods) {
                Lookup::Unknown(why) => track.notes.push(format!(
                    "whether pods run without the role is not known: {why}"
                )),
                pods => track.stale = restart::stale(expected, &pods.found().unwrap_or_default()),
            }
            return Ok(track);
        }
    };
    let stale = restart::stale(expected, &pods?);
    add_planned(kubernetes, expected, stale, ending, &mut track).await?;
    Ok(track)
}

/// Adds what is to become of workloads whose pods lack the role to a track.
pub async fn add_planned(
    kubernetes: &Kubernetes,
    expected: &Expected,
    stale: Vec<StaleWorkload>,
    ending: Ending,
    track: &mut Track,
) -> Result<(), Error> {
    let states = states(kubernetes, &stale).await?;
    restart::plan(track, expected, stale, &states, ending);
    Ok(())
}

async fn states(
    kubernetes: &Kubernetes,
    stale: &[StaleWorkload],
) -> Result<Vec<WorkloadState>, Error> {
    let states = stale
        .iter()
        .map(|stale| kubernetes.workload_state(&stale.workload));
    let states = futures_util::future::try_join_all(states).await?;
    Ok(states.into_iter().flatten().collect())
}

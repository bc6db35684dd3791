//! Looks at the pods of accounts, and adds to their tracks what is to become of those that lack the role.

use std::time::Duration;

use tokio::sync::OnceCell;

use crate::asked::{Ending, Restart};
use crate::cli::RestartArgs;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Lookup, Timeout, Way};
use crate::observe::AccountPods;
use crate::plan::Track;
use crate::plan::restart::{self, Expected, StaleWorkload};
use crate::waiting::{Intervals, side_by_side};
use crate::world::{Node, Pod, WorkloadState};

/// How many accounts are looked at side by side.
const PARALLEL: usize = 16;
/// How long is waited for a cluster of which nothing but notes is wanted.
const PATIENCE: Duration = Duration::from_secs(10);

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

/// The way to the pods of a cluster.
pub enum PodAccess<'a> {
    Whole(&'a Kubernetes),
    /// Nothing but notes is wanted of it: it is not waited for as long as for others.
    Brief(&'a Kubernetes, Intervals),
    /// And why.
    None(String),
}

/// What is looked at for all accounts.
struct PodReads<'a> {
    restart: Restart,
    kubernetes: &'a Kubernetes,
    pods: AccountPods<'a>,
    nodes: OnceCell<Lookup<Vec<Node>>>,
    limit: Option<Duration>,
}

/// How many accounts' pods matter.
pub fn concerned(planned: &[Planned]) -> usize {
    let concerned = planned.iter().filter(|it| matches!(it, Ok((_, Some(_)))));
    concerned.count()
}

/// Looks at the pods of all that are planned. What cannot be looked at fails an account only where a
/// restart is asked for.
pub async fn add(
    restart: Restart,
    access: PodAccess<'_>,
    planned: Vec<Planned>,
) -> Vec<Result<Track, Error>> {
    let concerned = concerned(&planned);
    let (kubernetes, limit) = match access {
        PodAccess::Whole(kubernetes) => (kubernetes, None),
        PodAccess::Brief(kubernetes, intervals) => (kubernetes, Some(intervals.limit(PATIENCE))),
        PodAccess::None(why) => return unseen(planned, &why),
    };
    if concerned == 0 {
        return unseen(planned, "");
    }
    let pods = match within(limit, AccountPods::for_lookups(kubernetes, concerned)).await {
        Ok(pods) => pods,
        Err(why) => return unseen(planned, &why),
    };
    let look = PodReads {
        restart,
        kubernetes,
        pods,
        nodes: OnceCell::new(),
        limit,
    };
    let tracks = planned.into_iter().map(async |planned| {
        let (track, expected) = planned?;
        match expected {
            Some(expected) => look.of_account(track, &expected).await,
            None => Ok(track),
        }
    });
    side_by_side(PARALLEL, tracks).await
}

/// A note is not worth a failure.
fn unseen(planned: Vec<Planned>, why: &str) -> Vec<Result<Track, Error>> {
    let tracks = planned.into_iter().map(|planned| {
        let (mut track, expected) = planned?;
        if expected.is_some() {
            track.notes.push(not_known(why));
        }
        Ok(track)
    });
    tracks.collect()
}

fn not_known(why: &str) -> String {
    format!("whether pods run without the role is not known: {why}")
}

async fn within<T>(limit: Option<Duration>, work: impl Future<Output = T>) -> Result<T, String> {
    let Some(limit) = limit else {
        return Ok(work.await);
    };
    let ended = tokio::time::timeout(limit, work).await;
    ended.map_err(|_| format!("the cluster's API did not answer within {}", Timeout(limit)))
}

impl PodReads<'_> {
    async fn of_account(&self, mut track: Track, expected: &Expected) -> Result<Track, Error> {
        let pods = within(self.limit, self.pods.of(&expected.service_account)).await;
        let pods = match (self.restart, pods) {
            (Restart::Done(_), Ok(pods)) => pods?,
            (_, Ok(pods)) => match Lookup::of(pods) {
                Lookup::Unknown(why) => {
                    track.notes.push(not_known(&why));
                    return Ok(track);
                }
                pods => pods.found().unwrap_or_default(),
            },
            (_, Err(why)) => {
                track.notes.push(not_known(&why));
                return Ok(track);
            }
        };
        let pods = match expected.way {
            Way::Irsa => pods,
            Way::PodIdentity => self.within_reach(&mut track, pods).await,
        };
        let stale = restart::stale(expected, &pods);
        match self.restart {
            Restart::Told => track.stale = stale,
            Restart::Done(ending) => {
                add_planned(self.kubernetes, expected, stale, ending, &mut track).await?;
            }
        }
        Ok(track)
    }

    async fn within_reach(&self, track: &mut Track, pods: Vec<Pod>) -> Vec<Pod> {
        if !pods.iter().any(Pod::is_alive) {
            return pods;
        }
        let nodes = self.nodes.get_or_init(async || {
            match within(self.limit, self.kubernetes.nodes()).await {
                Ok(nodes) => Lookup::or_unknown(nodes),
                Err(why) => Lookup::Unknown(why),
            }
        });
        let nodes = nodes.await;
        if let Some(why) = nodes.unknown() {
            let text = format!("whether pods run where there is no agent is not known: {why}");
            track.notes.push(text);
        }
        restart::within_reach(track, pods, nodes.as_found().map_or(&[], Vec::as_slice))
    }
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

//! Carries a plan out: each action is its calls, and tells what happens. Every action can be
//! repeated, so that the same command again finishes what was interrupted.

use std::cell::{Cell, RefCell};
use std::ops::Deref;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::LocalBoxFuture;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::aws::Aws;
use crate::aws::cloudformation::Operation;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::RoleArn;
use crate::plan::migrate::Prove;
use crate::plan::{Action, Caller, Plan, Role, Target, Track};

mod agent;
mod association;
mod migrate;
mod outcome;
mod restart;
mod role;
mod service_account;
mod stack;

pub use outcome::{Outcome, skipped};
use stack::Protection;

/// What happens, as it happens.
pub enum Event<'a> {
    /// So many tracks have something to do.
    Opened {
        tracks: usize,
    },
    Began {
        target: &'a Target,
        action: &'a Action,
    },
    /// What CloudFormation is doing now.
    Status {
        target: &'a Target,
        action: &'a Action,
        status: &'a str,
    },
    Finished {
        target: &'a Target,
        action: &'a Action,
        /// The account, where it is another than the cluster's.
        place: &'a str,
        elapsed: Duration,
    },
    Failed {
        target: &'a Target,
        action: &'a Action,
        error: &'a Error,
    },
    /// A track has ended.
    Closed {
        target: &'a Target,
        error: Option<&'a Error>,
    },
    /// All tracks have ended, but for those that are not begun any more.
    Over,
    Warned {
        text: String,
    },
    Noted {
        text: String,
    },
}

/// What the actions are carried out with.
pub struct Clients<'a> {
    pub aws: &'a Aws,
    /// The same caller in further regions.
    pub elsewhere: &'a [Aws],
    /// Those in the accounts of roles.
    pub of_roles: Vec<&'a Aws>,
    /// `None` where no action needs it.
    pub kubernetes: Option<&'a Kubernetes>,
    /// How many tracks work side by side, without those that only wait for a stack.
    pub parallel: usize,
    pub on: &'a (dyn Fn(Event<'_>) + Sync),
    pub prove: ProveWay,
}

impl Clients<'_> {
    /// Only a stack that a dead cluster left may be in another region than the run.
    fn aws_for(&self, track: Option<&Track>) -> &Aws {
        let elsewhere = match track.map(|track| (&track.target, track.caller)) {
            Some((Target::Stack(stack), _)) => {
                self.elsewhere.iter().find(|it| it.region == stack.region)
            }
            Some((_, Caller::OfRoles(place))) => self.of_roles.get(place).copied(),
            Some((_, Caller::Own)) | None => None,
        };
        elsewhere.unwrap_or(self.aws)
    }
}

/// Has a token of a service account exchanged for its role.
pub type ProveWay =
    for<'a> fn(&'a Aws, &'a Kubernetes, &'a Prove) -> LocalBoxFuture<'a, Result<(), Error>>;

/// Carries out all tracks; the failure of one does not stop the others. Outcomes in the plan's order.
/// Without its provider no role of the account could be assumed: where that fails, nothing else is begun there.
pub async fn apply(plan: Plan, clients: &Clients<'_>) -> Vec<Outcome> {
    let busy = plan.tracks.iter().filter(|track| !track.actions.is_empty());
    let tracks = busy.count();
    (clients.on)(Event::Opened { tracks });
    let is_required = |track: &Track| track.target.is_required();
    let (required, accounts): (Vec<_>, Vec<_>) = plan.tracks.into_iter().partition(is_required);
    let mut outcomes = side_by_side(required, clients).await;
    let failed = outcomes.iter().filter(|outcome| outcome.error.is_some());
    let failed: Vec<Option<String>> = failed.map(|it| it.track.account.clone()).collect();
    let is_failed = |track: &Track| failed.contains(&track.account);
    let (left, accounts): (Vec<_>, Vec<_>) = accounts.into_iter().partition(is_failed);
    outcomes.extend(side_by_side(accounts, clients).await);
    outcomes.extend(left.into_iter().map(Outcome::not_begun));
    (clients.on)(Event::Over);
    outcomes
}

/// Each as soon as another has ended. After a failure that all would meet none is begun.
async fn side_by_side(tracks: Vec<Track>, clients: &Clients<'_>) -> Vec<Outcome> {
    let is_over = &Cell::new(false);
    let places = &Semaphore::new(clients.parallel.max(1));
    let lanes = futures_util::stream::iter(lanes(tracks));
    // The next begins when there is a place for it, beside all that have one or wait for their stacks.
    let lanes = lanes.then(async |lane| (lane, places.acquire().await.ok()));
    let runs = lanes.map(|(lane, place)| async move {
        let worker = Worker {
            clients,
            aws: clients.aws_for(lane.first().map(|(_, track)| track)),
            places,
            place: RefCell::new(place),
            keeps_place: clients.parallel <= 1 || lane.iter().any(|(_, track)| track.proves()),
        };
        let mut outcomes = Vec::new();
        let mut is_stopped = false;
        for (place, track) in lane {
            if is_over.get() || is_stopped {
                outcomes.push((place, Outcome::not_begun(track)));
                continue;
            }
            let outcome = run(track, &worker).await;
            // Any other than a move finds a trust policy that is not as it should be, and is planned anew.
            is_stopped = outcome.error.is_some() && outcome.track.is_move;
            if outcome.error.as_ref().is_some_and(Error::stops_others) {
                is_over.set(true);
            }
            outcomes.push((place, outcome));
        }
        outcomes
    });
    let runs = runs.map(Box::pin).buffer_unordered(usize::MAX);
    let outcomes: Vec<Vec<_>> = runs.collect().await;
    let mut outcomes: Vec<_> = outcomes.into_iter().flatten().collect();
    outcomes.sort_unstable_by_key(|(place, _)| *place);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Those that run one after the other, each with its place in the plan.
fn lanes(tracks: Vec<Track>) -> Vec<Vec<(usize, Track)>> {
    let mut lanes: Vec<Vec<(usize, Track)>> = Vec::new();
    for (place, track) in tracks.into_iter().enumerate() {
        let is_same = |lane: &&mut Vec<(usize, Track)>| {
            track.lane.is_some() && lane.iter().any(|(_, other)| other.lane == track.lane)
        };
        match lanes.iter_mut().find(is_same) {
            Some(lane) => lane.push((place, track)),
            None => lanes.push(vec![(place, track)]),
        }
    }
    lanes
}

/// What the tracks of a lane are carried out with: they have a place among those that work at a time, and
/// leave it to others while they wait.
struct Worker<'a> {
    clients: &'a Clients<'a>,
    /// In the region of the lane's target.
    aws: &'a Aws,
    places: &'a Semaphore,
    place: RefCell<Option<SemaphorePermit<'a>>>,
    /// Where one cannot be proved the rest is left alone: so no more than have places are begun before. And
    /// who asks for one at a time gets one after the other.
    keeps_place: bool,
}

impl<'a> Deref for Worker<'a> {
    type Target = Clients<'a>;

    fn deref(&self) -> &Clients<'a> {
        self.clients
    }
}

impl Worker<'_> {
    /// Waits for what goes on without us.
    async fn wait<T>(&self, end: impl Future<Output = T>) -> T {
        if self.keeps_place {
            return end.await;
        }
        self.place.take();
        let ended = end.await;
        let place = self.places.acquire().await.ok();
        self.place.replace(place);
        ended
    }
}

async fn run(mut track: Track, clients: &Worker<'_>) -> Outcome {
    let is_busy = !track.actions.is_empty();
    let mut role = match &track.role {
        Some(Role::Arn(arn)) => Some(arn.clone()),
        _ => None,
    };
    let mut done = 0;
    let error = steps(&mut track, &mut done, &mut role, clients).await.err();
    if is_busy {
        let (target, error) = (&track.target, error.as_ref());
        (clients.on)(Event::Closed { target, error });
    }
    Outcome {
        track,
        role,
        done,
        error,
        proof: None,
    }
}

/// The actions of a track, one after the other, until one fails.
async fn steps(
    track: &mut Track,
    done: &mut usize,
    role: &mut Option<RoleArn>,
    clients: &Worker<'_>,
) -> Result<(), Error> {
    while let Some(action) = track.actions.get(*done) {
        let target = &track.target;
        clients.aws.deadline.check(action)?;
        (clients.on)(Event::Began { target, action });
        let begun = Instant::now();
        tracing::info!("{action}");
        match clients.carry_out(target, action, role).await {
            Ok(()) => {
                (clients.on)(Event::Finished {
                    target,
                    action,
                    place: &track.place_of(action),
                    elapsed: begun.elapsed(),
                });
                *done += 1;
            }
            Err(failure) => {
                let error = &failure;
                (clients.on)(Event::Failed {
                    target,
                    action,
                    error,
                });
                if !is_best_effort(action) {
                    return Err(failure);
                }
                let text = format!("did not {action}: {failure}");
                (clients.on)(Event::Warned { text });
                track.actions.remove(*done);
            }
        }
    }
    Ok(())
}

/// Whether it is no failure that this identity may not do it.
fn is_best_effort(action: &Action) -> bool {
    matches!(
        action,
        Action::TagCluster { .. } | Action::UntagCluster { .. }
    )
}

impl Worker<'_> {
    async fn carry_out(
        &self,
        target: &Target,
        action: &Action,
        role: &mut Option<RoleArn>,
    ) -> Result<(), Error> {
        let (eks, iam, cloudformation) = (&self.aws.eks, &self.aws.iam, &self.aws.cloudformation);
        let on = self.on;
        let status = |status: &str| {
            on(Event::Status {
                target,
                action,
                status,
            });
        };
        match action {
            Action::CreateOidcProvider {
                url,
                audiences,
                thumbprints,
                tags,
                ..
            } => {
                iam.create_provider(url, audiences, thumbprints.as_deref(), tags)
                    .await
            }
            Action::AddAudience { provider, audience } => {
                iam.add_audience(provider, audience).await
            }
            Action::UpdateThumbprints {
                provider,
                thumbprints,
            } => iam.update_thumbprints(provider, thumbprints).await,
            Action::DeleteOidcProvider { arn } => iam.delete_provider(arn).await,
            Action::TagCluster {
                cluster,
                key,
                value,
            } => eks.tag(cluster, key, value).await,
            Action::UntagCluster { cluster, key } => eks.untag(cluster, key).await,
            Action::AwaitStack { id, .. } => self
                .wait(cloudformation.ended(id, Operation::Other, &status))
                .await
                .map(|_| ()),
            Action::CreateStack(create) => {
                *role = Some(self.create_stack(create, &status).await?);
                Ok(())
            }
            Action::UpdateStack(update) => self.update_stack(update, &status).await,
            Action::ContinueRollback {
                stack,
                id,
                service_role,
            } => {
                self.continue_rollback(stack, id, service_role.as_ref(), &status)
                    .await
            }
            Action::RepairRole { role, repairs, .. } => self.repair(role, repairs).await,
            Action::DetachPolicies {
                role,
                managed,
                inline,
            } => self.detach(role, managed, inline).await,
            Action::DeleteStack {
                id,
                lift_protection,
                deployment,
                ending,
                ..
            } => {
                let protection = if *lift_protection {
                    Protection::Lifted
                } else {
                    Protection::None
                };
                self.delete_stack(id, protection, deployment, *ending, &status)
                    .await
            }
            Action::ApplyServiceAccount(change) => {
                self.apply_service_account(change, role.as_ref()).await
            }
            Action::InstallAgent { cluster } => self.install_agent(cluster, &status).await,
            Action::CreateAssociation(create) => {
                self.create_association(create, role.as_ref()).await
            }
            Action::UpdateAssociation(update) => {
                self.update_association(update, role.as_ref()).await
            }
            Action::DeleteAssociation { cluster, id, .. } => {
                eks.delete_association(cluster, id).await
            }
            Action::UpdateTrust(update) => self.update_trust(update).await,
            Action::Prove(prove) => self.prove(prove).await,
            Action::RestartWorkload(stale) => self.restart(&stale.workload).await,
            Action::MoveWorkload(moved) => self.kubernetes()?.move_workload(moved).await,
            Action::PartWorkload(parting) => self.kubernetes()?.part_workload(parting).await,
            Action::AwaitPods { workload, expected } => {
                self.await_pods(workload, expected, role.as_ref(), &status)
                    .await
            }
            Action::DeleteServiceAccount { name, seen, ending } => {
                self.delete_service_account(name, seen, *ending, &status)
                    .await
            }
            Action::AwaitServiceAccount { name, .. } => {
                self.service_account_gone(name, &status).await
            }
            Action::RemoveAnnotations {
                name,
                annotations,
                seen,
            } => {
                self.kubernetes()?
                    .remove_annotations(name, annotations, seen)
                    .await
            }
        }
    }
}

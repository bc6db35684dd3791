//! The restart of workloads, and the wait until their new pods have the role.

use std::collections::BTreeSet;
use std::time::Duration;

use super::Worker;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Lookup, RoleArn, Workload};
use crate::plan::restart::{Expected, stale, told};
use crate::waiting::polled;
use crate::world::{Pod, Pods, Rollout};

impl Worker<'_> {
    /// That the workload is gone is no failure: it has no pods that lack anything.
    pub(super) async fn restart(&self, workload: &Workload) -> Result<(), Error> {
        self.kubernetes()?.restart(workload).await.map(|_| ())
    }

    /// Waits until the rollout is over, and all of the workload's pods are ready and have the role.
    pub(super) async fn await_pods(
        &self,
        workload: &Workload,
        expected: &Expected,
        role: Option<&RoleArn>,
        status: &(dyn Fn(&str) + Sync),
    ) -> Result<(), Error> {
        let expected = match role {
            Some(role) => &expected.with_role(role),
            None => expected,
        };
        let kubernetes = self.kubernetes()?;
        let trouble = std::cell::RefCell::new(None);
        let look = async || match look(kubernetes, workload, expected).await? {
            None => Ok::<_, Error>(Some(())),
            Some(what) => {
                status(&what);
                *trouble.borrow_mut() = Some(what);
                Ok(None)
            }
        };
        let id = workload.to_string();
        let (intervals, deadline) = (kubernetes.intervals(), self.aws.deadline);
        if let Some(()) = polled(intervals, deadline, &id, || Duration::ZERO, look).await? {
            return Ok(());
        }
        let trouble = trouble.take();
        let trouble = trouble.map_or(String::new(), |what| format!(" ({what})"));
        Err(deadline.missed(format!("the rollout of {workload}{trouble}")))
    }
}

/// What is still to come of a rollout; `None`: it is over.
async fn look(
    kubernetes: &Kubernetes,
    workload: &Workload,
    expected: &Expected,
) -> Result<Option<String>, Error> {
    let Some(state) = kubernetes.workload_state(workload).await? else {
        return Ok(None);
    };
    let all = Pods::Of(expected.service_account.clone());
    let mut pods = match kubernetes.pods(&all).await? {
        Lookup::Found(pods) => pods,
        Lookup::Missing | Lookup::Unknown(_) => Vec::new(),
    };
    pods.retain(|pod| pod.owner == *workload && pod.is_alive());
    match state.rollout {
        Rollout::Failed(why) => Err(Error::RolloutFailed {
            workload: workload.clone(),
            why: match hindrance(&pods) {
                Some(trouble) => format!("{why}: {trouble}"),
                None => why,
            },
        }),
        Rollout::Underway(what) => Ok(Some(hindrance(&pods).unwrap_or(what))),
        Rollout::Over => over(workload, expected, &state.own_roles, &pods),
    }
}

/// A rollout that is over has new pods only. What the template sets itself nobody waits for.
fn over(
    workload: &Workload,
    expected: &Expected,
    own_roles: &BTreeSet<String>,
    pods: &[Pod],
) -> Result<Option<String>, Error> {
    let stale = stale(expected, pods).into_iter();
    let mut stale = stale.filter_map(|stale| stale.without(own_roles));
    if let Some(stale) = stale.next() {
        return Err(Error::PodsLackRole {
            workload: workload.to_string(),
            pods: told(&stale.pods),
            doctor: expected.doctor(),
        });
    }
    let ready = pods.iter().filter(|pod| pod.ready).count();
    match pods.len() {
        all if ready < all => {
            let counted = format!("{ready} of {all} pods are ready");
            Ok(Some(hindrance(pods).unwrap_or(counted)))
        }
        _ => Ok(None),
    }
}

/// The first pod that does not start, and why.
fn hindrance(pods: &[Pod]) -> Option<String> {
    pods.iter()
        .find_map(|pod| Some(format!("pod {}: {}", pod.name, pod.waiting.as_ref()?)))
}

//! What must be over before the way of before is taken away.

use super::steps::MoveStep;
use super::{Former, Obstacle};
use crate::model::{CommandLine, Fix, Way, Workload, WorkloadKind};
use crate::world::PodWay;

impl MoveStep<'_> {
    /// Nothing that runs may be without a way afterwards.
    pub fn check_finish(self, to: Way) -> Result<(), Obstacle> {
        if !self.is_let_in(to) {
            return Err(Obstacle::NotLetIn);
        }
        let former = match (self.goal.former, to.other()) {
            (Former::Intercepted(way), _) => way,
            (Former::Other, Way::PodIdentity) => PodWay::PodIdentity,
            (Former::Other, Way::Irsa) => PodWay::Irsa,
        };
        let mut old: Vec<(Workload, Vec<&str>)> = Vec::new();
        for pod in self.account.alive().filter(|pod| pod.way() == former) {
            match old.iter_mut().find(|(owner, _)| *owner == pod.owner) {
                Some((_, pods)) => pods.push(&pod.name),
                None => old.push((pod.owner.clone(), vec![&pod.name])),
            }
        }
        if old.is_empty() {
            return Ok(());
        }
        let mut fixes: Vec<Fix> = Vec::new();
        for (workload, pods) in &old {
            let fix = self.parting(workload, pods);
            if !fixes.contains(&fix) {
                fixes.push(fix);
            }
        }
        let workloads = old.into_iter().map(|(workload, _)| workload).collect();
        Err(Obstacle::StillRuns(former, workloads, fixes))
    }

    /// What gives the pods of a workload the way that new ones have.
    fn parting(self, workload: &Workload, pods: &[&str]) -> Fix {
        let workloads = self.account.workloads.as_found().into_iter().flatten();
        let mut states = workloads.map(|it| &it.state);
        let state = states.find(|state| state.workload == *workload);
        if state.is_some_and(|state| state.paused) {
            let resume = workload.kubectl("rollout resume");
            return Fix::by(
                format!("resume {workload}, and run the same command without `--finish`"),
                resume,
            );
        }
        let restarts = workload.kind.can_restart() && !state.is_some_and(|it| it.on_delete);
        match workload.kind {
            _ if restarts => "run the same command without `--finish`, which restarts them".into(),
            WorkloadKind::Job | WorkloadKind::CronJob => {
                format!("wait until {workload} has ended").into()
            }
            kind => {
                let what = if kind == WorkloadKind::Pod {
                    "make it anew: nothing does that, once it is deleted"
                } else {
                    "delete the pods, which are made anew then"
                };
                let command = CommandLine::of("kubectl delete pod", &[]);
                let command = pods
                    .iter()
                    .fold(command, |command, pod| command.and("{}", &[pod]));
                Fix::by(what, command.and("--namespace {}", &[&workload.namespace]))
            }
        }
    }
}

//! Workloads that a move gave another service account, or is about to, as both of them say.

use super::{agree, mark, read};
use crate::model::{CommandLine, FORMER_ANNOTATION, Fix, ServiceAccountName, Workload};
use crate::world::{MovingAccount, Pod, TemplatedWorkload};

/// A workload and the service account that a move made do not agree on what it ran as before. Either of them may
/// be wrong, and who wrote it may have meant to have something else run as a third.
#[derive(Clone, Debug, PartialEq)]
pub struct Contradiction {
    account: ServiceAccountName,
    workload: Workload,
    /// What the workload says that it ran as.
    says: String,
    /// What the service account says: whose workload it was made for, and which.
    made: (ServiceAccountName, Workload),
}

impl Contradiction {
    /// What it is, and the commands that mend it: which one is right is not to be seen here.
    pub fn told(&self) -> (String, Vec<Fix>) {
        let Self {
            account,
            workload,
            says,
            made,
        } = self;
        let (former, of) = made;
        let told = format!(
            "annotation {FORMER_ANNOTATION} of {workload} says {says}, and that of service account {account} says {}: which one it ran as before cannot be told",
            mark(&former.name, of)
        );
        let on_workload = workload.kubectl("annotate").and("--overwrite", &[]);
        let by_account = on_workload.and(&format!("{FORMER_ANNOTATION}={{}}"), &[&former.name]);
        let on_account = CommandLine::of(
            "kubectl annotate serviceaccount/{} --namespace {} --overwrite",
            &[&account.name, &account.namespace],
        );
        let own = format!("{FORMER_ANNOTATION}={}", mark(says, workload));
        let by_workload = on_account.and("{}", &[&own]);
        let again = ", then the same command again";
        let mut fixes = Vec::new();
        if of == workload {
            let what = format!("where {} is right", former.name);
            fixes.push(Fix::by(what, by_account).and(again));
        }
        fixes.push(Fix::by(format!("where {says} is right"), by_workload).and(again));
        (told, fixes)
    }

    /// The command that takes off the workload what nothing reads after the end of a move.
    pub fn removal(&self) -> CommandLine {
        let off = format!("{FORMER_ANNOTATION}-");
        self.workload.kubectl("annotate").and("{}", &[&off])
    }
}

impl MovingAccount {
    /// The service account whose workload this one was made for by a move that is not finished.
    pub fn split_from(&self) -> Option<ServiceAccountName> {
        self.made_for().map(|(former, _)| former)
    }

    fn all_workloads(&self) -> impl Iterator<Item = &TemplatedWorkload> {
        self.workloads.as_found().into_iter().flatten()
    }

    /// Workloads that run as another one, and are to run as this.
    pub fn joining(&self) -> impl Iterator<Item = &TemplatedWorkload> {
        let name = &self.name.name;
        self.all_workloads()
            .filter(move |it| it.state.service_account != *name && !self.grants.is_empty())
    }

    fn made_for(&self) -> Option<(ServiceAccountName, Workload)> {
        read(&self.name.namespace, self.object.as_found()?)
    }

    /// Workloads that a move gave to this one, as both of them say.
    pub fn joined(&self) -> impl Iterator<Item = &TemplatedWorkload> {
        let (name, made) = (&self.name.name, self.made_for());
        self.all_workloads().filter(move |it| {
            let is_said = made.as_ref().is_some_and(|made| agree(made, it));
            it.state.service_account == *name && is_said
        })
    }

    /// Workloads that run as this one, and say another thing than it does of what they ran as before.
    pub fn contradictions(&self) -> impl Iterator<Item = Contradiction> {
        let made = self.made_for();
        self.all_workloads().filter_map(move |it| {
            let made = made.as_ref().filter(|made| !agree(made, it))?;
            let runs_as_this = it.state.service_account == self.name.name;
            let says = it.marks.former.clone().filter(|_| runs_as_this)?;
            Some(Contradiction {
                account: self.name.clone(),
                workload: it.state.workload.clone(),
                says,
                made: made.clone(),
            })
        })
    }

    /// Whether a pod is of a workload of this one, and runs as the one of before still.
    pub fn is_before(&self, pod: &Pod) -> bool {
        let mut all = self.joining().chain(self.joined());
        pod.service_account != self.name.name && all.any(|it| it.state.workload == pod.owner)
    }

    /// Whether parts of it run as this one still, and are on their way to others.
    pub fn is_split_up(&self, accounts: &[MovingAccount]) -> bool {
        let mut others = accounts
            .iter()
            .filter(|other| other.name.namespace == self.name.namespace && other.name != self.name);
        others.any(|other| {
            let mut joining = other.joining();
            let is_own = |pod: &Pod| pod.service_account == self.name.name;
            joining.any(|it| it.state.service_account == self.name.name)
                || other.alive().any(|pod| is_own(pod) && other.is_before(pod))
        })
    }
}

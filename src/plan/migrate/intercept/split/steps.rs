//! What a move does to workloads that get a service account of their own, and to that.

use std::collections::BTreeSet;

use super::{is_by_hand, mark, template_of};
use crate::asked::{Conflicts, Ending};
use crate::model::{
    FORMER_ANNOTATION, Lookup, MANAGED_BY, MANAGED_BY_LABEL, Map, ROLE_ANNOTATION, Way, Workload,
};
use crate::plan::migrate::steps::{Draft, MoveStep};
use crate::plan::restart::Expected;
use crate::plan::{
    Action, ObjectPresence, Role, ServiceAccountChange, WorkloadMove, WorkloadParting,
};
use crate::world::{PodDefaults, Rollout, TemplatedWorkload};

/// A part of what is on an object.
fn kept(found: &Map, keys: &BTreeSet<String>) -> Map {
    let kept = found.iter().filter(|(key, _)| keys.contains(*key));
    kept.map(|(key, value)| (key.clone(), value.clone()))
        .collect()
}

fn one(key: &str, value: String) -> Map {
    [(key.to_owned(), value)].into()
}

impl MoveStep<'_> {
    /// The service account where it is missing, with what pods have of the one of before.
    pub fn made(self) -> Option<Action> {
        let account = self.account;
        let it = account.joining().next()?;
        let annotation = one(
            FORMER_ANNOTATION,
            mark(&it.state.service_account, &it.state.workload),
        );
        let (presence, annotations, labels) = match &account.object {
            Lookup::Missing => (
                ObjectPresence::Missing,
                annotation,
                one(MANAGED_BY_LABEL, MANAGED_BY.to_owned()),
            ),
            // A run that was cut off made it, and no more.
            Lookup::Found(found) if found.defaults != account.inherits => {
                let mut annotations = kept(&found.annotations, &found.applied_annotations);
                annotations.remove(ROLE_ANNOTATION);
                let labels = kept(&found.labels, &found.applied_labels);
                let version = found.version.clone();
                (ObjectPresence::Found(version), annotations, labels)
            }
            _ => return None,
        };
        let is_annotated = presence == ObjectPresence::Missing || account.annotation().is_some();
        let is_annotated = is_annotated && self.goal.to == Way::Irsa;
        let inherits = account.inherits.clone();
        Some(Action::ApplyServiceAccount(ServiceAccountChange {
            name: account.name.clone(),
            presence,
            role: is_annotated.then(|| Role::Arn(self.role.clone())),
            labels,
            annotations,
            conflicts: Conflicts::Refused,
            differences: Vec::new(),
            defaults: Some(inherits).filter(|it| *it != PodDefaults::default()),
        }))
    }

    fn to(self, it: &TemplatedWorkload, name: &str, former: Option<&String>) -> Action {
        let conflicts = if it.marks.set_by.iter().all(is_by_hand) {
            Conflicts::Overridden
        } else {
            Conflicts::Refused
        };
        Action::MoveWorkload(WorkloadMove {
            workload: it.state.workload.clone(),
            uid: it.marks.uid.clone(),
            service_account: name.to_owned(),
            former: former.cloned(),
            conflicts,
        })
    }

    /// Its workloads, from the service account of before.
    pub fn moved(self, expected: &Expected) -> Vec<Action> {
        let account = self.account;
        let joining = || account.joining();
        let moves = joining().map(|it| {
            let former = Some(&it.state.service_account);
            self.to(it, &account.name.name, former)
        });
        // Of a run that was cut off.
        let underway = account.joined().filter(|it| {
            let workload = &it.state.workload;
            let is_old = account
                .alive()
                .any(|pod| pod.owner == *workload && account.is_before(pod));
            it.state.rollout != Rollout::Over && is_old
        });
        let awaited = joining().chain(underway);
        moves.chain(waits(awaited, expected)).collect()
    }

    /// What the way of before reads off the templates of workloads that a move gave to it.
    pub fn partings(self) -> Vec<Action> {
        let account = self.account;
        let partings = account.joined().map(|it| {
            let grants = account.grants.iter();
            let its = grants.filter(|grant| grant.workload == it.state.workload);
            let keys = its.filter_map(|grant| Some(grant.annotation.as_ref()?.0.clone()));
            let keys: BTreeSet<String> = keys.collect();
            Action::PartWorkload(WorkloadParting {
                workload: it.state.workload.clone(),
                uid: it.marks.uid.clone(),
                annotations: keys.into_iter().collect(),
            })
        });
        let expected = self.expected(self.goal.to);
        let replaced = account
            .joined()
            .filter(|it| !it.state.paused && !it.state.on_delete);
        partings.chain(waits(replaced, &expected)).collect()
    }

    /// What of that whoever set it may put back, as it knows nothing of the move.
    pub fn put_back(self) -> Vec<String> {
        let account = self.account;
        let told = account.joined().flat_map(move |it| {
            let workload = &it.state.workload;
            let grants = account.grants.iter();
            let its = grants.filter(move |grant| grant.workload == *workload);
            let keys = its.filter_map(|grant| Some(&grant.annotation.as_ref()?.0));
            let keys: BTreeSet<&String> = keys.collect();
            keys.into_iter().filter_map(|key| {
                let manager = it.manager_of(key)?;
                Some(put_back(workload, key, manager, &account.name.name))
            })
        });
        let told: BTreeSet<String> = told.collect();
        told.into_iter().collect()
    }

    /// Its workloads go back to the service account of before, and then it goes itself, where nothing else
    /// runs as it. Whether all of it could be done.
    pub fn rejoined(self, draft: &mut Draft<'_>) -> bool {
        let account = self.account;
        let Some(former) = account.split_from() else {
            return true;
        };
        let expected = Expected {
            service_account: former.clone(),
            is_undone: true,
            ..self.expected(self.goal.to)
        };
        let joined: Vec<_> = account.joined().collect();
        let back = joined.iter().map(|it| self.to(it, &former.name, None));
        let waits = waits(joined.iter().copied(), &expected);
        draft.track.actions.extend(back.chain(waits));
        for it in joined {
            let state = &it.state;
            let workload = &state.workload;
            let is_replaced = workload.kind.can_restart() && !state.paused && !state.on_delete;
            let is_own = |pod: &&crate::world::Pod| {
                pod.owner == *workload && pod.service_account == account.name.name
            };
            let pods: Vec<&str> = account
                .alive()
                .filter(is_own)
                .map(|pod| pod.name.as_str())
                .collect();
            if !is_replaced && !pods.is_empty() {
                draft.track.warnings.push(format!(
                    "pods of {workload} run as {} until they end or are deleted, and it stays for them: {}; then run the same command again",
                    account.name,
                    pods.join(", ")
                ));
                draft.track.left.push(workload.clone());
            }
        }
        draft.track.left.is_empty()
    }

    /// The service account that a move made, which nothing needs any more.
    pub fn unmade(self) -> Option<Action> {
        let account = self.account;
        account.split_from()?;
        let object = account.object.as_found()?;
        let is_of_move = |workload: &crate::model::Workload| {
            let mut all = account.joining().chain(account.joined());
            all.any(|it| it.state.workload == *workload)
        };
        let workloads = account.workloads.as_found().into_iter().flatten();
        let workloads = workloads.map(|it| &it.state.workload);
        let mut all = workloads.chain(account.alive().map(|pod| &pod.owner));
        all.all(is_of_move).then(|| Action::DeleteServiceAccount {
            name: account.name.clone(),
            seen: object.version.clone(),
            ending: Ending::Awaited,
        })
    }

    /// What a move wrote on the service account that it made.
    pub fn unmarked(self) -> Option<Action> {
        let object = self.account.object.as_found()?;
        let is_marked = object.annotations.contains_key(FORMER_ANNOTATION);
        is_marked.then(|| Action::RemoveAnnotations {
            name: self.account.name.clone(),
            annotations: vec![FORMER_ANNOTATION.to_owned()],
            seen: object.version.clone(),
        })
    }
}

/// Where a field manager has from what it sets.
pub fn source(manager: &str) -> &'static str {
    match manager {
        it if it.contains("helm") => "its chart's values (as podAnnotations)",
        it if it.contains("argo") => "what Argo CD applies",
        _ => "what it applies",
    }
}

/// What a field manager of an annotation is to be told of.
fn put_back(workload: &Workload, key: &str, manager: &str, account: &str) -> String {
    let (template, source) = (template_of(workload.kind), source(manager));
    format!(
        "{manager} set {template}.metadata.annotations[\"{key}\"] of {workload}, and may put it back, which replaces its pods: take it out of {source}, and set {template}.spec.serviceAccountName: {account} there"
    )
}

/// Until those are over that replace pods.
fn waits<'a>(
    workloads: impl Iterator<Item = &'a TemplatedWorkload>,
    expected: &Expected,
) -> Vec<Action> {
    let replaced = workloads.filter(|it| it.state.workload.kind.can_restart());
    let waits = replaced.map(|it| Action::AwaitPods {
        workload: it.state.workload.clone(),
        expected: expected.clone(),
    });
    waits.collect()
}

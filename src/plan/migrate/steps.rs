//! What a move does to one service account. At each moment of it a pod that starts has a way that works:
//! the new one is let in, bound and proved before the one of before is taken away.

use std::collections::BTreeSet;

use super::obstacle::{self, Absence, Obstacle};
use super::trust::TrustAdmission;
use super::{
    Former, MoveGoal, NODE_NETWORK, ProofNeed, Prove, Stage, bindings, intercept, session_tags,
    trust,
};
use crate::asked::Ending;
use crate::model::{
    CommandLine, DEFAULT_AUDIENCE, Fix, Lookup, ROLE_ANNOTATION, RoleArn, SAVED_ANNOTATION, Way,
    Workload,
};
use crate::plan::restart::{self, Expected, StaleWorkload};
use crate::plan::{Action, Breadth, Idle, Reason, Role, Target, Track};
use crate::world::{Moving, MovingAccount, Pod, PodWay, RoleFacts, WorkloadState};

/// What is to be done for a service account, but for its role's trust policy, which it may share.
pub struct Draft<'a> {
    pub account: &'a MovingAccount,
    pub role: RoleArn,
    pub track: Track,
    /// The way that its role must let it in by.
    pub opens: Option<Way>,
    /// The way that its role is to let it in by no more.
    pub closes: Option<Way>,
    /// The roles that its role is to let in no more.
    pub parts: BTreeSet<RoleArn>,
    /// What comes after the change of its role's trust policy.
    pub after: Vec<Action>,
    /// The way that its stack is of no more, though its role lets it in by what is not for it alone.
    pub leaves: Option<Way>,
}

impl<'a> Draft<'a> {
    fn of(account: &'a MovingAccount, role: &RoleArn, track: Track) -> Self {
        Self {
            account,
            role: role.clone(),
            track,
            opens: None,
            closes: None,
            parts: BTreeSet::new(),
            after: Vec::new(),
            leaves: None,
        }
    }

    /// Whether its role lets in less than before, or is another stack's.
    pub fn ends(&self) -> bool {
        self.closes.is_some() || self.leaves.is_some() || !self.parts.is_empty()
    }
}

/// A service account with a role, on its way to another.
#[derive(Clone, Copy)]
pub struct MoveStep<'a> {
    pub goal: MoveGoal,
    pub moving: &'a Moving,
    pub account: &'a MovingAccount,
    pub role: &'a RoleArn,
    pub facts: &'a RoleFacts,
}

/// `Err`: what is told of it, as nothing can be planned.
pub fn draft<'a>(
    goal: MoveGoal,
    moving: &'a Moving,
    account: &'a MovingAccount,
) -> Result<Draft<'a>, Box<Track>> {
    let mut track = Track::new(Target::ServiceAccount(account.name.clone()));
    track.is_move = true;
    if let Some(absence) = Absence::of(moving, account) {
        return Err(Box::new(absent(track, goal, moving, absence)));
    }
    let obstacles = obstacle::to_goal(goal, moving, account);
    let found = (&account.role_arn, &account.role);
    let ((Some(role), Lookup::Found(facts)), []) = (found, obstacles.as_slice()) else {
        return Err(Box::new(stopped(track, goal, moving, obstacles)));
    };
    track.role = Some(Role::Arn(role.clone()));
    let step = MoveStep {
        goal,
        moving,
        account,
        role,
        facts,
    };
    let mut draft = Draft::of(account, role, track);
    match step.fill(&mut draft) {
        Ok(()) => Ok(draft),
        Err(obstacle) => {
            let obstacles = vec![obstacle];
            Err(Box::new(stopped(draft.track, goal, moving, obstacles)))
        }
    }
}

/// What a move from kube2iam or kiam made goes when that is undone, which may be done twice.
fn absent(mut track: Track, goal: MoveGoal, moving: &Moving, absence: Absence) -> Track {
    if let (Stage::Undo, Former::Intercepted(_)) = (goal.stage, goal.former) {
        let told = absence.words();
        track
            .notes
            .push(format!("{told}: there is nothing to undo"));
        return track;
    }
    stopped(
        track,
        goal,
        moving,
        vec![Obstacle::Absent(Box::new(absence))],
    )
}

/// Named, it is refused; of many it is skipped for a reason of its own. Both are told.
pub fn stopped(
    mut track: Track,
    goal: MoveGoal,
    moving: &Moving,
    obstacles: Vec<Obstacle>,
) -> Track {
    track.actions.clear();
    let (firm, own): (Vec<_>, Vec<_>) = obstacles.into_iter().partition(Obstacle::is_never_skipped);
    let is_skipped = goal.scope == Breadth::All && !own.is_empty();
    if is_skipped {
        for obstacle in own {
            let (why, fixes) = obstacle.told();
            track.notes.push(format!("skipped: {why}"));
            if let Obstacle::Intercepted(_) = obstacle {
                track.notes.extend(fixes.iter().map(Fix::to_string));
            }
        }
        track.idle = Idle::Skipped;
        return track;
    }
    for obstacle in own.into_iter().chain(firm) {
        track.refuse(&moving.cluster.name, Reason::Unmovable(Box::new(obstacle)));
    }
    track
}

impl MoveStep<'_> {
    fn fill(self, draft: &mut Draft<'_>) -> Result<(), Obstacle> {
        let to = self.goal.towards();
        self.tell(draft);
        match self.goal.stage {
            Stage::Finish if self.goal.former != Former::Other => self.part(draft),
            Stage::Undo if self.goal.former != Former::Other => {
                self.give_back(draft);
                Ok(())
            }
            Stage::Begin => self.forward(draft, to),
            Stage::Finish => {
                self.check_finish(to)?;
                self.clean_up(draft, to.other());
                let ends = draft.closes.is_some() || draft.leaves.is_some();
                if !draft.track.actions.is_empty() || ends {
                    self.tell_finish(&mut draft.track, to);
                    let prove = self.proof(to)?;
                    draft.track.actions.splice(0..0, prove);
                }
                Ok(())
            }
            Stage::Undo if self.goal.is_overtaken(self.account) => {
                self.give_up(draft);
                Ok(())
            }
            Stage::Undo => {
                self.forward(draft, to)?;
                if draft.track.left.is_empty() {
                    let begins = draft.track.actions.len();
                    self.clean_up(draft, to.other());
                    let takes = draft.track.actions.len() > begins || draft.closes.is_some();
                    if begins == 0 && takes {
                        let prove = self.proof(to)?;
                        draft.track.actions.splice(0..0, prove);
                    }
                }
                Ok(())
            }
        }
    }

    /// Whether the role's trust policy certainly lets the service account in by that way.
    pub fn is_let_in(self, way: Way) -> bool {
        trust::lets_in(&self.facts.trust, way, self.moving, self.account)
    }

    /// Whether it has its role by that way today. What the trust policy says to EKS Pod Identity is said to
    /// an association, and only who may make those has one: an annotation can name any role.
    fn has(self, way: Way) -> bool {
        // What it is given today was looked at before.
        if self.goal.former != Former::Other {
            return true;
        }
        let is_bound = match way {
            Way::Irsa => true,
            Way::PodIdentity => self
                .account
                .associated()
                .is_some_and(|it| it.role == *self.role),
        };
        is_bound && self.is_let_in(way)
    }

    /// To where new pods take the way, and those that run are restarted for it.
    fn forward(self, draft: &mut Draft<'_>, to: Way) -> Result<(), Obstacle> {
        let binding = match to {
            Way::PodIdentity => bindings::associated(self),
            Way::Irsa => bindings::annotated(self),
        };
        if !self.is_let_in(to) {
            if !self.has(to.other()) {
                return Err(Obstacle::NotLetIn);
            }
            draft.opens = Some(to);
        }
        let expected = self.expected(to);
        let pods = self.own_pods();
        let stale = restart::stale(&expected, &pods);
        let restarts = self.restarts(&mut draft.track, &expected, stale);
        let (made, moved) = (self.made(), self.moved(&expected));
        let is_there = binding.is_empty() && made.is_none() && moved.is_empty();
        if is_there && restarts.is_empty() && draft.opens.is_none() {
            return Ok(());
        }
        let proof = self.proof(to)?.into_iter();
        let actions = &mut draft.track.actions;
        actions.extend(made);
        match to {
            // A token of it is bound to a pod, and has one that runs as it before.
            Way::PodIdentity if !moved.is_empty() => {
                actions.extend(binding.into_iter().chain(moved).chain(proof));
            }
            Way::PodIdentity => actions.extend(binding.into_iter().chain(proof)),
            Way::Irsa => actions.extend(proof.chain(binding).chain(moved)),
        }
        actions.extend(restarts);
        Ok(())
    }

    /// But for those that run as another service account, from which a move takes them.
    pub fn own_pods(self) -> Vec<Pod> {
        let own = self
            .account
            .alive()
            .filter(|it| !self.account.is_before(it));
        own.cloned().collect()
    }

    /// The restarts of what lacks the way, and the waits for them. What cannot be restarted is left, and told.
    pub fn restarts(
        self,
        track: &mut Track,
        expected: &Expected,
        stale: Vec<StaleWorkload>,
    ) -> Vec<Action> {
        let workloads = self.account.workloads.as_found().into_iter().flatten();
        let states: Vec<WorkloadState> = workloads.map(|it| it.state.clone()).collect();
        let all: Vec<Workload> = stale.iter().map(|it| it.workload.clone()).collect();
        restart::plan(track, expected, stale, &states, Ending::Awaited);
        let actions = std::mem::take(&mut track.actions);
        let is_awaited = |wanted: &Workload| {
            let mut actions = actions.iter();
            actions.any(
                |action| matches!(action, Action::AwaitPods { workload, .. } if workload == wanted),
            )
        };
        track.left = all.into_iter().filter(|it| !is_awaited(it)).collect();
        actions
    }

    /// What its pods are to have when they are on that way.
    pub fn expected(self, way: Way) -> Expected {
        let since = match way {
            Way::PodIdentity => self.account.associated().map(|it| it.created),
            // A restart since the annotation was set may be older than the end of the association.
            Way::Irsa => None,
        };
        Expected {
            service_account: self.account.name.clone(),
            cluster: self.moving.cluster.name.clone(),
            way,
            role: Role::Arn(self.role.clone()),
            audience: Some(DEFAULT_AUDIENCE.to_owned()),
            since,
            parts_with_pod_identity: way == Way::Irsa,
            is_undone: false,
        }
    }

    /// A token of EKS Pod Identity is bound to a pod that runs.
    pub fn proof(self, way: Way) -> Result<Option<Action>, Obstacle> {
        if self.goal.proof == ProofNeed::None {
            return Ok(None);
        }
        if way == Way::PodIdentity && !self.account.has_running_pod() {
            return Err(Obstacle::NoPod);
        }
        Ok(Some(Action::Prove(Prove {
            cluster: self.moving.cluster.name.clone(),
            issuer: self.moving.cluster.issuer.clone(),
            name: self.account.name.clone(),
            way,
            role: self.role.clone(),
            withdraws: self.withdraws(way),
            back: self.back(),
        })))
    }

    /// The command that restarts the pods which started with an association that is gone.
    fn back(self) -> CommandLine {
        let (verb, last) = match self.goal.to {
            Way::PodIdentity => ("irsactl migrate to-pod-identity", "--undo --approve"),
            Way::Irsa => ("irsactl migrate to-irsa", "--approve"),
        };
        let (name, cluster) = (&self.account.name, &self.moving.cluster.name);
        let command = CommandLine::of(verb, &[]).and("{} --cluster {}", &[name, cluster]);
        let command = match self.goal.former {
            Former::Other => command,
            Former::Intercepted(way) => command.and("--from {}", &[&way.word()]),
        };
        command.and(last, &[])
    }

    /// An association that a move makes goes again where it does not work; one that a move made before, where
    /// no pod has it yet.
    fn withdraws(self, way: Way) -> bool {
        let has_it = |pod: &Pod| pod.way() == PodWay::PodIdentity;
        let is_unused = self.account.is_moved() && !self.account.alive().any(has_it);
        let is_own = self.account.associated().is_none() || is_unused;
        way == Way::PodIdentity && self.goal.stage != Stage::Finish && is_own
    }

    /// What a finished move leaves to people.
    fn tell_finish(self, track: &mut Track, to: Way) {
        let (list, name) = match to {
            Way::PodIdentity => ("podIdentityAssociations", &self.account.name),
            Way::Irsa => ("serviceAccounts", &self.account.name),
        };
        track.notes.push(format!(
            "a config file that has it describes it from now on under iam.{list}: {name} with role {}",
            self.role
        ));
        let object = self.account.object.as_found();
        let manager = object.and_then(|object| object.set_by.as_deref());
        if let (Way::PodIdentity, Some(manager)) = (to, manager.filter(|it| *it != "irsactl")) {
            track.warnings.push(format!(
                "{manager} set the annotation, and may put it back: take it out there too (the association comes first)"
            ));
        }
    }

    /// Somebody else associated it with another role, which its new pods have now: nobody needs what this role
    /// says to an association.
    fn give_up(self, draft: &mut Draft<'_>) {
        self.close(draft, Way::PodIdentity);
        if let Some(role) = self.account.other_role() {
            let note = format!(
                "its association, with role {role}, is of somebody else: it stays, and pods that start have that role"
            );
            draft.track.notes.push(note);
        }
    }

    /// Takes what is left of a way.
    fn clean_up(self, draft: &mut Draft<'_>, from: Way) {
        let mut annotations = Vec::new();
        if from == Way::Irsa && self.account.annotation().is_some() {
            annotations.push(ROLE_ANNOTATION.to_owned());
        }
        if self.account.saved().is_some() {
            annotations.push(SAVED_ANNOTATION.to_owned());
        }
        if let (Lookup::Found(object), false) = (&self.account.object, annotations.is_empty()) {
            draft.track.actions.push(Action::RemoveAnnotations {
                name: self.account.name.clone(),
                annotations,
                seen: object.version.clone(),
            });
        }
        self.close(draft, from);
    }

    /// Takes what the role says to a way.
    pub fn close(self, draft: &mut Draft<'_>, from: Way) {
        match trust::left(&self.facts.trust, from, self.moving, self.account) {
            TrustAdmission::Nothing => {}
            TrustAdmission::Own => draft.closes = Some(from),
            TrustAdmission::Wider => {
                draft.track.warnings.push(format!(
                    "role {} still lets it in by the way of before, by what is not for it alone: that stays as it is",
                    self.role.name()
                ));
                let stack = self.account.stack.as_found().map(|it| &it.stack);
                let is_of =
                    stack.is_some_and(|it| it.account(from).as_ref() == Some(&self.account.name));
                let ends = self.goal.stage == Stage::Finish && is_of;
                draft.leaves = Some(from).filter(|_| ends);
            }
        }
    }

    fn tell(self, draft: &mut Draft<'_>) {
        draft.track.warnings.extend(self.account.wide_trust());
        draft.track.warnings.extend(self.unseen());
        if let Former::Intercepted(_) = self.goal.former {
            intercept::tell(self.goal, self.moving, self.account, &mut draft.track);
        }
        if (self.goal.stage, self.goal.towards()) == (Stage::Undo, Way::Irsa) {
            let lost = session_tags::obstacles(self.account).into_iter();
            let lost = lost.map(|obstacle| obstacle.told().0);
            draft.track.warnings.extend(lost);
        }
        if self.account.alive().any(|pod| pod.host_network)
            && self.goal.towards() == Way::PodIdentity
        {
            draft.track.notes.push(NODE_NETWORK.to_owned());
        }
    }

    /// What might keep it from the way, and could not be looked at.
    fn unseen(self) -> Vec<String> {
        if self.goal.stage == Stage::Finish {
            return Vec::new();
        }
        let told = |what: &str, why: &str| format!("{what} cannot be told: {why}");
        let of_nodes = self.moving.nodes.unknown();
        let of_documents = self.account.documents.unknown();
        let next = self.account.next_roles.iter();
        let next = next.filter_map(|(role, next)| Some((role, next.unknown()?)));
        match self.goal.towards() {
            Way::PodIdentity => {
                let nodes = of_nodes.map(|why| told("whether its nodes run Windows", why));
                let documents = of_documents.map(|why| told("which roles its role assumes", why));
                let next = next.map(|(role, why)| {
                    let what =
                        format!("whether {role}, which its role assumes, allows it sts:TagSession");
                    told(&what, why)
                });
                nodes.into_iter().chain(documents).chain(next).collect()
            }
            Way::Irsa => {
                let asks = "for session tags of EKS Pod Identity";
                let documents = of_documents
                    .map(|why| told(&format!("whether its role's policies ask {asks}"), why));
                let next = next.map(|(role, why)| {
                    told(
                        &format!("whether {role}, which its role assumes, asks {asks}"),
                        why,
                    )
                });
                documents.into_iter().chain(next).collect()
            }
        }
    }
}

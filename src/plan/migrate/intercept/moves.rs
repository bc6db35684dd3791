//! A move from kube2iam or kiam, as far as it is another one than between the ways of EKS: what is asked
//! before it, how the way of before ends, and how it is undone.

use std::collections::BTreeSet;

use super::divided::divided;
use super::hindrance::{Hold, callers_of_all, is_given, obstacles, unknown};
use super::split::{source, unchangeable};
use crate::model::{
    CommandLine, FORMER_ANNOTATION, Fix, Lookup, ROLE_ANNOTATION, RoleArn, SAVED_ANNOTATION, Way,
    Workload,
};
use crate::plan::migrate::obstacle::{self, Obstacle};
use crate::plan::migrate::steps::{Draft, MoveStep};
use crate::plan::migrate::{Former, MoveGoal, Stage, is_way, trust};
use crate::plan::restart::{self, Expected};
use crate::plan::{Action, Breadth, Reason, Refusal, Target, Track};
use crate::policy::texts;
use crate::world::{AllowedRoles, Interception, Moving, MovingAccount, PodWay, TemplatedWorkload};

/// All that keeps an account where it is.
pub fn kept(goal: MoveGoal, moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let Former::Intercepted(way) = goal.former else {
        return Vec::new();
    };
    match &moving.interception {
        Lookup::Found(interception) if interception.interceptor.way == way => {}
        Lookup::Unknown(why) => return vec![unknown(moving, why)],
        _ => return vec![Hold::NotThere(way).into()],
    }
    let is_bound = account.new_pods().is_some_and(|pods| is_way(pods, goal.to));
    match (goal.stage, account.joining().next()) {
        (Stage::Begin, Some(it)) if !goal.patches || unchangeable(it).is_some() => {
            return vec![Hold::Unpatched(it.state.workload.clone(), unchangeable(it)).into()];
        }
        (Stage::Finish, Some(_)) => return vec![Obstacle::NotBegun(goal.to)],
        _ => {}
    }
    match goal.stage {
        Stage::Begin if is_bound => begun(goal, moving, account),
        Stage::Begin => unbound(goal, moving, account),
        Stage::Finish => obstacle::to_finish(moving, account),
        Stage::Undo => {
            let contradicted = account.contradictions().map(Hold::Contradicted);
            let mut found: Vec<Obstacle> = contradicted.map(Obstacle::from).collect();
            let workloads = account.workloads.as_found().into_iter().flatten();
            // No pod starts without it.
            if account.object == Lookup::Missing && workloads.count() > 0 {
                found.push(obstacle::no_object(account));
            }
            found.extend(obstacle::to_close(moving, account));
            let gone = obstacles(moving, account);
            if is_bound && !gone.is_empty() {
                found.push(Hold::Finished(way).into());
                found.extend(gone);
            }
            found
        }
    }
}

/// What keeps one that is bound to nothing from any other way.
pub fn held(moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    held_by(None, moving, account)
}

fn held_by(goal: Option<MoveGoal>, moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let divided = divided(goal, moving, account);
    divided.map_or_else(|| obstacles(moving, account), |divided| vec![divided])
}

/// Why nothing can be told of any of them, where nobody is named.
pub fn unclear(goal: MoveGoal, moving: &Moving) -> Option<Box<Refusal>> {
    let (Former::Intercepted(_), Breadth::All, Lookup::Unknown(why)) =
        (goal.former, goal.scope, &moving.interception)
    else {
        return None;
    };
    let reason = Reason::Unmovable(Box::new(unknown(moving, why)));
    let cluster = &moving.cluster.name;
    let refusal = Refusal::of(reason, cluster, &Target::Agent(cluster.clone()));
    Some(Box::new(refusal))
}

/// It has the annotation or the association already, which names the role.
fn begun(goal: MoveGoal, moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let mut found = obstacle::to(goal.to, moving, account);
    let facts = account.role.as_found();
    let is_let_in = facts.is_some_and(|it| trust::lets_in(&it.trust, goal.to, moving, account));
    if is_let_in {
        return found;
    }
    found.extend(divided(Some(goal), moving, account));
    found.extend(obstacles(moving, account));
    found
}

fn unbound(goal: MoveGoal, moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let given = held_by(Some(goal), moving, account);
    if account.role_arn.is_none() && !given.is_empty() {
        return given;
    }
    let mut found = obstacle::to(goal.to, moving, account);
    found.extend(given);
    found
}

/// What the reader should know of the way of before.
pub fn tell(goal: MoveGoal, moving: &Moving, account: &MovingAccount, track: &mut Track) {
    let Some(interception) = moving.interception.as_found() else {
        return;
    };
    if goal.stage != Stage::Begin {
        return;
    }
    let interceptor = &interception.interceptor;
    if interceptor.permission == AllowedRoles::Any {
        track.notes.push(format!(
            "{} runs without --namespace-restrictions: every pod can have every role that lets it in, until `--finish`",
            interceptor.workload
        ));
    }
    let keys: BTreeSet<&String> = account.grants.iter().flat_map(|it| &it.session).collect();
    track.warnings.extend(keys.into_iter().map(|key| {
        format!(
            "annotation {key} of its pods has no equal: their sessions are without it afterwards"
        )
    }));
}

/// The callers that a role names, which are to be let in no more.
fn named_callers(interception: &Interception, trust: &serde_json::Value) -> BTreeSet<RoleArn> {
    let names = crate::policy::statements(trust).filter(|it| it["Effect"] == "Allow");
    let names: BTreeSet<&str> = names
        .flat_map(|it| texts(&it["Principal"]["AWS"]))
        .collect();
    let mut callers = callers_of_all(interception);
    callers.retain(|caller| names.contains(caller.to_string().as_str()));
    callers
}

impl MoveStep<'_> {
    /// The end of the way of before: who calls for its pods is let in no more, unless somebody needs it.
    pub fn part(self, draft: &mut Draft<'_>) -> Result<(), Obstacle> {
        let to = self.goal.to;
        self.check_finish(to)?;
        let Some(interception) = self.moving.interception.as_found() else {
            return Ok(());
        };
        self.part_callers(interception, draft)?;
        let partings = self.partings();
        if !draft.parts.is_empty() || !partings.is_empty() {
            let prove = self.proof(to)?;
            draft.track.actions.splice(0..0, prove);
        }
        draft.track.actions.extend(partings);
        draft.after.extend(self.unmarked());
        draft.track.warnings.extend(self.put_back());
        let stale = self.account.contradictions();
        draft.track.notes.extend(stale.map(|it| {
            let (told, _) = it.told();
            format!("{told}; after this nothing reads it: `{}`", it.removal())
        }));
        draft.track.notes.extend(self.useless_annotations());
        Ok(())
    }

    /// Who calls for its pods, unless other workloads have the role by that.
    fn part_callers(
        self,
        interception: &Interception,
        draft: &mut Draft<'_>,
    ) -> Result<(), Obstacle> {
        let users = match &interception.users {
            Lookup::Found(users) => users.get(self.role),
            Lookup::Missing => None,
            Lookup::Unknown(why) => {
                let what = "which workloads need who calls for its pods";
                return Err(Obstacle::Unknown(what, why.clone()));
            }
        };
        if let Some(users) = users {
            let names: Vec<String> = users.iter().map(ToString::to_string).collect();
            draft.track.warnings.push(format!(
                "role {} still lets in who calls AWS for {}, as these have it by that: {}",
                self.role.name(),
                interception.interceptor.way.word(),
                names.join(", ")
            ));
        } else {
            draft.parts = named_callers(interception, &self.facts.trust);
        }
        Ok(())
    }

    /// What templates say to the way of before.
    fn useless_annotations(self) -> BTreeSet<String> {
        let grants = self.account.grants.iter();
        let told = grants.filter_map(|grant| {
            let (key, _) = grant.annotation.as_ref()?;
            let workload = &grant.workload;
            let is_it = |it: &&TemplatedWorkload| it.state.workload == *workload;
            let mut all = self.account.workloads.as_found().into_iter().flatten();
            let manager = all.find(is_it).and_then(|it| it.manager_of(key));
            let is_taken = self.account.joined().any(|it| is_it(&it));
            match (is_taken, manager) {
                (true, Some(_)) => None,
                (true, None) => Some(format!(
                    "annotation {key} of {workload} and its service account are changed in the cluster: have them the same where they are described"
                )),
                (false, manager) => Some(useless(workload, key, manager)),
            }
        });
        told.collect()
    }

    /// Back to the way of before, which works still.
    pub fn give_back(self, draft: &mut Draft<'_>) {
        let to = self.goal.to;
        if !self.rejoined(draft) {
            return;
        }
        let unmade = self.unmade();
        draft
            .track
            .actions
            .extend(self.taken_back(unmade.is_some()));
        let expected = Expected {
            is_undone: true,
            parts_with_pod_identity: true,
            since: None,
            ..self.expected(to)
        };
        let mut pods = self.own_pods();
        pods.retain(|pod| {
            self.account
                .joined()
                .all(|it| it.state.workload != pod.owner)
        });
        let stale = restart::stale(&expected, &pods);
        let restarts = self.restarts(&mut draft.track, &expected, stale);
        draft.track.actions.extend(restarts);
        if draft.track.left.is_empty() {
            self.close(draft, to);
            // What tells of the move goes last.
            draft.after.extend(unmade);
        }
    }

    /// What gives its role the new way. `is_unmade`: the ServiceAccount goes whole.
    fn taken_back(self, is_unmade: bool) -> Option<Action> {
        match (
            self.goal.to,
            self.account.associated(),
            &self.account.object,
        ) {
            (Way::PodIdentity, Some(association), _) => Some(Action::DeleteAssociation {
                cluster: self.moving.cluster.name.clone(),
                name: self.account.name.clone(),
                id: association.id.clone(),
                role: association.role.clone(),
            }),
            (Way::Irsa, _, Lookup::Found(object)) if !is_unmade => {
                let annotations =
                    [ROLE_ANNOTATION, SAVED_ANNOTATION, FORMER_ANNOTATION].into_iter();
                let annotations = annotations.filter(|it| object.annotations.contains_key(*it));
                let annotations: Vec<String> = annotations.map(str::to_owned).collect();
                (!annotations.is_empty()).then(|| Action::RemoveAnnotations {
                    name: self.account.name.clone(),
                    annotations,
                    seen: object.version.clone(),
                })
            }
            _ => None,
        }
    }
}

/// How an annotation goes that nothing reads any more.
fn useless(workload: &Workload, key: &str, manager: Option<&str>) -> String {
    let told = format!("annotation {key} of {workload} is of no use any more");
    if let Some(manager) = manager {
        let source = source(manager);
        return format!("{told}: take it out of {source}, from which {manager} set it");
    }
    let told = format!("{told}: take it out where that is described");
    match workload.without_template_annotation(key) {
        Some(command) => format!("{told}, or by `{command}`, which replaces its pods"),
        None => told,
    }
}

/// The command that brings an account further that has its role by kube2iam or kiam.
pub fn next(moving: &Moving, account: &MovingAccount) -> Option<CommandLine> {
    let way = account.grants.first()?.way;
    if !is_given(moving, account) {
        return None;
    }
    let verb = match account.new_pods()? {
        PodWay::PodIdentity => "to-pod-identity",
        _ => "to-irsa",
    };
    let is_bound = [PodWay::PodIdentity, PodWay::Irsa].contains(&account.new_pods()?);
    let is_over = is_bound && !account.alive().any(|pod| pod.way() == way);
    let command = CommandLine::of("irsactl migrate", &[]).and(verb, &[]);
    let command = command.and(
        "{} --cluster {} --from {}",
        &[&account.name, &moving.cluster.name, &way.word()],
    );
    Some(if is_over {
        command.and("--finish", &[])
    } else {
        command
    })
}

/// The command that gives each workload of a divided account one of its own, and moves it.
pub fn next_split(
    moving: &Moving,
    account: &MovingAccount,
    obstacles: &[Obstacle],
) -> Option<CommandLine> {
    let [Obstacle::Intercepted(hold)] = obstacles else {
        return None;
    };
    let Hold::Divided(divided) = &**hold else {
        return None;
    };
    let way = account.grants.first()?.way;
    let command = CommandLine::of(
        "irsactl migrate to-irsa {} --cluster {} --from {} --patch-workloads",
        &[&account.name, &moving.cluster.name, &way.word()],
    );
    divided.can_patch().then_some(command)
}

/// What is left to people when the last service account has parted, or what keeps that.
pub fn afterwards(goal: MoveGoal, moving: &Moving) -> Vec<String> {
    let (Stage::Finish, Former::Intercepted(way)) = (goal.stage, goal.former) else {
        return Vec::new();
    };
    let Lookup::Found(interception) = &moving.interception else {
        return Vec::new();
    };
    let interceptor = &interception.interceptor;
    let users = interception.users.as_found().into_iter().flatten();
    let users = users.flat_map(|(_, its)| its);
    let users: BTreeSet<String> = users.map(ToString::to_string).collect();
    if !users.is_empty() {
        let names: Vec<String> = users.into_iter().collect();
        let told = format!("{} is still needed by {}", way.word(), names.join(", "));
        return vec![told];
    }
    let mut take = Fix::by(
        format!(
            "no pod has its role by {} any more: take it away",
            way.word()
        ),
        deletion(&interceptor.workload),
    );
    if let Some(server) = &interceptor.server {
        take = take.and(", then ").run(deletion(server));
    }
    let callers = callers_of_all(interception);
    let callers: Vec<String> = callers.iter().map(ToString::to_string).collect();
    vec![
        take.to_string(),
        "take its iptables rule (169.254.169.254, table nat, PREROUTING) off the nodes, or replace them".to_owned(),
        format!("take sts:AssumeRole out of the policies of {}", callers.join(", ")),
        "set the hop limit of the instances' metadata to 1, so that pods cannot have the roles of nodes".to_owned(),
    ]
}

fn deletion(workload: &Workload) -> CommandLine {
    CommandLine::of(
        "kubectl delete {} {} --namespace {}",
        &[&workload.kind.word(), &workload.name, &workload.namespace],
    )
}

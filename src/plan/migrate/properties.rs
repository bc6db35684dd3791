//! Every state against every command, on the plan: each action is carried out on the values that the plan
//! was made from.

use std::collections::BTreeSet;

use serde_json::json;

use super::tests::*;
use super::*;
use crate::asked::Agent;
use crate::model::{Lookup, ROLE_ANNOTATION};
use crate::plan::{Action, Track};
use crate::policy::{same, statements};
use crate::world::{Association, OidcProvider, OwningStack, Pod};

const QUOTA: usize = 4_096;

pub fn goal(to: Way, stage: Stage) -> MoveGoal {
    MoveGoal {
        former: Former::Other,
        to,
        stage,
        scope: Breadth::Named,
        proof: ProofNeed::Required,
        agent: Agent::Required,
        patches: false,
        deployment_mode: None,
    }
}

pub fn world(account: MovingAccount) -> Moving {
    let mut moving = moving(account);
    moving.addons = Lookup::Found(vec![agent()]);
    moving.provider = Lookup::Found(OidcProvider {
        arn: String::new(),
        audiences: vec!["sts.amazonaws.com".to_owned()],
        thumbprints: Vec::new(),
        created: Lookup::Found(0),
    });
    moving
}

/// The only track of a plan.
pub fn track(goal: MoveGoal, account: &MovingAccount) -> Track {
    let planned = plan(goal, &world(account.clone()), QUOTA);
    planned.tracks.into_iter().next().expect("a track")
}

fn set_trust(account: &mut MovingAccount, document: &Value) {
    if let Lookup::Found(facts) = &mut account.role {
        facts.trust = document.clone();
    }
}

/// What an action makes of the world.
pub fn act(account: &mut MovingAccount, action: &Action) {
    match action {
        Action::UpdateTrust(update) => {
            let facts = account.role.as_found().expect("a role");
            assert!(
                same(&facts.trust, &update.seen),
                "it writes over what it did not see"
            );
            set_trust(account, &update.document);
        }
        Action::UpdateStack(update) => {
            let role = &update.template["Resources"]["Role1"]["Properties"];
            set_trust(account, &role["AssumeRolePolicyDocument"].clone());
            let Lookup::Found(stack) = &mut account.stack else {
                panic!("no stack");
            };
            stack.body = update.template.clone();
            stack.stack.tags = update.tags.clone();
        }
        Action::CreateAssociation(create) => {
            assert_eq!(account.association, Lookup::Missing);
            account.association = Lookup::Found(Association {
                session_tags_disabled: create.terms.disable_session_tags,
                tags: create.tags.clone(),
                ..association()
            });
        }
        Action::DeleteAssociation { .. } => account.association = Lookup::Missing,
        Action::ApplyServiceAccount(change) => {
            let Lookup::Found(object) = &mut account.object else {
                panic!("no object");
            };
            let all = change.annotations.clone().into_iter();
            let role = (ROLE_ANNOTATION.to_owned(), ROLE.to_owned());
            object.annotations.extend(all.chain([role]));
        }
        Action::RemoveAnnotations { annotations, .. } => {
            let Lookup::Found(object) = &mut account.object else {
                panic!("no object");
            };
            object
                .annotations
                .retain(|key, _| !annotations.contains(key));
        }
        Action::Prove(prove) => {
            let is_bound = match prove.way {
                Way::PodIdentity => account.associated().is_some(),
                Way::Irsa => true,
            };
            assert!(
                is_bound && works(account, prove.way),
                "it proves what cannot hold"
            );
        }
        Action::RestartWorkload(stale) => {
            let way = account.new_pods().expect("a way");
            let Lookup::Found(pods) = &mut account.pods else {
                panic!("no pods");
            };
            for old in pods.iter_mut().filter(|it| it.owner == stale.workload) {
                let new = pod(way);
                *old = Pod {
                    name: old.name.clone(),
                    owner: old.owner.clone(),
                    ..new
                };
            }
        }
        Action::AwaitPods { .. } => {}
        other => panic!("{other}"),
    }
}

fn works(account: &MovingAccount, way: Way) -> bool {
    let facts = account.role.as_found().expect("a role");
    trust::lets_in(&facts.trust, way, &world(account.clone()), account)
}

/// A pod that starts now has a way that works.
fn is_never_without(account: &MovingAccount) -> bool {
    match account.new_pods() {
        Some(PodWay::PodIdentity) => works(account, Way::PodIdentity),
        Some(PodWay::Irsa) => works(account, Way::Irsa),
        _ => false,
    }
}

/// The first so many actions. Whether that is all of them.
pub fn carried_out(track: &Track, account: &mut MovingAccount, most: usize) -> bool {
    for action in track.actions.iter().take(most) {
        act(account, action);
        assert!(is_never_without(account), "after {action}");
    }
    track.actions.len() <= most
}

pub fn all(goal: MoveGoal, account: &mut MovingAccount) {
    let track = track(goal, account);
    assert_eq!(track.refusals, [], "{goal:?}");
    carried_out(&track, account, usize::MAX);
}

/// What counts of a world: whom the role trusts, annotations, associations, and the ways of pods.
pub fn sum(account: &MovingAccount) -> (Vec<String>, String) {
    let facts = account.role.as_found().expect("a role");
    let mut trusted: Vec<String> = statements(&facts.trust).map(normal).collect();
    trusted.sort();
    let object = account.object.as_found().expect("an object");
    let association = account
        .associated()
        .map(|it| (&it.role, it.session_tags_disabled, &it.tags));
    let ways: Vec<PodWay> = account.alive().map(Pod::way).collect();
    let tags = account.stack.as_found().map(|it| &it.stack.tags);
    (
        trusted,
        format!("{:?} {association:?} {ways:?} {tags:?}", object.annotations),
    )
}

/// A statement, whatever the order of its members and whether a text stands in a list.
fn normal(statement: &Value) -> String {
    let mut statement = statement.clone();
    if let Some(condition) = statement["Condition"].as_object_mut()
        && let Some(like) = condition.remove("StringLike")
    {
        // Without a wildcard they are the same.
        let equals = condition.entry("StringEquals").or_insert_with(|| json!({}));
        for (key, value) in like.as_object().into_iter().flatten() {
            equals[key] = value.clone();
        }
    }
    for member in ["Action"] {
        if let Value::Array(texts) = &statement[member]
            && let [one] = texts.as_slice()
        {
            statement[member] = one.clone();
        }
    }
    serde_json::to_string(&statement).expect("JSON")
}

/// Worlds before a move, with what others have in them.
pub fn worlds() -> Vec<MovingAccount> {
    let others: [fn() -> Vec<Value>; 2] = [Vec::new, || {
        vec![statement("system:serviceaccount:web:other")]
    }];
    let mut worlds = Vec::new();
    for by_stack in [false, true] {
        for others in others {
            for restartable in [true, false] {
                let mut account = annotated();
                if let Lookup::Found(facts) = &mut account.role
                    && let Some(all) = facts.trust["Statement"].as_array_mut()
                {
                    all.extend(others());
                }
                if !restartable {
                    account.pods = Lookup::Found(vec![pod(PodWay::Irsa), job_pod(PodWay::Irsa)]);
                }
                if by_stack {
                    let trust = account.role.as_found().expect("a role").trust.clone();
                    account.stack = Lookup::Found(stack_of(&trust));
                }
                worlds.push(account);
            }
        }
    }
    worlds
}

fn stack_of(trust: &Value) -> OwningStack {
    OwningStack {
        stack: stack(),
        body: json!({"Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": {
            "AssumeRolePolicyDocument": trust,
        }}}}),
    }
}

pub fn all_restart(account: &MovingAccount) -> bool {
    account.alive().all(|pod| pod.owner.kind.can_restart())
}

/// How the commands are told apart.
pub const STEPS: [(Way, Stage); 6] = [
    (Way::PodIdentity, Stage::Begin),
    (Way::PodIdentity, Stage::Finish),
    (Way::PodIdentity, Stage::Undo),
    (Way::Irsa, Stage::Begin),
    (Way::Irsa, Stage::Finish),
    (Way::Irsa, Stage::Undo),
];

/// All worlds that commands lead to, also where they are cut off after any action.
fn reached() -> Vec<MovingAccount> {
    let mut seen: Vec<MovingAccount> = worlds();
    let mut sums: BTreeSet<(Vec<String>, String)> = seen.iter().map(sum).collect();
    let mut next = 0;
    while let Some(account) = seen.get(next).cloned() {
        next += 1;
        for (to, stage) in STEPS {
            let track = track(goal(to, stage), &account);
            for most in 1..=track.actions.len() {
                let mut world = account.clone();
                carried_out(&track, &mut world, most);
                if sums.insert(sum(&world)) {
                    seen.push(world);
                }
            }
        }
    }
    seen
}

#[test]
fn in_every_state_every_command_keeps_a_way_and_twice_changes_nothing() {
    let reached = reached();
    assert!(reached.len() > 60, "{}", reached.len());
    let mut cases = 0;
    for account in &reached {
        for (to, stage) in STEPS {
            let goal = goal(to, stage);
            let mut world = account.clone();
            let first = track(goal, &world);
            carried_out(&first, &mut world, usize::MAX);
            let again = track(goal, &world);
            if first.refusals.is_empty() {
                assert_eq!(again.refusals, [], "{goal:?} {account:?}");
                assert!(
                    again.actions.is_empty(),
                    "{goal:?}: {:?} {account:?}",
                    again.actions
                );
            }
            // Cut off anywhere, the same command again leads to the same end.
            for most in 1..first.actions.len() {
                let mut cut = account.clone();
                carried_out(&first, &mut cut, most);
                all(goal, &mut cut);
                assert_eq!(
                    sum(&cut),
                    sum(&world),
                    "{goal:?} cut after {most} of {:?}",
                    first.actions
                );
                cases += 1;
            }
            cases += 1;
        }
    }
    assert!(cases > 1_000, "{cases}");
}

#[test]
fn from_every_state_of_a_move_undo_leads_to_the_world_before() {
    for before in worlds().iter().filter(|it| all_restart(it)) {
        for stages in [&[Stage::Begin][..], &[Stage::Begin, Stage::Finish]] {
            let mut account = before.clone();
            for stage in stages {
                let goal = goal(Way::PodIdentity, *stage);
                let track = track(goal, &account);
                for most in 1..=track.actions.len() {
                    let mut cut = account.clone();
                    carried_out(&track, &mut cut, most);
                    all(
                        super::properties::goal(Way::PodIdentity, Stage::Undo),
                        &mut cut,
                    );
                    assert_eq!(sum(&cut), sum(before), "{stage:?} cut after {most}");
                }
                all(goal, &mut account);
            }
            // And once more from there to IRSA, and back.
            let moved = account.clone();
            for stages in [&[Stage::Begin][..], &[Stage::Begin, Stage::Finish]] {
                let mut account = moved.clone();
                if state(&moved) != Some(MoveState::New) {
                    continue;
                }
                for stage in stages {
                    all(goal(Way::Irsa, *stage), &mut account);
                }
                all(goal(Way::Irsa, Stage::Undo), &mut account);
                assert_eq!(state(&account), Some(MoveState::New));
                assert_eq!(sum(&account).0, sum(&moved).0);
            }
        }
    }
}

#[test]
fn an_association_comes_back_as_it_was() {
    let mut account = annotated();
    for stage in [Stage::Begin, Stage::Finish] {
        all(goal(Way::PodIdentity, stage), &mut account);
    }
    let Lookup::Found(association) = &mut account.association else {
        panic!("none");
    };
    association.tags = [("team".to_owned(), "data".to_owned())].into();
    let before = sum(&account);
    all(goal(Way::Irsa, Stage::Begin), &mut account);
    assert_eq!(state(&account), Some(MoveState::Both));
    all(goal(Way::Irsa, Stage::Undo), &mut account);
    assert_eq!(sum(&account), before);
}

#[test]
fn nothing_is_finished_while_pods_have_the_way_of_before() {
    let mut account = annotated();
    account.pods = Lookup::Found(vec![pod(PodWay::Irsa), job_pod(PodWay::Irsa)]);
    let begun = track(goal(Way::PodIdentity, Stage::Begin), &account);
    assert_eq!(begun.left.len(), 1);
    carried_out(&begun, &mut account, usize::MAX);
    let finish = track(goal(Way::PodIdentity, Stage::Finish), &account);
    assert_eq!(finish.actions, []);
    assert_eq!(
        finish.refusals[0].to_string(),
        "pods of these have irsa still: job web/once"
    );
    // Completed ones do not count.
    if let Lookup::Found(pods) = &mut account.pods {
        pods[1].phase = "Succeeded".to_owned();
    }
    let finish = track(goal(Way::PodIdentity, Stage::Finish), &account);
    assert_eq!(finish.refusals, []);
    assert!(!finish.actions.is_empty());
}

#[test]
fn without_a_pod_nothing_is_proved_and_only_on_request_gone_on() {
    let mut account = annotated();
    account.pods = Lookup::Found(Vec::new());
    let asked = goal(Way::PodIdentity, Stage::Begin);
    let refused = track(asked, &account);
    assert_eq!(
        refused.refusals[0].to_string(),
        "no pod runs as it, so that nothing can be proved"
    );
    let without = MoveGoal {
        proof: ProofNeed::None,
        ..asked
    };
    let track = track(without, &account);
    assert_eq!(track.refusals, []);
    assert!(
        !track
            .actions
            .iter()
            .any(|it| matches!(it, Action::Prove(_)))
    );
}

#[test]
fn those_that_share_a_role_open_it_before_the_first_and_close_it_after_the_last() {
    let account = |name: &str| {
        let mut account = annotated();
        account.name = format!("web/{name}").parse().unwrap();
        let all = ["a", "b"].map(|it| statement(&format!("system:serviceaccount:web:{it}")));
        super::tests::set_trust(&mut account, all.into());
        if let Lookup::Found(workloads) = &mut account.workloads {
            workloads[0].state.service_account = name.to_owned();
        }
        account
    };
    let mut moving = world(account("a"));
    moving.accounts.push(account("b"));
    let planned = plan(goal(Way::PodIdentity, Stage::Begin), &moving, QUOTA);
    let kinds = |track: &Track| -> Vec<&'static str> {
        track
            .actions
            .iter()
            .map(|action| action.words().0)
            .collect()
    };
    let [a, b] = planned.tracks.as_slice() else {
        panic!("{:?}", planned.tracks);
    };
    assert_eq!(
        kinds(a),
        ["update", "create", "prove", "restart", "wait for"]
    );
    assert_eq!(kinds(b), ["create", "prove", "restart", "wait for"]);
    assert!(a.lane.is_some() && a.lane == b.lane);
    let Action::UpdateTrust(update) = &a.actions[0] else {
        panic!("{}", a.actions[0]);
    };
    assert_eq!(statements(&update.document).count(), 4);
}

#[test]
fn of_many_what_cannot_move_is_skipped_and_what_is_not_concerned_is_left_out() {
    let mut wild = annotated();
    super::tests::set_trust(&mut wild, vec![statement("system:serviceaccount:web:*")]);
    let mut none = annotated();
    none.role_arn = None;
    if let Lookup::Found(object) = &mut none.object {
        object.annotations.clear();
    }
    let mut moving = world(wild);
    moving.accounts.push(none);
    let asked = MoveGoal {
        scope: Breadth::All,
        ..goal(Way::PodIdentity, Stage::Begin)
    };
    let planned = plan(asked, &moving, QUOTA);
    let [skipped] = planned.tracks.as_slice() else {
        panic!("{:?}", planned.tracks);
    };
    assert!(skipped.notes[0].starts_with("skipped: its role lets it in by a pattern"));
    assert_eq!((skipped.refusals.len(), skipped.actions.len()), (0, 0));
}

#[test]
fn a_trust_policy_that_would_be_too_long_is_refused_before_anything_is_written() {
    let planned = plan(
        goal(Way::PodIdentity, Stage::Begin),
        &world(annotated()),
        300,
    );
    assert!(planned.is_too_long);
    assert_eq!(planned.tracks[0].actions, []);
}

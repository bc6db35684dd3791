//! What keeps a service account from what one command is to do with it.

use super::{Obstacle, of_agent, to, to_close, to_finish};
use crate::model::{CommandLine, Way};
use crate::plan::migrate::{Former, MoveGoal, Stage, intercept, session_tags};
use crate::world::{Moving, MovingAccount, PodWay};

/// All that keeps a service account from what the command is to do with it.
pub fn to_goal(goal: MoveGoal, moving: &Moving, account: &MovingAccount) -> Vec<Obstacle> {
    let way = goal.towards();
    let mut obstacles = match goal.stage {
        _ if goal.former != Former::Other => intercept::kept(goal, moving, account),
        Stage::Undo if goal.is_overtaken(account) => to_close(moving, account),
        Stage::Begin | Stage::Undo => to(way, moving, account),
        Stage::Finish => to_finish(moving, account),
    };
    let gives = goal.former == Former::Other || goal.stage != Stage::Undo;
    if way == Way::PodIdentity && gives && !goal.installs_agent(moving) {
        obstacles.extend(of_agent(moving));
    }
    if (goal.former, goal.stage, way) == (Former::Other, Stage::Begin, Way::Irsa) {
        obstacles.extend(session_tags::obstacles(account));
    }
    obstacles.extend(misplaced(goal, moving, account));
    obstacles
}

/// Where the command is not the one for how far it is.
fn misplaced(goal: MoveGoal, moving: &Moving, account: &MovingAccount) -> Option<Obstacle> {
    match (goal.stage, goal.to) {
        (Stage::Undo, _) if goal.former != Former::Other => None,
        (Stage::Finish, to) if account.role_arn.is_some() => {
            let wanted = match to {
                Way::PodIdentity => PodWay::PodIdentity,
                Way::Irsa => PodWay::Irsa,
            };
            let other = account.new_pods().filter(|way| *way != wanted);
            other.map(|_| Obstacle::NotBegun(to))
        }
        (Stage::Undo, way) if account.is_on_its_way(moving) == Some(way.other()) => {
            let way = way.other();
            let command = CommandLine::of(&format!("irsactl migrate to-{way} --undo"), &[]);
            let cluster = &moving.cluster.name;
            let command = command.and("{} --cluster {}", &[&account.name, cluster]);
            Some(Obstacle::OtherMove(way, command))
        }
        (Stage::Undo, Way::PodIdentity) if goal.is_only_tagged(moving, account) => {
            let command = CommandLine::of("irsactl migrate to-pod-identity --undo", &[]);
            let cluster = &moving.cluster.name;
            let command = command.and("{} --cluster {} --approve", &[&account.name, cluster]);
            Some(Obstacle::OnlyTagged(command))
        }
        _ => None,
    }
}

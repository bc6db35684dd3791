//! Associations that somebody else made, changed or tagged in the middle of a move.

use super::properties::*;
use super::table::{associated, set_association};
use super::tests::*;
use super::*;
use crate::model::{Lookup, MOVED_TAG};
use crate::plan::Track;
use crate::world::Association;

fn undo(scope: Breadth) -> MoveGoal {
    MoveGoal {
        scope,
        ..goal(Way::PodIdentity, Stage::Undo)
    }
}

/// Made anew, or changed, with another role.
fn overtaken(account: &MovingAccount) -> [MovingAccount; 2] {
    let other = |it: &Association| Association {
        role: NEXT.parse().unwrap(),
        ..it.clone()
    };
    let tags = account.associated().map(|it| it.tags.clone());
    [Some(Default::default()), tags].map(|tags| {
        let mut account = account.clone();
        let tags = tags.unwrap_or_default();
        account.association = Lookup::Found(other(&Association {
            tags,
            ..association()
        }));
        account
    })
}

#[test]
fn undo_takes_back_what_the_move_did_and_leaves_the_association_with_another_role() {
    let mut cases = 0;
    for before in worlds().iter().filter(|it| all_restart(it)) {
        let begun = track(goal(Way::PodIdentity, Stage::Begin), before);
        for most in 1..=begun.actions.len() {
            let mut cut = before.clone();
            carried_out(&begun, &mut cut, most);
            for middle in overtaken(&cut) {
                for scope in [Breadth::Named, Breadth::All] {
                    let mut undone = middle.clone();
                    let track = track(undo(scope), &undone);
                    assert_eq!(track.refusals, []);
                    assert!(track.notes[0].starts_with("its association, with role"));
                    track.actions.iter().for_each(|it| act(&mut undone, it));
                    assert_eq!(undone.association, middle.association);
                    assert_eq!(undone.object, middle.object);
                    assert_eq!(sum(&undone).0, sum(before).0);
                    cases += 1;
                }
            }
        }
    }
    assert!(cases > 50, "{cases}");
}

/// Of many.
fn of_many(account: &MovingAccount) -> Track {
    track(undo(Breadth::All), account)
}

#[test]
fn what_only_a_tag_calls_moved_is_undone_where_it_is_named() {
    let mut account = associated();
    if let Lookup::Found(object) = &mut account.object {
        let annotation = (crate::model::ROLE_ANNOTATION.to_owned(), ROLE.to_owned());
        object.annotations.extend([annotation]);
    }
    let tokens = statement("system:serviceaccount:web:api");
    let any = crate::policy::pod_identity::statement(None);
    set_trust(&mut account, vec![tokens.clone(), any]);
    let told = of_many(&account);
    assert_eq!(told.actions, []);
    assert_eq!(
        told.notes,
        ["skipped: only a tag says that a move made its association"]
    );
    assert!(!track(undo(Breadth::Named), &account).actions.is_empty());
    // Its role's own statement says it too.
    set_trust(&mut account, vec![tokens]);
    open(&mut account);
    assert!(!of_many(&account).actions.is_empty());
    set_association(&mut account, |it| {
        it.tags.remove(MOVED_TAG);
    });
    assert_eq!(plan(undo(Breadth::All), &world(account), 4_096).tracks, []);
}

//! What whoever may write annotations has planted.

use serde_json::json;

use super::*;

/// The role lets its association in.
pub fn open(account: &mut MovingAccount) {
    let moving = moving(account.clone());
    let Lookup::Found(facts) = &mut account.role else {
        panic!("it is there");
    };
    facts.trust = trust::with(&facts.trust, Way::PodIdentity, &moving, &moving.accounts[0]);
}

/// Whoever may annotate ServiceAccounts can write that a move was begun.
#[test]
fn a_planted_annotation_begins_no_move_and_opens_no_role() {
    let planted = |account: &mut MovingAccount, text: &str| {
        let Lookup::Found(object) = &mut account.object else {
            panic!("it is there");
        };
        let saved = (SAVED_ANNOTATION.to_owned(), text.to_owned());
        object.annotations.extend([saved]);
    };
    let text = json!({"role": ROLE, "tags": {"team": "payments", "irsactl/moved-from": "irsa"}});
    let text = &text.to_string();
    let mut account = annotated();
    planted(&mut account, text);
    assert_eq!(state(&account), Some(MoveState::Old));
    let moving = moving(account.clone());
    for stage in [Stage::Finish, Stage::Undo] {
        let goal = MoveGoal {
            former: Former::Other,
            agent: crate::asked::Agent::Required,
            patches: false,
            deployment_mode: None,
            to: Way::Irsa,
            stage,
            scope: Breadth::All,
            proof: ProofNeed::None,
        };
        assert!(!goal.concerns(&moving, &account), "{stage:?}");
    }
    // A role that lets in any association, and not this token.
    let Lookup::Found(facts) = &mut account.role else {
        panic!("it is there");
    };
    let anybody = crate::policy::pod_identity::statement(None);
    facts.trust = json!({"Version": "2012-10-17", "Statement": [anybody]});
    // What was saved names the role too.
    let mut bare = account.clone();
    if let Lookup::Found(object) = &mut bare.object {
        object.annotations.remove(ROLE_ANNOTATION);
    }
    assert_eq!(bare.saved_role(), bare.role_arn);
    let steps = [
        (Way::Irsa, Stage::Begin),
        (Way::PodIdentity, Stage::Begin),
        (Way::PodIdentity, Stage::Undo),
        (Way::Irsa, Stage::Undo),
    ];
    let cases = [account, bare].into_iter();
    let cases = cases.flat_map(|it| steps.map(|step| (it.clone(), step)));
    for (account, (to, stage)) in cases {
        let goal = MoveGoal {
            former: Former::Other,
            agent: crate::asked::Agent::Required,
            patches: false,
            deployment_mode: None,
            to,
            stage,
            scope: Breadth::Named,
            proof: ProofNeed::None,
        };
        let planned = plan(goal, &self::moving(account.clone()), 2048);
        let actions: Vec<_> = planned.tracks.iter().flat_map(|it| &it.actions).collect();
        assert!(actions.is_empty(), "{to} {stage:?}: {actions:?}");
        assert!(!planned.tracks[0].refusals.is_empty(), "{to} {stage:?}");
    }
}

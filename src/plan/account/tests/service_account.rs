//! What becomes of the ServiceAccount.

use super::*;

#[test]
fn an_existing_role_is_only_annotated() {
    let asked = asked(Permissions::Existing(ROLE.parse().unwrap()));
    let mut world = observed(StackState::Absent, ServiceAccountState::Missing);
    assert!(run(&asked, &world)[0].contains("does not exist"));
    world.role = Lookup::Found(RoleFacts {
        arn: ROLE.parse().unwrap(),
        trust: Value::Null,
        boundary: None,
        max_session_duration: None,
        tags: Map::new(),
        history: RoleHistory::default(),
    });
    assert_eq!(run(&asked, &world), [MAKE]);
}

#[test]
fn what_irsactl_applied_before_stays_applied() {
    let keys = |key: &str| BTreeSet::from([key.to_owned()]);
    let account = ServiceAccount {
        labels: Map::from([
            ("team".to_owned(), "a".to_owned()),
            ("app".to_owned(), "helm".to_owned()),
        ]),
        annotations: Map::from([("note".to_owned(), "x".to_owned())]),
        applied_labels: keys("team"),
        applied_annotations: keys("note"),
        ..ServiceAccount::default()
    };
    let world = observed(ready(), ServiceAccountState::Found(account));
    let asked = asked(Permissions::Role(spec()));
    let track = plan(
        Goal::Create,
        Drift::Told,
        &asked,
        &cluster(),
        &world,
        &provider(&["sts.amazonaws.com"]),
    );
    let [Action::ApplyServiceAccount(change)] = track.actions.as_slice() else {
        panic!("{:?}", track.actions)
    };
    assert_eq!(
        change.labels,
        Map::from([("team".to_owned(), "a".to_owned())])
    );
    assert_eq!(
        change.annotations,
        Map::from([("note".to_owned(), "x".to_owned())])
    );
}

#[test]
fn values_of_other_tools_are_not_overwritten_unasked() {
    let account = ServiceAccount {
        labels: Map::from([("app".to_owned(), "helm".to_owned())]),
        ..ServiceAccount::default()
    };
    let world = observed(ready(), ServiceAccountState::Found(account));
    let mut asked = asked(Permissions::Role(spec()));
    asked.labels = Map::from([("app".to_owned(), "mine".to_owned())]);
    assert!(run(&asked, &world)[0].contains("another value of app"));
    asked.conflicts = Conflicts::Overridden;
    assert_eq!(run(&asked, &world), [ANNOTATE]);
}

//! Each phase of a stack, policies and service accounts of others.

use super::*;
use crate::asked::ForeignResources;
use crate::model::{MANAGED_BY, MANAGED_BY_LABEL, Map};
use crate::world::FoundStack;

fn deletion(foreign: ForeignPolicies, ending: Ending) -> Deletion {
    Deletion {
        is_eks: true,
        way: Way::Irsa,
        cluster: "demo".parse().unwrap(),
        name: "default/a".parse().unwrap(),
        foreign,
        resources: ForeignResources::Refused,
        deployment: Default::default(),
        ending,
        known_by: KnownBy::Name,
        looked: crate::asked::SearchedAccount::Any,
        other_clusters: Default::default(),
    }
}

fn stack(status: StackStatus) -> StackState {
    StackState::Found(Box::new(FoundStack {
        stack: Stack {
            name: StackName::reported("s"),
            id: "id".to_owned(),
            status,
            reason: None,
            updated: None,
            changed: None,
            tags: Map::new(),
            capabilities: Vec::new(),
            role_arn: Some("arn:aws:iam::111122223333:role/r".parse().unwrap()),
            protected: true,
        },
        failure: None,
        body: None,
        template: None,
        resources: Lookup::Missing,
        role: Lookup::Missing,
        policies: Lookup::Missing,
        associations: Lookup::Missing,
    }))
}

fn verbs(asked: &Deletion, observed: &ObservedDeletion) -> Vec<String> {
    let track = plan(asked, observed);
    let refused = track.refusals.iter().map(|_| "refused".to_owned());
    track
        .actions
        .iter()
        .map(ToString::to_string)
        .chain(refused)
        .collect()
}

#[test]
fn each_phase_of_the_stack_has_its_way() {
    for (status, ending, wanted) in [
        (
            StackStatus::CreateComplete,
            Ending::Awaited,
            vec!["delete stack s"],
        ),
        (
            StackStatus::CreateFailed,
            Ending::Awaited,
            vec!["delete stack s"],
        ),
        (
            StackStatus::DeleteFailed,
            Ending::Awaited,
            vec!["delete stack s"],
        ),
        (
            StackStatus::UpdateFailed,
            Ending::NotAwaited,
            vec!["delete stack s"],
        ),
        (
            StackStatus::UpdateInProgress,
            Ending::Awaited,
            vec!["wait for stack s (UPDATE_IN_PROGRESS)"],
        ),
        (
            StackStatus::DeleteInProgress,
            Ending::Awaited,
            vec!["wait for stack s (DELETE_IN_PROGRESS)"],
        ),
        (StackStatus::DeleteInProgress, Ending::NotAwaited, vec![]),
        (StackStatus::DeleteComplete, Ending::Awaited, vec![]),
    ] {
        let observed = ObservedDeletion {
            annotated: Lookup::Missing,
            goes_on: Lookup::Missing,
            association: None,
            attached: None,
            associated: None,
            stack: stack(status.clone()),
            foreign: Lookup::Missing,
            service_account: ServiceAccountState::Missing,
            namespaces: Vec::new(),
        };
        assert_eq!(
            verbs(&deletion(ForeignPolicies::Refused, ending), &observed),
            wanted,
            "{status:?}"
        );
    }
}

#[test]
fn a_creation_is_cut_off_only_where_nothing_is_waited_for() {
    for (status, ending, wanted) in [
        (
            StackStatus::CreateInProgress,
            Ending::NotAwaited,
            "delete stack s",
        ),
        (
            StackStatus::CreateInProgress,
            Ending::Awaited,
            "wait for stack s (CREATE_IN_PROGRESS)",
        ),
        (
            StackStatus::UpdateInProgress,
            Ending::NotAwaited,
            "wait for stack s (UPDATE_IN_PROGRESS)",
        ),
    ] {
        let observed = ObservedDeletion {
            annotated: Lookup::Missing,
            goes_on: Lookup::Missing,
            association: None,
            attached: None,
            associated: None,
            stack: stack(status.clone()),
            foreign: Lookup::Missing,
            service_account: ServiceAccountState::Missing,
            namespaces: Vec::new(),
        };
        let asked = deletion(ForeignPolicies::Refused, ending);
        assert_eq!(verbs(&asked, &observed), [wanted]);
    }
}

#[test]
fn foreign_policies_are_refused_or_detached() {
    let observed = ObservedDeletion {
        annotated: Lookup::Missing,
        goes_on: Lookup::Missing,
        association: None,
        attached: None,
        associated: None,
        stack: stack(StackStatus::CreateComplete),
        foreign: Lookup::Found(Foreign {
            role: "r".to_owned(),
            managed: vec!["arn:aws:iam::aws:policy/p".parse().unwrap()],
            ..Foreign::default()
        }),
        service_account: ServiceAccountState::NotLooked,
        namespaces: Vec::new(),
    };
    assert_eq!(
        verbs(
            &deletion(ForeignPolicies::Refused, Ending::Awaited),
            &observed
        ),
        ["refused"]
    );
    assert_eq!(
        verbs(
            &deletion(ForeignPolicies::Detached, Ending::Awaited),
            &observed
        ),
        [
            "detach arn:aws:iam::aws:policy/p from role r",
            "delete stack s"
        ]
    );
}

#[test]
fn only_owned_service_accounts_are_deleted() {
    let role = Map::from([(
        ROLE_ANNOTATION.to_owned(),
        "arn:aws:iam::111122223333:role/r".to_owned(),
    )]);
    let other = Map::from([(
        ROLE_ANNOTATION.to_owned(),
        "arn:aws:iam::111122223333:role/other".to_owned(),
    )]);
    let owned = Map::from([(MANAGED_BY_LABEL.to_owned(), MANAGED_BY.to_owned())]);
    let helms = Map::from([(MANAGED_BY_LABEL.to_owned(), "Helm".to_owned())]);
    for (labels, annotations, wanted) in [
        (
            &owned,
            &role,
            vec!["delete stack s", "delete service account default/a"],
        ),
        (
            &helms,
            &role,
            vec![
                "delete stack s",
                "remove eks.amazonaws.com/role-arn from service account default/a",
            ],
        ),
        (&helms, &other, vec!["delete stack s"]),
    ] {
        let account = ServiceAccount {
            labels: labels.clone(),
            annotations: annotations.clone(),
            ..ServiceAccount::default()
        };
        let observed = ObservedDeletion {
            annotated: Lookup::Missing,
            goes_on: Lookup::Missing,
            association: None,
            attached: None,
            associated: None,
            stack: stack(StackStatus::CreateComplete),
            foreign: Lookup::Missing,
            service_account: ServiceAccountState::Found(account),
            namespaces: Vec::new(),
        };
        assert_eq!(
            verbs(
                &deletion(ForeignPolicies::Refused, Ending::Awaited),
                &observed
            ),
            wanted
        );
    }
}

#[test]
fn a_name_of_another_namespace_is_not_touched() {
    let observed = ObservedDeletion {
        annotated: Lookup::Missing,
        goes_on: Lookup::Missing,
        association: None,
        attached: None,
        associated: None,
        stack: StackState::Absent,
        foreign: Lookup::Missing,
        service_account: ServiceAccountState::Missing,
        namespaces: vec!["apps".to_owned()],
    };
    assert_eq!(
        verbs(
            &deletion(ForeignPolicies::Refused, Ending::Awaited),
            &observed
        ),
        ["refused"]
    );
}

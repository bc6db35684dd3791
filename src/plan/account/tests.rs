//! Every row of the reconciliation: what is found, and what is done about it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::asked::{Conflicts, Drift, Goal, IamServiceAccount, Permissions};
use crate::model::{Audience, PolicyArn, ROLE_ANNOTATION, StackName, Way};
use crate::policy::{self, Quotas};
use crate::template::RoleTemplate;
use crate::world::{
    LivePolicies, OidcProvider, RoleFacts, RoleHistory, ServiceAccount, ServiceAccountState, Stack,
};

mod crossed;
mod service_account;

const ROLE: &str = "arn:aws:iam::111122223333:role/r";

fn cluster() -> Cluster {
    Cluster {
        name: "demo".parse().unwrap(),
        partition: "aws".to_owned(),
        account: "111122223333".to_owned(),
        issuer: "https://oidc.eks.eu-west-1.amazonaws.com/id/A"
            .parse()
            .unwrap(),
        has_roles_elsewhere: false,
        eks: None,
    }
}

fn policy(name: &str) -> PolicyArn {
    format!("arn:aws:iam::aws:policy/{name}").parse().unwrap()
}

fn spec() -> RoleSpec {
    RoleSpec {
        managed: vec![policy("A")],
        ..RoleSpec::default()
    }
}

fn asked(permissions: Permissions) -> IamServiceAccount {
    IamServiceAccount::bare("default/app".parse().unwrap(), permissions)
}

fn observed(stack: StackState, service_account: ServiceAccountState) -> ObservedAccount {
    ObservedAccount {
        stack,
        stack_name: StackName::reported("s"),
        policies: vec![(policy("A"), Lookup::Found(()))],
        role: Lookup::Missing,
        trusting: None,
        service_account,
        quotas: Quotas::default(),
        association: None,
    }
}

fn provider(audiences: &[&str]) -> ObservedProvider {
    ObservedProvider {
        provider: Some(OidcProvider {
            arn: cluster().provider_arn(),
            audiences: audiences.iter().map(ToString::to_string).collect(),
            thumbprints: Vec::new(),
            created: Lookup::Found(0),
        }),
        reading: None,
    }
}

/// A stack with the role that `made` describes, whose trust policy is that of `trusted`.
fn stack(status: StackStatus, made: &RoleSpec, trusted: &RoleSpec) -> FoundStack {
    let account: ServiceAccountName = "default/app".parse().unwrap();
    let body = template::render(made, &cluster(), &account, &StackName::reported("s"));
    FoundStack {
        stack: Stack {
            name: StackName::reported("s"),
            id: "id".to_owned(),
            status,
            reason: None,
            updated: None,
            changed: None,
            tags: Map::from([(Way::Irsa.tag().to_owned(), account.to_string())]),
            capabilities: Vec::new(),
            role_arn: Some(ROLE.parse().unwrap()),
            protected: true,
        },
        failure: Some("a reason".to_owned()),
        template: RoleTemplate::read(&body, "aws"),
        body: Some(body),
        resources: Lookup::Missing,
        policies: Lookup::Missing,
        associations: Lookup::Missing,
        role: Lookup::Found(RoleFacts {
            arn: ROLE.parse().unwrap(),
            trust: template::trust(trusted, &cluster(), &account),
            boundary: None,
            max_session_duration: None,
            tags: Map::new(),
            history: RoleHistory::default(),
        }),
    }
}

fn found(stack: FoundStack) -> StackState {
    StackState::Found(Box::new(stack))
}

fn ready() -> StackState {
    found(stack(StackStatus::CreateComplete, &spec(), &spec()))
}

fn object(annotations: &[(&str, &str)]) -> ServiceAccountState {
    let annotations = annotations
        .iter()
        .map(|(key, value)| (key.to_string(), value.to_string()))
        .collect();
    ServiceAccountState::Found(ServiceAccount {
        annotations,
        ..ServiceAccount::default()
    })
}

fn told(track: &Track) -> Vec<String> {
    let refused = track
        .refusals
        .iter()
        .map(|refusal| format!("refused: {refusal}"));
    track
        .actions
        .iter()
        .map(ToString::to_string)
        .chain(refused)
        .collect()
}

fn run(asked: &IamServiceAccount, observed: &ObservedAccount) -> Vec<String> {
    told(&plan(
        Goal::Create,
        Drift::Told,
        asked,
        &cluster(),
        observed,
        &provider(&["sts.amazonaws.com"]),
    ))
}

const CREATE: &str = "create stack s";
const DELETE: &str = "delete stack s";
const MAKE: &str = "create service account default/app";
const ANNOTATE: &str = "annotate service account default/app";

#[test]
fn each_phase_of_the_stack_has_its_row() {
    let other = RoleSpec {
        managed: vec![policy("B")],
        ..RoleSpec::default()
    };
    let row = |stack, service_account| {
        run(
            &asked(Permissions::Role(spec())),
            &observed(stack, service_account),
        )
    };
    let missing = || ServiceAccountState::Missing;
    let in_status = |status| found(stack(status, &spec(), &spec()));
    assert_eq!(row(StackState::Absent, missing()), [CREATE, MAKE]);
    assert_eq!(
        row(StackState::Absent, ServiceAccountState::NotLooked),
        [CREATE]
    );
    assert_eq!(row(StackState::Absent, object(&[])), [CREATE, ANNOTATE]);
    assert_eq!(row(ready(), missing()), [MAKE]);
    assert_eq!(row(ready(), object(&[])), [ANNOTATE]);
    assert!(row(ready(), object(&[(ROLE_ANNOTATION, ROLE)])).is_empty());
    assert_eq!(
        row(in_status(StackStatus::CreateFailed), missing()),
        [DELETE, CREATE, MAKE]
    );
    assert_eq!(
        row(in_status(StackStatus::UpdateInProgress), missing()),
        ["wait for stack s (UPDATE_IN_PROGRESS)"]
    );
    assert_eq!(
        row(in_status(StackStatus::DeleteInProgress), missing()),
        ["wait for stack s (DELETE_IN_PROGRESS)"]
    );
    assert_eq!(
        row(in_status(StackStatus::DeleteFailed), missing()),
        ["refused: the deletion of stack \"s\" failed: a reason"]
    );
    assert_eq!(
        row(in_status(StackStatus::UpdateFailed), missing()),
        ["refused: an update of stack \"s\" failed (UPDATE_FAILED): a reason"]
    );
    let differs = row(
        found(stack(StackStatus::CreateComplete, &other, &spec())),
        missing(),
    );
    assert_eq!(differs.len(), 1);
    assert!(differs[0].contains(
        "- managed policy: arn:aws:iam::aws:policy/B\n  + managed policy: arn:aws:iam::aws:policy/A"
    ));
}

#[test]
fn a_trust_policy_that_was_edited_is_refused() {
    let pattern = RoleSpec {
        subject_pattern: Some("app-*".parse().unwrap()),
        ..spec()
    };
    let rows = run(
        &asked(Permissions::Role(spec())),
        &observed(
            found(stack(StackStatus::CreateComplete, &spec(), &pattern)),
            ServiceAccountState::Missing,
        ),
    );
    assert!(rows[0].contains("~ trust policy:"), "{rows:?}");
}

#[test]
fn a_cluster_made_again_is_recognised_by_its_issuer() {
    let mut old = stack(StackStatus::CreateComplete, &spec(), &spec());
    let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/OLD"
        .parse()
        .unwrap();
    let name: ServiceAccountName = "default/app".parse().unwrap();
    let trust = policy::trust_policy(
        "arn:old",
        &issuer,
        &policy::subjects::Subject::Account(name.clone()),
        &Audience::default(),
    );
    old.role = Lookup::Found(RoleFacts {
        arn: ROLE.parse().unwrap(),
        trust,
        boundary: None,
        max_session_duration: None,
        tags: Map::new(),
        history: RoleHistory::default(),
    });
    let rows = run(
        &asked(Permissions::Role(spec())),
        &observed(found(old), ServiceAccountState::Missing),
    );
    assert!(
        rows[0].starts_with("refused: its role trusts another issuer"),
        "{rows:?}"
    );
}

#[test]
fn a_role_that_is_gone_is_refused_and_one_that_cannot_be_read_is_not() {
    let mut gone = stack(StackStatus::CreateComplete, &spec(), &spec());
    gone.role = Lookup::Missing;
    let rows = run(
        &asked(Permissions::Role(spec())),
        &observed(found(gone.clone()), ServiceAccountState::Missing),
    );
    assert!(
        rows[0].contains("deleted outside of CloudFormation"),
        "{rows:?}"
    );
    gone.role = Lookup::Unknown("denied".to_owned());
    let rows = run(
        &asked(Permissions::Role(spec())),
        &observed(found(gone), ServiceAccountState::Missing),
    );
    assert_eq!(rows, [MAKE]);
}

#[test]
fn what_was_taken_from_the_role_by_hand_is_told() {
    let document = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get","Resource":"*"}}"#;
    let spec = RoleSpec {
        inline: vec![policy::PolicyDocument::parse(document).unwrap()],
        ..spec()
    };
    let with = |managed: &[&str], inline: &[&str], boundary: Option<&str>| {
        let arn = |name: &&str| policy(name);
        let mut found_stack = stack(StackStatus::CreateComplete, &spec, &spec);
        found_stack.policies = Lookup::Found(LivePolicies {
            managed: managed.iter().map(arn).collect(),
            inline: inline
                .iter()
                .map(|name| (name.to_string(), serde_json::from_str(document).unwrap()))
                .collect(),
        });
        if let Lookup::Found(role) = &mut found_stack.role {
            role.boundary = boundary.map(policy);
        }
        let world = observed(found(found_stack), object(&[(ROLE_ANNOTATION, ROLE)]));
        let asked = asked(Permissions::Role(spec.clone()));
        plan(
            Goal::Create,
            Drift::Told,
            &asked,
            &cluster(),
            &world,
            &provider(&["sts.amazonaws.com"]),
        )
    };
    let a = "A";
    let whole = with(&[a], &["s-Policy1"], None);
    assert!(told(&whole).is_empty() && whole.notes.is_empty());
    assert!(told(&with(&[], &["s-Policy1"], None))[0].contains("+ managed policy: arn"));
    assert!(told(&with(&[a], &[], None))[0].contains("+ inline policy Policy1: {"));
    let bounded = with(&[a], &["s-Policy1"], Some("b"));
    assert!(told(&bounded)[0].contains("- permissions boundary: arn:aws:iam::aws:policy/b"));
    let more = with(&[a, "more"], &["s-Policy1", "more"], None);
    assert!(told(&more).is_empty());
    assert_eq!(
        more.notes,
        ["the role has policies that were attached by hand: arn:aws:iam::aws:policy/more, more"]
    );
}

#[test]
fn a_role_that_took_the_name_of_the_stacks_is_not_it() {
    let mut other = stack(StackStatus::CreateComplete, &spec(), &spec());
    let Lookup::Found(facts) = &mut other.role else {
        panic!("{:?}", other.role)
    };
    facts.arn = "arn:aws:iam::111122223333:role/by-hand/r".parse().unwrap();
    let rows = run(
        &asked(Permissions::Role(spec())),
        &observed(found(other), ServiceAccountState::Missing),
    );
    assert!(
        rows.len() == 1 && rows[0].contains("deleted outside of CloudFormation"),
        "{rows:?}"
    );
}

#[test]
fn an_existing_role_needs_the_provider_of_its_own_account_with_the_asked_audience() {
    let other = "arn:aws:iam::444455556666:role/r".parse().unwrap();
    let world = observed(StackState::Absent, ServiceAccountState::Missing);
    let none = ObservedProvider {
        provider: None,
        reading: None,
    };
    let track = plan(
        Goal::Create,
        Drift::Told,
        &asked(Permissions::Existing(other)),
        &cluster(),
        &world,
        &none,
    );
    assert_eq!(told(&track), [MAKE]);
    let mut asked = asked(Permissions::Existing(ROLE.parse().unwrap()));
    asked.audience = "vault".parse().unwrap();
    let mut world = world;
    world.role = Lookup::Found(RoleFacts {
        arn: ROLE.parse().unwrap(),
        trust: Value::Null,
        boundary: None,
        max_session_duration: None,
        tags: Map::new(),
        history: RoleHistory::default(),
    });
    let default = plan(
        Goal::Create,
        Drift::Told,
        &asked,
        &cluster(),
        &world,
        &provider(&["sts.amazonaws.com"]),
    );
    let reason = |track: &Track| track.refusals[0].reason.clone();
    assert!(matches!(reason(&default), Reason::NoAudience { .. }));
    let vault = plan(
        Goal::Create,
        Drift::Told,
        &asked,
        &cluster(),
        &world,
        &provider(&["vault"]),
    );
    assert_eq!(told(&vault), [MAKE]);
}

#[test]
fn another_role_is_replaced_only_when_asked() {
    let other = "arn:aws:iam::111122223333:role/other";
    let mut asked = asked(Permissions::Role(spec()));
    for stack in [StackState::Absent, ready()] {
        let rows = run(
            &asked,
            &observed(stack, object(&[(ROLE_ANNOTATION, other)])),
        );
        assert!(rows.len() == 1 && rows[0].contains(other), "{rows:?}");
    }
    asked.conflicts = Conflicts::Overridden;
    assert_eq!(
        run(
            &asked,
            &observed(ready(), object(&[(ROLE_ANNOTATION, other)]))
        ),
        [ANNOTATE]
    );
}

#[test]
fn a_named_role_is_known_before_it_is_made() {
    let named = RoleSpec {
        name: Some("r".parse().unwrap()),
        ..spec()
    };
    let asked = asked(Permissions::Role(named));
    let world = observed(StackState::Absent, object(&[(ROLE_ANNOTATION, ROLE)]));
    assert_eq!(run(&asked, &world), [CREATE, ANNOTATE]);
    let taken = ObservedAccount {
        role: Lookup::Found(RoleFacts {
            arn: ROLE.parse().unwrap(),
            trust: Value::Null,
            boundary: None,
            max_session_duration: None,
            tags: Map::new(),
            history: RoleHistory::default(),
        }),
        ..observed(StackState::Absent, ServiceAccountState::Missing)
    };
    assert!(run(&asked, &taken)[0].starts_with("refused: role name \"r\" is taken"));
}

#[test]
fn policies_must_exist_and_be_of_the_partition() {
    let mut world = observed(StackState::Absent, ServiceAccountState::Missing);
    let china: PolicyArn = "arn:aws-cn:iam::aws:policy/A".parse().unwrap();
    world.policies = vec![
        (policy("gone"), Lookup::Missing),
        (policy("denied"), Lookup::Unknown("denied".to_owned())),
        (china, Lookup::Missing),
    ];
    let track = plan(
        Goal::Create,
        Drift::Told,
        &asked(Permissions::Role(spec())),
        &cluster(),
        &world,
        &provider(&["sts.amazonaws.com"]),
    );
    assert_eq!(told(&track).len(), 2, "{:?}", told(&track));
    assert_eq!(track.notes.len(), 1);
}

#[test]
fn the_provider_and_its_audience_are_needed() {
    let world = observed(StackState::Absent, ServiceAccountState::Missing);
    let asked = asked(Permissions::Role(spec()));
    let none = ObservedProvider {
        provider: None,
        reading: None,
    };
    assert!(matches!(
        plan(Goal::Create, Drift::Told, &asked, &cluster(), &world, &none).refusals[0].reason,
        Reason::NoProvider
    ));
    let other = plan(
        Goal::Create,
        Drift::Told,
        &asked,
        &cluster(),
        &world,
        &provider(&["other"]),
    );
    assert!(matches!(
        other.refusals[0].reason,
        Reason::NoAudience { .. }
    ));
}

#[test]
fn the_token_tells_contents_apart() {
    assert_eq!(token(&["a", "b"]), token(&["a", "b"]));
    assert_ne!(token(&["a", "b"]), token(&["ab", ""]));
    assert!(token(&["a"]).len() <= 128);
}

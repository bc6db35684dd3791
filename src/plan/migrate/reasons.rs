//! Why service accounts stay on the way that they have, by command.

use serde_json::json;

use super::properties::{goal, track, world};
use super::table::{associated, set_association};
use super::tests::*;
use super::*;
use crate::asked::Agent;
use crate::model::{Lookup, ROLE_ANNOTATION, WorkloadKind};
use crate::plan::{Action, Target};
use crate::world::{AddonStatus, OidcProvider, RoleFacts};

/// What the command says, named and of many.
fn told(goal: MoveGoal, moving: &Moving) -> Vec<String> {
    let planned = plan(goal, moving, 4_096);
    let all = planned.tracks.iter().flat_map(|track| {
        assert!(track.refusals.is_empty() || track.actions.is_empty());
        let refused = track.refusals.iter().map(ToString::to_string);
        refused.chain(track.notes.clone()).collect::<Vec<_>>()
    });
    all.collect()
}

fn of_many(goal: MoveGoal) -> MoveGoal {
    MoveGoal {
        scope: Breadth::All,
        ..goal
    }
}

fn set_documents(account: &mut MovingAccount, statement: Value) {
    account.documents = Lookup::Found(vec![json!({"Statement": [statement]})]);
}

#[test]
fn each_reason_not_to_go_to_irsa_is_told() {
    let cases: [(Change, &[&str]); 16] = [
        (|_, _| (), &[]),
        (|_, account| account.role_arn = None, &["it has no role"]),
        (
            |_, account| account.object = Lookup::Missing,
            &["there is no such ServiceAccount"],
        ),
        (
            |_, account| account.object = Lookup::Unknown("denied".to_owned()),
            &["its ServiceAccount cannot be told: denied"],
        ),
        (
            |moving, account| {
                let owner = "arn:aws:eks:eu-west-1:111122223333:addon/demo/vpc-cni/1";
                set_association(account, |it| it.owner = Some(owner.to_owned()));
                let mut addon = agent();
                addon.name = "vpc-cni".to_owned();
                moving.addons = Lookup::Found(vec![agent(), addon]);
            },
            &["add-on vpc-cni gives it its role"],
        ),
        (
            |_, account| {
                if let Lookup::Found(object) = &mut account.object {
                    let other = (ROLE_ANNOTATION.to_owned(), NEXT.to_owned());
                    object.annotations.extend([other]);
                }
            },
            &["its annotation names arn:aws:iam::111122223333:role/next, and its association"],
        ),
        (
            |_, account| {
                account.role_arn = Some("arn:aws:iam::444455556666:role/api".parse().unwrap());
            },
            &["role arn:aws:iam::444455556666:role/api is of another account"],
        ),
        (
            |_, account| account.role = Lookup::Missing,
            &["role arn:aws:iam::111122223333:role/api does not exist"],
        ),
        (
            |_, account| set_association(account, |it| it.target_role = NEXT.parse().ok()),
            &["its association has a target role, which has no equal in IRSA"],
        ),
        (
            |_, account| set_association(account, |it| it.policy = Some("{}".to_owned())),
            &["its association has a session policy, which has no equal in IRSA"],
        ),
        (
            |moving, _| moving.provider = Lookup::Missing,
            &["there is no IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/"],
        ),
        (
            |moving, _| {
                moving.provider = Lookup::Found(OidcProvider {
                    arn: String::new(),
                    audiences: vec!["other".to_owned()],
                    thumbprints: Vec::new(),
                    created: Lookup::Found(0),
                });
            },
            &["there is no IAM OIDC provider arn:aws:iam::111122223333:oidc-provider/"],
        ),
        (
            |_, account| set_trust(account, Vec::new()),
            &["the role's trust policy does not let it in today"],
        ),
        (
            |_, account| {
                let own = "arn:aws:s3:::data/${aws:PrincipalTag/kubernetes-namespace}/*";
                set_documents(
                    account,
                    json!({"Effect": "Allow", "Action": "s3:*", "Resource": own}),
                );
            },
            &[
                "its role's policies ask for aws:PrincipalTag/kubernetes-namespace, which sessions by IRSA do not have",
            ],
        ),
        (
            |_, account| {
                let mut statement = assumed(&["sts:AssumeRole", "sts:TagSession"]);
                let key = "aws:principaltag/EKS-cluster-name";
                statement["Condition"] = json!({"StringEquals": {key: "demo"}});
                account.next_roles = vec![(NEXT.parse().unwrap(), found(vec![statement]))];
            },
            &[
                "its role assumes arn:aws:iam::111122223333:role/next, which asks for aws:PrincipalTag/eks-cluster-name",
            ],
        ),
        (
            |_, account| {
                set_documents(
                    account,
                    json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*",
                    "Condition": {"StringEquals": {"aws:PrincipalTag/team": "a"}}}),
                );
            },
            &[],
        ),
    ];
    let goal = goal(Way::Irsa, Stage::Begin);
    for (index, (change, wanted)) in cases.into_iter().enumerate() {
        let mut account = associated();
        let mut moving = world(account.clone());
        change(&mut moving, &mut account);
        moving.accounts = vec![account];
        let told = told(goal, &moving);
        assert_eq!(told.len(), wanted.len(), "case {index}: {told:?}");
        for (found, wanted) in told.iter().zip(wanted) {
            assert!(found.starts_with(wanted), "case {index}: {found}");
        }
    }
}

fn found(statements: Vec<Value>) -> Lookup<RoleFacts> {
    Lookup::Found(facts(NEXT, statements))
}

/// By whose policies it may only do what its session tags allow.
fn tagged() -> MovingAccount {
    let mut account = associated();
    let condition = json!({"StringEquals": {"aws:PrincipalTag/kubernetes-namespace": "web"}});
    set_documents(
        &mut account,
        json!({"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}),
    );
    account
}

#[test]
fn policies_that_ask_for_session_tags_matter_only_where_there_are_some() {
    let goal = goal(Way::Irsa, Stage::Begin);
    assert_eq!(track(goal, &tagged()).refusals.len(), 1);
    let mut without = tagged();
    set_association(&mut without, |it| it.session_tags_disabled = true);
    set_trust(
        &mut without,
        vec![
            json!({"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Principal": {"Service": "pods.eks.amazonaws.com"}}),
        ],
    );
    assert_eq!(track(goal, &without).refusals, []);
    // Back to what was before is never kept off by them, but it is told.
    let mut begun = tagged();
    if let Lookup::Found(object) = &mut begun.object {
        let annotation = (ROLE_ANNOTATION.to_owned(), ROLE.to_owned());
        object.annotations.extend([annotation]);
    }
    let undone = track(
        super::properties::goal(Way::PodIdentity, Stage::Undo),
        &begun,
    );
    assert_eq!(undone.refusals, []);
    assert!(
        undone.warnings[0].starts_with("its role's policies ask for aws:PrincipalTag/"),
        "{:?}",
        undone.warnings
    );
}

#[test]
fn what_the_cluster_lacks_is_refused_and_what_a_service_account_lacks_is_skipped() {
    let forth = goal(Way::PodIdentity, Stage::Begin);
    let mut moving = world(annotated());
    moving.addons = Lookup::Found(Vec::new());
    let mut stays = annotated();
    set_trust(&mut stays, Vec::new());
    moving.accounts.push(stays);
    let missing =
        "the cluster lacks the add-on eks-pod-identity-agent, by which pods get their credentials";
    let skipped = "skipped: the role's trust policy does not let it in today";
    assert_eq!(told(of_many(forth), &moving), [missing, skipped]);
    let asked = MoveGoal {
        agent: Agent::Installed,
        ..of_many(forth)
    };
    assert_eq!(told(asked, &moving), [skipped]);
    let first = &plan(asked, &moving, 4_096).tracks[0];
    assert_eq!(first.target, Target::Agent("demo".parse().unwrap()));
    assert!(matches!(
        first.actions.as_slice(),
        [Action::InstallAgent { .. }]
    ));
    // One that is on its way is not made again.
    let mut creating = agent();
    creating.status = AddonStatus::Creating;
    moving.addons = Lookup::Found(vec![creating]);
    assert_eq!(
        told(asked, &moving)[0],
        "add-on eks-pod-identity-agent, by which pods get their credentials, is CREATING"
    );
    // Nothing is made for those that stay.
    moving.addons = Lookup::Found(Vec::new());
    moving.accounts.remove(0);
    assert_eq!(plan(asked, &moving, 4_096).tracks.len(), 1);
    let back = of_many(goal(Way::Irsa, Stage::Begin));
    let mut moving = world(associated());
    moving.provider = Lookup::Missing;
    let told = told(back, &moving);
    assert!(
        told[0].starts_with("there is no IAM OIDC provider"),
        "{told:?}"
    );
}

#[test]
fn what_runs_on_the_way_of_before_is_told_with_what_ends_that() {
    let old = |kind, name: &str| {
        let mut pod = pod(PodWay::Irsa);
        (pod.name, pod.owner.kind, pod.owner.name) = (format!("{name}-1"), kind, name.to_owned());
        pod
    };
    let mut account = associated();
    let paused = WorkloadKind::Deployment;
    account.pods = Lookup::Found(vec![
        old(paused, "api"),
        old(WorkloadKind::StatefulSet, "db"),
        old(WorkloadKind::Job, "once"),
        old(WorkloadKind::Pod, "alone"),
        old(WorkloadKind::DaemonSet, "log"),
    ]);
    let Lookup::Found(workloads) = &mut account.workloads else {
        panic!("none");
    };
    let mut second = workloads[0].clone();
    workloads[0].state.paused = true;
    second.state.on_delete = true;
    (second.state.workload.kind, second.state.workload.name) =
        (WorkloadKind::StatefulSet, "db".to_owned());
    workloads.push(second);
    let refused = track(goal(Way::PodIdentity, Stage::Finish), &account);
    let hints = refused.refusals[0].hints.iter().map(ToString::to_string);
    assert_eq!(
        hints.collect::<Vec<_>>(),
        [
            "resume deployment web/api, and run the same command without `--finish`: `kubectl rollout resume deployment/api --namespace web`",
            "delete the pods, which are made anew then: `kubectl delete pod db-1 --namespace web`",
            "wait until job web/once has ended",
            "make it anew: nothing does that, once it is deleted: `kubectl delete pod alone-1 --namespace web`",
            "run the same command without `--finish`, which restarts them",
        ]
    );
}

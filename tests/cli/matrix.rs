//! What `create` makes of everything that it can find, crossed: the state of the stack × where the
//! policies come from × a role name or none × the ServiceAccount, by representatives. The worlds are made by code
//! (`world`), what must come of them is said apart (`expected`), and a run must bring the one to
//! the other, after which another run finds nothing to do.

mod expected;
mod world;

use std::collections::BTreeMap;

use insta::assert_snapshot;

use crate::support::Bench;
use expected::{Expected, expected};

/// What is found of the stack of `web/api-reader`.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Found {
    NoStack,
    AsAsked,
    OtherPolicies,
    OtherBoundary,
    OtherTrust,
    OldIssuer,
    RollbackComplete,
    CreateFailed,
    RollbackFailed,
    ReviewInProgress,
    DeleteFailed,
    CreateInProgress,
    UpdateInProgress,
    DeleteInProgress,
    NameTaken,
}

/// Where the asked permissions come from.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Policies {
    Arn,
    Inline,
    WellKnown,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Name {
    Given,
    NotGiven,
}

/// What is found of the ServiceAccount. Ours has the role's annotation wherever its ARN can be
/// known by then; Helm's has none.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Object {
    Absent,
    Ours,
    Helms,
    OtherRole,
}

#[derive(Clone, Copy, Debug)]
struct Case {
    found: Found,
    policies: Policies,
    name: Name,
    object: Object,
}

/// Labels and annotations of the ServiceAccount.
type Maps = [BTreeMap<String, String>; 2];

/// The cases of a row that are run. All of them are planned in `plan/account/tests/crossed.rs`: what is
/// asked of the role does not change what becomes of the ServiceAccount, nor the other way round.
const CASES: [(Policies, Name, Object); 4] = [
    (Policies::Arn, Name::NotGiven, Object::Absent),
    (Policies::Inline, Name::Given, Object::Ours),
    (Policies::WellKnown, Name::NotGiven, Object::Helms),
    (Policies::WellKnown, Name::Given, Object::OtherRole),
];

/// Runs the cases of a row. Returns what the first of them told.
fn cross(found: Found) -> String {
    let mut first = String::new();
    let mut wrong = Vec::new();
    for (policies, name, object) in CASES {
        let case = Case {
            found,
            policies,
            name,
            object,
        };
        let (told, faults) = check(case);
        if first.is_empty() {
            first.clone_from(&told);
        }
        if !faults.is_empty() {
            wrong.push(format!("{case:?}: {}\n{told}", faults.join("; ")));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    first
}

/// Runs one case: what the first run told, and in what it or the second one was wrong.
fn check(case: Case) -> (String, Vec<String>) {
    let bench = world::build(case);
    let line = world::line(case);
    let before = world::service_account(&bench);
    let expected = expected(case);
    let told = bench.run(&line);
    let mut faults = Vec::new();
    let mut same = |what: &str, wanted: String, is: String| {
        if wanted != is {
            faults.push(format!("{what}: wanted {wanted}, is {is}"));
        }
    };
    same(
        "outcome",
        format!("{} [exit {}]", expected.outcome, expected.exit),
        outcome(&told),
    );
    same("changing calls", expected.changes.clone(), changes(&bench));
    same(
        "stacks",
        expected.stacks.clone(),
        bench.stacks().trim().replace('\n', ", "),
    );
    faults.extend(world::faults_of_role(&bench, case, &expected));
    let wanted = service_account(&expected, &before, &world::asked_role(&bench, &expected));
    let is = world::service_account(&bench);
    if wanted != is {
        faults.push(format!("service account: wanted {wanted:?}, is {is:?}"));
    }
    faults.extend(faults_of_second_run(&bench, &line, &expected));
    (told, faults)
}

/// The second run finds all as asked, or refuses again; in no case it changes anything.
fn faults_of_second_run(bench: &Bench, line: &str, expected: &Expected) -> Vec<String> {
    let before = bench.state();
    let told = bench.run(line);
    let wanted = match expected.exit {
        0 => "unchanged [exit 0]",
        _ => "refused [exit 1]",
    };
    let mut faults = Vec::new();
    if outcome(&told) != wanted {
        faults.push(format!("second run: wanted {wanted}, is {told}"));
    }
    let calls = changes(bench);
    if !calls.is_empty() || bench.state() != before {
        faults.push(format!("the second run changed something: {calls}"));
    }
    faults
}

/// What becomes of the ServiceAccount by the expectation.
fn service_account(expected: &Expected, before: &Option<Maps>, role: &str) -> Option<Maps> {
    let map = |key: &str, value: &str| BTreeMap::from([(key.to_owned(), value.to_owned())]);
    let annotation = map("eks.amazonaws.com/role-arn", role);
    match expected.object {
        expected::Object::Same => before.clone(),
        expected::Object::Made => Some([map("app.kubernetes.io/managed-by", "eksctl"), annotation]),
        expected::Object::Annotated => before.clone().map(|[labels, mut annotations]| {
            annotations.extend(annotation);
            [labels, annotations]
        }),
    }
}

/// Status and exit status, as `created [exit 0]`.
fn outcome(told: &str) -> String {
    let row = told.lines().find(|line| line.starts_with("web "));
    let status = row.and_then(|row| row.split_whitespace().nth(2));
    let exit = told.lines().last().unwrap_or_default();
    format!("{} {exit}", status.unwrap_or("no row"))
}

/// The calls since the last look that change something, separated by commas.
fn changes(bench: &Bench) -> String {
    bench.changes().trim().replace('\n', ", ")
}

#[test]
fn without_a_stack_it_is_created() {
    assert_snapshot!(cross(Found::NoStack), @"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-OGV6XQ23X7ZR
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created service account web/api-reader
    [exit 0]
    ");
}

#[test]
fn a_stack_as_asked_is_kept() {
    assert_snapshot!(cross(Found::AsAsked), @"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-OGV6XQ23X7ZR
    [stderr]
    created service account web/api-reader
    [exit 0]
    ");
}

#[test]
fn a_stack_with_other_policies_is_refused() {
    assert_snapshot!(cross(Found::OtherPolicies), @r#"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   refused
    [stderr]
    error: web/api-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-web-api-reader" is not as asked (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AmazonSQSFullAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    hint: change the role: `irsactl update iamserviceaccount api-reader --namespace web --cluster demo --add-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess --remove-policy-arn arn:aws:iam::aws:policy/AmazonSQSFullAccess`
    [exit 1]
    "#);
}

#[test]
fn a_stack_with_another_boundary_is_refused() {
    assert_snapshot!(cross(Found::OtherBoundary), @r#"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   refused
    [stderr]
    error: web/api-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-web-api-reader" is not as asked (- is there, + is asked for)
      - permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
    hint: change the role: `irsactl update iamserviceaccount api-reader --namespace web --cluster demo --no-permissions-boundary`
    [exit 1]
    "#);
}

#[test]
fn a_role_with_another_trust_policy_is_refused() {
    assert_snapshot!(cross(Found::OtherTrust), @r#"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   refused
    [stderr]
    error: web/api-reader: the role of stack "eksctl-demo-addon-iamserviceaccount-web-api-reader" was changed by hand (- is there, + is asked for)
      ~ trust policy:
                "Condition": {
                  "StringEquals": {
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:*"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:web:api-reader"
                  }
                },
                "Effect": "Allow",
    hint: undo that: `irsactl update iamserviceaccount api-reader --namespace web --cluster demo --repair-drift --approve`
    [exit 1]
    "#);
}

#[test]
fn a_role_of_the_old_issuer_is_refused() {
    assert_snapshot!(cross(Found::OldIssuer), @"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   refused
    [stderr]
    error: web/api-reader: its role trusts another issuer, as if the cluster had been made again under its old name
      role trusts: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/0123456789ABCDEF0123456789ABCDEF
      cluster has: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
    hint: let it trust the present one: `irsactl update iamserviceaccount api-reader --namespace web --cluster demo --approve`
    [exit 1]
    ");
}

#[test]
fn a_creation_that_was_rolled_back_is_replaced() {
    assert_snapshot!(cross(Found::RollbackComplete), @r#"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-P4S42TJXZ76Q
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-web-api-reader" is in ROLLBACK_COMPLETE: it is deleted and created again
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created service account web/api-reader
    [exit 0]
    "#);
}

#[test]
fn a_failed_creation_is_replaced() {
    assert_snapshot!(cross(Found::CreateFailed), @r#"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-P4S42TJXZ76Q
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-web-api-reader" is in CREATE_FAILED: it is deleted and created again
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created service account web/api-reader
    [exit 0]
    "#);
}

#[test]
fn a_failed_rollback_is_replaced() {
    assert_snapshot!(cross(Found::RollbackFailed), @r#"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-P4S42TJXZ76Q
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-web-api-reader" is in ROLLBACK_FAILED: it is deleted and created again
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created service account web/api-reader
    [exit 0]
    "#);
}

#[test]
fn a_stack_that_was_only_reviewed_is_replaced() {
    assert_snapshot!(cross(Found::ReviewInProgress), @r#"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-P4S42TJXZ76Q
    [stderr]
    note: stack "eksctl-demo-addon-iamserviceaccount-web-api-reader" is in REVIEW_IN_PROGRESS: it is deleted and created again
    deleted stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created service account web/api-reader
    [exit 0]
    "#);
}

#[test]
fn a_failed_deletion_is_refused() {
    assert_snapshot!(cross(Found::DeleteFailed), @r#"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   refused
    [stderr]
    error: web/api-reader: the deletion of stack "eksctl-demo-addon-iamserviceaccount-web-api-reader" failed: Role1 (AWS::IAM::Role): Resource handler returned message: "Cannot delete entity, must detach all policies first. (Service: Iam, Status Code: 409, Request ID: 00000000-0000-0000-0000-000000000000)"
    hint: finish the deletion: `irsactl delete iamserviceaccount api-reader --namespace web --cluster demo`
    hint: add `--detach-foreign` to it where policies were attached by hand
    [exit 1]
    "#);
}

#[test]
fn a_creation_under_way_is_waited_for() {
    assert_snapshot!(cross(Found::CreateInProgress), @"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-OGV6XQ23X7ZR
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-web-api-reader (CREATE_IN_PROGRESS)
    created service account web/api-reader
    [exit 0]
    ");
}

#[test]
fn an_update_under_way_is_waited_for() {
    assert_snapshot!(cross(Found::UpdateInProgress), @"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   changed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-OGV6XQ23X7ZR
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-web-api-reader (UPDATE_IN_PROGRESS)
    created service account web/api-reader
    [exit 0]
    ");
}

#[test]
fn a_deletion_under_way_is_waited_for_and_the_stack_made_anew() {
    assert_snapshot!(cross(Found::DeleteInProgress), @"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-P4S42TJXZ76Q
    [stderr]
    waited for stack eksctl-demo-addon-iamserviceaccount-web-api-reader (DELETE_IN_PROGRESS)
    created stack eksctl-demo-addon-iamserviceaccount-web-api-reader
    created service account web/api-reader
    [exit 0]
    ");
}

#[test]
fn a_stack_name_that_is_taken_is_left_to_its_service_account() {
    assert_snapshot!(cross(Found::NameTaken), @"
    [stdout]
    NAMESPACE   NAME         STATUS    ROLE ARN
    web         api-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-web-api-r-Role1-QIG4VQRADDRD
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-web-api-reader-6a521d02
    created service account web/api-reader
    [exit 0]
    ");
}

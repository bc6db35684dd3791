//! What was changed by hand on the role of a stack.

use super::*;
use crate::diagnose::{CheckState, Finding};
use crate::template::RoleTemplate;
use crate::world::{FoundStack, StackState};

pub const DRIFT: &[Broken] = &[("role-drift", "drift", |case| {
    of_stack(case);
    detach(case);
})];

/// With a stack whose template says of the role what it is.
fn of_stack(case: &mut Case) {
    case.stack(ROLE, StackStatus::CreateComplete);
    let facts = case.account.role.as_mut();
    let Some((facts, policies)) = facts.and_then(|role| {
        let policies = role.policies.clone();
        Some((whole::found(&mut role.role)?.clone(), policies))
    }) else {
        return;
    };
    let body = json!({"Resources": {"Role1": {"Type": "AWS::IAM::Role", "Properties": {
        "AssumeRolePolicyDocument": facts.trust,
        "ManagedPolicyArns": [POLICY],
    }}}, "Outputs": {"Role1": {"Value": {"Fn::GetAtt": "Role1.Arn"}}}});
    stack(case, |found| {
        found.template = RoleTemplate::read(&body, "aws");
        found.body = Some(body.clone());
        found.role = Lookup::Found(facts.clone());
        found.policies = policies.clone();
    });
}

fn stack(case: &mut Case, change: impl FnOnce(&mut FoundStack)) {
    let observed = whole::found(&mut case.account.observed);
    if let Some(StackState::Found(found)) = observed.map(|observed| &mut observed.stack) {
        change(found);
    }
}

fn detach(case: &mut Case) {
    stack(case, |found| {
        let policies = whole::found(&mut found.policies).into_iter();
        policies.for_each(|policies| policies.managed.clear());
    });
}

/// What is said of the role of a stack: the verdict, and what differs.
fn judged(change: impl FnOnce(&mut Case)) -> (CheckState, Vec<String>) {
    let mut case = whole::healthy();
    of_stack(&mut case);
    change(&mut case);
    let (_, account) = case.reports();
    let mut judged = account.judged.iter();
    let verdict = judged.find(|it| it.check == "role-drift");
    let of_drift = account.findings.iter();
    let of_drift = of_drift.filter(|finding| finding.check == "role-drift");
    let items = of_drift.flat_map(|finding: &Finding| finding.difference.clone());
    (verdict.expect("a verdict").verdict, items.collect())
}

#[test]
fn a_role_that_is_as_its_stack_made_it_holds() {
    assert_eq!(judged(|_| ()), (CheckState::Holds, vec![]));
}

#[test]
fn what_cannot_be_read_is_unknown_and_hides_nothing_else() {
    let unknown = (CheckState::Unknown, vec![]);
    assert_eq!(judged(|case| case.account.observed = hidden()), unknown);
    let roles = |case: &mut Case| stack(case, |found| found.role = hidden());
    assert_eq!(judged(roles), unknown);
    let policies = |case: &mut Case| stack(case, |found| found.policies = hidden());
    assert_eq!(judged(policies), unknown);
    let template = |case: &mut Case| stack(case, |found| found.template = None);
    assert_eq!(judged(template), unknown);
    let lost = judged(|case| {
        roles(case);
        detach(case);
    });
    assert_eq!(
        lost,
        (
            CheckState::Found,
            vec![format!("+ managed policy: {POLICY}")]
        )
    );
}

#[test]
fn a_role_of_no_stack_and_one_of_another_have_no_template() {
    let nothing = (CheckState::DoesNotApply, vec![]);
    assert_eq!(
        judged(|case| case.account.observed = Lookup::Missing),
        nothing
    );
    let other = |case: &mut Case| {
        detach(case);
        case.annotation(Some(&ROLE.replace("ABC", "DEF")));
    };
    assert_eq!(judged(other), nothing);
    let busy = |case: &mut Case| {
        stack(case, |found| {
            found.stack.status = StackStatus::UpdateInProgress;
        });
    };
    assert_eq!(judged(busy), nothing);
}

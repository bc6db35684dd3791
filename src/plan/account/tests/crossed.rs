//! All that `create` can find of a stack and of the ServiceAccount, crossed with what is asked of the role:
//! the stack has its rule and the ServiceAccount has its own, and neither changes with the rest.

use super::*;
use crate::policy::PolicyDocument;
use crate::template::WELL_KNOWN;

const OTHER: &str = "arn:aws:iam::111122223333:role/other";

/// What becomes of a stack.
enum Rule {
    /// The actions on it.
    Done(&'static [&'static str]),
    /// It is as asked, with the role that it has.
    Kept,
    Awaited,
    /// With words of the refusal.
    Refused(&'static str),
}

/// What is asked of a role: a managed, an inline or a well-known policy, and a name or none.
fn specs() -> Vec<RoleSpec> {
    let document = r#"{"Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}]}"#;
    let inline = RoleSpec {
        inline: vec![PolicyDocument::parse(document).unwrap()],
        ..RoleSpec::default()
    };
    let well_known = RoleSpec {
        well_known: vec![WELL_KNOWN[0]],
        ..RoleSpec::default()
    };
    let unnamed = [spec(), inline, well_known].into_iter();
    let named = unnamed.clone().map(|spec| RoleSpec {
        name: Some("r".parse().unwrap()),
        ..spec
    });
    unnamed.chain(named).collect()
}

/// What can be found of the stack of such a role.
fn stacks(spec: &RoleSpec) -> Vec<(StackState, Rule)> {
    let in_status = |status| stack(status, spec, spec);
    let broken = FoundStack {
        stack: Stack {
            role_arn: None,
            ..in_status(StackStatus::CreateFailed).stack
        },
        role: Lookup::Missing,
        ..in_status(StackStatus::CreateFailed)
    };
    let other_policies = RoleSpec {
        managed: vec![policy("B")],
        ..spec.clone()
    };
    let other_boundary = RoleSpec {
        boundary: Some(policy("B")),
        ..spec.clone()
    };
    let other_trust = RoleSpec {
        subject_pattern: Some("app-*".parse().unwrap()),
        ..spec.clone()
    };
    let made = |made| stack(StackStatus::CreateComplete, made, spec);
    vec![
        (StackState::Absent, Rule::Done(&[CREATE])),
        (found(broken), Rule::Done(&[DELETE, CREATE])),
        (found(in_status(StackStatus::CreateComplete)), Rule::Kept),
        (
            found(in_status(StackStatus::UpdateInProgress)),
            Rule::Awaited,
        ),
        (
            found(in_status(StackStatus::DeleteInProgress)),
            Rule::Awaited,
        ),
        (
            found(in_status(StackStatus::DeleteFailed)),
            Rule::Refused("the deletion of stack"),
        ),
        (
            found(in_status(StackStatus::UpdateFailed)),
            Rule::Refused("an update of stack"),
        ),
        (
            found(made(&other_policies)),
            Rule::Refused("- managed policy: arn:aws:iam::aws:policy/B"),
        ),
        (
            found(made(&other_boundary)),
            Rule::Refused("- permissions boundary"),
        ),
        (
            found(stack(StackStatus::CreateComplete, spec, &other_trust)),
            Rule::Refused("~ trust policy"),
        ),
    ]
}

#[test]
fn what_is_found_is_treated_alike_whatever_is_asked() {
    let mut cases = 0;
    for spec in specs() {
        let asked = asked(Permissions::Role(spec.clone()));
        for (stack, rule) in stacks(&spec) {
            let objects = [
                (ServiceAccountState::Missing, Some(MAKE)),
                (object(&[]), Some(ANNOTATE)),
                (object(&[("app", "x")]), Some(ANNOTATE)),
                (object(&[(ROLE_ANNOTATION, OTHER)]), None),
            ];
            for (object, change) in objects {
                let case = format!("{spec:?}\n{stack:?}\n{object:?}");
                let told = run(&asked, &observed(stack.clone(), object));
                check(&told, &rule, change, &case);
                cases += 1;
            }
        }
        let ours = object(&[(ROLE_ANNOTATION, ROLE)]);
        assert!(run(&asked, &observed(stacks(&spec).remove(2).0, ours)).is_empty());
    }
    assert_eq!(cases, 240);
}

/// `change` of the ServiceAccount; `None`: it has another role, which is told before anything is changed.
fn check(told: &[String], rule: &Rule, change: Option<&str>, case: &str) {
    let is_refusal = |line: &String| line.starts_with("refused: ");
    let names_other = || {
        told.iter()
            .any(|line| is_refusal(line) && line.contains(OTHER))
    };
    match (rule, change) {
        (Rule::Refused(words), _) => {
            let is_said = told.iter().any(|line| line.contains(words));
            assert!(is_said && told.iter().all(is_refusal), "{told:?}\n{case}");
        }
        (Rule::Awaited, _) => assert!(
            told.len() == 1 && told[0].starts_with("wait for stack s ("),
            "{told:?}\n{case}"
        ),
        (Rule::Done(_) | Rule::Kept, None) => {
            assert!(told.len() == 1 && names_other(), "{told:?}\n{case}");
        }
        (Rule::Done(done), Some(change)) => {
            let wanted: Vec<&str> = done.iter().copied().chain([change]).collect();
            assert_eq!(told, wanted, "{case}");
        }
        (Rule::Kept, Some(change)) => assert_eq!(told, [change], "{case}"),
    }
}

//! What must come of each case. Written from the promise to users (docs/service-accounts.md), not from the program:
//! what is missing is made, what is wrong is repaired or refused, a failed creation is replaced,
//! an operation under way is waited for, and what belongs to others is left alone.

use super::{Case, Found, Name, Object as FoundObject};

pub const STACK: &str = "eksctl-demo-addon-iamserviceaccount-web-api-reader";
/// Ends with the first 8 hex digits of SHA-256 of `demo/web/api-reader`.
pub const HASHED: &str = "eksctl-demo-addon-iamserviceaccount-web-api-reader-6a521d02";

pub struct Expected {
    pub exit: i32,
    pub outcome: &'static str,
    /// Names and statuses, separated by commas.
    pub stacks: String,
    /// The stack that has the asked role afterwards.
    pub stack: Option<&'static str>,
    pub object: Object,
    /// All calls that change something, separated by commas.
    pub changes: String,
}

/// What becomes of the ServiceAccount.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Object {
    Same,
    Made,
    Annotated,
}

/// What becomes of the stack.
#[derive(Clone, Copy, PartialEq)]
enum Stack {
    Made,
    /// With the status that it has in the end.
    Kept(&'static str),
    Replaced,
    /// With the status that it stays in.
    Refused(&'static str),
}

pub fn expected(case: Case) -> Expected {
    let stack = match case.found {
        Found::NoStack | Found::DeleteInProgress | Found::NameTaken => Stack::Made,
        Found::AsAsked | Found::CreateInProgress => Stack::Kept("CREATE_COMPLETE"),
        Found::UpdateInProgress => Stack::Kept("UPDATE_COMPLETE"),
        Found::OtherPolicies | Found::OtherBoundary | Found::OtherTrust | Found::OldIssuer => {
            Stack::Refused("CREATE_COMPLETE")
        }
        Found::DeleteFailed => Stack::Refused("DELETE_FAILED"),
        Found::RollbackComplete
        | Found::CreateFailed
        | Found::RollbackFailed
        | Found::ReviewInProgress => Stack::Replaced,
    };
    match (stack, case.object) {
        (Stack::Refused(status), _) => refused(Some(status)),
        // Another role on the ServiceAccount is told before anything is changed; only what was
        // under way anyway has gone on.
        (_, FoundObject::OtherRole) => refused(left_alone(case.found)),
        (stack, object) => accepted(case, stack, object),
    }
}

/// In which status a stack stays that nothing is done to; `None`: it is gone.
fn left_alone(found: Found) -> Option<&'static str> {
    match found {
        Found::NoStack | Found::DeleteInProgress => None,
        Found::UpdateInProgress => Some("UPDATE_COMPLETE"),
        Found::RollbackComplete => Some("ROLLBACK_COMPLETE"),
        Found::CreateFailed => Some("CREATE_FAILED"),
        Found::RollbackFailed => Some("ROLLBACK_FAILED"),
        Found::ReviewInProgress => Some("REVIEW_IN_PROGRESS"),
        _ => Some("CREATE_COMPLETE"),
    }
}

fn refused(status: Option<&str>) -> Expected {
    Expected {
        exit: 1,
        outcome: "refused",
        stacks: status.map_or_else(String::new, |status| format!("{STACK} {status}")),
        stack: None,
        object: Object::Same,
        changes: String::new(),
    }
}

fn accepted(case: Case, stack: Stack, object: FoundObject) -> Expected {
    let (stack_calls, status): (&[&str], _) = match stack {
        Stack::Made => (&["cloudformation CreateStack"], "CREATE_COMPLETE"),
        Stack::Replaced => (
            &[
                "cloudformation UpdateTerminationProtection",
                "cloudformation DeleteStack",
                "cloudformation CreateStack",
            ],
            "CREATE_COMPLETE",
        ),
        Stack::Kept(status) | Stack::Refused(status) => (&[], status),
    };
    // Ours is as asked where it could be annotated by then: with a name always, else where the
    // role was there before.
    let is_annotated = object == FoundObject::Ours
        && (case.name == Name::Given
            || matches!(case.found, Found::AsAsked | Found::UpdateInProgress));
    let is_kept = matches!(stack, Stack::Kept(_));
    const APPLY: &str = "kubernetes apply serviceaccounts";
    let (became, object_calls): (_, &[&str]) = match object {
        FoundObject::Absent => (
            Object::Made,
            &[APPLY, "kubernetes create namespaces", APPLY],
        ),
        _ if is_annotated && is_kept => (Object::Same, &[]),
        // The new role's ARN is written even where it is foreseen: no harm, it is the same.
        _ => (Object::Annotated, &[APPLY]),
    };
    let name = match case.found {
        Found::NameTaken => HASHED,
        _ => STACK,
    };
    let stacks = match case.found {
        Found::NameTaken => format!("{STACK} CREATE_COMPLETE, {HASHED} {status}"),
        _ => format!("{name} {status}"),
    };
    Expected {
        exit: 0,
        outcome: match (is_kept, became) {
            (false, _) => "created",
            (true, Object::Same) => "unchanged",
            (true, _) => "changed",
        },
        stacks,
        stack: Some(name),
        object: became,
        changes: [stack_calls, object_calls].concat().join(", "),
    }
}

//! Roles that are assumed from a role. Sessions of EKS Pod Identity carry tags that go on to the next
//! role, whose trust policy must allow `sts:TagSession` (EKS User Guide, "Grant Pods access to AWS
//! resources based on tags").

use std::collections::BTreeSet;

use serde_json::Value;

use super::Obstacle;
use crate::model::{Lookup, RoleArn};
use crate::policy::evaluate::{Decision, Principal, Request, evaluate};
use crate::policy::{statements, texts};
use crate::world::{MovingAccount, RoleFacts};

const ASSUME: &str = "sts:AssumeRole";
const TAG: &str = "sts:TagSession";

/// The roles that policies let assume, by name: what a wildcard means nobody knows.
pub fn next_roles(documents: &[Value]) -> BTreeSet<RoleArn> {
    let names_it = |action: &&str| action.eq_ignore_ascii_case(ASSUME) || *action == "sts:*";
    let allows = |statement: &&Value| {
        statement["Effect"] == "Allow" && texts(&statement["Action"]).iter().any(names_it)
    };
    let allowing = documents.iter().flat_map(statements).filter(allows);
    let resources = allowing.flat_map(|statement| texts(&statement["Resource"]));
    let exact = resources.filter(|resource| !resource.contains(['*', '?', '$']));
    exact.filter_map(|resource| resource.parse().ok()).collect()
}

/// Roles that let this one in today, and would not with session tags.
pub fn obstacles(account: &MovingAccount, own: &RoleArn, facts: &RoleFacts) -> Vec<Obstacle> {
    let mut found = Vec::new();
    let names_itself = |statement: &Value| {
        let names = texts(&statement["Principal"]["AWS"]);
        names.contains(&facts.arn.to_string().as_str())
    };
    let names_itself = statements(&facts.trust).any(names_itself);
    let assumes_itself = account.next_roles.iter().any(|(role, _)| role == own);
    if (names_itself || assumes_itself) && lacks_tags(&facts.trust, own) {
        found.push(Obstacle::SelfAssuming);
    }
    for (role, next) in account.next_roles.iter().filter(|(role, _)| role != own) {
        if let Lookup::Found(next) = next
            && lacks_tags(&next.trust, own)
        {
            found.push(Obstacle::Chained(role.clone()));
        }
    }
    found
}

fn lacks_tags(trust: &Value, caller: &RoleArn) -> bool {
    let may = |action: &str| {
        let caller = Principal::Aws(caller.to_string());
        let decision = evaluate(trust, &Request::new(action, caller, None)).decision;
        matches!(
            decision,
            Decision::Allowed { .. } | Decision::Depends { .. }
        )
    };
    may(ASSUME) && !may(TAG)
}

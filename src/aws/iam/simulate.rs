//! What IAM says that a role may do (SimulatePrincipalPolicy). Apart from the reads of what the
//! policies are.

use std::collections::BTreeSet;

use aws_sdk_iam::types::{
    EvaluationResult, PermissionsBoundaryDecisionDetail, PolicyEvaluationDecisionType,
};

use super::super::lookup;
use super::{Iam, MISSING};
use crate::error::Error;
use crate::model::{Lookup, RoleArn};
use crate::proof::{Denier, Permission, SimulatedDecision, Simulation};

impl Iam {
    /// Asks whether the role may: its policies, its boundary, and what its organisation's policies say
    /// of it. Not the policies of resources.
    ///
    /// # Errors
    /// Of what is neither denied nor missing.
    pub async fn simulate(&self, role: &RoleArn, asked: &Permission) -> Result<Simulation, Error> {
        const OPERATION: &str = "iam:SimulatePrincipalPolicy";
        let call = self
            .0
            .simulate_principal_policy()
            .policy_source_arn(role.to_string())
            .action_names(&asked.action)
            .resource_arns(&asked.resource);
        let subject = role.to_string();
        let answer = lookup(OPERATION, &subject, MISSING, call.send().await)?;
        let unknown = |why: &str| SimulatedDecision::Unknown {
            why: why.to_owned(),
        };
        let decision = match answer {
            Lookup::Missing => unknown("the role does not exist"),
            Lookup::Unknown(why) => unknown(&why),
            Lookup::Found(answer) => match answer.evaluation_results().first() {
                Some(result) => decision(result),
                None => unknown("IAM's answer has no result"),
            },
        };
        Ok(Simulation {
            permission: asked.clone(),
            decision,
        })
    }
}

/// Of one resource the answer is in its own part, and what the policies wanted to know besides is there
/// or beside it (API reference, EvaluationResult and ResourceSpecificResult).
fn decision(result: &EvaluationResult) -> SimulatedDecision {
    let specific = result.resource_specific_results().first();
    let decided = specific.map_or_else(|| result.eval_decision(), |it| it.eval_resource_decision());
    if *decided == PolicyEvaluationDecisionType::Allowed {
        return SimulatedDecision::Allowed;
    }
    let within = |it: &PermissionsBoundaryDecisionDetail| it.allowed_by_permissions_boundary();
    let boundary = specific
        .and_then(|it| it.permissions_boundary_decision_detail())
        .or(result.permissions_boundary_decision_detail())
        .map(within);
    let organisation = result.organizations_decision_detail();
    let mut by = Vec::new();
    if *decided == PolicyEvaluationDecisionType::ExplicitDeny {
        by.push(Denier::ExplicitDeny);
    }
    if boundary == Some(false) {
        by.push(Denier::Boundary);
    }
    if organisation.is_some_and(|detail| !detail.allowed_by_organizations()) {
        by.push(Denier::Organisation);
    }
    if by.is_empty() {
        by.push(Denier::ImplicitDeny);
    }
    let missing = specific.map(|it| it.missing_context_values());
    let missing = missing.into_iter().flatten();
    let keys: BTreeSet<&String> = missing.chain(result.missing_context_values()).collect();
    // The keys are none of the organisation's policies.
    if keys.is_empty() || by.contains(&Denier::Organisation) {
        return SimulatedDecision::Denied { by };
    }
    SimulatedDecision::Depends {
        keys: keys.into_iter().cloned().collect(),
    }
}

//! What IAM says that a role may do (SimulatePrincipalPolicy). Apart from the reads of what the
//! policies are.

use aws_sdk_iam::types::{EvaluationResult, PolicyEvaluationDecisionType};

use super::super::lookup;
use super::{Iam, MISSING};
use crate::error::Error;
use crate::model::RoleArn;
use crate::observe::Lookup;
use crate::proof::{Decision, Denier, Permission, Verdict};

impl Iam {
    /// Asks whether the role may: its policies, its boundary, and what its organisation's policies say
    /// of it. Not the policies of resources.
    ///
    /// # Errors
    /// Of what is neither denied nor missing.
    pub async fn simulate(&self, role: &RoleArn, asked: &Permission) -> Result<Verdict, Error> {
        const OPERATION: &str = "iam:SimulatePrincipalPolicy";
        let call = self
            .0
            .simulate_principal_policy()
            .policy_source_arn(role.to_string())
            .action_names(&asked.action)
            .resource_arns(&asked.resource);
        let subject = role.to_string();
        let answer = lookup(OPERATION, &subject, MISSING, call.send().await)?;
        let unknown = |why: &str| Decision::Unknown {
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
        Ok(Verdict {
            permission: asked.clone(),
            decision,
        })
    }
}

fn decision(result: &EvaluationResult) -> Decision {
    let decided = result.eval_decision();
    if *decided == PolicyEvaluationDecisionType::Allowed {
        return Decision::Allowed;
    }
    let boundary = result.permissions_boundary_decision_detail();
    let organisation = result.organizations_decision_detail();
    let mut by = Vec::new();
    if *decided == PolicyEvaluationDecisionType::ExplicitDeny {
        by.push(Denier::ExplicitDeny);
    }
    if boundary.is_some_and(|detail| !detail.allowed_by_permissions_boundary()) {
        by.push(Denier::Boundary);
    }
    if organisation.is_some_and(|detail| !detail.allowed_by_organizations()) {
        by.push(Denier::Organisation);
    }
    if by.is_empty() {
        by.push(Denier::ImplicitDeny);
    }
    Decision::Denied { by }
}

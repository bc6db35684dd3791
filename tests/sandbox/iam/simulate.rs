//! SimulatePrincipalPolicy: what a role's permission policies, its boundary and the organisation's
//! policy decide for each action and resource. As in AWS nothing is called, the role's trust policy has
//! no part in it, and no policy of a resource.

use serde_json::Value;

use super::super::aws::{Parameters, Refusal, Xml};
use super::super::trust::Context;
use super::super::world::Account;
use super::evaluate::{Decision, decision};
use super::{Role, no_such_entity};

impl Account {
    /// The documents of a role's attached and inline policies.
    pub fn permissions(&self, role: &Role) -> Vec<Value> {
        let attached = role.attached.iter();
        let attached = attached.filter_map(|arn| self.policy(role.partition(), arn));
        attached
            .map(|policy| policy.document)
            .chain(role.inline.values().cloned())
            .collect()
    }

    /// The document of a role's permissions boundary.
    pub fn boundary(&self, role: &Role) -> Option<Value> {
        let policy = self.policy(role.partition(), role.boundary.as_ref()?)?;
        Some(policy.document)
    }
}

/// The operation, for roles.
pub fn answer(account: &Account, parameters: &Parameters) -> Result<Xml, Refusal> {
    let arn = parameters.required("PolicySourceArn")?;
    let role = account.roles.values().find(|role| role.arn == arn);
    let role = role.ok_or_else(|| no_such_entity(format!("Cannot find the entity {arn}.")))?;
    let actions = parameters.list("ActionNames");
    if actions.is_empty() {
        parameters.required("ActionNames.member.1")?;
    }
    for action in &actions {
        if !action.contains(':') || action.contains('*') {
            let message = format!("Invalid Action Name : {action}");
            return Err(super::invalid_input(message));
        }
    }
    let resources = match parameters.list("ResourceArns") {
        none if none.is_empty() => vec!["*".to_owned()],
        some => some,
    };
    let results = actions.iter().flat_map(|action| {
        let one = |resource: &String| evaluated(account, role, action, resource);
        resources.iter().map(one).collect::<Vec<_>>()
    });
    Ok(Xml::default()
        .list("EvaluationResults", results)
        .text("IsTruncated", "false"))
}

fn evaluated(account: &Account, role: &Role, action: &str, resource: &str) -> Xml {
    let context = Context::default();
    let policies = account.permissions(role);
    let boundary = account.boundary(role);
    let own = decision(&policies, boundary.as_ref(), action, resource, &context);
    let organisation = account.service_control_policy.as_ref().map(|document| {
        let document = std::slice::from_ref(document);
        decision(document, None, action, resource, &context)
    });
    let decided = match (own, organisation) {
        (Decision::ExplicitDeny, _) | (_, Some(Decision::ExplicitDeny)) => "explicitDeny",
        (Decision::Allowed, None | Some(Decision::Allowed)) => "allowed",
        _ => "implicitDeny",
    };
    let is = |holds: bool| if holds { "true" } else { "false" };
    let mut result = Xml::default()
        .text("EvalActionName", action)
        .text("EvalResourceName", resource)
        .text("EvalDecision", decided)
        .list("MissingContextValues", []);
    if let Some(boundary) = boundary {
        let within = decision(&[boundary], None, action, resource, &context) == Decision::Allowed;
        let detail = Xml::default().text("AllowedByPermissionsBoundary", is(within));
        result = result.element("PermissionsBoundaryDecisionDetail", detail);
    }
    if let Some(organisation) = organisation {
        let allowed = is(organisation == Decision::Allowed);
        let detail = Xml::default().text("AllowedByOrganizations", allowed);
        result = result.element("OrganizationsDecisionDetail", detail);
    }
    result
}

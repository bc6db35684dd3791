//! SimulatePrincipalPolicy: what a role's permission policies, its boundary and the organisation's
//! policy decide for each action and resource. As in AWS nothing is called, the role's trust policy has
//! no part in it, and no policy of a resource.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::super::aws::{Parameters, Refusal, Xml};
use super::super::trust::Context;
use super::super::world::Account;
use super::evaluate::{Decision, about, decision};
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
    let given = given(parameters);
    let results = actions.iter().flat_map(|action| {
        let one = |resource: &String| evaluated(account, role, action, resource, &given);
        resources.iter().map(one).collect::<Vec<_>>()
    });
    Ok(Xml::default()
        .list("EvaluationResults", results)
        .text("IsTruncated", "false"))
}

/// The call's ContextEntries, by the keys' names.
fn given(parameters: &Parameters) -> BTreeMap<String, Vec<String>> {
    let names = (1..).map_while(|index| {
        let entry = format!("ContextEntries.member.{index}");
        let name = parameters.text(&format!("{entry}.ContextKeyName"))?;
        let values = parameters.list(&format!("{entry}.ContextKeyValues"));
        Some((name.to_owned(), values))
    });
    names.collect()
}

/// The condition keys of the statements about an action and a resource that the call did not give. Those
/// of a boundary and of the organisation's policies are not told (API reference, EvaluationResult).
fn missing(
    policies: &[Value],
    action: &str,
    resource: &str,
    given: &BTreeMap<String, Vec<String>>,
) -> BTreeSet<String> {
    let statements = policies
        .iter()
        .flat_map(|document| about(document, action, resource));
    let conditions = statements.filter_map(|statement| statement["Condition"].as_object());
    let keys = conditions
        .flatten()
        .filter_map(|(_, keys)| keys.as_object());
    let keys = keys.flat_map(|keys| keys.keys());
    let is_given = |key: &String| given.keys().any(|name| name.eq_ignore_ascii_case(key));
    keys.filter(|key| !is_given(key)).cloned().collect()
}

fn evaluated(
    account: &Account,
    role: &Role,
    action: &str,
    resource: &str,
    given: &BTreeMap<String, Vec<String>>,
) -> Xml {
    let with = |context: Context, (key, values): (&String, &Vec<String>)| {
        context.with(key, values.iter().cloned())
    };
    let context = given.iter().fold(Context::default(), with);
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
    let within = boundary.map(|boundary| {
        let within = decision(&[boundary], None, action, resource, &context) == Decision::Allowed;
        Xml::default().text("AllowedByPermissionsBoundary", is(within))
    });
    let missing = missing(&policies, action, resource, given);
    let bounded = |result: Xml| match &within {
        Some(detail) => result.element("PermissionsBoundaryDecisionDetail", detail.clone()),
        None => result,
    };
    let mut result = bounded(
        Xml::default()
            .text("EvalActionName", action)
            .text("EvalResourceName", resource)
            .text("EvalDecision", decided)
            .values("MissingContextValues", &missing),
    );
    // Of a resource that is named, the answer has a part of its own.
    if resource != "*" {
        let specific = Xml::default()
            .text("EvalResourceName", resource)
            .text("EvalResourceDecision", decided)
            .values("MissingContextValues", &missing);
        result = result.list("ResourceSpecificResults", [bounded(specific)]);
    }
    if let Some(organisation) = organisation {
        let allowed = is(organisation == Decision::Allowed);
        let detail = Xml::default().text("AllowedByOrganizations", allowed);
        result = result.element("OrganizationsDecisionDetail", detail);
    }
    result
}

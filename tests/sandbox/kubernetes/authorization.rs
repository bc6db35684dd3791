//! Who may do what: a stand-in for RBAC, and the access reviews that ask it.

use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::super::trust::one_or_many;
use super::authentication::User;
use super::route::{Route, body};
use super::status::{failure, refusal};

/// What callers may do in a cluster.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Access {
    /// `cluster-admin`.
    #[default]
    Admin,
    /// Not mapped to any Kubernetes user: 401, as EKS answers without an access entry.
    Nobody,
    /// Mapped, but without any rights: 403.
    NoRights,
    /// RBAC verb (`patch`, also for apply) and resource (`serviceaccounts/token`).
    Only(Vec<(String, String)>),
    /// The rules of a ClusterRole that is bound to the caller.
    Rules(Vec<Value>),
}

impl Access {
    /// `Only` those, for tests: `Access::only(&[("get", "serviceaccounts")])`.
    pub fn only(rights: &[(&str, &str)]) -> Self {
        let owned = |(verb, resource): &(&str, &str)| ((*verb).to_owned(), (*resource).to_owned());
        Self::Only(rights.iter().map(owned).collect())
    }

    /// `name` is empty where a request names no object.
    pub fn allows(&self, verb: &str, group: &str, resource: &str, name: &str) -> bool {
        let has = |list: &Value, wanted: &str| one_or_many(list).iter().any(|it| *it == wanted);
        match self {
            Self::Admin => true,
            Self::Nobody | Self::NoRights => false,
            Self::Only(rights) => rights
                .iter()
                .any(|right| right.0 == verb && right.1 == resource),
            Self::Rules(rules) => rules.iter().any(|rule| {
                has(&rule["verbs"], verb)
                    && has(&rule["apiGroups"], group)
                    && has(&rule["resources"], resource)
                    && (rule["resourceNames"].is_null() || has(&rule["resourceNames"], name))
            }),
        }
    }
}

/// The API server's 403. A namespace counts as being in itself.
pub fn forbidden(user: &User, route: &Route, verb: &str) -> Reply {
    let resource = route.resource.qualified();
    let subject = if route.name.is_empty() {
        resource
    } else {
        format!("{resource} \"{}\"", route.name)
    };
    let namespace = match (route.resource.plural, route.namespace.as_str()) {
        ("namespaces", _) => route.name.as_str(),
        (_, namespace) => namespace,
    };
    let place = if namespace.is_empty() {
        "at the cluster scope".to_owned()
    } else {
        format!("in the namespace \"{namespace}\"")
    };
    let message = format!(
        "{subject} is forbidden: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {place}",
        user.name,
        verb,
        route.full_resource(),
        route.resource.group,
    );
    let mut details = json!({"kind": route.resource.plural});
    if !route.name.is_empty() {
        details["name"] = route.name.as_str().into();
    }
    failure(403, "Forbidden", &message, &details)
}

/// SelfSubjectAccessReview and SelfSubjectRulesReview, open to everyone who is authenticated.
///
/// # Errors
/// The refusal of a body that is no review.
pub fn review(access: &Access, route: &Route, request: &Request) -> Result<Reply, Reply> {
    let mut review = body(request)?;
    if !review.is_object() || review["spec"].as_object().is_none() {
        return Err(refusal(400, "BadRequest", "the review has no spec"));
    }
    review["status"] = if route.resource.plural == "selfsubjectaccessreviews" {
        access_status(access, &review["spec"]["resourceAttributes"])
    } else {
        rules_status(access)
    };
    Ok(Reply::json(201, &review))
}

fn access_status(access: &Access, attributes: &Value) -> Value {
    let text = |name: &str| attributes[name].as_str().unwrap_or("");
    let resource = match text("subresource") {
        "" => text("resource").to_owned(),
        subresource => format!("{}/{subresource}", text("resource")),
    };
    let allowed = access.allows(text("verb"), text("group"), &resource, text("name"));
    let reason = if allowed {
        "RBAC: allowed by the sandbox"
    } else {
        ""
    };
    json!({"allowed": allowed, "reason": reason})
}

fn rules_status(access: &Access) -> Value {
    let rule = |verb: &str, resource: &str| json!({"verbs": [verb], "apiGroups": ["*"], "resources": [resource]});
    let rules = match access {
        Access::Admin => vec![rule("*", "*")],
        Access::Nobody | Access::NoRights => Vec::new(),
        Access::Only(rights) => rights
            .iter()
            .map(|(verb, resource)| rule(verb, resource))
            .collect(),
        Access::Rules(rules) => rules.clone(),
    };
    json!({"resourceRules": rules, "nonResourceRules": [], "incomplete": false})
}

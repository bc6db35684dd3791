//! Kubernetes' answers that are no object: `v1.Status`, with the reasons that clients look at.

use serde_json::{Value, json};

use super::super::http::Reply;
use super::route::Route;

/// A failure; `reason` is what clients compare (`NotFound`, `Conflict`), may be empty.
pub fn refusal(status: u16, reason: &str, message: &str) -> Reply {
    failure(status, reason, message, &Value::Null)
}

pub fn not_found(route: &Route) -> Reply {
    not_found_name(route, &route.name)
}

/// As `not_found`, for a name that is not in the path.
pub fn not_found_name(route: &Route, name: &str) -> Reply {
    let message = format!("{} \"{name}\" not found", route.resource.qualified());
    failure(404, "NotFound", &message, &details(route, name))
}

pub fn namespace_not_found(namespace: &str) -> Reply {
    let details = json!({"name": namespace, "kind": "namespaces"});
    failure(
        404,
        "NotFound",
        &format!("namespaces \"{namespace}\" not found"),
        &details,
    )
}

pub fn already_exists(route: &Route, name: &str) -> Reply {
    let message = format!("{} \"{name}\" already exists", route.resource.qualified());
    failure(409, "AlreadyExists", &message, &details(route, name))
}

/// The optimistic lock failed.
pub fn modified(route: &Route, why: &str) -> Reply {
    let (resource, name) = (route.resource.qualified(), &route.name);
    let message = format!("Operation cannot be fulfilled on {resource} \"{name}\": {why}");
    failure(409, "Conflict", &message, &details(route, name))
}

/// The same where the kind is named (`rest.BeforeDelete`).
pub fn modified_kind(route: &Route, why: &str) -> Reply {
    let (kind, name) = (route.resource.kind, &route.name);
    let message = format!("Operation cannot be fulfilled on {kind} \"{name}\": {why}");
    let details = json!({"name": name, "kind": kind});
    failure(409, "Conflict", &message, &details)
}

/// One field has a wrong value.
pub fn invalid(kind: &str, name: &str, field: &str, why: &str) -> Reply {
    let message = format!("{kind} \"{name}\" is invalid: {field}: {why}");
    let cause = json!({"reason": "FieldValueInvalid", "message": why, "field": field});
    let details = json!({"name": name, "kind": kind, "causes": [cause]});
    failure(422, "Invalid", &message, &details)
}

/// Another field manager owns what an apply wants to change. `conflicts` are the owner, as
/// messages name it, and the path (`apimachinery`'s `managedfields/internal/conflict.go`).
pub fn apply_conflict(conflicts: &[(String, String)]) -> Reply {
    let message = match conflicts {
        [(owner, path)] => format!("Apply failed with 1 conflict: conflict with {owner}: {path}"),
        many => {
            let mut lines = Vec::new();
            let mut owners: Vec<&String> = many.iter().map(|(owner, _)| owner).collect();
            owners.sort();
            owners.dedup();
            for owner in owners {
                lines.push(format!("conflicts with {owner}:"));
                let paths = many.iter().filter(|(other, _)| other == owner);
                lines.extend(paths.map(|(_, path)| format!("- {path}")));
            }
            format!(
                "Apply failed with {} conflicts: {}",
                many.len(),
                lines.join("\n")
            )
        }
    };
    let cause = |(owner, path): &(String, String)| json!({"reason": "FieldManagerConflict", "message": format!("conflict with {owner}"), "field": path});
    let causes: Vec<Value> = conflicts.iter().map(cause).collect();
    failure(409, "Conflict", &message, &json!({"causes": causes}))
}

/// What a delete answers that does not hand back the object.
pub fn deleted(route: &Route, object: &Value) -> Reply {
    let mut details = details(route, &route.name);
    details["uid"] = object["metadata"]["uid"].clone();
    Reply::json(
        200,
        &json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}),
    )
}

fn details(route: &Route, name: &str) -> Value {
    let mut details = json!({"name": name, "kind": route.resource.plural});
    if !route.resource.group.is_empty() {
        details["group"] = route.resource.group.into();
    }
    details
}

pub fn failure(status: u16, reason: &str, message: &str, details: &Value) -> Reply {
    let mut body = json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": message,
        "code": status,
    });
    if !reason.is_empty() {
        body["reason"] = reason.into();
    }
    if !details.is_null() {
        body["details"] = details.clone();
    }
    Reply::json(status, &body)
}

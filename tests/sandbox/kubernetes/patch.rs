//! The patches that are computed from the live object: JSON merge patch, strategic merge patch
//! and JSON patch. Server-side apply is in `fields.rs`.

use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::route::{body, unsupported};
use super::status::refusal;

/// The live object with the patch of the request in it. Strategic merge is the same as merge
/// patch but for lists of objects, which service accounts and namespaces hardly have.
///
/// # Errors
/// The API server's refusal of the patch.
pub fn patched(live: &Value, request: &Request) -> Result<Value, Reply> {
    let kind = request
        .header("content-type")
        .unwrap_or("")
        .split(';')
        .next()
        .unwrap_or("");
    let mut new = live.clone();
    // Only a version that the patch itself names is a condition.
    new["metadata"]["resourceVersion"] = Value::Null;
    match kind {
        "application/merge-patch+json" | "application/strategic-merge-patch+json" => {
            merge(&mut new, &body(request)?);
        }
        "application/json-patch+json" => {
            new["metadata"]["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
            let operations = body(request)?;
            for operation in operations.as_array().into_iter().flatten() {
                if change(&mut new, operation).is_none() {
                    let message = "the server rejected our request due to an error in our request";
                    return Err(refusal(422, "Invalid", message));
                }
            }
        }
        _ => return Err(unsupported(kind)),
    }
    Ok(new)
}

/// RFC 7386. Directives of strategic merge (`$patch`, `$setElementOrder/…`) are passed over.
fn merge(target: &mut Value, patch: &Value) {
    let Some(members) = patch.as_object() else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = json!({});
    }
    for (member, value) in members
        .iter()
        .filter(|(member, _)| !member.starts_with('$'))
    {
        if value.is_null() {
            if let Some(target) = target.as_object_mut() {
                target.remove(member);
            }
        } else {
            merge(&mut target[member.as_str()], value);
        }
    }
}

/// One operation of RFC 6902: `add`, `replace`, `remove`, `test`, on members of objects.
fn change(object: &mut Value, operation: &Value) -> Option<()> {
    let pointer = operation["path"].as_str()?;
    let value = &operation["value"];
    let (parent, member) = pointer.rsplit_once('/')?;
    let member = member.replace("~1", "/").replace("~0", "~");
    let members = object.pointer_mut(parent)?.as_object_mut()?;
    match operation["op"].as_str()? {
        "test" => (members.get(&member).unwrap_or(&Value::Null) == value).then_some(()),
        "add" => {
            members.insert(member, value.clone());
            Some(())
        }
        "replace" => members.get_mut(&member).map(|place| *place = value.clone()),
        "remove" => members.remove(&member).map(drop),
        _ => None,
    }
}

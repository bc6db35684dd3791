//! Deletions as the API server carries them out (`apiserver/pkg/registry`: `rest.BeforeDelete`,
//! `generic/registry/store.go`): preconditions; objects that finalizers hold, which stay with a
//! deletionTimestamp until the last finalizer is gone; namespaces, which go with what is in them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::route::{Route, body};
use super::status::{deleted, failure, modified_kind, refusal};
use super::store::{dry_run, live, timestamp};
use super::{Api, Key, admission, controllers, key};

/// One DELETE.
///
/// # Errors
/// The API server's refusal.
pub fn answer(api: &mut Api, route: &Route, request: &Request) -> Result<Reply, Reply> {
    let live = live(api, route)?.clone();
    let is_namespace = route.resource.kind == "Namespace";
    if is_namespace && ["default", "kube-system", "kube-public"].contains(&route.name.as_str()) {
        let message = format!(
            "namespaces \"{}\" is forbidden: this namespace may not be deleted",
            route.name
        );
        return Err(refusal(403, "Forbidden", &message));
    }
    check_preconditions(route, &body(request)?["preconditions"], &live)?;
    admission::admit(api, route, &route.name)?;
    if !dry_run(request) {
        let place = key(route.resource.plural, &route.namespace, &route.name);
        delete(api, &place);
        if let Some(held) = api.objects.get(&place) {
            return Ok(Reply::json(200, held));
        }
    }
    // These two hand back the object (`ReturnDeletedObject` of their storage).
    if ["ServiceAccount", "Pod"].contains(&route.resource.kind) {
        return Ok(Reply::json(200, &live));
    }
    Ok(deleted(route, &live))
}

/// Takes an object away, or marks it where something holds it.
pub fn delete(api: &mut Api, place: &Key) {
    if place.0 == "namespaces" {
        let inside = api.objects.keys().filter(|key| key.1 == place.2);
        for key in inside.cloned().collect::<Vec<_>>() {
            delete(api, &key);
        }
    }
    if is_held(api, place) {
        mark(api, place);
    } else if let Some(object) = api.objects.remove(place) {
        controllers::deleted(api, &object);
    }
}

/// After a write: what was only held by finalizers, and has none any more, goes; and its namespace, where
/// that waits for the last of what is in it.
pub fn finalize(api: &mut Api, place: &Key) {
    let is_marked = |api: &Api, place: &Key| {
        let object = api.objects.get(place);
        object.is_some_and(|object| !object["metadata"]["deletionTimestamp"].is_null())
    };
    if is_marked(api, place) && !is_held(api, place) {
        delete(api, place);
        let namespace = key("namespaces", "", &place.1);
        if is_marked(api, &namespace) && !is_held(api, &namespace) {
            delete(api, &namespace);
        }
    }
}

/// Nothing new is made in a namespace that goes (admission plugin NamespaceLifecycle).
///
/// # Errors
/// Its refusal.
pub fn check_namespace(namespace: &Value, route: &Route, name: &str) -> Result<(), Reply> {
    if namespace["metadata"]["deletionTimestamp"].is_null() {
        return Ok(());
    }
    let space = &route.namespace;
    let why =
        format!("unable to create new content in namespace {space} because it is being terminated");
    let message = format!(
        "{} \"{name}\" is forbidden: {why}",
        route.resource.qualified()
    );
    let cause = json!({
        "reason": "NamespaceTerminating",
        "message": format!("namespace {space} is being terminated"),
        "field": "metadata.namespace",
    });
    let details = json!({"name": name, "kind": route.resource.plural, "causes": [cause]});
    Err(failure(403, "Forbidden", &message, &details))
}

fn is_held(api: &Api, place: &Key) -> bool {
    if place.0 == "namespaces" {
        return api.objects.keys().any(|key| key.1 == place.2);
    }
    let object = api.objects.get(place);
    let finalizers = object.and_then(|object| object["metadata"]["finalizers"].as_array());
    finalizers.is_some_and(|finalizers| !finalizers.is_empty())
}

fn mark(api: &mut Api, place: &Key) {
    let revision = api.next_revision().to_string();
    let conditions = remaining(api, &place.2);
    let Some(object) = api.objects.get_mut(place) else {
        return;
    };
    if !object["metadata"]["deletionTimestamp"].is_null() {
        return;
    }
    let metadata = &mut object["metadata"];
    metadata["deletionTimestamp"] = timestamp().into();
    metadata["resourceVersion"] = revision.into();
    if place.0 == "namespaces" {
        object["status"] = json!({"phase": "Terminating", "conditions": conditions});
    } else {
        metadata["deletionGracePeriodSeconds"] = 0.into();
    }
}

/// What the namespace controller tells of a namespace that does not go (its
/// `namespaced_resources_deleter`; the words from memory).
fn remaining(api: &Api, namespace: &str) -> Value {
    let inside = api.objects.iter().filter(|(key, _)| key.1 == namespace);
    let finalizers = inside.flat_map(|(_, object)| object["metadata"]["finalizers"].as_array());
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for finalizer in finalizers.flatten().filter_map(Value::as_str) {
        *counts.entry(finalizer).or_default() += 1;
    }
    let counts: Vec<String> = counts
        .iter()
        .map(|(finalizer, count)| format!("{finalizer} in {count} resource instances"))
        .collect();
    json!([{
        "type": "NamespaceFinalizersRemaining",
        "status": "True",
        "reason": "SomeFinalizersRemain",
        "message": format!(
            "Some content in the namespace has finalizers remaining: {}",
            counts.join(", ")
        ),
    }])
}

/// `rest.BeforeDelete`, which names the kind where others name the resource.
fn check_preconditions(route: &Route, wanted: &Value, live: &Value) -> Result<(), Reply> {
    let differs = |member: &str, named: &str, hint: &str| {
        let live = live["metadata"][member].as_str().unwrap_or("");
        let wanted = wanted[member].as_str().filter(|wanted| *wanted != live)?;
        Some(format!(
            "the {named} in the precondition ({wanted}) does not match the {named} in record ({live}). \
             The object might have been {hint}"
        ))
    };
    let uid = || differs("uid", "UID", "deleted and then recreated");
    let version = || differs("resourceVersion", "ResourceVersion", "modified");
    match uid().or_else(version) {
        Some(why) => Err(modified_kind(route, &why)),
        None => Ok(()),
    }
}

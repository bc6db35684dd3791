//! Reading and writing objects, the same for every resource: names, namespaces, resource versions
//! and uids as the API server keeps them.

use aws_smithy_types::DateTime;
use aws_smithy_types::date_time::Format;
use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::super::token::now;
use super::fields::{self, Manager};
use super::route::{Route, Verb, body, parameter};
use super::status::{
    already_exists, apply_conflict, invalid, modified, namespace_not_found, not_found, refusal,
};
use super::{Api, Key, admission, controllers, deletion, list, patch, validation, webhook};

/// What no client sets.
const SET_BY_SERVER: [&str; 5] = [
    "uid",
    "creationTimestamp",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
];

/// One request for a resource that is stored.
///
/// # Errors
/// The API server's refusal.
pub fn answer(api: &mut Api, route: &Route, request: &Request) -> Result<Reply, Reply> {
    if !route.subresource.is_empty() {
        return Err(refusal(
            404,
            "NotFound",
            "the server could not find the requested resource",
        ));
    }
    if [Verb::Get, Verb::List].contains(&route.verb) {
        controllers::look(api, route);
    }
    match route.verb {
        Verb::Get => Ok(Reply::json(200, live(api, route)?)),
        Verb::List => list::answer(api, route, request),
        Verb::Create => create(api, route, request),
        Verb::Update => update(api, route, request),
        Verb::Patch => patch(api, route, request),
        Verb::Apply => apply(api, route, request),
        Verb::Delete => deletion::answer(api, route, request),
    }
}

/// Writes without asking: what the sandbox itself puts there.
pub fn put(api: &mut Api, route: &Route, object: Value, manager: &Manager) -> Value {
    let live = api.objects.get(&place(route, &route.name)).cloned();
    let object = complete(api, route, &route.name, live.as_ref(), object);
    let object = fields::update(live.as_ref(), object, manager);
    save(api, route, &route.name, object, live.as_ref())
}

/// The same by a server-side apply that takes what others own.
pub fn put_applied(api: &mut Api, route: &Route, wanted: &Value, manager: &Manager) -> Value {
    let live = api.objects.get(&place(route, &route.name)).cloned();
    let base = live.as_ref().unwrap_or(wanted);
    let object = fields::apply(base, wanted, manager, true).unwrap_or_else(|_| base.clone());
    let object = complete(api, route, &route.name, live.as_ref(), object);
    save(api, route, &route.name, object, live.as_ref())
}

/// Now, as metadata has it.
pub fn timestamp() -> String {
    timestamp_at(now())
}

/// RFC 3339, whole seconds, UTC.
pub fn timestamp_at(seconds: i64) -> String {
    DateTime::from_secs(seconds)
        .fmt(Format::DateTime)
        .unwrap_or_default()
}

fn create(api: &mut Api, route: &Route, request: &Request) -> Result<Reply, Reply> {
    let object = object(route, request)?;
    let mut name = object["metadata"]["name"].as_str().unwrap_or("").to_owned();
    if let (true, Some(prefix)) = (name.is_empty(), object["metadata"]["generateName"].as_str()) {
        name = format!("{prefix}{:05x}", api.revision);
    }
    check_place(api, route, &name)?;
    if api.objects.contains_key(&place(route, &name)) {
        return Err(already_exists(route, &name));
    }
    let mut object = complete(api, route, &name, None, object);
    if route.resource.kind == "Pod" {
        webhook::admit(api, &mut object)?;
        controllers::start(api, &mut object);
    }
    let object = fields::update(None, object, &manager(route, request)?);
    Ok(Reply::json(
        201,
        &commit(api, route, &name, object, None, request)?,
    ))
}

fn update(api: &mut Api, route: &Route, request: &Request) -> Result<Reply, Reply> {
    let new = object(route, request)?;
    let live = live(api, route)?.clone();
    check_precondition(route, &new, &live)?;
    overwrite(api, route, request, new, &live)
}

fn patch(api: &mut Api, route: &Route, request: &Request) -> Result<Reply, Reply> {
    let live = live(api, route)?.clone();
    let new = patch::patched(&live, request)?;
    check_identity(route, &new)?;
    overwrite(api, route, request, new, &live)
}

fn apply(api: &mut Api, route: &Route, request: &Request) -> Result<Reply, Reply> {
    let wanted = object(route, request)?;
    if !wanted["metadata"]["managedFields"].is_null() {
        return Err(refusal(
            400,
            "BadRequest",
            "metadata.managedFields must be nil",
        ));
    }
    let (given, expected) = (
        wanted["apiVersion"].as_str().unwrap_or(""),
        route.resource.version(),
    );
    if given != expected || wanted["kind"].is_null() {
        let message = format!(
            "Incorrect version specified in apply patch. Specified patch version: {given}, expected: {expected}"
        );
        return Err(refusal(400, "BadRequest", &message));
    }
    let manager = manager(route, request)?;
    let force =
        parameter(&request.query, "force").is_some_and(|force| force == "true" || force == "1");
    let Ok(live) = live(api, route).cloned() else {
        check_place(api, route, &route.name)?;
        if let Some(uid) = wanted["metadata"]["uid"].as_str() {
            let why = format!(
                "uid mismatch: the provided object specified uid {uid}, and no existing object was found"
            );
            return Err(modified(route, &why));
        }
        // What the server adds belongs to nobody.
        let wanted = fields::apply(&wanted, &wanted, &manager, force)
            .map_err(|conflicts| apply_conflict(&conflicts))?;
        let object = complete(api, route, &route.name, None, wanted);
        return Ok(Reply::json(
            201,
            &commit(api, route, &route.name, object, None, request)?,
        ));
    };
    let object = fields::apply(&live, &wanted, &manager, force)
        .map_err(|conflicts| apply_conflict(&conflicts))?;
    check_version(route, &wanted, &live)?;
    let object = complete(api, route, &route.name, Some(&live), object);
    Ok(Reply::json(
        200,
        &commit(api, route, &route.name, object, Some(&live), request)?,
    ))
}

fn overwrite(
    api: &mut Api,
    route: &Route,
    request: &Request,
    new: Value,
    live: &Value,
) -> Result<Reply, Reply> {
    check_version(route, &new, live)?;
    let new = complete(api, route, &route.name, Some(live), new);
    let new = fields::update(Some(live), new, &manager(route, request)?);
    Ok(Reply::json(
        200,
        &commit(api, route, &route.name, new, Some(live), request)?,
    ))
}

/// The last checks, then the write; a dry run stops before it.
fn commit(
    api: &mut Api,
    route: &Route,
    name: &str,
    object: Value,
    live: Option<&Value>,
    request: &Request,
) -> Result<Value, Reply> {
    validation::check(route.resource, &object)?;
    admission::admit(api, route, name)?;
    if dry_run(request) {
        return Ok(object);
    }
    Ok(save(api, route, name, object, live))
}

/// Stores the object under a new resource version, unless nothing changed.
fn save(
    api: &mut Api,
    route: &Route,
    name: &str,
    mut object: Value,
    live: Option<&Value>,
) -> Value {
    if live == Some(&object) {
        return object;
    }
    object["metadata"]["resourceVersion"] = api.next_revision().to_string().into();
    let key = place(route, name);
    api.objects.insert(key.clone(), object.clone());
    controllers::written(api, &key, live, &object);
    deletion::finalize(api, &key);
    if route.resource.kind == "Namespace" && live.is_none() {
        api.put_service_account(name, "default", &[], &[], "kube-controller-manager");
    }
    object
}

/// The object with what the server sets: identity, and what stays as it is in `live`.
fn complete(
    api: &mut Api,
    route: &Route,
    name: &str,
    live: Option<&Value>,
    mut object: Value,
) -> Value {
    strip_nulls(&mut object);
    object["apiVersion"] = route.resource.version().into();
    object["kind"] = route.resource.kind.into();
    let metadata = &mut object["metadata"];
    metadata["name"] = name.into();
    if route.resource.namespaced {
        metadata["namespace"] = route.namespace.as_str().into();
    }
    match live {
        Some(live) => {
            for member in SET_BY_SERVER {
                metadata[member] = live["metadata"][member].clone();
            }
        }
        None => {
            for member in SET_BY_SERVER {
                metadata[member] = Value::Null;
            }
            metadata["uid"] =
                format!("5a4db0c5-0000-4000-8000-{:012x}", api.next_revision()).into();
            metadata["creationTimestamp"] = timestamp().into();
        }
    }
    if let Some(metadata) = metadata.as_object_mut() {
        let empty = |map: &Value| map.as_object().is_some_and(|map| map.is_empty());
        metadata.retain(|member, value| {
            let is_map = ["labels", "annotations"].contains(&member.as_str());
            let is_left_out = value.is_null() || is_map && empty(value);
            !is_left_out
        });
    }
    controllers::complete(route.resource.kind, live, &mut object);
    if route.resource.kind == "Namespace" {
        let labels = &mut object["metadata"]["labels"];
        // Anything else is left for the validation to refuse.
        if labels.is_null() || labels.is_object() {
            labels["kubernetes.io/metadata.name"] = name.into();
        }
        object["spec"] = json!({"finalizers": ["kubernetes"]});
        object["status"] = match live {
            Some(live) => live["status"].clone(),
            None => json!({"phase": "Active"}),
        };
    }
    object
}

/// The body, which must be the object that the path names.
fn object(route: &Route, request: &Request) -> Result<Value, Reply> {
    let object = body(request)?;
    check_identity(route, &object)?;
    Ok(object)
}

fn check_identity(route: &Route, object: &Value) -> Result<(), Reply> {
    let refuse = |message: &str| Err(refusal(400, "BadRequest", message));
    let kind = route.resource.kind;
    if !object.is_object() || !(object["metadata"].is_object() || object["metadata"].is_null()) {
        return refuse(&format!("the body is no {kind}"));
    }
    // A client that posts a typed object may leave these out.
    let version = route.resource.version();
    for (member, wanted) in [("apiVersion", version.as_str()), ("kind", kind)] {
        if object[member].as_str().is_some_and(|given| given != wanted) {
            return refuse(&format!(
                "{} in version \"{}\" cannot be handled as a {kind}",
                object["kind"].as_str().unwrap_or(""),
                object["apiVersion"].as_str().unwrap_or("")
            ));
        }
    }
    let text = |member: &str| object["metadata"][member].as_str().unwrap_or("");
    if !route.name.is_empty() && !["", route.name.as_str()].contains(&text("name")) {
        let message = format!(
            "the name of the object ({}) does not match the name on the URL ({})",
            text("name"),
            route.name
        );
        return refuse(&message);
    }
    if route.resource.namespaced && !["", route.namespace.as_str()].contains(&text("namespace")) {
        return refuse(
            "the namespace of the provided object does not match the namespace sent on the request",
        );
    }
    Ok(())
}

/// The optimistic lock (`Store.Update`): a version that the client names must be the live one; after
/// that, the uid may not change.
fn check_version(route: &Route, new: &Value, live: &Value) -> Result<(), Reply> {
    let version = text(new, "resourceVersion");
    if !["", text(live, "resourceVersion")].contains(&version) {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        return Err(modified(route, why));
    }
    let uid = text(new, "uid");
    if ["", text(live, "uid")].contains(&uid) {
        return Ok(());
    }
    let why = format!("Invalid value: \"{uid}\": field is immutable");
    Err(invalid(
        route.resource.kind,
        &route.name,
        "metadata.uid",
        &why,
    ))
}

/// A PUT has the uid that it names as a precondition (`rest.DefaultUpdatedObjectInfo`, etcd3's
/// `checkPreconditions`).
fn check_precondition(route: &Route, new: &Value, live: &Value) -> Result<(), Reply> {
    let (uid, live_uid) = (text(new, "uid"), text(live, "uid"));
    if ["", live_uid].contains(&uid) {
        return Ok(());
    }
    let why = format!(
        "StorageError: invalid object, Code: 4, Key: /registry/{}/{}/{}, ResourceVersion: 0, AdditionalErrorMsg: \
         Precondition failed: UID in precondition: {uid}, UID in object meta: {live_uid}",
        route.resource.plural, route.namespace, route.name
    );
    Err(modified(route, &why))
}

fn text<'a>(object: &'a Value, member: &str) -> &'a str {
    object["metadata"][member].as_str().unwrap_or("")
}

/// What lives in a namespace needs one that exists.
fn check_place(api: &Api, route: &Route, name: &str) -> Result<(), Reply> {
    if !route.resource.namespaced {
        return Ok(());
    }
    match api.object("namespaces", "", &route.namespace) {
        Some(namespace) => deletion::check_namespace(namespace, route, name),
        None => Err(namespace_not_found(&route.namespace)),
    }
}

/// The field manager: as given, else the first word of the user agent. An apply must name it.
fn manager(route: &Route, request: &Request) -> Result<Manager, Reply> {
    let given = parameter(&request.query, "fieldManager").filter(|name| !name.is_empty());
    let version = route.resource.version();
    match (route.verb, given) {
        (Verb::Apply, Some(name)) => Ok(Manager::apply(&name, &version)),
        (Verb::Apply, None) => {
            let why = "Required value: is required for apply patch";
            Err(invalid("PatchOptions.meta.k8s.io", "", "fieldManager", why))
        }
        (_, Some(name)) => Ok(Manager::update(&name, &version)),
        (_, None) => {
            let agent = request.header("user-agent").unwrap_or("");
            let name = agent.split(['/', ' ']).next().unwrap_or(agent);
            Ok(Manager::update(
                if name.is_empty() { "unknown" } else { name },
                &version,
            ))
        }
    }
}

pub fn dry_run(request: &Request) -> bool {
    parameter(&request.query, "dryRun").is_some_and(|value| value == "All")
}

pub fn live<'a>(api: &'a Api, route: &Route) -> Result<&'a Value, Reply> {
    api.objects
        .get(&place(route, &route.name))
        .ok_or_else(|| not_found(route))
}

fn place(route: &Route, name: &str) -> Key {
    super::key(route.resource.plural, &route.namespace, name)
}

fn strip_nulls(value: &mut Value) {
    if let Some(members) = value.as_object_mut() {
        members.retain(|_, value| !value.is_null());
        members.values_mut().for_each(strip_nulls);
    }
}

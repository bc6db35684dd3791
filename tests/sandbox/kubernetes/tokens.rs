//! TokenRequest: `POST …/serviceaccounts/NAME/token`.

use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::super::token;
use super::super::world::Cluster;
use super::key;
use super::route::{Route, Verb, body};
use super::status::{invalid, modified_kind, not_found, not_found_name, refusal};
use super::store::timestamp;

const DAY: i64 = 24 * 60 * 60;

/// Issues a token with the cluster's issuer. Its lifetime is between 10 minutes and, on EKS,
/// 24 hours; without audiences it is meant for the API server, whose audience is the issuer.
///
/// # Errors
/// The API server's refusal.
pub fn issue(
    cluster: &Cluster,
    issued: &mut Vec<String>,
    route: &Route,
    request: &Request,
) -> Result<Reply, Reply> {
    if route.verb != Verb::Create || route.resource.plural != "serviceaccounts" {
        return Err(refusal(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        ));
    }
    let account = cluster
        .api
        .objects
        .get(&key("serviceaccounts", &route.namespace, &route.name))
        .ok_or_else(|| not_found(route))?;
    let mut review = body(request)?;
    if !review.is_object() {
        review = json!({});
    }
    let issuer = cluster
        .issuer
        .clone()
        .unwrap_or_else(|| "https://kubernetes.default.svc".to_owned());
    let spec = review["spec"].clone();
    let mut audiences: Vec<String> = spec["audiences"]
        .as_array()
        .map(|audiences| {
            audiences
                .iter()
                .filter_map(Value::as_str)
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default();
    if audiences.is_empty() {
        audiences.push(issuer.clone());
    }
    let seconds = spec["expirationSeconds"].as_i64().unwrap_or(3600);
    check_lifetime(route, seconds)?;
    let seconds = seconds.min(DAY);
    let pod = bound_pod(cluster, route, &spec["boundObjectRef"])?;
    let uid = account["metadata"]["uid"].as_str().unwrap_or("");
    let own = || {
        let (namespace, name) = (&route.namespace, &route.name);
        token::sign(
            &issuer,
            namespace,
            name,
            uid,
            &audiences,
            seconds,
            pod.as_ref(),
        )
    };
    let token = cluster.api.token.clone().unwrap_or_else(own);
    issued.push(token.clone());
    review["apiVersion"] = "authentication.k8s.io/v1".into();
    review["kind"] = "TokenRequest".into();
    review["metadata"] =
        json!({"name": route.name, "namespace": route.namespace, "creationTimestamp": timestamp()});
    review["spec"] = json!({
        "audiences": audiences,
        "expirationSeconds": seconds,
        "boundObjectRef": spec["boundObjectRef"],
    });
    review["status"] = json!({"token": token, "expirationTimestamp": super::store::timestamp_at(token::now() + seconds)});
    Ok(Reply::json(201, &review))
}

fn check_lifetime(route: &Route, seconds: i64) -> Result<(), Reply> {
    let why = match seconds {
        600..=4_294_967_296 => return Ok(()),
        ..600 => "may not specify a duration less than 10 minutes",
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let why = format!("Invalid value: {seconds}: {why}");
    Err(invalid(
        "TokenRequest",
        &route.name,
        "spec.expirationSeconds",
        &why,
    ))
}

/// The pod that the token shall be bound to (`pkg/registry/core/serviceaccount/storage/token.go`). Secrets and
/// nodes are passed over.
fn bound_pod(
    cluster: &Cluster,
    route: &Route,
    reference: &Value,
) -> Result<Option<token::Pod>, Reply> {
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    if reference.is_null() {
        return Ok(None);
    }
    let (version, kind) = (text(&reference["apiVersion"]), text(&reference["kind"]));
    match (version.as_str(), kind.as_str()) {
        ("v1", "Pod") => {}
        ("v1", "Secret" | "Node") => return Ok(None),
        _ => {
            let (group, version) = version.split_once('/').unwrap_or(("", &version));
            let message =
                format!("cannot bind token to object of type {group}/{version}, Kind={kind}");
            return Err(refusal(400, "BadRequest", &message));
        }
    }
    let name = text(&reference["name"]);
    let object = |resource, namespace, name| cluster.api.object(resource, namespace, name);
    let pod = object("pods", &route.namespace, &name);
    let pod = pod.ok_or_else(|| not_found_name(&pods(route), &name))?;
    if pod["spec"]["serviceAccountName"] != route.name.as_str() {
        let message = format!(
            "cannot bind token for serviceaccount \"{}\" to pod running with different serviceaccount name.",
            route.name
        );
        return Err(refusal(400, "BadRequest", &message));
    }
    let (uid, wanted) = (text(&pod["metadata"]["uid"]), text(&reference["uid"]));
    if !wanted.is_empty() && wanted != uid {
        let why = format!(
            "the UID in the bound object reference ({wanted}) does not match the UID in record. \
             The object might have been deleted and then recreated"
        );
        return Err(modified_kind(&of_pod(route, &name), &why));
    }
    let node = pod["spec"]["nodeName"].as_str().map(|node| {
        let uid = object("nodes", "", node).map(|node| text(&node["metadata"]["uid"]));
        (node.to_owned(), uid)
    });
    Ok(Some(token::Pod { name, uid, node }))
}

fn pods(route: &Route) -> Route {
    of_pod(route, "")
}

fn of_pod(route: &Route, name: &str) -> Route {
    let resource = super::resources::by_plural("", "pods").unwrap_or(route.resource);
    Route::to_object(resource, &route.namespace, name)
}

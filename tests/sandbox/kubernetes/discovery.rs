//! The paths that are no resource's: version, health, and what kubectl reads to learn which
//! resources there are.

use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::Api;
use super::resources::{RESOURCES, Resource, version_of};

/// # Errors
/// The API server's 404, or its 405 for a resource's path with a method it has not.
pub fn answer(api: &Api, request: &Request) -> Result<Reply, Reply> {
    let parts: Vec<&str> = request
        .path
        .split('/')
        .filter(|part| !part.is_empty())
        .collect();
    let document = match parts.as_slice() {
        ["version"] => version(api),
        ["healthz" | "livez" | "readyz"] => return Ok(Reply::new(200, "text/plain", "ok")),
        ["api"] => {
            json!({"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []})
        }
        ["apis"] => groups(),
        ["api", "v1"] => resources(""),
        ["apis", name, version] if known(name) && *version == version_of(name) => resources(name),
        ["apis", name] if known(name) => group(name),
        ["openapi", "v3"] => openapi_index(),
        ["openapi", "v3", "api", "v1"] => openapi(""),
        ["openapi", "v3", "apis", name, _] if known(name) => openapi(name),
        // apiserver's `pkg/util/notfoundhandler`: Go's `http.NotFound`, and no status.
        _ => return Err(Reply::new(404, "text/plain", "404 page not found\n")),
    };
    Ok(Reply::json(200, &document))
}

fn version(api: &Api) -> Value {
    let (major, minor) = api.version.split_once('.').unwrap_or(("1", &api.version));
    json!({
        "major": major,
        "minor": minor,
        "gitVersion": format!("v{}.1-eks-sandbox", api.version),
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "2025-06-01T00:00:00Z",
        "goVersion": "go1.24.2",
        "compiler": "gc",
        "platform": "linux/amd64",
    })
}

fn known(group: &str) -> bool {
    !group.is_empty() && RESOURCES.iter().any(|resource| resource.group == group)
}

fn group_names() -> Vec<&'static str> {
    let mut names: Vec<_> = RESOURCES.iter().map(|resource| resource.group).collect();
    names.retain(|name| !name.is_empty());
    names.dedup();
    names
}

fn groups() -> Value {
    let groups: Vec<Value> = group_names().into_iter().map(group).collect();
    json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})
}

fn group(name: &str) -> Value {
    let version = json!({"groupVersion": format!("{name}/{}", version_of(name)), "version": version_of(name)});
    json!({"kind": "APIGroup", "apiVersion": "v1", "name": name, "versions": [version], "preferredVersion": version})
}

fn resources(group: &str) -> Value {
    let of_group = || RESOURCES.iter().filter(|resource| resource.group == group);
    let mut rows: Vec<Value> = of_group().map(row).collect();
    if group.is_empty() {
        rows.push(json!({
            "name": "serviceaccounts/token",
            "singularName": "",
            "namespaced": true,
            "group": "authentication.k8s.io",
            "version": "v1",
            "kind": "TokenRequest",
            "verbs": ["create"],
        }));
    }
    let version = of_group().next().map(Resource::version).unwrap_or_default();
    json!({"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": rows})
}

fn row(resource: &Resource) -> Value {
    let verbs: &[&str] = if resource.is_review() {
        &["create"]
    } else {
        &["create", "delete", "get", "list", "patch", "update"]
    };
    let mut row = json!({
        "name": resource.plural,
        "singularName": resource.kind.to_lowercase(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": verbs,
    });
    if !resource.short.is_empty() {
        row["shortNames"] = json!([resource.short]);
    }
    row
}

fn openapi_index() -> Value {
    let mut paths = json!({"api/v1": {"serverRelativeURL": "/openapi/v3/api/v1"}});
    for name in group_names() {
        let path = format!("apis/{name}/{}", version_of(name));
        paths[path.as_str()] = json!({"serverRelativeURL": format!("/openapi/v3/{path}")});
    }
    json!({"paths": paths})
}

/// As much of OpenAPI as kubectl needs to see that the server validates fields by itself.
fn openapi(group: &str) -> Value {
    let mut paths = json!({});
    for resource in RESOURCES.iter().filter(|resource| resource.group == group) {
        let base = if group.is_empty() {
            "/api/v1".to_owned()
        } else {
            format!("/apis/{group}/{}", version_of(group))
        };
        let place = if resource.namespaced {
            "/namespaces/{namespace}"
        } else {
            ""
        };
        let kind = json!({"group": group, "version": resource.at, "kind": resource.kind});
        paths[format!("{base}{place}/{}/{{name}}", resource.plural)] = json!({
            "patch": {
                "x-kubernetes-action": "patch",
                "x-kubernetes-group-version-kind": kind,
                "parameters": [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}],
                "responses": {},
            },
        });
    }
    json!({"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": "v1"}, "paths": paths})
}

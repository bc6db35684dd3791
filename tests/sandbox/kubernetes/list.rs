//! Lists: all namespaces or one, selectors, pages.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::Api;
use super::resources::Resource;
use super::route::{Route, parameter};
use super::status::refusal;

/// A list of a namespace that does not exist is empty, as in Kubernetes. A watch ends at once,
/// without events.
///
/// # Errors
/// The API server's refusal of a selector or a continue token.
pub fn answer(api: &Api, route: &Route, request: &Request) -> Result<Reply, Reply> {
    let option = |name: &str| parameter(&request.query, name).unwrap_or_default();
    if ["true", "1"].contains(&option("watch").as_ref()) {
        return Ok(Reply::new(200, "application/json", ""));
    }
    let labels = requirements(&option("labelSelector"))?;
    let fields = requirements(&option("fieldSelector"))?;
    check_fields(route.resource, &fields)?;
    let in_place = |namespace: &str| route.namespace.is_empty() || namespace == route.namespace;
    let matching = api
        .objects
        .iter()
        .filter(|((resource, namespace, _), object)| {
            resource == route.resource.plural
                && in_place(namespace)
                && labels
                    .iter()
                    .all(|label| label.holds(&object["metadata"]["labels"][&label.key]))
                && fields
                    .iter()
                    .all(|field| field.holds(member(object, &field.key)))
        });
    let mut items: Vec<Value> = matching.map(|(_, object)| item(object)).collect();
    let limit: usize = option("limit").parse().unwrap_or(0);
    let start = start(&option("continue"))?.min(items.len());
    let mut metadata = json!({"resourceVersion": api.revision.to_string()});
    items.drain(..start);
    if limit > 0 && items.len() > limit {
        metadata["continue"] = URL_SAFE_NO_PAD.encode((start + limit).to_string()).into();
        metadata["remainingItemCount"] = (items.len() - limit).into();
        items.truncate(limit);
    }
    Ok(Reply::json(
        200,
        &json!({
            "kind": format!("{}List", route.resource.kind),
            "apiVersion": route.resource.version(),
            "metadata": metadata,
            "items": items,
        }),
    ))
}

/// One term of a selector.
struct Requirement {
    key: String,
    test: Test,
}

enum Test {
    Is(String),
    IsNot(String),
    Exists,
    Missing,
}

impl Requirement {
    fn holds(&self, value: &Value) -> bool {
        match &self.test {
            Test::Is(wanted) => value.as_str().is_some_and(|value| value == wanted),
            Test::IsNot(unwanted) => value.as_str() != Some(unwanted),
            Test::Exists => !value.is_null(),
            Test::Missing => value.is_null(),
        }
    }
}

/// Equality-based selectors; the set-based ones are refused.
fn requirements(selector: &str) -> Result<Vec<Requirement>, Reply> {
    if selector.contains(['(', ')']) {
        let message = format!("unable to parse requirement: {selector}: the sandbox knows no sets");
        return Err(refusal(400, "BadRequest", &message));
    }
    let terms = selector
        .split(',')
        .map(str::trim)
        .filter(|term| !term.is_empty());
    Ok(terms.map(requirement).collect())
}

fn requirement(term: &str) -> Requirement {
    let (key, test) = if let Some((key, value)) = term.split_once("!=") {
        (key, Test::IsNot(value.trim().to_owned()))
    } else if let Some((key, value)) = term.split_once('=') {
        (
            key,
            Test::Is(value.trim_start_matches('=').trim().to_owned()),
        )
    } else if let Some(key) = term.strip_prefix('!') {
        (key, Test::Missing)
    } else {
        (term, Test::Exists)
    };
    Requirement {
        key: key.trim().to_owned(),
        test,
    }
}

/// Only some fields can be selected by, other than labels.
fn check_fields(resource: &Resource, fields: &[Requirement]) -> Result<(), Reply> {
    let known: &[&str] = match resource.plural {
        "pods" => &[
            "spec.nodeName",
            "spec.serviceAccountName",
            "spec.restartPolicy",
            "status.phase",
        ],
        "namespaces" => &["status.phase"],
        _ => &[],
    };
    let wrong = fields.iter().find(|field| {
        !["metadata.name", "metadata.namespace"].contains(&field.key.as_str())
            && !known.contains(&field.key.as_str())
    });
    match wrong {
        None => Ok(()),
        Some(field) => {
            let message = format!("field label not supported: {}", field.key);
            Err(refusal(400, "BadRequest", &message))
        }
    }
}

fn member<'a>(object: &'a Value, path: &str) -> &'a Value {
    path.split('.')
        .fold(object, |object, member| &object[member])
}

/// In a list the items do not repeat version and kind.
fn item(object: &Value) -> Value {
    let mut item = object.clone();
    if let Some(members) = item.as_object_mut() {
        members.remove("apiVersion");
        members.remove("kind");
    }
    item
}

fn start(token: &str) -> Result<usize, Reply> {
    if token.is_empty() {
        return Ok(0);
    }
    let decoded = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    decoded
        .and_then(|number| number.parse().ok())
        .ok_or_else(|| {
            refusal(
                400,
                "BadRequest",
                "continue key is not valid: the sandbox gave out no such token",
            )
        })
}

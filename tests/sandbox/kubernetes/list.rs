//! Lists: all namespaces or one, selectors, pages.

use std::ops::Bound;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::super::http::{Reply, Request};
use super::resources::Resource;
use super::route::{Route, parameter};
use super::status::refusal;
use super::{Api, Key, key};

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
    let plural = route.resource.plural;
    let after = match option("continue").as_ref() {
        "" => Bound::Included(key(plural, "", "")),
        token => Bound::Excluded(start(api, token, plural)?),
    };
    let objects = api.objects.range((after, Bound::Unbounded));
    let in_place = |namespace: &str| route.namespace.is_empty() || namespace == route.namespace;
    let mut matching = objects
        .take_while(|((resource, _, _), _)| resource == plural)
        .filter(|((_, namespace, _), object)| {
            in_place(namespace)
                && labels
                    .iter()
                    .all(|label| label.holds(&object["metadata"]["labels"][&label.key]))
                && fields
                    .iter()
                    .all(|field| field.holds(member(object, &field.key)))
        });
    let limit = limit(&option("limit"));
    let mut metadata = json!({"resourceVersion": api.revision.to_string()});
    let page: Vec<_> = matching.by_ref().take(limit).collect();
    let left = matching.count();
    if let Some((last, _)) = page.last().filter(|_| left > 0) {
        metadata["continue"] = token(api.revision, last).into();
        // As the API server, which does not count what a selector would leave out.
        if labels.is_empty() && fields.is_empty() {
            metadata["remainingItemCount"] = left.into();
        }
    }
    let items: Vec<Value> = page.into_iter().map(|(_, object)| item(object)).collect();
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

/// No limit, 0, and what is no number mean all.
fn limit(text: &str) -> usize {
    match text.parse() {
        Ok(0) | Err(_) => usize::MAX,
        Ok(limit) => limit,
    }
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

/// The token of the page after an object, for the list as it was at a revision.
fn token(revision: u64, (_, namespace, name): &Key) -> String {
    URL_SAFE_NO_PAD.encode(format!("{revision}/{namespace}/{name}"))
}

/// The object that the page before ended with. A list that is no longer there cannot be gone on with
/// (`storage/etcd3/errors.go`).
fn start(api: &Api, token: &str, plural: &str) -> Result<Key, Reply> {
    let decoded = URL_SAFE_NO_PAD
        .decode(token)
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok());
    let read = decoded.and_then(|last| {
        let mut parts = last.splitn(3, '/');
        let revision: u64 = parts.next()?.parse().ok()?;
        Some((revision, key(plural, parts.next()?, parts.next()?)))
    });
    match read {
        Some((revision, _)) if revision < api.compacted => {
            let message = "The provided continue parameter is too old to display a consistent list result. You can \
                start a new list without the continue parameter.";
            Err(refusal(410, "Expired", message))
        }
        Some((_, key)) => Ok(key),
        None => {
            let message = "continue key is not valid: the sandbox gave out no such token";
            Err(refusal(400, "BadRequest", message))
        }
    }
}

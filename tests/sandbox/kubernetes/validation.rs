//! What the API server refuses in an object: names, labels, annotations
//! (`apimachinery/pkg/util/validation`, `pkg/api/validation`).

use serde_json::Value;

use super::super::http::Reply;
use super::resources::Resource;
use super::status::{invalid, refusal};

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \
    '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
    validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', \
    and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
    validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const QUALIFIED: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start \
    and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for \
    validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or \
    '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', \
    regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
/// Keys and values of all annotations of an object, in bytes.
const ANNOTATIONS: usize = 256 << 10;

/// # Errors
/// 400 for a member of the wrong type, 422 for a value that is not allowed.
pub fn check(resource: &Resource, object: &Value) -> Result<(), Reply> {
    let name = object["metadata"]["name"].as_str().unwrap_or("");
    if name.is_empty() {
        let why = "Required value: name or generateName is required";
        return Err(invalid(resource.kind, name, "metadata.name", why));
    }
    check_name(resource, name)?;
    for map in ["labels", "annotations"] {
        check_types(resource, &object["metadata"][map], map)?;
    }
    check_labels(resource, name, &object["metadata"]["labels"])?;
    check_annotations(resource, name, &object["metadata"]["annotations"])
}

fn check_name(resource: &Resource, name: &str) -> Result<(), Reply> {
    let (rule, longest) = if resource.kind == "Namespace" {
        (LABEL, 63)
    } else {
        (SUBDOMAIN, 253)
    };
    let holds = if resource.kind == "Namespace" {
        is_label(name)
    } else {
        name.split('.').all(is_label)
    };
    let refuse = |why: &str| {
        let why = format!("Invalid value: \"{name}\": {why}");
        Err(invalid(resource.kind, name, "metadata.name", &why))
    };
    if name.len() > longest {
        return refuse(&format!("must be no more than {longest} bytes"));
    }
    if holds { Ok(()) } else { refuse(rule) }
}

/// Go's decoder takes nothing but strings in these maps.
fn check_types(resource: &Resource, map: &Value, field: &str) -> Result<(), Reply> {
    let kind = resource.kind;
    let wrong = match map {
        Value::Null => None,
        Value::Object(entries) => entries.values().find(|value| !value.is_string()),
        other => Some(other),
    };
    let what = match wrong {
        None => return Ok(()),
        Some(Value::Number(_)) => "number",
        Some(Value::Bool(_)) => "bool",
        Some(Value::Array(_)) => "array",
        Some(Value::Object(_)) => "object",
        Some(_) => "string",
    };
    let message = format!(
        "{kind} in version \"v1\" cannot be handled as a {kind}: json: cannot unmarshal {what} into Go struct \
         field ObjectMeta.metadata.{field} of type string"
    );
    Err(refusal(400, "BadRequest", &message))
}

fn check_labels(resource: &Resource, name: &str, labels: &Value) -> Result<(), Reply> {
    for (key, value) in labels.as_object().into_iter().flatten() {
        check_key(resource, name, "metadata.labels", key)?;
        let value = value.as_str().unwrap_or("");
        let why = if value.len() > 63 {
            "must be no more than 63 bytes"
        } else if value.is_empty() || is_word(value) {
            continue;
        } else {
            VALUE
        };
        let why = format!("Invalid value: \"{value}\": {why}");
        return Err(invalid(resource.kind, name, "metadata.labels", &why));
    }
    Ok(())
}

fn check_annotations(resource: &Resource, name: &str, annotations: &Value) -> Result<(), Reply> {
    let mut size = 0;
    for (key, value) in annotations.as_object().into_iter().flatten() {
        check_key(resource, name, "metadata.annotations", &key.to_lowercase())?;
        size += key.len() + value.as_str().unwrap_or("").len();
    }
    if size <= ANNOTATIONS {
        return Ok(());
    }
    let why = format!("Too long: may not be more than {ANNOTATIONS} bytes");
    Err(invalid(resource.kind, name, "metadata.annotations", &why))
}

/// A qualified name: `[PREFIX/]NAME`.
fn check_key(resource: &Resource, name: &str, field: &str, key: &str) -> Result<(), Reply> {
    let (prefix, word) = key
        .split_once('/')
        .map_or((None, key), |(prefix, word)| (Some(prefix), word));
    let why = if prefix.is_some_and(|prefix| prefix.len() > 253 || !prefix.split('.').all(is_label))
    {
        format!("prefix part {SUBDOMAIN}")
    } else if word.is_empty() {
        "name part must be non-empty".to_owned()
    } else if word.len() > 63 {
        "name part must be no more than 63 bytes".to_owned()
    } else if is_word(word) {
        return Ok(());
    } else {
        QUALIFIED.to_owned()
    };
    Err(invalid(
        resource.kind,
        name,
        field,
        &format!("Invalid value: \"{key}\": {why}"),
    ))
}

/// A label, or a part of a subdomain: those have no length of their own in Kubernetes.
fn is_label(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    text.bytes().all(|byte| inner(byte) || byte == b'-') && has_ends(text, inner)
}

fn is_word(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric();
    text.bytes()
        .all(|byte| inner(byte) || b"-_.".contains(&byte))
        && has_ends(text, inner)
}

fn has_ends(text: &str, good: impl Fn(u8) -> bool) -> bool {
    let bytes = text.as_bytes();
    bytes.first().is_some_and(|byte| good(*byte)) && bytes.last().is_some_and(|byte| good(*byte))
}

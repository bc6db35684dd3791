//! The manifest of a ServiceAccount. Beside the role's template, as both are what is asked for in other
//! words.

use serde_json::{Value, json};

use crate::model::{Map, ROLE_ANNOTATION, ServiceAccountName};

/// The ServiceAccount as it is applied, and as `--role-only` prints it.
pub fn manifest(name: &ServiceAccountName, labels: &Map, annotations: &Map) -> Value {
    let mut metadata = json!({ "name": name.name, "namespace": name.namespace });
    for (field, map) in [("labels", labels), ("annotations", annotations)] {
        if !map.is_empty() {
            metadata[field] = json!(map);
        }
    }
    json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata })
}

/// The annotations of a ServiceAccount, with its role's.
pub fn annotated(annotations: &Map, role: impl ToString) -> Map {
    let mut annotations = annotations.clone();
    annotations.insert(ROLE_ANNOTATION.to_owned(), role.to_string());
    annotations
}

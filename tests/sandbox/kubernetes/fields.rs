//! Field ownership: `metadata.managedFields` and server-side apply. Apart because it is the one
//! part of the API server with rules of its own
//! (kubernetes.io/docs/reference/using-api/server-side-apply). Lists count as one field here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::store::timestamp;

type Path = Vec<String>;

/// Who writes, and how.
#[derive(Clone, Debug, PartialEq)]
pub struct Manager {
    pub name: String,
    /// `Apply` or `Update`.
    operation: String,
    version: String,
}

impl Manager {
    pub fn apply(name: &str, version: &str) -> Self {
        Self::new(name, "Apply", version)
    }

    pub fn update(name: &str, version: &str) -> Self {
        Self::new(name, "Update", version)
    }

    fn new(name: &str, operation: &str, version: &str) -> Self {
        Self {
            name: name.to_owned(),
            operation: operation.to_owned(),
            version: version.to_owned(),
        }
    }

    /// As conflicts name it.
    fn described(&self) -> String {
        if self.operation == "Update" {
            format!("{:?} using {}", self.name, self.version)
        } else {
            format!("{:?}", self.name)
        }
    }
}

/// One entry of managedFields.
#[derive(Clone, Debug)]
struct Owner {
    manager: Manager,
    time: String,
    paths: BTreeSet<Path>,
}

/// The object after a plain write: what changed belongs to `manager` alone.
pub fn update(live: Option<&Value>, mut new: Value, manager: &Manager) -> Value {
    let before = live.map(leaves).unwrap_or_default();
    let after = leaves(&new);
    let changed: BTreeSet<Path> = after
        .iter()
        .filter(|(path, value)| before.get(*path) != Some(value))
        .map(|(path, _)| path.clone())
        .collect();
    // A client that sends managedFields back may have changed them.
    let sent = new["metadata"]["managedFields"]
        .as_array()
        .is_some_and(|sent| !sent.is_empty());
    let mut owners = if sent {
        owners(&new)
    } else {
        live.map(owners).unwrap_or_default()
    };
    for owner in &mut owners {
        owner
            .paths
            .retain(|path| after.contains_key(path) && !changed.contains(path));
    }
    if !changed.is_empty() {
        let index = entry(&mut owners, manager);
        owners[index].paths.extend(changed);
        owners[index].time = timestamp();
    }
    write(&mut new, &owners);
    new
}

/// The object after a server-side apply of `wanted`.
///
/// # Errors
/// Unless `force`: the owners and paths of the fields that others own and this would change.
pub fn apply(
    live: &Value,
    wanted: &Value,
    manager: &Manager,
    force: bool,
) -> Result<Value, Vec<(String, String)>> {
    let (before, wanted) = (leaves(live), leaves(wanted));
    let mut owners = owners(live);
    let changes = |path: &Path| before.get(path) != wanted.get(path);
    let mut conflicts = Vec::new();
    for owner in owners.iter_mut().filter(|owner| owner.manager != *manager) {
        let lost: BTreeSet<Path> = owner
            .paths
            .iter()
            .filter(|path| wanted.contains_key(*path) && changes(path))
            .cloned()
            .collect();
        conflicts.extend(
            lost.iter()
                .map(|path| (owner.manager.described(), format!(".{}", path.join(".")))),
        );
        owner.paths.retain(|path| !lost.contains(path));
    }
    if !conflicts.is_empty() && !force {
        return Err(conflicts);
    }
    let index = entry(&mut owners, manager);
    let mine: BTreeSet<Path> = wanted.keys().cloned().collect();
    let left = std::mem::replace(&mut owners[index].paths, mine);
    let mut object = live.clone();
    for path in left.iter().filter(|path| !wanted.contains_key(*path)) {
        if !owners.iter().any(|owner| owner.paths.contains(path)) {
            remove(&mut object, path);
        }
    }
    for (path, value) in &wanted {
        set(&mut object, path, value);
    }
    if leaves(&object) != before || left != owners[index].paths {
        owners[index].time = timestamp();
    }
    write(&mut object, &owners);
    Ok(object)
}

/// Every field that can be owned, with its value. What the server itself sets is not.
fn leaves(object: &Value) -> BTreeMap<Path, Value> {
    const OWNABLE: [&str; 4] = ["labels", "annotations", "finalizers", "ownerReferences"];
    let mut found = BTreeMap::new();
    for (field, value) in object.as_object().into_iter().flatten() {
        match field.as_str() {
            "apiVersion" | "kind" | "status" => {}
            "metadata" => {
                for (field, value) in value.as_object().into_iter().flatten() {
                    if OWNABLE.contains(&field.as_str()) {
                        collect(
                            vec!["metadata".to_owned(), field.clone()],
                            value,
                            &mut found,
                        );
                    }
                }
            }
            _ => collect(vec![field.clone()], value, &mut found),
        }
    }
    // A namespace's, set by the server.
    found.remove(&vec!["spec".to_owned(), "finalizers".to_owned()]);
    found
}

fn collect(path: Path, value: &Value, found: &mut BTreeMap<Path, Value>) {
    match value {
        Value::Null => {}
        Value::Object(fields) => {
            for (field, value) in fields {
                let mut path = path.clone();
                path.push(field.clone());
                collect(path, value, found);
            }
        }
        _ => {
            found.insert(path, value.clone());
        }
    }
}

/// The index of the manager's entry, made if it is missing.
fn entry(owners: &mut Vec<Owner>, manager: &Manager) -> usize {
    owners
        .iter()
        .position(|owner| owner.manager == *manager)
        .unwrap_or_else(|| {
            owners.push(Owner {
                manager: manager.clone(),
                time: timestamp(),
                paths: BTreeSet::new(),
            });
            owners.len() - 1
        })
}

fn owners(object: &Value) -> Vec<Owner> {
    let entries = object["metadata"]["managedFields"].as_array();
    entries.into_iter().flatten().map(owner).collect()
}

fn owner(entry: &Value) -> Owner {
    let text = |name: &str| entry[name].as_str().unwrap_or("");
    let mut paths = BTreeSet::new();
    read(&entry["fieldsV1"], &mut Vec::new(), &mut paths);
    Owner {
        manager: Manager::new(text("manager"), text("operation"), text("apiVersion")),
        time: text("time").to_owned(),
        paths,
    }
}

fn read(fields: &Value, path: &mut Path, paths: &mut BTreeSet<Path>) {
    for (name, below) in fields.as_object().into_iter().flatten() {
        let Some(field) = name.strip_prefix("f:") else {
            continue;
        };
        path.push(field.to_owned());
        if below.as_object().is_some_and(Map::is_empty) {
            paths.insert(path.clone());
        } else {
            read(below, path, paths);
        }
        path.pop();
    }
}

/// Entries without fields are dropped, as the API server does.
fn write(object: &mut Value, owners: &[Owner]) {
    let entries = owners
        .iter()
        .filter(|owner| !owner.paths.is_empty())
        .map(|owner| {
            let mut fields = json!({});
            for path in &owner.paths {
                let place = path
                    .iter()
                    .fold(&mut fields, |place, field| &mut place[format!("f:{field}")]);
                *place = json!({});
            }
            // A plain write owns the maps it writes into, too: the `.` of the notation.
            if owner.manager.operation == "Update" {
                for map in ["f:labels", "f:annotations"] {
                    if fields["f:metadata"][map].is_object() {
                        fields["f:metadata"][map]["."] = json!({});
                    }
                }
            }
            json!({
                "manager": owner.manager.name,
                "operation": owner.manager.operation,
                "apiVersion": owner.manager.version,
                "time": owner.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": fields,
            })
        });
    let entries: Vec<Value> = entries.collect();
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
        if !entries.is_empty() {
            metadata.insert("managedFields".to_owned(), entries.into());
        }
    }
}

fn set(object: &mut Value, path: &[String], value: &Value) {
    let mut place = object;
    for field in path {
        if !place.is_object() {
            *place = json!({});
        }
        place = &mut place[field.as_str()];
    }
    *place = value.clone();
}

/// Removes a field, and the maps that are empty without it.
fn remove(object: &mut Value, path: &[String]) {
    let (Some(fields), [field, rest @ ..]) = (object.as_object_mut(), path) else {
        return;
    };
    match fields.get_mut(field) {
        Some(below) if !rest.is_empty() => {
            remove(below, rest);
            if below.as_object().is_some_and(Map::is_empty) {
                fields.remove(field);
            }
        }
        _ => {
            fields.remove(field);
        }
    }
}

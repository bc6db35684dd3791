//! A config file's text from what it asks for: eksctl's own fields where they suffice. What is written
//! is read as the same again, whatever characters are in it.

use std::fmt::Write;

use serde_json::Value as Json;

use super::node::{Value, plain};
use super::{API_VERSION, ClusterConfig, KIND};
use crate::model::{AUDIENCE_ANNOTATION, Audience, Map, Namespace};
use crate::plan::account::{IamServiceAccount, Permissions, Scope};
use crate::policy::PolicyDocument;
use crate::template::RoleSpec;

/// What is to be written, in its order.
enum Tree {
    /// As it is: a number or a bool.
    Plain(String),
    Text(String),
    List(Vec<Self>),
    Map(Vec<(String, Self)>),
}

/// The file's text.
pub fn write(config: &ClusterConfig) -> String {
    let mut metadata = fields();
    metadata.add("name", text(&config.cluster));
    metadata.add("region", text(&config.region));
    metadata.add("tags", map(&config.tags));
    let mut iam = fields();
    iam.add("withOIDC", config.with_oidc.map(bool));
    let accounts = config.accounts.iter();
    let accounts = accounts.map(|account| account_of(account, &config.tags));
    iam.add("serviceAccounts", list(accounts.collect()));
    let mut root = fields();
    root.add("apiVersion", text(API_VERSION));
    root.add("kind", text(KIND));
    root.add("metadata", Some(Tree::Map(metadata.0)));
    root.add("iam", iam.some());
    let mut file = String::new();
    lines(&Tree::Map(root.0), 0, &mut file);
    file
}

fn account_of(account: &IamServiceAccount, common_tags: &Map) -> Tree {
    let name = &account.name;
    let namespace = (name.namespace != Namespace::default()).then_some(&name.namespace);
    let mut annotations = account.annotations.clone();
    let audience = (account.audience != Audience::default()).then_some(&account.audience);
    if audience.is_some() {
        // The field says it.
        annotations.remove(AUDIENCE_ANNOTATION);
    }
    let mut metadata = fields();
    metadata.add("name", text(&name.name));
    metadata.add("namespace", namespace.and_then(text));
    metadata.add("labels", map(&account.labels));
    metadata.add("annotations", map(&annotations));
    let mut fields = fields();
    fields.add("metadata", Some(Tree::Map(metadata.0)));
    match &account.permissions {
        Permissions::Existing(arn) => fields.add("attachRoleARN", text(arn)),
        Permissions::Role(spec) => role(spec, &mut fields),
        // Changes describe no role.
        Permissions::Edited(_) => {}
    }
    let mut tags = account.tags.clone();
    tags.retain(|key, value| common_tags.get(key) != Some(value));
    fields.add("tags", map(&tags));
    fields.add("audience", audience.and_then(text));
    fields.add(
        "roleOnly",
        (account.scope == Scope::RoleOnly).then(|| bool(true)),
    );
    Tree::Map(fields.0)
}

fn role(spec: &RoleSpec, fields: &mut Fields) {
    let managed = spec.managed.iter().filter_map(text).collect();
    fields.add("attachPolicyARNs", list(managed));
    let tree = |document: &PolicyDocument| json(document.as_value());
    match spec.inline.as_slice() {
        [] if spec.managed.is_empty() && spec.well_known.is_empty() => {
            fields.add("attachPolicy", Some(Tree::Map(Vec::new())));
        }
        [] => {}
        [one] => fields.add("attachPolicy", Some(tree(one))),
        several => fields.add("attachPolicies", list(several.iter().map(tree).collect())),
    }
    let well_known = spec.well_known.iter();
    let well_known = Fields(
        well_known
            .map(|policy| (policy.name().to_owned(), bool(true)))
            .collect(),
    );
    fields.add("wellKnownPolicies", well_known.some());
    fields.add("permissionsBoundary", spec.boundary.as_ref().and_then(text));
    fields.add("roleName", spec.name.as_ref().and_then(text));
    fields.add(
        "rolePath",
        spec.path.as_ref().and_then(|path| text(path.as_str())),
    );
    fields.add(
        "maxSessionDuration",
        spec.max_session_duration
            .map(|seconds| Tree::Plain(seconds.to_string())),
    );
    let pattern = spec.subject_pattern.as_ref();
    fields.add(
        "subjectPattern",
        pattern.and_then(|pattern| text(pattern.as_str())),
    );
}

/// The fields of an object; those that are not set are not there.
struct Fields(Vec<(String, Tree)>);

fn fields() -> Fields {
    Fields(Vec::new())
}

impl Fields {
    fn add(&mut self, name: &str, tree: Option<Tree>) {
        self.0.extend(tree.map(|tree| (name.to_owned(), tree)));
    }

    fn some(self) -> Option<Tree> {
        (!self.0.is_empty()).then_some(Tree::Map(self.0))
    }
}

fn text(text: impl ToString) -> Option<Tree> {
    Some(Tree::Text(text.to_string()))
}

fn bool(value: bool) -> Tree {
    Tree::Plain(value.to_string())
}

fn list(items: Vec<Tree>) -> Option<Tree> {
    (!items.is_empty()).then_some(Tree::List(items))
}

fn map(map: &Map) -> Option<Tree> {
    let entries = map.iter();
    Fields(
        entries
            .map(|(key, value)| (key.clone(), Tree::Text(value.clone())))
            .collect(),
    )
    .some()
}

fn json(value: &Json) -> Tree {
    match value {
        Json::Null | Json::Bool(_) | Json::Number(_) => Tree::Plain(value.to_string()),
        Json::String(text) => Tree::Text(text.clone()),
        Json::Array(items) => Tree::List(items.iter().map(json).collect()),
        Json::Object(entries) => {
            let entries = entries.iter();
            Tree::Map(
                entries
                    .map(|(key, value)| (key.clone(), json(value)))
                    .collect(),
            )
        }
    }
}

/// The lines of a map or a list, `depth` deep.
fn lines(tree: &Tree, depth: usize, file: &mut String) {
    let margin = "  ".repeat(depth);
    match tree {
        Tree::Map(entries) => {
            for (key, value) in entries {
                file.push_str(&key_of(&quoted(key), &margin));
                match inline(value) {
                    Some(value) => file.push_str(&format!(" {value}\n")),
                    None => {
                        file.push('\n');
                        lines(value, depth + 1, file);
                    }
                }
            }
        }
        Tree::List(items) => {
            for item in items {
                let mut inner = String::new();
                match inline(item) {
                    Some(value) => inner = format!("{value}\n"),
                    None => lines(item, depth + 1, &mut inner),
                }
                file.push_str(&format!("{margin}- {}", inner.trim_start_matches(' ')));
            }
        }
        Tree::Plain(_) | Tree::Text(_) => {}
    }
}

/// A key up to its colon; one of more than 1024 characters must be told to be one (YAML 1.2.2, 7.4.2).
fn key_of(key: &str, margin: &str) -> String {
    match key.chars().count() {
        0..=1_000 => format!("{margin}{key}:"),
        _ => format!("{margin}? {key}\n{margin}:"),
    }
}

/// What stands on the line of its key.
fn inline(tree: &Tree) -> Option<String> {
    match tree {
        Tree::Plain(text) => Some(text.clone()),
        Tree::Text(text) => Some(quoted(text)),
        Tree::List(items) if items.is_empty() => Some("[]".to_owned()),
        Tree::Map(entries) if entries.is_empty() => Some("{}".to_owned()),
        Tree::List(_) | Tree::Map(_) => None,
    }
}

/// A text without quotes where every reader takes it for that text, else in double quotes.
fn quoted(text: &str) -> String {
    let is_plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.ends_with(|c: char| c != ':')
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./:+@".contains(c))
        && matches!(plain(text), Value::Text(_));
    if is_plain {
        return text.to_owned();
    }
    let mut quoted = "\"".to_owned();
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            ' '..='~' => quoted.push(c),
            c if c.is_alphanumeric() => quoted.push(c),
            c if u32::from(c) <= 0xffff => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => {
                let _ = write!(quoted, "\\U{:08x}", u32::from(c));
            }
        }
    }
    quoted + "\""
}

//! A config file's text from what it asks for: eksctl's own fields where they suffice. What is written
//! is read as the same again, whatever characters are in it.

use std::fmt::Write;

use serde_json::Value as Json;

use super::ClusterConfig;
use super::node::{YamlValue, plain};
use crate::asked::fields::{self, Field};
use crate::asked::{IamServiceAccount, Permissions, RoleTrust, Scope};
use crate::model::{AUDIENCE_ANNOTATION, Audience, Map, Namespace, RoleAccount, Way};
use crate::policy::PolicyDocument;
use crate::template::{RoleSpec, Trusted};

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
    let mut metadata = Object::default();
    metadata.add(fields::CLUSTER_NAME, text(&config.cluster));
    metadata.add(fields::REGION, text(&config.region));
    metadata.add(fields::COMMON_TAGS, map(&config.tags));
    let mut iam = Object::default();
    iam.add(fields::WITH_OIDC, config.with_oidc.map(bool));
    let accounts = config.accounts.iter();
    let accounts = accounts.map(|account| account_of(account, &config.tags));
    iam.add(fields::ACCOUNTS, list(accounts.collect()));
    let associations = config.associations.iter();
    let associations = associations.map(|asked| association_of(asked, &config.tags));
    iam.add(fields::ASSOCIATIONS, list(associations.collect()));
    let mut root = Object::default();
    root.add(fields::API_VERSION, text(fields::VERSION));
    root.add(fields::KIND, text(fields::CLUSTER_CONFIG));
    root.add(fields::CLUSTER, metadata.tree());
    root.add(fields::IAM, iam.tree());
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
    let mut metadata = Object::default();
    metadata.add(fields::NAME, text(&name.name));
    metadata.add(fields::NAMESPACE, namespace.and_then(text));
    metadata.add(fields::LABELS, map(&account.labels));
    metadata.add(fields::ANNOTATIONS, map(&annotations));
    let mut whole = Object::default();
    whole.add(fields::OBJECT, metadata.tree());
    permissions(account, common_tags, &mut whole);
    let mut elsewhere = Object::default();
    match &account.account {
        Some(RoleAccount::Profile(profile)) => elsewhere.add(fields::ROLE_PROFILE, text(profile)),
        Some(RoleAccount::Via(role)) => elsewhere.add(fields::ROLE_VIA, text(role)),
        None => {}
    }
    whole.add(fields::ROLE_ACCOUNT, elsewhere.tree());
    whole.add(fields::AUDIENCE, audience.and_then(text));
    whole.add(
        fields::ROLE_ONLY,
        (account.scope == Scope::RoleOnly).then(|| bool(true)),
    );
    Tree::Map(whole.0)
}

fn association_of(account: &IamServiceAccount, common_tags: &Map) -> Tree {
    let mut whole = Object::default();
    let (name, way) = (&account.name, Way::PodIdentity);
    whole.add(fields::NAMESPACE.on(way), text(&name.namespace));
    whole.add(fields::NAME.on(way), text(&name.name));
    let is_made = account.scope == Scope::Whole;
    whole.add(fields::CREATE_SERVICE_ACCOUNT, is_made.then(|| bool(true)));
    permissions(account, common_tags, &mut whole);
    if let Permissions::Role(spec) = &account.permissions {
        let is_any = spec.trusted == Trusted::AnyAssociation;
        whole.add(fields::TRUST_ANY_ASSOCIATION, is_any.then(|| bool(true)));
    }
    if let Some(spec) = &account.association {
        whole.add(
            fields::TARGET_ROLE,
            spec.target_role.as_set().and_then(text),
        );
        let tags = spec.disable_session_tags.as_set();
        whole.add(
            fields::DISABLE_SESSION_TAGS,
            tags.map(|is_set| bool(*is_set)),
        );
        let policy = spec.policy.as_set();
        whole.add(
            fields::SESSION_POLICY,
            policy.and_then(|it| text(it.as_value())),
        );
    }
    Tree::Map(whole.0)
}

fn permissions(account: &IamServiceAccount, common_tags: &Map, whole: &mut Object) {
    let way = account.way();
    match &account.permissions {
        Permissions::Existing(arn) => {
            whole.add(fields::ROLE_ARN.on(way), text(arn));
            let is_extended = account.trust == RoleTrust::Extended;
            whole.add(fields::TRUST, is_extended.then(|| bool(true)));
        }
        Permissions::Role(spec) => role(way, spec, whole),
        // Changes describe no role.
        Permissions::Edited(_) => {}
    }
    whole.add(
        fields::DEPLOYMENT_MODE.on(way),
        account.deployment_mode.and_then(text),
    );
    let mut tags = account.tags.clone();
    tags.retain(|key, value| common_tags.get(key) != Some(value));
    whole.add(fields::TAGS.on(way), map(&tags));
}

fn role(way: Way, spec: &RoleSpec, whole: &mut Object) {
    let managed = spec.managed.iter().filter_map(text).collect();
    whole.add(fields::MANAGED_POLICIES.on(way), list(managed));
    inline_policies(way, spec, whole);
    let well_known = spec.well_known.iter();
    let well_known = Object(
        well_known
            .map(|policy| (policy.name().to_owned(), bool(true)))
            .collect(),
    );
    whole.add(fields::WELL_KNOWN_POLICIES.on(way), well_known.tree());
    whole.add(
        fields::BOUNDARY.on(way),
        spec.boundary.as_ref().and_then(text),
    );
    whole.add(fields::ROLE_NAME.on(way), spec.name.as_ref().and_then(text));
    whole.add(
        fields::ROLE_PATH.on(way),
        spec.path.as_ref().and_then(|path| text(path.as_str())),
    );
    whole.add(
        fields::MAX_SESSION_DURATION.on(way),
        spec.max_session_duration
            .map(|seconds| Tree::Plain(seconds.to_string())),
    );
    let name = spec.document_name.as_ref();
    whole.add(fields::DOCUMENT_NAME, name.and_then(text));
    let pattern = spec.subject_pattern.as_ref();
    whole.add(
        fields::SUBJECT_PATTERN,
        pattern.and_then(|pattern| text(pattern.as_str())),
    );
}

fn inline_policies(way: Way, spec: &RoleSpec, whole: &mut Object) {
    let tree = |document: &PolicyDocument| json(document.as_value());
    match spec.inline.as_slice() {
        [] if spec.managed.is_empty() && spec.well_known.is_empty() => {
            whole.add(fields::INLINE_POLICY.on(way), Some(Tree::Map(Vec::new())));
        }
        [] => {}
        [one] => whole.add(fields::INLINE_POLICY.on(way), Some(tree(one))),
        several => whole.add(
            fields::INLINE_POLICIES.on(way),
            list(several.iter().map(tree).collect()),
        ),
    }
}

/// The fields of an object; those that are not set are not there.
#[derive(Default)]
struct Object(Vec<(String, Tree)>);

impl Object {
    fn add(&mut self, field: &Field, tree: Option<Tree>) {
        let entry = tree.map(|tree| (field.key().to_owned(), tree));
        self.0.extend(entry);
    }

    fn tree(self) -> Option<Tree> {
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
    Object(
        entries
            .map(|(key, value)| (key.clone(), Tree::Text(value.clone())))
            .collect(),
    )
    .tree()
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
        && matches!(plain(text), YamlValue::Text(_));
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

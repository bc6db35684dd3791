//! Names and types of a config file, against the list of fields: unknown and wrongly written names,
//! values of another type, and keys that stand twice.

use std::collections::BTreeMap;

use super::node::{Place, YamlNode, YamlValue};
use super::{Problem, Problems, inside};
use crate::asked::fields::{self, Field, Kind};
use crate::policy::numbers;
use crate::template::{PARAMETRISED, ParametrisedPolicy, well_known_names};

/// Puts every problem of names and types into `problems`.
pub fn check(root: &YamlNode, problems: &mut Problems) {
    let YamlValue::Map(_) = root.value else {
        problems.push(Problem::new(root.place, "", mismatch(Kind::Object, root)));
        return;
    };
    object(root, "", "", problems);
}

/// An object whose fields are on the list, under `pattern`.
fn object(node: &YamlNode, pattern: &str, path: &str, problems: &mut Problems) {
    let names: Vec<&str> = fields::of(pattern).map(Field::key).collect();
    for (name, value, place) in unique(node, path, problems) {
        let path = inside(path, name);
        if let Some(field) = fields::of(pattern).find(|field| field.key() == name) {
            value_of(field, value, &path, problems);
        } else {
            // Beyond that, the file is of another kind.
            let near = if problems.is_full() {
                String::new()
            } else {
                misplaced(name, pattern).unwrap_or_else(|| nearest(name, &names))
            };
            let rule = format!("there is no such field{near}");
            problems.push(Problem::new(place, &path, rule));
        }
    }
}

/// `; it belongs …` where the field stands one level too high or too low.
fn misplaced(name: &str, pattern: &str) -> Option<String> {
    let is_of_associations = pattern.strip_suffix("[]") == Some(fields::ASSOCIATIONS.path);
    if is_of_associations && name == fields::ROLE_ACCOUNT.key() {
        let other = fields::TARGET_ROLE.key();
        return Some(format!(
            "; an association reaches another account by `{other}`"
        ));
    }
    let has = |parent: &str| fields::of(parent).any(|field| field.key() == name);
    let inner = fields::of(pattern).find(|inner| inner.kind == Kind::Object && has(inner.path));
    if let Some(inner) = inner {
        return Some(format!("; it belongs under `{}`", inner.key()));
    }
    let (outer, own) = pattern.rsplit_once('.')?;
    has(outer).then(|| format!("; it belongs beside `{own}`, not under it"))
}

/// The entries of a mapping with a text as key, each key once.
fn unique<'a>(
    node: &'a YamlNode,
    path: &str,
    problems: &mut Problems,
) -> Vec<(&'a str, &'a YamlNode, Place)> {
    let mut seen = BTreeMap::new();
    let mut entries = Vec::new();
    for entry in node.entries() {
        let place = entry.key.place;
        let Some(name) = entry.name() else {
            let rule = format!("a key is {}: put it into quotes", described(&entry.key));
            problems.push(Problem::new(place, path, rule));
            continue;
        };
        match seen.insert(name, place) {
            Some(first) => {
                let rule = format!("stands twice; first on line {}", first.line);
                problems.push(Problem::new(place, &inside(path, name), rule));
            }
            None => entries.push((name, &*entry.value, place)),
        }
    }
    entries
}

fn value_of(field: &Field, node: &YamlNode, path: &str, problems: &mut Problems) {
    if node.is_null() {
        return;
    }
    let fits = matches!(
        (field.kind, &node.value),
        (Kind::Any, _)
            | (
                Kind::Object | Kind::Map | Kind::WellKnown | Kind::Document,
                YamlValue::Map(_)
            )
            | (
                Kind::Objects | Kind::Texts | Kind::Documents,
                YamlValue::List(_)
            )
            | (
                Kind::Text | Kind::Constant(_) | Kind::OneOf(_),
                YamlValue::Text(_)
            )
            | (Kind::Bool, YamlValue::Bool(_))
            | (Kind::Seconds(_), YamlValue::Number(_))
    );
    if !fits {
        problems.push(Problem::new(node.place, path, mismatch(field.kind, node)));
        return;
    }
    match field.kind {
        Kind::Object => object(node, field.path, path, problems),
        Kind::Objects | Kind::Texts | Kind::Documents => items(field, node, path, problems),
        Kind::Map | Kind::WellKnown => entries(field.kind, node, path, problems),
        Kind::Document => document(node, path, problems),
        Kind::Text
        | Kind::Constant(_)
        | Kind::OneOf(_)
        | Kind::Bool
        | Kind::Seconds(_)
        | Kind::Any => {}
    }
}

fn items(field: &Field, node: &YamlNode, path: &str, problems: &mut Problems) {
    for (index, item) in node.items().iter().enumerate() {
        let path = format!("{path}[{index}]");
        match (field.kind, &item.value) {
            (Kind::Objects, YamlValue::Map(_)) => {
                object(item, &format!("{}[]", field.path), &path, problems);
            }
            (Kind::Documents, YamlValue::Map(_)) => document(item, &path, problems),
            (Kind::Texts, YamlValue::Text(_)) => {}
            (kind, _) => {
                let wanted = match kind {
                    Kind::Texts => Kind::Text,
                    _ => Kind::Object,
                };
                problems.push(Problem::new(item.place, &path, mismatch(wanted, item)));
            }
        }
    }
}

/// Texts by any name, or bools by the names of well-known policies.
fn entries(kind: Kind, node: &YamlNode, path: &str, problems: &mut Problems) {
    for (name, value, place) in unique(node, path, problems) {
        let path = inside(path, name);
        let mut parametrised = PARAMETRISED.iter();
        if kind == Kind::WellKnown
            && let Some(policy) = parametrised.find(|it| it.name() == name)
        {
            parameters(*policy, value, &path, problems);
            continue;
        }
        let wanted = match kind {
            Kind::WellKnown => Kind::Bool,
            _ => Kind::Text,
        };
        let names = well_known_names();
        if kind == Kind::WellKnown && !names.contains(&name) {
            let mut near = nearest(name, &names);
            if near.is_empty() {
                near = format!("; there are {}", names.join(", "));
            }
            let rule = format!("there is no such well-known policy{near}");
            problems.push(Problem::new(place, &path, rule));
        }
        let fits = match &value.value {
            YamlValue::Null => true,
            YamlValue::Text(_) => wanted == Kind::Text,
            YamlValue::Bool(_) => wanted == Kind::Bool,
            _ => false,
        };
        if !fits {
            problems.push(Problem::new(value.place, &path, mismatch(wanted, value)));
        }
    }
}

/// An object of texts; what they are is judged where they are read.
fn parameters(policy: ParametrisedPolicy, node: &YamlNode, path: &str, problems: &mut Problems) {
    match &node.value {
        YamlValue::Map(_) => entries(Kind::Map, node, path, problems),
        YamlValue::Null => {}
        _ => {
            let rule = format!(
                "an object of {} is wanted, this is {}",
                policy.told(),
                described(node)
            );
            problems.push(Problem::new(node.place, path, rule));
        }
    }
}

/// A policy document must be JSON in the end; its grammar is judged where it is read.
fn document(node: &YamlNode, path: &str, problems: &mut Problems) {
    match &node.value {
        YamlValue::Map(_) => {
            for (name, value, _) in unique(node, path, problems) {
                document(value, &inside(path, name), problems);
            }
        }
        YamlValue::List(items) => {
            for (index, item) in items.iter().enumerate() {
                document(item, &format!("{path}[{index}]"), problems);
            }
        }
        YamlValue::Number(text) if number(text).is_none() => {
            let rule = format!(
                "`{text}` is a number to YAML, and another one in JSON: put it into quotes"
            );
            problems.push(Problem::new(node.place, path, rule));
        }
        YamlValue::Merge | YamlValue::Tagged(_) => {
            let rule = format!("is {}: JSON has none", described(node));
            problems.push(Problem::new(node.place, path, rule));
        }
        _ => {}
    }
}

/// A number whose text is the same in JSON: without leading zeros, other bases and underscores, and with
/// no more digits than are kept.
pub fn number(text: &str) -> Option<serde_json::Number> {
    let number = serde_json::from_str(text).ok();
    number.filter(|_| numbers::is_exact(text))
}

/// What is wanted and what is there.
fn mismatch(wanted: Kind, found: &YamlNode) -> String {
    let word = match wanted {
        Kind::Object | Kind::Document => "an object",
        Kind::Objects | Kind::Documents => "a list of objects",
        Kind::Text | Kind::Constant(_) | Kind::OneOf(_) => "a text",
        Kind::Texts => "a list of texts",
        Kind::Bool => "`true` or `false`",
        Kind::Seconds(_) => "a number of seconds",
        Kind::Map => "an object of texts",
        Kind::WellKnown => "an object of `true` and `false`",
        Kind::Any => "anything",
    };
    let mend = match (wanted, &found.value) {
        (
            Kind::Text | Kind::Constant(_) | Kind::OneOf(_),
            YamlValue::Number(_) | YamlValue::Bool(_),
        ) => ": put it into quotes",
        (Kind::Bool, YamlValue::Text(text)) if text == "true" || text == "false" => {
            ": leave the quotes out"
        }
        (Kind::Seconds(_), YamlValue::Text(text)) if number(text).is_some() => {
            ": leave the quotes out"
        }
        (Kind::Texts, YamlValue::Text(_)) => ": put `[` and `]` around it",
        (Kind::Objects | Kind::Documents, YamlValue::Map(_)) => ": put `- ` before the first field",
        _ => "",
    };
    format!("{word} is wanted, this is {}{mend}", described(found))
}

fn described(node: &YamlNode) -> String {
    match &node.value {
        YamlValue::Null => "null".to_owned(),
        YamlValue::Bool(value) => format!("the bool `{value}`"),
        YamlValue::Number(text) => format!("the number `{}`", short(text)),
        YamlValue::Text(text) => format!("the text {:?}", short(text)),
        YamlValue::List(_) => "a list".to_owned(),
        YamlValue::Map(_) => "an object".to_owned(),
        YamlValue::Merge => "a merge key".to_owned(),
        YamlValue::Tagged(tag) => format!("a value with the tag `{}`", short(tag)),
    }
}

/// A text, cut where it would fill the screen.
pub fn short(text: &str) -> String {
    const LENGTH: usize = 60;
    match text.char_indices().nth(LENGTH) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// `; did you mean …?` with the name that was probably meant.
fn nearest(name: &str, known: &[&str]) -> String {
    let nearest = crate::model::nearest(name, known.iter().copied());
    nearest.map_or(String::new(), |other| format!("; did you mean `{other}`?"))
}

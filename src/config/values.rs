//! What stands in a field of a config file, as the value that it is: a value that breaks its rule is put into the
//! problems, and one of another kind than the field's has been told already.

use std::str::FromStr;

use serde_json::Value as Json;

use super::check::{number, short};
use super::node::{YamlNode, YamlValue};
use super::{Problem, Problems, inside};
use crate::asked::fields::{Field, Kind};
use crate::model::Map;
use crate::policy::PolicyDocument;

/// The value of a switch.
pub fn bool(node: &YamlNode, field: &Field) -> Option<bool> {
    node.field(field)?.bool()
}

/// The value of a text field; `path` is that of `node`.
pub fn value<T: FromStr<Err = String>>(
    node: &YamlNode,
    path: &str,
    field: &Field,
    problems: &mut Problems,
) -> Option<T> {
    let found = node.field(field)?;
    let text = found.text()?;
    match text.parse() {
        Ok(value) => Some(value),
        Err(rule) => {
            let rule = format!("{:?}: {rule}", short(text));
            problems.push(Problem::new(found.place, &inside(path, field.name()), rule));
            None
        }
    }
}

/// A list of texts that keep a rule.
pub fn texts<T: FromStr<Err = String>>(
    node: &YamlNode,
    path: &str,
    field: &Field,
    problems: &mut Problems,
) -> Vec<T> {
    let items = node.field(field).map_or(&[][..], |node| node.items());
    let mut values = Vec::new();
    for (index, item) in items.iter().enumerate() {
        match item.text().map(|text| (text, text.parse())) {
            None => {}
            Some((_, Ok(value))) => values.push(value),
            Some((text, Err(rule))) => {
                let path = format!("{path}.{}[{index}]", field.name());
                let rule = format!("{:?}: {rule}", short(text));
                problems.push(Problem::new(item.place, &path, rule));
            }
        }
    }
    values
}

/// A whole number of seconds within the bounds of its field.
pub fn seconds(node: &YamlNode, path: &str, field: &Field, problems: &mut Problems) -> Option<u32> {
    let found = node.field(field)?;
    let (YamlValue::Number(text), Kind::Seconds(bounds)) = (&found.value, field.kind) else {
        return None;
    };
    let number = text.parse().ok();
    let number = number.filter(|number| bounds.contain(*number));
    if number.is_none() {
        let rule = format!(
            "`{}`: {} to {} seconds are wanted",
            short(text),
            bounds.least,
            bounds.most
        );
        problems.push(Problem::new(found.place, &inside(path, field.name()), rule));
    }
    number
}

/// The texts of a mapping; null is the empty text, as to eksctl.
pub fn map(node: &YamlNode, field: &Field) -> Map {
    let entries = node.field(field).map_or(&[][..], |node| node.entries());
    entries
        .iter()
        .filter_map(|entry| match &entry.value.value {
            YamlValue::Text(text) => Some((entry.name()?.to_owned(), text.clone())),
            YamlValue::Null => Some((entry.name()?.to_owned(), String::new())),
            _ => None,
        })
        .collect()
}

/// The policy document that a tree is.
pub fn document(node: &YamlNode, path: &str, problems: &mut Problems) -> Option<PolicyDocument> {
    // What is no JSON has been told already.
    let json = json(node)?;
    match PolicyDocument::parse(&json.to_string()) {
        Ok(document) => Some(document),
        Err(rule) => {
            problems.push(Problem::new(node.place, path, rule));
            None
        }
    }
}

/// A tree as JSON, if it is that.
fn json(node: &YamlNode) -> Option<Json> {
    Some(match &node.value {
        YamlValue::Null => Json::Null,
        YamlValue::Bool(value) => Json::Bool(*value),
        YamlValue::Number(text) => Json::Number(number(text)?),
        YamlValue::Text(text) => Json::String(text.clone()),
        YamlValue::List(items) => {
            let items = items.iter().map(|item| json(item));
            Json::Array(items.collect::<Option<_>>()?)
        }
        YamlValue::Map(entries) => {
            let mut object = serde_json::Map::new();
            for entry in entries {
                object.insert(entry.name()?.to_owned(), json(&entry.value)?);
            }
            Json::Object(object)
        }
        YamlValue::Merge | YamlValue::Tagged(_) => return None,
    })
}

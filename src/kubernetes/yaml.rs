//! YAML as kubectl reads it into its types (sigs.k8s.io/yaml): the first document; where a text is wanted, a
//! number is the text that is written.

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::config::{Place, YamlNode, YamlValue, parse_yaml};

/// What an extension holds is another program's.
const EXTENSIONS: &str = "extensions";

/// A list of the document, and whether something may be an entry of it.
pub type EntryType<'a> = (&'a str, fn(Value) -> bool);

/// A whole document in one type. None, where it is empty.
///
/// # Errors
/// Where it cannot be read: the syntax, or the first entry of these lists that is not of its type; nothing of
/// what stands there.
pub fn read<T: DeserializeOwned>(text: &str, lists: &[EntryType<'_>]) -> Result<Option<T>, Place> {
    let Some((root, _)) = parse_yaml(text).map_err(|fault| fault.place)? else {
        return Ok(None);
    };
    let read = serde_json::from_value(value(&root, Numbers::AsText)?);
    read.map(Some).map_err(|_| culprit(&root, lists))
}

/// Where the first entry stands that does not fit; the document's beginning where all do.
fn culprit(root: &YamlNode, lists: &[EntryType<'_>]) -> Place {
    let entries = lists
        .iter()
        .flat_map(|(list, fits)| root.at(list).map(|list| (list, fits)))
        .flat_map(|(list, fits)| list.items().iter().map(move |entry| (entry, fits)));
    let mut wrong = entries.filter(|(entry, fits)| {
        let value = value(entry, Numbers::AsText);
        value.is_ok_and(|value| !fits(value))
    });
    wrong.next().map_or(root.place, |(entry, _)| entry.place)
}

#[derive(Clone, Copy, PartialEq)]
enum Numbers {
    AsText,
    AsNumbers,
}

/// Where a value or a key stands that JSON has no word for.
fn value(node: &YamlNode, numbers: Numbers) -> Result<Value, Place> {
    Ok(match &node.value {
        YamlValue::Null => Value::Null,
        YamlValue::Bool(is) => Value::Bool(*is),
        YamlValue::Number(text) => match text.parse::<serde_json::Number>() {
            Ok(number) if numbers == Numbers::AsNumbers => Value::Number(number),
            _ => Value::String(text.clone()),
        },
        YamlValue::Text(text) => Value::String(text.clone()),
        YamlValue::List(items) => {
            let items = items.iter().map(|item| value(item, numbers));
            Value::Array(items.collect::<Result<_, _>>()?)
        }
        YamlValue::Map(entries) => {
            let mut object = serde_json::Map::new();
            for entry in entries {
                let name = match &entry.key.value {
                    YamlValue::Text(name) | YamlValue::Number(name) => name.clone(),
                    YamlValue::Bool(is) => is.to_string(),
                    _ => return Err(entry.key.place),
                };
                let numbers = if name == EXTENSIONS {
                    Numbers::AsNumbers
                } else {
                    numbers
                };
                object.insert(name, value(&entry.value, numbers)?);
            }
            Value::Object(object)
        }
        YamlValue::Merge | YamlValue::Tagged(_) => return Err(node.place),
    })
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize, PartialEq)]
    struct Asked {
        #[serde(default)]
        users: Vec<User>,
        #[serde(default)]
        extensions: Value,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct User {
        name: String,
        #[serde(default)]
        wide: Option<bool>,
    }

    fn of(text: &str) -> Result<Option<Asked>, (usize, usize)> {
        let is_user: fn(Value) -> bool = |value| serde_json::from_value::<User>(value).is_ok();
        read(text, &[("users", is_user)]).map_err(|place| (place.line, place.column))
    }

    #[test]
    fn numbers_are_texts_but_for_extensions() {
        let text = "users: [{name: 0123, wide: yes}, {name: 1e3}]\nextensions: {a: [1, {b: 2.5}], c: 0x10}";
        let read = of(text).expect("read").expect("there");
        assert_eq!(read.users[0].name, "0123");
        assert_eq!(read.users[0].wide, Some(true));
        assert_eq!(read.users[1].name, "1e3");
        let wanted = serde_json::json!({"a": [1, {"b": 2.5}], "c": "0x10"});
        assert_eq!(read.extensions, wanted);
    }

    #[test]
    fn a_document_that_is_empty_is_none_and_a_second_one_is_not_read() {
        assert_eq!(of(""), Ok(None));
        assert_eq!(of("# nothing\n---\n"), Ok(None));
        let read = of("users: [{name: a}]\n---\nusers: 7\n").expect("read");
        assert_eq!(read.map(|read| read.users.len()), Some(1));
    }

    #[test]
    fn what_is_wrong_is_told_by_its_place() {
        assert_eq!(of("users: [a"), Err((1, 8)));
        assert_eq!(of("users:\n- name: a\n- name: [b]\n"), Err((3, 3)));
        assert_eq!(of("users: 7"), Err((1, 1)));
        assert_eq!(of("users:\n- {name: !Sub b}"), Err((2, 15)));
        assert_eq!(of("users:\n- {[a]: b}"), Err((2, 4)));
    }
}

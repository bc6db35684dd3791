//! Readers of what is rendered, written for the tests: as much of HCL and of a shell as is used.

use std::collections::BTreeMap;

use serde_json::Value;

/// What an expression of HCL stands for. References and calls are kept.
#[derive(Clone, Debug, PartialEq)]
pub enum Hcl {
    Plain(Value),
    List(Vec<Hcl>),
    Object(BTreeMap<String, Hcl>),
    Reference(String),
}

impl From<&Value> for Hcl {
    fn from(value: &Value) -> Self {
        match value {
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => {
                let members = members.iter();
                Self::Object(
                    members
                        .map(|(key, value)| (key.clone(), value.into()))
                        .collect(),
                )
            }
            plain => Self::Plain(plain.clone()),
        }
    }
}

impl Hcl {
    /// As JSON, with a text for every reference.
    pub fn to_json(&self, reference: &str) -> Value {
        match self {
            Self::Plain(value) => value.clone(),
            Self::List(items) => items.iter().map(|item| item.to_json(reference)).collect(),
            Self::Object(members) => {
                let members = members.iter();
                Value::Object(
                    members
                        .map(|(key, value)| (key.clone(), value.to_json(reference)))
                        .collect(),
                )
            }
            Self::Reference(_) => reference.into(),
        }
    }
}

/// Header and attributes of each block, but for `terraform`, which has blocks inside.
pub fn hcl(text: &str) -> Vec<(String, BTreeMap<String, Hcl>)> {
    let mut blocks = Vec::new();
    let mut rest = text;
    while let Some((line, after)) = rest.split_once('\n') {
        rest = after;
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let header = line.strip_suffix(" {").expect(line);
        if header == "terraform" {
            rest = rest.split_once("\n}\n").expect(rest).1;
            continue;
        }
        let (attributes, after) = members(rest);
        rest = after.strip_prefix('\n').expect(after);
        blocks.push((header.to_owned(), attributes));
    }
    blocks
}

/// `name = value` lines up to the brace that ends them.
fn members(mut rest: &str) -> (BTreeMap<String, Hcl>, &str) {
    let mut members = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if let Some(rest) = rest.strip_prefix('}') {
            return (members, rest);
        }
        let (name, after) = match rest.strip_prefix('"') {
            Some(quoted) => unquoted(quoted),
            None => {
                let (name, after) = rest.split_once(' ').expect(rest);
                (name.to_owned(), after)
            }
        };
        let value = after
            .trim_start_matches(' ')
            .strip_prefix("= ")
            .expect(after);
        let (value, after) = expression(value);
        assert_eq!(members.insert(name, value), None, "{rest}");
        rest = after;
    }
}

fn expression(rest: &str) -> (Hcl, &str) {
    if let Some(rest) = rest.strip_prefix('"') {
        let (text, rest) = unquoted(rest);
        return (Hcl::Plain(text.into()), rest);
    }
    if let Some(rest) = rest.strip_prefix('{') {
        let (members, rest) = members(rest);
        return (Hcl::Object(members), rest);
    }
    if let Some(mut rest) = rest.strip_prefix('[') {
        let mut items = Vec::new();
        loop {
            rest = rest.trim_start_matches([' ', '\n', ',']);
            if let Some(rest) = rest.strip_prefix(']') {
                return (Hcl::List(items), rest);
            }
            let (item, after) = expression(rest);
            items.push(item);
            rest = after;
        }
    }
    let end = rest.find(['(', ',', '\n', ']', ')']).unwrap_or(rest.len());
    let (word, after) = rest.split_at(end);
    if let Some(argument) = after.strip_prefix('(') {
        assert!(["jsonencode", "toset"].contains(&word), "{word}");
        let (value, after) = expression(argument);
        return (value, after.strip_prefix(')').expect(after));
    }
    match serde_json::from_str(word) {
        Ok(value) => (Hcl::Plain(value), after),
        Err(_) => (Hcl::Reference(word.to_owned()), after),
    }
}

/// A text of HCL behind its first quote, and what follows the last. Panics at an interpolation.
pub fn unquoted(rest: &str) -> (String, &str) {
    let mut text = String::new();
    let mut rest = rest;
    loop {
        let c = rest.chars().next().expect("a quote at the end");
        rest = &rest[c.len_utf8()..];
        match c {
            '"' => return (text, rest),
            '\\' => {
                let kind = rest.chars().next().expect("an escape");
                rest = &rest[1..];
                let digits = match kind {
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                let (code, after) = rest.split_at(digits);
                rest = after;
                text.push(match kind {
                    'n' => '\n',
                    'r' => '\r',
                    't' => '\t',
                    'u' | 'U' => char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap(),
                    '"' | '\\' => kind,
                    other => panic!("\\{other}"),
                });
            }
            '$' | '%' if rest.starts_with(&format!("{c}{{")) => {
                text.extend([c, '{']);
                rest = &rest[2..];
            }
            '$' | '%' if rest.starts_with('{') => panic!("an interpolation: {c}{rest}"),
            '\n' => panic!("a line ends in a text"),
            c => text.push(c),
        }
    }
}

/// What a script does behind its functions.
pub fn calls(script: &str) -> &str {
    let (_, main) = script.rsplit_once("\nmain() {\n").expect("functions");
    main.strip_suffix("}\n\nmain </dev/null\n")
        .expect("the last line")
}

/// The words of each command line: blanks part them, `'…'` is taken as it is, `$'…'` has octal escapes, a
/// backslash takes the next character, or joins lines.
pub fn commands(script: &str) -> Vec<Vec<String>> {
    let mut commands = Vec::new();
    let mut words: Vec<String> = Vec::new();
    let mut word: Option<String> = None;
    let mut characters = script.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '#' if word.is_none() => while characters.next_if(|&c| c != '\n').is_some() {},
            '\'' => {
                let word = word.get_or_insert_default();
                word.extend(std::iter::from_fn(|| {
                    characters.next().filter(|&c| c != '\'')
                }));
            }
            '$' if characters.next_if_eq(&'\'').is_some() => {
                let escaped = escaped(&mut characters);
                word.get_or_insert_default().push_str(&escaped);
            }
            '\\' => match characters.next().expect("a character") {
                '\n' => {}
                c => word.get_or_insert_default().push(c),
            },
            ' ' | '\n' => {
                words.extend(word.take());
                if c == '\n' && !words.is_empty() {
                    commands.push(std::mem::take(&mut words));
                }
            }
            c => word.get_or_insert_default().push(c),
        }
    }
    commands
}

/// What stands between `$'` and the next `'` that no backslash is before.
fn escaped(characters: &mut impl Iterator<Item = char>) -> String {
    let mut bytes = Vec::new();
    loop {
        let c = match characters.next().expect("a quote at the end") {
            '\'' => return String::from_utf8(bytes).expect("UTF-8"),
            '\\' => match characters.next().expect("an escape") {
                c @ '0'..='3' => {
                    let digits: String =
                        [c].into_iter().chain(characters.by_ref().take(2)).collect();
                    bytes.push(u8::from_str_radix(&digits, 8).expect("octal digits"));
                    continue;
                }
                c => c,
            },
            c => c,
        };
        bytes.extend(c.encode_utf8(&mut [0; 4]).bytes());
    }
}

//! HCL as `terraform fmt` writes it: blocks, attributes and expressions, with any text quoted so that
//! it stays the text that it is (HCL native syntax specification, "Template Expressions").

use std::fmt;

use serde_json::Value;

use crate::model::is_hidden;

/// A value. Texts of Terraform are Unicode in NFC: it normalizes what it reads.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// A reference or a number, as it stands.
    Bare(String),
    Text(String),
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
    /// A function of one argument.
    Call(&'static str, Box<Self>),
}

/// A block with its attributes, under comment lines.
pub struct Block {
    pub comment: String,
    pub header: String,
    pub attributes: Vec<(&'static str, Expression)>,
}

impl fmt::Display for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in self.comment.lines() {
            writeln!(f, "{}", format!("# {line}").trim_end())?;
        }
        let attributes = self
            .attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value));
        let attributes = attributes.collect::<Vec<_>>();
        writeln!(f, "{} {{\n{}}}", self.header, lines(&attributes, 1))
    }
}

impl Expression {
    /// A text that stands between quotes: nothing in it is a reference.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A list of such texts.
    pub fn texts<T: Into<String>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::List(texts.into_iter().map(Self::text).collect())
    }

    /// A function of one argument, as `jsonencode(…)`.
    pub fn call(function: &'static str, argument: Self) -> Self {
        Self::Call(function, Box::new(argument))
    }

    /// With a reference wherever a text is.
    pub fn referring(self, text: &str, reference: &str) -> Self {
        let inner = |value: Self| value.referring(text, reference);
        match self {
            Self::Text(other) if other == text => Self::Bare(reference.to_owned()),
            Self::List(items) => Self::List(items.into_iter().map(inner).collect()),
            Self::Object(members) => Self::Object(
                members
                    .into_iter()
                    .map(|(key, value)| (key, inner(value)))
                    .collect(),
            ),
            Self::Call(function, argument) => Self::call(function, inner(*argument)),
            other => other,
        }
    }

    /// As it stands in a line of that depth; lists and objects go over several lines.
    fn at(&self, depth: usize) -> String {
        let end = "  ".repeat(depth);
        match self {
            Self::Bare(text) => text.clone(),
            Self::Text(text) => quoted(text),
            Self::Call(function, argument) => format!("{function}({})", argument.at(depth)),
            Self::List(items) if items.len() <= 1 && items.iter().all(Self::is_short) => {
                format!(
                    "[{}]",
                    items.first().map_or(String::new(), |item| item.at(depth))
                )
            }
            Self::List(items) => {
                let items: String = items
                    .iter()
                    .map(|item| format!("{end}  {},\n", item.at(depth + 1)))
                    .collect();
                format!("[\n{items}{end}]")
            }
            Self::Object(members) if members.is_empty() => "{}".to_owned(),
            Self::Object(members) => {
                let members = members.iter().map(|(key, value)| (object_key(key), value));
                let members = members.collect::<Vec<_>>();
                format!("{{\n{}{end}}}", lines(&members, depth + 1))
            }
        }
    }

    fn is_short(&self) -> bool {
        matches!(self, Self::Bare(_) | Self::Text(_))
    }
}

impl From<&Value> for Expression {
    fn from(value: &Value) -> Self {
        match value {
            Value::String(text) => Self::text(text),
            Value::Array(items) => Self::List(items.iter().map(Self::from).collect()),
            Value::Object(members) => Self::Object(
                members
                    .iter()
                    .map(|(key, value)| (key.clone(), value.into()))
                    .collect(),
            ),
            Value::Null | Value::Bool(_) | Value::Number(_) => Self::Bare(value.to_string()),
        }
    }
}

/// `name = value` lines. As `terraform fmt` has it, the `=` of neighbours that have one line each
/// stand below each other.
fn lines(attributes: &[(String, &Expression)], depth: usize) -> String {
    let values: Vec<String> = attributes
        .iter()
        .map(|(_, value)| value.at(depth))
        .collect();
    let is_long = |index: usize| values[index].contains('\n');
    let mut text = String::new();
    let mut width = 0;
    for (index, (name, _)) in attributes.iter().enumerate() {
        if is_long(index) {
            width = 0;
        } else if index == 0 || is_long(index - 1) {
            let group = (index..values.len()).take_while(|&index| !is_long(index));
            let widths = group.map(|index| attributes[index].0.chars().count());
            width = widths.max().unwrap_or_default();
        }
        let indent = "  ".repeat(depth);
        text.push_str(&format!("{indent}{name:width$} = {}\n", values[index]));
    }
    text
}

/// Bare where it cannot be taken for anything else (`for`, `null`).
fn object_key(key: &str) -> String {
    let is_plain = key.starts_with(|c: char| c.is_ascii_uppercase())
        && key.bytes().all(|b| b.is_ascii_alphanumeric());
    if is_plain {
        key.to_owned()
    } else {
        quoted(key)
    }
}

/// A text between quotes: what begins an interpolation or directive is doubled (`$${`, `%%{`).
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '$' | '%' if characters.peek() == Some(&'{') => quoted.extend([c, c]),
            c if is_hidden(c) => quoted.push_str(&escaped(c)),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

fn escaped(c: char) -> String {
    match u32::from(c) {
        code @ ..=0xffff => format!("\\u{code:04x}"),
        code => format!("\\U{code:08x}"),
    }
}

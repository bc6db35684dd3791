//! HCL as Vault 1 reads its policies: version 1 of the language, whose keys may stand in quotes, and JSON.
//! What no policy has (here-documents, interpolation) is refused.

use serde_json::Value as Json;

use crate::policy::Unique;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HclValue {
    Text(String),
    /// A number or a bool, as it is written.
    Word(String),
    List(Vec<Self>),
    Object(Vec<ObjectItem>),
}

/// A key with what it holds, and between the two what it is labelled with: `path "secret/*" { … }`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectItem {
    pub keys: Vec<String>,
    pub value: HclValue,
}

/// How deep lists and objects may stand in one another.
const DEPTH: usize = 32;

/// The items of a document.
///
/// # Errors
/// What is wrong, and in which line.
pub fn parse(text: &str) -> Result<Vec<ObjectItem>, String> {
    if text.trim_start().starts_with('{') {
        // Of a key that stands twice the last one would count, and a denial be lost.
        let json: Unique = serde_json::from_str(text).map_err(|error| error.to_string())?;
        return match of_json(json.0) {
            HclValue::Object(items) => Ok(items),
            _ => Err("no object".to_owned()),
        };
    }
    let mut reader = Reader {
        rest: text,
        line: 1,
    };
    reader.items(None, 0)
}

/// An object in an object is a label, as the reader of Vault has it.
fn of_json(json: Json) -> HclValue {
    match json {
        Json::String(text) => HclValue::Text(text),
        Json::Null | Json::Bool(_) | Json::Number(_) => HclValue::Word(json.to_string()),
        Json::Array(items) => HclValue::List(items.into_iter().map(of_json).collect()),
        Json::Object(entries) => {
            let entries = entries.into_iter().map(|(key, value)| ObjectItem {
                keys: vec![key],
                value: of_json(value),
            });
            HclValue::Object(entries.collect())
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
}

impl Reader<'_> {
    fn wrong<T>(&self, what: impl std::fmt::Display) -> Result<T, String> {
        Err(format!("{what} in line {}", self.line))
    }

    fn next(&mut self) -> Option<char> {
        let c = self.rest.chars().next()?;
        self.rest = &self.rest[c.len_utf8()..];
        self.line += usize::from(c == '\n');
        Some(c)
    }

    /// The next character that is neither blank nor in a comment.
    fn peek(&mut self) -> Result<Option<char>, String> {
        loop {
            if self.rest.starts_with(char::is_whitespace) {
                self.next();
            } else if self.rest.starts_with('#') || self.rest.starts_with("//") {
                while !matches!(self.next(), None | Some('\n')) {}
            } else if self.rest.starts_with("/*") {
                while !self.rest.starts_with("*/") {
                    if self.next().is_none() {
                        return self.wrong("a comment does not end");
                    }
                }
                self.rest = &self.rest[2..];
            } else {
                return Ok(self.rest.chars().next());
            }
        }
    }

    /// Items up to the end of their object, or of the text.
    fn items(&mut self, end: Option<char>, depth: usize) -> Result<Vec<ObjectItem>, String> {
        let mut items = Vec::new();
        loop {
            let c = self.peek()?;
            if c == end {
                self.next();
                return Ok(items);
            }
            items.push(self.item(depth)?);
            if self.peek()? == Some(',') {
                self.next();
            }
        }
    }

    fn item(&mut self, depth: usize) -> Result<ObjectItem, String> {
        let mut keys = Vec::new();
        loop {
            match self.peek()? {
                Some('=') if !keys.is_empty() => {
                    self.next();
                    let value = self.value(depth)?;
                    return Ok(ObjectItem { keys, value });
                }
                Some('{') if !keys.is_empty() => {
                    let value = self.value(depth)?;
                    return Ok(ObjectItem { keys, value });
                }
                Some('"') => keys.push(self.text()?),
                Some(c) if is_of_word(c) => keys.push(self.word()),
                Some(c) => return self.wrong(format!("'{}'", c.escape_default())),
                None => return self.wrong("the end of the text"),
            }
        }
    }

    fn value(&mut self, depth: usize) -> Result<HclValue, String> {
        if depth > DEPTH {
            return self.wrong("too many brackets");
        }
        match self.peek()? {
            Some('"') => Ok(HclValue::Text(self.text()?)),
            Some('{') => {
                self.next();
                Ok(HclValue::Object(self.items(Some('}'), depth + 1)?))
            }
            Some('[') => {
                self.next();
                Ok(HclValue::List(self.list(depth + 1)?))
            }
            Some(c) if is_of_word(c) => Ok(HclValue::Word(self.word())),
            Some(c) => self.wrong(format!("'{}'", c.escape_default())),
            None => self.wrong("the end of the text"),
        }
    }

    fn list(&mut self, depth: usize) -> Result<Vec<HclValue>, String> {
        let mut items = Vec::new();
        loop {
            if self.peek()? == Some(']') {
                self.next();
                return Ok(items);
            }
            items.push(self.value(depth)?);
            match self.peek()? {
                Some(',') => {
                    self.next();
                }
                Some(']') => {}
                _ => return self.wrong("a list without a comma"),
            }
        }
    }

    fn word(&mut self) -> String {
        let end = self.rest.find(|c| !is_of_word(c));
        let (word, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        word.to_owned()
    }

    /// A text in double quotes.
    fn text(&mut self) -> Result<String, String> {
        self.next();
        let mut text = String::new();
        loop {
            if self.rest.starts_with("${") {
                return self.wrong("an interpolation");
            }
            match self.next() {
                Some('"') => return Ok(text),
                Some('\\') => match self.next() {
                    Some('n') => text.push('\n'),
                    Some('t') => text.push('\t'),
                    Some(c @ ('"' | '\\')) => text.push(c),
                    _ => return self.wrong("an escape that is not known"),
                },
                Some('\n') | None => return self.wrong("a text without its end"),
                Some(c) => text.push(c),
            }
        }
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || "_-.".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_stand_in_quotes_or_not() {
        let wanted = parse("path \"a/*\" { capabilities = [\"read\"] }").unwrap();
        for text in [
            "# one\npath \"a/*\" { // two\n capabilities = [ \"read\", ] /* three\n */ }\n",
            "\"path\" \"a/*\" {\"capabilities\" = [\"read\"]}",
            "path \"a/*\" {\ncapabilities=[\"read\"],\n}",
        ] {
            assert_eq!(parse(text).unwrap(), wanted, "{text}");
        }
        assert_eq!(wanted[0].keys, ["path", "a/*"]);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, wanted) in [
            ("path \"a\" {\n", "the end of the text in line 2"),
            ("\n}", "'}' in line 2"),
            ("a = \"\n\"", "a text without its end in line 2"),
            ("a = \"${b}\"", "an interpolation in line 1"),
            ("a = [\"b\" \"c\"]", "a list without a comma in line 1"),
            ("a = <<E\nE", "'<' in line 1"),
            ("/* a", "a comment does not end in line 1"),
            ("a", "the end of the text in line 1"),
            ("a = \"\\q\"", "an escape that is not known in line 1"),
        ] {
            assert_eq!(parse(text).unwrap_err(), wanted, "{text}");
        }
        assert!(parse(&"a = [".repeat(2_000)).is_err());
        assert!(parse(&format!("a = {}", "[".repeat(9_000))).is_err());
    }

    #[test]
    fn any_text_has_an_end() {
        let corpus = [
            "path \"a/+/b*\" { capabilities = [\"read\"] }",
            "{\"a\": [1]}",
            "",
        ];
        crate::fuzz::texts(corpus, |text| {
            let _ = parse(text);
        });
    }
}

//! A YAML document as a tree of nodes that know where they stand, so that every mistake can be told
//! with its place. Aliases share their node and merge keys are resolved; depth and size are bounded,
//! so that no input exhausts the stack or the memory. Plain scalars mean what they mean to eksctl
//! (YAML 1.1 of Go: `yes` is a bool, `0x10` a number).

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use serde_saphyr::granit_parser::{self, Event, Marker, Parser, ScalarStyle, Span, Tag};

use crate::asked::fields::Field;

/// Nodes of a document, aliases counted as often as they stand.
const LARGEST: usize = 500_000;
/// Collections inside of each other.
const DEEPEST: usize = 160;

/// Where something stands; both begin at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub line: usize,
    pub column: usize,
}

/// A value, and where it stands.
#[derive(Debug)]
pub struct YamlNode {
    pub place: Place,
    pub value: YamlValue,
    /// How many nodes it stands for, itself included.
    weight: usize,
    height: usize,
}

#[derive(Debug)]
pub enum YamlValue {
    Null,
    Bool(bool),
    /// As it is written.
    Number(String),
    Text(String),
    List(Vec<Rc<YamlNode>>),
    Map(Vec<Entry>),
    /// The plain `<<`.
    Merge,
    /// With a tag that is none of YAML's own, such as CloudFormation's `!Sub`.
    Tagged(String),
}

/// One line of a mapping. A key that stands twice is there twice.
#[derive(Clone, Debug)]
pub struct Entry {
    pub key: Rc<YamlNode>,
    pub value: Rc<YamlNode>,
}

impl Entry {
    /// The key, where it is a text.
    pub fn name(&self) -> Option<&str> {
        match &self.key.value {
            YamlValue::Text(name) => Some(name),
            _ => None,
        }
    }
}

impl YamlNode {
    /// What stands behind a path of keys; null is as good as absent.
    pub fn at(&self, path: &str) -> Option<&Rc<YamlNode>> {
        let (name, rest) = match path.split_once('.') {
            Some((name, rest)) => (name, Some(rest)),
            None => (path, None),
        };
        let node = self.entries().iter().find(|e| e.name() == Some(name))?;
        match (rest, &node.value.value) {
            (_, YamlValue::Null) => None,
            (None, _) => Some(&node.value),
            (Some(rest), _) => node.value.at(rest),
        }
    }

    /// The value of a field, seen from its service account or from the file's beginning.
    pub fn field(&self, field: &Field) -> Option<&Rc<Self>> {
        self.at(field.name())
    }

    /// The entries of a mapping; other values have none.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            YamlValue::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The items of a list; other values have none.
    pub fn items(&self) -> &[Rc<YamlNode>] {
        match &self.value {
            YamlValue::List(items) => items,
            _ => &[],
        }
    }

    /// `None` for every other kind: a number or a bool is no text.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            YamlValue::Text(text) => Some(text),
            _ => None,
        }
    }

    /// `None` for every other kind, also for a text such as `"true"`.
    pub fn bool(&self) -> Option<bool> {
        match self.value {
            YamlValue::Bool(on) => Some(on),
            _ => None,
        }
    }

    /// Whether nothing is there: null, `~`, or no value.
    pub fn is_null(&self) -> bool {
        matches!(self.value, YamlValue::Null)
    }
}

/// Why a text is no YAML that is read here, and where.
#[derive(Debug, PartialEq)]
pub struct Fault {
    pub place: Place,
    pub rule: String,
}

/// The root of a document, and where the next one that is not empty begins.
type YamlDocument = (Rc<YamlNode>, Option<Place>);

/// Reads the first document that is not empty. `None`: there is none.
pub fn parse(text: &str) -> Result<Option<YamlDocument>, Fault> {
    let mut options = granit_parser::Options::default();
    options.set_emit_comments(false);
    let mut builder = Builder::default();
    let mut events = Parser::new_from_str_with_options(text, options);
    while let Some(event) = events.next() {
        let (event, span) = event.map_err(|error| Fault {
            place: place(error.marker()),
            rule: format!("is no YAML: {}", error.info()),
        })?;
        let is_end = matches!(event, Event::DocumentEnd);
        builder.take(event, &span)?;
        if is_end && let Some(root) = builder.root.take_if(|root| !root.is_null()) {
            let further = events.find_map(|event| match event {
                Ok((event, span)) => is_content(&event).then_some(span.start),
                Err(error) => Some(*error.marker()),
            });
            return Ok(Some((root, further.map(|marker| place(&marker)))));
        }
    }
    Ok(None)
}

/// Whether an event is of a document that is not empty.
fn is_content(event: &Event<'_>) -> bool {
    match event {
        Event::Scalar(text, style, _, tag) => {
            !matches!(scalar(text, *style, tag.as_deref()), YamlValue::Null)
        }
        Event::SequenceStart(..) | Event::MappingStart(..) | Event::Alias(_) => true,
        _ => false,
    }
}

fn place(marker: &Marker) -> Place {
    Place {
        line: marker.line(),
        column: marker.col() + 1,
    }
}

/// What has been read so far.
#[derive(Default)]
struct Builder {
    /// The collections that are still open, outermost first.
    open: Vec<Open>,
    anchors: HashMap<usize, Rc<YamlNode>>,
    weight: usize,
    root: Option<Rc<YamlNode>>,
}

/// A collection of which the end has not been read.
struct Open {
    place: Place,
    anchor: usize,
    tag: Option<String>,
    kind: Collection,
    /// Of a mapping: keys and values in turn.
    items: Vec<Rc<YamlNode>>,
}

enum Collection {
    List,
    Map,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: &Span) -> Result<(), Fault> {
        let place = place(&span.start);
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let value = scalar(&text, style, tag.as_deref());
                self.finish(place, value, anchor)
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.open(place, anchor, tag.as_deref(), Collection::List)
            }
            Event::MappingStart(_, anchor, tag) => {
                self.open(place, anchor, tag.as_deref(), Collection::Map)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(),
            Event::Alias(anchor) => {
                let node = self.anchors.get(&anchor).cloned().ok_or_else(|| Fault {
                    place,
                    rule: "an alias stands inside of what it means".to_owned(),
                })?;
                let weight = node.weight;
                self.add(place, node, weight)
            }
            _ => Ok(()),
        }
    }

    fn open(
        &mut self,
        place: Place,
        anchor: usize,
        tag: Option<&Tag>,
        kind: Collection,
    ) -> Result<(), Fault> {
        if self.open.len() >= DEEPEST {
            return Err(too_deep(place));
        }
        let tag = tag.filter(|tag| !is_own(tag)).map(Tag::original);
        self.open.push(Open {
            place,
            anchor,
            tag,
            kind,
            items: Vec::new(),
        });
        Ok(())
    }

    fn close(&mut self) -> Result<(), Fault> {
        let Some(open) = self.open.pop() else {
            return Ok(());
        };
        let value = match (open.tag, open.kind) {
            (Some(tag), _) => YamlValue::Tagged(tag),
            (None, Collection::List) => YamlValue::List(open.items),
            (None, Collection::Map) => YamlValue::Map(merged(open.items)?),
        };
        self.finish(open.place, value, open.anchor)
    }

    /// A node is read to its end.
    fn finish(&mut self, place: Place, value: YamlValue, anchor: usize) -> Result<(), Fault> {
        let (mut weight, mut height) = (1_usize, 0);
        let mut count = |node: &YamlNode| {
            weight = weight.saturating_add(node.weight);
            height = height.max(node.height + 1);
        };
        match &value {
            YamlValue::List(items) => items.iter().for_each(|item| count(item)),
            YamlValue::Map(entries) => entries.iter().for_each(|entry| {
                count(&entry.key);
                count(&entry.value);
            }),
            _ => {}
        }
        let node = Rc::new(YamlNode {
            place,
            value,
            weight,
            height,
        });
        if anchor != 0 {
            self.anchors.insert(anchor, Rc::clone(&node));
        }
        // The nodes inside of it were counted when they were read.
        self.add(place, node, 1)
    }

    /// Puts a node, or once more the one of an alias, into the collection that is open.
    fn add(&mut self, place: Place, node: Rc<YamlNode>, weight: usize) -> Result<(), Fault> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > LARGEST {
            return Err(Fault {
                place,
                rule: format!("the file has more than {LARGEST} values, aliases counted"),
            });
        }
        if self.open.len() + node.height > DEEPEST {
            return Err(too_deep(place));
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(node),
            None => self.root = Some(node),
        }
        Ok(())
    }
}

fn too_deep(place: Place) -> Fault {
    Fault {
        place,
        rule: format!("more than {DEEPEST} objects and lists stand inside of each other"),
    }
}

/// The entries of a mapping; what `<<` names is put behind its own, which outrank it.
fn merged(items: Vec<Rc<YamlNode>>) -> Result<Vec<Entry>, Fault> {
    let mut own = Vec::new();
    let mut sources = Vec::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        match (&key.value, &value.value) {
            (YamlValue::Merge, YamlValue::Map(_)) => sources.push(value),
            (YamlValue::Merge, YamlValue::List(list))
                if list
                    .iter()
                    .all(|item| matches!(item.value, YamlValue::Map(_))) =>
            {
                sources.extend(list.iter().cloned());
            }
            (YamlValue::Merge, _) => {
                return Err(Fault {
                    place: value.place,
                    rule: "`<<` wants an object or a list of objects".to_owned(),
                });
            }
            _ => own.push(Entry { key, value }),
        }
    }
    let mut names: HashSet<String> = own
        .iter()
        .filter_map(|entry| entry.name().map(str::to_owned))
        .collect();
    for entry in sources.iter().flat_map(|source| source.entries()) {
        if entry
            .name()
            .is_none_or(|name| names.insert(name.to_owned()))
        {
            own.push(entry.clone());
        }
    }
    Ok(own)
}

/// Whether a tag is one of YAML's own, or the `!` that says "a text".
fn is_own(tag: &Tag) -> bool {
    tag.core_suffix().is_some() || tag.original() == "!"
}

fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> YamlValue {
    match tag {
        Some(tag) if !is_own(tag) => YamlValue::Tagged(tag.original()),
        Some(tag) if matches!(tag.core_suffix(), None | Some("str")) => {
            YamlValue::Text(text.to_owned())
        }
        None if style != ScalarStyle::Plain => YamlValue::Text(text.to_owned()),
        _ => plain(text),
    }
}

/// What a text without quotes means to eksctl's reader (sigs.k8s.io/yaml, goyaml.v2/resolve.go).
pub fn plain(text: &str) -> YamlValue {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => YamlValue::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            YamlValue::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            YamlValue::Bool(false)
        }
        "<<" => YamlValue::Merge,
        _ if is_number(text) => YamlValue::Number(text.to_owned()),
        _ => YamlValue::Text(text.to_owned()),
    }
}

/// Numbers as Go's YAML takes them: `-1`, `1_000`, `0x1F`, `0o17`, `0b1`, `1.5e3`, `.5`, `.inf`, `.nan`.
fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    if !unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return false;
    }
    // Go takes `1_0` for a number, but not `._1`.
    let digits = if text.starts_with('.') {
        text.to_ascii_lowercase()
    } else {
        unsigned.replace('_', "").to_ascii_lowercase()
    };
    for (prefix, base) in [("0x", 16), ("0o", 8), ("0b", 2)] {
        if let Some(rest) = digits.strip_prefix(prefix) {
            return !rest.is_empty() && rest.chars().all(|c| c.is_digit(base));
        }
    }
    let (mantissa, exponent) = digits.split_once('e').unwrap_or((&digits, "0"));
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    !exponent.is_empty()
        && all_digits(exponent)
        && all_digits(whole)
        && all_digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
}

#[cfg(test)]
mod tests;

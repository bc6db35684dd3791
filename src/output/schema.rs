//! What a config file may say, in the manner of `kubectl explain`.

use std::fmt::Write as _;

use serde::Serialize;

use super::cells::{Lines, lines};
use super::{View, Width, markdown};
use crate::asked::fields::{CLUSTER_CONFIG, FieldOrigin, Kind, Presence, VERSION};
use crate::config::Schema;

/// The explanation of a config file, or of a field of it.
pub struct SchemaView {
    pub schema: Schema,
    /// Names and types of all that is below, in place of the meanings of what is right below.
    pub is_recursive: bool,
}

impl View for SchemaView {
    fn document(&self) -> impl Serialize {
        &self.schema
    }

    fn table(&self, _: Width) -> Lines {
        let Schema { path, kind, .. } = &self.schema;
        let mut text = format!("KIND:       {CLUSTER_CONFIG}\nVERSION:    {VERSION}\n\n");
        if path.contains('.') {
            let _ = writeln!(text, "FIELD: {} <{kind}>\n", self.schema.key());
        }
        text += "DESCRIPTION:\n";
        for line in self.schema.description() {
            let _ = writeln!(text, "    {}", plain(&line));
        }
        text += &if self.is_recursive {
            section("FIELDS", "", &tree(&self.schema, 1))
        } else {
            fields(&self.schema)
        };
        lines(&text)
    }

    fn names(&self) -> Vec<String> {
        let all = self.schema.all().into_iter();
        all.map(|schema| schema.path.clone()).collect()
    }

    /// A table for the object, and one for each list in it.
    fn markdown(&self) -> String {
        let mut tables = vec![table(&self.schema)];
        let lists = self.schema.all().into_iter();
        let lists = lists.filter(|it| it.kind == Kind::Objects && it.path != self.schema.path);
        tables.extend(lists.map(|list| {
            let name = inside(list, &self.schema);
            format!("Of each of `{name}`:\n\n{}", table(list))
        }));
        let all = self.schema.all().into_iter();
        let left = all.filter(|it| it.presence == Presence::LeftAlone);
        let left: Vec<_> = left
            .map(|it| format!("`{}`", inside(it, &self.schema)))
            .collect();
        if !left.is_empty() {
            tables.push(format!("Left alone: {}.\n", left.join(", ")));
        }
        tables.join("\n")
    }
}

/// What stands right below, with what each means.
fn fields(schema: &Schema) -> String {
    let is_left = |child: &&Schema| child.presence == Presence::LeftAlone;
    let (left, read): (Vec<&Schema>, Vec<_>) = schema.children.iter().partition(is_left);
    let read: Vec<_> = read.into_iter().map(in_short).collect();
    let left: Vec<_> = left.into_iter().map(|child| heading(child, 1)).collect();
    section("FIELDS", "\n", &read) + &section("LEFT ALONE", "", &left)
}

/// Nothing, where there are no parts.
fn section(title: &str, between: &str, parts: &[String]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    format!("\n{title}:\n{}", parts.join(between))
}

/// One of the fields that stand in another.
fn in_short(schema: &Schema) -> String {
    let default = match schema.presence {
        Presence::Defaulted(value) => format!(" [default: {}]", plain(value)),
        _ => String::new(),
    };
    let meaning = schema.description().swap_remove(0);
    format!("{}    {}{default}\n", heading(schema, 1), plain(&meaning))
}

/// All that is below, each line as deep as it stands.
fn tree(schema: &Schema, depth: usize) -> Vec<String> {
    let children = schema.children.iter();
    children
        .flat_map(|child| [vec![heading(child, depth)], tree(child, depth + 1)].concat())
        .collect()
}

fn heading(schema: &Schema, depth: usize) -> String {
    let (key, kind) = (schema.key(), schema.kind);
    let required = match schema.presence {
        Presence::Required => " -required-",
        _ => "",
    };
    format!(
        "{:indent$}{key} <{kind}>{required}\n",
        "",
        indent = 2 * depth
    )
}

/// The fields of an object, and those of the objects in it.
fn table(schema: &Schema) -> String {
    let mut rows = Vec::new();
    collect(schema, schema, &mut rows);
    markdown::table(&["Field", "Type", "Default", "Flag", "What"], &rows)
}

fn collect(schema: &Schema, top: &Schema, rows: &mut Vec<Vec<String>>) {
    let read = schema.children.iter();
    for child in read.filter(|child| child.presence != Presence::LeftAlone) {
        rows.push(row(child, top));
        if child.kind == Kind::Object {
            collect(child, top, rows);
        }
    }
}

fn row(schema: &Schema, top: &Schema) -> Vec<String> {
    let own = match schema.origin {
        FieldOrigin::Eksctl => "",
        FieldOrigin::Own => " (irsactl's own)",
    };
    let default = match schema.presence {
        Presence::Required => "required",
        Presence::Defaulted(value) => value,
        Presence::Optional | Presence::LeftAlone => "",
    };
    let flag = schema.flag.map(|flag| format!("`{flag}`"));
    vec![
        format!("`{}`{own}", inside(schema, top)),
        format!("`{}`", schema.kind),
        default.to_owned(),
        flag.unwrap_or_default(),
        schema.meaning.clone(),
    ]
}

/// The path of one that stands in another.
fn inside<'a>(schema: &'a Schema, top: &Schema) -> &'a str {
    let rest = schema.path.strip_prefix(&top.path);
    let rest = rest.and_then(|rest| rest.strip_prefix('.'));
    rest.unwrap_or(&schema.path)
}

fn plain(markdown: &str) -> String {
    markdown.replace('`', "")
}

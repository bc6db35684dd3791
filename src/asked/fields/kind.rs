//! What a field holds.

use std::fmt;

use Kind::{
    Any, Bool, Constant, Document, Documents, Map, Object, Objects, OneOf, Seconds, Text, Texts,
    WellKnown,
};

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Object,
    /// A list of objects.
    Objects,
    Text,
    /// This text.
    Constant(&'static str),
    /// One of these texts.
    OneOf(&'static [&'static str]),
    /// A list of texts.
    Texts,
    Bool,
    /// A whole number of seconds in bounds.
    Seconds(Bounds),
    /// Texts by name.
    Map,
    /// A policy document.
    Document,
    /// A list of policy documents.
    Documents,
    /// Bools by the names of well-known policies.
    WellKnown,
    /// What irsactl does not look into.
    Any,
}

/// In kubectl's notation.
impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Object | Document => "Object",
            Objects | Documents => "[]Object",
            Text | Constant(_) | OneOf(_) => "string",
            Texts => "[]string",
            Bool => "boolean",
            Seconds(_) => "integer",
            Map => "map[string]string",
            WellKnown => "map[string]boolean",
            Any => "any",
        })
    }
}

/// The least and the most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub least: u32,
    pub most: u32,
}

impl Bounds {
    /// Both ends are among them.
    pub fn contain(self, number: u32) -> bool {
        (self.least..=self.most).contains(&number)
    }
}

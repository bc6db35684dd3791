//! What is not as asked, as values: the item, and what only one of the sides has. Of two documents also
//! line by line, for people to read.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::Value;

use super::{normal, parts};
use crate::model::{ROLE_ANNOTATION, listed, shown_as_value};

/// Lines around a change that stay.
const CONTEXT: usize = 3;

/// What can differ of a role, of its stack, or of a ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    ManagedPolicy,
    /// By its name in the template.
    InlinePolicy(String),
    PermissionsBoundary,
    RoleName,
    RolePath,
    SessionDuration,
    TrustPolicy,
    /// Of the stack.
    Tag,
    /// These are of the ServiceAccount.
    Label,
    Annotation,
    RoleAnnotation,
    /// These are of an EKS Pod Identity association.
    Role,
    TargetRole,
    SessionTags,
    SessionPolicy,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ManagedPolicy => f.write_str("managed policy"),
            Self::InlinePolicy(name) => write!(f, "inline policy {name}"),
            Self::PermissionsBoundary => f.write_str("permissions boundary"),
            Self::RoleName => f.write_str("role name"),
            Self::RolePath => f.write_str("role path"),
            Self::SessionDuration => f.write_str("maximum session duration"),
            Self::TrustPolicy => f.write_str("trust policy"),
            Self::Tag => f.write_str("tag"),
            Self::Label => f.write_str("label"),
            Self::Annotation => f.write_str("annotation"),
            Self::Role => f.write_str("role"),
            Self::TargetRole => f.write_str("target role"),
            Self::SessionTags => f.write_str("session tags"),
            Self::SessionPolicy => f.write_str("session policy"),
            Self::RoleAnnotation => write!(f, "annotation {ROLE_ANNOTATION}"),
        }
    }
}

impl Serialize for Item {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One item that is not as asked: the values that are missing, and those that are too much.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Difference {
    pub item: Item,
    pub asked: Vec<String>,
    pub found: Vec<String>,
    /// Line by line, where both sides have a document: for people only.
    #[serde(skip)]
    changed: Vec<String>,
}

impl Difference {
    /// What only one of the sides has.
    pub fn of(
        item: Item,
        asked: impl IntoIterator<Item = String>,
        found: impl IntoIterator<Item = String>,
    ) -> Self {
        let (asked, found): (Vec<_>, Vec<_>) =
            (asked.into_iter().collect(), found.into_iter().collect());
        let only = |one: &[String], other: &[String]| -> Vec<String> {
            let only = one.iter().filter(|value| !other.contains(value));
            only.cloned().collect()
        };
        Self {
            item,
            asked: only(&asked, &found),
            found: only(&found, &asked),
            changed: Vec::new(),
        }
    }

    /// Statement by statement, and for people line by line.
    pub fn of_documents(item: Item, asked: Option<&Value>, found: Option<&Value>) -> Self {
        let parts = |document: Option<&Value>| document.map(parts).unwrap_or_default();
        let mut difference = Self::of(item, parts(asked), parts(found));
        if let (Some(asked), Some(found), false) = (asked, found, difference.is_empty()) {
            difference.changed = meant_difference(found, asked);
        }
        difference
    }

    /// Whether both sides have the same.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty() && self.found.is_empty()
    }

    /// Whether only another role could have it so: CloudFormation replaces a role for its name or path.
    pub fn needs_another_role(&self) -> bool {
        matches!(self.item, Item::RoleName | Item::RolePath)
    }

    /// Whether the role lacks something, or lets someone else in: not only more permissions than asked.
    pub fn is_lacking(&self) -> bool {
        let is_policy = matches!(self.item, Item::ManagedPolicy | Item::InlinePolicy(_));
        !self.asked.is_empty() || !is_policy
    }

    /// A line for each value: `- ` before what is there and not asked for, `+ ` before what is asked
    /// for and not there. Of a document that both have, its lines with those signs.
    pub fn lines(&self) -> Vec<String> {
        if !self.changed.is_empty() {
            let changed = self.changed.iter().map(|line| format!("  {line}"));
            return [format!("~ {}:", self.item)]
                .into_iter()
                .chain(changed)
                .collect();
        }
        let found = self.found.iter().map(|value| ("-", value));
        let asked = self.asked.iter().map(|value| ("+", value));
        found
            .chain(asked)
            .map(|(sign, value)| format!("{sign} {}: {}", self.item, shown_as_value(value)))
            .collect()
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.lines().join("\n"))
    }
}

/// All lines of differences, each on a new line, for the end of a sentence.
pub fn indented(differences: &[Difference]) -> String {
    listed(differences.iter().flat_map(Difference::lines))
}

/// The lines of both documents, `- ` before those that go and `+ ` before those that come, with a few
/// that stay around them; `  …` stands for more of those. Nothing where the documents are equal.
pub fn difference(old: &Value, new: &Value) -> Vec<String> {
    let (old, new) = (format!("{old:#}"), format!("{new:#}"));
    let all = edits(
        &old.lines().collect::<Vec<_>>(),
        &new.lines().collect::<Vec<_>>(),
    );
    let is_near = |at: usize| {
        let around = at.saturating_sub(CONTEXT)..all.len().min(at + CONTEXT + 1);
        all[around].iter().any(|(sign, _)| *sign != ' ')
    };
    let mut lines: Vec<String> = Vec::new();
    for (at, (sign, line)) in all.iter().enumerate() {
        if is_near(at) {
            lines.push(format!("{sign} {line}"));
        } else if at > 0 && is_near(at - 1) && (at..all.len()).any(is_near) {
            lines.push("  …".to_owned());
        }
    }
    lines
}

/// The same of two policy documents, each in one form: what means the same to IAM is no difference.
fn meant_difference(old: &Value, new: &Value) -> Vec<String> {
    difference(&one_form(old), &one_form(new))
}

/// One statement stays a list, so that a second one moves no line of the first.
fn one_form(document: &Value) -> Value {
    let mut document = normal(document);
    if let Some(statements) = document.get_mut("Statement")
        && !statements.is_array()
    {
        *statements = Value::Array(vec![statements.take()]);
    }
    document
}

/// A longest common subsequence: `length[a][b]` is that of what follows.
fn edits<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(char, &'a str)> {
    let mut length = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for a in (0..old.len()).rev() {
        for b in (0..new.len()).rev() {
            length[a][b] = if old[a] == new[b] {
                length[a + 1][b + 1] + 1
            } else {
                length[a + 1][b].max(length[a][b + 1])
            };
        }
    }
    let (mut a, mut b) = (0, 0);
    let mut edits = Vec::new();
    while a < old.len() || b < new.len() {
        if a < old.len() && b < new.len() && old[a] == new[b] {
            edits.push((' ', old[a]));
            (a, b) = (a + 1, b + 1);
        } else if b == new.len() || a < old.len() && length[a + 1][b] >= length[a][b + 1] {
            edits.push(('-', old[a]));
            a += 1;
        } else {
            edits.push(('+', new[b]));
            b += 1;
        }
    }
    edits
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn changes_stand_between_a_few_lines_that_stay() {
        let old = json!({ "a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6, "g": 7, "h": 8, "i": 9, "j": [1, 2], "k": 0 });
        let mut new = old.clone();
        new["a"] = json!(0);
        new["j"] = json!([1, 3, 2]);
        assert_eq!(difference(&old, &old), Vec::<String>::new());
        insta::assert_snapshot!(difference(&old, &new).join("\n"), @r#"
          {
        -   "a": 1,
        +   "a": 0,
            "b": 2,
            "c": 3,
            "d": 4,
          …
            "i": 9,
            "j": [
              1,
        +     3,
              2
            ],
            "k": 0
        "#);
    }

    #[test]
    fn of_policy_documents_only_the_meaning_counts() {
        let one = json!({ "Effect": "Allow", "Action": ["a:B"], "Resource": "*" });
        let two = json!({ "Effect": "Allow", "Action": "a:C", "Resource": "*" });
        let old = json!({ "Statement": one });
        let same =
            json!({ "Statement": [{ "Effect": "Allow", "Action": "a:B", "Resource": ["*"] }] });
        assert_eq!(meant_difference(&old, &same), Vec::<String>::new());
        let lines = meant_difference(&old, &json!({ "Statement": [one, two] }));
        assert!(
            lines.iter().all(|line| !line.starts_with('-')),
            "{lines:#?}"
        );
        assert_eq!(lines.iter().filter(|line| line.contains("a:C")).count(), 1);
    }
}

//! The difference of two documents, line by line, for people to read.

use serde_json::Value;

use super::normal;

/// Lines around a change that stay.
const CONTEXT: usize = 3;

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
pub fn meant_difference(old: &Value, new: &Value) -> Vec<String> {
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
            length[a][b] = match old[a] == new[b] {
                true => length[a + 1][b + 1] + 1,
                false => length[a + 1][b].max(length[a][b + 1]),
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

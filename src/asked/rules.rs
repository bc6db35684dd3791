//! The rules of AWS for tags and of Kubernetes for labels and annotations: which entries break them.

use super::Rule;
use super::fields::{self, Field};
use crate::model::{MANAGED_BY_LABEL, Map, is_own_tag};

/// CloudFormation's and IAM's rules: 50 tags with ours, key 1 to 128, value 1 to 256 characters of
/// letters, digits, blanks and `_.:/=+-@`; `aws:` is reserved.
pub fn tags(tags: &Map) -> Vec<Rule> {
    const OURS: usize = 4;
    let mut broken = entries(fields::TAGS, tags, tag);
    if tags.len() + OURS > 50 {
        broken.push(Rule::Entry {
            field: fields::TAGS,
            key: format!("{} tags", tags.len()),
            rule: format!("a stack has at most 50 tags, {OURS} of them irsactl's"),
        });
    }
    broken
}

/// Kubernetes' rules: a qualified key; a value of at most 63 letters, digits, `-`, `_` and `.`,
/// beginning and ending with a letter or digit.
pub fn labels(labels: &Map) -> Vec<Rule> {
    entries(fields::LABELS, labels, |key, value| {
        if key == MANAGED_BY_LABEL {
            Some("this label is set by irsactl: it marks what it may delete")
        } else if !is_qualified(key) {
            Some(QUALIFIED)
        } else if !value.is_empty() && !is_name(value) {
            Some(
                "a value is at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit",
            )
        } else {
            None
        }
    })
}

/// Kubernetes' rules: a qualified key; all annotations together at most 256 KiB.
pub fn annotations(annotations: &Map) -> Vec<Rule> {
    let mut broken = entries(fields::ANNOTATIONS, annotations, |key, _| {
        (!is_qualified(&key.to_lowercase())).then_some(QUALIFIED)
    });
    let size: usize = annotations
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if size > 256 << 10 {
        broken.push(Rule::Entry {
            field: fields::ANNOTATIONS,
            key: format!("{size} bytes"),
            rule: "all annotations together have at most 256 KiB".to_owned(),
        });
    }
    broken
}

/// The entries that break a rule.
fn entries(
    field: &'static Field,
    map: &Map,
    broken: impl Fn(&str, &str) -> Option<&'static str>,
) -> Vec<Rule> {
    map.iter()
        .filter_map(|(key, value)| {
            Some(Rule::Entry {
                field,
                key: key.clone(),
                rule: broken(key, value)?.to_owned(),
            })
        })
        .collect()
}

fn tag(key: &str, value: &str) -> Option<&'static str> {
    let allowed = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
    };
    if is_own_tag(key) {
        Some("this tag is set by irsactl")
    } else if key.to_lowercase().starts_with("aws:") {
        Some("keys that begin with `aws:` are reserved")
    } else if !(1..=128).contains(&key.chars().count()) || !allowed(key) {
        Some("a key is 1 to 128 letters, digits, blanks and `_.:/=+-@`")
    } else if !(1..=256).contains(&value.chars().count()) || !allowed(value) {
        Some("a value is 1 to 256 letters, digits, blanks and `_.:/=+-@`")
    } else {
        None
    }
}

const QUALIFIED: &str = "a key is `name` or `dns.prefix/name`; the name has at most 63 letters, digits, `-`, `_` and `.`";

/// Kubernetes' qualified name: an optional DNS-1123 subdomain and `/`, then a name.
fn is_qualified(key: &str) -> bool {
    match key.split_once('/') {
        None => is_name(key),
        Some((prefix, name)) => is_name(name) && is_subdomain(prefix),
    }
}

fn is_name(text: &str) -> bool {
    (1..=63).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

fn is_subdomain(text: &str) -> bool {
    let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.len() <= 253
        && text.split('.').all(|label| {
            label.starts_with(edge)
                && label.ends_with(edge)
                && label.chars().all(|c| edge(c) || c == '-')
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::VERSION_TAG;

    fn map(key: &str, value: &str) -> Map {
        Map::from([(key.to_owned(), value.to_owned())])
    }

    #[test]
    fn tags_follow_cloudformations_rules() {
        let long = "k".repeat(129);
        for (good, key, value) in [
            (true, "team", "a b"),
            (true, "Größe", "1"),
            (false, "aws:x", "1"),
            (false, "AWS:x", "1"),
            (false, &long, "1"),
            (false, "", "1"),
            (false, "team", ""),
            (false, "team", "a;b"),
            (false, VERSION_TAG, "1"),
        ] {
            assert_eq!(tags(&map(key, value)).is_empty(), good, "{key}={value}");
        }
        let many: Map = (0..47)
            .map(|index| (index.to_string(), "v".to_owned()))
            .collect();
        assert_eq!(tags(&many).len(), 1);
    }

    #[test]
    fn labels_and_annotations_follow_kubernetes_rules() {
        let long = "v".repeat(64);
        for (good, key, value) in [
            (true, "app", "web"),
            (true, "example.com/app", ""),
            (false, "example.com/", "x"),
            (false, "-app", "x"),
            (false, "app", "a b"),
            (false, "app", &long),
            (false, "Example.com/app", "x"),
            (false, MANAGED_BY_LABEL, "Helm"),
        ] {
            assert_eq!(labels(&map(key, value)).is_empty(), good, "{key}={value}");
        }
        assert!(annotations(&map("example.com/a", "any text\nat all")).is_empty());
        assert_eq!(annotations(&map("a b", "x")).len(), 1);
    }
}

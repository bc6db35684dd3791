//! The rules of AWS for tags and of Kubernetes for labels and annotations.

use crate::error::Error;
use crate::model::{CLUSTER_TAGS, MANAGED_BY_LABEL, Map, SERVICE_ACCOUNT_TAG, VERSION_TAG};

/// CloudFormation's and IAM's rules: 50 tags with ours, key 1 to 128, value 1 to 256 characters of
/// letters, digits, blanks and `_.:/=+-@`; `aws:` is reserved.
pub fn tags(tags: Map) -> Result<Map, Error> {
    const OURS: usize = 4;
    let usage = |key: &str, rule: &str| Error::Usage {
        flag: "--tags",
        value: key.to_owned(),
        rule: rule.to_owned(),
    };
    let allowed = |text: &str| {
        text.chars()
            .all(|c| c.is_alphanumeric() || c == ' ' || "_.:/=+-@".contains(c))
    };
    for (key, value) in &tags {
        let ours = CLUSTER_TAGS.contains(&key.as_str())
            || [VERSION_TAG, SERVICE_ACCOUNT_TAG].contains(&key.as_str());
        if ours {
            return Err(usage(key, "this tag is set by irsactl"));
        }
        if key.to_lowercase().starts_with("aws:") {
            return Err(usage(key, "keys that begin with `aws:` are reserved"));
        }
        if key.chars().count() > 128 || !allowed(key) {
            return Err(usage(
                key,
                "a key is 1 to 128 letters, digits, blanks and `_.:/=+-@`",
            ));
        }
        if !(1..=256).contains(&value.chars().count()) || !allowed(value) {
            return Err(usage(
                key,
                "a value is 1 to 256 letters, digits, blanks and `_.:/=+-@`",
            ));
        }
    }
    if tags.len() + OURS > 50 {
        let rule = format!("a stack has at most 50 tags, {OURS} of them irsactl's");
        return Err(usage(&format!("{} tags", tags.len()), &rule));
    }
    Ok(tags)
}

/// Kubernetes' rules: a qualified key; a value of at most 63 letters, digits, `-`, `_` and `.`,
/// beginning and ending with a letter or digit.
pub fn labels(labels: Map) -> Result<Map, Error> {
    let usage = |key: &str, rule: &str| Error::Usage {
        flag: "--labels",
        value: key.to_owned(),
        rule: rule.to_owned(),
    };
    for (key, value) in &labels {
        if key == MANAGED_BY_LABEL {
            return Err(usage(
                key,
                "this label is set by irsactl: it marks what it may delete",
            ));
        }
        if !is_qualified(key) {
            return Err(usage(key, QUALIFIED));
        }
        if !value.is_empty() && !is_name(value) {
            return Err(usage(
                key,
                "a value is at most 63 letters, digits, `-`, `_` and `.`, beginning and ending with a letter or digit",
            ));
        }
    }
    Ok(labels)
}

/// Kubernetes' rules: a qualified key; all annotations together at most 256 KiB.
pub fn annotations(annotations: Map) -> Result<Map, Error> {
    let usage = |key: &str, rule: &str| Error::Usage {
        flag: "--annotations",
        value: key.to_owned(),
        rule: rule.to_owned(),
    };
    if let Some(key) = annotations
        .keys()
        .find(|key| !is_qualified(&key.to_lowercase()))
    {
        return Err(usage(key, QUALIFIED));
    }
    let size: usize = annotations
        .iter()
        .map(|(key, value)| key.len() + value.len())
        .sum();
    if size > 256 << 10 {
        return Err(usage(
            &format!("{size} bytes"),
            "all annotations together have at most 256 KiB",
        ));
    }
    Ok(annotations)
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
            (false, "team", ""),
            (false, "team", "a;b"),
            (false, VERSION_TAG, "1"),
        ] {
            assert_eq!(tags(map(key, value)).is_ok(), good, "{key}={value}");
        }
        let many: Map = (0..47)
            .map(|index| (index.to_string(), "v".to_owned()))
            .collect();
        assert!(tags(many).is_err());
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
            assert_eq!(labels(map(key, value)).is_ok(), good, "{key}={value}");
        }
        assert!(annotations(map("example.com/a", "any text\nat all")).is_ok());
        assert!(annotations(map("a b", "x")).is_err());
    }
}

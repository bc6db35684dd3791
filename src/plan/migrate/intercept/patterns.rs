//! The patterns by which namespaces name the roles that their pods may have.

use std::iter::Peekable;
use std::str::Chars;

use regex_lite::Regex;

/// As `ryanuber/go-glob` does it, which kube2iam and Vault use: `*` is any text, nothing else is special.
pub fn glob(pattern: &str, text: &str) -> bool {
    let Some((first, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(first) else {
        return false;
    };
    let (middle, last) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some((_, after)) = text.split_once(part) else {
            return false;
        };
        text = after;
    }
    text.ends_with(last)
}

/// Whether a regular expression of Go is found in a text. `None`: it is not certain that it means the same
/// here.
pub fn regexp(pattern: &str, text: &str) -> Option<bool> {
    if !is_common(pattern) {
        return None;
    }
    Some(Regex::new(pattern).ok()?.is_match(text))
}

/// Whether a pattern has nothing that RE2 (github.com/google/re2/wiki/Syntax) and this crate read
/// differently, or that only one of them reads: counted and doubled repetitions, groups with flags or names,
/// classes inside of classes, escaped letters but those of the usual classes.
fn is_common(pattern: &str) -> bool {
    let mut rest = pattern.chars().peekable();
    let mut may_repeat = false;
    while let Some(one) = rest.next() {
        let is_read = match one {
            '\\' => rest.next().is_some_and(is_common_escape),
            '{' | '}' => false,
            '[' => is_common_class(&mut rest),
            '(' if rest.next_if_eq(&'?').is_some() => rest.next_if_eq(&':').is_some(),
            '*' | '+' | '?' => may_repeat,
            _ => one.is_ascii(),
        };
        if !is_read {
            return false;
        }
        may_repeat = !"*+?(|^$".contains(one);
        if "*+?".contains(one) {
            // The lazy form finds the same texts.
            rest.next_if_eq(&'?');
        }
    }
    true
}

fn is_common_escape(escaped: char) -> bool {
    "dDwWsS".contains(escaped) || escaped.is_ascii_punctuation() && !"<>".contains(escaped)
}

/// Up to its end, without another class or an operator between classes in it.
fn is_common_class(rest: &mut Peekable<Chars<'_>>) -> bool {
    rest.next_if_eq(&'^');
    let mut before = None;
    while let Some(one) = rest.next() {
        let is_read = match one {
            ']' => return before.is_some(),
            '\\' => rest.next().is_some_and(is_common_escape),
            '[' | '&' | '~' => false,
            '-' if before == Some('-') => false,
            _ => one.is_ascii(),
        };
        if !is_read {
            return false;
        }
        before = Some(one);
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_are_those_of_kube2iam() {
        for (pattern, text, wanted) in [
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("*", "a/b", true),
            ("a", "a", true),
            ("a", "ab", false),
            ("a*", "ab", true),
            ("a*", "ba", false),
            ("*b", "ab", true),
            ("*b", "ba", false),
            ("a*c", "abc", true),
            ("a*a", "a", false),
            ("a*b*c", "axbxc", true),
            ("a*b*c", "axc", false),
            ("*b*", "abc", true),
            ("**", "x", true),
            ("a?c", "abc", false),
            ("a.c", "abc", false),
            ("role/path/*-role", "role/path/explicit-role", true),
        ] {
            assert_eq!(glob(pattern, text), wanted, "{pattern} {text}");
        }
    }

    #[test]
    fn regular_expressions_are_found_anywhere() {
        for (pattern, text, wanted) in [
            ("red", "arn:red-role", true),
            ("^red", "arn:red-role", false),
            ("^red.*$|^.red.*$", "/red_role", true),
            (
                "^arn:aws:iam::[0-9]+:role/(?:web|api)-[^/]+$",
                "arn:aws:iam::1:role/web-a",
                true,
            ),
            (
                "^arn:aws:iam::[0-9]+:role/(web|api)-[^/]+$",
                "arn:aws:iam::1:role/web/a",
                false,
            ),
            (r"role\/\w+?$", "role/web", true),
            ("[-a-c]+$", "x-b", true),
            ("", "a", true),
        ] {
            assert_eq!(regexp(pattern, text), Some(wanted), "{pattern} {text}");
        }
    }

    #[test]
    fn what_go_may_read_differently_is_not_decided() {
        for pattern in [
            "a**",
            "a*+",
            "a+*",
            "a???",
            "*a",
            "(*a)",
            "a|*",
            "a{1,2}",
            "a{1001}",
            "(?i)a",
            "(?P<n>a)",
            "(?x) a",
            r"\pL",
            r"\Qa\E",
            r"\z",
            r"\b",
            r"\<a",
            r"\x41",
            "[[:alpha:]]",
            "[a&&b]",
            "[a--b]",
            "[]a]",
            "[]",
            "[a",
            "(a",
            "a)",
            "\\",
            "é",
        ] {
            assert_eq!(regexp(pattern, "a"), None, "{pattern}");
        }
    }
}

//! The comparisons behind the condition operators: wildcards, ARNs, numbers.

use serde_json::Value;

/// A character of a policy's text, which can be a wildcard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatternCharacter {
    Character(char),
    /// `*`
    Any,
    /// `?`
    One,
}

/// A text of a policy whose variables are replaced. What a variable brings is no wildcard.
pub(super) type Pattern = Vec<PatternCharacter>;

/// A text as a pattern.
pub fn glyphs(text: &str) -> Vec<PatternCharacter> {
    let glyph = |c| match c {
        '*' => PatternCharacter::Any,
        '?' => PatternCharacter::One,
        c => PatternCharacter::Character(c),
    };
    text.chars().map(glyph).collect()
}

/// The text of a pattern, for operators that know no wildcards.
pub(super) fn plain(pattern: &[PatternCharacter]) -> String {
    let character = |glyph: &PatternCharacter| match glyph {
        PatternCharacter::Character(c) => *c,
        PatternCharacter::Any => '*',
        PatternCharacter::One => '?',
    };
    pattern.iter().map(character).collect()
}

/// A value of a policy as text: IAM takes numbers and booleans without quotes too.
pub fn text_of(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// `*` matches any characters, `?` one.
pub fn is_like(pattern: &[PatternCharacter], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at, mut here) = (0, 0);
    // Behind the last `*`, and how far it reaches.
    let mut last: Option<(usize, usize)> = None;
    while here < text.len() {
        match pattern.get(at) {
            Some(PatternCharacter::Any) => {
                at += 1;
                last = Some((at, here));
            }
            Some(glyph)
                if *glyph == PatternCharacter::One
                    || *glyph == PatternCharacter::Character(text[here]) =>
            {
                at += 1;
                here += 1;
            }
            _ => {
                let Some((behind, reach)) = last else {
                    return false;
                };
                last = Some((behind, reach + 1));
                (at, here) = (behind, reach + 1);
            }
        }
    }
    pattern[at..]
        .iter()
        .all(|glyph| *glyph == PatternCharacter::Any)
}

/// Each of the six parts of an ARN is compared by itself. What is no ARN matches none.
pub(super) fn is_arn_like(pattern: &[PatternCharacter], text: &str) -> bool {
    let is_colon = |glyph: &PatternCharacter| *glyph == PatternCharacter::Character(':');
    let parts: Vec<&[PatternCharacter]> = pattern.splitn(6, is_colon).collect();
    let texts: Vec<&str> = text.splitn(6, ':').collect();
    let mut both = parts.iter().zip(&texts);
    parts.len() == 6 && texts.len() == 6 && both.all(|(part, text)| is_like(part, text))
}

/// A `Resource`: an ARN part by part, or a text with a `*` that stands for several of them.
pub(super) fn is_resource(pattern: &[PatternCharacter], text: &str) -> bool {
    let is_colon = |glyph: &&PatternCharacter| **glyph == PatternCharacter::Character(':');
    match pattern.iter().filter(is_colon).count() {
        0..5 => is_like(pattern, text),
        _ => is_arn_like(pattern, text),
    }
}

pub(super) fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

pub(super) fn boolean(text: &str) -> Option<bool> {
    text.to_ascii_lowercase().parse().ok()
}

//! Text of others as it may stand on a screen: whatever would steer a terminal, turn the order of the
//! letters or forge a line is shown as the escape that names it. Nothing is lost by it.

/// Whether a character moves, hides or reorders what stands around it instead of being seen itself:
/// controls (C0, C1), separators of lines, marks of direction (Unicode, UAX #9), and what has no width
/// (general category Cf, and the fillers of Hangul).
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Several lines, whose ends stay.
pub fn shown(text: &str) -> String {
    escaped(text, |c| c != '\n' && is_hidden(c))
}

/// One line, whatever it was.
pub fn shown_in_line(text: &str) -> String {
    escaped(text, is_hidden)
}

/// JSON that means the same: hidden characters can stand in its strings only, where each has an escape.
pub fn shown_in_json(text: &str) -> String {
    let escape = |c: char| {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    };
    replaced(text, |c| c != '\n' && is_hidden(c), escape)
}

/// The same of YAML between double quotes, which knows no surrogates.
pub fn shown_in_quoted_yaml(text: &str) -> String {
    let escape = |c| format!("\\U{:08x}", u32::from(c));
    replaced(text, |c| c != '\n' && is_hidden(c), escape)
}

/// As `\n`, `\t`, `\u{1b}`.
fn escaped(text: &str, is_bad: impl Fn(char) -> bool) -> String {
    replaced(text, is_bad, |c| c.escape_default().to_string())
}

fn replaced(text: &str, is_bad: impl Fn(char) -> bool, by: impl Fn(char) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    for c in text.chars() {
        if is_bad(c) {
            replaced.push_str(&by(c));
        } else {
            replaced.push(c);
        }
    }
    replaced
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_says_the_same_in_characters_that_are_seen() {
        let value = serde_json::json!({"a\u{202e}": ["\u{1b}\n\u{9b}", "\u{e0041}", "é"]});
        let text = shown_in_json(&serde_json::to_string_pretty(&value).expect("JSON"));
        assert!(!text.contains(|c| c != '\n' && is_hidden(c)), "{text}");
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(read, value);
    }

    #[test]
    fn what_steers_a_terminal_is_shown() {
        for (text, several, one) in [
            (
                "plain: \"a\" — é 中",
                "plain: \"a\" — é 中",
                "plain: \"a\" — é 中",
            ),
            ("a\nb", "a\nb", "a\\nb"),
            (
                "\u{1b}[2J\u{9b}1m\r\t\u{7f}",
                "\\u{1b}[2J\\u{9b}1m\\r\\t\\u{7f}",
                "\\u{1b}[2J\\u{9b}1m\\r\\t\\u{7f}",
            ),
            (
                "\u{202e}gpj\u{2066}\u{2028}\u{200b}",
                "\\u{202e}gpj\\u{2066}\\u{2028}\\u{200b}",
                "\\u{202e}gpj\\u{2066}\\u{2028}\\u{200b}",
            ),
        ] {
            assert_eq!(shown(text), several);
            assert_eq!(shown_in_line(text), one);
        }
    }
}

//! Text of others as it may stand on a screen or in the log of a CI system: whatever would steer a terminal,
//! turn the order of the letters, forge a line or be a command to the CI system is shown as the escape that
//! names it. Nothing is lost by it.

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

/// What a CI system looks for anywhere in a line of a log: GitHub's first commands, which its runner still
/// knows (actions/runner, `ActionCommand.TryParse`), and Azure Pipelines' (`##vso[`, and `##[` for its looks).
const COMMANDS: [&str; 2] = ["##[", "##vso["];
/// What begins one (`ActionCommand.TryParseV2`, which skips the blanks before it).
const COMMAND: &str = "::";

/// Whether a line is a command to a CI system, or has one in it.
pub fn is_command(line: &str) -> bool {
    line.trim_start().starts_with(COMMAND) || COMMANDS.iter().any(|it| line.contains(it))
}

/// A sentence of ours, whose lists stand on lines of their own, each indented. What breaks the line
/// otherwise is text of others.
pub fn shown(text: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    for line in text.split('\n') {
        match lines.last_mut() {
            Some(last) if !line.starts_with("  ") => last.extend(["\n", line]),
            _ => lines.push(line.to_owned()),
        }
    }
    let lines = lines.iter().map(|line| shown_in_line(line));
    lines.collect::<Vec<_>>().join("\n")
}

/// A list for the end of a sentence: each item on a line of its own.
pub fn listed(items: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let lines = items.into_iter().map(|item| shown_in_line(item.as_ref()));
    lines.map(|line| format!("\n  {line}")).collect()
}

/// One line, whatever it was.
pub fn shown_in_line(text: &str) -> String {
    without_commands(&visible(text), |c| format!("\\u{{{:x}}}", u32::from(c)))
}

/// The same where what follows leaves no command in it.
pub fn visible(text: &str) -> String {
    replaced(text, is_hidden, |c| c.escape_default().to_string())
}

/// A value of others in a line of ours: as it is, or, where that could be taken for something else, as a
/// JSON string.
pub fn shown_as_value(text: &str) -> String {
    let is_plain = !text.is_empty()
        && text.trim() == text
        && !text.starts_with('"')
        && !text.contains(is_hidden)
        && !is_command(text);
    if is_plain {
        return text.to_owned();
    }
    shown_in_json(&serde_json::Value::from(text).to_string())
}

/// JSON that means the same: hidden characters can stand in its strings only, where each has an escape.
pub fn shown_in_json(text: &str) -> String {
    let escape = |c: char| {
        let mut units = [0; 2];
        let units = c.encode_utf16(&mut units).iter();
        units.map(|unit| format!("\\u{unit:04x}")).collect()
    };
    let text = replaced(text, |c| c != '\n' && is_hidden(c), escape);
    without_commands(&text, escape)
}

/// The same of YAML between double quotes, which knows no surrogates.
pub fn shown_in_quoted_yaml(text: &str) -> String {
    let escape = |c| format!("\\U{:08x}", u32::from(c));
    let text = replaced(text, |c| c != '\n' && is_hidden(c), escape);
    without_commands(&text, escape)
}

/// With another first character of each command.
fn without_commands(text: &str, by: impl Fn(char) -> String) -> String {
    let blanks = text.len() - text.trim_start().len();
    let (blanks, rest) = text.split_at(blanks);
    let rest = match rest.strip_prefix(':') {
        Some(more) if rest.starts_with(COMMAND) => by(':') + more,
        _ => rest.to_owned(),
    };
    let text = COMMANDS.iter().fold(rest, |text, command| {
        text.replace(command, &(by('#') + &command[1..]))
    });
    blanks.to_owned() + &text
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
    fn a_value_that_is_not_plain_is_a_json_string() {
        for (value, wanted) in [
            (
                "arn:aws:iam::111122223333:role/a",
                "arn:aws:iam::111122223333:role/a",
            ),
            ("a \"b\" — é", "a \"b\" — é"),
            ("", "\"\""),
            ("\"a", "\"\\\"a\""),
            ("a ", "\"a \""),
            ("a\nnothing to do", "\"a\\nnothing to do\""),
            ("\u{202e}a\u{2028}", "\"\\u202ea\\u2028\""),
            ("::warning::a", "\"::warning::a\""),
            ("a##[b]", "\"a\\u0023#[b]\""),
        ] {
            assert_eq!(shown_as_value(value), wanted);
        }
    }

    #[test]
    fn no_text_of_others_forges_a_line_or_is_a_command() {
        let corpus = ["\n::a", "##[a]", "##vso[", "\r\n  ::b", "\n + c", "::"];
        crate::fuzz::texts(corpus, |text| {
            let value = shown_as_value(text);
            for line in [
                shown_in_line(text),
                value,
                shown_in_json(&serde_json::json!([text]).to_string()),
            ] {
                assert!(
                    !is_command(&line) && !line.contains('\n'),
                    "{text:?}: {line}"
                );
            }
            for line in shown(&format!("note: {text}")).lines().skip(1) {
                assert!(
                    line.starts_with("  ") && !is_command(line),
                    "{text:?}: {line}"
                );
            }
        });
    }

    #[test]
    fn what_steers_a_terminal_is_shown() {
        for (text, several, one) in [
            (
                "plain: \"a\" — é 中",
                "plain: \"a\" — é 中",
                "plain: \"a\" — é 中",
            ),
            ("a\nb", "a\\nb", "a\\nb"),
            ("a:\n  b\n c", "a:\n  b\\n c", "a:\\n  b\\n c"),
            ("a\\n  b", "a\\n  b", "a\\n  b"),
            (
                "::a::b\n  ::c",
                "\\u{3a}:a::b\n  \\u{3a}:c",
                "\\u{3a}:a::b\\n  ::c",
            ),
            (
                " ##vso[a]##[b]",
                " \\u{23}#vso[a]\\u{23}#[b]",
                " \\u{23}#vso[a]\\u{23}#[b]",
            ),
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

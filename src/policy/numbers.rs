//! Numbers in JSON that would be written as other texts once they are read: `1.10` as `1.1`, one of 21
//! digits as `1.07e+20`. In a policy a number is its text.

use serde_json::Value;

/// A number in a text of JSON, and where it begins.
#[derive(Debug, PartialEq)]
struct Number<'a> {
    at: usize,
    text: &'a str,
}

/// The first number that would be written otherwise, in words.
pub fn fault(json: &str) -> Option<String> {
    let number = inexact(json).into_iter().next()?;
    let before = &json[..number.at];
    let line = before.matches('\n').count() + 1;
    let column = before.chars().rev().take_while(|&c| c != '\n').count() + 1;
    Some(format!(
        "has the number {} at line {line} column {column}, which would be written as another text: put it into quotes",
        number.text
    ))
}

/// The same text with such numbers in quotes: to IAM and to CloudFormation a number is the same as its
/// text (IAM User Guide, "Grammar of the IAM JSON policy language").
pub fn quoted(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut from = 0;
    for Number { at, text } in inexact(json) {
        out.push_str(&json[from..at]);
        out.push_str(&format!("\"{text}\""));
        from = at + text.len();
    }
    out.push_str(&json[from..]);
    out
}

/// Whether a number is written as it would be after it was read.
pub fn is_exact(number: &str) -> bool {
    let read: Result<Value, _> = serde_json::from_str(number);
    let written = read.map(|value| value.to_string());
    written.is_ok_and(|written| written == number)
}

/// The numbers that would be written otherwise.
fn inexact(json: &str) -> Vec<Number<'_>> {
    let is_of_number = |c: char| c.is_ascii_digit() || "+-.eE".contains(c);
    let mut numbers = Vec::new();
    let mut is_inside_text = false;
    let mut at = 0;
    while let Some(c) = json[at..].chars().next() {
        let tail = &json[at..];
        let length = match c {
            // With what it stands before.
            '\\' if is_inside_text => tail.chars().take(2).map(char::len_utf8).sum(),
            '-' | '0'..='9' if !is_inside_text => {
                let length = tail.find(|c| !is_of_number(c)).unwrap_or(tail.len());
                let text = &tail[..length];
                if serde_json::from_str::<Value>(text).is_ok() && !is_exact(text) {
                    numbers.push(Number { at, text });
                }
                length
            }
            c => {
                is_inside_text ^= c == '"';
                c.len_utf8()
            }
        };
        at += length;
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_would_be_written_otherwise_are_told_with_their_place() {
        for bad in [
            "107000000000000000001",
            "18446744073709551616",
            "-9223372036854775809",
            "1.10",
            "1e3",
            "1E3",
            "-0",
            "0.30000000000000000001",
            "1e400000",
        ] {
            let json = format!("{{\"a\": \"\\\" 1.10\",\n  \"é\": [1, {bad}]}}");
            let is_number = serde_json::from_str::<Value>(bad).is_ok();
            let told = is_number.then(|| {
                format!(
                    "has the number {bad} at line 2 column 12, which would be written as another text: put it into quotes"
                )
            });
            assert_eq!(fault(&json), told);
            let value: Value = serde_json::from_str(&quoted(&json)).unwrap_or_default();
            assert_eq!(value["é"][1] == bad, is_number, "{value}");
        }
        for good in [
            "0",
            "-1",
            "1.5",
            "123456789012",
            "18446744073709551615",
            "-9223372036854775808",
        ] {
            let json = format!("[{good},{good}]");
            assert_eq!(fault(&json), None);
            assert_eq!(quoted(&json), json);
        }
    }

    #[test]
    fn what_is_read_is_written_as_it_was() {
        let corpus = [
            r#"{"a": [1.10, -0, 1e5, 12345678901234567890123], "b": "1.10\\"}"#,
            "1.0",
            "\"\\",
        ];
        crate::fuzz::texts(corpus, |text| {
            assert_eq!(fault(&quoted(text)), None, "{text}");
            if fault(text).is_none() {
                assert_eq!(quoted(text), text);
            }
        });
    }
}

//! The command line before clap reads it.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{ColorChoice, Command, ValueEnum};

use super::Color;
use crate::model::nearest;

/// How clap begins a tip.
const TIP: &str = "\n  tip: ";

/// Whether clap's own texts are coloured: it prints them before there are flags.
pub fn color(arguments: &[OsString]) -> ColorChoice {
    let words: Vec<&str> = arguments.iter().filter_map(|word| word.to_str()).collect();
    let mut choice = Color::Auto;
    for (at, word) in words.iter().take_while(|word| **word != "--").enumerate() {
        let value = match *word {
            "--color" | "-C" => words.get(at + 1).copied(),
            word => word
                .strip_prefix("--color=")
                .or_else(|| word.strip_prefix("-C")),
        };
        if let Some(Ok(given)) = value.map(|value| Color::from_str(value, false)) {
            choice = given;
        }
    }
    match choice {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    }
}

/// An error of clap without its wild guesses, whose tips are hints, as those of all other errors.
pub fn in_house_words(error: clap::Error, command: &Command) -> clap::Error {
    let error = without_wild_guesses(error);
    let text = error.to_string();
    match text.strip_prefix("error: ") {
        Some(text) if text.contains(TIP) => {
            let text = text.replacen(&format!("\n{TIP}"), TIP, 1);
            clap::Error::raw(error.kind(), text.replace(TIP, "\nhint: ")).with_cmd(command)
        }
        _ => error,
    }
}

/// The arguments, with eksctl's `-v 4` turned into the counted flag: its 3 is the default, 4 is `-v`,
/// above that `-vv`.
pub fn arguments(given: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments = Vec::new();
    let mut given = given.peekable();
    while let Some(argument) = given.next() {
        let text = argument.to_str().unwrap_or_default();
        let level = if matches!(text, "-v" | "--verbose") {
            given
                .next_if(|next| level(next.to_str()).is_some())
                .and_then(|next| level(next.to_str()))
        } else {
            let prefixes = ["--verbose=", "-v=", "-v"];
            level(prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)))
        };
        match level {
            Some(level) => arguments.extend((3..level.min(5)).map(|_| OsString::from("-v"))),
            None => arguments.push(argument),
        }
    }
    arguments
}

/// clap's complaint without guesses that lead astray: flags that are of like letters only, as
/// `--exclude` for `--cluster`, and the way to pass a flag as a value, which none of ours begins like.
fn without_wild_guesses(mut error: clap::Error) -> clap::Error {
    let text = |error: &clap::Error, kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        Some(ContextValue::StyledStrs(texts)) => texts.iter().map(|it| it.to_string()).collect(),
        _ => String::new(),
    };
    let given = text(&error, ContextKind::InvalidArg);
    if !is_meant(&given, &text(&error, ContextKind::SuggestedArg)) {
        error.remove(ContextKind::SuggestedArg);
    }
    if text(&error, ContextKind::Suggested).starts_with("to pass ") {
        error.remove(ContextKind::Suggested);
    }
    error
}

/// A few letters away, longer or shorter, or half of it the same.
fn is_meant(given: &str, flag: &str) -> bool {
    let (given, flag) = (given.trim_start_matches('-'), flag.trim_start_matches('-'));
    let same = |one: &mut dyn Iterator<Item = char>, other: &mut dyn Iterator<Item = char>| {
        one.zip(other).take_while(|(a, b)| a == b).count()
    };
    let half = given.len().max(flag.len()).div_ceil(2);
    flag != "help"
        && (nearest(given, [flag]).is_some()
            || flag.starts_with(given)
            || same(&mut given.chars(), &mut flag.chars()) >= half
            || same(&mut given.chars().rev(), &mut flag.chars().rev()) >= half)
}

fn level(text: Option<&str>) -> Option<u8> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_is_near_or_none() {
        for (given, flag, is) in [
            ("--cluster", "--exclude", false),
            ("--shell", "--help", false),
            ("--policy-arn", "--policy-document", false),
            ("--inlcude", "--include", true),
            ("--role", "--role-only", true),
            ("--add-policy-arn", "--attach-policy-arn", true),
        ] {
            assert_eq!(is_meant(given, flag), is, "{given} {flag}");
        }
    }

    #[test]
    fn eksctls_verbosity_becomes_ours() {
        let words = |line: &str| -> Vec<String> {
            let given = line.split(' ').map(OsString::from);
            arguments(given)
                .into_iter()
                .map(|word| word.into_string().unwrap())
                .collect()
        };
        assert_eq!(words("irsactl -v 4 get"), ["irsactl", "-v", "get"]);
        assert_eq!(
            words("irsactl --verbose 5 get"),
            ["irsactl", "-v", "-v", "get"]
        );
        assert_eq!(words("irsactl get -v 3"), ["irsactl", "get"]);
        for form in ["-v4", "-v=4", "--verbose=4"] {
            assert_eq!(
                words(&format!("irsactl get {form}")),
                ["irsactl", "get", "-v"]
            );
        }
        assert_eq!(words("irsactl -vv get"), ["irsactl", "-vv", "get"]);
        assert_eq!(words("irsactl -v"), ["irsactl", "-v"]);
    }

    #[test]
    fn the_last_color_that_is_given_counts() {
        for (line, wanted) in [
            ("irsactl get", ColorChoice::Auto),
            ("irsactl get --color never", ColorChoice::Never),
            ("irsactl -C always get --color=never", ColorChoice::Never),
            ("irsactl -Calways get", ColorChoice::Always),
            ("irsactl get --color", ColorChoice::Auto),
            ("irsactl get -- --color never", ColorChoice::Auto),
        ] {
            let words: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(color(&words), wanted, "{line}");
        }
    }
}

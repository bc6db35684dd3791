//! The command line before clap reads it.

use std::ffi::OsString;

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

fn level(text: Option<&str>) -> Option<u8> {
    text?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

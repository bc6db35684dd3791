//! What stands on the line already: where to look for names.

use std::ffi::OsString;

/// The words before the one that is completed.
pub struct Line(Vec<String>);

impl Line {
    /// What is no UTF-8 in a word is replaced, as nothing here may fail.
    pub fn new(words: &[OsString]) -> Self {
        let words = words.iter();
        Self(
            words
                .map(|word| word.to_string_lossy().into_owned())
                .collect(),
        )
    }

    /// The value of a flag, as it was given last: `--name VALUE`, `--name=VALUE`, `-n VALUE`,
    /// `-n=VALUE` or `-nVALUE`.
    pub fn value(&self, long: &str, short: Option<char>) -> Option<String> {
        let long = format!("--{long}");
        let short = short.map(|short| format!("-{short}"));
        let mut found = None;
        let mut words = self.0.iter();
        while let Some(word) = words.next() {
            let alone = *word == long || short.as_ref() == Some(word);
            let joined = short.as_ref().and_then(|short| word.strip_prefix(short));
            if alone {
                found = words.next().cloned();
            } else if let Some(value) = word.strip_prefix(&long) {
                // Of a longer flag, where no `=` follows.
                let value = value.strip_prefix('=').map(str::to_owned);
                found = value.or(found);
            } else if let Some(value) = joined {
                found = Some(value.strip_prefix('=').unwrap_or(value).to_owned());
            }
        }
        found.filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_in_all_their_forms() {
        for (line, wanted) in [
            ("irsactl get sa --cluster demo", Some("demo")),
            ("irsactl get sa --cluster=demo -v", Some("demo")),
            ("irsactl get sa -c demo", Some("demo")),
            ("irsactl get sa -cdemo", Some("demo")),
            ("irsactl get sa -c=demo", Some("demo")),
            ("irsactl get sa -c one --cluster two", Some("two")),
            ("irsactl get sa --cluster-name demo", None),
            ("irsactl get sa --cluster", None),
            ("irsactl get sa", None),
        ] {
            let words: Vec<_> = line.split(' ').map(OsString::from).collect();
            let found = Line::new(&words).value("cluster", Some('c'));
            assert_eq!(found.as_deref(), wanted, "{line}");
        }
    }
}

//! A command line as Go's flag libraries read it (pflag in kube2iam, kingpin in kiam), as far as that can
//! be told without the list of all flags.

use std::collections::BTreeMap;

use crate::model::Lookup;
use crate::world::Argument;

/// How a flag is given; the last one counts.
enum GivenFlag<'a> {
    Alone,
    /// `--flag=value`
    Joined(&'a str),
    /// `--flag value`, which is one where the flag takes a value.
    Followed(&'a str),
    /// By what is only known where it runs.
    Unknown,
}

/// The flags of a command line.
pub struct AgentFlags<'a>(BTreeMap<&'a str, GivenFlag<'a>>);

impl<'a> AgentFlags<'a> {
    /// # Errors
    /// Which word keeps all of it from being read.
    pub fn read(words: &'a [Argument]) -> Result<Self, String> {
        let mut flags = BTreeMap::new();
        let mut words = words.iter().peekable();
        while let Some(word) = words.next() {
            let Some(body) = word.text.strip_prefix("--") else {
                // A shell reads what follows.
                if !word.is_whole || word.text == "-c" {
                    return Err(word.text.clone());
                }
                continue;
            };
            let (name, given) = match body.split_once('=') {
                Some((name, _)) if !word.is_whole => (name, GivenFlag::Unknown),
                Some((name, value)) => (name, GivenFlag::Joined(value)),
                None if !word.is_whole => return Err(word.text.clone()),
                None => {
                    let value = words.next_if(|next| !next.text.starts_with("--"));
                    let given = match value {
                        None => GivenFlag::Alone,
                        Some(value) if value.is_whole => GivenFlag::Followed(&value.text),
                        Some(_) => GivenFlag::Unknown,
                    };
                    (body, given)
                }
            };
            flags.insert(name, given);
        }
        Ok(Self(flags))
    }

    /// The value of a flag that takes one. An empty one is as good as none.
    pub fn text(&self, name: &str) -> Lookup<&'a str> {
        match self.0.get(name) {
            None | Some(GivenFlag::Joined("") | GivenFlag::Followed("")) => Lookup::Missing,
            Some(GivenFlag::Joined(value) | GivenFlag::Followed(value)) => Lookup::Found(value),
            Some(GivenFlag::Alone | GivenFlag::Unknown) => unread(name),
        }
    }

    /// Whether a flag that takes none is set. What follows it is no part of it.
    pub fn switch(&self, name: &str) -> Lookup<bool> {
        match self.0.get(name) {
            None => Lookup::Found(false),
            Some(GivenFlag::Alone | GivenFlag::Followed(_)) => Lookup::Found(true),
            // As `strconv.ParseBool` takes them.
            Some(GivenFlag::Joined("1" | "t" | "T" | "true" | "TRUE" | "True")) => {
                Lookup::Found(true)
            }
            Some(GivenFlag::Joined("0" | "f" | "F" | "false" | "FALSE" | "False")) => {
                Lookup::Found(false)
            }
            Some(GivenFlag::Joined(_) | GivenFlag::Unknown) => unread(name),
        }
    }
}

fn unread<T>(name: &str) -> Lookup<T> {
    Lookup::Unknown(format!("its argument --{name} cannot be read"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(all: &[&str]) -> Vec<Argument> {
        let word = |text: &&str| Argument {
            is_whole: !text.contains("$("),
            text: (*text).to_owned(),
        };
        all.iter().map(word).collect()
    }

    #[test]
    fn values_are_joined_or_follow() {
        let unknown = || unread::<&str>("base-role-arn");
        for (line, wanted) in [
            (&["--base-role-arn=a"][..], Lookup::Found("a")),
            (&["/kube2iam", "--base-role-arn", "a"], Lookup::Found("a")),
            (
                &["--base-role-arn=a", "--base-role-arn=b"],
                Lookup::Found("b"),
            ),
            (&["--base-role-arn=a=b"], Lookup::Found("a=b")),
            (&["--base-role-arn="], Lookup::Missing),
            (&["--verbose"], Lookup::Missing),
            (&["--base-role-arn=$(X)"], unknown()),
            (&["--base-role-arn", "$(X)"], unknown()),
            (&["--base-role-arn", "--verbose"], unknown()),
        ] {
            let words = words(line);
            let read = AgentFlags::read(&words).unwrap().text("base-role-arn");
            assert_eq!(read, wanted, "{line:?}");
        }
    }

    #[test]
    fn what_follows_a_switch_does_not_turn_it_off() {
        for (line, wanted) in [
            (&[][..], Lookup::Found(false)),
            (&["--on"], Lookup::Found(true)),
            (&["--on", "false"], Lookup::Found(true)),
            (&["--on=false"], Lookup::Found(false)),
            (&["--on=1"], Lookup::Found(true)),
            (&["--on=yes"], unread("on")),
            (&["--on=$(X)"], unread("on")),
        ] {
            let words = words(line);
            assert_eq!(
                AgentFlags::read(&words).unwrap().switch("on"),
                wanted,
                "{line:?}"
            );
        }
    }

    #[test]
    fn what_may_hide_flags_leaves_all_unknown() {
        for line in [
            &["$(FLAGS)"][..],
            &["--$(FLAG)"],
            &["sh", "-c", "kube2iam --on"],
        ] {
            assert!(AgentFlags::read(&words(line)).is_err(), "{line:?}");
        }
    }
}

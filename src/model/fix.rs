//! What to do about something that went wrong or is not as it should be: words and commands, as a value.
//! Only showing it makes a text, so that the commands in it need not be found again.

use std::fmt;

use serde::{Serialize, Serializer};

use super::command_line::{CommandLine, Connection};

/// A command by itself, or a sentence with commands in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Words(String),
    Command(CommandLine),
    /// That the ServiceAccount can be left to others.
    RoleOnly,
}

impl Fix {
    /// Words without a command, which `run` and `and` go on with.
    pub fn say(words: impl Into<String>) -> Self {
        Self(vec![Piece::Words(words.into())])
    }

    /// What a command is for, and the command.
    pub fn by(words: impl fmt::Display, command: impl Into<CommandLine>) -> Self {
        Self::say(format!("{words}: ")).run(command)
    }

    /// The way around a Kubernetes API that cannot be used, for what can leave the ServiceAccount to others.
    pub fn role_only() -> Self {
        Self(vec![Piece::RoleOnly])
    }

    /// Whether it is that way and nothing else, so that it can be left out where the command has no such
    /// flag.
    pub fn is_role_only(&self) -> bool {
        *self == Self::role_only()
    }

    /// With more words behind it.
    pub fn and(mut self, words: impl Into<String>) -> Self {
        self.0.push(Piece::Words(words.into()));
        self
    }

    /// With a command behind it.
    pub fn run(mut self, command: impl Into<CommandLine>) -> Self {
        self.0.push(Piece::Command(command.into()));
        self
    }

    /// With those flags of the run that its commands take, and that they have not yet.
    pub fn with(self, connection: &Connection) -> Self {
        let pieces = self.0.into_iter().map(|piece| match piece {
            Piece::Command(command) => Piece::Command(command.with(connection)),
            words @ (Piece::Words(_) | Piece::RoleOnly) => words,
        });
        Self(pieces.collect())
    }
}

impl From<CommandLine> for Fix {
    fn from(command: CommandLine) -> Self {
        Self(vec![Piece::Command(command)])
    }
}

impl From<String> for Fix {
    fn from(sentence: String) -> Self {
        Self::say(sentence)
    }
}

impl From<&str> for Fix {
    fn from(sentence: &str) -> Self {
        Self::say(sentence)
    }
}

/// In a sentence commands stand between backticks.
impl fmt::Display for Fix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let [Piece::Command(command)] = self.0.as_slice() {
            return command.fmt(f);
        }
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Words(words) => f.write_str(words),
            Piece::Command(command) => write!(f, "`{command}`"),
            Piece::RoleOnly => f.write_str("or leave the ServiceAccount to someone with access: `--role-only` (in a file `roleOnly: true`) needs none"),
        })
    }
}

impl Serialize for Fix {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Flags;

    fn connection() -> Connection {
        Connection {
            aws: Flags(vec![
                ("--region", "eu-west-1".to_owned()),
                ("--profile", "a b".to_owned()),
            ]),
            kubernetes: Flags(vec![("--context", "c".to_owned())]),
            cluster: None,
            issuer: Flags(vec![("--issuer-url", "https://i".to_owned())]),
            roles: Flags::default(),
            are_in_file: false,
        }
    }

    #[test]
    fn commands_take_the_flags_of_the_run() {
        let shown = |fix: Fix| fix.with(&connection()).to_string();
        assert_eq!(
            shown(Fix::by("make it", "irsactl create sa --cluster demo")),
            "make it: `irsactl create sa --cluster demo --region eu-west-1 --profile 'a b' --context c --issuer-url https://i`"
        );
        assert_eq!(
            shown(
                Fix::say("run ")
                    .run("irsactl get sa")
                    .and(" or ")
                    .run("aws sts")
            ),
            "run `irsactl get sa --region eu-west-1 --profile 'a b' --context c` or `aws sts --region eu-west-1 --profile 'a b'`"
        );
        assert_eq!(
            shown(Fix::by("list", "aws eks list-clusters --region us-east-1")),
            "list: `aws eks list-clusters --region us-east-1 --profile 'a b'`"
        );
        let configure = Fix::say("").run("aws configure list-profiles");
        assert_eq!(
            shown(
                configure
                    .and(" and ")
                    .run("kubectl get sa")
                    .and(", or kubectl")
            ),
            "`aws configure list-profiles` and `kubectl get sa --context c`, or kubectl"
        );
    }

    /// What looks like a command in a text of others is none.
    #[test]
    fn words_are_left_as_they_are() {
        let fix = Fix::say("the server says: run `aws iam delete-role`");
        assert_eq!(fix.clone().with(&connection()), fix);
    }

    #[test]
    fn a_command_by_itself_is_bare_and_keeps_its_remark() {
        let command = CommandLine::of("aws eks list-clusters --region us-east-1", &[]);
        let fix = Fix::from(command.remark("all\nof them"));
        assert_eq!(
            fix.with(&connection()).to_string(),
            "aws eks list-clusters --region us-east-1 --profile 'a b'   # all\\nof them"
        );
    }
}

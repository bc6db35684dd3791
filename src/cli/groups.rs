//! The program for clap, with its commands in groups: clap itself has one list of them.

use std::fmt::Write as _;

use clap::{Command, CommandFactory};

use super::Cli;

/// Every command that is not hidden, by what it is for.
const GROUPS: [(&str, &[&str]); 5] = [
    (
        "Daily commands",
        &["create", "get", "update", "delete", "apply", "export"],
    ),
    (
        "Proof commands",
        &["doctor", "verify", "usage", "whoami", "report"],
    ),
    ("Moving commands", &["migrate", "trust"]),
    (
        "Setup commands",
        &[
            "associate-oidc-provider",
            "disassociate-oidc-provider",
            "thumbprint",
            "gc",
            "permissions",
        ],
    ),
    (
        "Other commands",
        &["explain", "render", "completion", "man", "help", "version"],
    ),
];

/// The program as it reads a command line and prints its help.
pub fn program() -> Command {
    let program = Cli::command();
    let groups = listed(&program);
    program.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{groups}Options:\n{{options}}{{after-help}}"
    ))
}

/// The groups in 80 columns, each with an empty line after it.
fn listed(program: &Command) -> String {
    let mut text = String::new();
    for (title, names) in GROUPS {
        let _ = writeln!(text, "{title}:");
        for name in names {
            let command = program.find_subcommand(name);
            let about = command.and_then(Command::get_about).cloned();
            let _ = writeln!(text, "  {name:<26}  {}", about.unwrap_or_default());
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_in_one_group() {
        let program = Cli::command();
        let commands = program.get_subcommands();
        let mut commands: Vec<&str> = commands
            .filter(|command| !command.is_hide_set())
            .map(Command::get_name)
            .collect();
        let mut grouped: Vec<&str> = GROUPS
            .iter()
            .flat_map(|(_, names)| *names)
            .copied()
            .collect();
        commands.sort_unstable();
        grouped.sort_unstable();
        assert_eq!(grouped, commands);
    }

    /// clap wraps neither in a way that could be read or pasted.
    #[test]
    fn the_groups_and_the_examples_fit_80_columns() {
        let mut program = Cli::command();
        let mut texts = vec![listed(&program)];
        program.build();
        ends(&program, &mut texts);
        assert!(texts.len() > 10);
        for line in texts.iter().flat_map(|text| text.lines()) {
            // An address, or a path, cannot be parted.
            let can_part = line.split(' ').all(|word| word.len() <= 50);
            assert!(line.len() <= 80 || !can_part, "{line}");
        }
    }

    fn ends(command: &Command, texts: &mut Vec<String>) {
        texts.extend(command.get_after_help().map(ToString::to_string));
        for below in command.get_subcommands() {
            ends(below, texts);
        }
    }
}

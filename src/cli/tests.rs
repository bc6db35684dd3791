use super::*;
use crate::model::{CommandLine, Flags};
use clap::CommandFactory;

#[test]
fn the_command_tree_is_sound() {
    Cli::command().debug_assert();
}

/// A hint with a flag that its command does not know cannot be pasted, and one without a flag that it
/// does know asks another cluster.
#[test]
fn commands_of_hints_get_the_flags_that_they_know() {
    fn leaves<'a>(
        command: &'a clap::Command,
        line: String,
        all: &mut Vec<(String, &'a clap::Command)>,
    ) {
        if !command.has_subcommands() {
            all.push((line, command));
            return;
        }
        let below = command.get_subcommands();
        for command in below.filter(|it| !it.is_hide_set() && it.get_name() != "help") {
            leaves(command, format!("{line} {}", command.get_name()), all);
        }
    }
    let mut program = Cli::command();
    program.build();
    let mut all = Vec::new();
    leaves(&program, "irsactl".to_owned(), &mut all);
    assert!(all.len() > 20, "{}", all.len());
    let flags = |names: &[&'static str]| {
        let given = names.iter().map(|name| (*name, "x".to_owned()));
        Flags(given.collect())
    };
    let connection = Connection {
        aws: flags(&["--region", "--profile"]),
        kubernetes: flags(&["--kubeconfig", "--context"]),
        cluster: None,
        issuer: flags(&["--issuer-url"]),
        roles: flags(&["--role-profile"]),
        are_in_file: false,
    };
    for (line, command) in all {
        let knows = |name: &str| {
            let name = &name[2..];
            command
                .get_arguments()
                .any(|it| it.get_long() == Some(name))
        };
        let told = CommandLine::of(&format!("{line} --cluster demo"), &[]).with(&connection);
        let told = told.to_string();
        for name in [
            "--profile",
            "--kubeconfig",
            "--context",
            "--issuer-url",
            "--role-profile",
        ] {
            let is_told = told.contains(&format!(" {name} "));
            assert_eq!(is_told, knows(name), "{name} in `{told}`");
        }
    }
}

#[test]
fn every_flag_of_the_table_of_fields_is_one_of_create() {
    let mut program = Cli::command();
    program.build();
    let verb = program.find_subcommand("create").expect("the verb");
    let flags = |noun: &str| -> Vec<String> {
        let command = verb.find_subcommand(noun).expect("the command");
        let flags = command.get_arguments();
        let flags = flags.filter_map(|flag| Some(format!("--{}", flag.get_long()?)));
        flags.collect()
    };
    let [accounts, associations] = ["iamserviceaccount", "podidentityassociation"].map(flags);
    for field in fields::FIELDS {
        let flags = if field.path.starts_with(fields::ASSOCIATIONS.path) {
            &associations
        } else {
            &accounts
        };
        let is_one = field.flag() == field.name() || flags.iter().any(|it| it == field.flag());
        assert!(is_one, "{}", field.flag());
    }
}

//! `completion`: the scripts as they are kept in `completions/`, and what real shells offer with them.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::Bench;

mod names;

/// Shells and the files of their scripts.
const FILES: [(&str, &str); 5] = [
    ("bash", "irsactl.bash"),
    ("zsh", "_irsactl"),
    ("fish", "irsactl.fish"),
    ("powershell", "_irsactl.ps1"),
    ("elvish", "irsactl.elv"),
];

/// A command line that ends where the user presses the tabulator, and what is offered.
const COMPLETED: [(&str, &[&str]); 18] = [
    ("irsactl cre", &["create"]),
    (
        "irsactl create ",
        &["iamserviceaccount", "podidentityassociation"],
    ),
    ("irsactl create ir", &["irsa"]),
    (
        "irsactl create iamserviceaccount --attach-p",
        &["--attach-policy-arn"],
    ),
    ("irsactl create irsa --attach-p", &["--attach-policy-arn"]),
    (
        "irsactl create iamserviceaccount --output ",
        &["json", "markdown", "name", "table", "yaml"],
    ),
    (
        "irsactl get sa --output ",
        &["json", "markdown", "name", "table", "wide", "yaml"],
    ),
    (
        "irsactl create iamserviceaccount --well-known-policy external",
        &["externalDNS", "externalSecrets"],
    ),
    ("irsactl thumbprint --is", &["--issuer-url"]),
    // What is no file is not completed by one.
    (
        "irsactl create sa --role-only=",
        &["--role-only=false", "--role-only=true"],
    ),
    ("irsactl doctor --workload ", &[]),
    ("irsactl create sa --role-name ", &[]),
    ("irsactl help thumb", &["thumbprint"]),
    (
        "irsactl explain config.iam.serviceAccounts.role",
        &[
            "config.iam.serviceAccounts.roleName",
            "config.iam.serviceAccounts.roleOnly",
            "config.iam.serviceAccounts.rolePath",
        ],
    ),
    ("irsactl get sa --cluster ", &["demo"]),
    ("irsactl get sa --cluster=de", &["--cluster=demo"]),
    (
        "irsactl create sa --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3R",
        &["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    ),
    (
        "irsactl create sa --attach-policy-arn AmazonS3R",
        &["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"],
    ),
];

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/completions"))
}

/// The search path with the program in front, as the scripts call it by its name.
fn with_irsactl() -> String {
    let folder = Path::new(env!("CARGO_BIN_EXE_irsactl")).parent();
    let folder = folder.expect("a folder").display();
    format!("{folder}:{}", std::env::var("PATH").unwrap_or_default())
}

/// Compares what a shell offers for each line; `command` makes the shell's command for one.
fn assert_completed(shell: &str, command: impl Fn(&mut Command, &str)) {
    let mut bench = Bench::new();
    bench.set("PATH", &with_irsactl());
    for (line, wanted) in COMPLETED {
        let mut process = bench.command_of(shell);
        command(&mut process, line);
        let output = process.output().expect("the shell runs");
        let text = String::from_utf8_lossy(&output.stdout);
        let mut offered: Vec<&str> = text
            .lines()
            .filter_map(|line| line.split('\t').next())
            // Some shells offer flags where a word is wanted too.
            .filter(|offer| {
                let flags = wanted.first().is_some_and(|first| first.starts_with('-'));
                flags || !offer.starts_with('-')
            })
            .collect();
        offered.sort_unstable();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(offered, wanted, "{shell}: {line}|\n{errors}");
        assert_eq!(errors, "", "{shell}: {line}|");
    }
}

#[test]
fn the_kept_scripts_are_what_the_program_prints() {
    let bench = Bench::new();
    for (shell, file) in FILES {
        let output = bench.command().args(["completion", shell]).output();
        let output = output.expect("irsactl runs");
        assert!(output.status.success(), "{shell}");
        let kept = std::fs::read(folder().join(file)).expect("a script");
        assert!(kept == output.stdout, "completions/{file}");
    }
}

/// Sources the script anew for a line, parts it as bash does (at : and = too), and calls the function
/// as bash does: command, what is replaced of the word, word before. Prints the words that result.
const BASH: &str = "
    set -eu
    source \"$1/irsactl.bash\"
    COMP_LINE=$2 COMP_POINT=${#2} COMP_WORDS=() rest=$2
    while [[ $rest =~ ^[[:space:]]*([:=]+|[^[:space:]:=]+) ]]; do
        COMP_WORDS+=(\"${BASH_REMATCH[1]}\")
        rest=${rest:${#BASH_REMATCH[0]}}
    done
    [[ $2 != *' ' ]] || COMP_WORDS+=('')
    COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
    current=${COMP_WORDS[COMP_CWORD]##*[:=]}
    _irsactl irsactl \"$current\" \"${COMP_WORDS[COMP_CWORD-1]}\"
    kept=${2##* }
    for offer in \"${COMPREPLY[@]}\"; do
        echo \"${kept%\"$current\"}$offer\"
    done";

#[test]
fn bash_completes() {
    assert_completed("bash", |command, line| {
        command
            .args(["--norc", "-c", BASH, "bash"])
            .arg(folder())
            .arg(line);
    });
}

/// bash itself would offer files where irsactl offers nothing.
#[test]
fn bash_offers_no_files_of_its_own() {
    const SCRIPT: &str = "source \"$1/irsactl.bash\"; complete -p irsactl";
    let bench = Bench::new();
    let mut bash = bench.command_of("bash");
    bash.args(["--norc", "-c", SCRIPT, "bash"]).arg(folder());
    let output = bash.output().expect("bash runs");
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(text, "complete -F _irsactl irsactl\n");
}

#[test]
#[ignore = "needs fish"]
fn fish_completes() {
    const SCRIPT: &str = "source $argv[1]/irsactl.fish; complete -C $argv[2]";
    assert_completed("fish", |command, line| {
        command
            .args(["--no-config", "-c", SCRIPT])
            .arg(folder())
            .arg(line);
    });
}

#[test]
#[ignore = "needs zsh"]
fn zsh_completes() {
    const DRIVER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/complete.zsh");
    assert_completed("zsh", |command, line| {
        command.args(["-f", DRIVER]).arg(folder()).arg(line);
    });
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let bench = Bench::new();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = bench
        .command()
        .args(["completion", "bash"])
        .stdout(writer)
        .output()
        .expect("irsactl runs");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn another_shell_is_refused() {
    let bench = Bench::new();
    insta::assert_snapshot!(bench.run("completion tcsh"), @"
    [stderr]
    error: invalid value 'tcsh' for '<SHELL>'
      [possible values: bash, elvish, fish, powershell, zsh]
    hint: a similar value exists: 'zsh'

    For more information, try '--help'.
    [exit 2]
    ");
    insta::assert_snapshot!(bench.run("completion"), @"
    [stderr]
    error: the following required arguments were not provided:
      <SHELL>

    Usage: irsactl completion <SHELL>

    For more information, try '--help'.
    [exit 2]
    ");
}

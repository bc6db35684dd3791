//! The rules of the house that a reader of one file cannot see: what may be used where, and how long
//! a file may be.

use std::path::{Path, PathBuf};

/// The files of a folder that end with one of the names, by their path from the project's root.
fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path.strip_prefix(root).expect("inside").to_owned());
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no {ending} in {folder}");
    found
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect("a file")
}

/// A source file up to its tests.
fn without_tests(path: &Path) -> String {
    if path.ends_with("tests.rs") {
        return String::new();
    }
    let text = text(path);
    let end = text.find("#[cfg(test)]").unwrap_or(text.len());
    text[..end].to_owned()
}

/// The lines of a source file that are code and have one of the words, as `path:line: text`.
fn uses(path: &Path, words: &[&str]) -> Vec<String> {
    let text = without_tests(path);
    let lines = text.lines().enumerate();
    lines
        .filter(|(_, line)| !line.trim_start().starts_with("//"))
        .filter(|(_, line)| words.iter().any(|word| line.contains(word)))
        .map(|(number, line)| format!("{}:{}: {}", path.display(), number + 1, line.trim()))
        .collect()
}

/// Uses of the words in all source files but those whose paths begin with one of `places`.
fn uses_outside(places: &[&str], words: &[&str]) -> Vec<String> {
    let files = files("src", ".rs").into_iter();
    files
        .filter(|path| {
            !places
                .iter()
                .any(|place| path.to_string_lossy().starts_with(place))
        })
        .flat_map(|path| uses(&path, words))
        .collect()
}

const NOTHING: [String; 0] = [];

#[test]
fn what_decides_is_pure() {
    let pure = [
        "src/asked",
        "src/model",
        "src/permissions",
        "src/plan",
        "src/policy",
        "src/render",
        "src/template",
        "src/token",
        "src/world",
    ];
    let words = [
        "async ",
        ".await",
        "aws_sdk",
        "kube::",
        "tokio",
        "std::env",
        "std::fs",
        "std::io",
        "SystemTime",
        "Instant",
    ];
    let all = files("src", ".rs");
    let pure: Vec<_> = all
        .iter()
        .filter(|path| {
            pure.iter()
                .any(|place| path.to_string_lossy().starts_with(place))
        })
        .collect();
    assert!(pure.len() >= 8, "{pure:?}");
    let found: Vec<_> = pure.iter().flat_map(|path| uses(path, &words)).collect();
    assert_eq!(found, NOTHING);
}

#[test]
fn each_outside_world_has_one_door() {
    for (places, words) in [
        (["src/aws/"].as_slice(), ["aws_sdk"].as_slice()),
        (&["src/kubernetes"], &["kube::", "k8s_openapi"]),
        (
            &["src/issuer", "src/network"],
            &["rustls::", "rustls_platform_verifier"],
        ),
        (&["src/progress"], &["indicatif"]),
    ] {
        assert_eq!(uses_outside(places, words), NOTHING, "{words:?}");
        let inside = files("src", ".rs")
            .into_iter()
            .filter(|path| {
                places
                    .iter()
                    .any(|place| path.to_string_lossy().starts_with(place))
            })
            .flat_map(|path| uses(&path, words));
        assert_ne!(inside.count(), 0, "{words:?} are looked for in vain");
    }
}

/// A second way to a file has none of the limits of the first.
#[test]
fn files_are_read_in_one_place() {
    let words = [
        "fs::read(",
        "read_to_string(",
        "File::open",
        "OpenOptions::new",
        "io::stdin",
        "spawn_blocking",
    ];
    let found = uses_outside(&["src/files.rs"], &words);
    let without_number = |found: &String| {
        let (path, rest) = found.split_once(':').expect("a path");
        let (_, text) = rest.split_once(": ").expect("a number");
        format!("{path}: {text}")
    };
    let found: Vec<_> = found.iter().map(without_number).collect();
    // A file that is made; what the system tells of the process; whether there is a terminal; and the
    // answer that is asked for on it, aside.
    let others = [
        "src/complete/cache.rs: let mut options = OpenOptions::new();",
        "src/interruption.rs: let status = std::fs::read_to_string(\"/proc/self/status\").ok()?;",
        "src/kubernetes/exec.rs: let terminal = std::io::stdin().is_terminal();",
        "src/output.rs: if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {",
        "src/output.rs: std::io::stdin().read_line(&mut answer).ok()?;",
    ];
    assert_eq!(found, others);
}

/// By itself the SDK ends a list where a token comes again.
#[test]
fn lists_of_aws_are_read_page_by_page() {
    let mut lists = 0;
    for path in files("src/aws", ".rs") {
        let text = without_tests(&path);
        let count = |word: &str| text.matches(word).count();
        let of_the_sdk = count(".into_paginator()");
        assert_eq!(of_the_sdk, count("Listed::of("), "{}", path.display());
        let by_hand = count("\"nextToken\"") + count("\"NextToken\"") + count(".set_next_token(");
        if by_hand > 0 {
            assert_ne!(count("Pages::default()"), 0, "{}", path.display());
        }
        lists += of_the_sdk + by_hand;
    }
    assert!(lists >= 14, "{lists}");
}

/// A fix is a `CommandLine`: a text put together by `format!` quotes no value for the shell.
#[test]
fn fixes_are_put_together_word_by_word() {
    let programs = ["\"irsactl ", "\"kubectl ", "\"aws ", "\"eksctl "];
    let found: Vec<_> = files("src/diagnose", ".rs")
        .iter()
        .flat_map(|path| {
            let text = without_tests(path);
            let lines: Vec<&str> = text.lines().map(str::trim).collect();
            let made = lines.windows(2).filter(|pair| {
                let is_command = |line: &str| programs.iter().any(|it| line.contains(it));
                pair[0].contains("format!(") && (is_command(pair[0]) || is_command(pair[1]))
            });
            let made = made.map(|pair| format!("{}: {}", path.display(), pair.join(" ")));
            made.collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found, NOTHING);
}

#[test]
fn files_are_short() {
    let mut long = Vec::new();
    for path in files("src", ".rs") {
        let lines = without_tests(&path).lines().count();
        let name = path.to_string_lossy();
        let is_command = name.starts_with("src/commands/")
            && !name.ends_with("/mod.rs")
            && ["flags", "file", "proving", "reconcile", "removal"]
                .iter()
                .all(|shared| !name.starts_with(&format!("src/commands/{shared}")));
        let limit = match () {
            () if name == "src/main.rs" => 60,
            () if is_command => 130,
            () => 500,
        };
        if lines > limit {
            long.push(format!("{name}: {lines} lines, {limit} wanted"));
        }
    }
    assert_eq!(long, NOTHING);
}

#[test]
fn every_file_of_tests_is_registered() {
    let main = text(Path::new("tests/cli/main.rs"));
    let folder = Path::new("tests/cli");
    let all = files("tests/cli", ".rs");
    let files = all.iter().filter(|path| path.parent() == Some(folder));
    for name in files.filter_map(|path| path.file_stem()?.to_str()) {
        let line = format!("mod {name};");
        let is_there = name == "main" || main.lines().any(|other| other == line);
        assert!(is_there, "`{line}` is missing in tests/cli/main.rs");
    }
}

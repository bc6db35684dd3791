//! The rules of the house that a reader of one file cannot see: what may be used where, and how long
//! files and functions may be.

use std::collections::{BTreeMap, BTreeSet};
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

/// A source file up to its tests. That tests in another file are registered ends nothing.
fn without_tests(path: &Path) -> String {
    if path.ends_with("tests.rs") {
        return String::new();
    }
    let text = text(path);
    let (code, _) = text
        .split_once("#[cfg(test)]\nmod tests {")
        .unwrap_or((&text, ""));
    code.to_owned()
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

/// A room is a file of `src/` with its folder.
fn room_of(path: &Path) -> String {
    let inside = path.strip_prefix("src").expect("a source file");
    let first = inside.components().next().expect("a name");
    let name = first.as_os_str().to_string_lossy();
    name.trim_end_matches(".rs").to_owned()
}

/// The rooms by their floors, from the lowest: the table that people read.
fn floors() -> Vec<Vec<String>> {
    let page = text(Path::new("docs/how-it-works.md"));
    let (_, rest) = page.split_once("<!-- floors: begin -->").expect("a table");
    let (table, _) = rest.split_once("<!-- floors: end -->").expect("its end");
    let mut floors = Vec::new();
    for row in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        if cells[1] == "Floor" {
            continue;
        }
        assert_eq!(cells[1], (floors.len() + 1).to_string(), "{row}");
        let rooms = cells[2].split_whitespace().map(|room| {
            let room = room.trim_matches('`');
            room.trim_end_matches('/')
                .trim_end_matches(".rs")
                .to_owned()
        });
        floors.push(rooms.collect());
    }
    floors
}

/// The rooms that a text names by their paths from the root of the crate: `crate::room`,
/// `use crate::{room, …}`, and as many `super` as lead there.
fn named_rooms(text: &str, depth: usize) -> Vec<String> {
    let name = |text: &str| {
        let end = text.find(|c: char| !c.is_ascii_lowercase() && c != '_');
        text[..end.unwrap_or(text.len())].to_owned()
    };
    let mut named = Vec::new();
    for (at, _) in text.match_indices("crate::") {
        let rest = &text[at + "crate::".len()..];
        let Some(list) = rest.strip_prefix('{') else {
            named.push(name(rest));
            continue;
        };
        let mut inner = 0;
        let mut items = vec![String::new()];
        for c in list.chars() {
            match c {
                '}' if inner == 0 => break,
                ',' if inner == 0 => items.push(String::new()),
                c => items.last_mut().expect("one").push(c),
            }
            inner += i32::from(c == '{') - i32::from(c == '}');
        }
        named.extend(items.iter().map(|item| name(item.trim())));
    }
    let ups = "super::".repeat(depth);
    let roots = text.match_indices(&ups);
    named.extend(roots.map(|(at, _)| name(&text[at + ups.len()..])));
    named.retain(|name| !name.is_empty() && name != "super");
    named
}

/// How many modules a file is inside of: 1 for one that the root names.
fn depth_of(path: &Path) -> usize {
    let inside = path.strip_prefix("src").expect("a source file");
    let is_mod = path.ends_with("mod.rs");
    inside.components().count() - usize::from(is_mod)
}

#[test]
fn imports_only_go_down() {
    let floors = floors();
    let floor_of = |room: &str| {
        floors
            .iter()
            .position(|rooms| rooms.iter().any(|it| it == room))
    };
    let mut wrong = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    let mut arrows = 0;
    // The root is above all, and what makes arbitrary inputs is for the tests of any. A room's own tests
    // may look at it from above.
    let own = |room: &str| room == "main" || room == "fuzz";
    let is_of_tests = |path: &Path| path.to_string_lossy().contains("/tests");
    for path in files("src", ".rs") {
        let room = room_of(&path);
        if own(&room) || is_of_tests(&path) {
            continue;
        }
        let Some(from) = floor_of(&room) else {
            wrong.push(format!("{room} is on no floor"));
            continue;
        };
        seen.insert(room.clone());
        let text = text(&path);
        let code = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"));
        let code: String = code.flat_map(|line| [line, "\n"]).collect();
        for named in named_rooms(&code, depth_of(&path)) {
            if named == room || own(&named) {
                continue;
            }
            arrows += 1;
            if floor_of(&named).is_none_or(|to| to >= from) {
                wrong.push(format!(
                    "{}: {room} does not stand above {named}",
                    path.display()
                ));
            }
        }
    }
    let told = floors.iter().flatten().filter(|room| !seen.contains(*room));
    wrong.extend(told.map(|room| format!("there is no {room}")));
    assert_eq!(wrong, NOTHING);
    assert!(arrows >= 500, "{arrows}");
}

#[test]
fn rooms_are_found_however_they_are_named() {
    let text = "use crate::{plan, world::{Stack, Role}, aws};\nuse crate::model::Map;\nlet a = \
                crate::run::finish(); use super::super::cli::Screen;";
    let all = ["plan", "world", "aws", "model", "run"];
    assert_eq!(named_rooms(text, 3), all);
    let with_root = [all.as_slice(), &["cli"]].concat();
    assert_eq!(named_rooms(text, 2), with_root);
}

/// Floors that hold no calls, no clock, no randomness, no variable and no file.
const PURE_FLOORS: usize = 7;

#[test]
fn what_decides_is_pure() {
    let words = [
        "async ",
        ".await",
        "aws_sdk",
        "aws_config",
        "aws_smithy",
        "aws_types",
        "kube::",
        "tokio",
        "getrandom",
        "std::env",
        "std::fs",
        "std::io",
        "std::process",
        "std::thread",
        "std::{",
        "files::",
        "::now(",
        "SystemTime",
        "Instant",
    ];
    // Where time passes, and where files are read; kinds of errors; what is secret or a proxy by the
    // environment.
    let borders: &[(&str, &[&str])] = &[
        ("waiting", &words),
        ("files", &words),
        ("network", &["std::io"]),
        ("man", &["std::io"]),
        ("error", &["std::io"]),
        ("secrets", &["std::env"]),
        ("proxy", &["std::env"]),
    ];
    let floors = floors();
    let pure: Vec<&String> = floors[..PURE_FLOORS].iter().flatten().collect();
    let mut found = Vec::new();
    for path in files("src", ".rs") {
        let room = room_of(&path);
        if !pure.contains(&&room) {
            continue;
        }
        let mut all = borders.iter().filter(|(name, _)| *name == room);
        let allowed = all.next().map_or(&[][..], |(_, allowed)| allowed);
        let words: Vec<&str> = words
            .into_iter()
            .filter(|it| !allowed.contains(it))
            .collect();
        found.extend(uses(&path, &words));
    }
    assert_eq!(found, NOTHING);
}

#[test]
fn each_outside_world_has_one_door() {
    for (places, words) in [
        (
            ["src/aws/"].as_slice(),
            [
                "aws_sdk",
                "aws_config::",
                "aws_credential_types::",
                "aws_runtime::",
                "aws_sigv4::",
                "aws_smithy",
                "aws_types::",
            ]
            .as_slice(),
        ),
        // Its client is Vault's too, as one of HTTP.
        (
            &["src/kubernetes", "src/vault.rs", "src/vault/"],
            &["kube::"],
        ),
        (&["src/kubernetes"], &["k8s_openapi"]),
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
        assert_eq!(of_the_sdk, count("PagedList::of("), "{}", path.display());
        let by_hand = count("\"nextToken\"") + count("\"NextToken\"") + count(".set_next_token(");
        if by_hand > 0 {
            assert_ne!(count("Pages::default()"), 0, "{}", path.display());
        }
        lists += of_the_sdk + by_hand;
    }
    assert!(lists >= 14, "{lists}");
}

/// The names of the structs, enums, traits and aliases that a source file declares. The types that an `impl`
/// or a trait has are indented.
fn declared_types(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter_map(|line| {
        let words = line.trim_start();
        let words = match words.strip_prefix("pub") {
            Some(rest) if rest.starts_with('(') => rest.split_once(')')?.1.trim_start(),
            Some(rest) => rest.trim_start(),
            None => words,
        };
        let (word, rest) = words.split_once(' ')?;
        let is_declaration = match word {
            "struct" | "enum" | "trait" => true,
            "type" => !line.starts_with(' '),
            _ => false,
        };
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_');
        let name = &rest[..end.unwrap_or(rest.len())];
        // A macro's declaration has the name of its caller.
        (is_declaration && !name.is_empty()).then_some(name)
    })
}

/// One word for one thing, and one thing for one word. Alternatives of `cfg` stand in one file.
#[test]
fn a_types_name_stands_once() {
    let mut places: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let all = files("src", ".rs").into_iter();
    for path in all.filter(|path| !path.to_string_lossy().contains("/tests")) {
        for name in declared_types(&without_tests(&path)) {
            let place = path.display().to_string();
            places.entry(name.to_owned()).or_default().insert(place);
        }
    }
    assert!(places.len() > 800, "{}", places.len());
    let several = places.iter().filter(|(_, places)| places.len() > 1);
    let several = several.map(|(name, places)| format!("{name}: {places:?}"));
    assert_eq!(several.collect::<Vec<_>>(), NOTHING);
}

#[test]
fn types_are_found_at_any_visibility() {
    let text = "pub struct A<'a> {\n    b: u8,\n}\npub(super) type B = u8;\nenum C {\n    D,\n}\n\
                pub(in crate::plan) trait E {\n    type F;\n}\nfn f() {\n    struct G;\n}\n// struct H;\n\
                macro! {\n    pub enum I {}\n}\nmacro_rules! j {() => {pub enum $name {}}}";
    let found: Vec<&str> = declared_types(text).collect();
    assert_eq!(found, ["A", "B", "C", "E", "G", "I"]);
}

/// Where hints and fixes are made. The background of checks is prose.
fn is_of_hints(path: &Path) -> bool {
    let rooms = [
        "src/diagnose",
        "src/error",
        "src/plan/refusal",
        "src/proof",
        "src/commands/render",
    ];
    let path = path.to_string_lossy();
    let is_prose = path == "src/diagnose/checks.rs";
    !is_prose && rooms.iter().any(|room| path.starts_with(room))
}

/// A fix is a `CommandLine`: a text put together by `format!` quotes no value for the shell, and nobody
/// can add the run's flags to a command that is only words.
#[test]
fn fixes_are_put_together_word_by_word() {
    let programs = ["irsactl ", "kubectl ", "aws ", "eksctl ", "curl "];
    let has = |line: &str, before: char| {
        let mut programs = programs.iter();
        programs.any(|program| line.contains(&format!("{before}{program}")))
    };
    // Also one that was made a text already.
    let starts = programs.into_iter().chain(["{} --", "{}   #"]);
    let starts: Vec<String> = starts.map(|start| format!("\"{start}")).collect();
    let is_command = |text: &str| starts.iter().any(|start| text.starts_with(start));
    let all = files("src", ".rs");
    let (mut found, mut commands) = (Vec::new(), 0);
    for path in all.iter().filter(|path| is_of_hints(path)) {
        let text = without_tests(path);
        let lines = text.lines().map(str::trim);
        let lines: Vec<&str> = lines.filter(|line| !line.starts_with("//")).collect();
        let made = lines.windows(2).filter(|pair| {
            let mut formatted = pair[0].split("format!(").skip(1);
            let is_next = pair[0].ends_with("format!(") && is_command(pair[1]);
            has(pair[0], '`') || is_next || formatted.any(is_command)
        });
        let told = made.map(|pair| format!("{}: {}", path.display(), pair.join(" ")));
        found.extend(told);
        commands += lines.iter().filter(|line| has(line, '"')).count();
    }
    assert_eq!(found, NOTHING);
    assert!(commands > 50, "{commands}: they are looked for in vain");
}

/// What was a value once is not found again in the words made of it.
#[test]
fn no_text_is_taken_apart_at_its_backticks() {
    let ways = [
        "split",
        "split_once",
        "rsplit",
        "rsplit_once",
        "find",
        "split_inclusive",
    ];
    let ways = ways
        .iter()
        .flat_map(|way| ["('`'", "(\"`\""].map(|mark| format!("{way}{mark}")));
    let ways: Vec<String> = ways.collect();
    let ways: Vec<&str> = ways.iter().map(String::as_str).collect();
    assert_eq!(uses_outside(&[], &ways), NOTHING);
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
        let limit = if is_command || name == "src/main.rs" {
            130
        } else {
            500
        };
        if lines > limit {
            long.push(format!("{name}: {lines} lines, {limit} wanted"));
        }
    }
    assert_eq!(long, NOTHING);
}

/// Whether a source file is a module of tests alone, or inside one.
fn is_for_tests_alone(path: &Path) -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    path.ancestors().any(|inside| {
        let (Some(folder), Some(name)) = (inside.parent(), inside.file_stem()) else {
            return false;
        };
        let name = name.to_string_lossy();
        let declarations = ["mod", "pub mod"].map(|it| format!("#[cfg(test)]\n{it} {name};"));
        let files = [
            folder.with_extension("rs"),
            folder.join("mod.rs"),
            folder.join("main.rs"),
        ];
        let mut there = files.iter().filter(|file| root.join(file).is_file());
        there.any(|file| declarations.iter().any(|it| text(file).contains(it)))
    })
}

fn declared_function(line: &str) -> Option<&str> {
    let words = line.trim_start();
    let words = match words.strip_prefix("pub") {
        Some(rest) if rest.starts_with('(') => rest.split_once(')')?.1.trim_start(),
        Some(rest) => rest.trim_start(),
        None => words,
    };
    let words = words.strip_prefix("const ").unwrap_or(words);
    let words = words.strip_prefix("async ").unwrap_or(words);
    let name = words.strip_prefix("fn ")?;
    let end = name.find(|c: char| !c.is_alphanumeric() && c != '_');
    Some(&name[..end.unwrap_or(name.len())])
}

/// The functions of a source file, each with its lines from the signature to the brace that closes it.
fn functions(code: &str) -> Vec<(&str, usize)> {
    let lines: Vec<&str> = code.lines().collect();
    let functions = lines.iter().enumerate().filter_map(|(start, line)| {
        let name = declared_function(line)?;
        let rest = &lines[start..];
        let opening = rest.iter().find(|line| line.ends_with(['{', '}', ';']))?;
        // Of a trait's own there is the signature alone.
        if !opening.ends_with('{') {
            return Some((name, 1));
        }
        let end = format!("{}}}", &line[..line.len() - line.trim_start().len()]);
        let last = rest.iter().position(|line| *line == end)?;
        Some((name, last + 1))
    });
    functions.collect()
}

/// Flat tables: their rows are all kinds of one thing, and a table in two parts is read twice.
const TABLES: [&str; 15] = [
    // Each action, and its calls.
    "src/apply.rs: carry_out",
    // Each rule between fields.
    "src/asked.rs: told",
    // Each command's flags.
    "src/cli.rs: ways",
    // Each command's function.
    "src/commands/mod.rs: started",
    // Each error's remedies.
    "src/error/hints.rs: hints",
    // Each way to sign in.
    "src/error/sign_in.rs: hints",
    // Each error's exit status.
    "src/error.rs: exit_code",
    // Each action in words.
    "src/plan/action.rs: words",
    // Each hold.
    "src/plan/migrate/intercept/hindrance.rs: told",
    // Each obstacle.
    "src/plan/migrate/obstacle/words.rs: told",
    // Each reason.
    "src/plan/refusal/words.rs: told",
    // Each reason not to copy.
    "src/plan/trust/copy.rs: told",
    // Each obstacle.
    "src/plan/trust/obstacle.rs: told",
    // Each cause in words.
    "src/proof/unproven.rs: fmt",
    // Each cause's remedy.
    "src/proof/unproven.rs: direct_hint",
];

#[test]
fn functions_are_short() {
    let mut long = Vec::new();
    let mut seen = 0;
    let all = files("src", ".rs").into_iter();
    for path in all.filter(|path| !is_for_tests_alone(path)) {
        let code = without_tests(&path);
        let functions = functions(&code);
        seen += functions.len();
        let over = functions.into_iter().filter(|(_, lines)| *lines > 40);
        long.extend(over.map(|(name, _)| format!("{}: {name}", path.display())));
    }
    assert_eq!(long, TABLES);
    assert!(seen > 3000, "{seen}: they are looked for in vain");
}

#[test]
fn a_function_ends_at_its_own_brace() {
    let code = "pub(super) const fn a() -> u8 {\n    1\n}\n\nimpl A {\n    pub async fn b(\n        self,\n    ) \
                {\n        if true {\n        }\n    }\n}\n\ntrait B {\n    fn c();\n}\n\nfn d() {}\n// fn e() {\n";
    assert_eq!(functions(code), [("a", 3), ("b", 6), ("c", 1), ("d", 1)]);
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

//! What the pages know from the program: between `<!-- NAME: begin -->` and `<!-- NAME: end -->` stands what
//! one of the functions here makes.

use serde_json::Value;
use std::path::Path;

use super::{Page, pages, root};
use crate::support::Bench;
use crate::usage::{commands, help};

/// Makes what stands between two marks.
type Make = fn() -> String;

const GENERATED: [(&str, Make); 5] = [
    ("checks", checks),
    ("commands", every_help),
    ("fields", fields),
    ("index", index),
    ("policies", policies),
];

/// Compared beside the tables that they come from.
const ELSEWHERE: [&str; 2] = ["environment", "floors"];

/// A page with all that is generated in it made anew.
pub fn renewed(page: &Page) -> String {
    let mut text = page.text.clone();
    for (name, make) in GENERATED {
        let begin = format!("<!-- {name}: begin -->\n");
        let end = format!("<!-- {name}: end -->");
        if let Some((before, rest)) = text.split_once(&begin) {
            let (_, after) = rest.split_once(&end).expect(&end);
            text = format!("{before}{begin}{}{end}{after}", make());
        }
    }
    text
}

#[test]
fn every_mark_in_a_page_is_known() {
    let known: Vec<&str> = GENERATED.iter().map(|(name, _)| *name).collect();
    let mut seen = 0;
    for page in pages() {
        let ends = page.text.lines().filter_map(|line| {
            let name = line.strip_prefix("<!-- ")?;
            name.strip_suffix(": begin -->")
        });
        for name in ends {
            let is_known = known.contains(&name) || ELSEWHERE.contains(&name);
            assert!(is_known, "{}: {name}", page.path);
            seen += 1;
        }
    }
    assert!(seen >= known.len(), "{seen}");
}

/// The long help of every command, under a heading each.
fn every_help() -> String {
    let bench = Bench::new();
    let mut commands = commands(&bench);
    commands.push("utils".to_owned());
    let sections = commands.iter().map(|command| {
        let name = format!("irsactl {command}");
        let help = help(&bench, command);
        let lines = help.lines().map(|line| format!("{}\n", line.trim_end()));
        let help: String = lines.collect();
        format!("\n## {}\n\n```text\n{help}```\n", name.trim_end())
    });
    sections.collect()
}

/// Every command with its first example, what it is for, the page that tells more, and its help.
fn index() -> String {
    let bench = Bench::new();
    let commands = commands(&bench);
    // What runs by itself is none, whatever stands below it.
    let is_verb = |command: &str| {
        let alone = format!("Usage: irsactl {command} [OPTIONS] <COMMAND>");
        help(&bench, command).contains(&alone)
    };
    let last = commands.iter().filter(|it| !it.is_empty() && !is_verb(it));
    let rows = last.map(|command| {
        let help = help(&bench, command);
        let about = help.lines().next().expect("what it is for");
        let example = example(&help).unwrap_or_else(|| format!("irsactl {command}"));
        let example = example.replace('|', "\\|");
        let flags = format!("docs/commands.md#irsactl-{}", command.replace(' ', "-"));
        let more = link(command);
        format!("| `{example}` | {about} | {more}, [flags]({flags}) |\n")
    });
    let head = "| Example | What it does | More |\n|---|---|---|\n";
    head.to_owned() + &rows.collect::<String>()
}

/// The first of a help's examples, without its remark.
fn example(help: &str) -> Option<String> {
    let (_, examples) = help.split_once("Examples:\n")?;
    let joined = examples.replace(" \\\n    ", " ");
    let line = joined.lines().next()?.trim();
    let command = line.split("  #").next()?;
    Some(command.trim().to_owned())
}

/// A link to the section of docs/ whose heading has the command in it.
fn link(command: &str) -> String {
    let name = format!("`{command}`");
    let found = pages().into_iter().find_map(|page| {
        let headings = super::links::headings(&page.text);
        let (_, anchor) = headings.into_iter().find(|(it, _)| it.contains(&name))?;
        let file = page.path.strip_prefix("docs/")?;
        let title = file.strip_suffix(".md")?.replace('-', " ");
        Some(format!("[{title}]({}#{anchor})", page.path))
    });
    found.unwrap_or_else(|| panic!("no heading of docs/ has {name} in it"))
}

/// The checks of `doctor`, as it lists them.
fn checks() -> String {
    let list = Bench::new().run("doctor --explain -q");
    let rows = list.lines().filter_map(|line| line.split_once("  "));
    let rows = rows.skip_while(|(name, _)| *name == "CHECK");
    let rows = rows.map(|(name, what)| format!("| `{name}` | {} |\n", what.trim_start()));
    let head = "| Check | What must be true |\n|---|---|\n";
    head.to_owned() + &rows.collect::<String>()
}

/// The fields of the config file.
fn fields() -> String {
    let told = Bench::new().run("explain config -o markdown");
    let table = told.strip_prefix("[stdout]\n");
    let table = table.and_then(|table| table.strip_suffix("[exit 0]\n"));
    table.expect(&told).to_owned()
}

/// The well-known policies, from their files.
fn policies() -> String {
    let files = std::fs::read_dir(root().join("templates/well-known-policies"));
    let mut rows: Vec<(usize, String, String)> = files
        .expect("the policies")
        .map(|file| policy(&file.expect("a file").path()))
        .collect();
    rows.sort();
    let rows = rows.into_iter().map(|(_, _, row)| row);
    let head = "| Name | For |\n|---|---|\n";
    head.to_owned() + &rows.collect::<String>() + &parametrised_policies()
}

fn parametrised_policies() -> String {
    let rows = ["karpenter", "mountpointS3"].map(|name| {
        let path = format!("templates/parametrised-policies/{name}.json");
        let text = std::fs::read_to_string(root().join(path)).expect("a policy");
        let form: Value = serde_json::from_str(&text).expect("JSON");
        let word = |value: &Value| value.as_str().expect("a text").to_owned();
        let parameters = form["parameters"].as_object().expect("parameters").iter();
        let parameters = parameters.map(|(name, parameter)| {
            let default = parameter["default"].as_str();
            let default = default.map_or(String::new(), |it| format!(" (else `{it}`)"));
            format!("`{name}`: {}{default}", word(&parameter["meaning"]))
        });
        let parameters: Vec<String> = parameters.collect();
        format!(
            "| `{name}` | {} (`{}`), as [published]({}) | {} |\n",
            word(&form["description"]),
            word(&form["serviceAccount"]),
            word(&form["source"]).split(' ').next().expect("an address"),
            parameters.join("<br>")
        )
    });
    let head = "\nThose that need names of resources, by `--with PARAMETER=NAME,…`, in the file as an object (`karpenter: {cluster-name: demo}`):\n\n| Name | For | Parameters |\n|---|---|---|\n";
    head.to_owned() + &rows.concat()
}

/// One policy's place, name and row; eksctl's seven come first, in its order.
fn policy(path: &Path) -> (usize, String, String) {
    const FIRST: [&str; 7] = [
        "imageBuilder",
        "autoScaler",
        "awsLoadBalancerController",
        "externalDNS",
        "certManager",
        "ebsCSIController",
        "efsCSIController",
    ];
    let name = path.file_stem().and_then(|name| name.to_str());
    let name = name.expect("a name");
    let text = std::fs::read_to_string(path).expect("a policy");
    let policy: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    let order = FIRST.iter().position(|first| *first == name);
    let account = policy["serviceAccount"].as_str();
    let account = account.map(|account| format!(" (`{account}`)"));
    let row = format!(
        "| `{name}` | {}{} |\n",
        policy["description"].as_str().expect("a description"),
        account.unwrap_or_default()
    );
    (order.unwrap_or(FIRST.len()), name.to_owned(), row)
}

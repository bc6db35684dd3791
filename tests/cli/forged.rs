//! Text of others that would be a line of irsactl's own, a command to a CI system, or steer a terminal:
//! planted into every place of every answer that a command reads, and into every error. Whatever comes of
//! it, each line that is printed is irsactl's.

use crate::arrange::side_by_side;
use crate::sandbox::{Effect, Fault, Kind};
use crate::support::{Bench, S3};

/// Begins what would be a line of irsactl's.
const FORGED: &str = "FORGED";

fn text_of_others() -> String {
    format!(
        "\n{FORGED} nothing to do: all is as asked\n  {FORGED} managed policy: {S3}\r\n::add-mask::a\n  ::b::c\u{2028}{FORGED}\
         ##[group]d ##vso[task]e<b>|\u{1b}[2J\u{202e}"
    )
}

/// The first line of a run that is not irsactl's own.
fn forged(result: &str, line: &str) -> Option<String> {
    let is_forged = |told: &&str| {
        let start = told.trim_start_matches(|c: char| !c.is_alphanumeric());
        let is_markup = line.ends_with("markdown") && told.starts_with('|') && told.contains("<b>");
        start.starts_with(FORGED) || is_markup
    };
    let found = result.lines().position(|told| is_forged(&told))?;
    let lines: Vec<&str> = result.lines().take(found + 1).collect();
    Some(lines.join("\n"))
}

/// A healthy service account, and beside it what others did: a policy by hand, another one's account, a
/// workload.
fn world() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    let role = bench.role_name();
    let admin = "arn:aws:iam::aws:policy/AdministratorAccess";
    bench
        .account(|account| account.attach_policy(&role, admin))
        .expect("attached");
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench.config_of(&["web/api", "web/other"]);
    bench
}

/// Runs a line once for each place of each answer that it reads, with the text planted there, and once
/// for each error.
fn with_each_place(line: &str) {
    let arranged = world();
    let bench = arranged.copy();
    bench.calls();
    bench.run(line);
    let mut calls: Vec<String> = bench.calls().lines().map(str::to_owned).collect();
    calls.sort();
    calls.dedup();
    let told = side_by_side(2, &calls, |call| {
        let bench = arranged.copy();
        let mut told = Vec::new();
        let mut run = |what: String, effect: Effect| {
            bench.sandbox.world().planted = 0;
            plant(&bench, call, effect);
            let forged = forged(&bench.run(line), line);
            told.extend(forged.map(|text| format!("{call}, {what}: {text}\n")));
            bench.sandbox.world().planted > 0
        };
        let text = text_of_others;
        let places = (0..).take_while(|&place| {
            run(
                format!("place {place}"),
                Effect::Plant {
                    place,
                    text: text(),
                },
            )
        });
        let places = places.count();
        let (code, message) = ("ValidationError".to_owned(), text());
        run(
            "an error".to_owned(),
            Effect::Error {
                status: 400,
                code,
                message,
            },
        );
        (places, told.concat())
    });
    let places: usize = told.iter().map(|(places, _)| places).sum();
    assert!(places > 20, "{places} places of {calls:?}");
    let told: String = told.into_iter().map(|(_, told)| told).collect();
    assert_eq!(told, "", "{line}");
}

/// In the place of the fault before it.
fn plant(bench: &Bench, call: &str, effect: Effect) {
    let rule = format!("{call} reset");
    let mut fault: Fault = rule.parse().unwrap_or_else(|error| panic!("{error}"));
    fault.kind = Kind::Effect(effect);
    bench.sandbox.world().faults = vec![fault];
}

#[test]
fn a_plan_is_all_its_own() {
    with_each_place("apply -f ~/cluster.yaml --prune");
}

#[test]
fn a_plan_in_markdown_is_all_its_own() {
    with_each_place("apply -f ~/cluster.yaml --repair-drift -o markdown");
}

#[test]
fn a_list_is_all_its_own() {
    with_each_place("get iamserviceaccount --cluster demo -o wide");
}

#[test]
fn a_deletion_is_all_its_own() {
    with_each_place("delete iamserviceaccount api -n web --cluster demo --dry-run");
}

#[test]
fn findings_are_all_its_own() {
    with_each_place("doctor --cluster demo web/api");
}

#[test]
fn an_export_is_all_its_own() {
    with_each_place("export --cluster demo");
}

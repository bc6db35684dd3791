//! The page of `report` in a browser, Debian's chromium or Google's: it opens without a message and asks for nothing, its
//! filter and its sorting work, names that somebody chose are text, html-validate finds its HTML right, and
//! axe-core finds that everybody can use it, light and dark. `PICTURES=FOLDER` leaves pictures of it there.

use std::path::Path;

use serde_json::{Value, json};

use crate::audited::audited;
use crate::node::{Program, judged};
use crate::python::missing;
use crate::support::Bench;

const JUDGE: Program = [
    ("package.json", include_str!("browser/package.json")),
    (
        "package-lock.json",
        include_str!("browser/package-lock.json"),
    ),
    ("judge.mjs", include_str!("browser/judge.mjs")),
];

/// What the judge says of the page on a cluster, when it is filtered by a text.
fn judgement(bench: &Bench, filter: &str, pictures: Option<String>) -> Value {
    let programs = ["/usr/bin/chromium", "/usr/bin/google-chrome"].map(Path::new);
    if !programs.iter().any(|program| program.exists()) {
        missing("browser", "chromium");
    }
    let page = bench.run("report --cluster demo");
    let page = page.strip_prefix("[stdout]\n").expect("a page");
    let page = page.strip_suffix("[exit 0]\n").expect("a page alone");
    let file = bench.file("report.html", page);
    let case = json!({"file": file, "filter": filter, "pictures": pictures});
    let answers = judged(&JUDGE, &[case.to_string()]);
    serde_json::from_str(&answers[0]).expect("JSON")
}

#[test]
fn the_page_is_right_and_works() {
    let told = judgement(&audited(), "WEB/", std::env::var("PICTURES").ok());
    assert_eq!(told["wrong"], json!([]));
    assert_eq!(told["filtered"], json!(["web/api", "web/mailer"]));
    assert_eq!(told["told"], "2 of 5");
    let states = ["problem", "problem", "warning", "healthy", "healthy"];
    assert_eq!(told["rising"], json!(states));
    let states: Vec<&str> = states.into_iter().rev().collect();
    assert_eq!(told["falling"], json!(states));
    let sorted = [None, Some("descending"), None, None, None, None, None, None];
    assert_eq!(told["sorted"], json!(sorted));
}

#[test]
fn a_page_about_nothing_is_right_too() {
    let told = judgement(&Bench::associated(), "web", None);
    assert_eq!(told["wrong"], json!([]));
    assert_eq!(told["told"], "0 of 0");
}

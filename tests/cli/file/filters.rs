//! `--include` and `--exclude`: which accounts of a file are meant.

use insta::assert_snapshot;

use super::file_of;
use crate::support::Bench;

const ALL: [&str; 5] = [
    "web/api",
    "web/worker",
    "batch/api",
    "default/plain",
    "kube-system/aws-node",
];

/// The accounts that a plan of `apply` is about, blanks between them.
fn planned(bench: &Bench, filters: &str) -> String {
    let told = bench.run(&format!("apply -f ~/cluster.yaml -o name {filters}"));
    assert!(told.ends_with("[exit 0]\n"), "{filters}: {told}");
    let (_, names) = told.split_once("[stdout]\n").unwrap_or_default();
    let (names, _) = names.split_once("[stderr]").unwrap_or_default();
    names.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn globs_choose_the_accounts_of_a_file() {
    let bench = Bench::associated();
    bench.config_of(&ALL);
    let all = ALL.join(" ");
    for (filters, wanted) in [
        ("", all.as_str()),
        ("--include web/*", "web/api web/worker"),
        (
            "--exclude web/*",
            "batch/api default/plain kube-system/aws-node",
        ),
        ("--include */api --exclude batch/*", "web/api"),
        ("--include web/api,batch/api", "web/api batch/api"),
        ("--include {web,batch}/api", "web/api batch/api"),
        (
            "--include web/api --include default/*",
            "web/api default/plain",
        ),
        // As eksctl's globs, a star goes beyond slashes.
        ("--include *n", "default/plain"),
        ("--include kube*", "kube-system/aws-node"),
        ("--exclude *", ""),
    ] {
        assert_eq!(planned(&bench, filters), wanted, "{filters}");
    }
}

#[test]
fn an_account_without_a_namespace_is_matched_in_the_default_one() {
    let bench = Bench::associated();
    bench.file(
        "cluster.yaml",
        &file_of("  - metadata: {name: api}\n    attachPolicy: {}\n  - metadata: {name: api, namespace: web}\n    attachPolicy: {}\n"),
    );
    assert_eq!(planned(&bench, "--include default/*"), "default/api");
}

#[test]
fn globs_that_match_nothing_or_are_none_are_errors() {
    let bench = Bench::new();
    bench.config_of(&["web/api"]);
    assert_snapshot!(bench.run("apply -f ~/cluster.yaml --include wbe/*"), @"
    [stderr]
    error: --include wbe/*: no service account matches
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(bench.run("delete sa -f ~/cluster.yaml --include api"), @"
    [stderr]
    error: --include api: no service account matches
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(bench.run("create sa -f ~/cluster.yaml --exclude {a"), @r#"
    [stderr]
    error: "{a" is no glob: `{` has no `}`
    hint: see `--help`
    [exit 2]
    "#);
    assert_snapshot!(bench.run_words(["update", "sa", "-f", "cluster.yaml", "--include", ""], ""), @r#"
    [stderr]
    error: "" is no glob: it is empty
    hint: see `--help`
    [exit 2]
    "#);
    assert_snapshot!(bench.run("render -f ~/cluster.yaml --include x"), @"
    [stderr]
    error: --include x: no service account matches
    hint: see `--help`
    [exit 2]
    ");
    assert_eq!(bench.calls(), "");
}

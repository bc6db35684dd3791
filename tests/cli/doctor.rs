//! `doctor`: what it says of worlds in which something is wrong, and what it mends.

use crate::support::Bench;

mod causes;

/// A service account web/api with its role, and a Deployment of two pods that carry it.
fn healthy() -> Bench {
    let bench = Bench::associated();
    bench.create("web/api");
    let mut world = bench.sandbox.world();
    world.api("demo").run_deployment("web", "api", "api", 2);
    drop(world);
    bench
}

fn doctor(bench: &Bench) -> String {
    bench.steady(&bench.run("doctor --cluster demo web/api"))
}

/// Points in time as `TIME`.
fn without_times(text: &str) -> String {
    let words = text.split_inclusive([' ', '\n']);
    let steady = words.map(|word| match word.starts_with("20") && word.contains("T") {
        true => format!("TIME{}", &word[word.trim_end().len()..]),
        false => word.to_owned(),
    });
    steady.collect()
}

#[test]
fn all_is_well() {
    let bench = healthy();
    insta::assert_snapshot!(doctor(&bench), @"");
}

#[test]
fn pods_older_than_the_annotation_must_be_restarted() {
    let bench = Bench::associated();
    bench.sandbox.world().api("demo").put_namespace("web");
    bench
        .sandbox
        .world()
        .api("demo")
        .run_deployment("web", "api", "api", 2);
    bench.create("web/api");
    insta::assert_snapshot!(without_times(&doctor(&bench)), @"");
    insta::assert_snapshot!(without_times(&bench.run("doctor --cluster demo web/api --fix")), @"");
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix --approve --wait"), @"");
}

#[test]
fn a_condition_key_with_its_scheme_is_named_and_corrected() {
    let bench = healthy();
    let issuer = bench.issuer();
    {
        let mut world = bench.sandbox.world();
        let role = world.role_of("web/api");
        let text = role.trust.to_string();
        let broken = text.replace(
            &format!("\"{issuer}:sub\""),
            &format!("\"https://{issuer}:sub\""),
        );
        role.trust = serde_json::from_str(&broken).expect("JSON");
    }
    insta::assert_snapshot!(doctor(&bench), @"");
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix"), @"");
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix --approve"), @"");
}

#[test]
fn a_missing_provider_comes_first() {
    let bench = healthy();
    bench.account(|account| account.providers.clear());
    insta::assert_snapshot!(doctor(&bench), @"");
    insta::assert_snapshot!(bench.run("doctor --cluster demo web/api --fix --approve"), @"");
}

#[test]
fn a_missing_annotation_is_mended() {
    let bench = healthy();
    let mut world = bench.sandbox.world();
    world
        .api("demo")
        .put_service_account("web", "api", &[], &[], "kubectl");
    drop(world);
    insta::assert_snapshot!(doctor(&bench), @"");
}

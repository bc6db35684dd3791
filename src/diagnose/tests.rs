use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;

mod broken;
mod whole;

use broken::{UNKNOWN, broken};
use whole::Case;

#[test]
fn checks_have_an_id_of_their_own_and_all_that_is_told_of_them() {
    let mut before = BTreeSet::new();
    for check in checks() {
        let Check { id, .. } = check;
        let is_kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        assert!(id.chars().all(is_kebab), "{id}");
        assert!(!check.must.is_empty() && !check.must.ends_with('.'), "{id}");
        assert!(check.background.ends_with(['.', '`']), "{id}");
        assert!(!check.background.contains("  "), "{id}");
        for cause in check.follows {
            assert!(
                before.contains(cause),
                "{id} follows from {cause}, which is not before it"
            );
        }
        assert!(before.insert(*id), "{id} is there twice");
    }
}

#[test]
fn nothing_is_found_where_all_is_well() {
    let case = whole::healthy();
    let (cluster, account) = case.reports();
    assert_eq!((cluster.findings, account.findings), (vec![], vec![]));
}

#[test]
fn each_cause_is_found() {
    for (check, cause, breaks) in broken() {
        let mut case = whole::healthy();
        breaks(&mut case);
        let (cluster, account) = case.reports();
        let findings = [cluster.findings, account.findings].concat();
        assert!(
            has(&findings, check, cause),
            "{check}/{cause}: {findings:#?}"
        );
    }
}

fn has(findings: &[Finding], check: &str, cause: &str) -> bool {
    findings.iter().any(|finding| {
        finding.check == check && finding.cause == Some(cause)
            || has(&finding.consequences, check, cause)
    })
}

/// The judges' own text tells which causes there are.
#[test]
fn no_cause_is_left_out_of_the_table() {
    let sources = [
        include_str!("association.rs"),
        include_str!("cluster.rs"),
        include_str!("object.rs"),
        include_str!("pods.rs"),
        include_str!("proof.rs"),
        include_str!("role.rs"),
        include_str!("surroundings.rs"),
        include_str!("trust.rs"),
        include_str!("webhook.rs"),
    ];
    let named = sources.iter().flat_map(|source| {
        let after = source.split("because(").skip(1);
        after.filter_map(|text| text.trim_start().strip_prefix('"')?.split('"').next())
    });
    let table: BTreeSet<&str> = broken().iter().map(|(_, cause, _)| *cause).collect();
    let missing: BTreeSet<&str> = named.filter(|cause| !table.contains(cause)).collect();
    // For a trust policy whose mistake has no name: none is known.
    assert_eq!(missing, BTreeSet::from(["not-trusted"]));
}

#[test]
fn each_check_can_be_found_wanting() {
    // The run ends before these, or there is nothing but to be read.
    let only_unknown = [
        "credentials",
        "issuer",
        "kubernetes-access",
        "all-service-accounts",
    ];
    let table: BTreeSet<&str> = broken().iter().map(|(check, ..)| *check).collect();
    for check in checks().filter(|check| !only_unknown.contains(&check.id)) {
        assert!(table.contains(check.id), "{}", check.id);
    }
}

#[test]
fn what_is_all_unknown_has_no_problem() {
    let mut case = whole::healthy();
    UNKNOWN.iter().for_each(|hide| hide(&mut case));
    let (cluster, account) = case.reports();
    for finding in flat(&cluster.findings)
        .into_iter()
        .chain(flat(&account.findings))
    {
        assert_eq!(finding.severity, Severity::Note, "{finding:?}");
    }
    assert!(account.unknown().count() > 10, "{:?}", account.judged);
}

/// A world in which many things are broken and some are not known.
fn worlds() -> impl Strategy<Value = Case> {
    let all = broken();
    let broken = proptest::collection::vec(0..all.len(), 0..8);
    let unknown = proptest::collection::vec(0..UNKNOWN.len(), 0..6);
    (broken, unknown).prop_map(move |(broken, unknown)| {
        let mut case = whole::healthy();
        broken.into_iter().for_each(|index| all[index].2(&mut case));
        unknown
            .into_iter()
            .for_each(|index| UNKNOWN[index](&mut case));
        case
    })
}

/// All findings with what follows from them.
fn flat<'a>(findings: &'a [Finding]) -> Vec<&'a Finding> {
    let each = |finding: &'a Finding| [vec![finding], flat(&finding.consequences)].concat();
    findings.iter().flat_map(each).collect()
}

proptest! {
    #[test]
    fn every_world_can_be_judged_and_the_same_one_equally(case in worlds()) {
        prop_assert_eq!(case.reports(), case.reports());
    }

    #[test]
    fn problems_stand_before_warnings_and_what_follows_is_no_worse(case in worlds()) {
        let (cluster, account) = case.reports();
        for report in [cluster, account] {
            let severities: Vec<Severity> = report.findings.iter().map(|it| it.severity).collect();
            prop_assert!(severities.is_sorted(), "{:?}", severities);
            for finding in flat(&report.findings) {
                prop_assert!(check(finding.check).is_some(), "{:?}", finding);
                prop_assert!(finding.cause.is_some(), "{:?}", finding);
                prop_assert!(!finding.text.ends_with('.') && !finding.text.is_empty());
                for other in &finding.consequences {
                    prop_assert!(other.severity >= finding.severity && other.check != finding.check);
                }
            }
        }
    }

    #[test]
    fn each_check_is_judged_once(case in worlds()) {
        let (cluster, account) = case.reports();
        let judged = cluster.judged.iter().chain(&account.judged);
        let mut ids: Vec<&str> = judged.map(|judged| judged.check).collect();
        ids.sort_unstable();
        let mut all: Vec<&str> = checks().map(|check| check.id).collect();
        all.sort_unstable();
        prop_assert_eq!(ids, all);
    }
}

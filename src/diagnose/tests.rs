use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::model::WorkloadKind;

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

/// What has a cause of its own keeps its own fix, whatever else is wrong.
#[test]
fn independent_causes_stand_by_themselves() {
    for (first, other) in [
        ("no-webhook", "skip-label"),
        ("no-webhook", "legacy-sts-endpoint"),
        ("malformed-arn", "pre-set-environment"),
        ("no-webhook", "web-identity-first"),
        ("skip-label", "pod-identity-compute"),
    ] {
        let mut case = whole::healthy();
        for cause in [other, first] {
            let all = broken();
            let (.., breaks) = all.iter().find(|it| it.1 == cause).expect("a cause");
            breaks(&mut case);
        }
        let (_, account) = case.reports();
        let mut roots = account.findings.iter();
        assert!(
            roots.any(|finding| finding.cause == Some(other)),
            "{first}, {other}: {:#?}",
            account.findings
        );
    }
}

#[test]
fn what_is_wrong_with_one_workload_explains_nothing_of_anothers() {
    let mut case = whole::healthy();
    case.pod(|pod| {
        let label = "eks.amazonaws.com/skip-pod-identity-webhook".to_owned();
        pod.labels.insert(label, String::new());
    });
    case.container(|container| container.env.clear());
    // A Job's pods without the label, which lack the role all the same.
    case.object(|object| {
        let mut pods = object.pods.as_found().cloned().unwrap_or_default();
        for pod in &mut pods {
            pod.owner.kind = WorkloadKind::Job;
            pod.owner.name = "once".to_owned();
            pod.labels.clear();
        }
        let all = whole::found(&mut object.pods);
        all.into_iter().for_each(|all| all.append(&mut pods));
    });
    let (_, account) = case.reports();
    let roots: Vec<&str> = account.findings.iter().map(|it| it.text.as_str()).collect();
    assert_eq!(
        roots,
        [
            "deployment web/api: a label keeps the webhook from its pods",
            "job web/once: its pods were not given the role, and use that of their node",
        ]
    );
}

#[test]
fn tokens_of_other_issuers_are_not_of_this_cluster() {
    for (provider, is_told) in [
        (None, true),
        (
            Some(format!(
                "arn:aws:iam::111122223333:oidc-provider/{}",
                whole::ISSUER
            )),
            true,
        ),
        (
            Some("arn:aws:iam::111122223333:oidc-provider/other".to_owned()),
            false,
        ),
        (Some("accounts.google.com".to_owned()), false),
    ] {
        let mut case = whole::healthy();
        case.recorded("AccessDenied", "no");
        case.role(|role| {
            let failures = whole::found(&mut role.failures).into_iter().flatten();
            failures.for_each(|it| it.provider.clone_from(&provider));
        });
        let (_, account) = case.reports();
        let found = flat(&account.findings);
        let is_found = found.iter().any(|it| it.check == "recorded-failures");
        assert_eq!(is_found, is_told, "{provider:?}");
    }
}

#[test]
fn the_host_of_sts_is_that_of_its_partition() {
    for (region, host) in [
        ("eu-west-1", "sts.eu-west-1.amazonaws.com"),
        ("cn-north-1", "sts.cn-north-1.amazonaws.com.cn"),
        ("us-iso-east-1", "sts.us-iso-east-1.c2s.ic.gov"),
        ("eusc-de-east-1", "sts.eusc-de-east-1.amazonaws.eu"),
    ] {
        let told = |exceptions: &str| {
            let mut case = whole::healthy();
            case.world.region = region.to_owned();
            case.variable("AWS_REGION", Some(region));
            case.variable("HTTPS_PROXY", Some("http://proxy"));
            case.variable("NO_PROXY", Some(exceptions));
            let (_, account) = case.reports();
            let mut all = account.findings.into_iter();
            all.find(|it| it.check == "pod-proxy").map(|it| it.text)
        };
        assert!(
            told("").is_some_and(|text| text.contains(&format!(" {host} "))),
            "{region}"
        );
        assert_eq!(told(host), None);
        let (_, suffix) = host.split_once("sts.").expect("a host");
        assert_eq!(told(&format!(".{suffix}")), None);
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
        include_str!("association/proof.rs"),
        include_str!("cluster.rs"),
        include_str!("drift.rs"),
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

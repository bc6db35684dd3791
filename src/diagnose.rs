//! From what was looked at to what is wrong, and why: pure. Each check is one entry of a table that says
//! what must be true; here is what a check can find, and how findings that follow from another are
//! folded under it.

use serde::Serialize;

use crate::model::{Connection, Fix, Workload};
use crate::plan::Action;
use crate::world::{AccountHealth, World};

mod association;
mod authority;
mod checks;
mod cluster;
mod drift;
mod object;
mod pods;
mod proof;
mod role;
mod surroundings;
mod trust;
mod usage;
mod webhook;

#[cfg(test)]
mod tests;

pub use checks::{Check, check, checks};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// A pod does not have its role, or will lose it.
    Problem,
    /// It works, and should not be so.
    Warning,
    /// Worth knowing, nothing to mend.
    Note,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

/// A value as it should be beside what was found.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Evidence {
    pub of: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wanted: Option<String>,
    pub found: String,
}

/// Something that is not as it must be.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Id of the check.
    pub check: &'static str,
    /// Which of the causes that the check knows, by a stable name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<&'static str>,
    pub severity: Severity,
    /// What is wrong, in a sentence without a full stop.
    pub text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// The change of a document, line by line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub difference: Vec<String>,
    /// What to run or to do, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub fix: Vec<Fix>,
    /// What `--fix` does about it; nothing, where a person must decide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub repairs: Vec<Action>,
    /// Findings that follow from this one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consequences: Vec<Self>,
    /// The checks whose failures explain this very finding, where they are fewer than those that may
    /// explain the check's others.
    #[serde(skip)]
    follows: Option<&'static [&'static str]>,
    /// Whose pods it is about: what is wrong with those of one workload explains nothing of another's.
    #[serde(skip)]
    owner: Option<Workload>,
}

impl Finding {
    fn new(severity: Severity, text: impl Into<String>) -> Self {
        Self {
            check: "",
            cause: None,
            severity,
            text: text.into(),
            evidence: Vec::new(),
            difference: Vec::new(),
            fix: Vec::new(),
            repairs: Vec::new(),
            consequences: Vec::new(),
            follows: None,
            owner: None,
        }
    }

    fn problem(text: impl Into<String>) -> Self {
        Self::new(Severity::Problem, text)
    }

    fn warning(text: impl Into<String>) -> Self {
        Self::new(Severity::Warning, text)
    }

    fn note(text: impl Into<String>) -> Self {
        Self::new(Severity::Note, text)
    }

    fn because(mut self, cause: &'static str) -> Self {
        self.cause = Some(cause);
        self
    }

    fn with(
        mut self,
        of: impl Into<String>,
        wanted: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        self.evidence.push(Evidence {
            of: of.into(),
            wanted: Some(wanted.into()),
            found: found.into(),
        });
        self
    }

    /// Evidence without anything to compare it with.
    fn seen(mut self, of: impl Into<String>, found: impl Into<String>) -> Self {
        self.evidence.push(Evidence {
            of: of.into(),
            wanted: None,
            found: found.into(),
        });
        self
    }

    fn has(&self, check: &str) -> bool {
        self.check == check && self.severity == Severity::Problem
            || self.consequences.iter().any(|finding| finding.has(check))
    }

    fn fix(mut self, fix: impl Into<Fix>) -> Self {
        self.fix.push(fix.into());
        self
    }

    fn following(mut self, checks: &'static [&'static str]) -> Self {
        self.follows = Some(checks);
        self
    }

    fn of(mut self, owner: &Workload) -> Self {
        self.owner = Some(owner.clone());
        self
    }

    fn mended_by(mut self, repair: Action) -> Self {
        self.repairs.push(repair);
        self
    }
}

/// What came of one check.
#[derive(Clone, Debug, PartialEq)]
pub enum Verdict {
    /// It is as it must be: the values that say so.
    Holds(Vec<Evidence>),
    Found(Vec<Finding>),
    /// It could not be looked at: why, with the permission that is missing.
    Unknown(String),
    /// There is nothing here that it is about.
    DoesNotApply,
}

impl Verdict {
    fn holds(of: impl Into<String>, found: impl Into<String>) -> Self {
        Self::Holds(vec![Evidence {
            of: of.into(),
            wanted: None,
            found: found.into(),
        }])
    }

    /// As found; holds with `evidence` where nothing was.
    fn of(findings: Vec<Finding>, of: impl Into<String>, found: impl Into<String>) -> Self {
        if findings.is_empty() {
            Self::holds(of, found)
        } else {
            Self::Found(findings)
        }
    }
}

impl From<Finding> for Verdict {
    fn from(finding: Finding) -> Self {
        Self::Found(vec![finding])
    }
}

/// The value that a check needs, or what the check says without it.
macro_rules! known {
    ($lookup:expr, $missing:expr) => {
        match &$lookup {
            $crate::model::Lookup::Found(value) => value,
            $crate::model::Lookup::Missing => return $missing,
            $crate::model::Lookup::Unknown(why) => {
                return $crate::diagnose::Verdict::Unknown(why.clone());
            }
        }
    };
}
use known;

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum CheckState {
    Holds,
    Found,
    Unknown,
    DoesNotApply,
}

/// One check with what came of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    pub check: &'static str,
    /// What must be true.
    pub must: &'static str,
    pub verdict: CheckState,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// What is wrong with one thing, root causes first.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// A service account as `namespace/name`, a role's ARN, or the cluster.
    pub subject: String,
    /// With those that follow from another folded under it.
    pub findings: Vec<Finding>,
    pub judged: Vec<Judged>,
    /// A line or two of what was proved, for a screen on which all is well.
    pub summary: Vec<Evidence>,
}

impl Report {
    pub fn count(&self, severity: Severity) -> usize {
        let found = self.findings.iter();
        found.filter(|finding| finding.severity == severity).count()
    }

    /// Whether nothing was found that is to be mended.
    pub fn is_well(&self) -> bool {
        self.count(Severity::Problem) == 0 && self.count(Severity::Warning) == 0
    }

    /// The checks that could not be made, and why.
    pub fn unknown(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let judged = self.judged.iter();
        judged.filter_map(|judged| Some((judged.check, judged.unknown.as_deref()?)))
    }

    pub fn holding(&self) -> usize {
        let judged = self.judged.iter();
        judged
            .filter(|judged| judged.verdict == CheckState::Holds)
            .count()
    }

    /// Whether a check found a problem, which may follow from another.
    pub fn has(&self, check: &str) -> bool {
        self.findings.iter().any(|finding| finding.has(check))
    }

    /// Adds the run's own flags to each command of the fixes.
    pub fn make_pasteable(&mut self, connection: &Connection) {
        make_pasteable(&mut self.findings, connection);
    }

    /// Whether there is a problem that only a person can mend, other than of the pods themselves: new
    /// pods could be worse off than the old ones.
    pub fn needs_somebody(&self) -> bool {
        let is_of_pods = |finding: &Finding| {
            let check = check(finding.check);
            check.is_some_and(|check| matches!(check.judge, checks::Judge::Pods(_)))
        };
        let mut found = self.findings.iter();
        found.any(|it| it.severity == Severity::Problem && it.repairs.is_empty() && !is_of_pods(it))
    }

    /// What `--fix` would do, in order.
    pub fn repairs(&self) -> Vec<Action> {
        let mut all: Vec<Action> = Vec::new();
        collect_repairs(&self.findings, &mut all);
        all.sort_by_key(repair_order);
        all
    }
}

fn make_pasteable(findings: &mut [Finding], connection: &Connection) {
    for finding in findings {
        for fix in &mut finding.fix {
            *fix = fix.clone().with(connection);
        }
        make_pasteable(&mut finding.consequences, connection);
    }
}

fn collect_repairs(findings: &[Finding], all: &mut Vec<Action>) {
    for finding in findings {
        for repair in &finding.repairs {
            if !all.contains(repair) {
                all.push(repair.clone());
            }
        }
        collect_repairs(&finding.consequences, all);
    }
}

/// Pods are restarted when all else is as it should be.
fn repair_order(action: &Action) -> u8 {
    match action {
        Action::CreateOidcProvider { .. } | Action::AddAudience { .. } => 0,
        Action::ApplyServiceAccount(_) => 2,
        _ => 1,
    }
}

/// What the checks of one subject are made on.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    pub world: &'a World,
    pub account: &'a AccountHealth,
}

/// Judges what belongs to the cluster as a whole.
pub fn cluster(world: &World) -> Report {
    let judge = |check: &Check| match check.judge {
        checks::Judge::Cluster(judge) => Some(judge(world)),
        checks::Judge::Account(_) | checks::Judge::Pods(_) => None,
    };
    let subject = match &world.cluster {
        Some(cluster) => format!("cluster {}", cluster.name),
        None => "AWS".to_owned(),
    };
    report(subject, Vec::new(), judge, Vec::new())
}

/// Judges one service account or role. What is wrong with the cluster is told there; here it is named
/// again where something follows from it, so that no consequence stands as a cause.
pub fn account(world: &World, account: &AccountHealth) -> Report {
    let scene = Scene { world, account };
    let judge = |check: &Check| match check.judge {
        checks::Judge::Cluster(_) => None,
        checks::Judge::Account(judge) | checks::Judge::Pods(judge) => Some(judge(scene)),
    };
    let mut of_cluster = cluster(world).findings;
    of_cluster.retain(|finding| finding.severity == Severity::Problem);
    let names: Vec<&str> = of_cluster.iter().map(|finding| finding.check).collect();
    let bare = |finding: Finding| Finding {
        evidence: Vec::new(),
        fix: Vec::new(),
        consequences: Vec::new(),
        ..finding
    };
    let roots = of_cluster.into_iter().map(bare).collect();
    let mut report = report(account.subject(), roots, judge, proof::summary(scene));
    let is_own = |finding: &Finding| !names.contains(&finding.check);
    let findings = &mut report.findings;
    findings.retain(|finding| is_own(finding) || !finding.consequences.is_empty());
    report
}

fn report(
    subject: String,
    roots: Vec<Finding>,
    judge: impl Fn(&Check) -> Option<Verdict>,
    summary: Vec<Evidence>,
) -> Report {
    let mut found = roots;
    let mut judged = Vec::new();
    for check in checks() {
        let Some(verdict) = judge(check) else {
            continue;
        };
        let (state, evidence, unknown) = match verdict {
            Verdict::Holds(evidence) => (CheckState::Holds, evidence, None),
            Verdict::Found(findings) => {
                found.extend(findings.into_iter().map(|finding| Finding {
                    check: check.id,
                    ..finding
                }));
                (CheckState::Found, Vec::new(), None)
            }
            Verdict::Unknown(why) => (CheckState::Unknown, Vec::new(), Some(why)),
            Verdict::DoesNotApply => (CheckState::DoesNotApply, Vec::new(), None),
        };
        judged.push(Judged {
            check: check.id,
            must: check.must,
            verdict: state,
            evidence,
            unknown,
        });
    }
    Report {
        subject,
        findings: folded(found),
        judged,
        summary,
    }
}

/// Problems first, in the order of the table, which begins at the base; what follows from a problem
/// stands under it.
fn folded(found: Vec<Finding>) -> Vec<Finding> {
    let mut roots: Vec<Finding> = Vec::new();
    for finding in found {
        let of_check = || check(finding.check).map_or(&[][..], |check| check.follows);
        let follows = finding.follows.unwrap_or_else(of_check);
        let root = roots
            .iter_mut()
            .find(|root| explains(root, &finding, follows));
        match root {
            Some(root) if finding.severity != Severity::Note => root.consequences.push(finding),
            _ => roots.push(finding),
        }
    }
    roots.sort_by_key(|finding| finding.severity);
    roots
}

/// Whether a finding, or one that follows from it, is what another follows from.
fn explains(root: &Finding, other: &Finding, follows: &[&str]) -> bool {
    let is_elsewhere = root.owner.is_some() && other.owner.is_some() && root.owner != other.owner;
    let is_cause = root.severity == Severity::Problem
        && root.check != other.check
        && !is_elsewhere
        && follows.contains(&root.check);
    let mut under = root.consequences.iter();
    is_cause || under.any(|finding| explains(finding, other, follows))
}

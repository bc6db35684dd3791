//! What `doctor` found: for people the causes first and nothing that is well; for machines every check.

use std::borrow::Cow;
use std::io::IsTerminal;

use anstyle::AnsiColor;
use serde::Serialize;

use super::cells::{self, Cell, Lines, apart, line, lines};
use super::views::{PlanBody, plan_document};
use super::{Document, PlanView, View, Width, columns, markdown};
use crate::diagnose::{Check, Evidence, Finding, Judged, Report, Severity};
use crate::plan::Plan;

/// Characters of a cause in a row of a terminal; whoever reads a pipe wants it whole.
const CAUSE: usize = 72;

/// Reports on a cluster and on what was asked for of it.
pub struct Health<'a> {
    pub cluster: &'a Report,
    pub accounts: &'a [Report],
    /// What `--fix` would do.
    pub plan: Option<&'a Plan>,
    pub detail: Detail,
}

/// How much of each account is told to people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// One row an account.
    Rows,
    /// Every finding.
    Findings,
}

impl Health<'_> {
    fn all(&self) -> impl Iterator<Item = &Report> {
        std::iter::once(self.cluster).chain(self.accounts)
    }
}

#[derive(Serialize)]
struct HealthBody<'a> {
    cluster: ReportBody<'a>,
    accounts: Vec<ReportBody<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    plan: Option<Document<PlanBody<'a>>>,
}

/// A report with every check.
#[derive(Serialize)]
struct ReportBody<'a> {
    subject: &'a str,
    state: HealthState,
    findings: &'a [Finding],
    checks: &'a [Judged],
}

impl<'a> ReportBody<'a> {
    fn of(report: &'a Report) -> Self {
        Self {
            subject: &report.subject,
            state: HealthState::of(report),
            findings: &report.findings,
            checks: &report.judged,
        }
    }
}

/// How something is, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum HealthState {
    Problem,
    Warning,
    Unknown,
    Healthy,
}

impl HealthState {
    /// By the worst finding; with none but notes it is unknown where no check could be made, else
    /// healthy.
    pub fn of(report: &Report) -> Self {
        match report.findings.first().map(|finding| finding.severity) {
            Some(Severity::Problem) => Self::Problem,
            Some(Severity::Warning) => Self::Warning,
            Some(Severity::Note) | None if is_unseen(report) => Self::Unknown,
            Some(Severity::Note) | None => Self::Healthy,
        }
    }

    /// As it stands in tables and in the report.
    pub fn word(self) -> &'static str {
        match self {
            Self::Problem => "problem",
            Self::Warning => "warning",
            Self::Unknown => "unknown",
            Self::Healthy => "healthy",
        }
    }
}

/// Whether no check at all could be made.
fn is_unseen(report: &Report) -> bool {
    report.holding() == 0 && report.unknown().next().is_some()
}

impl View for Health<'_> {
    fn document(&self) -> impl Serialize {
        let body = HealthBody {
            cluster: ReportBody::of(self.cluster),
            accounts: self.accounts.iter().map(ReportBody::of).collect(),
            plan: self.plan.map(plan_document),
        };
        Document::of("Health", body)
    }

    fn table(&self, width: Width) -> Lines {
        apart(&self.parts(width))
    }

    /// Nested as on the screen: the first line of a part in bold.
    fn markdown(&self) -> String {
        let parts = self.parts(Width::Wide).into_iter();
        let parts = parts.map(|part| match part.as_slice() {
            [first, rest @ ..] if !rest.is_empty() => {
                let first = markdown::text(&cells::text(first));
                format!("**{first}**<br>{}", markdown::lines(rest))
            }
            part => markdown::lines(part),
        });
        parts.collect::<Vec<_>>().join("\n")
    }

    fn names(&self) -> Vec<String> {
        let ill = self
            .all()
            .filter(|report| report.count(Severity::Problem) > 0);
        ill.map(|report| report.subject.clone()).collect()
    }
}

impl Health<'_> {
    /// What stands apart.
    fn parts(&self, width: Width) -> Vec<Lines> {
        let mut parts = match self.detail {
            Detail::Rows => vec![self.rows()],
            Detail::Findings => self.told(),
        };
        let plan = self.plan.filter(|plan| plan.actions().next().is_some());
        if let Some(plan) = plan {
            let mut told = PlanView(plan).table(width);
            for line in &mut told {
                line.insert(0, "  ".into());
            }
            told.insert(0, line("--fix --approve would:"));
            parts.push(told);
        }
        parts
    }

    fn told(&self) -> Vec<Lines> {
        let is_alone = self.accounts.is_empty();
        let told = self.all().enumerate().filter(|(index, report)| {
            // The cluster is told only where there is something to tell.
            let is_well = report.findings.is_empty() && report.unknown().next().is_none();
            *index > 0 || is_alone || !is_well
        });
        told.flat_map(|(_, report)| told_report(report)).collect()
    }

    fn rows(&self) -> Lines {
        let reports = self.all().enumerate().filter(|(index, report)| {
            *index > 0 || !report.findings.is_empty() || report.unknown().next().is_some()
        });
        let rows = reports.map(|(_, report)| {
            // The rest of a long cause is for a look at this one alone.
            let first = report.findings.first();
            let cause = first.filter(|finding| finding.severity != Severity::Note);
            let mut unknown = report.unknown();
            let (check, text) = match (cause, unknown.next(), unknown.count()) {
                (Some(finding), ..) => (finding.check.to_owned(), finding.text.clone()),
                (None, None, _) => Default::default(),
                (None, Some((check, why)), 0) => (check.to_owned(), format!("unknown: {why}")),
                (None, Some((check, why)), more) => {
                    (format!("{check}, {more} more"), format!("unknown: {why}"))
                }
            };
            let state = HealthState::of(report);
            vec![
                report.subject.as_str().into(),
                Cell::colored(state.word(), cause.map(|it| color(it.severity))),
                check.into(),
                if std::io::stdout().is_terminal() {
                    shortened(&text, CAUSE).into()
                } else {
                    text.into()
                },
            ]
        });
        let mut lines = columns(&["SERVICE ACCOUNT", "STATE", "CHECK", "CAUSE"], rows);
        if self.accounts.is_empty() {
            let cluster = &self.cluster.subject;
            lines.push(line(format!("no service account of {cluster} has a role")));
        }
        lines
    }
}

/// In parts: first what it comes to, then each finding, then what holds.
fn told_report(report: &Report) -> Vec<Lines> {
    let mut first = vec![line(format!("{}: {}", report.subject, verdict(report)))];
    let summary = report.summary.iter();
    first.extend(summary.map(|it| line(format!("  {}: {}", it.of, it.found))));
    let mut rest = vec![line(match report.holding() {
        1 => "  1 check holds".to_owned(),
        count => format!("  {count} checks hold"),
    })];
    let unknown = unknowns(report).into_iter();
    rest.extend(unknown.map(|told| line(format!("  unknown: {told}"))));
    if report.findings.is_empty() {
        return vec![[first, rest].concat()];
    }
    let findings = report.findings.iter().map(told);
    std::iter::once(first)
        .chain(findings)
        .chain([rest])
        .collect()
}

fn color(severity: Severity) -> AnsiColor {
    match severity {
        Severity::Problem => AnsiColor::Red,
        Severity::Warning => AnsiColor::Yellow,
        Severity::Note => AnsiColor::Cyan,
    }
}

fn verdict(report: &Report) -> String {
    let counts = [Severity::Problem, Severity::Warning].into_iter();
    let counts = counts.filter_map(|severity| match report.count(severity) {
        0 => None,
        1 => Some(format!("1 {}", severity.word())),
        count => Some(format!("{count} {}s", severity.word())),
    });
    let counts: Vec<String> = counts.collect();
    if !counts.is_empty() {
        counts.join(", ")
    } else if is_unseen(report) {
        "unknown: no check could be made".to_owned()
    } else if report.unknown().next().is_some() {
        "healthy, as far as can be seen".to_owned()
    } else {
        "healthy".to_owned()
    }
}

fn told(finding: &Finding) -> Lines {
    let Finding {
        text,
        severity,
        check,
        ..
    } = finding;
    let word = Cell::colored(severity.word(), color(*severity));
    let mut told = vec![vec![word, format!(": {text} [{check}]").into()]];
    told.extend(finding.evidence.iter().flat_map(told_evidence));
    let difference = finding.difference.iter();
    told.extend(difference.map(|change| line(format!("    {change}"))));
    let hence = finding.consequences.iter();
    told.extend(hence.map(|it| line(format!("  hence: {} [{}]", it.text, it.check))));
    told.extend(finding.fix.iter().map(|fix| {
        let word = Cell::colored("  fix", AnsiColor::Green);
        vec![word, format!(": {fix}").into()]
    }));
    told
}

fn told_evidence(evidence: &Evidence) -> Lines {
    let Evidence { of, wanted, found } = evidence;
    match wanted {
        None => vec![line(format!("  {of}: {}", visible(found)))],
        Some(wanted) => vec![
            line(format!("  {of}")),
            line(format!("    wanted: {}", visible(wanted))),
            line(format!("    found:  {}", visible(found))),
        ],
    }
}

/// In quotes where nobody would see the blanks that it is, or that it begins or ends with.
fn visible(value: &str) -> Cow<'_, str> {
    if value.is_empty() || value.trim() != value {
        Cow::Owned(format!("\"{value}\""))
    } else {
        Cow::Borrowed(value)
    }
}

/// Which checks of a report could not be made, and why: each reason once.
pub(super) fn unknowns(report: &Report) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (check, why) in report.unknown() {
        match reasons.iter_mut().find(|(other, _)| *other == why) {
            Some((_, checks)) => checks.push(check),
            None => reasons.push((why, vec![check])),
        }
    }
    let lines = reasons.iter().map(|(why, checks)| {
        let named = match checks.len() {
            0..=3 => checks.join(", "),
            count => format!("{} and {} more", checks[..2].join(", "), count - 2),
        };
        format!("{named}: {why}")
    });
    lines.collect()
}

/// What a check is about.
pub struct Explanation(pub &'static Check);

impl View for Explanation {
    fn document(&self) -> impl Serialize {
        self.0
    }

    fn table(&self, _: Width) -> Lines {
        let check = self.0;
        let mut text = format!("{}: {}\n\n", check.id, check.must);
        for line in wrapped(check.background, 80) {
            text.push_str(&format!("{line}\n"));
        }
        for (word, list) in [("needs", check.needs), ("follows from", check.follows)] {
            if !list.is_empty() {
                text.push_str(&format!("\n{word}: {}\n", list.join(", ")));
            }
        }
        lines(&text)
    }

    fn names(&self) -> Vec<String> {
        vec![self.0.id.to_owned()]
    }
}

/// All checks.
pub struct Explanations;

impl View for Explanations {
    fn document(&self) -> impl Serialize {
        crate::diagnose::checks().collect::<Vec<_>>()
    }

    fn table(&self, _: Width) -> Lines {
        let rows = crate::diagnose::checks().map(|check| vec![check.id, check.must]);
        columns(&["CHECK", "WHAT MUST BE TRUE"], rows)
    }

    fn names(&self) -> Vec<String> {
        let checks = crate::diagnose::checks();
        checks.map(|check| check.id.to_owned()).collect()
    }
}

/// With `…` in the place of what is too long.
fn shortened(text: &str, width: usize) -> String {
    if text.chars().count() > width {
        text.chars().take(width - 1).collect::<String>() + "…"
    } else {
        text.to_owned()
    }
}

/// Words in lines of at most `width` characters.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.chars().count() + 1 + word.chars().count() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

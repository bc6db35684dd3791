//! What `doctor` found: for people the causes first and nothing that is well; for machines every check.

use std::borrow::Cow;
use std::io::IsTerminal;

use anstyle::AnsiColor;
use serde::Serialize;

use super::views::{PlanBody, action_painted, plan_document};
use super::{Document, PlanView, View, Width, colored, columns, markdown, paint_cell};
use crate::diagnose::{Check, Evidence, Finding, Judged, Report, Severity};
use crate::model::shown_in_line;
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
    pub fn of(report: &Report) -> Self {
        match report.findings.first().map(|finding| finding.severity) {
            Some(Severity::Problem) => Self::Problem,
            Some(Severity::Warning) => Self::Warning,
            Some(Severity::Note) | None if is_unseen(report) => Self::Unknown,
            Some(Severity::Note) | None => Self::Healthy,
        }
    }

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

    fn table(&self, width: Width) -> String {
        let mut text = match self.detail {
            Detail::Rows => self.rows(),
            Detail::Findings => self.texts(),
        };
        let plan = self.plan.filter(|plan| plan.actions().next().is_some());
        if let Some(plan) = plan {
            text.push_str("\n--fix --approve would:\n");
            let lines = PlanView(plan).table(width);
            text.extend(lines.lines().map(|it| line(format!("  {it}"))));
        }
        text
    }

    /// What a finding is by its word; of a row its state; the plan as always.
    fn painted(&self, line: &str) -> String {
        const WORDS: [(&str, AnsiColor); 4] = [
            ("problem", AnsiColor::Red),
            ("warning", AnsiColor::Yellow),
            ("note", AnsiColor::Cyan),
            ("  fix", AnsiColor::Green),
        ];
        for (word, color) in WORDS {
            if let Some(rest) = line.strip_prefix(word).filter(|it| it.starts_with(": ")) {
                return format!("{}{rest}", colored(word, color));
            }
        }
        match (self.detail, line.strip_prefix("  ")) {
            (_, Some(action)) => format!("  {}", action_painted(action)),
            (Detail::Rows, None) => paint_cell(line, &WORDS[..2]),
            (Detail::Findings, None) => line.to_owned(),
        }
    }

    /// Nested as on the screen: the first line of a part in bold.
    fn markdown(&self) -> String {
        let text = self.table(Width::Wide);
        let parts = text.split("\n\n").filter(|part| !part.trim().is_empty());
        let parts = parts.map(|part| match part.trim_matches('\n').split_once('\n') {
            Some((first, rest)) => {
                format!("**{}**<br>{}", markdown::text(first), markdown::lines(rest))
            }
            None => markdown::lines(part.trim_matches('\n')),
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
    fn texts(&self) -> String {
        let is_alone = self.accounts.is_empty();
        let told = self.all().enumerate().filter(|(index, report)| {
            // The cluster is told only where there is something to tell.
            let is_well = report.findings.is_empty() && report.unknown().next().is_none();
            *index > 0 || is_alone || !is_well
        });
        let told: Vec<String> = told.map(|(_, report)| text(report)).collect();
        told.join("\n")
    }

    fn rows(&self) -> String {
        let reports = self.all().enumerate().filter(|(index, report)| {
            *index > 0 || !report.findings.is_empty() || report.unknown().next().is_some()
        });
        let rows: Vec<Vec<String>> = reports
            .map(|(_, report)| {
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
                vec![
                    report.subject.clone(),
                    HealthState::of(report).word().to_owned(),
                    check,
                    if std::io::stdout().is_terminal() {
                        shortened(&text, CAUSE)
                    } else {
                        text
                    },
                ]
            })
            .collect();
        let mut text = String::new();
        if !rows.is_empty() {
            text = columns(&["SERVICE ACCOUNT", "STATE", "CHECK", "CAUSE"], &rows);
        }
        if self.accounts.is_empty() {
            let cluster = &self.cluster.subject;
            text.push_str(&line(format!("no service account of {cluster} has a role")));
        }
        text
    }
}

/// What others wrote makes no lines of its own.
fn line(text: String) -> String {
    shown_in_line(&text) + "\n"
}

fn text(report: &Report) -> String {
    let mut text = line(format!("{}: {}", report.subject, verdict(report)));
    for evidence in &report.summary {
        text.push_str(&line(format!("  {}: {}", evidence.of, evidence.found)));
    }
    for finding in &report.findings {
        text.push('\n');
        text.push_str(&told(finding));
    }
    let unknown: Vec<(&str, &str)> = report.unknown().collect();
    if !report.findings.is_empty() {
        text.push('\n');
    }
    text.push_str(&match report.holding() {
        1 => "  1 check holds\n".to_owned(),
        count => format!("  {count} checks hold\n"),
    });
    text.push_str(&told_unknown(&unknown));
    text
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

fn told(finding: &Finding) -> String {
    let word = finding.severity.word();
    let mut text = line(format!("{word}: {} [{}]", finding.text, finding.check));
    for evidence in &finding.evidence {
        text.push_str(&told_evidence(evidence));
    }
    for change in &finding.difference {
        text.push_str(&line(format!("    {change}")));
    }
    for finding in &finding.consequences {
        text.push_str(&line(format!(
            "  hence: {} [{}]",
            finding.text, finding.check
        )));
    }
    for fix in &finding.fix {
        text.push_str(&line(format!("  fix: {fix}")));
    }
    text
}

fn told_evidence(evidence: &Evidence) -> String {
    let Evidence { of, wanted, found } = evidence;
    match wanted {
        None => line(format!("  {of}: {}", visible(found))),
        Some(wanted) => [
            line(format!("  {of}")),
            line(format!("    wanted: {}", visible(wanted))),
            line(format!("    found:  {}", visible(found))),
        ]
        .concat(),
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

/// Checks that could not be made for the same reason, in one line.
fn told_unknown(unknown: &[(&str, &str)]) -> String {
    let lines = by_reason(unknown).into_iter();
    lines
        .map(|told| line(format!("  unknown: {told}")))
        .collect()
}

/// Which checks of a report could not be made, and why: each reason once.
pub(super) fn unknowns(report: &Report) -> Vec<String> {
    by_reason(&report.unknown().collect::<Vec<_>>())
}

fn by_reason(unknown: &[(&str, &str)]) -> Vec<String> {
    let mut reasons: Vec<(&str, Vec<&str>)> = Vec::new();
    for (check, why) in unknown {
        match reasons.iter_mut().find(|(other, _)| other == why) {
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

    fn table(&self, _: Width) -> String {
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
        text
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

    fn table(&self, _: Width) -> String {
        let checks = crate::diagnose::checks();
        let rows: Vec<Vec<String>> = checks
            .map(|check| vec![check.id.to_owned(), check.must.to_owned()])
            .collect();
        columns(&["CHECK", "WHAT MUST BE TRUE"], &rows)
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

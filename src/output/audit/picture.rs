//! The picture of the page: workloads, service accounts, roles and policies in four columns, with lines between
//! them. It is text and lines of SVG; the table says the same, so it is one image to a screen reader.

use std::collections::BTreeMap;

use super::page::text;
use super::{Audit, AuditedAccount, AuditedRole};
use crate::output::health::HealthState;

/// Pixels.
const WIDTH: usize = 230;
const GAP: usize = 60;
const ROW: usize = 26;
const HEIGHT: usize = 20;
/// Characters that fit into a box.
const ROOM: usize = 28;
/// So many of those who may assume a role have a box; the last of them says how many more there are.
const OTHERS: usize = 6;

const WORKLOADS: usize = 0;
const ACCOUNTS: usize = WIDTH + GAP;
const ROLES: usize = 2 * (WIDTH + GAP);
const POLICIES: usize = 3 * (WIDTH + GAP);

/// What of it is drawn already.
#[derive(Default)]
struct Drawing<'a> {
    boxes: String,
    lines: String,
    /// The first free row.
    next: usize,
    accounts: BTreeMap<&'a str, usize>,
}

/// A role with the accounts that have it.
struct RoleWithAccounts<'a> {
    role: &'a AuditedRole,
    accounts: Vec<&'a AuditedAccount>,
}

/// An `svg` element, or a paragraph where no service account has a role.
pub fn picture(audit: &Audit) -> String {
    if audit.items.is_empty() {
        return "<p>No service account has a role.</p>\n".to_owned();
    }
    let mut drawing = Drawing::default();
    for shared in &by_role(audit) {
        drawing.draw(shared);
    }
    for account in &audit.items {
        drawing.account(account);
    }
    let (width, height) = (POLICIES + WIDTH + 2, drawing.next * ROW);
    let Drawing { boxes, lines, .. } = drawing;
    format!(
        "<svg role=\"img\" aria-label=\"Which workloads have which roles and policies\" width=\"{width}\" height=\"{height}\" viewBox=\"-1 -1 {width} {height}\">\n{lines}{boxes}</svg>\n"
    )
}

/// Roles in the order of the accounts that have them first.
fn by_role(audit: &Audit) -> Vec<RoleWithAccounts<'_>> {
    let mut all: Vec<RoleWithAccounts<'_>> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for account in &audit.items {
        for role in &account.roles {
            let place = *places.entry(&role.arn).or_insert(all.len());
            if place == all.len() {
                all.push(RoleWithAccounts {
                    role,
                    accounts: Vec::new(),
                });
            }
            all[place].accounts.push(account);
        }
    }
    all
}

/// How a box and its lines look: a class of the style sheet, and the sign before the name.
type BoxStyle = (&'static str, &'static str);

const PLAIN: BoxStyle = ("", "");
const OTHER: BoxStyle = ("o", "");

fn look(state: HealthState) -> BoxStyle {
    match state {
        HealthState::Problem => ("p", "✕ "),
        HealthState::Warning => ("w", "! "),
        HealthState::Unknown | HealthState::Healthy => PLAIN,
    }
}

impl<'a> Drawing<'a> {
    fn draw(&mut self, shared: &RoleWithAccounts<'a>) {
        let RoleWithAccounts { role, accounts } = shared;
        let top = self.next;
        let worst = accounts.iter().map(|account| account.state).min();
        self.place(ROLES, top, role.name(), worst.map_or(PLAIN, look));
        for account in accounts {
            let at = self.account(account);
            self.line((ACCOUNTS, at), (ROLES, top), look(account.state));
        }
        for other in shown(&role.others) {
            let at = self.next;
            self.next += 1;
            self.place(ACCOUNTS, at, &other, OTHER);
            self.line((ACCOUNTS, at), (ROLES, top), OTHER);
        }
        for (index, policy) in role.policies.iter().enumerate() {
            self.place(POLICIES, top + index, policy.title(), PLAIN);
            self.line((ROLES, top), (POLICIES, top + index), PLAIN);
        }
        self.next = self.next.max(top + role.policies.len().max(1));
    }

    /// The row of a service account, which is drawn once, with its workloads.
    fn account(&mut self, account: &'a AuditedAccount) -> usize {
        if let Some(at) = self.accounts.get(account.name.as_str()) {
            return *at;
        }
        let at = self.next;
        self.accounts.insert(&account.name, at);
        self.next += account.workloads.len().max(1);
        self.place(ACCOUNTS, at, &account.name, look(account.state));
        for (index, workload) in account.workloads.iter().enumerate() {
            self.place(WORKLOADS, at + index, workload, PLAIN);
            self.line((WORKLOADS, at + index), (ACCOUNTS, at), PLAIN);
        }
        at
    }

    fn place(&mut self, x: usize, row: usize, name: &str, (class, sign): BoxStyle) {
        let (rect, y) = (row * ROW, row * ROW + 14);
        let short = cut(name);
        let title = if short == name {
            String::new()
        } else {
            format!("<title>{}</title>", text(name))
        };
        let short = text(&short);
        let open = opened("g", class);
        let x2 = x + 6;
        self.boxes.push_str(&format!("{open}>{title}<rect x=\"{x}\" y=\"{rect}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" rx=\"4\"/><text x=\"{x2}\" y=\"{y}\">{sign}{short}</text></g>\n"));
    }

    /// From the right side of one box to the left side of another.
    fn line(&mut self, from: (usize, usize), to: (usize, usize), (class, _): BoxStyle) {
        let (x1, y1) = (from.0 + WIDTH, from.1 * ROW + HEIGHT / 2);
        let (x2, y2) = (to.0, to.1 * ROW + HEIGHT / 2);
        let middle = (x1 + x2) / 2;
        let open = opened("path", class);
        self.lines.push_str(&format!(
            "{open} d=\"M{x1} {y1}C{middle} {y1} {middle} {y2} {x2} {y2}\"/>\n"
        ));
    }
}

fn opened(element: &str, class: &str) -> String {
    if class.is_empty() {
        format!("<{element}")
    } else {
        format!("<{element} class=\"{class}\"")
    }
}

fn shown(others: &[String]) -> Vec<String> {
    let mut shown: Vec<String> = others.iter().take(OTHERS).cloned().collect();
    if others.len() > OTHERS {
        shown[OTHERS - 1] = format!("{} more", others.len() - OTHERS + 1);
    }
    shown
}

fn cut(name: &str) -> String {
    if name.chars().count() <= ROOM {
        return name.to_owned();
    }
    // The beginning and the end tell names apart.
    let all: Vec<char> = name.chars().collect();
    let half = (ROOM - 1) / 2;
    let start = all[..half].iter();
    let end = all[all.len() - half..].iter();
    start.chain(['…'].iter()).chain(end).collect()
}

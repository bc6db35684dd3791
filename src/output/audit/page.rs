//! The page: one file of HTML that loads nothing. The only script is the template's own, and the content
//! security policy lets no other run: whatever others wrote into names is text, by the escaping here and by the
//! browser.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::picture::picture;
use super::{Audit, AuditFinding, AuditedAccount, AuditedPolicy, AuditedRole, COLUMNS};
use crate::model::visible;
use crate::output::health::HealthState;
use crate::secrets::redacted;

const PAGE: &str = include_str!("../../../templates/report/page.html");
const STYLE: &str = include_str!("../../../templates/report/style.css");
const SCRIPT: &str = include_str!("../../../templates/report/script.js");

/// What others wrote, as text of the page: also in an attribute between double quotes.
pub fn text(text: &str) -> String {
    let text = visible(&redacted(text));
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            c => safe.push(c),
        }
    }
    safe
}

/// The whole file of HTML, with style, script and picture in it.
pub fn page(audit: &Audit) -> String {
    let policies = PolicyHolders::of(audit);
    let rows: String = audit.items.iter().map(|it| row(it, &policies)).collect();
    let header = COLUMNS
        .map(|name| format!("<th scope=\"col\"><button type=\"button\">{name}</button></th>\n"));
    filled(&[
        ("style-hash", hash(STYLE)),
        ("script-hash", hash(SCRIPT)),
        ("version", text(audit.version)),
        ("cluster", text(&audit.cluster)),
        ("style", STYLE.to_owned()),
        ("facts", facts(audit)),
        ("counts", counts(audit)),
        ("cluster-findings", of_cluster(audit)),
        ("picture", picture(audit)),
        ("header", header.concat()),
        ("rows", rows),
        ("policies", policies.rows()),
        ("at", text(&audit.at)),
        ("script", SCRIPT.to_owned()),
    ])
}

/// The template with its `{{names}}` replaced. What is put in is not looked at again, so that a name of a
/// service account is never taken for a place of the template.
fn filled(parts: &[(&str, String)]) -> String {
    let mut page = String::new();
    let mut rest = PAGE;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, after) = after.split_once("}}").unwrap_or((after, ""));
        page.push_str(before);
        let part = parts.iter().find(|(known, _)| *known == name);
        page.push_str(part.map_or("", |(_, part)| part));
        rest = after;
    }
    page + rest
}

/// As a content security policy names an inline style or script (Content Security Policy Level 3).
fn hash(source: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(source)))
}

fn facts(audit: &Audit) -> String {
    let facts = [
        ("Cluster", audit.arn.as_deref().unwrap_or(&audit.cluster)),
        ("Account", &audit.account),
        ("Region", &audit.region),
        ("Issuer", &audit.issuer),
        ("Looked at", &audit.at),
    ];
    let facts = facts.map(|(name, value)| format!("<dt>{name}</dt><dd>{}</dd>\n", text(value)));
    facts.concat()
}

fn counts(audit: &Audit) -> String {
    let shared = audit.items.iter().flat_map(|it| &it.roles);
    let shared = shared.filter(|role| !role.others.is_empty()).count();
    let states = [
        HealthState::Problem,
        HealthState::Warning,
        HealthState::Unknown,
    ];
    let [problem, warning, unknown] = states.map(|state| audit.count(state));
    let counts = [
        ("", audit.items.len(), "service accounts with a role"),
        ("problem", problem, "with a problem"),
        ("warning", warning, "with a warning"),
        ("", unknown, "that could not be looked at"),
        ("", shared, "roles that others may assume too"),
    ];
    let counts = counts.map(|(class, count, what)| {
        format!("<li><b{}>{count}</b> {what}</li>\n", class_of(class, count))
    });
    counts.concat()
}

fn class_of(class: &str, count: usize) -> String {
    if class.is_empty() || count == 0 {
        String::new()
    } else {
        format!(" class=\"{class}\"")
    }
}

fn of_cluster(audit: &Audit) -> String {
    let lines = audit.of_cluster();
    if lines.is_empty() {
        return String::new();
    }
    let told: String = audit.findings.iter().map(finding).collect();
    let unknown = lines[audit.findings.len()..].iter();
    let unknown: String = unknown.map(|it| item(it)).collect();
    format!(
        "<section aria-labelledby=\"cluster\">\n<h2 id=\"cluster\">Cluster</h2>\n<ul>\n{told}{unknown}</ul>\n</section>\n"
    )
}

fn item(line: &str) -> String {
    format!("<li>{}</li>\n", text(line))
}

fn finding(finding: &AuditFinding) -> String {
    let word = finding.severity.word();
    let fix: String = finding.fix.iter().map(|it| item(it)).collect();
    let fix = if fix.is_empty() {
        fix
    } else {
        format!("\n<ul>\n{fix}</ul>\n")
    };
    let (told, check) = (text(&finding.text), text(finding.check));
    format!(
        "<li><span class=\"{word}\">{word}</span>: {told} <span class=\"quiet\">[{check}]</span>{fix}</li>\n"
    )
}

fn row(account: &AuditedAccount, policies: &PolicyHolders<'_>) -> String {
    let of_roles = |of: &dyn Fn(&AuditedRole) -> String| -> String {
        let roles = account.roles.iter();
        roles
            .map(|role| format!("<div class=\"role\">{}</div>", of(role)))
            .collect()
    };
    let (rank, state) = (account.state as u8, account.state.word());
    let (used, findings) = (last_used(account), findings(account));
    let cells = [
        format!("<td data-key=\"{rank}\"><span class=\"{state}\">{state}</span></td>"),
        format!("<td>{}</td>", of_roles(&role)),
        format!(
            "<td>{}</td>",
            of_roles(&|role| list(role.others_told().iter().map(|it| text(it))))
        ),
        format!("<td>{}</td>", of_roles(&|role| policies.of_role(role))),
        format!(
            "<td data-key=\"{}\">{}</td>",
            text(used),
            of_roles(&|role| {
                let used = role.usage.iter().flatten();
                text(&role.use_told()) + &list(used.map(|it| text(it)))
            })
        ),
        format!(
            "<td>{}</td>",
            list(account.workloads.iter().map(|it| text(it)))
        ),
        format!("<td>{}</td>", enlisted(&findings)),
    ];
    let name = text(&account.name);
    format!(
        "<tr>\n<th scope=\"row\">{name}</th>\n{}\n</tr>\n",
        cells.join("\n")
    )
}

fn last_used(account: &AuditedAccount) -> &str {
    let roles = account.roles.iter();
    let used = roles.filter_map(|it| it.last_used.as_deref());
    used.max().unwrap_or_default()
}

fn findings(account: &AuditedAccount) -> String {
    let unknown = account.unknown.iter();
    let unknown = unknown.map(|it| item(&format!("unknown: {it}")));
    account
        .findings
        .iter()
        .map(finding)
        .chain(unknown)
        .collect()
}

fn role(role: &AuditedRole) -> String {
    let mut told = format!("<code>{}</code> ({})", text(&role.arn), role.way);
    if let Some(boundary) = &role.permissions_boundary {
        told.push_str(&format!(", within <code>{}</code>", text(boundary)));
    }
    if let Some(why) = &role.unknown {
        told.push_str(&format!("<br>unknown: {}", text(why)));
    }
    told
}

fn list(items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|it| format!("<li>{it}</li>")).collect();
    enlisted(&items)
}

fn enlisted(items: &str) -> String {
    if items.is_empty() {
        String::new()
    } else {
        format!("<ul>{items}</ul>")
    }
}

/// Each policy once, with the roles that have it: a managed policy of many roles is told in one place.
struct PolicyHolders<'a> {
    /// In their order.
    all: Vec<(&'a AuditedPolicy, Vec<&'a str>)>,
}

impl<'a> PolicyHolders<'a> {
    fn of(audit: &'a Audit) -> Self {
        let mut roles: BTreeMap<&AuditedPolicy, Vec<&str>> = BTreeMap::new();
        for role in audit.items.iter().flat_map(|it| &it.roles) {
            for policy in &role.policies {
                let of = roles.entry(policy).or_default();
                if !of.contains(&role.name()) {
                    of.push(role.name());
                }
            }
        }
        Self {
            all: roles.into_iter().collect(),
        }
    }

    fn of_role(&self, role: &AuditedRole) -> String {
        list(role.policies.iter().map(|policy| {
            let found = self.all.binary_search_by_key(&policy, |(it, _)| *it);
            let number = found.unwrap_or_else(|place| place);
            format!("<a href=\"#p{number}\">{}</a>", text(policy.title()))
        }))
    }

    fn rows(&self) -> String {
        let rows = self.all.iter().enumerate();
        let rows = rows.map(|(number, (policy, roles))| {
            let kind = if policy.inline { " (inline)" } else { "" };
            let unknown = policy.unknown.iter().map(|why| format!("unknown: {}", text(why)));
            let says = list(policy.allows.iter().map(|it| text(it)).chain(unknown));
            let roles = list(roles.iter().map(|it| text(it)));
            let name = text(&policy.name);
            format!("<tr id=\"p{number}\">\n<th scope=\"row\"><code>{name}</code>{kind}</th>\n<td>{says}</td>\n<td>{roles}</td>\n</tr>\n")
        });
        rows.collect()
    }
}

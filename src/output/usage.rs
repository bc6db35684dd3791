//! What roles used of their permissions.

use serde::Serialize;
use serde_json::{Value, json};

use super::cells::{Lines, apart, line};
use super::{Document, NOTHING, View, Width, columns, markdown};
use crate::model::shown_in_line;
use crate::plan::usage::{ActionRow, Proposal, SeenUse, ServiceRow, UsageRow, UseWord};
use crate::token::utc;

/// A part for each role.
pub struct UsageRows(pub Vec<UsageRow>);

#[derive(Serialize)]
struct UsageItems {
    items: Vec<Value>,
}

const HEADER: [&str; 3] = ["Service or action", "Last used", "Allowed by"];

impl View for UsageRows {
    fn document(&self) -> impl Serialize {
        let items = self.0.iter().map(item).collect();
        Document::of("UsageList", UsageItems { items })
    }

    /// Under each role its services, and under these the actions that were used; all with `-o wide`.
    fn table(&self, width: Width) -> Lines {
        let parts = self.0.iter().map(|row| {
            let mut told = vec![line(heading(row))];
            let notes = row.notes.iter();
            told.extend(notes.map(|note| line(format!("  note: {note}"))));
            match &row.proposal {
                None => told.extend(services(row, width)),
                Some(Err(why)) => told.push(line(format!("  no policy is suggested: {why}"))),
                Some(Ok(proposal)) => told.extend(suggestion(proposal)),
            }
            told
        });
        apart(&parts.collect::<Vec<_>>())
    }

    fn names(&self) -> Vec<String> {
        self.0.iter().map(|row| row.usage.arn.to_string()).collect()
    }

    fn markdown(&self) -> String {
        if self.0.is_empty() {
            return NOTHING.to_owned();
        }
        let parts = self.0.iter().map(|row| {
            let mut text = format!("**{}**\n\n", markdown::text(&heading(row)));
            for note in &row.notes {
                text.push_str(&format!("- note: {}\n", markdown::text(note)));
            }
            if !row.notes.is_empty() {
                text.push('\n');
            }
            match &row.proposal {
                None => {
                    let rows = lines(row, Width::Normal).into_iter().map(|cells| {
                        let cells = cells.into_iter();
                        cells
                            .map(|cell| markdown::text(cell.trim_start()))
                            .collect()
                    });
                    text.push_str(&markdown::table(&HEADER, &rows.collect::<Vec<_>>()));
                }
                Some(Err(why)) => {
                    text.push_str(&format!(
                        "no policy is suggested: {}\n",
                        markdown::text(why)
                    ));
                }
                Some(Ok(proposal)) => text.push_str(&markdown::lines(&suggestion(proposal))),
            }
            text
        });
        parts.collect::<Vec<_>>().join("\n")
    }
}

fn heading(row: &UsageRow) -> String {
    let accounts: Vec<String> = row.usage.accounts.iter().map(ToString::to_string).collect();
    let of = match accounts.as_slice() {
        [] => String::new(),
        accounts => format!(" of {}", accounts.join(", ")),
    };
    let age = row.age().map(|days| format!(", {days} days old"));
    let name = row.usage.arn.name();
    shown_in_line(&format!("role {name}{of}{}", age.unwrap_or_default()))
}

fn services(row: &UsageRow, width: Width) -> Lines {
    let header = HEADER.map(str::to_uppercase);
    let header = header.each_ref().map(String::as_str);
    columns(&header, lines(row, width))
}

/// Of actions only those that were used, and how many were not, unless all are wanted.
fn lines(row: &UsageRow, width: Width) -> Vec<Vec<String>> {
    row.services
        .iter()
        .flat_map(|service| {
            let first = vec![
                service.namespace.clone(),
                service.seen.to_string(),
                policies(&service.policies),
            ];
            let is_told =
                |action: &&ActionRow| width == Width::Wide || action.seen.word == UseWord::Used;
            let (told, rest): (Vec<_>, Vec<_>) = service.actions.iter().partition(is_told);
            let told = told.into_iter().map(|action| {
                vec![
                    format!("  {}:{}", service.namespace, action.name),
                    action.seen.to_string(),
                    policies(&action.policies),
                ]
            });
            let rest = rest.first().map(|first| {
                let count = service.actions.iter().filter(|it| !is_told(it)).count();
                let count = match count {
                    1 => "  1 tracked action more".to_owned(),
                    count => format!("  {count} tracked actions more"),
                };
                let seen = match first.seen.word {
                    UseWord::TooYoung => "not yet".to_owned(),
                    UseWord::Used | UseWord::NotUsed => row.window.unused(),
                };
                vec![count, seen, String::new()]
            });
            let untracked = untracked(service);
            // Of what was not used at all nothing more is to be told.
            let is_used = service.seen.word == UseWord::Used;
            let more = rest.into_iter().chain(untracked).filter(|_| is_used);
            let all = [first].into_iter().chain(told).chain(more);
            all.collect::<Vec<_>>()
        })
        .collect()
}

/// What IAM tells of actions that it does not track: that there were such, where the service was used after
/// all those that it tracks.
fn untracked(service: &ServiceRow) -> Option<Vec<String>> {
    let tracked = service.actions.iter();
    let tracked = tracked.filter_map(|it| it.seen.last.as_ref());
    let tracked = tracked.map(|last| last.at).max();
    let last = service.seen.last.as_ref()?;
    let seen = if Some(last.at) > tracked {
        service.seen.to_string()
    } else {
        "not known".to_owned()
    };
    let is_one = !service.actions.is_empty();
    is_one.then(|| vec!["  what IAM does not track".to_owned(), seen, String::new()])
}

fn policies(all: &[String]) -> String {
    match all {
        [] => "-".to_owned(),
        all => all.join(", "),
    }
}

fn suggestion(proposal: &Proposal) -> Lines {
    let mut told = Lines::new();
    let mut add = |title: &str, lines: &mut dyn Iterator<Item = String>| {
        let lines: Vec<String> = lines.collect();
        if !lines.is_empty() {
            told.push(line(format!("  {title}:")));
        }
        let lines = lines.into_iter();
        told.extend(lines.map(|it| line(format!("    {it}"))));
    };
    let policy = format!("{:#}", proposal.document);
    add("policy", &mut policy.lines().map(str::to_owned));
    add("what changes", &mut proposal.difference.iter().cloned());
    add("to be known", &mut proposal.remarks.iter().cloned());
    let entry = proposal.entry.as_deref().unwrap_or_default();
    add(
        "in a config file, in the place of all other policies of the service account",
        &mut entry.lines().map(str::to_owned),
    );
    // One line: where a step fails, the next would take away what was to be replaced.
    let commands = proposal.commands.iter();
    let commands: Vec<String> = commands.map(ToString::to_string).collect();
    if !commands.is_empty() {
        told.push(line(format!("  fix: {}", commands.join(" && "))));
    }
    told
}

fn item(row: &UsageRow) -> Value {
    let accounts: Vec<String> = row.usage.accounts.iter().map(ToString::to_string).collect();
    let facts = row.usage.facts.as_found();
    let mut item = json!({
        "roleARN": row.usage.arn.to_string(),
        "serviceAccounts": accounts,
        "created": facts.map(|facts| utc(facts.history.created)),
        "permissionsBoundary": facts.and_then(|it| it.boundary.as_ref()).map(ToString::to_string),
        "sinceDays": row.window.days,
        "services": row.services.iter().map(service).collect::<Value>(),
        "notes": row.notes,
    });
    match &row.proposal {
        None => {}
        Some(Err(why)) => item["noSuggestion"] = why.as_str().into(),
        Some(Ok(proposal)) => {
            let commands = proposal.commands.iter().map(ToString::to_string);
            item["suggestion"] = json!({
                "policy": proposal.document,
                "difference": proposal.difference,
                "remarks": proposal.remarks,
                "configFile": proposal.entry,
                "commands": commands.collect::<Vec<_>>(),
            });
        }
    }
    item
}

fn service(row: &ServiceRow) -> Value {
    let mut item = used(&row.seen, &row.policies);
    item["service"] = row.namespace.as_str().into();
    item["name"] = row.name.as_str().into();
    let actions = row.actions.iter().map(|action| {
        let mut item = used(&action.seen, &action.policies);
        item["action"] = format!("{}:{}", row.namespace, action.name).into();
        item
    });
    item["actions"] = actions.collect();
    item
}

fn used(seen: &SeenUse, policies: &[String]) -> Value {
    json!({
        "use": seen.word.word(),
        "lastUsed": seen.last.as_ref().map(|last| utc(last.at)),
        "region": seen.last.as_ref().and_then(|last| last.region.as_ref()),
        "policies": policies,
    })
}

//! The things that are printed, each as a table for people and as a document for machines.

use anstyle::AnsiColor;
use serde::Serialize;
use serde_json::{Value, json};

use super::{Document, View, Width, colored, columns, markdown, paint_cell, proof};
use crate::apply::Outcome;
use crate::asked::Ending;
use crate::model::{Map, ServiceAccountName, shown_in_line};
use crate::plan::{Action, Plan, Summary, Target, Track};
use crate::policy::Difference;
use crate::template::manifest;
use crate::world::Chain;

/// A plan that is not carried out.
pub struct PlanView<'a>(pub &'a Plan);

#[derive(Serialize)]
pub struct PlanBody<'a> {
    summary: Summary,
    tracks: &'a [Track],
}

/// A plan for machines.
pub fn plan_document(plan: &Plan) -> Document<PlanBody<'_>> {
    let body = PlanBody {
        summary: Summary::of(plan),
        tracks: &plan.tracks,
    };
    Document::of("Plan", body)
}

impl View for PlanView<'_> {
    fn document(&self) -> impl Serialize {
        plan_document(self.0)
    }

    /// One line an action, and under it what it sets.
    fn table(&self, _: Width) -> String {
        let mut text = String::new();
        for track in &self.0.tracks {
            for action in &track.actions {
                let place = track.place_of(action);
                let action_line = shown_in_line(&format!("{action}{place}"));
                text.push_str(&format!("{} {action_line}\n", action.kind().sign()));
                text.extend(action.details().iter().map(|detail| in_it(detail)));
            }
            if let Some(leftover) = &track.leftover {
                if !track.refusals.is_empty() {
                    text.push_str(&format!("  leave {}, as told below\n", track.target));
                } else if track.actions.is_empty() {
                    text.push_str(&format!("  leave {}\n", track.target));
                }
                text.extend(leftover.lines().iter().map(|line| in_it(line)));
            }
        }
        for track in self.0.tracks.iter().filter(|track| !track.drift.is_empty()) {
            text.push_str(&format!(
                "  leave the role of {} as it was changed by hand\n",
                track.target
            ));
            let drift = track.drift.iter().flat_map(Difference::lines);
            text.extend(drift.map(|line| in_it(&line)));
        }
        text
    }

    fn names(&self) -> Vec<String> {
        let busy = self
            .0
            .tracks
            .iter()
            .filter(|track| !track.actions.is_empty());
        busy.map(|track| track.target.to_string()).collect()
    }

    fn markdown(&self) -> String {
        markdown::plan(self.0)
    }

    /// The sign of an action in the colour of its kind, and all of it where something is deleted.
    fn painted(&self, line: &str) -> String {
        action_painted(line)
    }
}

/// A line under that of an action.
fn in_it(line: &str) -> String {
    format!("    {}\n", shown_in_line(line))
}

/// The line of an action by its sign.
pub fn action_painted(line: &str) -> String {
    let (sign, color) = match line.get(..2) {
        Some("+ ") => ("+", AnsiColor::Green),
        Some("~ ") => ("~", AnsiColor::Yellow),
        Some("- ") => return colored(line, AnsiColor::Red),
        _ => return line.to_owned(),
    };
    format!("{}{}", colored(sign, color), &line[1..])
}

/// How each target of a plan ended.
pub struct Outcomes<'a>(pub &'a [Outcome]);

impl Outcomes<'_> {
    fn status(outcome: &Outcome) -> &'static str {
        let Track {
            actions, refusals, ..
        } = &outcome.track;
        let has = |wanted: fn(&Action) -> bool| actions.iter().any(wanted);
        if !refusals.is_empty() {
            "refused"
        } else if outcome.error.is_some() {
            "failed"
        } else if !outcome.track.drift.is_empty() && actions.is_empty() {
            "drifted"
        } else if actions.is_empty() {
            outcome.track.idle.word()
        } else if outcome.is_skipped() {
            "skipped"
        } else if outcome.track.is_move {
            "moved"
        } else if has(|a| {
            matches!(
                a,
                Action::CreateStack(_)
                    | Action::CreateOidcProvider { .. }
                    | Action::CreateAssociation(_)
                    | Action::InstallAgent { .. }
            )
        }) {
            "created"
        } else if has(|a| {
            matches!(
                a,
                Action::DeleteStack {
                    ending: Ending::NotAwaited,
                    ..
                }
            )
        }) {
            "deleting"
        } else if has(is_deletion) {
            "deleted"
        } else if has(is_update) {
            "updated"
        } else {
            "changed"
        }
    }
}

fn is_update(action: &Action) -> bool {
    matches!(
        action,
        Action::UpdateStack(_) | Action::RepairRole { .. } | Action::UpdateTrust(_)
    )
}

fn is_deletion(action: &Action) -> bool {
    matches!(
        action,
        Action::DeleteStack { .. }
            | Action::DeleteAssociation { .. }
            | Action::DeleteServiceAccount { .. }
            | Action::DeleteOidcProvider { .. }
            | Action::RemoveAnnotations { .. }
    )
}

fn outcome(outcome: &Outcome) -> Value {
    let done = outcome.track.actions.iter().take(outcome.done);
    let done: Vec<String> = done
        .map(|action| {
            let (_, past, what) = action.words();
            format!("{past} {what}")
        })
        .collect();
    let mut item = json!({
        "target": outcome.track.target,
        "status": Outcomes::status(outcome),
        "done": done,
    });
    if let Some(account) = &outcome.track.account {
        item["account"] = account.as_str().into();
    }
    if let Some(role) = &outcome.role {
        item["roleARN"] = role.to_string().into();
    }
    let stale = &outcome.track.stale;
    if !stale.is_empty() {
        item["staleWorkloads"] = json!(stale);
    }
    let errors = errors(outcome);
    if let Some(proof) = &outcome.proof {
        item["proof"] = proof::proof(proof);
    }
    if !errors.is_empty() {
        item["errors"] = errors.into();
    }
    item
}

fn errors(outcome: &Outcome) -> Vec<String> {
    let refusals = outcome.track.refusals.iter().map(ToString::to_string);
    let error = outcome.error.iter().map(ToString::to_string);
    let proof = outcome.proof.as_ref().and_then(proof::failure);
    refusals.chain(error).chain(proof).collect()
}

#[derive(Serialize)]
struct Items<T> {
    items: Vec<T>,
}

impl View for Outcomes<'_> {
    fn document(&self) -> impl Serialize {
        let items = self.0.iter().map(outcome).collect();
        Document::of("Result", Items::<Value> { items })
    }

    fn table(&self, _: Width) -> String {
        let role = |outcome: &Outcome| {
            outcome
                .role
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default()
        };
        let accounts: Vec<_> = self
            .0
            .iter()
            .filter_map(|outcome| {
                let (_, name) = outcome.track.target.account()?;
                Some(vec![
                    name.namespace.to_string(),
                    name.name.clone(),
                    Self::status(outcome).to_owned(),
                    role(outcome),
                ])
            })
            .collect();
        let providers: Vec<_> = self
            .0
            .iter()
            .filter(|outcome| outcome.track.target.is_required())
            .map(|outcome| {
                let track = &outcome.track;
                let account = track.account.iter();
                let place: String = account.map(|id| format!(" in account {id}")).collect();
                vec![
                    format!("{}{place}", track.target),
                    Self::status(outcome).to_owned(),
                ]
            })
            .collect();
        let stacks = self.0.iter().filter_map(|outcome| {
            let Target::Stack(stack) = &outcome.track.target else {
                return None;
            };
            let status = Self::status(outcome).to_owned();
            Some(vec![stack.region.clone(), stack.name.clone(), status])
        });
        let stacks: Vec<_> = stacks.collect();
        let roles = self.0.iter().filter_map(|outcome| {
            let Target::Role(role) = &outcome.track.target else {
                return None;
            };
            Some(vec![role.to_string(), Self::status(outcome).to_owned()])
        });
        let roles: Vec<_> = roles.collect();
        let mut text = String::new();
        if !stacks.is_empty() {
            text.push_str(&columns(&["REGION", "STACK", "STATUS"], &stacks));
        }
        if !roles.is_empty() {
            text.push_str(&columns(&["ROLE ARN", "STATUS"], &roles));
        }
        if !accounts.is_empty() {
            text.push_str(&columns(
                &["NAMESPACE", "NAME", "STATUS", "ROLE ARN"],
                &accounts,
            ));
        }
        if !providers.is_empty() {
            let is_agent = |it: &Outcome| matches!(it.track.target, Target::Agent(_));
            let header = if self.0.iter().any(is_agent) {
                "ADD-ON"
            } else {
                "PROVIDER"
            };
            text.push_str(&columns(&[header, "STATUS"], &providers));
        }
        text + &proof::proofs(self.0)
    }

    fn names(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|outcome| outcome.track.target.to_string())
            .collect()
    }

    fn painted(&self, line: &str) -> String {
        paint_cell(line, &COLORS)
    }

    fn markdown(&self) -> String {
        if self.0.is_empty() {
            return "Nothing to do.\n".to_owned();
        }
        let rows = self.0.iter().map(|outcome| {
            let role = outcome.role.as_ref().map(ToString::to_string);
            vec![
                markdown::text(&outcome.track.target.to_string()),
                Self::status(outcome).to_owned(),
                markdown::text(&role.unwrap_or_default()),
                markdown::sentences(&errors(outcome)),
            ]
        });
        let header = ["Target", "Status", "Role", "Error"];
        let table = markdown::table(&header, &rows.collect::<Vec<_>>());
        table + &markdown::lines(&proof::proofs(self.0))
    }
}

/// Of the statuses that say more than that all is well.
const COLORS: [(&str, AnsiColor); 8] = [
    ("failed", AnsiColor::Red),
    ("refused", AnsiColor::Red),
    ("drifted", AnsiColor::Yellow),
    ("skipped", AnsiColor::Yellow),
    ("created", AnsiColor::Green),
    ("moved", AnsiColor::Green),
    ("updated", AnsiColor::Green),
    ("deleted", AnsiColor::Red),
];

/// The ServiceAccount to apply by other means.
pub struct Manifest {
    pub name: ServiceAccountName,
    pub labels: Map,
    pub annotations: Map,
}

impl View for Manifest {
    fn document(&self) -> impl Serialize {
        manifest(&self.name, &self.labels, &self.annotations)
    }

    /// YAML, to be piped into `kubectl apply -f -`.
    fn table(&self, _: Width) -> String {
        super::yaml(&self.document()).unwrap_or_default()
    }

    fn names(&self) -> Vec<String> {
        vec![self.name.to_string()]
    }
}

/// The chains of `thumbprint`.
pub struct Chains(pub Vec<Chain>);

#[derive(Serialize)]
struct ChainsBody<'a> {
    thumbprints: Vec<String>,
    chains: &'a [Chain],
}

impl View for Chains {
    fn document(&self) -> impl Serialize {
        let body = ChainsBody {
            thumbprints: self.names(),
            chains: &self.0,
        };
        Document::of("Thumbprint", body)
    }

    fn table(&self, width: Width) -> String {
        if width == Width::Normal {
            return self
                .names()
                .iter()
                .map(|name| format!("{name}\n"))
                .collect();
        }
        let rows: Vec<_> = self
            .0
            .iter()
            .flat_map(|chain| {
                chain.certificates.iter().map(|certificate| {
                    vec![
                        chain.host.clone(),
                        certificate.sha1.to_string(),
                        certificate.counts.unwrap_or("no").to_owned(),
                        certificate.not_before.clone(),
                        certificate.not_after.clone(),
                        certificate.subject.clone(),
                        certificate.issuer.clone(),
                    ]
                })
            })
            .collect();
        columns(
            &[
                "HOST",
                "SHA-1",
                "COUNTS",
                "NOT BEFORE",
                "NOT AFTER",
                "SUBJECT",
                "ISSUER",
            ],
            &rows,
        )
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for thumbprint in self.0.iter().flat_map(Chain::thumbprints) {
            if !names.contains(&thumbprint.to_string()) {
                names.push(thumbprint.to_string());
            }
        }
        names
    }
}

//! The things that are printed, each as a table for people and as a document for machines.

use std::fmt::Display;

use anstyle::AnsiColor;
use serde::Serialize;
use serde_json::{Value, json};

use super::cells::{Cell, Lines, line, lines};
use super::{Document, View, Width, columns, markdown, proof};
use crate::apply::Outcome;
use crate::asked::Ending;
use crate::model::{Map, ServiceAccountName};
use crate::plan::{Action, ActionKind, Idle, Plan, Summary, Target, Track};
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
    fn table(&self, _: Width) -> Lines {
        let mut told = Lines::new();
        for track in &self.0.tracks {
            for action in &track.actions {
                told.push(told_action(action, &track.place_of(action)));
                told.extend(action.details().iter().map(in_it));
            }
            if let Some(leftover) = &track.leftover {
                if !track.refusals.is_empty() {
                    told.push(line(format!("  leave {}, as told below", track.target)));
                } else if track.actions.is_empty() {
                    told.push(line(format!("  leave {}", track.target)));
                }
                told.extend(leftover.lines().iter().map(in_it));
            }
        }
        for track in self.0.tracks.iter().filter(|track| !track.drift.is_empty()) {
            let target = &track.target;
            told.push(line(format!(
                "  leave the role of {target} as it was changed by hand"
            )));
            let drift = track.drift.iter().flat_map(Difference::lines);
            told.extend(drift.map(in_it));
        }
        told
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
}

/// The sign of its kind in a colour, and all of it where something is deleted.
fn told_action(action: &Action, place: &str) -> Vec<Cell> {
    let (kind, text) = (action.kind(), format!(" {action}{place}"));
    let sign = kind.sign().to_string();
    match kind {
        ActionKind::Create => vec![Cell::colored(sign, AnsiColor::Green), text.into()],
        ActionKind::Change => vec![Cell::colored(sign, AnsiColor::Yellow), text.into()],
        ActionKind::Delete => vec![Cell::colored(sign + &text, AnsiColor::Red)],
        ActionKind::Wait => line(sign + &text),
    }
}

/// A line under that of an action.
fn in_it(text: impl Display) -> Vec<Cell> {
    line(format!("    {text}"))
}

/// How each target of a plan ended.
pub struct Outcomes<'a>(pub &'a [Outcome]);

impl Outcomes<'_> {
    /// Its word, and a colour where that says more than that all is well.
    fn status(outcome: &Outcome) -> (&'static str, Option<AnsiColor>) {
        let [red, yellow, green] = [AnsiColor::Red, AnsiColor::Yellow, AnsiColor::Green].map(Some);
        let Track {
            actions, refusals, ..
        } = &outcome.track;
        let has = |wanted: fn(&Action) -> bool| actions.iter().any(wanted);
        if !refusals.is_empty() {
            ("refused", red)
        } else if outcome.error.is_some() {
            ("failed", red)
        } else if !outcome.track.drift.is_empty() && actions.is_empty() {
            ("drifted", yellow)
        } else if actions.is_empty() {
            let idle = outcome.track.idle;
            (idle.word(), yellow.filter(|_| idle == Idle::Skipped))
        } else if outcome.is_skipped() {
            ("skipped", yellow)
        } else if outcome.track.is_move {
            ("moved", green)
        } else if has(is_creation) {
            ("created", green)
        } else if has(is_begun_deletion) {
            ("deleting", None)
        } else if has(is_deletion) {
            ("deleted", red)
        } else if has(is_update) {
            ("updated", green)
        } else {
            ("changed", None)
        }
    }

    fn status_cell(outcome: &Outcome) -> Cell {
        let (word, color) = Self::status(outcome);
        Cell::colored(word, color)
    }

    fn account_cells(outcome: &Outcome) -> Option<Vec<Cell>> {
        let (_, name) = outcome.track.target.account()?;
        let role = outcome.role.as_ref();
        Some(vec![
            name.namespace.to_string().into(),
            name.name.as_str().into(),
            Self::status_cell(outcome),
            role.map_or_else(Cell::default, |role| Cell::role(&role.to_string())),
        ])
    }

    fn required_cells(outcome: &Outcome) -> Option<Vec<Cell>> {
        let track = &outcome.track;
        let account = track.account.iter();
        let place: String = account.map(|id| format!(" in account {id}")).collect();
        let name = format!("{}{place}", track.target).into();
        let is_required = track.target.is_required();
        is_required.then(|| vec![name, Self::status_cell(outcome)])
    }

    fn stack_cells(outcome: &Outcome) -> Option<Vec<Cell>> {
        let Target::Stack(stack) = &outcome.track.target else {
            return None;
        };
        let [region, name] = [&stack.region, &stack.name].map(|it| it.as_str().into());
        Some(vec![region, name, Self::status_cell(outcome)])
    }

    fn role_cells(outcome: &Outcome) -> Option<Vec<Cell>> {
        let Target::Role(role) = &outcome.track.target else {
            return None;
        };
        Some(vec![role.to_string().into(), Self::status_cell(outcome)])
    }
}

fn is_creation(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateStack(_)
            | Action::CreateOidcProvider { .. }
            | Action::CreateAssociation(_)
            | Action::InstallAgent { .. }
    )
}

/// Nobody waits for its end.
fn is_begun_deletion(action: &Action) -> bool {
    matches!(
        action,
        Action::DeleteStack {
            ending: Ending::NotAwaited,
            ..
        }
    )
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
        "status": Outcomes::status(outcome).0,
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

    fn table(&self, _: Width) -> Lines {
        let is_agent = |it: &Outcome| matches!(it.track.target, Target::Agent(_));
        let thing = if self.0.iter().any(is_agent) {
            "ADD-ON"
        } else {
            "PROVIDER"
        };
        let table = |header: &[&str], cells: fn(&Outcome) -> Option<Vec<Cell>>| {
            columns(header, self.0.iter().filter_map(cells))
        };
        [
            table(&["REGION", "STACK", "STATUS"], Self::stack_cells),
            table(&["ROLE ARN", "STATUS"], Self::role_cells),
            table(
                &["NAMESPACE", "NAME", "STATUS", "ROLE ARN"],
                Self::account_cells,
            ),
            table(&[thing, "STATUS"], Self::required_cells),
            proof::proofs(self.0),
        ]
        .concat()
    }

    fn names(&self) -> Vec<String> {
        self.0
            .iter()
            .map(|outcome| outcome.track.target.to_string())
            .collect()
    }

    fn markdown(&self) -> String {
        if self.0.is_empty() {
            return "Nothing to do.\n".to_owned();
        }
        let rows = self.0.iter().map(|outcome| {
            let role = outcome.role.as_ref().map(ToString::to_string);
            vec![
                markdown::text(&outcome.track.target.to_string()),
                Self::status(outcome).0.to_owned(),
                markdown::text(&role.unwrap_or_default()),
                markdown::sentences(&errors(outcome)),
            ]
        });
        let header = ["Target", "Status", "Role", "Error"];
        let table = markdown::table(&header, &rows.collect::<Vec<_>>());
        table + &markdown::lines(&proof::proofs(self.0))
    }
}

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
    fn table(&self, _: Width) -> Lines {
        lines(&super::yaml(&self.document()).unwrap_or_default())
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

    fn table(&self, width: Width) -> Lines {
        if width == Width::Normal {
            return self.names().into_iter().map(line).collect();
        }
        let rows = self.0.iter().flat_map(|chain| {
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
        });
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
            rows,
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

//! The listings of `migrate scan` and `migrate status`.

use serde::Serialize;
use serde_json::{Value, json};

use super::{Document, View, Width, columns, markdown};
use crate::model::Connection;
use crate::plan::migrate::{MoveRow, MoveStanding, MoveState};
use crate::world::{Moving, PodWay};

/// Every workload, its way today, and what keeps it there.
pub struct MoveRows {
    pub rows: Vec<MoveRow>,
    /// Of the run, for the commands.
    pub connection: Connection,
}

const NOTHING: &str = "Nothing found.\n";

#[derive(Serialize)]
struct MoveItems {
    items: Vec<Value>,
}

fn word(way: Option<PodWay>) -> String {
    way.map_or("unknown", PodWay::word).to_owned()
}

impl MoveRows {
    fn command(&self, row: &MoveRow) -> Option<String> {
        let command = row.next.clone()?;
        Some(command.with(&self.connection).to_string())
    }
}

impl View for MoveRows {
    fn document(&self) -> impl Serialize {
        let items = self.rows.iter().map(|row| {
            let mut item = json!(row);
            item["command"] = json!(self.command(row));
            item
        });
        let items = items.collect();
        Document::of("MigrationScan", MoveItems { items })
    }

    /// Under a workload what keeps it, and else the command that moves it.
    fn table(&self, _: Width) -> String {
        if self.rows.is_empty() {
            return String::new();
        }
        let rows = self.rows.iter().map(|row| {
            let state = row.state.map_or("-", MoveState::word);
            let why = match (row.obstacles.as_slice(), self.command(row)) {
                ([], command) => command.unwrap_or_default(),
                (obstacles, _) => obstacles.join("; "),
            };
            vec![
                row.namespace.clone(),
                row.name.clone(),
                row.kind.clone(),
                word(row.way),
                row.service_account.clone(),
                state.to_owned(),
                why,
            ]
        });
        let header = [
            "NAMESPACE",
            "NAME",
            "KIND",
            "WAY",
            "SERVICE ACCOUNT",
            "STATE",
            "NEXT, OR WHAT KEEPS IT",
        ];
        columns(&header, &rows.collect::<Vec<_>>())
    }

    fn names(&self) -> Vec<String> {
        let names = self.rows.iter();
        names
            .map(|row| format!("{}/{}/{}", row.namespace, row.kind.to_lowercase(), row.name))
            .collect()
    }

    fn markdown(&self) -> String {
        if self.rows.is_empty() {
            return NOTHING.to_owned();
        }
        let rows = self.rows.iter().map(|row| {
            let cells = [&row.namespace, &row.name, &row.kind];
            let mut cells: Vec<String> = cells.map(|cell| markdown::text(cell)).into();
            cells.push(word(row.way));
            cells.push(markdown::text(&row.service_account));
            cells.push(row.state.map_or("", MoveState::word).to_owned());
            cells.push(markdown::sentences(&row.obstacles));
            cells.push(markdown::text(&self.command(row).unwrap_or_default()));
            cells
        });
        let header = [
            "Namespace",
            "Name",
            "Kind",
            "Way",
            "Service account",
            "State",
            "Obstacles",
            "Command",
        ];
        markdown::table(&header, &rows.collect::<Vec<_>>())
    }
}

/// How far each service account has moved.
pub struct MoveStates(Vec<MoveStanding>);

impl MoveStates {
    /// Those that have a role.
    pub fn of(moving: &Moving) -> Self {
        let all = moving.accounts.iter();
        Self(all.filter_map(|it| MoveStanding::of(moving, it)).collect())
    }

    /// What is wrong, by service account.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        self.0.iter().flat_map(|it| {
            let warnings = it.warnings.iter();
            warnings.map(|warning| format!("{}/{}: {warning}", it.namespace, it.name))
        })
    }
}

impl View for MoveStates {
    fn document(&self) -> impl Serialize {
        let items = self.0.iter().map(|it| json!(it)).collect();
        Document::of("MigrationStatus", MoveItems { items })
    }

    fn table(&self, _: Width) -> String {
        if self.0.is_empty() {
            return String::new();
        }
        let header = ["NAMESPACE", "NAME", "STATE", "NEW PODS", "PODS", "ROLE ARN"];
        let rows = self.0.iter().map(MoveStanding::cells);
        columns(&header, &rows.collect::<Vec<_>>())
    }

    fn names(&self) -> Vec<String> {
        let all = self.0.iter();
        all.map(|it| format!("{}/{}", it.namespace, it.name))
            .collect()
    }

    fn markdown(&self) -> String {
        if self.0.is_empty() {
            return NOTHING.to_owned();
        }
        let header = ["Namespace", "Name", "State", "New pods", "Pods", "Role"];
        let rows = self.0.iter().map(|it| {
            let cells = it.cells().into_iter();
            cells.map(|cell| markdown::text(&cell)).collect()
        });
        markdown::table(&header, &rows.collect::<Vec<_>>())
    }
}

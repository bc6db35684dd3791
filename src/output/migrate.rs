//! The listings of `migrate scan` and `migrate status`.

use serde::Serialize;
use serde_json::{Value, json};

use super::cells::{Cell, Lines, apart};
use super::{Document, NOTHING, View, Width, columns, markdown};
use crate::model::Connection;
use crate::plan::migrate::{MoveRow, MoveStanding, MoveState, NodeRoleRow};
use crate::world::{Moving, PodWay};

/// Every workload, its way today, and what keeps it there; then the roles of nodes.
pub struct MoveRows {
    pub rows: Vec<MoveRow>,
    /// `None`: they were not looked at.
    pub node_roles: Option<Vec<NodeRoleRow>>,
    /// Of the run, for the commands.
    pub connection: Connection,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MoveItems<'a> {
    items: Vec<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    node_roles: Option<&'a [NodeRoleRow]>,
}

fn word(way: Option<PodWay>) -> String {
    way.map_or("unknown", PodWay::word).to_owned()
}

impl MoveRows {
    fn command(&self, row: &MoveRow) -> Option<String> {
        let command = row.next.clone()?;
        Some(command.with(&self.connection).to_string())
    }

    /// Under a workload what keeps it, and else the command that moves it.
    fn workloads(&self) -> Lines {
        let rows = self.rows.iter().map(|row| {
            let state = row.state.map_or("-", MoveState::word);
            let why = match (row.obstacles.as_slice(), self.command(row)) {
                ([], command) => command.unwrap_or_default(),
                (obstacles, None) => obstacles.join("; "),
                (obstacles, Some(command)) => format!("{}; next: {command}", obstacles.join("; ")),
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
        columns(&header, rows)
    }

    fn workloads_in_markdown(&self) -> String {
        if self.rows.is_empty() {
            return String::new();
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

    fn nodes_in_markdown(&self) -> String {
        let rows = self.node_roles.iter().flatten().map(|row| {
            let cells = node_cells(row).into_iter();
            let mut cells: Vec<String> = cells.map(|cell| markdown::text(&cell)).collect();
            cells.push(markdown::sentences(&row.workloads));
            cells.push(markdown::sentences(&beyond(row)));
            cells
        });
        let rows: Vec<_> = rows.collect();
        if rows.is_empty() {
            return String::new();
        }
        markdown::table(&NODE_HEADER, &rows)
    }

    fn nodes(&self) -> Lines {
        let rows = self.node_roles.iter().flatten().map(|row| {
            let mut cells = node_cells(row);
            cells.push(some(&row.workloads));
            cells.push(beyond(row).join("; "));
            cells
        });
        let header = NODE_HEADER.map(str::to_uppercase);
        columns(&header.each_ref().map(String::as_str), rows)
    }
}

const NODE_HEADER: [&str; 6] = [
    "Node role",
    "From",
    "Nodes",
    "Reached by",
    "Workloads with nothing else",
    "Beyond what nodes need",
];

fn node_cells(row: &NodeRoleRow) -> Vec<String> {
    let sources: Vec<&str> = row.sources.iter().map(String::as_str).collect();
    let reach = match row.reached_by {
        Some(reach) => reach.words(),
        None if row.nodes == 0 => "-",
        None => "unknown",
    };
    vec![
        row.role_arn.clone(),
        sources.join(", "),
        row.nodes.to_string(),
        reach.to_owned(),
    ]
}

/// A sentence for each statement, then what else is to be known.
fn beyond(row: &NodeRoleRow) -> Vec<String> {
    let told = row.beyond.iter().flatten().flat_map(|beyond| {
        let name = beyond.policy.rsplit('/').next().unwrap_or_default();
        let words = beyond.in_words.iter();
        words.map(move |words| format!("{name} {words}"))
    });
    let mut told: Vec<String> = told.collect();
    if row.beyond.as_ref().is_some_and(Vec::is_empty) {
        told.push("nothing".to_owned());
    }
    told.extend(row.notes.iter().cloned());
    told
}

/// The first three of many.
fn some(all: &[String]) -> String {
    match all.len() {
        0 => "-".to_owned(),
        1..=3 => all.join(", "),
        count => format!("{} and {} more", all[..3].join(", "), count - 3),
    }
}

impl View for MoveRows {
    fn document(&self) -> impl Serialize {
        let items = self.rows.iter().map(|row| {
            let mut item = json!(row);
            item["command"] = json!(self.command(row));
            item
        });
        let items = MoveItems {
            items: items.collect(),
            node_roles: self.node_roles.as_deref(),
        };
        Document::of("MigrationScan", items)
    }

    fn table(&self, _: Width) -> Lines {
        let parts = [self.workloads(), self.nodes()].into_iter();
        let parts: Vec<Lines> = parts.filter(|it| !it.is_empty()).collect();
        apart(&parts)
    }

    fn names(&self) -> Vec<String> {
        let names = self.rows.iter();
        names
            .map(|row| format!("{}/{}/{}", row.namespace, row.kind.to_lowercase(), row.name))
            .collect()
    }

    fn markdown(&self) -> String {
        let parts = [self.workloads_in_markdown(), self.nodes_in_markdown()];
        let parts: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
        if parts.is_empty() {
            return NOTHING.to_owned();
        }
        parts.join("\n")
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
        let items = MoveItems {
            items,
            node_roles: None,
        };
        Document::of("MigrationStatus", items)
    }

    fn table(&self, _: Width) -> Lines {
        let header = ["NAMESPACE", "NAME", "STATE", "NEW PODS", "PODS", "ROLE ARN"];
        let rows = self.0.iter().map(|it| {
            let role = Cell::role(it.role_arn.as_deref().unwrap_or_default());
            let cells = it.cells().map(Cell::from).into_iter();
            cells.chain([role]).collect::<Vec<_>>()
        });
        columns(&header, rows)
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
            let role = it.role_arn.clone().unwrap_or_default();
            let cells = it.cells().into_iter().chain([role]);
            cells.map(|cell| markdown::text(&cell)).collect()
        });
        markdown::table(&header, &rows.collect::<Vec<_>>())
    }
}

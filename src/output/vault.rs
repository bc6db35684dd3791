//! What comes of what HashiCorp Vault gives.

use serde::Serialize;

use super::cells::{Lines, line};
use super::{Document, NOTHING, View, Width, columns, markdown};
use crate::plan::vault::VaultRow;

/// A row for each service account that has AWS credentials from Vault.
pub struct VaultRows(pub Vec<VaultRow>);

#[derive(Serialize)]
struct VaultItems<'a> {
    items: &'a [VaultRow],
}

impl VaultRows {
    fn cells(row: &VaultRow) -> Vec<String> {
        vec![
            row.namespace.clone(),
            row.name.clone(),
            row.engine_roles.join(", "),
            row.result.word().to_owned(),
        ]
    }

    /// Why it is not in the file, what is not in its entry, and what its workloads need no more.
    fn told(row: &VaultRow) -> Vec<String> {
        let drops = row.drops.iter().map(|it| {
            format!(
                "{} needs no more: {}",
                it.workload,
                it.annotations.join(", ")
            )
        });
        let words = row.reasons.iter().chain(&row.notes);
        words.cloned().chain(drops).collect()
    }
}

impl View for VaultRows {
    fn document(&self) -> impl Serialize {
        Document::of("VaultImport", VaultItems { items: &self.0 })
    }

    /// Under each service account what is to be known of it.
    fn table(&self, _: Width) -> Lines {
        let header = ["NAMESPACE", "NAME", "VAULT ROLES", "RESULT"];
        let mut table = columns(&header, self.0.iter().map(Self::cells)).into_iter();
        let mut lines: Lines = table.next().into_iter().collect();
        for (cells, row) in table.zip(&self.0) {
            lines.push(cells);
            let told = Self::told(row).into_iter();
            lines.extend(told.map(|told| line(format!("    {told}"))));
        }
        lines
    }

    fn names(&self) -> Vec<String> {
        let rows = self.0.iter();
        rows.map(|row| format!("{}/{}", row.namespace, row.name))
            .collect()
    }

    fn markdown(&self) -> String {
        if self.0.is_empty() {
            return NOTHING.to_owned();
        }
        let rows = self.0.iter().map(|row| {
            let cells = Self::cells(row).into_iter();
            let mut cells: Vec<String> = cells.map(|cell| markdown::text(&cell)).collect();
            cells.push(markdown::sentences(&Self::told(row)));
            cells
        });
        let header = [
            "Namespace",
            "Name",
            "Vault roles",
            "Result",
            "What is to be known",
        ];
        markdown::table(&header, &rows.collect::<Vec<_>>())
    }
}

//! Which service accounts roles let in.

use serde::Serialize;

use super::cells::Lines;
use super::{Document, NOTHING, View, Width, columns, markdown};
use crate::plan::trust::TrustRow;

/// A row for each role and provider.
pub struct TrustRows(pub Vec<TrustRow>);

#[derive(Serialize)]
struct TrustItems<'a> {
    items: &'a [TrustRow],
}

const HEADER: [&str; 7] = [
    "Role",
    "Issuer",
    "Subjects",
    "Audiences",
    "Besides",
    "Size",
    "Room for",
];

fn cells(row: &TrustRow) -> Vec<String> {
    vec![
        row.role.clone(),
        row.issuer.clone(),
        row.subjects.join(","),
        row.audiences.join(","),
        match row.further.as_slice() {
            [] => "-".to_owned(),
            further => further.join("; "),
        },
        format!("{}/{}", row.size, row.quota),
        format!("{} more", row.room),
    ]
}

impl View for TrustRows {
    fn document(&self) -> impl Serialize {
        Document::of("TrustList", TrustItems { items: &self.0 })
    }

    fn table(&self, _: Width) -> Lines {
        let header = HEADER.map(str::to_uppercase);
        let header = header.each_ref().map(String::as_str);
        columns(&header, self.0.iter().map(cells))
    }

    fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = self.0.iter().map(|row| row.role_arn.to_string()).collect();
        names.dedup();
        names
    }

    fn markdown(&self) -> String {
        if self.0.is_empty() {
            return NOTHING.to_owned();
        }
        let rows = self.0.iter().map(|row| {
            let cells = cells(row).into_iter();
            cells.map(|cell| markdown::text(&cell)).collect()
        });
        markdown::table(&HEADER, &rows.collect::<Vec<_>>())
    }
}

//! What people read, as lines of cells. In which colour a part is, and what gives way where the terminal is
//! narrow, is said where the part is made, and not looked for in a finished text.

use anstyle::{AnsiColor, Style};

use crate::model::{RoleArn, shown_in_line};
use crate::secrets::redacted;

/// Each of the cells that follow one another in it.
pub type Lines = Vec<Vec<Cell>>;

/// A part of a line.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cell {
    /// What others wrote in it makes no lines of its own.
    text: String,
    style: Style,
    /// Of the role whose ARN it is.
    name: Option<String>,
    /// Blanks up to the next column.
    gap: usize,
}

impl Cell {
    /// A cell in a colour of the terminal; `None`: in its own.
    pub fn colored(text: impl Into<Self>, color: impl Into<Option<AnsiColor>>) -> Self {
        Self {
            style: Style::new().fg_color(color.into().map(Into::into)),
            ..text.into()
        }
    }

    /// A role's ARN, or what stands in its place.
    pub fn role(arn: &str) -> Self {
        let role = arn.parse::<RoleArn>().ok();
        Self {
            name: role.map(|role| role.name().to_owned()),
            ..arn.into()
        }
    }

    fn width(&self) -> usize {
        self.text.chars().count()
    }

    fn redacted(&self) -> Self {
        Self {
            text: shown_in_line(&redacted(&self.text)),
            name: self.name.as_deref().map(redacted),
            ..*self
        }
    }

    fn painted(&self) -> String {
        let Self { text, style, .. } = self;
        format!("{style}{text}{style:#}{:gap$}", "", gap = self.gap)
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self {
            text: shown_in_line(text),
            ..Self::default()
        }
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

/// A line of one cell.
pub fn line(text: impl Into<Cell>) -> Vec<Cell> {
    vec![text.into()]
}

/// A text of several lines, as it is.
pub fn lines(text: &str) -> Lines {
    text.lines().map(line).collect()
}

/// Parts with an empty line between them.
pub fn apart(parts: &[Lines]) -> Lines {
    parts.join(&Vec::new())
}

/// Upper-case header and rows, each of one line, columns apart by three blanks, as kubectl. Nothing, where there
/// are no rows.
pub fn columns<C: Into<Cell>>(header: &[&str], rows: impl IntoIterator<Item = Vec<C>>) -> Lines {
    let header: Vec<Cell> = header.iter().copied().map(Cell::from).collect();
    let rows = rows.into_iter();
    let rows = rows.map(|row| row.into_iter().map(Into::into).collect());
    let mut lines: Lines = std::iter::once(header).chain(rows).collect();
    if lines.len() == 1 {
        return Lines::new();
    }
    let widths: Vec<usize> = (0..lines[0].len())
        .map(|column| lines.iter().map(|line| line[column].width()).max())
        .map(Option::unwrap_or_default)
        .collect();
    for line in &mut lines {
        for (cell, width) in line.iter_mut().zip(&widths) {
            cell.gap = width - cell.width() + 3;
        }
        // No line ends with blanks.
        while line
            .pop_if(|cell| cell.text.trim_end().is_empty())
            .is_some()
        {}
        if let Some(last) = line.last_mut() {
            last.text.truncate(last.text.trim_end().len());
            last.gap = 0;
        }
    }
    lines
}

/// A line as text alone.
pub fn text(line: &[Cell]) -> String {
    let cells = line.iter();
    cells
        .map(|cell| format!("{}{:gap$}", cell.text, "", gap = cell.gap))
        .collect()
}

/// Lines in their colours. `terminal`: how many columns it has.
pub fn painted(lines: &Lines, terminal: Option<usize>) -> String {
    let lines = lines.iter().map(|line| {
        let mut line: Vec<Cell> = line.iter().map(Cell::redacted).collect();
        if let Some(columns) = terminal {
            fit(&mut line, columns);
        }
        let cells = line.iter().map(Cell::painted);
        cells.collect::<String>() + "\n"
    });
    lines.collect()
}

/// A line that ends with a role's ARN and is wider than the terminal, with the role's name in the place
/// of the ARN; of a long name the middle goes, as its end tells roles apart.
fn fit(line: &mut [Cell], columns: usize) {
    let width: usize = line.iter().map(|cell| cell.width() + cell.gap).sum();
    let Some(last) = line.last_mut().filter(|_| width > columns) else {
        return;
    };
    let Some(name) = &last.name else {
        return;
    };
    // Below that nothing can be told apart.
    let room = columns.saturating_sub(width - last.width()).max(20);
    let length = name.chars().count();
    last.text = if length > room {
        let (first, last) = ((room - 1) / 2, room / 2);
        let start = name.chars().take(first);
        let rest = name.chars().skip(length - last);
        start.chain(['…']).chain(rest).collect()
    } else {
        name.clone()
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_fit_ends_with_the_roles_name() {
        let arn = |role: &str| format!("arn:aws:iam::111122223333:role/{role}");
        let name = "eksctl-demo-addon-iamserviceaccount-web-api-Role1-UCOMI3MLU7GU";
        for (last, terminal, wanted) in [
            (arn("short"), 80, arn("short")),
            (arn("path/short"), 40, "short".to_owned()),
            (arn(name), 80, name.to_owned()),
            (arn(name), 40, "eksctl-demo-a…1-UCOMI3MLU7GU".to_owned()),
            (arn(name), 5, "eksctl-de…OMI3MLU7GU".to_owned()),
            ("arn:b c".to_owned(), 3, "arn:b c".to_owned()),
        ] {
            let rows = [vec!["web".into(), "api".into(), Cell::role(&last)]];
            let shown = painted(&columns(&["", "", ""], rows), Some(terminal));
            assert_eq!(shown, format!("\nweb   api   {wanted}\n"), "{terminal}");
        }
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [
            vec![Cell::colored("a", AnsiColor::Red), "b".into()],
            vec!["long-name".into(), Cell::colored("", AnsiColor::Red)],
        ];
        assert_eq!(
            painted(&columns(&["NAME", "ROLE"], rows), None),
            "NAME        ROLE\n\u{1b}[31ma\u{1b}[0m           b\nlong-name\n"
        );
    }
}

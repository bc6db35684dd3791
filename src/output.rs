//! What the user reads: results on stdout in the asked format; headings, notes, warnings, errors and
//! hints on stderr. The only place that knows the formats.

use std::io::{IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use clap::ValueEnum;
use serde::Serialize;

use crate::error::Error;
use crate::model::{
    Connection, Fix, is_command, is_hidden, shown, shown_in_json, shown_in_line,
    shown_in_quoted_yaml,
};
use crate::secrets::{self, redacted};

mod accounts;
mod associations;
mod audit;
mod cells;
mod health;
mod markdown;
mod migrate;
mod proof;
mod schema;
mod trust;
mod usage;
mod vault;
mod views;

use cells::Lines;

pub use accounts::Accounts;
pub use associations::AssociationList;
pub use audit::Audit;
pub use cells::{columns, painted};
pub use health::{Detail, Explanation, Explanations, Health};
pub use migrate::{MoveRows, MoveStates};
pub use proof::{ProofView, TokenView, remarks};
pub use schema::SchemaView;
pub use trust::TrustRows;
pub use usage::UsageRows;
pub use vault::VaultRows;
pub use views::{Chains, Manifest, Outcomes, PlanView};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
    Markdown,
}

/// Version of the documents that are irsactl's own.
const API_VERSION: &str = "irsactl/v1";

/// A document of irsactl's own: its kind, and what stands in it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Document<T> {
    api_version: &'static str,
    kind: &'static str,
    #[serde(flatten)]
    body: T,
}

impl<T: Serialize> Document<T> {
    fn of(kind: &'static str, body: T) -> Self {
        Self {
            api_version: API_VERSION,
            kind,
            body,
        }
    }
}

/// What a list that is empty is in Markdown, which is never empty.
const NOTHING: &str = "Nothing found.\n";

/// Something that can be printed, for machines and for people.
pub trait View {
    /// For machines.
    fn document(&self) -> impl Serialize;

    /// For people on a terminal; what has no lines prints nothing.
    fn table(&self, width: Width) -> Lines;
    /// One name a line.
    fn names(&self) -> Vec<String>;
    /// For a pull request or a step summary; never empty.
    fn markdown(&self) -> String {
        markdown::lines(&self.table(Width::Wide))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    Normal,
    Wide,
}

/// How results are printed, and whether anything but results and errors is.
#[derive(Clone, Copy, Debug)]
pub struct Output {
    pub format: Format,
    pub quiet: bool,
}

impl Output {
    /// Prints a result to stdout.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn print(self, view: &impl View) -> Result<(), Error> {
        let text = match self.format {
            Format::Table => return print_painted(view, Width::Normal),
            Format::Wide => return print_painted(view, Width::Wide),
            Format::Markdown => view.markdown(),
            Format::Json => json(&view.document())?,
            Format::Yaml => yaml(&view.document())?,
            Format::Name => view
                .names()
                .iter()
                .map(|name| shown_in_line(name) + "\n")
                .collect(),
        };
        print(&text)
    }

    /// A sentence for people, on stderr.
    pub fn say(self, text: &str) {
        self.tell("", text);
    }

    /// On stderr, with `warning: ` before it; not with `--quiet`.
    pub fn warn(self, text: &str) {
        self.tell(&(styled("warning", AnsiColor::Yellow) + ": "), text);
    }

    /// On stderr, with `note: ` before it; not with `--quiet`.
    pub fn note(self, text: &str) {
        self.tell(&(styled("note", AnsiColor::Cyan) + ": "), text);
    }

    fn tell(self, word: &str, text: &str) {
        if !self.quiet {
            write_error(&format!("{word}{}\n", shown(&redacted(text))));
        }
    }
}

/// Indented by four, as eksctl's.
///
/// # Errors
/// When it cannot be said in JSON.
pub fn json(view: &impl Serialize) -> Result<String, Error> {
    Ok(shown_in_json(&plain_json(view)?))
}

fn plain_json(view: &impl Serialize) -> Result<String, Error> {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(b"    ");
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, formatter);
    view.serialize(&mut serializer)
        .map_err(std::io::Error::from)?;
    bytes.push(b'\n');
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Long texts stay on one line, so that an ARN can be found by its text.
///
/// # Errors
/// When it cannot be said in YAML.
pub fn yaml(view: &impl Serialize) -> Result<String, Error> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let text = serde_saphyr::to_string_with_options(view, options)
        .map_err(|error| std::io::Error::other(error.to_string()))?;
    // Only strings between double quotes have escapes: those of JSON, which is YAML too.
    let is_plain = |line: &str| !line.contains(is_hidden) && !is_command(line);
    if text.lines().all(is_plain) {
        return Ok(text);
    }
    Ok(shown_in_quoted_yaml(&plain_json(view)?))
}

/// Writes a whole text to stdout at once. That its reader went away is no failure, and must not hide
/// one: the work goes on.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(text: &str) -> Result<(), Error> {
    write(std::io::stdout().lock(), text)
}

/// The same of a table: with colours, where they are wanted, and no wider than the terminal.
fn print_painted(view: &impl View, width: Width) -> Result<(), Error> {
    let size = terminal_size::terminal_size_of(std::io::stdout());
    let text = painted(&view.table(width), size.map(|(width, _)| width.0.into()));
    write(anstream::stdout().lock(), &text)
}

fn write(mut stdout: impl Write, text: &str) -> Result<(), Error> {
    match stdout
        .write_all(secrets::hidden(text).as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Asks on the terminal. `None`, where there is none, or nobody answers.
pub fn ask(question: &str) -> Option<String> {
    if !std::io::stdin().is_terminal() || !std::io::stderr().is_terminal() {
        return None;
    }
    write_error(&shown(question));
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer).ok()?;
    Some(answer)
}

/// Reports a failure: its text and causes, then the hints. The run's own flags are added to the
/// commands of the hints, so that they can be pasted. Of several failures a hint that is the same for
/// more than one stands once, in the end. `leaves`: whether the command can leave the ServiceAccount to
/// others.
pub fn report(error: &Error, connection: &Connection, leaves: bool) {
    let errors = single(error);
    let hints = |error: &Error| {
        let mut hints = error.hints();
        hints.retain(|hint| leaves || !hint.is_role_only());
        hints
    };
    let all: Vec<Fix> = errors.iter().flat_map(|error| hints(error)).collect();
    let is_shared = |hint: &Fix| all.iter().filter(|other| *other == hint).count() > 1;
    let told = |hint: &Fix| {
        let word = styled("hint", AnsiColor::Green);
        let hint = hint.clone().with(connection).to_string();
        format!("{word}: {}\n", shown(&redacted(&hint)))
    };
    let mut text = String::new();
    let mut shared: Vec<Fix> = Vec::new();
    for error in errors {
        let word = styled("error", AnsiColor::Red);
        text.push_str(&format!(
            "{word}: {}\n",
            shown(&redacted(&error.to_string()))
        ));
        for hint in hints(error) {
            if !is_shared(&hint) {
                text.push_str(&told(&hint));
            } else if !shared.contains(&hint) {
                shared.push(hint);
            }
        }
    }
    text.extend(shared.iter().map(told));
    write_error(&text);
}

fn single(error: &Error) -> Vec<&Error> {
    match error {
        Error::Several(errors) => errors.iter().flat_map(single).collect(),
        error => vec![error],
    }
}

/// That stderr is gone is nothing to tell anyone.
fn write_error(text: &str) {
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes());
    let _ = stderr.flush();
}

fn styled(word: &str, color: AnsiColor) -> String {
    let style = Style::new().bold().fg_color(Some(color.into()));
    format!("{style}{word}{style:#}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn yaml_hides_nothing_of_others() {
        for text in [
            "\u{202e}a",
            "a\u{9b}b",
            "\u{1b}[2J",
            "\u{200b}",
            "a\nb",
            "a\u{2028}b",
            "'\u{ad}",
            "\u{e0041}",
            "k\u{202e}\\: 'x' \"y\"",
            "::add-mask::a",
            "a ##vso[b]",
        ] {
            let value = serde_json::json!({"a": [text], "list": {"b": text, text: "c"}});
            let yaml = yaml(&value).expect("YAML");
            assert!(
                yaml.lines().all(|line| line == shown_in_line(line)),
                "{yaml}"
            );
            let read: serde_json::Value = serde_saphyr::from_str(&yaml).expect("YAML");
            assert_eq!(read, value, "{yaml}");
        }
    }
}

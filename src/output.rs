//! What the user reads: results on stdout in the asked format; headings, notes, warnings, errors and
//! hints on stderr. The only place that knows the formats.

use std::io::Write;

use anstyle::{AnsiColor, Style};
use serde::Serialize;

use crate::cli;
use crate::error::Error;

mod health;
mod proof;
mod views;

pub use health::{Detail, Explanation, Explanations, Health};
pub use proof::{ProofView, TokenView, remarks};
pub use views::{Accounts, Chains, Manifest, Outcomes, PlanView};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
}

impl From<cli::Format> for Format {
    fn from(format: cli::Format) -> Self {
        match format {
            cli::Format::Table => Self::Table,
            cli::Format::Json => Self::Json,
            cli::Format::Yaml => Self::Yaml,
            cli::Format::Name => Self::Name,
        }
    }
}

impl From<cli::WideFormat> for Format {
    fn from(format: cli::WideFormat) -> Self {
        match format {
            cli::WideFormat::Table => Self::Table,
            cli::WideFormat::Wide => Self::Wide,
            cli::WideFormat::Json => Self::Json,
            cli::WideFormat::Yaml => Self::Yaml,
            cli::WideFormat::Name => Self::Name,
        }
    }
}

/// Something that can be printed: by serde for machines, by these for people.
pub trait View: Serialize {
    /// Empty text prints nothing.
    fn table(&self, width: Width) -> String;
    /// One name a line.
    fn names(&self) -> Vec<String>;
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
            Format::Table => view.table(Width::Normal),
            Format::Wide => view.table(Width::Wide),
            Format::Json => json(view)?,
            Format::Yaml => yaml(view)?,
            Format::Name => view
                .names()
                .iter()
                .map(|name| format!("{name}\n"))
                .collect(),
        };
        print(&text)
    }

    /// A sentence for people, on stderr.
    pub fn say(self, text: &str) {
        if !self.quiet {
            write_error(&format!("{text}\n"));
        }
    }

    pub fn warn(self, text: &str) {
        self.say(&format!(
            "{}: {text}",
            styled("warning", AnsiColor::Yellow),
            text = harmless(text)
        ));
    }

    pub fn note(self, text: &str) {
        self.say(&format!(
            "{}: {text}",
            styled("note", AnsiColor::Cyan),
            text = harmless(text)
        ));
    }
}

/// Indented by four, as eksctl's.
///
/// # Errors
/// When it cannot be said in JSON.
pub fn json(view: &impl Serialize) -> Result<String, Error> {
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
    serde_saphyr::to_string_with_options(view, options)
        .map_err(|error| std::io::Error::other(error.to_string()).into())
}

/// Writes a whole text to stdout at once. That its reader went away is no failure, and must not hide
/// one: the work goes on.
///
/// # Errors
/// When stdout cannot be written.
pub fn print(text: &str) -> Result<(), Error> {
    let mut stdout = std::io::stdout().lock();
    match stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush())
    {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(error.into()),
        _ => Ok(()),
    }
}

/// Reports a failure: its text and causes, then the hints. `flags` (region, profile) are added to the
/// commands of the hints, so that they can be pasted.
pub fn report(error: &Error, flags: &str) {
    if let Error::Several(errors) = error {
        for error in errors {
            report(error, flags);
        }
        return;
    }
    let told = harmless(&error.to_string());
    let mut text = format!("{}: {told}\n", styled("error", AnsiColor::Red));
    for hint in error.hints() {
        text.push_str(&format!(
            "{}: {}\n",
            styled("hint", AnsiColor::Green),
            with_flags(&harmless(&hint), flags)
        ));
    }
    write_error(&text);
}

/// Without what could steer a terminal: errors quote servers and proxies.
fn harmless(text: &str) -> String {
    text.replace(|c: char| c.is_control() && c != '\n', "\u{fffd}")
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

/// Puts the flags behind every `irsactl …` and `aws …` command in backticks, but for those that it has.
fn with_flags(hint: &str, flags: &str) -> String {
    let pieces = hint.split('`').enumerate().map(|(index, piece)| {
        let is_command = piece.starts_with("irsactl ") || takes_flags(piece);
        if index % 2 == 0 || !is_command {
            return piece.to_owned();
        }
        let flags = flags.split(" --").skip(1);
        let missing = flags.filter(|flag| {
            let name = flag.split(' ').next().unwrap_or(flag);
            !piece.contains(&format!(" --{name}"))
        });
        missing.fold(piece.to_owned(), |piece, flag| format!("{piece} --{flag}"))
    });
    pieces.collect::<Vec<_>>().join("`")
}

/// `aws configure` is there to mend the flags themselves.
fn takes_flags(command: &str) -> bool {
    command.starts_with("aws ") && !command.starts_with("aws configure")
}

/// What to do about a finding, with the flags of the run behind each command: it is a command, with a
/// remark behind `#` or without, or a sentence with commands in backticks.
pub fn pasteable(fix: &str, aws: &str, kubernetes: &str) -> String {
    let programs = ["irsactl ", "aws ", "kubectl "];
    if !programs.iter().any(|program| fix.starts_with(program)) {
        return with_flags(fix, aws);
    }
    let (commands, remark) = match fix.split_once("   # ") {
        Some((commands, remark)) => (commands, format!("   # {remark}")),
        None => (fix, String::new()),
    };
    let commands = commands.split(" && ").map(|command| {
        let flags = match command.starts_with("kubectl ") {
            true => kubernetes,
            false => aws,
        };
        format!("{command}{flags}")
    });
    commands.collect::<Vec<_>>().join(" && ") + &remark
}

/// Upper-case header and rows, columns apart by three blanks, as kubectl.
pub fn columns(header: &[&str], rows: &[Vec<String>]) -> String {
    let widths: Vec<usize> = (0..header.len())
        .map(|column| {
            let cells = rows.iter().map(|row| row[column].chars().count());
            cells
                .chain([header[column].len()])
                .max()
                .unwrap_or_default()
        })
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell:width$}"))
            .collect();
        format!("{}\n", padded.join("   ").trim_end())
    };
    let mut text = line(header.to_vec());
    for row in rows {
        text.push_str(&line(row.iter().map(String::as_str).collect()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = vec![
            vec!["a".to_owned(), "b".to_owned()],
            vec!["long-name".to_owned(), String::new()],
        ];
        assert_eq!(
            columns(&["NAME", "ROLE"], &rows),
            "NAME        ROLE\na           b\nlong-name\n"
        );
    }

    #[test]
    fn hints_carry_the_flags_of_the_run() {
        for (hint, wanted) in [
            (
                "run `irsactl get sa` or `aws sts`",
                "run `irsactl get sa --region eu-west-1 --profile a` or `aws sts --region eu-west-1 --profile a`",
            ),
            (
                "`aws eks list-clusters --region us-east-1`",
                "`aws eks list-clusters --region us-east-1 --profile a`",
            ),
            (
                "`aws configure list-profiles` and `kubectl get sa`",
                "`aws configure list-profiles` and `kubectl get sa`",
            ),
        ] {
            assert_eq!(with_flags(hint, " --region eu-west-1 --profile a"), wanted);
        }
    }
}

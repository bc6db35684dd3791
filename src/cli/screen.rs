//! What goes to the terminal, and how: flags that every command has.

use clap::{ArgAction, Args, ValueEnum};

use crate::output;

/// How the terminal is used.
#[derive(Args, Clone, Copy, Debug)]
pub struct Screen {
    /// Print results and errors only
    #[arg(
        short,
        long,
        global = true,
        conflicts_with = "verbose",
        help_heading = "Output",
        display_order = 1001
    )]
    pub quiet: bool,
    /// Log more to stderr: -v what is done, -vv every call, -vvv everything
    #[arg(short, long, global = true, action = ArgAction::Count, help_heading = "Output", display_order = 1002)]
    pub verbose: u8,
    /// Colour the output
    #[arg(
        short = 'C',
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Output",
        display_order = 1003
    )]
    pub color: Color,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Color {
    Auto,
    #[value(aliases = ["true", "fabulous"])]
    Always,
    #[value(alias = "false")]
    Never,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PlainFormat {
    Table,
    Json,
    Yaml,
    Name,
    Markdown,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WideFormat {
    Table,
    Wide,
    Json,
    Yaml,
    Name,
    Markdown,
}

impl From<PlainFormat> for output::Format {
    fn from(format: PlainFormat) -> Self {
        match format {
            PlainFormat::Table => Self::Table,
            PlainFormat::Json => Self::Json,
            PlainFormat::Yaml => Self::Yaml,
            PlainFormat::Name => Self::Name,
            PlainFormat::Markdown => Self::Markdown,
        }
    }
}

impl From<WideFormat> for output::Format {
    fn from(format: WideFormat) -> Self {
        match format {
            WideFormat::Table => Self::Table,
            WideFormat::Wide => Self::Wide,
            WideFormat::Json => Self::Json,
            WideFormat::Yaml => Self::Yaml,
            WideFormat::Name => Self::Name,
            WideFormat::Markdown => Self::Markdown,
        }
    }
}

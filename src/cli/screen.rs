//! What goes to the terminal, and how: flags that every command has.

use clap::builder::PossibleValue;
use clap::{ArgAction, Args, ValueEnum};

use crate::output::Format;

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

/// All but `wide`.
#[derive(Clone, Copy, Debug)]
pub struct PlainFormat(Format);

impl ValueEnum for PlainFormat {
    fn value_variants<'a>() -> &'a [Self] {
        &[
            Self(Format::Table),
            Self(Format::Json),
            Self(Format::Yaml),
            Self(Format::Name),
            Self(Format::Markdown),
        ]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        self.0.to_possible_value()
    }
}

impl From<PlainFormat> for Format {
    fn from(format: PlainFormat) -> Self {
        format.0
    }
}

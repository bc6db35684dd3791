//! `explain`: what a config file may say. Offline.

use crate::cli::{Explain, Screen};
use crate::config::Schema;
use crate::error::Error;
use crate::output::{Output, SchemaView};
use crate::run::Exit;

/// Prints the part of the schema that FIELD names. Refuses a field that there is not.
pub fn run(args: &Explain, screen: Screen) -> Result<Exit, Error> {
    let schema =
        Schema::at(&args.field).map_err(|rule| Error::usage("FIELD", &args.field, rule))?;
    let output = Output {
        format: args.output.into(),
        quiet: screen.quiet,
    };
    output.print(&SchemaView {
        schema,
        is_recursive: args.recursive,
    })?;
    Ok(Exit::Done)
}

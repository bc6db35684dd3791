//! `completion`: the script that completes irsactl's command line in a shell.

use clap::CommandFactory;

use super::Exit;
use crate::cli::{Cli, Completion};
use crate::error::Error;
use crate::output;

pub fn run(args: &Completion) -> Result<Exit, Error> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "irsactl", &mut script);
    output::print(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Done)
}

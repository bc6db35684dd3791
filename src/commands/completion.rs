//! `completion`: the script that completes irsactl's command line in a shell, and what it asks for.

use clap::CommandFactory;

use crate::cli::{Cli, Complete, Completion, Shell};
use crate::error::Error;
use crate::run::Exit;
use crate::{complete, output};

/// Prints the shell's script, which is part of the program. Asks nothing.
pub fn run(args: &Completion) -> Result<Exit, Error> {
    output::print(match args.shell {
        Shell::Bash => include_str!("../../completions/irsactl.bash"),
        Shell::Elvish => include_str!("../../completions/irsactl.elv"),
        Shell::Fish => include_str!("../../completions/irsactl.fish"),
        Shell::Powershell => include_str!("../../completions/_irsactl.ps1"),
        Shell::Zsh => include_str!("../../completions/_irsactl"),
    })?;
    Ok(Exit::Done)
}

/// What the scripts call: prints what may come next after these words.
pub fn offer(args: &Complete) -> Result<Exit, Error> {
    output::print(&complete::offers(Cli::command(), args.words.clone()))?;
    Ok(Exit::Done)
}

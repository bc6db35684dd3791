//! irsactl: from the command line to the exit status.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::process::ExitCode;

use clap::FromArgMatches;
use cli::{Cli, Command};
use error::Error;
use interruption::Interruption;
use progress::Running;
use run::Exit;

mod apply;
mod asked;
mod aws;
mod cli;
mod commands;
mod complete;
mod config;
mod diagnose;
mod endpoint;
mod error;
mod files;
#[cfg(test)]
mod fuzz;
mod interruption;
mod issuer;
mod kubernetes;
mod logging;
mod man;
mod model;
mod network;
mod observe;
mod output;
mod pages;
mod permissions;
mod plan;
mod policy;
mod progress;
mod proof;
mod proxy;
mod render;
mod run;
mod secrets;
mod template;
mod token;
mod vault;
mod vault_policy;
mod waiting;
mod world;

fn main() -> ExitCode {
    aws::start_without_empty_variables();
    secrets::remember_environment();
    let arguments = cli::arguments(std::env::args_os());
    let mut cli = read(arguments);
    let running = Running::default();
    let mut interruption = Interruption::default();
    if !matches!(cli.command, Command::Complete(_)) {
        interruption = interruption::watch(running.clone());
        logging::start(cli.screen);
    }
    let result = match &cli.command {
        Command::Complete(args) => commands::offer(args),
        _ => run(&mut cli, &running, &interruption),
    };
    match result {
        Ok(Exit::Done) => ExitCode::SUCCESS,
        Ok(Exit::Unhealthy) => ExitCode::FAILURE,
        Ok(Exit::Pending) => ExitCode::from(3),
        Err(error) => {
            // A config file has put its region there.
            let leaves = cli.command.can_leave_service_accounts();
            output::report(&error, &cli.command.connection(), leaves);
            error.exit_code().into()
        }
    }
}

/// Reads the command line; help, version and mistakes end the program.
fn read(arguments: Vec<OsString>) -> Cli {
    let mut command = cli::program().color(cli::color(&arguments));
    let mut matches = |words| {
        let matches = command.try_get_matches_from_mut(words);
        matches.unwrap_or_else(|error| end(&cli::in_house_words(error, &command)))
    };
    let cli = Cli::from_arg_matches(&matches(arguments)).unwrap_or_else(|error| end(&error));
    if let Some(words) = cli.command.as_flag() {
        matches(words.into_iter().map(OsString::from).collect());
    }
    cli
}

/// Prints help, the version, or a mistake. What cannot be written is a failure, but for a closed pipe.
fn end(told: &clap::Error) -> ! {
    let lost = told
        .print()
        .is_err_and(|why| why.kind() != ErrorKind::BrokenPipe);
    let status = if lost && !told.use_stderr() {
        1
    } else {
        told.exit_code()
    };
    std::process::exit(status)
}

/// Runs a command, until it ends or a signal interrupts.
fn run(cli: &mut Cli, running: &Running, interruption: &Interruption) -> Result<Exit, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let mut signals = interruption.subscribe();
    let result = runtime.block_on(async {
        let run = commands::run(&mut cli.command, cli.screen, running.clone());
        tokio::select! {
            result = run => result.map_err(|error| running.stopped(error)),
            signal = interruption::first(&mut signals) => Err(running.interrupted(signal)),
        }
    });
    // Whoever is asked at a terminal, or for an address, may never answer.
    runtime.shutdown_background();
    result
}

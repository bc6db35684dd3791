//! `doctor --explain`: what a check is about, without any call.

use crate::cli::{self, Screen};
use crate::diagnose;
use crate::error::Error;
use crate::output::{Explanation, Explanations, Output};
use crate::run::Exit;

/// One check by its id, or all of them where none is named.
pub fn explain(args: &cli::Doctor, screen: Screen) -> Result<Exit, Error> {
    let id = args.explain.as_deref().unwrap_or_default();
    let output = Output {
        format: args.output.into(),
        quiet: screen.quiet,
    };
    if id.is_empty() {
        output.print(&Explanations)?;
        return Ok(Exit::Done);
    }
    let check = diagnose::check(id).ok_or_else(|| unknown_check(id))?;
    output.print(&Explanation(check))?;
    Ok(Exit::Done)
}

fn unknown_check(id: &str) -> Error {
    let all = diagnose::checks().map(|check| check.id);
    let meant = crate::model::nearest(id, all)
        .map(|nearest| format!("; did you mean \"{nearest}\"?"))
        .unwrap_or_else(|| ":".to_owned());
    let rule = format!("there is no such check{meant} `irsactl doctor --explain` lists all");
    Error::usage("--explain", id, rule)
}

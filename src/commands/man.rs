//! `man`: writes the manual pages into a folder, and tells which.

use clap::CommandFactory;

use crate::cli::{Cli, ManArgs};
use crate::error::Error;
use crate::run::Exit;
use crate::{files, man, output};

pub fn run(args: &ManArgs) -> Result<Exit, Error> {
    let failed = |path: &std::path::Path, error: std::io::Error| Error::Write {
        what: format!("\"{}\"", path.display()),
        cause: error.to_string(),
    };
    let folder = &args.folder;
    std::fs::create_dir_all(folder).map_err(|error| failed(folder, error))?;
    let mut paths = String::new();
    for page in man::pages(Cli::command())? {
        let path = folder.join(page.file);
        files::replace(&path, &page.text).map_err(|error| failed(&path, error))?;
        paths.push_str(&format!("{}\n", path.display()));
    }
    output::print(&paths)?;
    Ok(Exit::Done)
}

//! The file that is written: which one, and what is in it.

use std::path::Path;

use crate::cli::{MoveArgs, ToIrsaArgs};
use crate::commands::migrate::flags::choosing;
use crate::config::{self, ClusterConfig, FileRemainder};
use crate::error::Error;
use crate::files;
use crate::model::{Cluster, CommandLine, Map, shown_as_value};
use crate::plan::vault::VaultImport;
use crate::run::Context;

/// The file that is to be written.
pub fn checked(args: &ToIrsaArgs) -> Result<&Path, Error> {
    choosing(&args.moved)?;
    refuse_acting(&args.moved)?;
    let Some(path) = &args.vault.write else {
        return Err(Error::Flags(
            "--from vault needs a file to write: `--write FILE`".to_owned(),
        ));
    };
    if path.as_os_str() == "-" {
        return Err(unwritten(
            path,
            "a file is wanted, as stdout has the list of what is in it",
        ));
    }
    if path.symlink_metadata().is_ok() {
        return Err(unwritten(
            path,
            "it is there already: name another file, or remove it",
        ));
    }
    Ok(path)
}

fn refuse_acting(moved: &MoveArgs) -> Result<(), Error> {
    let (approval, mode) = (&moved.approval, moved.deployment.deployment_mode);
    let acting = [
        (approval.approve, "--approve"),
        (approval.dry_run, "--dry-run"),
        (moved.finish, "--finish"),
        (moved.undo, "--undo"),
        (moved.no_proof, "--no-proof"),
        (moved.install_agent, "--install-agent"),
        (moved.patch_workloads, "--patch-workloads"),
        (moved.service_account.is_some(), "--service-account"),
        (mode.is_some(), "--deployment-mode"),
        (approval.detailed_exitcode, "--detailed-exitcode"),
    ];
    match acting.iter().find(|(is_given, _)| *is_given) {
        None => Ok(()),
        Some((_, flag)) => Err(Error::Flags(format!(
            "{flag} does not go with `--from vault`, which writes a file and acts on nothing"
        ))),
    }
}

fn unwritten(path: &Path, cause: impl ToString) -> Error {
    Error::Write {
        what: format!("\"{}\"", path.display()),
        cause: cause.to_string(),
    }
}

/// Writes the accounts as a config file. Without accounts it writes none, and one that is there is a
/// failure.
pub fn write(
    context: &Context,
    path: &Path,
    cluster: &Cluster,
    import: &VaultImport,
) -> Result<(), Error> {
    if import.accounts.is_empty() {
        context
            .output
            .note("no file is written, as no service account could be in it");
        return Ok(());
    }
    let text = config::write(&ClusterConfig {
        cluster: cluster.name.clone(),
        region: context.aws.region.clone(),
        with_oidc: Some(true),
        tags: Map::new(),
        accounts: import.accounts.clone(),
        associations: Vec::new(),
        rest: FileRemainder::default(),
    });
    files::create(path, &text).map_err(|cause| unwritten(path, cause))?;
    let name = path.display().to_string();
    let apply = CommandLine::of("irsactl apply -f {}", &[&name]);
    context.output.say(&format!(
        "wrote {}; what it changes: {apply}",
        shown_as_value(&name)
    ));
    Ok(())
}

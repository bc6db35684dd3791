//! What the flags of a move must say: of which service accounts it is, and where they come from.

use crate::cli::MoveArgs;
use crate::error::Error;
use crate::model::{Origin, Way};
use crate::plan::migrate::Former;
use crate::world::PodWay;

/// # Errors
/// Where it is the one that this leads to, or no move begins there.
pub fn former(args: &MoveArgs, to: Way) -> Result<Former, Error> {
    match args.from {
        None => Ok(Former::Other),
        Some(Origin::Way(from)) if from == to.other() => Ok(Former::Other),
        Some(Origin::Kube2iam) => Ok(Former::Intercepted(PodWay::Kube2iam)),
        Some(Origin::Kiam) => Ok(Former::Intercepted(PodWay::Kiam)),
        Some(Origin::Way(from)) => Err(Error::Flags(format!(
            "--from {from}: that is where this leads; what has {from} moves by `irsactl migrate to-{}`",
            to.other()
        ))),
        Some(Origin::Vault) => Err(Error::Flags(
            "--from vault: that leads to IRSA only, by `irsactl migrate to-irsa`".to_owned(),
        )),
    }
}

/// # Errors
/// Where it is not said which service accounts are meant.
pub fn choosing(args: &MoveArgs) -> Result<(), Error> {
    let choice = &args.choice;
    let narrows = choice.namespace.is_some() || !choice.include.is_empty();
    if !choice.names.is_empty() || args.all || narrows {
        return Ok(());
    }
    let wanted =
        "name service accounts as NAMESPACE/NAME, or say `--all`, `--namespace` or `--include`";
    Err(Error::Flags(wanted.to_owned()))
}

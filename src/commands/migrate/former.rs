//! The way of before that a move is asked to begin at.

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

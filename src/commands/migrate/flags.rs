//! What the flags of a move must say: of which service accounts it is, and where they come from.

use crate::cli::MoveArgs;
use crate::error::Error;
use crate::model::{Namespace, Origin, ServiceAccountName, Way};
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

/// Whether workloads are given service accounts of their own.
///
/// # Errors
/// Where nothing of what is asked needs that, or one name is for several.
pub fn patching(args: &MoveArgs, former: Former) -> Result<bool, Error> {
    let flag = match (args.patch_workloads, &args.service_account) {
        (false, None) => return Ok(false),
        (true, _) => "--patch-workloads",
        (false, Some(_)) => "--service-account",
    };
    let told = |rule: &str| Err(Error::Flags(format!("{flag} {rule}")));
    if former == Former::Other {
        return told("goes with `--from kube2iam` and `--from kiam`");
    }
    if args.finish || args.undo {
        return told(
            "is of the first step: `--finish` and `--undo` do by themselves what follows from it",
        );
    }
    if !args.patch_workloads {
        return told("goes with `--patch-workloads`");
    }
    if args.service_account.is_some() && args.choice.names.len() != 1 {
        return Err(Error::Flags(
            "--service-account names one service account: name the one whose workload is to have it".to_owned(),
        ));
    }
    Ok(true)
}

/// A service account by its namespace and name, or by its name beside `--namespace`.
pub fn named(text: &str, namespace: Option<&Namespace>) -> Result<ServiceAccountName, Error> {
    let whole = match namespace {
        Some(namespace) if !text.contains('/') => format!("{namespace}/{text}"),
        _ => text.to_owned(),
    };
    let name: ServiceAccountName = whole
        .parse()
        .map_err(|rule: String| Error::usage("NAMESPACE/NAME", text, rule))?;
    match namespace.filter(|namespace| **namespace != name.namespace) {
        Some(namespace) => Err(Error::Flags(format!(
            "--namespace {namespace} and {name} contradict each other"
        ))),
        None => Ok(name),
    }
}

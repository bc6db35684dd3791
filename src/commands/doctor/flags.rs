//! What the flags of `doctor` ask for.

use super::{Error, cli};
use crate::commands::flags;
use crate::model::ServiceAccountName;
use crate::observe::health::Examined;
use crate::observe::proof::now;
use crate::policy::usage::Window;

/// What the flags name; `None`: nothing but the cluster, or all.
pub fn subject(args: &cli::Doctor) -> Result<Option<Examined>, Error> {
    let (namespace, name) = flags::filter(&args.name)?;
    let name = match name {
        Some(name) => {
            let namespace = namespace.unwrap_or_default();
            Some(ServiceAccountName::new(namespace, &name).map_err(Error::Flags)?)
        }
        None if namespace.is_some() => {
            let text = "--namespace is that of a service account, which must be named too";
            return Err(Error::Flags(text.to_owned()));
        }
        None => None,
    };
    let of = args.pod.clone().or(args.workload.clone());
    if let (Some(name), Some(of)) = (&name, &of)
        && of.namespace != name.namespace.as_str()
    {
        let text = format!("{of} and service account {name} are in different namespaces");
        return Err(Error::Flags(text));
    }
    if name.is_none() && of.is_none() && args.role_arn.is_none() {
        return if args.can.is_empty() {
            Ok(None)
        } else {
            Err(Error::Flags(
                "--can asks about a role: name a service account, or --role-arn".to_owned(),
            ))
        };
    }
    Ok(Some(Examined {
        name,
        of,
        role: args.role_arn.clone(),
        audience: args.audience.clone(),
        can: args.can.clone(),
    }))
}

/// Which uses of permissions count, where they are asked for.
pub fn window(args: &cli::Doctor) -> Option<Window> {
    args.usage.then(|| Window {
        now: now(),
        days: args.since.0,
    })
}

/// Judged here, as `requires` of clap is silent where another flag conflicts.
pub fn check(args: &cli::Doctor) -> Result<(), Error> {
    let given = [
        ("--approve", args.approval.approve),
        ("--restart", args.restart.restart),
        ("--wait-for-pods", args.restart.wait_for_pods),
        ("--detailed-exitcode", args.approval.detailed_exitcode),
    ];
    if let Some((flag, _)) = given.into_iter().find(|(_, is_given)| *is_given)
        && !args.fix
    {
        let text = format!("{flag} is about repairs: `--fix` must be given too");
        return Err(Error::Flags(text));
    }
    let is_named = args.name.name.is_some() || args.name.position.is_some();
    let of_cluster = [
        ("--fix", args.fix),
        ("--pod", args.pod.is_some()),
        ("--workload", args.workload.is_some()),
        ("--issuer-url", args.issuer_url.is_some()),
        ("NAME", is_named),
    ];
    match of_cluster.into_iter().find(|(_, is_given)| *is_given) {
        Some((flag, _)) if args.cluster.is_none() => Err(Error::Flags(format!(
            "{flag} is about a cluster: `--cluster` must be given too"
        ))),
        // Whose pods they are says who may edit them, and the role is to be for whom the user says.
        _ if args.fix && args.role_arn.is_some() && !is_named => Err(Error::Flags(
            "--fix changes the role of --role-arn for one service account: name it too".to_owned(),
        )),
        _ => Ok(()),
    }
}

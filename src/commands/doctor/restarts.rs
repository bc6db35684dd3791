//! The restarts that `--fix` plans.

use super::{Error, Report, cli};
use crate::asked::Ending;
use crate::commands::reconcile::restart;
use crate::kubernetes::Kubernetes;
use crate::model::{AUDIENCE_ANNOTATION, Cluster, DEFAULT_AUDIENCE, ServiceAccountName, Way};
use crate::plan::restart::{Expected, stale};
use crate::plan::{Action, Role, Track};
use crate::world::{AccountHealth, is_of_eks};

/// Restarts what is older than the annotation, or will be when that is repaired; with `--restart`
/// whatever lacks the role. Nothing, while the role itself is not as it must be.
pub async fn add(
    args: &cli::Doctor,
    kubernetes: &Kubernetes,
    cluster: &Cluster,
    account: &AccountHealth,
    report: &Report,
    track: &mut Track,
) -> Result<(), Error> {
    let (Some(name), Some(object)) = (&account.name, &account.object) else {
        return Ok(());
    };
    let Some(pods) = object.pods.as_found() else {
        return Ok(());
    };
    let repaired = track.actions.iter().find_map(|action| match action {
        Action::ApplyServiceAccount(change) => change.role.as_ref(),
        _ => None,
    });
    let is_old = report.has("pod-age");
    let is_wanted = repaired.is_some() || is_old || args.restart.restart;
    if !is_wanted || report.needs_somebody() {
        return Ok(());
    }
    let Some(expected) = expected(name, cluster, account, repaired) else {
        return Ok(());
    };
    let stale = stale(&expected, pods);
    let ending = if args.restart.wait_for_pods {
        Ending::Awaited
    } else {
        Ending::NotAwaited
    };
    restart::add_planned(kubernetes, &expected, stale, ending, track).await
}

/// What its pods are to have when the annotation is repaired.
fn expected(
    name: &ServiceAccountName,
    cluster: &Cluster,
    account: &AccountHealth,
    repaired: Option<&Role>,
) -> Option<Expected> {
    let (object, history) = account.object.as_ref()?.service_account.as_found()?;
    let audience = object.annotations.get(AUDIENCE_ANNOTATION).cloned();
    // Another webhook than EKS's has a default of its own.
    let default = is_of_eks(cluster).then(|| DEFAULT_AUDIENCE.to_owned());
    Some(Expected {
        service_account: name.clone(),
        cluster: cluster.name.clone(),
        way: Way::Irsa,
        role: match repaired {
            Some(role) => role.clone(),
            None => Role::Arn(account.role_arn.clone()?),
        },
        audience: audience.or(default),
        since: match (&history.role_set, repaired) {
            (Some((_, at)), None) => Some(*at),
            _ => None,
        },
        parts_with_pod_identity: false,
        is_undone: false,
    })
}

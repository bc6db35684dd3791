//! `--fix`: the safe repairs as an ordinary plan.

use super::checkup::{Checkup, Found};
use super::{Error, Mode, Rounds, cli, finish};
use crate::commands::reconcile::restart;
use crate::commands::{Finished, Look, failures};
use crate::diagnose::Report;
use crate::kubernetes::Kubernetes;
use crate::model::{AUDIENCE_ANNOTATION, Cluster, DEFAULT_AUDIENCE, ServiceAccountName};
use crate::observe::health::AccountHealth;
use crate::plan::restart::{Expected, stale};
use crate::plan::{Action, Ending, Role, Target, Track};

/// Carries the repairs out. What a person must decide is left to the report that follows.
pub async fn carry_out(checkup: &Checkup<'_>) -> Result<(), Error> {
    let finished = finish(checkup.context, Mode::Act, async |round| {
        plan(checkup.args, checkup.reports().await?, round).await
    });
    match finished.await? {
        Finished::Shown(_) => Ok(()),
        Finished::Acted(mut outcomes) => {
            if outcomes
                .iter()
                .all(|outcome| outcome.track.actions.is_empty())
            {
                checkup.context.output.say("nothing to repair");
            }
            failures(&mut outcomes).map(|_| ())
        }
    }
}

/// The provider is repaired once, and before the accounts; pods are restarted when all else is done.
pub async fn plan(args: &cli::Doctor, found: Found, round: &Rounds) -> Result<Look, Error> {
    let mut look = Look::default();
    let mut of_provider: Vec<Action> = Vec::new();
    for (account, report) in found.seen.iter().zip(&found.accounts) {
        let (shared, own): (Vec<_>, Vec<_>) =
            report.repairs().into_iter().partition(is_of_provider);
        for action in shared {
            if !of_provider.contains(&action) {
                of_provider.push(action);
            }
        }
        let Some(name) = &account.name else {
            continue;
        };
        let target = Target::ServiceAccount(name.clone());
        if !round.includes(&target) {
            continue;
        }
        let mut track = Track::new(target.clone());
        track.actions = own;
        if let (Some(kubernetes), Some(cluster)) = (&found.kubernetes, &found.world.cluster) {
            add_restarts(args, kubernetes, cluster, account, report, &mut track).await?;
        }
        look.add(target, Ok(track));
    }
    if let Some(cluster) = &found.world.cluster
        && !of_provider.is_empty()
    {
        let mut track = Track::new(Target::Provider(cluster.issuer.clone()));
        track.actions = of_provider;
        if round.includes(&track.target) {
            look.order.insert(0, track.target.clone());
            look.plan.tracks.insert(0, track);
        }
    }
    look.kubernetes = found.kubernetes;
    Ok(look)
}

fn is_of_provider(action: &Action) -> bool {
    matches!(
        action,
        Action::CreateOidcProvider { .. } | Action::AddAudience { .. } | Action::TagCluster { .. }
    )
}

/// Restarts what is older than the annotation, or will be when that is repaired; with `--restart`
/// whatever lacks the role.
async fn add_restarts(
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
        Action::ApplyServiceAccount(change) => Some(&change.role),
        _ => None,
    });
    let is_old = report.has("pod-age");
    if !(repaired.is_some() || is_old || args.restart.restart) {
        return Ok(());
    }
    let Some(expected) = expected(name, cluster, account, repaired) else {
        return Ok(());
    };
    let stale = stale(&expected, pods);
    let ending = match args.restart.wait {
        true => Ending::Awaited,
        false => Ending::NotAwaited,
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
    let audience = object.annotations.get(AUDIENCE_ANNOTATION);
    Some(Expected {
        service_account: name.clone(),
        cluster: cluster.name.clone(),
        role: match repaired {
            Some(role) => role.clone(),
            None => Role::Arn(account.role_arn.clone()?),
        },
        audience: Some(audience.map_or(DEFAULT_AUDIENCE, String::as_str).to_owned()),
        since: match (&history.role_set, repaired) {
            (Some((_, at)), None) => Some(*at),
            _ => None,
        },
    })
}

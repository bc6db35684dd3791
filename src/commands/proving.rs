//! What `verify` and `--verify` share: from a service account as it is to the proof of its role.

use std::sync::Arc;

use futures_util::StreamExt;
use tokio::sync::OnceCell;

use super::reconcile::Task;
use crate::apply::Outcome;
use crate::asked::Scope;
use crate::cli::ReconcileArgs;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{
    AUDIENCE_ANNOTATION, Audience, Cluster, ROLE_ANNOTATION, RoleArn, ServiceAccountName,
};
use crate::observe::proof::{Assertion, Patience, Prover, prove};
use crate::plan::{Target, held};
use crate::proof::{Cause, Proven, Unproven};
use crate::run::{Context, Finished};
use crate::world::ServiceAccount;

/// What holds in the place of what the service account says.
#[derive(Clone, Debug, Default)]
pub struct Instead {
    pub role: Option<RoleArn>,
    pub audience: Option<Audience>,
}

/// That something of the account is not proven.
pub fn unproven(account: &ServiceAccountName, cluster: &Cluster, cause: Cause) -> Error {
    let unproven = Unproven {
        account: Some(account.clone()),
        cluster: Some(cluster.name.clone()),
        cause,
    };
    unproven.into()
}

/// Reads the service account, and proves its role with a token of its own.
///
/// # Errors
/// Without a service account that has a role; where Kubernetes does not answer.
pub async fn proven(
    context: &Context,
    kubernetes: &Kubernetes,
    cluster: &Cluster,
    account: &ServiceAccountName,
    instead: &Instead,
) -> Result<Proven, Error> {
    let found = kubernetes.service_account(account).await?;
    let found = found.ok_or_else(|| unproven(account, cluster, Cause::NoServiceAccount))?;
    if let Some(finalizers) = &found.held_by {
        let held = held(finalizers);
        let text = format!(
            "the ServiceAccount {account} is being deleted{held}: what holds now ends with it"
        );
        context.output.warn(&text);
    }
    let (role, audience) =
        asked(&found, instead).map_err(|cause| unproven(account, cluster, *cause))?;
    let on_wait = |text: &str| context.output.say(&format!("{account}: {text}"));
    let prover = Prover {
        aws: &context.aws,
        kubernetes,
        intervals: context.intervals,
        keys: &OnceCell::new(),
        on_wait: &on_wait,
    };
    let claim = Assertion {
        account,
        role: &role,
        audience: &audience,
        issuer: &cluster.issuer,
        patience: Patience::Propagation(context.aws.deadline),
    };
    let proof = prove(&prover, claim).await;
    Ok(Proven {
        account: account.clone(),
        cluster: cluster.name.clone(),
        role,
        audience,
        proof,
    })
}

/// The role and the audience, as the EKS webhook reads them from the service account.
fn asked(found: &ServiceAccount, instead: &Instead) -> Result<(RoleArn, Audience), Box<Cause>> {
    let wrong = |name, value: &str, rule| {
        let value = value.to_owned();
        Box::new(Cause::Annotation { name, value, rule })
    };
    let role = match (&instead.role, found.role()) {
        (Some(role), _) => role.clone(),
        (None, None) => return Err(Box::new(Cause::NoRole)),
        (None, Some(text)) => text
            .parse()
            .map_err(|rule| wrong(ROLE_ANNOTATION, text, rule))?,
    };
    let audience = match (
        &instead.audience,
        found.annotations.get(AUDIENCE_ANNOTATION),
    ) {
        (Some(audience), _) => audience.clone(),
        (None, None) => Audience::default(),
        (None, Some(text)) if text.is_empty() => Audience::default(),
        (None, Some(text)) => text
            .parse()
            .map_err(|rule| wrong(AUDIENCE_ANNOTATION, text, rule))?,
    };
    Ok((role, audience))
}

/// A role without its ServiceAccount has no token to prove anything with.
pub fn check(args: &ReconcileArgs, role_only: bool) -> Result<(), Error> {
    if args.verify && role_only {
        Err(Error::Flags(
            "--verify asks Kubernetes for a token, and --role-only does without Kubernetes"
                .to_owned(),
        ))
    } else {
        Ok(())
    }
}

/// Proves the roles of what was carried out without a failure and has a ServiceAccount.
pub async fn all(context: &Context, task: &Task<'_>, mut finished: Finished) -> Finished {
    let Finished::Acted(outcomes) = &mut finished else {
        return finished;
    };
    let meant: Vec<&mut Outcome> = outcomes
        .iter_mut()
        .filter(|outcome| is_to_be_proven(task, outcome))
        .collect();
    if meant.is_empty() {
        return finished;
    }
    let clients = async {
        let cluster = context.cluster(task.place).await?;
        let kubernetes = context.kubernetes(&cluster, task.kubernetes).await?;
        Ok((cluster, kubernetes))
    };
    let clients: Result<_, Error> = clients.await;
    let clients = clients.map_err(Arc::new);
    let own = Instead::default();
    let proofs = meant.into_iter().map(async |outcome| {
        let Target::ServiceAccount(account) = &outcome.track.target else {
            return;
        };
        outcome.proof = Some(match &clients {
            Ok((cluster, kubernetes)) => proven(context, kubernetes, cluster, account, &own).await,
            Err(error) => Err(Error::Shared {
                targets: Vec::new(),
                error: error.clone(),
            }),
        });
    });
    futures_util::stream::iter(proofs)
        .buffer_unordered(context.parallel.max(1))
        .collect::<()>()
        .await;
    finished
}

fn is_to_be_proven(task: &Task<'_>, outcome: &Outcome) -> bool {
    let Target::ServiceAccount(name) = &outcome.track.target else {
        return false;
    };
    let mut accounts = task.accounts.iter();
    let is_whole = accounts.any(|asked| asked.name == *name && asked.scope == Scope::Whole);
    let is_well = outcome.error.is_none() && outcome.track.refusals.is_empty();
    is_whole && is_well && !outcome.is_skipped()
}

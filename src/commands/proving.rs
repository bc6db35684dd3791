//! What `verify` and `--verify` share: from a service account as it is to the proof of its role.

use std::sync::Arc;

use tokio::sync::OnceCell;

use super::reconcile::Task;
use crate::apply::Outcome;
use crate::cli::ReconcileArgs;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{
    AUDIENCE_ANNOTATION, Audience, Cluster, Lookup, ROLE_ANNOTATION, RoleArn, ServiceAccountName,
    Way,
};
use crate::observe;
use crate::observe::proof::{Assertion, Binding, ClaimedWay, NotYet, Patience, Prover, prove};
use crate::plan::held;
use crate::proof::{Cause, Proof, Proven, Unproven};
use crate::run::{Context, Finished};
use crate::token::POD_IDENTITY_AUDIENCE;
use crate::waiting::side_by_side;
use crate::world::{Association, ServiceAccount};

/// What is to be proven, where it is not what the service account says by itself.
#[derive(Clone, Debug, Default)]
pub struct ProofOverride {
    pub way: Option<Way>,
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

/// Proves the role that new pods of the service account get, with a token of its own: an association outdoes
/// the annotation.
///
/// # Errors
/// Without a service account that has a role by the way that is asked for; where Kubernetes or EKS does not
/// answer.
pub async fn proven(
    context: &Context,
    kubernetes: &Kubernetes,
    cluster: &Cluster,
    account: &ServiceAccountName,
    instead: &ProofOverride,
    made: Made,
) -> Result<Proven, Error> {
    let (found, association) = tokio::try_join!(
        kubernetes.service_account(account),
        association(context, cluster, account, instead)
    )?;
    if let Some(found) = &found {
        tell_of_deletion(context, account, found);
    }
    let prover = Attempt {
        context,
        kubernetes,
        cluster,
        account,
        made,
    };
    match association {
        Some(association) => {
            prover
                .by_association(&association, instead.role.as_ref())
                .await
        }
        None => {
            let missing = || unproven(account, cluster, Cause::NoServiceAccount);
            prover
                .by_annotation(&found.ok_or_else(missing)?, instead)
                .await
        }
    }
}

/// Of one that is being deleted that is told.
fn tell_of_deletion(context: &Context, account: &ServiceAccountName, found: &ServiceAccount) {
    let Some(finalizers) = &found.held_by else {
        return;
    };
    let held = held(finalizers);
    let text =
        format!("the ServiceAccount {account} is being deleted{held}: what holds now ends with it");
    context.output.warn(&text);
}

/// The association that is to be proven, where it is that.
async fn association(
    context: &Context,
    cluster: &Cluster,
    account: &ServiceAccountName,
    instead: &ProofOverride,
) -> Result<Option<Association>, Error> {
    // A token for another audience is one for STS.
    let is_irsa = instead.way == Some(Way::Irsa) || instead.audience.is_some();
    if is_irsa {
        return Ok(None);
    }
    let found = match &cluster.eks {
        Some(_) => observe::association(&context.aws, &cluster.name, account).await?,
        None => Lookup::Missing,
    };
    match (found, instead.way) {
        (Lookup::Found(association), _) => Ok(Some(association)),
        (Lookup::Missing, Some(_)) => Err(unproven(account, cluster, Cause::NoAssociation)),
        (Lookup::Unknown(why), Some(_)) => {
            Err(unproven(account, cluster, Cause::AssociationUnknown(why)))
        }
        (Lookup::Missing, None) => Ok(None),
        (Lookup::Unknown(why), None) => {
            let text = format!(
                "whether a Pod Identity association outdoes the annotation of {account} is not known: {why}"
            );
            context.output.note(&text);
            Ok(None)
        }
    }
}

/// Whose role is to be proven, and with what.
#[derive(Clone, Copy)]
pub struct Attempt<'a> {
    pub context: &'a Context,
    pub kubernetes: &'a Kubernetes,
    pub cluster: &'a Cluster,
    pub account: &'a ServiceAccountName,
    pub made: Made,
}

/// When what is to be proven was made.
#[derive(Clone, Copy, Debug)]
pub enum Made {
    /// By this run, which has seen that it is right.
    Now,
    /// Nobody knows.
    Before,
}

impl Attempt<'_> {
    /// By web identity, as the service account says.
    ///
    /// # Errors
    /// Where it has no role, or an annotation cannot be right.
    pub async fn by_annotation(
        self,
        found: &ServiceAccount,
        instead: &ProofOverride,
    ) -> Result<Proven, Error> {
        let (role, audience) =
            asked(found, instead).map_err(|cause| unproven(self.account, self.cluster, *cause))?;
        let way = ClaimedWay::Irsa {
            audience: &audience,
        };
        let proof = self.prove(&role, way, self.patience(None)).await;
        Ok(Proven {
            account: self.account.clone(),
            cluster: self.cluster.name.clone(),
            way: Way::Irsa,
            association: None,
            role,
            audience: audience.to_string(),
            proof,
        })
    }

    /// By EKS Pod Identity; `role` is the one that it must be, where that is not the association's.
    pub async fn by_association(
        self,
        association: &Association,
        role: Option<&RoleArn>,
    ) -> Result<Proven, Error> {
        let own = association.role_of_pods();
        let role = role.unwrap_or(own);
        // Nothing that is waited for makes another role of it.
        let patience = if role == own {
            self.patience(Some(association))
        } else {
            Patience::None
        };
        let way = ClaimedWay::PodIdentity {
            cluster: &self.cluster.name,
        };
        let proof = self.prove(role, way, patience).await;
        Ok(Proven {
            account: self.account.clone(),
            cluster: self.cluster.name.clone(),
            way: Way::PodIdentity,
            association: Some(association.id.clone()),
            role: role.clone(),
            audience: POD_IDENTITY_AUDIENCE.to_owned(),
            proof,
        })
    }

    fn patience<'a>(&'a self, association: Option<&'a Association>) -> Patience<'a> {
        let binding = Binding {
            cluster: self.cluster,
            association,
        };
        Patience::Propagation {
            until: self.context.aws.deadline,
            binding: match self.made {
                Made::Now => None,
                Made::Before => Some(binding),
            },
        }
    }

    async fn prove(self, role: &RoleArn, way: ClaimedWay<'_>, patience: Patience<'_>) -> Proof {
        let (context, account) = (self.context, self.account);
        let on_wait = |not_yet: &NotYet<'_>| context.progress.waits(account, not_yet);
        let prover = Prover {
            aws: &context.aws,
            kubernetes: self.kubernetes,
            intervals: context.intervals,
            keys: &OnceCell::new(),
            on_wait: &on_wait,
        };
        let claim = Assertion {
            account,
            role,
            way,
            issuer: &self.cluster.issuer,
            patience,
        };
        let proof = prove(&prover, claim).await;
        context.progress.waits_no_more(account);
        proof
    }
}

/// The role and the audience, as the EKS webhook reads them from the service account.
fn asked(
    found: &ServiceAccount,
    instead: &ProofOverride,
) -> Result<(RoleArn, Audience), Box<Cause>> {
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
        let cluster = context.cluster(&task.place).await?;
        let kubernetes = context.kubernetes(&cluster, task.kubernetes).await?;
        Ok((cluster, kubernetes))
    };
    let clients: Result<_, Error> = clients.await;
    let clients = clients.map_err(Arc::new);
    let proofs = meant.into_iter().map(async |outcome| {
        let Some((way, account)) = outcome.track.target.account() else {
            return;
        };
        let own = ProofOverride {
            way: Some(way),
            ..ProofOverride::default()
        };
        outcome.proof = Some(match &clients {
            Ok((cluster, kubernetes)) => {
                proven(context, kubernetes, cluster, account, &own, Made::Now).await
            }
            Err(error) => Err(Error::Shared {
                targets: Vec::new(),
                error: error.clone(),
            }),
        });
    });
    side_by_side(context.parallel.max(1), proofs).await;
    finished
}

fn is_to_be_proven(task: &Task<'_>, outcome: &Outcome) -> bool {
    let Some((way, name)) = outcome.track.target.account() else {
        return false;
    };
    let mut accounts = task.accounts.iter();
    let is_whole = accounts.any(|asked| {
        let is_meant = asked.name == *name && asked.way() == way;
        is_meant && asked.can_be_proven()
    });
    let is_well = outcome.error.is_none() && outcome.track.refusals.is_empty();
    is_whole && is_well && !outcome.is_skipped()
}

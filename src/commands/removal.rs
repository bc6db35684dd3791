//! Deletions of IAM service accounts, one or many: what `delete` and `apply --prune` share.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::{Context, Look, Rounds};
use crate::config::Filter;
use crate::error::Error;
use crate::model::{ClusterName, RoleArn, ServiceAccountName};
use crate::observe::{self, ServiceAccounts, Stack, Stacks};
use crate::plan::delete::{self, Deletion, ForeignPolicies};
use crate::plan::{Ending, Target};

/// How many deletions are looked into side by side.
const PARALLEL: usize = 8;

/// Plans the deletions that this round is about. What fails for one does not hide the others.
pub async fn plan(
    context: &Context,
    round: &Rounds,
    deletions: &[Deletion],
    stacks: &Stacks,
    look: &mut Look,
) -> Result<(), Error> {
    let open: Vec<&Deletion> = deletions
        .iter()
        .filter(|deletion| round.includes(&target(deletion)))
        .collect();
    let objects = ServiceAccounts::for_lookups(look.kubernetes.as_ref(), open.len()).await?;
    let objects = &objects;
    let tracks = open.iter().map(async |deletion| {
        let stack =
            observe::stack_to_delete(&context.aws, stacks, &deletion.cluster, &deletion.name)
                .await?;
        let observed = observe::deletion(&context.aws, stacks, objects, deletion, stack).await?;
        Ok::<_, Error>(delete::plan(deletion, &observed))
    });
    let tracks: Vec<_> = futures_util::stream::iter(tracks)
        .buffered(PARALLEL)
        .collect()
        .await;
    for (deletion, track) in open.into_iter().zip(tracks) {
        match track {
            Ok(track) => look.plan.tracks.push(track),
            Err(error) => look.unseen.push((target(deletion), error)),
        }
    }
    Ok(())
}

/// The IAM service accounts of a cluster that a config file does not have.
pub struct Missing {
    /// Those that it has, whether or not this run is about them.
    pub known: BTreeSet<ServiceAccountName>,
    pub filter: Filter,
    pub system: System,
    pub how: Removal,
}

/// How accounts are deleted.
#[derive(Clone)]
pub struct Removal {
    pub cluster: ClusterName,
    pub foreign: ForeignPolicies,
    pub service_role: Option<RoleArn>,
    pub ending: Ending,
}

impl Removal {
    pub fn of(&self, name: ServiceAccountName) -> Deletion {
        Deletion {
            cluster: self.cluster.clone(),
            name,
            foreign: self.foreign,
            service_role: self.service_role.clone(),
            ending: self.ending,
        }
    }
}

/// What becomes of the accounts of `kube-system`, on which the cluster itself may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum System {
    Spared,
    Pruned,
}

impl Missing {
    pub fn deletions(&self, stacks: &Stacks) -> Vec<Deletion> {
        let found = stacks
            .listed()
            .filter(|stack| stack.is_of(&self.how.cluster))
            .filter_map(Stack::service_account);
        let doomed: BTreeSet<ServiceAccountName> = found
            .filter(|name| !self.known.contains(name) && self.filter.matches(name))
            .filter(|name| {
                self.system == System::Pruned || name.namespace.as_str() != "kube-system"
            })
            .collect();
        doomed.into_iter().map(|name| self.how.of(name)).collect()
    }
}

fn target(deletion: &Deletion) -> Target {
    Target::ServiceAccount(deletion.name.clone())
}

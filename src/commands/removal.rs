//! Deletions of IAM service accounts, one or many: what `delete` and `apply --prune` share.

use super::file::ClusterPlace;
use super::parts::{Part, parts};
use crate::asked::{
    Deletion, Deployment, Ending, ForeignPolicies, ForeignResources, KnownBy, OtherClusters,
    SearchedAccount,
};
use crate::cli::KubernetesArgs;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, ClusterName, RoleAccount, ServiceAccountName, Way};
use crate::observe::{self, ServiceAccounts, Stacks};
use crate::plan::{Target, delete};
use crate::run::{Context, Observation, Rounds};
use crate::waiting::side_by_side;

mod missing;

pub use missing::{ClusterInventory, Missing, System};

/// What becomes of what others put on roles and into stacks, by the flags.
pub fn foreign(detach: bool, delete: bool) -> (ForeignPolicies, ForeignResources) {
    let policies = if detach {
        ForeignPolicies::Detached
    } else {
        ForeignPolicies::Refused
    };
    let resources = if delete {
        ForeignResources::Deleted
    } else {
        ForeignResources::Refused
    };
    (policies, resources)
}

/// All that `delete` is asked for.
pub struct RemovalTask<'a> {
    pub how: Removal,
    pub place: &'a ClusterPlace,
    /// `None`: only roles are deleted.
    pub kubernetes: Option<&'a KubernetesArgs>,
    pub chosen: Chosen,
    /// Whether the roles of what names no account are in another one than the cluster's.
    pub is_elsewhere: bool,
}

/// What is to be deleted.
pub enum Chosen {
    /// Each with the account of its role, where that is another than the cluster's.
    Named(Vec<(ServiceAccountName, Option<RoleAccount>)>),
    Missing(Box<Missing>),
}

/// What one account of roles has of it.
#[derive(Default)]
struct RemovalObservation {
    observation: Observation,
    names: Vec<ServiceAccountName>,
    account: Option<String>,
    /// The cluster is gone.
    gone: Option<Error>,
}

impl RemovalTask<'_> {
    /// Looks at everything that this round is about, and plans it: one account of roles after the other.
    pub async fn look(&self, context: &Context, round: &Rounds) -> Result<Observation, Error> {
        let mut look = Observation::default();
        let (mut names, mut gone) = (Vec::new(), None);
        let mut looked_at = Vec::new();
        for part in parts(context).filter(|part| self.has_part(part)) {
            let is_for_all = matches!(self.chosen, Chosen::Missing(_));
            if is_for_all && part.is_one_of(&looked_at) {
                continue;
            }
            let looked = self.look_at(&part, round).await;
            let looked = looked.map_err(|error| part.named(error))?;
            part.add_to(&mut look, looked.observation);
            names.extend(looked.names);
            looked_at.extend(looked.account);
            gone = gone.or(looked.gone);
        }
        let is_empty = look.plan.is_empty() && look.unseen.is_empty();
        match gone {
            // With nothing found and a cluster of a similar name, it is rather mistyped than gone.
            Some(error) if is_empty && error.is_likely_mistyped() => return Err(error),
            Some(error) => {
                let text = format!("{error}: only the role is deleted");
                context.output.warn(&text);
            }
            None => {}
        }
        if is_empty && round.past == 0 {
            let what = match names.as_slice() {
                [name] => format!("there is no {} {name}", self.how.way.words()),
                _ => format!("there is no such {}", self.how.way.words()),
            };
            context.output.say(&format!("nothing to delete: {what}"));
        }
        Ok(look)
    }

    /// Whether something that is chosen may be there. What nobody named may be in each.
    fn has_part(&self, part: &Part<'_>) -> bool {
        match &self.chosen {
            Chosen::Named(named) if !named.is_empty() => named
                .iter()
                .any(|(_, account)| account.as_ref() == part.account),
            Chosen::Named(_) | Chosen::Missing(_) => part.account.is_some() || !self.is_elsewhere,
        }
    }

    async fn look_at(&self, part: &Part<'_>, round: &Rounds) -> Result<RemovalObservation, Error> {
        let context = part.context;
        let stacks = self.stacks(part, round);
        let (stacks, (access, looked)) = tokio::try_join!(stacks, self.access(context))?;
        let mut deletions = self.deletions(part, round, &stacks).await?;
        for deletion in &mut deletions {
            deletion.looked.clone_from(&looked);
        }
        let mut look = Observation::default();
        let (gone, cluster) = match access {
            ClusterAccess::Unneeded => (None, None),
            ClusterAccess::Ready(ready) => {
                let (kubernetes, cluster) = *ready;
                look.kubernetes = Some(kubernetes);
                (None, Some(cluster))
            }
            ClusterAccess::Gone(error) => (Some(error), None),
        };
        let cluster = cluster.as_ref();
        plan(context, round, &deletions, &stacks, cluster, &mut look).await?;
        Ok(RemovalObservation {
            observation: look,
            names: deletions.into_iter().map(|it| it.name).collect(),
            account: match looked {
                SearchedAccount::Own(account) | SearchedAccount::Other { account, .. } => {
                    Some(account)
                }
                SearchedAccount::Any => None,
            },
            gone,
        })
    }

    async fn stacks(&self, part: &Part<'_>, round: &Rounds) -> Result<Stacks, Error> {
        let aws = &part.context.aws;
        match &self.chosen {
            Chosen::Named(named) => {
                let is_meant = |name| round.includes(&Target::of(self.how.way, name));
                let open = of_part(named, part).filter(|name| is_meant(name));
                Stacks::for_lookups(aws, open.count()).await
            }
            Chosen::Missing(_) => Stacks::list(aws).await,
        }
    }

    /// What is to be deleted, wherever it is looked for.
    async fn deletions(
        &self,
        part: &Part<'_>,
        round: &Rounds,
        stacks: &Stacks,
    ) -> Result<Vec<Deletion>, Error> {
        match &self.chosen {
            Chosen::Named(named) => {
                let names = of_part(named, part);
                Ok(names.map(|name| self.how.of(name.clone())).collect())
            }
            Chosen::Missing(missing) => {
                let there = ClusterInventory::read(part.context, stacks, &[missing]).await?;
                if round.past == 0 {
                    missing.tell(part, &there);
                }
                Ok(missing.deletions(part, &there, round))
            }
        }
    }

    async fn access(&self, context: &Context) -> Result<(ClusterAccess, SearchedAccount), Error> {
        let other = context.roles_account.clone();
        if self.kubernetes.is_none() && other.is_none() {
            return Ok((ClusterAccess::Unneeded, SearchedAccount::Any));
        }
        let cluster = match context.cluster(self.place).await {
            Ok(cluster) => cluster,
            Err(error @ Error::ClusterNotFound { .. }) => {
                let gone = |account| SearchedAccount::Other {
                    account,
                    provider: None,
                };
                let looked = other.map_or(SearchedAccount::Any, gone);
                return Ok((ClusterAccess::Gone(error), looked));
            }
            Err(error) => return Err(error),
        };
        let looked = looked_at(&cluster);
        let access = match self.kubernetes {
            Some(args) => {
                let kubernetes = context.kubernetes(&cluster, args).await?;
                ClusterAccess::Ready(Box::new((kubernetes, cluster)))
            }
            None => ClusterAccess::Unneeded,
        };
        Ok((access, looked))
    }
}

/// Those whose roles live in that account.
fn of_part<'a>(
    named: &'a [(ServiceAccountName, Option<RoleAccount>)],
    part: &Part<'_>,
) -> impl Iterator<Item = &'a ServiceAccountName> {
    let account = part.account;
    let meant = named.iter().filter(move |(_, it)| it.as_ref() == account);
    meant.map(|(name, _)| name)
}

/// The account in which its roles are looked for.
pub fn looked_at(cluster: &Cluster) -> SearchedAccount {
    let account = cluster.account.clone();
    if cluster.has_roles_elsewhere {
        SearchedAccount::Other {
            provider: Some(cluster.provider_arn()),
            account,
        }
    } else {
        SearchedAccount::Own(account)
    }
}

/// The way to the cluster.
enum ClusterAccess {
    Unneeded,
    Ready(Box<(Kubernetes, Cluster)>),
    /// There is no such cluster, so no ServiceAccount is left to delete.
    Gone(Error),
}

/// How many deletions are looked into side by side.
const PARALLEL: usize = 8;

/// Plans the deletions that this round is about; `cluster`: roles without a stack are looked at too. What fails for one does not hide the others.
pub async fn plan(
    context: &Context,
    round: &Rounds,
    deletions: &[Deletion],
    stacks: &Stacks,
    cluster: Option<&Cluster>,
    look: &mut Observation,
) -> Result<(), Error> {
    let open: Vec<&Deletion> = deletions
        .iter()
        .filter(|deletion| round.includes(&of(deletion)))
        .collect();
    let objects = ServiceAccounts::for_lookups(look.kubernetes.as_ref(), open.len()).await?;
    let objects = &objects;
    let tracks = open.iter().map(async |deletion| {
        let observed = observe::deletion(&context.aws, stacks, objects, cluster, deletion).await?;
        Ok::<_, Error>(delete::plan(deletion, &observed))
    });
    let tracks = side_by_side(PARALLEL, tracks).await;
    for (deletion, track) in open.into_iter().zip(tracks) {
        look.add(of(deletion), track);
    }
    Ok(())
}

/// How accounts are deleted.
#[derive(Clone)]
pub struct Removal {
    pub way: Way,
    pub cluster: ClusterName,
    pub is_eks: bool,
    pub foreign: ForeignPolicies,
    pub resources: ForeignResources,
    pub deployment: Deployment,
    pub ending: Ending,
}

impl Removal {
    /// One deletion by these terms, for an account that is known by its name.
    pub fn of(&self, name: ServiceAccountName) -> Deletion {
        Deletion {
            way: self.way,
            cluster: self.cluster.clone(),
            is_eks: self.is_eks,
            name,
            foreign: self.foreign,
            resources: self.resources,
            deployment: self.deployment.clone(),
            ending: self.ending,
            known_by: KnownBy::Name,
            looked: SearchedAccount::Any,
            other_clusters: OtherClusters::NotLookedAt,
        }
    }
}

fn of(deletion: &Deletion) -> Target {
    Target::of(deletion.way, &deletion.name)
}

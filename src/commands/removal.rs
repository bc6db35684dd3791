//! Deletions of IAM service accounts, one or many: what `delete` and `apply --prune` share.

use std::collections::BTreeSet;

use futures_util::StreamExt;

use super::file::ClusterPlace;
use crate::asked::{Deletion, Ending, ForeignPolicies, ForeignResources, KnownBy};
use crate::cli::KubernetesArgs;
use crate::config::{Filter, Rest};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{ClusterName, RoleArn, ServiceAccountName};
use crate::observe::{self, ServiceAccounts, Stacks};
use crate::plan::{Target, delete};
use crate::run::{Context, Observation, Rounds};

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
}

/// What is to be deleted.
pub enum Chosen {
    Named(Vec<ServiceAccountName>),
    Missing(Box<Missing>),
}

impl RemovalTask<'_> {
    /// Looks at everything that this round is about, and plans it.
    pub async fn look(&self, context: &Context, round: &Rounds) -> Result<Observation, Error> {
        let stacks = async {
            match &self.chosen {
                Chosen::Named(names) => {
                    let open = names.iter().filter(|name| round.includes(&of(name)));
                    Stacks::for_lookups(&context.aws, open.count()).await
                }
                Chosen::Missing(_) => Stacks::list(&context.aws).await,
            }
        };
        let (stacks, access) = tokio::try_join!(stacks, self.access(context))?;
        let deletions = match &self.chosen {
            Chosen::Named(names) => names.iter().map(|name| self.how.of(name.clone())).collect(),
            Chosen::Missing(missing) => missing.deletions(&stacks, round),
        };
        if let (Chosen::Missing(missing), 0) = (&self.chosen, round.past) {
            missing.tell(context, &stacks);
        }
        let mut look = Observation::default();
        let gone = match access {
            ClusterAccess::Unneeded => None,
            ClusterAccess::Ready(kubernetes) => {
                look.kubernetes = Some(*kubernetes);
                None
            }
            ClusterAccess::Gone(error) => Some(error),
        };
        plan(context, round, &deletions, &stacks, &mut look).await?;
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
            let what = match deletions.as_slice() {
                [deletion] => format!("there is no IAM service account {}", deletion.name),
                _ => "there is no such IAM service account".to_owned(),
            };
            context.output.say(&format!("nothing to delete: {what}"));
        }
        Ok(look)
    }

    async fn access(&self, context: &Context) -> Result<ClusterAccess, Error> {
        let Some(args) = self.kubernetes else {
            return Ok(ClusterAccess::Unneeded);
        };
        match context.cluster(self.place).await {
            Ok(cluster) => {
                let kubernetes = context.kubernetes(&cluster, args).await?;
                Ok(ClusterAccess::Ready(Box::new(kubernetes)))
            }
            Err(error @ Error::ClusterNotFound { .. }) => Ok(ClusterAccess::Gone(error)),
            Err(error) => Err(error),
        }
    }
}

/// The way to the cluster.
enum ClusterAccess {
    Unneeded,
    Ready(Box<Kubernetes>),
    /// There is no such cluster, so no ServiceAccount is left to delete.
    Gone(Error),
}

/// How many deletions are looked into side by side.
const PARALLEL: usize = 8;

/// Plans the deletions that this round is about. What fails for one does not hide the others.
pub async fn plan(
    context: &Context,
    round: &Rounds,
    deletions: &[Deletion],
    stacks: &Stacks,
    look: &mut Observation,
) -> Result<(), Error> {
    let open: Vec<&Deletion> = deletions
        .iter()
        .filter(|deletion| round.includes(&of(&deletion.name)))
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
        look.add(of(&deletion.name), track);
    }
    Ok(())
}

/// The IAM service accounts of a cluster that a config file does not have.
pub struct Missing {
    /// Those that it has, whether or not this run is about them.
    pub known: BTreeSet<ServiceAccountName>,
    /// What else stands in it.
    pub rest: Rest,
    pub filter: Filter,
    pub system: System,
    pub how: Removal,
}

/// How accounts are deleted.
#[derive(Clone)]
pub struct Removal {
    pub cluster: ClusterName,
    pub foreign: ForeignPolicies,
    pub resources: ForeignResources,
    pub service_role: Option<RoleArn>,
    pub ending: Ending,
}

impl Removal {
    pub fn of(&self, name: ServiceAccountName) -> Deletion {
        Deletion {
            cluster: self.cluster.clone(),
            name,
            foreign: self.foreign,
            resources: self.resources,
            service_role: self.service_role.clone(),
            ending: self.ending,
            known_by: KnownBy::Name,
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
    /// Those that have a stack, and those whose stack went while this run waited for it.
    pub fn deletions(&self, stacks: &Stacks, round: &Rounds) -> Vec<Deletion> {
        let mut unknown = self.unknown(stacks);
        let open = round
            .open
            .iter()
            .flatten()
            .filter_map(|target| match target {
                Target::ServiceAccount(name) => Some(name),
                Target::Provider(_) => None,
            });
        unknown.extend(open.filter(|name| !self.known.contains(*name)).cloned());
        let doomed = unknown
            .into_iter()
            .filter(|name| self.filter.matches(name) && !self.is_spared(name));
        let by_stack = |name| Deletion {
            known_by: KnownBy::Stack,
            ..self.how.of(name)
        };
        doomed.map(by_stack).collect()
    }

    /// Tells what the reader of a plan may miss in it.
    pub fn tell(&self, context: &Context, stacks: &Stacks) {
        if !self.rest.lists_accounts {
            let text = "iam.serviceAccounts is not in the config file, so none of the cluster's is missing in it; \
                        `serviceAccounts: []` says that there are to be none";
            return context.output.warn(text);
        }
        for (name, part) in self.owned(stacks) {
            let text = format!("{name} stays: `{part}` in the config file makes or uses it");
            context.output.note(&text);
        }
        if self.known.is_empty() && !self.unknown(stacks).is_empty() {
            let text =
                "the config file has no service accounts: all of the cluster's are missing in it";
            context.output.warn(text);
        }
        for text in self.spared(stacks, &context.aws.region) {
            context.output.note(&text);
        }
    }

    /// What would be deleted, were the cluster not likely to stand on it: what the reader should know
    /// of it.
    fn spared(&self, stacks: &Stacks, region: &str) -> Vec<String> {
        let missing = self.unknown(stacks).into_iter();
        let asked = missing.filter(|name| self.filter.passes(&name.to_string()));
        let spared = asked.filter(|name| self.is_spared(name) || !self.filter.matches(name));
        spared
            .map(|name| {
                let way = if self.is_spared(&name) && self.filter.matches(&name) {
                    "--prune-kube-system".to_owned()
                } else {
                    format!(
                        "irsactl delete iamserviceaccount {} --namespace {} --cluster {} --region {region}",
                        name.name, name.namespace, self.how.cluster
                    )
                };
                format!("{name} stays although the file does not have it; `{way}` deletes it")
            })
            .collect()
    }

    fn is_spared(&self, name: &ServiceAccountName) -> bool {
        self.system == System::Spared && name.namespace.as_str() == "kube-system"
    }

    fn unknown(&self, stacks: &Stacks) -> BTreeSet<ServiceAccountName> {
        if !self.rest.lists_accounts {
            return BTreeSet::new();
        }
        let mut unknown = delete::unknown(&self.how.cluster, &self.known, stacks.listed());
        for (name, _) in self.owned(stacks) {
            unknown.remove(&name);
        }
        unknown
    }

    /// Those that another part of the file makes or uses, and the part.
    fn owned(&self, stacks: &Stacks) -> Vec<(ServiceAccountName, &str)> {
        let unknown = delete::unknown(&self.how.cluster, &self.known, stacks.listed());
        let owner = |name: &ServiceAccountName| {
            let mut own = stacks
                .listed()
                .filter(|stack| stack.is_for(&self.how.cluster, name));
            own.find_map(|stack| self.rest.owners.of(name, stack.role_arn.as_ref()))
        };
        let owned = unknown.into_iter();
        owned
            .filter_map(|name| Some((name.clone(), owner(&name)?)))
            .collect()
    }
}

fn of(name: &ServiceAccountName) -> Target {
    Target::ServiceAccount(name.clone())
}

//! Deletions of IAM service accounts, one or many: what `delete` and `apply --prune` share.

use std::collections::BTreeSet;

use super::file::ClusterPlace;
use crate::asked::fields;
use crate::asked::{
    Deletion, Deployment, Ending, ForeignPolicies, ForeignResources, KnownBy, LookedAt,
};
use crate::cli::KubernetesArgs;
use crate::config::{Filter, Rest};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{
    ASSOCIATION_TAG, CLUSTER_TAGS, Cluster, ClusterName, RoleArn, ServiceAccountName, Way,
};
use crate::observe::{self, ServiceAccounts, Stacks};
use crate::plan::{Target, delete};
use crate::run::{Context, Observation, Rounds};
use crate::waiting::side_by_side;
use crate::world::Association;

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
                    let open = names
                        .iter()
                        .filter(|name| round.includes(&Target::of(self.how.way, name)));
                    Stacks::for_lookups(&context.aws, open.count()).await
                }
                Chosen::Missing(_) => Stacks::list(&context.aws).await,
            }
        };
        let (stacks, (access, looked)) = tokio::try_join!(stacks, self.access(context))?;
        let mut deletions: Vec<Deletion> = match &self.chosen {
            Chosen::Named(names) => names.iter().map(|name| self.how.of(name.clone())).collect(),
            Chosen::Missing(missing) => {
                let there = There::read(context, &stacks, &[missing]).await?;
                if round.past == 0 {
                    missing.tell(context, &there);
                }
                missing.deletions(&there, round)
            }
        };
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
                [deletion] => format!("there is no {} {}", self.how.way.words(), deletion.name),
                _ => format!("there is no such {}", self.how.way.words()),
            };
            context.output.say(&format!("nothing to delete: {what}"));
        }
        Ok(look)
    }

    async fn access(&self, context: &Context) -> Result<(ClusterAccess, LookedAt), Error> {
        let other = context.roles_account.clone();
        if self.kubernetes.is_none() && other.is_none() {
            return Ok((ClusterAccess::Unneeded, LookedAt::Any));
        }
        let cluster = match context.cluster(self.place).await {
            Ok(cluster) => cluster,
            Err(error @ Error::ClusterNotFound { .. }) => {
                let gone = |account| LookedAt::Other {
                    account,
                    provider: None,
                };
                let looked = other.map_or(LookedAt::Any, gone);
                return Ok((ClusterAccess::Gone(error), looked));
            }
            Err(error) => return Err(error),
        };
        let account = cluster.account.clone();
        let looked = if cluster.has_roles_elsewhere {
            LookedAt::Other {
                provider: Some(cluster.provider_arn()),
                account,
            }
        } else {
            LookedAt::Own(account)
        };
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

type NamedAssociation = (ServiceAccountName, Association);

/// What a cluster has, whoever made it.
pub struct There<'a> {
    pub stacks: &'a Stacks,
    /// Read where associations that a file does not have are to go.
    pub associations: Vec<NamedAssociation>,
}

impl<'a> There<'a> {
    pub async fn read(
        context: &Context,
        stacks: &'a Stacks,
        missing: &[&Missing],
    ) -> Result<Self, Error> {
        let concerned = missing.iter().find(|it| it.how.way == Way::PodIdentity);
        let associations = match concerned {
            Some(missing) => {
                let found = observe::all_associations(&context.aws, &missing.how.cluster, None);
                found.await?.found().unwrap_or_default()
            }
            None => Vec::new(),
        };
        Ok(Self {
            stacks,
            associations,
        })
    }

    /// The role that the association of a service account names.
    fn role_of(&self, account: &ServiceAccountName) -> Option<RoleArn> {
        let mut all = self.associations.iter();
        let (_, found) = all.find(|(name, _)| name == account)?;
        found.role.parse().ok()
    }
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
    pub way: Way,
    pub cluster: ClusterName,
    pub is_eks: bool,
    pub foreign: ForeignPolicies,
    pub resources: ForeignResources,
    pub deployment: Deployment,
    pub ending: Ending,
}

impl Removal {
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
            looked: LookedAt::Any,
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
    pub fn deletions(&self, there: &There, round: &Rounds) -> Vec<Deletion> {
        let mut unknown = self.unknown(there);
        let open = round
            .open
            .iter()
            .flatten()
            .filter_map(Target::account)
            .filter_map(|(way, name)| (way == self.how.way).then_some(name));
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
    pub fn tell(&self, context: &Context, there: &There) {
        let list = fields::ACCOUNTS.on(self.how.way);
        if !self.rest.lists(self.how.way) {
            let text = format!(
                "{} is not in the config file, so none of the cluster's is missing in it; `{}: []` says that there are to be none",
                list.path,
                list.key()
            );
            return context.output.warn(&text);
        }
        for (name, part) in self.owned(there) {
            let text = format!("{name} stays: `{part}` in the config file makes or uses it");
            context.output.note(&text);
        }
        if self.known.is_empty() && !self.unknown(there).is_empty() {
            let what = match self.how.way {
                Way::Irsa => "service accounts",
                Way::PodIdentity => "associations",
            };
            let text =
                format!("the config file has no {what}: all of the cluster's are missing in it");
            context.output.warn(&text);
        }
        let region = &context.aws.region;
        let told = self.spared(there, region).into_iter();
        for text in told.chain(self.with_role_alone(there, region)) {
            context.output.note(&text);
        }
    }

    /// What would be deleted, were the cluster not likely to stand on it: what the reader should know
    /// of it.
    fn spared(&self, there: &There, region: &str) -> Vec<String> {
        let missing = self.unknown(there).into_iter();
        let asked = missing.filter(|name| self.filter.passes(&name.to_string()));
        let spared = asked.filter(|name| self.is_spared(name) || !self.filter.matches(name));
        spared
            .map(|name| {
                let way = if self.is_spared(&name) && self.filter.matches(&name) {
                    "--prune-kube-system".to_owned()
                } else {
                    self.deletion(&name, region)
                };
                format!("{name} stays although the file does not have it; `{way}` deletes it")
            })
            .collect()
    }

    /// The command that deletes one.
    fn deletion(&self, name: &ServiceAccountName, region: &str) -> String {
        let (noun, cluster) = (self.how.way.noun(), &self.how.cluster);
        let ServiceAccountName { namespace, name } = name;
        format!(
            "irsactl delete {noun} {name} --namespace {namespace} --cluster {cluster} --region {region}"
        )
    }

    /// What is told of associations that have a role without a stack for it. They are deleted by name.
    fn with_role_alone(&self, there: &There, region: &str) -> Vec<String> {
        let all = self.tagged(there).filter(|(name, association)| {
            let role = association.role.parse().ok();
            let owner = self.rest.owner(self.how.way, name, role.as_ref());
            owner.is_none() && self.filter.passes(&name.to_string())
        });
        all.filter(|it| !self.has_stack(there, it))
            .map(|(name, _)| {
                let command = self.deletion(name, region);
                format!("{name} stays although the file does not have it, as no stack made its role for it; `{command}` deletes it")
            })
            .collect()
    }

    fn is_spared(&self, name: &ServiceAccountName) -> bool {
        self.system == System::Spared && name.namespace.as_str() == "kube-system"
    }

    fn unknown(&self, there: &There) -> BTreeSet<ServiceAccountName> {
        if !self.rest.lists(self.how.way) {
            return BTreeSet::new();
        }
        let mut unknown = self.all_unknown(there);
        for (name, _) in self.owned(there) {
            unknown.remove(&name);
        }
        unknown
    }

    /// Those that irsactl or eksctl made: by the tags of their stacks.
    fn all_unknown(&self, there: &There) -> BTreeSet<ServiceAccountName> {
        let Removal { way, cluster, .. } = &self.how;
        let mut unknown = delete::unknown(*way, cluster, &self.known, there.stacks.listed());
        let with_stack = self.tagged(there).filter(|it| self.has_stack(there, it));
        unknown.extend(with_stack.map(|(name, _)| name.clone()));
        unknown
    }

    /// The associations that have the tags of irsactl or eksctl, and that the file does not have.
    fn tagged<'a>(&'a self, there: &'a There) -> impl Iterator<Item = &'a NamedAssociation> {
        let is_tagged = |(name, it): &&NamedAssociation| {
            let tag = it.tags.get(ASSOCIATION_TAG);
            let cluster = self.how.cluster.as_str();
            let is_of = CLUSTER_TAGS
                .iter()
                .any(|key| it.tags.get(*key).map(String::as_str) == Some(cluster));
            is_of && tag.is_some_and(|tag| *tag == name.to_string())
        };
        let is_meant = self.how.way == Way::PodIdentity;
        let all = there.associations.iter().filter(move |_| is_meant);
        all.filter(is_tagged)
            .filter(|(name, _)| !self.known.contains(name))
    }

    /// Whether a stack for it made its role. An association may be tagged by who may not delete it.
    fn has_stack(&self, there: &There, (name, association): &NamedAssociation) -> bool {
        let mut stacks = there.stacks.listed();
        stacks.any(|stack| {
            let role = stack.role_arn.as_ref().map(RoleArn::to_string);
            stack.is_for(Way::PodIdentity, &self.how.cluster, name)
                && role.as_ref() == Some(&association.role)
        })
    }

    /// Those that another part of the file makes or uses, and the part.
    fn owned(&self, there: &There) -> Vec<(ServiceAccountName, &str)> {
        let unknown = self.all_unknown(there);
        let owner = |name: &ServiceAccountName| {
            let way = self.how.way;
            let own = there.stacks.listed();
            let mut own = own.filter(|stack| stack.is_for(way, &self.how.cluster, name));
            let by_stack =
                own.find_map(|stack| self.rest.owner(way, name, stack.role_arn.as_ref()));
            by_stack.or_else(|| self.rest.owner(way, name, there.role_of(name).as_ref()))
        };
        let owned = unknown.into_iter();
        owned
            .filter_map(|name| Some((name.clone(), owner(&name)?)))
            .collect()
    }
}

fn of(deletion: &Deletion) -> Target {
    Target::of(deletion.way, &deletion.name)
}

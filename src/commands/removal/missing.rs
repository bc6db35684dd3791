//! What of a cluster a config file does not have.

use std::collections::BTreeSet;

use super::Removal;
use crate::asked::fields;
use crate::asked::{Deletion, KnownBy};
use crate::commands::parts::Part;
use crate::config::{FileRemainder, Filter};
use crate::error::Error;
use crate::model::{
    ASSOCIATION_TAG, CLUSTER_TAGS, CommandLine, Connection, RoleArn, ServiceAccountName, Way,
};
use crate::observe::{self, Stacks};
use crate::plan::delete;
use crate::run::{Context, Rounds};
use crate::world::Association;

type NamedAssociation = (ServiceAccountName, Association);

/// What a cluster has, whoever made it.
pub struct ClusterInventory<'a> {
    pub stacks: &'a Stacks,
    /// Read where associations that a file does not have are to go.
    pub associations: Vec<NamedAssociation>,
}

impl<'a> ClusterInventory<'a> {
    /// Lists associations only where a file's missing ones are to go; of a cluster that is gone there are
    /// none.
    ///
    /// # Errors
    /// Access denied too.
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
    fn role_of(&self, account: &ServiceAccountName) -> Option<&RoleArn> {
        let mut all = self.associations.iter();
        let (_, found) = all.find(|(name, _)| name == account)?;
        Some(&found.role)
    }
}

/// The IAM service accounts of a cluster that a config file does not have.
pub struct Missing {
    /// Those that it has, whether or not this run is about them.
    pub known: BTreeSet<ServiceAccountName>,
    /// What else stands in it.
    pub rest: FileRemainder,
    pub filter: Filter,
    pub system: System,
    pub how: Removal,
}

/// What becomes of the accounts of `kube-system`, on which the cluster itself may stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum System {
    Spared,
    Pruned,
}

impl Missing {
    /// Those that have a stack, and those whose stack went while this run waited for it.
    pub fn deletions(
        &self,
        part: &Part<'_>,
        there: &ClusterInventory,
        round: &Rounds,
    ) -> Vec<Deletion> {
        let mut unknown = self.unknown(there);
        let open = round
            .open
            .iter()
            .flatten()
            .filter(|(caller, _)| *caller == part.caller())
            .filter_map(|(_, target)| target.account())
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
    pub fn tell(&self, part: &Part<'_>, there: &ClusterInventory) {
        let context = part.context;
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
        let told = self.spared(there, part).into_iter();
        for text in told.chain(self.with_role_alone(there, part)) {
            context.output.note(&text);
        }
    }

    /// What would be deleted, were the cluster not likely to stand on it: what the reader should know
    /// of it.
    fn spared(&self, there: &ClusterInventory, part: &Part<'_>) -> Vec<String> {
        let missing = self.unknown(there).into_iter();
        let asked = missing.filter(|name| self.filter.passes(&name.to_string()));
        let spared = asked.filter(|name| self.is_spared(name) || !self.filter.matches(name));
        spared
            .map(|name| {
                let way = if self.is_spared(&name) && self.filter.matches(&name) {
                    "--prune-kube-system".to_owned()
                } else {
                    self.deletion(&name, part).to_string()
                };
                format!("{name} stays although the file does not have it; `{way}` deletes it")
            })
            .collect()
    }

    /// The command that deletes one.
    fn deletion(&self, name: &ServiceAccountName, part: &Part<'_>) -> CommandLine {
        let (noun, cluster) = (self.how.way.noun(), &self.how.cluster);
        let ServiceAccountName { namespace, name } = name;
        let region = &part.context.aws.region;
        let command = CommandLine::of(
            "irsactl delete {} {} --namespace {} --cluster {} --region {}",
            &[&noun, name, namespace, cluster, region],
        );
        command.with(&Connection::of_roles_in_file(part.flags()))
    }

    /// What is told of associations that have a role without a stack for it. They are deleted by name.
    fn with_role_alone(&self, there: &ClusterInventory, part: &Part<'_>) -> Vec<String> {
        let all = self.tagged(there).filter(|(name, association)| {
            let owner = self.rest.owner(self.how.way, name, Some(&association.role));
            owner.is_none() && self.filter.passes(&name.to_string())
        });
        all.filter(|it| !self.has_stack(there, it))
            .map(|(name, _)| {
                let command = self.deletion(name, part);
                format!("{name} stays although the file does not have it, as no stack made its role for it; `{command}` deletes it")
            })
            .collect()
    }

    fn is_spared(&self, name: &ServiceAccountName) -> bool {
        self.system == System::Spared && name.namespace.as_str() == "kube-system"
    }

    fn unknown(&self, there: &ClusterInventory) -> BTreeSet<ServiceAccountName> {
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
    fn all_unknown(&self, there: &ClusterInventory) -> BTreeSet<ServiceAccountName> {
        let Removal { way, cluster, .. } = &self.how;
        let mut unknown = delete::unknown(*way, cluster, &self.known, there.stacks.listed());
        let with_stack = self.tagged(there).filter(|it| self.has_stack(there, it));
        unknown.extend(with_stack.map(|(name, _)| name.clone()));
        unknown
    }

    /// The associations that have the tags of irsactl or eksctl, and that the file does not have.
    fn tagged<'a>(
        &'a self,
        there: &'a ClusterInventory,
    ) -> impl Iterator<Item = &'a NamedAssociation> {
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
    fn has_stack(&self, there: &ClusterInventory, (name, association): &NamedAssociation) -> bool {
        let mut stacks = there.stacks.listed();
        stacks.any(|stack| {
            stack.is_for(Way::PodIdentity, &self.how.cluster, name)
                && stack.role_arn.as_ref() == Some(&association.role)
        })
    }

    /// Those that another part of the file makes or uses, and the part.
    fn owned(&self, there: &ClusterInventory) -> Vec<(ServiceAccountName, &str)> {
        let unknown = self.all_unknown(there);
        let owner = |name: &ServiceAccountName| {
            let way = self.how.way;
            let own = there.stacks.listed();
            let mut own = own.filter(|stack| stack.is_for(way, &self.how.cluster, name));
            let by_stack =
                own.find_map(|stack| self.rest.owner(way, name, stack.role_arn.as_ref()));
            by_stack.or_else(|| self.rest.owner(way, name, there.role_of(name)))
        };
        let owned = unknown.into_iter();
        owned
            .filter_map(|name| Some((name.clone(), owner(&name)?)))
            .collect()
    }
}

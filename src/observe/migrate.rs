//! What bears on a move: service accounts with their roles and associations, and all that runs as them.
//! Lists are read page by page and side by side; what is denied is unknown, and hides nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::PARALLEL;
use super::account::live_policies;
use super::again;
use super::associations::described;
use super::documents::documents;
use super::health::ReadOnce;
use super::owner::owner;
use crate::aws::Aws;
use crate::kubernetes::Kubernetes;
use crate::model::{
    Cluster, Lookup, Namespace, PolicyArn, SAVED_ANNOTATION, ServiceAccountName, Workload,
};
use crate::plan::migrate::{Successors, next_roles, users};
use crate::waiting::side_by_side;
use crate::world::{
    Addon, Association, Interception, LivePolicies, Moving, MovingAccount, Node, OidcProvider,
    OwningStack, PodDefaults, RoleFacts, ServiceAccount, VaultDeliveries,
};

mod interception;
mod node_roles;
mod objects;
mod proof;
mod split;

use objects::Objects;
pub use proof::proved;
use split::inherited;

/// What is looked at.
pub struct MoveScope<'a> {
    /// Lists are of it alone, where all are of it.
    pub namespace: Option<Namespace>,
    pub includes: &'a dyn Fn(&ServiceAccountName) -> bool,
    /// Of the workloads of a service account: whether one is, by what it runs as and by what it is to run as.
    pub includes_part: &'a dyn Fn(&ServiceAccountName, &ServiceAccountName) -> bool,
    /// Looked at whether or not anything says that they are there.
    pub named: &'a [ServiceAccountName],
    pub depth: MoveDepth,
    /// Whether workloads are to have service accounts of their own, and what the only one of them is called.
    pub splits: Option<Option<&'a str>>,
}

/// Which ways of pods are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoveDepth {
    /// Those that EKS has.
    Eks,
    /// What stands between pods and the instance metadata too.
    All,
    /// And who in the whole cluster has a role by that.
    Users,
}

/// Where it is looked at.
pub struct MoveObserver<'a> {
    pub aws: &'a Aws,
    pub kubernetes: &'a Kubernetes,
    pub cluster: &'a Cluster,
}

pub type ByName<T> = Lookup<BTreeMap<ServiceAccountName, T>>;

/// What service accounts share: each role is asked about once, however many have it.
#[derive(Default)]
struct Roles {
    facts: ReadOnce<RoleFacts>,
    policies: ReadOnce<LivePolicies>,
    stacks: ReadOnce<OwningStack>,
    /// Of managed policies, by their ARNs.
    documents: ReadOnce<Value>,
}

/// What the reads told.
struct MoveReads {
    provider: Lookup<OidcProvider>,
    addons: Lookup<Vec<Addon>>,
    nodes: Lookup<Vec<Node>>,
    interception: Lookup<Interception>,
    rivals: Vec<Workload>,
    objects: Objects,
    associations: ByName<Association>,
    /// How many associations the cluster has.
    count: Lookup<usize>,
    deliveries: Lookup<VaultDeliveries>,
}

impl MoveObserver<'_> {
    /// All that bears on moving the service accounts of the scope. What cannot be read stands in
    /// `unknown`, and fails nothing.
    pub async fn moving(&self, scope: &MoveScope<'_>) -> Moving {
        let mut read = self.read(scope).await;
        let unknown = read.unknown();
        read.relate(scope.depth);
        let known = read.objects.known();
        let (successors, unsplit) = self
            .regrouped(
                scope,
                &read.interception,
                &mut read.objects,
                &mut read.associations,
            )
            .await;
        let accounts = read.accounts(scope, &successors).into_iter();
        let shared = Roles::default();
        let accounts = accounts.map(|account| self.with_role(&shared, account));
        let accounts: Vec<MovingAccount> = side_by_side(PARALLEL, accounts).await;
        Moving {
            cluster: self.cluster.clone(),
            provider: read.provider,
            addons: read.addons,
            nodes: read.nodes,
            associations: read.count,
            interception: read.interception,
            rivals: read.rivals,
            accounts,
            unsplit,
            known,
            unknown,
        }
    }

    /// All lists, side by side.
    async fn read(&self, scope: &MoveScope<'_>) -> MoveReads {
        let nodes = async { Lookup::or_unknown(self.kubernetes.nodes().await) };
        let (
            provider,
            addons,
            nodes,
            (interception, rivals),
            objects,
            (associations, count),
            deliveries,
        ) = tokio::join!(
            self.provider(),
            self.addons(),
            nodes,
            self.intercepted(scope.depth),
            self.objects(scope),
            self.associations(scope),
            self.deliveries(scope)
        );
        MoveReads {
            provider,
            addons,
            nodes,
            interception,
            rivals,
            objects,
            associations,
            count,
            deliveries,
        }
    }

    async fn provider(&self) -> Lookup<OidcProvider> {
        let found = self.aws.iam.provider(&self.cluster.provider_arn()).await;
        Lookup::or_unknown(found.map(Lookup::from))
    }

    async fn intercepted(&self, depth: MoveDepth) -> (Lookup<Interception>, Vec<Workload>) {
        match depth {
            MoveDepth::All | MoveDepth::Users => self.interception().await,
            MoveDepth::Eks => (Lookup::Missing, Vec::new()),
        }
    }

    async fn deliveries(&self, scope: &MoveScope<'_>) -> Lookup<VaultDeliveries> {
        match scope.depth {
            MoveDepth::All => {
                let namespace = scope.namespace.as_ref().map_or("", Namespace::as_str);
                Lookup::of(self.kubernetes.vault_deliveries(namespace).await)
            }
            MoveDepth::Eks | MoveDepth::Users => Lookup::Missing,
        }
    }

    async fn addons(&self) -> Lookup<Vec<Addon>> {
        match self.cluster.eks {
            Some(_) => Lookup::of(self.aws.eks.addons(self.cluster.name.as_str()).await),
            None => Lookup::Missing,
        }
    }

    /// Those that are meant, and how many the cluster has, unless only that of the one that is named is asked
    /// for.
    async fn associations(&self, scope: &MoveScope<'_>) -> (ByName<Association>, Lookup<usize>) {
        if self.cluster.eks.is_none() {
            return (Lookup::Found(BTreeMap::new()), Lookup::Missing);
        }
        let only = match scope.named {
            [one] => Some(one),
            _ => None,
        };
        let cluster = &self.cluster.name;
        let listed = self.aws.eks.associated(cluster.as_str(), only).await;
        let mut listed = match Lookup::or_unknown(listed) {
            Lookup::Found(listed) => listed,
            Lookup::Missing => Vec::new(),
            Lookup::Unknown(why) => return (Lookup::Unknown(why.clone()), Lookup::Unknown(why)),
        };
        let count = match only {
            Some(_) => Lookup::Missing,
            None => Lookup::Found(listed.len()),
        };
        listed.retain(|(name, _)| (scope.includes)(name));
        let found = Lookup::of(described(self.aws, cluster, listed).await);
        (found.map(|found| found.into_iter().collect()), count)
    }

    /// With its role, the stack that made it, and what it may do.
    async fn with_role(&self, shared: &Roles, mut account: MovingAccount) -> MovingAccount {
        let own = account.role_arn.as_ref();
        let Some(own) = own.filter(|role| role.account() == self.cluster.account) else {
            return account;
        };
        let own = own.clone();
        let documents = self.documents(shared, &account, own.name());
        let (role, documents) = tokio::join!(self.known_role(shared, own.name()), documents);
        let next = documents.as_found().map(|all| next_roles(all));
        let next = next.unwrap_or_default().into_iter().map(async |role| {
            let found = if role == own {
                Lookup::Missing
            } else if role.account() == self.cluster.account {
                self.known_role(shared, role.name()).await
            } else {
                Lookup::Unknown("it is of another account".to_owned())
            };
            (role, found)
        });
        account.next_roles = side_by_side(PARALLEL, next).await;
        let stack = owner(self.aws, role.as_found());
        account.stack = shared.stacks.of(own.name(), stack).await;
        account.role = role;
        account.documents = documents;
        account
    }

    async fn known_role(&self, shared: &Roles, name: &str) -> Lookup<RoleFacts> {
        shared.facts.of(name, self.role(name)).await
    }

    async fn role(&self, name: &str) -> Lookup<RoleFacts> {
        let read = async || self.aws.iam.role(name).await;
        Lookup::or_unknown(again::unless_missing(self.aws, name, read).await)
    }

    /// Inline and managed policies. Those that AWS manages name no roles to assume, but may ask for tags of
    /// sessions by an association.
    async fn documents(
        &self,
        shared: &Roles,
        account: &MovingAccount,
        role: &str,
    ) -> Lookup<Vec<Value>> {
        let policies = async { Lookup::or_unknown(live_policies(self.aws, role).await) };
        let policies = shared.policies.of(role, policies).await;
        let LivePolicies { managed, inline } = match policies {
            Lookup::Found(policies) => policies,
            Lookup::Missing => return Lookup::Missing,
            Lookup::Unknown(why) => return Lookup::Unknown(why),
        };
        let is_associated = account.associated().is_some();
        let is_read = |arn: &PolicyArn| is_associated || arn.account() != "aws";
        let managed = managed.into_iter().filter(is_read);
        let managed = documents(self.aws, &shared.documents, managed).await;
        managed.map(|managed| {
            let managed = managed.into_iter().map(|(_, document)| document);
            inline.into_values().chain(managed).collect()
        })
    }
}

impl MoveReads {
    fn unknown(&self) -> Vec<String> {
        let all = [
            ("add-ons are", self.addons.unknown()),
            ("nodes are", self.nodes.unknown()),
            ("ServiceAccounts are", self.objects.accounts.unknown()),
            ("pods are", self.objects.pods.unknown()),
            ("workloads are", self.objects.workloads.unknown()),
            ("associations are", self.associations.unknown()),
            (
                "what kube2iam or kiam gives is",
                self.interception.unknown(),
            ),
            (
                "what Vault writes into Secrets is",
                self.deliveries.unknown(),
            ),
        ];
        let told = all.into_iter();
        told.filter_map(|(what, why)| Some(format!("{what} not known: {}", why?)))
            .collect()
    }

    /// What one of the lists says of another.
    fn relate(&mut self, depth: MoveDepth) {
        if let Lookup::Found(deliveries) = &self.deliveries {
            self.objects.deliver(deliveries);
        }
        if let (Lookup::Found(interception), MoveDepth::Users) = (&mut self.interception, depth) {
            let objects = &self.objects;
            interception.users = users(interception, &objects.pods, &objects.workloads, |name| {
                let object = objects.accounts.as_found().and_then(|all| all.get(name));
                object.is_some_and(|object| object.role().is_some())
            });
        }
    }

    /// Those that are looked at, but for their roles.
    fn accounts(&mut self, scope: &MoveScope<'_>, successors: &Successors) -> Vec<MovingAccount> {
        let mut names = names(scope, &self.objects, &self.associations);
        let own = successors
            .iter()
            .filter(|(own, former)| (scope.includes_part)(former, own));
        names.extend(own.map(|(name, _)| name.clone()));
        let defaults = inherited(successors, &self.objects);
        let accounts = names.into_iter().map(|name| {
            let mut found = account(name, &mut self.objects, &mut self.associations);
            if let Some(defaults) = defaults.get(&found.name) {
                found.inherits = defaults.clone();
            }
            found.granted(self.interception.as_found())
        });
        let mut accounts: Vec<MovingAccount> = accounts.collect();
        // All that it had by this is of others now.
        accounts.retain(|it| {
            let is_bound = it.role_arn.is_some() || !it.grants.is_empty();
            let is_former = successors.values().any(|former| *former == it.name);
            is_bound || !is_former || scope.depth != MoveDepth::Users
        });
        accounts
    }
}

/// Those that are there, that have an association, or that something runs as.
fn names(
    scope: &MoveScope<'_>,
    objects: &Objects,
    associations: &ByName<Association>,
) -> BTreeSet<ServiceAccountName> {
    let annotated = objects.accounts.as_found().into_iter().flatten();
    let is_bound = |object: &ServiceAccount| {
        object.role().is_some() || object.annotations.contains_key(SAVED_ANNOTATION)
    };
    let annotated = annotated.filter(|(_, object)| is_bound(object));
    let all = keys(&objects.pods)
        .chain(keys(&objects.workloads))
        .chain(keys(associations))
        .chain(annotated.map(|(name, _)| name));
    let all = all.filter(|name| (scope.includes)(name));
    all.chain(scope.named).cloned().collect()
}

fn keys<T>(all: &ByName<T>) -> impl Iterator<Item = &ServiceAccountName> {
    all.as_found().into_iter().flat_map(BTreeMap::keys)
}

fn taken<T>(all: &mut ByName<T>, name: &ServiceAccountName) -> Lookup<T> {
    match all {
        Lookup::Found(all) => all.remove(name).into(),
        Lookup::Missing => Lookup::Missing,
        Lookup::Unknown(why) => Lookup::Unknown(why.clone()),
    }
}

/// What the lists say of one.
fn account(
    name: ServiceAccountName,
    objects: &mut Objects,
    associations: &mut ByName<Association>,
) -> MovingAccount {
    let mut account = MovingAccount {
        object: taken(&mut objects.accounts, &name),
        association: taken(associations, &name),
        grants: Vec::new(),
        role_arn: None,
        role: Lookup::Missing,
        stack: Lookup::Missing,
        documents: Lookup::Missing,
        next_roles: Vec::new(),
        inherits: PodDefaults::default(),
        pods: taken(&mut objects.pods, &name),
        workloads: taken(&mut objects.workloads, &name),
        name,
    };
    account.role_arn = match (account.annotation(), account.associated()) {
        (Some(annotated), _) => annotated.parse().ok(),
        (None, Some(association)) => Some(association.role.clone()),
        (None, None) => account.saved_role(),
    };
    account
}

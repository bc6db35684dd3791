//! What bears on a move: service accounts with their roles and associations, and all that runs as them.
//! Lists are read page by page and side by side; what is denied is unknown, and hides nothing else.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::PARALLEL;
use super::account::live_policies;
use super::again;
use super::associations::described;
use super::health::Once;
use super::owner::owner;
use crate::aws::Aws;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Lookup, Namespace, PolicyArn, SAVED_ANNOTATION, ServiceAccountName};
use crate::plan::migrate::{next_roles, users};
use crate::waiting::side_by_side;
use crate::world::{
    Addon, Association, LivePolicies, Moving, MovingAccount, OwningStack, PodDefaults, RoleFacts,
    ServiceAccount,
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
pub struct MoveSight<'a> {
    pub aws: &'a Aws,
    pub kubernetes: &'a Kubernetes,
    pub cluster: &'a Cluster,
}

pub type ByName<T> = Lookup<BTreeMap<ServiceAccountName, T>>;

/// What service accounts share: each role is asked about once, however many have it.
#[derive(Default)]
struct Roles {
    facts: Once<RoleFacts>,
    policies: Once<LivePolicies>,
    stacks: Once<OwningStack>,
    /// Of managed policies, by their ARNs.
    documents: Once<Value>,
}

impl MoveSight<'_> {
    /// All that bears on moving the service accounts of the scope. What cannot be read stands in
    /// `unknown`, and fails nothing.
    pub async fn moving(&self, scope: &MoveScope<'_>) -> Moving {
        let arn = self.cluster.provider_arn();
        let provider = async {
            let found = self.aws.iam.provider(&arn).await;
            Lookup::or_unknown(found.map(Lookup::from))
        };
        let nodes = async { Lookup::or_unknown(self.kubernetes.nodes().await) };
        let interception = async {
            match scope.depth {
                MoveDepth::All | MoveDepth::Users => self.interception().await,
                MoveDepth::Eks => (Lookup::Missing, Vec::new()),
            }
        };
        let deliveries = async {
            match scope.depth {
                MoveDepth::All => {
                    let namespace = scope.namespace.as_ref().map_or("", Namespace::as_str);
                    Lookup::of(self.kubernetes.vault_deliveries(namespace).await)
                }
                MoveDepth::Eks | MoveDepth::Users => Lookup::Missing,
            }
        };
        let (
            provider,
            addons,
            nodes,
            (mut interception, rivals),
            mut objects,
            (mut associations, count),
            deliveries,
        ) = tokio::join!(
            provider,
            self.addons(),
            nodes,
            interception,
            self.objects(scope),
            self.associations(scope),
            deliveries
        );
        let mut unknown = Vec::new();
        let mut tell = |what: &str, why: Option<&str>| {
            unknown.extend(why.map(|why| format!("{what} not known: {why}")));
        };
        tell("add-ons are", addons.unknown());
        tell("nodes are", nodes.unknown());
        tell("ServiceAccounts are", objects.accounts.unknown());
        tell("pods are", objects.pods.unknown());
        tell("workloads are", objects.workloads.unknown());
        tell("associations are", associations.unknown());
        tell("what kube2iam or kiam gives is", interception.unknown());
        tell("what Vault writes into Secrets is", deliveries.unknown());
        if let Lookup::Found(deliveries) = &deliveries {
            objects.deliver(deliveries);
        }
        if let (Lookup::Found(interception), MoveDepth::Users) = (&mut interception, scope.depth) {
            let objects = &objects;
            interception.users = users(interception, &objects.pods, &objects.workloads, |name| {
                let object = objects.accounts.as_found().and_then(|all| all.get(name));
                object.is_some_and(|object| object.role().is_some())
            });
        }
        let shared = Roles::default();
        let known = objects.known();
        let (successors, unsplit) = self
            .regrouped(scope, &interception, &mut objects, &mut associations)
            .await;
        let mut names = names(scope, &objects, &associations);
        let own = successors
            .iter()
            .filter(|(own, former)| (scope.includes_part)(former, own));
        names.extend(own.map(|(name, _)| name.clone()));
        let defaults = inherited(&successors, &objects);
        let accounts = names.into_iter();
        let accounts = accounts.map(|name| {
            let mut found = account(name, &mut objects, &mut associations);
            if let Some(defaults) = defaults.get(&found.name) {
                found.inherits = defaults.clone();
            }
            found.granted(interception.as_found())
        });
        let mut accounts: Vec<MovingAccount> = accounts.collect();
        // All that it had by this is of others now.
        accounts.retain(|it| {
            let is_bound = it.role_arn.is_some() || !it.grants.is_empty();
            let is_former = successors.values().any(|former| *former == it.name);
            is_bound || !is_former || scope.depth != MoveDepth::Users
        });
        let accounts = accounts
            .into_iter()
            .map(|account| self.with_role(&shared, account));
        let accounts: Vec<MovingAccount> = side_by_side(PARALLEL, accounts).await;
        Moving {
            cluster: self.cluster.clone(),
            provider,
            addons,
            nodes,
            associations: count,
            interception,
            rivals,
            accounts,
            unsplit,
            known,
            unknown,
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
        let mut all: Vec<Value> = inline.into_values().collect();
        let is_associated = account.associated().is_some();
        let is_read = |arn: &&PolicyArn| is_associated || arn.account() != "aws";
        for arn in managed.iter().filter(is_read) {
            let read = async { Lookup::or_unknown(self.aws.iam.policy_document(arn).await) };
            match shared.documents.of(&arn.to_string(), read).await {
                Lookup::Found(document) => all.push(document),
                Lookup::Missing => {}
                Lookup::Unknown(why) => return Lookup::Unknown(why),
            }
        }
        Lookup::Found(all)
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
        (None, Some(association)) => association.role.parse().ok(),
        (None, None) => account.saved_role(),
    };
    account
}

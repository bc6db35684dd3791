//! What was before the last write: the answer of a read that is not yet consistent. Such answers are
//! no failure of AWS, so that every client must bear them.
//!
//! EC2 says it of AWS's APIs in general: a change "might not be immediately visible to all
//! subsequent commands", <https://docs.aws.amazon.com/ec2/latest/devguide/eventual-consistency.html>;
//! IAM of its own, <https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html>
//! ("Changes that I make are not always immediately visible"); of CloudFormation the CDK met it,
//! <https://github.com/aws/aws-cdk-cli/pull/1803> (DescribeStacks of a stack that was just created).
//! Kubernetes answers from its latest state, but a list with resourceVersion=0 from any older one,
//! <https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions>.

use std::collections::BTreeMap;
use std::mem::swap;

use serde_json::Value;

use super::cloudformation::Stacks;
use super::eks::{Addon, Association};
use super::http::Reply;
use super::iam::{ManagedPolicy, Provider, Role};
use super::kubernetes::Key;
use super::world::{Account, Call, Cluster, Service, World};

/// Of each service what it held before its last write, by account or by the cluster's ARN.
#[derive(Clone, Default)]
pub struct Past {
    stacks: BTreeMap<String, Stacks>,
    identities: BTreeMap<String, Identities>,
    clusters: BTreeMap<String, OfEks>,
    objects: BTreeMap<String, BTreeMap<Key, Value>>,
}

/// What IAM holds.
#[derive(Clone)]
struct Identities {
    providers: BTreeMap<String, Provider>,
    roles: BTreeMap<String, Role>,
    policies: BTreeMap<String, ManagedPolicy>,
}

/// What EKS holds of a cluster and lets be changed.
#[derive(Clone)]
struct OfEks {
    tags: BTreeMap<String, String>,
    addons: Vec<Addon>,
    associations: Vec<Association>,
}

impl Past {
    /// Puts a newer past in the place of the one that is known.
    fn renew(&mut self, newer: Self) {
        self.stacks.extend(newer.stacks);
        self.identities.extend(newer.identities);
        self.clusters.extend(newer.clusters);
        self.objects.extend(newer.objects);
    }
}

impl World {
    /// What a write to that service may change. CloudFormation's changes IAM too, when its time comes.
    fn before_write(&self, service: Service) -> Past {
        let accounts = self.accounts.iter();
        let accounts = accounts.map(|(id, account)| (id.clone(), account));
        let clusters = self.clusters.iter();
        let clusters = clusters.map(|cluster| (cluster.arn.clone(), cluster));
        let mut past = Past::default();
        if service == Service::CloudFormation {
            let stacks = accounts.clone();
            past.stacks = stacks.map(|(id, all)| (id, all.stacks.clone())).collect();
        }
        match service {
            Service::CloudFormation | Service::Iam => {
                past.identities = accounts
                    .map(|(id, all)| (id, Identities::of(all)))
                    .collect();
            }
            Service::Eks => {
                past.clusters = clusters.map(|(arn, it)| (arn, OfEks::of(it))).collect();
            }
            Service::Kubernetes => {
                let objects = clusters.map(|(arn, it)| (arn, it.api.objects.clone()));
                past.objects = objects.collect();
            }
            _ => {}
        }
        past
    }

    /// Carries a call out; before a write that succeeds is the past from then on.
    pub fn keeping_past(
        &mut self,
        call: &Call,
        carry_out: impl FnOnce(&mut Self) -> Reply,
    ) -> Reply {
        let is_kept = self.keeps_past && call.is_write();
        let before = is_kept.then(|| self.before_write(call.service));
        let reply = carry_out(self);
        if let Some(before) = before.filter(|_| reply.status < 300) {
            self.past.renew(before);
        }
        reply
    }

    /// Makes how it is now the past of every service: what a test arranges from here on is not
    /// yet seen by a stale read.
    pub fn become_past(&mut self) {
        for service in [Service::CloudFormation, Service::Eks, Service::Kubernetes] {
            self.past.renew(self.before_write(service));
        }
    }

    /// Lets somebody look at what that service held before its last write.
    pub fn in_the_past<T>(&mut self, service: Service, look: impl FnOnce(&mut Self) -> T) -> T {
        self.swap_past(service);
        let seen = look(self);
        self.swap_past(service);
        seen
    }

    fn swap_past(&mut self, service: Service) {
        for (id, account) in &mut self.accounts {
            if service == Service::CloudFormation
                && let Some(stacks) = self.past.stacks.get_mut(id)
            {
                swap(stacks, &mut account.stacks);
            }
            if service == Service::Iam
                && let Some(identities) = self.past.identities.get_mut(id)
            {
                identities.swap(account);
            }
        }
        for cluster in &mut self.clusters {
            if service == Service::Eks
                && let Some(known) = self.past.clusters.get_mut(&cluster.arn)
            {
                known.swap(cluster);
            }
            if service == Service::Kubernetes
                && let Some(objects) = self.past.objects.get_mut(&cluster.arn)
            {
                swap(objects, &mut cluster.api.objects);
            }
        }
    }
}

impl Identities {
    fn of(account: &Account) -> Self {
        Self {
            providers: account.providers.clone(),
            roles: account.roles.clone(),
            policies: account.policies.clone(),
        }
    }

    fn swap(&mut self, account: &mut Account) {
        swap(&mut self.providers, &mut account.providers);
        swap(&mut self.roles, &mut account.roles);
        swap(&mut self.policies, &mut account.policies);
    }
}

impl OfEks {
    fn of(cluster: &Cluster) -> Self {
        Self {
            tags: cluster.tags.clone(),
            addons: cluster.addons.clone(),
            associations: cluster.associations.clone(),
        }
    }

    fn swap(&mut self, cluster: &mut Cluster) {
        swap(&mut self.tags, &mut cluster.tags);
        swap(&mut self.addons, &mut cluster.addons);
        swap(&mut self.associations, &mut cluster.associations);
    }
}

impl Call {
    /// Whether it changes what its service holds. A question that Kubernetes has as an object to
    /// be made changes nothing, nor does a token.
    pub fn is_write(&self) -> bool {
        let verbs = match self.service {
            Service::Kubernetes => {
                let asks =
                    self.operation.ends_with("reviews") || self.operation.ends_with("/token");
                return !asks
                    && !["get ", "list "]
                        .iter()
                        .any(|verb| self.operation.starts_with(verb));
            }
            Service::CloudFormation | Service::Iam | Service::Eks => [
                "Describe", "Get", "List", "Simulate", "Validate", "Generate",
            ],
            _ => return false,
        };
        !verbs.iter().any(|verb| self.operation.starts_with(verb))
    }
}

//! Everything that `doctor` looks at, in as few rounds as the reads depend on each other. Nothing here
//! fails: what cannot be read is unknown.

use std::collections::BTreeSet;

use super::aws::RoleObserver;
use super::{Shared, aws as of_aws, kubernetes as of_kubernetes};
use crate::aws::Aws;
use crate::error::Error;
use crate::issuer;
use crate::kubernetes::Kubernetes;
use crate::model::{Audience, Cluster, Lookup, RoleArn, ServiceAccountName, Workload};
use crate::observe::proof::{NotYet, now};
use crate::observe::{self, PARALLEL, ServiceAccounts, Stacks};
use crate::policy::usage::Window;
use crate::proof::{Permission, SimulatedDecision, Simulation};
use crate::waiting::{Intervals, side_by_side};
use crate::world::{
    AccountHealth, Association, ClusterHealth, KubernetesHealth, MetadataOptions, ObjectHealth,
    ObservedAccount, RoleHealth, SecurityGroup, ServiceAccount, StackState, World,
};

/// How far back failed attempts are looked for, in seconds: CloudTrail keeps 90 days, but what is older
/// than a day is rarely what is asked about.
const RECENT: i64 = 24 * 60 * 60;

/// With what it is looked at.
pub struct HealthObserver<'a> {
    pub aws: &'a Aws,
    /// Why there is none, where Kubernetes cannot be asked.
    pub kubernetes: Result<&'a Kubernetes, &'a str>,
    pub cluster: Option<&'a Cluster>,
    pub intervals: Intervals,
    pub proving: Proving,
    /// Whether IAM is asked what roles used, and which uses count.
    pub usage: Option<Window>,
    /// What was read already, for all to share.
    pub shared: &'a Shared,
    /// Told while it waits, and of what is left out.
    pub on_wait: &'a (dyn Fn(&NotYet<'_>) + Sync),
}

/// Whether tokens are exchanged for a role's credentials.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proving {
    Done,
    /// IAM tells when a role was last used, and a proof is a use.
    LeftOut,
}

/// What is looked at of one service account, or of a role.
#[derive(Clone, Debug, Default)]
pub struct Examined {
    pub name: Option<ServiceAccountName>,
    /// Only the pods of this.
    pub of: Option<Workload>,
    pub role: Option<RoleArn>,
    pub audience: Option<Audience>,
    /// What the role is to be able to do.
    pub can: Vec<Permission>,
}

impl HealthObserver<'_> {
    /// All that is not one service account's: what cannot be read is unknown in it, and fails nothing.
    /// `listed` is left to who lists the accounts.
    pub async fn world(&self) -> World {
        let issuer = async {
            match self.cluster {
                Some(cluster) => {
                    let (issuer, intervals) = (&cluster.issuer, self.intervals);
                    let keys = async { Lookup::of(issuer::keys(issuer, intervals).await) };
                    let (reading, keys) = tokio::join!(
                        issuer::read(issuer, intervals),
                        self.shared.keys.get_or_init(|| keys)
                    );
                    (Lookup::of(reading), keys.clone())
                }
                None => (Lookup::Missing, Lookup::Missing),
            }
        };
        let (caller, health, (reading, keys), kubernetes) = tokio::join!(
            self.aws.sts.caller(),
            self.cluster_health(),
            issuer,
            self.kubernetes_health()
        );
        World {
            now: now(),
            region: self.aws.region.clone(),
            caller: Lookup::of(caller),
            cluster: self.cluster.cloned(),
            listed: Lookup::Missing,
            health,
            reading,
            keys,
            kubernetes,
        }
    }

    async fn cluster_health(&self) -> Option<ClusterHealth> {
        let cluster = self.cluster.filter(|cluster| cluster.eks.is_some())?;
        let health = of_aws::cluster_health(self.aws, cluster, self.intervals);
        Some(Box::pin(health).await)
    }

    async fn kubernetes_health(&self) -> Option<KubernetesHealth> {
        self.cluster?;
        Some(match self.kubernetes {
            Ok(kubernetes) => of_kubernetes::kubernetes_health(kubernetes).await,
            Err(why) => KubernetesHealth::unknown(why),
        })
    }

    /// Each of them; `account` is that of the credentials.
    pub async fn accounts(&self, subjects: &[Examined], account: &str) -> Vec<AccountHealth> {
        let stacks = Stacks::for_lookups(self.aws, subjects.len()).await;
        let accounts = subjects
            .iter()
            .map(|subject| self.account(subject, stacks.as_ref(), account));
        side_by_side(PARALLEL, accounts).await
    }

    async fn account(
        &self,
        subject: &Examined,
        stacks: Result<&Stacks, &Error>,
        account: &str,
    ) -> AccountHealth {
        let (observed, object, associations) = tokio::join!(
            self.observed(subject, stacks),
            self.object(subject),
            self.associations(subject)
        );
        self.with_roles(subject, account, observed, object, associations)
            .await
    }

    /// The roles that its pods have, what is around them, and whether they can be had.
    async fn with_roles(
        &self,
        subject: &Examined,
        account: &str,
        observed: Lookup<ObservedAccount>,
        object: Option<ObjectHealth>,
        associations: Lookup<Vec<Association>>,
    ) -> AccountHealth {
        let association = associations.as_found().and_then(|all| all.first());
        let role_arn = annotated_role(subject, association, object.as_ref(), observed.as_found());
        let identity = association.map(|found| &found.role);
        let ((own, identity_role, target_role), metadata, security_groups, simulated) = tokio::join!(
            self.roles(account, role_arn.as_ref(), association),
            self.metadata(object.as_ref()),
            self.security_groups(object.as_ref()),
            self.simulated(role_arn.as_ref().or(identity), &subject.can)
        );
        let (proof, identity_proof) = tokio::join!(
            self.proof(subject, object.as_ref(), role_arn.as_ref(), own.as_ref()),
            self.identity_proof(subject, object.as_ref(), association)
        );
        AccountHealth {
            name: subject.name.clone(),
            observed,
            object,
            role_arn,
            named_role: subject.role.clone(),
            named_audience: subject.audience.clone(),
            role: own,
            associations,
            identity_role,
            target_role,
            identity_proof,
            metadata,
            security_groups,
            proof,
            simulated,
        }
    }

    /// The annotated role, that of the association, and the one behind it.
    async fn roles(
        &self,
        account: &str,
        annotated: Option<&RoleArn>,
        association: Option<&Association>,
    ) -> (Option<RoleHealth>, Option<RoleHealth>, Option<RoleHealth>) {
        let observer = RoleObserver {
            aws: self.aws,
            shared: self.shared,
            account,
            issuer: self.cluster.map(|cluster| &cluster.issuer),
            since: now() - RECENT,
            usage: self.usage,
        };
        let role = async |arn: Option<&RoleArn>| match arn {
            Some(arn) => Some(Box::pin(observer.role_health(arn)).await),
            None => None,
        };
        let identity = association.map(|found| &found.role);
        let target = association.and_then(|found| found.target_role.as_ref());
        tokio::join!(role(annotated), role(identity), role(target))
    }

    async fn observed(
        &self,
        subject: &Examined,
        stacks: Result<&Stacks, &Error>,
    ) -> Lookup<ObservedAccount> {
        let (Some(cluster), Some(name)) = (self.cluster, &subject.name) else {
            return Lookup::Missing;
        };
        let objects = match self.kubernetes {
            Ok(kubernetes) => ServiceAccounts::ByName(kubernetes),
            Err(_) => ServiceAccounts::NotLooked,
        };
        match stacks {
            Ok(stacks) => {
                Lookup::of(observe::stack_alone(self.aws, stacks, &objects, cluster, name).await)
            }
            Err(error) => Lookup::Unknown(error.to_string()),
        }
    }

    async fn object(&self, subject: &Examined) -> Option<ObjectHealth> {
        let name = subject.name.as_ref()?;
        self.cluster?;
        Some(match self.kubernetes {
            Ok(kubernetes) => {
                of_kubernetes::object_health(kubernetes, self.shared, name, subject.of.as_ref())
                    .await
            }
            Err(why) => ObjectHealth::unknown(why),
        })
    }

    async fn metadata(&self, object: Option<&ObjectHealth>) -> Lookup<Vec<MetadataOptions>> {
        let Some(object) = object else {
            return Lookup::Missing;
        };
        let nodes = match &object.nodes {
            Lookup::Found(nodes) => nodes,
            Lookup::Unknown(why) if object.pods.as_found().is_some_and(|pods| !pods.is_empty()) => {
                return Lookup::Unknown(why.clone());
            }
            Lookup::Unknown(_) | Lookup::Missing => return Lookup::Missing,
        };
        let instances = nodes.iter().filter_map(|node| node.instance.as_ref());
        let instances: BTreeSet<&String> = instances.collect();
        let instances: Vec<String> = instances.into_iter().cloned().collect();
        if instances.is_empty() {
            Lookup::Missing
        } else {
            let read = async { Lookup::of(self.aws.ec2.metadata_options(&instances).await) };
            let ids = instances.join(",");
            self.shared.metadata.of(&ids, read).await
        }
    }

    async fn security_groups(&self, object: Option<&ObjectHealth>) -> Lookup<Vec<SecurityGroup>> {
        let policies = object.and_then(|object| object.security_groups.as_found());
        let ids: BTreeSet<&String> = policies
            .into_iter()
            .flatten()
            .flat_map(|policy| &policy.groups)
            .collect();
        let ids: Vec<String> = ids.into_iter().cloned().collect();
        if ids.is_empty() {
            Lookup::Missing
        } else {
            let read = async { Lookup::of(self.aws.ec2.security_groups(&ids).await) };
            self.shared.security_groups.of(&ids.join(","), read).await
        }
    }

    async fn associations(&self, subject: &Examined) -> Lookup<Vec<Association>> {
        match (self.cluster, &subject.name) {
            (Some(cluster), Some(name)) if cluster.eks.is_some() => {
                of_aws::associations(self.aws, self.shared, &cluster.name, name).await
            }
            _ => Lookup::Missing,
        }
    }

    async fn simulated(&self, role: Option<&RoleArn>, can: &[Permission]) -> Vec<Simulation> {
        let Some(role) = role else {
            return Vec::new();
        };
        let verdicts = can.iter().map(async |asked| {
            let verdict = self.aws.iam.simulate(role, asked).await;
            verdict.unwrap_or_else(|error| Simulation {
                permission: asked.clone(),
                decision: SimulatedDecision::Unknown {
                    why: error.to_string(),
                },
            })
        });
        side_by_side(PARALLEL, verdicts).await
    }

    /// All service accounts of the cluster that have a role, by their stacks, their annotation, or a Pod
    /// Identity association; and whether these are all.
    pub async fn names(&self) -> (Vec<ServiceAccountName>, Lookup<()>) {
        let Some(cluster) = self.cluster else {
            return (Vec::new(), Lookup::Missing);
        };
        let stacks = async { Lookup::of(self.aws.cloudformation.stacks().await) };
        let (stacks, objects, associated) =
            tokio::join!(stacks, self.objects(), self.associated(cluster));
        let whys = [stacks.unknown(), objects.unknown(), associated.unknown()];
        let whys: Vec<&str> = whys.into_iter().flatten().collect();
        let listed = if whys.is_empty() {
            Lookup::Found(())
        } else {
            Lookup::Unknown(whys.join("; "))
        };
        let stacks = stacks.as_found().into_iter().flatten();
        let stacks = stacks.filter(|stack| stack.is_of(&cluster.name));
        let objects = objects.as_found().into_iter().flatten();
        let annotated = objects.filter(|(_, object)| object.role().is_some());
        let associated = associated.as_found().into_iter().flatten();
        let names = stacks
            .filter_map(|stack| stack.service_account())
            .chain(annotated.map(|(name, _)| name.clone()))
            .chain(associated.map(|(name, _)| name.clone()));
        let names: BTreeSet<_> = names.collect();
        (names.into_iter().collect(), listed)
    }

    async fn objects(&self) -> Lookup<Vec<(ServiceAccountName, ServiceAccount)>> {
        match self.kubernetes {
            Ok(kubernetes) => Lookup::of(kubernetes.service_accounts(None).await),
            Err(why) => Lookup::Unknown(why.to_owned()),
        }
    }

    async fn associated(&self, cluster: &Cluster) -> &Lookup<Vec<(ServiceAccountName, String)>> {
        let read = async {
            match cluster.eks {
                Some(_) => {
                    let listed = self.aws.eks.associated(cluster.name.as_str(), None);
                    Lookup::or_unknown(listed.await)
                }
                None => Lookup::Missing,
            }
        };
        self.shared.associated.get_or_init(|| read).await
    }

    /// The service account that the pods of a workload run as.
    ///
    /// # Errors
    /// Where it cannot be read, or does not exist.
    pub async fn service_account_of(
        &self,
        workload: &Workload,
    ) -> Result<ServiceAccountName, Error> {
        let kubernetes = self
            .kubernetes
            .map_err(|why| Error::Flags(why.to_owned()))?;
        let name = kubernetes.service_account_of(workload).await?;
        let namespace = workload.namespace.parse().map_err(Error::Flags)?;
        let name = name.ok_or_else(|| Error::WorkloadNotFound(workload.clone()))?;
        ServiceAccountName::new(namespace, &name).map_err(Error::Flags)
    }
}

/// An association outdoes the annotation: new pods do not ask for the annotated role.
fn annotated_role(
    subject: &Examined,
    association: Option<&Association>,
    object: Option<&ObjectHealth>,
    observed: Option<&ObservedAccount>,
) -> Option<RoleArn> {
    let Some(found) = association else {
        return role_of(subject, object, observed);
    };
    let named = subject.role.clone();
    named.filter(|role| *role != found.role)
}

/// The role by the user's word, the annotation, or the account's stack.
fn role_of(
    subject: &Examined,
    object: Option<&ObjectHealth>,
    observed: Option<&ObservedAccount>,
) -> Option<RoleArn> {
    let annotated = object.and_then(|object| {
        let (object, _) = object.service_account.as_found()?;
        object.role()?.parse().ok()
    });
    let of_stack = observed.and_then(|observed| match &observed.stack {
        StackState::Found(found) => found.likely_role().cloned(),
        StackState::Absent => None,
    });
    subject.role.clone().or(annotated).or(of_stack)
}

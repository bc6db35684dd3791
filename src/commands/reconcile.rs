//! What `create`, `update` and `apply` share: they look at the same things, and differ in what they
//! may do about them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::file::{ClusterPlace, Described};
use super::flags::SharedTerms;
use super::parts::{Part, parts};
use super::removal::{self, ClusterInventory, Missing};
use super::room::check_room;
use super::{provider, proving};
use crate::asked::{Deletion, Drift, Goal, IamServiceAccount, ProviderSpec, Restart};
use crate::cli::{KubernetesArgs, ReconcileArgs, Screen};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Audience, Cluster, RoleAccount, Way};
use crate::observe::{self, Named, Stacks, WantedAccount, WantedStack, again};
use crate::plan::restart::expected;
use crate::plan::{Plan, Target, Track, account};
use crate::progress::Running;
use crate::run::{Context, Finished, Mode, Observation, Rounds, finish};
use crate::world::{ObservedAccount, ObservedProvider, OidcProvider};

pub mod restart;
mod trusting;
mod wanted;

use restart::{Planned, PodAccess};
use trusting::Trusting;
use wanted::{wanted, wanted_provider};

/// All that is asked of a run.
pub struct Task<'a> {
    pub goal: Goal,
    pub drift: Drift,
    pub restart: Restart,
    pub place: ClusterPlace,
    pub kubernetes: &'a KubernetesArgs,
    pub accounts: Vec<IamServiceAccount>,
    /// The provider as a target of its own, in the account of each role.
    pub provider: Option<ProviderSpec>,
    /// Whether the roles of what names no account are in another one than the cluster's: there is nothing to make
    /// in that then, but for others.
    pub is_elsewhere: bool,
    /// What is to become of the accounts of the cluster that nobody asked for.
    pub prune: Vec<Missing>,
}

/// What is looked at in one account of roles.
#[derive(Clone, Copy)]
struct PartScope<'a> {
    part: &'a Part<'a>,
    round: &'a Rounds,
    cluster: &'a Cluster,
    accounts: &'a [&'a IamServiceAccount],
}

impl<'a> Task<'a> {
    /// What flags or a file describe, and nothing beside it.
    pub fn described(
        goal: Goal,
        described: Described,
        how: &SharedTerms,
        restart: Restart,
        kubernetes: &'a KubernetesArgs,
    ) -> Self {
        Self {
            goal,
            drift: Drift::Told,
            restart,
            place: described.place,
            kubernetes,
            accounts: how.all(described.accounts),
            provider: described.provider,
            is_elsewhere: false,
            prune: Vec::new(),
        }
    }

    /// Looks, shows or acts, and with `--verify` proves what was made.
    pub async fn finish(
        &self,
        args: &ReconcileArgs,
        screen: Screen,
        running: Running,
    ) -> Result<(Context, Finished), Error> {
        let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
        let named = self.accounts.iter().map(|asked| asked.account.as_ref());
        let context = context.with_parallel(args.parallel);
        let context = context.with_accounts(named, &args.aws).await?;
        let look = async |round: &Rounds| self.look(&context, round).await;
        let mut finished = finish(&context, Mode::of(args.approval), look).await?;
        if args.verify {
            finished = proving::all(&context, self, finished).await;
        }
        Ok((context, finished))
    }

    /// Looks at everything that this round is about, and plans it: one account of roles after the other.
    pub async fn look(&self, context: &Context, round: &Rounds) -> Result<Observation, Error> {
        let mut whole = Observation::default();
        let mut looked_at = Vec::new();
        for mut part in parts(context).filter(|part| self.has_part(part)) {
            let kubernetes = whole.kubernetes.clone();
            part.is_again = part.is_one_of(&looked_at);
            let looked = self.look_at(&part, round, kubernetes).await;
            let (mut look, account) = match looked.map_err(|error| part.named(error)) {
                Ok(looked) => looked,
                Err(error) => {
                    whole.unseen.extend(self.unseen(&part, round, error)?);
                    continue;
                }
            };
            if part.is_again {
                let is_provider = |track: &Track| matches!(track.target, Target::Provider(_));
                look.plan.tracks.retain(|track| !is_provider(track));
            }
            looked_at.push(account);
            part.add_to(&mut whole, look);
        }
        Ok(whole)
    }

    /// Those whose roles live in the account; `None`: the run's own.
    fn of(&self, account: Option<&RoleAccount>) -> impl Iterator<Item = &IamServiceAccount> {
        let accounts = self.accounts.iter();
        accounts.filter(move |asked| asked.account.as_ref() == account)
    }

    /// Where all roles are elsewhere, nothing is looked for in the run's own account.
    fn has_part(&self, part: &Part<'_>) -> bool {
        part.account.is_some() || !self.is_elsewhere || self.of(None).next().is_some()
    }

    /// What one account refuses is told of those whose roles live there, and stops no other.
    ///
    /// # Errors
    /// That of the run's own account, and where it is about nobody there.
    fn unseen(
        &self,
        part: &Part<'_>,
        round: &Rounds,
        error: Error,
    ) -> Result<Vec<(Target, Error)>, Error> {
        let targets = self.of(part.account);
        let targets = targets.map(|asked| Target::of(asked.way(), &asked.name));
        let targets: Vec<Target> = targets.filter(|target| round.includes(target)).collect();
        if part.account.is_none() || targets.is_empty() {
            return Err(error);
        }
        let error = Arc::new(error);
        let shared = targets.into_iter().map(|target| {
            let error = Error::Shared {
                targets: Vec::new(),
                error: error.clone(),
            };
            (target, error)
        });
        Ok(shared.collect())
    }

    /// At one account of roles, which is told.
    async fn look_at(
        &self,
        part: &Part<'_>,
        round: &Rounds,
        kubernetes: Option<Kubernetes>,
    ) -> Result<(Observation, String), Error> {
        let context = part.context;
        let accounts = self.accounts_of(part, round);
        let wanted = wanted(self.goal, &accounts);
        let (cluster, named) =
            tokio::try_join!(context.cluster(&self.place), self.named(part, &wanted))?;
        let (deletions, associations) =
            self.deletions(part, &cluster, &named.stacks, round).await?;
        let mut look = Observation {
            kubernetes,
            ..Observation::default()
        };
        if look.kubernetes.is_none() && self.needs_kubernetes(&wanted, &deletions) {
            look.kubernetes = Some(context.kubernetes(&cluster, self.kubernetes).await?);
        }
        let (found, observed, stacks) = observe::accounts(
            &context.aws,
            look.kubernetes.as_ref(),
            &cluster,
            &wanted,
            named,
            wanted_provider(self.provider_of(part).as_ref(), &accounts),
        )
        .await?;
        let seen = PartScope {
            part,
            round,
            cluster: &cluster,
            accounts: &accounts,
        };
        self.plan_accounts(seen, found, observed, &mut look).await?;
        removal::plan(context, round, &deletions, &stacks, None, &mut look).await?;
        check_limits(context, &cluster, associations, &mut look.plan).await?;
        Ok((look, cluster.account))
    }

    fn accounts_of(&self, part: &Part<'_>, round: &Rounds) -> Vec<&IamServiceAccount> {
        let accounts = self.of(part.account);
        accounts
            .filter(|asked| round.includes(&Target::of(asked.way(), &asked.name)))
            .collect()
    }

    fn needs_kubernetes(&self, wanted: &[WantedAccount<'_>], deletions: &[Deletion]) -> bool {
        let is_restarted = self.restart != Restart::Told && !wanted.is_empty();
        let needs_objects = wanted.iter().any(|wanted| wanted.service_account);
        needs_objects || is_restarted || !deletions.is_empty()
    }

    /// The tracks of the accounts, and of what they need beside them.
    async fn plan_accounts(
        &self,
        seen: PartScope<'_>,
        found: Option<OidcProvider>,
        mut observed: Vec<Result<ObservedAccount, Error>>,
        look: &mut Observation,
    ) -> Result<(), Error> {
        let PartScope {
            part,
            round,
            cluster,
            accounts,
        } = seen;
        let agent = plan_together(cluster, accounts, &mut observed);
        let agent = agent.filter(|it| round.includes(&it.target));
        look.plan.tracks.extend(agent);
        let spec = self.provider_of(part);
        let found = match &spec {
            None => required(part.context, cluster, accounts, found).await?,
            Some(_) => found,
        };
        let provider = plan_provider(part, cluster, found, spec, round, &mut look.plan).await?;
        let planned = self.planned(seen, observed, &provider).await?;
        let kubernetes = look.kubernetes.as_ref();
        let tracks = self.with_restarts(seen, kubernetes, planned).await;
        for (asked, track) in accounts.iter().zip(tracks) {
            look.add(Target::of(asked.way(), &asked.name), track);
        }
        Ok(())
    }

    async fn planned(
        &self,
        seen: PartScope<'_>,
        observed: Vec<Result<ObservedAccount, Error>>,
        provider: &ObservedProvider,
    ) -> Result<Vec<Planned>, Error> {
        let PartScope {
            part,
            cluster,
            accounts,
            ..
        } = seen;
        let context = part.context;
        let mut trusting = Trusting::read(context, cluster, accounts).await?;
        let mut planned = Vec::new();
        for (asked, observed) in accounts.iter().zip(observed) {
            planned.push(match observed {
                Ok(mut observed) => {
                    trusting.put(asked, &mut observed);
                    let planned = self.plan_account(context, cluster, asked, observed, provider);
                    let planned = planned.await;
                    trusting.go_on(asked, &planned);
                    planned
                }
                Err(error) => Err(error),
            });
        }
        Ok(planned)
    }

    async fn with_restarts(
        &self,
        seen: PartScope<'_>,
        kubernetes: Option<&Kubernetes>,
        planned: Vec<Planned>,
    ) -> Vec<Result<Track, Error>> {
        let context = seen.part.context;
        let own = match kubernetes {
            None if restart::concerned(&planned) > 0 => {
                Some(context.kubernetes(seen.cluster, self.kubernetes).await)
            }
            _ => None,
        };
        let access = match (kubernetes, &own) {
            (Some(kubernetes), _) => PodAccess::Whole(kubernetes),
            (None, Some(Ok(kubernetes))) => PodAccess::Brief(kubernetes, context.intervals),
            (None, Some(Err(error))) => PodAccess::None(error.to_string()),
            (None, None) => PodAccess::None(String::new()),
        };
        restart::add(self.restart, access, planned).await
    }

    /// The provider as a target of its own in that account.
    fn provider_of(&self, part: &Part<'_>) -> Option<ProviderSpec> {
        if part.account.is_none() && self.is_elsewhere {
            return None;
        }
        let mut spec = self.provider.clone()?;
        if self.accounts.iter().any(|asked| asked.account.is_some()) {
            let asked = self.of(part.account).filter(|it| it.way() == Way::Irsa);
            let asked: BTreeSet<&str> = asked.map(|it| it.audience.as_str()).collect();
            spec.audiences.retain(|it| asked.contains(it.as_str()));
            if spec.audiences.is_empty() {
                spec.audiences.push(Audience::default());
            }
        }
        Some(spec)
    }

    /// What is to become of those that nobody asked for and that have a stack in that account. Associations are
    /// of the cluster's.
    fn prune_of(&self, part: &Part<'_>) -> impl Iterator<Item = &Missing> {
        let is_own = part.account.is_none();
        let is_elsewhere = self.is_elsewhere;
        let is_again = part.is_again;
        self.prune.iter().filter(move |it| match it.how.way {
            _ if is_again => false,
            Way::Irsa => !(is_own && is_elsewhere),
            Way::PodIdentity => is_own,
        })
    }

    async fn named(&self, part: &Part<'_>, wanted: &[WantedAccount<'_>]) -> Result<Named, Error> {
        let aws = &part.context.aws;
        let stacks = match self.prune_of(part).next() {
            None => {
                let looked = wanted.iter().filter(|it| it.stack == WantedStack::Looked);
                Stacks::for_lookups(aws, looked.count()).await?
            }
            Some(_) => Stacks::list(aws).await?,
        };
        observe::named(aws, &self.place.cluster, wanted, stacks).await
    }

    /// Also how many associations the cluster has, where they were read for that.
    async fn deletions(
        &self,
        part: &Part<'_>,
        cluster: &Cluster,
        stacks: &Stacks,
        round: &Rounds,
    ) -> Result<(Vec<Deletion>, Option<usize>), Error> {
        let context = part.context;
        let all: Vec<&Missing> = self.prune_of(part).collect();
        let there = ClusterInventory::read(context, stacks, &all).await?;
        let are_read = all.iter().any(|it| it.how.way == Way::PodIdentity);
        let associations = are_read.then_some(there.associations.len());
        let deletions = all.into_iter().flat_map(|missing| {
            if round.past == 0 {
                missing.tell(part, &there);
            }
            missing.deletions(part, &there, round)
        });
        let looked = removal::looked_at(cluster);
        let deletions = deletions.map(|deletion| Deletion {
            looked: looked.clone(),
            ..deletion
        });
        Ok((deletions.collect(), associations))
    }

    async fn plan_account(
        &self,
        context: &Context,
        cluster: &Cluster,
        asked: &IamServiceAccount,
        mut observed: ObservedAccount,
        provider: &ObservedProvider,
    ) -> Planned {
        if !account::fits_default_quotas(asked, cluster, &observed) {
            observed.quotas = context.aws.iam.quotas().await?;
        }
        let provider = own_provider(context, cluster, asked, provider).await?;
        let track = account::plan(self.goal, self.drift, asked, cluster, &observed, &provider);
        let expected = expected(self.restart, &track, asked, cluster, &observed);
        Ok((track, expected))
    }
}

/// What is decided for all accounts at once: names of stacks are parted before anything is planned; the agent's
/// track comes back, where an account needs it.
fn plan_together(
    cluster: &Cluster,
    accounts: &[&IamServiceAccount],
    observed: &mut [Result<ObservedAccount, Error>],
) -> Option<Track> {
    let seen = accounts.iter().zip(observed.iter_mut());
    let seen = seen
        .filter_map(|(asked, observed)| Some((asked.way(), &asked.name, observed.as_mut().ok()?)));
    account::part_stack_names(&cluster.name, seen);
    let seen = accounts.iter().copied().zip(observed);
    let seen = seen.filter_map(|(asked, observed)| Some((asked, observed.as_ref().ok()?)));
    account::plan_agent(cluster, seen)
}

/// How many associations a cluster may have, and how many roles an account: that is asked for only where many are
/// to be made.
async fn check_limits(
    context: &Context,
    cluster: &Cluster,
    associations: Option<usize>,
    plan: &mut Plan,
) -> Result<(), Error> {
    check_room(&cluster.name, associations, plan.tracks.iter())?;
    if let Some(new) = account::many_new_roles(plan)
        && let Some(count) = context.aws.iam.role_count().await?
    {
        account::check_role_count(plan, cluster, new, count);
    }
    Ok(())
}

/// The provider: read again where what is asked would be refused for it.
async fn required(
    context: &Context,
    cluster: &Cluster,
    accounts: &[&IamServiceAccount],
    found: Option<OidcProvider>,
) -> Result<Option<OidcProvider>, Error> {
    let dependent = accounts
        .iter()
        .filter(|asked| asked.provider.is_none() && asked.association.is_none());
    let audiences: Vec<&Audience> = dependent.map(|asked| &asked.audience).collect();
    if audiences.is_empty() {
        return Ok(found);
    }
    again::provider(&context.aws, &cluster.provider_arn(), found, &audiences).await
}

/// The provider's own track, and the provider as it will be then.
async fn plan_provider(
    part: &Part<'_>,
    cluster: &Cluster,
    found: Option<OidcProvider>,
    spec: Option<ProviderSpec>,
    round: &Rounds,
    plan: &mut Plan,
) -> Result<ObservedProvider, Error> {
    let Some(spec) = &spec else {
        return Ok(ObservedProvider {
            provider: found,
            reading: None,
        });
    };
    let observed = provider::observe_missing(part.context, cluster, found, spec).await?;
    let provider = Some(spec.fulfilled(cluster, observed.provider.clone()));
    if round.includes_by(part.caller(), &Target::Provider(cluster.issuer.clone())) {
        let track = crate::plan::associate::plan(spec, cluster, &observed);
        plan.tracks.push(track);
    }
    Ok(ObservedProvider {
        provider,
        reading: None,
    })
}

/// The provider as one account asks for it by itself.
async fn own_provider(
    context: &Context,
    cluster: &Cluster,
    asked: &IamServiceAccount,
    found: &ObservedProvider,
) -> Result<ObservedProvider, Error> {
    match &asked.provider {
        Some(spec) => {
            provider::observe_missing(context, cluster, found.provider.clone(), spec).await
        }
        None => Ok(found.clone()),
    }
}

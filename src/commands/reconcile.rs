//! What `create`, `update` and `apply` share: they look at the same things, and differ in what they
//! may do about them.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::file::{ClusterPlace, Described};
use super::flags::How;
use super::parts::{Part, parts};
use super::removal::{self, Missing, There};
use super::room::check_room;
use super::{provider, proving};
use crate::asked::{
    Deletion, Drift, Goal, IamServiceAccount, Permissions, ProviderSpec, Restart, RoleTrust, Scope,
};
use crate::cli::{KubernetesArgs, ReconcileArgs, Screen};
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Audience, Cluster, RoleAccount, Way};
use crate::observe::{self, Named, Stacks, WantedAccount, WantedProvider, WantedStack, again};
use crate::plan::restart::expected;
use crate::plan::{Plan, Target, Track, account};
use crate::progress::Running;
use crate::run::{Context, Finished, Mode, Observation, Rounds, finish};
use crate::world::{ObservedAccount, ObservedProvider, OidcProvider};

pub mod restart;
mod trusting;

use restart::{Planned, PodSight};
use trusting::Trusting;

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

impl<'a> Task<'a> {
    /// What flags or a file describe, and nothing beside it.
    pub fn described(
        goal: Goal,
        described: Described,
        how: &How,
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
        let of_part = self.of(part.account);
        let accounts: Vec<&IamServiceAccount> = of_part
            .filter(|asked| round.includes(&Target::of(asked.way(), &asked.name)))
            .collect();
        let provider = self.provider_of(part);
        let wanted: Vec<WantedAccount<'_>> = accounts
            .iter()
            .map(|asked| wanted(self.goal, asked))
            .collect();
        let (cluster, named) =
            tokio::try_join!(context.cluster(&self.place), self.named(part, &wanted))?;
        let (deletions, associations) =
            self.deletions(part, &cluster, &named.stacks, round).await?;
        let mut look = Observation {
            kubernetes,
            ..Observation::default()
        };
        let is_restarted = self.restart != Restart::Told && !accounts.is_empty();
        let needs_objects = wanted.iter().any(|wanted| wanted.service_account);
        let is_needed = needs_objects || is_restarted || !deletions.is_empty();
        if is_needed && look.kubernetes.is_none() {
            look.kubernetes = Some(context.kubernetes(&cluster, self.kubernetes).await?);
        }
        let (found, mut observed, stacks) = observe::accounts(
            &context.aws,
            look.kubernetes.as_ref(),
            &cluster,
            &wanted,
            named,
            wanted_provider(provider.as_ref(), &accounts),
        )
        .await?;
        let seen = accounts
            .iter()
            .zip(&mut observed)
            .filter_map(|(asked, observed)| {
                Some((asked.way(), &asked.name, observed.as_mut().ok()?))
            });
        account::part_stack_names(&cluster.name, seen);
        let seen = accounts.iter().copied().zip(&observed);
        let seen = seen.filter_map(|(asked, observed)| Some((asked, observed.as_ref().ok()?)));
        let agent = account::plan_agent(&cluster, seen);
        look.plan
            .tracks
            .extend(agent.filter(|it| round.includes(&it.target)));
        let found = match &provider {
            None => required(context, &cluster, &accounts, found).await?,
            Some(_) => found,
        };
        let provider =
            plan_provider(part, &cluster, found, provider, round, &mut look.plan).await?;
        let mut trusting = Trusting::read(context, &cluster, &accounts).await?;
        let mut planned = Vec::new();
        for (asked, observed) in accounts.iter().zip(observed) {
            planned.push(match observed {
                Ok(mut observed) => {
                    trusting.put(asked, &mut observed);
                    let planned = self.plan_account(context, &cluster, asked, observed, &provider);
                    let planned = planned.await;
                    trusting.go_on(asked, &planned);
                    planned
                }
                Err(error) => Err(error),
            });
        }
        let own = match &look.kubernetes {
            None if restart::concerned(&planned) > 0 => {
                Some(context.kubernetes(&cluster, self.kubernetes).await)
            }
            _ => None,
        };
        let sight = match (&look.kubernetes, &own) {
            (Some(kubernetes), _) => PodSight::Whole(kubernetes),
            (None, Some(Ok(kubernetes))) => PodSight::Brief(kubernetes, context.intervals),
            (None, Some(Err(error))) => PodSight::None(error.to_string()),
            (None, None) => PodSight::None(String::new()),
        };
        let tracks = restart::add(self.restart, sight, planned).await;
        for (asked, track) in accounts.into_iter().zip(tracks) {
            look.add(Target::of(asked.way(), &asked.name), track);
        }
        removal::plan(context, round, &deletions, &stacks, None, &mut look).await?;
        check_room(&cluster.name, associations, look.plan.tracks.iter())?;
        if let Some(new) = account::many_new_roles(&look.plan)
            && let Some(count) = context.aws.iam.role_count().await?
        {
            account::check_role_count(&mut look.plan, &cluster, new, count);
        }
        Ok((look, cluster.account))
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
        let there = There::read(context, stacks, &all).await?;
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

fn wanted_provider(spec: Option<&ProviderSpec>, accounts: &[&IamServiceAccount]) -> WantedProvider {
    let needs_none = |asked: &&IamServiceAccount| asked.way() == Way::PodIdentity;
    if spec.is_none() && accounts.iter().all(needs_none) {
        WantedProvider::None
    } else {
        WantedProvider::Looked
    }
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

/// What must be looked up by name.
fn wanted(goal: Goal, asked: &IamServiceAccount) -> WantedAccount<'_> {
    let (policies, role, stack) = match &asked.permissions {
        Permissions::Existing(arn) => {
            // Whether the association has a role of its own.
            let stack = if goal == Goal::Update && asked.association.is_some() {
                WantedStack::Looked
            } else {
                WantedStack::None
            };
            // Read with all that a change of it must know.
            let role = (asked.trust == RoleTrust::Kept).then(|| arn.name().parse().ok());
            (Vec::new(), role.flatten(), stack)
        }
        Permissions::Role(spec) => (
            spec.managed.iter().chain(&spec.boundary).cloned().collect(),
            spec.name.clone(),
            WantedStack::Looked,
        ),
        Permissions::Edited(edits) => (
            edits.policies().cloned().collect(),
            None,
            WantedStack::Looked,
        ),
    };
    let association = asked.association.as_ref();
    WantedAccount {
        name: &asked.name,
        way: asked.way(),
        agent: association.is_some() && goal != Goal::Update,
        associations: association.is_some_and(|it| it.restrict_trust),
        policies,
        role,
        stack,
        service_account: asked.scope == Scope::Whole,
    }
}

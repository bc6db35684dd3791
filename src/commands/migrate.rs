//! `migrate`: how service accounts move between the ways on which their pods get credentials.

use super::file::ClusterPlace;
use crate::cli::{self, KubernetesArgs, Migrate, MoveArgs, MoveChoice, MoveLook, Screen};
use crate::config::Filter;
use crate::error::Error;
use crate::kubernetes::Kubernetes;
use crate::model::{Cluster, Namespace, ServiceAccountName, Way};
use crate::observe::{MoveScope, MoveSight};
use crate::output::{MoveRows, MoveStates};
use crate::plan::Target;
use crate::plan::migrate::{self, MoveBreadth, MoveGoal, ProofNeed, Stage, rows};
use crate::policy::Quotas;
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Observation, Rounds, conclude, finish};
use crate::world::Moving;

pub async fn run(args: &Migrate, screen: Screen, running: Running) -> Result<Exit, Error> {
    match args {
        Migrate::Scan(args) => {
            let (context, moving) = look(args, screen, running).await?;
            context.output.print(&MoveRows {
                rows: rows(&moving),
                connection: cli::connection(
                    &args.aws,
                    Some(&args.kubernetes),
                    args.choice.issuer_url.as_ref(),
                ),
            })?;
            Ok(Exit::Done)
        }
        Migrate::Status(args) => {
            let (context, moving) = look(args, screen, running).await?;
            context.output.print(&MoveStates::of(&moving))?;
            Ok(Exit::Done)
        }
        Migrate::ToPodIdentity(args) => {
            MoveTask::of(args, Way::PodIdentity)?
                .run(screen, running)
                .await
        }
        Migrate::ToIrsa(args) => MoveTask::of(args, Way::Irsa)?.run(screen, running).await,
    }
}

/// eksctl's command, which knows no names.
pub async fn move_all(args: &MoveArgs, screen: Screen, running: Running) -> Result<Exit, Error> {
    let mut task = MoveTask::of_chosen(args, Way::PodIdentity)?;
    if args.choice.names.is_empty() {
        task.goal.scope = MoveBreadth::All;
    }
    task.run(screen, running).await
}

/// A move that is asked for.
struct MoveTask<'a> {
    args: &'a MoveArgs,
    goal: MoveGoal,
    chosen: ChosenAccounts,
}

impl<'a> MoveTask<'a> {
    /// # Errors
    /// Where it is not said which service accounts are meant.
    fn of(args: &'a MoveArgs, to: Way) -> Result<Self, Error> {
        let choice = &args.choice;
        let narrows = choice.namespace.is_some() || !choice.include.is_empty();
        if choice.names.is_empty() && !args.all && !narrows {
            return Err(Error::Flags(
                "name service accounts as NAMESPACE/NAME, or say `--all`, `--namespace` or `--include`"
                    .to_owned(),
            ));
        }
        Self::of_chosen(args, to)
    }

    fn of_chosen(args: &'a MoveArgs, to: Way) -> Result<Self, Error> {
        let stage = if args.undo {
            Stage::Undo
        } else if args.finish {
            Stage::Finish
        } else {
            Stage::Begin
        };
        let goal = MoveGoal {
            to,
            stage,
            scope: if args.choice.names.is_empty() {
                MoveBreadth::All
            } else {
                MoveBreadth::Named
            },
            proof: if args.no_proof {
                ProofNeed::None
            } else {
                ProofNeed::Required
            },
        };
        let chosen = ChosenAccounts::of(&args.choice)?;
        Ok(Self { args, goal, chosen })
    }

    async fn run(self, screen: Screen, running: Running) -> Result<Exit, Error> {
        let args = self.args;
        let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
        let context = Context {
            parallel: args.parallel.into(),
            ..context
        };
        let mode = Mode::of(args.approval);
        let finished = finish(&context, mode, async |round| {
            self.look(&context, round).await
        });
        conclude(&context, finished.await?)
    }

    /// Looks at what this round is about, and plans it.
    async fn look(&self, context: &Context, round: &Rounds) -> Result<Observation, Error> {
        let args = self.args;
        let (cluster, kubernetes) = access(context, &args.choice, &args.kubernetes).await?;
        let mut moving = self.chosen.look(context, &cluster, &kubernetes).await;
        moving
            .accounts
            .retain(|account| round.includes(&Target::ServiceAccount(account.name.clone())));
        let mut planned = migrate::plan(self.goal, &moving, Quotas::default().trust);
        if planned.is_too_long {
            let quota = context.aws.iam.quotas().await?.trust;
            planned = migrate::plan(self.goal, &moving, quota);
        }
        let mut look = Observation::default();
        for track in planned.tracks {
            look.add(track.target.clone(), Ok(track));
        }
        look.kubernetes = Some(kubernetes);
        Ok(look)
    }
}

/// Reads, and tells what could not be read.
async fn look(
    args: &MoveLook,
    screen: Screen,
    running: Running,
) -> Result<(Context, Moving), Error> {
    let chosen = ChosenAccounts::of(&args.choice)?;
    let context = Context::new(&args.aws, args.output.into(), screen, running).await?;
    let (cluster, kubernetes) = access(&context, &args.choice, &args.kubernetes).await?;
    let moving = chosen.look(&context, &cluster, &kubernetes).await;
    for unknown in &moving.unknown {
        context.output.warn(unknown);
    }
    Ok((context, moving))
}

async fn access(
    context: &Context,
    choice: &MoveChoice,
    args: &KubernetesArgs,
) -> Result<(Cluster, Kubernetes), Error> {
    let place = ClusterPlace::new(Some(&choice.cluster), choice.issuer_url.as_ref())?;
    let cluster = context.cluster(&place).await?;
    let kubernetes = context.kubernetes(&cluster, args).await?;
    Ok((cluster, kubernetes))
}

/// Which service accounts are meant.
struct ChosenAccounts {
    names: Vec<ServiceAccountName>,
    namespace: Option<Namespace>,
    filter: Filter,
}

impl ChosenAccounts {
    fn of(choice: &MoveChoice) -> Result<Self, Error> {
        let filter = Filter::new(&choice.include, &choice.exclude).map_err(Error::Flags)?;
        let mut names = choice.names.clone();
        names.sort();
        names.dedup();
        let other = |name: &&ServiceAccountName| {
            let namespace = choice.namespace.as_ref();
            namespace.is_some_and(|namespace| *namespace != name.namespace)
        };
        if let (Some(namespace), Some(name)) = (&choice.namespace, names.iter().find(other)) {
            return Err(Error::Flags(format!(
                "--namespace {namespace} and {name} contradict each other"
            )));
        }
        Ok(Self {
            names,
            namespace: choice.namespace.clone(),
            filter,
        })
    }

    fn includes(&self, name: &ServiceAccountName) -> bool {
        if self.names.is_empty() {
            let namespace = self.namespace.as_ref();
            namespace.is_none_or(|it| *it == name.namespace)
                && self.filter.passes(&name.to_string())
        } else {
            self.names.contains(name)
        }
    }

    /// The namespace that all are of.
    fn within(&self) -> Option<Namespace> {
        let first = self.names.first().map(|name| &name.namespace);
        let alike = self.names.iter().all(|name| Some(&name.namespace) == first);
        let shared = first.filter(|_| alike).or(self.namespace.as_ref());
        shared.cloned()
    }

    async fn look(&self, context: &Context, cluster: &Cluster, kubernetes: &Kubernetes) -> Moving {
        let sight = MoveSight {
            aws: &context.aws,
            kubernetes,
            cluster,
        };
        let scope = MoveScope {
            namespace: self.within(),
            includes: &|name| self.includes(name),
            named: &self.names,
        };
        sight.moving(&scope).await
    }
}

//! A move, shown or carried out.

use super::chosen::{ChosenAccounts, access};
use super::flags::{choosing, former, patching};
use crate::asked::Agent;
use crate::cli::{MoveArgs, Screen};
use crate::commands::room::check_room;
use crate::error::Error;
use crate::model::Way;
use crate::observe::MoveDepth;
use crate::plan::migrate::{self, Former, MoveGoal, PlannedMove, ProofNeed, Stage};
use crate::plan::{Breadth, Target};
use crate::policy::Quotas;
use crate::progress::Running;
use crate::run::{Context, Exit, Mode, Observation, Rounds, conclude, finish};
use crate::world::Moving;

/// A move that is asked for.
pub struct MoveTask<'a> {
    args: &'a MoveArgs,
    pub goal: MoveGoal,
    chosen: ChosenAccounts,
}

impl<'a> MoveTask<'a> {
    /// # Errors
    /// Where it is not said which service accounts are meant.
    pub fn of(args: &'a MoveArgs, to: Way) -> Result<Self, Error> {
        choosing(args)?;
        Self::of_chosen(args, to)
    }

    /// Without any question which are meant: without names it is all, and what cannot be moved is
    /// skipped.
    pub fn of_chosen(args: &'a MoveArgs, to: Way) -> Result<Self, Error> {
        let former = former(args, to)?;
        let stage = if args.undo {
            Stage::Undo
        } else if args.finish {
            Stage::Finish
        } else {
            Stage::Begin
        };
        let goal = MoveGoal {
            to,
            former,
            stage,
            scope: if args.choice.names.is_empty() {
                Breadth::All
            } else {
                Breadth::Named
            },
            proof: if args.no_proof {
                ProofNeed::None
            } else {
                ProofNeed::Required
            },
            agent: if args.install_agent {
                Agent::Installed
            } else {
                Agent::Required
            },
            patches: patching(args, former)?,
            deployment_mode: args.deployment.deployment_mode,
        };
        let chosen = ChosenAccounts::of(&args.choice)?;
        Ok(Self { args, goal, chosen })
    }

    /// Shows the move, and with `--approve` carries it out.
    pub async fn run(self, screen: Screen, running: Running) -> Result<Exit, Error> {
        let args = self.args;
        let context = Context {
            parallel: args.parallel.into(),
            ..Context::new(&args.aws, args.output.into(), screen, running).await?
        };
        let mode = Mode::of(args.approval);
        let look = async |round: &Rounds| self.look(&context, round).await;
        let finished = finish(&context, mode, look).await?;
        conclude(&context, finished)
    }

    /// Looks at what this round is about, and plans it.
    async fn look(&self, context: &Context, round: &Rounds) -> Result<Observation, Error> {
        let args = self.args;
        let (cluster, kubernetes) = access(context, &args.choice, &args.kubernetes).await?;
        let depth = match self.goal.former {
            Former::Other => MoveDepth::Eks,
            Former::Intercepted(_) => MoveDepth::Users,
        };
        let splits = self.goal.patches.then_some(args.service_account.as_deref());
        let chosen = &self.chosen;
        let look = chosen.look(context, &cluster, &kubernetes, depth, splits);
        let mut moving = look.await;
        if let Some(absence) = chosen.absence(&moving).filter(|_| round.past == 0) {
            context.output.note(&absence);
        }
        if let Some(refusal) = migrate::unclear(self.goal, &moving) {
            let targets = Vec::new();
            return Err(Error::Refused { targets, refusal });
        }
        let is_open = |name| round.includes(&Target::ServiceAccount(name));
        moving.accounts.retain(|it| is_open(it.name.clone()));
        let planned = self.planned(context, &moving).await?;
        if let Some(text) = self.goal.nothing_there(&moving, &planned.tracks)
            && round.past == 0
            && !moving.accounts.is_empty()
        {
            context.output.note(&text);
        }
        let there = moving.associations.as_found().copied();
        check_room(&cluster.name, there, planned.tracks.iter())?;
        let mut look = Observation::default();
        let tracks = planned.tracks.into_iter();
        for track in tracks.filter(|track| round.includes(&track.target)) {
            look.add(track.target.clone(), Ok(track));
        }
        look.kubernetes = Some(kubernetes);
        Ok(look)
    }

    async fn planned(&self, context: &Context, moving: &Moving) -> Result<PlannedMove, Error> {
        let planned = migrate::plan(self.goal, moving, Quotas::default().trust);
        if !planned.is_too_long {
            return Ok(planned);
        }
        let quota = context.aws.iam.quotas().await?.trust;
        Ok(migrate::plan(self.goal, moving, quota))
    }
}

//! What is looked at, and in which order it goes.

use std::cell::RefCell;
use std::collections::BTreeSet;

use super::found::{region_unread, second};
use crate::cli::Gc;
use crate::error::Error;
use crate::observe;
use crate::plan::gc;
use crate::plan::{Target, Track};
use crate::run::{Context, Observation, Rounds};
use crate::waiting::side_by_side;

/// What goes first, and what goes when that is gone.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum LeftoverKinds {
    /// Only shown.
    All,
    Stacks,
    Providers,
}

pub struct GcTask<'a> {
    pub args: &'a Gc,
    account: String,
    /// Whether the run's own region is one of those that are read.
    pub reads_own: bool,
    /// Providers that go when stacks are gone.
    pub doomed: RefCell<Vec<Target>>,
    /// Regions that could not be read, while something is done.
    pub unread: RefCell<Vec<(Target, Error)>>,
}

/// How many stacks are looked into side by side.
const PARALLEL: usize = 8;

impl<'a> GcTask<'a> {
    /// Also has the context reach all regions that are asked for.
    pub async fn of(args: &'a Gc, context: &mut Context) -> Result<Self, Error> {
        let account = context.aws.sts.caller().await?.account;
        let own = &context.aws.region;
        let mut regions = if args.all_regions {
            context.aws.ec2.regions().await?
        } else if args.place.regions.is_empty() {
            vec![own.clone()]
        } else {
            args.place.regions.clone()
        };
        regions.sort_unstable();
        regions.dedup();
        let reads_own = regions.contains(own);
        let others = regions.iter().filter(|region| *region != own);
        context.elsewhere = others.map(|region| context.aws.in_region(region)).collect();
        Ok(Self {
            args,
            account,
            reads_own,
            doomed: RefCell::default(),
            unread: RefCell::default(),
        })
    }

    /// Surveys the regions, and plans for these kinds. When stacks are gone, only those providers are
    /// meant that the first look found doomed.
    pub async fn look(
        &self,
        context: &Context,
        round: &Rounds,
        kinds: LeftoverKinds,
    ) -> Result<Observation, Error> {
        let regions = self.regions(context);
        let (survey, unread) = observe::survey(&context.aws, &regions, &self.account).await?;
        let older_than = self.args.older_than.seconds();
        let is_first = round.past == 0;
        if kinds == LeftoverKinds::Providers {
            let doomed = self.doomed.borrow();
            let mut tracks = gc::providers(&survey, older_than, &BTreeSet::new());
            tracks.retain(|it| doomed.contains(&it.target) && round.includes(&it.target));
            self.note_unread(unread);
            return Ok(second(tracks));
        }
        let judged = gc::stacks(&survey, older_than);
        let tracks = judged.iter().map(|it| self.stack(&regions, it));
        let tracks = side_by_side(PARALLEL, tracks).await;
        let mut going = BTreeSet::new();
        let mut look = Observation::default();
        for (stack, track) in judged.iter().zip(tracks) {
            let target = gc::target(stack);
            if track.as_ref().is_ok_and(|it| !it.actions.is_empty()) {
                let role = stack.stack.role_arn.as_ref();
                going.extend(role.map(ToString::to_string));
            }
            if round.includes(&target) {
                look.add(target, track);
            }
        }
        let mut further = gc::providers(&survey, older_than, &going);
        if is_first {
            self.tell_unread(context, &gc::unread(&survey));
            let doomed = further.iter().filter(|track| !track.actions.is_empty());
            let doomed = doomed.map(|track| track.target.clone()).collect();
            self.doomed.replace(doomed);
        }
        further.extend(gc::roles(&survey, older_than));
        if let (Some(cluster), LeftoverKinds::All) = (&self.args.cluster, kinds) {
            further.extend(self.loose_ends(context, cluster).await?);
        }
        if kinds == LeftoverKinds::All {
            for track in further {
                look.add(track.target.clone(), Ok(track));
            }
            look.unseen.extend(unread.into_iter().map(region_unread));
            return Ok(look);
        }
        self.note_unread(unread);
        // What stays is told where the plan is shown.
        let is_told = |track: &Track| !track.actions.is_empty() || !track.refusals.is_empty();
        look.plan.tracks.retain(is_told);
        Ok(look)
    }
}

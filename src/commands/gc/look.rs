//! One look at the account, and what goes by it.

use std::collections::BTreeSet;

use super::found::{region_unread, second};
use super::task::{GcTask, LeftoverKinds};
use crate::aws::Aws;
use crate::error::Error;
use crate::model::RoleArn;
use crate::observe;
use crate::plan::Track;
use crate::plan::gc::{self, JudgedStack};
use crate::run::{Context, Observation, Rounds};
use crate::waiting::side_by_side;
use crate::world::Survey;

/// How many stacks are looked into side by side.
const PARALLEL: usize = 8;

impl GcTask<'_> {
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
        if kinds == LeftoverKinds::Providers {
            self.note_unread(unread);
            return Ok(second(self.doomed_providers(&survey, round)));
        }
        let older_than = self.args.older_than.seconds();
        let judged = gc::stacks(&survey, older_than);
        let (mut look, going) = self.stacks(&regions, &judged, round).await;
        let mut further = gc::providers(&survey, older_than, &going);
        if round.past == 0 {
            self.tell_unread(context, &gc::unread(&survey));
            let doomed = further.iter().filter(|track| !track.actions.is_empty());
            let doomed = doomed.map(|track| track.target.clone()).collect();
            self.doomed.replace(doomed);
        }
        further.extend(gc::roles(&survey, older_than));
        if kinds == LeftoverKinds::All {
            if let Some(cluster) = &self.args.cluster {
                further.extend(self.loose_ends(context, cluster).await?);
            }
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

    /// Those that the first look found to be of no use once the stacks are gone.
    fn doomed_providers(&self, survey: &Survey, round: &Rounds) -> Vec<Track> {
        let doomed = self.doomed.borrow();
        let mut tracks = gc::providers(survey, self.args.older_than.seconds(), &BTreeSet::new());
        tracks.retain(|it| doomed.contains(&it.target) && round.includes(&it.target));
        tracks
    }

    /// The stacks, and the ARNs of the roles that go with them.
    async fn stacks(
        &self,
        regions: &[&Aws],
        judged: &[JudgedStack<'_>],
        round: &Rounds,
    ) -> (Observation, BTreeSet<RoleArn>) {
        let tracks = judged.iter().map(|it| self.stack(regions, it));
        let tracks = side_by_side(PARALLEL, tracks).await;
        let mut going = BTreeSet::new();
        let mut look = Observation::default();
        for (stack, track) in judged.iter().zip(tracks) {
            let target = gc::target(stack);
            if track.as_ref().is_ok_and(|it| !it.actions.is_empty()) {
                let role = stack.stack.role_arn.as_ref();
                going.extend(role.cloned());
            }
            if round.includes(&target) {
                look.add(target, track);
            }
        }
        (look, going)
    }
}

//! The trust policies of the roles: opened before the first of those that share one needs it, closed after
//! the last of them.

use std::collections::BTreeMap;

use serde_json::Value;

use super::obstacle::Obstacle;
use super::steps::{Draft, draft, stopped};
use super::{MoveGoal, intercept, trust};
use crate::model::{Cluster, CommandLine, Lookup, Map, RoleArn};
use crate::plan::Track;
use crate::plan::trust_change::{
    awaited, own_tags, tags_towards, trust_change, trust_of, unlike_its_template,
};
use crate::policy::{self, withdrawn::without_role};
use crate::template;
use crate::world::{Moving, MovingAccount};

/// The tracks of a move.
pub struct PlannedMove {
    pub tracks: Vec<Track>,
    /// Whether a trust policy would be longer than the quota.
    pub is_too_long: bool,
}

/// A track for each service account that the goal is about. `quota`: how long a trust policy may be.
pub fn plan(goal: MoveGoal, moving: &Moving, quota: usize) -> PlannedMove {
    let mut tracks: Vec<(usize, Track)> = Vec::new();
    let mut groups: BTreeMap<RoleArn, Vec<(usize, Draft<'_>)>> = BTreeMap::new();
    for (place, account) in moving.accounts.iter().enumerate() {
        if !goal.concerns(moving, account) {
            continue;
        }
        match draft(goal, moving, account) {
            Ok(draft) => groups
                .entry(draft.role.clone())
                .or_default()
                .push((place, draft)),
            Err(track) => tracks.push((place, *track)),
        }
    }
    let mut is_too_long = false;
    for (_, group) in groups {
        let shared = SharedRole {
            goal,
            moving,
            quota,
        };
        tracks.extend(shared.planned(group, &mut is_too_long));
    }
    tracks.sort_by_key(|(place, _)| *place);
    let mut tracks: Vec<Track> = tracks.into_iter().map(|(_, track)| track).collect();
    let is_needed = tracks.iter().any(|track| !track.actions.is_empty());
    let is_needed = is_needed && goal.installs_agent(moving);
    let agent = is_needed.then(|| Track::of_agent(&moving.cluster.name));
    if let Some(last) = tracks.last_mut() {
        last.notes.extend(intercept::afterwards(goal, moving));
    }
    PlannedMove {
        tracks: agent.into_iter().chain(tracks).collect(),
        is_too_long,
    }
}

/// A role, and all that are about it.
#[derive(Clone, Copy)]
struct SharedRole<'a> {
    goal: MoveGoal,
    moving: &'a Moving,
    quota: usize,
}

impl SharedRole<'_> {
    fn planned(
        self,
        group: Vec<(usize, Draft<'_>)>,
        is_too_long: &mut bool,
    ) -> Vec<(usize, Track)> {
        let (mut drafts, mut tracks) = (Vec::new(), Vec::new());
        for (place, mut draft) in group {
            let stack = draft.account.stack.as_found();
            if let Some(wait) = stack.and_then(|it| awaited(&it.stack)) {
                draft.track.actions = vec![wait];
                tracks.push((place, draft.track));
                continue;
            }
            match self.hindrance(&draft) {
                None => drafts.push((place, draft)),
                Some(obstacle) => {
                    *is_too_long |= matches!(obstacle, Obstacle::TooLong { .. });
                    let track = stopped(draft.track, self.goal, self.moving, vec![obstacle]);
                    tracks.push((place, track));
                }
            }
        }
        self.write(&mut drafts);
        let is_shared = drafts.len() > 1;
        tracks.extend(drafts.into_iter().map(|(place, draft)| {
            let mut track = draft.track;
            track.actions.extend(draft.after);
            track.lane = Some(draft.role).filter(|_| is_shared);
            (place, track)
        }));
        tracks
    }

    /// Why its trust policy cannot be what it must be.
    fn hindrance(self, draft: &Draft<'_>) -> Option<Obstacle> {
        if draft.opens.is_none() && draft.closes.is_none() && draft.parts.is_empty() {
            return None;
        }
        if let Lookup::Unknown(why) = &draft.account.stack {
            return Some(Obstacle::MakerUnknown(why.clone()));
        }
        let live = &draft.account.role.as_found()?.trust;
        if let Lookup::Found(stack) = &draft.account.stack {
            let repair = || self.repair(draft.account);
            let found = unlike_its_template(stack, live, &self.moving.cluster, repair);
            if found.is_some() {
                return found;
            }
        }
        let way = draft.opens?;
        let opened = trust::with(live, way, self.moving, draft.account);
        if !trust::lets_in(&opened, way, self.moving, draft.account) {
            return Some(Obstacle::Denied);
        }
        let length = policy::measure(&opened);
        let quota = self.quota;
        (length > quota).then_some(Obstacle::TooLong { length, quota })
    }

    /// The command that shows what of a role was changed by hand.
    fn repair(self, account: &MovingAccount) -> CommandLine {
        let noun = match account.annotation() {
            Some(_) => "iamserviceaccount",
            None => "podidentityassociation",
        };
        let cluster = &self.moving.cluster.name;
        CommandLine::of("irsactl update", &[])
            .and(noun, &[])
            .and("{} --cluster {} --repair-drift", &[&account.name, cluster])
    }

    /// Adds the changes of the trust policy to the tracks.
    fn write(self, drafts: &mut [(usize, Draft<'_>)]) {
        let Some((_, first)) = drafts.first() else {
            return;
        };
        let (account, role) = (first.account, first.role.clone());
        let Some(live) = account.role.as_found().map(|facts| &facts.trust) else {
            return;
        };
        let base = base(account, &self.moving.cluster).unwrap_or_else(|| live.clone());
        let mut opened = base;
        for (_, draft) in drafts.iter() {
            if let Some(way) = draft.opens {
                opened = trust::with(&opened, way, self.moving, draft.account);
            }
        }
        let plain = account.stack.as_found().map(|it| own_tags(&it.stack.tags));
        let (closed, tags) = self.closed(drafts, opened.clone(), plain.clone());
        let change = |from: &Value, to: &Value, tags: Option<Map>| {
            let stack = account.stack.as_found().zip(tags);
            trust_change(role.name(), stack, from, to, self.goal.deployment())
        };
        let is_other_stack = tags != plain;
        let mut first = drafts.iter_mut().filter(|(_, draft)| draft.opens.is_some());
        if let Some((_, draft)) = first.next()
            && !policy::same(&opened, live)
        {
            draft.track.actions.insert(0, change(live, &opened, plain));
        }
        let mut last = drafts.iter_mut().rev();
        if let Some((_, draft)) = last.find(|(_, draft)| draft.ends())
            && (!policy::same(&closed, &opened) || is_other_stack)
        {
            draft.track.actions.push(change(&opened, &closed, tags));
        }
    }

    /// The trust policy without what ends, and the tags of the role's stack then. What cannot be taken out of it
    /// is told.
    fn closed(
        self,
        drafts: &mut [(usize, Draft<'_>)],
        mut trust: Value,
        mut tags: Option<Map>,
    ) -> (Value, Option<Map>) {
        for (_, draft) in drafts.iter_mut() {
            for caller in &draft.parts {
                match without_role(&trust, caller) {
                    Ok(rest) => trust = rest,
                    Err(_) => draft.track.warnings.push(format!(
                        "role {} would still let in {caller}, so that stays as it is",
                        draft.role.name()
                    )),
                }
            }
            let Some(way) = draft.closes.or(draft.leaves) else {
                continue;
            };
            tags = tags.map(|tags| tags_towards(&tags, &draft.account.name, way.other()));
            if draft.closes.is_none() {
                continue;
            }
            match trust::without(&trust, way, self.moving, draft.account) {
                Ok(rest) => trust = rest,
                Err(_) => draft.track.warnings.push(format!(
                    "role {} would still let it in by the way of before, so that stays as it is",
                    draft.role.name()
                )),
            }
        }
        (trust, tags)
    }
}

/// As the stack's template has it, which is how the role has it.
fn base(account: &MovingAccount, cluster: &Cluster) -> Option<Value> {
    let own = account.stack.as_found().and_then(trust_of)?;
    template::plain(own, cluster).ok()
}

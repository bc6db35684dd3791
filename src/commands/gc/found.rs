//! What becomes of what was found.

use std::collections::BTreeSet;

use super::task::GcTask;
use crate::asked::{Deletion, Deployment, Ending, KnownBy, OtherClusters, SearchedAccount};
use crate::aws::Aws;
use crate::commands::file::ClusterPlace;
use crate::commands::removal;
use crate::error::Error;
use crate::model::{ClusterName, Connection, Flags};
use crate::observe::{self, ServiceAccounts, Stacks};
use crate::plan::gc::{self, Disposition, JudgedStack};
use crate::plan::{Target, Track, delete};
use crate::run::{Context, Observation};

impl GcTask<'_> {
    /// Those that are read: the run's own, where it is one of them, and the others that were asked for.
    pub fn regions<'c>(&self, context: &'c Context) -> Vec<&'c Aws> {
        let own = self.reads_own.then_some(&context.aws);
        own.into_iter().chain(&context.elsewhere).collect()
    }

    /// What of the cluster itself names nothing.
    pub async fn loose_ends(
        &self,
        context: &Context,
        cluster: &ClusterName,
    ) -> Result<Vec<Track>, Error> {
        let place = ClusterPlace::new(Some(cluster), None)?;
        let found = context.cluster(&place).await?;
        let kubernetes = context.kubernetes(&found, &self.args.kubernetes).await?;
        let ends = observe::loose_ends(&context.aws, &kubernetes, &found).await?;
        for (why, count) in &ends.unknown {
            context.output.warn(&format!(
                "whether the roles are gone that {count} ServiceAccounts name is not known: {why}"
            ));
        }
        Ok(gc::loose_ends(cluster, &ends))
    }

    /// Regions that could not be read, each once: they are told at the end.
    pub fn note_unread(&self, unread: Vec<(String, Error)>) {
        let mut known = self.unread.borrow_mut();
        for (target, error) in unread.into_iter().map(region_unread) {
            if known.iter().all(|(other, _)| *other != target) {
                known.push((target, error));
            }
        }
    }

    /// Notes the regions of providers that were not read; not with `--all-regions`, as no other is left.
    pub fn tell_unread(&self, context: &Context, regions: &BTreeSet<String>) {
        if !regions.is_empty() && !self.args.all_regions {
            let regions: Vec<&str> = regions.iter().map(String::as_str).collect();
            context.output.note(&format!(
                "there are IAM OIDC providers of further regions, of which nothing is told: {} (`--all-regions` reads all)",
                regions.join(", ")
            ));
        }
    }

    /// The plan for a stack: to delete it, where it is proved that nobody needs it.
    pub async fn stack(&self, regions: &[&Aws], judged: &JudgedStack<'_>) -> Result<Track, Error> {
        let target = gc::target(judged);
        let found = regions.iter().find(|aws| aws.region == judged.region);
        let (Disposition::Goes(_), Some(aws)) = (&judged.disposition, found) else {
            return Ok(gc::judged(Track::new(target), judged.disposition.clone()));
        };
        let (foreign, resources) = removal::foreign(self.args.detach_foreign, false);
        let asked = Deletion {
            way: judged.way,
            cluster: judged.cluster.clone(),
            is_eks: true,
            name: judged.account.clone(),
            foreign,
            resources,
            deployment: Deployment::default(),
            ending: Ending::Awaited,
            known_by: KnownBy::Stack,
            looked: SearchedAccount::Any,
            other_clusters: OtherClusters::LookedAt,
        };
        // Of all stacks only this one: another one may have its tags.
        let only = [(judged.stack.name.to_string(), judged.stack.clone())];
        let only = Stacks::Listed(only.into());
        let observed =
            observe::deletion(aws, &only, &ServiceAccounts::NotLooked, None, &asked).await?;
        let planned = delete::plan(&asked, &observed);
        let region = Connection {
            aws: Flags(vec![("--region", judged.region.to_owned())]),
            ..Connection::default()
        };
        Ok(gc::deletion(judged, planned, &region))
    }
}

/// A second look at what is to go: what stays by now is told.
pub fn second(tracks: Vec<Track>) -> Observation {
    let mut look = Observation::default();
    for mut track in tracks {
        let leftover = track.leftover.as_ref();
        let stays = leftover.filter(|_| track.actions.is_empty());
        if let Some(why) = stays.map(|it| it.why.clone()) {
            track.notes.push(format!("{} stays: {why}", track.target));
        }
        look.add(track.target.clone(), Ok(track));
    }
    look
}

/// Why a region could not be read, as the failure of a target of its own.
pub fn region_unread((region, error): (String, Error)) -> (Target, Error) {
    let cause = error.to_string();
    let target = Target::Region(region.clone());
    (target, Error::RegionUnread { region, cause })
}

//! What the look at the first cluster comes to.

use std::collections::BTreeMap;

use super::BY_EKS;
use crate::commands::file::ClusterPlace;
use crate::error::Error;
use crate::model::{Cluster, ServiceAccountName};
use crate::observe::copy_sources;
use crate::plan::trust::{CopiedRole, copied, without_flag};
use crate::plan::{Breadth, Target, Track};
use crate::run::{Context, Observation};
use crate::world::CopySource;

type Source = (ServiceAccountName, Result<CopySource, Error>);

/// Which service accounts are copied, and which are not.
#[derive(Default)]
pub struct CopySelection {
    pub copied: BTreeMap<ServiceAccountName, CopiedRole>,
    /// Refused or skipped.
    left: Vec<Track>,
    unseen: Vec<(Target, Error)>,
}

impl CopySelection {
    /// Looks at those that are named, or at all, and tells what is not known of them.
    pub async fn read(
        context: &Context,
        place: &ClusterPlace,
        named: Option<Vec<ServiceAccountName>>,
    ) -> Result<Self, Error> {
        let cluster = context.cluster(place).await?;
        let kubernetes = context.kubernetes(&cluster, &BY_EKS).await?;
        let breadth = match named {
            Some(_) => Breadth::Named,
            None => Breadth::All,
        };
        let sources = copy_sources(&context.aws, &kubernetes, &cluster, named).await?;
        tell(context, &cluster, &sources);
        Ok(Self::of(&cluster, breadth, sources))
    }

    fn of(cluster: &Cluster, breadth: Breadth, sources: Vec<Source>) -> Self {
        let mut judged = Self::default();
        for (name, source) in sources {
            match source.map(|source| copied(cluster, &source)) {
                Ok(Ok(copied)) => {
                    judged.copied.insert(name, copied);
                }
                Ok(Err(why)) => judged.left.push(why.track(breadth)),
                Err(error) => judged.unseen.push((Target::ServiceAccount(name), error)),
            }
        }
        judged
    }

    /// Adds what is to be told of those that are copied, and those that are not.
    pub fn add_to(self, look: &mut Observation) {
        for track in &mut look.plan.tracks {
            without_flag(track);
            let account = track.target.account().map(|(_, name)| name);
            if let Some(copied) = account.and_then(|name| self.copied.get(name)) {
                copied.tell(track);
            }
        }
        for track in self.left {
            look.add(track.target.clone(), Ok(track));
        }
        for (target, error) in self.unseen {
            look.add(target, Err(error));
        }
        // In the order of the service accounts, in which changes of one role were planned.
        let name = |target: &Target| target.account().map(|(_, name)| name.clone());
        look.order.sort_by_cached_key(name);
        look.plan.tracks.sort_by_cached_key(|it| name(&it.target));
    }
}

/// Once for all of them.
fn tell(context: &Context, cluster: &Cluster, sources: &[Source]) {
    if sources.is_empty() {
        let text = format!(
            "no service account of cluster \"{}\" has a role",
            cluster.name
        );
        context.output.note(&text);
    }
    let mut found = sources.iter().filter_map(|(_, it)| it.as_ref().ok());
    if let Some(why) = found.find_map(|source| source.association.unknown()) {
        let text = format!("which of them have their role by EKS Pod Identity is not known: {why}");
        context.output.note(&text);
    }
}

//! Whether a cluster has room for the associations that a plan makes. Apart, because the list of those that are
//! there is read by some commands for another reason, and by none for this one.

use crate::error::Error;
use crate::model::{ASSOCIATION_QUOTA, ClusterName};
use crate::plan::{Action, Track};

/// Rather none than some of those that are asked for. `there`: how many the cluster has, where that is known.
///
/// # Errors
/// `NoRoomForAssociations`
pub fn check_room<'a>(
    cluster: &ClusterName,
    there: Option<usize>,
    tracks: impl Iterator<Item = &'a Track>,
) -> Result<(), Error> {
    let Some(there) = there else {
        return Ok(());
    };
    let (mut more, mut fewer) = (0, 0);
    for action in tracks.flat_map(|track| &track.actions) {
        match action {
            Action::CreateAssociation(_) => more += 1,
            Action::DeleteAssociation { .. } => fewer += 1,
            _ => {}
        }
    }
    if more > 0 && there + more > ASSOCIATION_QUOTA + fewer {
        return Err(Error::NoRoomForAssociations {
            cluster: cluster.clone(),
            there,
            more,
        });
    }
    Ok(())
}

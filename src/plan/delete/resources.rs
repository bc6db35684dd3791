//! What a stack has beside the role goes with it, or stays for its DeletionPolicy.

use crate::asked::ForeignResources;
use crate::model::{ClusterName, Lookup, StackName, listed};
use crate::plan::{Reason, Track};
use crate::template::StackResource;
use crate::world::FoundStack;

/// What goes with a stack that is deleted, beside the role and its policies. What stays is told.
///
/// # Errors
/// Why nothing may be deleted.
pub fn goes_too(
    track: &mut Track,
    cluster: &ClusterName,
    found: &FoundStack,
    foreign: ForeignResources,
) -> Option<Vec<StackResource>> {
    let stack = &found.stack.name;
    let refused = |resources| Reason::ForeignResources {
        stack: stack.clone(),
        resources,
    };
    let all = match (&found.resources, foreign) {
        (Lookup::Missing, _) => return Some(Vec::new()),
        (Lookup::Unknown(why), ForeignResources::Refused) => {
            track.refuse(cluster, refused(Lookup::Unknown(why.clone())));
            return None;
        }
        (Lookup::Unknown(why), ForeignResources::Deleted) => {
            let note =
                format!("whatever else stack {stack} has goes too, and cannot be told: {why}");
            track.notes.push(note);
            return Some(Vec::new());
        }
        (Lookup::Found(all), _) => all.iter().cloned(),
    };
    let (stays, goes): (Vec<_>, Vec<_>) = all.partition(|it| it.is_retained);
    let goes_too: Vec<_> = goes.into_iter().filter(|it| !it.is_own).collect();
    if foreign == ForeignResources::Refused && !goes_too.is_empty() {
        track.refuse(cluster, refused(Lookup::Found(goes_too)));
        return None;
    }
    let stays = stays
        .iter()
        .map(|it| format!("of stack {stack} this stays, for its DeletionPolicy: {it}"));
    track.notes.extend(stays);
    Some(goes_too)
}

/// Why a stack with these is not deleted.
pub fn refused_with(stack: &StackName, resources: &Lookup<Vec<StackResource>>) -> String {
    if let Some(why) = resources.unknown() {
        return format!(
            "all that stack \"{stack}\" has would be deleted with it, and what that is cannot be told: {why}"
        );
    }
    let all = resources.as_found().into_iter().flatten();
    format!(
        "stack \"{stack}\" has more than the role, which would be deleted with it{}",
        listed(all.map(StackResource::to_string))
    )
}

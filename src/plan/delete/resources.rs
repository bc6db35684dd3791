//! What a stack has beside the role goes with it, or stays for its DeletionPolicy.

use crate::asked::ForeignResources;
use crate::model::{ClusterName, Lookup, ServiceAccountName, StackName, listed};
use crate::plan::{Refusal, Track};
use crate::template::StackResource;
use crate::world::FoundStack;

/// What goes with a stack that is deleted, beside the role and its policies. What stays is told.
///
/// # Errors
/// Why nothing may be deleted.
pub fn goes_too(
    track: &mut Track,
    cluster: &ClusterName,
    name: &ServiceAccountName,
    found: &FoundStack,
    foreign: ForeignResources,
) -> Result<Vec<StackResource>, Box<Refusal>> {
    let stack = &found.stack.name;
    let refused = |resources| {
        Box::new(Refusal::ForeignResources {
            cluster: cluster.clone(),
            name: name.clone(),
            stack: stack.clone(),
            resources,
        })
    };
    let all = match (&found.resources, foreign) {
        (Lookup::Missing, _) => return Ok(Vec::new()),
        (Lookup::Unknown(why), ForeignResources::Refused) => {
            return Err(refused(Lookup::Unknown(why.clone())));
        }
        (Lookup::Unknown(why), ForeignResources::Deleted) => {
            let note =
                format!("whatever else stack {stack} has goes too, and cannot be told: {why}");
            track.notes.push(note);
            return Ok(Vec::new());
        }
        (Lookup::Found(all), _) => all.iter().cloned(),
    };
    let (stays, goes): (Vec<_>, Vec<_>) = all.partition(|it| it.is_retained);
    let goes_too: Vec<_> = goes.into_iter().filter(|it| !it.is_own).collect();
    if foreign == ForeignResources::Refused && !goes_too.is_empty() {
        return Err(refused(Lookup::Found(goes_too)));
    }
    let stays = stays
        .iter()
        .map(|it| format!("of stack {stack} this stays, for its DeletionPolicy: {it}"));
    track.notes.extend(stays);
    Ok(goes_too)
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

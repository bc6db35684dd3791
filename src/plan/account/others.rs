//! Whom else a role lets in stays: what its template says, and what was added by hand while EKS Pod
//! Identity associations need it.

use serde_json::Value;

use super::StackTask;
use super::drift::Live;
use crate::asked::Drift;
use crate::model::{CommandLine, Lookup};
use crate::plan::trust_change::TRUST;
use crate::plan::{Reason, Track};
use crate::policy::{self, others, pod_identity};
use crate::world::FoundStack;

/// The same where the role is an association's: what it has beside that is kept already.
fn keep_beside_association(
    track: &mut Track,
    task: StackTask<'_>,
    live: &Live<'_>,
    former: &Value,
    trust: &mut Value,
) -> Option<()> {
    if !policy::same(trust, former) {
        *trust = others::with(trust, live.kept());
    }
    let mut pods = others::of_pod_identity(trust).into_iter();
    if pods.any(pod_identity::is_unconditional) {
        let name = &task.asked.name;
        let command = CommandLine::of(
            "irsactl update podidentityassociation {} --namespace {} --cluster {} --restrict-trust",
            &[&name.name, &name.namespace, &task.cluster.name],
        );
        track.warnings.push(format!(
            "the role lets in every association of the account that names it; `{command}` lets in those that use it"
        ));
    }
    let told = policy::federated_principals(trust).join(", ");
    if !told.is_empty() {
        let note = format!("its role also trusts {told}: that stays");
        track.notes.push(note);
    }
    Some(())
}

/// Keeps it in the template that the stack is to have. Refused where drift is to be repaired, and whether
/// it is needed cannot be told.
pub fn keep(
    track: &mut Track,
    task: StackTask<'_>,
    found: &FoundStack,
    live: &Live<'_>,
    body: &mut Value,
) -> Option<()> {
    let former = found.body.as_ref().and_then(|body| body.pointer(TRUST));
    let (Some(former), Some(trust)) = (former, body.pointer_mut(TRUST)) else {
        return Some(());
    };
    if task.asked.association.is_some() {
        return keep_beside_association(track, task, live, former, trust);
    }
    let of_template = others::parted(former, &task.asked.name, &task.cluster.provider_arn());
    if !policy::same(trust, former) {
        *trust = of_template.with_own(former, trust);
    }
    // Another trust policy takes the place of all that the role has.
    if !policy::same(trust, former) {
        *trust = others::with(trust, live.kept());
    }
    let told = of_template.others_told();
    if !told.is_empty() {
        let note = format!("its role also trusts {told}: that stays");
        track.notes.push(note);
    }
    if live.kept().is_empty() {
        return Some(());
    }
    let why = match &found.associations {
        Lookup::Unknown(why) if task.drift == Drift::Repaired => {
            track.refuse(
                &task.cluster.name,
                Reason::Associated {
                    role: found.own_role()?.name().to_owned(),
                    associations: Vec::new(),
                    is_on_irsa: true,
                    unknown: Some(why.clone()),
                },
            );
            return None;
        }
        Lookup::Unknown(why) => {
            format!("whether EKS Pod Identity associations use the role cannot be told: {why}")
        }
        using => {
            let names = using.as_found().into_iter().flatten();
            let names: Vec<String> = names.map(|(name, _)| name.to_string()).collect();
            let names = names.join(", ");
            format!("EKS Pod Identity associations use the role: {names}")
        }
    };
    let told = others::principals(live.kept());
    let note = format!("its role also trusts {told}, by hand; that stays: {why}");
    match found.associations.unknown() {
        Some(_) => track.unknown.push(note),
        None => track.notes.push(note),
    }
    Some(())
}

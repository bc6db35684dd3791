//! Whom else a role lets in stays: what its template says, and what was added by hand while EKS Pod
//! Identity associations need it.

use serde_json::Value;

use super::StackTask;
use super::drift::Live;
use super::remedy::are_tags_disabled;
use crate::asked::{Drift, Goal};
use crate::model::{CommandLine, Lookup, ServiceAccountName};
use crate::plan::trust_change::TRUST;
use crate::plan::{Reason, Track};
use crate::policy::pod_identity::TrustedAssociation;
use crate::policy::{self, others, pod_identity, subjects};
use crate::template::RoleTemplate;
use crate::world::{Association, FoundStack, ServiceAccountState};

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
    let is_wide_by_hand = live.kept().iter().any(pod_identity::is_unconditional);
    if pod_identity::is_wide(trust) || is_wide_by_hand {
        let name = &task.asked.name;
        let wide = "the role lets in every association of the account that names it";
        let command = CommandLine::of(
            "irsactl update podidentityassociation {} --namespace {} --cluster {} --restrict-trust",
            &[&name.name, &name.namespace, &task.cluster.name],
        );
        track.warnings.push(if are_tags_disabled(task) {
            format!("{wide}, as one without session tags needs it")
        } else {
            format!("{wide}; `{command}` lets in those that use it")
        });
    }
    let told = policy::federated_principals(trust).join(", ");
    if !told.is_empty() {
        let note = format!("its role also trusts {told}: that stays");
        track.notes.push(note);
    }
    Some(())
}

/// What moved to EKS Pod Identity is changed as an association: an annotation would be of no use to it.
pub fn refuse_moved(track: &mut Track, task: StackTask<'_>, role: &RoleTemplate) -> Option<()> {
    let is_annotated = match &task.observed.service_account {
        ServiceAccountState::Found(account) => account.role().is_some(),
        ServiceAccountState::Missing => false,
        // It is not changed.
        _ => true,
    };
    let is_moved =
        !subjects::lets_tokens_in(&role.trust) && !others::of_pod_identity(&role.trust).is_empty();
    if task.goal == Goal::Update && task.asked.association.is_none() && is_moved && !is_annotated {
        track.refuse(&task.cluster.name, Reason::OnPodIdentity);
        return None;
    }
    Some(())
}

/// Which associations use a role is looked at in the cluster, and a statement without a condition is for
/// those of all clusters of the account.
pub fn warn_of_other_clusters(
    track: &mut Track,
    task: StackTask<'_>,
    live: &Live<'_>,
    asked: &Value,
) {
    let mut by_hand = live.kept().iter();
    let stays = pod_identity::is_wide(asked) || by_hand.any(pod_identity::is_unconditional);
    if is_narrowing(task) && !stays {
        let text = format!("its role {}", pod_identity::OF_OTHER_CLUSTERS);
        track.warnings.push(text);
    }
}

/// Whether a statement that nobody asked for is to go.
fn is_narrowing(task: StackTask<'_>) -> bool {
    let spec = task.asked.association.as_ref();
    task.drift == Drift::Repaired || spec.is_some_and(|spec| spec.restrict_trust)
}

/// An association's role without what lets in every association by hand, where that is to go. Refused where
/// one of those that use the role would be shut out, or may be.
pub fn narrowed<'a>(
    track: &mut Track,
    task: StackTask<'_>,
    found: &FoundStack,
    live: Live<'a>,
    body: &Value,
) -> Option<Live<'a>> {
    let is_meant = task.asked.association.is_some() && is_narrowing(task);
    let is_by_hand = live.kept().iter().any(pod_identity::is_unconditional);
    if !is_meant || !is_by_hand {
        return Some(live);
    }
    let name = &task.cluster.name;
    let using = match &found.associations {
        Lookup::Unknown(why) => {
            track.refuse(name, users_unknown(found, why, false)?);
            return None;
        }
        known => known.as_found().into_iter().flatten(),
    };
    let live = live.narrowed();
    let trust = others::with(body.pointer(TRUST)?, live.kept());
    let cluster_arn = task.cluster.arn()?;
    let is_let_in = |account: &ServiceAccountName, found: &Association| {
        let only = TrustedAssociation {
            account,
            cluster_arn: &cluster_arn,
        };
        pod_identity::lets_in(&trust, only, found.session_tags()).is_allowed()
    };
    let shut_out = using.filter(|(name, found)| !is_let_in(name, found));
    let accounts: Vec<ServiceAccountName> = shut_out.map(|(name, _)| name.clone()).collect();
    if !accounts.is_empty() {
        track.refuse(name, Reason::LetInByHand { accounts });
        return None;
    }
    Some(live)
}

/// That nobody knows whether an association uses the role.
fn users_unknown(found: &FoundStack, why: &str, is_on_irsa: bool) -> Option<Reason> {
    Some(Reason::Associated {
        role: found.own_role()?.name().to_owned(),
        associations: Vec::new(),
        is_on_irsa,
        unknown: Some(why.to_owned()),
    })
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
    keep_by_hand(track, task, found, live)
}

/// What was added by hand stays, while associations need it or may.
fn keep_by_hand(
    track: &mut Track,
    task: StackTask<'_>,
    found: &FoundStack,
    live: &Live<'_>,
) -> Option<()> {
    let told = others::principals(live.kept());
    let stays = format!("its role also trusts {told}, by hand; that stays");
    match &found.associations {
        Lookup::Unknown(why) if task.drift == Drift::Repaired => {
            track.refuse(&task.cluster.name, users_unknown(found, why, true)?);
            return None;
        }
        Lookup::Unknown(why) => track.unknown.push(format!(
            "{stays}: whether EKS Pod Identity associations use the role cannot be told: {why}"
        )),
        using => {
            let names = using.as_found().into_iter().flatten();
            let names: Vec<String> = names.map(|(name, _)| name.to_string()).collect();
            track.notes.push(format!(
                "{stays}: EKS Pod Identity associations use the role: {}",
                names.join(", ")
            ));
        }
    }
    Some(())
}

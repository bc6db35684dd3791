//! From an IAM service account that is to go, and what exists of it, to the actions that remove it.
//! Each step may find its thing gone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{Action, Idle, Reason, Refusal, Target, Track};
use crate::asked::{Deletion, Ending, ForeignPolicies, KnownBy, OtherClusters, SearchedAccount};
use crate::model::{
    ClusterName, Lookup, ROLE_ANNOTATION, SAVED_ANNOTATION, ServiceAccountName, StackName, Way,
    issuer_of_provider,
};
use crate::policy;
use crate::policy::pod_identity::{self, OF_OTHER_CLUSTERS};
use crate::policy::subjects::{lets_tokens_in, listed, name_in_claim};
use crate::world::{
    Association, Foreign, FoundStack, ObservedDeletion, Phase, ServiceAccount, ServiceAccountState,
    Stack, StackState, StackStatus,
};

mod accounts;
mod attached;
mod kept;
mod resources;

use kept::{OtherUsers, withdrawal};
pub use resources::{goes_too, refused_with};

/// Those of a cluster that have a stack of ours and are not known. A stack with our tags under a name
/// that is not its account's is someone else's.
pub fn unknown<'a>(
    way: Way,
    cluster: &ClusterName,
    known: &BTreeSet<ServiceAccountName>,
    stacks: impl IntoIterator<Item = &'a Stack>,
) -> BTreeSet<ServiceAccountName> {
    let named = stacks.into_iter();
    named
        .filter_map(|stack| Some((stack, stack.account(way)?)))
        .filter(|(stack, name)| is_named_for(stack, way, cluster, name) && !known.contains(name))
        .map(|(_, name)| name)
        .collect()
}

/// Whether a stack has the tags of the cluster, and a name of the service account's: another name is
/// someone else's, whatever the tags say.
pub fn is_named_for(
    stack: &Stack,
    way: Way,
    cluster: &ClusterName,
    name: &ServiceAccountName,
) -> bool {
    let names = StackName::both(way, cluster, name).into_iter();
    // A move to IRSA leaves a stack its name.
    let moved = StackName::new(Way::PodIdentity, cluster, name);
    stack.is_of(cluster) && names.chain([moved]).any(|it| it == stack.name)
}

/// What must go for one account: association, stack and ServiceAccount, as far as they are its own. What
/// others use stays, and is noted. Nothing there is no failure: the track is idle.
pub fn plan(asked: &Deletion, observed: &ObservedDeletion) -> Track {
    let mut track = Track::new(Target::of(asked.way, &asked.name));
    track.idle = Idle::Absent;
    let found = match &observed.stack {
        StackState::Found(found) => Some(&**found),
        StackState::Absent => None,
    };
    if let Some(reason) = refusal(asked, found, observed) {
        refuse_or_skip(&mut track, asked, reason);
        return track;
    }
    track.warnings.extend(accounts::warning(asked, observed));
    let users = OtherUsers::of(asked, found, observed);
    match found {
        Some(found) if users.is_empty() => plan_stack(&mut track, asked, found, &observed.foreign),
        Some(found) => users.note(&mut track, &found.stack.name),
        None => {}
    }
    plan_association(&mut track, asked, found, observed, &users);
    if let Some(attached) = &observed.attached {
        attached::withdraw(&mut track, asked, attached);
    }
    let mut actions = track.actions.iter();
    if !actions.any(|action| matches!(action, Action::AwaitStack { .. })) {
        let stack = found.map(|found| &found.stack);
        plan_object(&mut track, asked, observed, stack);
    }
    track.settled()
}

fn refusal(
    asked: &Deletion,
    found: Option<&FoundStack>,
    observed: &ObservedDeletion,
) -> Option<Reason> {
    if !observed.namespaces.is_empty() {
        let namespaces = observed.namespaces.clone();
        return Some(Reason::OtherNamespace { namespaces });
    }
    if found.is_none() && is_in_the_middle(asked, &observed.service_account) {
        return Some(Reason::InTheMiddle);
    }
    accounts::refusal(asked, found, observed)
}

/// Refuses; but what nobody named, and is of another cluster, is skipped with a note.
fn refuse_or_skip(track: &mut Track, asked: &Deletion, reason: Reason) {
    // Nobody named it, and clusters of two accounts may have one name.
    if asked.known_by == KnownBy::Stack && matches!(reason, Reason::OfOtherCluster { .. }) {
        let why = Refusal::of(reason, &asked.cluster, &track.target);
        track.notes.push(format!("it stays: {why}"));
        track.idle = Idle::Skipped;
    } else {
        track.refuse(&asked.cluster, reason);
    }
}

/// The association, and what lets it into a role that stays.
fn plan_association(
    track: &mut Track,
    asked: &Deletion,
    found: Option<&FoundStack>,
    observed: &ObservedDeletion,
    users: &OtherUsers,
) {
    if let Some(association) = &observed.association {
        let action = deleted(track, asked, association);
        track.actions.insert(0, action);
    }
    if !track.refusals.is_empty() {
        return;
    }
    let is_there = observed.association.is_some();
    let made = found.and_then(|found| found.stack.role_arn.as_ref());
    let stays = observed.associated.as_ref();
    let stays = stays.filter(|role| !users.is_empty() || Some(&role.arn) != made);
    match stays.and_then(|role| withdrawal(track, asked, role, users, is_there)) {
        Some(wait) if wait.is_wait() => track.actions = vec![wait],
        Some(change) => track.actions.insert(0, change),
        None => {}
    }
}

/// The ServiceAccount. Of one that nobody named it goes first: what is known of it is known by its stack.
fn plan_object(
    track: &mut Track,
    asked: &Deletion,
    observed: &ObservedDeletion,
    stack: Option<&Stack>,
) {
    let before = track.actions.len();
    match &observed.service_account {
        ServiceAccountState::Found(account) => {
            plan_service_account(track, asked, account, &observed.goes_on, stack);
        }
        ServiceAccountState::Going(account) if account.is_owned() => {
            await_service_account(track, asked, account);
        }
        _ => {}
    }
    if asked.known_by == KnownBy::Stack {
        track.actions.rotate_left(before);
    }
}

/// A move to IRSA that is not finished: the stack of the role has its tags, and its name, from the
/// association, which the ServiceAccount keeps what is needed of.
fn is_in_the_middle(asked: &Deletion, object: &ServiceAccountState) -> bool {
    let ServiceAccountState::Found(account) = object else {
        return false;
    };
    asked.way == Way::Irsa && account.annotations.contains_key(SAVED_ANNOTATION)
}

/// The association itself goes first: what hangs on it is of no use then.
fn deleted(track: &mut Track, asked: &Deletion, association: &Association) -> Action {
    if let Some(owner) = &association.owner {
        let owner = owner.clone();
        track.refuse(&asked.cluster, Reason::OwnedByAddon { owner });
    }
    Action::DeleteAssociation {
        cluster: asked.cluster.clone(),
        name: asked.name.clone(),
        id: association.id.clone(),
        role: association.role.clone(),
    }
}

fn plan_stack(track: &mut Track, asked: &Deletion, found: &FoundStack, foreign: &Lookup<Foreign>) {
    let stack = &found.stack;
    if leave_stack(track, asked, stack) {
        return;
    }
    match foreign {
        Lookup::Found(foreign) => plan_foreign(track, asked, foreign),
        Lookup::Unknown(message) => track.notes.push(foreign_unknown(message)),
        Lookup::Missing => {}
    }
    let Some(goes_too) = goes_too(track, &asked.cluster, found, asked.resources) else {
        return;
    };
    let trust = foreign.as_found().and_then(|it| it.trust.as_found());
    let is_open = asked.other_clusters == OtherClusters::NotLookedAt && track.refusals.is_empty();
    if is_open && trust.is_some_and(pod_identity::is_wide) {
        let text = format!("the role of stack {} {OF_OTHER_CLUSTERS}", stack.name);
        track.notes.push(text);
    }
    track.actions.push(Action::DeleteStack {
        stack: stack.name.clone(),
        id: stack.id.clone(),
        lift_protection: stack.protected,
        deployment: asked.deployment.clone(),
        ending: asked.ending,
        goes_too,
    });
}

/// Leaves a stack that is not to be deleted, or not yet, and says so; whether it did.
fn leave_stack(track: &mut Track, asked: &Deletion, stack: &Stack) -> bool {
    match (stack.phase(), asked.ending) {
        (Phase::Gone, _) => true,
        // Whoever makes or changes it, or is to approve it, wants it.
        _ if asked.known_by == KnownBy::Stack && stack.is_underway() => {
            let (stack, status) = (stack.name.clone(), stack.status.clone());
            track.refuse(&asked.cluster, Reason::Underway(stack, status));
            true
        }
        (Phase::Deleting, Ending::NotAwaited) => {
            let note = format!("stack {} is being deleted already", stack.name);
            track.notes.push(note);
            track.idle = Idle::Deleting;
            true
        }
        // CloudFormation takes the deletion of a stack that is still being created.
        (Phase::Busy, Ending::NotAwaited) if stack.status == StackStatus::CreateInProgress => false,
        (Phase::Busy | Phase::Deleting, _) => {
            track.actions.push(Action::await_stack(stack));
            true
        }
        (Phase::Ready | Phase::Broken | Phase::DeleteFailed | Phase::UpdateFailed, _) => false,
    }
}

fn foreign_unknown(message: &str) -> String {
    format!("cannot tell whether policies were attached to the role by hand: {message}")
}

/// Whose tokens the role lets in beside the service account's own, who lose it.
fn also_let_in(trust: &Value, asked: &Deletion) -> Option<String> {
    let mut providers = policy::federated_principals(trust);
    providers.sort_unstable();
    providers.dedup();
    let all = providers.into_iter().flat_map(|provider| {
        let issuer = issuer_of_provider(provider).unwrap_or_default();
        let subjects = listed(trust, provider).subjects.into_iter();
        subjects.map(move |subject| (subject, issuer))
    });
    let all: Vec<(String, &str)> = all.collect();
    let own = asked.name.subject();
    let provider = match &asked.looked {
        SearchedAccount::Other { provider, .. } => provider.as_deref(),
        SearchedAccount::Own(_) | SearchedAccount::Any => None,
    };
    let is_own = |(subject, issuer): &(String, &str)| {
        let is_of = |provider: &str| issuer_of_provider(provider) == Some(*issuer);
        *subject == own && provider.is_none_or(is_of)
    };
    let is_known = all.iter().filter(|it| is_own(it)).count() == 1;
    let others = all.iter().filter(|it| !(is_known && is_own(it)));
    let others: Vec<String> = others
        .map(|(subject, issuer)| format!("{} of {issuer}", name_in_claim(subject)))
        .collect();
    let is_told = !others.is_empty() && all.len() > 1;
    is_told.then(|| {
        format!(
            "its role lets in others too, who lose it: {}",
            others.join(", ")
        )
    })
}

fn plan_foreign(track: &mut Track, asked: &Deletion, foreign: &Foreign) {
    if let Some(message) = &foreign.unknown {
        track.notes.push(foreign_unknown(message));
    }
    let trust = foreign.trust.as_found();
    let told = trust.and_then(|trust| also_let_in(trust, asked));
    track.warnings.extend(told);
    if let Some(reason) = associated(asked, foreign) {
        track.refuse(&asked.cluster, reason);
    }
    match &foreign.instance_profiles {
        Lookup::Found(profiles) if !profiles.is_empty() => {
            let reason = Reason::InstanceProfiles {
                role: foreign.role.clone(),
                profiles: profiles.clone(),
            };
            track.refuse(&asked.cluster, reason);
        }
        Lookup::Unknown(message) => track.notes.push(format!(
            "cannot tell whether instances have the role by an instance profile: {message}"
        )),
        Lookup::Found(_) | Lookup::Missing => {}
    }
    if foreign.has_policies() {
        plan_foreign_policies(track, asked, foreign);
    }
}

/// That associations use the role, or may, whose pods would lose it.
fn associated(asked: &Deletion, foreign: &Foreign) -> Option<Reason> {
    let is_other = |name: &ServiceAccountName| asked.way == Way::Irsa || *name != asked.name;
    let (associations, unknown) = match &foreign.associations {
        Lookup::Found(found) => {
            let others = found.iter().filter(|(name, _)| is_other(name));
            (others.cloned().collect(), None)
        }
        Lookup::Missing => (Vec::new(), None),
        Lookup::Unknown(why) => (Vec::new(), Some(why.clone())),
    };
    if associations.is_empty() && unknown.is_none() {
        return None;
    }
    Some(Reason::Associated {
        role: foreign.role.clone(),
        associations,
        is_on_irsa: foreign.trust.as_found().is_some_and(lets_tokens_in),
        unknown,
    })
}

/// The policies that its stack did not attach.
fn plan_foreign_policies(track: &mut Track, asked: &Deletion, foreign: &Foreign) {
    let role = foreign.role.clone();
    match (asked.foreign, &foreign.doubt) {
        (ForeignPolicies::Refused, _) => {
            let managed = foreign.managed.iter().map(ToString::to_string);
            // An inline policy exists nowhere else.
            let inline = foreign.inline.iter();
            let inline = inline.map(|name| format!("{name} (inline: detaching deletes it)"));
            let policies = managed.chain(inline).collect();
            track.refuse(&asked.cluster, Reason::ForeignPolicies { role, policies });
        }
        (ForeignPolicies::Detached, Some(why)) => {
            let why = why.clone();
            track.refuse(&asked.cluster, Reason::NotTheStacks { role, why });
        }
        (ForeignPolicies::Detached, None) => track.actions.push(Action::DetachPolicies {
            role,
            managed: foreign.managed.clone(),
            inline: foreign.inline.clone(),
        }),
    }
}

/// Somebody deleted it, and finalizers hold it.
fn await_service_account(track: &mut Track, asked: &Deletion, account: &ServiceAccount) {
    let (name, held_by) = (&asked.name, account.held_by.clone().unwrap_or_default());
    match asked.ending {
        Ending::Awaited => track.actions.push(Action::AwaitServiceAccount {
            name: name.clone(),
            held_by,
        }),
        Ending::NotAwaited => {
            let held = super::held(&held_by);
            track.notes.push(format!(
                "the ServiceAccount {name} is being deleted already{held}"
            ));
            track.idle = Idle::Deleting;
        }
    }
}

/// An owned ServiceAccount goes whole; of another's only what irsactl put there.
fn plan_service_account(
    track: &mut Track,
    asked: &Deletion,
    account: &ServiceAccount,
    goes_on: &Lookup<()>,
    stack: Option<&Stack>,
) {
    if let Some(note) = kept_for_its_role(asked, account, stack) {
        return track.notes.push(note);
    }
    if let Lookup::Unknown(why) = goes_on {
        let why = why.clone();
        return track.refuse(&asked.cluster, Reason::AssociationUnknown { why });
    }
    let is_associated = goes_on.as_found().is_some();
    if account.is_owned() && !is_associated {
        track.actions.push(Action::DeleteServiceAccount {
            name: asked.name.clone(),
            seen: account.version.clone(),
            ending: asked.ending,
        });
        return;
    }
    let annotations = put_there(account, stack);
    if is_associated || !annotations.is_empty() {
        let why = if is_associated {
            "has an EKS Pod Identity association"
        } else {
            "was not made by irsactl or eksctl"
        };
        let note = format!("the ServiceAccount {} {why}: it stays", asked.name);
        track.notes.push(note);
    }
    take_off(track, asked, account, annotations);
}

/// That a ServiceAccount has a role which is not the one that goes.
fn kept_for_its_role(
    asked: &Deletion,
    account: &ServiceAccount,
    stack: Option<&Stack>,
) -> Option<String> {
    let name = &asked.name;
    if asked.way == Way::PodIdentity && account.role().is_some() {
        let why = "as it has a role annotation";
        return Some(format!("the ServiceAccount {name} stays, {why}"));
    }
    let role = accounts::other_role(asked, account, stack)?;
    Some(format!(
        "the ServiceAccount {name} stays: its role is {role}"
    ))
}

/// Of a ServiceAccount that stays.
fn take_off(
    track: &mut Track,
    asked: &Deletion,
    account: &ServiceAccount,
    annotations: Vec<String>,
) {
    if !annotations.is_empty() {
        track.actions.push(Action::RemoveAnnotations {
            name: asked.name.clone(),
            annotations,
            seen: account.version.clone(),
        });
    }
}

/// The annotations that irsactl put there, or that name the role of the stack.
fn put_there(account: &ServiceAccount, stack: Option<&Stack>) -> Vec<String> {
    let role = stack.and_then(|stack| stack.role_arn.as_ref());
    let role = role.map(ToString::to_string);
    let applied = account.applied_annotations.iter();
    let applied = applied.filter(|key| account.annotations.contains_key(*key));
    let mut annotations: Vec<String> = applied.cloned().collect();
    let is_of_the_stack = role.is_some() && account.role() == role.as_deref();
    if is_of_the_stack && !annotations.iter().any(|key| key == ROLE_ANNOTATION) {
        annotations.push(ROLE_ANNOTATION.to_owned());
    }
    annotations
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

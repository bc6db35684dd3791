//! What each command does in each state of a move, also in those that a kill or somebody else leaves.

use std::collections::BTreeMap;

use insta::assert_snapshot;
use serde_json::json;

use super::properties::{STEPS, goal, world};
use super::tests::*;
use super::*;
use crate::model::{Lookup, MOVED_TAG, ROLE_ANNOTATION, SAVED_ANNOTATION};
use crate::plan::{Action, Track};
use crate::policy::statements;
use crate::world::Association;

fn associated_statement() -> Value {
    let tags = [
        (
            "eks-cluster-arn",
            "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
        ),
        ("kubernetes-namespace", "web"),
        ("kubernetes-service-account", "api"),
    ];
    let tags = tags.map(|(tag, value)| (format!("aws:RequestTag/{tag}"), value));
    json!({
        "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Condition": {"StringEquals": BTreeMap::from(tags)},
    })
}

/// After a whole move to EKS Pod Identity, with its pods.
pub fn associated() -> MovingAccount {
    of(
        &[WayPart::Association, WayPart::ForAssociation],
        PodWay::PodIdentity,
    )
}

/// Changes the association of an account that has one.
pub fn set_association(account: &mut MovingAccount, change: impl Fn(&mut Association)) {
    if let Lookup::Found(association) = &mut account.association {
        change(association);
    }
}

/// What is there of a service account's ways.
#[derive(Clone, Copy, PartialEq)]
enum WayPart {
    Annotation,
    Saved,
    Association,
    /// Its role lets in its tokens.
    ForTokens,
    ForAssociation,
}

fn of(parts: &[WayPart], pods: PodWay) -> MovingAccount {
    let has = |part| parts.contains(&part);
    let mut account = annotated();
    if let Lookup::Found(object) = &mut account.object {
        if !has(WayPart::Annotation) {
            object.annotations.remove(ROLE_ANNOTATION);
        }
        if has(WayPart::Saved) {
            let saved = json!({"disableSessionTags": false, "role": ROLE, "tags": {}});
            let saved = (SAVED_ANNOTATION.to_owned(), saved.to_string());
            object.annotations.extend([saved]);
        }
    }
    if has(WayPart::Association) {
        account.association = Lookup::Found(Association {
            tags: [(MOVED_TAG.to_owned(), "irsa".to_owned())].into(),
            ..association()
        });
    }
    let is_bound = [WayPart::Annotation, WayPart::Association, WayPart::Saved];
    if !parts.iter().any(|part| is_bound.contains(part)) {
        account.role_arn = None;
        account.role = Lookup::Missing;
    } else {
        let tokens = statement("system:serviceaccount:web:api");
        let tokens = has(WayPart::ForTokens).then_some(tokens);
        let association = has(WayPart::ForAssociation).then(associated_statement);
        set_trust(
            &mut account,
            tokens.into_iter().chain(association).collect(),
        );
    }
    account.pods = Lookup::Found(vec![pod(pods)]);
    account
}

fn word(action: &Action) -> String {
    match action {
        Action::UpdateTrust(update) => {
            let (before, after) = (statements(&update.seen), statements(&update.document));
            let verb = if before.count() < after.count() {
                "open"
            } else {
                "close"
            };
            format!("{verb} trust")
        }
        Action::CreateAssociation(_) => "associate".to_owned(),
        Action::DeleteAssociation { .. } => "dissociate".to_owned(),
        Action::ApplyServiceAccount(change) => {
            let saves = change.annotations.contains_key(SAVED_ANNOTATION);
            let save = if saves { " and save" } else { "" };
            format!("annotate{save}")
        }
        Action::RemoveAnnotations { annotations, .. } => {
            let names = annotations
                .iter()
                .filter_map(|it| it.split('/').next_back());
            format!("take off {}", names.collect::<Vec<_>>().join(" and "))
        }
        Action::Prove(prove) => format!("prove {}", prove.way),
        Action::RestartWorkload(_) => "restart".to_owned(),
        Action::AwaitPods { .. } => "wait".to_owned(),
        other => other.to_string(),
    }
}

/// In a few words.
fn sum(track: &Track) -> String {
    if let Some(refusal) = track.refusals.first() {
        return format!("refused: {refusal}");
    }
    let actions: Vec<String> = track.actions.iter().map(word).collect();
    let told = if actions.is_empty() {
        "nothing".to_owned()
    } else {
        actions.join(", ")
    };
    let warnings = track.warnings.iter().map(|it| format!("; warns: {it}"));
    told + &warnings.collect::<String>()
}

fn table(states: &[(&str, &[WayPart], PodWay)]) -> String {
    let mut text = String::new();
    for (name, parts, pods) in states {
        let account = of(parts, *pods);
        let moving = world(account.clone());
        let state = account.state(&moving).map_or("-", MoveState::word);
        let new = account.new_pods().map_or("unknown", PodWay::word);
        text.push_str(&format!("{name}: {state}, new pods {new}\n"));
        for (to, stage) in STEPS {
            let goal = goal(to, stage);
            let planned = plan(goal, &moving, 4_096);
            let told = sum(&planned.tracks[0]);
            let many = MoveGoal {
                scope: Breadth::All,
                ..goal
            };
            let planned = plan(many, &moving, 4_096);
            let left_out = match planned.tracks.first() {
                Some(_) => "",
                None => " (left out of many)",
            };
            let stage = match stage {
                Stage::Begin => "",
                Stage::Finish => " --finish",
                Stage::Undo => " --undo",
            };
            text.push_str(&format!("    to-{to}{stage}: {told}{left_out}\n"));
        }
    }
    text
}

#[test]
fn what_each_command_does_from_irsa_to_eks_pod_identity() {
    use WayPart::*;
    assert_snapshot!(table(&[
        ("OLD", &[Annotation, ForTokens], PodWay::Irsa),
        ("OLD, trust opened", &[Annotation, ForTokens, ForAssociation], PodWay::Irsa),
        ("association without trust", &[Annotation, Association, ForTokens], PodWay::Irsa),
        ("BOTH, not restarted", &[Annotation, Association, ForTokens, ForAssociation], PodWay::Irsa),
        ("BOTH", &[Annotation, Association, ForTokens, ForAssociation], PodWay::PodIdentity),
        ("annotation off, trust not closed", &[Association, ForTokens, ForAssociation], PodWay::PodIdentity),
        ("NEW", &[Association, ForAssociation], PodWay::PodIdentity),
        ("NEW, annotation put back", &[Annotation, Association, ForAssociation], PodWay::PodIdentity),
    ]), @"
    OLD: OLD, new pods irsa
        to-pod-identity: open trust, associate, prove pod-identity, restart, wait
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet
        to-pod-identity --undo: nothing (left out of many)
        to-irsa: nothing (left out of many)
        to-irsa --finish: nothing (left out of many)
        to-irsa --undo: open trust, associate, prove pod-identity, restart, wait, take off role-arn, close trust (left out of many)
    OLD, trust opened: OLD, new pods irsa
        to-pod-identity: associate, prove pod-identity, restart, wait
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet
        to-pod-identity --undo: prove irsa, close trust
        to-irsa: nothing (left out of many)
        to-irsa --finish: prove irsa, close trust
        to-irsa --undo: associate, prove pod-identity, restart, wait, take off role-arn, close trust (left out of many)
    association without trust: BOTH, new pods pod-identity
        to-pod-identity: open trust, prove pod-identity, restart, wait
        to-pod-identity --finish: refused: the role's trust policy does not let it in today
        to-pod-identity --undo: prove irsa, dissociate
        to-irsa: prove irsa, annotate and save, dissociate
        to-irsa --finish: refused: its new pods do not have irsa yet (left out of many)
        to-irsa --undo: refused: it is on its way to pod-identity, which the other command undoes (left out of many)
    BOTH, not restarted: BOTH, new pods pod-identity
        to-pod-identity: prove pod-identity, restart, wait
        to-pod-identity --finish: refused: pods of these have irsa still: deployment web/api
        to-pod-identity --undo: prove irsa, dissociate, close trust
        to-irsa: prove irsa, annotate and save, dissociate
        to-irsa --finish: refused: its new pods do not have irsa yet (left out of many)
        to-irsa --undo: refused: it is on its way to pod-identity, which the other command undoes (left out of many)
    BOTH: BOTH, new pods pod-identity
        to-pod-identity: nothing
        to-pod-identity --finish: prove pod-identity, take off role-arn, close trust
        to-pod-identity --undo: prove irsa, dissociate, restart, wait, close trust
        to-irsa: prove irsa, annotate and save, dissociate, restart, wait
        to-irsa --finish: refused: its new pods do not have irsa yet (left out of many)
        to-irsa --undo: refused: it is on its way to pod-identity, which the other command undoes (left out of many)
    annotation off, trust not closed: NEW, new pods pod-identity
        to-pod-identity: nothing (left out of many)
        to-pod-identity --finish: prove pod-identity, close trust
        to-pod-identity --undo: prove irsa, annotate, dissociate, restart, wait, close trust (left out of many)
        to-irsa: prove irsa, annotate and save, dissociate, restart, wait
        to-irsa --finish: refused: its new pods do not have irsa yet (left out of many)
        to-irsa --undo: prove pod-identity, close trust (left out of many)
    NEW: NEW, new pods pod-identity
        to-pod-identity: nothing (left out of many)
        to-pod-identity --finish: nothing (left out of many)
        to-pod-identity --undo: open trust, prove irsa, annotate, dissociate, restart, wait, close trust (left out of many)
        to-irsa: open trust, prove irsa, annotate and save, dissociate, restart, wait
        to-irsa --finish: refused: its new pods do not have irsa yet (left out of many)
        to-irsa --undo: nothing (left out of many)
    NEW, annotation put back: BOTH, new pods pod-identity
        to-pod-identity: nothing
        to-pod-identity --finish: prove pod-identity, take off role-arn
        to-pod-identity --undo: open trust, prove irsa, dissociate, restart, wait, close trust
        to-irsa: open trust, prove irsa, annotate and save, dissociate, restart, wait
        to-irsa --finish: refused: its new pods do not have irsa yet (left out of many)
        to-irsa --undo: refused: it is on its way to pod-identity, which the other command undoes (left out of many)
    ");
}

#[test]
fn what_each_command_does_from_eks_pod_identity_to_irsa() {
    use WayPart::*;
    assert_snapshot!(table(&[
        ("annotated and saved", &[Annotation, Saved, Association, ForTokens, ForAssociation], PodWay::PodIdentity),
        ("BOTH, not restarted", &[Annotation, Saved, ForTokens, ForAssociation], PodWay::PodIdentity),
        ("BOTH", &[Annotation, Saved, ForTokens, ForAssociation], PodWay::Irsa),
        ("BOTH, trust for associations gone", &[Annotation, Saved, ForTokens], PodWay::Irsa),
    ]), @"
    annotated and saved: BOTH, new pods pod-identity
        to-pod-identity: nothing
        to-pod-identity --finish: prove pod-identity, take off role-arn and pod-identity-association, close trust
        to-pod-identity --undo: refused: it is on its way to irsa, which the other command undoes (left out of many)
        to-irsa: prove irsa, annotate and save, dissociate, restart, wait
        to-irsa --finish: refused: its new pods do not have irsa yet
        to-irsa --undo: prove pod-identity, take off role-arn and pod-identity-association, close trust
    BOTH, not restarted: BOTH, new pods irsa
        to-pod-identity: associate, prove pod-identity
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet
        to-pod-identity --undo: refused: it is on its way to irsa, which the other command undoes (left out of many)
        to-irsa: prove irsa, restart, wait
        to-irsa --finish: refused: pods of these have pod-identity still: deployment web/api
        to-irsa --undo: associate, prove pod-identity, take off role-arn and pod-identity-association, close trust
    BOTH: BOTH, new pods irsa
        to-pod-identity: associate, prove pod-identity, restart, wait
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet
        to-pod-identity --undo: refused: it is on its way to irsa, which the other command undoes (left out of many)
        to-irsa: nothing
        to-irsa --finish: prove irsa, take off pod-identity-association, close trust
        to-irsa --undo: associate, prove pod-identity, restart, wait, take off role-arn and pod-identity-association, close trust
    BOTH, trust for associations gone: OLD, new pods irsa
        to-pod-identity: open trust, associate, prove pod-identity, restart, wait
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet
        to-pod-identity --undo: prove irsa, take off pod-identity-association (left out of many)
        to-irsa: nothing
        to-irsa --finish: prove irsa, take off pod-identity-association (left out of many)
        to-irsa --undo: open trust, associate, prove pod-identity, restart, wait, take off role-arn and pod-identity-association, close trust (left out of many)
    ");
}

#[test]
fn what_each_command_does_where_something_is_missing() {
    use WayPart::*;
    assert_snapshot!(table(&[
        ("nothing", &[], PodWay::NodeRole),
        ("annotation without trust", &[Annotation], PodWay::Irsa),
        ("association without trust or annotation", &[Association], PodWay::PodIdentity),
        ("saved without annotation", &[Saved], PodWay::NodeRole),
        ("annotation taken off", &[Saved, ForTokens, ForAssociation], PodWay::Irsa),
        ("annotation by hand, pods older", &[Annotation, ForTokens], PodWay::NodeRole),
    ]), @"
    nothing: -, new pods node-role
        to-pod-identity: refused: it has no role (left out of many)
        to-pod-identity --finish: refused: it has no role (left out of many)
        to-pod-identity --undo: refused: it has no role (left out of many)
        to-irsa: refused: it has no role (left out of many)
        to-irsa --finish: refused: it has no role (left out of many)
        to-irsa --undo: refused: it has no role (left out of many)
    annotation without trust: OLD, new pods irsa
        to-pod-identity: refused: the role's trust policy does not let it in today
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet
        to-pod-identity --undo: refused: the role's trust policy does not let it in today
        to-irsa: refused: the role's trust policy does not let it in today (left out of many)
        to-irsa --finish: refused: the role's trust policy does not let it in today
        to-irsa --undo: refused: the role's trust policy does not let it in today (left out of many)
    association without trust or annotation: NEW, new pods pod-identity
        to-pod-identity: refused: the role's trust policy does not let it in today (left out of many)
        to-pod-identity --finish: refused: the role's trust policy does not let it in today
        to-pod-identity --undo: refused: the role's trust policy does not let it in today (left out of many)
        to-irsa: refused: the role's trust policy does not let it in today
        to-irsa --finish: refused: its new pods do not have irsa yet (left out of many)
        to-irsa --undo: refused: the role's trust policy does not let it in today (left out of many)
    saved without annotation: -, new pods node-role
        to-pod-identity: refused: the role's trust policy does not let it in today (left out of many)
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet (left out of many)
        to-pod-identity --undo: refused: the role's trust policy does not let it in today (left out of many)
        to-irsa: refused: the role's trust policy does not let it in today
        to-irsa --finish: refused: its new pods do not have irsa yet (left out of many)
        to-irsa --undo: refused: the role's trust policy does not let it in today (left out of many)
    annotation taken off: BOTH, new pods node-role
        to-pod-identity: associate, prove pod-identity, restart, wait (left out of many)
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet (left out of many)
        to-pod-identity --undo: refused: it is on its way to irsa, which the other command undoes (left out of many)
        to-irsa: prove irsa, annotate
        to-irsa --finish: refused: its new pods do not have irsa yet
        to-irsa --undo: associate, prove pod-identity, restart, wait, take off pod-identity-association, close trust
    annotation by hand, pods older: OLD, new pods irsa
        to-pod-identity: open trust, associate, prove pod-identity, restart, wait
        to-pod-identity --finish: refused: its new pods do not have pod-identity yet
        to-pod-identity --undo: prove irsa, restart, wait (left out of many)
        to-irsa: prove irsa, restart, wait (left out of many)
        to-irsa --finish: nothing (left out of many)
        to-irsa --undo: open trust, associate, prove pod-identity, restart, wait, take off role-arn, close trust (left out of many)
    ");
}

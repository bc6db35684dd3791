//! What makes new pods take a way: an association, or an annotation without one.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::steps::MoveStep;
use super::{Former, Stage};
use crate::asked::Conflicts;
use crate::model::{
    ASSOCIATION_TAG, CLUSTER_TAGS, Lookup, MOVED_TAG, Map, RoleArn, SAVED_ANNOTATION, VERSION_TAG,
    Way, is_aws_tag, is_own_tag,
};
use crate::plan::account::VERSION;
use crate::plan::{Action, CreateAssociation, ObjectPresence, Role, ServiceAccountChange};
use crate::policy::{Difference, Item};
use crate::world::{Association, AssociationTerms, MovingAccount, ServiceAccount};

/// Only what gives nobody more: a session policy, or a role behind the role, has no equal on the other way.
fn saved_of(association: &Association) -> String {
    let saved = json!({
        "disableSessionTags": association.session_tags_disabled,
        "role": association.role,
        "tags": association.tags,
    });
    saved.to_string()
}

impl MovingAccount {
    fn saved_value(&self) -> Option<Value> {
        serde_json::from_str(self.saved()?).ok()
    }

    /// The role of the association that was saved. Who wrote that could have annotated it with the role.
    pub fn saved_role(&self) -> Option<RoleArn> {
        let saved = self.saved_value()?;
        saved["role"].as_str()?.parse().ok()
    }

    /// The tags of the association that was saved. Who may write annotations writes no tags of ours: of those
    /// that it had it has what is `own` again.
    fn saved_tags(&self, own: &Map) -> Option<Map> {
        let saved = self.saved_value()?;
        let saved: Map = serde_json::from_value(saved["tags"].clone()).ok()?;
        let tags = saved.into_iter().filter_map(|(key, value)| {
            let kept = match own.get(&key) {
                Some(own) => own.clone(),
                None if is_own_tag(&key) || is_aws_tag(&key) => return None,
                None => value,
            };
            Some((key, kept))
        });
        Some(tags.collect())
    }

    /// Whether its sessions are without tags: those of its association, or of the one that was saved.
    pub fn disables_session_tags(&self) -> bool {
        match self.associated() {
            Some(association) => association.session_tags_disabled,
            None => self
                .saved_value()
                .is_some_and(|saved| saved["disableSessionTags"] == true),
        }
    }

    /// Whether its association was made by a move.
    pub fn is_moved(&self) -> bool {
        self.associated()
            .is_some_and(|it| it.tags.contains_key(MOVED_TAG))
    }
}

/// The association where it is missing: as it was before, where that is known.
pub fn associated(step: MoveStep<'_>) -> Vec<Action> {
    let account = step.account;
    if account.associated().is_some() {
        return Vec::new();
    }
    let cluster = &step.moving.cluster.name;
    let own = CLUSTER_TAGS.map(|tag| (tag, cluster.to_string()));
    let own = own.into_iter().chain([
        (ASSOCIATION_TAG, account.name.to_string()),
        (VERSION_TAG, VERSION.to_owned()),
    ]);
    let former = match step.goal.former {
        Former::Other => Way::Irsa.word(),
        Former::Intercepted(way) => way.word(),
    };
    let own = own.chain([(MOVED_TAG, former.to_owned())]);
    let mut own: Map = own.map(|(key, value)| (key.to_owned(), value)).collect();
    let is_back = account.is_on_its_way(step.moving) == Some(Way::Irsa);
    let saved = account.saved_tags(&own).filter(|_| is_back);
    if step.goal.stage != Stage::Begin {
        own.remove(MOVED_TAG);
    }
    let tags = saved.unwrap_or(own);
    vec![Action::CreateAssociation(CreateAssociation {
        cluster: cluster.clone(),
        name: account.name.clone(),
        role: Role::Arn(step.role.clone()),
        terms: AssociationTerms {
            disable_session_tags: is_back && account.disables_session_tags(),
            ..AssociationTerms::default()
        },
        tags,
    })]
}

/// The annotation where it is missing, and then the end of the association, which would outdo it. What
/// undoing needs of that is kept beside the annotation.
pub fn annotated(step: MoveStep<'_>) -> Vec<Action> {
    let account = step.account;
    let Lookup::Found(object) = &account.object else {
        return Vec::new();
    };
    let association = account.associated();
    let saved = association.filter(|_| step.goal.stage == Stage::Begin);
    // What stands there may be of anybody.
    let saved = saved.map(saved_of);
    let saved = saved.filter(|saved| account.saved() != Some(saved));
    let mut actions = Vec::new();
    if account.annotation().is_none() || saved.is_some() {
        let change = change(step, object, saved);
        actions.push(Action::ApplyServiceAccount(change));
    }
    actions.extend(association.map(|association| Action::DeleteAssociation {
        cluster: step.moving.cluster.name.clone(),
        name: account.name.clone(),
        id: association.id.clone(),
        role: association.role.clone(),
    }));
    actions
}

/// Server-side apply removes what its manager applied earlier and leaves out now.
fn change(
    step: MoveStep<'_>,
    object: &ServiceAccount,
    saved: Option<String>,
) -> ServiceAccountChange {
    let kept = |found: &Map, applied: &BTreeSet<String>| -> Map {
        let kept = found.iter().filter(|(key, _)| applied.contains(*key));
        kept.map(|(key, value)| (key.clone(), value.clone()))
            .collect()
    };
    let mut annotations = kept(&object.annotations, &object.applied_annotations);
    annotations.remove(crate::model::ROLE_ANNOTATION);
    let role = step.role.to_string();
    let mut differences = Vec::new();
    if object.role().is_none() {
        differences.push(Difference::of(Item::RoleAnnotation, [role], []));
    }
    if let Some(saved) = saved {
        let text = format!("{SAVED_ANNOTATION}={saved}");
        differences.push(Difference::of(Item::Annotation, [text], []));
        annotations.insert(SAVED_ANNOTATION.to_owned(), saved);
    }
    ServiceAccountChange {
        name: step.account.name.clone(),
        presence: ObjectPresence::Found(object.version.clone()),
        role: Some(Role::Arn(step.role.clone())),
        labels: kept(&object.labels, &object.applied_labels),
        annotations,
        conflicts: Conflicts::Overridden,
        differences,
        defaults: None,
    }
}

//! What a change set would do, judged against the plan: it may change the role and its policies, and
//! nothing else.

use aws_sdk_cloudformation::types::{
    Change, ChangeAction, EvaluationType, Replacement, ResourceAttribute, ResourceChange,
};

use crate::model::ROLE_LOGICAL_ID;
use crate::plan::UpdateStack;
use crate::policy::Item;
use crate::template;

/// The first of the changes that the plan does not say, in words.
pub fn forbidden(update: &UpdateStack, changes: &[Change]) -> Option<String> {
    let changes = changes.iter().filter_map(Change::resource_change);
    let mut forbidden = changes.filter(|change| !is_planned(update, change));
    forbidden.next().map(told)
}

fn is_planned(update: &UpdateStack, change: &ResourceChange) -> bool {
    let id = change.logical_resource_id().unwrap_or_default();
    let is_replaced = matches!(
        change.replacement,
        Some(Replacement::True | Replacement::Conditional)
    );
    match change.action {
        Some(ChangeAction::Remove) => update.removes.iter().any(|removed| removed == id),
        Some(ChangeAction::Add) => id != ROLE_LOGICAL_ID && template::is_own(&update.template, id),
        Some(ChangeAction::Modify) if is_replaced => false,
        Some(ChangeAction::Modify) => {
            template::is_own(&update.template, id)
                || follows_role(change)
                || is_of_asked_tags(update, change)
        }
        _ => false,
    }
}

/// What refers to the role is told with it, as CloudFormation cannot know before that the role's name
/// and ARN stay: `Dynamic`, caused by `Role1` or `Role1.Arn` (API Reference, ResourceChangeDetail). A
/// replacement of the role itself is a change of its own.
fn follows_role(change: &ResourceChange) -> bool {
    let mut details = change.details().iter();
    !change.details().is_empty()
        && details.all(|detail| {
            let cause = detail.causing_entity.as_deref().unwrap_or_default();
            detail.evaluation == Some(EvaluationType::Dynamic)
                && cause.split('.').next() == Some(ROLE_LOGICAL_ID)
        })
}

/// A stack's tags are those of all its resources.
fn is_of_asked_tags(update: &UpdateStack, change: &ResourceChange) -> bool {
    let mut differences = update.differences.iter();
    change.scope() == [ResourceAttribute::Tags] && differences.any(|it| it.item == Item::Tag)
}

fn told(change: &ResourceChange) -> String {
    let id = change.logical_resource_id().unwrap_or("?");
    let kind = change.resource_type().unwrap_or("?");
    let action = change.action.as_ref().map(ChangeAction::as_str);
    match (action, change.replacement.as_ref()) {
        (Some("Remove"), _) => format!("CloudFormation would delete {id} ({kind})"),
        (_, Some(Replacement::True)) if id == ROLE_LOGICAL_ID => {
            "CloudFormation would make another role in the place of this one".to_owned()
        }
        (_, Some(Replacement::True)) => {
            format!("CloudFormation would make another {id} ({kind}) in the place of this one")
        }
        (_, Some(Replacement::Conditional)) => {
            format!("CloudFormation might make another {id} ({kind}) in the place of this one")
        }
        (Some("Add"), _) => format!("CloudFormation would create {id} ({kind})"),
        (Some("Modify"), _) => format!("CloudFormation would change {id} ({kind})"),
        (action, _) => {
            let action = action.unwrap_or("?");
            format!(
                "CloudFormation would do what irsactl does not know, {action}, to {id} ({kind})"
            )
        }
    }
}

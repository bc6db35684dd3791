//! What was changed on a role behind CloudFormation's back, and the calls that undo it. CloudFormation
//! itself does not see it, and an update mends only what it changes anyway.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::model::StackName;
use crate::observe::{FoundStack, Lookup};
use crate::plan::{Repair, Track};
use crate::policy;
use crate::template::{Difference, RoleTemplate};

/// A role as IAM tells it. What IAM does not tell is as the template says.
#[derive(Clone, Debug)]
pub struct Live {
    role: RoleTemplate,
    stack: StackName,
}

impl Live {
    pub fn of(track: &mut Track, template: &RoleTemplate, found: &FoundStack) -> Self {
        let mut role = template.clone();
        let stack = found.stack.name.clone();
        role.inline = with_full_names(&stack, template);
        if let Lookup::Found(facts) = &found.role {
            role.trust.clone_from(&facts.trust);
            role.boundary.clone_from(&facts.boundary);
            role.max_session_duration = facts.max_session_duration;
        }
        match &found.policies {
            Lookup::Found(policies) => {
                role.managed = policies.managed.iter().cloned().collect();
                role.inline.clone_from(&policies.inline);
            }
            Lookup::Missing => {}
            Lookup::Unknown(message) => track.notes.push(format!(
                "cannot tell whether the role's policies were changed by hand: {message}"
            )),
        }
        Self { role, stack }
    }

    pub fn trust(&self) -> &Value {
        &self.role.trust
    }

    /// The role after CloudFormation brought its stack from one template to another: it touches only
    /// what differs between the two.
    pub fn after_update(mut self, from: &RoleTemplate, to: &RoleTemplate) -> Self {
        let role = &mut self.role;
        role.managed
            .retain(|arn| !from.managed.contains(arn) || to.managed.contains(arn));
        let added = to.managed.difference(&from.managed);
        role.managed.extend(added.cloned());
        let (old, new) = (
            with_full_names(&self.stack, from),
            with_full_names(&self.stack, to),
        );
        role.inline
            .retain(|name, _| !old.contains_key(name) || new.contains_key(name));
        for (name, document) in new {
            let is_changed = old
                .get(&name)
                .is_none_or(|old| !policy::same(old, &document));
            // Only CloudFormation knows what its functions stand for.
            let is_unknown = policy::has_functions(&document) && role.inline.contains_key(&name);
            if is_changed || is_unknown {
                role.inline.insert(name, document);
            }
        }
        if from.boundary != to.boundary {
            role.boundary.clone_from(&to.boundary);
        }
        if from.max_session_duration != to.max_session_duration {
            role.max_session_duration = to.max_session_duration;
        }
        if !policy::same(&from.trust, &to.trust) {
            role.trust.clone_from(&to.trust);
        }
        self
    }

    /// What still differs from the template.
    pub fn drift(&self, asked: &RoleTemplate) -> Vec<Difference> {
        let mut asked = asked.clone();
        asked.inline = with_full_names(&self.stack, &asked);
        let mut live = self.role.clone();
        (live.role_name, live.path) = (asked.role_name.clone(), asked.path.clone());
        let mut drift = RoleTemplate::differences(&asked, &live);
        let prefix = format!("inline policy {}-", self.stack);
        for difference in &mut drift {
            if let Some(name) = difference.item.strip_prefix(&prefix) {
                difference.item = format!("inline policy {name}");
            }
        }
        drift
    }

    /// The calls that bring the role back.
    pub fn repairs(&self, asked: &RoleTemplate) -> Vec<Repair> {
        let live = &self.role;
        let wanted = with_full_names(&self.stack, asked);
        let mut repairs = Vec::new();
        // What bounds the role comes before what widens it.
        if asked.boundary != live.boundary {
            repairs.push(
                match asked.boundary.as_ref().and_then(|arn| arn.parse().ok()) {
                    Some(arn) => Repair::SetBoundary(arn),
                    None => Repair::RemoveBoundary,
                },
            );
        }
        if !policy::same(&asked.trust, &live.trust) {
            repairs.push(Repair::SetTrust(asked.trust.clone()));
        }
        let foreign = live.managed.difference(&asked.managed);
        repairs.extend(foreign.map(|arn| Repair::Detach(arn.clone())));
        let foreign: BTreeSet<&String> = live.inline.keys().collect();
        let foreign = foreign
            .into_iter()
            .filter(|name| !wanted.contains_key(*name));
        repairs.extend(foreign.map(|name| Repair::DeleteInline { name: name.clone() }));
        let lost = asked.managed.difference(&live.managed);
        repairs.extend(lost.filter_map(|arn| Some(Repair::Attach(arn.parse().ok()?))));
        let changed = wanted.into_iter().filter(|(name, document)| {
            let live = live.inline.get(name);
            live.is_none_or(|live| !policy::same(live, document))
        });
        repairs.extend(changed.map(|(name, document)| Repair::PutInline { name, document }));
        if duration(asked) != duration(live) {
            repairs.push(Repair::SetSessionDuration(duration(asked)));
        }
        repairs
    }
}

/// Seconds; an hour unless set (IAM API).
fn duration(role: &RoleTemplate) -> u32 {
    let seconds = role.max_session_duration.unwrap_or(3600);
    u32::try_from(seconds).unwrap_or(3600)
}

/// The inline policies by the names that CloudFormation gives them.
fn with_full_names(stack: &StackName, role: &RoleTemplate) -> BTreeMap<String, Value> {
    let inline = role.inline.iter();
    inline
        .map(|(name, document)| (format!("{stack}-{name}"), document.clone()))
        .collect()
}

/// Whether the role lacks something, or lets someone else in: not only more permissions than asked.
pub fn is_lacking(difference: &Difference) -> bool {
    let is_policy =
        difference.item == "managed policy" || difference.item.starts_with("inline policy ");
    !difference.asked.is_empty() || !is_policy
}

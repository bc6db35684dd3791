//! A world that plans are carried out in, as AWS and Kubernetes would, and that others change.

use std::collections::BTreeMap;

use proptest::collection::btree_map;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{ROLE, hostile};
use crate::model::{Cluster, Lookup, Map, PolicyArn, ROLE_ANNOTATION, StackName};
use crate::plan::{Action, Repair, Track, UpdateStack};
use crate::template::{self, ManagedPolicy, RoleTemplate};
use crate::world::{
    FoundStack, LivePolicies, ObservedAccount, RoleFacts, RoleHistory, ServiceAccount,
    ServiceAccountState, Stack, StackState, StackStatus,
};

/// The world after the actions were carried out.
pub fn carried_out(
    track: &Track,
    cluster: &Cluster,
    mut world: ObservedAccount,
) -> ObservedAccount {
    for action in &track.actions {
        match action {
            Action::CreateStack(create) => {
                let stack = found(&create.stack, &create.tags, &create.template, cluster);
                world.stack = StackState::Found(Box::new(stack));
            }
            Action::UpdateStack(update) => updated(&mut world, update, cluster),
            Action::RepairRole { repairs, .. } => repaired(&mut world, repairs),
            Action::ApplyServiceAccount(change) => {
                let mut annotations = change.annotations.clone();
                annotations.insert(ROLE_ANNOTATION.to_owned(), ROLE.to_owned());
                world.service_account = ServiceAccountState::Found(ServiceAccount {
                    applied_labels: change.labels.keys().cloned().collect(),
                    applied_annotations: annotations.keys().cloned().collect(),
                    labels: change.labels.clone(),
                    annotations,
                    ..ServiceAccount::default()
                });
            }
            other => panic!("{other}"),
        }
    }
    world
}

/// A ready stack with its role.
fn found(name: &StackName, tags: &Map, body: &Value, cluster: &Cluster) -> FoundStack {
    let template = RoleTemplate::read(body, &cluster.partition).expect("a template");
    FoundStack {
        stack: Stack {
            name: name.clone(),
            id: "id".to_owned(),
            status: StackStatus::CreateComplete,
            reason: None,
            updated: None,
            changed: None,
            tags: tags.clone(),
            capabilities: Vec::new(),
            role_arn: Some(ROLE.parse().unwrap()),
            protected: true,
        },
        failure: None,
        resources: Lookup::Missing,
        associations: Lookup::Missing,
        role: Lookup::Found(RoleFacts {
            arn: ROLE.parse().unwrap(),
            trust: template.trust.clone(),
            boundary: template
                .boundary
                .as_ref()
                .and_then(ManagedPolicy::arn)
                .cloned(),
            max_session_duration: template.max_session_duration,
            tags: Map::new(),
            history: RoleHistory::default(),
        }),
        policies: Lookup::Found(LivePolicies {
            managed: template
                .managed
                .iter()
                .filter_map(ManagedPolicy::arn)
                .cloned()
                .collect(),
            inline: template
                .inline
                .iter()
                .map(|(policy, document)| {
                    let plain = template::plain(document, cluster);
                    let document = plain.unwrap_or_else(|_| document.clone());
                    (name.policy_name(policy), document)
                })
                .collect(),
        }),
        body: Some(body.clone()),
        template: Some(template),
    }
}

/// As CloudFormation does it: property by property, those that differ between the two templates.
fn updated(world: &mut ObservedAccount, update: &UpdateStack, cluster: &Cluster) {
    let StackState::Found(old) = &world.stack else {
        panic!("no stack to update")
    };
    let mut new = found(&update.stack, &update.tags, &update.template, cluster);
    let (Some(from), Some(to)) = (&old.template, &new.template) else {
        panic!("no template")
    };
    let (Lookup::Found(was), Lookup::Found(role)) = (&old.role, &mut new.role) else {
        panic!("no role")
    };
    if from.trust == to.trust {
        role.trust = was.trust.clone();
    }
    if from.boundary == to.boundary {
        role.boundary = was.boundary.clone();
    }
    if from.max_session_duration == to.max_session_duration {
        role.max_session_duration = was.max_session_duration;
    }
    let (Lookup::Found(was), Lookup::Found(policies)) = (&old.policies, &mut new.policies) else {
        panic!("no policies")
    };
    let is_made = |arn: &PolicyArn| from.managed.contains(&ManagedPolicy::Arn(arn.clone()));
    let lost = |arn: &PolicyArn| is_made(arn) && !was.managed.contains(arn);
    policies.managed.retain(|arn| !lost(arn));
    let foreign = was.managed.iter().filter(|arn| !is_made(arn));
    policies.managed.extend(foreign.cloned());
    for (name, document) in &was.inline {
        let is_called_so = |policy: &&String| update.stack.policy_name(policy) == *name;
        let own = from.inline.keys().find(is_called_so);
        if own.is_none_or(|own| from.inline.get(own) == to.inline.get(own)) {
            policies.inline.insert(name.clone(), document.clone());
        }
    }
    world.stack = StackState::Found(Box::new(new));
}

fn repaired(world: &mut ObservedAccount, repairs: &[Repair]) {
    let StackState::Found(stack) = &mut world.stack else {
        panic!("no stack to repair")
    };
    let (Lookup::Found(role), Lookup::Found(policies)) = (&mut stack.role, &mut stack.policies)
    else {
        panic!("no role to repair")
    };
    for repair in repairs {
        match repair {
            Repair::Attach(arn) => policies.managed.push(arn.clone()),
            Repair::Detach(arn) => policies.managed.retain(|known| known != arn),
            Repair::PutInline { name, document } => {
                policies.inline.insert(name.clone(), document.clone());
            }
            Repair::DeleteInline { name } => {
                policies.inline.remove(name);
            }
            Repair::SetTrust(trust) => role.trust = trust.clone(),
            Repair::SetBoundary(arn) => role.boundary = Some(arn.clone()),
            Repair::RemoveBoundary => role.boundary = None,
            Repair::SetSessionDuration(seconds) => {
                role.max_session_duration = Some(u64::from(*seconds));
            }
        }
    }
}

/// What someone does to a role by hand.
pub fn tampered(world: &mut ObservedAccount, by_hand: &ByHand) {
    let StackState::Found(stack) = &mut world.stack else {
        panic!("no stack")
    };
    let (Lookup::Found(role), Lookup::Found(policies)) = (&mut stack.role, &mut stack.policies)
    else {
        panic!("no role")
    };
    if by_hand.detached {
        policies.managed.clear();
        policies.inline.clear();
    }
    policies.managed.extend(by_hand.attached.iter().cloned());
    for (name, document) in &by_hand.inline {
        policies
            .inline
            .insert(name.clone(), json!({"Statement": [document]}));
    }
    if let Some(boundary) = &by_hand.boundary {
        role.boundary.clone_from(boundary);
    }
    if let Some(claim) = &by_hand.trust {
        role.trust["Statement"][0]["Condition"]["StringEquals"][claim] = json!("x");
    }
    if let Some(seconds) = by_hand.seconds {
        role.max_session_duration = Some(seconds);
    }
}

/// Changes of a role behind CloudFormation's back.
#[derive(Clone, Debug)]
pub struct ByHand {
    detached: bool,
    attached: Vec<PolicyArn>,
    inline: BTreeMap<String, String>,
    boundary: Option<Option<PolicyArn>>,
    trust: Option<String>,
    seconds: Option<u64>,
}

pub fn by_hand() -> impl Strategy<Value = ByHand> {
    let arn =
        || "[a-z]{1,3}".prop_map(|name| format!("arn:aws:iam::aws:policy/{name}").parse().unwrap());
    (
        any::<bool>(),
        prop::collection::vec(arn(), 0..3),
        btree_map(hostile(), hostile(), 0..3),
        prop::option::of(prop::option::of(arn())),
        prop::option::of(hostile()),
        prop::option::of(3_600_u64..=43_200),
    )
        .prop_map(
            |(detached, attached, inline, boundary, trust, seconds)| ByHand {
                detached,
                attached,
                inline,
                boundary,
                trust,
                seconds,
            },
        )
}

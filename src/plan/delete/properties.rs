//! What is pruned is ours, whatever other stacks there are.

use proptest::prelude::*;

use super::*;
use crate::asked::{Deletion, ForeignPolicies, ForeignResources, KnownBy};
use crate::model::{CLUSTER_TAGS, Cluster, Map, SERVICE_ACCOUNT_TAG, Way};
use crate::plan::account::properties::{account, cluster, config, hostile};
use crate::world::FoundStack;

/// A stack of the region, and what makes it ours or not.
#[derive(Clone, Debug)]
enum StackKind {
    Ours,
    Hashed,
    /// Tags of ours under a name of its own.
    Renamed(String),
    /// The same name of another cluster, as a template that was copied has it.
    OtherCluster(String),
    /// Our name, and no word of whose it is.
    Untagged,
    BadTag(String),
}

fn kind() -> impl Strategy<Value = StackKind> {
    prop_oneof![
        Just(StackKind::Ours),
        Just(StackKind::Hashed),
        hostile().prop_map(StackKind::Renamed),
        hostile().prop_map(StackKind::OtherCluster),
        Just(StackKind::Untagged),
        hostile().prop_map(StackKind::BadTag),
    ]
}

fn stack(cluster: &Cluster, name: &ServiceAccountName, kind: &StackKind, more: Map) -> Stack {
    let mut tags = more;
    tags.insert(CLUSTER_TAGS[0].to_owned(), cluster.name.to_string());
    tags.remove(CLUSTER_TAGS[1]);
    tags.insert(SERVICE_ACCOUNT_TAG.to_owned(), name.to_string());
    let mut stack_name = StackName::new(Way::Irsa, &cluster.name, name);
    match kind {
        StackKind::Ours => {}
        StackKind::Hashed => stack_name = StackName::hashed(Way::Irsa, &cluster.name, name),
        StackKind::Renamed(other) => stack_name = StackName::reported(&format!("{other}-x")),
        StackKind::OtherCluster(other) => {
            tags.insert(CLUSTER_TAGS[0].to_owned(), format!("{other}-x"));
        }
        StackKind::Untagged => {
            tags.remove(SERVICE_ACCOUNT_TAG);
        }
        StackKind::BadTag(text) => {
            tags.insert(SERVICE_ACCOUNT_TAG.to_owned(), format!("{text}//{text}"));
        }
    }
    Stack {
        id: format!("id of {stack_name} for {name}"),
        name: stack_name,
        status: StackStatus::CreateComplete,
        reason: None,
        updated: None,
        changed: None,
        tags,
        capabilities: Vec::new(),
        role_arn: None,
        protected: true,
    }
}

fn maps() -> impl Strategy<Value = Map> {
    prop::collection::btree_map(hostile(), hostile(), 0..3)
}

proptest! {
    #![proptest_config(config())]

    /// All that is ours and not known, and nothing else.
    #[test]
    fn only_stacks_of_ours_are_unknown(
        cluster in cluster(),
        found in prop::collection::btree_map(account(), (kind(), maps(), any::<bool>()), 0..8),
    ) {
        let mut stacks = Vec::new();
        let mut known = BTreeSet::new();
        let mut wanted = BTreeSet::new();
        for (name, (kind, more, is_known)) in found {
            stacks.push(stack(&cluster, &name, &kind, more));
            if is_known {
                known.insert(name);
            } else if matches!(kind, StackKind::Ours | StackKind::Hashed) {
                wanted.insert(name);
            }
        }
        prop_assert_eq!(unknown(Way::Irsa, &cluster.name, &known, &stacks), wanted);
    }

    /// What is found by its stack loses that stack and no other, and last.
    #[test]
    fn a_pruned_account_loses_its_own_things_only_and_its_stack_last(
        cluster in cluster(), name in account(), kind in kind(), more in maps(),
        labels in maps(), annotations in maps(), is_ours in any::<bool>(),
    ) {
        let stack = stack(&cluster, &name, &kind, more);
        let is_found = unknown(Way::Irsa, &cluster.name, &BTreeSet::new(), [&stack]).contains(&name);
        prop_assume!(is_found);
        let id = stack.id.clone();
        let mut labels = labels;
        if is_ours {
            labels.insert(crate::model::MANAGED_BY_LABEL.to_owned(), crate::model::MANAGED_BY.to_owned());
        }
        let observed = ObservedDeletion {
            annotated: Lookup::Missing,
            goes_on: Lookup::Missing,
            association: None,
            attached: None,
            associated: None,
            stack: StackState::Found(Box::new(FoundStack {
                stack,
                failure: None,
                body: None,
                template: None,
                resources: Lookup::Missing,
                role: Lookup::Missing,
                policies: Lookup::Missing,
                associations: Lookup::Missing,
            })),
            foreign: Lookup::Missing,
            service_account: ServiceAccountState::Found(ServiceAccount {
                labels,
                applied_annotations: annotations.keys().cloned().collect(),
                annotations,
                ..ServiceAccount::default()
            }),
            namespaces: Vec::new(),
        };
        let asked = Deletion {
            is_eks: true,
            way: Way::Irsa,
            cluster: cluster.name,
            name: name.clone(),
            foreign: ForeignPolicies::Refused,
            resources: ForeignResources::Refused,
            deployment: Default::default(),
            ending: Ending::Awaited,
            known_by: KnownBy::Stack,
            looked: crate::asked::SearchedAccount::Any,
            other_clusters: Default::default(),
        };
        let track = plan(&asked, &observed);
        let Some((last, others)) = track.actions.split_last() else { panic!("{track:?}") };
        prop_assert!(matches!(last, Action::DeleteStack { id: found, .. } if *found == id), "{last:?}");
        for action in others {
            match action {
                Action::DeleteServiceAccount { name: other, .. } => {
                    prop_assert!(is_ours && *other == name);
                }
                Action::RemoveAnnotations { name: other, .. } => {
                    prop_assert!(!is_ours && *other == name);
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

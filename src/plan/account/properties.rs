//! What holds for everything that can be asked, whatever characters are in it: a property for each
//! part of what is sent.

use proptest::collection::btree_map;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Value, json};

use super::*;
use crate::asked::{
    Deletion, Drift, Ending, ForeignPolicies, ForeignResources, Goal, IamServiceAccount, KnownBy,
    Permissions,
};
use crate::model::{
    Audience, ClusterName, PolicyArn, ROLE_ANNOTATION, RoleName, RolePath, StackName,
    SubjectPattern, Way,
};
use crate::plan::delete;
use crate::policy::{PolicyDocument, Quotas};
use crate::template::WELL_KNOWN;
use crate::world::{Foreign, ObservedDeletion, OidcProvider, ServiceAccount, ServiceAccountState};

mod world;

use world::{by_hand, carried_out, tampered};

const ROLE: &str = "arn:aws:iam::111122223333:role/r";

/// The same cases at every run, and no file of failed ones.
pub fn config() -> ProptestConfig {
    ProptestConfig {
        cases: 128,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(7),
        ..ProptestConfig::default()
    }
}

/// Texts that break what is put together without care: JSON, CSV, ARNs, templates, policies.
pub fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("\\".to_owned()),
        Just("\"}],\"Effect\":\"Allow\",\"x\":[{\"".to_owned()),
        Just("${AWS::Partition}".to_owned()),
        Just("${aws:username}".to_owned()),
        Just("{{resolve:ssm:x}}".to_owned()),
        Just("*".to_owned()),
        Just(",a=b".to_owned()),
        Just("\n".to_owned()),
        Just("\u{202e}".to_owned()),
        "[a-z0-9]{1,8}",
        "[ -~]{1,4}",
        any::<char>().prop_map(String::from),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

/// A value that the type takes, from texts that it mostly takes and from hostile ones.
fn taken<T: std::str::FromStr + std::fmt::Debug>(usual: &'static str) -> impl Strategy<Value = T> {
    prop_oneof![3 => usual.prop_map(|text| text).boxed(), 1 => hostile().boxed()]
        .prop_filter_map("refused", |text| text.parse().ok())
}

pub fn account() -> impl Strategy<Value = ServiceAccountName> {
    taken("[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?/[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?(\\.[a-z]{1,5})?")
}

/// Names that come close to each other's.
fn close() -> impl Strategy<Value = ServiceAccountName> {
    taken("a(-[ab])?/[ab](-[ab])?")
}

pub fn cluster() -> impl Strategy<Value = Cluster> {
    let name = taken::<ClusterName>("[A-Za-z0-9][A-Za-z0-9_-]{0,99}");
    let issuer = taken("https://[a-z.]{1,20}/id/[A-Z0-9]{1,32}");
    (name, issuer, "[0-9]{12}", "aws(-cn|-us-gov)?").prop_map(
        |(name, issuer, account, partition)| Cluster {
            name,
            partition,
            account,
            issuer,
            has_roles_elsewhere: false,
            eks: None,
        },
    )
}

fn document() -> impl Strategy<Value = PolicyDocument> {
    (hostile(), hostile(), any::<bool>()).prop_filter_map("refused", |(key, value, function)| {
        let resource = match function {
            true => json!({ "Fn::Sub": value }),
            // Of whatever partition the cluster is.
            false => json!([format!("arn:*:s3:::{value}"), "*"]),
        };
        let document = json!({"Version": "2012-10-17", "Statement": {
            "Effect": "Allow", "Action": "s3:Get*", "Resource": resource,
            "Condition": {"StringEquals": {key: value}}
        }});
        PolicyDocument::parse(&document.to_string()).ok()
    })
}

pub fn spec() -> impl Strategy<Value = RoleSpec> {
    let arn = || {
        taken::<PolicyArn>("arn:aws:iam::(aws|[0-9]{12}):policy/[!-~]{0,10}[A-Za-z0-9+=.@_-]{1,20}")
    };
    let well_known = prop::sample::subsequence(WELL_KNOWN, 0..4);
    (
        prop::collection::vec(arn(), 0..4),
        prop::collection::vec(document(), 0..3),
        well_known,
        prop::option::of(arn()),
        prop::option::of(taken::<RoleName>("[A-Za-z0-9+=,.@_-]{1,64}")),
        prop::option::of(taken::<RolePath>("/([!-~]{1,10}/)?")),
        prop::option::of(3600..43200_u32),
        prop::option::of(taken::<SubjectPattern>("[a-z0-9.*?-]{1,30}")),
        taken::<Audience>("[!-~]{1,60}"),
    )
        .prop_map(
            |(managed, inline, well_known, boundary, name, path, duration, pattern, audience)| {
                RoleSpec {
                    managed,
                    inline,
                    well_known,
                    boundary,
                    name,
                    path,
                    max_session_duration: duration,
                    subject_pattern: pattern,
                    audience,
                    ..RoleSpec::default()
                }
            },
        )
}

pub fn asked(name: ServiceAccountName, spec: RoleSpec, maps: [Map; 3]) -> IamServiceAccount {
    let [labels, annotations, tags] = maps;
    IamServiceAccount {
        audience: spec.audience.clone(),
        labels,
        annotations,
        tags,
        ..IamServiceAccount::bare(name, Permissions::Role(spec))
    }
}

pub fn maps() -> impl Strategy<Value = [Map; 3]> {
    let map = || btree_map(hostile(), hostile(), 0..4);
    [map(), map(), map()]
}

fn provider(asked: &IamServiceAccount, cluster: &Cluster) -> ObservedProvider {
    ObservedProvider {
        provider: Some(OidcProvider {
            arn: cluster.provider_arn(),
            audiences: vec![asked.audience.to_string()],
            thumbprints: Vec::new(),
            created: Lookup::Found(0),
        }),
        reading: None,
    }
}

/// Nothing there but what is needed.
fn empty(asked: &IamServiceAccount, cluster: &Cluster) -> ObservedAccount {
    ObservedAccount {
        stack: StackState::Absent,
        stack_name: StackName::new(Way::Irsa, &cluster.name, &asked.name),
        policies: Vec::new(),
        role: Lookup::Missing,
        trusting: None,
        service_account: ServiceAccountState::Missing,
        quotas: Quotas {
            managed_policies: usize::MAX,
            trust: usize::MAX,
        },
        association: None,
    }
}

proptest! {
    #![proptest_config(config())]

    /// Every part of the template is as asked, and there is no part beyond those.
    #[test]
    fn each_part_of_a_template_is_as_asked(spec in spec(), cluster in cluster(), name in account()) {
        let text = template::render(&spec, &cluster, &name, &StackName::hashed(Way::Irsa, &cluster.name, &name)).to_string();
        let template: Value = serde_json::from_str(&text).expect("JSON");
        let role = &template["Resources"]["Role1"]["Properties"];
        let issuer = cluster.issuer.host_and_path();
        let pattern = spec.subject_pattern.as_ref().map_or(name.name.as_str(), |pattern| pattern.as_str());
        let subject = format!("system:serviceaccount:{}:{pattern}", name.namespace);
        let (aud, sub) = (format!("{issuer}:aud"), format!("{issuer}:sub"));
        let condition = match spec.subject_pattern {
            Some(_) => json!({
                "StringEquals": {aud: spec.audience.as_str()}, "StringLike": {sub: subject}
            }),
            None => json!({"StringEquals": {aud: spec.audience.as_str(), sub: subject}}),
        };
        let mut wanted = json!({"AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow",
            "Action": ["sts:AssumeRoleWithWebIdentity"],
            "Principal": {"Federated": cluster.provider_arn()},
            "Condition": condition,
        }]}});
        let well_known = spec.well_known.iter().map(|policy| policy.entry());
        let names = well_known.clone().flat_map(|entry| &entry.managed_policies);
        let of_partition = names.map(|name| json!({
            "Fn::Sub": format!("arn:${{AWS::Partition}}:iam::aws:policy/{name}")
        }));
        let managed: Vec<Value> =
            spec.managed.iter().map(|arn| json!(arn.to_string())).chain(of_partition).collect();
        for (key, value) in [
            ("ManagedPolicyArns", (!managed.is_empty()).then(|| json!(managed))),
            ("PermissionsBoundary", spec.boundary.as_ref().map(|arn| json!(arn.to_string()))),
            ("RoleName", spec.name.as_ref().map(|name| json!(name.as_str()))),
            ("Path", spec.path.as_ref().map(|path| json!(path.as_str()))),
            ("MaxSessionDuration", spec.max_session_duration.map(|seconds| json!(seconds))),
        ] {
            if let Some(value) = value {
                wanted[key] = value;
            }
        }
        prop_assert_eq!(role, &wanted);
        let inline = spec.inline.iter().enumerate();
        let mut resources = Map::new();
        for (index, document) in inline {
            resources.insert(format!("Policy{}", index + 1), document.as_value().to_string());
        }
        for (name, document) in well_known.flat_map(|entry| &entry.policies) {
            resources.insert(name.clone(), document.to_string());
        }
        resources.insert("Role1".to_owned(), String::new());
        let rendered = template["Resources"].as_object().expect("resources");
        prop_assert!(rendered.keys().eq(resources.keys()));
        for (name, document) in resources.iter().filter(|(name, _)| *name != "Role1") {
            prop_assert_eq!(&rendered[name]["Properties"]["PolicyDocument"].to_string(), document);
        }
    }

    /// What is made is found to be as asked, whatever was asked.
    #[test]
    fn after_its_actions_the_plan_is_empty(
        spec in spec(), cluster in cluster(), name in account(), maps in maps(),
    ) {
        let mut asked = asked(name, spec, maps);
        asked.annotations.remove(ROLE_ANNOTATION);
        asked.labels.remove(crate::model::MANAGED_BY_LABEL);
        let provider = provider(&asked, &cluster);
        let world = empty(&asked, &cluster);
        let first = plan(Goal::Create, Drift::Told, &asked, &cluster, &world, &provider);
        prop_assert_eq!(first.actions.len(), 2, "{:?}", first.refusals);
        let world = carried_out(&first, &cluster, world);
        let second = plan(Goal::Create, Drift::Told, &asked, &cluster, &world, &provider);
        prop_assert!(second.actions.is_empty() && second.refusals.is_empty(), "{:?}", second);
    }

    /// What is changed in the file and by hand is brought to what is asked, whatever it was, and then
    /// there is nothing to do.
    #[test]
    fn after_an_update_and_a_repair_the_plan_is_empty(
        before in spec(), after in spec(), cluster in cluster(), name in account(),
        old in maps(), new in maps(), by_hand in by_hand(),
    ) {
        let clean = |spec: RoleSpec, maps: [Map; 3]| {
            let mut asked = asked(name.clone(), spec, maps);
            asked.annotations.remove(ROLE_ANNOTATION);
            asked.labels.remove(crate::model::MANAGED_BY_LABEL);
            asked
        };
        // A role keeps its name and its path.
        let after = RoleSpec { name: before.name.clone(), path: before.path.clone(), ..after };
        // What only CloudFormation can work out, nobody else puts back.
        prop_assume!(after.inline_documents().values().all(|it| template::plain(it, &cluster).is_ok()));
        let (before, after) = (clean(before, old), clean(after, new));
        let first = plan(
            Goal::Apply, Drift::Told, &before, &cluster, &empty(&before, &cluster), &provider(&before, &cluster),
        );
        let mut world = carried_out(&first, &cluster, empty(&before, &cluster));
        tampered(&mut world, &by_hand);
        let provider = provider(&after, &cluster);
        let change = plan(Goal::Apply, Drift::Repaired, &after, &cluster, &world, &provider);
        prop_assert!(change.refusals.is_empty(), "{:?}", change.refusals);
        let world = carried_out(&change, &cluster, world);
        let last = plan(Goal::Apply, Drift::Told, &after, &cluster, &world, &provider);
        prop_assert!(last.actions.is_empty() && last.drift.is_empty(), "{:?}\n{:?}", change, last);
        prop_assert!(last.refusals.is_empty() && last.notes.is_empty(), "{:?}", last);
    }

    /// Whatever the names in one file: each account acts on its own stack and ServiceAccount, and when
    /// all is carried out there is nothing to do.
    #[test]
    fn the_accounts_of_a_file_do_not_meet(
        specs in btree_map(close(), spec(), 1..6), cluster in cluster(),
    ) {
        let all: Vec<IamServiceAccount> = specs
            .into_iter()
            .map(|(name, spec)| asked(name, spec, [Map::new(), Map::new(), Map::new()]))
            .collect();
        let mut worlds: Vec<_> = all.iter().map(|asked| empty(asked, &cluster)).collect();
        part_stack_names(&cluster.name, all.iter().zip(&mut worlds).map(|(asked, world)| (asked.way(), &asked.name, world)));
        let mut stacks = BTreeSet::new();
        for (asked, world) in all.iter().zip(worlds) {
            let provider = provider(asked, &cluster);
            let track = plan(Goal::Apply, Drift::Repaired, asked, &cluster, &world, &provider);
            let [Action::CreateStack(create), Action::ApplyServiceAccount(change)] =
                track.actions.as_slice() else { panic!("{track:?}") };
            prop_assert_eq!(&change.name, &asked.name);
            prop_assert_eq!(create.tags.get(Way::Irsa.tag()), Some(&asked.name.to_string()));
            prop_assert_eq!(&change.role, &Some(Role::OutputOf(create.stack.clone())));
            prop_assert!(stacks.insert(create.stack.to_string()), "{} twice", create.stack);
            let world = carried_out(&track, &cluster, world);
            let again = plan(Goal::Apply, Drift::Repaired, asked, &cluster, &world, &provider);
            prop_assert!(again.actions.is_empty() && again.refusals.is_empty(), "{:?}", again);
        }
    }

    /// Tags and the ServiceAccount's maps are sent as asked, with ours and nothing else.
    #[test]
    fn tags_labels_and_annotations_are_sent_as_asked(
        spec in spec(), cluster in cluster(), name in account(), maps in maps(),
    ) {
        let asked = asked(name, spec, maps.clone());
        let track = plan(Goal::Create, Drift::Told, &asked, &cluster, &empty(&asked, &cluster), &provider(&asked, &cluster));
        let [Action::CreateStack(create), Action::ApplyServiceAccount(change)] =
            track.actions.as_slice() else { panic!("{track:?}") };
        let [mut labels, annotations, mut tags] = maps;
        tags.extend([
            ("alpha.eksctl.io/cluster-name".to_owned(), cluster.name.to_string()),
            ("eksctl.cluster.k8s.io/v1alpha1/cluster-name".to_owned(), cluster.name.to_string()),
            ("alpha.eksctl.io/iamserviceaccount-name".to_owned(), asked.name.to_string()),
            ("alpha.eksctl.io/eksctl-version".to_owned(), VERSION.to_owned()),
        ]);
        labels.insert("app.kubernetes.io/managed-by".to_owned(), "eksctl".to_owned());
        prop_assert_eq!(&create.tags, &tags);
        prop_assert_eq!(&change.labels, &labels);
        prop_assert_eq!(&change.annotations, &annotations);
    }

    /// A deletion names the stack that it was shown, the asked ServiceAccount, and no other.
    #[test]
    fn a_deletion_touches_only_what_is_asked(
        name in account(), cluster in cluster(), labels in btree_map(hostile(), hostile(), 0..3),
        is_ours in any::<bool>(), policies in prop::collection::vec(hostile(), 0..3), stack in any::<bool>(),
    ) {
        let mut labels = labels;
        if is_ours {
            labels.insert("app.kubernetes.io/managed-by".to_owned(), "eksctl".to_owned());
        }
        let spec = RoleSpec { managed: vec!["arn:aws:iam::aws:policy/A".parse().unwrap()], ..RoleSpec::default() };
        let made = asked(name.clone(), spec, [Map::new(), Map::new(), Map::new()]);
        let world = empty(&made, &cluster);
        let first = plan(Goal::Create, Drift::Told, &made, &cluster, &world, &provider(&made, &cluster));
        let world = carried_out(&first, &cluster, world);
        let observed = ObservedDeletion {
            annotated: Lookup::Missing,
            goes_on: Lookup::Missing,
            association: None,
            attached: None,
            associated: None,
            stack: if stack { world.stack } else { StackState::Absent },
            foreign: Lookup::Found(Foreign { role: "r".to_owned(), inline: policies, ..Foreign::default() }),
            service_account: ServiceAccountState::Found(ServiceAccount {
                labels,
                annotations: Map::from([(ROLE_ANNOTATION.to_owned(), ROLE.to_owned())]),
                ..ServiceAccount::default()
            }),
            namespaces: Vec::new(),
        };
        let asked = Deletion {
            is_eks: true,
            way: Way::Irsa,
            cluster: cluster.name.clone(),
            name: name.clone(),
            foreign: ForeignPolicies::Detached,
            resources: ForeignResources::Refused,
            deployment: Default::default(),
            ending: Ending::Awaited,
            known_by: KnownBy::Name,
            looked: crate::asked::SearchedAccount::Any,
            other_clusters: Default::default(),
        };
        let track = delete::plan(&asked, &observed);
        for action in &track.actions {
            match action {
                Action::DeleteStack { id, stack: found, .. } => {
                    prop_assert!(stack && id == "id");
                    prop_assert_eq!(found, &StackName::new(Way::Irsa, &cluster.name, &name));
                }
                Action::DetachPolicies { role, .. } => prop_assert_eq!(role, "r"),
                Action::DeleteServiceAccount { name: deleted, .. } => {
                    prop_assert!(is_ours);
                    prop_assert_eq!(deleted, &name);
                }
                Action::RemoveAnnotations { name: changed, .. } => {
                    prop_assert!(!is_ours);
                    prop_assert_eq!(changed, &name);
                }
                other => prop_assert!(false, "{}", other),
            }
        }
    }
}

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::model::{Map, StackName, partition_of};
use crate::world::{Association, IssuerState, StackStatus, SurveyedProvider, SurveyedRegion};

const ACCOUNT: &str = "111122223333";
const NOW: i64 = 1_800_000_000;
const DAY: i64 = 24 * 60 * 60;

/// An issuer of EKS, by a letter.
fn issuer(region: &str, letter: char) -> String {
    let suffix = partition_of(region).suffix;
    let id: String = std::iter::repeat_n(letter, 32).collect();
    format!("oidc.eks.{region}.{suffix}/id/{id}")
}

fn provider(issuer: &str) -> String {
    let region = region_of_issuer(issuer);
    let partition = region.map_or("aws", |region| partition_of(&region).name);
    format!("arn:{partition}:iam::{ACCOUNT}:oidc-provider/{issuer}")
}

fn web(provider: &str) -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Federated": provider},
        "Action": "sts:AssumeRoleWithWebIdentity",
    })
}

fn pods() -> Value {
    json!({
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    })
}

fn trust(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn history(days: i64) -> RoleHistory {
    RoleHistory {
        created: NOW - days * DAY,
        last_used: None,
    }
}

/// The stack of web/api of a cluster, with a role.
fn stack(way: Way, cluster: &str, statements: &[Value]) -> SurveyedStack {
    let cluster: ClusterName = cluster.parse().unwrap();
    let account: ServiceAccountName = "web/api".parse().unwrap();
    let name = StackName::new(way, &cluster, &account);
    let role = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let tags = [
        (CLUSTER_TAGS[0].to_owned(), cluster.to_string()),
        (way.tag().to_owned(), account.to_string()),
    ];
    SurveyedStack {
        stack: Stack {
            id: format!("arn:aws:cloudformation:eu-west-1:{ACCOUNT}:stack/{name}/1"),
            name,
            status: StackStatus::CreateComplete,
            reason: None,
            updated: None,
            changed: Some((NOW - 400 * DAY) * 1000),
            tags: Map::from(tags),
            capabilities: Vec::new(),
            role_arn: Some(role.parse().unwrap()),
            protected: true,
        },
        trust: Lookup::Found(trust(statements)),
        history: Lookup::Found(history(400)),
        users: Lookup::Found(Vec::new()),
    }
}

/// Region eu-west-1 with the cluster demo, and the dead issuer D of it; more by the test.
fn survey(stacks: Vec<SurveyedStack>) -> Survey {
    let region = SurveyedRegion {
        clusters: BTreeMap::from([("demo".to_owned(), Some(issuer("eu-west-1", 'A')))]),
        own_roles: stacks
            .iter()
            .filter_map(|it| it.stack.role_arn.clone())
            .collect(),
        stacks,
    };
    Survey {
        account: ACCOUNT.to_owned(),
        now: NOW,
        regions: BTreeMap::from([("eu-west-1".to_owned(), region)]),
        issuers: BTreeMap::from([
            (issuer("eu-west-1", 'D'), IssuerState::Gone),
            (issuer("eu-west-1", 'B'), IssuerState::Answers),
            (issuer("eu-west-1", 'C'), IssuerState::Unknown),
            (issuer("eu-west-1", 'F'), IssuerState::Unproven),
        ]),
        ..Survey::default()
    }
}

/// Why the only stack stays; an empty text: it goes; `None`: nothing is told of it.
fn fate_of(survey: &Survey) -> Option<String> {
    let all = stacks(survey, DAY);
    assert!(all.len() <= 1);
    all.into_iter().next().map(|it| match it.disposition {
        Disposition::Goes(_) => String::new(),
        Disposition::Stays(leftover) => leftover.why,
    })
}

fn dead() -> Value {
    web(&provider(&issuer("eu-west-1", 'D')))
}

fn one(way: Way, cluster: &str, statements: &[Value]) -> Option<String> {
    fate_of(&survey(vec![stack(way, cluster, statements)]))
}

#[track_caller]
fn stays(found: Option<String>, why: &str) {
    let found = found.expect("a row");
    assert!(!found.is_empty() && found.contains(why), "{found:?}");
}

#[test]
fn a_stack_goes_when_all_that_its_role_trusts_is_dead() {
    let old = || web(&provider(&issuer("eu-west-1", 'D')));
    assert_eq!(one(Way::Irsa, "old", &[old()]).as_deref(), Some(""));
    assert_eq!(one(Way::PodIdentity, "old", &[pods()]).as_deref(), Some(""));
    let both = [pods(), old()];
    assert_eq!(one(Way::PodIdentity, "old", &both).as_deref(), Some(""));
}

#[test]
fn what_lives_or_is_not_known_keeps_a_stack() {
    let of = |letter| web(&provider(&issuer("eu-west-1", letter)));
    let one = |statements: &[Value]| one(Way::Irsa, "old", statements);
    stays(one(&[dead(), of('A')]), "cluster demo in eu-west-1");
    stays(one(&[of('A')]), "cluster demo in eu-west-1");
    stays(one(&[of('B')]), "answers");
    stays(one(&[dead(), of('C')]), "not known");
    stays(one(&[of('F')]), "to compare it with");
    // Nobody asked about this one.
    stays(one(&[of('E')]), "not known");
    stays(
        one(&[web(&provider(&issuer("us-east-1", 'D')))]),
        "region us-east-1, which was not read",
    );
    stays(one(&[dead(), pods()]), "EKS Pod Identity");
    for other in [
        json!({"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}),
        json!({"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"}, "Action": "sts:AssumeRole"}),
        json!({"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com"]}, "Action": "sts:AssumeRole"}),
        json!({"Effect": "Allow", "NotPrincipal": {"AWS": "x"}, "Action": "sts:AssumeRole"}),
        json!({"Effect": "Allow", "Principal": {"Federated": {"Fn::Sub": "x"}}, "Action": "sts:AssumeRole"}),
        web("arn:aws:iam::111122223333:saml-provider/sso"),
        web("cognito-identity.amazonaws.com"),
    ] {
        stays(one(&[dead(), other]), "others in too");
    }
    stays(one(&[]), "nobody");
}

#[test]
fn what_only_looks_like_an_issuer_of_eks_is_none() {
    let id = "D".repeat(32);
    for other in [
        format!("oidc.eks.eu-west-1.amazonaws.com.example.com/id/{id}"),
        format!("oidc.eks.eu-west-1.example.com/id/{id}"),
        format!("oidc-eks.eu-west-1.api.aws/id/{id}"),
        format!("oidc.eks.eu-west-1.amazonaws.com:8443/id/{id}"),
        format!("oidc.eks.eu-west-1.amazonaws.com/id/{id}/"),
        format!("oidc.eks.eu-west-1.amazonaws.com/id/{}", id.to_lowercase()),
        format!("oidc.eks.eu-west-1.amazonaws.com/idp/{id}"),
        // China's suffix is another one.
        format!("oidc.eks.cn-north-1.amazonaws.com/id/{id}"),
        "store.s3.eu-west-1.amazonaws.com/old".to_owned(),
    ] {
        assert_eq!(region_of_issuer(&other), None, "{other}");
        let mut survey = survey(vec![stack(Way::Irsa, "old", &[web(&provider(&other))])]);
        survey.issuers.insert(other.clone(), IssuerState::Gone);
        survey.providers.push(SurveyedProvider {
            arn: provider(&other),
            created: Lookup::Found(0),
        });
        assert_eq!(fate_of(&survey), None, "{other}");
        assert_eq!(providers(&survey, DAY, &BTreeSet::new()), [], "{other}");
    }
    for region in ["us-gov-west-1", "cn-north-1", "eu-west-1", "eusc-de-east-1"] {
        let right = issuer(region, 'D');
        assert_eq!(region_of_issuer(&right).as_deref(), Some(region));
        let arn = provider(&right);
        assert_eq!(issuer_of(&arn, ACCOUNT), Some(right.as_str()));
        assert_eq!(issuer_of(&arn, "444455556666"), None);
        let elsewhere = arn.replacen(partition_of(region).name, "aws-iso", 1);
        assert_eq!(issuer_of(&elsewhere, ACCOUNT), None);
    }
}

#[test]
fn a_cluster_that_there_is_keeps_all_of_its_name() {
    // Made again under its old name, or just being made: `update` leads its stacks to the issuer.
    let mut again = survey(vec![stack(Way::Irsa, "old", &[dead()])]);
    assert_eq!(fate_of(&again).as_deref(), Some(""));
    let region = again.regions.get_mut("eu-west-1").unwrap();
    region.clusters.insert("old".to_owned(), None);
    assert_eq!(fate_of(&again), None);
    let mut of_pods = survey(vec![stack(Way::PodIdentity, "old", &[pods()])]);
    let region = of_pods.regions.get_mut("eu-west-1").unwrap();
    region.clusters.insert("old".to_owned(), None);
    assert_eq!(fate_of(&of_pods), None);
    // Either of the two tags may name it.
    let mut two = stack(Way::Irsa, "old", &[dead()]);
    let second = CLUSTER_TAGS[1].to_owned();
    two.stack.tags.insert(second, "demo".to_owned());
    assert_eq!(fate_of(&survey(vec![two])), None);
}

#[test]
fn tags_and_name_make_a_stack_ours() {
    let without = |key: &str| {
        let mut stack = stack(Way::Irsa, "old", &[dead()]);
        stack.stack.tags.remove(key);
        fate_of(&survey(vec![stack]))
    };
    assert_eq!(without(Way::Irsa.tag()), None);
    assert_eq!(without(CLUSTER_TAGS[0]), None);
    let mut node_group = stack(Way::Irsa, "old", &[dead()]);
    node_group.stack.name = StackName::reported("eksctl-old-nodegroup-a");
    assert_eq!(fate_of(&survey(vec![node_group])), None);
}

#[test]
fn what_is_young_or_in_use_stays() {
    let with = |change: fn(&mut SurveyedStack)| {
        let mut stack = stack(Way::Irsa, "old", &[dead()]);
        change(&mut stack);
        fate_of(&survey(vec![stack]))
    };
    stays(with(|it| it.stack.changed = None), "not known");
    stays(
        with(|it| it.stack.changed = Some((NOW - 100) * 1000)),
        "changed within",
    );
    stays(
        with(|it| it.history = Lookup::Unknown("denied".to_owned())),
        "denied",
    );
    let used = |at: i64| LastUse {
        at,
        region: "eu-west-1".to_owned(),
    };
    let mut stack = stack(Way::Irsa, "old", &[dead()]);
    let mut role = history(400);
    role.last_used = Some(used(NOW - DAY / 2));
    stack.history = Lookup::Found(role.clone());
    stays(fate_of(&survey(vec![stack.clone()])), "used within");
    role.last_used = Some(used(NOW - 3 * DAY));
    stack.history = Lookup::Found(role);
    let survey = survey(vec![stack]);
    assert_eq!(fate_of(&survey).as_deref(), Some(""));
    assert!(matches!(
        stacks(&survey, 30 * DAY)[0].disposition,
        Disposition::Stays(_)
    ));
    stays(with(|it| it.trust = Lookup::Missing), "template");
    stays(
        with(|it| it.trust = Lookup::Unknown("denied".to_owned())),
        "denied",
    );
}

#[test]
fn an_associations_role_that_others_use_stays() {
    let with = |users: Lookup<Associations>| {
        let mut stack = stack(Way::PodIdentity, "old", &[pods()]);
        stack.users = users;
        fate_of(&survey(vec![stack]))
    };
    let user = (
        "shop/cart".parse().unwrap(),
        Association {
            id: "a-1".to_owned(),
            ..Association::of(format!("arn:aws:iam::{ACCOUNT}:role/old").parse().unwrap())
        },
    );
    stays(with(Lookup::Found(vec![user])), "shop/cart");
    stays(with(Lookup::Unknown("denied".to_owned())), "denied");
    stays(with(Lookup::Missing), "not looked at");
}

fn role(name: &str, statements: &[Value]) -> SurveyedRole {
    let arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    SurveyedRole {
        arn: arn.parse().unwrap(),
        trust: trust(statements),
        history: Lookup::Found(history(400)),
    }
}

fn with_provider(letter: char, roles: Vec<SurveyedRole>) -> Survey {
    let arn = provider(&issuer("eu-west-1", letter));
    Survey {
        providers: vec![SurveyedProvider {
            arn,
            created: Lookup::Found(NOW - 400 * DAY),
        }],
        roles,
        ..survey(Vec::new())
    }
}

/// Whether the only provider goes, and why it does or stays.
fn of_provider(survey: &Survey, going: &[&str]) -> Option<(bool, String)> {
    let going = going.iter().map(|arn| arn.parse().unwrap()).collect();
    let tracks = providers(survey, DAY, &going);
    let track = tracks.into_iter().next()?;
    let leftover = track.leftover.expect("what is known of it");
    Some((!track.actions.is_empty(), leftover.why))
}

#[test]
fn a_provider_goes_when_its_issuer_is_gone_and_nothing_that_stays_trusts_it() {
    let goes = |survey: &Survey, going: &[&str]| of_provider(survey, going).map(|it| it.0);
    assert_eq!(goes(&with_provider('D', Vec::new()), &[]), Some(true));
    assert_eq!(goes(&with_provider('A', Vec::new()), &[]), None);
    assert_eq!(goes(&with_provider('B', Vec::new()), &[]), Some(false));
    assert_eq!(goes(&with_provider('C', Vec::new()), &[]), Some(false));
    let role = role(
        "team/data",
        &[dead(), web(&provider(&issuer("eu-west-1", 'A')))],
    );
    let arn = role.arn.to_string();
    let trusted = with_provider('D', vec![role]);
    assert_eq!(goes(&trusted, &[]), Some(false));
    // Roles are told apart by their ARNs, with their paths.
    assert_eq!(
        goes(&trusted, &["arn:aws:iam::111122223333:role/data"]),
        Some(false)
    );
    assert_eq!(goes(&trusted, &[&arn]), Some(true));
    let mut denying = dead();
    denying["Effect"] = "Deny".into();
    let denying = with_provider('D', vec![super::tests::role("denying", &[denying])]);
    assert_eq!(goes(&denying, &[]), Some(false));
    let mut young = with_provider('D', Vec::new());
    young.providers[0].created = Lookup::Found(NOW - 100);
    assert_eq!(goes(&young, &[]), Some(false));
    young.providers[0].created = Lookup::Unknown("denied".to_owned());
    assert_eq!(goes(&young, &[]), Some(false));
    let mut unread = with_provider('D', Vec::new());
    unread.regions.clear();
    assert_eq!(goes(&unread, &[]), None);
    assert_eq!(
        super::unread(&unread),
        BTreeSet::from(["eu-west-1".to_owned()])
    );
}

#[test]
fn roles_of_others_that_trust_dead_issuers_only_are_told_and_left() {
    let told = |statements: &[Value]| {
        let tracks = roles(&with_provider('D', vec![role("data", statements)]), DAY);
        assert!(tracks.iter().all(|it| it.actions.is_empty()));
        tracks.len()
    };
    let alive = web(&provider(&issuer("eu-west-1", 'A')));
    assert_eq!(told(&[dead()]), 1);
    assert_eq!(told(&[dead(), dead()]), 1);
    assert_eq!(told(&[dead(), alive.clone()]), 0);
    assert_eq!(told(&[alive]), 0);
    assert_eq!(told(&[dead(), pods()]), 0);
    assert_eq!(told(&[pods()]), 0);
    // The role of a stack is told with that.
    let own = stack(Way::Irsa, "old", &[dead()]);
    let mut of_stack = role("x", &[dead()]);
    of_stack.arn = own.stack.role_arn.clone().unwrap();
    let mut survey = survey(vec![own]);
    survey.roles = vec![of_stack];
    assert_eq!(roles(&survey, DAY), []);
}

#[test]
fn a_deletion_is_of_the_judged_stack_alone() {
    let survey = survey(vec![stack(Way::Irsa, "old", &[dead()])]);
    let judged = &stacks(&survey, DAY)[0];
    let end = |id: &str| Action::AwaitStack {
        stack: judged.stack.name.clone(),
        id: id.to_owned(),
        status: StackStatus::DeleteInProgress,
    };
    let planned = |actions| {
        let mut track = Track::new(Target::of(Way::Irsa, &judged.account));
        track.actions = actions;
        deletion(judged, track, &Connection::default())
    };
    assert_eq!(planned(vec![end(&judged.stack.id)]).actions.len(), 1);
    assert_eq!(planned(vec![end("another")]).actions, []);
    let association = Action::DeleteAssociation {
        cluster: judged.cluster.clone(),
        name: judged.account.clone(),
        id: "a-1".to_owned(),
        role: format!("arn:aws:iam::{ACCOUNT}:role/old").parse().unwrap(),
    };
    assert_eq!(
        planned(vec![association, end(&judged.stack.id)]).actions,
        []
    );
}

/// 30 clusters of which every second lives, in four regions of which one was not read, with 600 roles.
#[test]
fn of_a_large_account_exactly_what_is_dead_goes() {
    let regions = ["eu-west-1", "us-east-1", "ap-south-1", "sa-east-1"];
    let mut survey = Survey {
        account: ACCOUNT.to_owned(),
        now: NOW,
        ..Survey::default()
    };
    for region in &regions[..3] {
        survey
            .regions
            .insert((*region).to_owned(), SurveyedRegion::default());
    }
    let mut going = BTreeSet::new();
    for number in 0..30_u32 {
        let region = regions[number as usize % 4];
        let suffix = partition_of(region).suffix;
        let issuer = format!("oidc.eks.{region}.{suffix}/id/{number:032X}");
        let cluster = format!("c{number}");
        survey.providers.push(SurveyedProvider {
            arn: provider(&issuer),
            created: Lookup::Found(NOW - 90 * DAY),
        });
        let read = survey.regions.get_mut(region);
        let is_dead = (number / 4) % 2 == 0 && read.is_some();
        for each in 0..20 {
            let way = if each % 2 == 0 {
                Way::Irsa
            } else {
                Way::PodIdentity
            };
            let statement = if each % 2 == 0 {
                web(&provider(&issuer))
            } else {
                pods()
            };
            let account: ServiceAccountName = format!("web/a{each}").parse().unwrap();
            let mut one = stack(way, &cluster, std::slice::from_ref(&statement));
            let name = StackName::new(way, &cluster.parse().unwrap(), &account);
            one.stack
                .tags
                .insert(way.tag().to_owned(), account.to_string());
            one.stack.role_arn = format!("arn:aws:iam::{ACCOUNT}:role/{name}").parse().ok();
            one.stack.name = name;
            survey.roles.extend((each % 2 == 0).then(|| SurveyedRole {
                arn: one.stack.role_arn.clone().unwrap(),
                ..role("x", &[statement])
            }));
            if is_dead {
                going.insert((region, one.stack.name.to_string()));
            }
            if let Some(read) = survey.regions.get_mut(region) {
                read.stacks.push(one);
            }
        }
        if is_dead {
            survey.issuers.insert(issuer, IssuerState::Gone);
        } else if let Some(read) = survey.regions.get_mut(region) {
            read.clusters.insert(cluster, Some(issuer));
        }
    }
    let judged = stacks(&survey, DAY);
    let gone = judged
        .iter()
        .filter(|it| matches!(it.disposition, Disposition::Goes(_)));
    let gone: Vec<_> = gone.collect();
    let names: BTreeSet<_> = gone
        .iter()
        .map(|it| (it.region, it.stack.name.to_string()))
        .collect();
    assert_eq!(names, going);
    assert_eq!(names.len(), 12 * 20);
    let roles: BTreeSet<RoleArn> = gone
        .iter()
        .filter_map(|it| it.stack.role_arn.clone())
        .collect();
    let count = |roles: &BTreeSet<RoleArn>| {
        let tracks = providers(&survey, DAY, roles);
        tracks.iter().filter(|it| !it.actions.is_empty()).count()
    };
    assert_eq!(count(&roles), 12);
    assert_eq!(count(&BTreeSet::new()), 0);
}

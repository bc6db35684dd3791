//! What is told of roles, and what commands put a policy in place.

use serde_json::json;

use super::*;
use crate::model::Map;
use crate::policy::usage::{ActionUse, Policies};
use crate::world::{RoleFacts, RoleHistory};

const DAY: i64 = 24 * 60 * 60;
const WINDOW: Window = Window {
    now: 500 * DAY,
    days: 90,
};

fn last(days: i64) -> Option<LastAccess> {
    Some(LastAccess {
        at: WINDOW.now - days * DAY,
        region: Some("eu-west-1".to_owned()),
    })
}

fn facts(age: i64) -> Lookup<RoleFacts> {
    Lookup::Found(RoleFacts {
        arn: "arn:aws:iam::111122223333:role/team/data".parse().unwrap(),
        trust: json!({}),
        boundary: None,
        max_session_duration: None,
        tags: Map::new(),
        history: RoleHistory {
            created: WINDOW.now - age * DAY,
            last_used: None,
        },
    })
}

fn policies() -> Policies {
    let document = |actions: &str| json!({ "Statement": { "Effect": "Allow", "Action": actions, "Resource": "*" } });
    let s3 = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
        .parse()
        .unwrap();
    vec![
        (PolicySource::Managed(s3), document("s3:*")),
        (
            PolicySource::Inline("more it's".to_owned()),
            document("sqs:*"),
        ),
    ]
}

/// A role by hand.
fn data() -> RoleUsage {
    let action = |name: &str, last| ActionUse {
        name: name.to_owned(),
        last,
    };
    let service = |namespace: &str, last, actions| ServiceUse {
        namespace: namespace.to_owned(),
        name: namespace.to_owned(),
        last,
        actions,
    };
    RoleUsage {
        arn: "arn:aws:iam::111122223333:role/team/data".parse().unwrap(),
        accounts: Vec::new(),
        facts: facts(300),
        policies: Lookup::Found(policies()),
        services: Lookup::Found(vec![
            service(
                "s3",
                last(1),
                vec![
                    action("CreateBucket", last(120)),
                    action("DeleteBucket", None),
                    action("ListAllMyBuckets", last(0)),
                ],
            ),
            service("sqs", None, Vec::new()),
        ]),
        stack: Lookup::Missing,
    }
}

fn told(usage: RoleUsage) -> Vec<String> {
    let row = UsageRow::of(usage, WINDOW);
    let services = row.services.iter().flat_map(|service| {
        let line = |name: &str, seen: &SeenUse, policies: &[String]| {
            format!(
                "{name}: {} {seen}: {}",
                seen.word.word(),
                policies.join(", ")
            )
        };
        let actions = service.actions.iter();
        let actions = actions.map(move |it| line(&it.name, &it.seen, &it.policies));
        let whole = line(&service.namespace, &service.seen, &service.policies);
        [whole].into_iter().chain(actions).collect::<Vec<_>>()
    });
    services.chain(row.notes.clone()).collect()
}

fn proposed(usage: &RoleUsage) -> Result<Proposal, String> {
    let wanted = ProposalRequest {
        window: WINDOW,
        kept: &[],
        file: Some("a b.json"),
    };
    propose(usage, wanted)
}

#[test]
fn services_and_actions_are_told_with_their_last_use_and_who_allows_them() {
    insta::assert_snapshot!(told(data()).join("\n"), @"
    s3: used 1 day ago in eu-west-1: AmazonS3FullAccess
    CreateBucket: notUsed not in 90 days (120 days ago in eu-west-1): AmazonS3FullAccess
    DeleteBucket: notUsed not in 90 days: AmazonS3FullAccess
    ListAllMyBuckets: used today in eu-west-1: AmazonS3FullAccess
    sqs: notUsed not in 90 days: inline policy more it's
    ");
    let young = RoleUsage {
        facts: facts(89),
        ..data()
    };
    insta::assert_snapshot!(told(young).join("\n"), @"
    s3: used 1 day ago in eu-west-1: AmazonS3FullAccess
    CreateBucket: tooYoung not yet: AmazonS3FullAccess
    DeleteBucket: tooYoung not yet: AmazonS3FullAccess
    ListAllMyBuckets: used today in eu-west-1: AmazonS3FullAccess
    sqs: tooYoung not yet: inline policy more it's
    it was made 89 days ago: what it does not use is not called unused before 90 days
    ");
}

#[test]
fn what_is_not_known_is_told_once() {
    let unknown = |why: &str| RoleUsage {
        facts: Lookup::Unknown(why.to_owned()),
        policies: Lookup::Found(Policies::new()),
        services: Lookup::Unknown(why.to_owned()),
        ..data()
    };
    assert_eq!(
        told(unknown("no")),
        ["its age is not known: no", "its use is not known: no"]
    );
    assert!(UsageRow::of(unknown("no"), WINDOW).is_unknown());
    assert_eq!(proposed(&unknown("no")), Err("no".to_owned()));
    let gone = RoleUsage {
        facts: Lookup::Missing,
        policies: Lookup::Missing,
        services: Lookup::Missing,
        ..data()
    };
    assert_eq!(told(gone.clone()), ["there is no such role"]);
    assert_eq!(proposed(&gone), Err("there is no such role".to_owned()));
}

#[test]
fn a_role_by_hand_gets_the_new_policy_before_it_loses_the_others() {
    let proposal = proposed(&data()).unwrap();
    let commands: Vec<String> = proposal.commands.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(commands.join("\n"), @r#"
    aws iam put-role-policy --role-name data --policy-name UsedPermissions --policy-document 'file://a b.json'
    aws iam detach-role-policy --role-name data --policy-arn arn:aws:iam::aws:policy/AmazonS3FullAccess
    aws iam delete-role-policy --role-name data --policy-name 'more it'\''s'
    "#);
    insta::assert_snapshot!(proposal.difference.join("\n"), @r#"
            "Resource": "*"
          },
          {
    -       "Action": "sqs:*",
    -       "Effect": "Allow",
    -       "Resource": "*"
    +       "Action": [
    +         "s3:CreateBucket",
    +         "s3:DeleteBucket"
    +       ],
    +       "Effect": "Deny",
    +       "Resource": "*",
    +       "Sid": "UnusedActions"
          }
        ],
        "Version": "2012-10-17"
    "#);
    assert_eq!(proposal.asked, None);
}

#[test]
fn there_is_no_policy_where_it_would_be_a_guess() {
    let young = RoleUsage {
        facts: facts(89),
        ..data()
    };
    let bare = RoleUsage {
        policies: Lookup::Found(Policies::new()),
        ..data()
    };
    let idle = RoleUsage {
        services: Lookup::Found(vec![ServiceUse {
            namespace: "s3".to_owned(),
            ..ServiceUse::default()
        }]),
        policies: Lookup::Found(policies()[..1].to_vec()),
        ..data()
    };
    let told: Vec<String> = [young, bare, idle]
        .iter()
        .map(|usage| proposed(usage).unwrap_err())
        .collect();
    insta::assert_snapshot!(told.join("\n"), @"
    it is younger than 90 days: what it will use is not known yet
    it has no policies
    nothing that its policies allow was used in 90 days: it needs none of them, or is not needed itself
    ");
}

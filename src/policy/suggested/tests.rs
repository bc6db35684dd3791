//! What is suggested, and the two promises of it.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::RngSeed;
use serde_json::json;

use super::*;
use crate::policy::PolicyDocument;
use crate::policy::evaluate::{Decision, Principal, Request, evaluate};
use crate::policy::usage::{LastAccess, PolicySource, Unused, unused};

const DAY: i64 = 24 * 60 * 60;
const WINDOW: Window = Window {
    now: 500 * DAY,
    days: 90,
};

fn used(days: i64) -> Option<LastAccess> {
    Some(LastAccess {
        at: WINDOW.now - days * DAY,
        region: None,
    })
}

/// `name`, or `name=DAYS` of its last use.
fn service(service: &str, actions: &[&str]) -> ServiceUse {
    let parted = |text: &str| match text.split_once('=') {
        Some((name, days)) => (name.to_owned(), used(days.parse().unwrap())),
        None => (text.to_owned(), None),
    };
    let (namespace, last) = parted(service);
    let actions = actions.iter().map(|text| {
        let (name, last) = parted(text);
        ActionUse { name, last }
    });
    ServiceUse {
        name: namespace.clone(),
        namespace,
        last,
        actions: actions.collect(),
    }
}

fn inline(statements: Value) -> Policies {
    let document = json!({ "Version": VERSION, "Statement": statements });
    vec![(PolicySource::Inline("own".to_owned()), document)]
}

fn allow(actions: &[&str]) -> Policies {
    inline(json!([{ "Effect": "Allow", "Action": actions, "Resource": "*" }]))
}

fn of(policies: &Policies, services: &[ServiceUse], kept: &[&str]) -> Suggestion {
    let kept: Vec<String> = kept.iter().map(|it| (*it).to_owned()).collect();
    let known = KnownUse {
        services,
        window: WINDOW,
        kept: &kept,
    };
    suggested(policies, known)
}

/// The statements, `Deny` with a minus.
fn told(suggestion: &Suggestion) -> Vec<String> {
    let document = suggestion.document.iter();
    let statements = document.flat_map(statements).map(|statement| {
        let sign = if statement["Effect"] == "Deny" {
            "-"
        } else {
            ""
        };
        format!("{sign}{}", texts(&statement["Action"]).join(" "))
    });
    statements.collect()
}

#[test]
fn what_was_not_used_goes_and_what_may_have_been_stays() {
    let s3 = service(
        "s3=3",
        &[
            "CreateBucket",
            "ListAllMyBuckets=5",
            "PutBucketPolicy=91",
            "PutBucketTagging",
        ],
    );
    let lambda = service("s3-object-lambda", &[]);
    let sqs = service("sqs=2", &[]);
    let iam = service("iam", &["CreateRole"]);
    let services = [s3, lambda, sqs, iam];
    for (actions, kept, wanted) in [
        // By name: tracked and not seen, seen, seen too long ago, not tracked, checked beside other calls.
        (
            vec![
                "s3:CreateBucket",
                "S3:listallmybuckets",
                "s3:PutBucketPolicy",
                "s3:GetObject",
                "s3:PutBucketTagging",
            ],
            vec![],
            vec!["S3:listallmybuckets s3:GetObject s3:PutBucketTagging"],
        ),
        // A service without a use, and one whose actions IAM does not track.
        (
            vec!["s3-object-lambda:*", "sqs:SendMessage"],
            vec![],
            vec!["sqs:SendMessage"],
        ),
        (vec!["s3-object-lambda:*"], vec![], vec![]),
        // A pattern stays, without what is known to be unused.
        (
            vec!["s3:*"],
            vec![],
            vec!["s3:*", "-s3:CreateBucket s3:PutBucketPolicy"],
        ),
        (
            vec!["s3:Put*"],
            vec![],
            vec!["s3:Put*", "-s3:PutBucketPolicy"],
        ),
        // Or becomes what was seen and what is said to be needed.
        (
            vec!["s3:*", "s3:DeleteObject"],
            vec!["s3:GetObject", "sqs:X"],
            vec!["s3:ListAllMyBuckets s3:PutBucketTagging s3:GetObject"],
        ),
        (
            vec!["s3:Get*"],
            vec!["s3:GetObject", "s3:PutObject"],
            vec!["s3:GetObject"],
        ),
        (
            vec!["s3-object-lambda:Get*"],
            vec!["s3-object-lambda:GetObject"],
            vec!["s3-object-lambda:GetObject"],
        ),
        // Everything is what was used, and the one action that nobody tracks.
        (
            vec!["*"],
            vec![],
            vec![
                "s3:* sqs:* iam:PassRole",
                "-s3:CreateBucket s3:PutBucketPolicy",
            ],
        ),
        (vec!["iam:*"], vec![], vec!["iam:PassRole"]),
        (
            vec!["iam:passrole", "iam:CreateRole"],
            vec![],
            vec!["iam:PassRole"],
        ),
        (
            vec!["*:*", "*:Get*"],
            vec![],
            vec![
                "s3:* sqs:* iam:PassRole s3:Get* sqs:Get*",
                "-s3:CreateBucket s3:PutBucketPolicy",
            ],
        ),
        (
            vec!["*"],
            vec!["dax:GetItem", "s3:GetObject"],
            vec![
                "s3:ListAllMyBuckets s3:PutBucketTagging s3:GetObject sqs:* iam:PassRole dax:GetItem",
            ],
        ),
        // Nobody tells of that.
        (vec!["dax:*"], vec![], vec!["dax:*"]),
    ] {
        let suggestion = of(&allow(&actions), &services, &kept);
        assert_eq!(told(&suggestion), wanted, "{actions:?} {kept:?}");
        assert_eq!(suggestion.document.is_none(), wanted.is_empty());
    }
}

#[test]
fn what_stays_is_told() {
    let services = [service("s3=3", &[]), service("iam", &[])];
    let mut policies = allow(&["*", "s3:Get*", "dax:*"]);
    policies.extend(inline(
        json!({ "Effect": "Allow", "NotAction": "iam:*", "Resource": "*" }),
    ));
    let suggestion = of(&policies, &services, &["sqs:SendMessage", "iam2:X"]);
    let remarks: Vec<String> = suggestion.remarks.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(remarks.join("\n"), @"
all actions (*) became those of the services that were used
s3:* stays: IAM does not track all that it allows; name what is needed of s3 with --keep to cut it down
s3:Get* stays: IAM does not track all that it allows; name what is needed of s3 with --keep to cut it down
a statement of inline policy own allows all but some actions (NotAction), and stays as it is
IAM does not tell whether dax was used: what is allowed of it stays
iam:PassRole stays: IAM does not track it
");
    let denied = inline(json!([
        { "Effect": "Deny", "Action": "*", "Resource": "*" },
        { "Effect": "Allow", "Action": "iam:CreateRole", "Resource": "*" },
    ]));
    assert_eq!(of(&denied, &services, &[]).document, None);
}

#[test]
fn resources_conditions_denials_and_names_stay() {
    let services = [service(
        "s3=3",
        &["CreateBucket", "DeleteBucket", "ListAllMyBuckets"],
    )];
    let condition = json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } });
    let one = json!({ "Sid": "A", "Effect": "Allow", "Action": ["s3:CreateBucket", "s3:GetObject"],
        "Resource": ["arn:aws:s3:::b/${aws:username}"], "Condition": condition });
    let deny = json!({ "Sid": "No", "Effect": "Deny", "Action": ["s3:Delete*"], "Resource": "*" });
    let all = json!({ "Sid": "A", "Effect": "Allow", "NotAction": "iam:*", "NotResource": "arn:aws:s3:::c" });
    let s3 = json!({ "Effect": "Allow", "Action": "s3:*", "Resource": "*" });
    let mut policies = inline(json!([one, deny, s3]));
    let old = json!({ "Statement": [one, all] });
    policies.push((PolicySource::Inline("old".to_owned()), old));
    let suggestion = of(&policies, &services, &[]);
    insta::assert_snapshot!(format!("{:#}", json!(suggestion.document)), @r#"
        {
          "Statement": [
            {
              "Action": [
                "s3:GetObject"
              ],
              "Condition": {
                "StringEquals": {
                  "aws:RequestedRegion": "eu-west-1"
                }
              },
              "Effect": "Allow",
              "Resource": [
                "arn:aws:s3:::b/${aws:username}"
              ],
              "Sid": "A"
            },
            {
              "Action": [
                "s3:Delete*"
              ],
              "Effect": "Deny",
              "Resource": "*",
              "Sid": "No"
            },
            {
              "Action": "s3:*",
              "Effect": "Allow",
              "Resource": "*"
            },
            {
              "Action": [
                "s3:GetObject"
              ],
              "Condition": {
                "StringEquals": {
                  "aws:RequestedRegion": "eu-west-1"
                }
              },
              "Effect": "Allow",
              "Resource": [
                "arn:aws:s3:::b/${$}{aws:username}"
              ]
            },
            {
              "Effect": "Allow",
              "NotAction": "iam:*",
              "NotResource": "arn:aws:s3:::c"
            },
            {
              "Action": [
                "s3:CreateBucket",
                "s3:ListAllMyBuckets"
              ],
              "Effect": "Deny",
              "Resource": "*",
              "Sid": "UnusedActions"
            }
          ],
          "Version": "2012-10-17"
        }
        "#);
    let text = suggestion.document.unwrap().to_string();
    PolicyDocument::parse(&text).unwrap();
}

#[test]
fn what_does_not_fit_is_told() {
    let names: Vec<String> = (0..600)
        .map(|n| format!("DescribeSomethingOfNumber{n}"))
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let services = [service("ec2=1", &names), service("s3=1", &["CreateBucket"])];
    let suggestion = of(&allow(&["ec2:*", "s3:*"]), &services, &[]);
    assert_eq!(told(&suggestion), ["ec2:* s3:*", "-s3:CreateBucket"]);
    let no_room = Remark::NoRoom {
        service: "ec2".to_owned(),
        actions: 600,
    };
    assert!(suggestion.remarks.contains(&no_room));
    assert!(!suggestion.remarks.contains(&Remark::TooLong));
    let long: Vec<String> = (0..600)
        .map(|n| format!("s3:GetSomethingOfNumber{n}"))
        .collect();
    let long: Vec<&str> = long.iter().map(String::as_str).collect();
    let suggestion = of(&allow(&long), &services, &[]);
    assert!(suggestion.remarks.contains(&Remark::TooLong));
}

/// Each with whether IAM tracks it.
const ACTIONS: [(&str, bool); 12] = [
    ("s3:CreateBucket", true),
    ("s3:ListAllMyBuckets", true),
    ("s3:PutBucketTagging", true),
    ("s3:GetObject", false),
    ("s3:GetBucketAcl", true),
    ("ec2:RunInstances", true),
    ("ec2:CreateTags", true),
    ("ec2:DescribeVpcs", false),
    ("sqs:SendMessage", false),
    ("iam:CreateRole", true),
    ("iam:PassRole", false),
    ("iam:GetRole", true),
];
const RESOURCES: [&str; 2] = ["arn:aws:s3:::one", "arn:aws:s3:::two"];

fn policies() -> impl Strategy<Value = Policies> {
    let action = select(vec![
        "*",
        "s3:*",
        "S3:get*",
        "s3:GetObject",
        "s3:?reateBucket",
        "s3:CreateBucket",
        "s3:PutBucketTagging",
        "ec2:*",
        "ec2:Describe*",
        "ec2:runinstances",
        "ec2:CreateTags",
        "sqs:*",
        "sqs:SendMessage",
        "iam:*",
        "iam:*Role",
        "iam:passrole",
        "iam:GetRole",
    ]);
    let resource = select(vec![
        json!("*"),
        json!(RESOURCES[0]),
        json!([RESOURCES[0], RESOURCES[1]]),
    ]);
    let condition = select(vec![
        None,
        None,
        Some(json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } })),
        Some(json!({ "StringEquals": { "aws:RequestedRegion": "us-east-1" } })),
    ]);
    let effect = select(vec!["Allow", "Allow", "Allow", "Deny"]);
    let actions = proptest::collection::vec(action, 1..4);
    let negated = prop_oneof![6 => Just("Action"), 1 => Just("NotAction")];
    let statement = (effect, negated, actions, resource, condition).prop_map(
        |(effect, element, actions, resource, condition)| {
            let mut statement = json!({ "Effect": effect, element: actions, "Resource": resource });
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        },
    );
    let document = proptest::collection::vec(statement, 1..4);
    proptest::collection::vec(document, 1..4).prop_map(|documents| {
        documents
            .into_iter()
            .flat_map(|it| inline(json!(it)))
            .collect()
    })
}

/// What IAM tells of these uses: nothing of what it does not track.
fn services(used_actions: &[&str]) -> Vec<ServiceUse> {
    ["s3", "ec2", "sqs", "iam"]
        .map(|namespace| {
            let is_of = |action: &str| parts(action).0 == namespace;
            let is_seen = |action: &&&str| is_of(action) && **action != PASS_ROLE;
            let mut found = service(namespace, &[]);
            found.last = used_actions.iter().find(is_seen).and_then(|_| used(7));
            let tracked = ACTIONS
                .iter()
                .filter(|(action, is_tracked)| *is_tracked && is_of(action));
            found.actions = tracked
                .map(|(action, _)| ActionUse {
                    name: parts(action).1.to_owned(),
                    // Tags that are set as something is made are never a call of their own.
                    last: used_actions
                        .iter()
                        .find(|it| *it == action)
                        .filter(|_| !is_checked_beside(parts(action).1))
                        .and_then(|_| used(7)),
                })
                .collect();
            found
        })
        .into()
}

fn is_allowed(document: Option<&Value>, action: &str, resource: &str) -> bool {
    let principal = Principal::Aws("arn:aws:iam::111122223333:role/r".to_owned());
    let request = Request::new(action, principal, Some(resource))
        .with("aws:RequestedRegion", &["eu-west-1".to_owned()]);
    let evaluation = document.map(|document| evaluate(document, &request));
    evaluation.is_some_and(|it| {
        assert!(!matches!(it.decision, Decision::Depends { .. }));
        it.is_allowed()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_allows_nothing_new_and_all_that_was_used(
        policies in policies(),
        used in subsequence(ACTIONS.map(|(action, _)| action).to_vec(), 0..8),
        names_needed in any::<bool>(),
    ) {
        let all: Vec<&Value> = policies.iter().flat_map(|(_, document)| statements(document)).collect();
        let today = json!({ "Version": VERSION, "Statement": all });
        // Who names anything of a service names all that it needs unseen.
        let unseen = |action: &&&str| ACTIONS.contains(&(**action, false));
        let kept: Vec<&str> = used.iter().filter(unseen).filter(|_| names_needed).copied().collect();
        let suggestion = of(&policies, &services(&used), &kept);
        if let Some(document) = &suggestion.document {
            prop_assert_eq!(PolicyDocument::parse(&document.to_string()).err(), None);
        }
        for (action, _) in ACTIONS {
            for resource in RESOURCES {
                let before = is_allowed(Some(&today), action, resource);
                let after = is_allowed(suggestion.document.as_ref(), action, resource);
                prop_assert!(before || !after, "{} is new: {:#}", action, json!(suggestion.document));
                if used.contains(&action) {
                    prop_assert_eq!(before, after, "{} was used: {:#}", action, json!(suggestion.document));
                }
            }
        }
    }

    /// Of what is suggested nothing is called unused, but what allows all but some.
    #[test]
    fn it_leaves_nothing_unused(
        policies in policies(),
        used in subsequence(ACTIONS.map(|(action, _)| action).to_vec(), 0..8),
    ) {
        let services = services(&used);
        let suggestion = of(&policies, &services, &[]);
        let is_all_but = |it: &Remark| matches!(it, Remark::AllBut(_));
        if let (Some(document), false) = (suggestion.document, suggestion.remarks.iter().any(is_all_but)) {
            let kept = vec![(PolicySource::Inline("own".to_owned()), document)];
            prop_assert_eq!(unused(&kept, &services, WINDOW), Unused::default());
        }
    }

    /// What was suggested is suggested again.
    #[test]
    fn it_ends(policies in policies(), used in subsequence(ACTIONS.map(|(action, _)| action).to_vec(), 0..8)) {
        let services = services(&used);
        let first = of(&policies, &services, &[]);
        if let Some(document) = first.document {
            let again = vec![(PolicySource::Inline("own".to_owned()), document.clone())];
            prop_assert_eq!(of(&again, &services, &[]).document, Some(document));
        }
    }
}

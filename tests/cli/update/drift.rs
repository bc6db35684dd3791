//! What was changed on a role behind CloudFormation's back: shown, noted, mended on request, and gone
//! in the next run.

use insta::assert_snapshot;
use serde_json::Value;

use super::{
    ADMINISTRATOR, GET, POWER, SQS, STACK, UPDATE, assert_settled, by_hand, file, planned_and_done,
    reader, reader_file, rich, run_unchanging,
};
use crate::sandbox::Role;
use crate::support::{Bench, S3};

pub const APPLY: &str = "apply -f ~/cluster.yaml";
pub const UPDATE_FILE: &str = "update iamserviceaccount -f ~/cluster.yaml";

pub fn document(text: &str) -> Value {
    serde_json::from_str(text).expect("a document")
}

/// The same as `rich`, as a file asks for it.
pub fn rich_file(bench: &Bench) {
    file(
        bench,
        &[
            "  labels: {app: web}",
            &format!("attachPolicyARNs: [\"{S3}\"]"),
            &format!("attachPolicy: {GET}"),
            "wellKnownPolicies: {cloudWatchAgent: true, externalDNS: true}",
            &format!("permissionsBoundary: {POWER}"),
            "subjectPattern: s3-*",
            "maxSessionDuration: 7200",
            "tags: {team: data}",
        ],
    );
}

/// All that can be changed on a role.
pub fn meddle(role: &mut Role) {
    role.attached.retain(|arn| arn != S3);
    role.attached.push(ADMINISTRATOR.to_owned());
    role.inline.insert("by-hand".to_owned(), document(GET));
    role.inline.remove(&format!("{STACK}-Policy1"));
    role.inline
        .remove(&format!("{STACK}-PolicyExternalDNSChangeSet"));
    role.inline.insert(
        format!("{STACK}-PolicyExternalDNSHostedZones"),
        document(GET),
    );
    role.boundary = None;
    role.max_session_duration = 3_600;
    let text = role.trust.to_string().replace(":s3-*", ":*");
    role.trust = document(&text);
}

#[test]
fn all_that_drifted_is_shown_and_mended_on_request() {
    let bench = rich();
    rich_file(&bench);
    assert_settled(&bench, APPLY);
    by_hand(&bench, |role| role.attached.reverse());
    assert_settled(&bench, APPLY);
    let before = bench.state();
    by_hand(&bench, meddle);
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --detailed-exitcode")), @r#"
    [stdout]
      leave the role of default/s3-reader as it was changed by hand
        - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
        + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        - inline policy by-hand: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
        + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
        + inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":"arn:aws:route53:::hostedzone/*"}
        ~ inline policy PolicyExternalDNSHostedZones:
            {
              "Statement": [
                {
          -       "Action": "s3:GetObject",
          +       "Action": [
          +         "route53:ListHostedZones",
          +         "route53:ListResourceRecordSets",
          +         "route53:ListTagsForResource"
          +       ],
                  "Effect": "Allow",
                  "Resource": "*"
                }
        + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
        - maximum session duration: 3600 seconds
        + maximum session duration: 7200 seconds
        ~ trust policy:
                      "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
                    },
                    "StringLike": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                    }
                  },
                  "Effect": "Allow",
    [stderr]
    roles were changed outside of CloudFormation: `--repair-drift` undoes that
    nothing was changed
    [exit 3]
    "#);
    assert_snapshot!(run_unchanging(&bench, &format!("{APPLY} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   drifted   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: default/s3-reader: its role was changed outside of CloudFormation
      - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      - inline policy by-hand: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":"arn:aws:route53:::hostedzone/*"}
      ~ inline policy PolicyExternalDNSHostedZones:
          {
            "Statement": [
              {
        -       "Action": "s3:GetObject",
        +       "Action": [
        +         "route53:ListHostedZones",
        +         "route53:ListResourceRecordSets",
        +         "route53:ListTagsForResource"
        +       ],
                "Effect": "Allow",
                "Resource": "*"
              }
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
      - maximum session duration: 3600 seconds
      + maximum session duration: 7200 seconds
      ~ trust policy:
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
                  },
                  "StringLike": {
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                  }
                },
                "Effect": "Allow",
    hint: undo that in the same run: `--repair-drift`
    [exit 1]
    "#);
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE_FILE} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   drifted   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    error: default/s3-reader: its role was changed outside of CloudFormation
      - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      - inline policy by-hand: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":"arn:aws:route53:::hostedzone/*"}
      ~ inline policy PolicyExternalDNSHostedZones:
          {
            "Statement": [
              {
        -       "Action": "s3:GetObject",
        +       "Action": [
        +         "route53:ListHostedZones",
        +         "route53:ListResourceRecordSets",
        +         "route53:ListTagsForResource"
        +       ],
                "Effect": "Allow",
                "Resource": "*"
              }
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
      - maximum session duration: 3600 seconds
      + maximum session duration: 7200 seconds
      ~ trust policy:
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
                  },
                  "StringLike": {
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                  }
                },
                "Effect": "Allow",
    hint: undo that in the same run: `--repair-drift`
    [exit 1]
    "#);
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE_FILE} --repair-drift")), @r#"
    [stdout]
    ~ repair role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
        + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        - inline policy by-hand: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
        + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
        + inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":"arn:aws:route53:::hostedzone/*"}
        ~ inline policy PolicyExternalDNSHostedZones:
            {
              "Statement": [
                {
          -       "Action": "s3:GetObject",
          +       "Action": [
          +         "route53:ListHostedZones",
          +         "route53:ListResourceRecordSets",
          +         "route53:ListTagsForResource"
          +       ],
                  "Effect": "Allow",
                  "Resource": "*"
                }
        + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
        - maximum session duration: 3600 seconds
        + maximum session duration: 7200 seconds
        ~ trust policy:
                      "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
                    },
                    "StringLike": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                    }
                  },
                  "Effect": "Allow",
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    assert_settled(&bench, APPLY);
    let lines = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(lines(&bench.state()), lines(&before));
    by_hand(&bench, |role| {
        assert_eq!(role.max_session_duration, 7_200);
        assert!(role.trust.to_string().contains(":s3-*"));
        let zones = &role.inline[&format!("{STACK}-PolicyExternalDNSHostedZones")];
        assert!(!zones.to_string().contains("Fn::Sub"), "{zones}");
    });
}

/// What the reader of the plan approves is what is sent.
#[test]
fn machines_are_told_the_drift_and_the_repairs() {
    let bench = reader();
    reader_file(&bench);
    by_hand(&bench, |role| {
        role.attached = vec![ADMINISTRATOR.to_owned()];
        role.boundary = Some(POWER.to_owned());
    });
    assert_snapshot!(bench.run(&format!("{APPLY} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 0,
            "delete": 0,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                },
                "actions": []
            },
            {
                "target": {
                    "serviceAccount": "default/s3-reader"
                },
                "actions": [],
                "drift": [
                    {
                        "item": "managed policy",
                        "asked": [
                            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
                        ],
                        "found": [
                            "arn:aws:iam::aws:policy/AdministratorAccess"
                        ]
                    },
                    {
                        "item": "permissions boundary",
                        "asked": [],
                        "found": [
                            "arn:aws:iam::aws:policy/PowerUserAccess"
                        ]
                    }
                ],
                "role": {
                    "arn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK"
                }
            }
        ]
    }
    [stderr]
    roles were changed outside of CloudFormation: `--repair-drift` undoes that
    nothing was changed
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{APPLY} --repair-drift -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 1,
            "delete": 0,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                },
                "actions": []
            },
            {
                "target": {
                    "serviceAccount": "default/s3-reader"
                },
                "actions": [
                    {
                        "action": "repairRole",
                        "role": "eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
                        "differences": [
                            {
                                "item": "managed policy",
                                "asked": [
                                    "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
                                ],
                                "found": [
                                    "arn:aws:iam::aws:policy/AdministratorAccess"
                                ]
                            },
                            {
                                "item": "permissions boundary",
                                "asked": [],
                                "found": [
                                    "arn:aws:iam::aws:policy/PowerUserAccess"
                                ]
                            }
                        ],
                        "repairs": [
                            "removeBoundary",
                            {
                                "detach": "arn:aws:iam::aws:policy/AdministratorAccess"
                            },
                            {
                                "attach": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
                            }
                        ]
                    }
                ],
                "role": {
                    "arn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK"
                }
            }
        ]
    }
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{APPLY} --repair-drift --approve -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [],
                "status": "unchanged",
                "target": {
                    "provider": "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                }
            },
            {
                "done": [
                    "repaired role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
                "status": "updated",
                "target": {
                    "serviceAccount": "default/s3-reader"
                }
            }
        ]
    }
    [stderr]
    repaired role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    "#);
}

/// Only what is named is asked for.
#[test]
fn by_flags_drift_is_noted() {
    let bench = rich();
    by_hand(&bench, meddle);
    assert_snapshot!(run_unchanging(&bench, &format!("{UPDATE} --detailed-exitcode")), @r#"
    [stderr]
    note: the role was changed by hand, `--repair-drift` undoes that (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      - inline policy by-hand: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":"arn:aws:route53:::hostedzone/*"}
      ~ inline policy PolicyExternalDNSHostedZones:
          {
            "Statement": [
              {
        -       "Action": "s3:GetObject",
        +       "Action": [
        +         "route53:ListHostedZones",
        +         "route53:ListResourceRecordSets",
        +         "route53:ListTagsForResource"
        +       ],
                "Effect": "Allow",
                "Resource": "*"
              }
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
      - maximum session duration: 3600 seconds
      + maximum session duration: 7200 seconds
      ~ trust policy:
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
                  },
                  "StringLike": {
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                  }
                },
                "Effect": "Allow",
    nothing to do
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{UPDATE} --add-policy-arn {SQS} --approve")), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    note: the role was changed by hand, `--repair-drift` undoes that (- is there, + is asked for)
      - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
      + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      - inline policy by-hand: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":"arn:aws:route53:::hostedzone/*"}
      ~ inline policy PolicyExternalDNSHostedZones:
          {
            "Statement": [
              {
        -       "Action": "s3:GetObject",
        +       "Action": [
        +         "route53:ListHostedZones",
        +         "route53:ListResourceRecordSets",
        +         "route53:ListTagsForResource"
        +       ],
                "Effect": "Allow",
                "Resource": "*"
              }
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
      - maximum session duration: 3600 seconds
      + maximum session duration: 7200 seconds
      ~ trust policy:
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
                  },
                  "StringLike": {
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                  }
                },
                "Effect": "Allow",
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{UPDATE} --repair-drift --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    repaired role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
    assert_settled(&bench, UPDATE);
}

/// Exit status 0 means that what is asked holds, whoever undid it before.
#[test]
fn by_flags_drift_of_what_is_named_is_mended() {
    let bench = rich();
    by_hand(&bench, meddle);
    let line =
        format!("{UPDATE} --remove-policy-arn {ADMINISTRATOR} --remove-inline-policy by-hand");
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    ~ repair role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
        - inline policy by-hand: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
    [stderr]
    note: the role was changed by hand, `--repair-drift` undoes that (- is there, + is asked for)
      + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
      + inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":"arn:aws:route53:::hostedzone/*"}
      ~ inline policy PolicyExternalDNSHostedZones:
          {
            "Statement": [
              {
        -       "Action": "s3:GetObject",
        +       "Action": [
        +         "route53:ListHostedZones",
        +         "route53:ListResourceRecordSets",
        +         "route53:ListTagsForResource"
        +       ],
                "Effect": "Allow",
                "Resource": "*"
              }
      + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
      - maximum session duration: 3600 seconds
      + maximum session duration: 7200 seconds
      ~ trust policy:
                    "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
                  },
                  "StringLike": {
        -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
        +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                  }
                },
                "Effect": "Allow",
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    bench.arrange(&format!("{line} --approve"));
    let line = format!(
        "{UPDATE} --add-policy-arn {S3} --policy-document ~/get.json --well-known-policy externalDNS \
         --permissions-boundary {POWER} --subject-pattern s3-* --max-session-duration 7200"
    );
    assert_snapshot!(bench.run(&line), @r#"
    [stdout]
    ~ repair role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        + managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        + inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
        + inline policy PolicyExternalDNSChangeSet: {"Action":"route53:ChangeResourceRecordSets","Effect":"Allow","Resource":"arn:aws:route53:::hostedzone/*"}
        ~ inline policy PolicyExternalDNSHostedZones:
            {
              "Statement": [
                {
          -       "Action": "s3:GetObject",
          +       "Action": [
          +         "route53:ListHostedZones",
          +         "route53:ListResourceRecordSets",
          +         "route53:ListTagsForResource"
          +       ],
                  "Effect": "Allow",
                  "Resource": "*"
                }
        + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
        - maximum session duration: 3600 seconds
        + maximum session duration: 7200 seconds
        ~ trust policy:
                      "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com"
                    },
                    "StringLike": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:*"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-*"
                    }
                  },
                  "Effect": "Allow",
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    bench.arrange(&format!("{line} --approve"));
    assert_settled(&bench, UPDATE);
    rich_file(&bench);
    assert_settled(&bench, APPLY);
}

/// The trust that was edited to another issuer keeps the pods out, whatever the template says.
#[test]
fn a_trust_in_another_issuer_is_mended_by_an_update_of_nothing() {
    let bench = reader();
    let issuer = bench.issuer();
    by_hand(&bench, |role| {
        let text = role
            .trust
            .to_string()
            .replace(&issuer, "oidc.eks.eu-west-1.amazonaws.com/id/OLD");
        role.trust = document(&text);
    });
    assert_snapshot!(planned_and_done(&bench, UPDATE), @r#"
    [stdout]
    ~ repair role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        ~ trust policy:
                  "Action": "sts:AssumeRoleWithWebIdentity",
                  "Condition": {
                    "StringEquals": {
          -           "oidc.eks.eu-west-1.amazonaws.com/id/OLD:aud": "sts.amazonaws.com",
          -           "oidc.eks.eu-west-1.amazonaws.com/id/OLD:sub": "system:serviceaccount:default:s3-reader"
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
          +           "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
                    }
                  },
                  "Effect": "Allow",
                  "Principal": {
          -         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/OLD"
          +         "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                  }
                }
              ],
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
}

#[test]
fn an_update_and_a_repair_are_one_run() {
    let bench = reader();
    file(&bench, &[&format!("attachPolicyARNs: [\"{SQS}\"]")]);
    by_hand(&bench, |role| {
        role.attached = vec![ADMINISTRATOR.to_owned()];
    });
    assert_snapshot!(bench.run(&format!("{APPLY} --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    error: default/s3-reader: its role was changed outside of CloudFormation
      - managed policy: arn:aws:iam::aws:policy/AdministratorAccess
    hint: undo that in the same run: `--repair-drift`
    [exit 1]
    ");
    assert_snapshot!(bench.run(&format!("{APPLY} --approve --repair-drift")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    PROVIDER                                                                       STATUS
    https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E   unchanged
    [stderr]
    repaired role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
    assert_settled(&bench, APPLY);
}

/// CloudFormation hands `true` on as `"true"`: that is no change by hand, wherever documents are compared.
#[test]
fn scalars_that_became_texts_are_no_drift() {
    const SECURE: &str = r#"{Version: "2012-10-17", Statement: [{Effect: Allow, Action: "s3:GetObject", Resource: "*",
        Condition: {Bool: {"aws:SecureTransport": true}, NumericLessThan: {"aws:MultiFactorAuthAge": 3600}}}]}"#;
    let bench = Bench::associated();
    file(&bench, &[&format!("attachPolicy: {SECURE}")]);
    bench.arrange(&format!("{APPLY} --approve"));
    by_hand(&bench, |role| {
        let live = role.inline[&format!("{STACK}-Policy1")].to_string();
        assert!(live.contains(r#""aws:SecureTransport":"true""#), "{live}");
        assert!(
            live.contains(r#""aws:MultiFactorAuthAge":"3600""#),
            "{live}"
        );
    });
    assert_settled(&bench, APPLY);
    assert_settled(&bench, &format!("{APPLY} --repair-drift"));
    assert_settled(&bench, "create iamserviceaccount -f ~/cluster.yaml");
    assert_settled(&bench, UPDATE_FILE);
    let exported = bench.run("export --cluster demo");
    assert!(!exported.contains("[stderr]"), "{exported}");
    bench.file(
        "cluster.yaml",
        exported
            .trim_start_matches("[stdout]\n")
            .trim_end_matches("[exit 0]\n"),
    );
    assert_settled(&bench, APPLY);
}

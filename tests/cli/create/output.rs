//! What `create` prints: each format of plan and result, and the exit status.

use insta::assert_snapshot;

use super::{CREATE, assert_settled};
use crate::support::Bench;

fn plan(flags: &str) -> String {
    Bench::associated().run(&CREATE.replace("--approve", flags))
}

#[test]
fn a_plan_is_a_line_an_action_with_what_it_sets() {
    assert_snapshot!(plan("--role-name reader --role-path /team/ --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess --well-known-policy externalDNS --labels tier=backend --annotations owner=web --namespace web --max-session-duration 7200 --tags team=payments --cfn-role-arn arn:aws:iam::111122223333:role/cloudformation"), @"
    [stdout]
    + create stack eksctl-demo-addon-iamserviceaccount-web-s3-reader
        trusted: web/s3-reader, audience sts.amazonaws.com
        role name: reader
        role path: /team/
        managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        inline policy PolicyExternalDNSChangeSet: allows route53:ChangeResourceRecordSets on arn:${AWS::Partition}:route53:::hostedzone/*
        inline policy PolicyExternalDNSHostedZones: allows route53:ListHostedZones, route53:ListResourceRecordSets, route53:ListTagsForResource on all resources
        permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
        maximum session duration: 7200 seconds
        tag: team=payments
        CloudFormation works as: arn:aws:iam::111122223333:role/cloudformation
    + create service account web/s3-reader
        role: known when stack eksctl-demo-addon-iamserviceaccount-web-s3-reader is ready
        label: app.kubernetes.io/managed-by=eksctl
        label: tier=backend
        annotation: owner=web
        namespace: web, made where it is missing
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn a_plan_as_json_is_what_will_be_sent() {
    assert_snapshot!(plan("-o json"), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 2,
            "change": 0,
            "delete": 0,
            "wait": 0
        },
        "tracks": [
            {
                "target": {
                    "serviceAccount": "default/s3-reader"
                },
                "actions": [
                    {
                        "action": "createStack",
                        "stack": "eksctl-demo-addon-iamserviceaccount-default-s3-reader",
                        "template": {
                            "AWSTemplateFormatVersion": "2010-09-09",
                            "Description": "IAM role for serviceaccount \"default/s3-reader\" [created and managed by eksctl]",
                            "Outputs": {
                                "Role1": {
                                    "Value": {
                                        "Fn::GetAtt": [
                                            "Role1",
                                            "Arn"
                                        ]
                                    }
                                }
                            },
                            "Resources": {
                                "Role1": {
                                    "Properties": {
                                        "AssumeRolePolicyDocument": {
                                            "Statement": [
                                                {
                                                    "Action": [
                                                        "sts:AssumeRoleWithWebIdentity"
                                                    ],
                                                    "Condition": {
                                                        "StringEquals": {
                                                            "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
                                                            "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:s3-reader"
                                                        }
                                                    },
                                                    "Effect": "Allow",
                                                    "Principal": {
                                                        "Federated": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
                                                    }
                                                }
                                            ],
                                            "Version": "2012-10-17"
                                        },
                                        "ManagedPolicyArns": [
                                            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
                                        ]
                                    },
                                    "Type": "AWS::IAM::Role"
                                }
                            }
                        },
                        "tags": {
                            "alpha.eksctl.io/cluster-name": "demo",
                            "alpha.eksctl.io/eksctl-version": "irsactl-0.1.0",
                            "alpha.eksctl.io/iamserviceaccount-name": "default/s3-reader",
                            "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo"
                        },
                        "capability": "CAPABILITY_IAM",
                        "rollback": "enabled",
                        "deploymentMode": "standard",
                        "token": "irsactl-55f5bd0b25792c68118a9d0f75953b52"
                    },
                    {
                        "action": "applyServiceAccount",
                        "name": "default/s3-reader",
                        "presence": "missing",
                        "role": {
                            "outputOf": "eksctl-demo-addon-iamserviceaccount-default-s3-reader"
                        },
                        "labels": {
                            "app.kubernetes.io/managed-by": "eksctl"
                        },
                        "annotations": {},
                        "conflicts": "refused"
                    }
                ],
                "role": {
                    "outputOf": "eksctl-demo-addon-iamserviceaccount-default-s3-reader"
                }
            }
        ]
    }
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
}

#[test]
fn a_plan_as_yaml_is_the_same() {
    assert_snapshot!(plan("-o yaml -q"), @r#"
    [stdout]
    apiVersion: irsactl/v1
    kind: Plan
    summary:
      create: 2
      change: 0
      delete: 0
      wait: 0
    tracks:
    - target:
        serviceAccount: default/s3-reader
      actions:
      - action: createStack
        stack: eksctl-demo-addon-iamserviceaccount-default-s3-reader
        template:
          AWSTemplateFormatVersion: "2010-09-09"
          Description: IAM role for serviceaccount "default/s3-reader" [created and managed by eksctl]
          Outputs:
            Role1:
              Value:
                "Fn::GetAtt":
                - Role1
                - Arn
          Resources:
            Role1:
              Properties:
                AssumeRolePolicyDocument:
                  Statement:
                  - Action:
                    - sts:AssumeRoleWithWebIdentity
                    Condition:
                      StringEquals:
                        "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": sts.amazonaws.com
                        "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": system:serviceaccount:default:s3-reader
                    Effect: Allow
                    Principal:
                      Federated: arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E
                  Version: "2012-10-17"
                ManagedPolicyArns:
                - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
              Type: AWS::IAM::Role
        tags:
          alpha.eksctl.io/cluster-name: demo
          alpha.eksctl.io/eksctl-version: irsactl-0.1.0
          alpha.eksctl.io/iamserviceaccount-name: default/s3-reader
          eksctl.cluster.k8s.io/v1alpha1/cluster-name: demo
        capability: CAPABILITY_IAM
        rollback: enabled
        deploymentMode: standard
        token: irsactl-55f5bd0b25792c68118a9d0f75953b52
      - action: applyServiceAccount
        name: default/s3-reader
        presence: missing
        role:
          outputOf: eksctl-demo-addon-iamserviceaccount-default-s3-reader
        labels:
          app.kubernetes.io/managed-by: eksctl
        annotations: {}
        conflicts: refused
      role:
        outputOf: eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    "#);
}

#[test]
fn a_plan_as_names_is_what_would_change() {
    assert_snapshot!(plan("-o name"), @"
    [stdout]
    default/s3-reader
    [stderr]
    plan: 2 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
}

#[test]
fn a_plan_of_a_refusal_as_json_holds_the_reason_and_the_hints() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&CREATE.replace("--approve", "-o json")), @r#"
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
                    "serviceAccount": "default/s3-reader"
                },
                "actions": [],
                "refusals": [
                    {
                        "reason": "cluster \"demo\" has no IAM OIDC provider, so no pod of it could assume a role",
                        "hints": [
                            "run `irsactl associate-oidc-provider --cluster demo --approve` first",
                            "or add `--associate-oidc-provider` to this command"
                        ]
                    }
                ],
                "role": {
                    "outputOf": "eksctl-demo-addon-iamserviceaccount-default-s3-reader"
                }
            }
        ]
    }
    [stderr]
    error: default/s3-reader: cluster "demo" has no IAM OIDC provider, so no pod of it could assume a role
    hint: run `irsactl associate-oidc-provider --cluster demo --approve` first
    hint: or add `--associate-oidc-provider` to this command
    [exit 1]
    "#);
}

#[test]
fn the_template_of_the_plan_is_the_one_that_is_sent() {
    let bench = Bench::associated();
    let told = bench.run(&CREATE.replace("--approve", "-o json -q"));
    let json = told
        .trim_start_matches("[stdout]\n")
        .split("\n[exit")
        .next()
        .expect("JSON");
    let plan: serde_json::Value = serde_json::from_str(json).expect("JSON");
    bench.run(CREATE);
    let create = &plan["tracks"][0]["actions"][0];
    assert_eq!(create["template"], super::template_of(&bench, super::STACK));
}

#[test]
fn a_result_has_every_format() {
    for (format, wanted) in [("json", true), ("yaml", true), ("name", false)] {
        let bench = Bench::associated();
        let told = bench.run(&format!("{CREATE} -o {format} -q"));
        assert_eq!(told.contains("created stack eksctl-demo"), wanted, "{told}");
    }
    let bench = Bench::associated();
    assert_snapshot!(bench.run(&format!("{CREATE} -o json")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [
                    "created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader",
                    "created service account default/s3-reader"
                ],
                "roleARN": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK",
                "status": "created",
                "target": {
                    "serviceAccount": "default/s3-reader"
                }
            }
        ]
    }
    [stderr]
    created stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    created service account default/s3-reader
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&format!("{CREATE} -o yaml")), @"
    [stdout]
    apiVersion: irsactl/v1
    kind: Result
    items:
    - done: []
      roleARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      status: unchanged
      target:
        serviceAccount: default/s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{CREATE} -o name")), @"
    [stdout]
    default/s3-reader
    [exit 0]
    ");
}

#[test]
fn a_failure_is_in_the_document_too() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&format!("{CREATE} -o json -q")), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Result",
        "items": [
            {
                "done": [],
                "errors": [
                    "cluster \"demo\" has no IAM OIDC provider, so no pod of it could assume a role"
                ],
                "status": "refused",
                "target": {
                    "serviceAccount": "default/s3-reader"
                }
            }
        ]
    }
    [stderr]
    error: default/s3-reader: cluster "demo" has no IAM OIDC provider, so no pod of it could assume a role
    hint: run `irsactl associate-oidc-provider --cluster demo --approve` first
    hint: or add `--associate-oidc-provider` to this command
    [exit 1]
    "#);
}

#[test]
fn quiet_prints_the_result_only() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(&format!("{CREATE} --quiet")), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   created   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
}

#[test]
fn quiet_and_verbose_contradict_each_other() {
    let bench = Bench::associated();
    assert_snapshot!(bench.run(&format!("{CREATE} -q -v")), @"
    [stderr]
    error: the argument '--quiet' cannot be used with '--verbose...'

    Usage: irsactl create iamserviceaccount --cluster <CLUSTER> --attach-policy-arn <ARN> --approve[=<BOOL>] --quiet <NAME>

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn the_log_shows_no_secret() {
    let bench = Bench::associated();
    let told = bench.run(&format!("{CREATE} -vvv"));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    for secret in [
        "sandbox-secret-key",
        "k8s-aws-v1.",
        "X-Amz-Signature",
        "Bearer ",
    ] {
        assert!(!told.contains(secret), "{secret}: {told}");
    }
}

#[test]
fn the_exit_status_tells_whether_there_is_something_to_do() {
    let bench = Bench::associated();
    let plan = CREATE.replace("--approve", "--detailed-exitcode");
    assert!(bench.run(&plan).ends_with("[exit 3]\n"));
    assert!(bench.run(CREATE).ends_with("[exit 0]\n"));
    assert_snapshot!(bench.run(&plan), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_settled(&bench, &format!("{CREATE} --detailed-exitcode"));
}

#[test]
fn nothing_to_do_is_said_in_every_format() {
    let bench = Bench::associated();
    bench.run(CREATE);
    assert_snapshot!(bench.run(&CREATE.replace("--approve", "")), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_snapshot!(bench.run(&CREATE.replace("--approve", "-o json")), @r#"
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
                    "serviceAccount": "default/s3-reader"
                },
                "actions": [],
                "role": {
                    "arn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK"
                }
            }
        ]
    }
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&CREATE.replace("--approve", "-o name")), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

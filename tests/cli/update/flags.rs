//! By flags: what is named changes, and nothing else.

use insta::assert_snapshot;
use serde_json::json;

use super::{
    ADMINISTRATOR, POWER, SQS, UPDATE, assert_settled, by_hand, identity, planned_and_done, reader,
    rich, run_unchanging, template, without_names,
};
use crate::support::{Bench, S3};

#[test]
fn policies_are_replaced_and_the_rest_is_kept() {
    let bench = rich();
    let before = template(&bench);
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --attach-policy-arn {SQS}")), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        + managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: UPDATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy
      policy arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess
      policy arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-Policy1
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-PolicyExternalDNSChangeSet
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-PolicyExternalDNSHostedZones
      boundary arn:aws:iam::aws:policy/PowerUserAccess
    service account default/s3-reader
      label app=web
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
    let mut expected = before;
    expected["Resources"]["Role1"]["Properties"]["ManagedPolicyArns"][0] = SQS.into();
    assert_eq!(template(&bench), expected);
    assert_snapshot!(identity(&bench), @r#"
    UPDATE_COMPLETE IAM role for serviceaccount "default/s3-reader" [created and managed by eksctl] protected=true
    alpha.eksctl.io/cluster-name=demo
    alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    team=data
    "#);
}

#[test]
fn policies_are_added_and_removed() {
    let bench = reader();
    let line = format!("{UPDATE} --add-policy-arn {SQS} --remove-policy-arn {S3}");
    assert_snapshot!(planned_and_done(&bench, &line), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - managed policy: arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
        + managed policy: arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: UPDATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

#[test]
fn the_last_policy_can_go() {
    let bench = reader();
    planned_and_done(&bench, &format!("{UPDATE} --remove-policy-arn {S3}"));
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: UPDATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

#[test]
fn a_policy_of_a_well_known_one_is_removed_by_its_arn() {
    let bench = rich();
    let agent = "arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy";
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --remove-policy-arn {agent}")), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - managed policy: arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    // And one that is there as a function is not added once more.
    planned_and_done(
        &bench,
        &format!("{UPDATE} --well-known-policy cloudWatchAgent"),
    );
    assert_settled(&bench, &format!("{UPDATE} --add-policy-arn {agent}"));
}

#[test]
fn documents_are_replaced_and_well_known_policies_are_kept() {
    let bench = rich();
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --policy-document ~/put.json --policy-document ~/get.json")), @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        ~ inline policy Policy1:
            {
              "Statement": [
                {
          -       "Action": "s3:GetObject",
          +       "Action": "s3:PutObject",
                  "Effect": "Allow",
                  "Resource": "*"
                }
        + inline policy Policy2: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    "#);
    planned_and_done(&bench, &format!("{UPDATE} --policy-document ~/put.json"));
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: UPDATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      policy arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy
      policy arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-Policy1
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-PolicyExternalDNSChangeSet
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-PolicyExternalDNSHostedZones
      boundary arn:aws:iam::aws:policy/PowerUserAccess
    service account default/s3-reader
      label app=web
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

#[test]
fn a_document_is_read_from_stdin() {
    let bench = reader();
    let line = format!("{UPDATE} --policy-document - --approve");
    assert_snapshot!(bench.run_with(&line, super::GET), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    [exit 0]
    ");
    assert_snapshot!(bench.run_with(&line, super::GET), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
}

#[test]
fn well_known_policies_are_added() {
    let bench = reader();
    planned_and_done(
        &bench,
        &format!("{UPDATE} --well-known-policy certManager,cloudWatchAgent"),
    );
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: UPDATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      policy arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy
      policy arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-PolicyCertManagerChangeSet
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-PolicyCertManagerGetChange
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-PolicyCertManagerHostedZones
    service account default/s3-reader
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

#[test]
fn inline_policies_are_removed_by_either_name() {
    let bench = rich();
    let long = format!("{}-PolicyExternalDNSHostedZones", super::STACK);
    let line = format!("{UPDATE} --remove-inline-policy Policy1,{long}");
    bench.calls();
    let plan = bench.run(&line);
    assert_snapshot!(plan, @r#"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - inline policy Policy1: {"Action":"s3:GetObject","Effect":"Allow","Resource":"*"}
        - inline policy PolicyExternalDNSHostedZones: {"Action":["route53:ListHostedZones","route53:ListResourceRecordSets","route53:ListTagsForResource"],"Effect":"Allow","Resource":"*"}
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    bench.arrange(&format!("{line} --approve"));
    assert_snapshot!(bench.state(), @"
    stack eksctl-demo-addon-iamserviceaccount-default-s3-reader: UPDATE_COMPLETE, protected
    role arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      policy arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
      policy arn:aws:iam::aws:policy/CloudWatchAgentServerPolicy
      policy arn:aws:iam::aws:policy/AWSXrayWriteOnlyAccess
      inline eksctl-demo-addon-iamserviceaccount-default-s3-reader-PolicyExternalDNSChangeSet
      boundary arn:aws:iam::aws:policy/PowerUserAccess
    service account default/s3-reader
      label app=web
      label app.kubernetes.io/managed-by=eksctl
      annotation eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    ");
}

/// They hold what is asked for, and may be a mistake all the same.
#[test]
fn what_is_not_there_need_not_be_removed() {
    let bench = reader();
    let line = format!("{UPDATE} --remove-policy-arn {SQS} --remove-inline-policy Role1,Policy1");
    assert_snapshot!(run_unchanging(&bench, &format!("{line} --detailed-exitcode")), @"
    [stderr]
    note: the role does not have managed policy arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    note: the role does not have inline policy Role1
    note: the role does not have inline policy Policy1
    nothing to do: all is as asked
    [exit 0]
    ");
    assert_snapshot!(run_unchanging(&bench, &format!("{line} --approve")), @"
    [stdout]
    NAMESPACE   NAME        STATUS      ROLE ARN
    default     s3-reader   unchanged   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    note: the role does not have managed policy arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess
    note: the role does not have inline policy Role1
    note: the role does not have inline policy Policy1
    [exit 0]
    ");
}

#[test]
fn the_boundary_is_set_changed_and_removed() {
    let bench = reader();
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --permissions-boundary {POWER}")), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        + permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --permissions-boundary {ADMINISTRATOR}")), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - permissions boundary: arn:aws:iam::aws:policy/PowerUserAccess
        + permissions boundary: arn:aws:iam::aws:policy/AdministratorAccess
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --no-permissions-boundary")), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - permissions boundary: arn:aws:iam::aws:policy/AdministratorAccess
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert!(!bench.state().contains("boundary"));
}

#[test]
fn the_session_duration_changes() {
    let bench = rich();
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --max-session-duration 43200")), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        - maximum session duration: 7200 seconds
        + maximum session duration: 43200 seconds
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    by_hand(&bench, |role| assert_eq!(role.max_session_duration, 43_200));
    planned_and_done(&bench, &format!("{UPDATE} --max-session-duration 3600"));
}

#[test]
fn tags_are_added_and_the_others_are_kept() {
    let bench = rich();
    assert_snapshot!(planned_and_done(&bench, &format!("{UPDATE} --tags team=web,cost=1")), @"
    [stdout]
    ~ update stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
        + tag: cost=1
        - tag: team=data
        + tag: team=web
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(identity(&bench), @r#"
    UPDATE_COMPLETE IAM role for serviceaccount "default/s3-reader" [created and managed by eksctl] protected=true
    alpha.eksctl.io/cluster-name=demo
    alpha.eksctl.io/eksctl-version=irsactl-0.1.0
    alpha.eksctl.io/iamserviceaccount-name=default/s3-reader
    cost=1
    eksctl.cluster.k8s.io/v1alpha1/cluster-name=demo
    team=web
    "#);
}

#[test]
fn labels_and_annotations_change_the_service_account_alone() {
    let bench = rich();
    let line = format!(
        "{UPDATE} --labels app=api,tier=1 --annotations example.com/owner=data --token-expiration 900 --sts-regional-endpoints false"
    );
    assert_snapshot!(planned_and_done(&bench, &line), @"
    [stdout]
    ~ annotate service account default/s3-reader
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        - label: app=web
        + label: app=api
        + label: tier=1
        + annotation: eks.amazonaws.com/sts-regional-endpoints=false
        + annotation: eks.amazonaws.com/token-expiration=900
        + annotation: example.com/owner=data
    [stderr]
    plan: 0 to create, 1 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_snapshot!(bench.service_account("default", "s3-reader"), @"
    labels: app=api
    labels: app.kubernetes.io/managed-by=eksctl
    labels: tier=1
    annotations: eks.amazonaws.com/role-arn=arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    annotations: eks.amazonaws.com/sts-regional-endpoints=false
    annotations: eks.amazonaws.com/token-expiration=900
    annotations: example.com/owner=data
    ");
}

#[test]
fn the_role_only_needs_no_kubernetes() {
    let bench = reader();
    bench.sandbox.fault("kubernetes * reset");
    planned_and_done(
        &bench,
        &format!("{UPDATE} --add-policy-arn {SQS} --role-only"),
    );
    bench.calls();
    bench.run(&format!("{UPDATE} --add-policy-arn {SQS} --role-only"));
    assert!(!bench.calls().contains("kubernetes"));
}

#[test]
fn the_roles_own_name_and_path_may_be_named() {
    let bench = Bench::associated();
    bench.arrange(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --role-name reader --role-path /team/ --approve"
    ));
    assert_settled(
        &bench,
        &format!("{UPDATE} --role-name reader --role-path /team/"),
    );
    planned_and_done(
        &bench,
        &format!("{UPDATE} --role-name reader --add-policy-arn {SQS}"),
    );
}

#[test]
fn another_name_or_path_is_refused_with_the_way_to_it() {
    let bench = Bench::associated();
    bench.arrange(&format!(
        "create iamserviceaccount s3-reader --cluster demo --attach-policy-arn {S3} --role-name reader --approve"
    ));
    let line =
        format!("{UPDATE} --role-name writer --role-path /team/ --add-policy-arn {SQS} --approve");
    assert_snapshot!(run_unchanging(&bench, &line), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   refused
    [stderr]
    error: default/s3-reader: a role cannot be renamed or moved, it would be another role (- is there, + is asked for)
      - role name: reader
      + role name: writer
      - role path: /
      + role path: /team/
    hint: leave the role's name and path out: they stay as they are
    hint: or make the role anew, which pods then use only after a restart: `irsactl delete iamserviceaccount s3-reader --namespace default --cluster demo`, then create it
    [exit 1]
    ");
    let line = format!("{UPDATE} --role-path / --detailed-exitcode");
    assert_snapshot!(run_unchanging(&bench, &line), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn nothing_named_is_nothing_to_do() {
    let bench = rich();
    assert_settled(&bench, UPDATE);
}

#[test]
fn machines_get_all_that_is_sent() {
    let bench = reader();
    let line = format!("{UPDATE} --add-policy-arn {SQS} --tags team=web --labels app=web -o json");
    assert_snapshot!(without_names(&bench.run(&line)), @r#"
    [stdout]
    {
        "apiVersion": "irsactl/v1",
        "kind": "Plan",
        "summary": {
            "create": 0,
            "change": 2,
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
                        "action": "updateStack",
                        "stack": "eksctl-demo-addon-iamserviceaccount-default-s3-reader",
                        "id": "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-default-s3-reader/7835407f-c76c-fe3d-e2a7-b08d7e2d3c20",
                        "changeSet": "irsactl-NAME",
                        "differences": [
                            {
                                "item": "managed policy",
                                "asked": [
                                    "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
                                ],
                                "found": []
                            },
                            {
                                "item": "tag",
                                "asked": [
                                    "team=web"
                                ],
                                "found": []
                            }
                        ],
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
                                            "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess",
                                            "arn:aws:iam::aws:policy/AmazonSQSReadOnlyAccess"
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
                            "eksctl.cluster.k8s.io/v1alpha1/cluster-name": "demo",
                            "team": "web"
                        },
                        "capabilities": [
                            "CAPABILITY_IAM"
                        ],
                        "deploymentMode": "standard"
                    },
                    {
                        "action": "applyServiceAccount",
                        "name": "default/s3-reader",
                        "presence": "found",
                        "uid": "5a4db0c5-0000-4000-8000-000000000023",
                        "resourceVersion": "36",
                        "role": {
                            "arn": "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK"
                        },
                        "labels": {
                            "app": "web",
                            "app.kubernetes.io/managed-by": "eksctl"
                        },
                        "annotations": {},
                        "conflicts": "refused",
                        "differences": [
                            {
                                "item": "label",
                                "asked": [
                                    "app=web"
                                ],
                                "found": []
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
    plan: 0 to create, 2 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    "#);
    assert_snapshot!(bench.run(&line.replace("-o json", "-o name")), @"
    [stdout]
    default/s3-reader
    [stderr]
    plan: 0 to create, 2 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&line.replace("-o json", "--approve -o yaml")), @"
    [stdout]
    apiVersion: irsactl/v1
    kind: Result
    items:
    - done:
      - updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
      - annotated service account default/s3-reader
      roleARN: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
      status: updated
      target:
        serviceAccount: default/s3-reader
    [stderr]
    updated stack eksctl-demo-addon-iamserviceaccount-default-s3-reader
    annotated service account default/s3-reader
    [exit 0]
    ");
}

#[test]
fn a_service_account_that_is_gone_is_made_again() {
    let bench = reader();
    bench
        .sandbox
        .world()
        .api("demo")
        .delete_service_account("default", "s3-reader");
    assert_snapshot!(planned_and_done(&bench, UPDATE), @"
    [stdout]
    + create service account default/s3-reader
        role: arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
        label: app.kubernetes.io/managed-by=eksctl
        namespace: default, made where it is missing
    [stderr]
    plan: 1 to create, 0 to change, 0 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 3]
    ");
    assert_ne!(bench.service_account("default", "s3-reader"), "");
}

#[test]
fn the_stack_keeps_its_outputs_form_and_its_description() {
    let bench = reader();
    let before = template(&bench);
    bench.arrange(&format!("{UPDATE} --add-policy-arn {SQS} --approve"));
    let after = template(&bench);
    assert_eq!(before["Outputs"], after["Outputs"]);
    assert_eq!(before["Description"], after["Description"]);
    assert_eq!(
        after["Resources"]["Role1"]["Properties"]["ManagedPolicyArns"],
        json!([S3, SQS])
    );
}

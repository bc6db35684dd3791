//! Associations of a config file: created, applied, pruned and exported.

use insta::assert_snapshot;

use super::{association, ready};
use crate::support::{Bench, S3};

fn file(bench: &Bench, associations: &str) {
    bench.file(
        "cluster.yaml",
        &format!(
            "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\n\
             metadata: {{name: demo, region: eu-west-1}}\n\
             iam:\n  podIdentityAssociations:{associations}\n"
        ),
    );
}

fn api(more: &str) -> String {
    format!(
        "\n    - namespace: web\n      serviceAccountName: api\n      permissionPolicyARNs: [\"{S3}\"]\n{more}"
    )
}

const APPLY: &str = "apply -f ~/cluster.yaml";

#[test]
fn apply_makes_the_list_true_and_prune_takes_the_rest_away() {
    let bench = ready();
    file(&bench, &api(""));
    assert_snapshot!(bench.run(&format!("{APPLY} --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(bench.run(APPLY), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
    // Another's association is nobody's garbage.
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods("theirs");
    world.clusters[0].add_association("web", "theirs", &role);
    drop(world);
    file(&bench, " []");
    assert_snapshot!(bench.run(&format!("{APPLY} --prune")), @"
    [stdout]
    - delete EKS Pod Identity association of service account web/api
        role: arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    - delete stack eksctl-demo-podidentityrole-web-api
    [stderr]
    warning: iam.serviceAccounts is not in the config file, so none of the cluster's is missing in it; `serviceAccounts: []` says that there are to be none
    warning: the config file has no associations: all of the cluster's are missing in it
    plan: 0 to create, 0 to change, 2 to delete
    nothing was changed: run again with `--approve` to carry the plan out
    [exit 0]
    ");
    assert_snapshot!(bench.run(&format!("{APPLY} --prune --approve")), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    warning: iam.serviceAccounts is not in the config file, so none of the cluster's is missing in it; `serviceAccounts: []` says that there are to be none
    warning: the config file has no associations: all of the cluster's are missing in it
    deleted EKS Pod Identity association of service account web/api
    deleted stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    ");
    assert_eq!(association(&bench), "none");
    assert!(
        bench.sandbox.world().clusters[0]
            .association("web", "theirs")
            .is_some()
    );
}

/// Whoever may tag associations, and not delete them, has none deleted.
#[test]
fn tags_alone_have_no_association_pruned() {
    let bench = ready();
    let mut world = bench.sandbox.world();
    let role = world.add_role_of_pods("theirs");
    let tags = [
        ("alpha.eksctl.io/cluster-name", "demo"),
        ("alpha.eksctl.io/podidentityassociation-name", "web/api"),
    ];
    world.clusters[0].add_association("web", "api", &role);
    let found = world.clusters[0].association("web", "api").expect("it");
    found.tags = tags
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into();
    drop(world);
    file(&bench, " []");
    assert_snapshot!(bench.run(&format!("{APPLY} --prune --approve")), @"
    [stderr]
    warning: iam.serviceAccounts is not in the config file, so none of the cluster's is missing in it; `serviceAccounts: []` says that there are to be none
    note: web/api stays although the file does not have it, as no stack made its role for it; `irsactl delete podidentityassociation api --namespace web --cluster demo --region eu-west-1` deletes it
    [exit 0]
    ");
    assert_ne!(association(&bench), "none");
}

#[test]
fn what_is_exported_asks_for_what_there_is() {
    let bench = ready();
    let more = "      permissionPolicyName: Keys.1\n      permissionPolicy:\n        Statement: {Effect: Allow, Action: 'kms:Decrypt', Resource: '*'}\n      wellKnownPolicies: {autoScaler: true}\n      createServiceAccount: true\n      targetRoleARN: arn:aws:iam::444455556666:role/data\n      tags: {team: web}\n";
    file(&bench, &api(more));
    let told = bench.run(&format!("{APPLY} --approve"));
    assert!(told.ends_with("[exit 0]\n"), "{told}");
    let exported = bench.run("export --cluster demo");
    assert_snapshot!(exported, @r#"
    [stdout]
    apiVersion: eksctl.io/v1alpha5
    kind: ClusterConfig
    metadata:
      name: demo
      region: eu-west-1
    iam:
      podIdentityAssociations:
        - namespace: web
          serviceAccountName: api
          createServiceAccount: true
          permissionPolicyARNs:
            - arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
          permissionPolicy:
            Statement:
              Action: kms:Decrypt
              Effect: Allow
              Resource: "*"
          wellKnownPolicies:
            autoScaler: true
          permissionPolicyName: Keys1
          tags:
            team: web
          targetRoleARN: arn:aws:iam::444455556666:role/data
    [exit 0]
    "#);
    let text = exported.trim_start_matches("[stdout]\n").split("[").next();
    bench.file("cluster.yaml", text.expect("a file"));
    assert_snapshot!(bench.run(APPLY), @"
    [stderr]
    nothing to do: all is as asked
    [exit 0]
    ");
}

#[test]
fn what_is_wrong_in_the_list_is_told_at_its_place() {
    let bench = ready();
    file(
        &bench,
        "\n    - namespace: web\n      serviceAccountName: api\n    - serviceAccountName: b\n      roleARN: arn:aws:iam::111122223333:role/r\n      permissionPolicyARNs: [arn:aws:iam::aws:policy/A]\n      policy: '{}'\n    - {namespace: web, serviceAccountName: api, permissionPolicyName: Role1, permissionPolicy: {}, attachPolicyARNs: []}",
    );
    assert_snapshot!(bench.run(APPLY), @r#"
    [stderr]
    error: ~/cluster.yaml is no valid config file: 7 problems
      ~/cluster.yaml:6:7: iam.podIdentityAssociations[0] (web/api): one of permissionPolicyARNs, permissionPolicy, wellKnownPolicies and roleARN must be set
      ~/cluster.yaml:8:7: iam.podIdentityAssociations[1].namespace: must be set
      ~/cluster.yaml:10:29: iam.podIdentityAssociations[1].permissionPolicyARNs: permissionPolicyARNs cannot be used with roleARN: an existing role is used as it is
      ~/cluster.yaml:11:15: iam.podIdentityAssociations[1].policy: has no Statement
      ~/cluster.yaml:12:44: iam.podIdentityAssociations[2] (web/api).serviceAccountName: "web/api" stands twice; first in iam.podIdentityAssociations[0] (web/api), line 7
      ~/cluster.yaml:12:71: iam.podIdentityAssociations[2] (web/api).permissionPolicyName: "Role1": is the role's own name in the template
      ~/cluster.yaml:12:100: iam.podIdentityAssociations[2] (web/api).attachPolicyARNs: there is no such field
    hint: every field, and what it holds: `irsactl explain config`
    hint: a file that is right, to compare with: `irsactl export --cluster NAME`
    [exit 2]
    "#);
}

#[test]
fn create_and_delete_take_the_list_too() {
    let bench = ready();
    file(&bench, &api(""));
    assert_snapshot!(bench.run("create pia -f ~/cluster.yaml --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    created   arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-web-api-Role1-I2GV4BV2O5TY
    [stderr]
    created stack eksctl-demo-podidentityrole-web-api
    created EKS Pod Identity association of service account web/api
    [exit 0]
    ");
    assert_snapshot!(bench.run("delete pia -f ~/cluster.yaml --approve"), @"
    [stdout]
    NAMESPACE   NAME   STATUS    ROLE ARN
    web         api    deleted
    [stderr]
    deleted EKS Pod Identity association of service account web/api
    deleted stack eksctl-demo-podidentityrole-web-api
    [exit 0]
    ");
    assert_eq!(association(&bench), "none");
}

/// As other tools would have it.
#[test]
fn the_list_is_rendered_for_other_tools() {
    let bench = ready();
    let more = "      createServiceAccount: true\n      targetRoleARN: arn:aws:iam::444455556666:role/data\n    - namespace: web\n      serviceAccountName: reports\n      roleARN: arn:aws:iam::111122223333:role/reports\n";
    file(&bench, &api(more));
    let issuer = "https://oidc.eks.eu-west-1.amazonaws.com/id/A1";
    let render = |tool: &str| {
        let line = format!(
            "render -f ~/cluster.yaml --issuer-url {issuer} --account-id 111122223333 --for {tool}"
        );
        bench.run(&line)
    };
    assert_snapshot!(render("cloudformation"), @r#"
    [stdout]
    {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "IAM role for pod identity association [created and managed by eksctl]",
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
            "Association": {
                "Properties": {
                    "ClusterName": "demo",
                    "Namespace": "web",
                    "RoleArn": {
                        "Fn::GetAtt": [
                            "Role1",
                            "Arn"
                        ]
                    },
                    "ServiceAccount": "api",
                    "TargetRoleArn": "arn:aws:iam::444455556666:role/data"
                },
                "Type": "AWS::EKS::PodIdentityAssociation"
            },
            "Role1": {
                "Properties": {
                    "AssumeRolePolicyDocument": {
                        "Statement": [
                            {
                                "Action": [
                                    "sts:AssumeRole",
                                    "sts:TagSession"
                                ],
                                "Condition": {
                                    "StringEquals": {
                                        "aws:RequestTag/eks-cluster-arn": "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
                                        "aws:RequestTag/kubernetes-namespace": "web",
                                        "aws:RequestTag/kubernetes-service-account": "api"
                                    }
                                },
                                "Effect": "Allow",
                                "Principal": {
                                    "Service": "pods.eks.amazonaws.com"
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
    }
    [stderr]
    note: web/reports uses an existing role: there is nothing to make for it
    make the stack from its file as irsactl does, so that irsactl and eksctl manage it:
      aws cloudformation create-stack --stack-name eksctl-demo-podidentityrole-web-api \
        --template-body file://eksctl-demo-podidentityrole-web-api.json \
        --capabilities CAPABILITY_IAM --enable-termination-protection \
        --tags '[{"Key":"alpha.eksctl.io/cluster-name","Value":"demo"},{"Key":"alpha.eksctl.io/eksctl-version","Value":"irsactl-0.1.0"},{"Key":"alpha.eksctl.io/podidentityassociation-name","Value":"web/api"},{"Key":"eksctl.cluster.k8s.io/v1alpha1/cluster-name","Value":"demo"}]'
    [exit 0]
    "#);
    assert_snapshot!(render("terraform"), @r#"
    [stdout]
    # IAM roles for service accounts of cluster demo. Made by `irsactl render`.

    terraform {
      required_providers {
        aws = {
          source  = "hashicorp/aws"
          version = ">= 5.82"
        }
      }
    }

    # web/api
    resource "aws_iam_role" "pod_identity_web__api" {
      name_prefix = "demo-web-api-"
      assume_role_policy = jsonencode({
        Statement = [
          {
            Action = [
              "sts:AssumeRole",
              "sts:TagSession",
            ]
            Condition = {
              StringEquals = {
                "aws:RequestTag/eks-cluster-arn"            = "arn:aws:eks:eu-west-1:111122223333:cluster/demo"
                "aws:RequestTag/kubernetes-namespace"       = "web"
                "aws:RequestTag/kubernetes-service-account" = "api"
              }
            }
            Effect = "Allow"
            Principal = {
              Service = "pods.eks.amazonaws.com"
            }
          },
        ]
        Version = "2012-10-17"
      })
      tags = {
        "alpha.eksctl.io/cluster-name"                = "demo"
        "alpha.eksctl.io/podidentityassociation-name" = "web/api"
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name" = "demo"
      }
    }

    resource "aws_iam_role_policy_attachment" "pod_identity_web__api" {
      for_each   = toset(["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])
      role       = aws_iam_role.pod_identity_web__api.name
      policy_arn = each.value
    }

    resource "aws_eks_pod_identity_association" "pod_identity_web__api" {
      cluster_name    = "demo"
      namespace       = "web"
      service_account = "api"
      role_arn        = aws_iam_role.pod_identity_web__api.arn
      target_role_arn = "arn:aws:iam::444455556666:role/data"
      tags = {
        "alpha.eksctl.io/cluster-name"                = "demo"
        "alpha.eksctl.io/podidentityassociation-name" = "web/api"
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name" = "demo"
      }
    }

    resource "aws_eks_pod_identity_association" "pod_identity_web__reports" {
      cluster_name    = "demo"
      namespace       = "web"
      service_account = "reports"
      role_arn        = "arn:aws:iam::111122223333:role/reports"
      tags = {
        "alpha.eksctl.io/cluster-name"                = "demo"
        "alpha.eksctl.io/podidentityassociation-name" = "web/reports"
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name" = "demo"
      }
    }

    output "role_arns" {
      description = "Role of each service account, for its annotation eks.amazonaws.com/role-arn."
      value       = {}
    }
    [stderr]
    note: web/reports uses an existing role: there is nothing to make for it
    [exit 0]
    "#);
    assert_snapshot!(render("kubernetes"), @"
    [stdout]
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      labels:
        app.kubernetes.io/managed-by: eksctl
      name: api
      namespace: web
    [exit 0]
    ");
    let script = render("aws-cli");
    let (_, main) = script.split_once("main() {").expect("the commands");
    assert_snapshot!(main, @r#"
    need_cluster

    need_account

    # web/api
    role demo-web-api-26bea641 \
      web/api \
      '{"Statement":[{"Action":["sts:AssumeRole","sts:TagSession"],"Condition":{"StringEquals":{"aws:RequestTag/eks-cluster-arn":"arn:aws:eks:eu-west-1:111122223333:cluster/demo","aws:RequestTag/kubernetes-namespace":"web","aws:RequestTag/kubernetes-service-account":"api"}},"Effect":"Allow","Principal":{"Service":"pods.eks.amazonaws.com"}}],"Version":"2012-10-17"}' \
      --tags '[{"Key":"alpha.eksctl.io/cluster-name","Value":"demo"},{"Key":"alpha.eksctl.io/podidentityassociation-name","Value":"web/api"},{"Key":"eksctl.cluster.k8s.io/v1alpha1/cluster-name","Value":"demo"}]'
    managed_policy demo-web-api-26bea641 arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service_account web \
      api \
      '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"name":"api","namespace":"web"}}'
    association web api arn:aws:iam::111122223333:role/demo-web-api-26bea641 \
      '{"clusterName":"demo","namespace":"web","roleArn":"arn:aws:iam::111122223333:role/demo-web-api-26bea641","serviceAccount":"api","tags":{"alpha.eksctl.io/cluster-name":"demo","alpha.eksctl.io/eksctl-version":"irsactl-0.1.0","alpha.eksctl.io/podidentityassociation-name":"web/api","eksctl.cluster.k8s.io/v1alpha1/cluster-name":"demo"},"targetRoleArn":"arn:aws:iam::444455556666:role/data"}'

    # web/reports
    association web reports arn:aws:iam::111122223333:role/reports \
      '{"clusterName":"demo","namespace":"web","roleArn":"arn:aws:iam::111122223333:role/reports","serviceAccount":"reports","tags":{"alpha.eksctl.io/cluster-name":"demo","alpha.eksctl.io/eksctl-version":"irsactl-0.1.0","alpha.eksctl.io/podidentityassociation-name":"web/reports","eksctl.cluster.k8s.io/v1alpha1/cluster-name":"demo"}}'
    }

    main </dev/null
    [exit 0]
    "#);
    let line =
        "render -f ~/cluster.yaml --issuer-url https://example.com --account-id 111122223333";
    assert_snapshot!(bench.run(line), @"
    [stderr]
    error: web/api: an EKS Pod Identity association is of an EKS cluster, and https://example.com is no issuer of one
    hint: see `--help`
    [exit 2]
    ");
}

/// Where the list of those that are there is read anyway.
#[test]
fn more_associations_than_a_cluster_may_have_are_refused_before_anything_is_written() {
    let bench = ready();
    let mut world = bench.sandbox.world();
    world.keeps_past = false;
    let role = world.add_role_of_pods("theirs");
    for number in 0..5_000 {
        world.clusters[0].add_association("other", &format!("a{number}"), &role);
    }
    drop(world);
    file(&bench, &api(""));
    assert_snapshot!(bench.run(&format!("{APPLY} --prune --approve")), @r#"
    [stderr]
    warning: iam.serviceAccounts is not in the config file, so none of the cluster's is missing in it; `serviceAccounts: []` says that there are to be none
    error: cluster "demo" has 5000 EKS Pod Identity associations of 5000 at most, and this needs 1 more
    hint: take fewer at once: choose with `--include`
    hint: a cluster has 5000 associations at most: delete what is no longer needed: `aws eks list-pod-identity-associations --cluster-name demo --region eu-west-1`
    [exit 1]
    "#);
    assert_eq!(bench.stacks(), "");
}

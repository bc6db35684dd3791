//! `render podidentityassociation`: by flags, as `render` of a file has it.

use insta::assert_snapshot;

use crate::support::{Bench, S3};

const PLACE: &str = "--issuer-url https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E --account-id 111122223333";
const TARGET: &str = "arn:aws:iam::444455556666:role/data";

fn by_flags(flags: &str) -> String {
    format!("render podidentityassociation web/api --cluster demo {PLACE} {flags}")
}

#[test]
fn the_template_holds_the_role_and_the_association() {
    let bench = Bench::new();
    assert_snapshot!(bench.run(&by_flags(&format!("--attach-policy-arn {S3}"))), @r#"
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
                    "ServiceAccount": "api"
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
    make the stack from its file as irsactl does, so that irsactl and eksctl manage it:
      aws cloudformation create-stack --stack-name eksctl-demo-podidentityrole-web-api \
        --template-body file://eksctl-demo-podidentityrole-web-api.json \
        --capabilities CAPABILITY_IAM --enable-termination-protection \
        --tags '[{"Key":"alpha.eksctl.io/cluster-name","Value":"demo"},{"Key":"alpha.eksctl.io/eksctl-version","Value":"irsactl-0.1.0"},{"Key":"alpha.eksctl.io/podidentityassociation-name","Value":"web/api"},{"Key":"eksctl.cluster.k8s.io/v1alpha1/cluster-name","Value":"demo"}]'
    [exit 0]
    "#);
    assert_eq!(bench.calls(), "");
}

#[test]
fn each_tool_gets_by_flags_what_it_gets_by_a_file() {
    let bench = Bench::new();
    let entry = format!(
        "{{namespace: web, serviceAccountName: api, permissionPolicyARNs: [{S3:?}], targetRoleARN: {TARGET:?}, \
         createServiceAccount: true, tags: {{team: data}}}}"
    );
    let text = format!(
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {{name: demo, region: eu-west-1}}\n\
         iam:\n  podIdentityAssociations:\n    - {entry}\n"
    );
    bench.file("cluster.yaml", &text);
    let flags = format!(
        "--permission-policy-arns {S3} --target-role-arn {TARGET} --create-service-account --tags team=data"
    );
    for (tool, holds) in [
        ("cloudformation", "AWS::EKS::PodIdentityAssociation"),
        ("terraform", "aws_eks_pod_identity_association"),
        ("aws-cli", "create-pod-identity-association"),
        ("kubernetes", "kind: ServiceAccount"),
    ] {
        let flagged = bench.run(&by_flags(&format!("{flags} --for {tool} -q")));
        let filed = bench.run(&format!("render -f ~/cluster.yaml {PLACE} --for {tool} -q"));
        assert!(flagged.contains(holds), "{flagged}");
        assert_eq!(flagged, filed, "{tool}");
    }
}

#[test]
fn what_is_missing_is_told_and_a_service_account_of_the_nouns_name_has_a_namespace() {
    let bench = Bench::new();
    let line = by_flags(&format!("--attach-policy-arn {S3}"));
    assert_snapshot!(bench.run(&line.replace("web/api", "api")), @"
    [stderr]
    error: --namespace must be set, or NAME be NAMESPACE/NAME
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(bench.run(&line.replace("--cluster demo", "")), @"
    [stderr]
    error: the following required arguments were not provided:
      --cluster <CLUSTER>

    Usage: irsactl render podidentityassociation --cluster <CLUSTER> --issuer-url <URL> --account-id <ID> --attach-policy-arn <ARN> <NAME>

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(bench.run(&by_flags("--for terraform")), @"
    [stderr]
    error: one of --attach-policy-arn, --policy-document, --well-known-policy and --attach-role-arn must be set
    hint: see `--help`
    [exit 2]
    ");
    let account = format!(
        "render default/podidentityassociation --cluster demo {PLACE} --attach-policy-arn {S3} -q"
    );
    let told = bench.run(&account);
    assert!(
        told.contains("system:serviceaccount:default:podidentityassociation"),
        "{told}"
    );
}

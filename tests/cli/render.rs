//! `render`: what each tool is given, with nobody asked.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::{Bench, S3};

const ISSUER: &str = "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E";
const POLICY: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "Own", "Effect": "Allow",
    "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::app/${aws:PrincipalTag/team}/*",
    "Condition": {"StringLike": {"s3:prefix": "it's \"%{quoted}\""}, "Bool": {"aws:SecureTransport": true}}}]}"#;

/// In an environment that leads nowhere: no credentials, no region, no endpoints, no proxy.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let names: Vec<String> = bench
        .sandbox
        .environment()
        .into_iter()
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in names {
        bench.set(&name, "");
    }
    bench.file("policy.json", POLICY);
    bench
}

/// Renders default/s3-reader (or another) of the cluster that the sandbox has.
fn render(bench: &Bench, flags: &str) -> String {
    bench.run(&format!(
        "render --cluster demo --issuer-url {ISSUER} --account-id 111122223333 {flags}"
    ))
}

/// What is printed, without the words for people.
fn rendered(bench: &Bench, flags: &str) -> String {
    let text = render(bench, &format!("{flags} --quiet"));
    let text = text.strip_suffix("\n[exit 0]\n").expect(&text);
    text.strip_prefix("[stdout]\n").expect(text).to_owned()
}

#[test]
fn a_template_comes_with_the_command_that_makes_its_stack() {
    let bench = bench();
    assert_snapshot!(render(&bench, &format!("s3-reader --attach-policy-arn {S3} --role-name reader --tags team=a")), @r#"
    [stdout]
    {
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
                    ],
                    "RoleName": "reader"
                },
                "Type": "AWS::IAM::Role"
            }
        }
    }
    [stderr]
    make the stack from its file as irsactl does, so that irsactl and eksctl manage it:
      aws cloudformation create-stack --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader \
        --template-body file://eksctl-demo-addon-iamserviceaccount-default-s3-reader.json \
        --capabilities CAPABILITY_NAMED_IAM --enable-termination-protection \
        --tags '[{"Key":"alpha.eksctl.io/cluster-name","Value":"demo"},{"Key":"alpha.eksctl.io/eksctl-version","Value":"irsactl-0.1.0"},{"Key":"alpha.eksctl.io/iamserviceaccount-name","Value":"default/s3-reader"},{"Key":"eksctl.cluster.k8s.io/v1alpha1/cluster-name","Value":"demo"},{"Key":"team","Value":"a"}]'
    [exit 0]
    "#);
    assert_eq!(bench.calls(), "");
}

#[test]
fn a_template_is_the_one_that_create_sends() {
    let bench = Bench::associated();
    bench.file("policy.json", POLICY);
    let flags = format!(
        "s3-reader --attach-policy-arn {S3} --policy-document ~/policy.json \
         --well-known-policy certManager,imageBuilder --role-path /team/ --max-session-duration 7200 \
         --subject-pattern s3-* --audience other.example"
    );
    let plan = bench.run(&format!(
        "create iamserviceaccount --cluster demo {flags} --associate-oidc-provider -q -o json"
    ));
    let plan = plan
        .split("\n[")
        .next()
        .expect("a plan")
        .trim_start_matches("[stdout]\n");
    let plan: Value = serde_json::from_str(plan).expect(plan);
    let sent = plan
        .pointer("/tracks/0/actions")
        .and_then(Value::as_array)
        .expect("actions");
    let sent = sent
        .iter()
        .find_map(|action| action.get("template"))
        .expect("a stack");
    let template: Value = serde_json::from_str(&rendered(&bench, &flags)).expect("JSON");
    assert_eq!(&template, sent);
}

#[test]
fn terraform_gets_roles_policies_attachments_and_outputs() {
    let bench = bench();
    let flags = format!(
        "s3-reader --attach-policy-arn {S3} --policy-document ~/policy.json --for terraform"
    );
    assert_snapshot!(render(&bench, &flags), @r#"
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

    # The cluster's IAM OIDC provider, which must be there already.
    data "aws_iam_openid_connect_provider" "demo" {
      arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
    }

    # default/s3-reader
    resource "aws_iam_role" "default__s3-reader" {
      name_prefix = "demo-default-s3-reader-"
      assume_role_policy = jsonencode({
        Statement = [
          {
            Action = ["sts:AssumeRoleWithWebIdentity"]
            Condition = {
              StringEquals = {
                "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud" = "sts.amazonaws.com"
                "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub" = "system:serviceaccount:default:s3-reader"
              }
            }
            Effect = "Allow"
            Principal = {
              Federated = data.aws_iam_openid_connect_provider.demo.arn
            }
          },
        ]
        Version = "2012-10-17"
      })
      tags = {
        "alpha.eksctl.io/cluster-name"                = "demo"
        "alpha.eksctl.io/iamserviceaccount-name"      = "default/s3-reader"
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name" = "demo"
      }
    }

    resource "aws_iam_role_policy" "default__s3-reader__Policy1" {
      name = "Policy1"
      role = aws_iam_role.default__s3-reader.name
      policy = jsonencode({
        Statement = [
          {
            Action = [
              "s3:GetObject",
              "s3:PutObject",
            ]
            Condition = {
              Bool = {
                "aws:SecureTransport" = true
              }
              StringLike = {
                "s3:prefix" = "it's \"%%{quoted}\""
              }
            }
            Effect   = "Allow"
            Resource = "arn:aws:s3:::app/$${aws:PrincipalTag/team}/*"
            Sid      = "Own"
          },
        ]
        Version = "2012-10-17"
      })
    }

    resource "aws_iam_role_policy_attachment" "default__s3-reader" {
      for_each   = toset(["arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"])
      role       = aws_iam_role.default__s3-reader.name
      policy_arn = each.value
    }

    output "role_arns" {
      description = "Role of each service account, for its annotation eks.amazonaws.com/role-arn."
      value = {
        "default/s3-reader" = aws_iam_role.default__s3-reader.arn
      }
    }
    [exit 0]
    "#);
}

#[test]
fn terraform_makes_the_provider_where_that_is_asked_for() {
    let bench = bench();
    let flags = "kube-system/cni --well-known-policy vpcCNI --role-name cni --role-path /t/ \
        --max-session-duration 7200 --permissions-boundary arn:aws:iam::111122223333:policy/b \
        --audience other.example --for terraform --associate-oidc-provider";
    assert_snapshot!(render(&bench, flags), @r#"
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

    # The cluster's IAM OIDC provider.
    resource "aws_iam_openid_connect_provider" "demo" {
      url            = "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"
      client_id_list = ["other.example"]
      tags = {
        "alpha.eksctl.io/cluster-name"                = "demo"
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name" = "demo"
      }
    }

    # kube-system/cni
    resource "aws_iam_role" "kube-system__cni" {
      name                 = "cni"
      path                 = "/t/"
      max_session_duration = 7200
      permissions_boundary = "arn:aws:iam::111122223333:policy/b"
      assume_role_policy = jsonencode({
        Statement = [
          {
            Action = ["sts:AssumeRoleWithWebIdentity"]
            Condition = {
              StringEquals = {
                "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud" = "other.example"
                "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub" = "system:serviceaccount:kube-system:cni"
              }
            }
            Effect = "Allow"
            Principal = {
              Federated = aws_iam_openid_connect_provider.demo.arn
            }
          },
        ]
        Version = "2012-10-17"
      })
      tags = {
        "alpha.eksctl.io/cluster-name"                = "demo"
        "alpha.eksctl.io/iamserviceaccount-name"      = "kube-system/cni"
        "eksctl.cluster.k8s.io/v1alpha1/cluster-name" = "demo"
      }
    }

    resource "aws_iam_role_policy_attachment" "kube-system__cni" {
      for_each   = toset(["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"])
      role       = aws_iam_role.kube-system__cni.name
      policy_arn = each.value
    }

    output "role_arns" {
      description = "Role of each service account, for its annotation eks.amazonaws.com/role-arn."
      value = {
        "kube-system/cni" = aws_iam_role.kube-system__cni.arn
      }
    }
    [exit 0]
    "#);
}

/// What a script does behind its functions, where it came whole.
fn calls(script: &str) -> &str {
    let (_, main) = script.rsplit_once("\n}\n\nmain() {\n").expect(script);
    main.strip_suffix("}\n\nmain </dev/null").expect(script)
}

#[test]
fn the_aws_cli_gets_a_script() {
    let bench = bench();
    let flags = format!(
        "s3-reader --attach-policy-arn {S3} --policy-document ~/policy.json --permissions-boundary {S3} \
         --labels team=a --override-existing-serviceaccounts --for aws-cli"
    );
    let script = rendered(&bench, &flags);
    assert!(script.starts_with("#!/bin/sh\n"), "{script}");
    assert_snapshot!(calls(&script), @r#"
    need_cluster

    need_account
    need_provider

    # default/s3-reader
    role demo-default-s3-reader-f1b22b66 \
      default/s3-reader \
      '{"Statement":[{"Action":["sts:AssumeRoleWithWebIdentity"],"Condition":{"StringEquals":{"oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud":"sts.amazonaws.com","oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub":"system:serviceaccount:default:s3-reader"}},"Effect":"Allow","Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}}],"Version":"2012-10-17"}' \
      --tags '[{"Key":"alpha.eksctl.io/cluster-name","Value":"demo"},{"Key":"alpha.eksctl.io/iamserviceaccount-name","Value":"default/s3-reader"},{"Key":"eksctl.cluster.k8s.io/v1alpha1/cluster-name","Value":"demo"}]' \
      --permissions-boundary arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    inline_policy demo-default-s3-reader-f1b22b66 Policy1 '{"Statement":[{"Action":["s3:GetObject","s3:PutObject"],"Condition":{"Bool":{"aws:SecureTransport":true},"StringLike":{"s3:prefix":"it'\''s \"%{quoted}\""}},"Effect":"Allow","Resource":"arn:aws:s3:::app/${aws:PrincipalTag/team}/*","Sid":"Own"}],"Version":"2012-10-17"}'
    managed_policy demo-default-s3-reader-f1b22b66 arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess
    service_account default \
      s3-reader \
      '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::111122223333:role/demo-default-s3-reader-f1b22b66"},"labels":{"team":"a"},"name":"s3-reader","namespace":"default"}}' \
      --force-conflicts
    "#);
    let role_only = rendered(&bench, &format!("{flags} --role-only"));
    let role_only = calls(&role_only).trim();
    assert!(calls(&script).contains(role_only), "{role_only}");
    assert!(!role_only.contains("service_account"), "{role_only}");
}

#[test]
fn a_script_can_make_the_provider() {
    let bench = bench();
    let flags = "a --well-known-policy vpcCNI --associate-oidc-provider --role-only --for aws-cli \
        --audience https://vault.example.com";
    let script = rendered(&bench, flags);
    let (calls, _) = calls(&script).split_once("\n\n#").expect("an account");
    assert_snapshot!(calls, @r#"
    need_account
    provider '{"ClientIDList":["https://vault.example.com"],"Tags":[{"Key":"alpha.eksctl.io/cluster-name","Value":"demo"},{"Key":"eksctl.cluster.k8s.io/v1alpha1/cluster-name","Value":"demo"}],"Url":"https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}'
    audience '{"ClientID":"https://vault.example.com","OpenIDConnectProviderArn":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E"}'
    "#);
}

#[test]
fn kubernetes_gets_the_service_account_of_a_role_that_is_known() {
    let bench = bench();
    assert_snapshot!(render(&bench, &format!(
        "shop/cart --attach-policy-arn {S3} --role-name cart --role-path /t/ --labels team=a --token-expiration 3600 \
         --annotations example.com/on=no --for kubernetes"
    )), @r#"
    [stdout]
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      annotations:
        eks.amazonaws.com/role-arn: arn:aws:iam::111122223333:role/t/cart
        eks.amazonaws.com/token-expiration: "3600"
        example.com/on: "no"
      labels:
        app.kubernetes.io/managed-by: eksctl
        team: a
      name: cart
      namespace: shop
    [exit 0]
    "#);
    // Nothing of the cluster is needed where the role is there already.
    assert_snapshot!(bench.run(
        "render shop/cart --cluster demo --attach-role-arn arn:aws:iam::444455556666:role/cart --for kubernetes"
    ), @"
    [stdout]
    apiVersion: v1
    kind: ServiceAccount
    metadata:
      annotations:
        eks.amazonaws.com/role-arn: arn:aws:iam::444455556666:role/cart
      labels:
        app.kubernetes.io/managed-by: eksctl
      name: cart
      namespace: shop
    [exit 0]
    ");
    assert_snapshot!(render(&bench, &format!("shop/cart --attach-policy-arn {S3} --for kubernetes")), @"
    [stderr]
    error: shop/cart: the ARN of its role is not known before the role is made
    hint: name the role (`--role-name NAME`), or put the ARN of the role that was made: `--attach-role-arn ARN`
    [exit 2]
    ");
}

#[test]
fn an_existing_role_is_a_service_account_and_nothing_else() {
    let bench = bench();
    let flags = "shop/cart --attach-role-arn arn:aws:iam::444455556666:role/cart";
    let script = rendered(&bench, &format!("{flags} --for aws-cli"));
    assert_snapshot!(calls(&script), @r#"
    need_cluster

    # shop/cart
    service_account shop \
      cart \
      '{"apiVersion":"v1","kind":"ServiceAccount","metadata":{"annotations":{"eks.amazonaws.com/role-arn":"arn:aws:iam::444455556666:role/cart"},"name":"cart","namespace":"shop"}}'
    "#);
    assert_snapshot!(render(&bench, flags), @"
    [stderr]
    error: an existing role is not rendered: only `--for kubernetes` and `--for aws-cli` have something for it
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(render(&bench, &format!("{flags} --for terraform")), @"
    [stderr]
    error: an existing role is not rendered: only `--for kubernetes` and `--for aws-cli` have something for it
    hint: see `--help`
    [exit 2]
    ");
}

#[test]
fn what_stands_in_for_the_cluster_must_be_given() {
    let bench = bench();
    let flags = format!("s3-reader --cluster demo --attach-policy-arn {S3}");
    assert_snapshot!(bench.run(&format!("render {flags}")), @"
    [stderr]
    error: --issuer-url and --account-id must be set: `render` asks nobody about the cluster
    hint: find the issuer: `aws eks describe-cluster --name demo --query cluster.identity.oidc.issuer --output text`
    hint: find the account: `aws sts get-caller-identity --query Account --output text`
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("render {flags} --issuer-url {ISSUER} --for aws-cli")), @"
    [stderr]
    error: --account-id must be set: `render` asks nobody about the cluster
    hint: find the account: `aws sts get-caller-identity --query Account --output text`
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("render {flags} --account-id 111122223333 --role-name a --for kubernetes")), @"
    [stderr]
    error: --issuer-url must be set: `render` asks nobody about the cluster
    hint: find the issuer: `aws eks describe-cluster --name demo --query cluster.identity.oidc.issuer --output text`
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("render {flags} --account-id 1111-2222-3333")), @"
    [stderr]
    error: invalid value '1111-2222-3333' for '--account-id <ID>': an AWS account is 12 digits

    For more information, try '--help'.
    [exit 2]
    ");
    assert_snapshot!(bench.run(&format!("render {flags} --partition azure")), @"
    [stderr]
    error: invalid value 'azure' for '--partition <NAME>'
      [possible values: aws, aws-cn, aws-us-gov, aws-iso, aws-iso-b, aws-iso-e, aws-iso-f, aws-eusc]

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn the_partition_is_the_issuers() {
    let bench = bench();
    let policies = |place: &str| {
        let text = bench.run(&format!(
            "render a --cluster demo {place} --account-id 111122223333 --well-known-policy vpcCNI --for terraform"
        ));
        let lines = text.lines().map(str::trim);
        lines
            .filter(|line| line.contains("arn:") || line.contains(": "))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_snapshot!(policies("--issuer-url https://oidc.eks.us-gov-west-1.amazonaws.com/id/A"), @r#"
    arn = "arn:aws-us-gov:iam::111122223333:oidc-provider/oidc.eks.us-gov-west-1.amazonaws.com/id/A"
    for_each   = toset(["arn:aws-us-gov:iam::aws:policy/AmazonEKS_CNI_Policy"])
    "#);
    assert_snapshot!(policies("--issuer-url https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A"), @r#"
    arn = "arn:aws-cn:iam::111122223333:oidc-provider/oidc.eks.cn-north-1.amazonaws.com.cn/id/A"
    for_each   = toset(["arn:aws-cn:iam::aws:policy/AmazonEKS_CNI_Policy"])
    "#);
    assert_snapshot!(policies("--issuer-url https://oidc.example.com"), @r#"
    arn = "arn:aws:iam::111122223333:oidc-provider/oidc.example.com"
    for_each   = toset(["arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"])
    "#);
    assert_snapshot!(policies("--issuer-url https://oidc.example.com --partition aws-eusc"), @r#"
    arn = "arn:aws-eusc:iam::111122223333:oidc-provider/oidc.example.com"
    for_each   = toset(["arn:aws-eusc:iam::aws:policy/AmazonEKS_CNI_Policy"])
    "#);
    assert_snapshot!(policies("--issuer-url https://oidc.eks.cn-north-1.amazonaws.com.cn/id/A --partition aws"), @"
    error: --partition aws and --issuer-url contradict each other: oidc.eks.cn-north-1.amazonaws.com.cn is in aws-cn
    hint: see `--help`
    ");
}

#[test]
fn what_cannot_be_rendered_is_refused_with_the_way_out() {
    let bench = bench();
    bench.file(
        "bucket.json",
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow",
        "Action": "s3:*", "Resource": {"Fn::GetAtt": ["Bucket", "Arn"]}}}"#,
    );
    let flags = "s3-reader --policy-document ~/bucket.json";
    assert_snapshot!(render(&bench, &format!("{flags} --for terraform")), @r#"
    [stderr]
    error: default/s3-reader: inline policy Policy1 has {"Fn::GetAtt":["Bucket","Arn"]}, which only CloudFormation can resolve
    hint: write the value itself into the document, or render `--for cloudformation`
    [exit 2]
    "#);
    assert_snapshot!(render(&bench, &format!("{flags} --for aws-cli")), @r#"
    [stderr]
    error: default/s3-reader: inline policy Policy1 has {"Fn::GetAtt":["Bucket","Arn"]}, which only CloudFormation can resolve
    hint: write the value itself into the document, or render `--for cloudformation`
    [exit 2]
    "#);
    assert!(rendered(&bench, flags).contains("Fn::GetAtt"));
    let foreign =
        "--attach-policy-arn arn:aws:iam::444455556666:policy/a,arn:aws-cn:iam::aws:policy/b";
    assert_snapshot!(render(&bench, &format!("s3-reader {foreign}")), @r#"
    [stderr]
    error: default/s3-reader: policy arn:aws:iam::444455556666:policy/a is of another account than the cluster's, 111122223333
    hint: create a policy with the same document in the cluster's account
    error: default/s3-reader: arn:aws-cn:iam::aws:policy/b is not of the cluster's partition "aws"
    hint: ARNs of this partition begin with `arn:aws:`
    [exit 1]
    "#);
    assert_snapshot!(render(&bench, "s3-reader"), @"
    [stderr]
    error: one of --attach-policy-arn, --policy-document, --well-known-policy and --attach-role-arn must be set
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(render(&bench, &format!("s3-reader --attach-policy-arn {S3} --role-only --for kubernetes")), @"
    [stderr]
    error: --role-only cannot be used with --for kubernetes: there would be nothing to render
    hint: see `--help`
    [exit 2]
    ");
    assert_snapshot!(render(&bench, &format!("s3-reader --attach-policy-arn {S3} --output-dir ~/x --for terraform")), @"
    [stderr]
    error: --output-dir is for CloudFormation's templates: redirect stdout into a file
    hint: see `--help`
    [exit 2]
    ");
}

#[test]
fn stacks_do_not_hold_the_provider() {
    let bench = bench();
    let flags =
        "a --well-known-policy vpcCNI --audience other --associate-oidc-provider --output-dir ~/a";
    let text = render(&bench, flags);
    let (_, notes) = text.split_once("[stderr]\n").expect(&text);
    assert_snapshot!(notes.lines().next().expect("a note"), @"note: the stacks hold roles only: `irsactl associate-oidc-provider --cluster demo --audience other --approve` makes the provider");
}

#[test]
fn templates_are_written_into_a_folder() {
    let bench = bench();
    let flags = format!("s3-reader --attach-policy-arn {S3} --output-dir ~/a/b");
    assert_snapshot!(render(&bench, &flags), @r#"
    [stdout]
    ~/a/b/eksctl-demo-addon-iamserviceaccount-default-s3-reader.json
    [stderr]
    make the stack from its file as irsactl does, so that irsactl and eksctl manage it:
      aws cloudformation create-stack --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader \
        --template-body file://~/a/b/eksctl-demo-addon-iamserviceaccount-default-s3-reader.json \
        --capabilities CAPABILITY_IAM --enable-termination-protection \
        --tags '[{"Key":"alpha.eksctl.io/cluster-name","Value":"demo"},{"Key":"alpha.eksctl.io/eksctl-version","Value":"irsactl-0.1.0"},{"Key":"alpha.eksctl.io/iamserviceaccount-name","Value":"default/s3-reader"},{"Key":"eksctl.cluster.k8s.io/v1alpha1/cluster-name","Value":"demo"}]'
    [exit 0]
    "#);
    let name = "a/b/eksctl-demo-addon-iamserviceaccount-default-s3-reader.json";
    let written =
        std::fs::read_to_string(bench.file("x", "").with_file_name(name)).expect("a file");
    assert_eq!(
        written.trim_end(),
        rendered(&bench, &format!("s3-reader --attach-policy-arn {S3}"))
    );
    // Its own file is written anew, another's is left.
    let again = render(&bench, &format!("{flags} --role-path /t/ --quiet"));
    assert!(again.ends_with("[exit 0]\n"), "{again}");
    let written =
        std::fs::read_to_string(bench.file("x", "").with_file_name(name)).expect("a file");
    assert!(written.contains("\"Path\": \"/t/\""), "{written}");
    let path = bench.file(name, "{\"mine\": 1}");
    assert_snapshot!(render(&bench, &flags), @r#"
    [stderr]
    error: cannot write "~/a/b/eksctl-demo-addon-iamserviceaccount-default-s3-reader.json": it is there, and is no template of this service account
    [exit 1]
    "#);
    assert_eq!(
        std::fs::read_to_string(path).expect("a file"),
        "{\"mine\": 1}"
    );
    bench.file("flat", "");
    assert_snapshot!(render(&bench, &flags.replace("~/a/b", "~/flat")), @r#"
    [stderr]
    error: cannot write "~/flat": File exists (os error 17)
    [exit 1]
    "#);
}

/// A cluster that moved to EKS Pod Identity wholly.
#[test]
fn a_file_without_iam_service_accounts_renders_nothing() {
    let bench = bench();
    bench.file(
        "cluster.yaml",
        "apiVersion: eksctl.io/v1alpha5\nkind: ClusterConfig\nmetadata: {name: demo, region: eu-west-1}\n\
         iam:\n  withOIDC: true\n  podIdentityAssociations: []\n",
    );
    for target in ["cloudformation", "terraform", "aws-cli", "kubernetes"] {
        assert_eq!(
            bench.run(&format!("render -f ~/cluster.yaml --for {target}")),
            "[stderr]\nnote: there are no IAM service accounts: there is nothing to render\n[exit 0]\n",
            "{target}"
        );
    }
}

#[test]
fn a_policy_with_a_byte_order_mark_is_read() {
    let bench = bench();
    bench.file("marked.json", &format!("\u{feff}{POLICY}"));
    let told = render(
        &bench,
        "s3-reader --policy-document ~/marked.json --for terraform",
    );
    assert!(told.ends_with("[exit 0]\n"), "{told}");
}

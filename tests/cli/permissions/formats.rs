//! What is printed, without any AWS: each format, and how flags narrow it.

use insta::assert_snapshot;
use serde_json::Value;

use super::{HERE, printed};
use crate::support::Bench;

/// In an environment that leads nowhere: no credentials, no region, no endpoints.
fn bench() -> Bench {
    let mut bench = Bench::new();
    let names = bench.sandbox.environment();
    for (name, _) in names {
        bench.set(name, "");
    }
    bench
}

#[test]
fn the_list_says_what_each_command_needs_and_what_for() {
    assert_snapshot!(bench().run("permissions --for get,thumbprint,export"), @"
    [stdout]
    COMMAND      PERMISSION                           NEEDED                   WHAT FOR
    thumbprint   eks:DescribeCluster                  --cluster                find the issuer
    thumbprint   eks:ListClusters                     optional                 name similar clusters where there is none of that name
    get          eks:DescribeCluster                  optional                 see the Kubernetes side
    get          eks:ListClusters                     optional                 name similar clusters where there is none of that name
    get          eks:ListPodIdentityAssociations      podidentityassociation   find the association
    get          eks:DescribePodIdentityAssociation   podidentityassociation   read the role that it gives
    get          cloudformation:DescribeStacks        always                   find the stack of a service account, and wait for it
    get          cloudformation:DescribeStacks        always                   list the stacks of the cluster
    get          cloudformation:ListStacks            always                   list the stacks of the cluster
    get          cloudformation:GetTemplate           optional                 read the role's policies
    get          kubernetes: list serviceaccounts     optional                 see the Kubernetes side
    export       eks:DescribeCluster                  always                   find the issuer and the Kubernetes API
    export       eks:ListClusters                     optional                 name similar clusters where there is none of that name
    export       eks:ListPodIdentityAssociations      optional                 read the associations
    export       eks:DescribePodIdentityAssociation   optional                 read the associations
    export       cloudformation:DescribeStacks        always                   list the stacks of the cluster
    export       cloudformation:ListStacks            always                   list the stacks of the cluster
    export       cloudformation:GetTemplate           optional                 read the role's policies
    export       kubernetes: list serviceaccounts     always                   read labels and annotations
    [exit 0]
    ");
}

#[test]
fn a_policy_is_as_narrow_as_what_is_known() {
    assert_snapshot!(bench().run(&format!("permissions --for get {HERE} -o json")), @r#"
    [stdout]
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Cluster",
                "Effect": "Allow",
                "Action": [
                    "eks:DescribeCluster",
                    "eks:ListPodIdentityAssociations"
                ],
                "Resource": "arn:aws:eks:eu-west-1:111122223333:cluster/demo"
            },
            {
                "Sid": "Stacks",
                "Effect": "Allow",
                "Action": [
                    "cloudformation:DescribeStacks",
                    "cloudformation:GetTemplate"
                ],
                "Resource": [
                    "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-*/*",
                    "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-podidentityrole-*/*"
                ]
            },
            {
                "Sid": "Any",
                "Effect": "Allow",
                "Action": [
                    "cloudformation:DescribeStacks",
                    "cloudformation:ListStacks",
                    "eks:DescribePodIdentityAssociation",
                    "eks:ListClusters"
                ],
                "Resource": "*"
            }
        ]
    }
    [exit 0]
    "#);
    assert_snapshot!(bench().run("permissions --for get --cluster demo --region cn-north-1 -o json"), @r#"
    [stdout]
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Cluster",
                "Effect": "Allow",
                "Action": [
                    "eks:DescribeCluster",
                    "eks:ListPodIdentityAssociations"
                ],
                "Resource": "arn:aws-cn:eks:cn-north-1:*:cluster/demo"
            },
            {
                "Sid": "Stacks",
                "Effect": "Allow",
                "Action": [
                    "cloudformation:DescribeStacks",
                    "cloudformation:GetTemplate"
                ],
                "Resource": [
                    "arn:aws-cn:cloudformation:cn-north-1:*:stack/eksctl-demo-addon-iamserviceaccount-*/*",
                    "arn:aws-cn:cloudformation:cn-north-1:*:stack/eksctl-demo-podidentityrole-*/*"
                ]
            },
            {
                "Sid": "Any",
                "Effect": "Allow",
                "Action": [
                    "cloudformation:DescribeStacks",
                    "cloudformation:ListStacks",
                    "eks:DescribePodIdentityAssociation",
                    "eks:ListClusters"
                ],
                "Resource": "*"
            }
        ]
    }
    [exit 0]
    "#);
}

#[test]
fn a_template_makes_the_managed_policy() {
    assert_snapshot!(bench().run("permissions --for thumbprint --cluster demo -o cloudformation"), @r#"
    [stdout]
    {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Description": "What irsactl needs",
        "Outputs": {
            "PolicyArn": {
                "Value": {
                    "Ref": "Policy"
                }
            }
        },
        "Resources": {
            "Policy": {
                "Properties": {
                    "Description": "What irsactl needs",
                    "PolicyDocument": {
                        "Statement": [
                            {
                                "Action": [
                                    "eks:DescribeCluster"
                                ],
                                "Effect": "Allow",
                                "Resource": "arn:aws:eks:*:*:cluster/demo",
                                "Sid": "Cluster"
                            },
                            {
                                "Action": [
                                    "eks:ListClusters"
                                ],
                                "Effect": "Allow",
                                "Resource": "*",
                                "Sid": "Any"
                            }
                        ],
                        "Version": "2012-10-17"
                    }
                },
                "Type": "AWS::IAM::ManagedPolicy"
            }
        }
    }
    [exit 0]
    "#);
}

#[test]
fn terraform_makes_the_managed_policy() {
    assert_snapshot!(bench().run("permissions --for thumbprint --cluster demo -o terraform"), @r#"
    [stdout]
    # What irsactl needs. Made by `irsactl permissions`.
    resource "aws_iam_policy" "irsactl" {
      name        = "irsactl"
      description = "What irsactl needs"
      policy = jsonencode({
        Statement = [
          {
            Action   = ["eks:DescribeCluster"]
            Effect   = "Allow"
            Resource = "arn:aws:eks:*:*:cluster/demo"
            Sid      = "Cluster"
          },
          {
            Action   = ["eks:ListClusters"]
            Effect   = "Allow"
            Resource = "*"
            Sid      = "Any"
          },
        ]
        Version = "2012-10-17"
      })
    }
    [exit 0]
    "#);
}

#[test]
fn rights_in_the_cluster_are_a_role_and_its_binding() {
    assert_snapshot!(bench().run("permissions --for get,export -o rbac"), @r#"
    [stdout]
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRole
    metadata:
      name: irsactl
    rules:
    - apiGroups:
      - ""
      resources:
      - serviceaccounts
      verbs:
      - list
    ---
    apiVersion: rbac.authorization.k8s.io/v1
    kind: ClusterRoleBinding
    metadata:
      name: irsactl
    roleRef:
      apiGroup: rbac.authorization.k8s.io
      kind: ClusterRole
      name: irsactl
    subjects:
    - apiGroup: rbac.authorization.k8s.io
      kind: Group
      name: irsactl
    [exit 0]
    "#);
    assert_snapshot!(bench().run("permissions --for thumbprint -o rbac"), @"
    [stderr]
    nothing is asked of Kubernetes
    [exit 0]
    ");
}

#[test]
fn commands_are_named_as_they_are_typed() {
    let bench = bench();
    for (name, all) in [
        (
            "create",
            &["create iamserviceaccount", "create irsa", "create sa"][..],
        ),
        ("migrate", &["migrate to-pod-identity", "migrate to-irsa"]),
        ("scan", &["migrate scan", "migrate status"]),
        (
            "trust",
            &["trust list", "trust add", "trust remove", "trust retarget"],
        ),
        ("copy", &["trust copy"]),
    ] {
        let wanted = printed(&bench, &format!("--for {name}"), "json");
        for typed in all {
            let words = ["permissions", "-o", "json", "--for", typed];
            assert!(bench.run_words(words, "").contains(&wanted), "{typed}");
        }
    }
    let associate = printed(&bench, "--for associate-iam-oidc-provider", "json");
    assert_eq!(
        associate,
        printed(&bench, "--for associate-oidc-provider", "json")
    );
}

#[test]
fn a_command_that_is_none_is_told_with_the_nearest() {
    assert_snapshot!(bench().run("permissions --for udpate"), @"
    [stderr]
    error: invalid value 'udpate' for '--for <COMMAND>'
      [possible values: associate-oidc-provider, disassociate-oidc-provider, thumbprint, create, get, update, delete, apply, migrate, scan, trust, copy, gc, usage, export, verify, doctor, fix, restart, completion]
    hint: a similar value exists: 'update'

    For more information, try '--help'.
    [exit 2]
    ");
}

#[test]
fn wrong_places_are_told() {
    let bench = bench();
    for flag in [
        "--region Frankfurt",
        "--account-id 1234",
        "--cluster a/b",
        "--role-name a/b",
        "--role-path team",
        "--cfn-role-arn deployer",
    ] {
        let told = bench.run(&format!("permissions {flag}"));
        assert!(
            told.contains("invalid value") && told.ends_with("[exit 2]\n"),
            "{told}"
        );
    }
}

#[test]
fn named_roles_are_covered_on_request() {
    let flags = format!("--for delete {HERE} --role-name app-* --role-path /team/");
    let policy: Value = serde_json::from_str(&printed(&bench(), &flags, "json")).expect("a policy");
    let statements = policy["Statement"].as_array().expect("statements");
    let roles = statements
        .iter()
        .find(|it| it["Sid"] == "Roles")
        .expect("roles");
    assert_eq!(
        roles["Resource"],
        "arn:aws:iam::111122223333:role/team/app-*"
    );
}

#[test]
fn a_role_for_cloudformation_is_passed_and_nothing_else_of_it_needed() {
    assert_snapshot!(bench().run(&format!(
        "permissions --for delete {HERE} --cfn-role-arn arn:aws:iam::111122223333:role/deployer -o json"
    )), @r#"
    [stdout]
    {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "Cluster",
                "Effect": "Allow",
                "Action": [
                    "eks:DescribeCluster",
                    "eks:ListPodIdentityAssociations"
                ],
                "Resource": "arn:aws:eks:eu-west-1:111122223333:cluster/demo"
            },
            {
                "Sid": "Stacks",
                "Effect": "Allow",
                "Action": [
                    "cloudformation:CreateChangeSet",
                    "cloudformation:DeleteChangeSet",
                    "cloudformation:DeleteStack",
                    "cloudformation:DescribeChangeSet",
                    "cloudformation:DescribeEvents",
                    "cloudformation:DescribeStackEvents",
                    "cloudformation:DescribeStackResources",
                    "cloudformation:DescribeStacks",
                    "cloudformation:ExecuteChangeSet",
                    "cloudformation:GetTemplate",
                    "cloudformation:ListChangeSets",
                    "cloudformation:TagResource",
                    "cloudformation:UpdateTerminationProtection"
                ],
                "Resource": [
                    "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-addon-iamserviceaccount-*/*",
                    "arn:aws:cloudformation:eu-west-1:111122223333:stack/eksctl-demo-podidentityrole-*/*"
                ]
            },
            {
                "Sid": "Roles",
                "Effect": "Allow",
                "Action": [
                    "iam:DeleteRolePolicy",
                    "iam:DetachRolePolicy",
                    "iam:GetRole",
                    "iam:ListAttachedRolePolicies",
                    "iam:ListInstanceProfilesForRole",
                    "iam:ListRolePolicies",
                    "iam:UpdateAssumeRolePolicy"
                ],
                "Resource": [
                    "arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-*",
                    "arn:aws:iam::111122223333:role/eksctl-demo-podidentityrole-*"
                ]
            },
            {
                "Sid": "AnyRole",
                "Effect": "Allow",
                "Action": [
                    "iam:GetRole"
                ],
                "Resource": "arn:aws:iam::111122223333:role/*"
            },
            {
                "Sid": "Associations",
                "Effect": "Allow",
                "Action": [
                    "eks:DeletePodIdentityAssociation"
                ],
                "Resource": "arn:aws:eks:eu-west-1:111122223333:podidentityassociation/demo/*"
            },
            {
                "Sid": "ServiceRole",
                "Effect": "Allow",
                "Action": [
                    "iam:PassRole"
                ],
                "Resource": "arn:aws:iam::111122223333:role/deployer",
                "Condition": {
                    "StringEquals": {
                        "iam:PassedToService": "cloudformation.amazonaws.com"
                    }
                }
            },
            {
                "Sid": "Any",
                "Effect": "Allow",
                "Action": [
                    "cloudformation:DescribeStacks",
                    "cloudformation:ListStacks",
                    "eks:DescribePodIdentityAssociation",
                    "eks:ListClusters"
                ],
                "Resource": "*"
            }
        ]
    }
    [stderr]
    note: arn:aws:iam::111122223333:role/deployer must be allowed what CloudFormation calls: see the same without --cfn-role-arn
    [exit 0]
    "#);
}

#[test]
fn every_document_is_what_its_format_says() {
    let bench = bench();
    let template: Value =
        serde_json::from_str(&printed(&bench, "", "cloudformation")).expect("JSON");
    let policy: Value = serde_json::from_str(&printed(&bench, "", "json")).expect("JSON");
    let properties = &template["Resources"]["Policy"]["Properties"];
    assert_eq!(properties["PolicyDocument"], policy);
    let measured = policy.to_string().len();
    assert!(measured <= 6_144, "{measured}");
}

/// No stack is what a list is on.
#[test]
fn a_policy_on_all_stacks_lists_none() {
    let bench = super::worlds::ready();
    let list = |resource: &str| {
        let actions = ["cloudformation:DescribeStacks", "cloudformation:ListStacks"];
        let policy = serde_json::json!({"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": actions, "Resource": resource},
            {"Effect": "Allow", "Action": ["cloudformation:GetTemplate", "eks:*"], "Resource": "*"},
        ]});
        bench.sandbox.world().allow_only(policy);
        bench.run("get iamserviceaccount --cluster demo")
    };
    assert_snapshot!(list("arn:aws:cloudformation:*:*:stack/*/*"), @"
    [stderr]
    error: not allowed to call cloudformation:DescribeStacks: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: cloudformation:DescribeStacks because no identity-based policy allows the cloudformation:DescribeStacks action
    hint: allow `cloudformation:DescribeStacks` on `*` to this identity (`aws sts get-caller-identity` names it)
    [exit 1]
    ");
    assert_snapshot!(list("*"), @"
    [stdout]
    NAMESPACE   NAME        ROLE ARN
    default     s3-reader   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
}

#[test]
fn what_an_update_could_not_delete_is_told() {
    let bench = super::worlds::rich();
    let flags = format!("--for update {HERE}");
    let mut policy: Value = serde_json::from_str(&printed(&bench, &flags, "json")).expect("JSON");
    let deny =
        serde_json::json!({"Effect": "Deny", "Action": "iam:DeleteRolePolicy", "Resource": "*"});
    policy["Statement"]
        .as_array_mut()
        .expect("statements")
        .push(deny);
    bench.sandbox.world().allow_only(policy);
    assert_snapshot!(bench.run("update iamserviceaccount s3-reader --cluster demo --remove-inline-policy Policy1 --approve"), @r#"
    [stdout]
    NAMESPACE   NAME        STATUS   ROLE ARN
    default     s3-reader   failed   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    error: stack "eksctl-demo-addon-iamserviceaccount-default-s3-reader" ended in UPDATE_COMPLETE: Policy1 (AWS::IAM::Policy): Resource handler returned message: "User: arn:aws:iam::111122223333:user/someone is not authorized to perform: iam:DeleteRolePolicy on resource: role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK with an explicit deny in an identity-based policy (Service: Iam, Status Code: 403, Request ID: 2379b510-4440-69fa-e861-65586f33bb0d)"
    hint: the rest is done; mend the cause, then the next update with `--repair-drift` deletes what stayed on the role
    hint: see all its events: `aws cloudformation describe-stack-events --stack-name eksctl-demo-addon-iamserviceaccount-default-s3-reader`
    [exit 1]
    "#);
    bench.sandbox.world().user_rights().policy = None;
    assert_snapshot!(bench.run("update iamserviceaccount s3-reader --cluster demo --repair-drift --approve"), @"
    [stdout]
    NAMESPACE   NAME        STATUS    ROLE ARN
    default     s3-reader   updated   arn:aws:iam::111122223333:role/eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [stderr]
    repaired role eksctl-demo-addon-iamserviceaccount-default-s-Role1-JQQ3U7VFJAAK
    [exit 0]
    ");
}

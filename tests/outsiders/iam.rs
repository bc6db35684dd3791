//! Clusters and providers, as the aws CLI sees and makes them.

use insta::assert_snapshot;

use crate::shell::Shell;
use crate::support::Bench;

#[test]
fn the_aws_cli_describes_clusters() {
    let shell = Shell::with_aws(Bench::new());
    assert_snapshot!(shell.run("aws eks list-clusters --output text"), @"
    [stdout]
    CLUSTERS	demo
    [exit 0]
    ");
    let query = "cluster.[name, arn, status, version, identity.oidc.issuer, endpoint]";
    let describe = format!("aws eks describe-cluster --name demo --query '{query}'");
    assert_snapshot!(shell.run(&describe), @r#"
    [stdout]
    [
        "demo",
        "arn:aws:eks:eu-west-1:111122223333:cluster/demo",
        "ACTIVE",
        "1.33",
        "https://oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
        "https://67E8D62170B8180A1A504149D2FE18B1.gr7.eu-west-1.eks.amazonaws.com"
    ]
    [exit 0]
    "#);
    assert_snapshot!(shell.run("aws eks describe-cluster --name demi"), @"
    [stderr]

    An error occurred (ResourceNotFoundException) when calling the DescribeCluster operation: No cluster found for name: demi.
    [exit 255]
    ");
}

#[test]
fn the_aws_cli_tags_a_cluster() {
    let shell = Shell::with_aws(Bench::new());
    let arn = "arn:aws:eks:eu-west-1:111122223333:cluster/demo";
    shell.output(&format!("aws eks tag-resource --resource-arn {arn} --tags alpha.eksctl.io/cluster-oidc-enabled=true,a=b"));
    shell.output(&format!(
        "aws eks untag-resource --resource-arn {arn} --tag-keys a"
    ));
    assert_snapshot!(shell.output(&format!("aws eks list-tags-for-resource --resource-arn {arn}")), @r#"
    {
        "tags": {
            "alpha.eksctl.io/cluster-oidc-enabled": "true"
        }
    }
    "#);
}

#[test]
fn the_aws_cli_makes_one_provider_of_a_url() {
    let shell = Shell::with_aws(Bench::new());
    let create = "aws iam create-open-id-connect-provider --url https://oidc.eks.eu-west-1.amazonaws.com/id/A1 \
        --client-id-list sts.amazonaws.com --thumbprint-list 9E99A48A9960B14926BB7F3B02E22DA2B0AB7280 --tags Key=a,Value=b";
    let arn = "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1";
    assert_snapshot!(shell.run(create), @r#"
    [stdout]
    {
        "OpenIDConnectProviderArn": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1",
        "Tags": [
            {
                "Key": "a",
                "Value": "b"
            }
        ]
    }
    [exit 0]
    "#);
    assert_snapshot!(shell.run(create), @"
    [stderr]

    An error occurred (EntityAlreadyExists) when calling the CreateOpenIDConnectProvider operation: Provider with url https://oidc.eks.eu-west-1.amazonaws.com/id/A1 already exists.
    [exit 255]
    ");
    let get = format!(
        "aws iam get-open-id-connect-provider --open-id-connect-provider-arn {arn} \
        --query '[Url, ClientIDList, ThumbprintList, Tags]' --output json"
    );
    assert_snapshot!(shell.run(&get), @r#"
    [stdout]
    [
        "oidc.eks.eu-west-1.amazonaws.com/id/A1",
        [
            "sts.amazonaws.com"
        ],
        [
            "9E99A48A9960B14926BB7F3B02E22DA2B0AB7280"
        ],
        [
            {
                "Key": "a",
                "Value": "b"
            }
        ]
    ]
    [exit 0]
    "#);
    shell.output(&format!("aws iam add-client-id-to-open-id-connect-provider --open-id-connect-provider-arn {arn} --client-id b"));
    assert_snapshot!(shell.run(&get), @r#"
    [stdout]
    [
        "oidc.eks.eu-west-1.amazonaws.com/id/A1",
        [
            "sts.amazonaws.com",
            "b"
        ],
        [
            "9E99A48A9960B14926BB7F3B02E22DA2B0AB7280"
        ],
        [
            {
                "Key": "a",
                "Value": "b"
            }
        ]
    ]
    [exit 0]
    "#);
    shell.output(&format!(
        "aws iam delete-open-id-connect-provider --open-id-connect-provider-arn {arn}"
    ));
    assert_snapshot!(shell.run(&get), @"
    [stderr]

    An error occurred (NoSuchEntity) when calling the GetOpenIDConnectProvider operation: OpenIDConnect Provider not found for arn arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/A1
    [exit 255]
    ");
}

#[test]
fn the_aws_cli_shows_the_role_that_irsactl_made() {
    let shell = Shell::with_aws(Bench::associated());
    shell.bench.file("policy.json", r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:PutObject", "Resource": "*"}]}"#);
    let created = shell.bench.run(
        "create iamserviceaccount uploader --cluster demo --role-name uploader --policy-document ~/policy.json \
         --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess \
         --permissions-boundary arn:aws:iam::aws:policy/PowerUserAccess --approve",
    );
    assert!(created.ends_with("[exit 0]\n"), "{created}");
    assert_snapshot!(shell.run("aws iam get-role --role-name uploader --output json \
        --query 'Role.[Arn, AssumeRolePolicyDocument, PermissionsBoundary, MaxSessionDuration]'"), @r#"
    [stdout]
    [
        "arn:aws:iam::111122223333:role/uploader",
        {
            "Statement": [
                {
                    "Action": [
                        "sts:AssumeRoleWithWebIdentity"
                    ],
                    "Condition": {
                        "StringEquals": {
                            "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:aud": "sts.amazonaws.com",
                            "oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E:sub": "system:serviceaccount:default:uploader"
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
        {
            "PermissionsBoundaryType": "Policy",
            "PermissionsBoundaryArn": "arn:aws:iam::aws:policy/PowerUserAccess"
        },
        3600
    ]
    [exit 0]
    "#);
    assert_snapshot!(shell.run("aws iam list-attached-role-policies --role-name uploader --output text"), @"
    [stdout]
    ATTACHEDPOLICIES	arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess	AmazonS3ReadOnlyAccess
    [exit 0]
    ");
    assert_snapshot!(shell.run("aws iam get-role-policy --role-name uploader \
        --policy-name eksctl-demo-addon-iamserviceaccount-default-uploader-Policy1"), @r#"
    [stdout]
    {
        "RoleName": "uploader",
        "PolicyName": "eksctl-demo-addon-iamserviceaccount-default-uploader-Policy1",
        "PolicyDocument": {
            "Statement": [
                {
                    "Action": "s3:PutObject",
                    "Effect": "Allow",
                    "Resource": "*"
                }
            ],
            "Version": "2012-10-17"
        }
    }
    [exit 0]
    "#);
}

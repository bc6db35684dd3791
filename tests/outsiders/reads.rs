//! What `doctor` reads besides, as the aws CLI sees it: add-ons, the network, the trail
//! of refusals, Access Analyzer's opinion.

use insta::assert_snapshot;

use crate::shell::Shell;
use crate::support::{Bench, S3};

#[test]
fn the_aws_cli_describes_addons_page_by_page() {
    let bench = Bench::new();
    {
        let mut world = bench.sandbox.world();
        world.page_size = 1;
        let cluster = &mut world.clusters[0];
        cluster.add_addon("vpc-cni").service_account_role =
            Some("arn:aws:iam::1:role/cni".to_owned());
        let agent = cluster.add_addon("eks-pod-identity-agent");
        agent.status = "DEGRADED".to_owned();
        agent.issues.push((
            "InsufficientNumberOfReplicas".to_owned(),
            "0 of 2".to_owned(),
        ));
    }
    let shell = Shell::with_aws(bench);
    assert_snapshot!(shell.output("aws eks list-addons --cluster-name demo --output text"), @"
    ADDONS	vpc-cni
    ADDONS	eks-pod-identity-agent
    ");
    let describe = "aws eks describe-addon --cluster-name demo --output json --query";
    let query = "addon.[addonName, status, addonVersion, health.issues, serviceAccountRoleArn]";
    assert_snapshot!(shell.output(&format!("{describe} '{query}' --addon-name vpc-cni")), @r#"
    [
        "vpc-cni",
        "ACTIVE",
        "v1.3.4-eksbuild.1",
        [],
        "arn:aws:iam::1:role/cni"
    ]
    "#);
    assert_snapshot!(shell.output(&format!("{describe} '{query}' --addon-name eks-pod-identity-agent")), @r#"
    [
        "eks-pod-identity-agent",
        "DEGRADED",
        "v1.3.4-eksbuild.1",
        [
            {
                "code": "InsufficientNumberOfReplicas",
                "message": "0 of 2"
            }
        ],
        null
    ]
    "#);
    assert_snapshot!(shell.run(&format!("{describe} addon --addon-name nothing")), @"
    [stderr]

    An error occurred (ResourceNotFoundException) when calling the DescribeAddon operation: No addon: nothing found in cluster: demo
    [exit 255]
    ");
}

#[test]
fn the_aws_cli_describes_the_network() {
    let bench = Bench::new();
    {
        let mut world = bench.sandbox.world();
        world.add_vpc_endpoint("sts");
        world.add_vpc_endpoint("s3").kind = "Gateway".to_owned();
        world.add_instance("i-0a1b2c3d4e5f60001");
    }
    let shell = Shell::with_aws(bench);
    let filters = "--filters Name=vpc-id,Values=vpc-0a1b2c3d4e5f60001 \
                   Name=service-name,Values=com.amazonaws.eu-west-1.sts,com.amazonaws.eu-west-1.eks-auth";
    let query = "VpcEndpoints[].[VpcEndpointType, ServiceName, State, PrivateDnsEnabled, PolicyDocument, Groups]";
    let describe =
        format!("aws ec2 describe-vpc-endpoints {filters} --output json --query '{query}'");
    assert_snapshot!(shell.output(&describe), @r#"
    [
        [
            "Interface",
            "com.amazonaws.eu-west-1.sts",
            "available",
            true,
            "{\"Statement\":[{\"Action\":\"*\",\"Effect\":\"Allow\",\"Principal\":\"*\",\"Resource\":\"*\"}]}",
            [
                {
                    "GroupId": "sg-ca7d3e38118a8aab7",
                    "GroupName": "endpoints"
                }
            ]
        ]
    ]
    "#);
    let query = "SecurityGroups[].[GroupId, IpPermissions, IpPermissionsEgress]";
    let describe = "aws ec2 describe-security-groups --output json --query";
    assert_snapshot!(shell.output(&format!("{describe} '{query}'")), @r#"
    [
        [
            "sg-0a1b2c3d4e5f60001",
            [
                {
                    "IpProtocol": "-1",
                    "UserIdGroupPairs": [
                        {
                            "UserId": "111122223333",
                            "GroupId": "sg-0a1b2c3d4e5f60001"
                        }
                    ],
                    "IpRanges": [],
                    "Ipv6Ranges": [],
                    "PrefixListIds": []
                }
            ],
            [
                {
                    "IpProtocol": "-1",
                    "UserIdGroupPairs": [],
                    "IpRanges": [
                        {
                            "CidrIp": "0.0.0.0/0"
                        }
                    ],
                    "Ipv6Ranges": [],
                    "PrefixListIds": []
                }
            ]
        ],
        [
            "sg-ca7d3e38118a8aab7",
            [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "UserIdGroupPairs": [],
                    "IpRanges": [
                        {
                            "CidrIp": "10.0.0.0/8"
                        }
                    ],
                    "Ipv6Ranges": [],
                    "PrefixListIds": []
                }
            ],
            []
        ],
        [
            "sg-c40ee486fee4f78d2",
            [
                {
                    "IpProtocol": "tcp",
                    "FromPort": 443,
                    "ToPort": 443,
                    "UserIdGroupPairs": [],
                    "IpRanges": [
                        {
                            "CidrIp": "10.0.0.0/8"
                        }
                    ],
                    "Ipv6Ranges": [],
                    "PrefixListIds": []
                }
            ],
            []
        ]
    ]
    "#);
    let query = "Reservations[].Instances[].[InstanceId, MetadataOptions]";
    let describe = "aws ec2 describe-instances --output json --query";
    let ids = "--instance-ids i-0a1b2c3d4e5f60001";
    assert_snapshot!(shell.output(&format!("{describe} '{query}' {ids}")), @r#"
    [
        [
            "i-0a1b2c3d4e5f60001",
            {
                "State": "applied",
                "HttpTokens": "required",
                "HttpPutResponseHopLimit": 1,
                "HttpEndpoint": "enabled",
                "HttpProtocolIpv6": "disabled",
                "InstanceMetadataTags": "disabled"
            }
        ]
    ]
    "#);
    assert_snapshot!(shell.run(&format!("{describe} '{query}' --instance-ids i-1")), @"
    [stderr]

    An error occurred (InvalidInstanceID.NotFound) when calling the DescribeInstances operation: The ID 'i-1' does not exist
    [exit 255]
    ");
    assert_snapshot!(shell.run("AWS_ACCESS_KEY_ID=AKIA1 aws ec2 describe-instances"), @"
    [stderr]

    An error occurred (AuthFailure) when calling the DescribeInstances operation: AWS was not able to validate the provided access credentials
    [exit 255]
    ");
}

#[test]
fn the_aws_cli_looks_a_refusal_up() {
    let shell = Shell::with_aws(Bench::associated());
    let created = shell.bench.run(&format!(
        "create iamserviceaccount s3-reader --cluster demo --role-name s3-reader --attach-policy-arn {S3} --approve"
    ));
    assert!(created.ends_with("[exit 0]\n"), "{created}");
    for (name, succeeds) in [("other", false), ("s3-reader", true)] {
        let sandbox = &shell.bench.sandbox;
        let token = sandbox.pod_token("demo", "default", name, "sts.amazonaws.com");
        shell.bench.file("token", &token);
        let assumed = shell.run(
            "aws sts assume-role-with-web-identity --role-arn arn:aws:iam::111122223333:role/s3-reader \
             --role-session-name pod --web-identity-token file://token --query Provider",
        );
        assert_eq!(assumed.ends_with("[exit 0]\n"), succeeds, "{assumed}");
    }
    let look = "aws cloudtrail lookup-events --lookup-attributes \
                AttributeKey=EventName,AttributeValue=AssumeRoleWithWebIdentity --output text --query";
    assert_snapshot!(shell.output(&format!("{look} 'Events[].[EventName, EventSource, Username]'")), @"
    AssumeRoleWithWebIdentity	sts.amazonaws.com	system:serviceaccount:default:s3-reader
    AssumeRoleWithWebIdentity	sts.amazonaws.com	system:serviceaccount:default:other
    ");
    let record: serde_json::Value =
        serde_json::from_str(&shell.output(&format!("{look} 'Events[1].CloudTrailEvent'")))
            .expect("JSON");
    let told = [
        &record["userIdentity"],
        &record["requestParameters"],
        &record["errorCode"],
        &record["errorMessage"],
    ];
    let told = serde_json::to_string_pretty(&told).expect("JSON");
    assert_snapshot!(told, @r#"
    [
      {
        "identityProvider": "arn:aws:iam::111122223333:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ACA918B97A182DBCBA56500C5E47D92E",
        "type": "WebIdentityUser",
        "userName": "system:serviceaccount:default:other"
      },
      {
        "roleArn": "arn:aws:iam::111122223333:role/s3-reader",
        "roleSessionName": "pod"
      },
      "AccessDenied",
      "An unknown error occurred"
    ]
    "#);
    let used =
        "aws iam get-role --role-name s3-reader --query Role.RoleLastUsed.Region --output text";
    assert_eq!(shell.output(used), "eu-west-1");
    assert_snapshot!(shell.run("aws cloudtrail lookup-events --max-results 51"), @"
    [stderr]

    An error occurred (InvalidMaxResultsException) when calling the LookupEvents operation: A max results value of 1 to 50 is wanted
    [exit 255]
    ");
}

#[test]
fn the_aws_cli_has_a_trust_policy_validated() {
    let shell = Shell::with_aws(Bench::new());
    let trust = serde_json::json!({
        "Statement": [{
            "Effect": "Allow",
            "Principal": { "Federated": "arn:aws:iam::1:oidc-provider/issuer" },
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": { "StringEquals": { "issuer:sub": "system:serviceaccount:default:*" } },
        }],
    });
    shell.bench.file("trust.json", &trust.to_string());
    let validate = "aws accessanalyzer validate-policy --policy-document file://trust.json \
                    --policy-type RESOURCE_POLICY --query 'findings[].[findingType, issueCode]' --output text \
                    --validate-policy-resource-type AWS::IAM::AssumeRolePolicyDocument";
    assert_snapshot!(shell.output(validate), @"
    WARNING	MISSING_VERSION
    WARNING	WILDCARD_WITHOUT_LIKE_OPERATOR
    ");
    let denied = serde_json::json!({ "Statement": [] });
    shell.bench.sandbox.world().allow_only(denied);
    assert_snapshot!(shell.run(validate), @"
    [stderr]

    An error occurred (AccessDeniedException) when calling the ValidatePolicy operation: User: arn:aws:iam::111122223333:user/someone is not authorized to perform: access-analyzer:ValidatePolicy on resource: * because no identity-based policy allows the access-analyzer:ValidatePolicy action
    [exit 255]
    ");
}
